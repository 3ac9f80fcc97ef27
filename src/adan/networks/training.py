"""Networks that are trained together: their losses and updates, and how a stack is trained."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from torch import Tensor, nn

from adan.networks.loop import Batch, History, Step, train
from adan.networks.optimiser import Adam
from adan.networks.stacked import StackedMLP

CHUNK_MEMBERS = 5
"""Networks in a chunk on a CPU, at the most."""
CHUNK_BYTES = 192 * 2**20
"""Weights, gradients and Adam's moments of a chunk on a CPU.

A larger stack is trained in chunks, as many at a time as there are cores, each on one thread. How a
stack is cut does not depend on the number of cores, so the numbers do not either.
"""
CHUNK_BYTES_ON_GPU = 16 * 2**30


class Networks(nn.Module, metaclass=ABCMeta):
    """The networks of a stack and one round of their training.

    A subclass makes its networks as attributes, each a `StackedMLP`, and implements ``updates``
    and ``step``.

    Attributes
    ----------
    noise : mapping of str to int
        The normal draws that a row needs in a round: how many for each purpose, by name.
    betas : tuple of float
        Of Adam.
    epsilon : float
        Of Adam.
    """

    noise: Mapping[str, int]
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def start(self, learning_rate: float) -> None:
        """Give each update its Adam; call when the networks are on their device."""
        self.learning_rate = learning_rate
        self.optimisers = {
            name: Adam(
                [p for network in networks for p in network.parameters()],
                learning_rate,
                self.betas,
                self.epsilon,
            )
            for name, networks in self.updates().items()
        }

    def slow_down(self, done: float) -> None:
        """Lower the learning rate in proportion to the share of a phase that is done."""
        for optimiser in self.optimisers.values():
            optimiser.learning_rate = self.learning_rate * (1 - done)

    @abstractmethod
    def updates(self) -> dict[str, tuple[nn.Module, ...]]:
        """Return which networks each update of a round changes."""

    @abstractmethod
    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Do one round and return measures of shape ``[M]``, one column of ``history_`` each."""

    def phases(self) -> tuple[Step, ...]:
        """Return the rounds to train with one after the other, all epochs of each."""
        return (self.step,)

    def update(self, name: str, loss: Tensor) -> None:
        """Take one step down ``loss``, of shape ``[M]``; members share no weight, so sum it.

        Networks that ``loss`` passes through and that are not the update's get no gradient.
        """
        optimiser = self.optimisers[name]
        optimiser.zero_grad()
        loss.sum().backward(inputs=optimiser.parameters)
        optimiser.step()


def train_networks(
    networks: Networks,
    rows: Sequence[Tensor],
    codes: Sequence[Tensor],
    *,
    n_classes: int,
    rounds: int,
    batch_size: int,
    learning_rate: float,
    anneal: bool,
    generators: Sequence[torch.Generator],
    device: torch.device,
    drop_last: bool = False,
    advance: Callable[[], object] = lambda: None,
    stop: Callable[[int, History], bool] | None = None,
) -> list[History]:
    """Train the networks of a stack, all their phases; see `adan.networks.loop.train`.

    Parameters
    ----------
    anneal : bool
        Whether the learning rate falls linearly, round by round, towards 0 at the end of a phase.
    advance : callable, optional
        Called after every epoch of the first member.
    stop : callable, optional
        As of `adan.networks.loop.train`, in the last phase.

    Returns
    -------
    list of M dicts of str to float64 arrays of shape (epochs,)
        The measures of all phases.
    """
    networks.to(device)
    networks.start(learning_rate)
    histories: list[History] = [{} for _ in rows]
    phases = networks.phases()
    for place, phase in enumerate(phases):
        networks.slow_down(0.0)
        measured = train(
            phase,
            rows,
            codes,
            n_classes=n_classes,
            rounds=rounds,
            batch_size=batch_size,
            noise=networks.noise,
            generators=generators,
            device=device,
            drop_last=drop_last,
            begin=networks.slow_down if anneal else None,
            advance=advance,
            stop=stop if place == len(phases) - 1 else None,
        )
        histories = [h | new for h, new in zip(histories, measured, strict=True)]
    return histories


def n_chunks(n_members: int, alone: Networks, device: torch.device) -> int:
    """Return how many chunks a stack is cut into; ``alone`` are the networks of one member."""
    size = 16 * sum(p.numel() for p in alone.parameters())
    most = CHUNK_BYTES_ON_GPU // size
    if device.type == "cpu":
        most = min(CHUNK_MEMBERS, CHUNK_BYTES // size)
    return -(-n_members // max(1, most))


def apply(network: StackedMLP, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a trained network makes of ``inputs``, each (n, width), side by side."""
    return network(torch.as_tensor(np.hstack(inputs))[None])[0].numpy()


def seed_of(random_state: int | np.random.RandomState | None) -> int:
    """Return one integer seed, drawn where ``random_state`` is not an integer already."""
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))
