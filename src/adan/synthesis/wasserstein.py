"""ADAN with the Wasserstein divergence, its authors' sequel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from adan._docs import documented
from adan.networks import losses
from adan.networks.loop import Batch
from adan.synthesis.adan import GameSynthesizer
from adan.synthesis.game import Game


class WassersteinGame(Game):
    """ADAN's round with a critic, whose score has no bound, in the discriminator's place."""

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        *,
        k: float,
        p: float,
        **game: Any,
    ) -> None:
        super().__init__(ranks, generators, **game)
        self.adversarial_loss = losses.wasserstein_generator_loss
        self.k, self.p = k, p
        self.noise = {**self.noise, "between": 1}

    def train_discriminator(
        self, real: Tensor, synthetic: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Update the critic, with its gradient taken at points between real and synthetic."""
        share = torch.special.ndtr(batch.noise["between"])  # [M, B, 1]
        between = (synthetic + share * (real - synthetic)).requires_grad_()
        score = self.judge(between, batch).sum()
        (gradient,) = torch.autograd.grad(score, between, create_graph=True)
        on_real, on_synthetic = (self.judge(h, batch) for h in (real, synthetic))
        loss = losses.wasserstein_divergence_loss(
            on_real, on_synthetic, gradient, batch.weight, k=self.k, p=self.p
        )
        self.update("discriminator", loss)
        return {
            "loss_discriminator": loss.detach(),
            "discriminator_real": (on_real.detach() * batch.weight).sum(-1),
            "discriminator_synthetic": (on_synthetic.detach() * batch.weight).sum(-1),
        }


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class WassersteinADAN(GameSynthesizer):
    """ADAN with the Wasserstein divergence in place of the cross-entropy of D.

    Parameters
    ----------
    k : float, default=2
        Weight of the gradient term k ||grad f||^p of the critic's loss.
    p : float, default=6
        Its power, at least 2.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        As ADAN's; ``discriminator_real`` and ``discriminator_synthetic`` are mean scores of the
        critic, so that their difference is what it tells apart, and have no bound.

    References
    ----------
    L. Yi and M.-W. Mak, "Improving speech emotion recognition with adversarial data augmentation
    network", IEEE Transactions on Neural Networks and Learning Systems 33(1), 2022 (online 2020).

    J. Wu et al., "Wasserstein divergence for GANs", ECCV 2018.
    """

    _kind = WassersteinGame

    k: float = 2.0
    p: float = 6.0
