"""A local page to try a recogniser: speak or drop a file, and see what it makes of it."""

from __future__ import annotations

import atexit
import logging
import os
import re
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pandas as pd

from adan._colours import CLASSES, THEMES
from adan._extras import require
from adan._files import readable
from adan.audio.decoding import BadAudio, header_of
from adan.errors import AdanError
from adan.recognition.card import as_text
from adan.recognition.explanation import speaking_for
from adan.recognition.model import Model, Rows
from adan.recognition.recordings import listen, warm_up

log = logging.getLogger(__name__)

_LIGHT = THEMES["light"]
_INK, _QUIET = _LIGHT["ink"], _LIGHT["quiet"]

WIDTH, HEIGHT = 580, 400
"""Of the map, in its own units; the page scales it."""

SHOWN = 10
"""Low-level descriptors named at the most."""

LARGEST, LONGEST = "100mb", 600
"""A file of more bytes is refused before it is read, one of more seconds before it is heard."""

OWN_NAME = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?")
"""What the page may be called."""

FAMILIAR = 3
"""Recordings after which a voice is said to be known."""


def serve(model: Model, *, browser: bool = True, port: int | None = None) -> Any:
    """Serve the page on this machine alone and return at once.

    The page answers only those who call it by its own name and only itself, so that no other page
    in the same browser can ask it. A recording is deleted after its answer, all others at the end.

    Parameters
    ----------
    model : Model
        Trained on a feature set of openSMILE's.
    browser : bool, default=True
        Open it in the browser.
    port : int, default=None
        Where to serve it; None takes a free one.

    Returns
    -------
    gradio.Blocks
        Its ``local_url`` is the address; ``close`` ends it.

    Raises
    ------
    AdanError
        If gradio or openSMILE is not installed, the model takes no audio, or the port is taken.
    """
    recordings = TemporaryDirectory(prefix="adan-")
    atexit.register(recordings.cleanup)
    os.environ["GRADIO_TEMP_DIR"] = recordings.name
    blocks = page(model)
    warm_up(model)
    matplotlib.get_backend()  # takes half a second once; gradio asks at the first answer
    try:
        blocks.launch(
            server_name="127.0.0.1",
            server_port=port,
            share=False,
            inbrowser=browser,
            prevent_thread_lock=True,
            quiet=True,
            footer_links=[],
            max_file_size=LARGEST,
        )
    except (OSError, OverflowError) as error:
        raise AdanError(f"port {port} cannot be used: choose another with --port") from error
    # around gradio's own layers, of which one lets any page read a refusal
    blocks.app.middleware_stack = _ItselfAlone(blocks.app.middleware_stack)
    _hush()
    return blocks


@dataclass
class _ItselfAlone:
    """An ASGI application that answers requests by its own names, and from no other page."""

    app: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.responses import PlainTextResponse

        headers = dict(scope.get("headers", ()))
        host, origin = headers.get(b"host", b"").decode("latin-1"), headers.get(b"origin")
        own = OWN_NAME.fullmatch(host) and origin in (None, f"http://{host}".encode())
        if own or scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse("not for other pages", 400)(scope, receive, send)


def _hush() -> None:
    """Keep from the terminal what gradio and its server say of requests that they refuse."""
    from gradio import queueing, route_utils, routes

    for module in (queueing, route_utils, routes):
        silent = {**vars(traceback), "print_exc": lambda: None}
        vars(module)["traceback"] = SimpleNamespace(**silent)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)


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

    def show(file: str | None, one_voice: bool, heard: Rows | None) -> tuple[Any, ...]:
        if file is None:
            return None, plane(model), "", "", heard
        try:
            nothing = np.empty((0, model.n_features), np.float32)
            known = (nothing if heard is None else heard) if one_voice else None
            told, heard = answer(model, file, known)
        except AdanError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception:
            log.exception("no answer to a recording")
            raise
        finally:
            Path(file).unlink(missing_ok=True)
        return *told, heard if one_voice else None

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
                one_voice = gr.Checkbox(
                    label="Always the same person: learn how this voice sounds",
                    info="Nothing is kept after you close the page.",
                    visible=model.enrolment is not None,
                )
                heard = gr.State(None)
                note = gr.Markdown()
                label = gr.Label(label="Probabilities", num_top_classes=len(model.classes))
            with gr.Column(scale=3):
                landscape = gr.HTML(plane(model), label="Map")
                features = gr.HTML(label="Features")
        with gr.Accordion("About this recogniser", open=False):
            gr.HTML(f"<pre style='white-space: pre-wrap'>{escape(as_text(model.card))}</pre>")
        inputs, outputs = [audio, one_voice, heard], [label, landscape, features, note, heard]
        audio.change(show, inputs, outputs, show_progress="hidden", api_name="recognise")
    return blocks


Answer = tuple[dict[str, float], str, str, str]


def answer(model: Model, file: str, heard: Rows | None = None) -> tuple[Answer, Rows]:
    """Return what the page says about a recording.

    Parameters
    ----------
    model : Model
        Trained on a feature set of openSMILE's.
    file : str
        The recording.
    heard : ndarray of shape (n, d), float32, optional
        Raw vectors of the same person; none for a first recording, None for nobody in particular.

    Returns
    -------
    told : tuple
        Probabilities, a dict of label to float, their means over the windows of a long recording;
        HTML of the map and of the features that speak for the label; a remark.
    heard : ndarray of shape (n, d), float32
        With the vectors of the recording.

    Raises
    ------
    AdanError
        If the recording cannot be used.
    """
    with suppress(BadAudio):  # of which more is told below
        if header_of(file).seconds > LONGEST:
            raise AdanError(f"The recording is longer than {LONGEST // 60} minutes.")
    with warnings.catch_warnings(record=True, action="always") as warned:
        windows, X = listen(model, [file])
    if not len(X):
        raise AdanError(f"The recording cannot be used: {windows['problem'].iloc[0]}.")
    remarks = [f"{w.message}.".replace(readable(file), "this one") for w in warned]
    if len(X) > 1:
        remarks.append(f"Means over {len(X)} windows of the recording.")
    known = X if heard is None else np.vstack([heard, X])
    stranger = probabilities = model.probabilities(X).mean(axis=0)
    if heard is not None:
        model = model.enrolled(known)
        probabilities = model.probabilities(X).mean(axis=0)
    code = int(probabilities.argmax())
    label = str(model.classes[code])
    if heard is not None:
        remarks.append(_familiar(label, stranger[code], probabilities[code], len(known)))
    shares = pd.concat([speaking_for(model, x, code) for x in X]).groupby(level=0).mean()
    labels = map(str, model.classes)
    told = (
        dict(zip(labels, map(float, probabilities), strict=True)),
        plane(model, model.map(model.normalised(X))),
        bars(shares.sort_values(key=abs, ascending=False)[:SHOWN], label),
        " ".join(remarks),
    )
    return told, known


def _familiar(label: str, before: float, after: float, n_heard: int) -> str:
    """Say whether a voice is known, and what that changes."""
    known = (
        f"I know your voice now, from {n_heard} recordings."
        if n_heard >= FAMILIAR
        else f"I am learning your voice: {n_heard} of {FAMILIAR} recordings."
    )
    return f"{known} {label}: {after:.0%}, and {before:.0%} if I did not know it."


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
            f"<circle cx='{x}' cy='{y}' r='9' fill='none' stroke='{_INK}' stroke-width='2.5'/>"
            f"<circle cx='{x}' cy='{y}' r='3.5' fill='{_INK}'/>"
        )
    return _drawing("Where it falls among the training utterances", HEIGHT, [*dots, *_key(model)])


def _key(model: Model) -> list[str]:
    """Draw what the dots of the map mean."""
    looks = [(f"fill='{_colour(code)}'", str(label)) for code, label in enumerate(model.classes)]
    looks.append((f"fill='{_QUIET}'", "real"))
    if model.map.synthetic.any():
        looks.append((f"fill='none' stroke='{_QUIET}'", "synthetic"))
    looks.append((f"fill='{_INK}' stroke='{_INK}' stroke-width='3'", "your recording"))
    shapes = []
    for i, (look, text) in enumerate(looks):
        x, y = WIDTH - 120, 24 + 22 * i + 12 * (i >= len(model.classes))
        shapes.append(f"<circle cx='{x}' cy='{y}' r='4' {look}/>")
        shapes.append(f"<text x='{x + 12}' y='{y + 4}' font-size='13'>{escape(text)}</text>")
    return shapes


def _colour(code: int) -> str:
    return CLASSES[code % len(CLASSES)]


def bars(shares: pd.Series, label: str) -> str:
    """Draw what speaks for a label (right) and against it (left), as SVG."""
    middle, unit = 380, 150 / max(float(shares.abs().max()), 1e-9)
    rows = []
    for i, (name, share) in enumerate(shares.items()):
        y, width = 8 + 24 * i, abs(share) * unit
        colour = _LIGHT["better" if share > 0 else "worse"]
        x = middle if share > 0 else middle - width
        rows.append(f"<text x='0' y='{y + 13}' font-size='13'>{escape(str(name))}</text>")
        rows.append(f"<rect x='{x:.1f}' y='{y}' width='{width:.1f}' height='16' fill='{colour}'/>")
    height = 24 * len(shares) + 8
    rows.append(f"<line x1='{middle}' x2='{middle}' y1='0' y2='{height}' stroke='{_QUIET}'/>")
    return _drawing(f"What speaks for {escape(label)} (right) and against it (left)", height, rows)


def _drawing(title: str, height: int, shapes: list[str]) -> str:
    return (
        f"<div style='background: white; color: {_INK}; padding: 12px; border-radius: 8px'>"
        f"<h3 style='margin: 0 0 8px; color: {_INK}'>{title}</h3>"
        f"<svg viewBox='0 0 {WIDTH} {height}' width='100%' fill='{_INK}' "
        f"font-family='system-ui, sans-serif'>{''.join(shapes)}</svg></div>"
    )
