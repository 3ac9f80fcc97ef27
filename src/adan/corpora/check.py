"""Whether all audio of a corpus is there and usable, as far as the files' headers tell."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pandas as pd

from adan._extras import require
from adan._progress import progress_bar
from adan.audio.decoding import BadAudio, Segment, header_of, too_short
from adan.corpora.base import Corpus


def check_audio(corpus: Corpus, *, min_seconds: float = 0.1, progress: bool = True) -> pd.DataFrame:
    """Read the header of every audio file of a corpus.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``; of a segment of a file, its own length is checked.
    min_seconds : float, default=0.1
        Shorter audio is too short.
    progress : bool, default=True
        Show a progress bar on standard error when the work takes over two seconds.

    Returns
    -------
    DataFrame of shape (n_utterances, 5)
        Indexed by utterance: ``file``, ``rate`` (in Hz) and ``seconds`` (both 0 if unknown),
        ``cut_at`` (the second at which a file ends before its header says; NaN for all others), and
        ``problem`` (empty if there is none).

    Raises
    ------
    AdanError
        If the corpus has no audio or soundfile is not installed.
    """
    corpus = replace(corpus, table=corpus.table[~corpus.is_synthetic])
    recordings = corpus.recordings()
    require("audio", "soundfile")
    shown = progress_bar(iterable=recordings, desc="headers", delay=2, disable=not progress)
    rows = [(str(recording), *_header(recording, min_seconds)) for recording in shown]
    return pd.DataFrame(
        rows, index=corpus.table.index, columns=["file", "rate", "seconds", "cut_at", "problem"]
    )


def _header(recording: Segment, min_seconds: float) -> tuple[int, float, float, str]:
    try:
        header = header_of(recording)
        first, last = recording.samples(header)
    except BadAudio as problem:
        return 0, 0.0, nan, str(problem)
    seconds = (last - first) / header.rate
    short = str(too_short(seconds)) if seconds < min_seconds else ""
    cut_at = header.seconds if header.is_cut and last == header.n_samples else nan
    return header.rate, seconds, cut_at, short
