"""What tables of a study say: scores with their comparison, and the notes below them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from adan.evaluation.comparison import compare, power_note
from adan.evaluation.normalisation import described
from adan.evaluation.quality import quality_warnings
from adan.evaluation.scores import ROW, score


def measured(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `compare`, and the spread over seeds and folds of `score`."""
    spread = score(predictions)[[*ROW, "wa_std", "uar_std", "wa_fold_mean", "wa_fold_std"]]
    return compare(predictions).merge(spread, on=ROW)


def label(method: str, classifier: str) -> str:
    """Return what a row is called that the paper does not have, such as "transfer + SVM"."""
    return f"{method} + {shown(classifier)}"


def shown(classifier: str) -> str:
    """Return a classifier's name with its abbreviations in capitals."""
    return re.sub(r"\b(svm|dnn)\b", lambda found: found[0].upper(), classifier)


def protocol_notes(predictions: pd.DataFrame, protocol: str = "speaker") -> list[str]:
    """Return how predictions on one corpus came about: data, protocol, normalisation, seeds.

    With protocol "corpus" it is several, of which each is left out.
    """
    first = predictions.iloc[0]
    utterances = predictions.drop_duplicates("utterance")
    classes = ", ".join(f"{n} {label}" for label, n in utterances["true"].value_counts().items())
    if protocol != "corpus":
        of_speakers = (predictions["fold"] == predictions["speaker"]).all()
        protocol = "speaker" if of_speakers else "session"
    how = predictions["normalisation"].unique()
    features = ", ".join(predictions["features"].unique())
    return [
        f"{first['corpus']}, {features}: {len(utterances)} utterances ({classes}) of "
        f"{predictions['speaker'].nunique()} speakers.",
        f"Leave one {protocol} out, {predictions['fold'].nunique()} folds; WA and UAR in per cent, "
        "of the predictions pooled over folds.",
        *(f"Normalisation “{name}”: {described(name)}." for name in how),
        *([_ONE_SEED] if predictions["seed"].nunique() == 1 else []),
    ]


_ONE_SEED = "One seed: before believing a difference of a point or two, run ten (--seeds 10)."


def quality_notes(quality: pd.DataFrame) -> list[str]:
    """Return what the table ``quality`` of a run says of the methods; copies are left in peace."""
    folds = ", ".join(quality["fold"].unique())
    methods = quality[(quality["space"] == "features") & ~quality["method"].isin(_COPIES)]
    note = f"Quality of the synthetic vectors, with {folds} left out in turn: `quality.parquet`."
    return [" ".join([note, *quality_warnings(methods)])]


_COPIES = ("duplication", "noise", "smote")
"""Methods that every other one is set beside, and that memorise by design."""


def statistics_notes(table: pd.DataFrame) -> list[str]:
    """Return what intervals and verdicts of a table of `measured` mean, and what it cannot tell."""
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
            f"{n_seeds:.0f} seeds: each trains every synthesizer and classifier anew. Figures are "
            f"means over them; their standard deviation is {table['uar_std'].max():.1f} points of "
            "UAR at the most.",
        )
    return notes


def signed(value: float) -> str:
    """Return a difference with its sign, a true minus; nothing for NaN."""
    text = number(value)
    return f"+{text}" if value > 0 and float(text) else text


def number(value: float, digits: int = 1) -> str:
    """Return a number with a true minus; nothing for NaN."""
    return "" if np.isnan(value) else f"{value:z.{digits}f}".replace("-", "\N{MINUS SIGN}")
