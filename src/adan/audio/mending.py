"""Audio files that nobody finished, made whole as far as they go.

A program that records into a pipe, or is killed, leaves a WAV file that claims to have no samples,
or an Ogg file in whose last page something is missing. libsndfile reads neither.
"""

from __future__ import annotations

import functools
import itertools

HEAD = 27
"""Bytes of an Ogg page before its table of segments."""


def mended(content: bytes) -> bytes | None:
    """Return the content of a file as libsndfile reads it; None if there is nothing to mend."""
    if content[:4] == b"RIFF":
        return _wav(content)
    if content[:4] == b"OggS":
        return _ogg(content)
    return None


def _wav(content: bytes) -> bytes | None:
    """Let the chunk of samples reach to the end where it claims to be empty."""
    at = 12
    while at + 8 < len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"data" and not size:
            left = min(len(content) - at - 8, 2**32 - 1)
            return content[: at + 4] + left.to_bytes(4, "little") + content[at + 8 :]
        at += 8 + size + size % 2
    return None


def _ogg(content: bytes) -> bytes | None:
    """Close the last page after its last whole packet."""
    at = 0
    while content[at : at + 4] == b"OggS":
        sizes = content[at + HEAD : at + HEAD + content[at + HEAD - 1]]
        body = at + HEAD + len(sizes)
        if body + sum(sizes) > len(content):
            break
        at = body + sum(sizes)
    ends = enumerate(itertools.accumulate(sizes), start=1)
    whole = [(n, end) for n, end in ends if sizes[n - 1] < 255 and body + end <= len(content)]
    if content[at : at + 4] != b"OggS" or not whole:
        return None
    n, end = whole[-1]
    page = bytearray(content[at : body - len(sizes) + n] + content[body : body + end])
    page[HEAD - 1] = n
    page[5] &= 3  # not the end, which tells a number of samples
    page[22:26] = bytes(4)
    page[22:26] = _checksum(page).to_bytes(4, "little")
    return content[:at] + bytes(page)


@functools.cache
def _remainders() -> list[int]:
    remainders = [byte << 24 for byte in range(256)]
    for _ in range(8):
        remainders = [r << 1 ^ (r >> 31) * 0x104C11DB7 for r in remainders]
    return remainders


def _checksum(page: bytearray) -> int:
    """Return the CRC of a page."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _remainders()[value >> 24 ^ byte]
    return value
