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
    """Note each Ctrl-C inside, where Python would raise KeyboardInterrupt and nothing else.

    A program that runs behind a shell's script may ignore Ctrl-C, and one that calls `adan` may
    handle it otherwise: that stays as it is.
    """
    global _pressed
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or current_thread() is not main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _pressed = False


def check_interrupts() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was pressed inside `noting_interrupts`."""
    if _pressed:
        raise KeyboardInterrupt


def _note(*_: Any) -> None:
    global _pressed
    _pressed = True
    raise KeyboardInterrupt
