"""Audio files that nobody finished, made whole as far as they go.

A program that records into a pipe, or is killed, leaves a file that claims to have no samples (WAV,
AIFF, AU) or more than it has (CAF), or an Ogg file in whose last page something is missing.
libsndfile reads none of them.
"""

from __future__ import annotations

import functools
import itertools
from typing import Literal, NamedTuple

HEAD = 27
"""Bytes of an Ogg page before its table of segments."""


class Mended(NamedTuple):
    """The content of a file as libsndfile reads it, and whether it was cut off."""

    content: bytes
    is_cut: bool


def mended(content: bytes) -> Mended | None:
    """Mend the content of a file; None if there is nothing to mend."""
    if content[:4] in CHUNKS and content[28:32] != b"alac":  # past whose end noise is decoded
        return _chunked(content, CHUNKS[content[:4]])
    if content[:4] == b".snd":
        return Mended(content[:8] + b"\xff" * 4 + content[12:], False)
    if content[:4] == b"OggS":
        return _ogg(content)
    return None


class Chunks(NamedTuple):
    """How a format of chunks is laid out."""

    first: int
    """Byte of the first chunk."""
    samples: bytes
    """Name of the chunk with the samples."""
    empty: int
    """Bytes of one without samples."""
    width: int
    """Bytes of a size, which stands behind a name of 4."""
    order: Literal["little", "big"]


CHUNKS = {
    b"RIFF": Chunks(12, b"data", 0, 4, "little"),
    b"FORM": Chunks(12, b"SSND", 8, 4, "big"),
    b"caff": Chunks(8, b"data", 4, 8, "big"),
}


def _chunked(content: bytes, chunks: Chunks) -> Mended | None:
    """Let the chunk of samples reach to the end where it claims to be empty, or to go on."""
    at, width, order = chunks.first, chunks.width, chunks.order
    while at + 4 + width < len(content):
        body = at + 4 + width
        size, left = int.from_bytes(content[at + 4 : body], order), len(content) - body
        if content[at : at + 4] == chunks.samples and not chunks.empty < size <= left:
            largest = 2 ** (8 * width) - 1
            told = min(left, largest).to_bytes(width, order)
            is_cut = left < size < largest
            return Mended(content[: at + 4] + told + content[body:], is_cut)
        at = body + size + (size % 2 if width == 4 else 0)
    return None


def _ogg(content: bytes) -> Mended | None:
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
    return Mended(content[:at] + bytes(page), True)


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
