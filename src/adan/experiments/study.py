"""A study: methods x classifiers x seeds on leave-one-group-out folds, and how it is run."""

from __future__ import annotations

import hashlib
import inspect
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import LeaveOneGroupOut

from adan._threads import one_thread_each
from adan.classifiers import augmented
from adan.classifiers.tuned import Tuned
from adan.evaluation.normalisation import normalise
from adan.evaluation.quality import Dataset
from adan.experiments.quality import named, quality_of
from adan.synthesis.base import Synthesizer, fit_all, fold_seed

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
    """

    X: NDArray[np.floating]
    y: NDArray[Any]
    speakers: NDArray[Any]
    utterances: NDArray[Any]
    groups: NDArray[Any]
    learnable: NDArray[np.bool_]

    def only(self, rows: NDArray[np.bool_]) -> Data:
        """Return the data of some rows alone."""
        return Data(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Method:
    """How a training set is made.

    Attributes
    ----------
    synthesizer : Synthesizer or None
        None trains on the real vectors alone.
    real : bool
        Whether the real vectors are in the training set.
    times : int
        Synthetic sets, each of the size and class make-up of the real training set.
    more : mapping of label to int
        How many times as many synthetic vectors of a class as the others get.
    """

    synthesizer: Synthesizer | None = None
    real: bool = True
    times: int = 10
    more: Mapping[str, int] = field(default_factory=dict)

    def n_rows(self, y: NDArray[Any]) -> int:
        """Return the number of vectors of the training set made of real ones labelled ``y``."""
        if self.synthesizer is None:
            return len(y)
        of_a_set = sum(self.more.get(label, 1) for label in y)
        return self.real * len(y) + self.times * of_a_set

    def training_set(
        self, X: NDArray[np.float32], y: NDArray[Any], fitted: Synthesizer | None
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Return the vectors and labels to train classifiers on."""
        if fitted is None:
            return X, y
        labels = np.repeat(y, [self.more.get(label, 1) for label in y])
        X_synthetic, y_synthetic = fitted.sample(np.tile(labels, self.times))
        if not self.real:
            return X_synthetic, y_synthetic
        return np.vstack([X, X_synthetic]), np.hstack([y, y_synthetic])


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
    normalisation : {"fold", "corpus", "speaker"}
        See `adan.evaluation.normalisation.NORMALISATIONS`.
    seeds : int
        Number of seeds, 0 to ``seeds - 1``.
    """

    methods: Mapping[str, Method]
    classifiers: Mapping[str, BaseEstimator]
    normalisation: str = "fold"
    seeds: int = 1


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
        the first folds of seed 0, where there is a synthesizer.
    predictions : DataFrame
        See `adan.evaluation.scores`.
    """

    history: pd.DataFrame
    quality: pd.DataFrame
    predictions: pd.DataFrame


@dataclass(frozen=True)
class _Fold:
    """One group left out: normalised vectors, which rows they are, classifiers chosen for them."""

    X: NDArray[np.float32]
    X_test: NDArray[np.float32]
    y: NDArray[Any]
    speakers: NDArray[Any]
    learnable: NDArray[np.bool_]
    test: NDArray[np.intp]
    chosen: dict[str, BaseEstimator] = field(default_factory=dict)

    @property
    def learnt(self) -> Dataset:
        """The rows that synthesizers learn from."""
        if self.learnable.all():
            return self.X, self.y
        return self.X[self.learnable], self.y[self.learnable]


def run(study: Study, data: Data, *, progress: bool = False) -> Iterator[pd.DataFrame]:
    """Run a study in memory; `adan.experiments.runner` runs one in a folder.

    Yields
    ------
    DataFrame
        The predictions of one seed and method by all classifiers: see `adan.evaluation.scores`.
    """
    for seed in range(study.seeds):
        for stack in stacks(study):
            for _, result in results(stack, data, seed, progress=progress):
                yield result.predictions


def stacks(study: Study) -> list[Study]:
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
    stack: Study, data: Data, seed: int, *, progress: bool = False
) -> Iterator[tuple[str, Result]]:
    """Run the methods of one of `stacks` with one seed, leaving one group out at a time.

    Yields
    ------
    name : str
        A method's.
    result : Result
        What came of it.
    """
    synthesizer = next(iter(stack.methods.values())).synthesizer
    tables: dict[str, list[Result]] = {name: [] for name in stack.methods}
    for first, folds in _fold_groups(data, stack.normalisation):
        synthesizers = _fitted(synthesizer, folds, seed, progress, first)
        history = _history(data, folds, synthesizers)
        n_measured = QUALITY_FOLDS if first == seed == 0 else 0
        quality = _quality(data, folds[:n_measured], synthesizers)
        for name, method in stack.methods.items():
            predictions = _predictions(stack, method, data, folds, synthesizers, seed, first)
            how = {"normalisation": stack.normalisation, "seed": seed}
            result = Result(
                history.assign(method=name, **how),
                named(quality, name).assign(**how),
                predictions.assign(method=name, **how),
            )
            tables[name].append(result)
            if first + len(folds) == len(np.unique(data.groups)):
                yield name, _joined(tables.pop(name))


def _history(data: Data, folds: list[_Fold], synthesizers: list[Any]) -> pd.DataFrame:
    rows = [
        pd.DataFrame(
            {
                "fold": data.groups[fold.test[0]],
                "epoch": np.arange(1, len(values) + 1),
                "measure": measure,
                "value": values,
            }
        )
        for fold, synthesizer in zip(folds, synthesizers, strict=True)
        for measure, values in getattr(synthesizer, "history_", {}).items()
    ]
    return pd.concat(rows) if rows else pd.DataFrame(columns=["fold", "epoch", "measure", "value"])


def _quality(data: Data, folds: list[_Fold], synthesizers: list[Any]) -> pd.DataFrame:
    """Measure what was fitted on some folds; a group of one utterance is no measure."""
    measured = [
        (fold, synthesizer)
        for fold, synthesizer in zip(folds, synthesizers, strict=False)
        if synthesizer is not None and len(fold.test) > 1
    ]
    tasks = (
        delayed(quality_of)(synthesizer, fold.learnt, (fold.X_test, data.y[fold.test]))
        for fold, synthesizer in measured
    )
    with one_thread_each() as workers:
        tables = Parallel(n_jobs=workers, prefer="threads")(tasks)
    tables = [
        table.assign(fold=data.groups[fold.test[0]])
        for table, (fold, _) in zip(tables, measured, strict=True)
    ]
    return pd.concat(tables) if tables else pd.DataFrame(columns=["space", "method", "fold"])


def _joined(parts: list[Result]) -> Result:
    fields = vars(parts[0])
    return Result(
        **{name: pd.concat([vars(p)[name] for p in parts], ignore_index=True) for name in fields}
    )


def _fold_groups(data: Data, normalisation: str) -> Iterator[tuple[int, list[_Fold]]]:
    """Yield as many folds at a time as fit into memory, and the number of the first."""
    n = len(np.unique(data.groups))
    together = max(1, FOLDS_BYTES // (4 * data.X.size))
    if n <= together:
        yield 0, _all_folds(data, normalisation)
        return
    splits = [*LeaveOneGroupOut().split(data.X, data.y, data.groups)]
    for first in range(0, n, together):
        yield (
            first,
            [_fold(normalisation, data, *split) for split in splits[first : first + together]],
        )


@lru_cache(maxsize=1)
def _all_folds(data: Data, normalisation: str) -> list[_Fold]:
    """Return all folds; the last ones are kept, since many stacks follow on the same."""
    splits = LeaveOneGroupOut().split(data.X, data.y, data.groups)
    return [_fold(normalisation, data, train, test) for train, test in splits]


def _fold(normalisation: str, data: Data, train: NDArray[np.intp], test: NDArray[np.intp]) -> _Fold:
    mask = np.isin(np.arange(len(data.X)), train)
    X, X_test = normalise(data.X, mask, data.speakers, normalisation)
    return _Fold(X, X_test, data.y[train], data.speakers[train], data.learnable[train], test)


def _fitted(
    synthesizer: Synthesizer | None, folds: list[_Fold], seed: int, progress: bool, first: int = 0
) -> list[Any]:
    """Fit a synthesizer on each fold."""
    if synthesizer is None:
        return [None] * len(folds)
    fitted = [
        clone(synthesizer).set_params(random_state=fold_seed(seed, i, 0))
        for i in range(first, first + len(folds))
    ]
    fit_all(fitted, [fold.learnt for fold in folds], progress=progress)
    return fitted


def _predictions(
    stack: Study,
    method: Method,
    data: Data,
    folds: list[_Fold],
    synthesizers: list[Any],
    seed: int,
    first: int,
) -> pd.DataFrame:
    """Classify the folds in threads, as many as torch has; libsvm, BLAS and torch drop the GIL."""
    seeds = [fold_seed(seed, i, 1) for i in range(first, first + len(folds))]
    largest = max(4 * fold.X.shape[1] * method.n_rows(fold.y) for fold in folds)
    with one_thread_each() as workers:
        tasks = (
            delayed(_predict)(stack, method, folds[part], synthesizers[part], seeds[part])
            for part in augmented.parts(len(folds), largest, workers)
        )
        predicted = Parallel(n_jobs=workers, prefer="threads")(tasks)
    frames = [
        _frame(data, fold.test, *item)
        for fold, by_classifier in zip(folds, itertools.chain(*predicted), strict=True)
        for item in by_classifier.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _predict(
    study: Study,
    method: Method,
    folds: list[_Fold],
    synthesizers: list[Any],
    seeds: list[int],
) -> list[dict[str, NDArray[Any]]]:
    """Train every classifier on each fold and return its labels for the fold's test rows."""

    def of_fold(i: int) -> Iterator[augmented.Task]:
        fold = folds[i]
        X, y = method.training_set(fold.X, fold.y, synthesizers[i])
        n_real = len(fold.X) if method.real else None
        for name, classifier in study.classifiers.items():
            yield (i, name), _settled(classifier, fold, seeds[i]), X, y, n_real

    tasks = itertools.chain.from_iterable(map(of_fold, range(len(folds))))
    labels = {
        (i, name): classifier.predict(folds[i].X_test)
        for (i, name), classifier in augmented.fitted(tasks)
    }
    return [{name: labels[i, name] for name in study.classifiers} for i in range(len(folds))]


def _settled(classifier: BaseEstimator, fold: _Fold, seed: int) -> Any:
    """Return a classifier for a fold; settings are chosen once, on the real training rows."""
    seeded = _seeded(classifier, seed)
    if not isinstance(seeded, Tuned):
        return seeded
    key = repr(seeded)
    if key not in fold.chosen:
        fold.chosen[key] = seeded.choose(fold.X, fold.y, fold.speakers)
    return clone(fold.chosen[key])


def _seeded(classifier: BaseEstimator, seed: int) -> Any:
    seeded = "random_state" in classifier.get_params()
    return clone(classifier).set_params(**({"random_state": seed} if seeded else {}))


def _frame(
    data: Data, test: NDArray[np.intp], classifier: str, predicted: NDArray[Any]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "classifier": classifier,
            "fold": data.groups[test],
            "speaker": data.speakers[test],
            "utterance": data.utterances[test],
            "true": data.y[test],
            "predicted": predicted,
        }
    )
