"""A study: methods x classifiers x seeds on leave-one-group-out folds, and how it is run."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import LeaveOneGroupOut

from adan._computing import computing
from adan.audio.perturbation import Perturbation
from adan.classifiers.enrolment import fit_enrolment
from adan.classifiers.sequence.base import SequenceClassifier
from adan.errors import AdanError
from adan.evaluation.enrolment import Enrolment, labelled_offsets
from adan.evaluation.normalisation import n_enrolled, normalise
from adan.experiments.drawn import drawn_segments
from adan.experiments.quality import of_method, quality_of
from adan.experiments.scarcity import Scarcity
from adan.folds import Choices, Fold, Method, embed, fit_synthesizers, train_classifiers
from adan.sequences import Rows, Sequences
from adan.synthesis.segments import OfSegments

FOLDS_BYTES = 2**31
"""Normalised vectors of the folds that are held at once; more folds go one group after another."""
QUALITY_FOLDS = 3
"""Folds whose synthetic vectors are measured, from the first."""


@dataclass(frozen=True, eq=False)
class Data:
    """Labelled features of a corpus.

    Attributes
    ----------
    X : ndarray of shape (n, d), or Sequences
        Feature vectors, or sequences of frames.
    y, speakers, utterances : ndarray of shape (n,)
        Emotion, speaker and name of each.
    groups : ndarray of shape (n,)
        What is left out at a time: the speaker or the session.
    learnable : ndarray of shape (n,), bool
        The rows that synthesizers may learn from where they are training rows; of IEMOCAP the
        improvised turns (Section III-A).
    corpora : ndarray of shape (n,), default=None
        The corpus of each, where several are pooled.
    copies : mapping of Perturbation to list of ndarray of shape (n, d) or Sequences
        Features of perturbed copies, a row for each row of X: its parent, whose label and speaker
        it has.
    scarcity : Scarcity, optional
        Which training rows of a fold stay; all by default.
    """

    X: Rows
    y: NDArray[Any]
    speakers: NDArray[Any]
    utterances: NDArray[Any]
    groups: NDArray[Any]
    learnable: NDArray[np.bool_]
    corpora: NDArray[Any] | None = None
    copies: Mapping[Perturbation, Sequence[Rows]] = field(default_factory=dict)
    scarcity: Scarcity | None = None

    def arrays(self) -> dict[str, Any]:
        """Return what there is of each row but its copies, by name."""
        known = vars(self).items()
        return {n: of for n, of in known if n not in ("copies", "scarcity") and of is not None}

    def only(self, rows: NDArray[np.bool_]) -> Data:
        """Return the data of some rows alone."""
        copies = {by: [X[rows] for X in some] for by, some in self.copies.items()}
        arrays = {name: of[rows] for name, of in self.arrays().items()}
        return replace(self, **arrays, copies=copies)


@dataclass(frozen=True)
class Study:
    """What to run.

    Attributes
    ----------
    methods : mapping of name to Method
        What is compared.
    classifiers : mapping of name to scikit-learn classifier
        Each is trained on every method's training set. One with a method ``choose`` chooses its
        settings on the real training rows first: see `adan.folds.settled`.
    normalisation : {"fold", "corpus", "speaker", "enrolment N"}
        See `adan.evaluation.normalisation`.
    seeds : int
        Number of seeds, 0 to ``seeds - 1``.
    trained : mapping of name to sequence of str
        By method, the names of the classifiers that are trained on its sets; all of them where a
        method is not named.
    embedding : SequenceClassifier or None
        Trained on the sequences of each fold first, whose place its vectors take.
    """

    methods: Mapping[str, Method]
    classifiers: Mapping[str, BaseEstimator]
    normalisation: str = "fold"
    seeds: int = 1
    trained: Mapping[str, Sequence[str]] = field(default_factory=dict)
    embedding: SequenceClassifier | None = None

    def classifiers_of(self, method: str) -> dict[str, BaseEstimator]:
        """Return what is trained on the training sets of a method."""
        names = self.trained.get(method) or self.classifiers
        return {name: self.classifiers[name] for name in names}


@dataclass(frozen=True)
class Result:
    """The tables of one cell, a method with one seed; a further table is a further field here.

    Attributes
    ----------
    history : DataFrame
        ``fold``, ``epoch`` (from 1), ``measure`` and ``value``: losses of the networks of each
        fold. No rows where the synthesizer has no networks.
    quality : DataFrame
        Of the synthetic vectors: see `adan.experiments.quality.quality_of`, and ``fold``. Rows for
        the first folds of seed 0, where there is a synthesizer and data are not scarce.
    predictions : DataFrame
        See `adan.evaluation.scores`.
    segments : DataFrame
        See `adan.experiments.drawn`. Rows for the first fold of seed 0, where a synthesizer draws
        sequences.
    """

    history: pd.DataFrame
    quality: pd.DataFrame
    predictions: pd.DataFrame
    segments: pd.DataFrame


class Folds:
    """The folds of some data, and what was chosen on them; those that follow one another stay.

    Parameters
    ----------
    data : Data
        What is cut into folds, one group left out at a time.
    normalisation : {"fold", "corpus", "speaker", "enrolment N"}
        See `adan.evaluation.normalisation`.
    """

    def __init__(self, data: Data, normalisation: str) -> None:
        self.data, self.normalisation = data, normalisation
        self.choices = Choices()
        splits = LeaveOneGroupOut().split(data.y, data.y, data.groups)
        self._splits = [(train, test) for train, test in splits]
        n_matrices = 1 + sum(map(len, data.copies.values()))
        self._together = max(1, FOLDS_BYTES // (4 * data.X.size * n_matrices))
        self._all: list[Fold] = []
        self._n_enrolled = n_enrolled(normalisation)
        self._enrolments: dict[int, Enrolment] = {}
        self._embedded: dict[int, Fold] = {}
        self._seed = 0

    def __len__(self) -> int:
        return len(self._splits)

    def group(self, fold: Fold) -> Any:
        """Return what a fold leaves out."""
        return self.data.groups[self._splits[fold.number][1][0]]

    def some(self, seed: int) -> Iterator[list[Fold]]:
        """Yield as many folds at a time as fit into memory; all at once, they are kept.

        ``seed`` draws the utterances that enrol a test speaker, and those that stay where data are
        scarce.
        """
        if seed != self._seed:
            self._seed, self._embedded = seed, {}
            if self.data.scarcity:
                self.choices, self._all, self._enrolments = Choices(), [], {}
        for folds in self._normalised():
            if self._n_enrolled:
                yield [self._enrolled(fold, seed) for fold in folds]
            else:
                yield folds

    def embedded(
        self, some: list[Fold], embedding: SequenceClassifier, progress: bool
    ) -> list[Fold]:
        """Return folds of `some` whose sequences have become vectors of a network trained on each.

        They are kept until another seed's are asked for, and so is what was chosen on them.
        """
        if not self._embedded:
            self.choices = Choices()
        if some[0].number not in self._embedded:
            made = embed(embedding, some, self._seed, progress)
            self._embedded |= {fold.number: fold for fold in made}
        return [self._embedded[fold.number] for fold in some]

    def _normalised(self) -> Iterator[list[Fold]]:
        if len(self) <= self._together:
            self._all = self._all or [self._fold(i) for i in range(len(self))]
            yield self._all
            return
        for first in range(0, len(self), self._together):
            yield [self._fold(i) for i in range(len(self))[first : first + self._together]]

    def _fold(self, number: int) -> Fold:
        train, test = self._splits[number]
        data, mask = self.data, np.isin(np.arange(len(self.data.y)), train)
        if data.scarcity:
            stays = ~mask
            stays[train] = data.scarcity.kept(
                data.y[train], data.speakers[train], self._seed, number
            )
            data, mask = data.only(stays), mask[stays]
        how, whose = "fold" if self._n_enrolled else self.normalisation, data.speakers
        if how == "corpus" and data.corpora is not None:  # each by itself, as speakers are
            how, whose = "speaker", data.corpora
        sets = chain.from_iterable(data.copies.values())
        X, X_test, *normalised = normalise(data.X, mask, whose, how, sets)
        left = iter(normalised)
        copies = {by: [next(left) for _ in some] for by, some in data.copies.items()}
        y, speakers, learnable = data.y[mask], data.speakers[mask], data.learnable[mask]
        return Fold(number, X, y, speakers, learnable, X_test, test, copies)

    def _enrolled(self, fold: Fold, seed: int) -> Fold:
        """Take their offsets from a fold's speakers; test utterances that enrol are left out."""
        if fold.number not in self._enrolments:
            self._enrolments[fold.number] = fit_enrolment(fold.X, *fold.codes)
        enrolment = self._enrolments[fold.number]
        believed = self._n_enrolled / (self._n_enrolled + enrolment.prior_weight)
        speakers, kept = self.data.speakers[fold.test], np.ones(len(fold.test), bool)
        X_test = fold.X_test.copy()
        for i, speaker in enumerate(np.unique(speakers)):
            own = np.flatnonzero(speakers == speaker)
            rng = np.random.default_rng([seed, fold.number, i])
            heard = rng.permutation(own)[: self._n_enrolled]
            kept[heard] = False
            X_test[own] -= enrolment.offset(fold.X_test[heard])
        if not kept.any():
            raise AdanError(
                f"normalisation {self.normalisation!r}: {self.group(fold)} has no more than "
                f"{len(kept)} utterances, and none is left to score: enrol with fewer"
            )
        offsets = np.float32(believed) * labelled_offsets(fold.X, *fold.codes)
        copies = {by: [C - offsets for C in some] for by, some in fold.copies.items()}
        X, test = fold.X - offsets, fold.test[kept]
        return replace(fold, X=X, X_test=X_test[kept], test=test, copies=copies)


def run(study: Study, data: Data, *, progress: bool = False) -> Iterator[pd.DataFrame]:
    """Run a study in memory; `adan.experiments.runner` runs one in a folder.

    Yields
    ------
    DataFrame
        The predictions of one seed and method by all classifiers: see `adan.evaluation.scores`.
    """
    folds = Folds(data, study.normalisation)
    for seed in range(study.seeds):
        for shared in sharing(study):
            for _, result in results(shared, folds, seed, progress=progress):
                yield result.predictions


def sharing(study: Study) -> list[Study]:
    """Cut a study into those whose methods share a synthesizer, which is then fitted once."""
    methods: dict[str, dict[str, Method]] = {}
    for name, method in study.methods.items():
        methods.setdefault(str(parameters_of(method.synthesizer)), {})[name] = method
    return [replace(study, methods=shared) for shared in methods.values()]


def parameters_of(estimator: Any) -> dict[str, Any] | None:
    """Return the class of an estimator, the digest of its file if it is not adan's, its settings.

    Its ``random_state`` is in there, though a study sets its own.
    """
    if estimator is None:
        return None
    kind = type(estimator)
    known = {"class": kind.__name__}
    if not kind.__module__.startswith("adan."):
        file = inspect.getsourcefile(kind)
        known["code"] = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    settings = estimator.get_params(deep=False).items()
    return known | {k: parameters_of(v) if isinstance(v, BaseEstimator) else v for k, v in settings}


def results(
    study: Study, folds: Folds, seed: int, *, progress: bool = False
) -> Iterator[tuple[str, Result]]:
    """Run the methods of one of `sharing` with one seed, leaving one group out at a time.

    Yields
    ------
    name : str
        A method's.
    result : Result
        What came of it.
    """
    synthesizer = next(iter(study.methods.values())).synthesizer
    tables: dict[str, list[Result]] = {name: [] for name in study.methods}
    for some in folds.some(seed):
        if study.embedding is not None:
            some = folds.embedded(some, study.embedding, progress)
        synthesizers = fit_synthesizers(synthesizer, some, seed, progress=progress)
        history = _history(folds, some, synthesizers)
        is_first = some[0].number == seed == 0 and not folds.data.scarcity
        of_vectors = not isinstance(some[0].X, Sequences)
        quality = _quality(folds, some[: QUALITY_FOLDS * (is_first and of_vectors)], synthesizers)
        segments = _segments(folds, some[0], synthesizers[0]) if is_first else pd.DataFrame()
        for name, method in study.methods.items():
            labels = train_classifiers(
                method,
                study.classifiers_of(name),
                some,
                synthesizers,
                seed,
                lambda fold, classifier: classifier.predict(fold.X_test),
                settle=folds.choices.classifier,
                progress=progress,
            )
            how = {"normalisation": study.normalisation, "seed": seed}
            result = Result(
                history.assign(method=name, **how),
                of_method(quality, name).assign(**how),
                _predictions(folds, some, labels).assign(method=name, **how),
                segments.assign(method=name, **how),
            )
            tables[name].append(result)
            if some[-1].number == len(folds) - 1:
                yield name, _joined(tables.pop(name))


def _history(folds: Folds, some: list[Fold], synthesizers: list[Any]) -> pd.DataFrame:
    rows = [
        pd.DataFrame(
            {
                "fold": folds.group(fold),
                "epoch": np.arange(1, len(values) + 1),
                "measure": measure,
                "value": values,
            }
        )
        for fold, synthesizer in zip(some, synthesizers, strict=True)
        for measure, values in getattr(synthesizer, "history_", {}).items()
    ]
    return pd.concat(rows) if rows else pd.DataFrame(columns=["fold", "epoch", "measure", "value"])


def _quality(folds: Folds, some: list[Fold], synthesizers: list[Any]) -> pd.DataFrame:
    """Measure what was fitted on some folds; a group of one utterance is no measure."""
    y = folds.data.y
    measured = [
        (fold, synthesizer)
        for fold, synthesizer in zip(some, synthesizers, strict=False)
        if synthesizer is not None and len(fold.X_test) > 1
    ]
    tasks = (
        delayed(quality_of)(synthesizer, fold.learnt, (fold.X_test, y[fold.test]))
        for fold, synthesizer in measured
    )
    with computing() as workers:
        tables = Parallel(n_jobs=workers, prefer="threads")(tasks)
    tables = [
        table.assign(fold=folds.group(fold))
        for table, (fold, _) in zip(tables, measured, strict=True)
    ]
    return pd.concat(tables) if tables else pd.DataFrame(columns=["space", "method", "fold"])


def _segments(folds: Folds, fold: Fold, synthesizer: Any) -> pd.DataFrame:
    """Return what was drawn of sequences; no rows where that is nothing."""
    X = folds.data.X
    if not isinstance(synthesizer, OfSegments) or not isinstance(X, Sequences):
        return pd.DataFrame()
    return drawn_segments(synthesizer, fold, X[~np.isin(np.arange(len(X)), fold.test)])


def _predictions(folds: Folds, some: list[Fold], labels: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the labels that classifiers gave the test rows as a table."""
    data = folds.data
    frames = []
    for fold, by_classifier in zip(some, labels, strict=True):
        test = fold.test
        known = {
            "fold": data.groups[test],
            "speaker": data.speakers[test],
            "utterance": data.utterances[test],
            "true": data.y[test],
        }
        for name, predicted in by_classifier.items():
            frames.append(pd.DataFrame({"classifier": name, **known, "predicted": predicted}))
    return pd.concat(frames, ignore_index=True)


def _joined(pieces: list[Result]) -> Result:
    names = vars(pieces[0])
    return Result(
        **{name: pd.concat([vars(p)[name] for p in pieces], ignore_index=True) for name in names}
    )
