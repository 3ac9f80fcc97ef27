"""Tell whether a generator has collapsed, memorised its training vectors or lost to D."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors

from adan.errors import SynthesisWarning

COLLAPSED = 0.1
"""Of the real spread within a class. Additive noise has 1.0, SMOTE 0.6, ADAN as published 0.3."""
MEMORISED = 0.2
"""Of the distance from a real vector to the nearest other one. Duplication has 0, SMOTE 0.3."""
LOST = 0.9
"""Mean output of D on real vectors, and one minus that on synthetic ones."""
LOOK_AT = 1000
"""Rows that a check after training draws at the most."""
BALANCE = ("discriminator_real", "discriminator_synthetic")


def complaints(
    spread: float, nearest: float, on_real: float = np.nan, on_synthetic: float = np.nan
) -> dict[str, str]:
    """Say in words what is wrong with synthetic vectors.

    Parameters
    ----------
    spread : float
        See `spread_within_classes`.
    nearest : float
        See `nearest_real`.
    on_real, on_synthetic : float, default=NaN
        The mean output of the discriminator, between 0 and 1.

    Returns
    -------
    dict of str to str
        The evidence, by verdict; empty where nothing is wrong.
    """
    found = {}
    if spread < COLLAPSED:
        found["has collapsed"] = (
            f"the spread of its vectors within a class is {spread:.0%} of the real one"
        )
    if nearest < MEMORISED:
        found["has memorised its training vectors"] = (
            f"its vectors lie at {nearest:.0%} of the distance between neighbouring real ones"
        )
    if on_real > LOST and on_synthetic < 1 - LOST:
        found["has lost to its discriminator"] = (
            f"D gives real vectors {on_real:.2f} and synthetic ones {on_synthetic:.2f}, "
            "so that G learns nothing more"
        )
    return found


def spread_within_classes(
    real: tuple[NDArray[np.floating], NDArray[Any]],
    synthetic: tuple[NDArray[np.floating], NDArray[Any]],
) -> float:
    """Return the sum of variances of synthetic vectors over that of real ones.

    Parameters
    ----------
    real, synthetic : tuple of ndarray of shape (n, d) and (n,)
        Standardised vectors and their labels.

    Returns
    -------
    float
        The mean over the classes that both have at least twice; NaN without any.
    """
    ratios = []
    for label in np.unique(real[1]):
        own, drawn = (X[y == label] for X, y in (real, synthetic))
        if min(len(own), len(drawn)) > 1 and (total := own.var(axis=0, ddof=1).sum()) > 0:
            ratios.append(drawn.var(axis=0, ddof=1).sum() / total)
    return float(np.mean(ratios)) if ratios else np.nan


def nearest_real(real: NDArray[np.floating], synthetic: NDArray[np.floating]) -> float:
    """Return how near synthetic vectors lie to real ones, against real ones to each other.

    Parameters
    ----------
    real, synthetic : ndarray of shape (n, d)
        Standardised vectors.

    Returns
    -------
    float
        Median distance of a synthetic vector to the nearest real one, over that of a real vector
        to the nearest other one; NaN if more than half of the real ones stand twice.
    """
    if len(real) < 2:
        return np.nan
    neighbours = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(real)
    among_real = np.median(neighbours.kneighbors(real[:LOOK_AT])[0][:, 1])
    to_real = np.median(pairwise_distances_argmin_min(synthetic, real)[1])
    return float(to_real / among_real) if among_real > 0 else np.nan


def balance(history: Mapping[str, NDArray[np.float64]]) -> tuple[float, float]:
    """Return the mean of D over real and synthetic vectors in the last tenth of the epochs.

    Returns
    -------
    on_real, on_synthetic : float
        NaN where there is no discriminator, or one whose score is no probability.
    """
    curves = [history[name] for name in BALANCE if name in history]
    if not curves or np.min(curves) < 0 or np.max(curves) > 1:
        return np.nan, np.nan
    on_real, on_synthetic = (float(c[-max(1, len(c) // 10) :].mean()) for c in curves)
    return on_real, on_synthetic


def warn_of(synthesizers: Sequence[Any], data: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> None:
    """Give a `SynthesisWarning` for each kind of failure among fitted networks.

    Parameters
    ----------
    synthesizers : sequence of NeuralSynthesizer
        Fitted, and of one kind.
    data : sequence of (X, codes)
        What each was fitted to.
    """
    found: dict[str, list[str]] = {}
    for synthesizer, (X, codes) in zip(synthesizers, data, strict=True):
        drawn = np.random.default_rng(0).permutation(codes)[:LOOK_AT]
        vectors, _ = synthesizer.sample(synthesizer.classes_[drawn], random_state=0)
        real, synthetic = (synthesizer.coordinates_.to(rows).numpy() for rows in (X, vectors))
        spread = spread_within_classes((real, codes), (synthetic, drawn))
        evidence = complaints(spread, nearest_real(real, synthetic), *balance(synthesizer.history_))
        for verdict, what in evidence.items():
            found.setdefault(verdict, []).append(what)
    for verdict, evidences in found.items():
        of = f" in {len(evidences)} of {len(synthesizers)} fits" if len(synthesizers) > 1 else ""
        warnings.warn(
            f"{type(synthesizers[0]).__name__} {verdict}{of}: {evidences[0]}; do not trust what it "
            "samples: take another method, such as gaussian, or train it longer or shorter "
            "(--epochs; steps in Python and in a study file)",
            SynthesisWarning,
            stacklevel=2,
        )
