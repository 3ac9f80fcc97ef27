"""Run a table or figure of the paper and leave everything behind it in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from adan._files import replacing
from adan.errors import AdanError
from adan.evaluation.scores import confusion
from adan.experiments.provenance import versions
from adan.experiments.runner import run
from adan.experiments.sources import Source, digest, load
from adan.experiments.study import parameters_of
from adan.reports import figures
from adan.reports.tables import (
    markdown,
    protocol_notes,
    published_beside_measured,
    quality_notes,
)
from adan.reproduction import published as paper
from adan.synthesis.adan import ADAN
from adan.synthesis.base import fit_all

QUICK_NOTE = (
    "QUICK: fewer epochs and synthetic sets than the paper's, to look at the output; the figures "
    "mean nothing."
)


def table(
    name: str,
    folder: Path,
    *,
    corpus: str | None = None,
    corpus_options: Mapping[str, Any] | None = None,
    methods: Sequence[str] = (),
    seeds: int = 1,
    normalisation: str = "fold",
    tuned: bool = False,
    quick: bool = False,
    command: str = "",
    progress: bool = False,
    **running: Any,
) -> str:
    """Measure a table of the paper.

    Leaves in ``folder``: ``NAME.csv``, ``NAME.md``, ``confusion.csv``, the figures, and what
    `adan.experiments.store` tells of. An interrupted run leaves the tables of what was finished,
    and goes on from there the next time.

    Parameters
    ----------
    name : str
        A key of `adan.reproduction.published.TABLES`.
    folder : Path
        Made if it is missing.
    corpus, corpus_options, methods, seeds, normalisation, tuned, quick
        See `adan.reproduction.published.specification`; a quick run's every output says so.
    command : str, optional
        What was typed to have this run, for its report to repeat.
    progress : bool, default=False
        Show progress bars on standard error.
    **running
        ``workers``, ``scheduler`` and ``trackers`` of `adan.experiments.runner.run`.

    Returns
    -------
    str
        The table as Markdown.

    Raises
    ------
    AdanError
        If there is no such corpus, or ``folder`` holds a run with other settings.
    """
    study = paper.specification(
        name,
        corpus,
        corpus_options,
        methods=methods,
        seeds=seeds,
        normalisation=normalisation,
        tuned=tuned,
        quick=quick,
    )
    (where,) = load(study, progress=progress)
    study = paper.without_missing_classes(study, where)
    plan = paper.TABLES[name].of(study, where)
    text = ""
    about = {
        "run": name,
        "title": _title(plan, where, quick),
        "published_on": plan.corpus,
        "quick": quick,
        **_typed(command),
    }
    try:
        run(study, [where], folder, about=about, progress=progress, **running)
    finally:
        if (folder / "predictions.parquet").exists():
            measured = pd.read_parquet(folder / "predictions.parquet")
            text = _write(folder, name, plan, where, measured, quick)
    matrices = figures.confusion_matrices(measured, title=_title(plan, where, quick))
    figures.save(matrices, folder, "confusion")
    _save_figures(folder, where, quick=quick, progress=progress)
    return text


def figure(
    name: str,
    folder: Path,
    *,
    corpus: str | None = None,
    corpus_options: Mapping[str, Any] | None = None,
    quick: bool = False,
    command: str = "",
    progress: bool = False,
) -> list[Path]:
    """Draw ``"figure2"`` or ``"figure3"`` of an ADAN trained on a whole corpus.

    Parameters
    ----------
    name : {"figure2", "figure3"}
        Losses along training, or t-SNE maps of latents and of feature vectors.
    folder : Path
        Made if it is missing.
    corpus, corpus_options, quick, command, progress
        As in `table`; without a corpus it is EmoDB.

    Returns
    -------
    list of Path
        The files: PNG and SVG, and as CSV the history of Figure 2 or the points of Figure 3.

    Raises
    ------
    AdanError
        If there is no such corpus, or ``folder`` holds a run with other settings.
    """
    study = paper.specification("table1", corpus, corpus_options)
    (where,) = load(study, progress=progress)
    settings = {
        "corpus": corpus,
        "corpus_options": dict(corpus_options or {}),
        "quick": quick,
        "adan": parameters_of(paper.adan(quick=quick)),
    }
    _claim(folder, {"run": name, **_typed(command), "settings": settings}, where)
    return _save_figures(folder, where, quick=quick, progress=progress, only=name)


def _write(
    folder: Path,
    name: str,
    plan: paper.Table,
    where: Source,
    predictions: pd.DataFrame,
    quick: bool,
) -> str:
    table = published_beside_measured(plan.rows, predictions)
    quality = folder / "quality.parquet"
    notes = [
        *protocol_notes(where, plan.corpus, predictions),
        *(quality_notes(pd.read_parquet(quality)) if quality.exists() else []),
        *([QUICK_NOTE] if quick else []),
    ]
    text = markdown(table, title=_title(plan, where, quick), notes=notes)
    for stem, frame in {name: table, "confusion": confusion(predictions)}.items():
        with replacing(folder / f"{stem}.csv") as path:
            frame.assign(quick=quick).to_csv(path, index=False, float_format="%.4f")
    with replacing(folder / f"{name}.md") as path:
        path.write_text(text)
    return text


def _title(plan: paper.Table, where: Source, quick: bool) -> str:
    return f"{plan.title}: {where.corpus}, {where.features}" + (" (QUICK)" if quick else "")


def _save_figures(
    folder: Path, where: Source, *, quick: bool, progress: bool, only: str | None = None
) -> list[Path]:
    data = where.data.only(where.data.learnable)
    X = StandardScaler().fit_transform(data.X)
    adan = paper.adan(quick=quick, seed=0)
    fit_all([adan], [(X, data.y)], progress=progress)
    speakers = len(np.unique(data.speakers))
    title = f"ADAN on {where.corpus}, {where.features}, all {speakers} speakers, seed 0"
    title += " (QUICK)" if quick else ""
    paths: list[Path] = []
    if only in (None, "figure2"):
        with replacing(folder / "history.csv") as path:
            pd.DataFrame(adan.history_).rename_axis("epoch").to_csv(path)
        paths += [folder / "history.csv"]
        paths += figures.save(figures.figure2(adan.history_, title=title), folder, "figure2")
    if only in (None, "figure3"):
        utterances = {"utterance": data.utterances, "emotion": data.y, "speaker": data.speakers}
        points = figures.map_points(_spaces(adan, X, data.y), pd.DataFrame(utterances))
        with replacing(folder / "map.csv") as path:
            points.to_csv(path, index=False, float_format="%.3f")
        paths += [folder / "map.csv"]
        paths += figures.save(figures.figure3(points, title=title), folder, "figure3")
    return paths


def _spaces(
    adan: ADAN, X: NDArray[np.floating], y: NDArray[Any]
) -> dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]]:
    latents = adan.sample_latent(y)
    return {
        "latent vectors": (adan.encode(X), latents),
        "feature vectors": (X, adan.decode(latents)),
    }


def _typed(command: str) -> dict[str, str]:
    return {"command": command} if command else {}


def _claim(folder: Path, about: dict[str, Any], where: Source) -> None:
    """Write the settings of a figure, unless the folder holds a run with other settings."""
    path = folder / "settings.json"
    about = json.loads(json.dumps(about))
    if path.exists():
        try:
            there = json.loads(path.read_text())
            same = all(there[key] == about[key] for key in ("run", "settings"))
        except (ValueError, KeyError):
            same = False
        if not same:
            raise AdanError(
                f"{folder} holds a run with other settings ({path.name}): "
                "choose another folder with -o, or remove this one"
            )
    provenance = {
        **about,
        "data": [
            {
                "corpus": where.corpus,
                "features": where.features,
                "utterances": len(where.data.X),
                "sha256": digest(where.data),
            }
        ],
        "versions": versions(),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2) + "\n")
