"""ADAN, the adversarial data augmentation network of Yi and Mak (2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
        M in the paper: updates of D for each update of the others.
    """

    noise_dim: int = 100
    hidden: Sequence[int] = (100, 100)
    discriminator_steps: int = 1

    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        z = normal(rng, len(codes), self.noise_dim)
        return apply(self.generator_, z, self._one_hot(codes))


@dataclass(eq=False, repr=False, kw_only=True)
class ADAN(GameSynthesizer):
    """Adversarial data augmentation network.

    An autoencoder ``R(E(x))`` with an auxiliary emotion classifier ``C(E(x))`` learns a latent
    space; a generator ``G(z, y)`` learns, in a game with a discriminator ``D(h)``, to produce
    latent vectors that cannot be told from the encoder's; ``R(G(z, y))`` are synthetic feature
    vectors. ``ADAN()`` is the network of the paper, Sections II and III-D.

    Parameters
    ----------
    latent_dim : int, default=100
        Dimension of the latent vectors h.
    noise_dim : int, default=100
        Dimension of the generator's input z ~ N(0, I).
    autoencoder_hidden : tuple of int, default=(800, 800)
        Hidden layers of E; R has them in reverse.
    hidden : tuple of int, default=(100, 100)
        Hidden layers of G, D and C.
    learning_rate : float, default=1e-4
        Of Adam, for all five networks.
    discriminator_steps : int, default=1
        M in the paper: updates of D for each update of the others. The first M - 1 draw their
        own noise; the last shares its synthetic latents with the generator's update.
    generator_loss : {"inverted", "minimax"}, default="inverted"
        First term of G's loss: of equation (6), or of equation (5).
    classification_weight : float, default=1
        Factor of the second term of G's loss, which comes from C; 0 leaves it out.
    anneal : bool, default=False
        Whether the learning rate falls linearly, from epoch to epoch, to 0 after the last.
    epochs : int, default=200
        Passes over the training vectors. The paper trains "until convergence"; see
        ``docs/measurements.md`` for how the default was chosen.
    batch_size : int, default=128
        Rows a batch at the most (the paper does not say; this is its authors' script).
    rotate : bool, default=True
        With fewer training vectors than features, train in coordinates of the space the training
        vectors span: lossless for them, and several times faster.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Of the matrix products of E and R in training; ``"auto"`` is bfloat16 where the hardware
        multiplies it. Weights, losses and everything after training are float32. Those of the
        other networks are float32; on a GPU TF32, unless this is ``"float32"``.
    device : str, default="auto"
        Where to train: ``"cpu"``, ``"cuda"``, or a GPU if there is one.
    random_state : int, RandomState or None, default=None
        Seed of the initial weights, the shuffling and the noise. The global generators of numpy
        and torch are not touched.

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
    classes_, n_features_in_, feature_names_in_
        As for every `Synthesizer`.

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
    >>> adan = ADAN(random_state=0).fit(X, y)
    >>> X_synthetic, y_synthetic = adan.sample({"anger": 10, "sadness": 20})
    """

    _kind = Game

    generator_loss: Literal["inverted", "minimax"] = "inverted"
    classification_weight: float = 1.0
