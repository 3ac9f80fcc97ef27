"""Tables on disk: one row an utterance, some columns features, the others what else is known.

The first column, ``utterance``, names the rows. Which columns are features is written in the file:
a Parquet file lists them in its schema beside their provenance (key ``adan``), and a CSV file has
them behind a column ``feature_set``, which names the set. In a table of any other origin the
floating-point columns are the features. Parquet keeps types and provenance and is quick; CSV is
for people.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from adan._files import check_place, replacing
from adan.corpora.base import UNNAMED, Vectors
from adan.errors import AdanError

COLUMNS_AT_ONCE = 64
"""Features of a Parquet file that are decoded before they are put into their matrix."""

TEXT = ("utterance", "file", "emotion", "speaker", "session", "text", "version")
"""Columns that a CSV's reader takes as text, so that speaker 03 stays 03."""

MARK = "feature_set"
"""The column of a CSV file behind which the features stand."""


def check_writable(path: str | os.PathLike[str]) -> None:
    """Tell before long work, not after it, that `write_table` could not write its result.

    Raises
    ------
    AdanError
        If the name is not that of a table or its place cannot be written.
    """
    _suffix(path)
    check_place(path)


def write_table(
    table: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    features: Sequence[str] | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write a table of utterances to a Parquet or CSV file.

    Parameters
    ----------
    table : DataFrame
        One row an utterance, named by the index.
    path : path-like
        Ends in ``.parquet`` or ``.csv``; the file appears when it is complete.
    features : sequence of str, default=None
        The columns that are features; None leaves it to `read_table` to tell.
    about : mapping, default=None
        Provenance, fit for JSON. Of this a CSV file keeps the name of the feature set alone.

    Raises
    ------
    AdanError
        If the name ends otherwise or the file cannot be written.
    """
    suffix = _suffix(path)
    table = table.rename_axis("utterance")
    try:
        with replacing(path) as temporary:
            if suffix == ".csv":
                _write_csv(table, temporary, features, about or {})
            else:
                _write_parquet(table, temporary, features, about or {})
    except (OSError, pa.ArrowException) as error:
        raise AdanError(f"{path} cannot be written: {' '.join(str(error).split())}") from error


def _write_csv(
    table: pd.DataFrame, path: Path, features: Sequence[str] | None, about: Mapping[str, Any]
) -> None:
    if features:
        known = table.drop(columns=[*features])
        known = known.assign(**{MARK: about.get("feature_set", UNNAMED)})
        table = pd.concat([known, table[[*features]]], axis=1)
    table.to_csv(path)


def _write_parquet(
    table: pd.DataFrame, path: Path, features: Sequence[str] | None, about: Mapping[str, Any]
) -> None:
    arrow = pa.Table.from_pandas(table.reset_index(), preserve_index=False)
    named = {} if features is None else {"features": [*features]}
    numbers = {field.name for field in arrow.schema if pa.types.is_floating(field.type)}
    pq.write_table(
        arrow.replace_schema_metadata({"adan": json.dumps({**about, **named})}),
        path,
        compression="zstd",
        use_dictionary=[name for name in arrow.column_names if name not in numbers],
        use_byte_stream_split=[name for name in arrow.column_names if name in numbers],
        write_statistics=False,
    )


def read_table(path: str | os.PathLike[str]) -> Vectors:
    """Read a table of utterances from a Parquet or CSV file, of this package or of any origin.

    Parameters
    ----------
    path : path-like
        A ``.parquet`` or ``.csv`` file with a header.

    Returns
    -------
    Vectors
        Its table is indexed by the column ``utterance`` as text; numbered from 0, the index
        without a name, if there is no such column. The other columns have the file's order and
        types. The module's head says which are features; there may be none. ``about`` has
        ``feature_set`` where the file names them.

    Raises
    ------
    AdanError
        If the file is missing, damaged, empty or of another kind, or a row lacks its name.
    """
    suffix = _suffix(path)
    if not Path(path).is_file():
        raise AdanError(f"{path} is not there: give a .parquet or .csv file")
    try:
        table, about = _read_csv(path) if suffix == ".csv" else _read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise AdanError(f"{path} cannot be read as {suffix[1:]}: {reason}") from error
    if "utterance" in table:
        if table["utterance"].isna().any():
            row = table["utterance"].isna().argmax() + 1
            raise AdanError(f"{path} has no utterance in row {row}: name it, or drop the column")
        table = table.set_index("utterance")
        table.index = table.index.astype(str)
    features = about.pop("features", None)
    if features is None:
        features = [name for name, dtype in table.dtypes.items() if dtype.kind == "f"]
    else:
        about.setdefault("feature_set", UNNAMED)
    return Vectors(table, features, about)


def check_filled(table: pd.DataFrame, column: str, path: str | os.PathLike[str]) -> None:
    """Raise an `AdanError` if a column of a table that was read has gaps."""
    if table[column].isna().any():
        raise AdanError(f"{path} has rows without a {column}: fill the column in or drop them")


def _read_csv(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            table = pd.read_csv(path, dtype=dict.fromkeys((*TEXT, MARK), str), index_col=False)
    except pd.errors.ParserWarning:
        raise ValueError("a row has more values than the header has names") from None
    if MARK not in table:
        return table, {}
    behind = table.columns.get_loc(MARK) + 1
    sets = table.pop(MARK).dropna().unique()
    if len(sets) != 1:
        raise ValueError(f"its column {MARK!r} names {len(sets)} feature sets instead of one")
    return table, {"feature_set": sets[0], "features": [*table.columns[behind - 1 :]]}


def _read_parquet(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read features column by column into their matrix, since tables may fill half the memory."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        kinds: dict[pa.DataType, list[str]] = {}
        for column in schema:
            if pa.types.is_floating(column.type):
                kinds.setdefault(column.type, []).append(column.name)
        known = [name for name in schema.names if name not in {*chain(*kinds.values())}]
        frames = [file.read(known).to_pandas(ignore_metadata=True)]
        frames += [_read_features(file, names, kind) for kind, names in kinds.items()]
    table = pd.concat(frames, axis=1)
    if [*table.columns] != schema.names:
        table = table[schema.names]
    return table, _provenance((schema.metadata or {}).get(b"adan", b"{}"), schema.names)


def _provenance(metadata: bytes, names: Sequence[str]) -> dict[str, Any]:
    """Return what `write_table` left; nothing where another wrote under the same key."""
    try:
        about = json.loads(metadata)
        ours = isinstance(about, dict) and {*about.get("features", [])} <= {*names}
    except (ValueError, TypeError):
        ours = False
    return about if ours else {}


def _read_features(file: pq.ParquetFile, names: list[str], kind: pa.DataType) -> pd.DataFrame:
    matrix = np.empty((len(names), file.metadata.num_rows), kind.to_pandas_dtype())
    for start in range(0, len(names), COLUMNS_AT_ONCE):
        columns = file.read(names[start : start + COLUMNS_AT_ONCE]).columns
        for row, column in zip(matrix[start:], columns, strict=False):
            row[:] = column.to_numpy()
    return pd.DataFrame(matrix.T, columns=names, copy=False)


def _suffix(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise AdanError(f"{path}: a table's name must end in .parquet or .csv")
    return suffix
