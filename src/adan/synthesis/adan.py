"""ADAN, the adversarial data augmentation network of Yi and Mak (2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from adan._docs import documented
from adan.networks.training import apply
from adan.synthesis.game import Game
from adan.synthesis.latent import LatentSynthesizer
from adan.synthesis.neural import normal


@dataclass(eq=False, repr=False, kw_only=True)
class GameSynthesizer(LatentSynthesizer):
    """Base of ADAN and its variants: a generator plays for the latent vectors.

    Parameters
    ----------
    noise_dim : int, default=100
        Dimension of the generator's input z ~ N(0, I).
    hidden : tuple of int, default=(100, 100)
        Hidden layers of G, D and C.
    discriminator_steps : int, default=1
        M in the paper: updates of D, or of the critic, for each update of the others. The first
        M - 1 draw their own noise; the last shares its synthetic latents with the generator's
        update.
    """

    noise_dim: int = 100
    hidden: Sequence[int] = (100, 100)
    discriminator_steps: int = 1

    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        z = normal(rng, len(codes), self.noise_dim)
        return apply(self.generator_, z, self._one_hot(codes))


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class ADAN(GameSynthesizer):
    """Adversarial data augmentation network.

    An autoencoder ``R(E(x))`` with an auxiliary emotion classifier ``C(E(x))`` learns a latent
    space; a generator ``G(z, y)`` learns, in a game with a discriminator ``D(h)``, to produce
    latent vectors that cannot be told from the encoder's; ``R(G(z, y))`` are synthetic feature
    vectors. ``ADAN()`` is the network of the paper, Sections II and III-D; of the number of epochs
    it says "until convergence", of the batch size nothing.

    Parameters
    ----------
    generator_loss : {"inverted", "minimax"}, default="inverted"
        First term of G's loss: of equation (6), or of equation (5).
    classification_weight : float, default=1
        Factor of the second term of G's loss, which comes from C; 0 leaves it out.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (epochs,)
        One entry an epoch, as scikit-learn's ``cv_results_``: ``pandas.DataFrame(adan.history_)``
        is a table. ``loss_discriminator`` (1), ``loss_classifier`` (2), ``loss_reconstruction``
        (3), ``loss_encoder`` (4), ``loss_generator`` (6) or (5); ``discriminator_real`` and
        ``discriminator_synthetic``, the mean of D over real and synthetic latents;
        ``accuracy_real`` and ``accuracy_synthetic``, the share that C classifies right;
        ``gradient_discriminator`` and ``gradient_classifier``, the mean norm of the gradient that
        reaches a synthetic latent, hence G, from D and from C.

    Notes
    -----
    Features are standardised on the way in and back on the way out, so that raw features give the
    same vectors as standardised ones; a constant feature stays constant. Hidden layers, latents
    and the generator's output pass through tanh; the decoder's output is linear.

    References
    ----------
    L. Yi and M.-W. Mak, "Adversarial data augmentation network for speech emotion recognition",
    APSIPA ASC 2019.

    Examples
    --------
    >>> from adan import ADAN, load_emodb
    >>> X, y = load_emodb(return_X_y=True)
    >>> adan = ADAN(epochs=2, random_state=0).fit(X, y)  # 200 by default
    >>> X_synthetic, y_synthetic = adan.sample({"anger": 10, "sadness": 20})
    >>> X_synthetic.shape
    (30, 4368)
    """

    _kind = Game

    generator_loss: Literal["inverted", "minimax"] = "inverted"
    classification_weight: float = 1.0
