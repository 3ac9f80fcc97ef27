"""Borrowed spread: where the mean of a rare class is put, and what lies around it."""

import numpy as np
import pytest

from adan import BorrowedSpread

CLASSES = ("anger", "boredom", "fear", "sadness", "zeal")


@pytest.fixture
def make_rare():
    """Five classes that differ in a plane, apart from 60 features of their own; zeal is rare."""

    def make(n_rare=5, own=1.0, seed=0, spread=4.0):
        rng = np.random.default_rng(seed)
        centres = np.hstack([6 * rng.normal(size=(5, 2)), own * rng.normal(size=(5, 60))])
        codes = np.repeat(np.arange(5), [40, 50, 60, 45, n_rare])
        X = centres[codes] + spread * rng.normal(size=(len(codes), 62))
        return X, np.array(CLASSES)[codes], centres

    return make


def deviations(X):
    return X.std(axis=0)


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_the_mean_of_a_rare_class_is_nearer_to_the_truth(make_rare, own):
    for seed in range(3):
        X, y, centres = make_rare(own=own, seed=seed)
        drawn, _ = BorrowedSpread(random_state=0).fit(X, y).sample({"zeal": 400})
        shrunk, plain = (
            np.linalg.norm((rows.mean(axis=0) - centres[4]) / X.std(axis=0))
            for rows in (drawn, X[y == "zeal"])
        )
        assert shrunk < 0.8 * plain


def test_more_is_believed_of_more_vectors_and_of_classes_that_are_more_their_own(make_rare):
    believed = {
        (n, own): BorrowedSpread().fit(*make_rare(n, own)[:2]).believed_[4]
        for n in (5, 40)
        for own in (0.0, 2.0)
    }
    assert believed[5, 0.0] < 0.2 < believed[5, 2.0] < believed[40, 2.0] < 1
    assert (np.array([*believed.values()]) >= 0).all()


def test_the_spread_is_that_of_the_other_classes(make_rare):
    X, y, _ = make_rare()
    drawn, _ = BorrowedSpread(random_state=0).fit(X, y).sample({"zeal": 195})
    others = [X[y == label] - X[y == label].mean(axis=0) for label in CLASSES[:4]]
    np.testing.assert_allclose(deviations(drawn), deviations(np.vstack(others)), rtol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_few_classes_are_enough(make_rare, n_classes):
    X, y, _ = make_rare()
    kept = np.isin(y, CLASSES[-n_classes:])
    fitted = BorrowedSpread(random_state=0).fit(X[kept], y[kept])
    assert np.isfinite(fitted.sample({"zeal": 9})[0]).all()
    assert 0 <= fitted.believed_[-1] < 1
