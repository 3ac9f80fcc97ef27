"""What people hand over as X, y and groups: gaps and words are told in one line."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from adan.errors import AdanError


def check_labels(labels: Any, name: str) -> None:
    """Raise an `AdanError` if a label is None, NaN or another gap; ``name`` is the argument's."""
    cells = [] if labels is None else np.asarray(labels, dtype=object).ravel().tolist()
    for row, cell in enumerate(cells):
        is_nan = isinstance(cell, float) and isnan(cell)
        if cell is None or is_nan or type(cell).__name__ in ("NAType", "NaTType"):
            raise AdanError(f"{name} is empty ({cell}) in row {row}: fill it in, or drop the row")


def check_classes(labels: Any) -> None:
    """Raise an `AdanError` if labels are no classes but, say, numbers with a fraction."""
    try:
        check_classification_targets(labels)
    except (TypeError, ValueError) as error:
        reason = str(error).split(". ")[0]
        raise AdanError(
            f"y holds no classes ({reason}): give text or whole numbers of one kind"
        ) from error


def check_numbers(X: Any) -> None:
    """Raise an `AdanError` if a column of a data frame holds something else than numbers."""
    if not (hasattr(X, "columns") and hasattr(X, "dtypes")):
        return
    for place, (name, dtype) in enumerate(zip(X.columns, X.dtypes, strict=True)):
        if getattr(dtype, "kind", "f") not in "biufc" and not _are_numbers(X.iloc[:, place]):
            raise AdanError(
                f"X has the column {name!r} of the type {dtype}, and numbers are expected: convert "
                "it, or leave it out"
            )


def _are_numbers(column: Any) -> bool:
    """Tell whether a column of the type object holds numbers."""
    try:
        np.asarray(column, dtype=float)
    except (TypeError, ValueError):
        return False
    return str(column.dtype) == "object"
