"""The normalisation "enrolment N": some utterances tell who speaks, the others are scored."""

import numpy as np
import pandas as pd
import pytest

from adan import RBFSVM, AdanError
from adan.evaluation.normalisation import described, n_enrolled
from adan.experiments.study import Data, Folds, Study, run
from adan.folds import Method


@pytest.fixture
def data(make_rows):
    X, y = make_rows(n=120, d=30)
    speakers = np.repeat(["a", "b", "c", "d"], 30)
    offsets = 6 * np.random.default_rng(3).normal(size=(4, 30))
    X = (X + np.repeat(offsets, 30, axis=0)).astype(np.float32)
    return Data(X, y, speakers, np.arange(120).astype(str), speakers, np.ones(120, bool))


def predictions(data, how, seeds=2):
    return pd.concat(run(Study({"real": Method()}, {"svm": RBFSVM()}, how, seeds), data))


def test_utterances_that_enrol_are_not_scored(data):
    scored = predictions(data, "enrolment 6")
    assert (scored.groupby(["seed", "speaker"]).size() == 24).all()
    drawn = [set(rows["utterance"]) for _, rows in scored.groupby("seed")]
    assert drawn[0] != drawn[1]


def test_it_makes_new_speakers_better(data):
    right = {
        how: (rows := predictions(data, how))["true"].eq(rows["predicted"]).mean()
        for how in ("fold", "enrolment 10")
    }
    assert right["enrolment 10"] > right["fold"]


def test_what_is_scored_changes_nothing_that_is_fitted(data):
    """Only what enrols moves a speaker, and the training speakers know nothing of the test."""
    before = next(Folds(data, "enrolment 6").some(0))[1]
    data.X[before.test] += 50
    after = next(Folds(data, "enrolment 6").some(0))[1]
    np.testing.assert_array_equal(before.X, after.X)
    moved = (after.X_test - before.X_test)[np.abs(after.X_test) < 9]
    assert moved.min() >= 0
    np.testing.assert_array_equal(before.test, after.test)


@pytest.mark.parametrize("how", ["enrolment", "enrolment 0", "enrolment -1", "enrolment 2.5", "z"])
def test_other_names_are_refused(how):
    with pytest.raises(AdanError, match="choose one of fold, corpus, speaker, or enrolment N"):
        n_enrolled(how)


def test_too_many_are_refused(data):
    with pytest.raises(AdanError, match="none is left to score: enrol with fewer"):
        predictions(data, "enrolment 30")


def test_it_is_described():
    assert "5 unlabelled utterances of the test speaker" in described("enrolment 5")
