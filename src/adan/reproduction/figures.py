"""Figures 2 and 3 of the paper: an ADAN trained on a whole corpus, its losses and its maps."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from adan._files import replacing, without_formulas
from adan.errors import AdanError, SynthesisWarning
from adan.experiments.sources import Source
from adan.reports import figures
from adan.reproduction import specifications
from adan.synthesis.adan import ADAN
from adan.synthesis.base import fit_all

FIGURES = ("figure2", "figure3")


def draw(
    folder: Path,
    source: Source,
    names: Sequence[str] = FIGURES,
    *,
    protocol: str = "leak-free",
    quick: bool = False,
    progress: bool = False,
) -> list[Path]:
    """Train the paper's ADAN on a whole corpus, and draw its losses and its maps.

    Parameters
    ----------
    folder : Path
        Where the figures go, as PNG and SVG, with their numbers as CSV.
    source : Source
        The corpus.
    names : sequence of {"figure2", "figure3"}
        What to draw.
    protocol : {"leak-free", "authors"}, default="leak-free"
        Whose ADAN: the paper's or that of its authors' scripts.
    quick : bool, default=False
        Train little.
    progress : bool, default=False
        Show a progress bar on standard error.

    Returns
    -------
    list of Path
        The files.
    """
    data = source.data.only(source.data.learnable)
    X = StandardScaler().fit_transform(data.X)
    if (n := int((np.ptp(X, axis=0) > 0).sum())) < 2:
        raise AdanError(f"{n} features of {source.corpus} vary, and two are needed at least")
    adan = specifications.adan(protocol=protocol, quick=quick, seed=0)
    with warnings.catch_warnings():
        if quick:  # nobody expects anything of a network that hardly trained
            warnings.simplefilter("ignore", SynthesisWarning)
        fit_all([adan], [(X, data.y)], progress=progress)
    speakers = len(np.unique(data.speakers))
    title = f"ADAN on {source.corpus}, {source.features}, all {speakers} speakers, seed 0"
    title += ", as in the authors' scripts" if protocol == "authors" else ""
    title += " (QUICK)" if quick else ""
    paths: list[Path] = []
    if "figure2" in names:
        with replacing(folder / "history.csv") as path:
            pd.DataFrame(adan.history_).rename_axis("epoch").to_csv(path)
        paths += [folder / "history.csv"]
        paths += figures.save(figures.figure2(adan.history_, title=title), folder, "figure2")
    if "figure3" in names:
        utterances = {"utterance": data.utterances, "emotion": data.y, "speaker": data.speakers}
        points = map_points(_spaces(adan, X, data.y), pd.DataFrame(utterances))
        with replacing(folder / "map.csv") as path:
            without_formulas(points).to_csv(path, index=False, float_format="%.3f")
        paths += [folder / "map.csv"]
        paths += figures.save(figures.figure3(points, title=title), folder, "figure3")
    return paths


def _spaces(
    adan: ADAN, X: NDArray[np.floating], y: NDArray[Any]
) -> dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]]:
    latents = adan.sample_latent(y)
    return {
        "latent vectors": (adan.encode(X), latents),
        "feature vectors": (X, adan.decode(latents)),
    }


def map_points(
    spaces: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating]]],
    utterances: pd.DataFrame,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Map real and synthetic vectors to the plane by t-SNE.

    Parameters
    ----------
    spaces : mapping of name to (real, synthetic)
        Two arrays of shape (n, d); row i of both has the emotion of utterance i.
    utterances : DataFrame of n rows
        ``utterance``, ``emotion`` and ``speaker`` of the real vectors.
    seed : int, default=0
        Seed of t-SNE.

    Returns
    -------
    DataFrame
        One row a point: ``utterance`` and ``speaker`` (empty where it is synthetic), ``emotion``,
        ``synthetic``, ``space``, ``x``, ``y``.
    """
    synthetic = utterances.assign(utterance="", speaker="", synthetic=True)
    points = pd.concat([utterances.assign(synthetic=False), synthetic], ignore_index=True)
    with threadpool_limits(1):
        mapped = Parallel(n_jobs=len(spaces), prefer="threads")(
            delayed(_tsne)(np.vstack(vectors), seed) for vectors in spaces.values()
        )
    maps = [
        points.assign(space=space, x=places[:, 0], y=places[:, 1])
        for space, places in zip(spaces, mapped, strict=True)
    ]
    return pd.concat(maps, ignore_index=True)


def _tsne(X: NDArray[np.floating], seed: int) -> NDArray[np.floating]:
    """Return the t-SNE map (n, 2) of vectors (n, d), after PCA to 50 dimensions at the most."""
    components = min(50, *X.shape)
    reduced = PCA(components, random_state=seed).fit_transform(X)
    perplexity = min(30, (len(X) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(reduced)
