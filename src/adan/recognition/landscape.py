"""The plane on which training vectors and new utterances are shown: where emotions lie apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from adan._computing import computing
from adan.networks.coordinates import principal_axes
from adan.recognition.model import Map, Rows

COMPONENTS = 50
"""Principal components kept before the discriminants; with all, they would tear noise apart."""


@computing()
def landscape(
    X: Rows, y: NDArray[np.intp], X_synthetic: Rows, y_synthetic: NDArray[np.intp]
) -> Map:
    """Fit the plane: the first two linear discriminants of real vectors' principal components.

    Parameters
    ----------
    X, X_synthetic : ndarray of shape (n, d'), float32
        Normalised training vectors; the plane is fitted to the real ones.
    y, y_synthetic : ndarray of shape (n,)
        Their classes as codes.

    Returns
    -------
    Map
        With two classes, or one feature, an axis is filled up with what is left of the variance.
    """
    centre = X.mean(axis=0)
    n = min(COMPONENTS, *X.shape, max(1, len(X) // 5))
    components = _principal_components(X - centre)[:, :n]  # (d', n)
    lda = LinearDiscriminantAnalysis().fit((X - centre) @ components, y)
    axes = components @ lda.scalings_[:, :2]
    missing = 2 - axes.shape[1]
    nothing = np.zeros((X.shape[1], missing))
    axes = np.hstack([axes, components[:, :missing], nothing])[:, :2].astype(np.float32)
    return Map(
        centre=centre,
        axes=axes,
        points=(np.vstack([X, X_synthetic]) - centre) @ axes,
        codes=np.hstack([y, y_synthetic]).astype(np.int32),
        synthetic=np.arange(len(y) + len(y_synthetic)) >= len(y),
    )


def _principal_components(rows: Rows) -> NDArray[np.floating]:
    """Return the principal axes (d', n) of centred rows, by eigenvectors of the smaller product.

    A singular value decomposition of long rows takes far more memory and time.
    """
    if len(rows) < rows.shape[1]:
        return principal_axes(rows)[:, ::-1]
    return np.linalg.eigh(rows.T.astype(np.float64) @ rows)[1][:, ::-1]
