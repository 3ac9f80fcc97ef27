import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from adan import RBFSVM, AdanError
from adan.classifiers.svm import LinearSVM
from adan.classifiers.thresholds import ThresholdSVM
from adan.classifiers.tuned import TunedDNN, TunedSVM

SPEAKERS = np.repeat(["03", "08", "09", "10"], 30)


@pytest.fixture
def make_rings():
    """Two classes at the same centre, one around the other: no plane tells them apart."""

    def make(n=120, d=5):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(n, d))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        y = np.where(np.arange(n) % 2, "anger", "fear")
        return X * np.where(y == "fear", 1, 3)[:, None] + 0.2 * rng.normal(size=(n, d)), y

    return make


def test_the_settings_are_chosen_that_fit_the_data(make_rings):
    class TunedKernel(TunedSVM):
        def candidates(self, n_features):
            return [LinearSVM(), RBFSVM()]

    assert isinstance(TunedKernel().choose(*make_rings(), SPEAKERS), RBFSVM)
    assert [*map(type, TunedSVM().candidates(10))] == [RBFSVM] * 6 + [LinearSVM]


@pytest.mark.parametrize("classifier", [TunedSVM(), ThresholdSVM()])
def test_one_training_speaker_is_too_few(make_rows, classifier):
    with pytest.raises(AdanError, match="give at least two speakers"):
        classifier.choose(*make_rows(), np.repeat("03", 60))


def test_dnns_keep_their_activation_steps_and_seed(make_rows):
    tuned = TunedDNN(activation="tanh", steps=7, random_state=3)
    candidates = tuned.candidates(10)
    assert len({(c.dropout, c.learning_rate) for c in candidates}) == 4
    for candidate in (*candidates, tuned.choose(*make_rows(n=120), SPEAKERS)):
        assert (candidate.activation, candidate.steps, candidate.random_state) == ("tanh", 7, 3)


def test_rows_are_normalised_on_the_inner_training_speakers(make_rows):
    """The rows of an inner test speaker shift no mean that its classifier sees."""
    X, y = make_rows(n=120)
    X = X + 50 * np.repeat(np.eye(4, X.shape[1]), 30, axis=0)
    seen = []

    class Spy(RBFSVM):
        def fit(self, X, y):
            seen.append(X)
            return super().fit(X, y)

    class TunedSpy(TunedSVM):
        def candidates(self, n_features):
            return [Spy()]

    TunedSpy().choose(X, y, SPEAKERS)
    assert [len(rows) for rows in seen] == [60, 90, 90]
    for rows in seen:
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-6)


def test_an_inner_z_norm_of_normalised_rows_is_that_of_the_raw_rows(make_rows):
    X, _ = make_rows(n=120, d=5)
    outer = StandardScaler().fit_transform(1000 * X + 7)
    inner = [StandardScaler().fit(rows[:90]).transform(rows) for rows in (outer, X)]
    np.testing.assert_allclose(*inner, atol=1e-6)
