"""The ways to normalise features before a leave-one-speaker-out test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from adan.errors import AdanError
from adan.evaluation.scaling import Scaling
from adan.sequences import Rows, Sequences

NORMALISATIONS = {
    "fold": "z-norm fitted on the training speakers of each fold, limited to ±10 standard "
    "deviations: nothing learned sees a test row",
    "corpus": "z-norm over each corpus as a whole before splitting, as the authors' published "
    "scripts do: means and deviations see the test utterances",
    "speaker": "z-norm over each speaker's own utterances: uses the test speaker's unlabelled "
    "utterances, all at once",
}

ENROLMENT = re.compile(r"enrolment ([1-9]\d{0,3})")
"""A fourth way, ``"enrolment N"``: see `n_enrolled`."""

LIMIT = 10.0
"""Largest absolute value of a feature normalised on the fold. Some IS11 functionals, ratios with a
vanishing denominator, lie a thousand standard deviations off for an unseen speaker, and one such
feature would decide a kernel alone. Among the n rows a z-norm is fitted to none exceeds sqrt(n)."""


def n_enrolled(how: str) -> int:
    """Return N where a normalisation is ``"enrolment N"``, else 0.

    N unlabelled utterances of each test speaker, drawn with the seed, tell the speaker's offset
    (`adan.evaluation.enrolment`) and are not scored; training speakers lose N / (N + prior weight)
    of theirs.

    Raises
    ------
    AdanError
        If there is no such normalisation.
    """
    if how in NORMALISATIONS:
        return 0
    found = ENROLMENT.fullmatch(how)
    if not found:
        raise AdanError(
            f"no normalisation {how!r}; choose one of {', '.join(NORMALISATIONS)}, or enrolment N"
        )
    return int(found[1])


def described(how: str) -> str:
    """Say in words what a normalisation does, and what it sees."""
    n = n_enrolled(how)
    if not n:
        return NORMALISATIONS[how]
    return (
        f"as fold; then {n} unlabelled utterances of the test speaker, which are not scored, tell "
        "how that voice differs, and training speakers are treated likewise"
    )


def _varying(X: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return which features of training vectors are not constant."""
    kept = np.flatnonzero(np.ptp(X, axis=0) > 0)
    if not len(kept):
        raise AdanError(
            f"all features are the same in each of {len(X)} training vectors, so that nothing can "
            "be learnt from them: look how they were computed"
        )
    return kept


def fit_scaling(X: NDArray[np.floating]) -> Scaling:
    """Fit the ``fold`` normalisation to training vectors (n, d)."""
    kept = _varying(X)
    norm = StandardScaler(copy=False).fit(np.take(X, kept, axis=1))
    mean, scale = norm.mean_.astype(np.float32), norm.scale_.astype(np.float32)
    return Scaling(kept.astype(np.int32), mean, scale, LIMIT)


def normalise(
    X: Rows,
    train: NDArray[np.bool_],
    speakers: NDArray[np.str_],
    how: str,
    copies: Iterable[Rows] = (),
) -> tuple[Any, ...]:
    """Split features into training and test rows, normalised.

    Features that are constant over the training rows are removed first (Section III-B).

    Parameters
    ----------
    X : ndarray of shape (n, d), or Sequences
        Feature vectors of all utterances, or their sequences of frames, whose means and deviations
        are those of frames.
    train : ndarray of shape (n,), bool
        The training rows of the fold.
    speakers : ndarray of shape (n,)
        The speaker of each row.
    how : {"fold", "corpus", "speaker"}
        See `NORMALISATIONS`.
    copies : iterable of ndarray of shape (n, d), default=()
        Vectors of perturbed copies, a row for each utterance. Means and deviations are those of X.

    Returns
    -------
    X_train, X_test : ndarray of shape (n_train, d') and (n_test, d'), float32; or Sequences
        Normalised, ``d' <= d``.
    *copies : ndarray of shape (n_train, d'), float32; or Sequences
        The training rows of each of the copies.

    Raises
    ------
    AdanError
        If ``how`` is not one of the three.
    """
    if how not in NORMALISATIONS:
        raise AdanError(f"no normalisation {how!r}; choose one of {', '.join(NORMALISATIONS)}")
    if isinstance(X, Sequences):
        frames, of_training = X.values, np.repeat(train, X.lengths)
        norm = _fitted(frames, of_training, np.repeat(speakers, X.lengths), how)
    else:
        norm = _fitted(X, train, speakers, how)

    def normalised(some: Any, rows: NDArray[np.bool_]) -> Any:
        own, who = some[rows], speakers[rows]
        if isinstance(own, Sequences):
            return own.with_values(norm(own.values, np.repeat(who, own.lengths)))
        return norm(own, who)

    return normalised(X, train), normalised(X, ~train), *(normalised(C, train) for C in copies)


def _fitted(
    X: NDArray[np.floating], train: NDArray[np.bool_], speakers: NDArray[np.str_], how: str
) -> Callable[[NDArray[np.floating], NDArray[np.str_]], NDArray[np.float32]]:
    """Return what normalises some rows of some speakers, whose statistics are those of X."""
    if how == "fold":
        scaling = fit_scaling(X[train])
        return lambda rows, _: scaling(rows)
    kept = _varying(X[train])
    if how == "corpus":
        norm = StandardScaler().fit(X[:, kept])
        return lambda rows, _: norm.transform(rows[:, kept]).astype(np.float32)
    norms = {one: StandardScaler().fit(X[speakers == one][:, kept]) for one in np.unique(speakers)}

    def of_speakers(rows: NDArray[np.floating], who: NDArray[np.str_]) -> NDArray[np.float32]:
        Z = np.empty((len(rows), len(kept)), np.float32)
        for one in np.unique(who):
            Z[who == one] = norms[one].transform(rows[who == one][:, kept])
        return Z

    return of_speakers
