"""One round of ADAN's training: D, then E, R and C, then G (Section III-D)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from adan.errors import AdanError
from adan.networks import losses
from adan.networks.loop import Batch, accuracy
from adan.networks.stacked import ACTIVATIONS, StackedMLP, identity, tanh
from adan.synthesis.adversarial import Adversarial
from adan.synthesis.latent import ClassifyingAutoencoder

OUTPUTS = {"linear": identity, "tanh": tanh}


class Game(ClassifyingAutoencoder, Adversarial):
    """The five networks of a stack of ADANs and one round of their training.

    In a round D is updated M times, then E, R and C, then G. E and G do not change before their
    own updates, so one forward pass of E serves D and the autoencoder, and one of G serves D's
    last update and G's own.

    Parameters
    ----------
    ranks, generators
        As for every `Autoencoder`.
    output : callable
        The function after the last layers of E and G.
    **autoencoder
        Those of `Autoencoder`; the others are described at `ADAN`.
    """

    labels_of_generator: ClassVar[int] = 1
    """How many class labels G is told."""
    labels_of_discriminator: ClassVar[int] = 0

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        *,
        n_classes: int,
        latent_dim: int,
        noise_dim: int,
        hidden: Sequence[int],
        discriminator_steps: int,
        generator_loss: str = "inverted",
        classification_weight: float = 1.0,
        discriminator_weight: float = 1.0,
        classifier_hidden: Sequence[int] | None = None,
        activation: str = "tanh",
        decoder_output: str = "linear",
        beta1: float | None = None,
        epsilon: float = 1e-8,
        output: Callable[[Tensor], Tensor] = tanh,
        **autoencoder: Any,
    ) -> None:
        for name, value, known in (
            ("activation", activation, ACTIVATIONS),
            ("decoder_output", decoder_output, OUTPUTS),
            ("generator_loss", generator_loss, losses.GENERATOR_LOSSES),
        ):
            if value not in known:
                raise AdanError(f"no {name} '{value}'; choose one of {', '.join(known)}")
        super().__init__(
            ranks,
            generators,
            latent_dim=latent_dim,
            activation=activation,
            output=output,
            decoder_output=OUTPUTS[decoder_output],
            **autoencoder,
        )
        n, function = len(ranks), ACTIVATIONS[activation]
        self.generator = StackedMLP(
            [(noise_dim + self.labels_of_generator * n_classes, *hidden, latent_dim)] * n,
            generators,
            hidden=function,
            output=output,
        )
        seen = latent_dim + self.labels_of_discriminator * n_classes
        self.discriminator = StackedMLP([(seen, *hidden, 1)] * n, generators, hidden=function)
        inner = hidden if classifier_hidden is None else classifier_hidden
        self.classifier = StackedMLP([(latent_dim, *inner, n_classes)] * n, generators)
        self.noise_dim = noise_dim
        self.noise = {"z": noise_dim * discriminator_steps}
        self.discriminator_steps = discriminator_steps
        self.adversarial_loss = losses.GENERATOR_LOSSES[generator_loss]
        self.classification_weight = classification_weight
        self.discriminator_weight = discriminator_weight
        self.betas = (self.betas[0] if beta1 is None else beta1, self.betas[1])
        self.epsilon = epsilon

    def updates(self) -> dict[str, tuple[nn.Module, ...]]:  # noqa: D102
        return {
            "discriminator": (self.discriminator,),
            "autoencoder": (self.encoder, self.decoder, self.classifier),
            "generator": (self.generator,),
        }

    def step(self, batch: Batch) -> dict[str, Tensor]:  # noqa: D102
        latent = self.encoder(batch.x)
        synthetic, measures = self.discriminate(latent.detach(), batch)
        measures |= self.train_autoencoder(latent, batch)
        return measures | self.train_generator(synthetic, batch)

    def discriminate(self, latent: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Update D M times; return the synthetic latents of the last time."""
        for noise in batch.noise["z"].split(self.noise_dim, dim=-1):
            synthetic = self.generate(noise, latent, batch)
            measures = self.train_discriminator(latent, synthetic.detach(), batch)
        return synthetic, measures

    def generate(self, noise: Tensor, latent: Tensor, batch: Batch) -> Tensor:
        """Return G(z, y) for the batch's classes, ``[M, B, latent_dim]``."""
        return self.generator(torch.cat([noise, batch.one_hot], dim=-1))

    def judge(self, latent: Tensor, batch: Batch) -> Tensor:
        """Return D's logits, or the critic's scores, of latents: ``[M, B]``."""
        return self.discriminator(latent).squeeze(-1)

    def train_generator(self, synthetic: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Update G by equation (6) or (5); D and C pass gradients on but stay as they are."""
        received = synthetic.detach().requires_grad_()
        adversarial = self.adversarial_loss(self.judge(received, batch), batch.weight)
        logits = self.classifier(received)
        classification = self.classification_weight * losses.classification_loss(
            logits, batch.one_hot, batch.weight
        )
        (from_d,) = torch.autograd.grad(adversarial.sum(), received)
        (from_c,) = torch.autograd.grad(classification.sum(), received)
        optimiser = self.optimisers["generator"]
        optimiser.zero_grad()
        synthetic.backward(from_d + from_c)
        optimiser.step()
        return {
            "loss_generator": (adversarial + classification).detach(),
            "accuracy_synthetic": accuracy(logits, batch),
            "gradient_discriminator": from_d.norm(dim=-1).sum(-1),
            "gradient_classifier": from_c.norm(dim=-1).sum(-1),
        }
