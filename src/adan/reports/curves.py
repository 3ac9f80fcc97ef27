"""Curves of studies of scarcity, and how many recordings a method is worth.

A curve is a score against the number of utterances or speakers that stay. Where every class is rare
in turn, ``uar`` is the mean over these classes and ``recall`` that of the rare class itself, each
measured where it is rare.

A method is worth the recordings that real data alone need to reach the same score: read off the
curve of real data alone of the same classifier, straight lines between its points on a logarithmic
scale. The complete corpus is its last point; nothing beyond either end can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adan.evaluation.comparison import REAL_ONLY
from adan.evaluation.intervals import SpeakerCounts, count, interval
from adan.experiments.scarcity import Kind, Scarcity
from adan.reports.tables import shown, signed

RECOMMENDED = "recommended"
"""The classifier that chooses among all, which stands beside every other one."""
PLAIN = {REAL_ONLY: "none", RECOMMENDED: "8 4"}
"""What is drawn in black, and with which dashes."""
OF_KIND: dict[Kind, str] = {
    "rare": "utterances of the rare class",
    "utterances_per_class": "utterances of every class",
    "speakers": "training speakers",
}
MEASURES = {"recall": "recall of the rare class", "uar": "UAR"}


@dataclass(frozen=True, eq=False)
class Curve:
    """A score of one method against how much stays.

    Attributes
    ----------
    kind : {"rare", "utterances_per_class", "speakers"}
        What is scarce.
    measure : {"recall", "uar"}
        The score, in per cent.
    classifier, label : str
        A classifier and what is done beside it: a method, or, of a classifier named
        "svm, class weights", what follows the comma.
    n : ndarray of shape (p,)
        How much stays, in ascending order; last how much there is.
    values : ndarray of shape (p,)
        The scores, means over seeds.
    draws : ndarray of shape (p, DRAWS)
        Of the bootstrap over speakers, paired between curves.
    n_speakers : int
        How many speakers were drawn from.
    """

    kind: Kind
    measure: str
    classifier: str
    label: str
    n: NDArray[np.float64]
    values: NDArray[np.float64]
    draws: NDArray[np.float64]
    n_speakers: int

    @property
    def intervals(self) -> NDArray[np.float64]:
        """The 95 % interval (p, 2) of each score."""
        return np.array([interval(drawn, self.n_speakers) for drawn in self.draws])

    def gain(self, real: Curve) -> NDArray[np.float64]:
        """Return (p, 3): the difference from real data alone, and the ends of its 95 % interval."""
        places = np.searchsorted(real.n, self.n)
        drawn = self.draws - real.draws[places]
        ends = [interval(draws, self.n_speakers) for draws in drawn]
        return np.column_stack([self.values - real.values[places], ends])

    def worth(self, real: Curve) -> NDArray[np.float64]:
        """Return (p, 3): how many more real data alone need, and the ends of its 95 % interval."""
        places = np.searchsorted(real.n, self.n)

        def further(scores: NDArray[np.float64], targets: NDArray[np.float64]) -> Any:
            pairs = zip(targets, scores[places], strict=True)
            return [_reached(real.n, scores, a) - _reached(real.n, scores, b) for a, b in pairs]

        values = further(real.values[:, None], self.values[:, None])
        ends = [interval(draws, self.n_speakers) for draws in further(real.draws, self.draws)]
        return np.column_stack([values, ends])


def _reached(
    n: NDArray[np.float64], scores: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where curves (p, m) over ``n`` (p,) reach targets (m,), at their ends at most."""
    rising = np.maximum.accumulate(scores, axis=0)
    place = (rising < target).sum(axis=0).clip(1, len(n) - 1)
    columns = np.arange(rising.shape[1])
    low, high = rising[place - 1, columns], rising[place, columns]
    steps = np.where(high > low, high - low, 1)
    share = ((target - low) / steps).clip(0, 1)
    logarithms = np.log(n)
    return np.exp(logarithms[place - 1] * (1 - share) + logarithms[place] * share)


def is_scarce(predictions: pd.DataFrame) -> pd.Series:
    """Tell which predictions were made where data were scarce."""
    scarce = {name: Scarcity.parsed(name)[1] is not None for name in predictions["subset"].unique()}
    return predictions["subset"].map(scarce)


def curves_of(predictions: pd.DataFrame) -> list[Curve]:
    """Return the curves of a study, those of one kind and measure together.

    Parameters
    ----------
    predictions : DataFrame
        See `adan.evaluation.scores`; of one corpus and kind of features. Where there are several
        normalisations, or subsets apart from what is scarce, the first is taken. What leaves as
        much as there is, is no point.
    """
    predictions = predictions[predictions["normalisation"] == predictions["normalisation"].iloc[0]]
    parsed = {name: Scarcity.parsed(name) for name in predictions["subset"].unique()}
    complete = parsed[predictions["subset"].iloc[0]][0]
    subsets = {name: scarce for name, (of, scarce) in parsed.items() if of == complete}
    predictions = predictions[predictions["subset"].isin(subsets)]
    cells = count(predictions)
    found: list[Curve] = []
    for kind, whole in _there(predictions).items():
        some = {name: s for name, s in subsets.items() if s and s.kind == kind and s.n < whole}
        numbers = {name: s.n for name, s in some.items()} | {complete: whole}
        labels = {name: s.label for name, s in some.items()}
        own = cells[cells["subset"].isin(numbers)]
        own = own.assign(n=own["subset"].map(numbers), rare=own["subset"].map(labels))
        for measure in (MEASURES if kind == "rare" else ["uar"]) if some else []:
            found += _of_kind(own, kind, measure)
    return found


def _there(predictions: pd.DataFrame) -> dict[Kind, float]:
    """Return how much of each kind a complete training set has, on average."""
    utterances = predictions.drop_duplicates("utterance")
    of_training = 1 - 1 / utterances["fold"].nunique()
    a_class = len(utterances) / utterances["true"].nunique() * of_training
    speakers = utterances["speaker"].nunique() * of_training
    return {"rare": a_class, "utterances_per_class": a_class, "speakers": speakers}


def _of_kind(cells: pd.DataFrame, kind: Kind, measure: str) -> Iterator[Curve]:
    rare = cells["rare"].dropna().unique()
    for (classifier, method), own in cells.groupby(["classifier", "method"], sort=False):
        if measure == "recall":
            tested = own["true"].eq(own["rare"]) | own["rare"].isna() & own["true"].isin(rare)
            own = own[tested].assign(subset="")  # all classes together: UAR is the mean recall
        scores = [(n, *_score(at)) for n, at in own.groupby("n")]
        if len(scores) > 1:
            n, values, draws, speakers = zip(*scores, strict=True)
            name, _, how = classifier.partition(", ")
            label = RECOMMENDED if name == RECOMMENDED else _label(method, how)
            points = np.array(n), np.array(values), np.array(draws)
            yield Curve(kind, measure, name, label, *points, n_speakers=speakers[0])


def _label(method: str, how: str) -> str:
    return ", ".join(word for word in (method, how) if word and (word != REAL_ONLY or not how))


def _score(cells: pd.DataFrame) -> tuple[float, NDArray[np.float64], int]:
    """Return the mean UAR over subsets, its bootstrap draws and the number of speakers."""
    each = [SpeakerCounts.of(own) for _, own in cells.groupby("subset")]
    value = float(np.mean([counts.scores()["uar"] for counts in each]))
    draws = np.mean([counts.resampled()["uar"] for counts in each], axis=0)
    return value, draws, len(each[0].total)


def table(found: Sequence[Curve]) -> pd.DataFrame:
    """Return the curves of all panels as a table, without their ends, where nothing is scarce.

    Returns
    -------
    DataFrame
        One row a point: ``kind``, ``classifier``, ``label``, ``stays`` (such as "5 utterances of
        the rare class"), ``score`` (in words), ``n``, ``value``, and set beside real data alone
        with the same classifier (NaN for itself, or where there is none) ``gain`` and ``worth``,
        each of the last three with ``_low`` and ``_high``.
    """
    rows = []
    for (kind, measure, classifier), own in panels(found).items():
        real = next((curve for curve in own if curve.label == REAL_ONLY), None)
        for curve in own:
            beside = np.full((len(curve.n), 6), np.nan)
            if real is not None and real is not curve and set(curve.n) <= set(real.n):
                beside = np.hstack([curve.gain(real), curve.worth(real)])
            words = {
                "kind": kind,
                "classifier": shown(classifier),
                "label": curve.label,
                "score": MEASURES[measure],
            }
            points = np.column_stack([curve.n, curve.values, curve.intervals, beside])
            for point in points[:-1].tolist():
                stays = {"stays": f"{point[0]:.0f} {OF_KIND[kind]}"}
                rows.append(words | stays | dict(zip(_NUMBERS, point, strict=True)))
    return pd.DataFrame(rows)


_NUMBERS = [
    "n",
    *(f"{name}{end}" for name in ("value", "gain", "worth") for end in ("", "_low", "_high")),
]


def said(found: Sequence[Curve]) -> list[str]:
    """Say where least stays which UAR is the highest with each classifier."""
    if not found:
        return []
    sentences, points = [], table(found)
    uar = points[points["score"] == MEASURES["uar"]]
    for (_, classifier), own in uar.groupby(["kind", "classifier"], sort=False):
        named = own["gain"].notna() & (own["label"] != RECOMMENDED)
        least = own[(own["n"] == own["n"].min()) & named]
        if len(least):
            sentences.append(_of_best(least.loc[least["value"].idxmax()], classifier))
    return sentences


def _of_best(best: pd.Series, classifier: str) -> str:
    alone = best["value"] - best["gain"]
    start = f"With {best['stays']} the UAR of the {classifier} is {alone:.1f} on real data alone"
    if best["gain"] <= 0:
        label, value = best["label"], best["value"]
        return f"{start}, and no method has more ({label}, the best, has {value:.1f})."
    gain, low, high = (signed(best[f"gain{end}"]) for end in ("", "_low", "_high"))
    return (
        f"{start}. With {best['label']} it is {best['value']:.1f} ({gain} points, 95 % interval "
        f"{low} to {high}). Real data alone would need {best['worth']:z.0f} more for as much."
    )


def panels(found: Sequence[Curve]) -> dict[tuple[Kind, str, str], list[Curve]]:
    """Return the curves of each kind, measure and classifier, the recommended one among all."""
    gathered: dict[tuple[Kind, str, str], list[Curve]] = {}
    for curve in found:
        if curve.classifier != RECOMMENDED:
            gathered.setdefault((curve.kind, curve.measure, curve.classifier), []).append(curve)
    for (kind, measure, _), own in gathered.items():
        own += [
            curve
            for curve in found
            if (curve.kind, curve.measure, curve.classifier) == (kind, measure, RECOMMENDED)
        ]
    return gathered


def heading(measure: str, classifier: str) -> str:
    """Return what stands above a panel."""
    return f"{shown(classifier)}: {MEASURES[measure]}"
