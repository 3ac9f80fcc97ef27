"""Which study measures each table of the paper: as published, quick, tuned, with more methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adan.classifiers.sequence.base import SequenceClassifier
from adan.corpora import emodb
from adan.corpora.iemocap import HOW_TO_GET
from adan.errors import AdanError
from adan.experiments.sources import Source
from adan.experiments.specification import Specification, read
from adan.reports.tables import label
from adan.reproduction.published import TABLES, Row
from adan.synthesis.adan import ADAN, AS_PUBLISHED

STUDIES = Path(__file__).with_name("studies")
"""A TOML file for each table: what is run."""

TUNED = " tuned"
"""What is added to a classifier's name where its settings are chosen."""

PROTOCOLS = {
    "leak-free": "fold",
    "authors": "corpus",
}
"""The settings a table is measured with, and how each normalises unless another way is named:
``"leak-free"`` as the paper's text has it, ``"authors"`` as the authors' published scripts do."""

AUTHORS_CLASSIFIERS: dict[str, dict[str, Any]] = {
    "svm": {"C": 10},
    "dnn": {
        "activation": "tanh",
        "epochs": 20,
        "batch_size": 50,
        "batch_norm": True,
        "dropout": 0.5,
        "l2": 0.1,
        "rotate": False,
    },
}
"""The classifiers of the authors' published scripts, by their kinds."""

SHORT = {"epochs": 5, "steps": 20, "times": 1}
"""What a quick look cuts training down to."""
SHORT_SEQUENCES = 5
"""And the updates of networks that read sequences, which take a second each."""

WHERE_TO_GET = {"IEMOCAP": HOW_TO_GET, "EmoDB": "its audio is free at http://emodb.bilderbar.info"}


def specification(
    name: str,
    corpus: str | None = None,
    corpus_options: Mapping[str, Any] | None = None,
    *,
    methods: Sequence[str] = (),
    seeds: int = 1,
    protocol: str = "leak-free",
    normalisation: str | None = None,
    tuned: bool = False,
    quick: bool = False,
) -> Specification:
    """Return the study that measures a table.

    Parameters
    ----------
    name : str
        A file of `STUDIES`.
    corpus : str, optional
        What `adan.corpora.read_corpus` takes. By default ``"emodb"`` where the published figures
        are EmoDB's and need vectors alone.
    corpus_options : mapping, optional
        Keywords of `adan.corpora.read_corpus`.
    methods : sequence of str, default=()
        Further synthesizers, by their names in `adan.synthesis.registry`.
    seeds : int, default=1
        Number of seeds.
    protocol : {"leak-free", "authors"}, default="leak-free"
        One of `PROTOCOLS`.
    normalisation : {"fold", "corpus", "speaker"}, optional
        See `adan.evaluation.normalisation.NORMALISATIONS`; the protocol's own by default.
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
    if corpus is None and study.corpora[0].path != emodb.NAME:
        of = TABLES[name].corpus
        other = f", or run the table on another corpus, such as --corpus {emodb.NAME}"
        raise AdanError(
            f"{TABLES[name].title}: {of} is needed; {WHERE_TO_GET[of]}, then give its folder with "
            f"--corpus{other if of != 'EmoDB' else ''}"
        )
    if corpus is None and corpus_options:
        raise AdanError(
            f"{', '.join(corpus_options)}: options of a corpus; name the corpus with --corpus"
        )
    normalisations = [normalisation or PROTOCOLS[protocol]]
    study = study.changed(seeds=seeds, normalisations=normalisations).with_methods(methods)
    if corpus is not None:
        study = study.changed(corpora=[{"path": corpus, "options": dict(corpus_options or {})}])
    study = _as_published(study, TABLES[name].corpus) if protocol == "authors" else study
    study = _with_tuned(study) if tuned else study
    return shortened(study) if quick else study


def without_missing_classes(study: Specification, source: Source) -> Specification:
    """Return the study less the methods that want more of a class that the corpus has not."""
    classes = set(source.data.y.tolist())
    methods = {n: m for n, m in study.methods.items() if set(m.more) <= classes}
    return study.model_copy(update={"methods": methods})


def is_of_the_paper(name: str, source: Source) -> bool:
    """Tell whether the paper measured a table on the same corpus, or on none."""
    return source.corpus.casefold() == TABLES[name].corpus.casefold()


def published_rows(name: str, source: Source) -> tuple[Row, ...]:
    """Return the paper's rows; another corpus has none of its figures, nor what nobody can run."""
    rows = TABLES[name].rows
    if is_of_the_paper(name, source):
        return rows
    return tuple(
        replace(r, label=r.label.replace("IS11", source.features), wa=np.nan, uar=np.nan)
        for r in rows
        if r.method
    )


def rows_of(name: str, study: Specification, source: Source) -> tuple[Row, ...]:
    """Return the rows of a table whose study may have further methods, on the data that it has.

    They begin with `published_rows`. A corpus whose utterances are all of one kind has the rows of
    the last subset alone. What the paper does not have stands below: further classifiers and
    methods. Tuned classifiers stand under the paper's.
    """
    published = published_rows(name, source)
    known = {(row.subset, row.method, row.classifier) for row in published}
    further = tuple(
        Row(label(method, classifier), method, classifier, subset=subset, apart=True)
        for subset in study.subsets
        for method in study.methods
        for classifier in study.classifiers
        if any(classifier in study.classifiers_of(method, f) for f in study.features)
        and (subset, method, classifier) not in known
        and not classifier.endswith(TUNED)
    )
    rows = tuple(
        row
        for own in published + further
        for row in (own, _tuned(own))
        if row is own or row.classifier in study.classifiers
    )
    if source.improvised is not None:
        return rows
    last = study.subsets[-1]
    return tuple(replace(r, subset="all") for r in rows if not r.method or r.subset == last)


def adan(*, protocol: str = "leak-free", quick: bool = False, seed: int | None = None) -> ADAN:
    """Return the paper's ADAN, or that of its authors' scripts; ``quick`` trains it little."""
    make = ADAN.as_published if protocol == "authors" else ADAN
    network = make(random_state=seed)
    return network.set_params(**_short(network)) if quick else network


def _tuned(row: Row) -> Row:
    return Row(f"{row.label}, tuned", row.method, row.classifier + TUNED, subset=row.subset)


def _as_published(study: Specification, corpus: str) -> Specification:
    """Return the study with the networks and classifiers of the authors' published scripts."""
    values = study.model_dump(exclude_unset=True)
    network = AS_PUBLISHED | ({"epochs": 400} if corpus == "IEMOCAP" else {})
    for choice in values["methods"].values():
        if choice.get("synthesizer") == "adan":
            choice["parameters"] = {**network, **choice.get("parameters", {})}
    for choice in values["classifiers"].values():
        own = choice.get("parameters", {})
        choice["parameters"] = {**own, **AUTHORS_CLASSIFIERS.get(choice["kind"], {})}
    return study.changed(**values)


def _with_tuned(study: Specification) -> Specification:
    """Return the study with a tuned classifier beside each."""
    classifiers = study.model_dump(exclude_unset=True)["classifiers"]
    for name, choice in study.classifiers.items():
        if choice.kind not in ("svm", "dnn"):
            continue
        kept = {k: v for k, v in choice.parameters.items() if k in ("activation", "steps")}
        classifiers[name + TUNED] = {"kind": f"tuned {choice.kind}", "parameters": kept}
    methods = study.model_dump(exclude_unset=True)["methods"]
    for choice in methods.values():
        if own := choice.get("classifiers"):
            choice["classifiers"] = own + [n + TUNED for n in own if n + TUNED in classifiers]
    return study.changed(classifiers=classifiers, methods=methods)


def shortened(study: Specification) -> Specification:
    """Return the study with all training cut short."""
    values = study.model_dump(exclude_unset=True)
    made = study.study("fold")
    for name, method in made.methods.items():
        if method.synthesizer is not None:
            choice = values["methods"][name]
            short = _short(getattr(method.synthesizer, "synthesizer", method.synthesizer))
            choice["parameters"] = {**choice.get("parameters", {}), **short}
            if not method.balance:
                choice["times"] = min(method.times, SHORT["times"])
    for name, classifier in made.classifiers.items():
        choice = values["classifiers"][name]
        choice["parameters"] = {**choice.get("parameters", {}), **_short(classifier)}
    return study.changed(**values)


def _short(estimator: Any) -> dict[str, int]:
    known = estimator.get_params()
    if isinstance(estimator, SequenceClassifier):
        return {"steps": min(SHORT_SEQUENCES, known["steps"])}
    return {
        name: min(SHORT[name], known[name])
        for name in ("epochs", "steps")
        if known.get(name) is not None
    }
