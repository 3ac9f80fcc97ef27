"""Tables of a study, as data frames and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from adan.evaluation.normalisation import NORMALISATIONS
from adan.evaluation.scores import score
from adan.experiments.paper import Published


def published_beside_measured(rows: Sequence[Published], predictions: pd.DataFrame) -> pd.DataFrame:
    """Put the published and the measured figures of a table side by side.

    Parameters
    ----------
    rows : sequence of Published
        The table of the paper.
    predictions : DataFrame
        What was measured: see `adan.evaluation.scores`.

    Returns
    -------
    DataFrame
        One row a row of the paper, with ``row``, ``method``, ``classifier``, ``normalisation``,
        ``published_wa`` and the columns of `adan.evaluation.scores.score`. A row nobody can run
        again has ``source`` "as published" and no measured figures.
    """
    measured = score(predictions)
    table = pd.DataFrame(
        {
            "row": [r.label for r in rows],
            "method": [r.method or r.label for r in rows],
            "classifier": [r.classifier for r in rows],
            "published_wa": [r.wa for r in rows],
            "source": ["measured" if r.method else "as published" for r in rows],
        }
    ).merge(measured, how="left", on=["method", "classifier"])
    table["n_seeds"] = table["n_seeds"].fillna(0).astype(int)
    first = ["row", "method", "classifier", "normalisation", "source", "published_wa"]
    return table[[*first, *(c for c in table if c not in first)]]


def markdown(table: pd.DataFrame, *, title: str, notes: Sequence[str] = ()) -> str:
    """Return the table of `published_beside_measured` as Markdown, with its protocol below."""
    lines = [
        f"# {title}",
        "",
        "| method | published WA | measured WA | measured UAR | WA, mean over folds |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in table.itertuples():
        if row.source == "as published":
            cells = ["as published", "", ""]
        elif row.n_seeds == 0:
            cells = ["not run", "", ""]
        else:
            cells = [
                _plus_minus(row.wa_mean, row.wa_std),
                _plus_minus(row.uar_mean, row.uar_std),
                _plus_minus(row.wa_fold_mean, row.wa_fold_std),
            ]
        published = "" if np.isnan(row.published_wa) else f"{row.published_wa:.2f}"
        lines.append("| " + " | ".join([row.row, published, *cells]) + " |")
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def protocol_notes(predictions: pd.DataFrame) -> list[str]:
    """Return what a reader must know about a table: protocol, normalisation, counts, spread."""
    seeds = predictions["seed"].nunique()
    folds, utterances = predictions["fold"].nunique(), predictions["utterance"].nunique()
    how = predictions["normalisation"].iloc[0]
    return [
        f"Leave one speaker out: {folds} folds, {utterances} utterances. WA and UAR in per cent, "
        "of the predictions pooled over folds; last column: mean ± standard deviation of the WA "
        "of single folds.",
        f"Normalisation `{how}`: {NORMALISATIONS[how]}.",
        f"{seeds} seeds: mean ± standard deviation over them."
        if seeds > 1
        else "One seed: no spread over seeds can be given; use `--seeds 10` before believing a "
        "difference of a point or two.",
    ]


def _plus_minus(mean: float, std: float) -> str:
    return f"{mean:.2f}" if np.isnan(std) else f"{mean:.2f} ± {std:.2f}"
