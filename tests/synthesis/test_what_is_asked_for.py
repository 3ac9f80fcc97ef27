"""What is asked of a synthesizer is taken as it is: no label is cut, no number rounded."""

import numpy as np
import pandas as pd
import pytest

from adan import AdanError, ClassGaussian, Duplication, SyntheticOverSampler


@pytest.fixture
def fitted():
    X = np.arange(12.0).reshape(6, 2)
    return Duplication().fit(X, ["anger", "anger", "joy", "joy", "joy", "anger"])


@pytest.mark.parametrize("counts", [{"angerily": 3}, ["angerily"], {"ange": 1}, {0: 1}, [None]])
def test_a_label_is_compared_whole(fitted, counts):
    with pytest.raises(
        AdanError, match=r"no class '.*' in the training data; there are anger, joy"
    ):
        fitted.sample(counts)


@pytest.mark.parametrize("n", [2.5, -1, True, "2", None, np.nan])
def test_a_count_is_a_whole_number(fitted, n):
    with pytest.raises(AdanError, match=r"the count of 'anger' is .*: give a whole number"):
        fitted.sample({"anger": n})


@pytest.mark.parametrize(
    "counts",
    [{"joy": 2}, {"joy": np.int64(2)}, ["joy", "joy"], pd.Series(["joy"] * 2), ("joy", "joy")],
)
def test_whatever_holds_labels_is_taken(fitted, counts):
    X, y = fitted.sample(counts)
    assert (X.shape, y.tolist()) == ((2, 2), ["joy", "joy"])


def test_classes_that_are_numbers_are_known_by_their_value():
    fitted = Duplication().fit(np.eye(4), [1, 1, 2, 2])
    assert fitted.sample({np.int8(2): 1, 1.0: 1})[1].tolist() == [2, 1]
    with pytest.raises(AdanError, match=r"no class '1\.5'"):
        fitted.sample({1.5: 1})


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_whole_numbers_are_rounded_within_their_range(dtype):
    rng = np.random.default_rng(0)
    X = np.vstack([rng.integers(0, 2, (200, 3)), rng.integers(253, 256, (200, 3))]).astype(dtype)
    y = np.repeat(["low", "high"], 200)
    drawn, _ = SyntheticOverSampler(ClassGaussian(0), times=5).fit_resample(X, y)
    assert drawn.dtype == dtype
    assert drawn[400:1400].mean() == pytest.approx(X[:200].mean(), abs=0.1)
    assert drawn[1400:].min() > 200


def test_what_is_no_number_is_refused():
    X = np.array([[True, False], [False, True]] * 10)
    with pytest.raises(AdanError, match="X is of type bool"):
        SyntheticOverSampler(Duplication()).fit_resample(X, [0, 1] * 10)
