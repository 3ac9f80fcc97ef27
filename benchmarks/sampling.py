"""Drawing synthetic vectors: ten times EmoDB's size from each synthesizer."""

from __future__ import annotations

import numpy as np

from adan import ADAN, SMOTE, AdditiveNoise, Duplication
from benchmarks.common import emodb_like, main, median_seconds


def measure():
    X, y = emodb_like()
    labels = np.tile(y, 10)
    figures = {}
    for synthesizer in (ADAN(epochs=2), Duplication(), AdditiveNoise(), SMOTE()):
        fitted = synthesizer.set_params(random_state=0).fit(X, y)
        name = type(synthesizer).__name__.lower()
        elapsed = median_seconds(lambda f=fitted: f.sample(labels))
        figures[f"{name}_vectors_per_second"] = len(labels) / elapsed
    return figures


if __name__ == "__main__":
    main("sampling", measure)
