"""Additive noise: the training vectors once more, each a little off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adan._docs import documented
from adan.synthesis.duplication import Duplication


@documented
class AdditiveNoise(Duplication):
    """Repeat the real vectors with Gaussian noise on each feature (Table I, "adding noise").

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation of the noise, in standard deviations of the feature. The paper gives no
        figure.
    random_state : int, RandomState or None, default=None
        Seed of the noise.
    """

    def __init__(
        self, scale: float = 0.1, random_state: int | np.random.RandomState | None = None
    ) -> None:
        self.scale = scale
        self.random_state = random_state

    def _fit(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> None:
        super()._fit(X, codes)
        self.deviation_ = X.std(axis=0, dtype=np.float64).astype(X.dtype)

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        X = super()._sample(codes, rng)
        generator = np.random.default_rng(rng.randint(2**32, dtype=np.uint32))
        noise = generator.standard_normal(X.shape, dtype=X.dtype)
        noise *= self.scale * self.deviation_
        X += noise
        return X
