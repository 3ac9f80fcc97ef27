"""From a corpus, by name, to a trained recogniser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from adan.corpora import read_corpus
from adan.corpora.emodb import load_emodb
from adan.corpora.table_files import feature_columns
from adan.errors import AdanError
from adan.features import FeatureSet, features_of
from adan.recognition.recognizer import EmotionRecognizer


def train(
    corpus: str,
    corpus_options: Mapping[str, Any] | None = None,
    *,
    features: str | None = None,
    progress: bool = False,
    **settings: Any,
) -> EmotionRecognizer:
    """Train a recogniser on all speakers of a corpus, and test it on each of them left out.

    Parameters
    ----------
    corpus : str
        What `adan.corpora.read_corpus` takes, or ``"emodb"`` for the embedded features.
    corpus_options : mapping, optional
        Keywords of `adan.corpora.read_corpus`.
    features : str, optional
        The feature set to extract; None is that of the corpus's table, or IS11 for audio.
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
    name, table = _table(corpus, corpus_options or {}, features, progress)
    known = table.attrs.get("feature_set", "features of the table")
    recognizer = EmotionRecognizer(features=known, **settings).fit(
        table[feature_columns(table)],
        table["emotion"].to_numpy(str),
        table["speaker"].to_numpy(str),
        progress=progress,
    )
    recognizer.card_["corpus"] = name
    if "opensmile" in table.attrs:
        recognizer.card_["versions"]["opensmile"] = table.attrs["opensmile"]
    return recognizer


def _table(
    corpus: str, options: Mapping[str, Any], features: str | None, progress: bool
) -> tuple[str, pd.DataFrame]:
    wanted = None if features is None else FeatureSet.named(features).name
    if corpus == "emodb":
        name, table = "EmoDB", load_emodb(as_frame=True).frame
    else:
        read = read_corpus(corpus, **options)
        read.require_groups()
        name, table = read.name, read.table
        if "file" in table and "feature_set" not in table.attrs:
            table = features_of(read, wanted or "IS11", progress=progress)
    own = table.attrs.get("feature_set", "features of its own")
    if wanted not in (None, own):
        raise AdanError(f"{corpus} holds {own} and not {wanted}: leave --features out")
    return name, table
