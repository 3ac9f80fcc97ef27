"""Training on real vectors with synthetic ones behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter


def fit(classifier: Any, X: NDArray[np.floating], y: NDArray[Any], n_real: int | None) -> Any:
    """Fit a classifier, telling it how many vectors are real if its ``fit`` asks for that."""
    asked = {"n_real": n_real} if has_fit_parameter(classifier, "n_real") else {}
    return classifier.fit(X, y, **asked)
