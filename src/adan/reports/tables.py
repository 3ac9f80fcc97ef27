"""Tables of a study, as data frames and as Markdown."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from adan.evaluation.comparison import compare, power_note
from adan.evaluation.normalisation import described
from adan.evaluation.quality import quality_warnings
from adan.evaluation.scores import ROW, score
from adan.reproduction.published import Row, Source


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
        One row a row of the paper, with ``row``, ``subset``, ``method``, ``classifier``,
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
            "source": ["measured" if r.method else "as published" for r in rows],
            "published_wa": [r.wa for r in rows],
            "published_uar": [r.uar for r in rows],
        }
    ).merge(measured(predictions), how="left", on=["subset", "method", "classifier"])
    table["n_seeds"] = table["n_seeds"].fillna(0).astype(int)
    return table


def measured(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `compare`, and the spread over seeds and folds of `score`."""
    spread = score(predictions)[[*ROW, "wa_std", "uar_std", "wa_fold_mean", "wa_fold_std"]]
    return compare(predictions).merge(spread, on=ROW)


def markdown(table: pd.DataFrame, *, title: str, notes: Sequence[str] = ()) -> str:
    """Return the table of `published_beside_measured` as Markdown, with its protocol below."""
    lines = [
        f"# {title}",
        "",
        "| method | published WA | UAR | measured WA | UAR | WA - real only | UAR - real only "
        "| verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row in table.to_dict("records"):
        published = [_number(row["published_wa"], ".2f"), _number(row["published_uar"], ".2f")]
        if row["source"] == "as published":
            measured = ["as published", "", "", "", ""]
        elif row["n_seeds"] == 0:
            measured = ["not run", "", "", "", ""]
        else:
            measured = [
                *(_with_interval(row, measure, ".1f") for measure in ("wa", "uar")),
                *(_with_interval(row, f"{m}_difference", "+.1f") for m in ("wa", "uar")),
                row["verdict"],
            ]
        lines.append("| " + " | ".join([row["row"], *published, *measured]) + " |")
    notes = [*notes, *statistics_notes(table)]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def protocol_notes(source: Source, published_on: str, predictions: pd.DataFrame) -> list[str]:
    """Return what a reader must know about a table: data, protocol, normalisation, spread."""
    data = source.data
    how = predictions["normalisation"].iloc[0]
    labels, counts = np.unique(data.y, return_counts=True)
    classes = ", ".join(f"{n} {label}" for label, n in zip(labels, counts, strict=True))
    notes = [
        f"{source.corpus}, {source.features}: {len(data.y)} utterances ({classes}) of "
        f"{len(np.unique(data.speakers))} speakers. Leave one {source.group} out: "
        f"{len(np.unique(data.groups))} folds. WA and UAR in per cent, of the predictions pooled "
        "over folds.",
        f"Normalisation `{how}`: {described(how)}.",
    ]
    if predictions["seed"].nunique() == 1:
        notes.append(
            "One seed: no spread over seeds can be given; use `--seeds 10` before believing a "
            "difference of a point or two."
        )
    if source.improvised is not None:
        notes.append(
            f"Synthesizers learn from the {source.improvised.sum()} improvised utterances alone."
        )
    if source.corpus != published_on:
        notes.append(f"The published figures are those of {published_on}, not of this corpus.")
    return notes


def quality_notes(quality: pd.DataFrame) -> list[str]:
    """Return what the table ``quality`` of a run says of the methods; copies are left in peace."""
    folds = ", ".join(quality["fold"].unique())
    methods = quality[(quality["space"] == "features") & ~quality["method"].isin(_COPIES)]
    note = f"Quality of the synthetic vectors, with {folds} left out in turn: `quality.parquet`."
    return [" ".join([note, *quality_warnings(methods)])]


_COPIES = ("duplication", "noise", "smote")
"""Methods that every other one is set beside, and that memorise by design."""


def statistics_notes(table: pd.DataFrame) -> list[str]:
    """Return what intervals and verdicts of a table of `compare` mean, and which it cannot give."""
    notes = [
        f"In brackets: 95 % intervals of a bootstrap over the {table['n_speakers'].max():.0f} "
        "speakers, all seeds of a speaker together. Verdict: a paired test of UAR over speakers "
        "on the same folds and seeds, at 5 % after Holm's correction for the number of methods "
        "of a classifier.",
        power_note(table),
    ]
    if (n_seeds := table["n_seeds"].max()) > 1:
        notes.insert(
            0,
            f"{n_seeds:.0f} seeds, of generators and of classifiers apart: figures are means over "
            f"them. Their standard deviation is {table['uar_std'].max():.1f} points of UAR at the "
            "most.",
        )
    return notes


def _with_interval(row: dict[Hashable, Any], name: str, form: str) -> str:
    """Return such as "80.8 [75.9, 85.0]"; without the interval where there is one speaker."""
    value = _number(row[name], form)
    low, high = (_number(row[f"{name}_{end}"], form) for end in ("low", "high"))
    return f"{value} [{low}, {high}]" if low else value


def _number(value: float, form: str) -> str:
    return "" if np.isnan(value) else f"{value:{form}}"
