"""What the benchmarks share: timing, the machine's own peak, made-up data, printing and JSON."""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from adan.errors import SynthesisWarning


def emodb_like(n=481, d=4368, n_classes=7, seed=0):
    """Normal vectors in the shape of EmoDB's IS11 training set, so that no corpus is needed."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)).astype(np.float32), np.arange(n) % n_classes


def fold_sizes(n_folds):
    """The training set sizes of EmoDB's ten folds, again and again."""
    sizes = (486, 477, 492, 497, 480, 500, 474, 466, 479, 464)
    return [sizes[i % 10] for i in range(n_folds)]


def seconds(function: Callable[[], object]) -> float:
    """Wall-clock seconds of one call, the device's work included."""
    synchronise()
    started = time.perf_counter()
    function()
    synchronise()
    return time.perf_counter() - started


def median_seconds(function: Callable[[], object], runs=3) -> float:
    return float(np.median([seconds(function) for _ in range(runs)]))


def synchronise():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def device_name():
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    cpu = getattr(torch.cpu, "get_capabilities", dict)().get("cpu_name", platform.processor())
    return f"{cpu}, {torch.get_num_threads()} threads"


def matmul_peak(dtype):
    """Floating-point operations a second of a plain matrix product, measured here and now."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    n = 8192 if device == "cuda" else 2048
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    a @ b
    return 2 * n**3 / min(seconds(lambda: a @ b) for _ in range(10))


def peak_memory_bytes():
    """Peak memory of the GPU, or of this process where there is none."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def slope(x, y):
    """Exponent of the growth of ``y`` with ``x``: the slope of a line through their logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def main(name: str, measure: Callable[[], dict]) -> None:
    """Run a benchmark: print its figures, and write them with ``--json``."""
    parser = argparse.ArgumentParser(prog=f"benchmarks.{name}")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    warnings.simplefilter("ignore", SynthesisWarning)  # networks trained for an epoch or two
    figures = {"benchmark": name, "device": device_name(), "torch": torch.__version__, **measure()}
    width = max(map(len, figures))
    for key, value in figures.items():
        print(f"{key:<{width}}  {f'{value:,.4g}' if isinstance(value, float) else value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
