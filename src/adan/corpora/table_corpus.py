"""Corpora listed in a table of one's own: each utterance's audio or its features."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from adan.corpora.base import Corpus, columns
from adan.corpora.table_files import feature_columns, read_table
from adan.errors import AdanError


def read_tabular(path: str | os.PathLike[str]) -> Corpus:
    """Read a corpus from a ``.csv`` or ``.parquet`` file that lists its utterances.

    Parameters
    ----------
    path : path-like
        A table with the columns ``emotion`` and ``speaker``, and ``file`` (absolute, or relative
        to the table's folder) or features, which are the columns of numbers with a fraction; of
        any origin. Further columns, such as ``session``, are kept; without a column ``utterance``
        the utterances are named after their files, or numbered.

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
    table = read_table(path)
    for name in {"emotion", "speaker", "session"} & {*table.columns}:
        table[name] = table[name].astype(str).where(table[name].notna())
    if "file" in table:
        if table["file"].isna().any():
            raise AdanError(f"{path} has rows without a file: fill the column in or drop them")
        folder = path.absolute().parent
        table["file"] = [str(folder / file) for file in table["file"]]
        names = [Path(file).stem for file in table["file"]]
    else:
        _check_features(table, path)
        names = [str(row) for row in range(len(table))]
    if table.index.name != "utterance":
        table.index = pd.Index(names, name="utterance")
    return Corpus(path.stem, table)


def _check_features(table: pd.DataFrame, path: Path) -> None:
    features = feature_columns(table)
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
