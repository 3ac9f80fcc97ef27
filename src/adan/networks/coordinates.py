"""The coordinates networks train in: standardised, and rotated into the span of the rows."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adan._computing import computing
from adan.errors import AdanError

Scaling = Literal["deviation", "largest"]


class Coordinates:
    """An invertible linear map from feature vectors to what a network is trained on.

    Every feature is standardised by its mean and standard deviation, or divided by the largest
    absolute deviation from its mean, which brings it to [-1, 1]; a constant one becomes 0 and comes
    back as that constant. With a rotation and fewer rows than features the result is then
    expressed in an orthonormal basis of the space the rows span, in which all distances between
    them are what they were.

    Attributes
    ----------
    mean, scale : ndarray of shape (d,), float64
        Of the features; ``scale`` is 0 for a constant one.
    basis : Tensor of shape [d, r], float32, or None
        Orthonormal columns; None where nothing is rotated.
    """

    def __init__(
        self,
        mean: NDArray[np.float64],
        scale: NDArray[np.float64],
        basis: NDArray[np.float32] | None = None,
    ) -> None:
        self.mean, self.scale = mean, scale
        self.basis = None if basis is None else torch.as_tensor(basis)

    @property
    def width(self) -> int:
        """The number of coordinates, r; the number of features where nothing is rotated."""
        return len(self.mean) if self.basis is None else self.basis.shape[1]

    @classmethod
    def of(
        cls,
        X: NDArray[np.floating],
        rotation: np.random.Generator | None = None,
        *,
        scaling: Scaling = "deviation",
    ) -> Coordinates:
        """Fit the map to the rows of ``X``, of shape (n, d), rotated at random or not at all."""
        if scaling not in get_args(Scaling):
            raise AdanError(f"no scaling '{scaling}'; choose one of {', '.join(get_args(Scaling))}")
        mean = X.mean(axis=0, dtype=np.float64)
        scale = X.std(axis=0, dtype=np.float64)
        constant = scale <= 1e-6 * np.abs(mean)
        if scaling == "largest":
            scale = np.abs(X - mean).max(axis=0)
        scale[constant] = 0.0
        standard = cls(mean, scale)
        if rotation is not None and len(X) < X.shape[1]:
            axes = principal_axes(standard.to(X).numpy())
            return cls(mean, scale, turned(axes, rotation).astype(np.float32))
        return standard

    def to(self, X: NDArray[np.floating]) -> Tensor:
        """Map feature vectors (n, d) to coordinates [n, r], float32."""
        centred = X - self.mean
        standard = np.divide(centred, self.scale, out=np.zeros_like(centred), where=self.scale > 0)
        rows = torch.as_tensor(standard.astype(np.float32))
        return rows if self.basis is None else rows @ self.basis

    def back(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map coordinates (n, r) to feature vectors (n, d)."""
        standard = rows if self.basis is None else rows @ self.basis.T.numpy()
        return standard.astype(np.float64) * self.scale + self.mean

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that define the map, to be given to the constructor again."""
        arrays: dict[str, NDArray[Any]] = {"mean": self.mean, "scale": self.scale}
        return arrays if self.basis is None else {**arrays, "basis": self.basis.numpy()}


def turned(axes: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Return orthonormal columns (d, r), or rows in such axes (n, r), turned at random.

    Principal axes would give a few coordinates most of the variance, and Adam, which takes steps
    of equal size in each, would then treat the rows differently from features of unit variance; a
    random turn spreads the variance evenly again.
    """
    with computing():
        turn, _ = np.linalg.qr(rng.standard_normal((axes.shape[1],) * 2))
        return axes @ turn.astype(axes.dtype)


@computing()  # on several threads LAPACK waits a hundred times as long for a core that is busy
def principal_axes(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return orthonormal columns (d, r) that span ``rows`` (n, d), their principal axes."""
    lengths, vectors = _lengths_along_axes(rows)
    return rows.astype(np.float64).T @ (vectors / lengths)


@computing()
def principal_coordinates(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ``rows`` (n, d) in their principal axes (n, r), which are not computed for it."""
    lengths, vectors = _lengths_along_axes(rows)
    return vectors * lengths


def _lengths_along_axes(
    rows: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the length (r,) of all rows along each principal axis, and rows of unit length there.

    That is, S and U of the singular value decomposition.
    """
    points = rows.astype(np.float64)
    variances, vectors = np.linalg.eigh(points @ points.T)
    kept = variances > 1e-9 * variances[-1]
    return np.sqrt(variances[kept]), vectors[:, kept]


SPANNING = (512, 1024)
"""The numbers of first rows in whose span the others are looked for."""


def in_small_span(
    rows: NDArray[np.floating],
) -> tuple[NDArray[np.floating] | None, NDArray[np.floating]]:
    """Return the principal axes (d, r) of a small space that holds all rows, and them in it (n, r).

    A space of at most half the dimensions, spanned by the first rows; where there is none, None
    and the rows themselves. Synthetic vectors mostly lie in the span of the real ones, which stand
    before them.
    """
    for n in sorted({min(n, rows.shape[1] // 2) for n in SPANNING} - {0}):
        axes = principal_axes(rows[:n]).astype(rows.dtype)
        for some in (rows[-1:], rows):
            within = some @ axes
            lost = _squared(some) - _squared(within)
            if np.any(lost > 1e-5 * _squared(some)):
                break
        else:
            return axes, within
    return None, rows


def _squared(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.einsum("ij,ij->i", rows, rows)
