"""Denoising diffusion in the latent space of ADAN's autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adan._docs import documented
from adan.networks import losses
from adan.networks.loop import Batch, Step
from adan.networks.stacked import StackedMLP
from adan.networks.training import apply
from adan.synthesis.latent import ClassifyingAutoencoder, LatentSynthesizer
from adan.synthesis.neural import normal


class Diffusion(ClassifyingAutoencoder):
    """First E, R and C; then a denoiser of the latent vectors E(x), given the label."""

    signals: Tensor

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        *,
        n_classes: int,
        latent_dim: int,
        hidden: Sequence[int],
        denoiser_hidden: Sequence[int],
        diffusion_steps: int,
        **autoencoder: Any,
    ) -> None:
        super().__init__(ranks, generators, latent_dim=latent_dim, **autoencoder)
        n = len(ranks)
        self.classifier = StackedMLP([(latent_dim, *hidden, n_classes)] * n, generators)
        widths = (latent_dim + 2 + n_classes, *denoiser_hidden, latent_dim)
        self.denoiser = StackedMLP([widths] * n, generators)
        self.noise = {"latent": latent_dim, "time": 1}
        signals = torch.as_tensor(cosine_schedule(diffusion_steps)[1:])
        self.register_buffer("signals", signals, persistent=False)

    def updates(self) -> dict[str, tuple[nn.Module, ...]]:  # noqa: D102
        return {
            "autoencoder": (self.encoder, self.decoder, self.classifier),
            "denoiser": (self.denoiser,),
        }

    def phases(self) -> tuple[Step, ...]:  # noqa: D102
        return self.learn_latent_space, self.step

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Update the denoiser by equation (14) of Ho et al., each row at a time of its own."""
        with torch.no_grad():
            latent = self.encoder(batch.x)
        noise = batch.noise["latent"]  # [M, B, latent_dim]
        place = torch.special.ndtr(batch.noise["time"])  # [M, B, 1], uniform in (0, 1)
        time = (place * len(self.signals)).long().clamp(max=len(self.signals) - 1)
        signal = self.signals[time]  # [M, B, 1], the share of the signal's variance
        level = torch.cat([signal.sqrt(), (1 - signal).sqrt()], dim=-1)  # [M, B, 2]
        noisy = level[..., :1] * latent + level[..., 1:] * noise  # [M, B, latent_dim]
        predicted = self.denoiser(torch.cat([noisy, level, batch.one_hot], dim=-1))
        loss = losses.reconstruction_loss(noise, predicted, batch.weight)
        self.update("denoiser", loss)
        return {"loss_denoiser": loss.detach()}


def cosine_schedule(steps: int) -> NDArray[np.float32]:
    """Return the share of the signal's variance at times 0 to ``steps``, of shape (steps + 1,).

    Equation (17) of Nichol and Dhariwal, no step adding more than 0.999 of the variance.
    """
    angles = (np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2
    signals = np.cos(angles) ** 2
    kept = np.maximum(signals[1:] / signals[:-1], 0.001)
    return np.concatenate([[1.0], np.cumprod(kept)]).astype(np.float32)


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class LatentDiffusion(LatentSynthesizer):
    """Denoising diffusion in the latent space of ADAN's autoencoder with its classifier C.

    E, R and C are trained first; then a network learns to tell the noise in noisy latent vectors,
    given the label and how noisy they are. A synthetic vector starts as noise, which the
    network takes away step by step, and is decoded.

    Parameters
    ----------
    diffusion_steps : int, default=100
        From data to noise and back (T).
    hidden : tuple of int, default=(100, 100)
        Hidden layers of C.
    denoiser_hidden : tuple of int, default=(400, 400)
        Hidden layers of the denoiser.
    steps : int, default=800
        Updates in each of the two phases.
    epochs : int, default=None
        Passes over the training vectors in each of the two phases, in place of ``steps``.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        ``loss_classifier``, ``loss_reconstruction``, ``loss_encoder`` and ``accuracy_real`` of
        the first phase, as for `ADAN`; ``loss_denoiser``, the squared error of the noise, of the
        second.

    References
    ----------
    J. Ho, A. Jain and P. Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020.

    A. Nichol and P. Dhariwal, "Improved denoising diffusion probabilistic models", ICML 2021.

    R. Rombach et al., "High-resolution image synthesis with latent diffusion models", CVPR 2022.
    """

    _kind = Diffusion

    diffusion_steps: int = 100
    hidden: Sequence[int] = (100, 100)
    denoiser_hidden: Sequence[int] = (400, 400)

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        parameters = header["parameters"]
        if "diffusion_steps" not in parameters:  # a file of version 0.1, which called them steps
            parameters["diffusion_steps"] = parameters.pop("steps")
        return super()._restored(header, arrays)

    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        signals, one_hot = cosine_schedule(self.diffusion_steps), self._one_hot(codes)
        h = normal(rng, len(codes), self.latent_dim)
        for before, now in zip(signals[-2::-1], signals[:0:-1], strict=True):
            level = np.tile(np.sqrt([now, 1 - now], dtype=np.float32), (len(codes), 1))
            noise = apply(self.denoiser_, h, level, one_hot)
            clean = np.clip((h - np.sqrt(1 - now) * noise) / np.sqrt(now), -1, 1)
            added = 1 - now / before
            h = np.sqrt(before) * added * clean + np.sqrt(now / before) * (1 - before) * h
            h = h / (1 - now) + np.sqrt(added * (1 - before) / (1 - now)) * normal(rng, *h.shape)
        return h
