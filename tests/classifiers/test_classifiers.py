import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from adan import RBFSVM, AdanError, DNNClassifier, ShrunkDiscriminant, WhitenedDNN
from adan.classifiers import svm
from adan.classifiers.svm import LinearSVM
from adan.classifiers.thresholds import ThresholdSVM
from adan.networks.many import Task, fit_many
from adan.networks.optimiser import Adam


@parametrize_with_checks(
    [
        RBFSVM(),
        LinearSVM(C=1),
        ThresholdSVM(),
        DNNClassifier(steps=100, random_state=0),
        WhitenedDNN(steps=100, n_networks=2, random_state=0),
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("kind", [RBFSVM, LinearSVM, ShrunkDiscriminant, DNNClassifier])
def test_a_label_that_is_missing_is_told_with_its_row(make_rows, kind, gap):
    X, y = make_rows()
    y = y.astype(object)
    y[5] = gap
    with pytest.raises(AdanError, match=r"y is empty \(.*\) in row 5: fill it in"):
        kind().fit(X, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_svm_is_scikit_learns(make_rows, dtype):
    X, y = make_rows(n=90, d=30)
    X = X.astype(dtype) / 2.5
    ours, theirs = RBFSVM(C=3).fit(X[:60], y[:60]), SVC(C=3, gamma="auto").fit(X[:60], y[:60])
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-3)
    np.testing.assert_array_equal(ours.support_vectors_, X[theirs.support_])


def test_linear_svm_is_scikit_learns(make_rows):
    X, y = make_rows(n=90, d=30)
    ours, theirs = LinearSVM(C=0.1).fit(X, y), SVC(C=0.1, kernel="linear").fit(X, y)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-2)


def test_svm_with_rows_that_stand_several_times_is_scikit_learns(make_rows):
    X, y = make_rows(n=60, d=8)
    X, labels = np.vstack([X, X[:40], X[:20], X[:5]]) / 2.5, np.hstack([y, y[:40], y[:20], y[5:10]])
    ours, theirs = RBFSVM().fit(X, labels), SVC(C=10, gamma="auto").fit(X, labels)
    np.testing.assert_allclose(
        ours.decision_function(X[:60]), theirs.decision_function(X[:60]), atol=1e-2
    )
    assert len(ours.support_vectors_) <= 65


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(RBFSVM(C=0.1), SVC(C=0.1, gamma="auto")), (LinearSVM(), SVC(C=0.001, kernel="linear"))],
)
def test_balanced_class_weights_are_scikit_learns(make_rows, ours, theirs):
    """Rows that stand several times count as often for their class."""
    X, y = make_rows(n=60, d=8)
    X, labels = np.vstack([X, X[:40:3]]) / 2.5, np.hstack([y, y[:40:3]])
    plain = ours.fit(X, labels).decision_function(X)
    weighted, expected = (
        svm.set_params(class_weight="balanced").fit(X, labels).decision_function(X)
        for svm in (ours, theirs)
    )
    np.testing.assert_allclose(weighted, expected, atol=1e-2)
    assert not np.allclose(weighted, plain, atol=1e-2)


@pytest.mark.parametrize("kind", [RBFSVM, LinearSVM])
def test_svm_on_many_vectors_of_a_small_space_is_the_same(make_rows, monkeypatch, kind):
    X, y = make_rows(n=30, d=80)
    between = np.random.default_rng(0).dirichlet(np.ones(30), size=1200)
    X, y = np.vstack([X, between @ X]), np.hstack([y, np.resize(y, 1200)])
    short = kind().fit(X, y)
    monkeypatch.setattr(svm, "in_small_span", lambda rows: (None, rows))
    np.testing.assert_allclose(
        short.decision_function(X), kind().fit(X, y).decision_function(X), atol=1e-3
    )


@pytest.mark.parametrize("kind", [RBFSVM, LinearSVM])
@pytest.mark.parametrize("installed", [True, False])
def test_svm_too_large_for_a_kernel_matrix_is_the_same(make_rows, monkeypatch, kind, installed):
    if installed:
        pytest.importorskip("sklearnex")
    else:
        monkeypatch.setitem(sys.modules, "sklearnex.svm", None)
    X, y = make_rows()
    X, y = np.vstack([X, X[:20]]), np.hstack([y, y[:20]])
    small = kind().fit(X, y)
    monkeypatch.setattr(svm, "KERNEL_BYTES", 1000)
    large = kind().fit(X, y)
    assert type(large._svc).__module__.startswith("sklearnex" if installed else "sklearn.")
    np.testing.assert_allclose(small.decision_function(X), large.decision_function(X), atol=1e-2)


def test_dnn_learns_and_its_probabilities_sum_to_one(make_rows):
    X, y = make_rows(n=120)
    dnn = DNNClassifier(steps=200, random_state=0).fit(X[:60], y[:60])
    assert dnn.score(X[60:], y[60:]) > 0.9
    np.testing.assert_allclose(dnn.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    assert dnn.history_["loss"][-1] < 0.5 * dnn.history_["loss"][0]


def test_dnn_sees_of_a_vector_what_lies_in_the_span_of_the_training_vectors(make_rows):
    X, y = make_rows(n=20, d=60)
    X, y = np.vstack([X, X[::-1] / 2]), np.hstack([y, y[::-1]])
    dnn = DNNClassifier(steps=50, random_state=0).fit(X, y)
    axes, _ = np.linalg.qr(X[:20].T)
    other = np.random.default_rng(0).normal(size=(30, 60))
    np.testing.assert_allclose(
        dnn.predict_proba(other), dnn.predict_proba(other @ axes @ axes.T), atol=1e-4
    )


def test_dnn_rotates_nothing_that_would_be_lost(make_rows):
    X, y = make_rows(n=600, d=60)
    for rows in (X, np.vstack([X[:20], 1e-3 * X]), X[:40]):
        labels = y[: len(rows)] if len(rows) < 600 else np.resize(y, len(rows))
        first, second = (
            DNNClassifier(steps=20, rotate=rotate, random_state=0).fit(rows, labels)
            for rotate in (True, False)
        )
        np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
def test_several_dnns_are_the_mean_of_each(make_rows, hidden):
    X, y = make_rows(n=40, d=100)
    logits = []
    for seed in (3, 4, 5):
        alone = DNNClassifier(hidden, steps=30, rotate=False, random_state=seed).fit(X, y)
        logits.append(alone.network_(torch.as_tensor(X, dtype=torch.float32)[None])[0])
    several = DNNClassifier(hidden, steps=30, rotate=False, n_networks=3, random_state=3).fit(X, y)
    expected = torch.stack(logits).mean(0).softmax(-1)
    np.testing.assert_allclose(several.predict_proba(X), expected, atol=1e-4)


def test_dnn_makes_the_same_number_of_updates_whatever_the_size(make_rows, rates):
    for n in (60, 600):
        dnn = DNNClassifier(steps=100, batch_size=20, random_state=0).fit(*make_rows(n=n))
        assert len(dnn.history_["loss"]) == -(-100 // (n // 20))
        assert len(rates) == 100
        rates.clear()


def test_dnns_learning_rate_falls_linearly(make_rows, rates):
    DNNClassifier(steps=4, learning_rate=0.1).fit(*make_rows())
    np.testing.assert_allclose(rates, [0.1, 0.075, 0.05, 0.025])


@pytest.fixture
def rates(monkeypatch):
    """The learning rate of each update."""
    noted = []
    step = Adam.step
    monkeypatch.setattr(
        Adam, "step", lambda adam: (noted.append(adam.learning_rate), step(adam))[1]
    )
    return noted


@pytest.mark.parametrize("kind", [DNNClassifier, WhitenedDNN])
@pytest.mark.parametrize("n_networks", [1, 2])
def test_dnns_trained_as_one_stack_are_what_they_are_alone(make_rows, n_networks, kind):
    """Unequal numbers of rows, batches and coordinates, some with other settings."""
    sets = [
        (*make_rows(n=45, d=100, seed=1), 45),
        (*make_rows(n=140, d=100, seed=2), 30),
        (*make_rows(n=15, d=100, seed=3), None),
        (*make_rows(n=48, d=200, seed=4), None),
        (*make_rows(n=45, d=100, classes=("anger", "joy"), seed=5), None),
        (*make_rows(n=300, d=100, seed=6), None),
    ]

    def dnns():
        return [
            kind(hidden=(9, 7), steps=33, n_networks=n_networks, random_state=i)
            for i in range(len(sets))
        ]

    together = dnns()
    tasks = (Task(i, dnn, *rows) for i, (dnn, rows) in enumerate(zip(together, sets, strict=True)))
    assert dict(fit_many(tasks)) == dict(enumerate(together))
    for dnn, alone, (X, y, n_real) in zip(together, dnns(), sets, strict=True):
        alone.fit(X, y, n_real)
        np.testing.assert_array_equal(dnn.predict_proba(X), alone.predict_proba(X))
        np.testing.assert_allclose(dnn.history_["loss"], alone.history_["loss"], rtol=1e-5)


@pytest.mark.parametrize("n_real", [None, 60])
def test_whitened_dnn_is_one_network_on_the_features(make_rows, n_real):
    """Its first layer contains coordinates in which S + r I is the identity."""
    X, y = make_rows(n=90, d=200)
    dnn = WhitenedDNN(steps=50, hidden=(9,), n_networks=2, random_state=0).fit(X, y, n_real)
    assert dnn.network_.widths == [(200, 18, 3)]
    first = dnn._axes(
        X[:n_real].astype(np.float32),
        np.unique(y, return_inverse=True)[1][:n_real],
        np.random.default_rng(0),
    )
    real, labels = X[:n_real], y[:n_real]
    means = {label: real[labels == label].mean(axis=0) for label in set(labels)}
    within = real - np.array([means[label] for label in labels])
    S = within.T @ within / len(real)
    shrunk = first.T @ (S + np.trace(S) / len(real) * np.eye(200)) @ first
    np.testing.assert_allclose(shrunk, np.eye(len(real)), atol=1e-3)
    outside = dnn.network_.weights[0][0].numpy().copy()
    outside -= first @ np.linalg.lstsq(first, outside, rcond=None)[0]
    np.testing.assert_allclose(outside, 0, atol=1e-5)
    assert dnn.score(X, y) > 0.8


def test_whitened_dnn_learns_where_the_classes_differ_along_little_variance():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    X = rng.normal(size=(400, 20)) @ np.diag([*[3.0] * 19, 0.2])
    X[:, 19] += 0.3 * y
    X = X @ np.linalg.qr(rng.normal(size=(20, 20)))[0]
    kinds = WhitenedDNN(steps=100, shrinkage=1e-3), DNNClassifier(steps=100, n_networks=5)
    scores = [
        dnn.set_params(random_state=0).fit(X[:200], y[:200]).score(X[200:], y[200:])
        for dnn in kinds
    ]
    assert scores[0] > scores[1] + 0.05


def test_dnn_is_reproducible_and_leaves_the_global_generators_alone(make_rows):
    before = torch.get_rng_state()
    X, y = make_rows()
    first, second = (DNNClassifier(steps=20, random_state=3).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    assert torch.equal(torch.get_rng_state(), before)


def test_dnn_activation_and_grid_search(make_rows):
    grid = GridSearchCV(
        DNNClassifier(steps=50, random_state=0), {"activation": ["relu", "tanh"]}, cv=2
    ).fit(*make_rows())
    assert grid.best_score_ > 0.8


def test_one_class_only_is_refused(make_rows):
    X, _ = make_rows()
    with pytest.raises(AdanError, match="1 class only"):
        DNNClassifier().fit(X, np.full(len(X), "anger"))
