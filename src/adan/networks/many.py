"""One contract for estimators that are fitted many at a time, whatever they are.

`fit_many` takes estimators of any kind, each with its training set. Those that are `Stackable` are
trained together as one stack where their settings allow it, and come out as they would alone; all
others are fitted one after the other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from numpy.typing import ArrayLike
from sklearn.utils.validation import has_fit_parameter


class Task(NamedTuple):
    """An estimator to fit.

    Attributes
    ----------
    key : object
        What to know it by.
    estimator : object
        With ``fit(X, y)``, which may take ``n_real`` too.
    X, y : array-like of shape (n, d), or Sequences, and (n,)
        Its training set.
    n_real : int or None
        How many rows, from the first, are real; None if nobody knows.
    """

    key: Any
    estimator: Any
    X: Any
    y: ArrayLike
    n_real: int | None = None


@dataclass(eq=False)
class Job:
    """A `Stackable` estimator that is ready to be trained.

    Attributes
    ----------
    estimator : Stackable
        What is trained.
    data : object
        What it made of its training set.
    stack : hashable
        Jobs of one class that have this in common are trained together.
    """

    estimator: Any
    data: Any
    stack: Hashable


class Stackable:
    """Mixin of estimators that train together."""

    @abstractmethod
    def _prepare(self, X: Any, y: ArrayLike, n_real: int | None) -> Job:
        """Check a training set and keep what training needs of it: often far less."""

    @classmethod
    @abstractmethod
    def _fit_stack(cls, jobs: Sequence[Job], progress: bool) -> None:
        """Train the estimators of jobs with the same ``stack``."""

    def _fit_alone(self, X: Any, y: ArrayLike, n_real: int | None = None) -> Self:
        self._fit_stack([self._prepare(X, y, n_real)], progress=False)
        return self


def fit_many(tasks: Iterable[Task], *, progress: bool = False) -> Iterator[tuple[Any, Any]]:
    """Fit estimators and yield each with its key.

    Tasks are taken one after the other, so that their training sets need not be held together;
    estimators that train together come last.
    """
    stacks: dict[Hashable, list[tuple[Any, Job]]] = {}
    for task in tasks:
        if isinstance(task.estimator, Stackable):
            job = task.estimator._prepare(task.X, task.y, task.n_real)
            stacks.setdefault((type(task.estimator), job.stack), []).append((task.key, job))
        else:
            known = {"n_real": task.n_real} if has_fit_parameter(task.estimator, "n_real") else {}
            yield task.key, task.estimator.fit(task.X, task.y, **known)
    for (kind, _), stack in stacks.items():  # type: ignore[misc]
        kind._fit_stack([job for _, job in stack], progress)  # type: ignore[has-type]
        yield from ((key, job.estimator) for key, job in stack)
