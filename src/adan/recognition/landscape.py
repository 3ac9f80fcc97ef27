"""The plane on which training vectors and new utterances are shown: where emotions lie apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from adan._computing import computing
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
    pca = PCA(min(COMPONENTS, *X.shape, max(1, len(X) // 5)), svd_solver="full").fit(X)
    lda = LinearDiscriminantAnalysis().fit(pca.transform(X), y)
    axes = pca.components_.T @ lda.scalings_[:, :2]
    missing = 2 - axes.shape[1]
    axes = np.hstack([axes, pca.components_[:missing].T, np.zeros((X.shape[1], missing))])[:, :2]
    centre, axes = pca.mean_.astype(np.float32), axes.astype(np.float32)
    return Map(
        centre=centre,
        axes=axes,
        points=(np.vstack([X, X_synthetic]) - centre) @ axes,
        codes=np.hstack([y, y_synthetic]).astype(np.int32),
        synthetic=np.arange(len(y) + len(y_synthetic)) >= len(y),
    )
