"""Figures of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from adan._files import replacing
from adan.evaluation.scores import ROW, confusion

PALETTE = ("#d62728", "#9467bd", "#8c564b", "#2ca02c", "#ff7f0e", "#7f7f7f", "#1f77b4", "#17becf")


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG and SVG and return the two paths."""
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    for path in paths:
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=150, bbox_inches="tight")
    return paths


def figure2(history: Mapping[str, NDArray[np.floating]], *, title: str) -> Figure:
    """Draw the losses along training (Figure 2), D's balance and the gradients G receives.

    Parameters
    ----------
    history : mapping of str to ndarray of shape (epochs,)
        ``ADAN.history_``.
    title : str
        What was trained on what.
    """
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    epochs = np.arange(1, len(history["loss_discriminator"]) + 1)
    for axes, (heading, curves) in zip(panels, _CURVES.items(), strict=True):
        for name, label in curves.items():
            axes.plot(epochs, history[name], label=label)
        axes.set(title=heading, xlabel="epoch")
        axes.grid(alpha=0.3)
        axes.legend(framealpha=0.7, fontsize=8)
    panels[1].set_yscale("log")
    panels[2].set_ylim(-0.02, 1.02)
    panels[2].axhline(0.5, color="grey", linewidth=0.8, linestyle=":")
    figure.suptitle(title)
    return figure


_CURVES = {
    "Cross-entropy losses": {
        "loss_discriminator": "discriminator D, (1)",
        "loss_generator": "generator G, (6) or (5)",
        "loss_classifier": "auxiliary classifier C, (2)",
    },
    "Squared error of the autoencoder, summed over features": {
        "loss_reconstruction": "decoder R, (3)"
    },
    "Balance of the game": {
        "discriminator_real": "mean D of real latents",
        "discriminator_synthetic": "mean D of synthetic latents",
        "accuracy_real": "C right on real latents",
        "accuracy_synthetic": "C right on synthetic latents",
    },
    "Norm of the gradient that reaches G": {
        "gradient_discriminator": "from D",
        "gradient_classifier": "from C",
    },
}


def figure3(
    spaces: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating]]],
    real_labels: NDArray[Any],
    synthetic_labels: NDArray[Any],
    *,
    title: str,
    seed: int = 0,
) -> Figure:
    """Map real and synthetic vectors to the plane by t-SNE (Figure 3).

    Parameters
    ----------
    spaces : mapping of panel heading to (real, synthetic)
        Arrays of shape (n_real, d) and (n_synthetic, d).
    real_labels, synthetic_labels : ndarray of shape (n_real,) and (n_synthetic,)
        The emotion of each. One colour an emotion, light for real and dark for synthetic.
    title : str
        What was trained on what.
    seed : int, default=0
        Seed of t-SNE.
    """
    figure = Figure(figsize=(13, 6), layout="constrained")
    panels = figure.subplots(1, len(spaces))
    for axes, (heading, (real, synthetic)) in zip(panels, spaces.items(), strict=True):
        points = tsne(np.vstack([real, synthetic]), seed)
        for colour, emotion in zip(PALETTE, np.unique(real_labels), strict=False):
            for place, labels, shade, marker, origin in (
                (points[: len(real)], real_labels, _lighter(colour), "o", "real"),
                (points[len(real) :], synthetic_labels, _darker(colour), "^", "synthetic"),
            ):
                chosen = place[labels == emotion]
                axes.scatter(
                    *chosen.T, s=14, color=shade, marker=marker, label=f"{emotion}, {origin}"
                )
        axes.set(title=heading, xticks=[], yticks=[])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=7, frameon=False)
    figure.suptitle(title)
    return figure


def tsne(X: NDArray[np.floating], seed: int) -> NDArray[np.floating]:
    """Return the t-SNE map (n, 2) of vectors (n, d), after PCA to 50 dimensions at the most."""
    components = min(50, *X.shape)
    reduced = PCA(components, random_state=seed).fit_transform(X)
    perplexity = min(30, (len(X) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(reduced)


def confusion_matrices(predictions: pd.DataFrame, *, title: str) -> Figure:
    """Draw one confusion matrix for each method and classifier, rows in per cent of the class."""
    counts = confusion(predictions)
    classes = [c for c in counts if c not in (*ROW, "true")]
    kinds = [(part, c) for part, c in counts[["part", "classifier"]].drop_duplicates().to_numpy()]
    methods = list(counts["method"].unique())
    figure = Figure(figsize=(3.2 * len(methods), 3.3 * len(kinds)), layout="constrained")
    panels = figure.subplots(len(kinds), len(methods), squeeze=False)
    for (part, method, classifier), table in counts.groupby(ROW[:3], sort=False):
        axes = panels[kinds.index((part, classifier)), methods.index(method)]
        values = table[classes].to_numpy()
        _matrix(axes, 100 * values / values.sum(axis=1, keepdims=True), classes)
        where = "" if part == "all" else f", {part}"
        axes.set_title(f"{method}, {classifier.upper()}{where}", fontsize=10)
    figure.suptitle(title)
    figure.supxlabel("predicted")
    figure.supylabel("true")
    return figure


def _matrix(axes: Axes, shares: NDArray[np.floating], classes: Sequence[str]) -> None:
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    axes.set_xticks(range(len(classes)), classes, rotation=90, fontsize=7)
    axes.set_yticks(range(len(classes)), classes, fontsize=7)
    for i, j in np.ndindex(shares.shape):
        if shares[i, j] >= 0.5:
            shade = "white" if shares[i, j] > 55 else "black"
            axes.text(
                j, i, f"{shares[i, j]:.0f}", ha="center", va="center", color=shade, fontsize=6
            )


def _lighter(colour: str) -> NDArray[np.floating]:
    return 1 - 0.45 * (1 - np.array(to_rgb(colour)))


def _darker(colour: str) -> NDArray[np.floating]:
    return 0.6 * np.array(to_rgb(colour))
