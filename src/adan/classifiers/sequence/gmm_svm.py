"""Mixtures of Gaussians on frames and an SVM on long-term statistics, fused late."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted

from adan._computing import computing
from adan._docs import LABELS, described
from adan._parameters import check_parameters
from adan.classifiers.labels import columns
from adan.classifiers.sequence.base import (
    LEARNT_FROM,
    SEQUENCES,
    WRONG,
    check_sequences,
    encoded_for,
)
from adan.errors import AdanError
from adan.sequences import Sequences

QUANTILES = (0.1, 0.5, 0.9)


class GMMSVM(ClassifierMixin, BaseEstimator):
    """Mixtures of frames and an SVM on statistics of utterances, in the manner of Luengo.

    There is a mixture of Gaussians for each class.

    Both give an utterance a score for each class: the mean log-likelihood of its frames, and the
    SVM's decision values. What they add up to, each divided by its spread over the training
    utterances, decides.

    Parameters
    ----------
    n_components : int, default=16
        Gaussians of each mixture, with diagonal covariances.
    C : float, default=10
        Penalty of the SVM, whose kernel is RBF.
    svm_share : float, default=0.5
        What the SVM counts, 0 to 1; the mixtures count the rest.
    random_state : int, RandomState or None, default=None
        Seed of the mixtures' first guess.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    mixtures_ : list of sklearn.mixture.GaussianMixture
        One a class.
    svm_ : sklearn.svm.SVC
        On standardised means, deviations and 10, 50 and 90 % quantiles of the frames.

    References
    ----------
    I. Luengo, E. Navas, I. Hernáez, "Feature analysis and evaluation for automatic emotion
    identification in speech", IEEE Transactions on Multimedia 12(6), 2010. Not all of its settings
    are published; these are in its manner.
    """

    def __init__(
        self,
        n_components: int = 16,
        C: float = 10.0,
        svm_share: float = 0.5,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.C = C
        self.svm_share = svm_share
        self.random_state = random_state

    @described(WRONG)
    def check_parameters(self) -> None:
        """Check the parameters, as `fit` does first of all."""
        check_parameters(self)
        if not 0 <= self.svm_share <= 1:
            raise AdanError(f"svm_share={self.svm_share}: give a number from 0 to 1")

    @described(LEARNT_FROM)
    @computing()
    def fit(self, X: Sequences, y: ArrayLike) -> Self:
        """Fit to sequences."""
        check_sequences(self, X)
        self.check_parameters()
        self.classes_, codes = encoded_for(X, y)
        self.n_features_in_ = X.shape[1]
        self.mixtures_ = [self._mixture(X[codes == c].values) for c in range(len(self.classes_))]
        statistics = _statistics(X)
        self.scaler_ = StandardScaler().fit(statistics)
        self.svm_ = SVC(C=self.C, gamma=1 / statistics.shape[1], decision_function_shape="ovr")
        self.svm_.fit(self.scaler_.transform(statistics), codes)
        self.spreads_ = np.array([scores.std() for scores in self._both(X)])
        return self

    @described(
        SEQUENCES,
        """Returns
-------
ndarray of shape (n_samples, n_classes), float64
    One column for each of ``classes_``.""",
    )
    @computing()
    def decision_function(self, X: Sequences) -> NDArray[np.float64]:
        """Return the fused scores."""
        check_is_fitted(self)
        check_sequences(self, X, self.n_features_in_)
        of_mixtures, of_svm = (s / w for s, w in zip(self._both(X), self.spreads_, strict=True))
        return (1 - self.svm_share) * of_mixtures + self.svm_share * of_svm

    @described(SEQUENCES, LABELS)
    def predict(self, X: Sequences) -> NDArray[Any]:
        """Return the labels with the highest score."""
        best = self.decision_function(X).argmax(axis=1)
        return self.classes_[best]

    def _mixture(self, frames: NDArray[np.float32]) -> GaussianMixture:
        return GaussianMixture(
            min(self.n_components, len(frames)),
            covariance_type="diag",
            reg_covar=1e-3,
            random_state=self.random_state,
        ).fit(frames)

    def _both(self, X: Sequences) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the scores (n, n_classes) of the mixtures and of the SVM, around their mean."""
        starts = X.lengths.cumsum() - X.lengths
        of_frames = np.stack([own.score_samples(X.values) for own in self.mixtures_], axis=1)
        of_mixtures = np.add.reduceat(of_frames, starts) / X.lengths[:, None]
        of_svm = columns(self.svm_.decision_function(self.scaler_.transform(_statistics(X))))
        return tuple(s - s.mean(axis=1, keepdims=True) for s in (of_mixtures, of_svm))


def _statistics(X: Sequences) -> NDArray[np.float64]:
    """Return the means, deviations and quantiles of each utterance's frames, (n, 5 d)."""
    return np.stack(
        [
            np.hstack([own.mean(axis=0), own.std(axis=0), *np.quantile(own, QUANTILES, axis=0)])
            for own in X
        ]
    )
