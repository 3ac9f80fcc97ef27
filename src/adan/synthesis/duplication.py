"""Duplication: the training vectors once more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adan._docs import documented
from adan.synthesis.base import Synthesizer


@documented
class Duplication(Synthesizer):
    """Repeat the real vectors of each class in turn (Table I, "data duplication").

    The control of every augmentation: more rows, nothing new in them.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Has no effect, since nothing here is random; every synthesizer has one.
    """

    def __init__(self, random_state: int | np.random.RandomState | None = None) -> None:
        self.random_state = random_state

    def _fit(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> None:
        self.vectors_ = [X[codes == code] for code in range(len(self.classes_))]

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        X = np.empty((len(codes), self.n_features_in_), dtype=self.dtype_)
        for code, vectors in enumerate(self.vectors_):
            rows = np.flatnonzero(codes == code)
            X[rows] = vectors[np.arange(len(rows)) % len(vectors)]
        return X
