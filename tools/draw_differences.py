"""Draw docs/images/differences.png, the picture of the README, from the tables of docs/results.md.

``python tools/draw_differences.py`` after a figure of these tables has changed.
"""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt

MINUS = "\N{MINUS SIGN}"
DOCS = Path(__file__).parents[1] / "docs"
METHODS = {
    "Data duplication": "duplication",
    "Adding noise": "noise",
    "SMOTE": "SMOTE",
    "ADAN": "ADAN of the paper",
    "real + 10 sets": "transfer, a variant",
}
CLASSIFIERS = {"SVM": ("#0072b2", "o", -0.14), "DNN": ("#d55e00", "s", 0.14)}
"""Colour, marker and offset of each; the colours are told apart by colour-blind readers, too."""


def differences(page: str) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return by method and classifier: the difference of UAR, and where there are any its limits.

    Tables on the same question may stand below one another; the first that has a row counts.
    """
    found: dict[tuple[str, str], tuple[float, ...]] = {}
    for line in page.splitlines():
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        row = re.fullmatch(r"(.+) \+ (SVM|DNN)", name)
        other = re.fullmatch(r"(SVM|DNN): (real \+ 10 sets)", name)
        if not (row or other):
            continue
        key = row.groups() if row else other.groups()[::-1]
        cell = cells[-1] if row else cells[2]
        numbers = re.findall(r"[+-]?\d+\.\d", cell.replace(MINUS, "-"))
        found.setdefault(key, tuple(map(float, numbers)))
    return found


def draw(found: dict[tuple[str, str], tuple[float, ...]]) -> plt.Figure:
    """Draw a dot and a bar for each method and classifier."""
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    axes.axvline(0, color="#444444", linewidth=1)
    for classifier, (colour, marker, offset) in CLASSIFIERS.items():
        for place, method in enumerate(METHODS):
            middle, *limits = found[method, classifier]
            low, high = limits or (middle, middle)
            axes.errorbar(
                middle,
                place + offset,
                xerr=[[middle - low], [high - middle]],
                fmt=marker,
                color=colour,
                markersize=7,
                capsize=4,
                linewidth=2,
                label=classifier if place == 0 else None,
            )
    axes.set_yticks(range(len(METHODS)), METHODS.values(), fontsize=12)
    axes.set_ylim(len(METHODS) - 0.5, -0.8)
    axes.set_xlim(-11, 6)
    axes.tick_params(axis="x", labelsize=11)
    axes.set_xlabel("points of UAR, with 95 % interval for other speakers", fontsize=12)
    sides = {"worse than real data alone": (-0.3, "right"), "better": (0.3, "left")}
    for words, (x, side) in sides.items():
        axes.text(x, -0.6, words, ha=side, fontsize=12, backgroundcolor="white")
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(loc="center left", bbox_to_anchor=(0.05, 0.7), fontsize=12, frameon=False)
    return figure


if __name__ == "__main__":
    plt.switch_backend("agg")
    found = differences((DOCS / "results.md").read_text(encoding="utf-8"))
    draw(found).savefig(DOCS / "images" / "differences.png", dpi=200)
