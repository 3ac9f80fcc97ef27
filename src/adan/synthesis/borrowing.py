"""Vectors of other classes moved to a class that has few of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adan._docs import documented
from adan.networks.coordinates import Coordinates
from adan.networks.whitening import Moments, noise_left_out, span, whitening
from adan.synthesis.base import Synthesizer, in_turn

SHRINKAGE = 1.0
"""What is added to the covariance within classes, times its mean variance."""


@documented
class BorrowedSpread(Synthesizer):
    """Move vectors of other classes to the class asked for; made for a class that is rare.

    A synthetic vector is what a training vector of another class differs from the mean of its
    class, added to the mean of the class asked for. So the spread is that of real vectors, voices
    included. The mean of a few vectors is noisy, and far too long. It is shrunk towards the best
    guess of it that the means of the other classes allow: what it has in common with them stays,
    what it has for itself is believed as far as the other classes have something for themselves.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of the choice of vectors.

    Attributes
    ----------
    believed_ : ndarray of shape (n_classes,)
        The share, 0 to 1, of what the mean of a class has for itself that is kept.
    means_ : ndarray of shape (n_classes, n_features)
        The shrunk means of the standardised features.

    Notes
    -----
    In coordinates where the covariance within classes (with its mean variance added to its
    diagonal) is the identity, the mean of class k is a point w of the affine hull of the other
    means and a rest. The mean of n vectors carries noise of squared length v / n, v being that of
    a vector left out. The others' rests, squared and less their noise, have the mean b; then
    b / (b + v / n_k) of the rest is believed: the posterior mean under a normal prior of that
    length. Its expected squared length is that of the product of the true rest with it, so that a
    linear discriminant of such vectors has no bias against class k.

    References
    ----------
    B. Efron and C. Morris, "Stein's estimation rule and its competitors: an empirical Bayes
    approach", Journal of the American Statistical Association 68, 1973.
    """

    def __init__(self, random_state: int | np.random.RandomState | None = None) -> None:
        self.random_state = random_state

    def _fit(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> None:
        self.coordinates_ = Coordinates.of(X)
        rows = self.coordinates_.to(X).numpy()
        k = len(self.classes_)
        means = np.stack([rows[codes == c].mean(axis=0) for c in range(k)])
        self.codes_, self.residuals_ = codes, rows - means[codes]
        weights, self.believed_ = _weights(span(rows)[1], codes, k)
        self.means_ = weights @ means

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        parents = np.empty_like(codes)
        for code in np.unique(codes):
            others = np.flatnonzero(self.codes_ != code)
            parents[codes == code] = in_turn(others, (codes == code).sum(), rng)
        return self.coordinates_.back(self.means_[codes] + self.residuals_[parents])


def _weights(
    rows: NDArray[np.float64], codes: NDArray[np.intp], n_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shrunk class means as weights (k, k) of the class means, and what is believed."""
    moments = Moments.of(rows, codes, n_classes)
    white, _ = whitening(moments, SHRINKAGE)
    means = moments.means @ white
    noise = noise_left_out(rows, codes, moments, SHRINKAGE) / moments.counts  # [k], of each mean
    weights, believed = np.empty((n_classes, n_classes)), np.empty(n_classes)
    for code in range(n_classes):
        others = np.delete(np.arange(n_classes), code)
        own = max(np.mean([_own(means, noise, j, code) for j in others.tolist()]), 0.0)
        believed[code] = own / (own + noise[code]) if own + noise[code] > 0 else 1.0
        weights[code, code] = believed[code]
        weights[code, others] = (1 - believed[code]) * _guess(means[code], means[others])
    return weights, believed


def _own(means: NDArray[np.float64], noise: NDArray[np.float64], code: int, unknown: int) -> float:
    """Estimate the squared length of what a class has for itself, without the class ``unknown``."""
    others = np.delete(np.arange(len(means)), [code, unknown] if len(means) > 2 else code)
    guess = _guess(means[code], means[others])
    rest = means[code] - guess @ means[others]
    return float(rest @ rest - noise[code] - np.square(guess) @ noise[others])


def _guess(mean: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights, which add up to 1, of the point of the others' affine hull next to a mean."""
    centre = others.mean(axis=0)
    along, *_ = np.linalg.lstsq((others - centre).T, mean - centre, rcond=1e-9)
    return along + (1 - along.sum()) / len(others)
