"""Run a table or figure of the paper and leave everything behind it in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from adan._files import replacing, without_formulas
from adan.errors import AdanError
from adan.evaluation.scores import confusion, score
from adan.experiments.provenance import versions
from adan.experiments.runner import run
from adan.experiments.sources import Source, digest, load
from adan.experiments.specification import are_sequences
from adan.experiments.study import parameters_of
from adan.reports import figures
from adan.reports.tables import label, protocol_notes, quality_notes
from adan.reproduction.figures import draw
from adan.reproduction.published import CHENS_SPEAKERS, TABLES, Row
from adan.reproduction.specifications import (
    adan,
    is_of_the_paper,
    rows_of,
    specification,
    without_missing_classes,
)
from adan.reproduction.tables import markdown, published_beside_measured, with_listeners

QUICK_NOTE = (
    "QUICK: fewer epochs and synthetic sets than the paper's, to look at the output; the figures "
    "mean nothing."
)

NO_AUDIO_NOTE = (
    "Systems on frames are not run, since these are features without audio: give the folder of the "
    "corpus with --corpus."
)

SYSTEMS_NOTE = (
    "To save time, the systems on frames are smaller than published: the RNN takes three frames as "
    "one step, and the ACRNN has one convolution where its authors have up to six."
)

AUTHORS_NOTE = (
    "Protocol “authors”: ADAN and the classifiers as the authors' published scripts have them, "
    "which differ from the paper's text (`ADAN.as_published`; a DNN of 20 epochs whatever the size "
    "of the set)."
)
LEAK_NOTE = (
    "The scripts normalise over the whole corpus, so that features have seen the test speakers: "
    "these figures explain the published ones and promise nothing for a new speaker."
)


def table(
    name: str,
    folder: Path,
    *,
    protocol: str = "leak-free",
    quick: bool = False,
    command: str = "",
    progress: bool = False,
    running: Mapping[str, Any] | None = None,
    **choices: Any,
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
    protocol : {"leak-free", "authors"}, default="leak-free"
        The paper's text, or its authors' scripts.
    quick : bool, default=False
        Cut all training short, for a look at the output; every output says so.
    command : str, optional
        What was typed to have this run, for its report to repeat.
    progress : bool, default=False
        Show progress bars on standard error.
    running : mapping, optional
        ``workers``, ``scheduler`` and ``trackers`` of `adan.experiments.runner.run`.
    **choices
        The other parameters of `adan.reproduction.specifications.specification`: ``corpus``,
        ``corpus_options``, ``methods``, ``seeds``, ``normalisation`` and ``tuned``.

    Returns
    -------
    str
        The table as Markdown.

    Raises
    ------
    AdanError
        If there is no such corpus, or ``folder`` holds a run with other settings.
    """
    study = specification(name, protocol=protocol, quick=quick, **choices)
    sources = load(study, progress=progress)
    source = sources[0]
    study = without_missing_classes(study, source)
    rows = rows_of(name, study, source)
    features = ", ".join(source.features for source in sources)
    title = f"{TABLES[name].title}: {source.corpus}, {features}{_protocol_title(protocol)}"
    about: dict[str, Any] = {
        "run": name,
        "title": title + (" (QUICK)" if quick else ""),
        "published_on": TABLES[name].corpus,
        "quick": quick,
        "notes": [
            *([AUTHORS_NOTE] if protocol == "authors" else []),
            *([LEAK_NOTE] if protocol == "authors" and study.normalisations == ["corpus"] else []),
            *([NO_AUDIO_NOTE] if len(sources) < len(study.features) else []),
        ],
        **typed(command),
    }
    write = partial(_write, folder, about, rows, source)
    options = {"progress": progress, **(running or {})}
    run(study, sources, folder, about=about, after=write, **options)
    predictions = pd.read_parquet(folder / "predictions.parquet")
    matrices = figures.confusion_matrices(predictions, title=about["title"])
    figures.save(matrices, folder, "confusion")
    if not are_sequences(source.features):
        draw(folder, source, protocol=protocol, quick=quick, progress=progress)
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def figure(
    name: str,
    folder: Path,
    *,
    corpus: str | None = None,
    corpus_options: Mapping[str, Any] | None = None,
    protocol: str = "leak-free",
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
    corpus, corpus_options, protocol, quick, command, progress
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
    (source,) = load(specification("table1", corpus, corpus_options), progress=progress)
    settings = {
        "corpus": corpus,
        "corpus_options": dict(corpus_options or {}),
        "quick": quick,
        "adan": parameters_of(adan(protocol=protocol, quick=quick)),
    }
    _claim(folder, {"run": name, **typed(command), "settings": settings}, source)
    return draw(folder, source, [name], protocol=protocol, quick=quick, progress=progress)


def _write(
    folder: Path,
    about: Mapping[str, Any],
    rows: Sequence[Row],
    source: Source,
    predictions: pd.DataFrame,
) -> None:
    """Write the table and the confusion matrices of what is finished."""
    table = with_listeners(published_beside_measured(rows, predictions), source)
    text = markdown(table, title=about["title"], notes=_notes(folder, about, source, predictions))
    for stem, frame in {about["run"]: table, "confusion": confusion(predictions)}.items():
        with replacing(folder / f"{stem}.csv") as path:
            frame = without_formulas(frame.assign(quick=about["quick"]))
            frame.to_csv(path, index=False, float_format="%.4f")
    with replacing(folder / f"{about['run']}.md") as path:
        path.write_text(text, encoding="utf-8")


def _notes(
    folder: Path, about: Mapping[str, Any], source: Source, predictions: pd.DataFrame
) -> list[str]:
    """Say what a reader must know about the table."""
    notes = [*about.get("notes", []), *protocol_notes(predictions)]
    if source.improvised is not None:
        n = source.improvised.sum()
        notes.append(f"Synthesizers learn from the {n} improvised utterances alone.")
    if not is_of_the_paper(about["run"], source):
        notes.append(
            f"The paper measured this table on {about['published_on']}: its figures are left out."
        )
    if any(map(are_sequences, predictions["features"].unique())):
        notes.append(SYSTEMS_NOTE)
    elif about["run"] == "table1" and is_of_the_paper("table1", source):
        notes.append("`adan reproduce systems` measures a GMM/SVM, from audio.")
    of_chen = predictions[predictions["classifier"].str.endswith("ACRNN")]
    of_four = of_chen[of_chen["speaker"].isin(CHENS_SPEAKERS)]
    if is_of_the_paper("systems", source) and len(of_four):
        scores = [
            f"{label(row.method, row.classifier)} {row.uar_mean:.1f}"
            for row in score(of_four).itertuples()
        ]
        notes.append(
            f"UAR on speakers {', '.join(CHENS_SPEAKERS)} alone, whom the confusion matrix of Chen "
            "et al. fits (their figures of EmoDB are 79.38 ± 7.78 for 2-D and 82.82 ± 4.99 for "
            f"3-D, mean and deviation over folds): {'; '.join(scores)}."
        )
    if (folder / "quality.parquet").exists():
        notes += quality_notes(pd.read_parquet(folder / "quality.parquet"))
    return notes + ([QUICK_NOTE] if about["quick"] else [])


def _protocol_title(protocol: str) -> str:
    return ", protocol of the authors' scripts" if protocol == "authors" else ""


def typed(command: str) -> dict[str, str]:
    """Return what the settings of a run say of the command that was typed, if it is known."""
    return {"command": command} if command else {}


def _claim(folder: Path, about: dict[str, Any], source: Source) -> None:
    """Write the settings of a figure, unless the folder holds a run with other settings."""
    path = folder / "settings.json"
    about = json.loads(json.dumps(about))
    if path.exists():
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
            same = all(there[key] == about[key] for key in ("run", "settings"))
        except (ValueError, KeyError):
            same = False
        if not same:
            raise AdanError(
                f"{folder} holds a run with other settings ({path.name}): "
                "choose another folder with -o"
            )
    provenance = {
        **about,
        "data": [
            {
                "corpus": source.corpus,
                "features": source.features,
                "utterances": len(source.data.X),
                "sha256": digest(source.data),
            }
        ],
        "versions": versions(),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
