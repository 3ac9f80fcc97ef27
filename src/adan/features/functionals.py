"""From audio files to openSMILE's functionals, on all cores."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import numpy as np

from adan._extras import require
from adan.audio.decoding import BadAudio, commonest_rate, resampled, too_short
from adan.corpora import Vectors
from adan.features import apart
from adan.features.cache import Cache
from adan.features.extraction import Extractor, Options, check_listed, vectors_of
from adan.features.sets import FeatureSet


def extract(
    files: Iterable[str | os.PathLike[str]], feature_set: FeatureSet | str, **options: Any
) -> Vectors:
    """Compute one feature vector for each audio file.

    Parameters
    ----------
    files : iterable of path-like
        Files, or stretches of them (`adan.audio.decoding.Segment`), in any format that libsndfile
        reads, at sampling rates of 4 to 384 kHz, which are brought to the one that most files have;
        several channels are averaged.
    feature_set : FeatureSet or str
        A set or its name.
    **options
        ``skip_bad``, ``cache``, ``progress``, ``n_jobs`` and ``scheduler``: see
        `adan.features.Options`.

    Returns
    -------
    Vectors
        ``table`` of shape (n_files, feature_set.dimension), float32, is indexed by the files as
        text, in the order given. ``about`` has ``feature_set`` (its name), ``opensmile`` (its
        version), ``rate`` (the sampling rate in Hz), ``audio_sha256`` (SHA-256 over the sorted
        hexadecimal SHA-256 sums of the files, a line each) and ``skipped`` (file to reason; empty
        without ``skip_bad``).

    Raises
    ------
    AdanError
        If files cannot be used (the message gives each one's reason), none is left, the set is
        unknown, or openSMILE, soundfile or platformdirs is not installed.

    Notes
    -----
    openSMILE itself runs on 16-bit samples; what it reads is rounded towards zero and clipped.
    """
    if isinstance(feature_set, str):
        feature_set = FeatureSet.named(feature_set)
    check_listed(files)
    how, opensmile, files = Options(**options), opensmile_version(), list(files)
    rate = commonest_rate(files)
    store = how.store(f"opensmile-{opensmile}", f"{feature_set.name}-{rate}")
    extractor = Extractor(
        feature_set.name,
        smile_names(feature_set, FUNCTIONALS, store),
        functools.partial(_functionals, feature_set, rate),
        store,
        about={"feature_set": feature_set.name, "opensmile": opensmile, "rate": rate},
    )
    return vectors_of(files, extractor, how)


def _functionals(
    feature_set: FeatureSet, wanted: int | None, signal: np.ndarray, rate: int
) -> np.ndarray:
    wanted = wanted or rate
    return functionals(resampled(signal, rate, wanted), wanted, feature_set)


def functionals(signal: np.ndarray, rate: int, feature_set: FeatureSet) -> np.ndarray:
    """Compute the vector of a signal.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,), float32
        One channel in [-1, 1), as `adan.audio.decoding.one_channel` gives it.
    rate : int
        Sampling rate in Hz.
    feature_set : FeatureSet
        What to compute.

    Returns
    -------
    ndarray of shape (feature_set.dimension,), float32

    Raises
    ------
    BadAudio
        If the signal is too short, openSMILE cannot do it, or a feature is not finite.
    """
    (vector,) = apart.features_of_signal(signal, rate, feature_set.name, FUNCTIONALS)
    if np.isnan(vector).all():
        raise too_short(len(signal) / rate)
    if not np.isfinite(vector).all():
        raise BadAudio("openSMILE gave values that are not finite")
    return vector


FUNCTIONALS, LLD = "Functionals", "LowLevelDescriptors"
"""Levels of openSMILE."""


@functools.cache
def _smile(feature_set: FeatureSet, level: str) -> Any:
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet[feature_set.name], opensmile.FeatureLevel[level])


def smile_names(feature_set: FeatureSet, level: str, store: Cache) -> list[str]:
    """Name the features, from the cache if possible, since importing openSMILE takes a second."""
    cached = store.get("names")
    if cached is not None:
        return cached.decode().split("\n")
    with warnings.catch_warnings(action="ignore"):  # openSMILE warns of the older GeMAPS
        names = _smile(feature_set, level).feature_names
    store.put("names", "\n".join(names).encode())
    return names


def opensmile_version() -> str:
    """Return openSMILE's version, or tell which package of the audio extra is missing."""
    require("audio", "platformdirs", "soundfile", "opensmile")
    return version("opensmile")
