"""The data of a study: the utterances of its corpora, with features."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adan.audio.perturbation import Perturbation
from adan.corpora import Corpus, read_corpus
from adan.corpora.emodb import load_emodb
from adan.errors import AdanError
from adan.experiments.copies import copies_of
from adan.experiments.specification import BUNDLED, CorpusChoice, Specification
from adan.experiments.study import Data
from adan.features import extract, features_of


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

    def subsets(self, names: Sequence[str]) -> Iterator[tuple[str, Data]]:
        """Yield each subset of the corpus; the whole where it makes no difference."""
        for name in names if self.improvised is not None else ["all"]:
            rows = self.improvised if name == "improvised" else None
            yield name, self.data if rows is None else self.data.only(rows)


def load(specification: Specification, *, progress: bool = False) -> list[Source]:
    """Return the data of a study, one for each corpus and kind of features.

    Raises
    ------
    AdanError
        If there is no such corpus, or it cannot be cut into speakers or sessions.
    """
    corpora = [_read(choice, specification) for choice in specification.corpora]
    return [source for corpus in corpora for source in _sources(corpus, specification, progress)]


def digest(data: Data) -> str:
    """Return the SHA-256 of all that the data hold but copies, their order included."""
    return _digest(data.arrays())


def digest_of_copies(copies: Sequence[NDArray[np.floating]]) -> str:
    """Return the SHA-256 of the vectors that a perturbation made."""
    return _digest({f"copy {i}": X for i, X in enumerate(copies)})


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    sha = hashlib.sha256()
    for name, values in arrays.items():
        sha.update(f"{name} {values.dtype.str} {values.shape}".encode())
        for start in range(0, len(values), 256):
            sha.update(np.ascontiguousarray(values[start : start + 256]).data)
    return sha.hexdigest()


def _read(choice: CorpusChoice, specification: Specification) -> Corpus | None:
    """Read a corpus and check that the study can be made of it; None is the bundled features."""
    corpus = None if choice.path == BUNDLED else read_corpus(choice.path, **choice.options)
    if corpus:
        corpus.require_groups(_group(corpus, specification))
    perturbed = next(iter(specification.perturbations), None)
    if perturbed is not None and (not corpus or corpus.features):
        raise AdanError(
            f"perturbations need audio: {corpus.name if corpus else BUNDLED} is a table of "
            f"features; give a corpus of recordings, or leave out methods.{perturbed}"
        )
    return corpus


def _group(corpus: Corpus, specification: Specification) -> str:
    return specification.protocol if specification.protocol in corpus.table else "speaker"


def _sources(
    corpus: Corpus | None, specification: Specification, progress: bool
) -> Iterator[Source]:
    if not corpus:
        yield _bundled()
        return
    group = _group(corpus, specification)
    if corpus.features:
        yield _source(corpus, group)
        return
    for name in specification.features:
        with_features = features_of(corpus, name, progress=progress)
        copies = {
            by: _copies(corpus, by, name, progress)
            for by in dict.fromkeys(specification.perturbations.values())
        }
        yield _source(with_features, group, copies)


def _copies(
    corpus: Corpus, by: Perturbation, feature_set: str, progress: bool
) -> list[NDArray[np.float32]]:
    """Return the vectors of the copies of a corpus, a row for each utterance."""
    return [
        extract(some, feature_set, progress=progress).table.to_numpy(np.float32)
        for some in copies_of(corpus, by)
    ]


def _source(
    corpus: Corpus,
    group: str,
    copies: Mapping[Perturbation, Sequence[NDArray[np.float32]]] | None = None,
) -> Source:
    rows = corpus.table
    improvised = rows["improvised"].to_numpy(bool) if "improvised" in rows else None
    data = Data(
        X=corpus.X,
        y=rows["emotion"].to_numpy(str),
        speakers=rows["speaker"].to_numpy(str),
        utterances=rows.index.to_numpy(str),
        groups=rows[group].to_numpy(str),
        learnable=np.ones(len(rows), bool) if improvised is None else improvised,
        copies=copies or {},
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
