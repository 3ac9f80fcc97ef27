"""Run a table or figure of the paper and leave everything behind it in a folder."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from adan._files import replacing
from adan.errors import AdanError
from adan.evaluation.scores import confusion
from adan.experiments import paper
from adan.experiments.study import Data, run
from adan.reports import figures
from adan.reports.tables import markdown, protocol_notes, published_beside_measured
from adan.synthesis.adan import ADAN
from adan.synthesis.base import fit_all

QUICK_NOTE = (
    "QUICK: fewer epochs and synthetic sets than the paper's, to look at the output; the figures "
    "mean nothing."
)


def table1(
    folder: Path,
    *,
    seeds: int = 1,
    normalisation: str = "fold",
    quick: bool = False,
    progress: bool = False,
) -> str:
    """Measure Table I on the embedded EmoDB features.

    Leaves in ``folder``: ``table1.csv``, ``table1.md``, ``predictions.parquet``,
    ``confusion.csv``, ``settings.json`` and the figures. The tables and predictions are written
    after every method, so an interrupted run leaves what was finished.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    seeds : int, default=1
        Number of seeds.
    normalisation : {"fold", "corpus", "speaker"}, default="fold"
        See `adan.evaluation.normalisation.NORMALISATIONS`.
    quick : bool, default=False
        Cut all training short; every output says so.
    progress : bool, default=False
        Show progress bars on standard error.

    Returns
    -------
    str
        The table as Markdown.

    Raises
    ------
    AdanError
        If ``folder`` holds a run with other settings.
    """
    data = paper.emodb()
    study = paper.table1(seeds=seeds, normalisation=normalisation, quick=quick)
    settings = {
        "seeds": seeds,
        "normalisation": normalisation,
        "quick": quick,
        "times": study.times,
        "methods": {name: _parameters(method) for name, method in study.methods.items()},
        "classifiers": {name: _parameters(c) for name, c in study.classifiers.items()},
    }
    _claim(folder, "table1", settings, data)
    finished: list[pd.DataFrame] = []
    text = ""
    for predictions in run(study, data, progress=progress):
        finished.append(predictions)
        text = _write_table1(folder, pd.concat(finished, ignore_index=True), quick)
    _save_figures(folder, data, quick=quick, progress=progress)
    return text


def figure(name: str, folder: Path, *, quick: bool = False, progress: bool = False) -> list[Path]:
    """Draw ``"figure2"`` or ``"figure3"`` of an ADAN trained on all of EmoDB.

    Parameters
    ----------
    name : {"figure2", "figure3"}
        Losses along training, or t-SNE maps of latents and of feature vectors.
    folder : Path
        Made if it is missing.
    quick, progress
        As in `table1`.

    Returns
    -------
    list of Path
        The files: PNG and SVG, and for Figure 2 the history as CSV.

    Raises
    ------
    AdanError
        If ``folder`` holds a run with other settings.
    """
    data = paper.emodb()
    _claim(folder, name, {"quick": quick, "adan": _parameters(paper.adan(quick=quick))}, data)
    return _save_figures(folder, data, quick=quick, progress=progress, only=name)


def _write_table1(folder: Path, predictions: pd.DataFrame, quick: bool) -> str:
    table = published_beside_measured(paper.TABLE1, predictions)
    notes = [*protocol_notes(predictions), *([QUICK_NOTE] if quick else [])]
    title = "Table I: EmoDB, IS11" + (" (QUICK)" if quick else "")
    text = markdown(table, title=title, notes=notes)
    with replacing(folder / "predictions.parquet") as path:
        predictions.to_parquet(path, index=False)
    for name, frame in {"table1": table, "confusion": confusion(predictions)}.items():
        with replacing(folder / f"{name}.csv") as path:
            frame.assign(quick=quick).to_csv(path, index=False, float_format="%.4f")
    with replacing(folder / "table1.md") as path:
        path.write_text(text)
    figures.save(figures.confusion_matrices(predictions, title=title), folder, "confusion")
    return text


def _save_figures(
    folder: Path, data: Data, *, quick: bool, progress: bool, only: str | None = None
) -> list[Path]:
    X = StandardScaler().fit_transform(data.X)
    adan = paper.adan(quick=quick, seed=0)
    fit_all([adan], [(X, data.y)], progress=progress)
    title = "ADAN on EmoDB, IS11, all ten speakers, seed 0" + (" (QUICK)" if quick else "")
    paths: list[Path] = []
    if only in (None, "figure2"):
        with replacing(folder / "history.csv") as path:
            pd.DataFrame(adan.history_).rename_axis("epoch").to_csv(path)
        paths += [folder / "history.csv"]
        paths += figures.save(figures.figure2(adan.history_, title=title), folder, "figure2")
    if only in (None, "figure3"):
        drawing = figures.figure3(_spaces(adan, X, data.y), data.y, data.y, title=title)
        paths += figures.save(drawing, folder, "figure3")
    return paths


def _spaces(adan: ADAN, X: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    latents = adan.sample_latent(y)
    return {
        "(a) latent vectors": (adan.encode(X), latents),
        "(b) feature vectors": (X, adan.decode(latents)),
    }


def _claim(folder: Path, name: str, settings: dict[str, Any], data: Data) -> None:
    """Write the settings of a run, unless the folder holds one with other settings."""
    path = folder / "settings.json"
    settings = {"run": name, **json.loads(json.dumps(settings))}
    if path.exists():
        try:
            there = json.loads(path.read_text())["settings"]
        except (ValueError, KeyError):
            there = None
        if there != settings:
            raise AdanError(
                f"{folder} holds a run with other settings ({path.name}): "
                "choose another folder with -o, or remove this one"
            )
    packages = ("adan", "imbalanced-learn", "numpy", "pandas", "scikit-learn", "torch")
    provenance = {
        "settings": settings,
        "data": {
            "corpus": "EmoDB",
            "features": "IS11",
            "utterances": len(data.X),
            "sha256": hashlib.sha256(data.X.tobytes()).hexdigest(),
        },
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2) + "\n")


def _parameters(estimator: Any) -> dict[str, Any] | None:
    if estimator is None:
        return None
    return {"class": type(estimator).__name__, **estimator.get_params()}
