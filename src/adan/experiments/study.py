"""A study: methods x classifiers x seeds on leave-one-speaker-out folds, and how it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import LeaveOneGroupOut
from threadpoolctl import threadpool_limits

from adan._progress import progress_bar
from adan.evaluation.normalisation import normalise
from adan.synthesis.base import Synthesizer, fit_all

Split = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Data:
    """Labelled feature vectors of a corpus.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        Feature vectors.
    y, speakers, utterances : ndarray of shape (n,)
        Emotion, speaker (or session) and name of each.
    """

    X: NDArray[np.floating]
    y: NDArray[Any]
    speakers: NDArray[Any]
    utterances: NDArray[Any]


@dataclass(frozen=True)
class Study:
    """What to run.

    Attributes
    ----------
    methods : mapping of name to Synthesizer or None
        None trains on the real vectors alone.
    classifiers : mapping of name to scikit-learn classifier
        Each is trained on real + synthetic vectors.
    normalisation : {"fold", "corpus", "speaker"}
        See `adan.evaluation.normalisation.NORMALISATIONS`.
    seeds : int
        Number of seeds, 0 to ``seeds - 1``.
    times : int
        Synthetic sets, each of the size and class make-up of the training set.
    """

    methods: Mapping[str, Synthesizer | None]
    classifiers: Mapping[str, BaseEstimator]
    normalisation: str = "fold"
    seeds: int = 1
    times: int = 10


def run(study: Study, data: Data, *, progress: bool = False) -> Iterator[pd.DataFrame]:
    """Run a study, leaving one speaker out at a time.

    Yields
    ------
    DataFrame
        The predictions of one seed and method by all classifiers: see `adan.evaluation.scores`.
    """
    folds = list(LeaveOneGroupOut().split(data.X, data.y, data.speakers))
    splits = [_split(study, data, train, test) for train, test in folds]
    total = study.seeds * len(study.methods) * len(folds)
    with (
        progress_bar(total=total, desc="folds", disable=not progress, unit="fold") as bar,
        Parallel(n_jobs=cpu_count(), prefer="threads", return_as="generator") as parallel,
    ):
        for seed in range(study.seeds):
            for name, method in study.methods.items():
                synthesizers = _fitted(method, splits, data.y, seed, progress)
                tasks = (
                    delayed(_predict)(study, split, data.y, synthesizer, _seed(seed, fold, 1))
                    for fold, (split, synthesizer) in enumerate(
                        zip(splits, synthesizers, strict=True)
                    )
                )
                frames = []
                with _one_thread_each():
                    for (*_, test), predicted in zip(splits, parallel(tasks), strict=True):
                        frames += [_frame(data, test, c, labels) for c, labels in predicted.items()]
                        bar.update()
                yield pd.concat(frames, ignore_index=True).assign(
                    method=name, normalisation=study.normalisation, seed=seed
                )


def _split(study: Study, data: Data, train: NDArray[np.intp], test: NDArray[np.intp]) -> Split:
    mask = np.isin(np.arange(len(data.X)), train)
    return (*normalise(data.X, mask, data.speakers, study.normalisation), train, test)


def _fitted(
    method: Synthesizer | None, splits: list[Split], y: NDArray[Any], seed: int, progress: bool
) -> list[Synthesizer | None]:
    if method is None:
        return [None] * len(splits)
    synthesizers = [
        clone(method).set_params(random_state=_seed(seed, fold, 0)) for fold in range(len(splits))
    ]
    fit_all(synthesizers, [(X, y[train]) for X, _, train, _ in splits], progress=progress)
    return synthesizers


def _predict(
    study: Study, split: Split, y: NDArray[Any], synthesizer: Synthesizer | None, seed: int
) -> dict[str, NDArray[Any]]:
    """Train every classifier on one fold and return its labels for the test rows."""
    X, X_test, train, _ = split
    y = y[train]
    if synthesizer is not None:
        X_synthetic, y_synthetic = synthesizer.sample(np.tile(y, study.times))
        X, y = np.vstack([X, X_synthetic]), np.hstack([y, y_synthetic])
    return {
        name: _seeded(classifier, seed).fit(X, y).predict(X_test)
        for name, classifier in study.classifiers.items()
    }


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let every worker compute on one thread: workers times threads are the cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def _seeded(classifier: BaseEstimator, seed: int) -> Any:
    seeded = "random_state" in classifier.get_params()
    return clone(classifier).set_params(**({"random_state": seed} if seeded else {}))


def _seed(seed: int, fold: int, purpose: int) -> int:
    """Return the seed of a fold's synthesizer (purpose 0) or classifier (purpose 1)."""
    return int(np.random.SeedSequence([seed, fold, purpose]).generate_state(1)[0] >> 1)


def _frame(
    data: Data, test: NDArray[np.intp], classifier: str, predicted: NDArray[Any]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "classifier": classifier,
            "fold": data.speakers[test],
            "utterance": data.utterances[test],
            "true": data.y[test],
            "predicted": predicted,
        }
    )
