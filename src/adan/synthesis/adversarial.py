"""What every game with a discriminator shares."""

from __future__ import annotations

import torch
from torch import Tensor

from adan.networks import losses
from adan.networks.loop import Batch
from adan.networks.stacked import StackedMLP
from adan.networks.training import Networks


class Adversarial(Networks):
    """Networks with a discriminator D, which a subclass makes and gives an update of its own."""

    discriminator: StackedMLP
    discriminator_weight: float = 1.0
    """Factor of D's loss."""

    def train_discriminator(
        self, real: Tensor, synthetic: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Update D by equation (1), to tell ``real`` from ``synthetic``, both ``[M, B, width]``."""
        logits = self.discriminator(torch.cat([real, synthetic], dim=1)).squeeze(-1)
        on_real, on_synthetic = logits.chunk(2, dim=1)
        loss = losses.discriminator_loss(on_real, on_synthetic, batch.weight)
        self.update("discriminator", self.discriminator_weight * loss)
        return {
            "loss_discriminator": loss.detach(),
            "discriminator_real": (on_real.detach().sigmoid() * batch.weight).sum(-1),
            "discriminator_synthetic": (on_synthetic.detach().sigmoid() * batch.weight).sum(-1),
        }
