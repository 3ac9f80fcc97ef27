"""ADAN that moves real utterances from one emotion to another: the variant that helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adan.synthesis.adan import GameSynthesizer
from adan.synthesis.networks import identity
from adan.synthesis.neural import apply, normal
from adan.synthesis.training import Batch
from adan.synthesis.wasserstein import WassersteinGame


class TransferGame(WassersteinGame):
    """ADAN's round where G gives a shift between two emotions and the critic sees the label.

    A synthetic latent is that of another row of the batch plus G(z, y, y'), y' being the emotion
    of that row. All latents are linear.
    """

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
        self.noise_width += 1

    def discriminate(self, latent: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Bring G and the critic to the scale of the latents, then update the critic M times."""
        power = (latent.square().mean(-1) * batch.weight).sum(-1)
        self.scale.lerp_(power.sqrt()[:, None, None], 0.1)
        return super().discriminate(latent, batch)

    @property
    def scale(self) -> Tensor:
        """What G's output is multiplied by, ``[M, 1, 1]``: the size of a latent's components."""
        return self.generator.gains[1]

    def generate(self, noise: Tensor, latent: Tensor, batch: Batch) -> Tensor:
        """Return the latents of other rows, moved to the batch's classes."""
        count = (batch.weight > 0).sum(-1, keepdim=True)
        place = (torch.special.ndtr(batch.noise[..., -2]) * count).long().minimum(count - 1)
        source, emotion = (
            t.gather(1, place[..., None].expand_as(t)) for t in (latent, batch.one_hot)
        )
        return source + self.generator(torch.cat([noise, batch.one_hot, emotion], dim=-1))

    def judge(self, latent: Tensor, batch: Batch) -> Tensor:
        """Return the critic's scores of latents, given their labels."""
        seen = torch.cat([latent / self.scale, batch.one_hot], dim=-1)
        return self.discriminator(seen).squeeze(-1)


@dataclass(eq=False, repr=False, kw_only=True)
class TransferADAN(GameSynthesizer):
    """ADAN whose generator moves real utterances to another emotion.

    A synthetic vector is a training vector of another emotion, moved: ``x + R(E(x) + G(z, y, y'))
    - R(E(x))``, where y' is the emotion of x and y the one asked for. The generator learns the
    shift in the Wasserstein game against a critic that sees latents and labels; what the
    autoencoder drops of x is kept. So the spread within a class, which the emotions share to a
    good approximation, is that of real vectors, and the game has only to learn what differs
    between emotions. E and R are linear by default, and C has no part in G's loss.

    Parameters
    ----------
    k, p : float, default=2 and 6
        As for `WassersteinADAN`.
    classification_weight : float, default=0
        Factor of the loss that G gets from C.
    latent_dim, noise_dim, autoencoder_hidden, hidden, learning_rate, discriminator_steps, \
epochs, batch_size, rotate, precision, device, random_state
        As for `ADAN`; the defaults are 100, 20, (), (200, 200), 1e-3, 2, 500, 128, True,
        ``"auto"``, ``"auto"`` and None.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        As for `WassersteinADAN`.
    memory_ : dict of str to ndarray
        The training vectors, in the coordinates of the networks, and their classes.

    References
    ----------
    This package; ``docs/measurements.md`` has what was measured and what was tried before.
    """

    _kind = TransferGame

    noise_dim: int = 20
    autoencoder_hidden: Sequence[int] = ()
    hidden: Sequence[int] = (200, 200)
    discriminator_steps: int = 2
    learning_rate: float = 1e-3
    epochs: int = 500
    k: float = 2.0
    p: float = 6.0
    classification_weight: float = 0.0

    def _remembered(
        self, rows: NDArray[np.float32], codes: NDArray[np.intp]
    ) -> dict[str, NDArray[Any]]:
        return {"rows": rows, "codes": codes}

    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        _, latent, shift = self._moved(codes, rng)
        return latent + shift

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        source, latent, shift = self._moved(codes, rng)
        moved = source + apply(self.decoder_, latent + shift) - apply(self.decoder_, latent)
        return self.coordinates_.back(moved)

    def _moved(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return training rows of other classes, their latents, and the shifts to ``codes``."""
        place = np.empty_like(codes)
        for code in np.unique(codes):
            of_others = self.memory_["codes"] != code
            candidates = np.flatnonzero(of_others | ~of_others.any())
            place[codes == code] = rng.choice(candidates, size=np.sum(codes == code))
        source, emotion = self.memory_["rows"][place], self.memory_["codes"][place]
        z = normal(rng, len(codes), self.noise_dim)
        shift = apply(self.generator_, z, self._one_hot(codes), self._one_hot(emotion))
        return source, apply(self.encoder_, source), shift
