"""Corpora: which utterances there are, who speaks, with which emotion, and where the audio is."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from adan.corpora.base import Corpus
from adan.corpora.table import read_table
from adan.errors import AdanError

__all__ = ["Corpus", "read_corpus"]


def read_corpus(path: str | os.PathLike[str]) -> Corpus:
    """Read a corpus of audio files from where it lies.

    Parameters
    ----------
    path : path-like
        The folder of EmoDB (see `adan.corpora.emodb.read_emodb`), or a ``.csv`` or ``.parquet``
        file with the columns ``file`` (absolute, or relative to that table's folder),
        ``emotion`` and ``speaker``. Its further columns are kept; without a column ``utterance``
        the utterances are named after their files.

    Returns
    -------
    Corpus
        Named after the corpus or the table.

    Raises
    ------
    AdanError
        If there is no such corpus, or a column or a label is missing.
    """
    from adan.corpora.emodb import read_emodb  # late, so that `python -m adan.corpora.emodb` runs

    path = Path(path)
    if path.suffix.lower() not in (".csv", ".parquet"):
        return read_emodb(path)
    table = read_table(path)
    if "file" not in table:
        raise AdanError(f"{path} has no column 'file': name each utterance's audio there")
    if table["file"].isna().any():
        raise AdanError(f"{path} has rows without a file: fill the column in or drop them")
    folder = path.absolute().parent
    table["file"] = [str(folder / file) for file in table["file"]]
    if table.index.name != "utterance":
        table.index = pd.Index([Path(file).stem for file in table["file"]], name="utterance")
    return Corpus(path.stem, table)
