"""From audio files to feature vectors, through openSMILE on all cores."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adan._extras import require
from adan.corpora import Corpus
from adan.features.audio import BadAudio, beside, decode, files_of, vectors_of
from adan.features.cache import Cache, cache_root
from adan.features.sets import FeatureSet


def features_of(
    corpus: Corpus,
    feature_set: FeatureSet | str,
    *,
    skip_bad: bool = False,
    cache: str | os.PathLike[str] | None = None,
    progress: bool = True,
    n_jobs: int | None = None,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Compute the features of a corpus and set them beside what is known of its utterances.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    feature_set, skip_bad, cache, progress, n_jobs, scheduler
        As in `extract`.

    Returns
    -------
    DataFrame of shape (n_utterances, n_metadata + feature_set.dimension)
        The corpus's table, then the features (float32). Numbers with a fraction in the corpus's
        table become text, so that the floating-point columns are the features and nothing else.
        ``attrs`` is that of `extract`.

    Raises
    ------
    AdanError
        As in `extract`; also if the corpus has no audio.
    """
    features = extract(
        files_of(corpus),
        feature_set,
        skip_bad=skip_bad,
        cache=cache,
        progress=progress,
        n_jobs=n_jobs,
        scheduler=scheduler,
    )
    return beside(corpus, features)


def extract(
    files: Iterable[str | os.PathLike[str]],
    feature_set: FeatureSet | str,
    *,
    skip_bad: bool = False,
    cache: str | os.PathLike[str] | None = None,
    progress: bool = True,
    n_jobs: int | None = None,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Compute one feature vector for each audio file.

    Parameters
    ----------
    files : iterable of path-like
        In any format that libsndfile reads, at any sampling rate; several channels are averaged.
    feature_set : FeatureSet or str
        A set or its name.
    skip_bad : bool, default=False
        Leave files out that are missing, empty, silent, corrupt or too short, instead of raising.
    cache : path-like, default=None
        Folder of the cache; None is ``$ADAN_CACHE`` or the user's cache folder.
    progress : bool, default=True
        Show a progress bar on standard error when the work takes over two seconds.
    n_jobs : int, default=None
        Number of threads; None is one a core. The numbers do not depend on it.
    scheduler : str, default=None
        Address of a Dask scheduler whose workers, which must see the files under the same paths,
        compute instead.

    Returns
    -------
    DataFrame of shape (n_files, feature_set.dimension), float32
        Indexed by the files as text, in the order given. ``attrs`` has ``feature_set`` (its name),
        ``opensmile`` (its version), ``audio_sha256`` (SHA-256 over the sorted hexadecimal SHA-256
        sums of the files, a line each) and ``skipped`` (file to reason; empty without `skip_bad`).

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
    opensmile = opensmile_version()
    store = Cache(Path(cache or cache_root()) / f"opensmile-{opensmile}" / feature_set.name)
    table = vectors_of(
        files,
        functools.partial(_functionals, feature_set),
        store,
        feature_set.dimension,
        title=feature_set.name,
        skip_bad=skip_bad,
        progress=progress,
        n_jobs=n_jobs,
        scheduler=scheduler,
    ).set_axis(_feature_names(feature_set, store), axis=1)
    table.attrs = {"feature_set": feature_set.name, "opensmile": opensmile, **table.attrs}
    return table


def _functionals(feature_set: FeatureSet, content: bytes) -> np.ndarray:
    return functionals(*decode(content), feature_set)


def functionals(signal: np.ndarray, rate: int, feature_set: FeatureSet) -> np.ndarray:
    """Compute the vector of a signal.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,), float32
        One channel in [-1, 1), as `adan.features.audio.one_channel` gives it.
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
        If the signal is too short, or a feature is not finite.
    """
    vector = _smile(feature_set)(signal[np.newaxis], rate)[0, :, 0].astype("<f4")
    if np.isnan(vector).all():
        raise BadAudio(f"too short ({1000 * len(signal) / rate:.0f} ms)")
    if not np.isfinite(vector).all():
        raise BadAudio("openSMILE gave values that are not finite")
    return vector


@functools.cache
def _smile(feature_set: FeatureSet) -> Any:
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet[feature_set.name])


def _feature_names(feature_set: FeatureSet, store: Cache) -> list[str]:
    """Name the features, from the cache if possible, since importing openSMILE takes a second."""
    cached = store.get("names")
    if cached is not None:
        return cached.decode().split("\n")
    with warnings.catch_warnings(action="ignore"):  # openSMILE warns of the older GeMAPS
        names = _smile(feature_set).feature_names
    store.put("names", "\n".join(names).encode())
    return names


def opensmile_version() -> str:
    """Return openSMILE's version, or tell which package of the audio extra is missing."""
    require("audio", "platformdirs", "soundfile", "opensmile")
    return version("opensmile")
