"""The attention-based convolutional recurrent network, on log-mels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn.functional import leaky_relu, max_pool2d, relu

from adan._docs import described, documented
from adan.classifiers.sequence.base import WRONG, SequenceClassifier
from adan.errors import AdanError
from adan.networks.sequences import Attention, Padded, Recurrent, mask_of


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class ACRNN(SequenceClassifier):
    """Convolutions over log-mels, a linear layer, a bidirectional LSTM, and attention over time.

    An utterance is cut into pieces of 3 s at the most, and its probabilities are the largest over
    its pieces, scaled to add up to 1.

    Parameters
    ----------
    channels : {1, 3}, default=3
        1 for log-mels alone ("2-D"); 3 where deltas and their deltas follow them ("3-D"), such as
        ``logmel40+dd``.
    maps : tuple of int, default=(128,)
        Feature maps of each convolution of 5 frames x 3 bands; the published networks go on with
        up to five more of 256. Behind the first the maximum over 2 x 2 is taken.
    linear : int, default=768
        Units of the linear layer on each step.
    units : int, default=128
        Of the LSTM, in each direction.
    hidden : int, default=64
        Units of the layer behind the attention, with batch norm.
    longest : int, default=300
        Frames of a piece at the most.

    References
    ----------
    M. Chen, X. He, J. Yang, H. Zhang, "3-D convolutional recurrent neural networks with attention
    model for speech emotion recognition", IEEE Signal Processing Letters 25(10), 2018.
    """

    _over_pieces: ClassVar[Literal["mean", "max"]] = "max"

    channels: int = 3
    maps: tuple[int, ...] = (128,)
    linear: int = 768
    units: int = 128
    hidden: int = 64
    longest: int = 300

    @described(WRONG)
    def check_parameters(self) -> None:
        """Check the parameters, as `fit` does first of all."""
        if self.batch_size < 3:  # so that no batch has a single sequence, as batch norm needs it
            raise AdanError(f"batch_size={self.batch_size}: give 3 or more")
        super().check_parameters()
        if not self.maps:
            raise AdanError("maps=(): give the maps of one convolution at least")

    def _network(self, n_features: int, n_classes: int) -> nn.Module:
        return _Network(self, n_features, n_classes)


class _Network(nn.Module):
    def __init__(self, of: ACRNN, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.channels = of.channels
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, (5, 3), padding="same") for a, b in pairwise((of.channels, *of.maps))
        )
        bands = (n_features // of.channels + 1) // 2
        self.linear = nn.Linear(of.maps[-1] * bands, of.linear)
        self.recurrent = Recurrent(nn.LSTM, of.linear, of.units)
        self.attention = Attention(2 * of.units)
        self.dense = nn.Linear(2 * of.units, of.hidden)
        self.norm = nn.BatchNorm1d(of.hidden)
        self.output = nn.Linear(of.hidden, n_classes)

    def forward(self, x: Padded) -> Tensor:
        """Return logits [B, k]."""
        return self.output(self.pooled(x))

    def pooled(self, x: Padded) -> Tensor:
        """Return what the output layer sees, [B, hidden]."""
        maps = x.values.unflatten(2, (self.channels, -1)).transpose(1, 2)  # [B, c, T, bands]
        lengths = x.lengths
        for i, convolution in enumerate(self.convolutions):
            maps = relu(convolution(maps)) * mask_of(lengths, maps.shape[2])[:, None]
            if i == 0:
                maps = max_pool2d(maps, 2, ceil_mode=True)  # half as long, half as many bands
                lengths = (lengths + 1) // 2
        steps = self.linear(maps.permute(0, 2, 3, 1).flatten(2))  # [B, T / 2, linear]
        states, _ = self.recurrent(Padded(steps, lengths))
        return leaky_relu(self.norm(self.dense(self.attention(states))))
