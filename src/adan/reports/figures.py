"""Figures of a study, drawn from what its run left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from adan._colours import CLASSES, by_class
from adan._files import replacing
from adan.evaluation.scores import ROW, confusion
from adan.reports import curves as scarce
from adan.reports.tables import shown


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
    for axes, (heading, curves) in zip(panels, CURVES.items(), strict=True):
        axes.set_prop_cycle(color=CLASSES)
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


CURVES = {
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


def figure3(points: pd.DataFrame, *, title: str) -> Figure:
    """Draw the maps of real and synthetic vectors (Figure 3).

    Parameters
    ----------
    points : DataFrame
        What `adan.reproduction.figures.map_points` returns. One colour an emotion, light for real
        and dark for synthetic.
    title : str
        What was trained on what.
    """
    figure = Figure(figsize=(13, 6), layout="constrained")
    spaces = points.groupby("space", sort=False)
    panels = figure.subplots(1, len(spaces), squeeze=False)[0]
    colours = by_class(points["emotion"].unique())
    for axes, letter, (space, there) in zip(panels, ascii_lowercase, spaces, strict=False):
        for emotion, some in there.groupby("emotion"):
            colour = colours[emotion]
            for origin, chosen, shade, marker in (
                ("real", some[~some["synthetic"]], _lighter(colour), "o"),
                ("synthetic", some[some["synthetic"]], _darker(colour), "^"),
            ):
                label = f"{emotion}, {origin}"
                axes.scatter(
                    chosen["x"], chosen["y"], s=14, color=shade, marker=marker, label=label
                )
        axes.set(title=f"({letter}) {space}", xticks=[], yticks=[])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=7, frameon=False)
    figure.suptitle(title)
    return figure


def confusion_matrices(predictions: pd.DataFrame, *, title: str) -> Figure:
    """Draw one confusion matrix for each method and classifier, rows in per cent of the class."""
    counts = confusion(predictions)
    classes = [c for c in counts if c not in (*ROW, "true")]
    kinds = [
        (subset, c) for subset, c in counts[["subset", "classifier"]].drop_duplicates().to_numpy()
    ]
    methods = list(counts["method"].unique())
    figure = Figure(figsize=(3.2 * len(methods), 3.3 * len(kinds)), layout="constrained")
    panels = figure.subplots(len(kinds), len(methods), squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()  # a method need not have every classifier
    for (subset, method, classifier), table in counts.groupby(ROW[:3], sort=False):
        axes = panels[kinds.index((subset, classifier)), methods.index(method)]
        axes.set_axis_on()
        values = table[classes].to_numpy()
        _matrix(axes, 100 * values / values.sum(axis=1, keepdims=True), classes)
        where = "" if subset == "all" else f", {subset}"
        axes.set_title(f"{method}, {shown(classifier)}{where}", fontsize=10)
    figure.suptitle(title)
    figure.supxlabel("predicted")
    figure.supylabel("true")
    return figure


def learning_curves(curves: Sequence[scarce.Curve], *, title: str) -> Figure:
    """Draw scores against how much stays where data are scarce, with 95 % intervals.

    Parameters
    ----------
    curves : sequence of Curve
        What `adan.reports.curves.curves_of` returns. Each kind and measure has a row of panels,
        each classifier a column.
    title : str
        What was trained on what.
    """
    panels = scarce.panels(curves)
    rows = [[*own] for _, own in groupby(panels, key=lambda key: key[:2])]
    figure = Figure(figsize=(6 * max(map(len, rows)), 4.2 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), max(map(len, rows)), squeeze=False, sharey="row")
    labels = [*dict.fromkeys(curve.label for own in panels.values() for curve in own)]
    for i, keys in enumerate(rows):
        for panel, key in zip(axes[i], keys, strict=False):
            for curve in panels[key]:
                _curve(panel, curve, labels.index(curve.label), len(labels))
            ticks = panels[key][0].n
            panel.set_xscale("log")
            panel.set_xticks(ticks, [f"{n:.0f}" for n in ticks])
            panel.minorticks_off()
            panel.set(title=scarce.heading(*key[1:]), xlabel=scarce.OF_KIND[key[0]])
            panel.grid(alpha=0.3)
    shown_of = {
        label: handle
        for panel in axes.flat
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(shown_of.values(), shown_of, loc="outside lower center", ncols=5, frameon=False)
    figure.suptitle(title)
    return figure


def _curve(axes: Axes, curve: scarce.Curve, place: int, of: int) -> None:
    """Draw one curve; curves stand a little apart, so that their intervals can be read."""
    aside = 1.01 ** (place - of / 2)
    below, above = np.abs(curve.intervals - curve.values[:, None]).T
    axes.errorbar(
        curve.n * aside,
        curve.values,
        (below, above),
        color="black" if curve.label in scarce.PLAIN else CLASSES[place % len(CLASSES)],
        marker="osD^v<>Pp*"[place % 10],
        linestyle="--" if curve.label == scarce.RECOMMENDED else "-:"[place // len(CLASSES) % 2],
        markersize=4,
        elinewidth=0.6,
        label=curve.label,
    )


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
