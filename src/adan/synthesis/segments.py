"""Any synthesizer on sequences: segments of so many frames are its vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone

from adan.networks.many import Job, Stackable, Task, fit_many
from adan.sequences import Sequences
from adan.synthesis.base import Synthesizer


class OfSegments(Stackable, BaseEstimator):
    """Let a synthesizer of vectors learn and draw sequences.

    Sequences are cut into segments, which are filled up with zeros to one length and laid out as
    vectors, frame behind frame. The last number of a vector is the segment's length, standardised,
    so that a synthetic segment has a length that goes with its frames.

    Parameters
    ----------
    synthesizer : Synthesizer
        What learns the vectors, of ``frames`` x n_features + 1 numbers each.
    frames : int, default=300
        Frames of a segment.
    random_state : int, RandomState or None, default=None
        Seed of the synthesizer.

    Attributes
    ----------
    synthesizer_ : Synthesizer
        What was fitted.
    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        frames: int = 300,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.synthesizer = synthesizer
        self.frames = frames
        self.random_state = random_state

    def fit(self, X: Sequences, y: ArrayLike) -> Self:
        """Learn the segments of each class.

        Parameters
        ----------
        X : Sequences
            Standardised frames of each utterance.
        y : array-like of shape (n,)
            Class labels.

        Returns
        -------
        Self
            The fitted synthesizer.

        Raises
        ------
        AdanError
            As the synthesizer does.
        """
        return self._fit_alone(X, y)

    def _prepare(self, X: Any, y: ArrayLike, n_real: int | None) -> Job:
        pieces, owners = X.pieces(self.frames)
        self.mean_length_ = pieces.lengths.mean()
        self.length_scale_ = pieces.lengths.std() or 1.0
        lengths = (pieces.lengths - self.mean_length_) / self.length_scale_
        vectors = np.column_stack([laid_out(pieces, self.frames), lengths.astype(np.float32)])
        self.n_features_in_ = X.shape[1]
        self.synthesizer_ = clone(self.synthesizer).set_params(random_state=self.random_state)
        return Job(self, Task(None, self.synthesizer_, vectors, np.asarray(y)[owners]), None)

    @classmethod
    def _fit_stack(cls, jobs: Sequence[Job], progress: bool) -> None:
        for _ in fit_many([job.data for job in jobs], progress=progress):
            pass

    @property
    def history_(self) -> dict[str, NDArray[np.float64]]:
        """Losses along training, where the synthesizer has any."""
        return getattr(self.synthesizer_, "history_", {})

    def sample(
        self, counts: Any, random_state: int | np.random.RandomState | None = None
    ) -> tuple[Sequences, NDArray[Any]]:
        """Draw synthetic segments.

        Parameters
        ----------
        counts, random_state
            As `adan.Synthesizer.sample` takes them.

        Returns
        -------
        X : Sequences
            Segments, of ``frames`` frames at the most.
        y : ndarray of shape (n,)
            Their labels.
        """
        vectors, labels = self.synthesizer_.sample(counts, random_state)
        lengths = np.rint(vectors[:, -1] * self.length_scale_ + self.mean_length_)
        lengths = lengths.clip(1, self.frames).astype(np.intp)
        segments = vectors[:, :-1].reshape(len(vectors), self.frames, self.n_features_in_)
        there = np.arange(self.frames) < lengths[:, None]  # [n, frames]
        return Sequences(segments[there], lengths), labels


def laid_out(segments: Sequences, frames: int) -> NDArray[np.float32]:
    """Return segments as vectors (n, frames n_features), zeros behind the end of each."""
    vectors = np.zeros((len(segments), frames, segments.shape[1]), np.float32)
    vectors[np.arange(frames) < segments.lengths[:, None]] = segments.values
    return vectors.reshape(len(segments), -1)
