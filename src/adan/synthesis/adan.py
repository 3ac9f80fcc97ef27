"""ADAN, the adversarial data augmentation network of Yi and Mak (2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from adan._docs import documented
from adan.errors import AdanError
from adan.networks.coordinates import Coordinates, Scaling
from adan.networks.training import apply
from adan.synthesis.game import Game
from adan.synthesis.latent import LatentSynthesizer
from adan.synthesis.neural import normal
from adan.synthesis.stopping import Rule, rule

AS_PUBLISHED: dict[str, Any] = {
    "generator_loss": "minimax",
    "discriminator_weight": 0.5,
    "discriminator_steps": 2,
    "activation": "leaky_relu",
    "affine": True,
    "classifier_hidden": (400, 400),
    "scaling": "largest",
    "decoder_output": "tanh",
    "rotate": False,
    "beta1": 0.5,
    "epsilon": 1e-5,
    "drop_last": True,
    "epochs": 1500,
    "stop": "balance",
}
"""How the authors' published scripts differ from `ADAN`'s defaults."""


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
    vectors. ``ADAN()`` is the network of the paper, Sections II and III-D. Of the length of
    training the paper says "until convergence", of the batch size nothing.

    Parameters
    ----------
    generator_loss : {"inverted", "minimax"}, default="inverted"
        First term of G's loss: of equation (6), or of equation (5).
    classification_weight : float, default=1
        Factor of the second term of G's loss, which comes from C; 0 leaves it out.
    discriminator_weight : float, default=1
        Factor of D's loss.
    activation : {"tanh", "relu", "leaky_relu"}, default="tanh"
        After the hidden layers of E, R, G and D; a leaky ReLU has slope 0.2. C's are tanh.
    affine : bool, default=False
        Whether each hidden unit of E and R is scaled and shifted by learnt numbers before its
        function: a batch norm whose statistics stay at 0 and 1.
    classifier_hidden : tuple of int, default=None
        Hidden layers of C, where they are not ``hidden``.
    scaling : {"deviation", "largest"}, default="deviation"
        What a feature's distance from its mean is divided by: the standard deviation, or the
        largest such distance among the training vectors, which brings it to [-1, 1].
    decoder_output : {"linear", "tanh"}, default="linear"
        The function after the last layer of R. With ``"tanh"`` a synthetic feature stays within
        the scale of the training vectors, so ``rotate`` must be False.
    beta1 : float, default=0.9
        Of Adam: how slowly the mean of the gradients moves.
    epsilon : float, default=1e-08
        Of Adam: what is added to the size of a gradient.
    drop_last : bool, default=False
        Whether batches hold exactly ``batch_size`` vectors, and an epoch leaves the others out;
        else batches are equally large and leave none out.
    stop : {"balance"}, default=None
        The rule that may end training early: see `adan.synthesis.stopping`.

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
    and the generator's output pass through tanh; the decoder's output is linear. What the authors'
    published scripts do otherwise is `ADAN.as_published`.

    References
    ----------
    L. Yi and M.-W. Mak, "Adversarial data augmentation network for speech emotion recognition",
    APSIPA ASC 2019.

    Examples
    --------
    >>> from adan import ADAN, load_emodb
    >>> X, y = load_emodb(return_X_y=True)
    >>> adan = ADAN(epochs=2, random_state=0).fit(X, y)  # 160 by default: 800 updates
    >>> X_synthetic, y_synthetic = adan.sample({"anger": 10, "sadness": 20})
    >>> X_synthetic.shape
    (30, 4368)
    """

    _kind = Game
    _of_sampling = ("scaling", "drop_last", "stop")

    generator_loss: Literal["inverted", "minimax"] = "inverted"
    classification_weight: float = 1.0
    discriminator_weight: float = 1.0
    activation: Literal["tanh", "relu", "leaky_relu"] = "tanh"
    affine: bool = False
    classifier_hidden: Sequence[int] | None = None
    scaling: Scaling = "deviation"
    decoder_output: Literal["linear", "tanh"] = "linear"
    beta1: float = 0.9
    epsilon: float = 1e-8
    drop_last: bool = False
    stop: Literal["balance"] | None = None

    @classmethod
    def as_published(cls, **parameters: Any) -> Self:
        """Make the network of the authors' published scripts, which differ from the paper's text.

        Parameters
        ----------
        **parameters
            Take the place of what the scripts have.

        Returns
        -------
        Self
            With the parameters of `AS_PUBLISHED`. It is not rotated: neither scaling by the largest
            value nor a tanh feature by feature would survive it.
        """
        return cls(**{**AS_PUBLISHED, **parameters})

    def _coordinates(
        self, X: NDArray[np.floating], rotation: np.random.Generator | None
    ) -> Coordinates:
        if self.decoder_output == "tanh" and self.rotate:
            raise AdanError('decoder_output="tanh" bounds every feature: set rotate=False')
        return Coordinates.of(X, rotation, scaling=self.scaling)

    def _drops_last(self) -> bool:
        return self.drop_last

    def _stop_rule(self) -> Rule | None:
        return rule(self.stop)
