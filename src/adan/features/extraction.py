"""From audio files to features, whoever computes them: decoded, cached, in threads or a cluster."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from adan import _cluster
from adan._files import readable
from adan._progress import progress_bar
from adan.audio.decoding import BadAudio, Segment, content_of, decode
from adan.audio.perturbation import Copy
from adan.corpora import Corpus, Vectors
from adan.errors import AdanError
from adan.features import apart
from adan.features.cache import Cache, cache_root
from adan.sequences import Sequences


@dataclass(frozen=True)
class Options:
    """How features are computed, whichever they are.

    Parameters
    ----------
    skip_bad : bool, default=False
        Leave files out that are missing, empty, silent, corrupt or too short, instead of raising.
    cache : path-like, default=None
        Folder of the cache; None is ``$ADAN_CACHE`` or the user's cache folder.
    progress : bool, default=True
        Show a progress bar on standard error when the work takes over two seconds.
    n_jobs : int, default=None
        Number of threads; None is one a core, and one where files are few. No
        number depends on it.
    scheduler : str, default=None
        Address of a Dask scheduler whose workers, which must see the files under the same paths,
        compute instead.
    """

    skip_bad: bool = False
    cache: str | os.PathLike[str] | None = None
    progress: bool = True
    n_jobs: int | None = None
    scheduler: str | None = None

    def store(self, *folders: str) -> Cache:
        """Return the cache of one kind of features."""
        return Cache(Path(self.cache or cache_root(), *folders))


@dataclass(frozen=True)
class Extractor:
    """One kind of features, and what computes them.

    Parameters
    ----------
    name : str
        Title of the progress bar.
    features : sequence of str
        Names of the numbers in a vector or frame.
    compute : callable
        From a signal and its rate to the vector (d,) or the frames (n, d), float32; raises
        `BadAudio` if it cannot be used.
    store : Cache
        Of this kind, and this version of it, alone.
    about : mapping
        Provenance, such as the version of what computes.
    level : {"utterance", "frame"}, default="utterance"
        Whether there is one vector for an utterance or one for each frame of it.
    """

    name: str
    features: Sequence[str]
    compute: Callable[[np.ndarray, int], np.ndarray]
    store: Cache
    about: Mapping[str, Any] = field(default_factory=dict)
    level: Literal["utterance", "frame"] = "utterance"

    def from_cache(self, digest: str) -> np.ndarray | None:
        """Return what was computed before, (d,) or (n, d); None if nothing was or it is damaged."""
        content = self.store.get(digest)
        n, rest = divmod(len(content or b""), 4 * len(self.features))
        if content is None or rest or (n != 1 if self.level == "utterance" else n < 1):
            return None
        values = np.frombuffer(content, "<f4")
        return values if self.level == "utterance" else values.reshape(n, -1)


@dataclass(frozen=True, eq=False)
class Frames:
    """Sequences of frames of audio files.

    Attributes
    ----------
    sequences : Sequences
        One for each file.
    features : sequence of str
        Names of the numbers in a frame.
    about : mapping
        As that of `adan.corpora.Vectors`.
    """

    sequences: Sequences
    features: Sequence[str]
    about: Mapping[str, Any]


def check_listed(files: Any) -> None:
    """Raise an `AdanError` if it is one file and no list of them."""
    if isinstance(files, str | os.PathLike):
        raise AdanError(f"{files} is one file: give a list of files")


def vectors_of(
    files: Iterable[str | os.PathLike[str]], extractor: Extractor, options: Options
) -> Vectors:
    """Compute a vector for each file or segment, unless the cache holds it.

    Returns
    -------
    Vectors
        Of the files, indexed by their names; ``about`` also has ``audio_sha256`` (SHA-256 over the
        sorted hexadecimal SHA-256 sums of the files, a line each; of a segment its times are summed
        up, too) and ``skipped`` (file to reason).

    Raises
    ------
    AdanError
        If files cannot be used and `skip_bad` is False, or none is left.
    """
    segments = [Segment.of(file) for file in files]
    values, about = _computed(segments, extractor, options)
    names = [str(segment) for segment in segments]
    index = [readable(name) for name in names if name not in about["skipped"]]
    table = pd.DataFrame(
        np.stack(values), index=pd.Index(index, name="file"), columns=[*extractor.features]
    )
    return Vectors(table, tuple(extractor.features), about)


def frames_of(
    files: Iterable[str | os.PathLike[str]], extractor: Extractor, options: Options
) -> Frames:
    """Compute a sequence of frames for each file or segment, unless the cache holds it.

    Raises
    ------
    AdanError
        As in `vectors_of`.
    """
    values, about = _computed([Segment.of(file) for file in files], extractor, options)
    return Frames(Sequences.of(values), tuple(extractor.features), about)


def _computed(
    segments: Sequence[Segment], extractor: Extractor, options: Options
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """Return the values of all files that can be used, and what is known about them."""
    outcomes = _outcomes(segments, extractor, options)
    bad = {str(s): o.problem for s, o in zip(segments, outcomes, strict=True) if o.problem}
    values = [outcome.values for outcome in outcomes if outcome.values is not None]
    if not values or (bad and not options.skip_bad):
        raise AdanError(_complaint(bad, len(segments)))
    digests = sorted(outcome.digest for outcome in outcomes if not outcome.problem)
    lines = "".join(f"{digest}\n" for digest in digests)
    sha = hashlib.sha256(lines.encode()).hexdigest()
    return values, {**extractor.about, "audio_sha256": sha, "skipped": bad}


def with_vectors(
    corpus: Corpus, vectors_of_files: Callable[[Sequence[Segment]], Vectors]
) -> Corpus:
    """Set the vectors of a corpus's files beside what is known of its utterances.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    vectors_of_files : callable
        Such as `adan.features.extract`.

    Returns
    -------
    Corpus
        Less the utterances that were skipped; features that it had are replaced.

    Raises
    ------
    AdanError
        If the corpus has no audio, or the vectors cannot be computed.
    """
    recordings = corpus.recordings()
    vectors = vectors_of_files(recordings)
    known = _known(corpus, recordings, vectors.about)
    table = pd.concat([known, vectors.table.set_axis(known.index)], axis=1)
    return Corpus(corpus.name, table, vectors.features, vectors.about)


def with_frames(corpus: Corpus, frames_of_files: Callable[[Sequence[Segment]], Frames]) -> Corpus:
    """Set the sequences of a corpus's files beside what is known of its utterances.

    Raises
    ------
    AdanError
        As in `with_vectors`.
    """
    recordings = corpus.recordings()
    frames = frames_of_files(recordings)
    known = _known(corpus, recordings, frames.about)
    return Corpus(corpus.name, known, frames.features, frames.about, frames.sequences)


def _known(corpus: Corpus, recordings: Sequence[Segment], about: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table of a corpus less its features and the utterances that were skipped."""
    of_columns = [] if corpus.sequences is not None else [*corpus.features]
    known = corpus.table.drop(columns=of_columns)
    return known[[str(recording) not in about["skipped"] for recording in recordings]]


@dataclass(frozen=True)
class _Outcome:
    """What came of one file: its values or a problem."""

    digest: str = ""
    values: np.ndarray | None = None
    problem: str = ""
    is_new: bool = False


def _outcomes(
    segments: Sequence[Segment], extractor: Extractor, options: Options
) -> list[_Outcome]:
    """Look at every file, in threads, since hashing, decoding and openSMILE let go of the GIL."""
    outcomes = []
    title = ", ".join([extractor.name, *(s.words for s in segments[:1] if isinstance(s, Copy))])
    outcome_of = partial(_outcome, extractor)
    with (
        warnings.catch_warnings(),
        _mapping(options, len(segments)) as look,
        progress_bar(total=len(segments), desc=title, delay=2, disable=not options.progress) as bar,
    ):
        warnings.simplefilter("ignore")
        for outcome in look(outcome_of, segments):
            if outcome.is_new and outcome.values is not None:
                extractor.store.put(outcome.digest, outcome.values.tobytes())
            outcomes.append(outcome)
            bar.update()
    return outcomes


@contextmanager
def _mapping(options: Options, n: int) -> Iterator[Callable[..., Any]]:
    """Yield a ``map`` for ``n`` files: that of threads here, or that of a cluster."""
    if options.scheduler:
        with _cluster.connected(options.scheduler) as client:
            yield partial(_cluster.ordered, client)
    else:
        n_threads = options.n_jobs or apart.threads(n)
        with apart.crew(), ThreadPoolExecutor(n_threads) as pool:
            yield pool.map


def _outcome(extractor: Extractor, segment: Segment) -> _Outcome:
    try:
        digest = _digest(segment)
        cached = extractor.from_cache(digest)
        if cached is not None:
            return _Outcome(digest, cached)
        return _Outcome(digest, extractor.compute(*decode(segment)), is_new=True)
    except BadAudio as problem:
        return _Outcome(problem=str(problem))


def _digest(segment: Segment) -> str:
    """Return the SHA-256 of a file's content, a segment's times and how a copy is made."""
    if isinstance(segment, Copy):
        heard = [_digest(part) for part in (segment.parent, segment.other) if part]
        return hashlib.sha256(" ".join([*heard, segment.how]).encode()).hexdigest()
    if segment.is_whole:
        return hashlib.sha256(content_of(segment)).hexdigest()
    try:
        about = os.stat(segment)
        version = about.st_mtime_ns, about.st_size
    except (OSError, ValueError):  # of which the content tells more
        version = 0, 0
    sha = _hashed(segment.file, version).copy()
    sha.update(f" {segment.start!r} {segment.end!r}".encode())
    return sha.hexdigest()


@lru_cache(maxsize=1000)
def _hashed(file: str, version: tuple[int, int]) -> Any:
    """Hash a version of a file, once for all its segments."""
    return hashlib.sha256(content_of(file))


def _complaint(bad: dict[str, str], n_files: int) -> str:
    if not n_files:
        return "there is no audio to extract features from: name at least one file"
    reasons = [f"{name}: {reason}" for name, reason in list(bad.items())[:10]]
    if len(bad) > 10:
        reasons.append(f"and {len(bad) - 10} more")
    skip = (
        ", or leave them out (adan extract --skip-bad, skip_bad=True; for a study, take them out "
        "of the corpus)"
        if len(bad) < n_files
        else ""
    )
    return (
        f"{len(bad)} of {n_files} audio files cannot be used ({'; '.join(reasons)}): "
        f"mend them{skip}"
    )
