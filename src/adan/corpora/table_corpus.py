"""Corpora listed in a table of one's own: each utterance's audio or its features."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from adan.corpora.base import Corpus, columns
from adan.corpora.table_files import check_filled, read_table
from adan.errors import AdanError


def read_table_corpus(path: str | os.PathLike[str]) -> Corpus:
    """Read a corpus from a ``.csv`` or ``.parquet`` file that lists its utterances.

    Parameters
    ----------
    path : path-like
        A table with the columns ``emotion`` and ``speaker``, and ``file`` (absolute, or relative
        to the table's folder) or features: those that the table names, as `adan extract` does, or
        else, where there is no ``file``, the columns of numbers with a fraction. Further columns,
        such as ``session``, are kept; without a column ``utterance`` the utterances are named
        after their files, or numbered.

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
    vectors = read_table(path)
    table, labels = vectors.table, ("emotion", "speaker", "session")
    for name in {*labels} & {*table.columns}:
        table[name] = table[name].astype(str).where(table[name].notna())
    if "file" in table and "feature_set" not in vectors.about:
        features: list[str] = []
    else:
        features = [name for name in vectors.features if name not in labels]
        _check_features(table, features, path)
    names = [str(row) for row in range(len(table))]
    if "file" in table:
        table["file"] = _files(table, path, needed=not features)
        names = [Path(file).stem for file in table["file"].fillna("")]
    if table.index.name != "utterance":
        table.index = pd.Index(names, name="utterance")
    return Corpus(path.stem, table, features, vectors.about)


def _files(table: pd.DataFrame, path: Path, needed: bool) -> list[str | None]:
    """Find files where the table lies; rows that have features need none, as synthetic ones."""
    if needed:
        check_filled(table, "file", path)
    folder = path.absolute().parent
    return [None if pd.isna(file) else str(folder / file) for file in table["file"]]


def _check_features(table: pd.DataFrame, features: Sequence[str], path: Path) -> None:
    if not features:
        raise AdanError(
            f"{path} has no column 'file' and no features, which are columns of numbers with a "
            f"fraction ({columns(table)}): name each utterance's audio, or add its features"
        )
    for feature in features:
        finite = np.isfinite(table[feature].to_numpy())
        if not finite.all():
            raise AdanError(
                f"{path} has no finite number for the feature {feature!r} of row "
                f"{finite.argmin() + 1}: fill it in or drop the row"
            )
