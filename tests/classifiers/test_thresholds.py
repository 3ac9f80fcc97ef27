import numpy as np
import pytest
from sklearn.metrics import recall_score

from adan import RBFSVM
from adan.classifiers.thresholds import ThresholdSVM


@pytest.fixture(params=[("anger", "fear", "sadness"), ("anger", "fear")], ids=len)
def rare(make_rows, request):
    """Rows of classes that lie close together, sadness or fear among them rarely; speakers."""
    X, y = make_rows(n=1500, d=20, classes=request.param)
    kept = (y != request.param[-1]) | (np.arange(1500) % 10 == 5)
    return X[kept] / 6 + np.random.default_rng(1).normal(size=(kept.sum(), 20)), y[kept]


def test_a_rare_class_is_recalled_more_often(rare):
    X, y = rare
    train = np.random.default_rng(0).random(len(y)) < 0.5
    speakers = np.arange(train.sum()) % 6
    chosen = ThresholdSVM().choose(X[train], y[train], speakers)
    assert chosen.constants[max(y)] > 0
    uar = [
        recall_score(y[~train], fitted.fit(X[train], y[train]).predict(X[~train]), average="macro")
        for fitted in (chosen, RBFSVM())
    ]
    assert uar[0] > uar[1] + 0.03


def test_without_constants_it_decides_as_scikit_learns_values_do(rare):
    X, y = rare
    svm, same = RBFSVM().fit(X, y), ThresholdSVM().fit(X, y)
    values = svm.decision_function(X)
    best = values.argmax(axis=1) if values.ndim == 2 else (values > 0).astype(int)
    np.testing.assert_array_equal(same.predict(X), svm.classes_[best])
    for label in same.classes_:
        assert (same.set_params(constants={label: 99.0}).predict(X) == label).all()


def test_a_class_that_only_speakers_left_out_have_is_no_obstacle(rare):
    X, y = rare
    speakers = np.where(y == max(y), 0, 1 + np.arange(len(y)) % 2)
    assert set(ThresholdSVM().choose(X, y, speakers).constants) == set(y)
