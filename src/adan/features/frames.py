"""From audio files to sequences of frames: spectra, and openSMILE's low-level descriptors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from adan._extras import require
from adan.audio import spectra
from adan.audio.decoding import BadAudio, commonest_rate, resampled, too_short
from adan.errors import AdanError
from adan.features import apart
from adan.features.cache import Cache
from adan.features.extraction import Extractor, Frames, Options, check_listed, frames_of
from adan.features.functionals import LLD, opensmile_version, smile_names
from adan.features.sets import FeatureSet

VERSION = "1"
"""Of the spectra: another one finds nothing in the cache."""

FRAMES = (
    "of frames logmel40, mfcc13, spectrogram, or a set of openSMILE with -lld, such as IS09-lld; "
    "+d adds deltas, and +dd theirs, too"
)
_NAME = re.compile(r"(?:(logmel|mfcc)(\d+)|(spectrogram)|(\w+)-lld)(?:\+(dd?))?", re.IGNORECASE)


@dataclass(frozen=True)
class FrameSet:
    """Features of frames, one every 10 ms: a sequence for audio of any length.

    Attributes
    ----------
    kind : {"logmel", "mfcc", "spectrogram", "lld"}
        Log-mels of 25-ms frames of the signal scaled to unit variance; cepstral coefficients of
        such log-mels, of 26 bands at least; logarithms of the power of 40-ms frames, 0 to 4 kHz; or
        the low-level descriptors of a set of openSMILE.
    size : int
        Mel bands or cepstral coefficients.
    opensmile : FeatureSet or None
        The set of openSMILE.
    n_deltas : {0, 1, 2}
        1 where deltas follow, by regression over two frames before and behind; 2 where their
        deltas follow, too.
    """

    kind: str
    size: int = 0
    opensmile: FeatureSet | None = None
    n_deltas: int = 0

    @classmethod
    def named(cls, name: str) -> FrameSet:
        """Find a set by its name, in upper or lower case: ``logmel40+dd``, ``IS09-lld+d`` ...

        Raises
        ------
        AdanError
            If there is none.
        """
        found = _NAME.fullmatch(name)
        if not found or (found[2] and not 2 <= int(found[2]) <= 128):
            raise AdanError(f"{name!r} is no set of frames: choose {FRAMES}")
        n_deltas = len(found[5] or "")
        if found[4]:
            return cls("lld", opensmile=FeatureSet.named(found[4]), n_deltas=n_deltas)
        return cls((found[1] or found[3]).lower(), int(found[2] or 0), n_deltas=n_deltas)

    @property
    def name(self) -> str:
        """What it is called in tables."""
        of = f"{self.opensmile.name}-lld" if self.opensmile else f"{self.kind}{self.size or ''}"
        return of + ("", "+d", "+dd")[self.n_deltas]

    def __call__(self, signal: np.ndarray, rate: int) -> np.ndarray:
        """Compute the frames of a signal.

        Parameters
        ----------
        signal : ndarray of shape (n_samples,), float32
            One channel in [-1, 1).
        rate : int
            Sampling rate in Hz.

        Returns
        -------
        ndarray of shape (n_frames, n_features), float32

        Raises
        ------
        BadAudio
            If the signal is too short for a frame, or a value is not finite.
        """
        frames = [self._plain(signal, rate)]
        for _ in range(self.n_deltas):
            frames.append(spectra.deltas(frames[-1]))
        together = np.hstack(frames).astype("<f4", copy=False)
        if not np.isfinite(together).all():
            raise BadAudio("its frames have values that are not finite")
        return together

    def _plain(self, signal: np.ndarray, rate: int) -> np.ndarray:
        if self.kind == "logmel":
            return spectra.log_mels(signal, rate, self.size)
        if self.kind == "mfcc":
            return spectra.mfccs(signal, rate, self.size, max(26, self.size))
        if self.kind == "spectrogram":
            return spectra.spectrogram(signal, rate)
        assert self.opensmile
        frames = apart.features_of_signal(signal, rate, self.opensmile.name, LLD)
        if np.isnan(frames).all():
            raise too_short(len(signal) / rate)
        return frames

    def features(self, rate: int, store: Cache) -> list[str]:
        """Name the numbers of a frame at a sampling rate; ``store`` remembers openSMILE's names."""
        if self.opensmile:
            names = smile_names(self.opensmile, LLD, store)
        else:
            size = self.size or len(spectra.spectrogram(np.zeros(rate), rate)[0])
            names = [f"{self.kind}_{i}" for i in range(size)]
        return [name + "_de" * n for n in range(self.n_deltas + 1) for name in names]


def extract_frames(
    files: Iterable[str | os.PathLike[str]], frame_set: FrameSet | str, **options: Any
) -> Frames:
    """Compute a sequence of frames for each audio file.

    Parameters
    ----------
    files : iterable of path-like
        As for `adan.features.extract`.
    frame_set : FrameSet or str
        A set or its name.
    **options
        ``skip_bad``, ``cache``, ``progress``, ``n_jobs`` and ``scheduler``: see
        `adan.features.Options`.

    Returns
    -------
    Frames
        The sequences, in the order of the files; ``about`` as `adan.features.extract` has it.

    Raises
    ------
    AdanError
        If files cannot be used (the message gives each one's reason), none is left, the set is
        unknown, or openSMILE, soundfile or platformdirs is not installed.
    """
    require("audio", "platformdirs", "soundfile")
    if isinstance(frame_set, str):
        frame_set = FrameSet.named(frame_set)
    check_listed(files)
    how, files = Options(**options), list(files)
    rate = commonest_rate(files)
    program, version = "spectra", VERSION
    if frame_set.opensmile:
        program, version = "opensmile", opensmile_version()
    store = how.store(f"{program}-{version}", f"{frame_set.name}-{rate}")
    extractor = Extractor(
        frame_set.name,
        frame_set.features(rate or 16_000, store),
        partial(_frames, frame_set, rate),
        store,
        about={"feature_set": frame_set.name, program: version, "rate": rate},
        level="frame",
    )
    return frames_of(files, extractor, how)


def _frames(frame_set: FrameSet, wanted: int | None, signal: np.ndarray, rate: int) -> np.ndarray:
    wanted = wanted or rate
    return frame_set(resampled(signal, rate, wanted), wanted)
