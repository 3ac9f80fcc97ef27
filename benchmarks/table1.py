"""Table I end to end, with one seed and with ten, as `adan reproduce table1` runs it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from joblib import cpu_count

from adan.reproduction import run as reproduce
from benchmarks.common import main, peak_memory_bytes, seconds


def measure():
    def took(**options):
        with tempfile.TemporaryDirectory() as folder:
            return seconds(lambda: reproduce.table("table1", Path(folder) / "run", **options))

    return {
        "quick_seconds": took(quick=True),
        "one_seed_seconds": took(progress=True),
        "peak_memory_bytes": peak_memory_bytes(),
        "ten_seeds_seconds": took(seeds=10, running={"workers": cpu_count()}, progress=True),
    }


if __name__ == "__main__":
    main("table1", measure)
