"""What suits a rare class is rehearsed with others."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import recall_score

from adan import RBFSVM, BorrowedSpread, Duplication, ShrunkDiscriminant
from adan.classifiers.recommended import SETS, Augmented, Recommended

CLASSES = ("anger", "boredom", "fear", "sadness")


@pytest.fixture
def rare():
    """Four classes in 100 features, of which sadness has five rows; and test rows of all."""
    rng = np.random.default_rng(0)
    centres = 0.45 * rng.normal(size=(4, 100))
    codes, test = np.repeat(np.arange(4), [50, 60, 55, 5]), np.repeat(np.arange(4), 100)
    X, X_test = (centres[c] + rng.normal(size=(len(c), 100)) for c in (codes, test))
    speakers = rng.permutation(np.arange(len(codes)) % 6)
    return X, np.array(CLASSES)[codes], speakers, X_test, np.array(CLASSES)[test]


def test_what_is_chosen_recalls_the_rare_class(rare):
    X, y, speakers, X_test, y_test = rare
    chosen = Recommended("svm", random_state=0).choose(X, y, speakers)
    plain, better = (
        recall_score(y_test, one.fit(X, y).predict(X_test), average=None)
        for one in (RBFSVM(), chosen)
    )
    assert better[3] > plain[3] + 0.2
    assert better.mean() > plain.mean() + 0.05


def test_in_a_rehearsal_another_class_is_as_rare_and_the_rare_one_is_out(rare):
    _, y, speakers, *_ = rare
    rng = np.random.default_rng(0)
    rehearsed = set()
    for train, test in Recommended()._rehearsals(y, speakers, rng):
        assert not set(speakers[train]) & set(speakers[test])
        counts = Counter(y[train])
        assert set(counts) == set(y[test]) == set(CLASSES[:3])
        rehearsed.add(min(counts, key=counts.get))
        assert min(counts.values()) == 5
    assert len(rehearsed) == 3


def test_of_two_classes_none_is_left_out_though_one_is_rare(rare):
    _, y, speakers, *_ = rare
    kept = np.isin(y, ["anger", "sadness"])
    rng = np.random.default_rng(0)
    splits = [*Recommended()._rehearsals(y[kept], speakers[kept], rng)]
    assert splits
    assert all(set(y[kept][train]) == {"anger", "sadness"} for train, _ in splits)


def test_where_no_class_is_rare_every_training_row_is_tested_once(rare):
    _, y, speakers, *_ = rare
    kept = y != "sadness"
    splits = [*Recommended()._rehearsals(y[kept], speakers[kept], np.random.default_rng(0))]
    tested = np.concatenate([test for _, test in splits])
    np.testing.assert_array_equal(np.sort(tested), np.arange(kept.sum()))


@pytest.mark.parametrize(("kind", "first"), [("svm", RBFSVM), ("discriminant", ShrunkDiscriminant)])
def test_a_kind_has_candidates_of_that_kind_and_real_data_alone_first(kind, first):
    own = Recommended(kind).candidates(50)
    assert isinstance(own[0], first)
    assert {type(getattr(c, "classifier", c)) for c in own} == {first}
    every = Recommended().candidates(50)
    assert len(every) == 9
    assert {*map(repr, own)} <= {*map(repr, every)}


@pytest.mark.parametrize(("times", "counts"), [(None, [60, 60, 60, 60]), (2, [150, 180, 165, 15])])
def test_an_augmented_classifier_is_that_of_real_and_synthetic_vectors(rare, times, counts):
    X, y, *_, X_test, _ = rare
    seen = []

    class Spy(RBFSVM):
        def fit(self, X, y):
            seen.append(Counter(y.tolist()))
            return super().fit(X, y)

    augmented = Augmented(Spy(), Duplication(), times).fit(X, y)
    assert seen == [dict(zip(CLASSES, counts, strict=True))]
    assert augmented.predict(X_test).shape == (400,)
    again = [
        Augmented(RBFSVM(), BorrowedSpread(), times, random_state=1).fit(X, y).predict(X_test)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*again)


@pytest.mark.parametrize(("n_rare", "times"), [(0, SETS), (5, None)])
def test_sets_are_drawn_where_no_class_is_rare(rare, monkeypatch, n_rare, times):
    X, y, speakers, *_ = rare
    kept = np.r_[: len(y) - 5 + n_rare]
    seen = set()
    monkeypatch.setattr(Augmented, "fit", lambda self, *_: seen.add(self.times) or self)
    monkeypatch.setattr(Augmented, "predict", lambda self, X: np.repeat("anger", len(X)))
    Recommended("discriminant").choose(X[kept], y[kept], speakers[kept])
    assert seen == {times}
