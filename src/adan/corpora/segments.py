"""Where utterances are heard: a file each, or stretches of files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adan.audio.decoding import Segment
from adan.errors import AdanError


def recordings_of(table: pd.DataFrame, path: str | os.PathLike[str] = "") -> list[Segment]:
    """Return what each row of a table is heard in.

    Parameters
    ----------
    table : DataFrame
        With a column ``file``, and perhaps ``start`` and ``end``, or ``start`` and ``duration``, in
        seconds or as pandas writes times (``0 days 00:00:01.5``); a gap is the file's start or its
        end.
    path : path-like, default=""
        The table's own, whose folder files are relative to.

    Raises
    ------
    AdanError
        If a file is missing, or a time is none.
    """
    check_filled(table, "file", path)
    folder = Path(path).absolute().parent
    files = [_place(folder, str(file)) for file in table["file"]]
    starts = _seconds(table, "start", 0.0, path)
    if "start" in table and "end" not in table:
        ends = starts + _seconds(table, "duration", np.inf, path)
    else:
        ends = _seconds(table, "end", np.inf, path)
    for row in np.flatnonzero((starts < 0) | (ends <= starts))[:1]:
        raise AdanError(
            f"{path} has a segment from {starts[row]:g} to {ends[row]:g} s in row {row + 1}: the "
            "start must be 0 or more, and the end behind it"
        )
    return [*map(Segment, files, starts.tolist(), ends.tolist())]


def check_filled(table: pd.DataFrame, column: str, path: str | os.PathLike[str]) -> None:
    """Raise an `AdanError` if a column of a table that was read has gaps."""
    if table[column].isna().any():
        raise AdanError(f"{path} has rows without a {column}: fill the column in or drop them")


def utterance_names(
    recordings: Sequence[Segment], folder: str | os.PathLike[str] | None = None
) -> list[str]:
    """Name utterances after their files; with a folder, where two are called alike, their paths."""
    stems = {recording.file: Path(recording.file).stem for recording in recordings}
    if folder is not None and len({*stems.values()}) < len(stems):
        stems = {f: Path(os.path.relpath(f, folder)).with_suffix("").as_posix() for f in stems}
    return [stems[recording.file] + _times(recording) for recording in recordings]


def _times(recording: Segment) -> str:
    if recording.is_whole:
        return ""
    end = "" if np.isinf(recording.end) else round(recording.end, 3)
    return f"_{round(recording.start, 3)}-{end}"


def _place(folder: Path, file: str) -> str:
    """Return where a file is; it may be written as on Windows, or padded."""
    path = folder / file
    if path.exists() or not (file != file.strip() or "\\" in file):
        return str(path)
    return str(folder / PureWindowsPath(file.strip()).as_posix())


def _seconds(
    table: pd.DataFrame, column: str, gap: float, path: str | os.PathLike[str]
) -> NDArray[np.float64]:
    """Return times in seconds, however they are written."""
    if column not in table:
        return np.full(len(table), gap)
    times = table[column].reset_index(drop=True)
    if times.dtype.kind == "m":
        return times.dt.total_seconds().fillna(gap).to_numpy()
    seconds = pd.to_numeric(times, errors="coerce").astype(float)
    text = times[seconds.isna() & times.notna()].astype(str).str.strip()
    text = text[~text.str.casefold().isin(["", "nat", "nan", "na", "n/a", "none"])]
    seconds[text.index] = pd.to_timedelta(text, errors="coerce").dt.total_seconds()
    for row in text.index[seconds[text.index].isna()][:1]:
        raise AdanError(
            f"{path} has the {column} {text[row]!r} in row {row + 1}: give it in seconds, or as "
            "hh:mm:ss"
        )
    return seconds.fillna(gap).to_numpy()
