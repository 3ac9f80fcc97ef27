"""The quality of what synthesizers of a study draw, on a few of its folds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import LeaveOneGroupOut

from adan._progress import progress_bar
from adan.evaluation.normalisation import normalise
from adan.evaluation.quality import ALL, measure
from adan.experiments.study import Data, Method, synthesizer_seed
from adan.synthesis.base import Synthesizer, fit_all
from adan.synthesis.duplication import Duplication
from adan.synthesis.health import BALANCE, balance
from adan.synthesis.noise import AdditiveNoise
from adan.synthesis.smote import SMOTE

CALIBRATION = {"duplication": Duplication(), "noise": AdditiveNoise(), "smote": SMOTE()}
"""What every method is set beside."""


def quality_of(
    methods: Mapping[str, Method],
    data: Data,
    *,
    normalisation: str = "fold",
    folds: int = 3,
    progress: bool = False,
) -> pd.DataFrame:
    """Measure one synthetic set of each method, of the size and class make-up of the real one.

    Parameters
    ----------
    methods : mapping of name to Method
        Of a study; those that share a synthesizer stand under the first name. Duplication, noise
        and SMOTE are added for calibration.
    data : Data
        The utterances of the study.
    normalisation : {"fold", "corpus", "speaker"}, default="fold"
        As of the study.
    folds : int, default=3
        The folds to look at, from the first; the networks are those of the study's seed 0.
    progress : bool, default=False
        Show progress bars on standard error.

    Returns
    -------
    DataFrame
        The columns of `adan.evaluation.quality.measure`, ``fold``, and ``space``: "features", or
        "latent of" a method that has an encoder; in row "all" of the features
        ``discriminator_real`` and ``discriminator_synthetic``, the means of D at the end of
        training.
    """
    splits = [*LeaveOneGroupOut().split(data.X, data.y, data.groups)][:folds]
    parts = [_part(data, test, normalisation) for _, test in splits]
    fitted = {
        name: [
            clone(synthesizer).set_params(random_state=synthesizer_seed(0, i))
            for i in range(len(parts))
        ]
        for name, synthesizer in _different(methods).items()
    }
    for synthesizers in fitted.values():
        fit_all(synthesizers, [real for real, _ in parts], progress=progress)
    tables = []
    for i, (real, held_out) in enumerate(
        progress_bar(iterable=parts, desc="quality", disable=not progress, unit="fold")
    ):
        own = {name: synthesizers[i] for name, synthesizers in fitted.items()}
        fold = data.groups[splits[i][1]][0]
        tables.append(_measured(own, real, held_out).assign(fold=fold))
    table = pd.concat(tables, ignore_index=True)
    first = ["space", "method", "fold", "class"]
    return table[[*first, *table.columns.drop(first)]]


def _different(methods: Mapping[str, Method]) -> dict[str, Synthesizer]:
    """Return the synthesizers of the methods, each once, with those of the calibration."""
    named = {name: m.synthesizer for name, m in methods.items() if m.synthesizer is not None}
    first: dict[str, str] = {}
    for name, synthesizer in {**named, **CALIBRATION}.items():
        first.setdefault(f"{type(synthesizer).__name__} {synthesizer.get_params()}", name)
    return {name: {**CALIBRATION, **named}[name] for name in first.values()}


def _part(data: Data, test: Any, normalisation: str) -> tuple[Any, Any]:
    """Return the real vectors that synthesizers learn from, and the held-out ones, of a fold."""
    train = ~np.isin(np.arange(len(data.X)), test)
    X, X_test = normalise(data.X, train, data.speakers, normalisation)
    learnable = data.learnable[train]
    return (X[learnable], data.y[train][learnable]), (X_test, data.y[test])


def _measured(fitted: Mapping[str, Any], real: Any, held_out: Any) -> pd.DataFrame:
    drawn = {name: synthesizer.sample(real[1]) for name, synthesizer in fitted.items()}
    features = measure(real, drawn, held_out).assign(space="features")
    for name, synthesizer in fitted.items():
        row = (features["method"] == name) & (features["class"] == ALL)
        features.loc[row, BALANCE] = balance(getattr(synthesizer, "history_", {}))
    latent = [
        measure(
            (synthesizer.encode(real[0]), real[1]),
            {name: (synthesizer.sample_latent(real[1]), real[1])},
            (synthesizer.encode(held_out[0]), held_out[1]),
        ).assign(space=f"latent of {name}")
        for name, synthesizer in fitted.items()
        if hasattr(synthesizer, "encode")
    ]
    return pd.concat([features, *latent])
