"""The colours of every drawing: figures, reports and the demo page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

CLASSES = ("#d55e00", "#cc79a7", "#009e73", "#56b4e9", "#e69f00", "#8c8c8c", "#0072b2", "#f0e442")
"""Colours that colour-blind readers tell apart (Okabe and Ito 2008), one a class or curve."""

THEMES = {
    "light": {
        "page": "#fffefb",
        "ink": "#1d1d1f",
        "quiet": "#5f6068",
        "rule": "#d9d6cf",
        "faint": "#f3f1eb",
        "accent": "#0072b2",
        "better": "#00704f",
        "worse": "#b04a00",
        "shade": "#0072b2",
    },
    "dark": {
        "page": "#17181b",
        "ink": "#e9e7e2",
        "quiet": "#a2a3ab",
        "rule": "#3a3b40",
        "faint": "#212227",
        "accent": "#6cbcf0",
        "better": "#4fc79c",
        "worse": "#f0945a",
        "shade": "#3a94d0",
    },
    "print": {
        "page": "#fff",
        "ink": "#000",
        "quiet": "#444",
        "rule": "#bbb",
        "faint": "#f3f3f3",
        "accent": "#004d7a",
        "better": "#00593f",
        "worse": "#933d00",
        "shade": "#0072b2",
    },
}
"""Colours by their meaning: on a light page, on a dark one and on paper."""


def by_class(labels: Iterable[str]) -> dict[str, str]:
    """Give each class its colour, the same in every drawing of the same classes."""
    return dict(zip(sorted(labels), cycle(CLASSES), strict=False))
