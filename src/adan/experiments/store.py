"""A run's folder: what a study is, and the tables of each cell, whole or not there.

::

    settings.json              the study, its data and the code: what the folder belongs to; the
                               command that made it
    cells/NAME.TABLE.parquet   one table of one cell
    cells/NAME.json            lands last, so that a cell that has it is done: the cell, its key,
                               and the SHA-256 of each of its tables
    cells/NAME.failed.json     why a cell failed
    locks/, logs/              who computes what; one log file a run
    TABLE.parquet              one table of all cells
    segments.parquet           one of the tables: sequences that were drawn, beside real ones
    traits.parquet             in which groups the scores of a corpus can be shown

A cell's key is the digest of everything that determines it, and its tables are known by their
digests, so that a change of any byte is noticed. Only the standard library is imported until tables
are written or read, so that the state of a run is told at once.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from math import nan
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from adan._files import replacing
from adan.errors import AdanError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from filelock import BaseFileLock

PREDICTIONS = "predictions"
"""The table that every cell has."""

_PROBLEM = "half-written, edited, gone or not of this cell"
_ROWS = 100_000
"""Rows that one row group of a merged table gathers."""


@dataclass(frozen=True)
class Cell:
    """One method with one seed on one subset of one corpus.

    Attributes
    ----------
    corpus, features, subset, normalisation, method : str
        Which one it is.
    seed : int
        Its seed.
    key : str
        SHA-256 of everything that determines its result.
    """

    corpus: str
    features: str
    subset: str
    normalisation: str
    method: str
    seed: int
    key: str

    @cached_property
    def name(self) -> str:
        """What its files are called."""
        words = (
            self.corpus,
            self.features,
            self.subset,
            self.normalisation,
            self.method,
            self.seed,
        )
        slug = "-".join(re.sub(r"\W+", "_", str(word)).strip("_") for word in words)
        return f"{slug}-{self.key[:16]}"

    def __str__(self) -> str:
        where = f"{self.corpus}, {self.features}, {self.subset}, {self.normalisation}"
        return f"{self.method}, seed {self.seed} ({where})"


@dataclass
class Status:
    """How far a run is.

    Attributes
    ----------
    done, left : list of Cell
        Those that failed are among ``left``.
    failed : dict of Cell to str
        Why.
    problems : dict of str to str
        What is wrong with files of the folder, by name.
    seconds : float
        About how long what is left takes one at a time where the rest was computed; NaN if
        nothing is done yet.
    """

    done: list[Cell] = field(default_factory=list)
    left: list[Cell] = field(default_factory=list)
    failed: dict[Cell, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    seconds: float = nan


def no_run(folder: Path) -> AdanError:
    """Return what is to be raised for a folder that has no ``settings.json``."""
    if below := sorted(folder.glob("*/settings.json")):
        return AdanError(
            f"{folder} holds a run in each folder below: give one, such as {below[0].parent}"
        )
    return AdanError(
        f"{folder} is not a run (it has no settings.json): give the folder that adan reproduce "
        "or adan study wrote, such as runs/table1"
    )


def damaged(settings: Path) -> AdanError:
    """Return what is to be raised for a file of settings that cannot be used."""
    return AdanError(
        f"{settings} is damaged or was not written by adan: delete this file alone and repeat the "
        "command that made the run; finished cells are kept"
    )


class Store:
    """The folder of a run.

    Parameters
    ----------
    folder : path-like
        Made when it is claimed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._cells = self.folder / "cells"

    def settings(self) -> dict[str, Any]:
        """Return what the folder belongs to, as `claim` left it.

        Raises
        ------
        AdanError
            If nothing is there, or it is damaged or not a study's.
        """
        path = self.folder / "settings.json"
        try:
            settings: dict[str, Any] = json.loads(path.read_bytes())
            is_study = "study" in settings["settings"]
            if is_study:
                settings["code"]
                for data in settings["data"]:
                    data["subset"]
        except FileNotFoundError:
            raise no_run(self.folder) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise damaged(path) from error
        if not is_study:
            raise AdanError(
                f"{self.folder} holds a run with other settings, which is no study's: give another "
                "folder"
            )
        return settings

    def claim(self, settings: Mapping[str, Any]) -> None:
        """Take the folder for a study, which may be the one in it with more cells.

        Parameters
        ----------
        settings : mapping
            Fit for JSON, with what `cells_of` needs.

        Raises
        ------
        AdanError
            If the folder holds a run that is no part of this one, or had other data.
        """
        path = self.folder / "settings.json"
        settings = json.loads(json.dumps(settings))
        if path.exists():
            there = self.settings()
            if changed := _changed_data(there["data"], settings["data"]):
                raise AdanError(
                    f"{changed} is not what it was when the run in {self.folder} began: choose "
                    "another folder with -o"
                )
            if not set(cells_of({**there, "code": settings["code"]})) <= set(cells_of(settings)):
                raise AdanError(
                    f"{self.folder} holds a run with other settings ({path.name}): choose another "
                    "folder with -o; a run may be given more seeds, methods, normalisations, "
                    "corpora, features, subsets and scarce numbers, and nothing else may change"
                )
        _write(path, json.dumps(settings, indent=2).encode() + b"\n")

    def keep(self, traits: pd.DataFrame) -> None:
        """Write in which groups the scores of corpora can be shown, for reports to read."""
        _write(self.folder / "traits.parquet", _parquet(traits))

    def land(self, cell: Cell, tables: Mapping[str, pd.DataFrame], seconds: float) -> None:
        """Keep the tables of a cell that have rows, then the note that tells that it is done."""
        digests = {}
        for name, table in tables.items():
            if len(table):
                content = _parquet(table)
                _write(self._path(cell, name), content)
                digests[name] = hashlib.sha256(content).hexdigest()
        note = {"cell": str(cell), "key": cell.key, "seconds": seconds, "tables": digests}
        _write(self._note(cell), json.dumps(note).encode())
        self._failure(cell).unlink(missing_ok=True)

    def fail(self, cell: Cell, reason: str) -> None:
        """Note why a cell failed."""
        _write(self._failure(cell), json.dumps({"reason": reason}).encode())

    def look(self, cell: Cell) -> tuple[dict[str, Any], dict[str, str]]:
        """Look at the files of a cell.

        Returns
        -------
        note : dict
            ``cell``, ``key``, ``seconds`` and ``tables``; empty if the cell is not done.
        problems : dict of str to str
            What is wrong with files that are half-written, edited, another cell's, or gone.
        """
        path = self._note(cell)
        note = _read_note(path)
        if note is None:
            return {}, {}
        if note.get("key") != cell.key or PREDICTIONS not in note.get("tables", {}):
            return {}, {f"cells/{path.name}": _PROBLEM}
        tables = {self._path(cell, name): digest for name, digest in note["tables"].items()}
        wrong = [table for table, digest in tables.items() if _digest(table) != digest]
        problems = {f"cells/{table.name}": _PROBLEM for table in wrong}
        return {} if problems else note, problems

    def status(self) -> Status:
        """Look at every cell and every file of the folder."""
        status = Status()
        cells = cells_of(self.settings())
        times: dict[str, list[float]] = {}
        for cell in cells:
            note, problems = self.look(cell)
            (status.done if note else status.left).append(cell)
            status.problems |= problems
            if note:
                times.setdefault(cell.method, []).append(note["seconds"])
        status.problems |= self._strangers({cell.name for cell in cells})
        for cell in status.left:
            if (failure := _read_note(self._failure(cell))) is not None:
                status.failed[cell] = str(failure.get("reason", "its reason is lost"))
        if times:
            means = {method: fmean(seconds) for method, seconds in times.items()}
            other = fmean(means.values())
            status.seconds = sum(means.get(cell.method, other) for cell in status.left)
        return status

    def merge(self, path: str | os.PathLike[str] | None = None) -> int:
        """Write each table of all cells that are done to one file, in the order of the study.

        Parameters
        ----------
        path : path-like, optional
            Write the predictions alone, and there; by default each table to its place in the
            folder.

        Returns
        -------
        int
            The number of cells; no file is written if it is 0.
        """
        files: dict[str, list[Path]] = {}
        for cell in cells_of(self.settings()):
            for table in self.look(cell)[0].get("tables", ()):
                files.setdefault(table, []).append(self._path(cell, table))
        done = len(files.get(PREDICTIONS, ()))
        if path is not None and done:
            _concatenate(files[PREDICTIONS], Path(path))
        elif done:
            with self.lock("merge", wait=True):
                for table, some in files.items():
                    _concatenate(some, self.folder / f"{table}.parquet")
        return done

    def lock(self, name: str, *, wait: bool = False) -> BaseFileLock:
        """Return a lock that ends with the process; raises `filelock.Timeout` unless ``wait``."""
        from filelock import FileLock

        path = self.folder / "locks" / f"{name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path, timeout=-1 if wait else 0, thread_local=False)

    def clear(self, cell: Cell) -> None:
        """Remove what a killed run left half-written; call it with the cell's lock held."""
        for leftover in self._cells.glob(f".{cell.name}[.-]*"):
            leftover.unlink(missing_ok=True)

    def _strangers(self, names: set[str]) -> dict[str, str]:
        strangers = {}
        for entry in sorted(os.listdir(self._cells)) if self._cells.exists() else ():
            if entry.startswith("."):
                strangers[f"cells/{entry}"] = "being written now, or left by a run that was killed"
            elif entry.split(".")[0] not in names:
                strangers[f"cells/{entry}"] = "of no cell of this study, or of other code or data"
        return strangers

    def _path(self, cell: Cell, table: str) -> Path:
        return self._cells / f"{cell.name}.{table}.parquet"

    def _note(self, cell: Cell) -> Path:
        return self._cells / f"{cell.name}.json"

    def _failure(self, cell: Cell) -> Path:
        return self._cells / f"{cell.name}.failed.json"


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a disk that is full or cannot be written into an `AdanError`."""
    try:
        yield
    except OSError as error:
        raise AdanError(
            f"{error.filename or folder} cannot be written ({error.strerror or error}): what was "
            "finished is kept; make room, then run again"
        ) from error


def cells_of(settings: Mapping[str, Any]) -> list[Cell]:
    """List the cells of a run.

    Parameters
    ----------
    settings : mapping
        ``data``: a list with the ``corpus``, ``features``, ``subset`` and ``sha256`` of each, and
        the ``methods`` that are run on it (all where older versions do not say) and the SHA-256 of
        each one's perturbed ``copies``, by its name, where it has some;
        ``code``: what identifies the code; ``settings``: a mapping with ``study``, as
        `adan.experiments.specification` has it, and ``methods`` and ``classifiers``, all their
        parameters by name.
    """
    study, classifiers = settings["settings"]["study"], settings["settings"]["classifiers"]
    methods = {n: json.dumps([n, m]) for n, m in settings["settings"]["methods"].items()}
    cells = []
    for data in settings["data"]:
        names = (data["corpus"], data["features"], data["subset"])
        for normalisation in study["normalisations"]:
            fixed = [*names, normalisation, data["sha256"], classifiers]
            begun = hashlib.sha256(json.dumps([*fixed, settings["code"]]).encode())
            for seed in range(study["seeds"]):
                for method in data.get("methods", methods):
                    sha = begun.copy()
                    copies = data.get("copies", {}).get(method, "")
                    sha.update(f"{seed} {methods[method]} {copies}".encode())
                    cells.append(Cell(*names, normalisation, method, seed, sha.hexdigest()))
    return cells


def _changed_data(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> str | None:
    digests = {(d["corpus"], d["features"], d["subset"]): d["sha256"] for d in now}
    for data in before:
        if digests.get((data["corpus"], data["features"], data["subset"])) not in (
            None,
            data["sha256"],
        ):
            return f"the data of {data['corpus']} ({data['features']}, {data['subset']})"
    return None


def _parquet(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _read_note(path: Path) -> dict[str, Any] | None:
    """Return the note of a cell; None without one, and an empty one if it is not whole."""
    try:
        note = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _concatenate(files: list[Path], target: Path) -> None:
    """Write the tables of some files one after the other, a few at a time in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for leftover in target.parent.glob(f".{target.stem}-*{target.suffix}"):
        leftover.unlink(missing_ok=True)
    tables = (pq.read_table(file).replace_schema_metadata() for file in files)
    first = next(tables)
    with (
        replacing(target) as temporary,
        pq.ParquetWriter(temporary, first.schema, compression="zstd") as writer,
    ):
        for gathered in _gathered(first, tables):
            writer.write_table(pa.concat_tables(gathered))


def _gathered(first: pa.Table, others: Iterator[pa.Table]) -> Iterator[list[pa.Table]]:
    gathered = [first]
    for table in others:
        if sum(map(len, gathered)) >= _ROWS:
            yield gathered
            gathered = []
        gathered.append(table)
    yield gathered
