"""From audio files to feature vectors, through openSMILE on all cores."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adan._progress import progress_bar
from adan.corpora import Corpus
from adan.errors import AdanError
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
) -> pd.DataFrame:
    """Compute the features of a corpus and set them beside what is known of its utterances.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    feature_set, skip_bad, cache, progress, n_jobs
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
    if "file" not in corpus.table:
        raise AdanError(f"{corpus.name} has no audio: its table needs a column 'file'")
    features = extract(
        corpus.table["file"],
        feature_set,
        skip_bad=skip_bad,
        cache=cache,
        progress=progress,
        n_jobs=n_jobs,
    )
    known = corpus.table[~corpus.table["file"].isin(features.attrs["skipped"])]
    known = known.astype(dict.fromkeys(known.select_dtypes("floating").columns, str))
    table = pd.concat([known, features.set_axis(known.index)], axis=1)
    table.attrs = features.attrs
    return table


def extract(
    files: Iterable[str | os.PathLike[str]],
    feature_set: FeatureSet | str,
    *,
    skip_bad: bool = False,
    cache: str | os.PathLike[str] | None = None,
    progress: bool = True,
    n_jobs: int | None = None,
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
    names = [os.fspath(file) for file in files]
    opensmile = _opensmile_version()
    store = Cache(Path(cache or cache_root()) / f"opensmile-{opensmile}" / feature_set.name)
    outcomes = _outcomes(names, feature_set, store, progress, n_jobs)

    vectors = [outcome.vector for outcome in outcomes if outcome.vector is not None]
    bad = {name: o.problem for name, o in zip(names, outcomes, strict=True) if o.problem}
    if not vectors or (bad and not skip_bad):
        raise AdanError(_complaint(bad, len(names)))
    table = pd.DataFrame(
        np.stack(vectors),
        index=pd.Index([name for name in names if name not in bad], name="file"),
        columns=_feature_names(feature_set, store),
    )
    table.attrs = {
        "feature_set": feature_set.name,
        "opensmile": opensmile,
        "audio_sha256": _digest_of_digests(o.digest for o in outcomes if not o.problem),
        "skipped": bad,
    }
    return table


@dataclass(frozen=True)
class _Outcome:
    """What came of one file: a vector or a problem."""

    digest: str = ""
    vector: np.ndarray | None = None
    problem: str = ""
    is_new: bool = False


class _BadAudio(Exception):
    """Why an audio file cannot be used, in a few words."""


def _outcomes(
    names: Sequence[str], feature_set: FeatureSet, store: Cache, progress: bool, n_jobs: int | None
) -> list[_Outcome]:
    """Look at every file, in threads, since hashing, decoding and openSMILE let go of the GIL."""
    outcomes = []
    with (
        warnings.catch_warnings(),
        ThreadPoolExecutor(n_jobs or os.cpu_count()) as pool,
        progress_bar(total=len(names), desc=feature_set.name, delay=2, disable=not progress) as bar,
    ):
        warnings.simplefilter("ignore")
        for outcome in pool.map(functools.partial(_outcome, feature_set, store), names):
            if outcome.is_new and outcome.vector is not None:
                store.put(outcome.digest, outcome.vector.tobytes())
            outcomes.append(outcome)
            bar.update()
    return outcomes


def _outcome(feature_set: FeatureSet, store: Cache, name: str) -> _Outcome:
    try:
        content = Path(name).read_bytes()
    except FileNotFoundError:
        return _Outcome(problem="missing")
    except OSError as error:
        return _Outcome(problem=f"cannot be read ({error.strerror})")
    digest = hashlib.sha256(content).hexdigest()
    cached = store.get(digest)
    if cached is not None and len(cached) == 4 * feature_set.dimension:
        return _Outcome(digest, np.frombuffer(cached, "<f4"))
    try:
        return _Outcome(digest, _functionals(content, feature_set), is_new=True)
    except _BadAudio as problem:
        return _Outcome(digest, problem=str(problem))


def _functionals(content: bytes, feature_set: FeatureSet) -> np.ndarray:
    signal, rate = _decode(content)
    vector = _smile(feature_set)(signal[np.newaxis], rate)[0, :, 0].astype("<f4")
    if np.isnan(vector).all():
        raise _BadAudio(f"too short ({1000 * len(signal) / rate:.0f} ms)")
    if not np.isfinite(vector).all():
        raise _BadAudio("openSMILE gave values that are not finite")
    return vector


def _decode(content: bytes) -> tuple[np.ndarray, int]:
    """Decode to one channel of shape (n_samples,), float32 in [-1, 1), and its rate in Hz."""
    import soundfile

    if not content:
        raise _BadAudio("empty")
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        raise _BadAudio("not audio, or corrupt") from None
    if not len(samples):
        raise _BadAudio("empty")
    if not np.isfinite(samples).all():
        raise _BadAudio("corrupt (samples that are not finite)")
    signal = samples.mean(axis=1).clip(-1, 1 - 2**-15)
    if np.ptp((signal * 2**15).astype(np.int16)) == 0:
        raise _BadAudio("silent")
    return signal, rate


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


def _opensmile_version() -> str:
    try:
        return [version(package) for package in ("platformdirs", "soundfile", "opensmile")][-1]
    except PackageNotFoundError as error:
        raise AdanError(f"{error.name} is not installed: pip install 'adan[audio]'") from None


def _digest_of_digests(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{digest}\n" for digest in sorted(digests)).encode()).hexdigest()


def _complaint(bad: dict[str, str], n_files: int) -> str:
    if not n_files:
        return "there is no audio to extract features from: name at least one file"
    reasons = [f"{name}: {reason}" for name, reason in list(bad.items())[:10]]
    if len(bad) > 10:
        reasons.append(f"and {len(bad) - 10} more")
    skip = ", or leave them out with --skip-bad (skip_bad=True)" if len(bad) < n_files else ""
    return (
        f"{len(bad)} of {n_files} audio files cannot be used ({'; '.join(reasons)}): "
        f"mend them{skip}"
    )
