"""Scores of a table of predictions: WA and UAR, pooled over folds first, per fold second.

A table of predictions has one row an utterance, with the columns ``subset`` (of the corpus),
``method``, ``classifier``, ``normalisation``, ``seed``, ``fold``, ``speaker``, ``utterance``,
``true`` and ``predicted``.
"""

from __future__ import annotations

import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix

from adan.classifiers.labels import unweighted_recall

ROW = ["subset", "method", "classifier", "normalisation"]


def weighted_accuracy(true: pd.Series, predicted: pd.Series) -> float:
    """Return WA in per cent: the share of utterances that are classified right."""
    return 100 * float(accuracy_score(true, predicted))


def unweighted_average_recall(true: pd.Series, predicted: pd.Series) -> float:
    """Return UAR in per cent: the mean, over the classes that occur, of the class's recall."""
    return 100 * unweighted_recall(true.to_numpy(), predicted.to_numpy())


def score_seeds(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score every method, classifier and seed.

    Returns
    -------
    DataFrame
        ``wa`` and ``uar`` of the predictions pooled over folds, in per cent, and
        ``wa_fold_mean``, ``wa_fold_std``: mean and standard deviation over folds of the WA.
    """
    rows = []
    for keys, group in predictions.groupby([*ROW, "seed"], sort=False):
        folds = (group["true"] == group["predicted"]).groupby(group["fold"]).mean() * 100
        rows.append(
            dict(zip([*ROW, "seed"], keys, strict=True))
            | {
                "wa": weighted_accuracy(group["true"], group["predicted"]),
                "uar": unweighted_average_recall(group["true"], group["predicted"]),
                "wa_fold_mean": folds.mean(),
                "wa_fold_std": folds.std(),
            }
        )
    return pd.DataFrame(rows)


def score(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score every method and classifier: mean and standard deviation over seeds.

    Returns
    -------
    DataFrame
        One row a subset, method, classifier and normalisation, with ``wa_mean``, ``wa_std``,
        ``uar_mean``, ``uar_std`` (NaN for one seed), ``wa_fold_mean``, ``wa_fold_std`` and
        ``n_seeds``.
    """
    seeds = score_seeds(predictions)
    return (
        seeds.groupby(ROW, sort=False)
        .agg(
            wa_mean=("wa", "mean"),
            wa_std=("wa", "std"),
            uar_mean=("uar", "mean"),
            uar_std=("uar", "std"),
            wa_fold_mean=("wa_fold_mean", "mean"),
            wa_fold_std=("wa_fold_std", "mean"),
            n_seeds=("seed", "nunique"),
        )
        .reset_index()
    )


def confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count predictions, averaged over seeds.

    Returns
    -------
    DataFrame
        One row a subset, method, classifier, normalisation and true class; one column a predicted
        class.
    """
    classes = sorted(set(predictions["true"]) | set(predictions["predicted"]))
    tables = []
    for keys, group in predictions.groupby(ROW, sort=False):
        counts = confusion_matrix(group["true"], group["predicted"], labels=classes)
        table = pd.DataFrame(counts / group["seed"].nunique(), columns=classes)
        table.insert(0, "true", classes)
        for column, value in reversed([*zip(ROW, keys, strict=True)]):
            table.insert(0, column, value)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
