"""What a corpus is, and what vectors are."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adan.audio.decoding import Segment
from adan.corpora.segments import recordings_of
from adan.errors import AdanError
from adan.sequences import Sequences

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
        ``file`` (the absolute path of the audio) where there is audio, with ``start`` and ``end``
        (seconds) where an utterance is a stretch of it; features where they are computed already;
        and whatever else is known, such as ``session``. Rows that are ``synthetic`` need no
        speaker.
    features : sequence of str, default=()
        The columns that are features; of sequences, what the numbers of a frame are.
    about : mapping, default={}
        Where the features come from: see `Vectors`.
    sequences : Sequences, default=None
        The frames of each utterance, where features are of frames.

    Raises
    ------
    AdanError
        If a column or a label is missing, a label is written in two ways, there is no utterance,
        or two have one name.
    """

    name: str
    table: pd.DataFrame
    features: Sequence[str] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    sequences: Sequences | None = None

    def __post_init__(self) -> None:
        for column in ("emotion", "speaker"):
            self._require_column(column)
            check_spelling(self.table[column], column, self.name)
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
    def X(self) -> NDArray[np.float32] | Sequences:
        """The features, (n, d) in float32; no copy where they lie together so."""
        if self.sequences is not None:
            return self.sequences
        places = self.table.columns.get_indexer(pd.Index(self.features))
        if len(places) and (np.diff(places) == 1).all():
            return self.table.iloc[:, places[0] : places[-1] + 1].to_numpy(np.float32)
        return self.table.iloc[:, places].to_numpy(np.float32)

    @property
    def feature_set(self) -> str:
        """What the features are."""
        return self.about.get("feature_set", UNNAMED)

    @property
    def is_synthetic(self) -> NDArray[np.bool_]:
        """Which rows no speaker has spoken: see `adan.experiments.augment`."""
        return is_synthetic(self.table)

    def recordings(self) -> list[Segment]:
        """Return what each utterance is heard in.

        Returns
        -------
        list of adan.audio.decoding.Segment
            One for each utterance, in order.

        Raises
        ------
        AdanError
            If the corpus has no audio.
        """
        if "file" not in self.table:
            raise AdanError(
                f"{self.name} has no audio: its table needs a column 'file'; or give a folder of "
                "recordings"
            )
        return recordings_of(self.table, self.name)

    def require_speakers(self, column: str = "speaker") -> None:
        """Complain unless it is known of all utterances who speaks, or in which session.

        Parameters
        ----------
        column : str, default="speaker"
            ``speaker`` or ``session``.

        Raises
        ------
        AdanError
            If there is no such column, or it has a gap; or if rows are synthetic.
        """
        self._require_column(column)
        if self.is_synthetic.any():
            raise AdanError(
                f"{self.name} has {self.is_synthetic.sum()} synthetic rows, which were made of "
                "everybody's, so that nobody could be tested: give the table without them, and "
                "name the synthesizer or perturbation instead"
            )

    def require_groups(self, column: str = "speaker") -> None:
        """Complain unless a study can leave out one group at a time.

        Parameters
        ----------
        column : str, default="speaker"
            What groups the utterances: ``speaker`` or ``session``.

        Raises
        ------
        AdanError
            If there is no such column, it has a gap or fewer than two groups, rows are synthetic,
            or a group speaks with one emotion only.
        """
        self.require_speakers(column)
        emotions = self.table.groupby(column, observed=True)["emotion"].agg(["nunique", "first"])
        if len(emotions) < 2:
            raise AdanError(
                f"{self.name} has one {column} only ({emotions.index[0]}), and a study needs at "
                "least two: add utterances of another"
            )
        one_sided = emotions.loc[emotions["nunique"] < 2, "first"]
        if len(one_sided):
            named = [f"{group} with one emotion only ({e})" for group, e in one_sided.items()]
            raise AdanError(
                f"{self.name} has {column} {', '.join(named)}, and a test needs at least two of "
                "each: leave these out with --skip-speakers (in a study file and in Python "
                "skip_speakers = true); adan train can do without the test (--no-speaker-test)"
            )

    def renamed(self, emotions: Mapping[str, str]) -> Corpus:
        """Return the corpus with other names for some emotions, two of which may become one.

        Parameters
        ----------
        emotions : mapping of str to str
            Each name that it has to the one that it shall have; others stay.

        Returns
        -------
        Corpus
            With the same utterances.

        Raises
        ------
        AdanError
            If it has no such emotion.
        """
        if unknown := {*emotions} - {*self.table["emotion"]}:
            had = ", ".join(sorted({*self.table["emotion"].dropna()}))
            raise AdanError(f"{self.name} has no emotion {min(unknown)!r} to rename; it has {had}")
        if not emotions:
            return self
        new = self.table["emotion"].map(lambda emotion: emotions.get(emotion, emotion))
        return replace(self, table=self.table.assign(emotion=new))

    def without_one_sided(self) -> Corpus:
        """Return the corpus without the speakers that have one emotion only.

        Returns
        -------
        Corpus
            Of the others.
        """
        real = self.table[~self.is_synthetic]
        n_emotions = real.groupby("speaker", observed=True)["emotion"].nunique()
        return self.only(~self.table["speaker"].isin(n_emotions.index[n_emotions < 2]).to_numpy())

    def only(self, rows: NDArray[np.bool_]) -> Corpus:
        """Return the corpus with some of its utterances.

        Parameters
        ----------
        rows : ndarray of shape (n,), bool
            Which to keep.

        Returns
        -------
        Corpus
            Of these.
        """
        sequences = None if self.sequences is None else self.sequences[rows]
        return replace(self, table=self.table[rows], sequences=sequences)

    def _require_column(self, column: str) -> None:
        if column not in self.table:
            raise AdanError(f"{self.name} has no column {column!r} ({columns(self.table)}): add it")
        gaps = self.table[column].isna()
        if column != "emotion":
            gaps &= ~self.is_synthetic
        if gaps.any():
            utterance = self.table.index[gaps][0]
            raise AdanError(f"{self.name} has no {column} for {utterance}: fill it in")


def is_synthetic(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows a column ``synthetic`` says are; none where there is no such column."""
    if "synthetic" not in table:
        return np.zeros(len(table), bool)
    return table["synthetic"].astype(str).str.casefold().isin(["true", "1", "yes"]).to_numpy()


def check_spelling(labels: pd.Series, column: str, where: str) -> None:
    """Raise an `AdanError` if labels differ in capitals, spaces or forms of letters alone."""
    ways: dict[str, list[str]] = {}
    for label in labels.dropna().unique().tolist():
        plain = unicodedata.normalize("NFKC", str(label)).casefold()
        ways.setdefault(" ".join(plain.split()), []).append(repr(label))
    for same in ways.values():
        if len(same) > 1:
            raise AdanError(
                f"{where} has the {column}s {' and '.join(same)}: if they are one, write it in one "
                "way; if not, give them names that differ in more"
            )


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
