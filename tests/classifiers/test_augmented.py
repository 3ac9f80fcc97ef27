"""Many classifiers at a time: each as it would be alone, in parts that fit into memory."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from adan import RBFSVM, DNNClassifier
from adan.classifiers import augmented


class Told(BaseEstimator):
    """Notes what its ``fit`` is told."""

    def fit(self, X, y, n_real=None):
        self.n_real_ = n_real
        return self


def test_each_is_what_it_would_be_alone(make_rows):
    kinds = [DNNClassifier(steps=30, random_state=0), RBFSVM(), Told(), DNNClassifier(steps=20)]
    kinds[-1].random_state = 1
    sets = [make_rows(n=n, d=90, seed=n) for n in (40, 50, 60, 70)]
    tasks = [(i, k, *rows, 30) for i, (k, rows) in enumerate(zip(kinds, sets, strict=True))]
    fitted = dict(augmented.fitted(tasks))
    assert {i: fitted[i] for i in range(4)} == dict(enumerate(kinds))
    assert kinds[2].n_real_ == 30
    for i in (0, 3):
        alone = DNNClassifier(steps=kinds[i].steps, random_state=kinds[i].random_state)
        alone.fit(*sets[i], n_real=30)
        X, _ = sets[i]
        np.testing.assert_array_equal(kinds[i].predict_proba(X), alone.predict_proba(X))


def test_training_sets_are_asked_for_one_after_the_other(make_rows):
    """A classifier that trains alone is ready before the next set is made."""
    made = []

    def tasks():
        for i in range(3):
            made.append(i)
            yield i, Told(), *make_rows(), None

    for i, _ in augmented.fitted(tasks()):
        assert made == list(range(i + 1))


@pytest.mark.parametrize(
    ("n_sets", "set_bytes", "workers", "sizes"),
    [
        (10, 1, 2, [5, 5]),
        (10, 1, 3, [3, 3, 4]),
        (2, 1, 16, [1, 1]),
        (5, 2**29, 1, [1, 2, 2]),
        (10, 3 * 10**8, 2, [1] * 10),
        (3, 2**40, 2, [1, 1, 1]),
        (3, 0, 1, [3]),
    ],
)
def test_parts_are_one_a_worker_or_more_where_memory_asks_for_it(n_sets, set_bytes, workers, sizes):
    parts = augmented.parts(n_sets, set_bytes, workers)
    assert [len(range(n_sets)[part]) for part in parts] == sizes
    assert [i for part in parts for i in range(n_sets)[part]] == list(range(n_sets))
