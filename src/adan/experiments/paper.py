"""The paper's tables and figures as specifications, with its published numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adan.classifiers.dnn import DNNClassifier
from adan.classifiers.svm import RBFSVM
from adan.corpora.emodb import load_emodb
from adan.experiments.study import Data, Study
from adan.synthesis.adan import ADAN
from adan.synthesis.duplication import Duplication
from adan.synthesis.noise import AdditiveNoise
from adan.synthesis.smote import SMOTE


@dataclass(frozen=True)
class Published:
    """A row of a table of the paper.

    Attributes
    ----------
    label : str
        The row's name in the paper.
    method, classifier : str
        Keys of the `Study` that measures it; both empty where nobody can run it again.
    wa : float
        Weighted accuracy in per cent; NaN where the paper has no such row.
    """

    label: str
    method: str
    classifier: str
    wa: float = np.nan


TABLE1 = (
    Published("Perception by human (Burkhardt et al.)", "", "", 87.50),
    Published("GMM/SVM (Luengo et al.)", "", "", 78.30),
    Published("SVM with IS11", "real only", "svm", 80.56),
    Published("DNN with IS11", "real only", "dnn", 80.19),
    Published("Data duplication + SVM", "duplication", "svm"),
    Published("Data duplication + DNN", "duplication", "dnn", 82.06),
    Published("Adding noise + SVM", "noise", "svm"),
    Published("Adding noise + DNN", "noise", "dnn", 82.06),
    Published("SMOTE + SVM", "smote", "svm"),
    Published("SMOTE + DNN", "smote", "dnn", 82.43),
    Published("ADAN + SVM", "adan", "svm", 80.93),
    Published("ADAN + DNN", "adan", "dnn", 83.74),
)
"""Table I. The paper does not name the classifier of its duplication, noise and SMOTE rows; its
text speaks of "better DNNs ... based on other data augmentation techniques"."""


def emodb() -> Data:
    """Return the embedded EmoDB features as the data of a study."""
    bunch = load_emodb()
    return Data(bunch.data, bunch.target, bunch.groups, bunch.utterances)


def table1(*, seeds: int = 1, normalisation: str = "fold", quick: bool = False) -> Study:
    """Return Table I as a study; ``quick`` cuts the training short, for a look at the output."""
    return Study(
        methods={
            "real only": None,
            "duplication": Duplication(),
            "noise": AdditiveNoise(),
            "smote": SMOTE(),
            "adan": adan(quick=quick),
        },
        classifiers={
            "svm": RBFSVM(),
            "dnn": DNNClassifier(steps=200) if quick else DNNClassifier(),
        },
        normalisation=normalisation,
        seeds=seeds,
        times=2 if quick else 10,
    )


def adan(*, quick: bool = False, seed: int | None = None) -> ADAN:
    """Return the paper's ADAN; ``quick`` stops its training early."""
    return ADAN(epochs=20, random_state=seed) if quick else ADAN(random_state=seed)
