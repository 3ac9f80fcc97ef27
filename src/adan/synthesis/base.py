"""The contract every synthesizer keeps: ``fit(X, y)``, then ``sample(counts or labels)``."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from adan._computing import computing
from adan._input import check_classes, check_labels, check_numbers
from adan._parameters import check_parameters
from adan.errors import AdanError
from adan.networks.many import Task, fit_many

Dataset = tuple[ArrayLike, ArrayLike]


class Synthesizer(BaseEstimator, metaclass=ABCMeta):
    """Base of all synthesizers: checks what comes in, and the labels of what goes out.

    A subclass implements ``_fit(X, codes)`` and ``_sample(codes, rng)``. One that can train
    several of its kind at once is an `adan.networks.many.Stackable` besides.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels seen by ``fit``, sorted.
    n_features_in_ : int
        The number of features seen by ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where ``X`` was a data frame with string column names.
    """

    random_state: int | np.random.RandomState | None

    @computing()
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn the distribution of the rows of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Real feature vectors; computed in float32.
        y : array-like of shape (n_samples,)
            Class labels, strings or integers.

        Returns
        -------
        Self
            The fitted synthesizer.

        Raises
        ------
        AdanError
            If ``X`` holds NaN or infinity (the columns are named) or ``y`` only one class.
        """
        self._fit(*self._check(X, y))
        return self

    @computing()
    def sample(
        self,
        counts: Mapping[Any, int] | ArrayLike,
        random_state: int | np.random.RandomState | None = None,
    ) -> tuple[NDArray[np.floating], NDArray[Any]]:
        """Draw synthetic feature vectors.

        Parameters
        ----------
        counts : mapping of label to int, or array-like of labels
            How many vectors of each class, or the class of each vector.
        random_state : int or RandomState, default=None
            Seed of the draw. None is the synthesizer's own ``random_state``, so that the same call
            gives the same vectors.

        Returns
        -------
        X : ndarray of shape (n_synthetic, n_features), of the dtype ``fit`` was given
            The synthetic vectors.
        y : ndarray of shape (n_synthetic,)
            Their labels, in the order asked for.

        Raises
        ------
        AdanError
            If a label is unknown or a count is no whole number from 0 on.
        """
        check_is_fitted(self)
        codes = self._codes(counts)
        rng = check_random_state(self.random_state if random_state is None else random_state)
        return self._sample(codes, rng).astype(self.dtype_, copy=False), self.classes_[codes]

    @abstractmethod
    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[Any]:
        """Return one vector for each class code."""

    @abstractmethod
    def _fit(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> None:
        """Learn from rows (n, d) and their classes (n,) as codes of ``classes_``."""

    def _check(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
        check_parameters(self)
        check_numbers(X)
        check_labels(y, "y")
        dtypes = [np.float64, np.float32]
        rows, labels = validate_data(
            self, X, y, dtype=dtypes, ensure_all_finite=False, ensure_min_samples=2
        )
        check_finite(rows, getattr(self, "feature_names_in_", None))
        check_classes(labels)
        self.dtype_ = rows.dtype
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise AdanError(
                f"y holds 1 class only ('{self.classes_[0]}'): {type(self).__name__} learns what "
                "tells classes apart and needs at least two"
            )
        return rows, codes

    def _codes(self, counts: Mapping[Any, int] | ArrayLike) -> NDArray[np.intp]:
        """Return the class codes that are asked for; labels are compared, never cast."""
        if isinstance(counts, Mapping):
            for label, n in counts.items():
                if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0:
                    raise AdanError(
                        f"the count of {label!r} is {n!r}: give a whole number from 0 on"
                    )
            labels, numbers = list(counts), list(counts.values())
        else:
            labels = np.asarray(counts, dtype=object).ravel().tolist()
            numbers = [1] * len(labels)
        known = {label: code for code, label in enumerate(self.classes_.tolist())}
        unknown = [label for label in labels if label not in known]
        if unknown:
            raise AdanError(
                f"no class '{unknown[0]}' in the training data; there are "
                f"{', '.join(map(str, self.classes_))}"
            )
        return np.repeat(np.array([known[label] for label in labels], dtype=np.intp), numbers)


def fit_all(
    synthesizers: Sequence[Synthesizer], data: Sequence[Dataset], *, progress: bool = False
) -> None:
    """Fit many synthesizers, those that can train together as one stack.

    Parameters
    ----------
    synthesizers : sequence of M Synthesizer
        For instance one for each fold and seed. Networks of the same kind and settings (the
        seed aside) train together; each comes out as it would alone.
    data : sequence of M (X, y)
        The training vectors and labels of each; see `Synthesizer.fit`.
    progress : bool, default=False
        Show a progress bar on standard error.
    """
    tasks = (
        Task(i, synthesizer, X, y)
        for i, (synthesizer, (X, y)) in enumerate(zip(synthesizers, data, strict=True))
    )
    for _ in fit_many(tasks, progress=progress):
        pass


def filling(y: NDArray[Any]) -> NDArray[Any]:
    """Return the labels of the vectors that fill every class up to the largest."""
    classes, counts = np.unique(y, return_counts=True)
    return np.repeat(classes, counts.max() - counts)


def in_turn(places: NDArray[np.intp], n: int, rng: np.random.RandomState) -> NDArray[np.intp]:
    """Draw ``n`` of the places in random order, none again before all the others."""
    rounds = -(-n // len(places))
    return np.concatenate([rng.permutation(places) for _ in range(rounds)])[:n]


def check_finite(X: NDArray[np.floating], names: Sequence[str] | None = None) -> None:
    """Raise `AdanError` naming the columns of ``X`` that hold NaN or infinity."""
    bad = np.flatnonzero(~np.isfinite(X).all(axis=0))
    if len(bad):
        shown = ", ".join(str(i) if names is None else str(names[i]) for i in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise AdanError(
            f"X contains NaN or infinity (inf) in {len(bad)} of {X.shape[1]} columns: "
            f"{shown}{more}; remove these columns or rows, or impute them"
        )
