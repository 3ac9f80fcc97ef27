"""A vanilla conditional GAN in the space of the features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adan._docs import documented
from adan.networks import losses
from adan.networks.loop import Batch
from adan.networks.stacked import StackedMLP
from adan.networks.training import apply
from adan.synthesis.adversarial import Adversarial
from adan.synthesis.neural import NeuralSynthesizer, normal


class ConditionalGame(Adversarial):
    """G and D, both given the label, and a round of theirs: D, then G.

    The label stands before the features, since narrow members of a stack end in zero columns.
    """

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        *,
        n_classes: int,
        n_features: int,
        noise_dim: int,
        hidden: Sequence[int],
        reduced: bool,
    ) -> None:
        super().__init__()
        self.generator = StackedMLP(
            [(noise_dim + n_classes, *hidden, rank) for rank in ranks],
            generators,
            fan_out=n_features,
            reduced=reduced,
        )
        self.discriminator = StackedMLP(
            [(n_classes + rank, *hidden, 1) for rank in ranks],
            generators,
            fan_in=n_classes + n_features,
            reduced=reduced,
        )
        self.noise = {"z": noise_dim}

    def updates(self) -> dict[str, tuple[nn.Module, ...]]:  # noqa: D102
        return {"discriminator": (self.discriminator,), "generator": (self.generator,)}

    def step(self, batch: Batch) -> dict[str, Tensor]:  # noqa: D102
        synthetic = self.generator(torch.cat([batch.noise["z"], batch.one_hot], dim=-1))
        real, fake = (torch.cat([batch.one_hot, x], dim=-1) for x in (batch.x, synthetic))
        measures = self.train_discriminator(real, fake.detach(), batch)
        logits = self.discriminator(fake).squeeze(-1)
        loss = losses.inverted_generator_loss(logits, batch.weight)
        self.update("generator", loss)
        return measures | {"loss_generator": loss.detach()}


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class ConditionalGAN(NeuralSynthesizer):
    """Vanilla conditional GAN: G(z, y) makes feature vectors, and D(x, y) judges them.

    What Section II-B of the paper sets ADAN against: no latent space, no auxiliary classifier.

    Parameters
    ----------
    noise_dim : int, default=100
        Dimension of the generator's input z ~ N(0, I).
    hidden : tuple of int, default=(100, 100)
        Hidden layers of G and D, as ADAN's.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        ``loss_discriminator``, ``discriminator_real``, ``discriminator_synthetic`` and
        ``loss_generator``, as for `ADAN`.

    References
    ----------
    I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014.

    M. Mirza and S. Osindero, "Conditional generative adversarial nets", arXiv:1411.1784, 2014.
    """

    _kind = ConditionalGame

    noise_dim: int = 100
    hidden: Sequence[int] = (100, 100)

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        z = normal(rng, len(codes), self.noise_dim)
        return self.coordinates_.back(apply(self.generator_, z, self._one_hot(codes)))
