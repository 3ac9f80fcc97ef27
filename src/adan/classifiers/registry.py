"""The classifiers by name."""

from __future__ import annotations

from typing import Literal

from sklearn.base import BaseEstimator

from adan.classifiers.discriminant import ShrunkDiscriminant
from adan.classifiers.dnn import DNNClassifier, WhitenedDNN
from adan.classifiers.recommended import Recommended
from adan.classifiers.sequence.acrnn import ACRNN
from adan.classifiers.sequence.attention_rnn import AttentionRNN
from adan.classifiers.sequence.base import SequenceClassifier
from adan.classifiers.sequence.gmm_svm import GMMSVM
from adan.classifiers.sequence.variable_length import VariableLengthDNN
from adan.classifiers.svm import RBFSVM, LinearSVM
from adan.classifiers.thresholds import ThresholdSVM
from adan.classifiers.tuned import TunedDNN, TunedSVM

Name = Literal[
    "svm",
    "dnn",
    "linear svm",
    "threshold svm",
    "recommended",
    "discriminant",
    "whitened dnn",
    "tuned svm",
    "tuned dnn",
    "attention rnn",
    "acrnn",
    "variable-length dnn",
    "gmm/svm",
]

CLASSIFIERS: dict[Name, type[BaseEstimator]] = {
    "svm": RBFSVM,
    "dnn": DNNClassifier,
    "linear svm": LinearSVM,
    "threshold svm": ThresholdSVM,
    "recommended": Recommended,
    "discriminant": ShrunkDiscriminant,
    "whitened dnn": WhitenedDNN,
    "tuned svm": TunedSVM,
    "tuned dnn": TunedDNN,
    "attention rnn": AttentionRNN,
    "acrnn": ACRNN,
    "variable-length dnn": VariableLengthDNN,
    "gmm/svm": GMMSVM,
}
"""Those with a method ``choose`` choose settings on a fold's real rows and speakers first: see
`adan.folds.Choices`."""


def reads_sequences(kind: Name) -> bool:
    """Tell whether a classifier reads sequences of frames; the others read vectors."""
    return issubclass(CLASSIFIERS[kind], SequenceClassifier | GMMSVM)
