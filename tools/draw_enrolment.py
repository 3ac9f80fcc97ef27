"""Draw docs/images/enrolment.png from the card of a recogniser: what knowing a voice gives.

``adan train emodb -o model.adan``, then ``python tools/draw_enrolment.py model.adan``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from adan.recognition import bundle

PATH = Path(__file__).parents[1] / "docs" / "images" / "enrolment.png"
KINDS = {
    "any emotions": ("#0072b2", "o", "utterances of any emotions"),
    "one emotion": ("#d55e00", "s", "all of one emotion"),
}
"""Colour, marker and words of each; the colours are told apart by colour-blind readers, too."""


def draw(card: dict[str, Any]) -> plt.Figure:
    """Draw the UAR against the number of utterances that enrolled, with 95 % intervals."""
    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    alone = card["unseen_speakers"]["uar"]
    first = {"uar": alone["value"], "uar_low": alone["low"], "uar_high": alone["high"]}
    for offset, (kind, (colour, marker, words)) in zip((-0.06, 0.06), KINDS.items(), strict=True):
        scores = {"0": first, **card["enrolment"][kind]}
        places = [place + offset for place in range(len(scores))]
        middle = [s["uar"] for s in scores.values()]
        bars = [
            [s["uar"] - s["uar_low"] for s in scores.values()],
            [s["uar_high"] - s["uar"] for s in scores.values()],
        ]
        axes.errorbar(
            places,
            middle,
            bars,
            fmt=marker + "-",
            color=colour,
            capsize=4,
            linewidth=2,
            label=words,
        )
    axes.set_xticks(range(len(scores)), [*scores], fontsize=11)
    axes.set_xlabel("unlabelled utterances of the speaker, which are not scored", fontsize=12)
    axes.set_ylabel("UAR in per cent,\nwith 95 % interval for other speakers", fontsize=12)
    axes.grid(axis="y", color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", fontsize=12, frameon=False)
    return figure


if __name__ == "__main__":
    plt.switch_backend("agg")
    draw(bundle.load(Path(sys.argv[1])).card).savefig(PATH, dpi=200)
