"""Where tasks are computed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WORKER = """
import os, time
from adan.experiments.executors import end_with
end_with(os.getppid())
print(os.getpid(), flush=True)
time.sleep(120)
"""
PARENT = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {WORKER!r}])
time.sleep(120)
"""


def test_workers_end_with_the_process_that_takes_their_results():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until = time.monotonic() + 60
    while _is_running(worker):
        assert time.monotonic() < until
        time.sleep(0.1)


def _is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # where nobody collects orphans they stay, as zombies
    return not stat.exists() or stat.read_text().split()[2] != "Z"
