"""What augmentation is worth when data are scarce: a rare class, few utterances, few speakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from adan._files import replacing, without_formulas
from adan.experiments.runner import run
from adan.experiments.sources import load
from adan.experiments.specification import Specification
from adan.reports import figures
from adan.reports.curves import curves_of, table
from adan.reports.tables import protocol_notes
from adan.reproduction.run import QUICK_NOTE, typed
from adan.reproduction.specifications import shortened, specification
from adan.reproduction.tables import shown_with_interval

PIECES = {"scarcity": "a rare emotion", "few": "little of everything"}
"""The studies it is made of, and what each is about."""


def studies(
    corpus: str | None = None,
    corpus_options: Mapping[str, Any] | None = None,
    *,
    methods: Sequence[str] = (),
    seeds: int = 1,
    normalisation: str | None = None,
    quick: bool = False,
) -> dict[str, Specification]:
    """Return the studies by their names in `PIECES`.

    Parameters
    ----------
    corpus, corpus_options, methods, seeds, normalisation, quick
        As of `adan.reproduction.specifications.specification`. Further methods fill up a rare
        class, too; ``quick`` leaves the first number of what stays alone, besides.
    """
    found = {}
    for name in PIECES:
        study = specification(
            name, corpus, corpus_options, seeds=seeds, normalisation=normalisation
        )
        balance = {"balance": True} if study.scarcity.rare else {}
        known = study.model_dump(exclude_unset=True)["methods"]
        new = {m: {"synthesizer": m, **balance} for m in methods if m not in known}
        study = study.changed(methods={**known, **new})
        found[name] = _quick(study) if quick else study
    return found


def _quick(study: Specification) -> Specification:
    scarce = study.scarcity
    first = {
        "utterances_per_class": scarce.utterances_per_class[:1],
        "speakers": scarce.speakers[:1],
        "rare": {label: numbers[:1] for label, numbers in scarce.rare.items()},
    }
    return shortened(study).changed(scarcity=first)


def measure(
    folder: Path,
    *,
    quick: bool = False,
    command: str = "",
    progress: bool = False,
    running: Mapping[str, Any] | None = None,
    **choices: Any,
) -> str:
    """Run the studies of `PIECES`, each in a folder below, and draw their curves.

    Parameters
    ----------
    folder, quick, command, progress, running
        As of `adan.reproduction.run.table`.
    **choices
        As of `studies`.

    Returns
    -------
    str
        Every point of the curves as Markdown.

    Raises
    ------
    AdanError
        If there is no such corpus, or ``folder`` holds a run with other settings.
    """
    specified = studies(quick=quick, **choices)
    text = ""
    for name, study in specified.items():
        (source,) = load(study, progress=progress)
        title = f"When data are scarce, {PIECES[name]}: {source.corpus}, {source.features}"
        title += " (QUICK)" if quick else ""
        about = {"title": title, "quick": quick, **typed(command)}
        after = partial(write, folder / name, title=title, quick=quick)
        options = {"progress": progress, **(running or {})}
        run(study, [source], folder / name, about=about, after=after, **options)
        if (path := folder / name / "curves.md").exists():
            text += path.read_text(encoding="utf-8")
    return text


def write(folder: Path, predictions: pd.DataFrame, *, title: str, quick: bool) -> None:
    """Write ``curves.csv``, ``.md``, ``.png`` and ``.svg`` of what is finished."""
    curves = curves_of(predictions)
    if not curves:
        return
    points = table(curves)
    text = markdown(points, title, [*protocol_notes(predictions), *([QUICK_NOTE] if quick else [])])
    with replacing(folder / "curves.csv") as path:
        without_formulas(points).to_csv(path, index=False, float_format="%.4f")
    with replacing(folder / "curves.md") as path:
        path.write_text(text, encoding="utf-8")
    figures.save(figures.learning_curves(curves, title=title), folder, "curves")


def markdown(points: pd.DataFrame, title: str, notes: Sequence[str]) -> str:
    """Return the points of `adan.reports.curves.table` as Markdown."""
    lines = [
        f"# {title}",
        "",
        "Each row is compared with real data alone and the same classifier. Difference: in points. "
        "Worth: how many more utterances or speakers real data alone need to reach the same score, "
        "read off their curve. In brackets: 95 % intervals of a bootstrap over speakers.",
    ]
    for (stays, score), own in points.groupby(["stays", "score"], sort=False):
        lines += [
            "",
            f"## {stays}: {score}",
            "",
            "| classifier | method | score | difference | worth |",
        ]
        lines += ["|---|---|---:|---:|---:|"]
        for row in own.to_dict("records"):
            forms = {"value": ".1f", "gain": "+z.1f", "worth": "+z.1f"}
            cells = [shown_with_interval(row, name, form) for name, form in forms.items()]
            lines.append("| " + " | ".join([row["classifier"], row["label"], *cells]) + " |")
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])
