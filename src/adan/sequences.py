"""Sequences of feature frames, one of any length for each utterance, that slice like a matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Sequences:
    """The frames of many utterances, one behind the other.

    ``len`` is the number of utterances. An index, a slice, a mask or an array of indices takes some
    of them, as it would take rows of a matrix.

    Parameters
    ----------
    values : array-like of shape (n_frames, n_features)
        The frames of all utterances; kept in float32.
    lengths : array-like of shape (n,), int
        How many frames each has, 1 or more.

    Raises
    ------
    ValueError
        If the lengths do not add up to the frames, or one is below 1.
    """

    values: NDArray[np.float32]
    lengths: NDArray[np.intp]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values, np.float32))
        object.__setattr__(self, "lengths", np.asarray(self.lengths, np.intp))
        if self.values.ndim != 2 or self.lengths.sum() != len(self.values):
            raise ValueError(
                f"{self.lengths.sum()} frames are expected, and the values have the shape "
                f"{self.values.shape}"
            )
        if (self.lengths < 1).any():
            raise ValueError("a sequence has no frames")

    @classmethod
    def of(cls, frames: Sequence[NDArray[np.floating]]) -> Sequences:
        """Put the frames of utterances together.

        Parameters
        ----------
        frames : sequence of ndarray of shape (length, n_features)
            One array for each utterance, and one utterance at least.

        Returns
        -------
        Sequences
            Their frames in float32.

        Raises
        ------
        ValueError
            If there is no utterance, one has no frames, or they differ in features.
        """
        lengths = np.array([len(own) for own in frames], np.intp)
        return cls(np.concatenate(frames), lengths)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of utterances and of features of a frame."""
        return len(self.lengths), self.values.shape[1]

    @property
    def size(self) -> int:
        """The number of values of all frames."""
        return self.values.size

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield the frames (length, n_features) of each utterance."""
        yield from np.split(self.values, self.lengths.cumsum()[:-1])

    def __getitem__(self, rows: Any) -> Sequences:
        places = np.atleast_1d(np.arange(len(self))[rows])
        lengths = self.lengths[places]
        first = (self.lengths.cumsum() - self.lengths)[places]
        own = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
        return Sequences(self.values[np.repeat(first, lengths) + own], lengths)

    def pieces(self, longest: int) -> tuple[Sequences, NDArray[np.intp]]:
        """Cut sequences of more than ``longest`` frames into as few pieces as can be.

        Parameters
        ----------
        longest : int
            Frames of a piece at the most. Those of one sequence are of equal length, but for a
            frame.

        Returns
        -------
        pieces : Sequences
            The same frames.
        owners : ndarray of shape (n_pieces,), int
            The sequence of each.
        """
        n_pieces = -(-self.lengths // longest)
        owners = np.repeat(np.arange(len(self)), n_pieces)
        number = np.arange(len(owners)) - np.repeat(n_pieces.cumsum() - n_pieces, n_pieces)
        least, rest = np.divmod(self.lengths, n_pieces)
        return Sequences(self.values, least[owners] + (number < rest[owners])), owners

    def with_values(self, values: NDArray[np.float32]) -> Sequences:
        """Return sequences of the same lengths with other frames.

        Parameters
        ----------
        values : ndarray of shape (n_frames, n_features), float32
            As many frames as these have.

        Returns
        -------
        Sequences
            They share ``lengths`` with these.

        Raises
        ------
        ValueError
            If there are more frames or fewer.
        """
        return Sequences(values, self.lengths)


Rows = NDArray[Any] | Sequences
"""One row an utterance."""


def joined(first: Any, *others: Any) -> Any:
    """Put the rows of matrices, or the utterances of sequences, one below the other."""
    everything = (first, *others)
    if isinstance(first, Sequences):
        return Sequences(
            np.vstack([one.values for one in everything]),
            np.hstack([one.lengths for one in everything]),
        )
    return np.vstack(everything)
