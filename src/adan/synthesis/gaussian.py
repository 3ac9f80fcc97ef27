"""A Gaussian around each class's mean, with one covariance for all classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adan._docs import documented
from adan.networks.coordinates import Coordinates
from adan.synthesis.base import Synthesizer


@documented
class ClassGaussian(Synthesizer):
    """Draw from N(mean of the class, covariance within classes), shrunk by Ledoit and Wolf.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of the draws.

    Attributes
    ----------
    means_ : ndarray of shape (n_classes, n_features)
        Of the standardised features.
    shrinkage_ : float
        Share a of the isotropic part in the covariance (1 - a) S + a mu I of the standardised
        features that vary, where S is that within classes and mu its mean variance.

    Notes
    -----
    No matrix of features x features is made. With R the n residuals and w ~ N(0, I_n),
    ``w @ R / sqrt(n)`` has covariance S; isotropic noise is added to it. The shrinkage comes from
    the residuals' scalar products.

    References
    ----------
    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance
    matrices", Journal of Multivariate Analysis 88, 2004.
    """

    def __init__(self, random_state: int | np.random.RandomState | None = None) -> None:
        self.random_state = random_state

    def _fit(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> None:
        self.coordinates_ = Coordinates.of(X)
        rows = self.coordinates_.to(X).numpy()
        self.means_ = np.stack([rows[codes == c].mean(axis=0) for c in range(len(self.classes_))])
        self.residuals_ = rows - self.means_[codes]
        varying = self.residuals_[:, self.coordinates_.scale > 0]
        self.shrinkage_ = ledoit_wolf_shrinkage(varying)
        self.variance_ = np.square(varying).sum() / max(varying.size, 1)

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        n = len(self.residuals_)
        spread = rng.standard_normal((len(codes), n)) @ self.residuals_
        isotropic = rng.standard_normal((len(codes), self.n_features_in_))
        rows = self.means_[codes] + np.sqrt((1 - self.shrinkage_) / n) * spread
        return self.coordinates_.back(rows + np.sqrt(self.shrinkage_ * self.variance_) * isotropic)


def ledoit_wolf_shrinkage(residuals: NDArray[np.floating]) -> float:
    """Return the share of the isotropic part, from centred rows of shape (n, d).

    What scikit-learn's function of this name returns, in time n^2 d in place of n d^2: the squares
    of the entries of R'R and of RR' have the same sum.
    """
    n, d = residuals.shape
    if not d:
        return 0.0
    products = residuals.astype(np.float64) @ residuals.T
    lengths = np.diag(products)
    squares = np.square(products).sum() / n**2
    distance = squares - (lengths.sum() / n) ** 2 / d
    error = (np.square(lengths).sum() / n - squares) / n
    return float(min(error / distance, 1)) if distance > 0 else 0.0
