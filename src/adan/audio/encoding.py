"""Writing audio: the one place that does."""

from __future__ import annotations

import wave
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray


def write_wav(file: str | BinaryIO, signal: NDArray[np.float32], rate: int) -> None:
    """Write a signal as a WAV file of 16 bits.

    Parameters
    ----------
    file : str or binary file
        Where to.
    signal : ndarray of shape (n_samples,), float32
        One channel in [-1, 1).
    rate : int
        Sampling rate in Hz.
    """
    with wave.open(file, "wb") as opened:
        opened.setparams((1, 2, rate, 0, "NONE", ""))
        opened.writeframes((signal * 2**15).astype("<i2").tobytes())
