"""A cache of features keyed by the audio's content, what they are, and what computed them.

One small file an entry, its checksum first. An entry that is damaged counts as missing, and a
cache that cannot be written is simply never warm.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from adan._files import replacing

_CHECKSUM = hashlib.sha256().digest_size


class Cache:
    """Bytes by key in one folder.

    Parameters
    ----------
    folder : path-like
        Made when the first entry is written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def get(self, key: str) -> bytes | None:
        """Return what was put under a key, or None if that is nothing or is damaged."""
        try:
            entry = (self.folder / key).read_bytes()
        except OSError:
            return None
        checksum, content = entry[:_CHECKSUM], entry[_CHECKSUM:]
        return content if hashlib.sha256(content).digest() == checksum else None

    def put(self, key: str, content: bytes) -> None:
        """Keep content under a key, if the folder can be written."""
        with suppress(OSError), replacing(self.folder / key) as temporary:
            temporary.write_bytes(hashlib.sha256(content).digest() + content)


def cache_root() -> Path:
    """Return the folder of all caches: ``$ADAN_CACHE``, or the user's cache folder for adan."""
    if folder := os.environ.get("ADAN_CACHE"):
        return Path(folder)
    from platformdirs import user_cache_path

    return user_cache_path("adan")
