"""A table of the paper: published beside measured, as a data frame and as Markdown."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from adan.experiments.sources import Source
from adan.reports.tables import measured, statistics_notes
from adan.reproduction.published import LISTENERS, Row


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
        One row a row of the paper, with ``row``, ``subset``, ``method``, ``classifier``, ``apart``,
        ``normalisation``, ``published_wa``, ``published_uar``, the columns of
        `adan.evaluation.comparison.compare`, and ``wa_std``, ``uar_std``, ``wa_fold_mean`` and
        ``wa_fold_std`` of `adan.evaluation.scores.score`. A row nobody can run again has
        ``source`` "as published" and no measured figures.
    """
    table = pd.DataFrame(
        {
            "row": [r.label for r in rows],
            "subset": [r.subset for r in rows],
            "method": [r.method or r.label for r in rows],
            "classifier": [r.classifier for r in rows],
            "apart": [r.apart for r in rows],
            "source": ["measured" if r.method else "as published" for r in rows],
            "published_wa": [r.wa for r in rows],
            "published_uar": [r.uar for r in rows],
        }
    ).merge(measured(predictions), how="left", on=["subset", "method", "classifier"])
    table["n_seeds"] = table["n_seeds"].fillna(0).astype(int)
    return table


def with_listeners(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the table with the row of the listeners measured, where the corpus has their test."""
    if source.recognised is None:
        return table
    recalls = pd.Series(source.recognised).groupby(source.data.y).mean()
    own = table["row"] == LISTENERS
    figures = {"source": "measured", "wa": np.nanmean(source.recognised), "uar": recalls.mean()}
    return table.assign(**{name: table[name].mask(own, value) for name, value in figures.items()})


def markdown(table: pd.DataFrame, *, title: str, notes: Sequence[str] = ()) -> str:
    """Return the table of `published_beside_measured` as Markdown, with its protocol below."""
    is_published = bool(table[["published_wa", "published_uar"]].notna().any(axis=None))
    columns = ["published WA", "UAR"] if is_published else []
    columns += ["measured WA", "UAR", "WA - real only", "UAR - real only"]
    lines = [
        f"# {title}",
        "",
        f"| method | {' | '.join(columns)} | verdict |",
        f"|---|{len(columns) * '---:|'}---|",
    ]
    for i, row in enumerate(table.to_dict("records")):
        if row["apart"] and not table["apart"][:i].any():
            lines.append("| *not in the paper* |" + (len(columns) + 1) * "  |")
        published = [_number(row[f"published_{m}"], ".2f") for m in ("wa", "uar") if is_published]
        if row["row"] == LISTENERS and row["source"] == "measured":
            measured = [f"{row['wa']:.2f}", f"{row['uar']:.2f}", "", "", "listening test"]
        elif row["source"] == "as published":
            measured = ["as published", "", "", "", ""]
        elif row["n_seeds"] == 0:
            measured = ["not run", "", "", "", ""]
        else:
            measured = [
                *(shown_with_interval(row, measure, ".1f") for measure in ("wa", "uar")),
                *(shown_with_interval(row, f"{m}_difference", "+z.1f") for m in ("wa", "uar")),
                row["verdict"],
            ]
        lines.append("| " + " | ".join([row["row"], *published, *measured]) + " |")
    notes = [*notes, *statistics_notes(table)]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def shown_with_interval(row: dict[Hashable, Any], name: str, form: str) -> str:
    """Return such as "80.8 [75.9, 85.0]"; without the interval where there is none."""
    value = _number(row[name], form)
    low, high = (_number(row[f"{name}_{end}"], form) for end in ("low", "high"))
    return f"{value} [{low}, {high}]" if low else value


def _number(value: float, form: str) -> str:
    return "" if np.isnan(value) else f"{value:{form}}"
