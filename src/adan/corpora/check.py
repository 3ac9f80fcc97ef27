"""Whether all audio of a corpus is there and usable, as far as the files' headers tell."""

from __future__ import annotations

import pandas as pd

from adan._extras import require
from adan._progress import progress_bar
from adan.audio.decoding import BadAudio, header_of, too_short
from adan.corpora.base import Corpus
from adan.errors import AdanError


def check_audio(corpus: Corpus, *, min_seconds: float = 0.1, progress: bool = True) -> pd.DataFrame:
    """Read the header of every audio file of a corpus.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    min_seconds : float, default=0.1
        Shorter audio is too short.
    progress : bool, default=True
        Show a progress bar on standard error when the work takes over two seconds.

    Returns
    -------
    DataFrame of shape (n_utterances, 4)
        Indexed by utterance: ``file``, ``rate`` (in Hz) and ``seconds`` (both 0 if unknown), and
        ``problem`` (empty if there is none).

    Raises
    ------
    AdanError
        If the corpus has no audio or soundfile is not installed.
    """
    if "file" not in corpus.table:
        raise AdanError(f"{corpus.name} has no audio: its table needs a column 'file'")
    require("audio", "soundfile")
    files = progress_bar(
        iterable=corpus.table["file"], desc="headers", delay=2, disable=not progress
    )
    rows = [(file, *_header(file, min_seconds)) for file in files]
    return pd.DataFrame(
        rows, index=corpus.table.index, columns=["file", "rate", "seconds", "problem"]
    )


def _header(file: str, min_seconds: float) -> tuple[int, float, str]:
    try:
        header = header_of(file)
    except BadAudio as problem:
        return 0, 0.0, str(problem)
    short = str(too_short(header.seconds)) if header.seconds < min_seconds else ""
    return header.rate, header.seconds, short
