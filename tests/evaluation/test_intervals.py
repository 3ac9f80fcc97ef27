import numpy as np
import pandas as pd
import pytest

from adan import AdanError
from adan.evaluation.intervals import SpeakerCounts, count, interval
from adan.evaluation.scores import score


@pytest.fixture
def draw_counts():
    """Ten speakers of unequal skill and number of utterances, as right and total counts."""

    def draw(rng, n_speakers=10):
        skill = rng.normal(1.5, 0.7, (n_speakers, 1)) + np.linspace(-1, 1, 5)
        total = rng.integers(2, 14, skill.shape)
        right = rng.binomial(total, 1 / (1 + np.exp(-skill)))
        return SpeakerCounts(right.astype(float), total.astype(float))

    return draw


def test_counts_give_the_scores_of_the_pooled_predictions(make_predictions):
    predictions = make_predictions({"adan": 0.7}, n_seeds=3).iloc[7:]
    predictions = predictions[predictions["utterance"].astype(int) > 7]
    counts = SpeakerCounts.of(count(predictions))
    (row,) = score(predictions).itertuples()
    assert counts.scores() == pytest.approx({"wa": row.wa_mean, "uar": row.uar_mean})
    for measure, shares in counts.contributions().items():
        assert shares.mean() == pytest.approx(counts.scores()[measure])


def test_a_class_of_a_speaker_may_lack_in_some_seeds(make_predictions):
    """Where utterances that enrol are drawn anew in each seed, a small class may be all drawn."""
    predictions = make_predictions({"adan": 0.7}, n_seeds=3)
    first = predictions.iloc[0]
    of_first = (predictions[["speaker", "true"]] == first[["speaker", "true"]]).all(axis=1)
    predictions = predictions[~of_first | (predictions["seed"] == 0)]
    right = predictions["true"] == predictions["predicted"]
    recalls = right.groupby(predictions["true"]).mean()
    expected = {"wa": 100 * right.mean(), "uar": 100 * recalls.mean()}
    assert SpeakerCounts.of(count(predictions)).scores() == pytest.approx(expected)


def test_a_prediction_that_stands_twice_is_refused(make_predictions):
    predictions = make_predictions({"adan": 0.7})
    with pytest.raises(AdanError, match=r"2 predictions are there more than once, .* by adan"):
        count(pd.concat([predictions, predictions.iloc[:2]]))


def test_a_class_that_a_draw_does_not_hold_is_left_out():
    counts = SpeakerCounts(np.array([[4.0, 0], [2, 3]]), np.array([[4.0, 0], [4, 4]]))
    assert counts.scores() == {"wa": 75, "uar": pytest.approx(75)}
    draws = counts.resampled()["uar"]
    assert set(draws.round(2)) == {100, 62.5, 75}


def test_intervals_cover_the_truth_where_percentiles_do_not(draw_counts):
    """Ten speakers are few: 95 % must be close to 95 %, and plain percentiles are below 90 %."""
    rng = np.random.default_rng(0)
    truth = draw_counts(rng, 100_000).scores()
    covered = {"ours": [], "percentile": []}
    for _ in range(300):
        counts = draw_counts(rng)
        draws = counts.resampled()
        for measure, value in truth.items():
            low, high = interval(draws[measure], 10)
            covered["ours"].append(low <= value <= high)
            low, high = np.quantile(draws[measure], [0.025, 0.975])
            covered["percentile"].append(low <= value <= high)
    assert np.mean(covered["ours"]) > 0.91
    assert np.mean(covered["percentile"]) < 0.9


def test_more_seeds_do_not_stand_for_more_speakers(make_predictions):
    """The predictions of ten seeds say no more about other speakers than those of one."""
    one = make_predictions({"adan": 0.7}, n_seeds=1, spread=0.1)
    ten = pd.concat([one.assign(seed=seed) for seed in range(10)])
    draws = [SpeakerCounts.of(count(predictions)).resampled()["wa"] for predictions in (one, ten)]
    assert interval(draws[0], 10) == interval(draws[1], 10)


def test_one_speaker_has_no_interval(make_predictions):
    counts = SpeakerCounts.of(count(make_predictions({"adan": 0.7}, n_speakers=1)))
    assert np.isnan(interval(counts.resampled()["wa"], 1)).all()
