"""What each synthesizer costs: one fold of EmoDB's shape, and one of IEMOCAP's."""

from __future__ import annotations

import sys

from adan import synthesizer
from adan.synthesis.registry import BUILT_IN
from benchmarks.common import emodb_like, main, seconds

SHAPES = {"480x4368": (480, 4368, 7), "4400x1582": (4400, 1582, 4)}
FIRST = "gaussian"


def cost(name, shape):
    X, y = emodb_like(*SHAPES[shape])
    took = seconds(lambda: synthesizer(name, random_state=0).fit(X, y).sample(y))
    print(f"{name} on {shape}: {took:.1f} s", file=sys.stderr)
    return took


def measure():
    figures = {}
    for shape in SHAPES:
        costs = {name: cost(name, shape) for name in sorted(BUILT_IN, key=lambda n: n != FIRST)}
        for name, took in costs.items():
            figures[f"{name}_{shape}_seconds"] = took
            figures[f"{name}_{shape}_times_{FIRST}"] = took / costs[FIRST]
    return figures


if __name__ == "__main__":
    main("methods", measure)
