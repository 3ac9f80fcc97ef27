"""Tables on disk: one row an utterance, some columns features, the others what else is known.

The first column, ``utterance``, names the rows. Which columns are features is written in the file:
a Parquet file lists them in its schema beside their provenance (key ``adan``), and a CSV file has
them behind a column ``feature_set``, which names the set. Of a table of any other origin the user
names them (`choose_features`). Parquet keeps types and provenance and is quick; CSV is for people.

A CSV file may come from a spreadsheet: its separator, decimal comma and encoding are told from its
first lines, and its headings may be padded or in capitals. What would be a formula in a
spreadsheet is written behind an apostrophe, which is taken off again.
"""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from adan._files import check_place, replacing, with_formulas, without_formulas
from adan._progress import progress_bar
from adan.corpora.base import UNNAMED, Vectors
from adan.errors import AdanError

CSV_ROWS = 100
"""Rows of a CSV file that are written at once."""

COLUMNS_AT_ONCE = 64
"""Features of a Parquet file that are decoded before they are put into their matrix."""

TEXT = ("utterance", "file", "emotion", "speaker", "session", "text", "version")
"""Columns that a CSV's reader takes as text, so that speaker 03 stays 03."""

TIMES = ("start", "end")
"""Columns that say which stretch of its file an utterance is."""

MARK = "feature_set"
"""The column of a CSV file behind which the features stand."""

RATE = "feature_rate"
"""The column of a CSV file with the sampling rate in Hz of the audio that features are of."""

OURS = (*TEXT, *TIMES, MARK, "synthetic")
"""Columns that mean something here; their headings may be padded or in capitals."""

OTHERS = (
    *OURS,
    *("duration", "seconds", "onset", "offset", "timestamp", "sampling_rate", "sample_rate"),
    *("channel", "channels", "age", "gender", "sex", "take", "repetition", "fold", "split"),
    *("label", "target", "class", "class_label", "y", "code", "id", "index", "row", "number"),
    *("arousal", "valence", "dominance", "confidence", "agreement", "rating", "rater", "weight"),
)
"""Columns that are no features, even of numbers, unless their table or the user says so."""

SEPARATORS = ",;\t|"
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(e[-+]?\d+)?", re.IGNORECASE)
DECIMAL_POINT = re.compile(r"[-+]?\d*\.\d+(e[-+]?\d+)?", re.IGNORECASE)


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
    progress: bool = False,
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
        Provenance, fit for JSON. Of this a CSV file keeps the name of the feature set and the
        sampling rate alone.
    progress : bool, default=False
        Show how far a CSV file is, on standard error.

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
                _write_csv(table, temporary, features, about or {}, progress)
            else:
                _write_parquet(table, temporary, features, about or {})
    except (OSError, pa.ArrowException) as error:
        raise AdanError(f"{path} cannot be written: {' '.join(str(error).split())}") from error


def _write_csv(
    table: pd.DataFrame,
    path: Path,
    features: Sequence[str] | None,
    about: Mapping[str, Any],
    progress: bool,
) -> None:
    if features:
        known = table.drop(columns=[*features])
        if about.get("rate"):
            known[RATE] = about["rate"]
        known = known.assign(**{MARK: about.get("feature_set", UNNAMED)})
        table = pd.concat([known, table[[*features]]], axis=1)
    table = without_formulas(_with_names(table))
    rows = progress_bar(total=len(table), desc="writing", unit="row", delay=2, disable=not progress)
    with rows as bar, path.open("w", encoding="utf-8", newline="") as file:
        for first in range(0, max(1, len(table)), CSV_ROWS):
            some = table.iloc[first : first + CSV_ROWS]
            some.to_csv(file, index=False, header=not first)
            bar.update(len(some))


def _write_parquet(
    table: pd.DataFrame, path: Path, features: Sequence[str] | None, about: Mapping[str, Any]
) -> None:
    arrow = pa.Table.from_pandas(_with_names(table), preserve_index=False)
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


def _with_names(table: pd.DataFrame) -> pd.DataFrame:
    """Set the index in front as a column; `reset_index` warns of tables that have many parts."""
    return pd.concat([table.index.to_frame(), table], axis=1)


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
        types. ``features`` are those that the file names, which ``about`` then has a
        ``feature_set`` of; else the columns of numbers that are not among `OTHERS`.

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
        if isinstance(error, UnicodeDecodeError):
            reason = "it is text of another encoding than UTF-8 and UTF-16: save it as UTF-8"
        raise AdanError(f"{path} cannot be read as {suffix[1:]}: {reason}") from error
    if "utterance" in table:
        if table["utterance"].isna().any():
            row = table["utterance"].isna().argmax() + 1
            raise AdanError(f"{path} has no utterance in row {row}: name it, or drop the column")
        table = table.set_index("utterance")
        table.index = table.index.astype(str)
    features = about.pop("features", None)
    if features is None:
        features = _likely_features(table)
    else:
        about.setdefault("feature_set", UNNAMED)
    return Vectors(table, features, about)


def choose_features(
    vectors: Vectors, path: str | os.PathLike[str], features_from: str | None = None
) -> Vectors:
    """Settle which columns of a table that was read are features, and that they hold numbers.

    Parameters
    ----------
    vectors : Vectors
        What `read_table` gave.
    path : path-like
        The table's, for messages.
    features_from : str, default=None
        Patterns of the columns that are features, such as ``IS11_*``, with commas between them;
        ``!age`` takes a column out, and ``!age,!take`` is all but these. None leaves it to the
        table; of one that does not say, the columns of numbers that are not known to be something
        else are taken, with a warning that names them.

    Raises
    ------
    AdanError
        If a pattern fits no column, or a feature has a cell without a finite number in it.
    """
    table, features = vectors.table, [*vectors.features]
    if features_from is not None:
        features = _matching(table, features_from, path)
    elif MARK not in vectors.about and features:
        left = [name for name, kind in table.dtypes.items() if kind.kind in "fiu"]
        left = [name for name in left if name not in features]
        warnings.warn(
            f"{path} does not say which columns are features: takes {_some(features)}"
            f"{f' and not {_some(left)}' if left else ''}; say which with --features-from PATTERN "
            "(features_from)",
            stacklevel=2,
        )
    table = table.copy(deep=False)  # a big one is held once
    for name in features:
        column = table[name]
        if (numbers := _numbers(column, path)) is not column:
            table[name] = numbers
    return Vectors(table, features, vectors.about)


def _matching(table: pd.DataFrame, features_from: str, path: str | os.PathLike[str]) -> list[str]:
    patterns = [pattern.strip() for pattern in features_from.split(",") if pattern.strip()]
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    out = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    names = [*map(str, table.columns)]
    for pattern in (*wanted, *out):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise AdanError(
                f"{path} has no column {pattern!r} to take features from (it has {_some(names)})"
            )
    chosen = [n for n in names if any(fnmatchcase(n, p) for p in wanted)]
    chosen = chosen if wanted else _likely_features(table, OURS)
    features = [n for n in chosen if not any(fnmatchcase(n, p) for p in out)]
    if not features:
        raise AdanError(f"{path}: --features-from {features_from} leaves no features: give others")
    return features


def _likely_features(table: pd.DataFrame, others: Sequence[str] = OTHERS) -> list[str]:
    """List columns that hold numbers, or mostly do, and are not known to be something else."""
    return [
        name
        for name, column in table.items()
        if str(name).strip().casefold() not in others
        and not str(name).startswith("Unnamed: ")
        and _are_mostly_numbers(column)
        and not _repeats_a_label(column, table)
    ]


def _are_mostly_numbers(column: pd.Series) -> bool:
    if column.dtype.kind != "O":
        return column.dtype.kind in "fiu"
    cells = column.dropna().astype(str).head(200)
    return len(cells) > 0 and bool(pd.to_numeric(cells, errors="coerce").notna().mean() > 0.5)


def _repeats_a_label(column: pd.Series, table: pd.DataFrame) -> bool:
    """Tell whether whole numbers number the rows, or stand for the emotions or the speakers."""
    if column.dtype.kind not in "iu" or len(column) < 3:
        return False
    if (column.diff().iloc[1:] == 1).all():
        return True
    n = column.nunique()
    labels = [table[name] for name in ("emotion", "speaker") if name in table]
    return any(
        1 < n == label.nunique() < len(table) and n == len({*zip(column, label, strict=True)})
        for label in labels
    )


def _numbers(column: pd.Series, path: str | os.PathLike[str]) -> pd.Series:
    """Return a column as numbers, if it is of another type and all its cells are."""
    numbers = column
    if column.dtype.kind not in "fiu":
        numbers = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
    with np.errstate(over="ignore"):
        finite = np.isfinite(numbers.to_numpy(np.float32, na_value=np.nan))
    if not finite.all():
        row = int(finite.argmin())
        cell = column.iloc[row]
        found = "the cell is empty" if pd.isna(cell) else f"it has {str(cell)!r}"
        raise AdanError(
            f"{path} has no finite number for the feature {column.name!r} of row {row + 1} "
            f"({found}): fill it in, drop the row, or name the features with --features-from "
            "(features_from)"
        )
    return numbers


def _some(names: Sequence[str]) -> str:
    if len(names) < 5:
        return ", ".join(map(str, names)) or "none"
    return f"{names[0]} to {names[-1]} ({len(names)} columns)"


def _read_csv(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    encoding = _encoding(path)
    with open(path, encoding=encoding, newline="") as file:
        heading = file.readline()
        separator = max(SEPARATORS, key=heading.count)
        headings = next(csv.reader([heading], delimiter=separator), [])
        cells = [*chain.from_iterable(csv.reader(islice(file, 50), delimiter=separator))]
    commas, points = (
        sum(bool(p.fullmatch(cell.strip())) for cell in cells)
        for p in (DECIMAL_COMMA, DECIMAL_POINT)
    )
    headings = [heading or f"Unnamed: {place}" for place, heading in enumerate(headings)]
    names = _names(headings)
    text = {heading for heading, name in zip(headings, names, strict=True) if name in (*TEXT, MARK)}
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            table = pd.read_csv(
                path,
                sep=separator,
                decimal="," if commas > points else ".",
                encoding=encoding,
                dtype=dict.fromkeys(text, str),
                keep_default_na=False,  # a speaker may be called NA
                na_values=[""],
                index_col=False,
            )
    except pd.errors.ParserWarning:
        raise ValueError("a row has more values than the header has names") from None
    table.columns = pd.Index(names)
    empty = [name for name in names if name.startswith("Unnamed: ") and table[name].isna().all()]
    table = with_formulas(table.drop(columns=empty))
    if MARK not in table:
        return table, {}
    behind = table.columns.get_loc(MARK) + 1
    sets = table.pop(MARK).dropna().unique()
    if len(sets) != 1:
        raise ValueError(f"its column {MARK!r} names {len(sets)} feature sets instead of one")
    about = {MARK: sets[0], "features": [*table.columns[behind - 1 :]]}
    if RATE in table:
        about["rate"] = int(table.pop(RATE).iloc[0])
    return table, about


def _encoding(path: str | os.PathLike[str]) -> str:
    """Tell UTF-8 and UTF-16, whose every second byte is 0 in English and in numbers."""
    with open(path, "rb") as file:
        start = file.read(1000)
    first, second = start[::2].count(0), start[1::2].count(0)
    if 4 * max(first, second) < len(start) or not start:
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-16-be" if first > second else "utf-16-le"


def _names(headings: Sequence[str]) -> list[str]:
    """Return the names of columns as this package writes them; a heading may lack one."""
    names = [heading.strip() for heading in headings]
    names = [name.lower() if name.lower() in OURS else name for name in names]
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise ValueError(f"two columns are called {twice[0]!r}")
    return names


def _read_parquet(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read features column by column into their matrix, since tables may fill half the memory."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        kinds: dict[pa.DataType, list[str]] = {}
        for column in schema:
            if pa.types.is_floating(column.type):
                kinds.setdefault(column.type, []).append(column.name)
        known = [name for name in schema.names if name not in {*chain(*kinds.values())}]
        others = file.read(known)
        others.validate(full=True)  # text of bytes that are none would fail later
        frames = [others.to_pandas(ignore_metadata=True)]
        frames += [_read_features(file, names, kind) for kind, names in kinds.items()]
    table = pd.concat(frames, axis=1)
    if [*table.columns] != schema.names:
        table = table[schema.names]
    table.columns = pd.Index(_names(schema.names))
    return table, _provenance((schema.metadata or {}).get(b"adan", b"{}"), schema.names)


def _provenance(metadata: bytes, names: Sequence[str]) -> dict[str, Any]:
    """Return what `write_table` left; nothing where another wrote under the same key."""
    try:
        about = json.loads(metadata)
        ours = {*about.get("features", [])} <= {*names}
        ours = ours and isinstance(about.get("feature_set", ""), str)
        ours = ours and isinstance(about.get("rate"), int | None)
    except (AttributeError, ValueError, TypeError):
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
