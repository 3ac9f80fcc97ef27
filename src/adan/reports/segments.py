"""Synthetic log-mels beside real ones, as pictures and as sound."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.image import imsave
from numpy.typing import NDArray

from adan.audio.encoding import write_wav
from adan.audio.spectra import STEP, sound_of

ZOOM = 3
"""Pixels of a frame and of a band."""


def segments(table: pd.DataFrame, features: str, rate: int | None) -> list[dict[str, Any]]:
    """Gather the segments of a run for its page.

    Parameters
    ----------
    table : DataFrame
        As `adan.experiments.drawn` makes it, of all methods.
    features : str
        What the frames are.
    rate : int, optional
        Of the corpus in Hz; without it nothing is heard.

    Returns
    -------
    list of dict
        For each method and class its names, and ``real`` and ``synthetic``, each with an ``image``
        and a ``sound`` as data URIs. Features other than log-mels have no picture: the list is
        empty.
    """
    found = re.match(r"logmel(\d+)", features)
    if not found:
        return []
    names = [f"f{i}" for i in range(int(found[1]))]
    values = table[names].to_numpy()
    low, high = np.quantile(values, [0.02, 0.98])
    shown = []
    for (method, label), own in table.groupby(["method", "class"], sort=False):
        of = {"method": method, "class": label}
        for synthetic, frames in own.groupby("synthetic"):
            log_mels = frames[names].to_numpy()
            of["synthetic" if synthetic else "real"] = {
                "image": _image(log_mels, low, high),
                "sound": _sound(log_mels, rate) if rate else "",
                "seconds": STEP * len(log_mels),
            }
        shown.append(of)
    return shown


def _image(log_mels: NDArray[np.float32], low: float, high: float) -> str:
    pixels = np.repeat(np.repeat(log_mels.T[::-1], ZOOM, axis=0), ZOOM, axis=1)
    file = io.BytesIO()
    imsave(file, pixels, cmap="magma", vmin=low, vmax=high, format="png")
    return _uri("image/png", file.getvalue())


def _sound(log_mels: NDArray[np.float32], rate: int) -> str:
    file = io.BytesIO()
    write_wav(file, sound_of(log_mels, rate), rate)
    return _uri("audio/wav", file.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
