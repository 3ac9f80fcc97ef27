"""What to do about scarce data, chosen inside the training speakers of a fold.

Five utterances of a class say too little about which remedy suits them. But the other classes have
more: some are made as rare in turn, and what helps them is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from adan._computing import computing
from adan._docs import LABELS, LEARNT_FROM_VECTORS, VECTORS, described
from adan.classifiers.discriminant import ShrunkDiscriminant
from adan.classifiers.labels import unweighted_recall, validated
from adan.classifiers.svm import RBFSVM
from adan.classifiers.tuned import inner_folds
from adan.networks.coordinates import principal_coordinates, turned
from adan.synthesis.base import Synthesizer, filling
from adan.synthesis.borrowing import BorrowedSpread
from adan.synthesis.gaussian import ClassGaussian

RARE = 0.5
"""A class is rare that has less than this share of what the median class has."""
SETS = 3
"""Synthetic sets beside the real one, where no class is rare; more take longer to compare."""


class Augmented(ClassifierMixin, BaseEstimator):
    """A classifier of real vectors and of synthetic ones beside them.

    Parameters
    ----------
    classifier : estimator
        A clone of it is fitted.
    synthesizer : Synthesizer
        A clone of it is fitted.
    times : int, default=None
        Synthetic sets, each of the size and class make-up of the real one; None fills every class
        up to the largest.
    random_state : int, default=None
        Of the synthesizer.

    Attributes
    ----------
    classifier_ : estimator
        The fitted clone.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    """

    def __init__(
        self,
        classifier: Any,
        synthesizer: Synthesizer,
        times: int | None = None,
        random_state: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.synthesizer = synthesizer
        self.times = times
        self.random_state = random_state

    @described(LEARNT_FROM_VECTORS)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to vectors."""
        rows, labels = validated(self, X, y, [np.float32, np.float64])
        synthesizer = clone(self.synthesizer).set_params(random_state=self.random_state)
        wanted = filling(labels) if self.times is None else np.tile(labels, self.times)
        drawn, of_drawn = synthesizer.fit(rows, labels).sample(wanted)
        both = np.vstack([rows, drawn]), np.hstack([labels, of_drawn])
        self.classifier_ = clone(self.classifier).fit(*both)
        self.classes_ = self.classifier_.classes_
        return self

    @described(VECTORS, LABELS)
    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels that the classifier gives."""
        check_is_fitted(self)
        return self.classifier_.predict(validate_data(self, X, reset=False))


class Recommended(BaseEstimator):
    """What suits scarce data best: real vectors alone, corrections, or synthetic vectors.

    Of a rare class the remedy that suits other classes, were they as rare; synthetic vectors fill
    it up. Where no class is rare, all candidates are compared as they are; where they have
    synthetic vectors, three sets.

    Parameters
    ----------
    kind : {"any", "svm", "discriminant"}, default="any"
        Candidates of all kinds, or of one.
    random_state : int, default=None
        Of what becomes rare, and of synthesizers.
    """

    def __init__(
        self, kind: Literal["any", "svm", "discriminant"] = "any", random_state: int | None = None
    ) -> None:
        self.kind = kind
        self.random_state = random_state

    def candidates(
        self, n_features: int, times: int | None = None, shrinkage: float = 1.0
    ) -> list[Any]:
        """Return what there is to choose from: first what a kind does with real data alone.

        ``times`` is that of `Augmented`, ``shrinkage`` that of all discriminants.
        """

        def augmented(classifier: Any, synthesizer: Synthesizer) -> Augmented:
            return Augmented(classifier, synthesizer, times, self.random_state)

        borrowed, gaussian = BorrowedSpread(), ClassGaussian()
        small, large = RBFSVM(10.0, 1 / n_features), RBFSVM(100.0, 0.1 / n_features)
        discriminant = ShrunkDiscriminant(shrinkage)
        of_kind = {
            "discriminant": [
                discriminant,
                ShrunkDiscriminant(shrinkage, correct_bias="left out"),
                augmented(discriminant, borrowed),
            ],
            "svm": [
                small,
                RBFSVM(10.0, 1 / n_features, class_weight="balanced"),
                large,
                augmented(small, gaussian),
                augmented(small, borrowed),
                augmented(large, borrowed),
            ],
        }
        kinds = of_kind if self.kind == "any" else [self.kind]
        return [candidate for kind in kinds for candidate in of_kind[kind]]

    @computing()
    def choose(
        self, X: NDArray[np.floating], y: NDArray[Any], speakers: NDArray[Any]
    ) -> BaseEstimator:
        """Choose by rehearsals, each of which leaves a third of the training speakers out.

        Parameters
        ----------
        X : ndarray of shape (n, d)
            The real training rows of a fold, normalised. The rehearsals take place in their span,
            and are not normalised anew.
        y, speakers : ndarray of shape (n,)
            Label and speaker of each.

        Returns
        -------
        estimator
            The candidate with the highest UAR, the mean over rehearsals, the first of equals; not
            fitted.

        Raises
        ------
        AdanError
            If there is one speaker only.
        """
        rng = np.random.default_rng(self.random_state)
        short = X
        if len(X) < X.shape[1]:
            short = turned(principal_coordinates(X), rng).astype(X.dtype)
        splits = [*self._rehearsals(y, speakers, rng)]

        def uar(candidate: BaseEstimator) -> float:
            scores = []
            for train, test in splits:
                predicted = clone(candidate).fit(short[train], y[train]).predict(short[test])
                scores.append(unweighted_recall(y[test], predicted))
            return float(np.mean(scores))

        times = None if _are_rare(y).any() else SETS
        shrinkage = 1.0
        if self.kind != "svm":
            shrinkage = ShrunkDiscriminant().fit(short, y, speakers).shrinkage_
        return max(self.candidates(X.shape[1], times, shrinkage), key=uar)

    def _rehearsals(
        self, y: NDArray[Any], speakers: NDArray[Any], rng: np.random.Generator
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield training and test rows; in each a class that is not rare has become so.

        Classes that are rare themselves have no part in it. Where only one is left, nothing is
        made rare.
        """
        folds = [*inner_folds(speakers).split(y, y, speakers)]
        rare = _are_rare(y)
        if not rare.any() or (~rare).sum() < 2:  # one class alone cannot be told from others
            yield from folds
            return
        classes, counts = np.unique(y, return_counts=True)
        frequent = np.flatnonzero(np.isin(y, classes[~rare]))
        labels = rng.permutation(classes[~rare])
        for fold, label in zip(folds, labels, strict=False):
            train, test = (np.intersect1d(some, frequent) for some in fold)
            own = rng.permutation(np.flatnonzero(y[train] == label))
            yield np.delete(train, own[counts.min() :]), test


def _are_rare(y: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell of each class whether it is rare."""
    counts = np.unique(y, return_counts=True)[1]
    return counts < RARE * np.median(counts)
