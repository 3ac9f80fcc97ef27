"""Files that are whole or not there: written beside their place, then renamed into it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adan.errors import AdanError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that becomes ``path`` when the block ends without an error.

    Parameters
    ----------
    path : path-like
        Where the file shall stand; its folder is made if it is missing. What stands there
        already stays until the new file is complete, and for good if the block raises.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def readable(name: str) -> str:
    """Return a file's name as text that any table can hold: bytes that are no text are escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def check_place(path: str | os.PathLike[str]) -> None:
    """Tell before long work, not after it, that a file could not be written.

    Raises
    ------
    AdanError
        If its place cannot be written.
    """
    target = Path(path).absolute()
    nearest = next(folder for folder in target.parents if folder.exists())
    if target.is_dir() or not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise AdanError(f"{path} cannot be written: choose another place")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
