"""What the page alone shows: drawings, confusion matrices, every error, and the files behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from adan._colours import THEMES, by_class
from adan.evaluation.scores import ROW, confusion
from adan.reports import curves, drawing
from adan.reports.folder import Run

_FILES = {
    "predictions.parquet": "every prediction: utterance, speaker, fold, seed, true and predicted",
    "curves.csv": "the points of the curves where data are scarce",
    "confusion.csv": "the confusion matrices",
    "quality.parquet": "the quality of the synthetic data, per class and fold",
    "segments.parquet": "sequences that were drawn, beside real ones",
    "history.csv": "the losses of the network that is drawn here, epoch by epoch",
    "history.parquet": "the losses of the networks of every fold, epoch by epoch",
    "map.csv": "the points of the maps",
    "settings.json": "settings, versions and the digest of the data",
}


def page(
    run: Run, rows: pd.DataFrame, corpus: pd.DataFrame | None, *, beside: Path
) -> dict[str, Any]:
    """Gather what the HTML page shows beyond the other formats.

    Parameters
    ----------
    run : Run
        What was run.
    rows : DataFrame
        Its table with intervals, verdicts and a ``label`` for each row.
    corpus : DataFrame, optional
        Its utterances by name; ``file`` is where one can be heard, and ``recognised`` how many
        listeners heard its emotion, in per cent.
    beside : Path
        The folder of the page; links are relative to it.
    """
    measured = rows[rows["verdict"].notna()]
    labels = {tuple(row[column] for column in ROW): row["label"] for _, row in measured.iterrows()}
    compared = measured[~measured["verdict"].isin(["baseline", ""])]
    utterances = _utterances(run)
    emotions = sorted({*run.predictions["true"], *run.predictions["predicted"]})
    here = beside.absolute()
    audio, recognised = _audio(corpus, here), _column(corpus, "recognised")
    maps = [] if run.points is None else drawing.maps(run.points)
    return {
        "intervals": {m: drawing.intervals(compared, m) for m in ("uar", "wa") if len(compared)},
        "colours": by_class(emotions),
        "themes": THEMES,
        "confusions": _confusions(run.predictions, labels),
        "mistakes": _mistakes(run.predictions, labels, utterances),
        "columns": [*labels.values()],
        "curves": [] if run.history is None else drawing.curves(run.history),
        "maps": maps,
        "segments": _segments(run),
        "scarce": drawing.learning_curves(run.curves),
        "points": curves.table(run.curves).to_dict("records"),
        "files": {
            _link(run.folder / name, here): (name, what)
            for name, what in {f"{run.about.get('run')}.csv": "the table", **_FILES}.items()
            if (run.folder / name).is_file()
        },
        "data": {
            "utterances": [[*names, audio.get(names[0], "")] for names in utterances],
            "recognised": [recognised.get(name) for name, *_ in utterances],
            "points": _points(run, utterances),
            "maps": [{"x": drawn["x"], "y": drawn["y"]} for drawn in maps],
        },
        "audible": any(name in audio for name, *_ in utterances),
        "recognised": any(name in recognised for name, *_ in utterances),
    }


def _audio(corpus: pd.DataFrame | None, here: Path) -> dict[str, str]:
    """Return a link to each utterance; to a stretch of a file, as a media fragment."""
    starts, ends = _column(corpus, "start"), _column(corpus, "end")
    links = {}
    for name, file in _column(corpus, "file").items():
        times = f"{starts.get(name) or ''},{ends.get(name, '')}".rstrip(",")
        links[name] = _link(Path(file), here) + (f"#t={times}" if times else "")
    return links


def _column(corpus: pd.DataFrame | None, name: str) -> dict[str, Any]:
    """Return what a column of the corpus says, by utterance."""
    if corpus is None or name not in corpus:
        return {}
    return {str(utterance): value for utterance, value in corpus[name].dropna().items()}


def _link(path: Path, here: Path) -> str:
    return quote(os.path.relpath(path.absolute(), here))


def _utterances(run: Run) -> list[tuple[str, str, str]]:
    """List name, emotion and speaker of each utterance."""
    names = run.predictions.drop_duplicates("utterance")[["utterance", "true", "speaker"]]
    return [*names.itertuples(index=False, name=None)]


def _confusions(
    predictions: pd.DataFrame, labels: Mapping[tuple[str, ...], str]
) -> list[dict[str, Any]]:
    matrices = []
    for key, table in confusion(predictions).groupby(ROW, sort=False):
        classes = table["true"].tolist()
        counts = table[classes].to_numpy(float)
        totals = counts.sum(axis=1, keepdims=True)
        shares = (100 * counts / totals.clip(min=1e-9)).tolist()
        matrices.append({"label": labels[key], "classes": classes, "shares": shares})
    return matrices


def _mistakes(
    predictions: pd.DataFrame,
    labels: Mapping[tuple[str, ...], str],
    utterances: list[tuple[str, str, str]],
) -> list[dict[str, Any]]:
    """List utterances and what they were taken for, with the number of seeds of each row."""
    wrong = predictions[predictions["true"] != predictions["predicted"]]
    seeds = wrong.groupby(["utterance", "predicted", *ROW])["seed"].nunique().unstack(ROW)
    seeds = seeds.reindex(columns=pd.MultiIndex.from_tuples(labels)).fillna(0).astype(int)
    place = {name: i for i, (name, *_) in enumerate(utterances)}
    return [
        {"utterance": place[utterance], "predicted": predicted, "seeds": counts.tolist()}
        for (utterance, predicted), counts in zip(seeds.index, seeds.to_numpy(), strict=True)
    ]


def _segments(run: Run) -> list[dict[str, Any]]:
    """Show what was drawn of sequences; pictures and sound are made where there is something."""
    if run.segments is None:
        return []
    from adan.reports.segments import segments

    rate = run.about.get("rates", {}).get(run.corpus)
    return segments(run.segments, run.features, rate)


def _points(run: Run, utterances: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Say which utterance (or -1) and which emotion every point of the maps is."""
    if run.points is None:
        return {}
    points = run.points[run.points["space"] == run.points["space"].iloc[0]]
    place = {name: i for i, (name, *_) in enumerate(utterances)}
    return {
        "utterances": [place.get(name, -1) for name in points["utterance"]],
        "emotions": points["emotion"].tolist(),
        "synthetic": points["synthetic"].astype(int).tolist(),
    }
