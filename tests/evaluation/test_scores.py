import numpy as np
import pandas as pd
import pytest

from adan.evaluation.scores import confusion, score, score_seeds


@pytest.fixture
def predictions():
    """Two seeds, two folds of unequal size; seed 0 errs once in the small fold."""
    rows = []
    for seed, last in ((0, "b"), (1, "a")):
        for fold, true, predicted in (
            ("03", "a", "a"),
            ("03", "a", "a"),
            ("03", "b", "b"),
            ("08", "a", last),
        ):
            rows.append((seed, fold, true, predicted))
    frame = pd.DataFrame(rows, columns=["seed", "fold", "true", "predicted"])
    return frame.assign(
        subset="all", method="adan", classifier="svm", normalisation="fold", utterance="u"
    )


def test_wa_and_uar_are_pooled_over_folds(predictions):
    seeds = score_seeds(predictions).set_index("seed")
    assert seeds.loc[0, "wa"] == 75
    assert seeds.loc[0, "uar"] == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert seeds.loc[0, "wa_fold_mean"] == 50
    assert seeds.loc[0, "wa_fold_std"] == pytest.approx(np.std([100, 0], ddof=1))


def test_mean_and_deviation_over_seeds(predictions):
    (row,) = score(predictions).itertuples()
    assert row.n_seeds == 2
    assert row.wa_mean == 87.5
    assert row.wa_std == pytest.approx(np.std([75, 100], ddof=1))


def test_one_seed_has_no_deviation(predictions):
    (row,) = score(predictions[predictions["seed"] == 0]).itertuples()
    assert np.isnan(row.wa_std)


def test_confusion_counts_are_averaged_over_seeds(predictions):
    table = confusion(predictions).set_index("true")
    assert table.loc["a", ["a", "b"]].tolist() == [2.5, 0.5]
    assert table.loc["b", ["a", "b"]].tolist() == [0, 1]
