"""SMOTE, imbalanced-learn's, behind the contract of a synthesizer."""

from __future__ import annotations

import numpy as np
from imblearn.over_sampling import SMOTE as ImblearnSMOTE
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from adan._docs import documented
from adan.synthesis.base import Synthesizer


@documented
class SMOTE(Synthesizer):
    """Interpolate between a real vector and a near neighbour of its class (Table I, "SMOTE").

    Neighbours are found among standardised features. A class of one row has no neighbours: the row
    is repeated.

    Parameters
    ----------
    k_neighbors : int, default=5
        Neighbours to choose from; fewer where the smallest class asked for has fewer.
    random_state : int, RandomState or None, default=None
        Seed of the choice of vectors, neighbours and places between them.

    References
    ----------
    N. V. Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 16, 2002.
    """

    def __init__(
        self, k_neighbors: int = 5, random_state: int | np.random.RandomState | None = None
    ) -> None:
        self.k_neighbors = k_neighbors
        self.random_state = random_state

    def _fit(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> None:
        self.scaler_ = StandardScaler().fit(X)
        self.vectors_, self.codes_ = self.scaler_.transform(X), codes

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        X = np.empty((len(codes), self.n_features_in_), dtype=self.vectors_.dtype)
        wanted = np.bincount(codes, minlength=len(self.classes_))
        sizes = np.bincount(self.codes_)
        targets = {c: sizes[c] + wanted[c] for c in np.flatnonzero(wanted * (sizes > 1))}
        for c in np.flatnonzero(wanted * (sizes == 1)):
            X[codes == c] = self.vectors_[self.codes_ == c]
        if targets:
            neighbours = min(self.k_neighbors, *(sizes[c] - 1 for c in targets))
            smote = ImblearnSMOTE(
                sampling_strategy=targets, k_neighbors=neighbours, random_state=rng
            )
            rows, labels = smote.fit_resample(self.vectors_, self.codes_)
            rows, labels = rows[len(self.codes_) :], labels[len(self.codes_) :]
            for c in targets:
                X[codes == c] = rows[labels == c]
        return self.scaler_.inverse_transform(X) if len(X) else X
