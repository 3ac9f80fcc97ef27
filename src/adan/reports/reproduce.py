"""Run a table or figure of the paper and leave everything behind it in a folder."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from adan._files import replacing
from adan.errors import AdanError
from adan.evaluation.scores import confusion
from adan.experiments import paper
from adan.experiments.quality import quality_of
from adan.experiments.study import Method, run
from adan.reports import figures
from adan.reports.tables import (
    markdown,
    protocol_notes,
    published_beside_measured,
    quality_notes,
)
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
    progress: bool = False,
) -> str:
    """Measure a table of the paper.

    Leaves in ``folder``: ``NAME.csv``, ``NAME.md``, ``predictions.parquet``, ``confusion.csv``,
    ``quality.csv``, ``settings.json`` and the figures. Tables and predictions are written after
    every method, so an interrupted run leaves what was finished.

    Parameters
    ----------
    name : str
        A key of `adan.experiments.paper.TABLES`, or ``"ablations"``.
    folder : Path
        Made if it is missing.
    corpus, corpus_options : str and mapping, optional
        See `adan.experiments.paper.source`.
    methods : sequence of str, default=()
        Further synthesizers, by their names in `adan.synthesis.registry`.
    seeds : int, default=1
        Number of seeds.
    normalisation : {"fold", "corpus", "speaker"}, default="fold"
        See `adan.evaluation.normalisation.NORMALISATIONS`.
    tuned : bool, default=False
        Add rows of classifiers whose settings are chosen inside the training speakers.
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
        If there is no such corpus, or ``folder`` holds a run with other settings.
    """
    plan = paper.table(name)
    where = paper.source(plan, corpus, corpus_options, progress=progress)
    plan = paper.table(name, [*np.unique(where.data.y)]).with_methods(methods)
    plan = plan if where.improvised is not None else plan.without_parts()
    plan = plan.with_tuned() if tuned else plan
    plan = plan.quick() if quick else plan
    study = plan.study(seeds=seeds, normalisation=normalisation)
    settings = {
        "corpus": corpus,
        "corpus_options": dict(corpus_options or {}),
        "seeds": seeds,
        "normalisation": normalisation,
        "quick": quick,
        "methods": {key: _method(method) for key, method in study.methods.items()},
        "classifiers": {key: _parameters(c) for key, c in study.classifiers.items()},
    }
    about = {
        "title": _title(plan, where, quick),
        "published_on": plan.corpus,
        "command": _command(name, folder, settings, methods, tuned),
    }
    _claim(folder, name, settings, where, about)
    finished: list[pd.DataFrame] = []
    text = ""
    for part in plan.parts:
        for predictions in run(study, where.part(part), progress=progress):
            finished.append(predictions.assign(part=part))
            measured = pd.concat(finished, ignore_index=True)
            text = _write(folder, name, plan, where, measured, quick)
    matrices = figures.confusion_matrices(measured, title=_title(plan, where, quick))
    figures.save(matrices, folder, "confusion")
    quality = quality_of(
        study.methods, where.part(plan.parts[-1]), normalisation=normalisation, progress=progress
    )
    with replacing(folder / "quality.csv") as path:
        quality.assign(quick=quick).to_csv(path, index=False, float_format="%.4f")
    text = _write(folder, name, plan, where, measured, quick, quality_notes(quality))
    _save_figures(folder, where, quick=quick, progress=progress)
    return text


def figure(
    name: str,
    folder: Path,
    *,
    corpus: str | None = None,
    corpus_options: Mapping[str, Any] | None = None,
    quick: bool = False,
    progress: bool = False,
) -> list[Path]:
    """Draw ``"figure2"`` or ``"figure3"`` of an ADAN trained on a whole corpus.

    Parameters
    ----------
    name : {"figure2", "figure3"}
        Losses along training, or t-SNE maps of latents and of feature vectors.
    folder : Path
        Made if it is missing.
    corpus, corpus_options, quick, progress
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
    where = paper.source(paper.TABLES["table1"], corpus, corpus_options, progress=progress)
    settings = {
        "corpus": corpus,
        "corpus_options": dict(corpus_options or {}),
        "quick": quick,
        "adan": _parameters(paper.adan(quick=quick)),
    }
    about = {"command": _command(name, folder, settings)}
    _claim(folder, name, settings, where, about)
    return _save_figures(folder, where, quick=quick, progress=progress, only=name)


def _write(
    folder: Path,
    name: str,
    plan: paper.Table,
    where: paper.Source,
    predictions: pd.DataFrame,
    quick: bool,
    further_notes: Sequence[str] = (),
) -> str:
    table = published_beside_measured(plan.rows, predictions)
    notes = [
        *protocol_notes(where, plan.corpus, predictions),
        *further_notes,
        *([QUICK_NOTE] if quick else []),
    ]
    text = markdown(table, title=_title(plan, where, quick), notes=notes)
    with replacing(folder / "predictions.parquet") as path:
        predictions.to_parquet(path, index=False)
    for stem, frame in {name: table, "confusion": confusion(predictions)}.items():
        with replacing(folder / f"{stem}.csv") as path:
            frame.assign(quick=quick).to_csv(path, index=False, float_format="%.4f")
    with replacing(folder / f"{name}.md") as path:
        path.write_text(text)
    return text


def _title(plan: paper.Table, where: paper.Source, quick: bool) -> str:
    return f"{plan.title}: {where.corpus}, {where.features}" + (" (QUICK)" if quick else "")


def _save_figures(
    folder: Path, where: paper.Source, *, quick: bool, progress: bool, only: str | None = None
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


def _command(
    name: str,
    folder: Path,
    settings: Mapping[str, Any],
    methods: Sequence[str] = (),
    tuned: bool = False,
) -> str:
    """Return what to type to have this run again."""
    words = ["adan", "reproduce", name]
    if settings["corpus"]:
        words += ["--corpus", settings["corpus"]]
    for option, value in settings["corpus_options"].items():
        words += ["--with", f"{option}={ {True: 'yes', False: 'no'}.get(value, value) }"]
    if methods:
        words += ["--methods", ",".join(methods)]
    for option in ("seeds", "normalisation"):
        if option in settings:
            words += [f"--{option}", str(settings[option])]
    words += ["--tuned"] if tuned else []
    words += ["--quick"] if settings["quick"] else []
    return shlex.join([*words, "-o", str(folder)])


def _claim(
    folder: Path,
    name: str,
    settings: dict[str, Any],
    where: paper.Source,
    about: Mapping[str, str],
) -> None:
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
        **about,
        "settings": settings,
        "data": {
            "corpus": where.corpus,
            "features": where.features,
            "utterances": len(where.data.X),
            "sha256": hashlib.sha256(where.data.X.tobytes()).hexdigest(),
        },
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2) + "\n")


def _method(method: Method) -> dict[str, Any]:
    return vars(method) | {"synthesizer": _parameters(method.synthesizer)}


def _parameters(estimator: Any) -> dict[str, Any] | None:
    if estimator is None:
        return None
    return {"class": type(estimator).__name__, **estimator.get_params()}
