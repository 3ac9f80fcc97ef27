"""Computing tasks: in this process, in several on this machine, or on a cluster."""

from __future__ import annotations

import os
import platform
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from threading import Lock, Thread
from typing import Any

from joblib import Parallel, cpu_count, delayed, parallel_config

from adan import _cluster
from adan.errors import AdanError
from adan.experiments.provenance import code_version
from adan.experiments.study import Data, Folds, Result, Study, results
from adan.experiments.tasks import Place, Task


@dataclass(frozen=True)
class Outcome:
    """What came of one method of a task.

    Attributes
    ----------
    method : str
        Its name.
    result : Result or None
        None if it failed.
    seconds : float
        How long it took, the fit with the first method of a task.
    reason, trace : str
        Why it failed, in a line and in full.
    """

    method: str
    result: Result | None
    seconds: float
    reason: str = ""
    trace: str = ""


Compute = Callable[[Iterable[Task]], Iterator[tuple[Task, Iterable[Outcome]]]]


@contextmanager
def executor(
    data: Mapping[Place, Data], workers: int, scheduler: str | None, progress: bool
) -> Iterator[Compute]:
    """Yield what computes tasks: this process, several of them (a core each), or a cluster."""
    workers = min(workers, cpu_count())
    if scheduler:
        with _cluster.connected(scheduler) as client:
            yield partial(_on_cluster, client, data)
    elif workers > 1:
        yield partial(_in_processes, workers, data)
    else:
        yield partial(_here, data, progress)


def _here(
    data: Mapping[Place, Data], progress: bool, tasks: Iterable[Task]
) -> Iterator[tuple[Task, Iterable[Outcome]]]:
    """Compute in this process; tasks with the same folds follow one another and share them."""
    folds = None
    for task in tasks:
        rows, normalisation = data[task.place], task.study.normalisation
        if folds is None or folds.data is not rows or folds.normalisation != normalisation:
            folds = Folds(rows, normalisation)
        yield task, _outcomes(task.study, folds, task.seed, progress)


def _in_processes(
    workers: int, data: Mapping[Place, Data], tasks: Iterable[Task]
) -> Iterator[tuple[Task, list[Outcome]]]:
    """Compute in processes; workers times threads are the cores."""
    of_parent = partial(_of_parent, os.getpid())
    calls = (delayed(of_parent)(data[task.place], task, code_version()) for task in tasks)
    try:
        with parallel_config("loky", inner_max_num_threads=max(1, cpu_count() // workers)):
            parallel = Parallel(workers, return_as="generator_unordered", pre_dispatch=workers)
            yield from parallel(calls)
    except BrokenExecutor as error:
        raise AdanError(
            "a worker process died (killed, perhaps out of memory): what was finished is kept; run "
            "again, with fewer --workers"
        ) from error


def _of_parent(parent: int, *of_task: Any) -> tuple[Task, list[Outcome]]:
    """Compute a task for the process ``parent``."""
    end_with(parent)
    return _whole(*of_task)


@cache
def end_with(parent: int) -> None:
    """End this process when its parent has ended: nobody would take what it computes."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _on_cluster(
    client: Any, data: Mapping[Place, Data], tasks: Iterable[Task]
) -> Iterator[tuple[Task, list[Outcome]]]:
    """Compute on the workers of a cluster, which get the data of each place once."""
    calls = ((task, data[task.place], (task, code_version())) for task in tasks)
    for task, value in _cluster.unordered(client, _whole, calls):
        if isinstance(value, Exception):
            reason = f"the workers that computed it died ({type(value).__name__}): out of memory?"
            yield task, [Outcome(method, None, 0.0, reason) for method in task.cells]
        else:
            yield value


_ONE_AT_A_TIME = Lock()
"""A task uses all threads of its process, so a worker with several does one after the other."""


def _whole(data: Data, task: Task, code: str) -> tuple[Task, list[Outcome]]:
    """Compute a task in another process, which must have the same code."""
    if code != code_version():
        raise AdanError(
            f"the worker on {platform.node()} has another version of adan or of its packages: "
            "install the same everywhere"
        )
    with _ONE_AT_A_TIME:
        folds = Folds(data, task.study.normalisation)
        return task, [*_outcomes(task.study, folds, task.seed, progress=False)]


def _outcomes(study: Study, folds: Folds, seed: int, progress: bool) -> Iterator[Outcome]:
    """Compute the methods of a task; if it fails, one by one, to find those that do."""
    left = dict(study.methods)
    began = time.perf_counter()
    try:
        for name, result in results(study, folds, seed, progress=progress):
            del left[name]
            yield Outcome(name, result, time.perf_counter() - began)
            began = time.perf_counter()
    except Exception as error:  # whatever it is, the other cells go on
        if len(left) == 1:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            seconds = time.perf_counter() - began
            yield Outcome(next(iter(left)), None, seconds, reason, traceback.format_exc())
        else:
            for name, method in left.items():
                one = replace(study, methods={name: method})
                yield from _outcomes(one, folds, seed, progress)
