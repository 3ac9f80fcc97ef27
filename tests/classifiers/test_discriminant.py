import time

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import log_loss, recall_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from adan import AdanError, ShrunkDiscriminant
from adan.classifiers import discriminant
from adan.classifiers.discriminant import Moments, noise_left_out, whitening
from adan.evaluation.normalisation import normalise
from adan.networks.many import Task, fit_many

SPEAKERS = np.repeat(["03", "08", "09", "10"], 30)


@parametrize_with_checks([ShrunkDiscriminant(), ShrunkDiscriminant(0.1, correct_bias=False)])
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.fixture
def make_overlapping():
    """Classes that overlap in far more features than there are rows, correlated ones."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(20, 300))
    centres = rng.normal(size=(4, 20)) @ factors

    def make(n, seed, classes=4):
        rng = np.random.default_rng(seed)
        codes = np.arange(n) % classes
        noise = rng.normal(size=(n, 20)) @ factors + 3 * rng.normal(size=(n, 300))
        return 0.6 * centres[codes] + noise, codes

    return make


def assert_same(functions, others):
    """Of a vector they may differ by what all classes have in common."""
    np.testing.assert_allclose(np.diff(functions), np.diff(others), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("d", [10, 90])
@pytest.mark.parametrize("shrinkage", [0.1, 2.0])
def test_it_is_scikit_learns_where_that_applies(make_rows, d, shrinkage):
    """Class shares as priors, no correction; scikit-learn takes 1 - a of S and a of its mean."""
    X, y = make_rows(n=120, d=d)
    X, y = X[:-7] + 5, y[:-7]
    a = shrinkage / (1 + shrinkage)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=a).fit(X, y)
    ours = ShrunkDiscriminant(shrinkage, correct_bias=False).fit(X, y)
    functions = ours.decision_function(X) / (1 - a) + np.log(theirs.priors_)
    assert_same(functions, theirs.decision_function(X))
    np.testing.assert_allclose(ours.means_, theirs.means_, atol=1e-9)


def test_without_shrinkage_it_is_scikit_learns_with_priors(make_rows):
    X, y = make_rows(n=120)
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(X, y)
    ours = ShrunkDiscriminant(0.0, correct_bias=False, priors=theirs.priors_).fit(X, y)
    assert_same(ours.decision_function(X), theirs.decision_function(X))


def test_span_of_few_vectors_gives_what_all_features_give(make_overlapping):
    """The mean variance is one over the 79 dimensions of 80 vectors around their mean."""
    X, y = make_overlapping(80, 1)
    short = ShrunkDiscriminant(1.0).fit(X, y)
    within = X - np.array([X[y == k].mean(axis=0) for k in range(4)])[y]
    S = within.T @ within / len(X)
    A = np.linalg.inv(S + np.trace(S) / 79 * np.eye(300))
    means = np.array([X[y == k].mean(axis=0) for k in range(4)])
    constants = -0.5 * ((means @ A) * means).sum(axis=1) + 0.5 * np.trace(A @ S) / 20
    new, _ = make_overlapping(50, 2)
    expected = new @ A @ means.T + constants
    functions = short.decision_function(new)
    assert_same(functions, expected)
    np.testing.assert_allclose(new @ short.coef_.T + short.intercept_, functions, atol=1e-9)


def test_discriminant_of_long_vectors_is_quick():
    X = np.random.default_rng(0).normal(size=(500, 4368)).astype(np.float32)
    y = np.arange(500) % 7
    start = time.process_time()
    ShrunkDiscriminant(1.0).fit(X, y)
    assert time.process_time() - start < 10


def test_the_correction_helps_a_class_of_few_vectors(make_overlapping):
    X, y = make_overlapping(400, 1)
    kept = np.flatnonzero(y != 0).tolist() + np.flatnonzero(y == 0)[:5].tolist()
    X_test, y_test = make_overlapping(800, 2)
    recalls = [
        recall_score(
            y_test,
            ShrunkDiscriminant(1.0, correct_bias=correct).fit(X[kept], y[kept]).predict(X_test),
            average=None,
        )
        for correct in (True, False, "left out")
    ]
    assert recalls[0][0] > recalls[1][0] + 0.2
    assert recalls[0].mean() > recalls[1].mean() + 0.03
    assert recalls[2][0] > recalls[0][0]


def test_the_noise_of_vectors_left_out_is_what_leaving_each_out_gives(make_rows):
    X, y = make_rows(n=40, d=60)
    codes = np.unique(y, return_inverse=True)[1]
    moments = Moments.of(X, codes, 3)
    residuals = X - moments.means[codes]
    within = residuals.T @ residuals / 40
    ridge = 0.5 * np.trace(within) / 60 * np.eye(60)
    expected = np.mean(
        [r @ np.linalg.solve(within - np.outer(r, r) / 40 + ridge, r) for r in residuals]
    )
    assert noise_left_out(X, codes, moments, 0.5) == pytest.approx(expected)
    assert expected > 1.2 * whitening(moments, 0.5)[1]


def test_a_class_with_one_vector_can_be_recognised(make_rows):
    X, y = make_rows(n=121, d=300)
    X, y = X[[*np.flatnonzero(y != "fear"), 1]], y[[*np.flatnonzero(y != "fear"), 1]]
    new, labels = make_rows(n=60, d=300)
    speakers = np.arange(len(y)) % 3
    predicted = ShrunkDiscriminant().fit(X, y, speakers).predict(new)
    assert recall_score(labels, predicted, average="macro") > 0.9


@pytest.mark.parametrize("grouped", [True, False])
def test_the_shrinkage_is_chosen_that_fits_the_data(grouped):
    """Without a common covariance much shrinkage is best, with a strong one little is."""
    rng = np.random.default_rng(0)
    codes = np.arange(240) % 3
    groups = np.arange(240) // 60 if grouped else None
    centres = 0.5 * np.eye(3, 100)[codes] * 3
    plain = centres + rng.normal(size=(240, 100))
    common = centres + rng.normal(size=(240, 3)) @ (30 * rng.normal(size=(3, 100)))
    common += 0.3 * rng.normal(size=(240, 100))
    chosen = [ShrunkDiscriminant().fit(X, codes, groups).shrinkage_ for X in (plain, common)]
    assert chosen[0] > 10 * chosen[1]


def test_what_is_chosen_holds_for_the_speakers_left_out(make_rows):
    X, y = make_rows(n=120, d=40)
    seen = []

    class Spy(ShrunkDiscriminant):
        def _left_out(self, short, codes, whole, folds, settings):
            seen.append(folds)
            return super()._left_out(short, codes, whole, folds, settings)

    chosen = Spy().choose(X, y, SPEAKERS)
    np.testing.assert_array_equal(seen[0], np.repeat(range(4), 30))
    assert chosen.shrinkage in discriminant.SHRINKAGES
    assert not hasattr(chosen, "coef_")
    assert Spy(0.5).choose(X, y, SPEAKERS).shrinkage == 0.5
    Spy().fit(X, y)
    assert {tuple(np.bincount(seen[1][y == label])) for label in set(y)} == {(8,) * 5}


def test_a_fold_left_out_is_a_fit_on_the_others(make_overlapping):
    X, y = make_overlapping(120, 1)
    X += 3 * np.repeat(np.random.default_rng(0).normal(size=(4, 300)), 30, axis=0)
    kept = {}

    class Spy(ShrunkDiscriminant):
        def _left_out(self, *arguments):
            kept["scores"] = super()._left_out(*arguments)
            return kept["scores"]

    Spy(1.0, correct_bias=False).fit(X, y, SPEAKERS)
    for speaker in np.unique(SPEAKERS):
        own = speaker == SPEAKERS
        others = X[~own]
        means = np.array([others[y[~own] == k].mean(axis=0) for k in range(4)])
        within = others - means[y[~own]]
        S = within.T @ within / len(others)
        A = np.linalg.inv(S + np.trace(S) / 119 * np.eye(300))
        expected = X[own] @ A @ means.T - 0.5 * ((means @ A) * means).sum(axis=1)
        assert_same(kept["scores"][0, own], expected)


def test_probabilities_are_better_than_the_functions_as_they_are(make_overlapping):
    X, y = make_overlapping(160, 1)
    X_test, y_test = make_overlapping(400, 2)
    fitted = ShrunkDiscriminant(0.3).fit(X, y)
    raw = log_loss(y_test, softmax(fitted.decision_function(X_test), axis=1))
    assert log_loss(y_test, fitted.predict_proba(X_test)) < 0.8 * raw


def test_test_rows_change_nothing(make_rows):
    X, y = make_rows(n=120, d=40)
    train = SPEAKERS != "10"
    functions = []
    for shift in (0, 100):
        changed = X + shift * ~train[:, None]
        rows, _ = normalise(changed, train, SPEAKERS, "fold")
        fitted = ShrunkDiscriminant().fit(rows, y[train], SPEAKERS[train])
        functions.append((fitted.shrinkage_, fitted.temperature_, *fitted.coef_.ravel()))
    np.testing.assert_array_equal(*functions)


def test_what_cannot_be_used_is_said_in_a_line(make_rows):
    X, y = make_rows(n=60, d=100)
    cases = [
        (ShrunkDiscriminant(), X, np.full(60, "anger"), None, "1 class only"),
        (ShrunkDiscriminant(), np.where(X > 3, np.nan, X), y, None, "NaN"),
        (ShrunkDiscriminant(0.0), X, y, None, "shrinkage=0 is too little"),
        (ShrunkDiscriminant(-1.0), X, y, None, "shrinkage=-1.0: give"),
        (ShrunkDiscriminant("some"), X, y, None, "shrinkage='some': give"),
        (ShrunkDiscriminant(priors=(0.5, 0.5)), X, y, None, "3 numbers above 0"),
        (ShrunkDiscriminant(), X, y, SPEAKERS, "120 speakers for 60 vectors"),
        (ShrunkDiscriminant(), np.ones_like(X), y, None, "alike"),
    ]
    for classifier, rows, labels, groups, problem in cases:
        with pytest.raises(ValueError, match=problem) as error:
            classifier.fit(rows, labels, groups)
        assert isinstance(error.value, AdanError) or problem == "NaN"


def test_classes_without_spread_are_told_apart_by_their_means():
    X = np.repeat(np.eye(3, 50), 6, axis=0)
    y = np.repeat([4, 5, 6], 6)
    np.testing.assert_array_equal(ShrunkDiscriminant().fit(X, y).predict(X), y)


def test_noise_outside_the_span_of_the_real_vectors_is_projected_on_it(make_rows):
    X, y = make_rows(n=30, d=80)
    noisy = X + np.random.default_rng(0).normal(size=X.shape)
    axes = np.linalg.svd(X - np.vstack([X, noisy]).mean(axis=0), full_matrices=False)[2]
    both = ShrunkDiscriminant(shrinkage=1.0).fit(np.vstack([X, noisy]), np.tile(y, 2), n_real=30)
    outside = both.coef_ - both.coef_ @ axes.T @ axes
    assert np.abs(outside).max() < 1e-6 * np.abs(both.coef_).max()
    told = dict(fit_many([Task("noise", clone(both), np.vstack([X, noisy]), np.tile(y, 2), 30)]))
    np.testing.assert_array_equal(told["noise"].coef_, both.coef_)
