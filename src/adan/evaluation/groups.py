"""Scores by group: WA and UAR of some utterances alone, such as those of women or of one sentence.

Nothing is trained anew: predictions are picked and scored. UAR is the mean over the emotions that
the group has.
"""

from __future__ import annotations

import pandas as pd

from adan.evaluation.intervals import count, scores_of
from adan.evaluation.scores import ROW


def score_groups(predictions: pd.DataFrame, traits: pd.DataFrame) -> pd.DataFrame:
    """Score the groups that traits of utterances make, with the intervals of all scores.

    Parameters
    ----------
    predictions : DataFrame
        See `adan.evaluation.scores`.
    traits : DataFrame
        ``utterance``, ``trait`` and ``value``, as `adan.corpora.traits.traits` has them.

    Returns
    -------
    DataFrame
        One row a trait, value, subset, method, classifier and normalisation: ``n_utterances`` that
        were tested (with one seed), and the columns of `adan.evaluation.intervals.scores_of`.
    """
    rows = []
    for (trait, value), known in traits.groupby(["trait", "value"], sort=False):
        own = predictions[predictions["utterance"].isin(known["utterance"])]
        for _, cells in count(own).groupby(ROW, sort=False):
            scores = scores_of(cells)
            n_utterances = round(cells["total"].sum() / scores["n_seeds"])
            group = {"trait": trait, "value": value, **cells.iloc[0][ROW]}
            rows.append({**group, "n_utterances": n_utterances, **scores})
    return pd.DataFrame(rows)
