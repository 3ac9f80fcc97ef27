"""Threads: workers times threads are the cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread_each() -> Iterator[int]:
    """Let every worker compute on one thread; gives the number of workers that leaves room for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield threads
    finally:
        torch.set_num_threads(threads)
