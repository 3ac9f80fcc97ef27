"""Training on real vectors with synthetic ones behind them, many classifiers at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

SETS_BYTES = 2**31
"""Training sets of the classifiers that are trained at once; see `parts`."""

Task = tuple[Any, Any, NDArray[np.floating], NDArray[Any], int | None]
"""A key to know the classifier by, the classifier, vectors, labels, how many vectors are real."""


def fitted(tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
    """Fit classifiers and yield each with its key.

    Training sets are asked for one after the other. Classifiers with a ``prepared`` keep what that
    makes of theirs, are fitted together at the end by their ``fit_prepared``, and come last. A
    classifier whose ``fit`` asks for ``n_real`` is told how many vectors are real.
    """
    waiting: dict[type, list[tuple[Any, Any]]] = {}
    for key, classifier, X, y, n_real in tasks:
        if hasattr(classifier, "prepared"):
            prepared = classifier.prepared(X, y, n_real)
            waiting.setdefault(type(classifier), []).append((key, prepared))
        else:
            asked = {"n_real": n_real} if has_fit_parameter(classifier, "n_real") else {}
            yield key, classifier.fit(X, y, **asked)
    for kind, sets in waiting.items():
        kind.fit_prepared([prepared for _, prepared in sets])  # type: ignore[attr-defined]
        yield from ((key, prepared.classifier) for key, prepared in sets)


def parts(n_sets: int, set_bytes: int, workers: int) -> list[slice]:
    """Cut training sets, each of so many bytes at the most, into what a worker takes at a time.

    A part for each worker, or more where memory asks for it: sets of networks that train together
    are held at once, as they are and filled up to a stack.
    """
    together = max(1, SETS_BYTES // max(1, 2 * workers * set_bytes))
    n = max(min(workers, n_sets), -(-n_sets // together))
    ends = [n_sets * i // n for i in range(n + 1)]
    return [slice(*part) for part in itertools.pairwise(ends)]
