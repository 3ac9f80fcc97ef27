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
from sklearn.metrics import recall_score
from sklearn.utils.validation import check_is_fitted, validate_data

from adan._input import check_labels, check_numbers
from adan.classifiers.discriminant import MODERATE, ShrunkDiscriminant
from adan.classifiers.dnn import DNNClassifier
from adan.classifiers.labels import encoded
from adan.classifiers.recommended import Augmented
from adan.classifiers.registry import CLASSIFIERS as ALL_CLASSIFIERS
from adan.classifiers.svm import RBFSVM
from adan.errors import AdanError
from adan.features import extract
from adan.features.extraction import check_listed
from adan.folds import Method
from adan.recognition import bundle, calibration
from adan.recognition.card import card, figures
from adan.recognition.landscape import landscape
from adan.recognition.learning import (
    Codes,
    Learnt,
    blocks_of,
    calibrated,
    enrolled_scores,
    enrolments,
    learn,
)
from adan.recognition.model import Model, Network, Rows, SupportVectors
from adan.recognition.recordings import complaints, listen, unusable
from adan.synthesis import registry
from adan.synthesis.base import Synthesizer

CLASSIFIERS = {
    name: ALL_CLASSIFIERS[name]
    for name in ("dnn", "svm", "discriminant", "whitened dnn", "recommended")
}


class EmotionRecognizer(ClassifierMixin, BaseEstimator):
    """A recogniser of emotion: from audio files, or from feature vectors, to labels.

    Parameters
    ----------
    features : str, default="IS11"
        The feature set that audio files are turned into; where ``fit`` is given vectors, what
        they are.
    synthesizer : str or Synthesizer, default="auto"
        What synthetic training vectors are drawn from: a name of `adan.synthesis.registry.names`,
        or an estimator, of which a clone is fitted. "auto" adds none, since none of them made the
        best classifier better (``docs/results.md``).
    classifier : str or classifier, default="auto"
        "auto" takes the best of a shrunk linear discriminant with four shrinkages, the paper's SVM
        and one with C = 100, compared on training speakers that were left out; "discriminant" the
        best shrinkage; "svm" and "dnn" are the paper's, "whitened dnn" is `WhitenedDNN`.
        "recommended" is for an emotion that is rare: it makes other emotions as rare, tries several
        remedies on them, synthetic vectors among these, and takes the one that helps most. You may
        also give an estimator of one of these classes, of which a clone is fitted.
    times : int, default=10
        With a synthesizer, the synthetic sets, each of the size and class make-up of the real one;
        0 for none.
    random_state : int, default=0
        Seed. With the classifier "svm", "dnn" or "whitened dnn", ``held_out_`` is what the row of
        Table I with this seed predicts, and a recogniser of all speakers but the first is its
        first fold.

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
        a model that did not hear its speaker, nor was chosen with it, and the calibrated
        probabilities ``p_...``.

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
        synthesizer: str | Synthesizer = "auto",
        classifier: str | BaseEstimator = "auto",
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
        rate = None
        if _are_files(X):
            heard = extract(X, self.features, progress=progress)
            X, rate = heard.table, heard.about["rate"]
        check_numbers(X)
        check_labels(y, "y")
        rows, labels = validate_data(self, X, y, dtype=np.float32)
        self.classes_, codes = encoded(labels)
        speakers = None if groups is None else self._speakers(groups, len(rows))
        candidates = self._candidates(rows.shape[1])
        settings = {n: _description(v) for n, v in self.get_params(deep=False).items()}
        if speakers is not None and speakers.max() < 2:  # a choice needs a third speaker
            candidates = dict([*candidates.items()][:1])
        auto = len(candidates) > 1
        blocks = None if speakers is None else blocks_of(speakers, choice=auto)
        method = Method()
        if self.times and self.synthesizer != "auto":
            method = Method(_estimator(self.synthesizer, registry.synthesizer), times=self.times)
        learnt = learn(
            rows,
            codes,
            speakers,
            blocks,
            candidates,
            method,
            _in_numpy,
            seed=self.random_state,
            progress=progress,
        )
        whole = learnt.whole.fold
        synthetic = learnt.synthesizer.sample(whole.y) if learnt.synthesizer else (whole.X[:0], [])
        self.model_ = Model(
            classes=self.classes_,
            feature_names=tuple(getattr(self, "feature_names_in_", ())),
            n_features=self.n_features_in_,
            scaling=learnt.scaling,
            classifier=learnt.whole.scorer,
            map=landscape(whole.X, whole.y, *synthetic),
            card=card(self.features, settings, labels, speakers),
        )
        self.model_.card.update(classifier=self._taken(learnt), rate=rate)
        if speakers is not None and blocks is not None:
            self._take_held_out(learnt, codes, speakers, blocks)
        return self

    def _candidates(self, n_features: int) -> dict[str, BaseEstimator]:
        """Return what there is to choose from, by name; the first is taken where nobody speaks."""
        candidates: list[Any] = [ShrunkDiscriminant(s) for s in MODERATE]
        if self.classifier == "auto":
            candidates += [RBFSVM(), RBFSVM(C=100.0, gamma=0.1 / n_features)]
        elif self.classifier != "discriminant":
            candidates = [_estimator(self.classifier, _classifier)]
            if not _name_of(candidates[0]):
                raise AdanError(
                    f"classifier={self.classifier!r}: give {', '.join(CLASSIFIERS)}, or an "
                    "estimator of one of their classes"
                )
        return {_in_words(candidate): candidate for candidate in candidates}

    def _taken(self, learnt: Learnt) -> str:
        """Return what was trained on everybody, in words; where settings were chosen, these too."""
        trained = _in_words(learnt.whole.classifier)
        return learnt.name if trained == learnt.name else f"{learnt.name} ({trained})"

    def _speakers(self, groups: ArrayLike, n_rows: int) -> NDArray[np.intp]:
        """Return the speaker of each row as a code."""
        check_labels(groups, "groups")
        speakers, codes = np.unique(np.asarray(groups), return_inverse=True)
        if len(codes) != n_rows or len(speakers) < 2:
            raise AdanError(
                f"groups names {len(speakers)} speakers for {len(codes)} of {n_rows} rows: give "
                "the speaker of each row, at least two in all, or no groups"
            )
        return codes

    def _take_held_out(self, learnt: Learnt, codes: Codes, speakers: Codes, blocks: Codes) -> None:
        """Say how good the recogniser is, calibrate it, and learn how speakers are enrolled."""
        predicted = learnt.scores.argmax(axis=1)
        probabilities = calibrated(learnt, codes, blocks)
        names = [f"p_{label}" for label in self.classes_]
        self.held_out_ = pd.DataFrame(probabilities, columns=names)
        self.held_out_.insert(0, "true", self.classes_[codes])
        self.held_out_.insert(1, "predicted", self.classes_[predicted])
        card = self.model_.card
        card["unseen_speakers"] = {
            **figures(codes, predicted, speakers),
            **calibration.report(learnt.scores, probabilities, codes),
        }
        recalls = recall_score(codes, predicted, average=None)
        labels = map(str, self.classes_.tolist())
        card["recall"] = dict(zip(labels, (100 * recalls).tolist(), strict=True))
        if len(learnt.uar) > 1:
            card["choice"] = learnt.uar
        enrolment, without = enrolments(learnt)
        card["enrolment"] = enrolled_scores(learnt, without, codes, speakers, blocks)
        temperature = calibration.fit_temperature(learnt.final_scores, codes)
        self.model_ = replace(self.model_, temperature=temperature, enrolment=enrolment)

    @property
    def card_(self) -> dict[str, Any]:
        """The model card: what the recogniser was made of, and how good it is."""
        check_is_fitted(self)
        return self.model_.card

    def enrol(self, X: ArrayLike | Sequence[str | os.PathLike[str]], speaker: Any) -> Self:
        """Remember utterances of a speaker, so that the speaker's others are recognised better.

        Emotions sound alike from speaker to speaker once it is known how a speaker sounds. Five
        unlabelled utterances, whatever they express, already tell.

        Parameters
        ----------
        X : sequence of path-like, or array-like of shape (n_samples, n_features)
            As `fit` takes it. More may be given later; they add up.
        speaker : object
            Who speaks: what ``groups`` of `predict` has in this speaker's rows.

        Returns
        -------
        Self
            The recogniser itself.

        Raises
        ------
        AdanError
            If files cannot be used, or the recogniser was trained without speakers.
        """
        check_is_fitted(self)
        rows, _ = self._vectors(X)
        self.model_.enrolled(rows)
        voices: dict[Any, Rows] = self.__dict__.setdefault("voices_", {})
        voices[speaker] = np.vstack([voices.get(speaker, rows[:0]), rows])
        return self

    def predict(
        self, X: ArrayLike | Sequence[str | os.PathLike[str]], groups: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Return the most probable labels.

        Parameters
        ----------
        X : sequence of path-like, or array-like of shape (n_samples, n_features)
            Audio files or vectors, as `fit` takes them.
        groups : array-like of shape (n_samples,), default=None
            The speaker of each; see `predict_proba`.

        Returns
        -------
        ndarray of shape (n_samples,)
            The label of each, one of ``classes_``.

        Raises
        ------
        AdanError
            As `predict_proba` does.
        """
        best = self.predict_proba(X, groups).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(
        self, X: ArrayLike | Sequence[str | os.PathLike[str]], groups: ArrayLike | None = None
    ) -> Rows:
        """Return class probabilities.

        Parameters
        ----------
        X : sequence of path-like, or array-like of shape (n_samples, n_features)
            As `fit` takes it. Of a long recording the mean over its windows is returned; see
            `adan.recognition.recordings.predict_files` for each of them.
        groups : array-like of shape (n_samples,), default=None
            The speaker of each. All utterances of a speaker, those of `enrol` included, tell how
            the speaker sounds. Without, each is recognised by itself.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
            One column for each of ``classes_``.

        Raises
        ------
        AdanError
            If files cannot be used, or ``groups`` has another length or gaps, or the recogniser was
            trained without speakers.
        """
        check_is_fitted(self)
        check_labels(groups, "groups")
        speakers = None if groups is None else np.asarray(groups)
        n = len(X)  # type: ignore[arg-type]
        if speakers is not None and speakers.shape != (n,):
            raise AdanError(
                f"groups has the shape {speakers.shape}: give the speaker of each of {n} rows"
            )
        rows, places = self._vectors(X)
        if speakers is None:
            of = self.model_.probabilities(rows)
        else:
            voices = getattr(self, "voices_", None)
            of = self.model_.probabilities_of(rows, speakers[places], voices)
        return of if len(of) == n else pd.DataFrame(of).groupby(places).mean().to_numpy(np.float32)

    def _vectors(
        self, X: ArrayLike | Sequence[str | os.PathLike[str]]
    ) -> tuple[Rows, NDArray[np.intp]]:
        """Return vectors, and the place in X of what each is heard in."""
        if not _are_files(X):
            rows = validate_data(self, X, reset=False, dtype=np.float32)
            return rows, np.arange(len(rows))
        windows, rows = listen(self.model_, X)
        if lost := len(unusable(windows)):
            reasons = "; ".join(complaints(windows, X)[-lost:][:10])
            raise AdanError(f"{lost} of {len(X)} audio files cannot be used ({reasons})")
        return rows, windows.index[windows["problem"] == ""].to_numpy()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recogniser to one bundle (safetensors and JSON).

        Parameters
        ----------
        path : path-like
            File to write, such as ``model.adan``; one that is there is replaced.

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

        Parameters
        ----------
        path : path-like
            The file.

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
        try:
            settings = {n: _described(n, v) for n, v in model.card["settings"].items()}
            recognizer = cls(**settings)
        except (AttributeError, LookupError, TypeError) as error:
            raise AdanError(f"{path} has settings of no recogniser of this version") from error
        recognizer.model_ = model
        recognizer.classes_ = model.classes
        recognizer.n_features_in_ = model.n_features
        if model.feature_names:
            recognizer.feature_names_in_ = np.array(model.feature_names, dtype=object)
        return recognizer


def _are_files(X: Any) -> TypeGuard[Sequence[str | os.PathLike[str]]]:
    """Tell audio files from vectors."""
    check_listed(X)
    if not hasattr(X, "__len__") or not len(X) or getattr(X, "ndim", 1) != 1:
        return False
    return all(isinstance(file, (str, os.PathLike)) for file in X)


def _classifier(name: str, **parameters: Any) -> BaseEstimator:
    if name not in CLASSIFIERS:
        raise AdanError(f"no classifier {name!r}; there are {', '.join(CLASSIFIERS)}")
    return CLASSIFIERS[name](**parameters)


def _estimator(setting: Any, named: Callable[[str], Any]) -> Any:
    return named(setting) if isinstance(setting, str) else clone(setting)


def _name_of(classifier: Any) -> str:
    kinds = {kind: name for name, kind in CLASSIFIERS.items()}
    return kinds.get(type(classifier), "")


def _in_words(classifier: Any) -> str:
    """Say what a classifier is, such as "svm, C 100"; what follows from the vectors is left out."""
    if isinstance(classifier, Augmented):
        return f"{_in_words(classifier.classifier)} + {registry.name_of(classifier.synthesizer)}"
    usual = type(classifier)().get_params()
    said = [
        f"{name.replace('_', ' ')} {f'{value:g}' if isinstance(value, float) else value}"
        for name, value in classifier.get_params().items()
        if value != usual[name] and name not in ("gamma", "random_state")
    ]
    return ", ".join([_name_of(classifier), *said])


def _description(setting: Any) -> Any:
    """Describe a parameter of the recogniser in what JSON knows."""
    if not isinstance(setting, BaseEstimator):
        return setting
    parameters = {
        name: None if isinstance(value, np.random.RandomState) else value
        for name, value in setting.get_params().items()
    }
    name = _name_of(setting) or registry.name_of(setting)
    return {"name": name, "parameters": parameters}


def _described(name: str, description: Any) -> Any:
    if not isinstance(description, dict):
        return description
    parameters = {
        n: tuple(v) if isinstance(v, list) else v for n, v in description["parameters"].items()
    }
    make = _classifier if name == "classifier" else registry.synthesizer
    return make(description["name"], **parameters)


def _in_numpy(classifier: Any) -> Network | SupportVectors:
    """Return a trained classifier as what a `Model` computes with."""
    if isinstance(classifier, Augmented):
        classifier = classifier.classifier_
    if isinstance(classifier, ShrunkDiscriminant):
        coef, intercept = classifier.coef_.T, classifier.intercept_
        return Network((coef.astype(np.float32),), (intercept.astype(np.float32),), "relu")
    if isinstance(classifier, DNNClassifier):
        network = classifier.network_
        weights = tuple(w[0].numpy() for w in network.weights)
        biases = tuple(b[0, 0].numpy() for b in network.biases)
        return Network(weights, biases, classifier.activation)
    vectors, coefficients, intercepts = classifier.pairwise()
    return SupportVectors(vectors, coefficients, intercepts, float(classifier.gamma_))
