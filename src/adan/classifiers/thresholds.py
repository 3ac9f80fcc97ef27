"""An SVM whose decisions are moved towards classes that it recalls too little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from adan._docs import LABELS, LEARNT_FROM_VECTORS, VECTORS, described
from adan.classifiers.labels import columns, unweighted_recall
from adan.classifiers.svm import RBFSVM
from adan.classifiers.tuned import inner_folds, normalised_anew

CONSTANTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""What is tried; a decision value is the number of pairs of classes that a class wins, about."""
ROUNDS = 2


class ThresholdSVM(ClassifierMixin, BaseEstimator):
    """An RBF support vector machine with a constant added to the decision values of each class.

    ``sklearn.model_selection.TunedThresholdClassifierCV`` does this for two classes.

    Parameters
    ----------
    C : float, default=10
        Penalty of the `RBFSVM`.
    gamma : float, default=None
        Width of its kernel; None is one over the number of features.
    constants : mapping of label to float, default=None
        What is added; 0 for a class that is not named. None leaves decisions as they are; `choose`
        chooses.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        The number of features.
    svm_ : RBFSVM
        The fitted one.
    """

    def __init__(
        self,
        C: float = 10.0,
        gamma: float | None = None,
        constants: Mapping[Any, float] | None = None,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.constants = constants

    @described(LEARNT_FROM_VECTORS)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to vectors."""
        self.svm_ = RBFSVM(self.C, self.gamma).fit(X, y)
        self.classes_, self.n_features_in_ = self.svm_.classes_, self.svm_.n_features_in_
        return self

    def choose(self, X: NDArray[np.floating], y: NDArray[Any], speakers: NDArray[Any]) -> Self:
        """Return an unfitted clone with constants that suit speakers left out.

        Parameters
        ----------
        X : ndarray of shape (n, d)
            The real training rows of a fold, normalised; they are normalised anew on the inner
            training speakers.
        y, speakers : ndarray of shape (n,)
            Label and speaker of each.

        Returns
        -------
        Self
            With the constants that give the highest UAR: of one class after the other, twice, the
            least of equals.
        """
        classes, codes = np.unique(y, return_inverse=True)
        values = np.full((len(y), len(classes)), -np.inf)
        for train, test in inner_folds(speakers).split(X, y, speakers):
            known = np.unique(codes[train])
            if len(known) > 1:
                fitted = normalised_anew(RBFSVM(self.C, self.gamma)).fit(X[train], y[train])
                values[np.ix_(test, known)] = columns(fitted.decision_function(X[test]))
        constants = np.zeros(len(classes))
        for _ in range(ROUNDS):
            for code in range(len(classes)):
                tried = [np.where(np.arange(len(classes)) == code, c, constants) for c in CONSTANTS]
                constants = max(
                    tried, key=lambda c: unweighted_recall(codes, (values + c).argmax(axis=1))
                )
        chosen = dict(zip(classes.tolist(), constants.tolist(), strict=True))
        return clone(self).set_params(constants=chosen)

    @described(VECTORS, LABELS)
    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels with the largest decision value, constants added."""
        check_is_fitted(self)
        added = [(self.constants or {}).get(label, 0.0) for label in self.classes_.tolist()]
        values = columns(self.svm_.decision_function(X)) + added
        return self.classes_[values.argmax(axis=1)]
