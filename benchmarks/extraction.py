"""openSMILE on all cores, cold and from the cache; with EmoDB's audio where ADAN_EMODB says."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import soundfile

from adan import extract
from benchmarks.common import main, median_seconds, seconds

EMODB = Path(__file__).parents[2] / "shared" / "emodb"


def measure():
    folder = Path(os.environ.get("ADAN_EMODB", EMODB)) / "wav"
    files = sorted(folder.glob("*.wav"))
    if not files:
        raise SystemExit(f"no audio in {folder}: set ADAN_EMODB to EmoDB's folder")
    duration = sum(soundfile.info(file).duration for file in files)
    with tempfile.TemporaryDirectory() as cache:
        extract(files[:1], "IS11", cache=cache)
        cold = seconds(lambda: extract(files, "IS11", cache=cache, progress=False))
        warm = median_seconds(lambda: extract(files, "IS11", cache=cache, progress=False))
    return {
        "files": len(files),
        "audio_seconds": duration,
        "cold_seconds": cold,
        "times_real_time": duration / cold,
        "warm_seconds": warm,
    }


if __name__ == "__main__":
    main("extraction", measure)
