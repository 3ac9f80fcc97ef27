"""Scores of a group are those of its predictions alone, its interval that of its speakers."""

import numpy as np
import pandas as pd

from adan.evaluation.comparison import compare
from adan.evaluation.groups import score_groups


def traits_of(predictions: pd.DataFrame, women: list[str]) -> pd.DataFrame:
    known = predictions.drop_duplicates("utterance")
    gender = np.where(known["speaker"].isin(women), "female", "male")
    return pd.DataFrame({"utterance": known["utterance"], "trait": "gender", "value": gender})


def test_a_group_scores_as_its_predictions_do_alone(make_predictions):
    predictions = make_predictions({"real only": 0.6, "adan": 0.8})
    women = ["00", "01", "02", "03"]
    found = score_groups(predictions, traits_of(predictions, women)).query("value == 'female'")
    alone = compare(predictions[predictions["speaker"].isin(women)])
    same = [*found.columns.intersection(alone.columns)]
    pd.testing.assert_frame_equal(found[same].reset_index(drop=True), alone[same])
    assert {*found["n_utterances"]} == {4 * 30}


def test_a_group_of_one_speaker_has_no_interval(make_predictions):
    predictions = make_predictions({"real only": 0.6})
    (one, others) = score_groups(predictions, traits_of(predictions, ["00"])).itertuples()
    assert (one.n_speakers, others.n_speakers) == (1, 9)
    assert np.isnan([one.wa_low, one.uar_high]).all()
    assert others.uar_low < others.uar < others.uar_high


def test_what_was_not_tested_makes_no_group(make_predictions):
    predictions = make_predictions({"real only": 0.6})
    known = traits_of(predictions, ["00"])
    assert score_groups(predictions, known.assign(utterance="another")).empty
    assert [*score_groups(predictions, known.iloc[:5])["n_utterances"]] == [5]
