"""Probabilities that mean what they say: one temperature, fitted to speakers nobody trained on.

References
----------
C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from adan.recognition.model import softmax

BINS = 10
"""Equal intervals of the confidence for the expected calibration error."""


def log_loss(probabilities: NDArray[np.floating], codes: NDArray[np.intp]) -> float:
    """Return the mean of minus the logarithm of the true class's probability, in nats."""
    true = probabilities[np.arange(len(codes)), codes]
    return float(-np.log(np.maximum(true, 1e-12)).mean())


def expected_calibration_error(
    probabilities: NDArray[np.floating], codes: NDArray[np.intp]
) -> float:
    """Return by how much the highest probability misses the share that is right (0 to 1).

    The mean over `BINS` intervals of the highest probability, weighted by how many fall into each.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == codes
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence.astype(float), minlength=BINS)
    return float(np.abs(gaps).sum() / len(codes))


def fit_temperature(scores: NDArray[np.floating], codes: NDArray[np.intp]) -> float:
    """Return the temperature, between 0.01 and 100, that minimises the log loss.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Of utterances that the classifier was not trained on.
    codes : ndarray of shape (n,)
        Their classes.
    """

    def loss(logarithm: float) -> float:
        return log_loss(softmax(scores / np.exp(logarithm)), codes)

    return float(np.exp(minimize_scalar(loss, bounds=np.log([0.01, 100]), method="bounded").x))


def calibrated(
    scores: NDArray[np.floating], codes: NDArray[np.intp], groups: NDArray[np.intp]
) -> NDArray[np.floating]:
    """Return probabilities of each speaker's rows by a temperature fitted to the other speakers.

    What `expected_calibration_error` and `log_loss` say of these is what to expect of a speaker
    that neither the classifier nor the temperature has seen.
    """
    probabilities = np.empty(scores.shape)
    for group in np.unique(groups):
        own = groups == group
        probabilities[own] = softmax(scores[own] / fit_temperature(scores[~own], codes[~own]))
    return probabilities


def report(
    scores: NDArray[np.floating], probabilities: NDArray[np.floating], codes: NDArray[np.intp]
) -> dict[str, float]:
    """Say how well held-out probabilities are calibrated, and how well they were before.

    Parameters
    ----------
    scores, probabilities : ndarray of shape (n, k)
        Of held-out utterances; the probabilities are those of `calibrated`.
    codes : ndarray of shape (n,)
        Their classes.

    Returns
    -------
    dict
        ``calibration_error`` and ``log_loss``, and both with ``_before`` for a temperature of 1.
    """
    plain = softmax(scores)
    return {
        "calibration_error": expected_calibration_error(probabilities, codes),
        "calibration_error_before": expected_calibration_error(plain, codes),
        "log_loss": log_loss(probabilities, codes),
        "log_loss_before": log_loss(plain, codes),
    }
