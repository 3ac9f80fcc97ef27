"""Sums over labelled vectors, their span, and the whitening of what varies within classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky
from scipy.linalg.lapack import dtrtri

from adan.errors import AdanError
from adan.networks.coordinates import SPANNING, in_small_span, principal_axes


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over vectors, which can be taken away from each other.

    Attributes
    ----------
    counts : ndarray of shape (k,)
        How many vectors there are of each class.
    sums : ndarray of shape (k, m)
        Of the vectors of each class.
    squares : ndarray of shape (m, m)
        Of the outer products of all vectors with themselves.
    """

    counts: NDArray[np.intp]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[np.float64], codes: NDArray[np.intp], n_classes: int) -> Moments:
        """Sum over ``rows`` (n, m) of classes ``codes`` (n,)."""
        one_hot = np.eye(n_classes)[codes]
        return cls(np.bincount(codes, minlength=n_classes), one_hot.T @ rows, rows.T @ rows)

    def __sub__(self, other: Moments) -> Moments:
        return Moments(
            self.counts - other.counts, self.sums - other.sums, self.squares - other.squares
        )

    @property
    def means(self) -> NDArray[np.float64]:
        """The class means (k, m); 0 of a class without vectors."""
        return self.sums / np.maximum(self.counts, 1)[:, None]

    @property
    def within(self) -> NDArray[np.float64]:
        """The covariance (m, m) of vectors around their class's mean."""
        return (self.squares - self.means.T @ self.sums) / self.counts.sum()


def span(
    rows: NDArray[np.floating], n_real: int | None = None
) -> tuple[NDArray[np.floating] | None, NDArray[np.float64]]:
    """Return axes (d, m) of the space of the first rows, and all rows (n, d) in it, float64.

    It is the space of the ``n_real`` first rows, or of all. Where these are more than there are
    features and no small space holds them, None and the rows.
    """
    real = rows[:n_real]
    short_of_rows = len(real) < rows.shape[1]
    axes = None if short_of_rows and len(real) <= min(SPANNING) else in_small_span(real)[0]
    if axes is None and short_of_rows:
        axes = principal_axes(real)
    short = rows if axes is None else rows @ axes.astype(rows.dtype, copy=False)
    return axes, short.astype(np.float64, copy=False)


def whitening(moments: Moments, shrinkage: float) -> tuple[NDArray[np.float64], float]:
    """Return a matrix (m, m) that turns S + r I into the identity, and tr(A S)."""
    inverse, noise = inverse_of(*root_of(moments, shrinkage))
    return inverse.T, noise


def noise_left_out(
    rows: NDArray[np.float64], codes: NDArray[np.intp], moments: Moments, shrinkage: float
) -> float:
    """Return the mean of r' B r, r = x - m_k of rows (n, m), B the inverse of S + r I without x.

    With g = r' A r it is g / (1 - g / n), by Sherman and Morrison.
    """
    white, _ = whitening(moments, shrinkage)
    lengths = np.square((rows - moments.means[codes]) @ white).sum(axis=1)
    return float(np.mean(lengths / (1 - lengths / len(rows))))


def inverse_of(root: NDArray[np.float64], ridge: float) -> tuple[NDArray[np.float64], float]:
    """Return the inverse (m, m) of a factor of `root_of`, and tr(A S)."""
    inverse, _ = dtrtri(root, lower=1)
    return inverse, len(root) - ridge * float(np.square(inverse).sum())


def root_of(moments: Moments, shrinkage: float) -> tuple[NDArray[np.float64], float]:
    """Return the Cholesky factor (m, m) of S + r I, and r."""
    within, n = moments.within, moments.counts.sum()
    spread = np.trace(within)
    varies = spread > 1e-9 * np.trace(moments.squares) / n
    ridge = shrinkage * spread / len(within) if varies else 1.0
    try:
        within.flat[:: len(within) + 1] += ridge
        return cholesky(within, lower=True, check_finite=False), ridge
    except LinAlgError:
        raise AdanError(
            f"shrinkage={shrinkage:g} is too little for so few vectors: choose more"
        ) from None
