"""The one training loop: a stack of M members, each with its own rows, shuffling and noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from adan.synthesis.networks import filled


@dataclass(frozen=True)
class Batch:
    """One batch of every member of the stack.

    Attributes
    ----------
    x : Tensor of shape [M, B, d]
        Feature vectors.
    one_hot : Tensor of shape [M, B, K]
        Their classes.
    noise : Tensor of shape [M, B, noise_width]
        Standard normal draws, new in every epoch.
    weight : Tensor of shape [M, B]
        One over the member's number of rows in the batch; 0 for rows that only fill it up.
    """

    x: Tensor
    one_hot: Tensor
    noise: Tensor
    weight: Tensor


Step = Callable[[Batch], dict[str, Tensor]]


def n_batches(n_rows: int, batch_size: int) -> int:
    """Return the number of batches an epoch is cut into; only members that agree can be stacked."""
    return -(-n_rows // batch_size)


def train(
    step: Step,
    rows: Sequence[Tensor],
    codes: Sequence[Tensor],
    *,
    n_classes: int,
    epochs: int,
    batch_size: int,
    noise_width: int,
    generators: Sequence[torch.Generator],
    device: torch.device,
    advance: Callable[[], object] = lambda: None,
) -> list[dict[str, np.ndarray]]:
    """Train a stack and return each member's history.

    An epoch shuffles each member's rows and cuts them into batches of at most ``batch_size`` whose
    sizes differ by one at the most, so no row is left out and no batch is a small remainder.

    Parameters
    ----------
    step : callable
        Does one update of every network on a `Batch` and returns measures of shape ``[M]``.
    rows : sequence of M tensors of shape [n_m, d_m]
        The members' training vectors; narrower ones are filled up with zero columns. All members
        must agree in `n_batches`.
    codes : sequence of M int64 tensors of shape [n_m]
        Their classes, 0 to ``n_classes - 1``.
    noise_width : int
        The number of normal draws that a row needs in a round.
    generators : sequence of M torch.Generator
        Each member's own source of shuffling and noise, on the CPU, so that the numbers do not
        depend on the device or on the other members.
    advance : callable, optional
        Called after every epoch.

    Returns
    -------
    list of M dicts of str to float64 arrays of shape (epochs,)
        Each measure's mean over the epoch's rows.
    """
    counts = [len(r) for r in rows]
    plan = _BatchPlan(counts, batch_size)
    x = _pad(rows).to(device)
    one_hot = _pad([torch.nn.functional.one_hot(c, n_classes).float() for c in codes]).to(device)
    members = torch.arange(len(rows), device=device)[:, None]
    history: list[Tensor] = []
    names: tuple[str, ...] = ()
    for _ in range(epochs):
        order = _pad(
            [torch.randperm(n, generator=g) for n, g in zip(counts, generators, strict=True)]
        )
        noise = _pad(
            [
                torch.randn(n, noise_width, generator=g)
                for n, g in zip(counts, generators, strict=True)
            ]
        )
        order, noise = order.to(device), noise.to(device)
        total: Tensor | float = 0.0
        for position, weight, share in plan.batches(device):
            row = order.gather(1, position)
            batch = Batch(x[members, row], one_hot[members, row], noise[members, position], weight)
            measures = step(batch)
            names = tuple(measures)
            total = total + torch.stack(tuple(measures.values())) * share
        history.append(torch.as_tensor(total))
        advance()
    table = torch.stack(history).double().cpu().numpy() if history else np.empty((0, 0, len(rows)))
    return [{name: table[:, i, m].copy() for i, name in enumerate(names)} for m in range(len(rows))]


class _BatchPlan:
    """Where each batch's rows stand in the epoch's order, and what each counts."""

    def __init__(self, counts: Sequence[int], batch_size: int) -> None:
        (steps,) = {n_batches(n, batch_size) for n in counts}
        parts = [torch.arange(n).tensor_split(steps) for n in counts]
        largest = max(len(p) for batch in parts for p in batch)
        room = min(filled(largest, 16), batch_size)
        self._batches = []
        for batch in zip(*parts, strict=True):
            weights = [torch.full((len(p),), 1 / len(p)) for p in batch]
            share = torch.tensor([len(p) / n for p, n in zip(batch, counts, strict=True)])
            self._batches.append((_pad(batch, room), _pad(weights, room), share))

    def batches(self, device: torch.device) -> list[tuple[Tensor, Tensor, Tensor]]:
        self._batches = [(p.to(device), w.to(device), s.to(device)) for p, w, s in self._batches]
        return self._batches


def _pad(tensors: Sequence[Tensor], room: int = 0) -> Tensor:
    """Stack tensors, filled up with zeros to the largest size, at least ``room``, of every axis."""
    shape = [max(room, *sizes) for sizes in zip(*(t.shape for t in tensors), strict=True)]
    stacked = tensors[0].new_zeros(len(tensors), *shape)
    for place, tensor in zip(stacked, tensors, strict=True):
        place[tuple(slice(size) for size in tensor.shape)] = tensor
    return stacked


def accuracy(logits: Tensor, batch: Batch) -> Tensor:
    """Return the share of the rows that the largest logit classifies right."""
    right = logits.detach().argmax(-1) == batch.one_hot.argmax(-1)
    return (right * batch.weight).sum(-1)
