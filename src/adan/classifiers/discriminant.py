"""A linear discriminant for vectors that are far longer than there are many of them.

With class means m_k, the covariance S of the vectors around the mean of their class, and r times
the identity added to it, the discriminant function of class k is

    f_k(x) = x' A m_k - 1/2 m_k' A m_k + 1/2 tr(A S) / n_k + log p_k,    A = (S + r I)^-1.

The third term takes back a bias. A mean of n_k vectors carries noise of covariance S / n_k, which
lengthens m_k' A m_k by tr(A S) / n_k, so that without it classes with few vectors hardly ever win.

All of it happens in the span of the training vectors, where S has as many rows as there are
vectors at the most; the result is a linear map of the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_solve
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from adan._computing import computing
from adan._docs import LABELS, PROBABILITIES, VECTORS, described
from adan.classifiers.labels import encoded, unweighted_recall, validated
from adan.errors import AdanError
from adan.networks.whitening import Moments, inverse_of, noise_left_out, root_of, span, whitening

SHRINKAGES = (1.0, 0.3, 3.0, 0.1, 0.03, 0.01)
"""What is chosen from, the first of equals."""
MODERATE = (0.5, 0.3, 1.0, 2.0)
"""Those near the best for functionals, the first where nothing can be compared."""
INNER_FOLDS = 5
"""Folds of the training vectors where nobody said who speaks."""
MOST_FOLDS = 10
"""Where more speakers than these are known, several are left out at a time."""


class ShrunkDiscriminant(ClassifierMixin, BaseEstimator):
    """Linear discriminant with a shrunk covariance, corrected for the noise of class means.

    Parameters
    ----------
    shrinkage : "auto" or float, default="auto"
        What is added to the within-class covariance, times its mean variance over the dimensions
        of the training vectors' span. "auto" chooses one of `SHRINKAGES` by the unweighted
        accuracy on speakers, or on a fifth of the training vectors, that were left out.
    correct_bias : bool or "left out", default=True
        Whether the bias against classes with few vectors is taken back. The noise of a class mean
        is told by the training vectors, or by each as if it were left out of the covariance, which
        is more where these are few.
    priors : sequence of n_classes floats, default=None
        How probable each class is; None is equally.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    shrinkage_ : float
        The one given or chosen.
    means_ : ndarray of shape (n_classes, n_features)
        The class means.
    coef_ : ndarray of shape (n_classes, n_features)
    intercept_ : ndarray of shape (n_classes,)
        The discriminant functions, but for what all classes have in common.
    temperature_ : float
        What discriminant functions are divided by before they become probabilities; it gives
        training vectors that were left out the lowest log loss.

    Notes
    -----
    ``sklearn.discriminant_analysis.LinearDiscriminantAnalysis`` solves the same equations if it is
    given class shares as priors. It cannot carry this class: with equal priors it weighs the
    covariance of a class of five vectors like any other, it needs all features where n vectors
    span n dimensions, and it knows neither tr(A S) nor a fold without a class.
    """

    def __init__(
        self,
        shrinkage: Literal["auto"] | float = "auto",
        correct_bias: bool | Literal["left out"] = True,
        priors: Sequence[float] | None = None,
    ) -> None:
        self.shrinkage = shrinkage
        self.correct_bias = correct_bias
        self.priors = priors

    @computing()
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        n_real: int | None = None,
    ) -> Self:
        """Fit to vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Standardised feature vectors.
        y : array-like of shape (n_samples,)
            Class labels.
        groups : array-like of shape (n_samples,), default=None
            The speaker of each, one of whom at a time is left out to choose the shrinkage and the
            temperature.
        n_real : int, default=None
            How many vectors, from the first, are real. If given, the others are projected on the
            span of these, so that synthetic vectors outside it cost no more than those within.

        Returns
        -------
        Self
            The fitted classifier.

        Raises
        ------
        AdanError
            If ``y`` holds one class only, or a parameter or ``groups`` cannot be used.
        """
        rows, labels = validated(self, X, y, [np.float64, np.float32])
        self.classes_, codes = encoded(labels)
        candidates = self._candidates()
        centre = rows.mean(axis=0, dtype=np.float64)
        axes, short = span(rows - centre.astype(rows.dtype), n_real)
        if not short.any():
            raise AdanError(
                "all vectors are alike, so nothing tells the classes apart: check the features"
            )
        whole = Moments.of(short, codes, len(self.classes_))
        noise = [self._noise(short, codes, whole, s) for s in candidates]
        settings = list(zip(candidates, noise, strict=True))
        left_out = self._left_out(short, codes, whole, _inner_folds(codes, groups), settings)
        recalls = [unweighted_recall(codes, scores.argmax(axis=1)) for scores in left_out]
        best = int(np.argmax(recalls))
        self.shrinkage_ = candidates[best]
        self.temperature_ = _temperature(left_out[best], codes)
        coef, self.intercept_ = self._functions(whole, *settings[best])
        self.coef_ = coef if axes is None else coef @ axes.T
        self.intercept_ -= self.coef_ @ centre
        self.means_ = centre + (whole.means if axes is None else whole.means @ axes.T)
        return self

    def choose(self, X: NDArray[np.floating], y: NDArray[Any], speakers: NDArray[Any]) -> Self:
        """Return an unfitted clone with the shrinkage that suits speakers left out.

        Parameters
        ----------
        X : ndarray of shape (n, d)
            The real training rows of a fold, normalised. They are not normalised anew on the inner
            training speakers: where one z-norm differs from the other in its means, that changes
            no discriminant function.
        y : ndarray of shape (n,)
            Labels.
        speakers : ndarray of shape (n,)
            The speaker of each.

        Returns
        -------
        Self
            With the parameters of this one, but for ``shrinkage`` where it is "auto".
        """
        if self.shrinkage != "auto":
            return clone(self)
        chosen = clone(self).fit(X, y, speakers).shrinkage_
        return clone(self).set_params(shrinkage=chosen)

    @computing()
    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the discriminant functions of vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Standardised feature vectors.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples,), float64
            One column for each of ``classes_``. Of two classes the function of the second minus
            that of the first, as in scikit-learn.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    @described(VECTORS, LABELS)
    @computing()
    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels with the largest discriminant function."""
        best = self._scores(X).argmax(axis=1)
        return self.classes_[best]

    @described(VECTORS, PROBABILITIES.format("float64"))
    @computing()
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities."""
        return softmax(self._scores(X) / self.temperature_, axis=1)

    def _scores(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        return rows @ self.coef_.T + self.intercept_

    def _candidates(self) -> tuple[float, ...]:
        return SHRINKAGES if isinstance(self.shrinkage, str) else (self.shrinkage,)

    def _noise(
        self,
        short: NDArray[np.float64],
        codes: NDArray[np.intp],
        whole: Moments,
        shrinkage: float,
    ) -> float:
        if self.correct_bias == "left out":
            return noise_left_out(short, codes, whole, shrinkage)
        return whitening(whole, shrinkage)[1] if self.correct_bias else 0.0

    def _left_out(
        self,
        short: NDArray[np.float64],
        codes: NDArray[np.intp],
        whole: Moments,
        folds: NDArray[np.intp],
        settings: Sequence[tuple[float, float]],
    ) -> NDArray[np.float64]:
        """Return the scores (settings, n, k) of each row where its fold was left out."""
        scores = np.empty((len(settings), len(short), len(whole.counts)))
        for fold in range(folds.max() + 1):
            own = folds == fold
            others = whole - Moments.of(short[own], codes[own], len(whole.counts))
            for i, setting in enumerate(settings):
                coef, intercept = self._functions(others, *setting)
                scores[i, own] = short[own] @ coef.T + intercept
        return scores

    def _functions(
        self, moments: Moments, shrinkage: float, noise: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return `functions` with priors; the constant of a class without vectors is -inf."""
        weights, constants = functions(moments, shrinkage, noise)
        if self.priors is not None:
            constants += self._log_priors(len(constants))
        return weights, np.where(moments.counts > 0, constants, -np.inf)

    def _log_priors(self, n_classes: int) -> NDArray[np.float64]:
        priors = np.asarray(self.priors, np.float64)
        if priors.shape != (n_classes,) or not (priors > 0).all():
            raise AdanError(f"priors: give {n_classes} numbers above 0, one for each class")
        return np.log(priors / priors.sum())


def functions(
    moments: Moments, shrinkage: float, noise: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights (k, m) and constants (k,) of the discriminant functions.

    The noise is tr(A S), by default that of the moments, or 0 to leave the bias uncorrected; priors
    are equal.
    """
    root, ridge = root_of(moments, shrinkage)
    if noise is None:
        noise = inverse_of(root, ridge)[1]
    means = moments.means
    weights = cho_solve((root, True), means.T, check_finite=False).T
    constants = -0.5 * np.einsum("km,km->k", weights, means)
    return weights, constants + 0.5 * noise / np.maximum(moments.counts, 1)


def _inner_folds(codes: NDArray[np.intp], groups: ArrayLike | None) -> NDArray[np.intp]:
    """Return the inner fold of each vector: its speaker, or a fifth of each class."""
    if groups is not None:
        speakers, folds = np.unique(np.asarray(groups), return_inverse=True)
        if len(folds) != len(codes):
            raise AdanError(
                f"groups names {len(folds)} speakers for {len(codes)} vectors: give one for each"
            )
        if len(speakers) > 1:
            return folds % MOST_FOLDS
    folds = np.empty_like(codes)
    folds[np.argsort(codes, kind="stable")] = np.arange(len(codes)) % INNER_FOLDS
    return folds


def _temperature(scores: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    """Return the temperature between 0.01 and 1000 that gives the lowest log loss."""

    def loss(logarithm: float) -> float:
        logs = log_softmax(scores / np.exp(logarithm), axis=1)[np.arange(len(codes)), codes]
        return -np.maximum(logs, np.log(1e-12)).mean()

    return float(np.exp(minimize_scalar(loss, bounds=np.log([0.01, 1000]), method="bounded").x))
