"""What it is like to have little: which training utterances of a fold stay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

Kind = Literal["utterances_per_class", "speakers", "rare"]
COMPLETE = "all"
"""The subset that is the whole corpus."""


@dataclass(frozen=True)
class Scarcity:
    """Which training utterances of a fold stay; the test utterances all do.

    Attributes
    ----------
    kind : {"utterances_per_class", "speakers", "rare"}
        What is scarce: utterances of every class, speakers, or utterances of one class.
    n : int
        How many stay; all, where there are no more.
    label : str
        The class that is rare; else empty.
    """

    kind: Kind
    n: int
    label: str = ""

    @property
    def name(self) -> str:
        """What it is called, such as "5 a class", "3 speakers" or "5 of happiness"."""
        if self.kind == "rare":
            return f"{self.n} of {self.label}"
        what = "a class" if self.kind == "utterances_per_class" else "speakers"
        return f"{self.n} {what}"

    def subset(self, of: str) -> str:
        """Return the name of the subset of a study that it makes of another one."""
        return self.name if of == COMPLETE else f"{of}, {self.name}"

    @classmethod
    def parsed(cls, subset: str) -> tuple[str, Self | None]:
        """Return the subset that is scarce, by its name, and how; None where nothing is."""
        pattern = r"(?:(.+), )?(\d+) (?:(a class)|(speakers)|of (.+))"
        found = re.fullmatch(pattern, subset, re.DOTALL)
        if not found:
            return subset, None
        of, n, *what, label = found.groups()
        kind: Kind = "utterances_per_class" if what[0] else "speakers" if what[1] else "rare"
        return of or COMPLETE, cls(kind, int(n), label or "")

    def kept(
        self, y: NDArray[Any], speakers: NDArray[Any], seed: int, fold: int
    ) -> NDArray[np.bool_]:
        """Draw the training rows that stay.

        Parameters
        ----------
        y, speakers : ndarray of shape (n,)
            Class and speaker of each training row.
        seed, fold : int
            What the draw comes from. Of one seed and fold, those that stay where fewer do stay
            where more do, too.

        Returns
        -------
        ndarray of shape (n,), bool
            Whether each row stays.
        """
        rng = np.random.default_rng([seed, fold])
        if self.kind == "speakers":
            return np.isin(speakers, rng.permutation(np.unique(speakers))[: self.n])
        order = rng.permutation(len(y))
        kept = np.ones(len(y), bool)
        for label in [self.label] if self.kind == "rare" else np.unique(y):
            kept[order[y[order] == label][self.n :]] = False
        return kept
