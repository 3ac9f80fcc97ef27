import numpy as np
import pytest

from adan.sequences import Sequences, joined

LENGTHS = [3, 1, 5, 2]


@pytest.fixture
def sequences():
    values = np.random.default_rng(0).normal(size=(sum(LENGTHS), 4)).astype(np.float32)
    return Sequences(values, np.array(LENGTHS))


@pytest.mark.parametrize(
    "rows", [[2, 0], np.array([1, 1, 3]), slice(1, None), np.array([True, False, True, False]), 2]
)
def test_rows_are_taken_as_from_a_matrix(sequences, rows):
    each = list(sequences)
    expected = [each[i] for i in np.atleast_1d(np.arange(4)[rows])]
    for taken, own in zip(sequences[rows], expected, strict=True):
        assert np.array_equal(taken, own)


def test_shape_and_length(sequences):
    assert (len(sequences), sequences.shape, sequences.size) == (4, (4, 4), 44)
    assert len(sequences[[]]) == 0


def test_lists_and_float64_are_taken(sequences):
    taken = Sequences(sequences.values.astype(float).tolist(), LENGTHS)
    assert taken.values.dtype == np.float32
    assert np.array_equal(taken.values, sequences.values)
    assert len(taken[1]) == 1


def test_joined(sequences):
    both = joined(sequences[:1], sequences[2:])
    assert np.array_equal(both.values, sequences[[0, 2, 3]].values)
    assert np.array_equal(joined(np.eye(2), np.eye(2)), np.vstack([np.eye(2)] * 2))


def test_of_frames(sequences):
    again = Sequences.of(list(sequences))
    assert np.array_equal(again.lengths, LENGTHS)
    assert np.array_equal(again.values, sequences.values)


@pytest.mark.parametrize(
    ("lengths", "message"), [([3], "3 frames are expected"), ([4, 0], "no frames")]
)
def test_what_does_not_fit_is_refused(lengths, message):
    with pytest.raises(ValueError, match=message):
        Sequences(np.zeros((4, 2), np.float32), np.array(lengths))


def test_pieces_are_of_equal_length():
    X = Sequences(np.zeros((18, 1), np.float32), np.array([3, 8, 7]))
    pieces, owners = X.pieces(3)
    assert pieces.lengths.tolist() == [3, 3, 3, 2, 3, 2, 2]
    assert owners.tolist() == [0, 1, 1, 1, 2, 2, 2]
