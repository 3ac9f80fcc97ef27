import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearns

from adan.recognition import calibration
from adan.recognition.card import figures
from adan.recognition.model import softmax


@pytest.fixture
def make_scores():
    """Scores whose softmax at temperature 1 is the truth, then multiplied."""

    def make(n: int = 4000, factor: float = 1.0, seed: int = 0):
        rng = np.random.default_rng(seed)
        scores = 2 * rng.normal(size=(n, 4))
        codes = np.array([rng.choice(4, p=p) for p in softmax(scores)])
        return factor * scores, codes, np.arange(n) % 5

    return make


@pytest.mark.parametrize("factor", [0.2, 1.0, 7.0])
def test_overconfidence_is_found_and_undone(make_scores, factor):
    scores, codes, speakers = make_scores(factor=factor)
    assert calibration.fit_temperature(scores, codes) == pytest.approx(factor, rel=0.06)
    probabilities = calibration.calibrated(scores, codes, speakers)
    report = calibration.report(scores, probabilities, codes)
    assert report["calibration_error"] < 0.03
    assert report["log_loss"] == pytest.approx(sklearns(codes, probabilities))
    if factor != 1:
        assert report["calibration_error_before"] > 0.1
        assert report["log_loss_before"] > report["log_loss"]


def test_a_speakers_labels_do_not_touch_the_own_probabilities(make_scores):
    scores, codes, speakers = make_scores(n=300)
    before = calibration.calibrated(scores, codes, speakers)
    codes[speakers == 2] = (codes[speakers == 2] + 1) % 4
    after = calibration.calibrated(scores, codes, speakers)
    np.testing.assert_array_equal(before[speakers == 2], after[speakers == 2])
    assert not np.array_equal(before, after)


def test_intervals_are_those_of_speakers():
    """Ten speakers, five always right and five never: far wider than for 1000 utterances."""
    speakers = np.repeat(np.arange(10), 100)
    true = np.tile([0, 1], 500)
    predicted = np.where(speakers % 2, true, 1 - true)
    result = figures(true, predicted, speakers)
    assert result["wa"]["value"] == result["uar"]["value"] == 50
    assert result["wa"]["low"] == pytest.approx(20, abs=10)
    assert result["wa"]["high"] == pytest.approx(80, abs=10)
    assert result == figures(true, predicted, speakers)
