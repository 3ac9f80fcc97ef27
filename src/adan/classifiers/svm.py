"""The paper's SVM and a linear one: scikit-learn's, the kernel computed by one matrix product."""

from __future__ import annotations

import itertools
from abc import ABCMeta, abstractmethod
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted, validate_data

from adan._computing import computing
from adan._docs import LABELS, VECTORS, described
from adan.classifiers.labels import validated
from adan.networks.coordinates import SPANNING, in_small_span

KERNEL_BYTES = 2 * 1024**3
"""A kernel matrix above this size is computed row by row."""
BYTES_PER_KERNEL_ENTRY = 16


class KernelSVM(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the support vector machines: scikit-learn's, many times faster on long vectors.

    libsvm computes the kernel one dot product at a time, here it is one matrix product, of short
    vectors where many rows lie in a small space. Rows that stand k times are taken once with k
    times the penalty, which is the same problem. Where the kernel does not fit into
    `KERNEL_BYTES`, scikit-learn-intelex (``pip install "adan[svm]"``) solves the problem block by
    block; without it, libsvm does, many times slower.
    """

    C: float
    class_weight: Literal["balanced"] | None

    @abstractmethod
    def _kernel(self, a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the kernel between the rows of ``a`` and of ``b``."""

    @abstractmethod
    def _libsvms_kernel(self, n_features: int) -> dict[str, Any]:
        """Return the same kernel as parameters of ``sklearn.svm.SVC``."""

    @computing()
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Standardised feature vectors, float32 or float64.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        Self
            The fitted classifier.
        """
        rows, labels = validated(self, X, y, [np.float32, np.float64])
        weights = compute_sample_weight(self.class_weight, labels)
        rows, labels, weights = _without_duplicates(rows, labels, weights)
        libsvms = self._libsvms_kernel(rows.shape[1])
        fits = len(rows) ** 2 * BYTES_PER_KERNEL_ENTRY <= KERNEL_BYTES
        solver, kernel = (SVC, {"kernel": "precomputed"}) if fits else (_row_by_row(), libsvms)
        self._svc = solver(C=self.C, **kernel)
        self._svc.fit(self._among(rows) if fits else rows, labels, sample_weight=weights)
        self.classes_ = self._svc.classes_
        self.support_vectors_ = rows[self._svc.support_]
        return self

    @described(VECTORS, LABELS)
    @computing()
    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels for which most pairs of classes decide."""
        seen = self._seen_by_libsvm(X)
        return self._svc.predict(seen)

    @computing()
    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the decision values of one class against the rest, as ``sklearn.svm.SVC`` does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Standardised feature vectors.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples,), float64
            One column for each of ``classes_``. Of two classes a single value, positive for the
            second.
        """
        seen = self._seen_by_libsvm(X)
        return self._svc.decision_function(seen)

    def _among(self, rows: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the kernel between all rows, which a rotation into their span does not change."""
        short = in_small_span(rows)[1] if len(rows) > 2 * max(SPANNING) else rows
        return self._kernel(short, short)

    def _seen_by_libsvm(self, X: ArrayLike) -> NDArray[np.floating]:
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=[np.float32, np.float64])
        if self._svc.kernel != "precomputed":
            return rows
        kernel = np.zeros((len(rows), self._svc.shape_fit_[0]))
        kernel[:, self._svc.support_] = self._kernel(rows, self.support_vectors_)
        return kernel


class RBFSVM(KernelSVM):
    """Support vector machine with the radial basis function kernel exp(-gamma ||a - b||^2).

    Gives what ``sklearn.svm.SVC`` gives, many times faster on long vectors, since the kernel is one
    matrix product.

    Parameters
    ----------
    C : float, default=10
        Penalty, as in the authors' published scripts; the paper gives no figure.
    gamma : float, default=None
        Width of the kernel; None is one over the number of features.
    class_weight : {"balanced"} or None, default=None
        What C is multiplied by for the vectors of a class: as in scikit-learn, ``"balanced"`` is
        inversely proportional to how many there are; None is 1.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    support_vectors_ : ndarray of shape (n_support, n_features)
        The training vectors that carry weight.
    """

    def __init__(
        self,
        C: float = 10.0,
        gamma: float | None = None,
        class_weight: Literal["balanced"] | None = None,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.class_weight = class_weight

    def _libsvms_kernel(self, n_features: int) -> dict[str, Any]:
        self.gamma_ = 1 / n_features if self.gamma is None else self.gamma
        return {"kernel": "rbf", "gamma": self.gamma_}

    def pairwise(self) -> tuple[NDArray[np.floating], NDArray[np.float32], NDArray[np.float32]]:
        """Return what decisions between two classes are computed from, outside libsvm.

        Returns
        -------
        vectors : ndarray of shape (n_support, n_features)
            The support vectors.
        coefficients : ndarray of shape (n_support, n_pairs), float32
            Weights of their kernels in the decision of each pair of classes, (0, 1), (0, 2), ...;
            a positive decision is for the first of the pair.
        intercepts : ndarray of shape (n_pairs,), float32
            Added to each decision.
        """
        check_is_fitted(self)
        k, svc = len(self.classes_), self._svc
        of_class = np.repeat(np.arange(k), svc.n_support_)
        sign = -1 if k == 2 else 1  # with two classes scikit-learn turns the decision round
        columns = []
        for i, j in itertools.combinations(range(k), 2):
            column = np.where(of_class == i, svc.dual_coef_[j - 1], 0)
            columns.append(np.where(of_class == j, svc.dual_coef_[i], column))
        coefficients = sign * np.column_stack(columns)
        intercepts = sign * svc.intercept_
        return self.support_vectors_, coefficients.astype("f4"), intercepts.astype("f4")

    def _kernel(self, a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
        kernel = a @ b.T
        kernel *= 2
        kernel -= np.square(a).sum(axis=1)[:, None]
        kernel -= np.square(b).sum(axis=1)
        kernel *= self.gamma_
        return np.exp(np.minimum(kernel, 0, out=kernel), out=kernel)


class LinearSVM(KernelSVM):
    """Support vector machine with the kernel a . b.

    Gives what ``sklearn.svm.SVC`` gives, many times faster on long vectors, since the kernel is one
    matrix product.

    Parameters
    ----------
    C : float, default=0.001
        Penalty.
    class_weight : {"balanced"} or None, default=None
        As of `RBFSVM`.

    Attributes
    ----------
    classes_, support_vectors_
        As of `RBFSVM`.
    """

    def __init__(self, C: float = 0.001, class_weight: Literal["balanced"] | None = None) -> None:
        self.C = C
        self.class_weight = class_weight

    def _libsvms_kernel(self, n_features: int) -> dict[str, Any]:
        return {"kernel": "linear"}

    def _kernel(self, a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
        return a @ b.T


def _row_by_row() -> type[SVC]:
    """Return the fastest support vector machine at hand that needs no kernel matrix."""
    try:
        from sklearnex.svm import SVC as blockwise
    except ImportError:
        return SVC
    return blockwise


def _without_duplicates(
    rows: NDArray[np.floating], labels: NDArray[Any], weights: NDArray[np.float64]
) -> tuple[NDArray[np.floating], NDArray[Any], NDArray[np.float64]]:
    """Return the different rows of each label, in their order, and what each weighs in all."""
    first: dict[tuple[bytes, Any], int] = {}
    pairs = zip((row.tobytes() for row in rows), labels.tolist(), strict=True)
    places = [first.setdefault(pair, i) for i, pair in enumerate(pairs)]
    kept, place = np.unique(places, return_inverse=True)
    return rows[kept], labels[kept], np.bincount(place, weights).astype(np.float64)
