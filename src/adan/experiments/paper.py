"""The paper's tables as specifications, with its published numbers, and the data to run them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from adan.classifiers.dnn import DNNClassifier
from adan.classifiers.svm import RBFSVM
from adan.classifiers.tuned import TunedDNN, TunedSVM
from adan.corpora import Corpus, read_corpus
from adan.corpora.emodb import load_emodb
from adan.corpora.iemocap import HOW_TO_GET
from adan.corpora.table import feature_columns
from adan.errors import AdanError
from adan.experiments.study import Data, Method, Study
from adan.features import FeatureSet, features_of
from adan.synthesis.aae import AdversarialAutoencoder
from adan.synthesis.adan import ADAN
from adan.synthesis.duplication import Duplication
from adan.synthesis.noise import AdditiveNoise
from adan.synthesis.registry import synthesizer
from adan.synthesis.smote import SMOTE


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
    part : {"all", "improvised"}
        The utterances that classifiers are trained and scored on.
    """

    label: str
    method: str = ""
    classifier: str = ""
    wa: float = np.nan
    uar: float = np.nan
    part: str = "all"


@dataclass(frozen=True)
class Table:
    """A table of the paper.

    Attributes
    ----------
    title : str
        Its number and subject.
    corpus : str
        The corpus of the published figures.
    feature_set : FeatureSet
        What is extracted where the corpus has audio.
    group : {"speaker", "session"}
        What is left out at a time, where the corpus has it.
    methods, classifiers : mapping
        As in `Study`.
    rows : tuple of Row
        In the paper's order.
    """

    title: str
    corpus: str
    feature_set: FeatureSet
    group: str
    methods: Mapping[str, Method]
    classifiers: Mapping[str, Any]
    rows: tuple[Row, ...]

    @property
    def parts(self) -> list[str]:
        """The parts of the corpus that the table has rows of."""
        return list(dict.fromkeys(row.part for row in self.rows if row.method))

    def quick(self) -> Table:
        """Return the table with all training cut short, for a look at the output."""
        methods = {
            name: replace(m, synthesizer=_quick(m.synthesizer), times=min(m.times, 2))
            for name, m in self.methods.items()
        }
        classifiers = {name: _quick(c) for name, c in self.classifiers.items()}
        return replace(self, methods=methods, classifiers=classifiers)

    def without_parts(self) -> Table:
        """Return the table for a corpus whose utterances are all of one kind."""
        last = self.parts[-1]
        rows = (row for row in self.rows if not row.method or row.part == last)
        return replace(self, rows=tuple(replace(row, part="all") for row in rows))

    def with_methods(self, names: Sequence[str]) -> Table:
        """Return the table with further synthesizers of the registry below its rows."""
        new = {name: Method(synthesizer(name)) for name in names if name not in self.methods}
        rows = tuple(
            Row(f"{name} + {c.upper()}", name, c, part=part)
            for part in self.parts
            for name in new
            for c in self.classifiers
        )
        return replace(self, methods={**self.methods, **new}, rows=self.rows + rows)

    def with_tuned(self) -> Table:
        """Return the table with classifiers beside the paper's whose settings are chosen."""
        tuned = {
            f"{name} tuned": TunedSVM() if name == "svm" else TunedDNN(c.activation, c.steps)
            for name, c in self.classifiers.items()
        }
        rows: list[Row] = []
        for row in self.rows:
            name = f"{row.classifier} tuned"
            new = Row(f"{row.label}, tuned", row.method, name, part=row.part)
            rows += [row, new] if row.method else [row]
        return replace(self, classifiers={**self.classifiers, **tuned}, rows=tuple(rows))

    def study(self, *, seeds: int = 1, normalisation: str = "fold") -> Study:
        """Return what measures one part of the table."""
        return Study(self.methods, self.classifiers, normalisation, seeds)


def table(name: str, labels: Sequence[str] = ()) -> Table:
    """Return a table by name; ``labels`` are the classes of the corpus it is to be run on."""
    if name == "ablations":
        return ablations(next((label for label in labels if label.startswith("hap")), None))
    return TABLES[name]


def adan(*, quick: bool = False, seed: int | None = None) -> ADAN:
    """Return the paper's ADAN; ``quick`` stops its training early."""
    network = ADAN(random_state=seed)
    return _quick(network) if quick else network


def _quick(estimator: Any) -> Any:
    """Return the estimator with its training cut short."""
    if estimator is None:
        return None
    short = {"epochs": 20, "steps": 200}
    known = estimator.get_params()
    return clone(estimator).set_params(**{k: v for k, v in short.items() if k in known})


_PEERS = {
    "duplication": Method(Duplication()),
    "noise": Method(AdditiveNoise()),
    "smote": Method(SMOTE()),
}
_IEMOCAP_CLASSIFIERS = {
    "svm": RBFSVM(),
    "dnn": DNNClassifier(activation="tanh"),
}
"""The paper names the RBF kernel for EmoDB and none for IEMOCAP."""

TABLES = {
    "table1": Table(
        "Table I",
        "EmoDB",
        FeatureSet.IS11,
        "speaker",
        {"real only": Method(), **_PEERS, "adan": Method(ADAN())},
        {"svm": RBFSVM(), "dnn": DNNClassifier()},
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
        FeatureSet.IS10,
        "session",
        {
            "real only": Method(),
            "synthetic only": Method(ADAN(), real=False),
            "real + synthetic": Method(ADAN()),
        },
        {"svm": _IEMOCAP_CLASSIFIERS["svm"]},
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
        FeatureSet.IS10,
        "session",
        {**_PEERS, "aae": Method(AdversarialAutoencoder()), "adan": Method(ADAN())},
        {"svm": _IEMOCAP_CLASSIFIERS["svm"]},
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
        FeatureSet.IS10,
        "session",
        {"adan": Method(ADAN())},
        _IEMOCAP_CLASSIFIERS,
        (
            Row("2-D ACRNN (Chen et al.)", uar=62.40),
            Row("3-D ACRNN (Chen et al.)", uar=64.74),
            Row("Variable-length DNN (Ma et al.)", wa=71.45, uar=64.22),
            Row("ADAN + SVM", "adan", "svm", 67.89, 61.32, "improvised"),
            Row("ADAN + DNN", "adan", "dnn", 66.80, 62.83, "improvised"),
        ),
    ),
}
"""Table I does not name the classifier of its duplication, noise and SMOTE rows; the paper's text
speaks of "better DNNs ... based on other data augmentation techniques"."""


_VARIANTS = {
    "ADAN": ADAN(),
    "no loss from C to G": ADAN(classification_weight=0.0),
    "equation (5)": ADAN(generator_loss="minimax"),
    **{f"M = {m}": ADAN(discriminator_steps=m) for m in (2, 5)},
    **{f"latent {n}": ADAN(latent_dim=n) for n in (2, 10, 300)},
}


def ablations(happy: str | None) -> Table:
    """Return what the paper argues in words, as one table on Table I's classifiers.

    ``happy`` is the class that gets three times as many synthetic vectors as the others.
    """
    methods = {"real only": Method()} | {name: Method(a) for name, a in _VARIANTS.items()}
    methods |= {f"{n} times": Method(ADAN(), times=n) for n in (1, 2, 5, 20)}
    methods["synthetic only"] = Method(ADAN(), real=False)
    if happy:
        methods[f"3 x {happy}"] = Method(ADAN(), more={happy: 3})
    classifiers = TABLES["table1"].classifiers
    rows = tuple(Row(f"{m} + {c.upper()}", m, c) for m in methods for c in classifiers)
    return replace(TABLES["table1"], title="Ablations", methods=methods, rows=rows)


@dataclass(frozen=True)
class Source:
    """The data of a table and where they come from.

    Attributes
    ----------
    corpus, features, group : str
        The corpus, its feature set and what is left out at a time, by name.
    data : Data
        Its utterances.
    improvised : ndarray of shape (n,), bool, or None
        Which of them are improvised; None where the corpus makes no difference.
    """

    corpus: str
    features: str
    group: str
    data: Data
    improvised: NDArray[np.bool_] | None = None

    def part(self, name: str) -> Data:
        """Return the data of a part of the corpus."""
        if name == "all" or self.improvised is None:
            return self.data
        return self.data.only(self.improvised)


def source(
    table: Table,
    corpus: str | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    progress: bool = False,
) -> Source:
    """Return the data to measure a table on.

    Parameters
    ----------
    table : Table
        Says which features are extracted, and whether speakers or sessions are left out.
    corpus : str, optional
        What `adan.corpora.read_corpus` takes; ``"emodb"``, and the default where the published
        figures are EmoDB's, is the embedded features.
    options : mapping, optional
        Keywords of `adan.corpora.read_corpus`.
    progress : bool, default=False
        Show a progress bar on standard error.

    Raises
    ------
    AdanError
        If there is no corpus, or it cannot be cut into speakers or sessions.
    """
    if corpus == "emodb" or (corpus is None and table.corpus == "EmoDB"):
        return _embedded()
    if corpus is None:
        raise AdanError(
            f"{table.title} needs {table.corpus}: {HOW_TO_GET}, then give its folder with "
            "--corpus, or run the table on another corpus, such as --corpus emodb"
        )
    read = read_corpus(corpus, **(options or {}))
    group = table.group if table.group in read.table else "speaker"
    read.require_groups(group)
    rows, features = _features(read, table.feature_set, progress)
    names = feature_columns(rows)
    improvised = rows["improvised"].to_numpy(bool) if "improvised" in rows else None
    data = Data(
        X=rows[names].to_numpy(np.float32),
        y=rows["emotion"].to_numpy(str),
        speakers=rows["speaker"].to_numpy(str),
        utterances=rows.index.to_numpy(str),
        groups=rows[group].to_numpy(str),
        learnable=np.ones(len(rows), bool) if improvised is None else improvised,
    )
    return Source(read.name, features, group, data, improvised)


def _features(corpus: Corpus, feature_set: FeatureSet, progress: bool) -> tuple[pd.DataFrame, str]:
    """Return the corpus with features, those of its own table first, and what they are called."""
    own = corpus.table.attrs.get("feature_set")
    if own or "file" not in corpus.table:
        return corpus.table, own or "features of the table"
    return features_of(corpus, feature_set, progress=progress), feature_set.name


def _embedded() -> Source:
    emodb = load_emodb()
    data = Data(
        X=emodb.data,
        y=emodb.target,
        speakers=emodb.groups,
        utterances=emodb.utterances,
        groups=emodb.groups,
        learnable=np.ones(len(emodb.data), bool),
    )
    return Source("EmoDB", "IS11", "speaker", data)
