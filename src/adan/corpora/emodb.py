"""EmoDB, the Berlin database of emotional speech: its audio, and its bundled features.

``python tools/bundle_emodb.py FOLDER`` makes the bundled features again from the audio.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from adan.corpora.base import Corpus
from adan.corpora.named import RULES, read_named
from adan.corpora.table_files import read_table
from adan.errors import AdanError

COUNTS = RULES["emodb"].counts
"""Utterances per emotion and per speaker."""

AUDIO_SHA256 = "5a4086132531773e1b0f578b8b93a65fab7a4ece6f96a4ea65a8928bde8d7b3e"
"""Digest of the audio: see `adan.features.extract`."""

BUNDLED = Path(__file__).with_name("data") / "emodb_is11.parquet"
"""The bundled features."""
NAME = "emodb"
"""What stands for them wherever a corpus is named."""


def read_emodb(folder: str | os.PathLike[str]) -> Corpus:
    """Read which utterances EmoDB holds from the names of its 535 WAV files.

    Parameters
    ----------
    folder : path-like
        The folder of the WAV files, or the one above with the WAV files in ``wav/``.

    Returns
    -------
    Corpus
        ``emodb``, its table sorted by utterance (such as ``03a01Fa``), with the columns ``file``,
        ``emotion`` (anger, boredom, ...), ``speaker`` (03 to 16), ``text`` (a01 to b10),
        ``version`` (a, b, ...), ``gender`` and ``age`` of the speaker and, where ``erkennung.txt``
        lies beside the audio or above it, ``recognised``: the per cent of listeners who heard the
        emotion.

    Raises
    ------
    AdanError
        If the folder is missing or is another one, a file name is not one of EmoDB's, files are
        missing, or it is the edition of all 816 recordings.

    References
    ----------
    F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss, "A database of German emotional
    speech", Interspeech 2005. http://emodb.bilderbar.info
    """
    return read_named("emodb", folder)


RATE = 16_000
"""Sampling rate of the audio in Hz."""


def bundled(**options: Any) -> Corpus:
    """Return EmoDB with its IS11 features, which come with the package, and without audio.

    Raises
    ------
    AdanError
        If there are options: the features have none.
    """
    if options:
        raise AdanError(
            f"{NAME}, the bundled features, has no option {next(iter(options))!r}: leave it out, "
            "or give the folder of EmoDB's audio"
        )
    vectors = read_table(BUNDLED)
    table = RULES["emodb"].with_people(vectors.table)
    return Corpus("EmoDB", table, vectors.features, {**vectors.about, "rate": RATE})


def load_emodb(*, return_X_y: bool = False, as_frame: bool = False) -> Any:
    """Load the IS11 features of EmoDB that come with the package (classification).

    =================   ==============
    Classes                          7
    Samples per class       46 to 127
    Samples total                  535
    Dimensionality                4368
    Features             real, float32
    =================   ==============

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` alone.
    as_frame : bool, default=False
        Give ``data`` as a DataFrame and ``target`` and ``groups`` as Series, all indexed by
        utterance.

    Returns
    -------
    data : Bunch
        With the attributes

        data : array or DataFrame of shape (535, 4368), float32
            One row an utterance, not normalised.
        target : array or Series of shape (535,), text
            The emotion by name, as scikit-learn's classifiers take it.
        groups : array or Series of shape (535,), text
            The speaker, for leave-one-speaker-out.
        utterances : array of shape (535,), text
            Such as ``03a01Fa``.
        feature_names : list of 4368 str
            As openSMILE names them.
        target_names : list of 7 str
            In alphabetical order.
        frame : DataFrame of shape (535, 4374), or None
            With ``as_frame=True``: ``emotion``, ``speaker``, ``text``, ``version``, the features,
            ``gender`` and ``age`` of the speaker.
        about : dict
            Where the features come from: see `adan.corpora.Vectors`.
        DESCR : str
            What the data are.
        filename : str
            The path of the bundled table.

    (data, target) : tuple
        If ``return_X_y`` is True.

    Examples
    --------
    >>> from adan.corpora.emodb import load_emodb
    >>> X, y = load_emodb(return_X_y=True)
    >>> X.shape
    (535, 4368)
    """
    from sklearn.utils import Bunch

    corpus = bundled()
    frame, names = corpus.table, [*corpus.features]
    data, target, groups = frame[names], frame["emotion"], frame["speaker"]
    if not as_frame:
        data = np.array(data, order="C")
        target, groups = target.to_numpy(str), groups.to_numpy(str)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        groups=groups,
        utterances=frame.index.to_numpy(str),
        feature_names=names,
        target_names=sorted(COUNTS["emotion"]),
        frame=frame if as_frame else None,
        about=corpus.about,
        DESCR=BUNDLED.with_name("emodb.md").read_text(encoding="utf-8"),
        filename=str(BUNDLED),
    )
