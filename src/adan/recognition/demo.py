"""A local page to try a recogniser: speak or drop a file, and see what it makes of it."""

from __future__ import annotations

from html import escape
from typing import Any

import matplotlib
import numpy as np
import pandas as pd

from adan._extras import require
from adan.errors import AdanError
from adan.recognition.card import as_text
from adan.recognition.explanation import speaking_for
from adan.recognition.model import Model, Rows
from adan.recognition.recordings import listen, warm_up

COLOURS = [
    "#d1495b",
    "#edae49",
    "#66a182",
    "#2e4057",
    "#8d96a3",
    "#00798c",
    "#9b5de5",
    "#b5651d",
    "#4d908e",
    "#f15bb5",
]
"""One for each class, again from the first where there are more."""

WIDTH, HEIGHT = 580, 400
"""Of the map, in its own units; the page scales it."""

SHOWN = 10
"""Low-level descriptors named at the most."""


def serve(model: Model, *, browser: bool = True) -> Any:
    """Serve the page on this machine alone and return at once.

    Parameters
    ----------
    model : Model
        Trained on a feature set of openSMILE's.
    browser : bool, default=True
        Open it in the browser.

    Returns
    -------
    gradio.Blocks
        Its ``local_url`` is the address; ``close`` ends it.

    Raises
    ------
    AdanError
        If gradio or openSMILE is not installed, or the model takes no audio.
    """
    blocks = page(model)
    warm_up(model)
    matplotlib.get_backend()  # takes half a second once; gradio asks at the first answer
    blocks.launch(
        server_name="127.0.0.1",
        share=False,
        inbrowser=browser,
        prevent_thread_lock=True,
        quiet=True,
        footer_links=[],
    )
    return blocks


def page(model: Model) -> Any:
    """Make the page that `serve` serves.

    Parameters
    ----------
    model : Model
        Trained on a feature set of openSMILE's.

    Returns
    -------
    gradio.Blocks

    Raises
    ------
    AdanError
        If gradio is not installed.
    """
    require("demo", "gradio")
    import gradio as gr

    def show(file: str | None) -> tuple[dict[str, float] | None, str, str, str]:
        try:
            return (None, plane(model), "", "") if file is None else answer(model, file)
        except AdanError as error:
            raise gr.Error(str(error), print_exception=False) from error

    with gr.Blocks(title="adan", analytics_enabled=False) as blocks:
        gr.Markdown(
            f"## Which emotion does a voice sound like?\nTrained on {model.card['corpus']}; "
            "nothing you record leaves this machine."
        )
        with gr.Row():
            with gr.Column(scale=2):
                audio = gr.Audio(
                    sources=["upload", "microphone"],
                    type="filepath",
                    buttons=[],
                    label="Drop a file, or speak",
                )
                note = gr.Markdown()
                label = gr.Label(label="Probabilities", num_top_classes=len(model.classes))
            with gr.Column(scale=3):
                landscape = gr.HTML(plane(model), label="Map")
                features = gr.HTML(label="Features")
        with gr.Accordion("About this recogniser", open=False):
            gr.HTML(f"<pre style='white-space: pre-wrap'>{escape(as_text(model.card))}</pre>")
        outputs = [label, landscape, features, note]
        audio.change(show, audio, outputs, show_progress="hidden", api_name="recognise")
    return blocks


def answer(model: Model, file: str) -> tuple[dict[str, float], str, str, str]:
    """Return what the page says about a recording.

    Returns
    -------
    probabilities : dict of label to float
        Their means over the windows of a long recording.
    plane, features, note : str
        HTML of the map and of the features that speak for the label; a remark.

    Raises
    ------
    AdanError
        If the recording cannot be used.
    """
    windows, X = listen(model, [file])
    if not len(X):
        raise AdanError(f"The recording cannot be used: {windows['problem'].iloc[0]}.")
    probabilities = model.probabilities(X).mean(axis=0)
    code = int(probabilities.argmax())
    shares = pd.concat([speaking_for(model, x, code) for x in X]).groupby(level=0).mean()
    labels = map(str, model.classes)
    note = "" if len(X) == 1 else f"Means over {len(X)} windows of the recording."
    return (
        dict(zip(labels, map(float, probabilities), strict=True)),
        plane(model, model.map(model.normalised(X))),
        bars(shares.sort_values(key=abs, ascending=False)[:SHOWN], str(model.classes[code])),
        note,
    )


def plane(model: Model, utterances: Rows | None = None) -> str:
    """Draw the training vectors, real and synthetic, and utterances (n, 2) among them, as SVG."""
    low, high = np.quantile(model.map.points, [0.005, 0.995], axis=0)
    size = np.array([WIDTH - 130, HEIGHT])

    def place(points: Rows) -> np.ndarray:
        shares = 0.05 + 0.9 * (points - low) / np.maximum(high - low, 1e-9)
        return (np.clip(shares, 0.015, 0.985) * size).round(1)

    dots = []
    rows = zip(place(model.map.points), model.map.codes, model.map.synthetic, strict=True)
    for (x, y), code, synthetic in rows:
        look = f"fill='none' stroke='{_colour(code)}'" if synthetic else f"fill='{_colour(code)}'"
        radius = 2.5 if synthetic else 3
        dots.append(f"<circle cx='{x}' cy='{y}' r='{radius}' {look} opacity='.55'/>")
    for x, y in place(utterances) if utterances is not None else ():
        dots.append(
            f"<circle cx='{x}' cy='{y}' r='9' fill='none' stroke='#111' stroke-width='2.5'/>"
            f"<circle cx='{x}' cy='{y}' r='3.5' fill='#111'/>"
        )
    return _drawing("Where it falls among the training utterances", HEIGHT, [*dots, *_key(model)])


def _key(model: Model) -> list[str]:
    """Draw what the dots of the map mean."""
    looks = [(f"fill='{_colour(code)}'", str(label)) for code, label in enumerate(model.classes)]
    looks.append(("fill='#777'", "real"))
    if model.map.synthetic.any():
        looks.append(("fill='none' stroke='#777'", "synthetic"))
    looks.append(("fill='#111' stroke='#111' stroke-width='3'", "your recording"))
    shapes = []
    for i, (look, text) in enumerate(looks):
        x, y = WIDTH - 120, 24 + 22 * i + 12 * (i >= len(model.classes))
        shapes.append(f"<circle cx='{x}' cy='{y}' r='4' {look}/>")
        shapes.append(f"<text x='{x + 12}' y='{y + 4}' font-size='13'>{escape(text)}</text>")
    return shapes


def _colour(code: int) -> str:
    return COLOURS[code % len(COLOURS)]


def bars(shares: pd.Series, label: str) -> str:
    """Draw what speaks for a label (right) and against it (left), as SVG."""
    middle, unit = 380, 150 / max(float(shares.abs().max()), 1e-9)
    rows = []
    for i, (name, share) in enumerate(shares.items()):
        y, width = 8 + 24 * i, abs(share) * unit
        colour = "#00798c" if share > 0 else "#d1495b"
        x = middle if share > 0 else middle - width
        rows.append(f"<text x='0' y='{y + 13}' font-size='13'>{escape(str(name))}</text>")
        rows.append(f"<rect x='{x:.1f}' y='{y}' width='{width:.1f}' height='16' fill='{colour}'/>")
    height = 24 * len(shares) + 8
    rows.append(f"<line x1='{middle}' x2='{middle}' y1='0' y2='{height}' stroke='#999'/>")
    return _drawing(f"What speaks for {escape(label)} (right) and against it (left)", height, rows)


def _drawing(title: str, height: int, shapes: list[str]) -> str:
    return (
        "<div style='background: white; color: #333; padding: 12px; border-radius: 8px'>"
        f"<h3 style='margin: 0 0 8px; color: #333'>{title}</h3>"
        f"<svg viewBox='0 0 {WIDTH} {height}' width='100%' fill='#333' "
        f"font-family='system-ui, sans-serif'>{''.join(shapes)}</svg></div>"
    )
