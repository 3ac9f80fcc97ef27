"""One round of ADAN's training: D, then E, R and C, then G (Section III-D)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from adan.synthesis import losses
from adan.synthesis.networks import StackedMLP
from adan.synthesis.neural import Networks
from adan.synthesis.training import Batch


class Game(Networks):
    """The five networks of a stack of ADANs and one round of their training.

    In a round D is updated M times, then E, R and C, then G. E and G do not change before their
    own updates, so one forward pass of E serves D and the autoencoder, and one of G serves D's
    last update and G's own.

    Parameters
    ----------
    ranks : sequence of int
        The width of each member's input vectors.
    generators : sequence of torch.Generator
        Each member's source of initial weights.
    n_features : int
        The number of features before the rotation, to scale the initial weights by.
    reduced : bool
        Whether E and R multiply matrices in bfloat16.
    """

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator],
        *,
        n_classes: int,
        n_features: int,
        latent_dim: int,
        noise_dim: int,
        autoencoder_hidden: Sequence[int],
        hidden: Sequence[int],
        discriminator_steps: int,
        generator_loss: str,
        reduced: bool,
    ) -> None:
        super().__init__()
        inner, outer = tuple(autoencoder_hidden), tuple(autoencoder_hidden)[::-1]
        self.encoder = StackedMLP(
            [(rank, *inner, latent_dim) for rank in ranks],
            generators,
            output=torch.tanh,
            fan_in=n_features,
            reduced=reduced,
        )
        self.decoder = StackedMLP(
            [(latent_dim, *outer, rank) for rank in ranks],
            generators,
            fan_out=n_features,
            reduced=reduced,
        )
        n = len(ranks)
        self.generator = StackedMLP(
            [(noise_dim + n_classes, *hidden, latent_dim)] * n, generators, output=torch.tanh
        )
        self.discriminator = StackedMLP([(latent_dim, *hidden, 1)] * n, generators)
        self.classifier = StackedMLP([(latent_dim, *hidden, n_classes)] * n, generators)
        self.noise_dim, self.noise_width = noise_dim, noise_dim * discriminator_steps
        self.adversarial_loss = losses.GENERATOR_LOSSES[generator_loss]

    def updates(self) -> dict[str, tuple[nn.Module, ...]]:  # noqa: D102
        return {
            "discriminator": (self.discriminator,),
            "autoencoder": (self.encoder, self.decoder, self.classifier),
            "generator": (self.generator,),
        }

    def step(self, batch: Batch) -> dict[str, Tensor]:  # noqa: D102
        latent = self.encoder(batch.x)
        measures: dict[str, Tensor] = {}
        for noise in batch.noise.split(self.noise_dim, dim=-1):
            synthetic = self.generator(torch.cat([noise, batch.one_hot], dim=-1))
            measures |= self.train_discriminator(latent.detach(), synthetic.detach(), batch)
        measures |= self.train_autoencoder(latent, batch)
        measures |= self.train_generator(synthetic, batch)
        return measures

    def train_discriminator(
        self, latent: Tensor, synthetic: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Update D by equation (1)."""
        logits = self.discriminator(torch.cat([latent, synthetic], dim=1)).squeeze(-1)
        real, fake = logits.chunk(2, dim=1)
        loss = losses.discriminator_loss(real, fake, batch.weight)
        self.update("discriminator", loss)
        return {
            "loss_discriminator": loss.detach(),
            "discriminator_real": (real.detach().sigmoid() * batch.weight).sum(-1),
            "discriminator_synthetic": (fake.detach().sigmoid() * batch.weight).sum(-1),
        }

    def train_autoencoder(self, latent: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Update C by equation (2), R by (3) and E by (4).

        One backward pass of the sum does all three: C is not in (3), nor R in (2).
        """
        logits = self.classifier(latent)
        classification = losses.classification_loss(logits, batch.one_hot, batch.weight)
        reconstruction = losses.reconstruction_loss(batch.x, self.decoder(latent), batch.weight)
        self.update("autoencoder", classification + reconstruction)
        return {
            "loss_classifier": classification.detach(),
            "loss_reconstruction": reconstruction.detach(),
            "loss_encoder": (classification + reconstruction).detach(),
            "accuracy_real": _accuracy(logits, batch),
        }

    def train_generator(self, synthetic: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Update G by equation (6) or (5); D and C pass gradients on but stay as they are."""
        received = synthetic.detach().requires_grad_()
        adversarial = self.adversarial_loss(self.discriminator(received).squeeze(-1), batch.weight)
        logits = self.classifier(received)
        classification = losses.classification_loss(logits, batch.one_hot, batch.weight)
        (from_d,) = torch.autograd.grad(adversarial.sum(), received)
        (from_c,) = torch.autograd.grad(classification.sum(), received)
        optimiser = self.optimisers["generator"]
        optimiser.zero_grad()
        synthetic.backward(from_d + from_c)
        optimiser.step()
        return {
            "loss_generator": (adversarial + classification).detach(),
            "accuracy_synthetic": _accuracy(logits, batch),
            "gradient_discriminator": from_d.norm(dim=-1).sum(-1),
            "gradient_classifier": from_c.norm(dim=-1).sum(-1),
        }


def _accuracy(logits: Tensor, batch: Batch) -> Tensor:
    right = logits.detach().argmax(-1) == batch.one_hot.argmax(-1)
    return (right * batch.weight).sum(-1)
