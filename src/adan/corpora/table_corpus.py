"""Corpora listed in a table of one's own: each utterance's audio or its features."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adan.corpora.base import Corpus, Vectors, check_spelling, columns
from adan.corpora.segments import recordings_of, utterance_names
from adan.corpora.table_files import MARK, TIMES, choose_features, read_table
from adan.errors import AdanError

LABELS = ("emotion", "speaker", "session")


def read_table_corpus(path: str | os.PathLike[str], *, features_from: str | None = None) -> Corpus:
    """Read a corpus from a ``.csv`` or ``.parquet`` file that lists its utterances.

    Parameters
    ----------
    path : path-like
        A table with the columns ``emotion`` and ``speaker``, and ``file`` (absolute, or relative
        to the table's folder) or features. With ``start`` and ``end``, in seconds or as pandas
        writes times (``0 days 00:00:01.5``), an utterance is that stretch of its file. Further
        columns, such as ``session``, are kept; without a column ``utterance`` the utterances are
        named after their files, or numbered.
    features_from : str, default=None
        Which columns are features: see `adan.corpora.table_files.choose_features`. None is those
        that the table names, as `adan extract` does; if it names none and has a column ``file``,
        features are computed from the audio.

    Returns
    -------
    Corpus
        Named after the table.

    Raises
    ------
    AdanError
        If the table cannot be read, or a column, a label, a file or a feature's value is missing.
    """
    path = Path(path)
    vectors = _with_features(read_table(path), path, features_from)
    table, names = vectors.table, [str(row) for row in range(len(vectors.table))]
    known = {name: _labels(table[name], name, path) for name in LABELS if name in table}
    if "file" in table:
        places, names = _places(table, names, path, needed=not len(vectors.features))
        known |= places
    for name, column in known.items():
        table[name] = column
    if table.index.name != "utterance":
        table.index = pd.Index(names, name="utterance")
    return Corpus(path.stem, table, vectors.features, vectors.about)


def _with_features(vectors: Vectors, path: Path, features_from: str | None) -> Vectors:
    """Return the vectors with the features that are meant; none where there is audio instead."""
    if features_from is None and MARK not in vectors.about and "file" in vectors.table:
        if len(vectors.features):
            warnings.warn(
                f"{path} has a column 'file', so features are computed from the audio; to take "
                "columns of the table instead, name them with --features-from (features_from)",
                stacklevel=3,
            )
        return Vectors(vectors.table, ())
    if features_from is None and not len(vectors.features):
        raise AdanError(
            f"{path} has no column 'file' and no features, which are columns of numbers "
            f"({columns(vectors.table)}): name each utterance's audio, or add its features"
        )
    return choose_features(vectors, path, features_from)


def _labels(column: pd.Series, name: str, path: Path) -> pd.Series:
    labels = column.astype(str).where(column.notna())
    check_spelling(labels, name, str(path))
    return labels.str.strip().replace("", np.nan)


def _places(
    table: pd.DataFrame, names: list[str], path: Path, needed: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return columns of where utterances are heard, and their names; features need no file."""
    heard = np.flatnonzero(table["file"].notna() | needed)
    recordings = recordings_of(table.iloc[heard], path)
    places: dict[str, Any] = {}
    for column in {"file", *TIMES} & {*table.columns}:
        cells = np.full(len(table), None if column == "file" else np.nan, object)
        cells[heard] = [getattr(recording, column) for recording in recordings]
        places[column] = (
            cells if column == "file" else np.where(cells == np.inf, np.nan, cells).astype(float)
        )
    told = dict(zip(heard.tolist(), utterance_names(recordings), strict=True))
    return places, [told.get(row, name) for row, name in enumerate(names)]
