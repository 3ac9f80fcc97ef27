"""Threads: workers times threads are the cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def shared_threads(jobs: int) -> Iterator[int]:
    """Share torch's threads out to so many jobs.

    Gives the number of workers that work at a time; each computes on an equal share of threads.
    """
    threads = torch.get_num_threads()
    workers = min(threads, jobs)
    torch.set_num_threads(threads // workers)
    try:
        with threadpool_limits(threads // workers):
            yield workers
    finally:
        torch.set_num_threads(threads)


def one_thread_each() -> AbstractContextManager[int]:
    """Let every worker compute on one thread; gives the number of workers that leaves room for."""
    return shared_threads(torch.get_num_threads())
