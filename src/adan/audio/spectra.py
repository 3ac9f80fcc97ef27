"""Spectra of a signal over time: log-mels, MFCCs, spectrograms and their deltas.

A signal is one channel (n_samples,); what comes out has shape (n_frames, n_features), float32.
Frames are those that lie in the signal as a whole, as in Kaldi with ``snip_edges``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from adan.audio.decoding import too_short

WINDOW, STEP = 0.025, 0.010
"""Seconds of a frame, and between the beginnings of two."""
LOWEST = 20.0
"""Where the mel filters begin, in Hz."""
FLOOR = float(np.finfo(np.float32).eps)
"""The least power whose logarithm is taken."""
BLOCK = 2000
"""Frames whose spectra are in memory at once."""

Frames = NDArray[np.float32]


def log_mels(signal: NDArray[np.floating], rate: int, n_mels: int = 40) -> Frames:
    """Return logarithms of the power in mel bands, of the signal scaled to unit variance.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        One channel; how loud it is makes no difference.
    rate : int
        Sampling rate in Hz; the bands reach from 20 Hz to half of it.
    n_mels : int, default=40
        Number of bands.

    Returns
    -------
    ndarray of shape (n_frames, n_mels), float32
        One frame every 10 ms, each of 25 ms under a Hamming window.

    Raises
    ------
    BadAudio
        If the signal is shorter than a frame.

    References
    ----------
    M. Chen, X. He, J. Yang, H. Zhang, "3-D convolutional recurrent neural networks with attention
    model for speech emotion recognition", IEEE Signal Processing Letters 25(10), 2018.
    """
    n_fft = _power_of_2(rate)
    filters = mel_filters(n_mels, n_fft, rate)
    scaled = (signal - signal.mean()) / signal.std()
    return _log_power(scaled, rate, WINDOW, n_fft, lambda power: power @ filters)


def mfccs(signal: NDArray[np.floating], rate: int, n: int = 13, n_mels: int = 26) -> Frames:
    """Return the first cepstral coefficients of log-mels: see `log_mels`."""
    return dct(log_mels(signal, rate, n_mels), norm="ortho", axis=1)[:, :n]


def spectrogram(
    signal: NDArray[np.floating], rate: int, highest: float = 4000, window: float = 0.040
) -> Frames:
    """Return logarithms of the power in every bin of the Fourier transform, up to ``highest`` Hz.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        One channel.
    rate : int
        Sampling rate in Hz.
    highest : float, default=4000
        Where the spectrum ends, in Hz.
    window : float, default=0.040
        Seconds of a frame; there is one every 10 ms.

    Returns
    -------
    ndarray of shape (n_frames, n_bins), float32

    Raises
    ------
    BadAudio
        If the signal is shorter than a frame.

    References
    ----------
    X. Ma et al., "Emotion recognition from variable-length speech segments using deep learning on
    spectrograms", Interspeech 2018.
    """
    n_bins = 1 + int(highest * window)
    n_fft = round(window * rate)
    return _log_power(signal, rate, window, n_fft, lambda power: power[:, :n_bins])


def deltas(frames: Frames, reach: int = 2) -> Frames:
    """Return the slope of each feature, by regression over ``reach`` frames before and behind.

    The first and the last frame stand for those that are missing at the ends.
    """
    n = len(frames)
    padded = np.pad(frames, ((reach, reach), (0, 0)), mode="edge")
    slopes = np.zeros_like(frames)
    for k in range(1, reach + 1):
        slopes += k * (padded[reach + k : reach + k + n] - padded[reach - k : reach - k + n])
    return slopes / np.float32(2 * sum(k * k for k in range(1, reach + 1)))


@cache
def mel_filters(n_mels: int, n_fft: int, rate: int) -> NDArray[np.float32]:
    """Return triangles of equal width on the mel scale, (1 + n_fft // 2, n_mels), float32."""

    def mel(hertz: NDArray[np.floating] | float) -> NDArray[np.floating]:
        return 1127 * np.log1p(np.asarray(hertz) / 700)

    edges = np.linspace(mel(LOWEST), mel(rate / 2), n_mels + 2)
    bins = mel(np.arange(1 + n_fft // 2) * rate / n_fft)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def sound_of(
    log_mels: NDArray[np.floating], rate: int, rounds: int = 60, seed: int = 0
) -> NDArray[np.float32]:
    """Return a signal whose log-mels are about those given, by Griffin and Lim's rounds.

    Parameters
    ----------
    log_mels : ndarray of shape (n_frames, n_mels)
        As `log_mels` gives them; phases are not in them, nor is what a band does not resolve.
    rate : int
        Sampling rate in Hz.
    rounds : int, default=60
        How often phases are taken from the signal and set to the magnitudes.
    seed : int, default=0
        Of the phases to begin with.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        Its largest absolute value is 0.5.

    References
    ----------
    D. W. Griffin, J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE
    Transactions on Acoustics, Speech, and Signal Processing 32(2), 1984.
    """
    length, step = round(WINDOW * rate), round(STEP * rate)
    n_fft = _power_of_2(rate)
    filters = mel_filters(log_mels.shape[1], n_fft, rate)
    power = np.exp(log_mels) @ np.linalg.pinv(filters)  # spread over the bins of each band
    magnitude = np.sqrt(np.maximum(power, 0))
    window = np.hamming(length)
    angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, magnitude.shape)
    signal = _overlapped(magnitude * np.exp(1j * angles), window, step)
    for _ in range(rounds):
        frames = np.lib.stride_tricks.sliding_window_view(signal, length)[::step]
        spectrum = np.fft.rfft(frames * window, n_fft)
        phases = spectrum / np.maximum(np.abs(spectrum), FLOOR)
        signal = _overlapped(magnitude * phases, window, step)
    return (0.5 * signal / max(np.abs(signal).max(), FLOOR)).astype(np.float32)


def _overlapped(
    spectrum: NDArray[np.complexfloating], window: NDArray[np.floating], step: int
) -> NDArray[np.float64]:
    """Return the signal whose spectra under a window come nearest to those given."""
    frames = np.fft.irfft(spectrum)[:, : len(window)] * window
    starts = step * np.arange(len(frames))
    signal, weight = np.zeros((2, starts[-1] + len(window)))
    for start, frame in zip(starts, frames, strict=True):
        signal[start : start + len(window)] += frame
        weight[start : start + len(window)] += np.square(window)
    return signal / np.maximum(weight, FLOOR)


def _power_of_2(rate: int) -> int:
    """Return the least power of 2 that has the samples of a `WINDOW`."""
    return 1 << (round(WINDOW * rate) - 1).bit_length()


def _log_power(
    signal: NDArray[np.floating],
    rate: int,
    window: float,
    n_fft: int,
    of: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> Frames:
    """Return logarithms of what ``of`` makes of power spectra (n_frames, 1 + n_fft // 2).

    Spectra are computed `BLOCK` frames at a time, so that long audio needs little memory.
    """
    length, step = round(window * rate), round(STEP * rate)
    if len(signal) < length:
        raise too_short(len(signal) / rate)
    frames = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float32), length)[::step]
    taper = np.hamming(length).astype(np.float32)
    blocks = []
    for start in range(0, len(frames), BLOCK):
        spectra = np.fft.rfft(frames[start : start + BLOCK] * taper, n_fft)
        found = of(np.square(np.abs(spectra)).astype(np.float32))
        blocks.append(np.log(np.maximum(found, FLOOR)).astype(np.float32))
    return np.concatenate(blocks)
