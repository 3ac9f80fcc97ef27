"""Scores by group, such as gender: of real data alone and of the best augmentation."""

from __future__ import annotations

from typing import Any

import pandas as pd

from adan.evaluation.groups import score_groups
from adan.evaluation.scores import ROW
from adan.reports.folder import Run

_PLACE = ["subset", "normalisation"]


def highest(rows: pd.DataFrame) -> list[pd.Series]:
    """Return the row of the highest UAR on real data alone and that with augmentation.

    Parameters
    ----------
    rows : DataFrame
        What `adan.evaluation.comparison.compare` returns, or some of its rows.

    Returns
    -------
    list of Series
        Both, or the one that there is.
    """
    real = rows["verdict"] == "baseline"
    return [some.loc[some["uar"].idxmax()] for some in (rows[real], rows[~real]) if len(some)]


def by_group(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    """Score the groups of a run's corpus, with the rows of `highest` alone.

    Parameters
    ----------
    run : Run
        What was run; without traits, as those of older versions, it has no groups.
    rows : DataFrame
        What `adan.evaluation.comparison.compare` returns, with a ``label`` for each row.

    Returns
    -------
    DataFrame
        ``label``, and the columns of `adan.evaluation.groups.score_groups`.
    """
    if run.traits is None:
        return pd.DataFrame()
    best = [row for _, some in rows.groupby(_PLACE, sort=False) for row in highest(some)]
    shown = pd.DataFrame(best)[["label", *ROW]]
    scores = score_groups(run.predictions.merge(shown[ROW], on=ROW), run.traits)
    return shown.merge(scores, on=ROW) if len(scores) else scores


def group_tables(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Lay out the table of `by_group`: one table a subset and normalisation.

    Returns
    -------
    list of mapping
        ``labels`` of the methods, and ``traits``, by name a list of groups: ``value``,
        ``n_speakers``, ``n_utterances`` and the ``scores`` of the methods.
    """
    if scores.empty:
        return []
    return [
        {
            "labels": [*some["label"].unique()],
            "traits": {
                trait: [_group(group) for _, group in of_trait.groupby("value", sort=False)]
                for trait, of_trait in some.groupby("trait", sort=False)
            },
        }
        for _, some in scores.groupby(_PLACE, sort=False)
    ]


def _group(scores: pd.DataFrame) -> dict[str, Any]:
    first = scores.iloc[0][["value", "n_speakers", "n_utterances"]]
    return {**first, "scores": scores.to_dict("records")}
