"""Proof against leakage, for every method: what is fitted in a fold knows nothing of its test rows.

Studies are run as users run them; spies stand in the place of classifiers and note what they learn.
"""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from adan import DNNClassifier
from adan.audio.perturbation import Speed
from adan.classifiers.svm import RBFSVM
from adan.classifiers.tuned import TunedSVM
from adan.evaluation.scores import score
from adan.experiments.study import Data, Method, Study, run
from adan.synthesis.base import Synthesizer
from adan.synthesis.registry import BUILT_IN, synthesizer

SHORT = {
    "epochs": 1,
    "autoencoder_hidden": (20,),
    "hidden": (10,),
    "denoiser_hidden": (10,),
    "precision": "float32",
    "diffusion_steps": 5,
}
METHODS = ["real only", *BUILT_IN, "speed"]
SPEED = Speed(tuple(np.linspace(0.8, 1.2, len(BUILT_IN) + 1)))
"""Has a copy of an utterance more than the last method has synthetic sets."""
SIZES = {"03": 23, "08": 30, "09": 37}
TESTED = "09"
REAL = 53
"""Training rows of the fold that leaves ``TESTED`` out; no other fold has a multiple of them."""


def all_methods(**times: int) -> dict[str, Method]:
    """Every method, its training cut short."""
    methods = {"real only": Method()}
    for name in BUILT_IN:
        known = synthesizer(name).get_params()
        short = {k: v for k, v in SHORT.items() if k in known}
        methods[name] = Method(synthesizer(name, **short), times=times.get(name, 1))
    return {**methods, "speed": Method(perturbation=SPEED)}


class Spy(ClassifierMixin, BaseEstimator):
    """Notes the rows that a classifier is fitted to and the numbers that it comes to."""

    seen: ClassVar[dict[tuple[str, int], list[np.ndarray]]] = {}

    def __init__(self, name="", classifier=None):
        self.name = name
        self.classifier = classifier

    def fit(self, X, y):
        self.rows_ = [X, y]
        self.classifier.fit(X, y)
        return self

    def predict(self, X):
        fitted = self.classifier
        numbers = (
            [p.numpy() for p in fitted.network_.parameters()]
            if isinstance(fitted, DNNClassifier)
            else [fitted.decision_function(self.rows_[0])]
        )
        self.seen[self.name, len(self.rows_[0])] = [*self.rows_, *numbers]
        return fitted.predict(X)


class TunedSpy(TunedSVM):
    """Notes what is chosen, by fitting a spy of it."""

    def choose(self, X, y, speakers):
        return Spy("tuned", super().choose(X, y, speakers))


@pytest.fixture(scope="module")
def data(make_rows):
    X, y = make_rows(n=90, d=20)
    speakers = np.repeat([*SIZES], [*SIZES.values()])
    names, copies = np.arange(90).astype(str), {SPEED: [f * X for f in SPEED.strengths]}
    return Data(X, y, speakers, names, speakers, np.ones(90, bool), copies=copies)


def learnt(data: Data, normalisation: str) -> dict[tuple[str, str], list[np.ndarray]]:
    """What each classifier, with all before it, comes to in the fold that leaves ``TESTED`` out.

    Methods and folds are told apart by the number of their training rows.
    """
    Spy.seen.clear()
    spies = {
        "svm": Spy("svm", RBFSVM()),
        "dnn": Spy("dnn", DNNClassifier(hidden=(5,), steps=3, random_state=0)),
        "tuned": TunedSpy(),
    }
    methods = all_methods(**{name: i for i, name in enumerate(BUILT_IN, start=1)})
    list(run(Study(methods, spies, normalisation), data))
    return {
        (method, name): Spy.seen[name, REAL * i]
        for i, method in enumerate(METHODS, start=1)
        for name in spies
    }


def scrambled(data: Data) -> Data:
    """The test speaker says something else altogether, and is labelled otherwise."""
    test = data.speakers == TESTED
    X, y = data.X.copy(), data.y.copy()
    X[test] = 50 - 3 * X[test][:, ::-1]
    y[test] = np.roll(y[test], 1)
    copies = {SPEED: [np.where(test[:, None], C + 7, C) for C in data.copies[SPEED]]}
    return replace(data, X=X, y=y, copies=copies)


def removed(data: Data) -> Data:
    """Most of what the test speaker says is gone."""
    return data.only((data.speakers != TESTED) | (np.arange(len(data.X)) >= 82))


@pytest.fixture(scope="module")
def learnt_by_fold(data):
    return learnt(data, "fold")


@pytest.mark.parametrize("how", ["fold", "speaker", "corpus"])
def test_scrambling_the_test_speaker_changes_no_fitted_number(data, learnt_by_fold, how):
    """The same check fails for the whole-corpus normalisation, so it can fail."""
    before = learnt_by_fold if how == "fold" else learnt(data, how)
    after = learnt(scrambled(data), how)
    changed = differing(before, after, np.array_equal)
    assert changed == (set(before) if how == "corpus" else set())


def test_removing_the_test_speaker_changes_no_fitted_number(data, learnt_by_fold):
    assert not differing(learnt_by_fold, learnt(removed(data), "fold"), equal_to_rounding)


def differing(before, after, same) -> set[tuple[str, str]]:
    """The methods and classifiers that did not come to the same numbers."""
    return {
        key
        for key, arrays in before.items()
        if not all(same(a, b) for a, b in zip(arrays, after[key], strict=True))
    }


def equal_to_rounding(a: np.ndarray, b: np.ndarray) -> bool:
    """Networks of all folds train as one stack, whose size shows in how sums are rounded."""
    if a.dtype.kind != "f":
        return np.array_equal(a, b)
    return a.shape == b.shape and np.allclose(a, b, rtol=0.01, atol=0.01)


class Oracle(Synthesizer):
    """Leaks: it samples the vectors of the whole corpus, with their labels."""

    corpus: Data

    def __init__(self, random_state=None):
        self.random_state = random_state

    def _fit(self, X, codes):
        self.scale_ = X.std(axis=0)

    def _sample(self, codes, rng):
        corpus = (self.corpus.X - self.corpus.X.mean(axis=0)) / self.corpus.X.std(axis=0)
        labels = np.searchsorted(self.classes_, self.corpus.y)
        return np.array([corpus[rng.choice(np.flatnonzero(labels == code))] for code in codes])


@pytest.fixture
def uar():
    """UAR of every method with the SVM, one seed."""

    def measure(data: Data, methods: dict[str, Method], normalisation: str = "fold") -> pd.Series:
        plan = Study(methods, {"svm": RBFSVM()}, normalisation)
        scores = score(pd.concat(run(plan, data)).assign(subset="all"))
        return scores.set_index("method")["uar_mean"]

    return measure


@pytest.fixture
def shuffled(make_rows):
    """360 rows of six speakers, labels shuffled: chance is 33.3, with a standard error of 2.5."""
    X, y = make_rows(n=360, d=20)
    speakers = np.repeat(["03", "08", "09", "10", "11", "12"], 60)
    y = np.random.default_rng(1).permutation(y)
    names, copies = np.arange(360).astype(str), {SPEED: [X + 0.1 for _ in SPEED.strengths]}
    return Data(X, y, speakers, names, speakers, np.ones(360, bool), copies=copies)


def test_shuffled_labels_give_chance(shuffled, uar):
    scores = uar(shuffled, all_methods())
    assert len(scores) == len(METHODS)
    assert scores.between(100 / 3 - 10, 100 / 3 + 10).all(), scores


def test_shuffled_labels_are_known_to_a_method_that_leaks(shuffled, uar):
    Oracle.corpus = shuffled
    assert uar(shuffled, {"leak": Method(Oracle(), times=3)})["leak"] > 60


def test_a_marker_of_the_speaker_does_not_help(shuffled, uar):
    """Each speaker has a marker feature and a favourite emotion; the marker tells the emotion
    where speakers are in training and test, as the last line shows, and nothing otherwise.
    """
    rng = np.random.default_rng(2)
    speakers, number = np.unique(shuffled.speakers, return_inverse=True)
    favourite = np.unique(shuffled.y)[number % 3]
    y = np.where(rng.random(360) < 0.8, favourite, shuffled.y)
    X = rng.normal(size=(360, 20))
    X[:, : len(speakers)] += 10 * np.eye(len(speakers))[number]
    marked = replace(shuffled, X=X, y=y, copies={SPEED: [X for _ in SPEED.strengths]})
    assert (uar(marked, all_methods()) < 100 / 3 + 10).all()
    mixed = replace(marked, groups=rng.permutation(marked.groups))
    assert (uar(mixed, {"real only": Method()}) > 70).all()
