"""A small piece of what ``tools/hostile.py`` tries."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "tools" / "hostile.py"


@pytest.mark.usefixtures("audio_extra")
def test_whatever_a_file_holds_a_command_ends_in_words():
    few = ["--bundles", "5", "--audio", "3", "--tables", "1"]
    done = subprocess.run([sys.executable, PROGRAM, *few], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "5 bundles",
        "3 audio",
        "1 tables",
    ]
