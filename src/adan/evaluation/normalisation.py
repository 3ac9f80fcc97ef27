"""The three ways to normalise features before a leave-one-speaker-out test."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from adan.errors import AdanError
from adan.evaluation.scaling import Scaling

NORMALISATIONS = {
    "fold": "z-norm fitted on the training speakers of each fold, limited to ±10 standard "
    "deviations: nothing learned sees a test row",
    "corpus": "z-norm over the whole corpus before splitting, as the authors' published scripts "
    "do: means and deviations see the test speaker",
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
    X: NDArray[np.floating],
    train: NDArray[np.bool_],
    speakers: NDArray[np.str_],
    how: str,
    copies: Iterable[NDArray[np.floating]] = (),
) -> tuple[NDArray[np.float32], ...]:
    """Split feature vectors into training and test rows, normalised.

    Features that are constant over the training rows are removed first (Section III-B).

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Feature vectors of all utterances.
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
    X_train, X_test : ndarray of shape (n_train, d') and (n_test, d'), float32
        Normalised vectors, ``d' <= d``.
    *copies : ndarray of shape (n_train, d'), float32
        The training rows of each of the copies.

    Raises
    ------
    AdanError
        If ``how`` is not one of the three.
    """
    if how not in NORMALISATIONS:
        raise AdanError(f"no normalisation {how!r}; choose one of {', '.join(NORMALISATIONS)}")
    if how == "fold":
        X_train = X[train]
        scaling = fit_scaling(X_train)
        return scaling(X_train), scaling(X[~train]), *(scaling(C[train]) for C in copies)
    kept = _varying(X[train])
    who = speakers if how == "speaker" else np.full(len(X), "everybody")
    norms = {one: StandardScaler().fit(X[who == one][:, kept]) for one in np.unique(who)}

    def normalised(X: NDArray[np.floating], rows: NDArray[np.bool_]) -> NDArray[np.float32]:
        Z = np.empty((rows.sum(), len(kept)), np.float32)
        for one in np.unique(who[rows]):
            Z[who[rows] == one] = norms[one].transform(X[rows & (who == one)][:, kept])
        return Z

    return normalised(X, train), normalised(X, ~train), *(normalised(C, train) for C in copies)
