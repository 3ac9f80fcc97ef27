"""The features of a corpus, of utterances or of frames, by the name of their set."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from adan.corpora import Corpus
from adan.errors import AdanError
from adan.features.extraction import with_frames, with_vectors
from adan.features.frames import FRAMES, FrameSet, extract_frames
from adan.features.functionals import extract
from adan.features.sets import FeatureSet


def named(name: str) -> FeatureSet | FrameSet:
    """Find a set of features by its name, in upper or lower case.

    Raises
    ------
    AdanError
        If there is none.
    """
    for kind in (FeatureSet, FrameSet):
        with suppress(AdanError):
            return kind.named(name)
    sets = ", ".join(FeatureSet.__members__)
    raise AdanError(f"{name!r} is not a feature set: choose one of {sets}; or {FRAMES}")


def features_of(corpus: Corpus, feature_set: FeatureSet | FrameSet | str, **options: Any) -> Corpus:
    """Compute the features of a corpus and set them beside what is known of its utterances.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    feature_set : FeatureSet, FrameSet or str
        A set or its name: see `named`.
    **options
        ``skip_bad``, ``cache``, ``progress``, ``n_jobs`` and ``scheduler``: see
        `adan.features.Options`.

    Returns
    -------
    Corpus
        Its table followed by the features (float32), less the utterances that were skipped;
        features of frames are its ``sequences`` instead. ``about`` is that of `extract`. Features
        that it had are replaced.

    Raises
    ------
    AdanError
        If the corpus has no audio, files cannot be used, none is left, the set is unknown, or
        openSMILE, soundfile or platformdirs is not installed.
    """
    kind = named(feature_set) if isinstance(feature_set, str) else feature_set
    if isinstance(kind, FrameSet):
        return with_frames(corpus, lambda files: extract_frames(files, kind, **options))
    return with_vectors(corpus, lambda files: extract(files, kind, **options))
