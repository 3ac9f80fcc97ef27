"""The network for speech of variable length, on spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from adan._docs import documented
from adan.classifiers.sequence.base import SequenceClassifier
from adan.networks.sequences import Dropout, Padded, Recurrent


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class VariableLengthDNN(SequenceClassifier):
    """Convolutions along the frequencies of each frame, then a bidirectional GRU.

    In the loss an utterance counts one over its length, so that long ones do not dominate.

    Parameters
    ----------
    maps : tuple of int, default=(6, 10)
        Feature maps of the two convolutions, of 1 frame x 12 and 1 x 8 bins. Behind each the
        maximum over two bins is taken.
    units : int, default=128
        Of the GRU, in each direction.
    hidden : int, default=64
        Units of the layer behind it.
    dropout : float, default=0.25
        Share of the units of this layer that is dropped in training.

    References
    ----------
    X. Ma et al., "Emotion recognition from variable-length speech segments using deep learning on
    spectrograms", Interspeech 2018.
    """

    maps: tuple[int, int] = (6, 10)
    units: int = 128
    hidden: int = 64
    dropout: float = 0.25
    steps: int = 400
    class_weight: Literal["balanced"] | None = "balanced"

    def _network(self, n_features: int, n_classes: int) -> nn.Module:
        return _Network(self, n_features, n_classes)

    def _weights(
        self, codes: NDArray[np.intp], owners: NDArray[np.intp], lengths: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        of_class = 1 if self.class_weight is None else np.bincount(codes)[codes]
        pieces = np.bincount(owners)  # an utterance in two of them counts once
        return (1 / (of_class * pieces * lengths))[owners]


class _Network(nn.Module):
    def __init__(self, of: VariableLengthDNN, n_features: int, n_classes: int) -> None:
        super().__init__()
        first, second = of.maps
        self.first, self.second = (
            nn.Sequential(nn.ZeroPad2d((k // 2 - 1, k // 2, 0, 0)), nn.Conv2d(a, b, (1, k)))
            for a, b, k in ((1, first, 12), (first, second, 8))
        )
        bins = (n_features + 3) // 4
        self.recurrent = Recurrent(nn.GRU, second * bins, of.units)
        self.dense = nn.Linear(2 * of.units, of.hidden)
        self.dropout = Dropout(of.dropout)
        self.output = nn.Linear(of.hidden, n_classes)

    def forward(self, x: Padded) -> Tensor:
        """Return logits [B, k]."""
        return self.output(self.pooled(x))

    def pooled(self, x: Padded) -> Tensor:
        """Return what the output layer sees, [B, hidden]."""
        maps = x.values[:, None]  # [B, 1, T, bins]
        for convolution in (self.first, self.second):
            maps = max_pool2d(relu(convolution(maps)), (1, 2), ceil_mode=True)
        steps = x.masked(maps.permute(0, 2, 3, 1).flatten(2))  # [B, T, bins maps]
        _, last = self.recurrent(steps)
        return self.dropout(relu(self.dense(last)))
