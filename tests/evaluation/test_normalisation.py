import numpy as np
import pytest

from adan import AdanError
from adan.evaluation.normalisation import LIMIT, NORMALISATIONS, normalise
from adan.sequences import Sequences


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    speakers = np.repeat(["03", "08", "09"], 20)
    X = rng.normal(5, 3, (60, 4)) + np.repeat([[0.0], [2.0], [4.0]], 20, axis=0)
    return X, speakers != "09", speakers


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_shapes_and_split(rows, how):
    train, test = normalise(*rows, how)
    assert train.shape == (40, 4)
    assert test.shape == (20, 4)
    assert train.dtype == np.float32


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_sequences_are_normalised_by_their_frames(rows, how):
    X, train, speakers = rows
    lengths = np.resize([1, 2], 40)
    utterances = np.repeat(np.arange(40), lengths)  # of the 60 rows, which are frames now
    first = np.unique(utterances, return_index=True)[1]
    sequences = Sequences(X, lengths)
    of_frames = normalise(
        sequences.values, train[first][utterances], speakers[first][utterances], how
    )
    for got, expected in zip(
        normalise(sequences, train[first], speakers[first], how), of_frames, strict=True
    ):
        assert np.array_equal(got.values, expected)


def test_fold_standardises_the_training_rows(rows):
    train, _ = normalise(*rows, "fold")
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-6)


def test_fold_limits_what_lies_far_outside(rows):
    X, train, speakers = rows
    X[-1, 2] = 1e9
    assert normalise(X, train, speakers, "fold")[1][-1, 2] == LIMIT


def test_corpus_standardises_all_rows_together(rows):
    both = np.vstack(normalise(*rows, "corpus"))
    np.testing.assert_allclose(both.mean(axis=0), 0, atol=1e-6)


def test_speaker_standardises_each_speaker(rows):
    train, test = normalise(*rows, "speaker")
    for part in (train[:20], train[20:], test):
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(part.std(axis=0), 1, atol=1e-6)


def test_features_constant_over_the_training_rows_are_removed(rows):
    X, train, speakers = rows
    X[train, 1] = 7
    assert normalise(X, train, speakers, "fold")[0].shape == (40, 3)


@pytest.mark.parametrize(("how", "sees_test_rows"), [("fold", False), ("corpus", True)])
def test_only_the_fold_normalisation_keeps_test_rows_out(rows, how, sees_test_rows):
    X, train, speakers = rows
    before = normalise(X, train, speakers, how)[0]
    X[~train] *= 100
    after = normalise(X, train, speakers, how)[0]
    assert np.array_equal(before, after) is not sees_test_rows


def test_unknown_normalisation_is_refused(rows):
    with pytest.raises(AdanError, match="choose one of fold, corpus, speaker"):
        normalise(*rows, "utterance")
