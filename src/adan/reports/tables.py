"""Tables of a study, as data frames and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from adan.evaluation.normalisation import NORMALISATIONS
from adan.evaluation.scores import score
from adan.experiments.paper import Row, Source


def published_beside_measured(rows: Sequence[Row], predictions: pd.DataFrame) -> pd.DataFrame:
    """Put the published and the measured figures of a table side by side.

    Parameters
    ----------
    rows : sequence of Row
        The table of the paper.
    predictions : DataFrame
        What was measured: see `adan.evaluation.scores`.

    Returns
    -------
    DataFrame
        One row a row of the paper, with ``row``, ``part``, ``method``, ``classifier``,
        ``normalisation``, ``published_wa``, ``published_uar`` and the columns of
        `adan.evaluation.scores.score`. A row nobody can run again has ``source`` "as published"
        and no measured figures.
    """
    table = pd.DataFrame(
        {
            "row": [r.label for r in rows],
            "part": [r.part for r in rows],
            "method": [r.method or r.label for r in rows],
            "classifier": [r.classifier for r in rows],
            "source": ["measured" if r.method else "as published" for r in rows],
            "published_wa": [r.wa for r in rows],
            "published_uar": [r.uar for r in rows],
        }
    ).merge(score(predictions), how="left", on=["part", "method", "classifier"])
    table["n_seeds"] = table["n_seeds"].fillna(0).astype(int)
    return table


def markdown(table: pd.DataFrame, *, title: str, notes: Sequence[str] = ()) -> str:
    """Return the table of `published_beside_measured` as Markdown, with its protocol below."""
    lines = [
        f"# {title}",
        "",
        "| method | published WA | UAR | measured WA | UAR | WA of single folds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in table.itertuples():
        if row.source == "as published":
            measured = ["as published", "", ""]
        elif row.n_seeds == 0:
            measured = ["not run", "", ""]
        else:
            measured = [
                _plus_minus(row.wa_mean, row.wa_std),
                _plus_minus(row.uar_mean, row.uar_std),
                _plus_minus(row.wa_fold_mean, row.wa_fold_std),
            ]
        published = [
            "" if np.isnan(p) else f"{p:.2f}" for p in (row.published_wa, row.published_uar)
        ]
        lines.append("| " + " | ".join([row.row, *published, *measured]) + " |")
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def protocol_notes(source: Source, published_on: str, predictions: pd.DataFrame) -> list[str]:
    """Return what a reader must know about a table: data, protocol, normalisation, spread."""
    data, seeds = source.data, predictions["seed"].nunique()
    how = predictions["normalisation"].iloc[0]
    labels, counts = np.unique(data.y, return_counts=True)
    classes = ", ".join(f"{n} {label}" for label, n in zip(labels, counts, strict=True))
    notes = [
        f"{source.corpus}, {source.features}: {len(data.y)} utterances ({classes}) of "
        f"{len(np.unique(data.speakers))} speakers. Leave one {source.group} out: "
        f"{len(np.unique(data.groups))} folds. WA and UAR in per cent, of the predictions pooled "
        "over folds; last column: mean ± standard deviation over folds.",
        f"Normalisation `{how}`: {NORMALISATIONS[how]}.",
        f"{seeds} seeds: mean ± standard deviation over them."
        if seeds > 1
        else "One seed: no spread over seeds can be given; use `--seeds 10` before believing a "
        "difference of a point or two.",
    ]
    if source.improvised is not None:
        notes.append(
            f"Synthesizers learn from the {source.improvised.sum()} improvised utterances alone."
        )
    if source.corpus != published_on:
        notes.append(f"The published figures are those of {published_on}, not of this corpus.")
    return notes


def _plus_minus(mean: float, std: float) -> str:
    return f"{mean:.2f}" if np.isnan(std) else f"{mean:.2f} ± {std:.2f}"
