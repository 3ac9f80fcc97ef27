"""A recurrent network with local attention, on low-level descriptors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

from adan._docs import described, documented
from adan.classifiers.sequence.base import WRONG, SequenceClassifier
from adan.errors import AdanError
from adan.networks.sequences import Attention, Dropout, Padded, Recurrent

POOLINGS = ("attention", "mean", "last", "frames")


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class AttentionRNN(SequenceClassifier):
    """Two ReLU layers on each frame, a bidirectional LSTM, and attention over time.

    Parameters
    ----------
    hidden : int, default=512
        Units of the two layers on each frame.
    units : int, default=128
        Of the LSTM, in each direction.
    pooling : {"attention", "mean", "last", "frames"}, default="attention"
        How states become one: their mean weighted by softmax(u . h), their plain mean, the last
        ones of both directions; or not at all: every frame is classified, and the utterance is the
        mean of its frames' probabilities.
    dropout : float, default=0.5
        Share of the units of these two layers that is dropped in training.
    stacked : int, default=1
        Frames that are taken together as one step: fewer steps cost less.

    References
    ----------
    S. Mirsamadi, E. Barsoum, C. Zhang, "Automatic speech emotion recognition using recurrent neural
    networks with local attention", ICASSP 2017.
    """

    hidden: int = 512
    units: int = 128
    pooling: Literal["attention", "mean", "last", "frames"] = "attention"
    dropout: float = 0.5
    stacked: int = 1
    steps: int = 600

    @described(WRONG)
    def check_parameters(self) -> None:
        """Check the parameters, as `fit` does first of all."""
        super().check_parameters()
        if self.pooling not in POOLINGS:
            raise AdanError(f"pooling={self.pooling!r}: choose one of {', '.join(POOLINGS)}")

    def _network(self, n_features: int, n_classes: int) -> nn.Module:
        return _Network(self, n_features, n_classes)

    def _loss(self, network: nn.Module, batch: Padded, targets: Tensor) -> Tensor:
        if self.pooling != "frames":
            return super()._loss(network, batch, targets)
        logits = network(batch)  # Padded, [B, T, k]
        each = cross_entropy(
            logits.values.transpose(1, 2),
            targets[:, None].expand(logits.values.shape[:2]),
            reduction="none",
        )  # [B, T]
        return logits.masked(each[..., None]).mean()[:, 0]

    def _posteriors(self, network: nn.Module, batch: Padded) -> Tensor:
        if self.pooling != "frames":
            return super()._posteriors(network, batch)
        logits = network(batch)
        return logits.masked(logits.values.softmax(dim=-1)).mean()


class _Network(nn.Module):
    def __init__(self, of: AttentionRNN, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.stacked, self.pooling = of.stacked, of.pooling
        self.first = nn.Linear(n_features * of.stacked, of.hidden)
        self.second = nn.Linear(of.hidden, of.hidden)
        self.dropout = Dropout(of.dropout)
        self.recurrent = Recurrent(nn.LSTM, of.hidden, of.units)
        self.attention = Attention(2 * of.units) if of.pooling == "attention" else None
        self.output = nn.Linear(2 * of.units, n_classes)

    def forward(self, x: Padded) -> Tensor | Padded:
        """Return logits [B, k], or those of each frame."""
        states, last = self.states(x)
        if self.pooling == "frames":
            return Padded(self.output(states.values), states.lengths)
        return self.output(self.together(states, last))

    def pooled(self, x: Padded) -> Tensor:
        """Return what the output layer sees, [B, 2 units]; where it sees frames, their mean."""
        return self.together(*self.states(x))

    def states(self, x: Padded) -> tuple[Padded, Tensor]:
        """Return the states of the LSTM [B, T, 2 units], and the last of both directions."""
        x = stacked(x, self.stacked)
        values = self.dropout(relu(self.first(x.values)))
        values = self.dropout(relu(self.second(values)))  # [B, T, hidden]
        return self.recurrent(Padded(values, x.lengths))

    def together(self, states: Padded, last: Tensor) -> Tensor:
        """Return one vector of the states, [B, 2 units]."""
        if self.attention:
            return self.attention(states)
        return last if self.pooling == "last" else states.mean()


def stacked(x: Padded, n: int) -> Padded:
    """Take ``n`` frames together as one, [B, ceil(T / n), n d]; zeros fill up the last."""
    if n == 1:
        return x
    short = -x.values.shape[1] % n
    values = torch.nn.functional.pad(x.values, (0, 0, 0, short))
    return Padded(values.unflatten(1, (-1, n)).flatten(2), (x.lengths + n - 1) // n)
