"""An ADAN whose latent space is learnt first and played for afterwards."""

from __future__ import annotations

import torch
from torch import Tensor

from adan._docs import documented
from adan.networks.loop import Batch, Step
from adan.synthesis.adan import ADAN
from adan.synthesis.game import Game


class SequentialGame(Game):
    """First E, R and C; then D and G, in the latent space as it stands."""

    def phases(self) -> tuple[Step, ...]:  # noqa: D102
        return self.learn_latent_space, self.step

    def step(self, batch: Batch) -> dict[str, Tensor]:  # noqa: D102
        with torch.no_grad():
            latent = self.encoder(batch.x)
        synthetic, measures = self.discriminate(latent, batch)
        return measures | self.train_generator(synthetic, batch)


@documented
class SequentialADAN(ADAN):
    """ADAN's networks with the autoencoder and the GAN trained one after the other.

    Section II-B of the paper: with the autoencoder and the auxiliary classifier well trained and
    fixed, what remains is a vanilla GAN; the authors report that it "leads to poorly performed
    augmented data".

    Parameters
    ----------
    steps : int, default=800
        Updates in each of the two phases.
    epochs : int, default=None
        Passes over the training vectors in each of the two phases, in place of ``steps``.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        As ADAN's; what E, R and C measure comes from the first phase, the rest from the second.

    References
    ----------
    L. Yi and M.-W. Mak, "Adversarial data augmentation network for speech emotion recognition",
    APSIPA ASC 2019.
    """

    _kind = SequentialGame
