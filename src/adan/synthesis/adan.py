"""ADAN, the adversarial data augmentation network of Yi and Mak (2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from adan.synthesis.base import check_finite, seed_of
from adan.synthesis.game import Game
from adan.synthesis.neural import NeuralSynthesizer, Precision, device_of, reduced


class ADAN(NeuralSynthesizer):
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
        multiplies it. Weights, losses and everything after training are float32.
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

    def __init__(
        self,
        latent_dim: int = 100,
        noise_dim: int = 100,
        autoencoder_hidden: Sequence[int] = (800, 800),
        hidden: Sequence[int] = (100, 100),
        learning_rate: float = 1e-4,
        discriminator_steps: int = 1,
        generator_loss: Literal["inverted", "minimax"] = "inverted",
        epochs: int = 200,
        batch_size: int = 128,
        rotate: bool = True,
        precision: Precision = "auto",
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.latent_dim = latent_dim
        self.noise_dim = noise_dim
        self.autoencoder_hidden = autoencoder_hidden
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.discriminator_steps = discriminator_steps
        self.generator_loss = generator_loss
        self.epochs = epochs
        self.batch_size = batch_size
        self.rotate = rotate
        self.precision = precision
        self.device = device
        self.random_state = random_state

    def encode(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the latent vectors E(x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Feature vectors in the units ``fit`` was given.

        Returns
        -------
        ndarray of shape (n_samples, latent_dim), float32
            Each component lies in (-1, 1).
        """
        check_is_fitted(self)
        dtypes = [np.float64, np.float32]
        rows = validate_data(self, X, reset=False, dtype=dtypes, ensure_all_finite=False)
        check_finite(rows, getattr(self, "feature_names_in_", None))
        return self.encoder_(self.coordinates_.to(rows)[None])[0].numpy()

    def decode(self, H: ArrayLike) -> NDArray[np.floating]:
        """Return the feature vectors R(h).

        Parameters
        ----------
        H : array-like of shape (n_samples, latent_dim)
            Latent vectors, real or synthetic.

        Returns
        -------
        ndarray of shape (n_samples, n_features), of the dtype ``fit`` was given
            Feature vectors in the units ``fit`` was given.
        """
        check_is_fitted(self)
        h = torch.as_tensor(np.asarray(H, dtype=np.float32))
        return self.coordinates_.back(self.decoder_(h[None])[0]).astype(self.dtype_, copy=False)

    def sample_latent(
        self, labels: ArrayLike, random_state: int | np.random.RandomState | None = None
    ) -> NDArray[np.float32]:
        """Return synthetic latent vectors G(z, y), one for each label; see `sample`."""
        check_is_fitted(self)
        seed = self.random_state if random_state is None else random_state
        return self._sample_latent(self._codes(labels), np.random.RandomState(seed_of(seed)))

    def _networks(self, ranks: Sequence[int], generators: Sequence[torch.Generator]) -> Game:
        return Game(
            ranks,
            generators,
            n_classes=len(self.classes_),
            n_features=self.n_features_in_,
            latent_dim=self.latent_dim,
            noise_dim=self.noise_dim,
            autoencoder_hidden=self.autoencoder_hidden,
            hidden=self.hidden,
            discriminator_steps=self.discriminator_steps,
            generator_loss=self.generator_loss,
            reduced=reduced(self.precision, device_of(self.device)),
        )

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        return self.decode(self._sample_latent(codes, rng))

    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        z = rng.standard_normal((len(codes), self.noise_dim)).astype(np.float32)
        one_hot = np.eye(len(self.classes_), dtype=np.float32)[codes]
        return self.generator_(torch.as_tensor(np.hstack([z, one_hot]))[None])[0].numpy()
