"""Less to train on: what stays is drawn alike for all, and no test row is touched."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan import RBFSVM, AdanError
from adan.cli import main
from adan.experiments.scarcity import Scarcity
from adan.experiments.sources import load
from adan.experiments.specification import read
from adan.experiments.study import Data, Folds, Study, run
from adan.experiments.tasks import data_of
from adan.folds import Method
from adan.reports.folder import read_runs

EACH = [Scarcity("utterances_per_class", 4), Scarcity("speakers", 1), Scarcity("rare", 3, "fear")]
each = pytest.mark.parametrize("scarcity", EACH, ids=lambda scarcity: scarcity.name)


@pytest.fixture
def data(make_rows):
    X, y = make_rows(n=90, d=10)
    speakers = np.repeat(["03", "08", "09"], 30)
    return Data(X, y, speakers, np.arange(90).astype(str), speakers, np.ones(90, bool))


def folds(data, seed=0, how="fold"):
    return next(Folds(data, how).some(seed))


@each
def test_a_name_says_what_it_is(scarcity):
    for of in ("all", "improvised"):
        assert Scarcity.parsed(scarcity.subset(of)) == (of, scarcity)
        assert Scarcity.parsed(of) == (of, None)
    assert scarcity.subset("all") == scarcity.name


@each
def test_smaller_draws_are_part_of_larger_ones(data, scarcity):
    more = replace(scarcity, n=scarcity.n + 1)
    for seed in range(5):
        few, many = (s.kept(data.y, data.speakers, seed, 0) for s in (scarcity, more))
        assert not (few & ~many).any()
        assert few.sum() < many.sum()


def test_so_many_stay(data):
    stays = [data.only(s.kept(data.y, data.speakers, 0, 0)) for s in EACH]
    assert Counter(stays[0].y) == {"anger": 4, "fear": 4, "sadness": 4}
    assert len(set(stays[1].speakers)) == 1
    assert len(stays[1].y) == 30
    assert Counter(stays[2].y) == {"anger": 30, "fear": 3, "sadness": 30}
    assert all(replace(s, n=99).kept(data.y, data.speakers, 0, 0).all() for s in EACH)


@each
def test_the_draw_comes_from_seed_and_fold_alone(data, scarcity):
    scarce = replace(data, scarcity=scarcity)
    together = Folds(scarce, "fold")
    drawn = [[fold.X for fold in next(together.some(seed))] for seed in (0, 1, 0)]
    first, other, again = map(np.vstack, drawn)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@each
@pytest.mark.parametrize("how", ["fold", "speaker", "corpus", "enrolment 2"])
def test_every_utterance_of_every_speaker_is_scored_once(data, scarcity, how):
    plan = Study({"real only": Method()}, {"svm": RBFSVM()}, how)
    scored = pd.concat(run(plan, replace(data, scarcity=scarcity)))
    assert scored["utterance"].is_unique
    assert len(scored) == (84 if how.startswith("enrolment") else 90)


@each
@pytest.mark.parametrize("how", ["fold", "speaker", "corpus"])
def test_what_does_not_stay_is_seen_by_nobody(data, scarcity, how):
    """The scaling sees only what stays; the test rows all do."""
    scarce = replace(data, scarcity=scarcity)
    before, *_ = folds(scarce, how=how)
    train = np.flatnonzero(data.speakers != "03")
    gone = train[~scarcity.kept(data.y[train], data.speakers[train], 0, 0)]
    X = data.X.copy()
    X[gone] += 50
    after, *_ = folds(replace(scarce, X=X), how=how)
    np.testing.assert_array_equal(before.X, after.X)
    np.testing.assert_array_equal(before.X_test, after.X_test)
    assert len(before.X) == len(train) - len(gone)
    np.testing.assert_array_equal(before.test, np.flatnonzero(data.speakers == "03"))


ROWS = [
    (method, classifier)
    for method in ("real only", "smote", "adan", "synthetic only")
    for classifier in ("svm", "dnn")
]
SCARCE = """
[scarcity]
utterances_per_class = [3]
speakers = [1]
rare = { every = [2, 4], fear = [4] }
"""


def test_a_specification_adds_subsets(make_study_file):
    study = read(make_study_file(more=SCARCE))
    places = data_of(study, load(study))
    rare = [f"{n} of {label}" for label in ("anger", "fear", "sadness") for n in (2, 4)]
    assert [place[2] for place in places] == ["all", "3 a class", "1 speakers", *rare]


def test_a_class_that_is_not_there_is_refused_by_name(make_study_file):
    study = read(make_study_file(more="[scarcity]\nrare = { joy = [2] }"))
    with pytest.raises(AdanError, match=r"scarcity.rare: rows has no class 'joy'; it has anger, f"):
        data_of(study, load(study))


def test_a_study_of_scarcity_runs_and_is_reported(make_study_file, tmp_path):
    path = make_study_file(seeds=1, more="[scarcity]\nrare = { fear = [3] }")
    assert main(["study", "run", str(path), "-o", str(tmp_path / "run")]) == 0
    (found,) = read_runs(tmp_path / "run")
    counts = found.predictions.groupby(["subset", "method", "classifier"]).size()
    assert counts.to_dict() == {("all", *row): 60 for row in ROWS}
    assert len(found.curves) == 2 * len(ROWS)
    assert main(["report", str(tmp_path / "run")]) == 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert page.count("<h3>SVM: recall of the rare class</h3>") == 1
    assert "3 utterances of the rare class" in page
