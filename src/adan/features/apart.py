"""openSMILE in processes of its own: a recording on which it crashes costs itself alone."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adan.audio.decoding import BadAudio

PROGRAM = Path(__file__).with_name("_worker.py")
WORTH_A_PROCESS = 12
"""Signals of a few seconds that take about as long as a process takes to start."""


class _Process:
    """One that computes features of a signal at a time; it ends when nobody can ask any more."""

    def __init__(self) -> None:
        self.has_answered = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def ask(
        self, signal: NDArray[np.float32], rate: int, *what: str
    ) -> tuple[str, NDArray[np.float32]]:
        """Return a problem or frames (n, d); raises OSError or ValueError if it has died."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked
        assert answers
        content = signal.astype("<f4", copy=False).tobytes()
        asked.write(json.dumps([*what, rate, len(content)]).encode() + b"\n" + content)
        asked.flush()
        problem, n_frames, n_bytes = json.loads(answers.readline())
        self.has_answered = True
        values = np.frombuffer(answers.read(n_bytes), "<f4")
        return problem, values.reshape(n_frames, -1 if n_frames else 0)

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()


_idle: list[_Process] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a copy of this process has none


def start() -> None:
    """Have a process ready, since it takes a second to start."""
    if not _idle:
        _idle.append(_Process())


def threads(n_signals: int) -> int:
    """Return how many threads pay for so many signals: each has a process to start."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # a job of a cluster may use some of the cores only
        cores = min(cores, len(os.sched_getaffinity(0)))
    return min(cores, 1 + n_signals // WORTH_A_PROCESS)


@contextmanager
def crew() -> Iterator[None]:
    """Let threads have a process each; of these one is kept for what comes next."""
    try:
        yield
    finally:
        _retire(keep=1)


@atexit.register
def _retire(keep: int = 0) -> None:
    while len(_idle) > keep:
        _idle.pop().end()


def features_of_signal(
    signal: NDArray[np.float32], rate: int, name: str, level: str
) -> NDArray[np.float32]:
    """Compute the vector of a signal, or its frames.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,), float32
        One channel in [-1, 1).
    rate : int
        Sampling rate in Hz.
    name, level : str
        Of the feature set, as openSMILE calls them.

    Returns
    -------
    ndarray of shape (n_frames, d), float32
        Of functionals there is one frame.

    Raises
    ------
    BadAudio
        If openSMILE raises an error, or ends a process of which it is the first signal.
    """
    process = _take()
    try:
        problem, frames = process.ask(signal, rate, name, level)
    except (OSError, ValueError):
        process.end()
        if process.has_answered:  # and may have been killed since then
            return features_of_signal(signal, rate, name, level)
        raise BadAudio("openSMILE crashes on it") from None
    _idle.append(process)
    if problem:
        raise BadAudio(problem)
    return frames


def _take() -> _Process:
    try:
        return _idle.pop()
    except IndexError:
        return _Process()
