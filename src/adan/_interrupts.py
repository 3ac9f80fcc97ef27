"""Ctrl-C that no library swallows.

Where numpy looks for an attribute it drops any error that comes up meanwhile. So now and then a
KeyboardInterrupt vanishes (two of 350 in a small study), and the program goes on as if nobody had
pressed a key. Here it is noted, too, and what works for long asks between two steps.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

_pressed = False


@contextmanager
def noting_interrupts() -> Iterator[None]:
    """Note each Ctrl-C inside; only the main thread can, and elsewhere nothing changes."""
    global _pressed
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _pressed = False


def check_interrupts() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was pressed inside `noting_interrupts`."""
    if _pressed:
        raise KeyboardInterrupt


def _note(*_: Any) -> None:
    global _pressed
    _pressed = True
    raise KeyboardInterrupt
