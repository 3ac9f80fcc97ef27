"""Tables on disk: one row an utterance, floating-point columns are features, the rest is carried.

The first column, ``utterance``, names the rows; text, whole numbers and booleans (``emotion``,
``speaker``, ``synthetic``, ...) are what is known about an utterance and are never taken for
features. Parquet keeps types and provenance and is quick; CSV is for people.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from adan._files import check_place, replacing
from adan.errors import AdanError

TEXT = ("utterance", "file", "emotion", "speaker", "session", "text", "version")
"""Columns that a CSV's reader takes as text, so that speaker 03 stays 03."""


def feature_columns(table: pd.DataFrame) -> list[str]:
    """Name the features of a table: its floating-point columns, in order."""
    return [name for name, dtype in table.dtypes.items() if dtype.kind == "f"]


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
        If the file is missing, damaged, empty or of another kind.
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
        table = table.set_index("utterance")
        table.index = table.index.astype(str)
    return table


def _read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    return pd.read_csv(path, dtype=dict.fromkeys(TEXT, str))


def _read_parquet(path: str | os.PathLike[str]) -> pd.DataFrame:
    arrow = pq.read_table(path)
    provenance = (arrow.schema.metadata or {}).get(b"adan", b"{}")
    table = arrow.to_pandas(ignore_metadata=True)
    table.attrs = json.loads(provenance)
    return table


def _suffix(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise AdanError(f"{path}: a table's name must end in .parquet or .csv")
    return suffix
