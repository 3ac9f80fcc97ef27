"""From audio files to a table of vectors, whoever computes them: hashed, decoded, cached, told."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adan import _cluster
from adan._progress import progress_bar
from adan.corpora import Corpus
from adan.errors import AdanError
from adan.features.cache import Cache

Compute = Callable[[bytes], np.ndarray]
"""From a file's content to its vector (float32); raises `BadAudio` if it cannot be used."""


class BadAudio(Exception):
    """Why an audio file cannot be used, in a few words."""


def vectors_of(
    files: Iterable[str | os.PathLike[str]],
    compute: Compute,
    store: Cache,
    dimension: int,
    *,
    title: str,
    skip_bad: bool,
    progress: bool,
    n_jobs: int | None,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Compute a vector for each file, in threads or on a cluster, unless the cache holds it.

    Returns
    -------
    DataFrame of shape (n_files, dimension), float32
        Indexed by the files as text; ``attrs`` has ``audio_sha256`` and ``skipped``: see
        `adan.features.extract`.

    Raises
    ------
    AdanError
        If files cannot be used and `skip_bad` is False, or none is left.
    """
    names = [os.fspath(file) for file in files]
    outcomes = _outcomes(
        names,
        partial(_outcome, compute, store, dimension),
        store,
        title,
        progress,
        n_jobs,
        scheduler,
    )
    vectors = [outcome.vector for outcome in outcomes if outcome.vector is not None]
    bad = {name: o.problem for name, o in zip(names, outcomes, strict=True) if o.problem}
    if not vectors or (bad and not skip_bad):
        raise AdanError(_complaint(bad, len(names)))
    index = pd.Index([name for name in names if name not in bad], name="file")
    table = pd.DataFrame(np.stack(vectors), index=index)
    table.attrs = {
        "audio_sha256": _digest_of_digests(o.digest for o in outcomes if not o.problem),
        "skipped": bad,
    }
    return table


def beside(corpus: Corpus, features: pd.DataFrame) -> pd.DataFrame:
    """Set the vectors of a corpus's files beside what is known of its utterances.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    features : DataFrame
        Of those files, as `vectors_of` gives it.

    Returns
    -------
    DataFrame
        The corpus's table, less the utterances that were skipped, then the features. Numbers with
        a fraction in the corpus's table become text, so that the floating-point columns are the
        features and nothing else.
    """
    known = corpus.table[~corpus.table["file"].isin(features.attrs["skipped"])]
    known = known.astype(dict.fromkeys(known.select_dtypes("floating").columns, str))
    table = pd.concat([known, features.set_axis(known.index)], axis=1)
    table.attrs = features.attrs
    return table


def files_of(corpus: Corpus) -> pd.Series:
    """Return the audio files of a corpus, or tell that it has none."""
    if "file" not in corpus.table:
        raise AdanError(f"{corpus.name} has no audio: its table needs a column 'file'")
    return corpus.table["file"]


@dataclass(frozen=True)
class _Outcome:
    """What came of one file: a vector or a problem."""

    digest: str = ""
    vector: np.ndarray | None = None
    problem: str = ""
    is_new: bool = False


def decode(content: bytes) -> tuple[np.ndarray, int]:
    """Decode to one channel of shape (n_samples,), float32 in [-1, 1), and its rate in Hz."""
    import soundfile

    if not content:
        raise BadAudio("empty")
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        raise BadAudio("of no known audio format, or corrupt") from None
    return one_channel(samples), rate


def one_channel(samples: np.ndarray) -> np.ndarray:
    """Average channels (n_samples, n_channels) to a signal (n_samples,), float32 in [-1, 1).

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


def _outcomes(
    names: Sequence[str],
    outcome_of: Callable[[str], _Outcome],
    store: Cache,
    title: str,
    progress: bool,
    n_jobs: int | None,
    scheduler: str | None,
) -> list[_Outcome]:
    """Look at every file, in threads, since hashing, decoding and openSMILE let go of the GIL."""
    outcomes = []
    with (
        warnings.catch_warnings(),
        _mapping(n_jobs, scheduler) as look,
        progress_bar(total=len(names), desc=title, delay=2, disable=not progress) as bar,
    ):
        warnings.simplefilter("ignore")
        for outcome in look(outcome_of, names):
            if outcome.is_new and outcome.vector is not None:
                store.put(outcome.digest, outcome.vector.tobytes())
            outcomes.append(outcome)
            bar.update()
    return outcomes


@contextmanager
def _mapping(n_jobs: int | None, scheduler: str | None) -> Iterator[Callable[..., Any]]:
    """Yield a ``map``: that of threads here, or that of a cluster."""
    if scheduler:
        with _cluster.connected(scheduler) as client:
            yield partial(_cluster.ordered, client)
    else:
        with ThreadPoolExecutor(n_jobs or os.cpu_count()) as pool:
            yield pool.map


def _outcome(compute: Compute, store: Cache, dimension: int, name: str) -> _Outcome:
    try:
        content = Path(name).read_bytes()
    except FileNotFoundError:
        return _Outcome(problem="missing")
    except OSError as error:
        return _Outcome(problem=f"cannot be read ({error.strerror})")
    digest = hashlib.sha256(content).hexdigest()
    cached = store.get(digest)
    if cached is not None and len(cached) == 4 * dimension:
        return _Outcome(digest, np.frombuffer(cached, "<f4"))
    try:
        return _Outcome(digest, compute(content), is_new=True)
    except BadAudio as problem:
        return _Outcome(digest, problem=str(problem))


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
