"""Coordinates of the report's inline drawings; its template puts them into SVG and CSS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from adan._colours import CLASSES
from adan.reports import curves as scarce
from adan.reports.figures import CURVES

WIDTH, HEIGHT = 400, 220
"""The plotting area of a panel of curves, in units of its drawing."""

SIDE = 1000
"""The side of a map, in units of its drawing."""

_DASHES = ("none", "8 4", "2 3", "9 3 2 3")


def curves(history: pd.DataFrame) -> list[dict[str, Any]]:
    """Lay out the panels of Figure 2.

    Parameters
    ----------
    history : DataFrame
        ``ADAN.history_``, one row an epoch; a panel whose columns it lacks is left out.

    Returns
    -------
    list of mapping
        A panel's ``heading``, its ``lines`` (``label``, ``path``, ``colour``, ``dash``, ``first``
        and ``last`` value), and its ticks ``x`` and ``y`` (position and text).
    """
    panels = []
    for heading, labels in CURVES.items():
        there = {
            text: history[name].to_numpy(float) for name, text in labels.items() if name in history
        }
        if there and np.isfinite([*there.values()]).all():
            panels.append({"heading": heading, **_panel(there)})
    return panels


def _panel(curves: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    values = np.array([*curves.values()])
    shares = values.min() >= 0 and values.max() <= 1
    low, high = (0.0, 1.0) if shares else (min(0.0, values.min()), values.max())
    across, x = _axis(1, max(values.shape[1], 2), WIDTH, whole=True)
    up, y = _axis(low, high, HEIGHT)
    places = across(np.arange(1, values.shape[1] + 1))
    lines = [
        {
            "label": label,
            "path": _path(places, HEIGHT - up(curve)),
            "bars": "",
            "colour": colour,
            "dash": dash,
            "first": f"{curve[0]:.3g}",
            "last": f"{curve[-1]:.3g}",
        }
        for (label, curve), colour, dash in zip(curves.items(), CLASSES, _DASHES, strict=False)
    ]
    return {"lines": lines, "x": x, "y": [(HEIGHT - place, text) for place, text in y]}


def learning_curves(curves: Sequence[scarce.Curve]) -> list[dict[str, Any]]:
    """Lay out scores against how much stays where data are scarce, as `curves` does losses.

    Lines have their 95 % intervals as ``bars``, and panels the words ``below`` them.
    """
    panels = []
    others = [curve.label for curve in curves if curve.label not in scarce.PLAIN]
    looks = {
        label: (CLASSES[i % len(CLASSES)], _DASHES[i // len(CLASSES) % len(_DASHES)])
        for i, label in enumerate(dict.fromkeys(others))
    } | {label: ("currentColor", dash) for label, dash in scarce.PLAIN.items()}
    for key, own in scarce.panels(curves).items():
        ends = np.concatenate([np.r_[c.values, c.intervals.ravel()] for c in own])
        across, _ = _axis(np.log(own[0].n[0]), np.log(own[0].n[-1]), WIDTH)
        up, y = _axis(np.nanmin(ends), np.nanmax(ends), HEIGHT)
        lines = [
            {
                "label": curve.label,
                "path": _path(across(np.log(curve.n)), HEIGHT - up(curve.values)),
                "bars": "".join(
                    f"M{x:.1f} {HEIGHT - up(low):.1f}V{HEIGHT - up(high):.1f}"
                    for x, (low, high) in zip(across(np.log(curve.n)), curve.intervals, strict=True)
                    if np.isfinite(low)
                ),
                "colour": looks[curve.label][0],
                "dash": looks[curve.label][1],
                "first": f"{curve.values[0]:.1f}",
                "last": f"{curve.values[-1]:.1f}",
            }
            for curve in own
        ]
        x = [(float(across(np.log(n))), f"{n:.0f}") for n in own[0].n]
        panels.append(
            {
                "heading": scarce.heading(*key[1:]),
                "below": scarce.OF_KIND[key[0]],
                "lines": lines,
                "x": x,
                "y": [(HEIGHT - place, text) for place, text in y],
            }
        )
    return panels


def intervals(rows: pd.DataFrame, measure: str) -> dict[str, Any]:
    """Lay out differences from real data alone, in per cent of the width.

    Parameters
    ----------
    rows : DataFrame
        With ``label``, ``verdict``, ``published_MEASURE_difference`` (or NaN) and the columns
        ``MEASURE_difference``, ``..._low`` and ``..._high`` of
        `adan.evaluation.comparison.compare`.
    measure : {"wa", "uar"}
        The score.

    Returns
    -------
    mapping
        ``rows`` (``label``, ``verdict``, the ``difference`` with its interval and where they are,
        ``at``; the difference that is ``published`` and ``published_at``), the place of ``zero``,
        and ``ticks`` (place and text).
    """
    columns = [f"{measure}_difference{end}" for end in ("", "_low", "_high")]
    published = f"published_{measure}_difference"
    limits = rows[[*columns, published]].to_numpy(float)
    low, high = np.nanmin([*limits.ravel(), -1]), np.nanmax([*limits.ravel(), 1])
    margin = 0.04 * (high - low)
    place, ticks = _axis(low - margin, high + margin, 100)
    drawn = [
        {
            "label": row["label"],
            "verdict": row["verdict"],
            "difference": [row[column] for column in columns],
            "at": [float(place(row[column])) for column in columns],
            "published": None if np.isnan(row[published]) else row[published],
            "published_at": float(place(row[published])),
        }
        for row in rows.to_dict("records")
    ]
    return {"rows": drawn, "zero": float(place(0)), "ticks": ticks}


def maps(points: pd.DataFrame) -> list[dict[str, Any]]:
    """Lay out the maps of Figure 3.

    Parameters
    ----------
    points : DataFrame
        What `adan.reproduction.figures.map_points` returns.

    Returns
    -------
    list of mapping
        A map's ``space``, the places ``x`` and ``y`` of all points in whole units, and ``marks``:
        for each emotion and kind of point, one path of dots or of triangles.
    """
    drawn = []
    for space, there in points.groupby("space", sort=False):
        places = there[["x", "y"]].to_numpy(float)
        places -= (places.max(axis=0) + places.min(axis=0)) / 2
        places = np.rint(SIDE / 2 + 0.96 * SIDE * places / (np.ptp(places, axis=0).max() or 1))
        x, y = places.astype(int).T
        marks = [
            {
                "emotion": emotion,
                "synthetic": synthetic,
                "path": " ".join(
                    f"M{x[i]} {SIDE - y[i]}{_TRIANGLE if synthetic else 'h0'}" for i in indices
                ),
            }
            for synthetic, emotion in sorted(
                {*zip(there["synthetic"], there["emotion"], strict=True)}
            )
            for indices in [
                np.flatnonzero((there["synthetic"] == synthetic) & (there["emotion"] == emotion))
            ]
        ]
        drawn.append({"space": space, "x": x.tolist(), "y": (SIDE - y).tolist(), "marks": marks})
    return drawn


_TRIANGLE = "m0-9l9 16h-18z"


def _path(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return "M" + " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _axis(
    low: float, high: float, length: float, *, whole: bool = False
) -> tuple[Any, list[tuple[float, str]]]:
    """Return what turns a value into a place between 0 and ``length``, and the ticks."""

    def place(value: Any) -> Any:
        return length * (value - low) / ((high - low) or 1)

    ticks = MaxNLocator(5, integer=whole).tick_values(low, high)
    return place, [
        (float(place(t)), f"{t:g}".replace("-", "\N{MINUS SIGN}"))
        for t in ticks
        if low <= t <= high
    ]
