"""Table I end to end, as `adan reproduce table1` runs it: a quick look, and one seed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adan.reproduction import run as reproduce
from benchmarks.common import main, peak_memory_bytes, seconds


def measure():
    def took(**options):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            return seconds(lambda: reproduce.table("table1", run, progress=True, **options))

    return {
        "quick_seconds": took(quick=True),
        "one_seed_seconds": took(),
        "peak_memory_bytes": peak_memory_bytes(),
    }


if __name__ == "__main__":
    main("table1", measure)
