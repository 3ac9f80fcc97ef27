"""From a corpus, by name, to a trained recogniser."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from adan.corpora import Corpus, read_corpus
from adan.errors import AdanError
from adan.features import FeatureSet, features_of
from adan.recognition.recognizer import EmotionRecognizer


def train(
    corpus: str,
    corpus_options: Mapping[str, Any] | None = None,
    *,
    features: str | None = None,
    speaker_test: bool = True,
    progress: bool = False,
    **settings: Any,
) -> EmotionRecognizer:
    """Train a recogniser on all speakers of a corpus, and test it on each of them left out.

    Synthetic rows of a table (`adan augment`) were made of all speakers'. So with them a
    recogniser is trained on all rows and not tested, with a warning.

    Parameters
    ----------
    corpus : str
        What `adan.corpora.read_corpus` takes.
    corpus_options : mapping, optional
        Keywords of `adan.corpora.read_corpus`.
    features : str, optional
        The feature set to extract; None is that of the corpus's table, or IS11 for audio.
    speaker_test : bool, default=True
        Test on each speaker left out; False trains alone, so that nobody knows how good it is.
    progress : bool, default=False
        Show progress bars on standard error.
    **settings
        The other parameters of `EmotionRecognizer`.

    Returns
    -------
    EmotionRecognizer
        Fitted, its card naming the corpus.

    Raises
    ------
    AdanError
        If the corpus, its audio or a setting cannot be used, or the corpus has other features than
        those asked for.
    """
    vectors = _with_features(corpus, corpus_options or {}, features, speaker_test, progress)
    n_synthetic = vectors.is_synthetic.sum()
    if n_synthetic:
        warnings.warn(
            f"{corpus} has {n_synthetic} synthetic rows, which were made of all speakers': "
            "trained on all rows without the speaker test, so nobody knows how good it is; to "
            "know, train on the real rows with --synthesizer",
            stacklevel=2,
        )
    recognizer = EmotionRecognizer(features=vectors.feature_set, **settings).fit(
        vectors.table[[*vectors.features]],
        vectors.table["emotion"].to_numpy(str),
        vectors.table["speaker"].to_numpy(str) if speaker_test and not n_synthetic else None,
        progress=progress,
    )
    recognizer.card_["corpus"] = vectors.name
    recognizer.card_["rate"] = vectors.about.get("rate")
    if "opensmile" in vectors.about:
        recognizer.card_["versions"]["opensmile"] = vectors.about["opensmile"]
    return recognizer


def _with_features(
    name: str,
    options: Mapping[str, Any],
    features: str | None,
    speaker_test: bool,
    progress: bool,
) -> Corpus:
    wanted = None if features is None else FeatureSet.named(features).name
    corpus = read_corpus(name, **options)
    if speaker_test and not corpus.is_synthetic.any():
        corpus.require_groups()
    if not corpus.features:
        return features_of(corpus, wanted or "IS11", progress=progress)
    if wanted not in (None, corpus.feature_set):
        raise AdanError(f"{name} holds {corpus.feature_set} and not {wanted}: leave --features out")
    return corpus
