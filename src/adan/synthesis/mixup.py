"""Mixing two real vectors of a class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adan._docs import documented
from adan.synthesis.duplication import Duplication


@documented
class ClassMixup(Duplication):
    """Draw points on the lines between random pairs of real vectors of a class.

    Mixup without a mixture of labels; SMOTE without neighbours.

    Parameters
    ----------
    alpha : float, default=1.0
        The place on the line is drawn from Beta(alpha, alpha): by default anywhere alike; less
        than 1 prefers the ends, more the middle.
    random_state : int, RandomState or None, default=None
        Seed of the choice of pairs and places.

    References
    ----------
    H. Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
    """

    def __init__(
        self, alpha: float = 1.0, random_state: int | np.random.RandomState | None = None
    ) -> None:
        self.alpha = alpha
        self.random_state = random_state

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        place = rng.beta(self.alpha, self.alpha, size=(len(codes), 1))
        X = np.empty((len(codes), self.n_features_in_))
        for code, vectors in enumerate(self.vectors_):
            rows = np.flatnonzero(codes == code)
            one, other = vectors[rng.randint(len(vectors), size=(2, len(rows)))]
            X[rows] = one + place[rows] * (other - one)
        return X
