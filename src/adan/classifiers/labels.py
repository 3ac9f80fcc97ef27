"""Vectors and labels as classifiers take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from adan._input import check_classes, check_labels
from adan._parameters import check_choices, check_parameters
from adan.errors import AdanError


def unweighted_recall(true: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Return the mean of the recalls of the labels that occur."""
    codes = np.unique(true, return_inverse=True)[1]
    return float(np.mean(np.bincount(codes, true == predicted) / np.bincount(codes)))


def columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return decision values with a column a class, of two classes too."""
    return values if values.ndim == 2 else np.stack([-values, values], axis=1) / 2


def validated(
    classifier: BaseEstimator, X: ArrayLike, y: ArrayLike, dtype: Any
) -> tuple[NDArray[np.floating], NDArray[Any]]:
    """Return vectors and labels that scikit-learn has checked for a classifier that is fitted.

    Raises
    ------
    AdanError
        If a label is missing, or a parameter of the classifier makes no sense.
    """
    check_parameters(classifier)
    check_choices(classifier)
    check_labels(y, "y")
    return validate_data(classifier, X, y, dtype=dtype)


def encoded(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the classes, sorted, and the code of each label.

    Raises
    ------
    AdanError
        If there is one class only.
    """
    check_classes(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise AdanError(f"y holds 1 class only ('{classes[0]}'): give two at least")
    return classes, codes
