"""Is a method better than real data only? Paired comparisons over speakers.

What a method gains is summed up speaker by speaker, on the same folds and seeds as the baseline. If
the method made no difference, each speaker's gain could as well have had the other sign, so the
test tries all signs, 1,024 combinations for ten speakers, without assuming a distribution. That is
exact up to 13 speakers; for more it draws 9,999 combinations. Unlike Wilcoxon's, it tests the very
difference of WA or UAR that is shown.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import nctdtr
from scipy.stats import permutation_test
from scipy.stats import t as student

from adan.evaluation.intervals import SpeakerCounts, count, interval, scores_of, with_interval
from adan.evaluation.scores import ROW

REAL_ONLY = "real only"
"""The method that the others are compared with."""
LEVEL = 0.05
POWER = 0.8
MEASURES = ("wa", "uar")
EXACT_UP_TO = 13
"""Speakers; of more, 9,999 random choices of signs are tried."""
_TABLE = [key for key in ROW if key != "method"]
"""What the methods compared with one baseline have in common."""


def compare(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare every method with `REAL_ONLY` of the same subset, classifier and normalisation.

    Parameters
    ----------
    predictions : DataFrame
        See `adan.evaluation.scores`. Of a method and of real data alone, what is compared are the
        seeds and speakers that both have.

    Returns
    -------
    DataFrame
        One row a subset, method, classifier and normalisation. For ``wa`` and ``uar``, in per cent
        or points, each with ``_low`` and ``_high``, its 95 % interval: ``wa`` itself and
        ``wa_difference`` from the baseline. Then ``wa_p`` of the paired test, ``wa_p_holm``
        corrected by Holm for the number of methods compared with one baseline, ``wa_effect``
        (Cohen's d of the speakers' differences) and ``wa_visible`` (see `visible_difference`).
        ``verdict``, from ``uar_p_holm`` at 5 %: "better", "worse", "not told apart", or
        "baseline". ``n_speakers`` and ``n_seeds``. Where there is no baseline, differences are
        NaN and the verdict is empty.

    References
    ----------
    E. J. G. Pitman, "Significance tests which may be applied to samples from any populations",
    Supplement to the JRSS 4(1), 1937.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6(2), 1979.
    """
    rows: list[dict[str, Any]] = []
    keys = ["seed", "speaker", "true"]
    for _, table in count(predictions).groupby(_TABLE, sort=False):
        reference = table.loc[table["method"] == REAL_ONLY, [*keys, "right"]]
        for method, own in table.groupby("method", sort=False):
            row = own.iloc[0][ROW].to_dict() | scores_of(own)
            paired = own.merge(reference, on=keys, suffixes=("", "_baseline"))
            if method != REAL_ONLY and len(paired):
                row |= _differences(paired)
            rows.append(row)
    compared = pd.DataFrame(rows).reindex(columns=_COLUMNS)
    for measure in MEASURES:
        p_values = compared.groupby(_TABLE, sort=False)[f"{measure}_p"]
        compared[f"{measure}_p_holm"] = p_values.transform(_holm)
    compared["verdict"] = np.select(
        [
            compared["method"] == REAL_ONLY,
            compared["uar_p"].isna(),
            compared["uar_p_holm"] >= LEVEL,
            compared["uar_difference"] > 0,
        ],
        ["baseline", "", "not told apart", "better"],
        "worse",
    )
    return compared


def visible_difference(deviation: float, n_speakers: int) -> float:
    """Return the smallest difference that a paired test over speakers would likely see.

    Parameters
    ----------
    deviation : float
        Standard deviation of the speakers' differences, in points.
    n_speakers : int
        How many speakers there are.

    Returns
    -------
    float
        In points: what a paired t-test at 5 % finds in 80 % of all cases. NaN for fewer than two
        speakers.
    """
    return deviation * _visible_effect(n_speakers)


@cache
def _visible_effect(n_speakers: int) -> float:
    """Return the effect size that a paired t-test finds with `POWER`, by the noncentral t."""
    if n_speakers < 2:
        return np.nan
    critical = student.isf(LEVEL / 2, n_speakers - 1)

    def too_little(effect: float) -> float:
        return 1 - nctdtr(n_speakers - 1, effect * n_speakers**0.5, critical) - POWER

    return float(brentq(too_little, 1e-3, 2 + 2 * critical / n_speakers**0.5))


def power_note(compared: pd.DataFrame) -> str:
    """Return in words which differences the table of `compare` would find, and how often."""
    speakers = int(compared["n_speakers"].max())
    visible = compared.loc[compared["uar_visible"] > 0, "uar_visible"]
    if visible.empty:
        return f"What {speakers} speakers could show cannot be told: no differences vary."
    note = (
        f"With {speakers} speakers, four of five such studies would find a difference of UAR of "
        f"{visible.median():.1f} points ({visible.min():.1f} to {visible.max():.1f}, by row) with "
        "a paired test at 5 %, before Holm's correction. Smaller ones are found less often."
    )
    return note + _too_many(compared, speakers)


def _too_many(compared: pd.DataFrame, speakers: int) -> str:
    methods = int(compared.groupby(_TABLE)["uar_p"].count().max())
    if methods * 2.0 ** (1 - speakers) < LEVEL:
        return ""
    return (
        f" So few speakers cannot tell any of {methods} methods apart after Holm's correction, "
        "whatever the difference."
    )


def _differences(paired: pd.DataFrame) -> dict[str, float]:
    """Compare the columns ``right`` and ``right_baseline``."""
    method, reference = (SpeakerCounts.of(paired, c) for c in ("right", "right_baseline"))
    n = len(method.total)
    row: dict[str, float] = {}
    draws, reference_draws = method.resampled(), reference.resampled()
    gains, reference_gains = method.contributions(), reference.contributions()
    for measure in MEASURES:
        gain = (gains[measure] - reference_gains[measure]).round(9)
        drawn = draws[measure] - reference_draws[measure]
        row |= with_interval(f"{measure}_difference", gain.mean(), interval(drawn, n))
        deviation = gain.std(ddof=1) if n > 1 else np.nan
        row[f"{measure}_p"] = _sign_flip(gain)
        row[f"{measure}_effect"] = gain.mean() / deviation if deviation else np.nan
        row[f"{measure}_visible"] = visible_difference(deviation, n)
    return row


def _sign_flip(gain: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of the mean gain under all choices of the speakers' signs."""
    result = permutation_test(
        (gain,),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf if len(gain) <= EXACT_UP_TO else 9_999,
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(result.pvalue)


def _holm(p: pd.Series) -> pd.Series:
    """Return p-values corrected for their number: the i-th smallest of m times m + 1 - i."""
    known = p.dropna().sort_values()
    times = np.arange(len(known), 0, -1)
    return (known * times).cummax().clip(upper=1).reindex(p.index)


def _columns(measure: str) -> list[str]:
    score = [f"{measure}{end}" for end in ("", "_low", "_high")]
    difference = [f"{measure}_difference{end}" for end in ("", "_low", "_high")]
    return [*score, *difference, *(f"{measure}_{c}" for c in ("p", "p_holm", "effect", "visible"))]


_COLUMNS = [*ROW, *_columns("wa"), *_columns("uar"), "verdict", "n_speakers", "n_seeds"]
