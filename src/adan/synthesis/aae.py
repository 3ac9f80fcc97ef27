"""The adversarial autoencoder with a Gaussian component for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adan._docs import documented
from adan.errors import AdanError
from adan.networks import losses
from adan.networks.loop import Batch
from adan.networks.stacked import StackedMLP, identity
from adan.synthesis.adversarial import Adversarial
from adan.synthesis.latent import Autoencoder, LatentSynthesizer
from adan.synthesis.neural import normal


class PriorGame(Autoencoder, Adversarial):
    """E, R and D, and a round of theirs: E and R reconstruct, D judges, E deceives D."""

    centres: Tensor

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        *,
        n_classes: int,
        latent_dim: int,
        hidden: Sequence[int],
        **autoencoder: Any,
    ) -> None:
        if latent_dim < 2:
            raise AdanError(
                f"latent_dim is {latent_dim}: the classes' centres lie on a circle, which needs at "
                "least 2 dimensions"
            )
        super().__init__(ranks, generators, latent_dim=latent_dim, output=identity, **autoencoder)
        widths = (latent_dim + n_classes, *hidden, 1)
        self.discriminator = StackedMLP([widths] * len(ranks), generators)
        self.noise = {"prior": latent_dim}
        centres = torch.as_tensor(class_centres(n_classes, latent_dim))
        self.register_buffer("centres", centres, persistent=False)

    def updates(self) -> dict[str, tuple[nn.Module, ...]]:  # noqa: D102
        return {
            "autoencoder": (self.encoder, self.decoder),
            "discriminator": (self.discriminator,),
            "encoder": (self.encoder,),
        }

    def step(self, batch: Batch) -> dict[str, Tensor]:  # noqa: D102
        reconstructed = self.decoder(self.encoder(batch.x))
        reconstruction = losses.reconstruction_loss(batch.x, reconstructed, batch.weight)
        self.update("autoencoder", reconstruction)
        prior = batch.one_hot @ self.centres + batch.noise["prior"]
        drawn, coded = (
            torch.cat([h, batch.one_hot], dim=-1) for h in (prior, self.encoder(batch.x))
        )
        measures = self.train_discriminator(drawn, coded.detach(), batch)
        logits = self.discriminator(coded).squeeze(-1)
        deception = losses.inverted_generator_loss(logits, batch.weight)
        self.update("encoder", deception)
        return measures | {
            "loss_reconstruction": reconstruction.detach(),
            "loss_encoder": deception.detach(),
        }


def class_centres(n_classes: int, latent_dim: int) -> NDArray[np.float32]:
    """Return the means of the prior's components, of shape (n_classes, latent_dim).

    They lie on a circle in the first two dimensions, neighbours four standard deviations apart.
    """
    angles = 2 * np.pi * np.arange(n_classes) / n_classes
    centres = np.zeros((n_classes, latent_dim), dtype=np.float32)
    centres[:, :2] = np.column_stack([np.cos(angles), np.sin(angles)])
    return centres * np.float32(2 / np.sin(np.pi / n_classes))


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class AdversarialAutoencoder(LatentSynthesizer):
    """Adversarial autoencoder whose latent vectors follow a mixture of Gaussians, one a class.

    D tells draws from the prior and latent vectors E(x) apart, given the label; E learns to
    reconstruct and to deceive it. A synthetic vector is a decoded draw from its class's component.

    Parameters
    ----------
    latent_dim : int, default=2
        Dimension of the latent vectors h, at least 2.
    hidden : tuple of int, default=(100, 100)
        Hidden layers of D, as ADAN's.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        ``loss_reconstruction``; ``loss_discriminator``, ``discriminator_real`` (over draws from
        the prior) and ``discriminator_synthetic`` (over latent vectors); ``loss_encoder``, what E
        gets from D.

    Notes
    -----
    The components are N(c, I) with centres on a circle in the first two dimensions, neighbours
    four standard deviations apart. Hidden layers are tanh and E ends linearly.

    References
    ----------
    A. Makhzani et al., "Adversarial autoencoders", ICLR workshop 2016.

    S. Sahu et al., "Adversarial auto-encoders for speech based emotion recognition", Interspeech
    2017.
    """

    _kind = PriorGame

    latent_dim: int = 2
    autoencoder_hidden: Sequence[int] = (1000, 1000)
    hidden: Sequence[int] = (100, 100)
    learning_rate: float = 1e-3
    steps: int = 600

    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        centres = class_centres(len(self.classes_), self.latent_dim)
        return centres[codes] + normal(rng, len(codes), self.latent_dim)
