"""Settings of the SVM and the DNN chosen inside the training speakers of a fold.

Real data only deserve the same care as real + synthetic ones: the settings are chosen on the
real training rows, and serve every method of the fold alike.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from adan.classifiers.dnn import DNNClassifier
from adan.classifiers.labels import unweighted_recall
from adan.classifiers.svm import RBFSVM, LinearSVM
from adan.errors import AdanError
from adan.evaluation.normalisation import LIMIT

INNER_FOLDS = 3


class Tuned(BaseEstimator, metaclass=ABCMeta):
    """Base of classifiers whose settings are yet to be chosen."""

    @abstractmethod
    def candidates(self, n_features: int) -> Sequence[BaseEstimator]:
        """Return what there is to choose from."""

    def choose(
        self, X: NDArray[np.floating], y: NDArray[Any], speakers: NDArray[Any]
    ) -> BaseEstimator:
        """Choose by cross-validation over groups of the training speakers.

        The rows are normalised anew on the inner training speakers. They come normalised on all
        the training speakers of the fold; since a z-norm of a z-norm is that of the raw rows, what
        an inner test speaker leaves behind is the limit on outlying values alone.

        Parameters
        ----------
        X : ndarray of shape (n, d)
            The real training rows of a fold, normalised.
        y, speakers : ndarray of shape (n,)
            Label and speaker of each.

        Returns
        -------
        estimator
            The candidate with the highest UAR over the pooled inner predictions, the first of
            equals; not fitted.
        """

        def uar(candidate: BaseEstimator) -> float:
            inner = {"groups": speakers, "cv": inner_folds(speakers)}
            predicted = cross_val_predict(normalised_anew(candidate), X, y, **inner)
            return unweighted_recall(y, predicted)

        return max(self.candidates(X.shape[1]), key=uar)


def inner_folds(speakers: NDArray[Any]) -> GroupKFold:
    """Return how training speakers are left out in turn, a third of them at a time.

    Raises
    ------
    AdanError
        If there is one speaker only.
    """
    n_speakers = len(np.unique(speakers))
    if n_speakers < 2:
        raise AdanError("settings are chosen on speakers left out: give at least two speakers")
    return GroupKFold(min(INNER_FOLDS, n_speakers))


def normalised_anew(candidate: BaseEstimator) -> Pipeline:
    """Return a classifier that normalises what it is fitted to as a fold does."""
    limits = {"a_min": -LIMIT, "a_max": LIMIT}
    return make_pipeline(StandardScaler(), FunctionTransformer(np.clip, kw_args=limits), candidate)


class TunedSVM(Tuned):
    """An RBF kernel with C of 10, 1 or 100 and gamma of 1/d or 0.1/d, or a linear kernel."""

    def candidates(self, n_features: int) -> Sequence[BaseEstimator]:
        """Return seven SVMs, the paper's first."""
        rbf = [RBFSVM(C, g / n_features) for C in (10.0, 1.0, 100.0) for g in (1.0, 0.1)]
        return [*rbf, LinearSVM()]


class TunedDNN(Tuned):
    """A dropout of 0.5 or 0.8 and a learning rate of 1e-3 or 3e-4.

    Parameters
    ----------
    activation, steps, random_state
        As for `DNNClassifier`.
    """

    def __init__(
        self,
        activation: Literal["relu", "tanh"] = "relu",
        steps: int = 1000,
        random_state: int | None = None,
    ) -> None:
        self.activation = activation
        self.steps = steps
        self.random_state = random_state

    def candidates(self, n_features: int) -> Sequence[BaseEstimator]:
        """Return four DNNs, the paper's first."""
        return [
            DNNClassifier(dropout=dropout, learning_rate=rate, **self.get_params())
            for dropout in (0.5, 0.8)
            for rate in (1e-3, 3e-4)
        ]
