"""Run a study in a folder: compute what is missing of it, keep what is done, note what failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from adan._interrupts import check_interrupts
from adan._progress import progress_bar
from adan.errors import AdanError
from adan.experiments.executors import executor
from adan.experiments.journal import logged
from adan.experiments.provenance import settings_of
from adan.experiments.sources import Source
from adan.experiments.specification import Specification
from adan.experiments.store import Cell, Store, writing
from adan.experiments.study import Data, Result
from adan.experiments.tasks import Place, Task, data_of, tasks_of
from adan.experiments.trackers import Tracker

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)


def run(
    specification: Specification,
    sources: Sequence[Source],
    folder: Path,
    *,
    about: Mapping[str, Any] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    trackers: Sequence[Tracker] = (),
    after: Callable[[pd.DataFrame], object] | None = None,
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
    after : callable, optional
        Is shown the predictions of all cells that are done, whatever ends the run; not if the
        folder is refused.
    progress : bool, default=False
        Show progress bars on standard error.

    Raises
    ------
    AdanError
        If the folder holds another study or cannot be written, or cells failed.
    """
    data = data_of(specification, sources)
    store = Store(folder)
    with writing(folder):
        notes = [*(about or {}).get("notes", []), *(n for s in sources for n in s.notes)]
        rates = {s.corpus: s.rate for s in sources}
        told = {**(about or {}), "notes": [*dict.fromkeys(notes)], "rates": rates}
        store.claim({**told, **settings_of(specification, data)})
        if known := [s.traits.assign(corpus=s.corpus) for s in sources if s.traits is not None]:
            store.keep(pd.concat(known).drop_duplicates(["corpus", "utterance", "trait"]))
        with logged(folder):
            try:
                failed = _run(store, specification, data, workers, scheduler, trackers, progress)
            finally:
                if store.merge() and after is not None:
                    after(pd.read_parquet(folder / "predictions.parquet"))
    if failed:
        cell, reason = next(iter(failed.items()))
        raise AdanError(
            f"{len(failed)} cells failed and the others are done; the first to fail is {cell}: "
            f"{reason}; 'adan study status {folder}' lists all, and another run tries them again"
        )


def _run(
    store: Store,
    specification: Specification,
    data: Mapping[Place, Data],
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
    waiting = [*tasks_of(specification, data, status.left)]
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
        executor(data, workers, scheduler, progress) as compute,
    ):
        while waiting:
            busy: list[Task] = []
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
                    check_interrupts()
                locks.pop(task.name).release()
            waiting = busy
            if waiting:
                log.info("waiting for %d tasks of other runs in this folder", len(waiting))
                time.sleep(1)
    return failed


def _free(
    store: Store,
    tasks: Iterable[Task],
    busy: list[Task],
    locks: dict[str, BaseFileLock],
    bar: Any,
) -> Iterator[Task]:
    """Yield what is left of each task, locked; ``busy`` gets the tasks that another run has."""
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


def _named(result: Result, cell: Cell) -> Result:
    """Return the tables of a cell with the columns that tell it from others."""
    names = {"corpus": cell.corpus, "features": cell.features, "subset": cell.subset}
    return Result(**{table: frame.assign(**names) for table, frame in vars(result).items()})
