"""What a synthesizer of sequences draws, beside real segments, for people to see and hear."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adan.folds import Fold
from adan.sequences import Sequences
from adan.synthesis.segments import OfSegments


def drawn_segments(synthesizer: OfSegments, fold: Fold, X: Sequences) -> pd.DataFrame:
    """Draw one segment of each class, and take the first real one of the fold.

    Parameters
    ----------
    synthesizer : OfSegments
        Fitted to the fold.
    fold : Fold
        Its sequences are normalised.
    X : Sequences
        The same training sequences as they were computed.

    Returns
    -------
    DataFrame
        A row a frame: ``class``, ``synthetic``, ``frame`` (from 0), and the features ``f0``, ``f1``
        ..., float32, with the means and deviations of ``X``.
    """
    classes = np.unique(fold.y)
    drawn, labels = synthesizer.sample(dict.fromkeys(classes, 1))
    first = np.array([np.flatnonzero(fold.y == label)[0] for label in classes])
    pieces, owners = X[first].pieces(synthesizer.frames)
    real = pieces[np.unique(owners, return_index=True)[1]]
    drawn = drawn.with_values(_as_computed(drawn.values, X.values))
    tables = [_table(label, True, frames) for label, frames in zip(labels, drawn, strict=True)]
    tables += [_table(label, False, own) for label, own in zip(classes, real, strict=True)]
    return pd.concat(tables, ignore_index=True)


def _as_computed(frames: NDArray[np.float32], real: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo a z-norm, and put back features that are constant among the real frames."""
    varying = np.ptp(real, axis=0) > 0
    found = np.tile(real.mean(axis=0), (len(frames), 1))
    found[:, varying] += frames * real.std(axis=0)[varying]
    return found


def _table(label: str, synthetic: bool, frames: NDArray[np.float32]) -> pd.DataFrame:
    names = [f"f{i}" for i in range(frames.shape[1])]
    table = pd.DataFrame(frames.astype(np.float32), columns=names)
    return table.assign(**{"class": label, "synthetic": synthetic, "frame": range(len(frames))})
