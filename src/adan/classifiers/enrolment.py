"""Learning from the training speakers how to estimate the offset of a new one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from adan._computing import computing
from adan.classifiers.discriminant import MODERATE, functions
from adan.evaluation.enrolment import Enrolment, expressed, labelled_offsets
from adan.networks.coordinates import principal_axes
from adan.networks.whitening import Moments

PRIOR_WEIGHTS = (2.0, 5.0, 10.0)
TEMPERATURES = (5.0, 10.0, 20.0)
NUMBERS = (1, 2, 5, 10, 20)
"""Utterances that a speaker is tried to be enrolled with."""
FOLDS = 10


class _Setting(NamedTuple):
    shrinkage: float
    prior_weight: float
    temperature: float


@computing()
def fit_enrolment(
    X: NDArray[np.floating], y: NDArray[np.intp], speakers: NDArray[np.intp]
) -> Enrolment:
    """Fit an `Enrolment` to training speakers, its settings chosen among them.

    Every training speaker in turn (a tenth of them at a time where there are more than ten) plays
    the new one, who is enrolled with 1 to 20 utterances drawn at random, and with as many of each
    single emotion. The settings with the best mean UAR of the others' predictions are taken.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Normalised vectors.
    y, speakers : ndarray of shape (n,)
        Class and speaker of each, as codes from 0.

    Returns
    -------
    Enrolment
        Its discriminant functions are those of the vectors without their speakers' offsets.
    """
    axes = principal_axes(X)
    rows = X @ axes  # (n, r), in the span of the training vectors
    setting = _chosen(rows, y, speakers)
    ((means, coef, intercept),) = _functions(rows, y, speakers, [setting.shrinkage])
    return _Functions(means @ axes.T, coef @ axes.T, intercept).enrolment(setting)


class _Functions(NamedTuple):
    """Linear discriminant functions (k, r) and (k,), and the class means they come from."""

    means: NDArray[np.float64]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def enrolment(self, setting: _Setting) -> Enrolment:
        means, coef, intercept = (values.astype(np.float32) for values in self)
        return Enrolment(means, coef, intercept, setting.prior_weight, setting.temperature)


def _functions(
    rows: NDArray[np.floating], y: NDArray[np.intp], speakers: NDArray[np.intp], shrinkages: Any
) -> Iterator[_Functions]:
    """Yield the functions among vectors without their speakers' offsets, for each shrinkage."""
    centred = (rows - labelled_offsets(rows, y, speakers)).astype(np.float64)
    moments = Moments.of(centred, y, int(y.max()) + 1)
    for shrinkage in shrinkages:
        yield _Functions(moments.means, *functions(moments, shrinkage))


def _chosen(
    rows: NDArray[np.floating], y: NDArray[np.intp], speakers: NDArray[np.intp]
) -> _Setting:
    """Return the settings that serve held-out training speakers best."""
    n_speakers, k = int(speakers.max()) + 1, int(y.max()) + 1
    if n_speakers < 2:
        return _Setting(0.5, 5.0, 10.0)
    believing = np.array(list(itertools.product(PRIOR_WEIGHTS, TEMPERATURES)))  # (m, 2)
    right = np.zeros((len(MODERATE), len(believing), 2 * len(NUMBERS), k))
    total = np.zeros((2 * len(NUMBERS), k))
    for train, test in GroupKFold(min(FOLDS, n_speakers)).split(rows, y, speakers):
        classes, codes = np.unique(y[train], return_inverse=True)
        known = np.unique(speakers[train], return_inverse=True)[1]
        fitted = list(_functions(rows[train], codes, known, MODERATE))
        intercept = np.stack([f.intercept for f in fitted])[:, None]  # [s, 1, k]
        of_means = np.stack([f.means @ f.coef.T for f in fitted])  # [s, k, k]
        scores = np.stack([rows[test] @ f.coef.T + f.intercept for f in fitted])  # [s, n, k]
        for speaker in np.unique(speakers[test]):
            own = speakers[test] == speaker
            said, heard = y[test][own], scores[:, None, own]  # [s, 1, n, k]
            one_hot = np.eye(k)[said]
            for condition, enrolled, left in trials(said, np.random.default_rng(int(speaker))):
                _, shift = expressed(heard[:, :, enrolled], intercept, of_means, *believing.T)
                best = classes[(heard[:, :, left] - shift[:, :, None]).argmax(axis=-1)]
                right[:, :, condition] += (best == said[left]) @ one_hot[left]  # [s, m, k]
                total[condition] += one_hot[left].sum(axis=0)
    served = (right / np.maximum(total, 1)).mean(axis=(2, 3))  # (shrinkages, m)
    i, j = np.unravel_index(served.argmax(), served.shape)
    return _Setting(MODERATE[i], *believing[j].tolist())


def trials(
    y: NDArray[np.intp], rng: np.random.Generator
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
    """Yield a speaker's utterances as enrolled ones and others, and which condition it is.

    For each number first a mixture of emotions, then each emotion alone.
    """
    for i, n in enumerate(NUMBERS):
        drawn = [(2 * i, rng.permutation(len(y))[:n])]
        drawn += [(2 * i + 1, rng.permutation(np.flatnonzero(y == c))[:n]) for c in np.unique(y)]
        for condition, enrolled in drawn:
            others = np.ones(len(y), bool)
            others[enrolled] = False
            if others.any():
                yield condition, enrolled, np.flatnonzero(others)
