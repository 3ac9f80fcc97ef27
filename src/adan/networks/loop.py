"""The one training loop: a stack of M members, each with its own rows, shuffling and noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adan.networks.stacked import filled


@dataclass(frozen=True)
class Batch:
    """One batch of every member of the stack.

    Attributes
    ----------
    x : Tensor of shape [M, B, d]
        Feature vectors.
    one_hot : Tensor of shape [M, B, K]
        Their classes.
    noise : mapping of str to Tensor of shape [M, B, width]
        Standard normal draws by their purpose, new in every epoch.
    weight : Tensor of shape [M, B]
        One over the member's number of rows in the batch; 0 for rows that only fill it up.
    """

    x: Tensor
    one_hot: Tensor
    noise: Mapping[str, Tensor]
    weight: Tensor


Step = Callable[[Batch], dict[str, Tensor]]
History = dict[str, NDArray[np.float64]]


def n_batches(n_rows: int, batch_size: int, drop_last: bool = False) -> int:
    """Return the number of batches an epoch is cut into."""
    return max(1, n_rows // batch_size) if drop_last else -(-n_rows // batch_size)


def n_rounds(steps: int, epochs: int | None, n_batches: int) -> int:
    """Return the number of updates: ``steps``, unless training is measured in ``epochs``."""
    return steps if epochs is None else epochs * n_batches


def train(
    step: Step,
    rows: Sequence[Tensor],
    codes: Sequence[Tensor],
    *,
    n_classes: int,
    rounds: int,
    batch_size: int,
    noise: Mapping[str, int],
    generators: Sequence[torch.Generator],
    device: torch.device,
    drop_last: bool = False,
    begin: Callable[[float], object] | None = None,
    advance: Callable[[], object] = lambda: None,
    stop: Callable[[int, History], bool] | None = None,
) -> list[History]:
    """Train a stack and return each member's history.

    A round is one batch of every member. A member's epoch shuffles its rows and cuts them into
    batches of at most ``batch_size`` whose sizes differ by one at the most, so no row is left out
    and no batch is a small remainder. Members with unequal numbers of batches begin their epochs
    in different rounds.

    Parameters
    ----------
    step : callable
        Does one update of every network on a `Batch` and returns measures of shape ``[M]``.
    rows : sequence of M tensors of shape [n_m, d_m]
        The members' training vectors; narrower ones are filled up with zero columns.
    codes : sequence of M int64 tensors of shape [n_m]
        Their classes, 0 to ``n_classes - 1``.
    rounds : int
        Epochs times `n_batches`; any other number cuts a member's last epoch short.
    noise : mapping of str to int
        The normal draws that a row needs in a round: how many for each purpose, by name.
    generators : sequence of M torch.Generator
        Each member's own source of shuffling and noise, on the CPU, so that the numbers do not
        depend on the device or on the other members.
    drop_last : bool, default=False
        Cut batches of exactly ``batch_size`` rows, or one of all where there are fewer, and leave
        the remainder of an epoch's order out.
    begin : callable, optional
        Called before every round, with the share of the rounds that are done.
    advance : callable, optional
        Called after every epoch of the first member.
    stop : callable, optional
        Called after every epoch of a member that has not stopped, with its place in the stack and
        its history so far; True stops it. What it has learnt must be taken then, since the others
        go on, and it with them. When all have stopped, training ends.

    Returns
    -------
    list of M dicts of str to float64 arrays of shape (epochs,)
        Each measure's mean over the rows seen in an epoch.
    """
    counts = [len(r) for r in rows]
    plan = _BatchPlan(counts, batch_size, drop_last)
    draws = _Draws(counts, sum(noise.values()), generators)
    x = _pad(rows).to(device)
    one_hot = _pad([torch.nn.functional.one_hot(c, n_classes).float() for c in codes]).to(device)
    members = torch.arange(len(rows), device=device)[:, None]
    measured: list[Tensor] = []
    names: tuple[str, ...] = ()
    stops = _Stops(plan.sizes, stop)
    shares_done = np.linspace(0, 1, rounds, endpoint=False).tolist()
    for i, (position, weight) in enumerate(plan.batches(rounds, device)):
        if beginning := plan.beginning(i):
            order, drawn = draws.renewed(beginning, device)
        if begin:
            begin(shares_done[i])
        row = order.gather(1, position)  # [M, B], of the members' rows
        named = drawn[members, position].split([*noise.values()], dim=-1)
        batch = Batch(
            x[members, row], one_hot[members, row], dict(zip(noise, named, strict=True)), weight
        )
        measures = step(batch)
        names = tuple(measures)
        measured.append(torch.stack(tuple(measures.values())))
        if 0 in plan.beginning(i + 1):
            advance()
        if stops.all_stopped(plan.beginning(i + 1), names, measured):
            break
    if not measured:
        return [{} for _ in rows]
    table = torch.stack(measured).cpu().numpy()
    return [
        _history(names, table[: stops.rounds.get(m), :, m], sizes)
        for m, sizes in enumerate(plan.sizes)
    ]


class _BatchPlan:
    """Where each batch's rows stand in an epoch's order, and what each counts."""

    def __init__(self, counts: Sequence[int], batch_size: int, drop_last: bool) -> None:
        numbers = [n_batches(n, batch_size, drop_last) for n in counts]
        if drop_last:
            counts = [min(n, batch_size * k) for n, k in zip(counts, numbers, strict=True)]
        parts = [torch.arange(n).tensor_split(k) for n, k in zip(counts, numbers, strict=True)]
        self.sizes = [[len(batch) for batch in batches] for batches in parts]
        room = min(filled(max(map(max, self.sizes)), 16), batch_size)
        weights = [[torch.full((n,), 1 / n) for n in sizes] for sizes in self.sizes]
        self._positions = _pad([_pad(batches, room) for batches in parts])
        self._weights = _pad([_pad(batches, room) for batches in weights])

    def beginning(self, i: int) -> list[int]:
        """Return the members that begin an epoch in round ``i``."""
        return [m for m, sizes in enumerate(self.sizes) if i % len(sizes) == 0]

    def batches(self, rounds: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the positions [M, B] and weights [M, B] of each round."""
        positions, weights = self._positions.to(device), self._weights.to(device)
        lengths = torch.tensor([len(sizes) for sizes in self.sizes])
        turns = (torch.arange(rounds)[:, None] % lengths).to(device)
        members = torch.arange(len(lengths), device=device)
        for turn in turns:
            yield positions[members, turn], weights[members, turn]


class _Draws:
    """The orders and the noise of the members' epochs, each drawn by its own generator."""

    def __init__(
        self, counts: Sequence[int], noise_width: int, generators: Sequence[torch.Generator]
    ) -> None:
        self._members = list(zip(counts, generators, strict=True))
        self._order = torch.zeros(len(counts), max(counts), dtype=torch.int64)
        self._noise = torch.zeros(len(counts), max(counts), noise_width)

    def renewed(self, members: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
        """Draw some members' next epoch; return the orders [M, n] and noise [M, n, w] of all."""
        for m in members:
            n, generator = self._members[m]
            torch.randperm(n, generator=generator, out=self._order[m, :n])
            self._noise[m, :n].normal_(generator=generator)
        return self._order.to(device), self._noise.to(device)


class _Stops:
    """Which members have stopped, and after how many rounds."""

    def __init__(
        self, sizes: Sequence[Sequence[int]], stop: Callable[[int, History], bool] | None
    ) -> None:
        self._sizes, self._stop = sizes, stop
        self.rounds: dict[int, int] = {}
        self._epochs: list[list[np.ndarray]] = [[] for _ in sizes]

    def all_stopped(
        self, ending: Sequence[int], names: Sequence[str], measured: Sequence[Tensor]
    ) -> bool:
        """Ask for the members whose epoch ends with the last round; tell whether none goes on."""
        if self._stop is None:
            return False
        for m in ending:
            if m in self.rounds:
                continue
            sizes, epochs = self._sizes[m], self._epochs[m]
            last = torch.stack(list(measured[-len(sizes) :]))[..., m].cpu().numpy()
            epochs.append(_by_epoch(last, sizes)[0])
            if self._stop(m, dict(zip(names, np.array(epochs).T, strict=True))):
                self.rounds[m] = len(measured)
        return len(self.rounds) == len(self._sizes)


def _history(names: Sequence[str], measured: np.ndarray, sizes: Sequence[int]) -> History:
    means = _by_epoch(measured, sizes)
    return {name: means[:, i].copy() for i, name in enumerate(names)}


def _by_epoch(measured: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Return the means (epochs, measures) of a member's rounds, weighted by its rows in each."""
    starts = np.arange(0, len(measured), len(sizes))
    seen = np.resize(sizes, len(measured))
    in_epoch = np.repeat(np.add.reduceat(seen, starts), len(sizes))[: len(measured)]
    shares = (seen / in_epoch).astype(measured.dtype)
    parts = np.split(measured * shares[:, None], starts[1:])
    return np.array([part.sum(axis=0) for part in parts], dtype=np.float64)


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
