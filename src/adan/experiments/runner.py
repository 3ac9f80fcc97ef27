"""Run a study in a folder: what is missing of it, on this machine or on a cluster."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import Parallel, cpu_count, delayed, parallel_config

import adan
from adan import _cluster
from adan._progress import progress_bar
from adan.errors import AdanError
from adan.experiments.sources import Source, digest
from adan.experiments.specification import Specification
from adan.experiments.store import Cell, Store, writing
from adan.experiments.study import Data, Folds, Result, Study, parameters_of, results, sharing
from adan.experiments.trackers import Tracker

if TYPE_CHECKING:
    from filelock import BaseFileLock

CODE = (
    "networks",
    "synthesis",
    "classifiers",
    "folds.py",
    "evaluation/normalisation.py",
    "evaluation/scaling.py",
    "evaluation/quality.py",
    "experiments/study.py",
    "experiments/quality.py",
)
"""What determines the numbers, under ``src/adan``."""
PACKAGES = ("imbalanced-learn", "numpy", "scikit-learn", "scipy", "torch")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of one method of a stack.

    Attributes
    ----------
    method : str
        Its name.
    result : Result or None
        None if it failed.
    seconds : float
        How long it took, the fit with the first method of a stack.
    reason, trace : str
        Why it failed, in a line and in full.
    """

    method: str
    result: Result | None
    seconds: float
    reason: str = ""
    trace: str = ""


@dataclass(frozen=True)
class _Task:
    """Cells that are computed together, since their methods share a synthesizer."""

    name: str
    study: Study
    source: tuple[str, str, str]
    seed: int
    cells: dict[str, Cell]

    def only(self, cells: Iterable[Cell]) -> _Task:
        """Return the task of some of its cells."""
        left = {cell.method: cell for cell in cells}
        methods = {name: self.study.methods[name] for name in left}
        return replace(self, study=replace(self.study, methods=methods), cells=left)


def run(
    specification: Specification,
    sources: Sequence[Source],
    folder: Path,
    *,
    about: Mapping[str, Any] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    trackers: Sequence[Tracker] = (),
    progress: bool = False,
) -> None:
    """Run what is missing of a study in its folder.

    Every cell lands when it is done; what fails is noted and the others go on. The folder's layout
    is told in `adan.experiments.store`. Several runs may share a folder.

    Parameters
    ----------
    specification : Specification
        The study; one that is in the folder already may have grown.
    sources : sequence of Source
        Its data: see `adan.experiments.sources.load`.
    folder : Path
        Made if it is missing.
    about : mapping, optional
        What ``settings.json`` shall tell readers besides: ``command``, ``title`` ...
    workers : int, default=1
        Processes on this machine, which share its cores.
    scheduler : str, default=None
        Address of a Dask scheduler whose workers compute instead.
    trackers : sequence of callable, default=()
        Are shown each cell that lands.
    progress : bool, default=False
        Show progress bars on standard error.

    Raises
    ------
    AdanError
        If the folder holds another study or cannot be written, or cells failed.
    """
    data = _parts(specification, sources)
    store = Store(folder)
    with writing(folder):
        store.claim({**(about or {}), **_settings(specification, data)})
        with _logged(folder):
            try:
                failed = _run(store, specification, data, workers, scheduler, trackers, progress)
            finally:
                store.merge()
    if failed:
        cell, reason = next(iter(failed.items()))
        raise AdanError(
            f"{len(failed)} cells failed, the first of them {cell}: {reason}; the others are done, "
            f"'adan study status {folder}' lists them, and run again tries them again"
        )


def _parts(
    specification: Specification, sources: Sequence[Source]
) -> dict[tuple[str, str, str], Data]:
    """Return the data of a study by corpus, features and part, checked against its methods."""
    data: dict[tuple[str, str, str], Data] = {}
    for source in sources:
        for part, rows in source.parts(specification.parts):
            name = (source.corpus, source.features, part)
            if name in data:
                raise AdanError(f"two corpora are named {source.corpus}: rename a table or folder")
            data[name] = rows
    for method, choice in specification.methods.items():
        for (corpus, _, _), rows in data.items():
            if unknown := set(choice.more) - set(rows.y.tolist()):
                raise AdanError(
                    f"methods.{method}.more: {corpus} has no class {min(unknown)!r}; it has "
                    f"{', '.join(np.unique(rows.y))}"
                )
    return data


def _settings(
    specification: Specification, data: Mapping[tuple[str, str, str], Data]
) -> dict[str, Any]:
    study = specification.study(specification.normalisations[0])
    return {
        "settings": {
            "study": specification.model_dump(),
            "methods": {
                name: vars(method) | {"synthesizer": parameters_of(method.synthesizer)}
                for name, method in study.methods.items()
            },
            "classifiers": {name: parameters_of(c) for name, c in study.classifiers.items()},
        },
        "data": [
            {
                "corpus": corpus,
                "features": features,
                "part": part,
                "utterances": len(rows.y),
                "sha256": digest(rows),
            }
            for (corpus, features, part), rows in data.items()
        ],
        "code": code_version(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, of adan and of what it computes with."""
    return {"python": platform.python_version()} | {p: version(p) for p in ("adan", *PACKAGES)}


@cache
def code_version() -> str:
    """Return the SHA-256 of the code that determines the numbers, and of its packages' versions."""
    sha = hashlib.sha256(str(versions()).encode())
    root = Path(adan.__file__).parent
    for place in CODE:
        for file in sorted((root / place).rglob("*.py")) or [root / place]:
            sha.update(file.read_bytes())
    return sha.hexdigest()


def _tasks(
    specification: Specification,
    data: Mapping[tuple[str, str, str], Data],
    cells: Iterable[Cell],
) -> Iterator[_Task]:
    """Cut a study into tasks; those with the same folds follow one another."""
    left = {(c.corpus, c.features, c.part, c.normalisation, c.seed, c.method): c for c in cells}
    for source in data:
        for normalisation in specification.normalisations:
            cut = sharing(specification.study(normalisation))
            for seed in range(specification.seeds):
                for stack in cut:
                    known = (left.get((*source, normalisation, seed, m)) for m in stack.methods)
                    if found := {cell.method: cell for cell in known if cell}:
                        first = next(iter(stack.methods.values()))
                        settings = parameters_of(first.synthesizer)
                        words = str((*source, normalisation, seed, settings))
                        name = hashlib.sha256(words.encode()).hexdigest()[:16]
                        yield _Task(name, stack, source, seed, found).only(found.values())


def _run(
    store: Store,
    specification: Specification,
    data: Mapping[tuple[str, str, str], Data],
    workers: int,
    scheduler: str | None,
    trackers: Sequence[Tracker],
    progress: bool,
) -> dict[Cell, str]:
    """Compute all cells that are not done and return those that failed, and why."""
    status = store.status()
    for file, problem in status.problems.items():
        log.warning("%s: %s", store.folder / file, problem)
    log.info("%d cells are done and %d left", len(status.done), len(status.left))
    waiting = [*_tasks(specification, data, status.left)]
    failed: dict[Cell, str] = {}
    locks: dict[str, BaseFileLock] = {}
    n_done = len(status.done)
    with (
        progress_bar(
            total=n_done + len(status.left),
            initial=n_done,
            desc="study",
            unit="cell",
            disable=not progress,
        ) as bar,
        _computing(data, workers, scheduler, progress) as compute,
    ):
        while waiting:
            busy: list[_Task] = []
            for task, outcomes in compute(_free(store, waiting, busy, locks, bar)):
                for outcome in outcomes:
                    cell = task.cells[outcome.method]
                    if outcome.result is None:
                        failed[cell] = outcome.reason
                        store.fail(cell, outcome.reason)
                        log.error("failed: %s: %s\n%s", cell, outcome.reason, outcome.trace)
                    else:
                        result = _named(outcome.result, cell)
                        store.land(cell, vars(result), outcome.seconds)
                        log.info("done in %.1f s: %s", outcome.seconds, cell)
                        for tracker in trackers:
                            tracker(cell, result)
                    bar.update()
                locks.pop(task.name).release()
            waiting = busy
            if waiting:
                log.info("waiting for %d tasks of other runs in this folder", len(waiting))
                time.sleep(1)
    return failed


def _free(
    store: Store,
    tasks: Iterable[_Task],
    busy: list[_Task],
    locks: dict[str, BaseFileLock],
    bar: Any,
) -> Iterator[_Task]:
    """Yield what is left of each task, locked; those that another run has go to ``busy``."""
    from filelock import Timeout

    for task in tasks:
        lock = store.lock(task.name)
        try:
            lock.acquire()
        except Timeout:
            busy.append(task)
            continue
        left = [cell for cell in task.cells.values() if not store.look(cell)[0]]
        bar.update(len(task.cells) - len(left))
        if not left:
            lock.release()
            continue
        for cell in left:
            store.clear(cell)
        locks[task.name] = lock
        yield task.only(left)


Compute = Callable[[Iterable[_Task]], Iterator[tuple[_Task, Iterable[Outcome]]]]


@contextmanager
def _computing(
    data: Mapping[tuple[str, str, str], Data], workers: int, scheduler: str | None, progress: bool
) -> Iterator[Compute]:
    """Yield what computes tasks: this process, several of them, or a cluster."""
    if scheduler:
        with _cluster.connected(scheduler) as client:
            yield partial(_on_cluster, client, data)
    elif workers > 1:
        yield partial(_in_processes, workers, data)
    else:
        yield partial(_here, data, progress)


def _here(
    data: Mapping[tuple[str, str, str], Data], progress: bool, tasks: Iterable[_Task]
) -> Iterator[tuple[_Task, Iterable[Outcome]]]:
    """Compute in this process; tasks with the same folds follow one another and share them."""
    folds = None
    for task in tasks:
        rows, normalisation = data[task.source], task.study.normalisation
        if folds is None or folds.data is not rows or folds.normalisation != normalisation:
            folds = Folds(rows, normalisation)
        yield task, _outcomes(task.study, folds, task.seed, progress)


def _in_processes(
    workers: int, data: Mapping[tuple[str, str, str], Data], tasks: Iterable[_Task]
) -> Iterator[tuple[_Task, list[Outcome]]]:
    """Compute in processes; workers times threads are the cores."""
    calls = (delayed(_whole)(data[task.source], task, code_version()) for task in tasks)
    try:
        with parallel_config("loky", inner_max_num_threads=max(1, cpu_count() // workers)):
            parallel = Parallel(workers, return_as="generator_unordered", pre_dispatch=workers)
            yield from parallel(calls)
    except BrokenExecutor as error:
        raise AdanError(
            "a worker process died (killed, perhaps out of memory): what was finished is kept; run "
            "again, with fewer --workers"
        ) from error


def _on_cluster(
    client: Any, data: Mapping[tuple[str, str, str], Data], tasks: Iterable[_Task]
) -> Iterator[tuple[_Task, list[Outcome]]]:
    """Compute on the workers of a cluster, which get each part of the data once."""
    calls = ((task, data[task.source], (task, code_version())) for task in tasks)
    for task, value in _cluster.unordered(client, _whole, calls):
        if isinstance(value, Exception):
            reason = f"the workers that computed it died ({type(value).__name__}): out of memory?"
            yield task, [Outcome(method, None, 0.0, reason) for method in task.cells]
        else:
            yield value


_ONE_AT_A_TIME = Lock()
"""A stack uses all threads of its process, so a worker with several does one after the other."""


def _whole(data: Data, task: _Task, code: str) -> tuple[_Task, list[Outcome]]:
    """Compute a task in another process, which must have the same code."""
    if code != code_version():
        raise AdanError(
            f"the worker on {platform.node()} has another version of adan or of its packages: "
            "install the same everywhere"
        )
    with _ONE_AT_A_TIME:
        folds = Folds(data, task.study.normalisation)
        return task, [*_outcomes(task.study, folds, task.seed, progress=False)]


def _outcomes(stack: Study, folds: Folds, seed: int, progress: bool) -> Iterator[Outcome]:
    """Compute a stack; if it fails, its methods one by one, to find those that do."""
    left = dict(stack.methods)
    began = time.perf_counter()
    try:
        for name, result in results(stack, folds, seed, progress=progress):
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
                one = replace(stack, methods={name: method})
                yield from _outcomes(one, folds, seed, progress)


def _named(result: Result, cell: Cell) -> Result:
    """Return the tables of a cell with the columns that tell it from others."""
    names = {"corpus": cell.corpus, "features": cell.features, "part": cell.part}
    return Result(**{table: frame.assign(**names) for table, frame in vars(result).items()})


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """Write what happens to a log file of its own; a full disk stops the log, not the run."""
    logger = logging.getLogger("adan")
    path = folder / "logs" / f"{time.strftime('%Y-%m-%dT%H-%M-%S')}-{os.getpid()}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.handleError = lambda record: None  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    except BaseException as error:
        logger.error("stopped: %s: %s", type(error).__name__, error)
        raise
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        handler.close()
