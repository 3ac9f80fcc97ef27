import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from adan.evaluation.comparison import compare, power_note, visible_difference

METHODS = {"real only": 0.7, "same": 0.7, "better": 0.9, "worse": 0.45}


def test_verdicts(make_predictions):
    compared = compare(make_predictions(METHODS, classifiers=("svm", "dnn")))
    assert len(compared) == 8
    verdicts = compared.set_index(["classifier", "method"])["verdict"]
    for classifier in ("svm", "dnn"):
        assert verdicts[classifier].to_dict() == {
            "real only": "baseline",
            "same": "not told apart",
            "better": "better",
            "worse": "worse",
        }
    assert compared[["n_speakers", "n_seeds"]].to_numpy().tolist() == [[10, 2]] * 8


def test_differences_are_those_of_the_scores_and_lie_in_their_intervals(make_predictions):
    compared = compare(make_predictions(METHODS)).set_index("method")
    for measure in ("wa", "uar"):
        difference = compared[measure] - compared.loc["real only", measure]
        named = compared[f"{measure}_difference"]
        pd.testing.assert_series_equal(named.iloc[1:], difference.iloc[1:], check_names=False)
        assert np.isnan(named["real only"])
        for name in (measure, f"{measure}_difference"):
            rows = compared.iloc[1:]
            assert rows[name].between(rows[f"{name}_low"], rows[f"{name}_high"]).all()


def test_pairing_takes_out_what_speakers_have_in_common(make_predictions):
    """Speakers differ widely; the gain of a method over the baseline does not."""
    compared = compare(make_predictions(METHODS, spread=0.2, n_each=40)).set_index("method")
    row = compared.loc["worse"]
    assert row["wa_difference_high"] - row["wa_difference_low"] < 0.6 * (
        row["wa_high"] - row["wa_low"]
    )


def test_the_smallest_p_of_ten_speakers_is_one_in_512(make_predictions):
    compared = compare(make_predictions(METHODS)).set_index("method")
    assert compared.loc["worse", "wa_p"] == 2 / 1024
    assert compared.loc["worse", "wa_p_holm"] == 3 * 2 / 1024
    assert compared.loc["same", "wa_p_holm"] == compared.loc["same", "wa_p"]


def test_the_same_predictions_are_not_told_apart(make_predictions):
    real = make_predictions({"real only": 0.7})
    copy = compare(pd.concat([real, real.assign(method="duplication")])).set_index("method")
    row = copy.loc["duplication"]
    assert row["uar_difference"] == row["uar_difference_low"] == row["uar_difference_high"] == 0
    assert row["uar_p"] == 1
    assert row["verdict"] == "not told apart"


def test_false_alarms_are_as_rare_as_promised(make_predictions):
    methods = dict.fromkeys(["real only", *(f"same {i}" for i in range(25))], 0.7)
    tables = [compare(make_predictions(methods, n_seeds=1, seed=seed)) for seed in range(4)]
    compared = pd.concat(tables).query("method != 'real only'")
    assert (compared["uar_p"] < 0.05).mean() < 0.1
    assert (compared["verdict"] == "not told apart").all()


def test_only_seeds_that_both_have_are_compared(make_predictions):
    whole = make_predictions(METHODS, n_seeds=3)
    partly = whole[(whole["method"] == "real only") | (whole["seed"] < 1)]
    both = (
        compare(partly).set_index("method"),
        compare(whole[whole["seed"] < 1]).set_index("method"),
    )
    assert both[0].loc["better", "wa_difference"] == both[1].loc["better", "wa_difference"]
    assert both[0].loc["real only", "n_seeds"] == 3


def test_without_a_baseline_there_is_no_verdict(make_predictions):
    compared = compare(make_predictions({"smote": 0.7, "adan": 0.8}))
    assert compared["verdict"].tolist() == ["", ""]
    assert compared["uar_difference"].isna().all()
    assert compared["uar_low"].notna().all()
    assert "no differences vary" in power_note(compared)


def test_more_than_thirteen_speakers_are_tested_by_chance_and_repeatably(make_predictions):
    predictions = make_predictions(METHODS, n_speakers=15)
    first, second = compare(predictions), compare(predictions)
    pd.testing.assert_frame_equal(first, second)
    assert first.set_index("method").loc["worse", "uar_p"] < 0.001


def test_a_visible_difference_is_found_in_four_of_five_studies():
    rng = np.random.default_rng(0)
    gains = rng.normal(visible_difference(3.0, 10), 3.0, (2000, 10))
    assert np.mean(ttest_1samp(gains, 0, axis=1).pvalue < 0.05) == pytest.approx(0.8, abs=0.03)


def test_the_note_says_what_would_be_found(make_predictions):
    assert "With 10 speakers, four of five such studies would find a difference" in power_note(
        compare(make_predictions(METHODS))
    )
    few = compare(make_predictions(METHODS, n_speakers=4))
    assert "cannot tell any of 3 methods apart" in power_note(few)
    assert (few["verdict"] != "better").all()


@pytest.mark.parametrize(
    ("n_speakers", "effect"),
    [(2, 11.54989), (3, 3.26404), (5, 1.68200), (10, 0.99600), (91, 0.29687)],
)
def test_the_visible_effect_is_that_of_tables_of_power(n_speakers, effect):
    """As statsmodels' TTestPower solves it."""
    assert visible_difference(1.0, n_speakers) == pytest.approx(effect, rel=1e-4)
