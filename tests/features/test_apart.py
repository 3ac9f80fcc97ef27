"""openSMILE may raise, crash or be killed: that costs one signal, and the next has its vector."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from adan.audio.decoding import BadAudio
from adan.features import FeatureSet, apart
from adan.features.functionals import functionals

pytestmark = pytest.mark.usefixtures("audio_extra")

GEMAPS = FeatureSet.named("eGeMAPSv02")


@pytest.mark.parametrize("rate", [1, 1_000_000_000])
def test_a_signal_that_ends_it_costs_itself_alone(make_signal, rate):
    expected = functionals(make_signal(), 16000, GEMAPS)

    def vector(rate):
        try:
            return functionals(make_signal(), rate, GEMAPS)
        except BadAudio as bad:
            return str(bad)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(vector, [16000, rate, 16000]))
    assert all(np.array_equal(one, expected) for one in done[::2])
    assert done[1].startswith("openSMILE")


def test_a_process_that_was_killed_while_it_waited_is_replaced(make_signal):
    expected = functionals(make_signal(), 16000, GEMAPS)
    os.kill(apart._idle[-1]._process.pid, signal.SIGKILL)
    np.testing.assert_array_equal(functionals(make_signal(), 16000, GEMAPS), expected)


def test_one_is_kept_and_all_end_with_the_program(make_audio):
    program = f"""
from adan.features import apart, extract
extract([{make_audio()!r}, {make_audio("b.flac")!r}], "IS09", n_jobs=2, progress=False)
print(len(apart._idle), apart._idle[0]._process.pid)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    kept, pid = map(int, done.stdout.split())
    assert kept == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("n_signals", "n"), [(0, 1), (11, 1), (12, 2), (500, 2)])
def test_few_signals_are_not_worth_a_second_process(monkeypatch, n_signals, n):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert apart.threads(n_signals) == n
