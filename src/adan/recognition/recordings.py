"""From recordings to predictions: many files at once, long ones in windows, bad ones reported."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from adan._files import readable
from adan._progress import progress_bar
from adan.audio.decoding import (
    CUT,
    READ,
    UNREAD,
    BadAudio,
    Segment,
    header_of,
    one_channel,
    read,
    resampled,
    warn_of_cut,
)
from adan.errors import AdanError
from adan.features import apart
from adan.features.functionals import functionals, opensmile_version
from adan.features.sets import FeatureSet
from adan.recognition.model import Model

LONGEST = 15.0
"""Seconds up to which a recording is taken for one utterance."""

WINDOW = 5.0
"""A longer recording is cut into equal windows of at most so many seconds."""

SUFFIXES = (*READ, *UNREAD)
"""What is taken for audio in a folder; what cannot be read is named."""


def audio_files(places: Iterable[str | os.PathLike[str]]) -> list[str | Segment]:
    """List the audio files, or stretches of them, that are meant by files, folders and tables.

    Parameters
    ----------
    places : iterable of path-like
        A folder stands for the audio in it and below, in alphabetical order; a ``.csv`` or
        ``.parquet`` table for its column ``file``, relative to the table's folder, and the
        stretches of its columns ``start`` and ``end``; anything else for itself.

    Raises
    ------
    AdanError
        If a folder holds no audio, or a table names none.
    """
    files: list[str | Segment] = []
    for place in map(Path, places):
        if place.is_dir():
            found = sorted(p for p in place.rglob("[!.]*") if p.suffix.lower() in SUFFIXES)
            if not found:
                kinds = ", ".join(suffix[1:].upper() for suffix in READ)
                raise AdanError(f"{place} holds no audio, itself or below ({kinds}): give another")
            files += map(str, found)
        elif place.suffix.lower() in (".csv", ".parquet"):
            files += _listed(place)
        else:
            files.append(str(place))
    return files


def _listed(path: Path) -> list[str | Segment]:
    from adan.corpora.base import is_synthetic
    from adan.corpora.segments import recordings_of
    from adan.corpora.table_files import read_table

    table = read_table(path).table
    if "file" not in table or not len(table):
        raise AdanError(f"{path} names no audio: give a table with a column 'file'")
    recordings = recordings_of(table[~is_synthetic(table)], path)
    return [r.file if r.is_whole else r for r in recordings]


def predict_files(
    model: Model,
    files: Sequence[str | os.PathLike[str]],
    speakers: Sequence[str] | None = None,
    *,
    progress: bool = False,
) -> pd.DataFrame:
    """Predict the emotion of each recording, or of each window of a long one.

    Parameters
    ----------
    model : Model
        Trained on a feature set of openSMILE's.
    files : sequence of path-like
        In any format that libsndfile reads, at any sampling rate and length. A stretch of one
        (`adan.audio.decoding.Segment`) is one utterance, however long it is.
    speakers : sequence of str, optional
        Who speaks in each file: all of a speaker's recordings tell how the voice sounds. Without,
        each is recognised by itself.
    progress : bool, default=False
        Show a progress bar on standard error when the work takes over two seconds.

    Returns
    -------
    DataFrame
        One row a window, in order, indexed by the place of its recording among the files:
        ``file``; ``start`` and ``end`` in seconds; ``emotion``; ``p_anger`` and so on, the
        probability of each class; ``problem``, why a file or window cannot be used (its emotion
        and probabilities are missing then), or empty.

    Raises
    ------
    AdanError
        If the model does not take audio, or openSMILE is not installed.
    """
    table, X = listen(model, files, progress=progress)
    good = (table["problem"] == "").to_numpy()
    probabilities = np.full((len(table), len(model.classes)), np.nan, np.float32)
    emotions = np.full(len(table), None, object)
    if good.any():
        who = None if speakers is None else np.array(speakers, str)[table.index[good]]
        of = model.probabilities(X) if who is None else model.probabilities_of(X, who)
        probabilities[good] = of
        emotions[good] = model.classes[probabilities[good].argmax(axis=1)]
    table.insert(3, "emotion", emotions)
    for code, label in enumerate(model.classes):
        table.insert(4 + code, f"p_{label}", probabilities[:, code])
    return table


def listen(
    model: Model, files: Sequence[str | os.PathLike[str]], *, progress: bool = False
) -> tuple[pd.DataFrame, np.ndarray]:
    """Compute the feature vectors of recordings, in threads.

    Parameters
    ----------
    model, files, progress
        As in `predict_files`.

    Returns
    -------
    windows : DataFrame
        ``file``, ``start``, ``end`` and ``problem`` of each window, as `predict_files` gives them.
    vectors : ndarray of shape (n_good, d), float32
        Of the windows without a problem.

    Raises
    ------
    AdanError
        As in `predict_files`.
    """
    feature_set, rate = _feature_set(model), model.card.get("rate")
    with warnings.catch_warnings(action="ignore"):
        with ThreadPoolExecutor() as pool:
            plans = [*pool.map(_windows, map(Segment.of, files))]
        windows = [window for plan in plans for window in plan]
        with apart.crew(), ThreadPoolExecutor(apart.threads(len(windows))) as pool:
            heard = list(
                progress_bar(
                    iterable=pool.map(lambda window: _heard(window, feature_set, rate), windows),
                    total=len(windows),
                    desc="listening",
                    delay=2,
                    disable=not progress,
                )
            )
    table = pd.DataFrame(
        {
            "file": [readable(w.file) for w, _ in heard],
            "start": [round(w.first / w.rate, w.digits) for w, _ in heard],
            "end": [round(w.last / w.rate, w.digits) for w, _ in heard],
            "problem": [w.problem for w, _ in heard],
        },
        index=np.repeat(range(len(plans)), [len(plan) for plan in plans]),
    )
    used = [(n, w) for n, (w, vector) in zip(table.index, heard, strict=True) if vector is not None]
    narrow = {n: w for n, w in used if w.rate < (rate or 0)}
    if narrow:
        one = next(iter(narrow.values()))
        warnings.warn(
            f"{len(narrow)} of {len(files)} recordings are sampled at a lower rate than the "
            f"training audio, {rate} Hz ({readable(one.file)} at {one.rate} Hz): trust them less, "
            f"or record at {rate} Hz",
            stacklevel=2,
        )
    ends = {readable(str(files[n])): w.last / w.rate for n, w in used if w.is_cut}
    warn_of_cut(ends, len(files))
    vectors = [vector for _, vector in heard if vector is not None]
    return table, np.stack(vectors) if vectors else np.empty((0, model.n_features), np.float32)


def warm_up(model: Model) -> None:
    """Compute the features of a second of noise, so that the first recording need not wait."""
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 16000).astype(np.float32)
    functionals(noise, 16000, _feature_set(model))


def unusable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each recording that gave nothing, with its first problem."""
    lost = table[~table.index.isin(table.index[table["problem"] == ""])]
    return lost[~lost.index.duplicated()]


def complaints(table: pd.DataFrame, files: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Say what cannot be used.

    Parameters
    ----------
    table : DataFrame
        What `predict_files` or `listen` gave.
    files : sequence of path-like
        What it was given.

    Returns
    -------
    list of str
        A line for each recording that gave nothing, after one for each such window of the others.
    """
    lost = unusable(table)
    pauses = table[(table["problem"] != "") & ~table.index.isin(lost.index)]
    return [
        *(f"{p.file} ({p.start:g} to {p.end:g} s): {p.problem}" for p in pauses.itertuples()),
        *(f"{readable(str(files[n]))}: {lost.at[n, 'problem']}" for n in lost.index),
    ]


def as_text(table: pd.DataFrame) -> str:
    """Return predictions as lines for a terminal, probabilities in per cent."""
    shown = table.drop(columns="problem")
    names = [name for name in shown if name.startswith("p_")]
    shown[names] = (100 * shown[names]).round().astype(int)
    headings = {name: f"{name.removeprefix('p_')} %" for name in names}
    return shown.rename(columns=headings).to_string(index=False)


@dataclass(frozen=True)
class _Window:
    """A stretch of a recording."""

    file: str
    rate: int = 1
    first: int = 0
    last: int = 0
    is_cut: bool = False
    problem: str = ""
    digits: int = 2


def _feature_set(model: Model) -> FeatureSet:
    name = model.card.get("features", "unnamed features")
    sets = FeatureSet.__members__.items()
    known = next((s for n, s in sets if n.casefold() == name.casefold()), None)
    if known is None or known.dimension != model.n_features:
        raise AdanError(
            f"the model takes vectors of {model.n_features} numbers ({name}), which adan does not "
            "compute from audio: train one on a set of openSMILE's, or predict vectors in Python"
        )
    installed, used = opensmile_version(), model.card.get("versions", {}).get("opensmile")
    if used and used.split(".")[:2] != installed.split(".")[:2]:
        warnings.warn(
            f"the model was made with opensmile {used} and {installed} is installed, whose "
            f"features may differ: pip install opensmile=={used}",
            stacklevel=3,
        )
    return known


def _windows(recording: Segment) -> list[_Window]:
    file, digits = recording.file, 2 if recording.is_whole else 3
    try:
        header = header_of(file)
        first, last = recording.samples(header)
    except BadAudio as problem:
        claimed = recording.start, recording.end if recording.end < np.inf else recording.start
        first, last = (round(1000 * seconds) for seconds in claimed)
        return [_Window(file, 1000, first, last, problem=str(problem), digits=digits)]
    is_long = recording.is_whole and header.seconds > LONGEST
    n = int(np.ceil(header.seconds / WINDOW)) if is_long else 1
    cuts = np.linspace(first, last, n + 1).round().astype(int).tolist()
    windows = [_Window(file, header.rate, a, b, digits=digits) for a, b in pairwise(cuts)]
    is_cut = header.is_cut and last == header.n_samples
    return [*windows[:-1], replace(windows[-1], is_cut=is_cut)]


def _heard(
    window: _Window, feature_set: FeatureSet, wanted: int | None
) -> tuple[_Window, np.ndarray | None]:
    """Return the window as it was found to be and, unless it has a problem, its vector.

    It is brought to the sampling rate of the training audio, where that is known.
    """
    if window.problem:
        return window, None
    try:
        samples, rate = read(window.file, window.first, window.last)
        end = window.first + len(samples)
        is_cut = window.is_cut or window.last - end > CUT * rate
        window = replace(window, last=end, is_cut=is_cut)
        signal, wanted = one_channel(samples), wanted or rate
        return window, functionals(resampled(signal, rate, wanted), wanted, feature_set)
    except BadAudio as problem:
        return replace(window, problem=str(problem)), None
