"""The whole as one scikit-learn estimator: features, normalisation, augmentation, classifier."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Self, TypeGuard

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from adan._computing import computing
from adan._progress import progress_bar
from adan.classifiers.dnn import DNNClassifier
from adan.classifiers.svm import RBFSVM
from adan.errors import AdanError
from adan.evaluation.normalisation import fit_scaling
from adan.evaluation.scaling import Scaling
from adan.features import extract
from adan.folds import Fold, Method, fit_synthesizers, train_classifiers
from adan.recognition import bundle, calibration
from adan.recognition.card import card, figures
from adan.recognition.landscape import landscape
from adan.recognition.model import Model, Network, Rows, SupportVectors
from adan.recognition.recordings import predict_files, unusable
from adan.synthesis import registry
from adan.synthesis.base import Synthesizer

CLASSIFIERS = {"dnn": DNNClassifier, "svm": RBFSVM}


class EmotionRecognizer(ClassifierMixin, BaseEstimator):
    """A recogniser of emotion: from audio files, or from feature vectors, to labels.

    Parameters
    ----------
    features : str, default="IS11"
        The feature set that audio files are turned into; where ``fit`` is given vectors, what
        they are.
    synthesizer : str or Synthesizer, default="adan"
        What synthetic training vectors are drawn from: a name of `adan.synthesis.registry.names`,
        or an estimator, of which a clone is fitted.
    classifier : {"dnn", "svm"}, DNNClassifier or RBFSVM, default="dnn"
        The paper's DNN or SVM; of an estimator a clone is fitted.
    times : int, default=10
        Synthetic sets, each of the size and class make-up of the real one; 0 for none.
    random_state : int, default=0
        Seed. ``held_out_`` is Table I's row of that seed, and a recogniser of all speakers but the
        first is its first fold.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        The length of a vector.
    model_ : adan.recognition.model.Model
        What predictions are computed with, and what `save` stores.
    held_out_ : DataFrame of shape (n_samples, 2 + n_classes)
        Only where ``fit`` was given groups: ``true`` and ``predicted`` label of each utterance, by
        a model that did not hear its speaker, and the calibrated probabilities ``p_...``.

    Examples
    --------
    >>> from adan import EmotionRecognizer, load_emodb
    >>> emodb = load_emodb()
    >>> recogniser = EmotionRecognizer(classifier="svm", times=0).fit(emodb.data, emodb.target)
    >>> recogniser.predict(emodb.data[:2]).tolist()
    ['happiness', 'neutral']
    """

    def __init__(
        self,
        features: str = "IS11",
        synthesizer: str | Synthesizer = "adan",
        classifier: str | BaseEstimator = "dnn",
        times: int = 10,
        random_state: int = 0,
    ) -> None:
        self.features = features
        self.synthesizer = synthesizer
        self.classifier = classifier
        self.times = times
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike | Sequence[str | os.PathLike[str]],
        y: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        progress: bool = False,
    ) -> Self:
        """Fit to audio files or to feature vectors.

        Parameters
        ----------
        X : sequence of path-like, or array-like of shape (n_samples, n_features)
            Audio files, or vectors that are not normalised; computed in float32.
        y : array-like of shape (n_samples,)
            The emotion of each.
        groups : array-like of shape (n_samples,), default=None
            The speaker of each. With speakers, leave-one-speaker-out predictions say how good the
            recogniser is and calibrate its probabilities; without, neither is known.
        progress : bool, default=False
            Show progress bars on standard error.

        Returns
        -------
        Self
            The fitted recogniser.

        Raises
        ------
        AdanError
            If files cannot be used, a setting is unknown, ``y`` holds one class or ``groups`` one
            speaker only.
        """
        if _are_files(X):
            X = extract(X, self.features, progress=progress)
        rows, labels = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise AdanError(f"y holds 1 class only ('{self.classes_[0]}'): nothing to tell apart")
        speakers = None if groups is None else self._speakers(groups, len(rows))
        scalings, folds = _folds(rows, codes, speakers)
        method = Method(self._synthesizer(), times=self.times) if self.times else Method()
        synthesizers = fit_synthesizers(
            method.synthesizer, folds, self.random_state, progress=progress
        )
        with progress_bar(total=len(folds), desc="classifiers", disable=not progress) as bar:

            def use(fold: Fold, classifier: Any) -> Network | SupportVectors:
                bar.update()
                return _in_numpy(classifier)

            classifiers = [
                by_name["classifier"]
                for by_name in train_classifiers(
                    method,
                    {"classifier": _estimator(self.classifier, _classifier)},
                    folds,
                    synthesizers,
                    self.random_state,
                    use,
                )
            ]
        whole, synthesizer = folds[-1], synthesizers[-1]
        synthetic = synthesizer.sample(whole.y) if self.times else (whole.X[:0], whole.y[:0])
        settings = {n: _description(v) for n, v in self.get_params(deep=False).items()}
        self.model_ = Model(
            classes=self.classes_,
            feature_names=tuple(getattr(self, "feature_names_in_", ())),
            n_features=self.n_features_in_,
            scaling=scalings[-1],
            classifier=classifiers[-1],
            map=landscape(whole.X, whole.y, *synthetic),
            card=card(self.features, settings, labels, speakers),
        )
        if speakers is not None:
            scores = _held_out_scores(folds[:-1], classifiers, codes, speakers)
            self._take_held_out(scores, codes, speakers)
        return self

    def _synthesizer(self) -> Synthesizer:
        return _estimator(self.synthesizer, registry.synthesizer)

    def _speakers(self, groups: ArrayLike, n_rows: int) -> NDArray[np.intp]:
        """Return the speaker of each row as a code."""
        speakers, codes = np.unique(np.asarray(groups), return_inverse=True)
        if len(codes) != n_rows or len(speakers) < 2:
            raise AdanError(
                f"groups names {len(speakers)} speakers for {len(codes)} of {n_rows} rows: give "
                "the speaker of each row, at least two in all, or no groups"
            )
        return codes

    def _take_held_out(
        self, scores: NDArray[np.floating], codes: NDArray[np.intp], speakers: NDArray[np.intp]
    ) -> None:
        """Say how good the recogniser is, and calibrate it."""
        predicted = scores.argmax(axis=1)
        probabilities = calibration.calibrated(scores, codes, speakers)
        names = [f"p_{label}" for label in self.classes_]
        self.held_out_ = pd.DataFrame(probabilities, columns=names)
        self.held_out_.insert(0, "true", self.classes_[codes])
        self.held_out_.insert(1, "predicted", self.classes_[predicted])
        self.model_.card["unseen_speakers"] = {
            **figures(codes, predicted, speakers, self.random_state),
            **calibration.report(scores, probabilities, codes),
        }
        temperature = calibration.fit_temperature(scores, codes)
        self.model_ = replace(self.model_, temperature=temperature)

    @property
    def card_(self) -> dict[str, Any]:
        """The model card."""
        check_is_fitted(self)
        return self.model_.card

    def predict(self, X: ArrayLike | Sequence[str | os.PathLike[str]]) -> NDArray[Any]:
        """Return the most probable label (n_samples,) of audio files or vectors, as `fit` takes."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: ArrayLike | Sequence[str | os.PathLike[str]]) -> Rows:
        """Return class probabilities.

        Parameters
        ----------
        X : sequence of path-like, or array-like of shape (n_samples, n_features)
            As `fit` takes it. Of a long recording the mean over its windows is returned; see
            `adan.recognition.recordings.predict_files` for each of them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
            One column for each of ``classes_``.

        Raises
        ------
        AdanError
            If files cannot be used.
        """
        check_is_fitted(self)
        if not _are_files(X):
            return self.model_.probabilities(validate_data(self, X, reset=False, dtype=np.float32))
        files = [os.fspath(file) for file in X]
        table = predict_files(self.model_, files)
        if len(bad := unusable(table)):
            reasons = "; ".join(f"{row.file}: {row.problem}" for row in bad[:10].itertuples())
            raise AdanError(f"{len(bad)} of {len(files)} audio files cannot be used ({reasons})")
        means = table.groupby("file")[[f"p_{label}" for label in self.classes_]].mean()
        return means.loc[files].to_numpy(np.float32)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recogniser to one bundle (safetensors and JSON).

        Raises
        ------
        AdanError
            If the file cannot be written.
        """
        check_is_fitted(self)
        bundle.save(self.model_, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a bundle that `save` wrote; nothing is unpickled.

        Returns
        -------
        Self
            Predicts as the one that was saved, and has its parameters.

        Raises
        ------
        AdanError
            If the file is missing, damaged, changed, of another kind or of a newer format, or
            names a synthesizer that is not installed.
        """
        model = bundle.load(path)
        settings = {n: _described(n, v) for n, v in model.card["settings"].items()}
        recognizer = cls(**settings)
        recognizer.model_ = model
        recognizer.classes_ = model.classes
        recognizer.n_features_in_ = model.n_features
        if model.feature_names:
            recognizer.feature_names_in_ = np.array(model.feature_names, dtype=object)
        return recognizer


def _folds(
    rows: Rows, codes: NDArray[np.intp], speakers: NDArray[np.intp] | None
) -> tuple[list[Scaling], list[Fold]]:
    """Return a fold for each speaker that is left out, then the whole, seeded as the first fold."""
    left_out = [] if speakers is None else [speakers == i for i in range(speakers.max() + 1)]
    groups = np.zeros(len(rows), np.intp) if speakers is None else speakers
    scalings, folds = [], []
    for number, test in enumerate([*left_out, np.zeros(len(rows), bool)]):
        scaling, train = fit_scaling(rows[~test]), ~test
        fold = Fold(
            number=number if test.any() else 0,
            X=scaling(rows[train]),
            y=codes[train],
            speakers=groups[train],
            learnable=np.ones(train.sum(), bool),
            X_test=scaling(rows[test]),
        )
        scalings.append(scaling)
        folds.append(fold)
    return scalings, folds


@computing()
def _held_out_scores(
    folds: Sequence[Fold],
    classifiers: Sequence[Network | SupportVectors],
    codes: NDArray[np.intp],
    speakers: NDArray[np.intp],
) -> NDArray[np.floating]:
    """Return each row's scores by the classifier that did not hear its speaker.

    Those of a class that this classifier does not know are minus infinity.
    """
    scores = np.full((len(codes), codes.max() + 1), -np.inf)
    for fold, classifier in zip(folds, classifiers, strict=False):
        own = speakers == fold.number
        scores[np.ix_(own, np.unique(fold.y))] = classifier.scores(fold.X_test)
    return scores


def _are_files(X: Any) -> TypeGuard[Sequence[str | os.PathLike[str]]]:
    """Tell audio files from vectors."""
    if not hasattr(X, "__len__") or not len(X) or getattr(X, "ndim", 1) != 1:
        return False
    return all(isinstance(file, (str, os.PathLike)) for file in X)


def _classifier(name: str, **parameters: Any) -> BaseEstimator:
    if name not in CLASSIFIERS:
        raise AdanError(f"no classifier {name!r}; there are {', '.join(CLASSIFIERS)}")
    return CLASSIFIERS[name](**parameters)


def _estimator(setting: Any, named: Callable[[str], Any]) -> Any:
    return named(setting) if isinstance(setting, str) else clone(setting)


def _description(setting: Any) -> Any:
    """Describe a parameter of the recogniser in what JSON knows."""
    if not isinstance(setting, BaseEstimator):
        return setting
    parameters = {
        name: None if isinstance(value, np.random.RandomState) else value
        for name, value in setting.get_params().items()
    }
    kinds = {kind: name for name, kind in CLASSIFIERS.items()}
    name = kinds.get(type(setting)) or registry.name_of(setting)
    return {"name": name, "parameters": parameters}


def _described(name: str, description: Any) -> Any:
    if not isinstance(description, dict):
        return description
    parameters = {
        n: tuple(v) if isinstance(v, list) else v for n, v in description["parameters"].items()
    }
    make = _classifier if name == "classifier" else registry.synthesizer
    return make(description["name"], **parameters)


def _in_numpy(classifier: DNNClassifier | RBFSVM) -> Network | SupportVectors:
    """Return a trained classifier as what a `Model` computes with."""
    if isinstance(classifier, DNNClassifier):
        network = classifier.network_
        weights = tuple(w[0].numpy() for w in network.weights)
        biases = tuple(b[0, 0].numpy() for b in network.biases)
        return Network(weights, biases, classifier.activation)
    return SupportVectors(*classifier.pairwise(), gamma=float(classifier.gamma_))
