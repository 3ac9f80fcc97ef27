"""Many estimators at a time: each as it would be alone."""

import numpy as np
from sklearn.base import BaseEstimator

from adan import RBFSVM, DNNClassifier
from adan.networks.many import Task, fit_many


class Alone(BaseEstimator):
    """Cannot be trained together with others."""

    def fit(self, X, y):
        return self


def test_each_is_what_it_would_be_alone(make_rows):
    kinds = [DNNClassifier(steps=30, random_state=0), RBFSVM(), DNNClassifier(steps=20)]
    kinds[-1].random_state = 1
    sets = [make_rows(n=n, d=90, seed=n) for n in (40, 50, 70)]
    tasks = [Task(i, k, *rows, 30) for i, (k, rows) in enumerate(zip(kinds, sets, strict=True))]
    assert dict(fit_many(tasks)) == dict(enumerate(kinds))
    for i in (0, 2):
        alone = DNNClassifier(steps=kinds[i].steps, random_state=kinds[i].random_state)
        alone.fit(*sets[i], n_real=30)
        X, _ = sets[i]
        np.testing.assert_array_equal(kinds[i].predict_proba(X), alone.predict_proba(X))


def test_training_sets_are_asked_for_one_after_the_other(make_rows):
    """An estimator that trains alone is ready before the next set is made."""
    made = []

    def tasks():
        for i in range(3):
            made.append(i)
            yield Task(i, Alone(), *make_rows())

    for i, _ in fit_many(tasks()):
        assert made == list(range(i + 1))
