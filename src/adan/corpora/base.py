"""What a corpus is."""

from __future__ import annotations

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
        ``file`` (the absolute path of the audio) where there is audio, and whatever else is known,
        such as ``session``.

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
