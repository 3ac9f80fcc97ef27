"""What a corpus is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from adan.errors import AdanError


@dataclass(frozen=True, eq=False)
class Corpus:
    """A labelled speech corpus: one row an utterance.

    Parameters
    ----------
    name : str
        What the corpus is called in tables and messages.
    table : DataFrame
        Indexed by ``utterance`` (text, unique), with the text columns ``emotion`` and ``speaker``;
        ``file`` (the absolute path of the audio) where there is audio, features (its
        floating-point columns) where there is none, and whatever else is known, such as
        ``session``.

    Raises
    ------
    AdanError
        If a column or a label is missing, or two utterances have one name.
    """

    name: str
    table: pd.DataFrame

    def __post_init__(self) -> None:
        for column in ("emotion", "speaker"):
            if column not in self.table:
                raise AdanError(f"{self.name} has no column {column!r}: add one to its table")
            if self.table[column].isna().any():
                utterance = self.table.index[self.table[column].isna()][0]
                raise AdanError(f"{self.name} has no {column} for {utterance}: fill it in")
        if not self.table.index.is_unique:
            twice = self.table.index[self.table.index.duplicated()][0]
            raise AdanError(
                f"{self.name} has two utterances named {twice}: "
                "give each a name of its own in a column 'utterance'"
            )

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
        if column not in self.table:
            raise AdanError(
                f"{self.name} has no column {column!r} (it has {', '.join(self.table.columns[:9])})"
                ": add it to the table, or leave out another group"
            )
        if self.table[column].isna().any():
            utterance = self.table.index[self.table[column].isna()][0]
            raise AdanError(f"{self.name} has no {column} for {utterance}: fill it in")
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


def count_differences(found: Mapping[str, int], expected: Mapping[str, int | None]) -> str:
    """Tell in words where counts are not those expected (None: any but 0); empty if nowhere."""
    wrong = []
    for key in sorted({*found, *expected}):
        n, right = found.get(key, 0), expected.get(key, 0)
        if n != right and (right is not None or n == 0):
            wrong.append(f"{key} has {n} instead of {'some' if right is None else right}")
    more = [f"and {len(wrong) - 5} more"] if len(wrong) > 5 else []
    return ", ".join(wrong[:5] + more)
