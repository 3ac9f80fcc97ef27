"""Files that are whole or not there, and tables that are harmless in a spreadsheet."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EISDIR
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from adan.errors import AdanError

if TYPE_CHECKING:
    import pandas as pd

LEAST_ROOM = 16_000_000
"""Bytes that are free where a file is written that takes minutes to compute."""

_ONE_AT_A_TIME = Lock()
"""Two threads that read the umask by setting it would leave the process with none."""
_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?"
_FORMULA = re.compile(rf"(?!{_NUMBER}\Z)'*[=+\-@\t\r]", re.IGNORECASE)


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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent
        )
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if error.errno is None or error.filename not in (None, name):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        temporary.unlink(missing_ok=True)


def readable(name: str) -> str:
    """Return a file's name as text that any table can hold: bytes that are no text are escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def printable(text: str) -> str:
    """Return text in which nothing but line ends can command a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def check_place(path: str | os.PathLike[str]) -> None:
    """Tell before long work, not after it, that a file could not be written.

    Raises
    ------
    AdanError
        If its place cannot be written, or has hardly any room.
    """
    target = Path(path).absolute()
    try:
        if target.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        nearest = next(folder for folder in target.parents if folder.exists())
        with tempfile.TemporaryFile(dir=nearest):
            room = shutil.disk_usage(nearest).free
    except OSError as error:
        raise AdanError(
            f"{path} cannot be written ({error.strerror}): choose another place"
        ) from error
    if room < LEAST_ROOM:
        raise AdanError(
            f"{path} cannot be written ({room / 1e6:.1f} MB are left there, of "
            f"{LEAST_ROOM / 1e6:.0f} that it may need): make room, or choose another place"
        )


def _umask() -> int:
    with _ONE_AT_A_TIME:
        mask = os.umask(0)
        os.umask(mask)
    return mask


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Set an apostrophe before text that a spreadsheet would compute; numbers stay numbers."""
    return _with_text(table, lambda text: f"'{text}" if _FORMULA.match(text) else text)


def with_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Undo `without_formulas`."""
    return _with_text(
        table, lambda text: text[1:] if text[:1] == "'" and _FORMULA.match(text[1:]) else text
    )


def _with_text(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    def changed(cell: Any) -> Any:
        return change(cell) if isinstance(cell, str) else cell

    table = table.rename(columns=changed)
    for name in table.columns[table.dtypes.map(lambda dtype: dtype.kind == "O")]:
        table[name] = table[name].map(changed)
    return table
