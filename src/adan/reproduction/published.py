"""The paper's tables: which study measures each, its rows and the published numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from adan.corpora.iemocap import HOW_TO_GET
from adan.errors import AdanError
from adan.experiments.sources import EMBEDDED, Source
from adan.experiments.specification import Specification, read
from adan.synthesis.adan import ADAN

STUDIES = Path(__file__).with_name("studies")
"""A TOML file for each table: what is run."""

TUNED = " tuned"
"""What is added to a classifier's name where its settings are chosen."""

SHORT = {"epochs": 20, "steps": 200, "times": 2}
"""What a quick look cuts training down to."""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    label : str
        The row's name in the paper.
    method, classifier : str
        What measures it: keys of `Table.methods` and `Table.classifiers`; both empty where nobody
        can run it again.
    wa, uar : float
        The published figures in per cent; NaN where the paper has none.
    subset : {"all", "improvised"}
        The utterances that classifiers are trained and scored on.
    """

    label: str
    method: str = ""
    classifier: str = ""
    wa: float = np.nan
    uar: float = np.nan
    subset: str = "all"


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

    def of(self, specification: Specification, source: Source) -> Table:
        """Return the table of a study that may have further methods, on the data that it has.

        A corpus whose utterances are all of one kind has the rows of the last subset alone; methods
        that the paper does not have get rows below, each with every classifier. Tuned classifiers
        stand under the paper's.
        """
        named = {row.method for row in self.rows}
        further = tuple(
            Row(f"{method} + {classifier.upper()}", method, classifier, subset=subset)
            for subset in specification.subsets
            for method in specification.methods
            if method not in named
            for classifier in specification.classifiers
            if not classifier.endswith(TUNED)
        )
        rows = tuple(
            row
            for paper in self.rows + further
            for row in (paper, _tuned(paper))
            if row is paper or row.classifier in specification.classifiers
        )
        if source.improvised is None:
            last = specification.subsets[-1]
            rows = tuple(replace(r, subset="all") for r in rows if not r.method or r.subset == last)
        return replace(self, rows=rows)


TABLES = {
    "table1": Table(
        "Table I",
        "EmoDB",
        (
            Row("Perception by human (Burkhardt et al.)", wa=87.50),
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
            Row("RNN with local attention (Mirsamadi et al.)", wa=63.50, uar=58.80),
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
            Row("2-D ACRNN (Chen et al.)", uar=62.40),
            Row("3-D ACRNN (Chen et al.)", uar=64.74),
            Row("Variable-length DNN (Ma et al.)", wa=71.45, uar=64.22),
            Row("ADAN + SVM", "adan", "svm", 67.89, 61.32, "improvised"),
            Row("ADAN + DNN", "adan", "dnn", 66.80, 62.83, "improvised"),
        ),
    ),
    "ablations": Table("Ablations", "EmoDB"),
}
"""Table I does not name the classifier of its duplication, noise and SMOTE rows; the paper's text
speaks of "better DNNs ... based on other data augmentation techniques"."""


def specification(
    name: str,
    corpus: str | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    methods: Sequence[str] = (),
    seeds: int = 1,
    normalisation: str = "fold",
    tuned: bool = False,
    quick: bool = False,
) -> Specification:
    """Return the study that measures a table.

    Parameters
    ----------
    name : str
        A key of `TABLES`.
    corpus : str, optional
        What `adan.corpora.read_corpus` takes; ``"emodb"``, and the default where the published
        figures are EmoDB's, is the embedded features.
    options : mapping, optional
        Keywords of `adan.corpora.read_corpus`.
    methods : sequence of str, default=()
        Further synthesizers, by their names in `adan.synthesis.registry`.
    seeds : int, default=1
        Number of seeds.
    normalisation : {"fold", "corpus", "speaker"}, default="fold"
        See `adan.evaluation.normalisation.NORMALISATIONS`.
    tuned : bool, default=False
        Add classifiers whose settings are chosen inside the training speakers.
    quick : bool, default=False
        Cut all training short, for a look at the output.

    Raises
    ------
    AdanError
        If the table needs a corpus and there is none, or there is no such method.
    """
    study = read(STUDIES / f"{name}.toml")
    if corpus is None and TABLES[name].corpus != "EmoDB":
        raise AdanError(
            f"{TABLES[name].title} needs {TABLES[name].corpus}: {HOW_TO_GET}, then give its folder "
            f"with --corpus, or run the table on another corpus, such as --corpus {EMBEDDED}"
        )
    study = study.changed(seeds=seeds, normalisations=[normalisation]).with_methods(methods)
    if corpus is not None:
        study = study.changed(corpora=[{"path": corpus, "options": dict(options or {})}])
    study = _with_tuned(study) if tuned else study
    return _quick(study) if quick else study


def without_missing_classes(study: Specification, source: Source) -> Specification:
    """Return the study less the methods that want more of a class that the corpus has not."""
    classes = set(source.data.y.tolist())
    methods = {n: m for n, m in study.methods.items() if set(m.more) <= classes}
    return study.model_copy(update={"methods": methods})


def adan(*, quick: bool = False, seed: int | None = None) -> ADAN:
    """Return the paper's ADAN; ``quick`` stops its training early."""
    network = ADAN(random_state=seed)
    return network.set_params(**_shortened(network)) if quick else network


def _tuned(row: Row) -> Row:
    return Row(f"{row.label}, tuned", row.method, row.classifier + TUNED, subset=row.subset)


def _with_tuned(study: Specification) -> Specification:
    """Return the study with a tuned classifier beside each."""
    classifiers = study.model_dump(exclude_unset=True)["classifiers"]
    for name, choice in study.classifiers.items():
        kept = {k: v for k, v in choice.parameters.items() if k in ("activation", "steps")}
        classifiers[name + TUNED] = {"kind": f"tuned {choice.kind}", "parameters": kept}
    return study.changed(classifiers=classifiers)


def _quick(study: Specification) -> Specification:
    """Return the study with all training cut short."""
    values = study.model_dump(exclude_unset=True)
    made = study.study("fold")
    for name, method in made.methods.items():
        if method.synthesizer is not None:
            choice = values["methods"][name]
            short = _shortened(method.synthesizer)
            choice["parameters"] = {**choice.get("parameters", {}), **short}
            choice["times"] = min(method.times, SHORT["times"])
    for name, classifier in made.classifiers.items():
        choice = values["classifiers"][name]
        choice["parameters"] = {**choice.get("parameters", {}), **_shortened(classifier)}
    return study.changed(**values)


def _shortened(estimator: Any) -> dict[str, int]:
    known = estimator.get_params()
    return {name: SHORT[name] for name in ("epochs", "steps") if name in known}
