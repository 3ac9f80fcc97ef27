"""Tables on disk: one row an utterance, floating-point columns are features, the rest is carried.

The first column, ``utterance``, names the rows; text, whole numbers and booleans (``emotion``,
``speaker``, ``synthetic``, ...) are what is known about an utterance and are never taken for
features. Parquet keeps types and provenance and is quick; CSV is for people.
"""

from __future__ import annotations

import json
import os
import warnings
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from adan._files import check_place, replacing
from adan.errors import AdanError

COLUMNS_AT_ONCE = 64
"""Features of a Parquet file that are decoded before they are put into their matrix."""

TEXT = ("utterance", "file", "emotion", "speaker", "session", "text", "version")
"""Columns that a CSV's reader takes as text, so that speaker 03 stays 03."""


def feature_columns(table: pd.DataFrame) -> list[str]:
    """Name the features of a table: its floating-point columns, in order."""
    return [name for name, dtype in table.dtypes.items() if dtype.kind == "f"]


def feature_matrix(table: pd.DataFrame) -> NDArray[np.float32]:
    """Return the features of a table, (n, d) in float32; no copy where they lie together so."""
    return table.select_dtypes("floating").to_numpy(np.float32)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Tell before long work, not after it, that `write_table` could not write its result.

    Raises
    ------
    AdanError
        If the name is not that of a table or its place cannot be written.
    """
    _suffix(path)
    check_place(path)


def write_table(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table of utterances to a Parquet or CSV file.

    Parameters
    ----------
    table : DataFrame
        One row an utterance, named by the index. ``table.attrs``, which must be fit for JSON, is
        its provenance and is kept in the schema of a Parquet file (key ``adan``); CSV loses it.
    path : path-like
        Ends in ``.parquet`` or ``.csv``; the file appears when it is complete.

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
                table.to_csv(temporary)
            else:
                _write_parquet(table, temporary)
    except (OSError, pa.ArrowException) as error:
        raise AdanError(f"{path} cannot be written: {' '.join(str(error).split())}") from error


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    arrow = pa.Table.from_pandas(table.reset_index(), preserve_index=False)
    features = feature_columns(table)
    pq.write_table(
        arrow.replace_schema_metadata({"adan": json.dumps(table.attrs)}),
        path,
        compression="zstd",
        use_dictionary=[name for name in arrow.column_names if name not in set(features)],
        use_byte_stream_split=features,
        write_statistics=False,
    )


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table of utterances from a Parquet or CSV file, of this package or of any origin.

    Parameters
    ----------
    path : path-like
        A ``.parquet`` or ``.csv`` file with a header.

    Returns
    -------
    DataFrame
        Indexed by the column ``utterance`` as text; numbered from 0, the index without a name, if
        there is no such column. The other columns have the file's order and types, and
        `feature_columns` tells which are features. ``attrs`` holds the provenance that
        `write_table` left.

    Raises
    ------
    AdanError
        If the file is missing, damaged, empty or of another kind, or a row lacks its name.
    """
    suffix = _suffix(path)
    if not Path(path).is_file():
        raise AdanError(f"{path} is not there: give a .parquet or .csv file")
    try:
        table = _read_csv(path) if suffix == ".csv" else _read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise AdanError(f"{path} cannot be read as {suffix[1:]}: {reason}") from error
    if "utterance" in table:
        if table["utterance"].isna().any():
            row = table["utterance"].isna().argmax() + 1
            raise AdanError(f"{path} has no utterance in row {row}: name it, or drop the column")
        table = table.set_index("utterance")
        table.index = table.index.astype(str)
    return table


def _read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            return pd.read_csv(path, dtype=dict.fromkeys(TEXT, str), index_col=False)
    except pd.errors.ParserWarning:
        raise ValueError("a row has more values than the header has names") from None


def _read_parquet(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read features column by column into their matrix, since tables may fill half the memory."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        kinds: dict[pa.DataType, list[str]] = {}
        for field in schema:
            if pa.types.is_floating(field.type):
                kinds.setdefault(field.type, []).append(field.name)
        known = [name for name in schema.names if name not in {*chain(*kinds.values())}]
        frames = [file.read(known).to_pandas(ignore_metadata=True)]
        frames += [_read_features(file, names, kind) for kind, names in kinds.items()]
    table = pd.concat(frames, axis=1)
    if [*table.columns] != schema.names:
        table = table[schema.names]
    table.attrs = json.loads((schema.metadata or {}).get(b"adan", b"{}"))
    return table


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
