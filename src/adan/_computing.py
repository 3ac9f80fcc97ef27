"""Where numbers are computed: on one thread a worker, with torch's own defaults.

A matrix product that is split between threads along the axis it sums over rounds otherwise than on
one thread (Intel's MKL does so). So everything that computes runs on one thread, cores are used by
workers that compute side by side, and no number depends on how many there are. Nor does it depend
on a default type or device, on gradients being off or on autocasting, in the program that calls.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_inside = 0
"""How many are computing now; the first one in notes what to restore, the last one out does."""
_outside = ExitStack()


@lru_cache(maxsize=1)
def _pools(n_modules: int) -> ThreadpoolController:
    """Find the thread pools of the process, which takes milliseconds; an import may bring more."""
    return ThreadpoolController()


@contextmanager
def computing() -> Iterator[int]:
    """Compute on one thread; gives the number of workers that leaves room for.

    It may be entered again inside, where there is room for one worker, and from several threads at
    a time. It serves as a decorator, too.
    """
    global _inside
    torch = sys.modules.get("torch")
    with _lock:
        workers = torch.get_num_threads() if torch and not _inside else 1
        if not _inside:
            pools = _pools(len(sys.modules)).limit(limits=1)
            _outside.callback(pools.restore_original_limits)
            if torch:
                _outside.callback(torch.set_num_threads, workers)
                _outside.callback(torch.set_default_dtype, torch.get_default_dtype())
        _inside += 1
        if torch:
            torch.set_num_threads(1)
            torch.set_default_dtype(torch.float32)
    try:
        with _torchs_own_modes(torch):
            yield workers
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _outside.close()


@contextmanager
def _torchs_own_modes(torch: Any) -> Iterator[None]:
    """Have gradients, and tensors on the CPU whose types stay, in this thread."""
    with ExitStack() as stack:
        if torch:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            for kind in ("cpu", "cuda"):
                stack.enter_context(torch.autocast(kind, enabled=False))
            if torch.get_default_device().type != "cpu":
                stack.enter_context(torch.device("cpu"))
        yield
