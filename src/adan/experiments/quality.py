"""The quality of what a synthesizer draws, beside a held-out speaker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from adan.evaluation.quality import ALL, FLOOR, Dataset, measure
from adan.synthesis.health import BALANCE, balance

ROWS = 2500
"""Real vectors that are looked at; of more, as many are drawn at random."""


def quality_of(synthesizer: Any, real: Dataset, held_out: Dataset) -> pd.DataFrame:
    """Measure one synthetic set, of the size and class make-up of the real one.

    Parameters
    ----------
    synthesizer : Synthesizer
        Fitted to ``real``.
    real, held_out : tuple of ndarray of shape (n, d) and (n,)
        Vectors of the training speakers and of the test speaker, normalised, and their labels.

    Returns
    -------
    DataFrame
        The columns of `adan.evaluation.quality.measure`, and ``space``: "features", or "latent" if
        there is an encoder; in row "all" of the features ``discriminator_real`` and
        ``discriminator_synthetic``, the means of D at the end of training. `of_method` puts a
        name in.
    """
    real, held_out = _some(real), _some(held_out)
    tables = [measure(real, {"": synthesizer.sample(real[1])}, held_out).assign(space="features")]
    all_drawn = (tables[0]["method"] == "") & (tables[0]["class"] == ALL)
    tables[0].loc[all_drawn, list(BALANCE)] = balance(getattr(synthesizer, "history_", {}))
    if hasattr(synthesizer, "encode"):
        latent = measure(
            (synthesizer.encode(real[0]), real[1]),
            {"": (synthesizer.sample_latent(real[1]), real[1])},
            (synthesizer.encode(held_out[0]), held_out[1]),
        )
        tables.append(latent.assign(space="latent"))
    return pd.concat(tables, ignore_index=True)


def of_method(quality: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put a method's name into a table of `quality_of`; each latent space is one method's own."""
    return quality.assign(
        space=quality["space"].replace("latent", f"latent of {name}"),
        method=quality["method"].where(quality["method"] == FLOOR, name),
    )


def _some(data: Dataset) -> Dataset:
    X, y = data
    if len(y) <= ROWS:
        return data
    rows = np.random.default_rng(0).choice(len(y), ROWS, replace=False)
    return X[rows], y[rows]
