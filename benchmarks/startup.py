"""How long the command line takes to say something."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.common import main, median_seconds


def measure():
    def call(*arguments):
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    return {
        "help_seconds": median_seconds(lambda: call("-m", "adan", "--help")),
        "version_seconds": median_seconds(lambda: call("-m", "adan", "--version")),
        "import_adan_seconds": median_seconds(lambda: call("-c", "import adan")),
        "import_ADAN_seconds": median_seconds(lambda: call("-c", "from adan import ADAN")),
        "load_emodb_seconds": median_seconds(
            lambda: call("-c", "from adan import load_emodb; load_emodb()")
        ),
    }


if __name__ == "__main__":
    main("startup", measure)
