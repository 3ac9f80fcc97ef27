"""Databases in audformat, on disk or by name through audb."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from adan._extras import require
from adan.corpora.base import Corpus
from adan.corpora.segments import recordings_of, utterance_names
from adan.corpora.table_files import TIMES
from adan.errors import AdanError


def read_audformat(
    folder: str | os.PathLike[str],
    *,
    emotion: str = "emotion",
    speaker: str = "speaker",
    table: str | None = None,
) -> Corpus:
    """Read a database in audformat from its folder.

    Parameters
    ----------
    folder : path-like
        Where ``db.yaml`` and the tables lie.
    emotion : str, default="emotion"
        Name of the scheme, or of the column, that holds the emotions.
    speaker : str, default="speaker"
        Name of the scheme or column of the speakers, which may be in another table.
    table : str, default=None
        Take the emotions of this table alone, of whole files or segments; None takes all.

    Returns
    -------
    Corpus
        Named after the database, with the columns ``file``, ``emotion``, ``speaker`` and, if there
        is a scheme or column of that name, ``session``; of segments also ``start`` and ``end``.
        Utterances without an emotion are left out.

    Raises
    ------
    AdanError
        If the database cannot be read, has no such scheme or table.

    References
    ----------
    https://audeering.github.io/audformat
    """
    require("audb", "audformat")
    import audformat

    try:
        database = audformat.Database.load(os.fspath(folder))
    except Exception as error:  # whatever a damaged YAML, CSV or Parquet file leads to
        raise AdanError(_unreadable(str(folder), error)) from error
    return _corpus(database, emotion, speaker, table)


def read_audb(
    name: str, *, emotion: str = "emotion", speaker: str = "speaker", table: str | None = None
) -> Corpus:
    """Read a database by its name through audb, which fetches what its cache does not hold.

    Parameters
    ----------
    name : str
        Name of the database, alone for the latest version or as ``name@version``.
    emotion : str, default="emotion"
        Name of the scheme, or of the column, that holds the emotions.
    speaker : str, default="speaker"
        Name of the scheme or column of the speakers, which may be in another table.
    table : str, default=None
        Take the emotions of this table alone; None takes all that have them.

    Returns
    -------
    Corpus
        As `read_audformat` gives it.

    Raises
    ------
    AdanError
        If audb finds no such database or version, or the database cannot be read, has no such
        scheme or table.

    References
    ----------
    https://audeering.github.io/audb
    """
    require("audb", "audb")
    import audb

    name, _, version = name.partition("@")
    try:
        database = audb.load(name, version=version or None, verbose=False)
    except Exception as error:  # the errors of audb's many backends have no common class
        raise AdanError(_unreadable(f"audb:{name}", error)) from error
    return _corpus(database, emotion, speaker, table)


def _corpus(database: Any, emotion: str, speaker: str, table: str | None) -> Corpus:
    labels = _labels(database, emotion, speaker, table)
    labels = labels[labels[emotion].notna()].dropna(axis=1, how="all")
    labels = labels.rename(columns={emotion: "emotion", speaker: "speaker"})
    labels = labels.astype(object).map(str, na_action="ignore")
    where, root = labels.index.to_frame(index=False), Path(database.root or "").absolute()
    where["file"] = [str(root / file) for file in where["file"]]
    for time in {*TIMES} & {*where}:
        where[time] = where[time].dt.total_seconds()
    labels.index = pd.Index(
        utterance_names(recordings_of(where, database.name), root), name="utterance"
    )
    return Corpus(database.name, pd.concat([where.set_axis(labels.index), labels], axis=1))


def _labels(database: Any, emotion: str, speaker: str, table: str | None) -> pd.DataFrame:
    """Collect what is known about each file, from all tables or from one."""
    name = database.name
    if table is not None and table not in database.tables:
        raise AdanError(
            f"{name} has no table {table!r}: choose one of {', '.join(database.tables)}"
        )
    try:
        labels = database.get(emotion, [speaker, "session"], tables=table)
    except (TypeError, ValueError) as error:
        raise AdanError(_unreadable(name, error)) from error
    known = ", ".join(database.schemes)
    for scheme in (emotion, speaker):
        if scheme not in labels or labels[scheme].isna().all():
            raise AdanError(
                f"{name} has no labels {scheme!r} (its schemes are {known}): "
                "name the right ones with --with emotion=NAME --with speaker=NAME"
            )
    return labels


def _unreadable(what: str, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{what} cannot be read as an audformat database: {reason}"
