"""ADAN that moves real utterances from one emotion to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from adan._docs import documented
from adan.errors import AdanError
from adan.networks.loop import Batch
from adan.networks.stacked import identity
from adan.networks.training import Networks, apply
from adan.synthesis.adan import GameSynthesizer
from adan.synthesis.base import in_turn
from adan.synthesis.neural import normal
from adan.synthesis.wasserstein import WassersteinGame


class TransferGame(WassersteinGame):
    """ADAN's round where G gives a shift between two emotions and the critic sees the label.

    A synthetic latent is that of another row of the batch plus G(z, y, y'), y' being the emotion
    of that row. All latents are linear.
    """

    scale: Tensor
    """The size of a latent's components, [M, 1, 1]: what G's output is multiplied by."""

    labels_of_generator = 2
    labels_of_discriminator = 1
    betas = (0.5, 0.9)

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        **game: Any,
    ) -> None:
        super().__init__(ranks, generators, output=identity, **game)
        self.noise = {**self.noise, "source": 1}
        self.register_buffer("scale", torch.ones(len(ranks), 1, 1), persistent=False)

    def discriminate(self, latent: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Bring G and the critic to the scale of the latents, then update the critic M times."""
        power = (latent.square().mean(-1) * batch.weight).sum(-1)  # [M]
        self.scale.lerp_(power.sqrt()[:, None, None], 0.1)
        return super().discriminate(latent, batch)

    def generate(self, noise: Tensor, latent: Tensor, batch: Batch) -> Tensor:
        """Return the latents of other rows, moved to the batch's classes."""
        count = (batch.weight > 0).sum(-1, keepdim=True)  # [M, 1], rows that are no filling
        share = torch.special.ndtr(batch.noise["source"].squeeze(-1))  # [M, B], in (0, 1)
        place = (share * count).long().minimum(count - 1)  # [M, B], a row of the batch
        source, emotion = (
            t.gather(1, place[..., None].expand_as(t)) for t in (latent, batch.one_hot)
        )  # [M, B, latent_dim] and [M, B, K]
        shift = self.generator(torch.cat([noise, batch.one_hot, emotion], dim=-1))
        return source + self.scale * shift  # [M, B, latent_dim]

    def judge(self, latent: Tensor, batch: Batch) -> Tensor:
        """Return the critic's scores of latents, given their labels."""
        seen = torch.cat([latent / self.scale, batch.one_hot], dim=-1)
        return self.discriminator(seen).squeeze(-1)


class _Parents(NamedTuple):
    """Places of training rows: one of the class asked for, one that is moved to it."""

    own: NDArray[np.intp]
    moved: NDArray[np.intp]


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class TransferADAN(GameSynthesizer):
    """ADAN whose generator moves real utterances to another emotion.

    A synthetic vector has two parents. One is a training vector x of another emotion y', moved to
    the emotion y asked for: ``x + R(E(x) + G(z, y, y')) - R(E(x))``. The generator learns the
    shift in the Wasserstein game against a critic that sees latents and labels; what the
    autoencoder drops of x is kept, but for its mean over y', which gives way to that over y. The
    other parent is a training vector of emotion y. Their deviations from the mean of y are added,
    with weights whose squares add up to 1. So the spread within a class is that of real vectors,
    and the game has only to learn what differs between emotions. Within one call of ``sample``
    every vector is a parent as often as any other of its kind. E and R are linear by default, and
    C has no part in G's loss.

    Parameters
    ----------
    own : float, default=0.5
        Share, 0 to 1, of the variance within a class that comes from the parent of that class; 0
        is the moved parent alone.
    move_dropped : bool, default=True
        Whether the mean of what the autoencoder drops is moved.
    k : float, default=2
        Weight of the gradient term k ||grad f||^p of the critic's loss.
    p : float, default=6
        Its power, at least 2.
    classification_weight : float, default=0
        Factor of the loss that G gets from C.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        As ADAN's; ``discriminator_real`` and ``discriminator_synthetic`` are mean scores of the
        critic, as `WassersteinADAN` has them.
    memory_ : dict of str to ndarray
        ``rows`` and ``codes``: the training vectors, in the coordinates of the networks, and their
        classes; ``scale``: what G's output is multiplied by.

    References
    ----------
    This package. ``docs/results.md`` has what it gives; the notes of ``docs/notes/`` with
    ``transfer`` in their names have how it was found.
    """

    _kind = TransferGame
    _of_sampling = ("own", "move_dropped")

    noise_dim: int = 20
    autoencoder_hidden: Sequence[int] = ()
    discriminator_steps: int = 5
    learning_rate: float = 1e-3
    anneal: bool = True
    k: float = 2.0
    p: float = 6.0
    classification_weight: float = 0.0
    own: float = 0.5
    move_dropped: bool = True

    def _check(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
        if not 0 <= self.own <= 1:
            raise AdanError(f"own is {self.own}: it is a share of the variance, 0 to 1")
        return super()._check(X, y)

    def _remembered(
        self, networks: Networks, m: int, rows: NDArray[np.float32], codes: NDArray[np.intp]
    ) -> dict[str, NDArray[Any]]:
        assert isinstance(networks, TransferGame)
        return {"rows": rows, "codes": codes, "scale": networks.scale[m, 0].cpu().numpy()}

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        if "memory.scale" not in arrays:  # a file of version 0.1, where it is a gain of G's
            gains = arrays["networks.generator.gains"]
            arrays["memory.scale"] = gains[1, 0, 0].copy()
            arrays["networks.generator.gains"] = np.ones_like(gains)
        return super()._restored(header, arrays)

    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        parents = self._parents(codes, rng)
        latents = apply(self.encoder_, self.memory_["rows"])
        moved = latents[parents.moved] + self._shift(codes, parents, rng)
        return self._children(codes, latents, parents, moved)

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        parents = self._parents(codes, rng)
        rows, latents = self.memory_["rows"], apply(self.encoder_, self.memory_["rows"])
        dropped = rows - apply(self.decoder_, latents)
        moved = dropped[parents.moved] + apply(
            self.decoder_, latents[parents.moved] + self._shift(codes, parents, rng)
        )
        if self.move_dropped:
            means = self._class_means(dropped)
            moved += means[codes] - means[self.memory_["codes"][parents.moved]]
        return self.coordinates_.back(self._children(codes, rows, parents, moved))

    def _parents(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> _Parents:
        """Draw the training rows that each vector comes from."""
        parents = _Parents(np.empty_like(codes), np.empty_like(codes))
        for code in np.unique(codes):
            asked, same = codes == code, self.memory_["codes"] == code
            parents.own[asked] = in_turn(np.flatnonzero(same), asked.sum(), rng)
            parents.moved[asked] = in_turn(np.flatnonzero(~same), asked.sum(), rng)
        return parents

    def _shift(
        self, codes: NDArray[np.intp], parents: _Parents, rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        """Return G(z, y, y')."""
        z = normal(rng, len(codes), self.noise_dim)
        emotions = self.memory_["codes"][parents.moved]
        shift = apply(self.generator_, z, self._one_hot(codes), self._one_hot(emotions))
        return self.memory_["scale"] * shift  # (n, latent_dim)

    def _class_means(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the means (n_classes, width) of what stands for the training rows."""
        members = self._one_hot(self.memory_["codes"])
        return members.T @ rows / members.sum(axis=0)[:, None]

    def _children(
        self,
        codes: NDArray[np.intp],
        rows: NDArray[np.float32],
        parents: _Parents,
        moved: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Add both parents' deviations to the mean of the class."""
        mean = self._class_means(rows)[codes]  # (n, width)
        of_own, of_moved = np.sqrt(np.array([self.own, 1 - self.own], np.float32))
        return mean + of_own * (rows[parents.own] - mean) + of_moved * (moved - mean)
