"""The paper's "simple DNN" as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from adan._computing import computing
from adan._docs import LABELS, PROBABILITIES, VECTORS, described, documented
from adan.classifiers.labels import encoded, validated
from adan.networks.coordinates import in_small_span, turned
from adan.networks.loop import Batch, accuracy, n_batches, n_rounds
from adan.networks.losses import classification_loss
from adan.networks.many import Job, Stackable
from adan.networks.stacked import ACTIVATIONS, StackedMLP, filled
from adan.networks.training import Networks, seed_of, train_networks
from adan.networks.whitening import Moments, span, whitening


class DNNClassifier(Stackable, ClassifierMixin, BaseEstimator):
    """Fully-connected network trained on the cross-entropy by Adam.

    Parameters
    ----------
    hidden : tuple of int, default=(100, 100)
        Two hidden layers (Section III-D; their width is not in the paper).
    activation : {"relu", "tanh"}, default="relu"
        ReLU for EmoDB, tanh for IEMOCAP.
    dropout : float, default=0.5
        Share of the hidden units that is dropped in training.
    learning_rate : float, default=1e-3
        Where Adam starts; it falls linearly, to 0 behind the last update, unless training is
        measured in ``epochs``.
    steps : int, default=1000
        Updates. The same number for every set, however large, so that a larger set does not also
        mean longer training.
    epochs : int, default=None
        Passes over the training vectors in place of ``steps``, at a constant learning rate: a
        larger set then means longer training.
    batch_size : int, default=50
        Rows a batch at the most.
    batch_norm : bool, default=False
        Whether each hidden layer is normalised by its batch before its activation. After training
        running means and variances serve, folded into the weights.
    l2 : float, default=0
        Factor of the squared weights of all layers but the first that is added to the loss.
    rotate : bool, default=True
        Where the training vectors lie in a space of at most half the dimensions, train in
        coordinates of it: several times faster, and directions that no training vector has do not
        count (``docs/notes/2026-11-22-dnn-in-the-span.md``).
    n_networks : int, default=1
        Networks that are trained as one stack, each with its own weights, shuffling and dropout;
        the classifier is the mean of their logits.
    random_state : int, RandomState or None, default=None
        Seed of weights, shuffling and dropout.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    history_ : dict of str to ndarray of shape (epochs,)
        ``loss`` and ``accuracy`` on the training rows, under dropout; of the first network. The
        last epoch may be cut short.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (100, 100),
        activation: Literal["relu", "tanh"] = "relu",
        dropout: float = 0.5,
        learning_rate: float = 1e-3,
        steps: int = 1000,
        epochs: int | None = None,
        batch_size: int = 50,
        batch_norm: bool = False,
        l2: float = 0.0,
        rotate: bool = True,
        n_networks: int = 1,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.steps = steps
        self.epochs = epochs
        self.batch_size = batch_size
        self.batch_norm = batch_norm
        self.l2 = l2
        self.rotate = rotate
        self.n_networks = n_networks
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, n_real: int | None = None) -> Self:
        """Fit to vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Standardised feature vectors; computed in float32.
        y : array-like of shape (n_samples,)
            Class labels.
        n_real : int, default=None
            How many vectors, from the first, are real. If given, ``rotate`` is about their space,
            and others are projected on it, so that all methods of augmentation that leave the
            space train the same network as those that do not.

        Returns
        -------
        Self
            The fitted classifier.

        Raises
        ------
        AdanError
            If ``y`` holds one class only.
        """
        return self._fit_alone(X, y, n_real)

    @computing()
    def _prepare(self, X: ArrayLike, y: ArrayLike, n_real: int | None) -> Job:
        rows, labels = validated(self, X, y, np.float32)
        self.classes_, codes = encoded(labels)
        seed = seed_of(self.random_state)
        axes = self._axes(rows[:n_real], codes[:n_real], np.random.default_rng(seed))
        if axes is not None:
            rows = rows @ axes
        settings = {k: str(v) for k, v in self.get_params().items() if k != "random_state"}
        stack = (
            self.n_features_in_,
            len(self.classes_),
            filled(rows.shape[1], 64),
            self._rounds(len(rows)),
            *settings.items(),
        )
        prepared = _Prepared(torch.as_tensor(rows), torch.as_tensor(codes), axes, seed)
        return Job(self, prepared, stack)

    def _axes(
        self, rows: NDArray[np.float32], codes: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.float32] | None:
        """Return the axes (d, r) of the coordinates to train in; None for the features."""
        axes = in_small_span(rows)[0] if self.rotate else None
        return None if axes is None else turned(axes, rng)

    def _fan_in(self, width: int) -> int:
        """Return how many inputs the first layer's weights are scaled for."""
        return self.n_features_in_

    def _rounds(self, n_rows: int) -> int:
        """Return how many updates a set of so many rows is trained with."""
        return n_rounds(self.steps, self.epochs, n_batches(n_rows, self.batch_size))

    @classmethod
    @computing()
    def _fit_stack(cls, jobs: Sequence[Job], progress: bool) -> None:
        """Train ``n_networks`` networks for each classifier, all with the settings of the first."""
        first = jobs[0].estimator
        n = first.n_networks
        members = [(job.data, job.data.seed + i) for job in jobs for i in range(n)]
        generators = [torch.Generator().manual_seed(seed) for _, seed in members]
        network = StackedMLP(
            [(one.rows.shape[1], *first.hidden, len(first.classes_)) for one, _ in members],
            generators,
            hidden=ACTIVATIONS[first.activation],
            fan_in=first._fan_in(jobs[0].data.rows.shape[1]),
            norm="batch" if first.batch_norm else None,
        )
        histories = train_networks(
            _Descent(network, first.dropout, first.l2),
            [one.rows for one, _ in members],
            [one.codes for one, _ in members],
            n_classes=len(first.classes_),
            rounds=first._rounds(len(jobs[0].data.rows)),
            batch_size=first.batch_size,
            learning_rate=first.learning_rate,
            anneal=first.epochs is None,
            generators=generators,
            device=torch.device("cpu"),
        )
        for i, job in enumerate(jobs):
            own = range(i * n, (i + 1) * n)
            job.estimator.history_ = histories[own[0]]
            job.estimator.network_ = network.merged(own)
            if job.data.axes is not None:
                job.estimator.network_.put_before(torch.as_tensor(job.data.axes))

    @described(VECTORS, PROBABILITIES.format("float32"))
    @computing()
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return class probabilities."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float32)
        return self.network_(torch.as_tensor(rows)[None])[0].softmax(dim=-1).numpy()

    @described(VECTORS, LABELS)
    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable labels."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]


@documented
class WhitenedDNN(DNNClassifier):
    """The mean of several such networks, trained on whitened vectors.

    The coordinates are those in which the shrunk within-class covariance of the real training
    vectors is the identity: the same that `ShrunkDiscriminant` measures distances in. Standardised
    features still differ much in how far utterances of one emotion are spread along their joint
    directions, and gradient descent first learns along the widest.

    Parameters
    ----------
    shrinkage : float, default=1
        What is added to the covariance, times its mean variance.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (100, 100),
        activation: Literal["relu", "tanh"] = "relu",
        dropout: float = 0.5,
        learning_rate: float = 1e-3,
        steps: int = 1000,
        batch_size: int = 50,
        shrinkage: float = 1.0,
        n_networks: int = 5,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            hidden=hidden,
            activation=activation,
            dropout=dropout,
            learning_rate=learning_rate,
            steps=steps,
            batch_size=batch_size,
            n_networks=n_networks,
            random_state=random_state,
        )
        self.shrinkage = shrinkage

    def _axes(
        self, rows: NDArray[np.float32], codes: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        axes, short = span(rows)
        white, _ = whitening(Moments.of(short, codes, codes.max() + 1), self.shrinkage)
        return turned(white if axes is None else axes @ white, rng).astype(np.float32)

    def _fan_in(self, width: int) -> int:
        return filled(width, 64)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A training set in the coordinates that a DNN trains in.

    Attributes
    ----------
    rows : Tensor of shape [n, r]
        Training vectors.
    codes : Tensor of shape [n], int64
        Their classes.
    axes : ndarray of shape (n_features, r) or None
        The coordinates' axes; None where the vectors are as they were given.
    seed : int
        Of the first network; the others' follow.
    """

    rows: Tensor
    codes: Tensor
    axes: NDArray[np.float32] | None
    seed: int


class _Descent(Networks):
    """Steps down the cross-entropy and the squared weights behind layer 1, under dropout."""

    def __init__(self, network: StackedMLP, dropout: float, l2: float = 0.0) -> None:
        super().__init__()
        self.network, self.dropout, self.l2 = network, dropout, l2
        self.noise = {"dropout": sum(network.hidden_widths)}
        self.threshold = torch.special.ndtri(torch.tensor(dropout))

    def updates(self) -> dict[str, tuple[nn.Module, ...]]:
        return {"network": (self.network,)}

    def step(self, batch: Batch) -> dict[str, Tensor]:
        kept = (batch.noise["dropout"] >= self.threshold) / (1 - self.dropout)
        logits = self.network(batch.x, kept, batch.weight)
        loss = classification_loss(logits, batch.one_hot, batch.weight)
        if self.l2:
            squares = [weight.square().sum((1, 2)) for weight in self.network.weights[1:]]
            self.update("network", loss + self.l2 * torch.stack(squares).sum(0))
        else:
            self.update("network", loss)
        return {"loss": loss.detach(), "accuracy": accuracy(logits, batch)}
