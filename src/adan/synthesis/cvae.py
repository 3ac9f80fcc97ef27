"""A conditional variational autoencoder."""

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
from adan.networks.training import Networks, apply
from adan.synthesis.neural import NeuralSynthesizer, normal


class VariationalAutoencoder(Networks):
    """E(x), the mean and log-variances of h; P(y), its prior mean; R(h), those of x.

    The log-variance of x stands before its mean, since narrow members of a stack end in zero
    columns.
    """

    widths: Tensor

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        *,
        n_classes: int,
        n_features: int,
        latent_dim: int,
        hidden: Sequence[int],
        reduced: bool,
    ) -> None:
        super().__init__()
        self.encoder = StackedMLP(
            [(rank, *hidden, 2 * latent_dim) for rank in ranks],
            generators,
            fan_in=n_features,
            reduced=reduced,
        )
        self.decoder = StackedMLP(
            [(latent_dim, *tuple(hidden)[::-1], 1 + rank) for rank in ranks],
            generators,
            fan_out=1 + n_features,
            reduced=reduced,
        )
        self.prior = StackedMLP([(n_classes, latent_dim)] * len(ranks), generators)
        self.noise = {"latent": latent_dim}
        self.register_buffer("widths", torch.tensor(ranks), persistent=False)

    def updates(self) -> dict[str, tuple[nn.Module, ...]]:  # noqa: D102
        return {"autoencoder": (self.encoder, self.decoder, self.prior)}

    def step(self, batch: Batch) -> dict[str, Tensor]:  # noqa: D102
        mean, log_variance = self.encoder(batch.x).chunk(2, dim=-1)
        latent = mean + (log_variance / 2).exp() * batch.noise["latent"]
        decoded = self.decoder(latent)
        spread, expected = decoded[..., 0], decoded[..., 1:]
        kl = losses.kl_loss(mean - self.prior(batch.one_hot), log_variance, batch.weight)
        likelihood = losses.gaussian_loss(batch.x, expected, spread, self.widths, batch.weight)
        self.update("autoencoder", likelihood + kl)
        squared = losses.reconstruction_loss(batch.x, expected.detach(), batch.weight)
        return {
            "loss_likelihood": likelihood.detach(),
            "loss_kl": kl.detach(),
            "loss_reconstruction": squared,
            "deviation": ((spread.detach() / 2).exp() * batch.weight).sum(-1),
        }


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class ConditionalVAE(NeuralSynthesizer):
    """Conditional variational autoencoder.

    The latent vectors of a class follow N(P(y), I), with a mean that is learnt. R gives the mean
    of the feature vector and one variance for what it cannot explain; a synthetic vector is a draw
    from that Gaussian.

    Parameters
    ----------
    latent_dim : int, default=100
        Dimension of the latent vectors h.
    hidden : tuple of int, default=(800, 800)
        Hidden layers of E; R has them in reverse.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        ``loss_likelihood`` and ``loss_kl``, whose sum is the negative evidence lower bound (but
        for a constant); ``loss_reconstruction``, the squared error, and ``deviation``, the
        standard deviation that R gives its vectors.

    References
    ----------
    D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014.

    K. Sohn, H. Lee and X. Yan, "Learning structured output representation using deep conditional
    generative models", NeurIPS 2015.
    """

    _kind = VariationalAutoencoder

    latent_dim: int = 100
    hidden: Sequence[int] = (800, 800)
    learning_rate: float = 1e-3
    steps: int = 400

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        h = apply(self.prior_, self._one_hot(codes)) + normal(rng, len(codes), self.latent_dim)
        decoded = apply(self.decoder_, h)
        deviation, mean = np.exp(decoded[:, :1] / 2), decoded[:, 1:]
        return self.coordinates_.back(mean + deviation * normal(rng, *mean.shape))
