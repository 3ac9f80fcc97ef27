"""A run's folder, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from adan._files import with_formulas
from adan.errors import AdanError
from adan.evaluation.scores import ROW
from adan.experiments.store import damaged, no_run
from adan.reports.curves import Curve, curves_of, is_scarce

TEXT = ("method", "classifier", "utterance", "speaker", "emotion", "space", "class", "fold")
"""Columns of CSV files that are text, so that speaker 03 stays 03."""
OLD_NAMES = {"part": "subset"}
"""What columns were called in the tables of older runs."""


@dataclass(frozen=True)
class Run:
    """What a run left behind of one corpus, with one kind of features unless it is a table.

    Attributes
    ----------
    folder : Path
        Where it lies.
    about : mapping
        ``settings.json``: command, settings, versions; of a table of the paper its ``run``,
        ``title`` and ``published_on``, and whether it is ``quick``.
    corpus, features : str
        What was measured on.
    data : list of mapping
        Of each subset of the corpus: number of utterances and digest.
    predictions : DataFrame
        See `adan.evaluation.scores`; of complete data.
    curves : list of Curve
        Scores where data are scarce; empty where they never are.
    table : DataFrame or None
        Published beside measured, where the run is a table of the paper.
    history, points, quality : DataFrame or None
        Losses along training, the t-SNE maps and the quality of synthetic data, where they are.
    segments : DataFrame or None
        What was drawn of sequences: see `adan.experiments.drawn`.
    traits : DataFrame or None
        In which groups scores can be shown: see `adan.corpora.traits.traits`.
    """

    folder: Path
    about: dict[str, Any]
    corpus: str
    features: str
    data: list[dict[str, Any]]
    predictions: pd.DataFrame
    curves: list[Curve]
    table: pd.DataFrame | None
    history: pd.DataFrame | None
    points: pd.DataFrame | None
    quality: pd.DataFrame | None
    segments: pd.DataFrame | None
    traits: pd.DataFrame | None


def read_runs(folder: Path) -> list[Run]:
    """Read a run's folder, one corpus and kind of features after the other.

    Raises
    ------
    AdanError
        If it is no run, has no finished row yet, or a file in it is damaged.
    """
    about = _settings(folder)
    predictions = _table(folder / "predictions.parquet", *_SOURCE, *ROW, *_PREDICTION)
    scarce = None if predictions is None else is_scarce(predictions)
    if predictions is None or scarce is None or scarce.all():
        raise AdanError(
            f"{folder} has no finished row to report (it holds {about.get('run', 'a study')}): "
            "give the folder of a table, such as table1, or of a study, of which a cell is done"
        )
    quality = _table(folder / "quality.parquet", *_SOURCE, "space", "method", "fold", "class")
    segments = _table(folder / "segments.parquet", *_SOURCE, "method", "class", "synthetic")
    traits = _table(folder / "traits.parquet", "corpus", *_TRAIT)
    table = _table(folder / f"{about['run']}.csv", *_PUBLISHED) if "run" in about else None
    history = _table(folder / "history.csv", "epoch")
    points = _table(folder / "map.csv", *_POINT)
    together = ["corpus"] if table is not None else _SOURCE  # a table of the paper is one
    return [
        Run(
            folder,
            about,
            own["corpus"].iloc[0],
            ", ".join(own["features"].unique()),
            [d for d in about["data"] if all(d[name] in set(own[name]) for name in _SOURCE)],
            own[~scarce[own.index]],
            curves_of(own) if scarce[own.index].any() else [],
            table,
            history,
            points,
            _of(quality, own, *_SOURCE),
            _of(segments, own, *_SOURCE),
            _of(traits, own, "corpus"),
        )
        for _, own in predictions.groupby(together, sort=False)
    ]


def _of(table: pd.DataFrame | None, predictions: pd.DataFrame, *source: str) -> pd.DataFrame | None:
    """Return the rows of what some predictions are of; None where there are none."""
    if table is None:
        return None
    own = table.merge(predictions[[*source]].drop_duplicates(), on=[*source])
    return None if own.empty else own


_SOURCE = ["corpus", "features"]
_PREDICTION = ("seed", "fold", "speaker", "utterance", "true", "predicted")
_PUBLISHED = ("row", "subset", "method", "classifier", "published_wa", "published_uar")
_TRAIT = ("utterance", "trait", "value")
_POINT = ("utterance", "emotion", "speaker", "synthetic", "space", "x", "y")


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / "settings.json"
    if not path.is_file():
        raise no_run(folder)
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(about["settings"], dict):
            raise ValueError
        for data in about["data"]:
            data["corpus"], data["features"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path) from error
    return about


def _table(path: Path, *columns: str) -> pd.DataFrame | None:
    """Read a table of the run; None where there is none."""
    if not path.is_file():
        return None
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            text = dict.fromkeys(TEXT, str)
            table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
            table = with_formulas(table)
    except (OSError, ValueError) as error:
        raise AdanError(f"{path} is damaged: remove it and run again") from error
    table = table.rename(columns=OLD_NAMES)
    missing = [column for column in columns if column not in table]
    if missing:
        raise AdanError(f"{path} has no column {missing[0]!r}: remove it and run again")
    return table
