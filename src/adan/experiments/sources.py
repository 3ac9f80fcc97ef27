"""The data of a study: the utterances of its corpora, with features."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adan.audio.perturbation import Copy, Perturbation
from adan.corpora import Corpus, read_corpus
from adan.corpora.pooled import pooled
from adan.corpora.traits import traits
from adan.errors import AdanError
from adan.experiments.copies import copies_of
from adan.experiments.specification import CorpusChoice, ScarcityChoice, Specification
from adan.experiments.study import Data
from adan.features import FrameSet, extract, extract_frames, features_of, named
from adan.sequences import Rows, Sequences


@dataclass(frozen=True)
class Source:
    """A corpus with one kind of features.

    Attributes
    ----------
    corpus, features : str
        The corpus and its feature set, by name.
    data : Data
        Its utterances.
    improvised : ndarray of shape (n,), bool, or None
        Which of them are improvised; None where the corpus makes no difference.
    recognised : ndarray of shape (n,), or None
        The per cent of listeners who recognised each; None where the corpus does not say.
    traits : DataFrame, or None
        In which groups its scores can be shown: see `adan.corpora.traits.traits`.
    notes : sequence of str
        What readers of its tables must know.
    rate : int, or None
        Sampling rate of its audio in Hz; None where nobody knows.
    """

    corpus: str
    features: str
    data: Data
    improvised: NDArray[np.bool_] | None = None
    recognised: NDArray[np.float64] | None = None
    traits: pd.DataFrame | None = None
    notes: Sequence[str] = ()
    rate: int | None = None

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

    With protocol "corpus" all corpora are one: see `adan.corpora.pooled.pooled`.

    Raises
    ------
    AdanError
        If there is no such corpus, it cannot be cut into speakers or sessions, or corpora cannot
        be put together.
    """
    corpora = [_read(choice, specification) for choice in specification.corpora]
    read = [_with_features(corpus, specification, progress) for corpus in corpora]
    if specification.protocol == "corpus":
        alike = _alike([[*corpora] for corpora in read])
        return [_source(pooled(corpora), "corpus") for corpora in alike]
    return [
        _source(corpus, _group(corpus, specification), _all_copies(corpus, specification, progress))
        for corpus in chain.from_iterable(read)
    ]


def _alike(corpora: list[list[Corpus]]) -> list[list[Corpus]]:
    """Put together the corpora with the same feature set; each must have each set."""
    sets: dict[str, list[Corpus]] = {}
    for corpus in chain.from_iterable(corpora):
        sets.setdefault(corpus.feature_set, []).append(corpus)
    for name, some in sets.items():
        there = [corpus.name for corpus in some]
        if lacking := [c.name for c, *_ in corpora if c.name not in there]:
            raise AdanError(
                f"{there[0]} has the features {name!r} and {lacking[0]} has not: the corpora of "
                "protocol 'corpus' need the same; choose others, or extract them (adan extract)"
            )
    return [*sets.values()]


def digest(data: Data) -> str:
    """Return the SHA-256 of all that the data hold but copies, their order included."""
    return _digest(data.arrays())


def digest_of_copies(copies: Sequence[Rows]) -> str:
    """Return the SHA-256 of what a perturbation made."""
    return _digest({f"copy {i}": X for i, X in enumerate(copies)})


def _digest(arrays: Mapping[str, Rows]) -> str:
    sha = hashlib.sha256()
    for name, rows in arrays.items():
        if isinstance(rows, Sequences):
            sha.update(_digest(vars(rows)).encode())
            continue
        sha.update(f"{name} {rows.dtype.str} {rows.shape}".encode())
        for start in range(0, len(rows), 256):
            sha.update(np.ascontiguousarray(rows[start : start + 256]).data)
    return sha.hexdigest()


def _read(choice: CorpusChoice, specification: Specification) -> Corpus:
    """Read a corpus and check that the study can be made of it."""
    corpus = read_corpus(choice.path, **choice.options).renamed(choice.emotions)
    if specification.protocol == "corpus":
        corpus.require_speakers()
    else:
        group = _group(corpus, specification)
        if group != specification.protocol:
            told = "has no sessions (a column 'session'): a speaker is left out at a time instead"
            warnings.warn(f"{corpus.name} {told}", stacklevel=2)
        corpus.require_groups(group)
    perturbed = next(iter(specification.perturbations), None)
    if perturbed is not None and corpus.features:
        raise AdanError(
            f"perturbations need audio: {corpus.name} is a table of features; give a corpus of "
            f"recordings, or leave out methods.{perturbed}"
        )
    return corpus


def _group(corpus: Corpus, specification: Specification) -> str:
    return specification.protocol if specification.protocol in corpus.table else "speaker"


def _with_features(
    corpus: Corpus, specification: Specification, progress: bool
) -> Iterator[Corpus]:
    """Yield a corpus with each kind of features."""
    if corpus.features:
        yield corpus
        return
    for name in specification.features:
        yield features_of(corpus, name, progress=progress)


def _all_copies(
    corpus: Corpus, specification: Specification, progress: bool
) -> dict[Perturbation, list[Rows]]:
    """Return the copies that each perturbation of a study makes of a corpus with features."""
    perturbations = dict.fromkeys(specification.perturbations.values())
    return {by: _copies(corpus, by, progress) for by in perturbations}


def _copies(corpus: Corpus, by: Perturbation, progress: bool) -> list[Rows]:
    """Return the features of the copies of a corpus, a row for each utterance."""
    kind = named(corpus.feature_set)

    def rows(some: Sequence[Copy]) -> Rows:
        if isinstance(kind, FrameSet):
            return extract_frames(some, kind, progress=progress).sequences
        return extract(some, kind, progress=progress).table.to_numpy(np.float32)

    return [rows(some) for some in copies_of(corpus, by)]


def _source(
    corpus: Corpus,
    group: str,
    copies: Mapping[Perturbation, Sequence[Rows]] | None = None,
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
        corpora=rows["corpus"].to_numpy(str) if group == "corpus" else None,
        copies=copies or {},
    )
    left_out = corpus.about.get("left_out")
    recognised = rows["recognised"].to_numpy(float) if "recognised" in rows else None
    return Source(
        corpus.name,
        corpus.feature_set,
        data,
        improvised,
        recognised,
        traits(corpus),
        [f"Left out are {left_out}."] if left_out else [],
        corpus.about.get("rate"),
    )
