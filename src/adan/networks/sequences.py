"""Networks that read sequences: layers that see no padding, and an ordinary training loop.

A batch of sequences is `Padded`: ``[B, T, d]``, filled up with zeros behind the true lengths. Every
layer here gives the same for a sequence whatever stands beside or behind it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from adan.networks.optimiser import Adam

BUCKETS = 8
"""Batches that are sorted by length together."""
LARGEST_NORM = 5.0
"""Norm that gradients are cut down to: a long sequence now and then gives one far above."""


class Padded(NamedTuple):
    """Sequences side by side.

    Attributes
    ----------
    values : Tensor of shape [B, T, ...]
        Zeros behind the end of each.
    lengths : Tensor of shape [B], int64
        Their true lengths.
    """

    values: Tensor
    lengths: Tensor

    @classmethod
    def of(
        cls, frames: Sequence[NDArray[np.float32]], device: torch.device | None = None
    ) -> Padded:
        """Fill up the frames of sequences to the longest, on a device."""
        values = pad_sequence([torch.as_tensor(own) for own in frames], batch_first=True)
        lengths = torch.tensor([len(own) for own in frames])
        return cls(values.to(device), lengths.to(device))

    @property
    def mask(self) -> Tensor:
        """Which frames are there, [B, T, 1]."""
        return mask_of(self.lengths, self.values.shape[1])

    def masked(self, values: Tensor) -> Padded:
        """Return sequences of the same lengths with other values, zero behind their ends."""
        of_each = self.mask.reshape(*self.mask.shape[:2], *[1] * (values.dim() - 2))
        return Padded(values * of_each, self.lengths)

    def mean(self) -> Tensor:
        """Return the mean over time, [B, d]."""
        return self.values.sum(1) / self.lengths[:, None]


def mask_of(lengths: Tensor, n_frames: int) -> Tensor:
    """Return which of so many frames sequences have, [B, T, 1]."""
    frames = torch.arange(n_frames, device=lengths.device)
    return (frames < lengths[:, None])[..., None]


class Dropout(nn.Module):
    """Dropout whose draws are a generator's own: see `built`."""

    generator: torch.Generator

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        """Drop a share of the values in training."""
        if not self.training or not self.share:
            return values
        kept = torch.rand(values.shape, generator=self.generator) >= self.share
        return values * kept.to(values.device) / (1 - self.share)


class Recurrent(nn.Module):
    """A bidirectional LSTM or GRU that stops at the end of each sequence.

    Backwards it reads each sequence turned round within its own length. Packed sequences of PyTorch
    would do the same, and their gradients take four times as long on a CPU.
    """

    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU], width: int, units: int) -> None:
        super().__init__()
        self.forwards = kind(width, units, batch_first=True)
        self.backwards = kind(width, units, batch_first=True)

    def forward(self, x: Padded) -> tuple[Padded, Tensor]:
        """Return the states [B, T, 2 units], and the last of both directions [B, 2 units]."""
        frames = torch.arange(x.values.shape[1], device=x.lengths.device)
        turned = (x.lengths[:, None] - 1 - frames).clamp(min=0)  # [B, T]
        last = x.lengths[:, None] - 1
        ahead, _ = self.forwards(x.values)
        behind, _ = self.backwards(_taken(x.values, turned))
        ends = [_taken(ahead, last)[:, 0], _taken(behind, last)[:, 0]]
        states = torch.cat([ahead, _taken(behind, turned)], dim=-1)
        return x.masked(states), torch.cat(ends, dim=-1)


def _taken(values: Tensor, frames: Tensor) -> Tensor:
    """Return the frames [B, T'] of each of the sequences [B, T, d]."""
    return values.gather(1, frames[..., None].expand(-1, -1, values.shape[-1]))


class Attention(nn.Module):
    """The mean of states over time, weighted by softmax(u . h)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.direction = nn.Linear(width, 1, bias=False)

    def forward(self, x: Padded) -> Tensor:
        """Return the weighted mean [B, width]."""
        scores = self.direction(x.values).masked_fill(~x.mask, -torch.inf)  # [B, T, 1]
        return (scores.softmax(dim=1) * x.values).sum(1)


def built(build: Callable[[], nn.Module], generator: torch.Generator) -> nn.Module:
    """Build a network whose weights and dropout come from a generator alone.

    Convolutions have the channels of a point side by side, in which they are computed fastest.
    """
    with torch.device("meta"):  # where PyTorch's own draws cost nothing
        network = build()
    network.to_empty(device="cpu")
    for module in network.modules():
        if isinstance(module, Dropout):
            module.generator = generator
        elif isinstance(module, nn.BatchNorm1d):
            module.reset_parameters()
        else:
            _draw(module, generator)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def batches(
    lengths: NDArray[np.intp], size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of batches for ever, an epoch after the other, of similar lengths each."""
    while True:
        order = rng.permutation(len(lengths))
        buckets = np.array_split(order, -(-len(order) // (size * BUCKETS)))
        cut = [
            batch
            for bucket in buckets
            for batch in np.array_split(
                bucket[np.argsort(lengths[bucket], kind="stable")], -(-len(bucket) // size)
            )
        ]
        yield from (cut[i] for i in rng.permutation(len(cut)))


def train(
    network: nn.Module,
    loss_of: Callable[[NDArray[np.intp]], Tensor],
    rows: Iterator[NDArray[np.intp]],
    *,
    steps: int,
    learning_rate: float,
    advance: Callable[[], object] = lambda: None,
) -> NDArray[np.float64]:
    """Take Adam's steps down a loss, at a rate that falls linearly to 0.

    Parameters
    ----------
    network : Module
        Whose weights are trained.
    loss_of : callable
        Returns the loss of the rows of a batch.
    rows : iterator of ndarray of int
        The batches: see `batches`.
    steps : int
        Updates.
    learning_rate : float
        Where Adam starts.
    advance : callable, optional
        Called after every update.

    Returns
    -------
    ndarray of shape (steps,)
        The loss of each batch.
    """
    _keep_memory()
    optimiser = Adam(network.parameters(), learning_rate)
    network.train()
    losses = torch.empty(steps)
    for step in range(steps):
        optimiser.learning_rate = learning_rate * (1 - step / steps)
        optimiser.zero_grad()
        loss = loss_of(next(rows))
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_NORM)
        optimiser.step()
        losses[step] = loss.detach()
        advance()
    network.eval()
    return losses.double().numpy()


@cache
def _keep_memory() -> None:
    """Have glibc keep what is freed: a third of the time goes into asking for it page by page."""
    largest, trimmed_at = (-3, 2**30), (-1, 2**31 - 1)  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(*largest)
        mallopt(*trimmed_at)


def _draw(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of one layer uniformly within 1 / sqrt(fan-in), as PyTorch does."""
    if isinstance(module, (nn.LSTM, nn.GRU)):
        fan_in = module.hidden_size
    else:
        weights = [p for p in module.parameters(recurse=False) if p.dim() > 1]
        fan_in = max((w[0].numel() for w in weights), default=1)
    for parameter in module.parameters(recurse=False):
        nn.init.uniform_(parameter, -(fan_in**-0.5), fan_in**-0.5, generator=generator)
