"""One thread a worker, so that no number depends on how many cores there are.

A matrix product that is split between threads along the axis it sums over rounds otherwise than on
one thread (Intel's MKL does so). So everything that computes runs on one thread, and cores are used
by workers that compute side by side.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

_lock = Lock()
_running = 0
_limits: threadpool_limits
_cores = 1


@contextmanager
def one_thread_each() -> Iterator[int]:
    """Compute on one thread; gives the number of workers that leaves room for.

    It may be entered again inside, where there is room for one worker, and from several threads at
    a time. It is a decorator, too.
    """
    global _running, _limits, _cores
    torch = sys.modules.get("torch")
    with _lock:
        free = torch.get_num_threads() if torch and not _running else 1
        if not _running:
            _limits, _cores = threadpool_limits(1), free
        _running += 1
        if torch:
            torch.set_num_threads(1)
    try:
        yield free
    finally:
        with _lock:
            _running -= 1
            if not _running:
                _limits.restore_original_limits()
                if torch:
                    torch.set_num_threads(_cores)
