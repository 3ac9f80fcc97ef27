"""What a trained recogniser computes, in numpy alone, so that a prediction starts at once.

Neither torch nor scikit-learn is imported here: together they take longer than a prediction may.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from adan._computing import computing
from adan.errors import AdanError
from adan.evaluation.enrolment import Enrolment
from adan.evaluation.scaling import Scaling

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Network:
    """A trained DNN, or a linear discriminant, which is one of a single layer.

    Attributes
    ----------
    weights : tuple of ndarray of shape (in, out), float32
        Of each layer.
    biases : tuple of ndarray of shape (out,), float32
    activation : {"relu", "tanh"}
        After each hidden layer.
    """

    weights: tuple[Rows, ...]
    biases: tuple[Rows, ...]
    activation: Literal["relu", "tanh"]

    def scores(self, X: Rows) -> Rows:
        """Return the logits (n, k)."""
        return self._layers(X)[-1]

    def gradient(self, x: Rows, code: int) -> Rows:
        """Return the slope (d',) of one class's logit above the mean logit, at ``x`` (d',)."""
        hidden = self._layers(x[None])[1:-1]
        back = np.eye(self.biases[-1].size, dtype=np.float32)[code] - 1 / self.biases[-1].size
        for layer in reversed(range(len(self.weights))):
            back = self.weights[layer] @ back
            if layer:
                h = hidden[layer - 1][0]
                back = back * (h > 0 if self.activation == "relu" else 1 - h * h)
        return back

    def _layers(self, X: Rows) -> list[Rows]:
        layers = [X]
        for weight, bias in zip(self.weights, self.biases, strict=True):
            if len(layers) > 1:
                last = layers[-1]
                layers[-1] = np.maximum(last, 0) if self.activation == "relu" else np.tanh(last)
            layers.append(layers[-1] @ weight + bias)
        return layers


@dataclass(frozen=True, eq=False)
class SupportVectors:
    """A trained `adan.RBFSVM`: one decision for each pair of classes, then votes, as libsvm.

    Attributes
    ----------
    vectors : ndarray of shape (n_support, d'), float32
    coefficients : ndarray of shape (n_support, n_pairs), float32
        Of pairs (0, 1), (0, 2), ... (k - 2, k - 1); a positive decision is for the first class.
    intercepts : ndarray of shape (n_pairs,), float32
    gamma : float
        Width of the kernel.
    """

    vectors: Rows
    coefficients: Rows
    intercepts: Rows
    gamma: float

    @property
    def signs(self) -> Rows:
        """For whom (1) and against whom (-1) each pair decides: shape (n_pairs, k)."""
        k = round((1 + (1 + 8 * len(self.intercepts)) ** 0.5) / 2)
        eye = np.eye(k, dtype=np.float32)
        return np.array([eye[i] - eye[j] for i, j in itertools.combinations(range(k), 2)])

    def scores(self, X: Rows) -> Rows:
        """Return the classes' votes (n, k), ordered among equals by the decisions' size.

        libsvm's winner, the first of those with the most votes, gets one more, so that the label
        with the highest score is libsvm's.
        """
        decisions = self._kernel(X) @ self.coefficients + self.intercepts
        signs = self.signs
        votes = (np.where(decisions > 0, 1, -1).astype(np.float32) @ signs + signs.shape[1] - 1) / 2
        confidence = decisions @ signs
        confidence /= 3 * (np.abs(confidence) + 1)
        winner = np.eye(signs.shape[1], dtype=np.float32)[votes.argmax(axis=1)]
        return votes + confidence + winner

    def gradient(self, x: Rows, code: int) -> Rows:
        """Return the slope (d',) at ``x`` (d',) of the sum of one class's decisions."""
        weights = self._kernel(x[None])[0] * (self.coefficients @ self.signs[:, code])
        return 2 * self.gamma * (weights @ self.vectors - weights.sum() * x)

    def _kernel(self, X: Rows) -> Rows:
        squares = np.square(X).sum(axis=1)[:, None] + np.square(self.vectors).sum(axis=1)
        return np.exp(np.minimum(2 * X @ self.vectors.T - squares, 0) * np.float32(self.gamma))


@dataclass(frozen=True, eq=False)
class Map:
    """The plane on which utterances are shown: where training vectors lie, and where new ones do.

    Attributes
    ----------
    centre, axes : ndarray of shape (d',) and (d', 2), float32
        Of the projection of normalised vectors.
    points : ndarray of shape (n_points, 2), float32
        Training vectors.
    codes : ndarray of shape (n_points,), int32
        Their classes.
    synthetic : ndarray of shape (n_points,), bool
        Which of them are synthetic.
    """

    centre: Rows
    axes: Rows
    points: Rows
    codes: NDArray[np.int32]
    synthetic: NDArray[np.bool_]

    @computing()
    def __call__(self, X: Rows) -> Rows:
        """Map normalised vectors (n, d') to the plane (n, 2)."""
        return np.dot(X - self.centre, self.axes)


@dataclass(frozen=True, eq=False)
class Model:
    """A trained recogniser.

    Attributes
    ----------
    classes : ndarray of shape (k,)
        The labels, sorted.
    feature_names : tuple of d str
        What the columns of ``X`` are; empty where nobody said.
    n_features : int
        d, the length of a vector.
    scaling, classifier, map
        What is computed.
    temperature : float
        What scores are divided by before they become probabilities.
    enrolment : Enrolment or None
        How speakers are enrolled; None where the recogniser was trained without speakers.
    offset : ndarray of shape (d',), float32, or None
        Of the speaker that the model was enrolled for; None for nobody in particular.
    card : dict
        The model card, fit for JSON: see `adan.recognition.card`.
    """

    classes: NDArray[Any]
    feature_names: tuple[str, ...]
    n_features: int
    scaling: Scaling
    classifier: Network | SupportVectors
    map: Map
    temperature: float = 1.0
    card: dict[str, Any] = field(default_factory=dict)
    enrolment: Enrolment | None = None
    offset: Rows | None = None

    def normalised(self, X: Rows) -> Rows:
        """Return raw vectors (n, d) as the classifier takes them (n, d')."""
        rows = self.scaling(X)
        return rows if self.offset is None else rows - self.offset

    def enrolled(self, X: Rows) -> Model:
        """Return the model for the speaker of some raw vectors (n, d), whatever they express.

        Raises
        ------
        AdanError
            If the model knows nothing of speakers.
        """
        if self.enrolment is None:
            raise AdanError(
                "the model was trained without speakers, or by an older adan, and cannot be "
                "enrolled: train it again on a corpus that names its speakers"
            )
        return replace(self, offset=self.enrolment.offset(self.scaling(X)))

    @computing()
    def scores(self, X: Rows) -> Rows:
        """Return the scores (n, k) of raw vectors (n, d); the highest is the label's."""
        return self.classifier.scores(self.normalised(X))

    def probabilities(self, X: Rows) -> Rows:
        """Return the calibrated probabilities (n, k) of raw vectors (n, d)."""
        return softmax(self.scores(X) / np.float32(self.temperature))

    def probabilities_of(
        self, X: Rows, speakers: NDArray[Any], heard: Mapping[Any, Rows] | None = None
    ) -> Rows:
        """Return the calibrated probabilities (n, k) of raw vectors of known speakers (n,).

        All vectors of a speaker tell how the voice sounds, and those ``heard`` before.
        """
        probabilities = np.empty((len(X), len(self.classes)), np.float32)
        for speaker in np.unique(speakers):
            own = X[speakers == speaker]
            before = (heard or {}).get(speaker, X[:0])
            enrolled = self.enrolled(np.vstack([before, own]))
            probabilities[speakers == speaker] = enrolled.probabilities(own)
        return probabilities

    @computing()
    def contributions(self, x: Rows, code: int) -> Rows:
        """Return what each feature of a raw vector (d,) adds to one class: gradient times value.

        Values are distances from the mean of the training vectors in standard deviations, and
        features that do not vary add nothing.
        """
        z = self.normalised(x[None])[0]
        shares = np.zeros(self.n_features, np.float32)
        shares[self.scaling.kept] = z * self.classifier.gradient(z, code)
        return shares


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Turn scores (n, k) into probabilities (n, k)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
