"""Table I end to end, one seed, as `adan reproduce table1` runs it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adan.reports import reproduce
from benchmarks.common import main, peak_memory_bytes, seconds


def measure():
    with tempfile.TemporaryDirectory() as folder:
        quick = seconds(lambda: reproduce.table("table1", Path(folder) / "quick", quick=True))
        whole = seconds(lambda: reproduce.table("table1", Path(folder) / "whole", progress=True))
    return {
        "quick_seconds": quick,
        "one_seed_seconds": whole,
        "peak_memory_bytes": peak_memory_bytes(),
    }


if __name__ == "__main__":
    main("table1", measure)
