"""Opening audio files: the one place that reads them and says why one cannot be used.

A signal is one channel of shape (n_samples,), float32 in [-1, 1). Whatever is wrong with a file is
a `BadAudio`, whose text is a few words to set behind the file's name.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import gcd
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000
"""Sampling rates in Hz that are read; far outside of them openSMILE raises an error or crashes."""


class BadAudio(Exception):
    """Why an audio file cannot be used, in a few words."""


@dataclass(frozen=True)
class Header:
    """What a file says of its audio: sampling rate in Hz, and samples in each channel."""

    rate: int
    n_samples: int

    @property
    def seconds(self) -> float:
        """How long the audio is."""
        return self.n_samples / self.rate


def content_of(file: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    BadAudio
        If it is missing, empty or cannot be read.
    """
    with _bytes_of(file) as opened:
        content = opened.read()
    if not content:
        raise BadAudio("empty")
    return content


def header_of(file: str | os.PathLike[str]) -> Header:
    """Return the header of a file.

    Raises
    ------
    BadAudio
        As in `read`; also if the file is empty.
    """
    with _opened(file) as audio:
        if not audio.frames:
            raise BadAudio("empty")
        return Header(audio.samplerate, audio.frames)


def read(
    file: str | os.PathLike[str] | bytes, first: int = 0, last: int | None = None
) -> tuple[NDArray[np.float32], int]:
    """Read the samples of a file, or a stretch of them.

    Parameters
    ----------
    file : path-like or bytes
        The file, or its content.
    first, last : int, default=0, None
        The first sample, and the one after the last.

    Returns
    -------
    samples : ndarray of shape (n_samples, n_channels), float32
        Fewer than the header promised where the file was cut off.
    rate : int
        The sampling rate in Hz.

    Raises
    ------
    BadAudio
        If the file is missing, cannot be read or is no audio, or its rate is out of range.
    """
    with _opened(file) as audio:
        if first:
            audio.seek(first)
        n_samples = -1 if last is None else last - first
        return audio.read(n_samples, dtype="float32", always_2d=True), audio.samplerate


def decode(content: bytes) -> tuple[NDArray[np.float32], int]:
    """Return the signal in the content of a file, and its rate in Hz.

    Raises
    ------
    BadAudio
        If the content cannot be used.
    """
    samples, rate = read(content)
    return one_channel(samples), rate


def one_channel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels of samples (n_samples, n_channels) to a signal.

    Raises
    ------
    BadAudio
        If there are no samples, some are not finite, or they are silent.
    """
    if not len(samples):
        raise BadAudio("empty")
    if not np.isfinite(samples).all():
        raise BadAudio("corrupt (samples that are not finite)")
    signal = samples.mean(axis=1).clip(-1, 1 - 2**-15)
    if np.ptp((signal * 2**15).astype(np.int16)) == 0:
        raise BadAudio("silent")
    return signal


def commonest_rate(files: Iterable[str | os.PathLike[str]]) -> int | None:
    """Return the sampling rate in Hz that most files have; None if none can be read."""
    rates: Counter[int] = Counter()
    for file in files:
        with suppress(BadAudio):
            rates[header_of(file).rate] += 1
    return rates.most_common(1)[0][0] if rates else None


def resampled(signal: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Return a signal at another sampling rate, by a polyphase filter."""
    if rate == wanted:
        return signal
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    longer = resample_poly(signal, wanted // common, rate // common).astype(np.float32)
    return longer.clip(-1, 1 - 2**-15)


def too_short(seconds: float) -> BadAudio:
    """Return what is wrong with audio of so many seconds."""
    return BadAudio(f"too short ({1000 * seconds:.0f} ms)")


@contextmanager
def _opened(file: str | os.PathLike[str] | bytes) -> Iterator[Any]:
    """Yield a `soundfile.SoundFile`."""
    import soundfile

    if not isinstance(file, bytes):
        with _bytes_of(file) as opened:
            if not opened.read(1):
                raise BadAudio("empty")
    source = io.BytesIO(file) if isinstance(file, bytes) else os.fsencode(file)
    try:
        with soundfile.SoundFile(source) as audio:
            if not LOWEST_RATE <= audio.samplerate <= HIGHEST_RATE:
                raise BadAudio(f"sampled at {audio.samplerate} Hz (4 to 384 kHz are read)")
            yield audio
    except soundfile.SoundFileError:
        raise BadAudio("of no known audio format, or corrupt") from None


@contextmanager
def _bytes_of(file: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Yield an open file."""
    try:
        with open(file, "rb") as opened:
            yield opened
    except FileNotFoundError:
        raise BadAudio("missing") from None
    except OSError as error:
        raise BadAudio(f"cannot be read ({error.strerror})") from None
