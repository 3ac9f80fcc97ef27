import numpy as np
import pytest

from adan import ADAN, SMOTE, ClassGaussian, Duplication, fit_all
from adan.sequences import Sequences
from adan.synthesis.segments import OfSegments, laid_out


@pytest.fixture
def speech():
    """Sequences of 3 features whose classes differ in the second."""
    rng = np.random.default_rng(0)
    y = np.array(["low", "high"] * 20)
    frames = [
        rng.normal([0, 5 * (label == "high"), 0], size=(rng.integers(4, 25), 3)) for label in y
    ]
    return Sequences.of(frames), y


def test_segments_are_laid_out_frame_behind_frame(speech):
    X, _ = speech
    pieces, _ = X.pieces(10)
    vectors = laid_out(pieces, 10)
    assert vectors.shape == (len(pieces), 30)
    first = next(iter(pieces))
    assert np.array_equal(vectors[0, : first.size], first.ravel())
    assert (vectors[0, first.size :] == 0).all()


@pytest.mark.parametrize("synthesizer", [ClassGaussian(), SMOTE(), ADAN(epochs=2, hidden=(8,))])
def test_any_synthesizer_draws_segments_of_a_class(speech, synthesizer):
    X, y = speech
    fitted = OfSegments(synthesizer, frames=10, random_state=0).fit(X, y)
    drawn, labels = fitted.sample({"high": 30, "low": 20})
    assert len(drawn) == len(labels) == 50
    assert drawn.shape[1] == 3
    assert 1 <= drawn.lengths.min() < drawn.lengths.max() <= 10
    again, _ = fitted.sample({"high": 30, "low": 20})
    assert np.array_equal(again.values, drawn.values)
    if not isinstance(synthesizer, ADAN):
        for label in ("high", "low"):
            of_real = X[y == label].pieces(10)[0].lengths.mean()
            assert drawn[labels == label].lengths.mean() == pytest.approx(of_real, abs=1)
        of_high = drawn[labels == "high"].values[:, 1].mean()
        assert of_high - drawn[labels == "low"].values[:, 1].mean() > 3


def test_duplicates_are_the_real_segments_whole(speech):
    X, y = speech
    drawn, _ = OfSegments(Duplication(), frames=10, random_state=0).fit(X, y).sample({"high": 60})
    real = {frames.tobytes() for frames in X[y == "high"].pieces(10)[0]}
    assert {frames.tobytes() for frames in drawn} == real


def test_segments_of_one_length_stay_so(speech):
    X, y = speech
    even = Sequences(X.values[: 8 * len(y)], np.full(len(y), 8))
    drawn, _ = OfSegments(SMOTE(), frames=10, random_state=0).fit(even, y).sample({"low": 9})
    assert (drawn.lengths == 8).all()


def test_many_train_as_one_stack_and_come_out_as_alone(speech):
    X, y = speech
    one = OfSegments(ADAN(epochs=2, hidden=(8,), precision="float32"), frames=10, random_state=0)
    alone = one.fit(X, y).sample({"low": 4})[0].values
    both = [OfSegments(**one.get_params(deep=False)) for _ in range(2)]
    fit_all(both, [(X, y), (X[:30], y[:30])])
    assert np.allclose(both[0].sample({"low": 4})[0].values, alone, atol=1e-5)
    assert set(both[1].history_) == set(both[1].synthesizer_.history_) != set()
