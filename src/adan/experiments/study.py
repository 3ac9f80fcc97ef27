"""A study: methods x classifiers x seeds on leave-one-group-out folds, and how it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import LeaveOneGroupOut

from adan._progress import progress_bar
from adan._threads import one_thread_each
from adan.evaluation.normalisation import normalise
from adan.synthesis.base import Synthesizer, fit_all, fold_seed


@dataclass(frozen=True)
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
    classifiers : mapping of name to scikit-learn classifier
        Each is trained on every method's training set.
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
class _Fold:
    """One group left out: normalised vectors, and which rows of the data they are."""

    X: NDArray[np.float32]
    X_test: NDArray[np.float32]
    y: NDArray[Any]
    learnable: NDArray[np.bool_]
    test: NDArray[np.intp]


def run(study: Study, data: Data, *, progress: bool = False) -> Iterator[pd.DataFrame]:
    """Run a study, leaving one group out at a time.

    Yields
    ------
    DataFrame
        The predictions of one seed and method by all classifiers: see `adan.evaluation.scores`.
    """
    splits = LeaveOneGroupOut().split(data.X, data.y, data.groups)
    folds = [_fold(study, data, train, test) for train, test in splits]
    total = study.seeds * len(study.methods) * len(folds)
    with (
        progress_bar(total=total, desc="folds", disable=not progress, unit="fold") as bar,
        Parallel(n_jobs=cpu_count(), prefer="threads", return_as="generator") as parallel,
    ):
        for seed in range(study.seeds):
            fitted: dict[str, list[Synthesizer]] = {}
            for name, method in study.methods.items():
                synthesizers = _fitted(method.synthesizer, folds, seed, progress, fitted)
                tasks = (
                    delayed(_predict)(study, method, fold, synthesizer, fold_seed(seed, i, 1))
                    for i, (fold, synthesizer) in enumerate(zip(folds, synthesizers, strict=True))
                )
                frames = []
                with one_thread_each():
                    for fold, predicted in zip(folds, parallel(tasks), strict=True):
                        frames += [_frame(data, fold.test, *item) for item in predicted.items()]
                        bar.update()
                yield pd.concat(frames, ignore_index=True).assign(
                    method=name, normalisation=study.normalisation, seed=seed
                )


def _fold(study: Study, data: Data, train: NDArray[np.intp], test: NDArray[np.intp]) -> _Fold:
    mask = np.isin(np.arange(len(data.X)), train)
    X, X_test = normalise(data.X, mask, data.speakers, study.normalisation)
    return _Fold(X, X_test, data.y[train], data.learnable[train], test)


def _fitted(
    synthesizer: Synthesizer | None,
    folds: list[_Fold],
    seed: int,
    progress: bool,
    before: dict[str, list[Synthesizer]],
) -> list[Any]:
    """Fit a synthesizer on each fold; one that stands in ``before`` is taken from there."""
    if synthesizer is None:
        return [None] * len(folds)
    settings = f"{type(synthesizer).__name__} {synthesizer.get_params()}"
    if settings not in before:
        before[settings] = [
            clone(synthesizer).set_params(random_state=fold_seed(seed, i, 0))
            for i in range(len(folds))
        ]
        rows = [(fold.X[fold.learnable], fold.y[fold.learnable]) for fold in folds]
        fit_all(before[settings], rows, progress=progress)
    return before[settings]


def _predict(
    study: Study, method: Method, fold: _Fold, synthesizer: Synthesizer | None, seed: int
) -> dict[str, NDArray[Any]]:
    """Train every classifier on one fold and return its labels for the test rows."""
    X, y = method.training_set(fold.X, fold.y, synthesizer)
    return {
        name: _seeded(classifier, seed).fit(X, y).predict(fold.X_test)
        for name, classifier in study.classifiers.items()
    }


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
