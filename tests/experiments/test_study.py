"""Honest folds: nothing that is fitted sees the test speaker, and one seed gives one result."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import LeaveOneGroupOut

from adan import ADAN, RBFSVM, SMOTE, AdditiveNoise, DNNClassifier, Duplication
from adan.evaluation.scores import score
from adan.experiments import paper, study
from adan.experiments.study import Data, Study, run

SMALL_ADAN = ADAN(autoencoder_hidden=(20,), hidden=(10,), latent_dim=5, epochs=3)


@pytest.fixture
def data(make_rows):
    X, y = make_rows(n=60, d=20)
    speakers = np.repeat(["03", "08", "09"], 20)
    return Data(X, y, speakers, np.array([f"u{i:02d}" for i in range(60)]))


@pytest.fixture
def make_study():
    def make(**changes):
        methods = {"real only": None, "smote": SMOTE(), "adan": SMALL_ADAN}
        classifiers = {"svm": RBFSVM(), "dnn": DNNClassifier(steps=20)}
        return Study(**{"methods": methods, "classifiers": classifiers, "times": 2, **changes})

    return make


def test_every_utterance_is_predicted_once_by_a_model_that_did_not_see_its_speaker(
    data, make_study
):
    predictions = pd.concat(run(make_study(seeds=2), data))
    assert len(predictions) == 60 * 3 * 2 * 2
    for _, group in predictions.groupby(["method", "classifier", "seed"]):
        assert sorted(group["utterance"]) == sorted(data.utterances)
        by_name = group.set_index("utterance")
        assert (by_name.loc[data.utterances, "fold"] == data.speakers).all()
        assert (by_name.loc[data.utterances, "true"] == data.y).all()


def test_same_seed_same_predictions_whatever_the_number_of_workers(data, make_study, monkeypatch):
    both = []
    for workers in (1, 2):
        monkeypatch.setattr(study, "cpu_count", lambda n=workers: n)
        both.append(pd.concat(run(make_study(), data)))
    pd.testing.assert_frame_equal(*both)


@pytest.mark.parametrize(
    "method",
    [SMALL_ADAN, Duplication(), AdditiveNoise(), SMOTE()],
    ids=lambda m: type(m).__name__,
)
@pytest.mark.parametrize(("how", "leaks"), [("fold", False), ("speaker", False), ("corpus", True)])
@pytest.mark.parametrize("change", ["scale", "shuffle labels"])
def test_changing_the_test_speaker_changes_nothing_fitted_in_that_fold(
    data, make_study, method, how, leaks, change
):
    """The same check fails for the whole-corpus normalisation, so it can fail."""
    test = data.speakers == "09"
    changed = Data(data.X.copy(), data.y.copy(), data.speakers, data.utterances)
    if change == "scale":
        changed.X[test] = 50 - 3 * changed.X[test]
    else:
        changed.y[test] = np.roll(changed.y[test], 1)
        leaks = False
    results = []
    for version in (data, changed):
        plan = make_study(normalisation=how)
        (train, held_out), *_ = [
            fold
            for fold in LeaveOneGroupOut().split(version.X, version.y, version.speakers)
            if (version.speakers[fold[1]] == "09").all()
        ]
        split = study._split(plan, version, train, held_out)
        (fitted,) = study._fitted(method, [split], version.y, seed=0, progress=False)
        results.append((split[0], fitted.sample(version.y[train])[0]))
    for before, after in zip(*results, strict=True):
        assert np.array_equal(before, after) is not leaks


def test_shuffled_labels_give_chance(data, make_study):
    rng = np.random.default_rng(0)
    shuffled = Data(data.X, rng.permutation(data.y), data.speakers, data.utterances)
    plan = make_study(classifiers={"svm": RBFSVM()}, seeds=3)
    scores = score(pd.concat(run(plan, shuffled))).set_index("method")["uar_mean"]
    assert scores.between(15, 55).all()


def test_real_only_svm_is_the_known_figure():
    plan = paper.table1()
    plan = Study(methods={"real only": None}, classifiers={"svm": plan.classifiers["svm"]})
    (row,) = score(pd.concat(run(plan, paper.emodb()))).itertuples()
    assert row.wa_mean == pytest.approx(80.9, abs=0.3)
    assert row.uar_mean == pytest.approx(78.7, abs=0.5)
