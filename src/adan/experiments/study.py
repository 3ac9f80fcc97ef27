"""A study: methods x classifiers x seeds on leave-one-group-out folds, and how it is run."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import LeaveOneGroupOut

from adan._computing import computing
from adan.classifiers.enrolment import fit_enrolment
from adan.errors import AdanError
from adan.evaluation.enrolment import Enrolment, labelled_offsets
from adan.evaluation.normalisation import n_enrolled, normalise
from adan.experiments.quality import named, quality_of
from adan.experiments.scarcity import Scarcity
from adan.folds import Choices, Fold, Method, fit_synthesizers, train_classifiers

FOLDS_BYTES = 2**31
"""Normalised vectors of the folds that are held at once; more folds go one group after another."""
QUALITY_FOLDS = 3
"""Folds whose synthetic vectors are measured, from the first."""


@dataclass(frozen=True, eq=False)
class Data:
    """Labelled feature vectors of a corpus.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        Feature vectors.
    y, speakers, utterances : ndarray of shape (n,)
        Emotion, speaker and name of each.
    groups : ndarray of shape (n,)
        What is left out at a time: the speaker or the session.
    learnable : ndarray of shape (n,), bool
        The rows that synthesizers may learn from where they are training rows; of IEMOCAP the
        improvised turns (Section III-A).
    scarcity : Scarcity, optional
        Which training rows of a fold stay; all by default.
    """

    X: NDArray[np.floating]
    y: NDArray[Any]
    speakers: NDArray[Any]
    utterances: NDArray[Any]
    groups: NDArray[Any]
    learnable: NDArray[np.bool_]
    scarcity: Scarcity | None = None

    def arrays(self) -> dict[str, Any]:
        """Return what there is of each row, by name."""
        return {name: values for name, values in vars(self).items() if name != "scarcity"}

    def only(self, rows: NDArray[np.bool_]) -> Data:
        """Return the data of some rows alone."""
        return replace(self, **{name: values[rows] for name, values in self.arrays().items()})


@dataclass(frozen=True)
class Study:
    """What to run.

    Attributes
    ----------
    methods : mapping of name to Method
        What is compared.
    classifiers : mapping of name to scikit-learn classifier or Tuned
        Each is trained on every method's training set; the settings of a
        `adan.classifiers.tuned.Tuned` are chosen on the real training rows first.
    normalisation : {"fold", "corpus", "speaker", "enrolment N"}
        See `adan.evaluation.normalisation`.
    seeds : int
        Number of seeds, 0 to ``seeds - 1``.
    some : mapping of name to sequence of str
        The classifiers of a method that not all are trained on.
    """

    methods: Mapping[str, Method]
    classifiers: Mapping[str, BaseEstimator]
    normalisation: str = "fold"
    seeds: int = 1
    some: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def classifiers_of(self, method: str) -> dict[str, BaseEstimator]:
        """Return what is trained on the training sets of a method."""
        names = self.some.get(method) or self.classifiers
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
    """

    history: pd.DataFrame
    quality: pd.DataFrame
    predictions: pd.DataFrame


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
        splits = LeaveOneGroupOut().split(data.X, data.y, data.groups)
        self._splits = [(train, test) for train, test in splits]
        self._together = max(1, FOLDS_BYTES // (4 * data.X.size))
        self._all: list[Fold] = []
        self._n_enrolled = n_enrolled(normalisation)
        self._enrolments: dict[int, Enrolment] = {}
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
        if self.data.scarcity and seed != self._seed:
            self._seed, self.choices, self._all, self._enrolments = seed, Choices(), [], {}
        for folds in self._normalised():
            if self._n_enrolled:
                yield [self._enrolled(fold, seed) for fold in folds]
            else:
                yield folds

    def _normalised(self) -> Iterator[list[Fold]]:
        if len(self) <= self._together:
            self._all = self._all or [self._fold(i) for i in range(len(self))]
            yield self._all
            return
        for first in range(0, len(self), self._together):
            yield [self._fold(i) for i in range(len(self))[first : first + self._together]]

    def _fold(self, number: int) -> Fold:
        train, test = self._splits[number]
        data, mask = self.data, np.isin(np.arange(len(self.data.X)), train)
        if data.scarcity:
            stays = ~mask
            stays[train] = data.scarcity.kept(
                data.y[train], data.speakers[train], self._seed, number
            )
            data, mask = data.only(stays), mask[stays]
        how = "fold" if self._n_enrolled else self.normalisation
        X, X_test = normalise(data.X, mask, data.speakers, how)
        of = data.only(mask)
        return Fold(number, X, of.y, of.speakers, of.learnable, X_test, test)

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
        X = fold.X - np.float32(believed) * labelled_offsets(fold.X, *fold.codes)
        return replace(fold, X=X, X_test=X_test[kept], test=fold.test[kept])


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
    return {**known, **estimator.get_params()}


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
        synthesizers = fit_synthesizers(synthesizer, some, seed, progress=progress)
        history = _history(folds, some, synthesizers)
        measured = some[0].number == seed == 0 and not folds.data.scarcity
        n_measured = QUALITY_FOLDS if measured else 0
        quality = _quality(folds, some[:n_measured], synthesizers)
        for name, method in study.methods.items():
            labels = train_classifiers(
                method,
                study.classifiers_of(name),
                some,
                synthesizers,
                seed,
                lambda fold, classifier: classifier.predict(fold.X_test),
                settle=folds.choices.classifier,
            )
            how = {"normalisation": study.normalisation, "seed": seed}
            result = Result(
                history.assign(method=name, **how),
                named(quality, name).assign(**how),
                _predictions(folds, some, labels).assign(method=name, **how),
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
