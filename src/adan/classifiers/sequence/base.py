"""What all networks that classify sequences do: pieces, batches, training, predicting."""

from __future__ import annotations

import itertools
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adan._computing import computing
from adan._docs import LABELS, LEARNT, PROBABILITIES, described
from adan._input import check_labels
from adan._parameters import check_parameters
from adan._progress import progress_bar
from adan.classifiers.labels import encoded, unweighted_recall
from adan.errors import AdanError
from adan.networks.devices import Precision, device_of, reduced
from adan.networks.many import Job, Stackable
from adan.networks.sequences import Padded, batches, built, train
from adan.networks.training import seed_of
from adan.sequences import Sequences

CHECKS = 10
"""How often early stopping looks at the speaker left out."""
PREDICTED_FRAMES = 5_000
"""Frames that are predicted at once."""
SEQUENCES = """Parameters
----------
X : Sequences
    Standardised frames of each utterance."""
WRONG = """Raises
------
AdanError
    If one makes no sense; the message names it."""
LEARNT_FROM = f"""{SEQUENCES}
{LEARNT}

Raises
------
AdanError
    If ``X`` holds vectors, NaN or infinity, or ``y`` one class only."""


@dataclass(eq=False, repr=False, kw_only=True)
class SequenceClassifier(Stackable, ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the networks that classify sequences, trained on the cross-entropy by Adam.

    A subclass says with ``_network`` which network it is, and adds the parameters of it as fields
    of a dataclass.

    Parameters
    ----------
    steps : int, default=200
        Updates. The same number for every set, however large, so that a larger set does not also
        mean longer training.
    early_stopping : bool, default=False
        Whether ``steps`` is the most that may be, and a study makes as many as serve best one
        training speaker, who is left out to find that out (`choose`). `fit` makes all.
    batch_size : int, default=32
        Sequences a batch at the most; those of a batch are of similar lengths.
    learning_rate : float, default=1e-3
        Where Adam starts; it falls linearly, to 0 behind the last update.
    longest : int, default=1000
        Frames. A longer sequence is cut into pieces of equal length, none longer than this, each
        of which counts in training as an utterance of that label; what is predicted is the mean
        over its pieces.
    masks : int, default=0
        How many stretches of frames, and how many of bands or other features, of each sequence are
        set to their mean in each update (SpecAugment); each is up to a tenth of all.
    channels : int, default=1
        How often a band is among the features of a frame: 1, with deltas 2, and with their deltas
        3. ``masks`` hide a band with its deltas.
    class_weight : {"balanced"} or None, default=None
        Whether the classes weigh the same in the loss, however many utterances they have.
    device : str, default="auto"
        Where the network is trained, as PyTorch names it; "auto" is a GPU if there is one.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        In which the layers multiply while they are trained; "auto" is bfloat16 where the hardware
        multiplies it. Weights, losses and predictions are float32.
    random_state : int, RandomState or None, default=None
        Seed of weights, batches, dropout and masks.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        Features of a frame.
    history_ : dict of str to ndarray of shape (steps,)
        ``loss`` of each batch.
    network_ : torch.nn.Module
        What was trained.

    References
    ----------
    D. S. Park et al., "SpecAugment: a simple data augmentation method for automatic speech
    recognition", Interspeech 2019.
    """

    _over_pieces: ClassVar[Literal["mean", "max"]] = "mean"

    steps: int = 200
    early_stopping: bool = False
    batch_size: int = 32
    learning_rate: float = 1e-3
    longest: int = 1000
    masks: int = 0
    channels: int = 1
    class_weight: Literal["balanced"] | None = None
    device: str = "auto"
    precision: Precision = "auto"
    random_state: int | np.random.RandomState | None = None

    @described(WRONG)
    def check_parameters(self) -> None:
        """Check the parameters, as `fit` does first of all."""
        check_parameters(self)
        if self.class_weight not in (None, "balanced"):
            raise AdanError(f"class_weight={self.class_weight!r}: give 'balanced' or None")

    @abstractmethod
    def _network(self, n_features: int, n_classes: int) -> nn.Module:
        """Return a network from `Padded` frames [B, T, n_features] to logits [B, n_classes].

        Its method ``pooled`` returns what the output layer sees, [B, width].
        """

    @described(LEARNT_FROM)
    def fit(self, X: Sequences, y: ArrayLike) -> Self:
        """Fit to sequences."""
        return self._fit_alone(X, y)

    @computing()
    def choose(self, X: Sequences, y: NDArray[Any], speakers: NDArray[Any]) -> Self:
        """Return an unfitted clone that makes as many updates as its ``early_stopping`` asks for.

        Parameters
        ----------
        X : Sequences
            The real training sequences of a fold, normalised.
        y, speakers : ndarray of shape (n,)
            Label and speaker of each.

        Returns
        -------
        Self
            With ``steps`` a tenth, two tenths, ... or all of those of this one: what gave the
            speaker left out the highest UAR, the least of equals. It was found on the way to all
            of them; the clone's learning rate falls to 0 within its own ``steps``.

        Raises
        ------
        AdanError
            If there is one speaker only.
        """
        chosen = clone(self).set_params(early_stopping=False)
        if not self.early_stopping:
            return chosen
        known = np.unique(speakers)
        if len(known) < 2:
            raise AdanError(
                "early stopping leaves a training speaker out: give at least two speakers"
            )
        out = speakers == np.random.default_rng(seed_of(self.random_state)).choice(known)
        one, done, recalls = clone(chosen), itertools.count(1), {}
        checked = {self.steps * i // CHECKS for i in range(1, CHECKS + 1)}

        def check() -> None:
            n = next(done)
            if n in checked:
                one.network_.eval()
                recalls[n] = unweighted_recall(y[out], one.predict(X[out]))
                one.network_.train()

        one._train(*one._prepare(X[~out], y[~out], None).data, check)
        return chosen.set_params(steps=max(recalls, key=recalls.__getitem__))

    def _prepare(self, X: Any, y: ArrayLike, n_real: int | None) -> Job:
        check_sequences(self, X)
        self.check_parameters()
        self.n_features_in_ = X.shape[1]
        if self.n_features_in_ % self.channels:
            raise AdanError(
                f"channels={self.channels}: frames of {self.n_features_in_} features cannot be cut "
                "into so many; give 1, or features with their deltas, such as logmel40+dd"
            )
        self.classes_, codes = encoded_for(X, y)
        return Job(self, (X, codes), None)

    @classmethod
    @computing()
    def _fit_stack(cls, jobs: Sequence[Job], progress: bool) -> None:
        steps = sum(job.estimator.steps for job in jobs)
        with progress_bar(
            total=steps,
            desc=f"{cls.__name__} learns {len(jobs)} training sets",
            unit="update",
            delay=2,
            disable=not progress,
        ) as bar:
            for job in jobs:
                job.estimator._train(*job.data, bar.update)

    def _train(self, X: Sequences, codes: NDArray[np.intp], advance: Any) -> None:
        seed = seed_of(self.random_state)
        rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        k = len(self.classes_)
        device = device_of(self.device)
        network = built(lambda: self._network(self.n_features_in_, k), generator)
        self.network_ = network.to(device)
        in_bfloat16 = torch.autocast(
            device.type,
            torch.bfloat16,
            enabled=reduced(self.precision, device),
            cache_enabled=False,  # inside `computing` the cache would outlive an update
        )
        pieces, owners = X.pieces(self.longest)
        targets, frames = torch.as_tensor(codes[owners], device=device), list(pieces)
        each_counts = self._weights(codes, owners, X.lengths)
        weights = torch.as_tensor(
            each_counts / each_counts.mean(), dtype=torch.float32, device=device
        )

        def loss_of(rows: NDArray[np.intp]) -> Tensor:
            batch = Padded.of(
                [with_masks(frames[i], self.masks, self.channels, rng) for i in rows], device
            )
            with in_bfloat16:
                each = self._loss(self.network_, batch, targets[rows])  # [B], float32
            return (each * weights[rows]).mean()

        losses = train(
            self.network_,
            loss_of,
            batches(pieces.lengths, self.batch_size, rng),
            steps=self.steps,
            learning_rate=self.learning_rate,
            advance=advance,
        )
        self.history_ = {"loss": losses}

    def _loss(self, network: nn.Module, batch: Padded, targets: Tensor) -> Tensor:
        """Return the loss of each sequence, [B]."""
        return cross_entropy(network(batch), targets, reduction="none")

    def _posteriors(self, network: nn.Module, batch: Padded) -> Tensor:
        """Return the class probabilities of each sequence, [B, n_classes]."""
        return network(batch).softmax(dim=-1)

    def _weights(
        self, codes: NDArray[np.intp], owners: NDArray[np.intp], lengths: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Return what each piece counts in the loss, given its owner and the owners' lengths."""
        if self.class_weight is None:
            return np.ones(len(owners))
        of_class = np.bincount(codes[owners])
        return 1 / of_class[codes[owners]]

    @described(SEQUENCES, PROBABILITIES.format("float32"))
    @computing()
    def predict_proba(self, X: Sequences) -> NDArray[np.float32]:
        """Return class probabilities."""
        found, owners = self._of_pieces(X, lambda batch: self._posteriors(self.network_, batch))
        each = _combined(found, owners, self._over_pieces)
        return each / each.sum(axis=1, keepdims=True)

    @described(
        SEQUENCES,
        """Returns
-------
ndarray of shape (n, width), float32
    One vector an utterance.""",
    )
    @computing()
    def embed(self, X: Sequences) -> NDArray[np.float32]:
        """Return what the output layer sees of each utterance, the mean over its pieces."""
        found, owners = self._of_pieces(X, self.network_.pooled)  # type: ignore[arg-type]
        return _combined(found, owners, "mean")

    def _of_pieces(
        self, X: Sequences, compute: Callable[[Padded], Tensor]
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Compute something of each piece, and tell its utterance."""
        check_is_fitted(self)
        check_sequences(self, X, self.n_features_in_)
        pieces, owners = X.pieces(self.longest)
        order = np.argsort(pieces.lengths, kind="stable")
        ends = np.cumsum(pieces.lengths[order]) // PREDICTED_FRAMES
        together = np.split(order, np.flatnonzero(np.diff(ends)) + 1)
        device = next(self.network_.parameters()).device
        with torch.no_grad():
            found = [compute(Padded.of(list(pieces[rows]), device)).cpu() for rows in together]
        return torch.cat(found).numpy()[np.argsort(order, kind="stable")], owners

    @described(SEQUENCES, LABELS)
    def predict(self, X: Sequences) -> NDArray[Any]:
        """Return the most probable labels."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]


def check_sequences(classifier: Any, X: Any, n_features: int | None = None) -> None:
    """Raise an `AdanError` unless ``X`` is what a classifier of sequences can read."""
    if not isinstance(X, Sequences):
        raise AdanError(
            f"{type(classifier).__name__} reads sequences of frames, not vectors: choose features "
            "of frames, such as logmel40"
        )
    if not len(X):
        raise AdanError("there is no sequence: give one at least")
    if not np.isfinite(X.values).all():
        raise AdanError("frames hold NaN or infinity: look how they were computed")
    if n_features is not None and X.shape[1] != n_features:
        raise AdanError(
            f"frames have {X.shape[1]} features, and {n_features} were trained on: give the same "
            "features"
        )


def encoded_for(X: Sequences, y: ArrayLike) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return what `encoded` does, of one label for each sequence; else raise an `AdanError`."""
    labels = np.asarray(y)
    if len(labels) != len(X):
        raise AdanError(f"y has {len(labels)} labels for {len(X)} sequences: give one for each")
    check_labels(labels, "y")
    return encoded(labels)


def with_masks(
    frames: NDArray[np.float32], n: int, channels: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return frames of which ``n`` stretches of time and ``n`` of bands are zero.

    The features of a frame are the bands of so many channels, one behind the other. A band is
    hidden in all channels, since its deltas would give it away.
    """
    if not n:
        return frames
    maps = frames.reshape(len(frames), channels, -1).copy()  # (T, channels, bands)
    for axis in (maps, np.moveaxis(maps, 2, 0)):
        for _ in range(n):
            width = rng.integers(len(axis) // 10 + 1)
            first = rng.integers(len(axis) - width + 1)
            axis[first : first + width] = 0
    return maps.reshape(frames.shape)


def _combined(
    found: NDArray[np.float32], owners: NDArray[np.intp], how: Literal["mean", "max"]
) -> NDArray[np.float32]:
    """Return the mean or the largest of what was found of each utterance's pieces."""
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    if how == "max":
        return np.maximum.reduceat(found, starts)
    counts = np.diff(starts, append=len(owners)).astype(np.float32)
    return (np.add.reduceat(found, starts) / counts[:, None]).astype(np.float32)
