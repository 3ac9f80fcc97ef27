"""Work on a Dask cluster: many small tasks, in any order, workers that die replaced by others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from adan._extras import require
from adan.errors import AdanError

ATTEMPTS = 5
"""How often data are sent again after all workers that held them have died."""

BATCH = 8
"""Small items that one task has."""

PATIENCE = 5
"""Seconds that a scheduler has to answer."""

log = logging.getLogger(__name__)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield a `distributed.Client` of the scheduler at ``address``, such as tcp://host:8786.

    Raises
    ------
    AdanError
        If distributed is not installed, or no scheduler answers.
    """
    require("distributed", "distributed")
    from distributed import Client

    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise AdanError(
            f"no Dask scheduler answers at {address}: start one with 'dask scheduler', or correct "
            "--scheduler"
        ) from error
    with client:
        log.info("waiting for a worker of %s", address)
        client.wait_for_workers(1)
        yield client


def unordered(
    client: Any, function: Callable[..., Any], tasks: Iterable[tuple[Any, Any, tuple[Any, ...]]]
) -> Iterator[tuple[Any, Any]]:
    """Compute ``function(shared, *arguments)`` of many tasks, a few a worker at a time.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    function : callable
        Returns a value; what it raises is raised here.
    tasks : iterable of (name, shared, arguments)
        Taken one by one as workers become free. ``shared`` is sent to the workers once, however
        many tasks have it.

    Yields
    ------
    name : object
        Of a task, in the order in which they end.
    value : object
        What the function returned, or the exception that tells that the workers died on it.
    """
    from distributed import as_completed
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    waiting = iter(tasks)
    sent: dict[int, Any] = {}
    running: dict[str, tuple[Any, Any, tuple[Any, ...], int]] = {}
    completed = as_completed(loop=client.loop)

    def submit(name: Any, shared: Any, arguments: tuple[Any, ...], attempt: int) -> None:
        if id(shared) not in sent:
            sent[id(shared)] = client.scatter(shared, broadcast=True, hash=False)
        future = client.submit(function, sent[id(shared)], *arguments, pure=False)
        running[future.key] = (name, shared, arguments, attempt)
        completed.add(future)

    def fill() -> None:
        room = 2 * max(1, sum(client.nthreads().values())) - len(running)
        for _, task in zip(range(room), waiting, strict=False):
            submit(*task, 1)

    fill()
    for future in completed:
        name, shared, arguments, attempt = running.pop(future.key)
        try:
            yield name, future.result()
        except FutureCancelledError as error:
            if attempt == ATTEMPTS:
                yield name, error
            else:
                log.warning("all workers that held the data of a task died; sending them again")
                if sent[id(shared)].cancelled():
                    del sent[id(shared)]
                submit(name, shared, arguments, attempt + 1)
        except KilledWorker as error:
            yield name, error
        fill()


def ordered(client: Any, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
    """Yield ``function`` of each item in their order, computed by a cluster in batches.

    Raises
    ------
    AdanError
        If workers died on a batch again and again.
    """
    batches = {n: items[n : n + BATCH] for n in range(0, len(items), BATCH)}
    tasks = ((n, function, (batch,)) for n, batch in batches.items())
    ready: dict[int, list[Any]] = {}
    following = iter(batches)
    n = next(following, None)
    for name, values in unordered(client, _all_of, tasks):
        if isinstance(values, Exception):
            raise AdanError(
                f"the workers died on {batches[name]}, perhaps out of memory: "
                "run fewer on each machine"
            )
        ready[name] = values
        while n in ready:
            yield from ready.pop(n)
            n = next(following, None)


def _all_of(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return [function(item) for item in items]
