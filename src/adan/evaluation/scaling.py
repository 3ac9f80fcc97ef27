"""A fitted z-norm, in numpy alone, so that a trained recogniser need import nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Scaling:
    """The z-norm of the training vectors of a fold, limited.

    Attributes
    ----------
    kept : ndarray of shape (d',), int32
        The features that vary among the training vectors.
    mean, scale : ndarray of shape (d',), float32
        Of these features.
    limit : float
        Largest absolute value afterwards.
    """

    kept: NDArray[np.int32]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    limit: float

    def __call__(self, X: NDArray[np.floating]) -> NDArray[np.float32]:
        """Map raw vectors (n, d) to normalised ones (n, d'), float32."""
        Z = np.take(X, self.kept, axis=1).astype(np.float32, copy=False)  # a copy
        Z -= self.mean
        Z /= self.scale
        return np.clip(Z, -self.limit, self.limit, out=Z)
