"""What a corpus is, and what vectors are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adan.errors import AdanError

UNNAMED = "features of the table"
"""What features are called whose set has no name."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """Feature vectors, beside whatever else is known: one row an utterance.

    Parameters
    ----------
    table : DataFrame
        Indexed by the utterances or their files.
    features : sequence of str
        The columns that are features; the others are what is known.
    about : mapping
        Where the features come from, fit for JSON: ``feature_set``, the version of what computed
        them, ``audio_sha256``, ...
    """

    table: pd.DataFrame
    features: Sequence[str]
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Corpus:
    """A labelled speech corpus: one row an utterance.

    Parameters
    ----------
    name : str
        What the corpus is called in tables and messages.
    table : DataFrame
        Indexed by ``utterance`` (text, unique), with the text columns ``emotion`` and ``speaker``;
        ``file`` (the absolute path of the audio) where there is audio, features where they are
        computed already, and whatever else is known, such as ``session``.
    features : sequence of str, default=()
        The columns that are features.
    about : mapping, default={}
        Where the features come from: see `Vectors`.

    Raises
    ------
    AdanError
        If a column or a label is missing, there is no utterance, or two have one name.
    """

    name: str
    table: pd.DataFrame
    features: Sequence[str] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in ("emotion", "speaker"):
            self._require_column(column)
        if self.table.empty:
            raise AdanError(
                f"{self.name} has no utterances, and at least one is expected: add some"
            )
        if not self.table.index.is_unique:
            twice = self.table.index[self.table.index.duplicated()][0]
            raise AdanError(
                f"{self.name} has two utterances named {twice}: leave one out, or give each a name "
                "of its own in a column 'utterance'"
            )

    @property
    def X(self) -> NDArray[np.float32]:
        """The features, (n, d) in float32; no copy where they lie together so."""
        places = self.table.columns.get_indexer(pd.Index(self.features))
        if len(places) and (np.diff(places) == 1).all():
            return self.table.iloc[:, places[0] : places[-1] + 1].to_numpy(np.float32)
        return self.table.iloc[:, places].to_numpy(np.float32)

    @property
    def feature_set(self) -> str:
        """What the features are."""
        return self.about.get("feature_set", UNNAMED)

    def require_groups(self, column: str = "speaker") -> None:
        """Tell whether a study can leave out one group at a time.

        Parameters
        ----------
        column : str, default="speaker"
            What groups the utterances: ``speaker`` or ``session``.

        Raises
        ------
        AdanError
            If there is no such column, it has a gap or fewer than two groups, or a group speaks
            with one emotion only.
        """
        self._require_column(column)
        emotions = self.table.groupby(column)["emotion"].agg(["nunique", "first"])
        if len(emotions) < 2:
            raise AdanError(
                f"{self.name} has one {column} only ({emotions.index[0]}), and a study needs at "
                "least two: add utterances of another"
            )
        if (emotions["nunique"] < 2).any():
            group, (_, emotion) = next(emotions[emotions["nunique"] < 2].iterrows())
            raise AdanError(
                f"{self.name} has {column} {group} with one emotion only ({emotion}), and a study "
                "needs at least two of each: leave that one out"
            )

    def _require_column(self, column: str) -> None:
        if column not in self.table:
            raise AdanError(f"{self.name} has no column {column!r} ({columns(self.table)}): add it")
        if self.table[column].isna().any():
            utterance = self.table.index[self.table[column].isna()][0]
            raise AdanError(f"{self.name} has no {column} for {utterance}: fill it in")


def columns(table: pd.DataFrame) -> str:
    """Name the first columns of a table."""
    return f"it has {', '.join(map(str, table.columns[:9])) or 'none'}"


def count_differences(found: Mapping[str, int], expected: Mapping[str, int]) -> str:
    """Tell in words where counts are not those expected; empty if nowhere."""
    wrong = [
        f"{key} has {found.get(key, 0)} instead of {expected.get(key, 0)}"
        for key in sorted({*found, *expected})
        if found.get(key, 0) != expected.get(key, 0)
    ]
    more = [f"and {len(wrong) - 5} more"] if len(wrong) > 5 else []
    return ", ".join(wrong[:5] + more)
