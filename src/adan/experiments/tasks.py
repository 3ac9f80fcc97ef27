"""A study cut into tasks: cells that are computed together, since they share a synthesizer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from adan.errors import AdanError
from adan.experiments.sources import Source
from adan.experiments.specification import Specification, are_sequences
from adan.experiments.store import Cell
from adan.experiments.study import Data, Study, parameters_of, sharing

Place = tuple[str, str, str]
"""Corpus, features and subset, by name."""


@dataclass(frozen=True)
class Task:
    """Cells that are computed together.

    Attributes
    ----------
    name : str
        The same in every run of the study.
    study : Study
        Its methods share a synthesizer.
    place : tuple of str
        Which data.
    seed : int
        Of the cells.
    cells : dict of str to Cell
        By method.
    """

    name: str
    study: Study
    place: Place
    seed: int
    cells: dict[str, Cell]

    def only(self, cells: Iterable[Cell]) -> Task:
        """Return the task of some of its cells."""
        left = {cell.method: cell for cell in cells}
        methods = {name: self.study.methods[name] for name in left}
        return replace(self, study=replace(self.study, methods=methods), cells=left)


def data_of(specification: Specification, sources: Sequence[Source]) -> dict[Place, Data]:
    """Return the data of a study by their place, checked against its methods.

    Raises
    ------
    AdanError
        If two corpora have one name, or a class is named that there is not.
    """
    data: dict[Place, Data] = {}
    for source in sources:
        if not specification.methods_of(source.features):
            kind = "sequences" if are_sequences(source.features) else "vectors"
            raise AdanError(
                f"{source.corpus} has {source.features}, which are {kind}, and no classifier "
                "of the study is trained on them: give a folder with audio, or change the study"
            )
        for subset, rows in source.subsets(specification.subsets, specification.scarcity):
            name = (source.corpus, source.features, subset)
            if name in data:
                raise AdanError(f"two corpora are named {source.corpus}: rename a table or folder")
            data[name] = rows
    for method, choice in specification.methods.items():
        for (corpus, _, _), rows in data.items():
            if unknown := set(choice.more) - set(rows.y.tolist()):
                raise AdanError(
                    f"methods.{method}.more: {corpus} has no class {min(unknown)!r}; it has "
                    f"{', '.join(np.unique(rows.y))}"
                )
    return data


def tasks_of(
    specification: Specification, places: Iterable[Place], cells: Iterable[Cell]
) -> Iterator[Task]:
    """Cut a study into tasks; those with the same folds follow one another."""
    left = {(c.corpus, c.features, c.subset, c.normalisation, c.seed, c.method): c for c in cells}
    for place in places:
        for normalisation in specification.normalisations:
            cut = sharing(specification.study(normalisation, place[1]))
            for seed in range(specification.seeds):
                for study in cut:
                    known = (left.get((*place, normalisation, seed, m)) for m in study.methods)
                    found = {cell.method: cell for cell in known if cell}
                    if found:
                        first = next(iter(study.methods.values()))
                        words = str((*place, normalisation, seed, parameters_of(first.synthesizer)))
                        name = hashlib.sha256(words.encode()).hexdigest()[:16]
                        yield Task(name, study, place, seed, found).only(found.values())
