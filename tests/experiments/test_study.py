"""Honest folds: nothing that is fitted sees the test speaker, and one seed gives one result."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from adan import ADAN, RBFSVM, SMOTE, AdditiveNoise, DNNClassifier, Duplication, folds
from adan.audio.perturbation import Speed
from adan.classifiers.tuned import Tuned, TunedDNN, TunedSVM
from adan.evaluation.scores import score
from adan.experiments import study
from adan.experiments.sources import load
from adan.experiments.study import Data, Folds, Method, Study, run
from adan.folds import fit_synthesizers
from adan.reproduction.specifications import specification

SMALL_ADAN = ADAN(autoencoder_hidden=(20,), hidden=(10,), latent_dim=5, epochs=3)


@pytest.fixture
def data(make_rows):
    X, y = make_rows(n=60, d=20)
    speakers = np.repeat(["03", "08", "09"], 20)
    names = np.array([f"u{i:02d}" for i in range(60)])
    return Data(X, y, speakers, names, speakers, np.ones(60, bool))


@pytest.fixture
def make_study():
    def make(**changes):
        methods = {
            "real only": Method(),
            "smote": Method(SMOTE(), times=2),
            "adan": Method(SMALL_ADAN, times=2),
        }
        classifiers = {"svm": RBFSVM(), "dnn": DNNClassifier(steps=20)}
        return Study(**{"methods": methods, "classifiers": classifiers, **changes})

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


def test_a_method_may_have_some_of_the_classifiers_only(data, make_study):
    predictions = pd.concat(run(make_study(trained={"smote": ["svm"]}), data))
    trained = predictions.groupby("method")["classifier"].unique()
    assert [*trained["smote"]] == ["svm"]
    assert [*trained["adan"]] == [*trained["real only"]] == ["svm", "dnn"]


def test_same_seed_same_predictions_whatever_the_number_of_threads(data, make_study):
    both = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        both.append(pd.concat(run(make_study(), data)))
    torch.set_num_threads(1)
    pd.testing.assert_frame_equal(*both)


@pytest.mark.parametrize(
    "method",
    [SMALL_ADAN, Duplication(), AdditiveNoise(), SMOTE()],
    ids=lambda m: type(m).__name__,
)
@pytest.mark.parametrize(("how", "leaks"), [("fold", False), ("speaker", False), ("corpus", True)])
@pytest.mark.parametrize("change", ["scale", "shuffle labels"])
def test_changing_the_test_speaker_changes_nothing_fitted_in_that_fold(
    data, method, how, leaks, change
):
    """The same check fails for the whole-corpus normalisation, so it can fail."""
    test = data.speakers == "09"
    changed = replace(data, X=data.X.copy(), y=data.y.copy())
    if change == "scale":
        changed.X[test] = 50 - 3 * changed.X[test]
    else:
        changed.y[test] = np.roll(changed.y[test], 1)
        leaks = False
    results = []
    for version in (data, changed):
        (all_of_them,) = Folds(version, how).some(0)
        fold = all_of_them[-1]
        (fitted,) = fit_synthesizers(method, [fold], seed=0)
        results.append((fold.X, fitted.sample(fold.y)[0]))
    for before, after in zip(*results, strict=True):
        assert np.array_equal(before, after) is not leaks


def test_shuffled_labels_give_chance(data, make_study):
    rng = np.random.default_rng(0)
    shuffled = replace(data, y=rng.permutation(data.y))
    plan = make_study(classifiers={"svm": RBFSVM()}, seeds=3)
    scores = score(pd.concat(run(plan, shuffled)).assign(subset="all")).set_index("method")[
        "uar_mean"
    ]
    assert scores.between(15, 55).all()


def test_real_only_svm_is_the_known_figure():
    table1 = specification("table1")
    plan = Study({"real only": Method()}, {"svm": table1.classifiers["svm"].classifier()})
    (emodb,) = load(table1)
    predictions = pd.concat(run(plan, emodb.data)).assign(subset="all")
    (row,) = score(predictions).itertuples()
    assert row.wa_mean == pytest.approx(80.9, abs=0.3)
    assert row.uar_mean == pytest.approx(78.7, abs=0.5)


def test_synthesizers_learn_from_the_learnable_rows_alone(data):
    """What is not learnable may be anything; classifiers still train on it."""
    learnable = np.arange(60) % 4 > 0
    changed = replace(data, X=data.X.copy(), learnable=learnable)
    changed.X[~learnable] += 1
    fitted = []
    for version in (replace(data, learnable=learnable), changed):
        (all_of_them,) = Folds(version, "fold").some(0)
        fold = replace(all_of_them[-1], X=version.X[:40].astype(np.float32))
        assert len(fold.X) == 40
        (synthesizer,) = fit_synthesizers(SMOTE(), [fold], seed=0)
        fitted.append(synthesizer.sample(data.y)[0])
    np.testing.assert_array_equal(*fitted)


def test_a_synthesizer_that_two_methods_share_is_fitted_once(data, make_study, monkeypatch):
    calls = []
    fit_all = folds.fit_all
    monkeypatch.setattr(folds, "fit_all", lambda s, *a, **k: (calls.append(s), fit_all(s, *a, **k)))
    methods = {"both": Method(SMOTE()), "synthetic only": Method(SMOTE(), real=False)}
    list(run(make_study(methods=methods, seeds=2), data))
    assert len(calls) == 2


def test_settings_are_chosen_once_a_fold_and_seed_on_the_real_rows(data, make_study, monkeypatch):
    """The SVM is the same for all seeds, the DNN is not; no method changes the choice."""
    calls = []
    choose = Tuned.choose
    monkeypatch.setattr(
        Tuned, "choose", lambda t, X, *a: (calls.append((repr(t), len(X))), choose(t, X, *a))[1]
    )
    classifiers = {"svm tuned": TunedSVM(), "dnn tuned": TunedDNN(steps=5)}
    predictions = pd.concat(run(make_study(classifiers=classifiers, seeds=2), data))
    assert len(predictions) == 60 * 3 * 2 * 2
    kinds = Counter(name.partition("(")[0] for name, _ in calls)
    assert kinds == {"TunedSVM": 3, "TunedDNN": 3 * 2}
    assert {rows for _, rows in calls} == {40}


def test_training_sets(make_rows):
    X, y = make_rows(n=30)
    fitted = Duplication().fit(X, y)
    assert len(Method().training_set(X, y, None)[1]) == 30
    assert len(Method(Duplication(), times=3).training_set(X, y, fitted)[1]) == 120
    assert len(Method(Duplication(), real=False).training_set(X, y, fitted)[1]) == 300
    more = Method(Duplication(), times=1, more={"fear": 3}).training_set(X, y, fitted)[1]
    assert Counter(more.tolist()) == {"anger": 20, "fear": 40, "sadness": 20}
    filled = Method(Duplication(), balance=True).training_set(X[:14], y[:14], fitted)[1]
    assert Counter(filled.tolist()) == {"anger": 5, "fear": 5, "sadness": 5}


def test_folds_that_do_not_fit_into_memory_at_once_give_the_same(data, make_study, monkeypatch):
    together = pd.concat(run(make_study(seeds=2), data))
    monkeypatch.setattr(study, "FOLDS_BYTES", 2 * 4 * data.X.size)
    some_by_some = pd.concat(run(make_study(seeds=2), data))
    pd.testing.assert_frame_equal(together, some_by_some)


def test_how_the_folds_are_cut_for_classification_changes_nothing(data, make_study, monkeypatch):
    classifiers = {"dnn": DNNClassifier(steps=20), "tuned": TunedDNN(steps=5), "svm": RBFSVM()}
    plan = make_study(classifiers=classifiers)
    together = pd.concat(run(plan, data))
    monkeypatch.setattr(folds, "SETS_BYTES", 1)
    one_by_one = pd.concat(run(plan, data))
    pd.testing.assert_frame_equal(together, one_by_one)


def test_a_training_set_has_as_many_rows_as_foretold(make_rows):
    X, y = make_rows(n=30)
    fitted = Duplication().fit(X, y)
    for method in (
        Method(Duplication(), times=3),
        Method(Duplication(), real=False),
        Method(Duplication(), times=2, more={"fear": 3}),
        Method(perturbation=Speed()),
        Method(perturbation=Speed(), real=False),
        Method(Duplication(), balance=True),
    ):
        assert method.n_rows(y) == len(method.training_set(X, y, fitted, {Speed(): [X, X]})[1])
    assert Method().n_rows(y) == 30
