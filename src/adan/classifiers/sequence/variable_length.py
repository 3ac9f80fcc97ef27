"""The network for speech of variable length, on spectrograms."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from adan._docs import documented
from adan.classifiers.sequence.base import SequenceClassifier
from adan.networks.sequences import Dropout, Padded, Recurrent
from adan.sequences import Sequences


@documented
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

    def __init__(
        self,
        maps: tuple[int, int] = (6, 10),
        units: int = 128,
        hidden: int = 64,
        dropout: float = 0.25,
        steps: int = 400,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        longest: int = 1000,
        masks: int = 0,
        class_weight: Literal["balanced"] | None = "balanced",
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.maps = maps
        self.units = units
        self.hidden = hidden
        self.dropout = dropout
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.longest = longest
        self.masks = masks
        self.class_weight = class_weight
        self.device = device
        self.random_state = random_state

    def _network(self, n_features: int, n_classes: int) -> nn.Module:
        return _Network(n_features, n_classes, self.maps, self.units, self.hidden, self.dropout)

    def _weights(
        self, codes: NDArray[np.intp], owners: NDArray[np.intp], pieces: Sequences
    ) -> NDArray[np.float64]:
        return super()._weights(codes, owners, pieces) / pieces.lengths


class _Network(nn.Module):
    def __init__(
        self,
        n_features: int,
        n_classes: int,
        maps: tuple[int, int],
        units: int,
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Sequential(nn.ZeroPad2d((k // 2 - 1, k // 2, 0, 0)), nn.Conv2d(a, b, (1, k)))
            for a, b, k in ((1, maps[0], 12), (maps[0], maps[1], 8))
        )
        bins = (n_features + 3) // 4
        self.recurrent = Recurrent(nn.GRU, maps[1] * bins, units)
        self.dense = nn.Linear(2 * units, hidden)
        self.dropout = Dropout(dropout)
        self.output = nn.Linear(hidden, n_classes)

    def forward(self, x: Padded) -> Tensor:
        """Return logits [B, k]."""
        return self.output(self.pooled(x))

    def pooled(self, x: Padded) -> Tensor:
        """Return what the output layer sees, [B, hidden]."""
        maps = x.values[:, None]  # [B, 1, T, bins]
        for convolution in (self.first, self.second):
            maps = max_pool2d(relu(convolution(maps)), (1, 2), ceil_mode=True)
        steps = x.masked(maps.transpose(1, 2).flatten(2))  # [B, T, maps bins]
        _, last = self.recurrent(steps)
        return self.dropout(relu(self.dense(last)))
