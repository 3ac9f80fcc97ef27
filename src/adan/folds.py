"""One fold, once: normalise, augment, classify. Studies and the recogniser both stand on it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from adan._computing import computing
from adan.audio.perturbation import Perturbation
from adan.classifiers.sequence.base import SequenceClassifier
from adan.evaluation.normalisation import fit_scaling
from adan.networks.many import Task, fit_many
from adan.sequences import Rows, joined
from adan.synthesis.base import Synthesizer, filling, fit_all

SETS_BYTES = 2**31
"""Training sets of the classifiers that are trained at once."""

GENERATOR, CLASSIFIER = 0, 1
"""What a fold needs a seed for."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One group left out: what is learnt from, and what is tested, both normalised.

    Attributes
    ----------
    number : int
        Which fold of the study it is, from 0; its seeds come from it.
    X : ndarray of shape (n_train, d), float32, or Sequences
        Training vectors or sequences.
    y, speakers : ndarray of shape (n_train,)
        Label and speaker of each.
    learnable : ndarray of shape (n_train,), bool
        The training rows that synthesizers may learn from.
    X_test : ndarray of shape (n_test, d), float32, or Sequences
        Test vectors or sequences.
    test : ndarray of shape (n_test,)
        Their places in the corpus.
    copies : mapping of Perturbation to list of ndarray of shape (n_train, d) or Sequences
        Features of perturbed copies of the training utterances, in their order.
    """

    number: int
    X: Any
    y: NDArray[Any]
    speakers: NDArray[Any]
    learnable: NDArray[np.bool_]
    X_test: Any
    test: NDArray[np.intp]
    copies: Mapping[Perturbation, Sequence[Any]] = field(default_factory=dict)

    @property
    def learnt(self) -> tuple[Any, NDArray[Any]]:
        """The rows that synthesizers learn from, and their labels."""
        if self.learnable.all():
            return self.X, self.y
        return self.X[self.learnable], self.y[self.learnable]

    @property
    def codes(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Classes and speakers of the training vectors as codes from 0 without gaps."""
        classes = np.unique(self.y, return_inverse=True)[1]
        return classes, np.unique(self.speakers, return_inverse=True)[1]

    def seed(self, seed: int, purpose: int) -> int:
        """Return the seed of the fold's `GENERATOR` or `CLASSIFIER` in a run of ``seed``."""
        return int(np.random.SeedSequence([seed, self.number, purpose]).generate_state(1)[0] >> 1)


@dataclass(frozen=True)
class Method:
    """How a training set is made.

    Attributes
    ----------
    synthesizer : Synthesizer or None
        None trains on the real vectors alone.
    real : bool
        Whether the real vectors are in the training set.
    times : int
        Synthetic sets, each of the size and class make-up of the real training set.
    more : mapping of label to int
        How many times as many synthetic vectors of a class as the others get.
    balance : bool
        In place of ``times`` and ``more``: synthetic vectors fill every class up to the largest.
    perturbation : Perturbation or None
        In place of a synthesizer: copies of the training utterances are in the training set.
    """

    synthesizer: Synthesizer | None = None
    real: bool = True
    times: int = 10
    more: Mapping[str, int] = field(default_factory=dict)
    balance: bool = False
    perturbation: Perturbation | None = None

    def synthetic(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the labels of the synthetic vectors that stand beside real ones labelled ``y``."""
        if self.balance:
            return filling(y)
        return np.tile(np.repeat(y, [self.more.get(label, 1) for label in y]), self.times)

    def n_rows(self, y: NDArray[Any]) -> int:
        """Return the number of vectors of the training set made of real ones labelled ``y``."""
        if self.perturbation is not None:
            return (self.real + len(self.perturbation.strengths)) * len(y)
        if self.synthesizer is None:
            return len(y)
        return self.real * len(y) + len(self.synthetic(y))

    def training_set(
        self,
        X: Any,
        y: NDArray[Any],
        fitted: Synthesizer | None,
        copies: Mapping[Perturbation, Sequence[Rows]] | None = None,
    ) -> tuple[Any, NDArray[Any]]:
        """Return the vectors or sequences to train classifiers on, and their labels."""
        if self.perturbation is not None:
            sets = [*[X] * self.real, *(copies or {})[self.perturbation]]
            return joined(*sets), np.tile(y, len(sets))
        if fitted is None:
            return X, y
        X_synthetic, y_synthetic = fitted.sample(self.synthetic(y))
        if not self.real:
            return X_synthetic, y_synthetic
        return joined(X, X_synthetic), np.hstack([y, y_synthetic])


def seeded(estimator: BaseEstimator, seed: int) -> Any:
    """Return a clone of an estimator with its ``random_state`` set, where it has one."""
    has = "random_state" in estimator.get_params()
    return clone(estimator).set_params(**({"random_state": seed} if has else {}))


def fit_synthesizers(
    synthesizer: Synthesizer | None, folds: Sequence[Fold], seed: int, *, progress: bool = False
) -> list[Any]:
    """Fit a synthesizer on each fold; without one, return None for each."""
    if synthesizer is None:
        return [None] * len(folds)
    fitted = [seeded(synthesizer, fold.seed(seed, GENERATOR)) for fold in folds]
    fit_all(fitted, [fold.learnt for fold in folds], progress=progress)
    return fitted


def embed(
    embedding: SequenceClassifier, folds: Sequence[Fold], seed: int, progress: bool = False
) -> list[Fold]:
    """Train a network on the sequences of each fold; return folds of its vectors, normalised.

    Whatever stands in the folds for training, copies included, is embedded; the network learns from
    the real training sequences alone.
    """

    def of(fold: Fold, network: Any) -> Fold:
        vectors = network.embed(fold.X)
        scaling = fit_scaling(vectors)
        copies = {by: [scaling(network.embed(C)) for C in some] for by, some in fold.copies.items()}
        X_test = scaling(network.embed(fold.X_test))
        return replace(fold, X=scaling(vectors), X_test=X_test, copies=copies)

    nothing = [None] * len(folds)
    made = train_classifiers(Method(), {"": embedding}, folds, nothing, seed, of, progress=progress)
    return [by_name[""] for by_name in made]


def settled(classifier: BaseEstimator, fold: Fold, seed: int) -> Any:
    """Return an unfitted classifier for a fold, its settings chosen on the fold's real rows.

    One that has settings to choose has a method ``choose(X, y, speakers)``, which returns an
    unfitted classifier.
    """
    one = seeded(classifier, fold.seed(seed, CLASSIFIER))
    return one.choose(fold.X, fold.y, fold.speakers) if hasattr(one, "choose") else one


class Choices:
    """What was `settled` on the folds of a study, which have a number each, for all methods."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], BaseEstimator] = {}

    def classifier(self, classifier: BaseEstimator, fold: Fold, seed: int) -> Any:
        """Return what `settled` does; what was chosen before is not chosen again."""
        key = (fold.number, repr(seeded(classifier, fold.seed(seed, CLASSIFIER))))
        if key not in self._made:
            self._made[key] = settled(classifier, fold, seed)
        return clone(self._made[key])


def train_classifiers(
    method: Method,
    classifiers: Mapping[str, BaseEstimator],
    folds: Sequence[Fold],
    synthesizers: Sequence[Any],
    seed: int,
    use: Callable[[Fold, Any], Any],
    *,
    settle: Callable[[BaseEstimator, Fold, int], Any] = settled,
    progress: bool = False,
) -> list[dict[str, Any]]:
    """Train every classifier on every fold, real and synthetic vectors together.

    Folds are shared out among threads, one a core; libsvm, BLAS and torch let go of the GIL. Each
    makes one training set after the other. How the folds are shared out changes no number.

    Parameters
    ----------
    method : Method
        How training sets are made.
    classifiers : mapping of name to classifier
        A clone of each is trained on each fold.
    folds : sequence of Fold
        The folds.
    synthesizers : sequence of Synthesizer or None
        Of each fold: see `fit_synthesizers`.
    seed : int
        Of the run.
    use : callable
        Is given a fold and a fitted classifier; what it returns is kept in the classifier's place.
    settle : callable, default=settled
        Returns an unfitted classifier for a fold, such as `Choices.classifier`.
    progress : bool, default=False
        Show how far networks are, on standard error.

    Returns
    -------
    list of dict
        For each fold what ``use`` made of each classifier, by name.
    """

    def of_fold(i: int) -> Iterator[Task]:
        fold = folds[i]
        X, y = method.training_set(fold.X, fold.y, synthesizers[i], fold.copies)
        n_real = len(fold.X) if method.real else None
        for name, classifier in classifiers.items():
            yield Task((i, name), settle(classifier, fold, seed), X, y, n_real)

    def of_some(places: slice) -> dict[tuple[int, str], Any]:
        numbers = range(len(folds))[places]
        tasks = itertools.chain.from_iterable(map(of_fold, numbers))
        fitted = fit_many(tasks, progress=progress)
        return {(i, name): use(folds[i], classifier) for (i, name), classifier in fitted}

    largest = max(4 * fold.X.size // len(fold.X) * method.n_rows(fold.y) for fold in folds)
    with computing() as workers:
        cut = _shared_out(len(folds), largest, workers)
        done = Parallel(n_jobs=workers, prefer="threads")(delayed(of_some)(some) for some in cut)
    found = {key: value for some in done for key, value in some.items()}
    return [{name: found[i, name] for name in classifiers} for i in range(len(folds))]


def _shared_out(n_sets: int, set_bytes: int, workers: int) -> list[slice]:
    """Share training sets out, each of so many bytes at the most.

    A piece for each worker, or more where memory asks for it: sets of networks that train together
    are held at once, as they are and filled up to a stack.
    """
    together = max(1, SETS_BYTES // max(1, 2 * workers * set_bytes))
    n = max(min(workers, n_sets), -(-n_sets // together))
    ends = [n_sets * i // n for i in range(n + 1)]
    return [slice(*piece) for piece in itertools.pairwise(ends)]
