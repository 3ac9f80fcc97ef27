"""The paper's tables: their rows and the published numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    label : str
        The row's name in the paper.
    method, classifier : str
        What measures it: a method and a classifier of the table's study; both empty where
        nobody can run it again.
    wa, uar : float
        The published figures in per cent; NaN where the paper has none.
    subset : {"all", "improvised"}
        The utterances that classifiers are trained and scored on.
    apart : bool
        Whether it is no row of the paper's table and stands below it.
    """

    label: str
    method: str = ""
    classifier: str = ""
    wa: float = np.nan
    uar: float = np.nan
    subset: str = "all"
    apart: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the paper.

    Attributes
    ----------
    title : str
        Its number and subject.
    corpus : str
        The corpus of the published figures.
    rows : tuple of Row
        In the paper's order.
    """

    title: str
    corpus: str
    rows: tuple[Row, ...] = ()


LISTENERS = "Perception by human (Burkhardt et al.)"

TABLES = {
    "table1": Table(
        "Table I",
        "EmoDB",
        (
            Row(LISTENERS, wa=87.50),
            Row("GMM/SVM (Luengo et al.)", wa=78.30),
            Row("SVM with IS11", "real only", "svm", 80.56),
            Row("DNN with IS11", "real only", "dnn", 80.19),
            Row("Data duplication + SVM", "duplication", "svm"),
            Row("Data duplication + DNN", "duplication", "dnn", 82.06),
            Row("Adding noise + SVM", "noise", "svm"),
            Row("Adding noise + DNN", "noise", "dnn", 82.06),
            Row("SMOTE + SVM", "smote", "svm"),
            Row("SMOTE + DNN", "smote", "dnn", 82.43),
            Row("ADAN + SVM", "adan", "svm", 80.93),
            Row("ADAN + DNN", "adan", "dnn", 83.74),
        ),
    ),
    "table2": Table(
        "Table II",
        "IEMOCAP",
        (
            Row("Real only, improvised", "real only", "svm", 67.94, 60.06, "improvised"),
            Row("Synthetic only, improvised", "synthetic only", "svm", 67.76, 58.10, "improvised"),
            Row(
                "Real + synthetic, improvised",
                "real + synthetic",
                "svm",
                67.89,
                61.32,
                "improvised",
            ),
            Row("Real only", "real only", "svm", 64.74, 58.25),
            Row("Synthetic only", "synthetic only", "svm", 59.00, 52.52),
            Row("Both", "real + synthetic", "svm", 65.01, 59.01),
        ),
    ),
    "table3": Table(
        "Table III",
        "IEMOCAP",
        (
            Row(
                "RNN with local attention (Mirsamadi et al.)",
                "real only",
                "attention RNN",
                63.50,
                58.80,
            ),
            Row("AAE & SVM (Sahu et al.)", "aae", "svm", uar=58.38),
            Row("Data duplication + SVM", "duplication", "svm", 64.37, 58.34),
            Row("Adding noise + SVM", "noise", "svm", 64.30, 58.40),
            Row("SMOTE + SVM", "smote", "svm", 62.47, 58.52),
            Row("ADAN + SVM", "adan", "svm", 65.01, 59.01),
        ),
    ),
    "table4": Table(
        "Table IV",
        "IEMOCAP",
        (
            Row(
                "2-D ACRNN (Chen et al.)",
                "real only",
                "2-D ACRNN",
                uar=62.40,
                subset="improvised",
            ),
            Row(
                "3-D ACRNN (Chen et al.)",
                "real only",
                "3-D ACRNN",
                uar=64.74,
                subset="improvised",
            ),
            Row(
                "Variable-length DNN (Ma et al.)",
                "real only",
                "variable-length DNN",
                71.45,
                64.22,
                "improvised",
            ),
            Row("ADAN + SVM", "adan", "svm", 67.89, 61.32, "improvised"),
            Row("ADAN + DNN", "adan", "dnn", 66.80, 62.83, "improvised"),
        ),
    ),
    "ablations": Table("Ablations", "EmoDB"),
    "systems": Table(
        "Systems on frames",
        "EmoDB",
        (
            Row("GMM/SVM, in the manner of Luengo et al.", "real only", "GMM/SVM", 78.30),
            Row("RNN with local attention (Mirsamadi et al.)", "real only", "attention RNN"),
            Row("2-D ACRNN (Chen et al.)", "real only", "2-D ACRNN", uar=79.38),
            Row("3-D ACRNN (Chen et al.)", "real only", "3-D ACRNN", uar=82.82),
            Row("Variable-length DNN (Ma et al.)", "real only", "variable-length DNN"),
        ),
    ),
}
"""Table I does not name the classifier of its duplication, noise and SMOTE rows; the paper's text
speaks of "better DNNs ... based on other data augmentation techniques". The systems on frames have
the figures that their own authors published of EmoDB, where there are any."""

CHENS_SPEAKERS = ("13", "14", "15", "16")
"""Those of EmoDB whose 257 utterances fit the confusion matrix that Chen et al. published; the
figures of their networks, UAR 79.38 +/- 7.78 and 82.82 +/- 4.99, may be of these alone."""
