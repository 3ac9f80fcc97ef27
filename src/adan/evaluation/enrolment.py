"""What is known of a speaker: how far from other speakers, and in which direction, they lie.

A speaker's vectors are those of everybody, moved by an offset of their own. `Enrolment` estimates
the offset from a few unlabelled utterances, in numpy alone, so that a trained recogniser can.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adan._computing import computing

ROUNDS = 5
"""How often the offset and what the utterances express are told from each other in turn."""

PRIOR_WEIGHT = 5.0
"""Utterances that the belief that a training speaker has no offset counts for."""


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Estimates the offset of a speaker from unlabelled utterances, whatever they express.

    The mean of an angry speaker's utterances is that of anger, not of the speaker. So each
    utterance is compared with the class means that it may belong to, weighted by how probable
    each class is, and these probabilities are computed again without the offset, in turn.

    Attributes
    ----------
    means : ndarray of shape (k, d), float32
        Of the classes, among training vectors without their speakers' offsets.
    coef, intercept : ndarray of shape (k, d) and (k,), float32
        Of the linear discriminant functions between the classes.
    prior_weight : float
        Utterances that the belief in no offset counts for: after so many, half of what is
        measured is believed.
    temperature : float
        What discriminant functions are divided by before they become probabilities; a large one
        makes all classes more alike.
    """

    means: NDArray[np.float32]
    coef: NDArray[np.float32]
    intercept: NDArray[np.float32]
    prior_weight: float
    temperature: float

    @computing()
    def offset(self, X: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the offset (d,) of the speaker of some normalised vectors (n, d); 0 for none."""
        if not len(X):
            return np.zeros(self.means.shape[1], np.float32)
        shares, _ = expressed(
            X @ self.coef.T + self.intercept,
            self.intercept,
            self.means @ self.coef.T,
            self.prior_weight,
            self.temperature,
        )
        believed = len(X) / (len(X) + self.prior_weight)
        return (believed * (X.mean(axis=0) - shares @ self.means)).astype(np.float32)


def expressed(
    scores: NDArray[np.floating],
    intercept: NDArray[np.floating],
    of_means: NDArray[np.floating],
    prior_weight: float | NDArray[np.float64],
    temperature: float | NDArray[np.float64],
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Tell what a speaker's utterances express from how the speaker differs from others.

    Parameters
    ----------
    scores : ndarray of shape (n, k) or (s, 1, n, k)
        Discriminant functions of a speaker's vectors; s kinds of functions at once.
    intercept : ndarray of shape (k,) or (s, 1, k)
        Their constants.
    of_means : ndarray of shape (k, k) or (s, k, k)
        The functions, without constants, of the class means (rows).
    prior_weight, temperature : float or ndarray of shape (m,)
        As of `Enrolment`; m settings at once.

    Returns
    -------
    shares : ndarray of shape (k,) or (s, m, k)
        How much of each class is expressed.
    shift : ndarray of shape (k,) or (s, m, k)
        What the speaker's offset adds to the discriminant functions.
    """
    n = scores.shape[-2]
    temperature = np.asarray(temperature)[..., None, None]
    believed = n / (n + np.asarray(prior_weight)[..., None])
    centre = (scores - intercept[..., None, :]).mean(axis=-2)
    shift = np.zeros_like(centre)
    for _ in range(ROUNDS):
        powers = (scores - shift[..., None, :]) / temperature  # [m, n, k]
        powers = np.exp(powers - powers.max(axis=-1, keepdims=True))
        shares = (powers / powers.sum(axis=-1, keepdims=True)).mean(axis=-2)  # [m, k]
        shift = believed * (centre - shares @ of_means)
    return shares, shift


@computing()
def labelled_offsets(
    X: NDArray[np.floating], y: NDArray[np.intp], speakers: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the offset of each training vector's speaker, whose labels are known.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Normalised vectors.
    y, speakers : ndarray of shape (n,)
        Class and speaker of each, as codes from 0.

    Returns
    -------
    ndarray of shape (n, d), float32
        One row a vector; the rows of a speaker are equal.
    """
    members = np.eye(y.max() + 1)[y]  # (n, k)
    means = members.T @ X / members.sum(axis=0)[:, None]
    spoken = np.eye(speakers.max() + 1)[speakers]  # (n, s)
    counts = spoken.sum(axis=0)
    sums = spoken.T @ (X - means[y])
    return (sums / (counts + PRIOR_WEIGHT)[:, None]).astype(np.float32)[speakers]
