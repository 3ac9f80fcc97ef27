"""Labels as classifiers take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

from adan._input import check_labels
from adan.errors import AdanError


def unweighted_recall(codes: NDArray[np.intp], predicted: NDArray[np.intp]) -> float:
    """Return the mean of the classes' recalls; codes of both kinds from 0, without gaps in codes."""
    counts = np.bincount(codes)
    return float(np.mean(np.bincount(codes, codes == predicted) / counts))


def encoded(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the classes, sorted, and the code of each label.

    Raises
    ------
    AdanError
        If there is one class only, or a label is missing.
    """
    check_labels(labels, "y")
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise AdanError(f"y holds 1 class only ('{classes[0]}'): give two at least")
    return classes, codes
