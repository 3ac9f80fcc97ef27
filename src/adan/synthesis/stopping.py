"""When training ends before its last epoch, seen on the training vectors alone.

A rule is told a network's measures of every epoch so far, the columns of ``history_``, and says
whether it shall stop. Networks of a stack are asked each for itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adan.errors import AdanError
from adan.networks.loop import History
from adan.synthesis.health import BALANCE

Rule = Callable[[History], bool]

WARM_UP = 200
"""Epochs that do not count."""
TOLERANCE = 0.01
"""Largest distance of the mean of D from a half in a balanced epoch."""
TIMES = 4
"""Balanced epochs that are needed ..."""
AMONG = 10
"""... among so many in succession. The authors' scripts want "some four in close succession"."""


def balanced(history: History) -> bool:
    """Tell whether D has been undecided often enough lately: the rule of the authors' scripts.

    An epoch is balanced if the mean of D over real latents and that over synthetic ones both lie
    within 0.01 of 0.5. Training stops once four of the last ten epochs were balanced; the first 200
    do not count.
    """
    curves = [history[name][WARM_UP:][-AMONG:] for name in BALANCE if name in history]
    if len(curves) < len(BALANCE):
        return False
    undecided = np.all([np.abs(curve - 0.5) <= TOLERANCE for curve in curves], axis=0)
    return int(undecided.sum()) >= TIMES


RULES: dict[str, Rule] = {"balance": balanced}


def rule(name: str | None) -> Rule | None:
    """Return the rule of that name; None where there is none to follow."""
    if name is not None and name not in RULES:
        raise AdanError(f"no stop rule '{name}'; choose one of {', '.join(RULES)}")
    return None if name is None else RULES[name]
