"""Who speaks in recordings, and a recogniser for one voice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from adan._files import readable
from adan.audio.decoding import Segment
from adan.errors import AdanError
from adan.recognition.model import Model
from adan.recognition.recordings import listen


def speakers_of(files: Sequence[str | os.PathLike[str]], who: str | None) -> list[str] | None:
    """Return the speaker of each file.

    Parameters
    ----------
    files : sequence of path-like
        The recordings.
    who : str or None
        ``"one"``: all are of one person; ``"by-folder"``: those in one folder are; or a table with
        the columns ``file``, relative to the table's folder, and ``speaker``. None: nobody knows.

    Raises
    ------
    AdanError
        If the table lacks a column or a file, or a file has no speaker in it.
    """
    if who is None:
        return None
    if who == "one":
        return ["one"] * len(files)
    if who == "by-folder":
        return [readable(str(Path(file).absolute().parent)) for file in files]
    known, speakers = _listed(Path(who)), []
    for recording in map(_resolved, map(Segment.of, files)):
        speaker = known.get(recording) or known.get(Segment(recording.file))
        if speaker is None:
            raise AdanError(f"{who} has no speaker for {recording}: add a row for it")
        speakers.append(speaker)
    return speakers


def _resolved(recording: Segment) -> Segment:
    return replace(recording, file=str(Path(recording.file).resolve()))


def _listed(table: Path) -> dict[Segment, str]:
    """Return the speakers that a table tells, by file or stretch of a file."""
    from adan.corpora.segments import check_filled, recordings_of
    from adan.corpora.table_files import read_table

    if table.suffix.lower() not in (".csv", ".parquet"):
        raise AdanError(f"--speakers {table}: say one, by-folder, or give a .csv or .parquet table")
    rows = read_table(table).table
    for column in ("file", "speaker"):
        if column not in rows:
            raise AdanError(f"{table} has no column {column!r}: add it")
    recordings = map(_resolved, recordings_of(rows, table))
    check_filled(rows, "speaker", table)
    return dict(zip(recordings, rows["speaker"].astype(str), strict=True))


def enrol(
    model: Model, files: Sequence[str | os.PathLike[str]], *, progress: bool = False
) -> tuple[Model, pd.DataFrame]:
    """Return a model for the person who speaks in some recordings, whatever they express.

    Parameters
    ----------
    model : Model
        Trained with speakers, on a feature set of openSMILE's.
    files : sequence of path-like
        Recordings of the person; what cannot be used is left out.
    progress : bool, default=False
        Show a progress bar on standard error when the work takes over two seconds.

    Returns
    -------
    model : Model
        For this person.
    windows : DataFrame
        What was heard: see `adan.recognition.recordings.listen`.

    Raises
    ------
    AdanError
        If no recording can be used, or the model was trained without speakers.
    """
    windows, X = listen(model, files, progress=progress)
    if not len(X):
        problem = windows["problem"].iloc[0] if len(windows) else "none was given"
        raise AdanError(f"none of {len(files)} recordings can be used ({problem}): give others")
    personal = model.enrolled(X)
    return replace(personal, card={**model.card, "enrolled": len(X)}), windows
