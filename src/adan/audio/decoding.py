"""Opening audio files: the one place that reads them and says why one cannot be used.

A signal is one channel of shape (n_samples,), float32 in [-1, 1). Whatever is wrong with a file is
a `BadAudio`, whose text is a few words to set behind the file's name.
"""

from __future__ import annotations

import collections
import io
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
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

SIZES = re.compile(
    r"(?:data|Data Size|Data length|SSND|BODY|riff|Riff size)\s*:? (\d+) \(?should be (\d+)"
)
FRAMES = re.compile(r"Frames\s*: (\d+)")
CUT_WORDS = ("lacks an end-of-stream bit", "Seems to be a truncated file")
"""What libsndfile's log of a header has where samples are missing: sizes, or plain words."""

NO_MP3 = (b"RIFF", b"RF64", b"riff", b"FORM", b"caff", b".snd", b"fLaC", b"OggS")
"""How common files begin that are not MP3; one of those may begin with anything."""

UNKNOWN_SIZE = 0x7FFF0000
"""Bytes that programs claim who do not know how many samples they will write."""

CUT = 0.1
"""Seconds that a recording that was not cut off may lack; the header of an MP3 file guesses."""

MOST_MENDED = 2**30
"""Bytes of a file that are read to mend it."""

MOST_PACKED = 10_000
"""Samples that a byte holds; FLAC packs silence best."""

ENDLESS = 2**63 - 1
"""Samples that libsndfile names where a FLAC file, written to a pipe, does not."""

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
        Samples in each channel: those that are there.
    is_cut : bool
        Whether the header claims more.
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
    with _opened(file) as (audio, is_cut):
        if audio.frames <= 0:
            raise BadAudio("empty")
        if _has_end(audio):
            return Header(audio.samplerate, audio.frames, is_cut or _is_cut(audio))
    with _opened(file) as (audio, _):  # anew, since a place that is not there was sought
        n_samples = sum(map(len, _blocks(audio, audio.frames)))
        if not n_samples:
            raise BadAudio("empty")
        is_cut = n_samples + CUT * audio.samplerate < audio.frames < ENDLESS
        return Header(audio.samplerate, n_samples, is_cut)


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
    with _opened(file) as (audio, _):
        if first and audio.seekable():
            audio.seek(first)
        else:  # some old codecs are heard from the beginning only
            collections.deque(_blocks(audio, first), maxlen=0)
        blocks = [*_blocks(audio, (audio.frames if last is None else last) - first)]
        nothing = np.empty((0, audio.channels), np.float32)
        return np.concatenate([nothing, *blocks]), audio.samplerate


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
    """Return the sampling rate in Hz that most files have; None if none can be read.

    Warns where others have another rate, since they are resampled to this one.
    """
    rates: collections.Counter[int] = collections.Counter()
    for file in files:
        with suppress(BadAudio):
            rates[header_of(file).rate] += 1
    if not rates:
        return None
    (rate, n), *others = rates.most_common()
    if others:
        told = ", ".join(f"{count} at {other:,} Hz" for other, count in others)
        warnings.warn(
            f"recordings have different sampling rates: {n} are at {rate:,} Hz, and {told} are "
            "resampled to that",
            stacklevel=3,
        )
    return rate


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


def warn_of_cut(ends: Mapping[str, float], n_files: int) -> None:
    """Warn of recordings that are cut off, of which what is there is used.

    Parameters
    ----------
    ends : mapping of str to float
        The second at which each ends, by its name.
    n_files : int
        Of how many recordings.
    """
    if ends:
        where = ", ".join(f"{name} after {end:.2f} s" for name, end in ends.items())
        told = f"{len(ends)} of {n_files} recordings are cut off ({where}): what is there is used"
        warnings.warn(told, stacklevel=3)


def _blocks(audio: Any, n_samples: int) -> Iterator[NDArray[np.float32]]:
    """Read so many samples, or those before the place where a file is damaged."""
    import soundfile

    is_first = True
    while n_samples > 0:
        try:
            block = audio.read(min(n_samples, BLOCK), dtype="float32", always_2d=True)
        except soundfile.SoundFileError:
            if is_first:
                raise
            return
        if not len(block):
            return
        yield block
        n_samples, is_first = n_samples - len(block), False


def _has_end(audio: Any) -> bool:
    """Tell whether the last samples that the header claims can be read."""
    import soundfile

    if not audio.seekable():
        return True
    try:
        audio.seek(max(0, audio.frames - 1 - round(CUT * audio.samplerate)))
        return len(audio.read(1)) > 0
    except soundfile.SoundFileError:
        return False


def _is_cut(audio: Any) -> bool:
    """Tell from libsndfile's log of a header whether samples are missing at the end."""
    log = audio.extra_info
    sizes = [(there, claimed) for claimed, there in SIZES.findall(log)]
    least = audio.frames + round(CUT * audio.samplerate)
    sizes += [(least, claimed) for claimed in FRAMES.findall(log)]
    return any(words in log for words in CUT_WORDS) or any(
        int(there) < int(claimed) < UNKNOWN_SIZE for there, claimed in sizes
    )


@contextmanager
def _opened(file: str | os.PathLike[str] | bytes) -> Iterator[tuple[Any, bool]]:
    """Yield a `soundfile.SoundFile`, and whether mending it found that it is cut off."""
    import soundfile

    if isinstance(file, bytes):
        head, size = file[:4], len(file)
    else:
        with _bytes_of(file) as opened:
            head, size = opened.read(4), os.fstat(opened.fileno()).st_size
    if not head:
        raise BadAudio("empty")
    try:
        with nullcontext() if head in NO_MP3 else _silent:
            audio, is_cut = _sound_file(file)
            with audio:
                if MOST_PACKED * size < audio.frames < ENDLESS:
                    raise BadAudio(f"corrupt ({audio.frames} samples in {size} bytes)")
                if not LOWEST_RATE <= audio.samplerate <= HIGHEST_RATE:
                    raise BadAudio(f"sampled at {audio.samplerate} Hz (4 to 384 kHz are read)")
                yield audio, is_cut
    except (soundfile.SoundFileError, TypeError):  # of a name in .raw, which tells no rate
        raise BadAudio(_unknown(file)) from None


class _Silent:
    """While some thread is in it, what libraries print on standard error is nowhere seen."""

    def __init__(self) -> None:
        self._lock, self._inside, self._seen = threading.Lock(), 0, -1

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1 and sys.__stderr__ is not None:
                self._seen = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._seen >= 0:
                os.dup2(self._seen, 2)
                os.close(self._seen)
                self._seen = -1


_silent = _Silent()
"""For MP3 files, of whose damages mpg123 tells by itself."""


def _unknown(file: str | os.PathLike[str] | bytes) -> str:
    """Return why a file is not read; what libsndfile never reads can be converted."""
    name = Path("" if isinstance(file, bytes) else file)
    if name.suffix.lower() in UNREAD:
        return (
            f"{name.suffix[1:].upper()} is not read: convert it, as ffmpeg does (ffmpeg -i "
            f"{name.name} {name.stem}.wav)"
        )
    return "of no known audio format, or corrupt"


def _sound_file(file: str | os.PathLike[str] | bytes) -> tuple[Any, bool]:
    """Open a file; where that gives no samples, open it as it can be mended."""
    from soundfile import SoundFile, SoundFileError

    def opened() -> Any:
        return SoundFile(io.BytesIO(file) if isinstance(file, bytes) else os.fsencode(file))

    with suppress(SoundFileError):
        audio = opened()
        if audio.frames > 0:
            return audio, False
    if isinstance(file, bytes):
        whole = mended(file)
    else:
        with _bytes_of(file) as damaged:
            whole = mended(damaged.read(MOST_MENDED))
    return (SoundFile(io.BytesIO(whole.content)), whole.is_cut) if whole else (opened(), False)


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
