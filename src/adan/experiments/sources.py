"""The data of a study: the utterances of its corpora, with features."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from adan.corpora import Corpus, read_corpus
from adan.corpora.emodb import load_emodb
from adan.errors import AdanError
from adan.experiments.specification import (
    BUNDLED,
    CorpusChoice,
    ScarcityChoice,
    Specification,
)
from adan.experiments.study import Data
from adan.features import features_of


@dataclass(frozen=True)
class Source:
    """A corpus with one kind of features.

    Attributes
    ----------
    corpus, features, group : str
        The corpus, its feature set and what is left out at a time, by name.
    data : Data
        Its utterances.
    improvised : ndarray of shape (n,), bool, or None
        Which of them are improvised; None where the corpus makes no difference.
    recognised : ndarray of shape (n,), or None
        The per cent of listeners who recognised each; None where the corpus does not say.
    """

    corpus: str
    features: str
    group: str
    data: Data
    improvised: NDArray[np.bool_] | None = None
    recognised: NDArray[np.float64] | None = None

    def subsets(self, names: Sequence[str], scarcity: ScarcityChoice) -> Iterator[tuple[str, Data]]:
        """Yield each subset of the corpus, complete and scarce.

        It is the whole where it makes no difference.

        Raises
        ------
        AdanError
            If a class shall be rare that the corpus has not.
        """
        classes = np.unique(self.data.y).tolist()
        if unknown := [label for label in scarcity.labels if label not in classes]:
            raise AdanError(
                f"scarcity.rare: {self.corpus} has no class {unknown[0]!r}; it has "
                f"{', '.join(classes)}"
            )
        for name in names if self.improvised is not None else ["all"]:
            rows = self.improvised if name == "improvised" else None
            data = self.data if rows is None else self.data.only(rows)
            yield name, data
            for scarce in scarcity.of(classes):
                yield scarce.subset(name), replace(data, scarcity=scarce)


def load(specification: Specification, *, progress: bool = False) -> list[Source]:
    """Return the data of a study, one for each corpus and kind of features.

    Raises
    ------
    AdanError
        If there is no such corpus, or it cannot be cut into speakers or sessions.
    """
    return [
        source
        for corpus in specification.corpora
        for source in _sources(corpus, specification, progress)
    ]


def digest(data: Data) -> str:
    """Return the SHA-256 of all that the data hold, their order included."""
    sha = hashlib.sha256()
    for name, values in data.arrays().items():
        sha.update(f"{name} {values.dtype.str} {values.shape}".encode())
        for start in range(0, len(values), 256):
            sha.update(np.ascontiguousarray(values[start : start + 256]).data)
    return sha.hexdigest()


def _sources(
    choice: CorpusChoice, specification: Specification, progress: bool
) -> Iterator[Source]:
    if choice.path == BUNDLED:
        yield _bundled()
        return
    corpus = read_corpus(choice.path, **choice.options)
    group = specification.protocol if specification.protocol in corpus.table else "speaker"
    corpus.require_groups(group)
    if corpus.features:
        yield _source(corpus, group)
        return
    for name in specification.features:
        yield _source(features_of(corpus, name, progress=progress), group)


def _source(corpus: Corpus, group: str) -> Source:
    rows = corpus.table
    improvised = rows["improvised"].to_numpy(bool) if "improvised" in rows else None
    data = Data(
        X=corpus.X,
        y=rows["emotion"].to_numpy(str),
        speakers=rows["speaker"].to_numpy(str),
        utterances=rows.index.to_numpy(str),
        groups=rows[group].to_numpy(str),
        learnable=np.ones(len(rows), bool) if improvised is None else improvised,
    )
    recognised = rows["recognised"].to_numpy(float) if "recognised" in rows else None
    return Source(corpus.name, corpus.feature_set, group, data, improvised, recognised)


def _bundled() -> Source:
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
