"""Opening audio files: the one place that reads them and says why one cannot be used.

A signal is one channel of shape (n_samples,), float32 in [-1, 1). Whatever is wrong with a file is
a `BadAudio`, whose text is a few words to set behind the file's name.
"""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import gcd, inf
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from adan.audio.mending import mended

LARGEST = 1 - 2**-15
"""The largest sample of a signal: the next is 1, which 16 bits do not hold."""

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000
"""Sampling rates in Hz that are read; far outside of them openSMILE raises an error or crashes."""

READ = (
    *(".8svx", ".aif", ".aifc", ".aiff", ".au", ".avr", ".bwf", ".caf", ".flac", ".htk", ".iff"),
    *(".ircam", ".mp2", ".mp3", ".nist", ".oga", ".ogg", ".opus", ".paf", ".pvf", ".rf64", ".sd2"),
    *(".sds", ".sf", ".snd", ".sph", ".svx", ".voc", ".w64", ".wav", ".wave", ".wve", ".xi"),
)
"""How the names of audio files end that libsndfile reads."""

UNREAD = (
    *(".3ga", ".3gp", ".aac", ".ac3", ".amr", ".ape", ".awb", ".dsf", ".dss", ".dts", ".m4a"),
    *(".m4b", ".mka", ".mp4", ".mpc", ".qcp", ".ra", ".shn", ".spx", ".tta", ".webm", ".weba"),
    *(".wma", ".wv"),
)
"""And of those that it does not read."""

UNKNOWN_SIZE = 0x7FFF0000
"""Bytes that programs claim who do not know how many samples they will write."""

MOST_MENDED = 2**30
"""Bytes of a file that are read to mend it."""

MOST_PACKED = 10_000
"""Samples that a byte holds; FLAC packs silence best."""

BLOCK = 4096
"""Samples that are read at once, and lost where one of them is damaged."""


class BadAudio(Exception):
    """Why an audio file cannot be used, in a few words."""


@dataclass(frozen=True)
class Header:
    """What a file says of its audio.

    Attributes
    ----------
    rate : int
        Sampling rate in Hz.
    n_samples : int
        Samples in each channel.
    is_cut : bool
        Whether the file ends before the audio does.
    """

    rate: int
    n_samples: int
    is_cut: bool = False

    @property
    def seconds(self) -> float:
        """How long the audio is."""
        return self.n_samples / self.rate


@dataclass(frozen=True)
class Segment(os.PathLike[str]):
    """An utterance in a file: all of it, or the stretch between two times in seconds."""

    file: str
    start: float = 0.0
    end: float = inf

    @classmethod
    def of(cls, file: str | os.PathLike[str]) -> Segment:
        """Return a segment as it is, and a file as a whole."""
        return file if isinstance(file, Segment) else cls(os.fspath(file))

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole file."""
        return self.start == 0 and self.end == inf

    def samples(self, header: Header) -> tuple[int, int]:
        """Return the first sample, and the one after the last.

        Raises
        ------
        BadAudio
            If the file ends before; a tenth of a second may be missing.
        """
        first, last = round(self.start * header.rate), header.n_samples
        if self.end < inf:
            last = round(self.end * header.rate)
        if first >= header.n_samples or last > header.n_samples + header.rate // 10:
            raise BadAudio(f"shorter than its segment ({header.seconds:.2f} s)")
        return first, min(last, header.n_samples)

    def signal(self) -> tuple[NDArray[np.float32], int]:
        """Return what is heard, and its sampling rate in Hz.

        Raises
        ------
        BadAudio
            If it cannot be used.
        """
        stretch = () if self.is_whole else self.samples(header_of(self))
        samples, rate = read(self, *stretch)
        return one_channel(samples), rate

    def __fspath__(self) -> str:
        return self.file

    def __str__(self) -> str:
        if self.is_whole:
            return self.file
        end = "the end" if self.end == inf else f"{self.end:g} s"
        return f"{self.file} (from {self.start:g} s to {end})"


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
        if audio.frames <= 0:
            raise BadAudio("empty")
        return Header(audio.samplerate, audio.frames, _is_cut(audio.extra_info))


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
        n_samples = (audio.frames if last is None else last) - first
        return _samples(audio, n_samples), audio.samplerate


def decode(file: str | os.PathLike[str] | bytes) -> tuple[NDArray[np.float32], int]:
    """Return the signal in a file, a segment of one or a file's content, and its rate in Hz.

    Raises
    ------
    BadAudio
        If it cannot be used.
    """
    if isinstance(file, Segment):
        return file.signal()
    samples, rate = read(file)
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
    signal = samples.mean(axis=1).clip(-1, LARGEST)
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
    return longer.clip(-1, LARGEST)


def too_short(seconds: float) -> BadAudio:
    """Return what is wrong with audio of so many seconds."""
    return BadAudio(f"too short ({1000 * seconds:.0f} ms)")


def _samples(audio: Any, n_samples: int) -> NDArray[np.float32]:
    """Read so many samples, or those before the place where a file is damaged."""
    import soundfile

    blocks = []
    try:
        while n_samples > 0:
            block = audio.read(min(n_samples, BLOCK), dtype="float32", always_2d=True)
            blocks.append(block)
            n_samples = n_samples - len(block) if len(block) else 0
    except soundfile.SoundFileError:
        if not blocks:
            raise
    return np.concatenate(blocks) if blocks else np.empty((0, audio.channels), np.float32)


def _is_cut(log: str) -> bool:
    """Tell from libsndfile's log of a header whether samples are missing at the end."""
    sizes = re.findall(r"(?:data|Data Size|SSND)\s*: (\d+) \(should be (\d+)\)", log)
    return "lacks an end-of-stream bit" in log or any(
        int(there) < int(claimed) < UNKNOWN_SIZE for claimed, there in sizes
    )


@contextmanager
def _opened(file: str | os.PathLike[str] | bytes) -> Iterator[Any]:
    """Yield a `soundfile.SoundFile`."""
    import soundfile

    if not isinstance(file, bytes):
        with _bytes_of(file) as opened:
            if not opened.read(1):
                raise BadAudio("empty")
    try:
        with _sound_file(file) as audio:
            size = len(file) if isinstance(file, bytes) else os.path.getsize(file)
            if audio.frames > MOST_PACKED * size:
                raise BadAudio(f"corrupt ({audio.frames} samples in {size} bytes)")
            if not LOWEST_RATE <= audio.samplerate <= HIGHEST_RATE:
                raise BadAudio(f"sampled at {audio.samplerate} Hz (4 to 384 kHz are read)")
            yield audio
    except soundfile.SoundFileError:
        raise BadAudio(_unknown(file)) from None


def _unknown(file: str | os.PathLike[str] | bytes) -> str:
    """Return why a file is not read; what libsndfile never reads can be converted."""
    name = Path("" if isinstance(file, bytes) else file)
    if name.suffix.lower() in UNREAD:
        return (
            f"{name.suffix[1:].upper()} is not read: convert it, as ffmpeg does (ffmpeg -i "
            f"{name.name} {name.stem}.wav)"
        )
    return "of no known audio format, or corrupt"


def _sound_file(file: str | os.PathLike[str] | bytes) -> Any:
    """Open a file; where that gives no samples, open it as it can be mended."""
    from soundfile import SoundFile, SoundFileError

    def opened() -> Any:
        return SoundFile(io.BytesIO(file) if isinstance(file, bytes) else os.fsencode(file))

    with suppress(SoundFileError):
        audio = opened()
        if audio.frames > 0:
            return audio
    if isinstance(file, bytes):
        content = mended(file)
    else:
        with _bytes_of(file) as damaged:
            content = mended(damaged.read(MOST_MENDED))
    return opened() if content is None else SoundFile(io.BytesIO(content))


@contextmanager
def _bytes_of(file: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Yield an open file."""
    if b"\0" in os.fsencode(file):  # which no name has
        raise BadAudio("missing")
    try:
        with open(file, "rb") as opened:
            yield opened
    except FileNotFoundError:
        raise BadAudio("missing") from None
    except OSError as error:
        raise BadAudio(f"cannot be read ({error.strerror})") from None
