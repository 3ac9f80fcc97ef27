"""What synthesizers with an autoencoder share: they draw latent vectors and decode them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from adan._computing import computing
from adan.networks import losses
from adan.networks.loop import Batch, accuracy
from adan.networks.stacked import ACTIVATIONS, StackedMLP, identity, tanh
from adan.networks.training import Networks, apply
from adan.synthesis.base import check_finite
from adan.synthesis.neural import NeuralSynthesizer


class Autoencoder(Networks):
    """E and R, which a subclass adds its other networks to.

    Parameters
    ----------
    ranks : sequence of int
        The width of each member's input vectors.
    generators : sequence of torch.Generator
        Each member's source of initial weights.
    n_features : int
        The number of features before the rotation, to scale the initial weights by.
    latent_dim : int
        The width of the latent vectors.
    autoencoder_hidden : sequence of int
        Hidden layers of E; R has them in reverse.
    reduced : bool
        Whether E and R multiply matrices in bfloat16.
    activation : {"tanh", "relu", "leaky_relu"}
        The function after the hidden layers of E and R.
    affine : bool
        Whether each hidden unit of E and R is scaled and shifted by learnt numbers.
    output, decoder_output : callable
        The functions after the last layers of E and of R.
    """

    def __init__(
        self,
        ranks: Sequence[int],
        generators: Sequence[torch.Generator | None],
        *,
        n_features: int,
        latent_dim: int,
        autoencoder_hidden: Sequence[int],
        reduced: bool,
        activation: str = "tanh",
        affine: bool = False,
        output: Callable[[Tensor], Tensor] = tanh,
        decoder_output: Callable[[Tensor], Tensor] = identity,
    ) -> None:
        super().__init__()
        shared: dict[str, Any] = {
            "hidden": ACTIVATIONS[activation],
            "norm": "affine" if affine else None,
            "reduced": reduced,
        }
        inner, outer = tuple(autoencoder_hidden), tuple(autoencoder_hidden)[::-1]
        self.encoder = StackedMLP(
            [(rank, *inner, latent_dim) for rank in ranks],
            generators,
            output=output,
            fan_in=n_features,
            **shared,
        )
        self.decoder = StackedMLP(
            [(latent_dim, *outer, rank) for rank in ranks],
            generators,
            output=decoder_output,
            fan_out=n_features,
            **shared,
        )


class ClassifyingAutoencoder(Autoencoder):
    """E and R with the auxiliary classifier C, which a subclass makes."""

    classifier: StackedMLP

    def train_autoencoder(self, latent: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Update C by equation (2), R by (3) and E by (4).

        One backward pass of the sum does all three: C is not in (3), nor R in (2).
        """
        logits = self.classifier(latent)
        classification = losses.classification_loss(logits, batch.one_hot, batch.weight)
        reconstruction = losses.reconstruction_loss(batch.x, self.decoder(latent), batch.weight)
        self.update("autoencoder", classification + reconstruction)
        return {
            "loss_classifier": classification.detach(),
            "loss_reconstruction": reconstruction.detach(),
            "loss_encoder": (classification + reconstruction).detach(),
            "accuracy_real": accuracy(logits, batch),
        }

    def learn_latent_space(self, batch: Batch) -> dict[str, Tensor]:
        """Do a round of E, R and C alone: the first phase where phases follow one another."""
        return self.train_autoencoder(self.encoder(batch.x), batch)


@dataclass(eq=False, repr=False, kw_only=True)
class LatentSynthesizer(NeuralSynthesizer):
    """Base of the synthesizers that draw latent vectors and decode them.

    Its networks are an `Autoencoder`; a subclass implements `_sample_latent`.

    Parameters
    ----------
    latent_dim : int, default=100
        Dimension of the latent vectors h.
    autoencoder_hidden : tuple of int, default=(800, 800)
        Hidden layers of E; R has them in reverse.
    """

    latent_dim: int = 100
    autoencoder_hidden: Sequence[int] = (800, 800)

    @computing()
    def encode(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the latent vectors E(x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Feature vectors in the units ``fit`` was given.

        Returns
        -------
        ndarray of shape (n_samples, latent_dim), float32
            Where E ends in tanh, as ADAN's does, each component lies in (-1, 1).
        """
        check_is_fitted(self)
        dtypes = [np.float64, np.float32]
        rows = validate_data(self, X, reset=False, dtype=dtypes, ensure_all_finite=False)
        check_finite(rows, getattr(self, "feature_names_in_", None))
        return apply(self.encoder_, self.coordinates_.to(rows).numpy())

    @computing()
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
        rows = apply(self.decoder_, np.asarray(H, dtype=np.float32))
        return self.coordinates_.back(rows).astype(self.dtype_, copy=False)

    @computing()
    def sample_latent(
        self, labels: ArrayLike, random_state: int | np.random.RandomState | None = None
    ) -> NDArray[np.float32]:
        """Return synthetic latent vectors.

        Parameters
        ----------
        labels : array-like of shape (n_synthetic,)
            The class of each vector.
        random_state : int, RandomState or None, default=None
            Seed of the draw; the synthesizer's own ``random_state`` by default.

        Returns
        -------
        ndarray of shape (n_synthetic, latent_dim), float32
            What `sample` would decode, in the order of the labels.
        """
        check_is_fitted(self)
        seed = self.random_state if random_state is None else random_state
        return self._sample_latent(self._codes(labels), check_random_state(seed))

    def _sample(self, codes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.floating]:
        return self.decode(self._sample_latent(codes, rng))

    @abstractmethod
    def _sample_latent(
        self, codes: NDArray[np.intp], rng: np.random.RandomState
    ) -> NDArray[np.float32]:
        """Return one latent vector for each class code."""
