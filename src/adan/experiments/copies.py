"""Perturbed copies of a corpus: which there are, and how they are written as audio files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adan._extras import require
from adan._files import replacing
from adan._progress import progress_bar
from adan.audio.decoding import BadAudio
from adan.audio.encoding import write_wav
from adan.audio.perturbation import Copy, Perturbation
from adan.corpora import Corpus
from adan.corpora.table_files import write_table
from adan.errors import AdanError

TABLE = "corpus.csv"
"""The table in a folder of copies."""


def copies_of(corpus: Corpus, by: Perturbation) -> list[list[Copy]]:
    """Return the copies of a corpus: for each strength one of each utterance, in order.

    Raises
    ------
    AdanError
        If the corpus has no audio.
    """
    alike = corpus.table.columns.intersection(["emotion", "speaker", "improvised"])
    groups = [*corpus.table[alike].itertuples(index=False, name=None)]
    return by.copies(corpus.recordings(), groups)


def write_copies(corpus: Corpus, by: Perturbation, folder: Path, *, progress: bool = False) -> int:
    """Write copies as WAV files of 16 bits, and a table of the corpus with them.

    The real utterances come first in the table. A boolean column ``synthetic`` tells copies apart,
    ``parent`` names what each is a copy of, and ``perturbation`` says how it was made.

    Parameters
    ----------
    corpus : Corpus
        With audio, and none of it synthetic.
    by : Perturbation
        What makes the copies.
    folder : Path
        Made if it is missing. The table lands last.
    progress : bool, default=False
        Show a progress bar on standard error.

    Returns
    -------
    int
        The number of copies.

    Raises
    ------
    AdanError
        If the corpus has no audio or synthetic rows, or a file cannot be used or written.
    """
    require("audio", "soundfile")
    if corpus.is_synthetic.any():
        raise AdanError(f"{corpus.name} has synthetic rows already: give the real ones alone")
    real = corpus.table.drop(columns=[*corpus.features])
    copies = [copy for some in copies_of(corpus, by) for copy in some]
    parents = [*real.index] * len(by.strengths)
    files = _names(parents, copies)
    shown = progress_bar(total=len(copies), desc=by.name, delay=2, disable=not progress)
    with shown as bar:
        for name, copy in zip(files, copies, strict=True):
            _write(folder / name, copy)
            bar.update()
    rows = pd.concat([real] * len(by.strengths)).drop(columns=["start", "end"], errors="ignore")
    rows = rows.set_axis([Path(name).stem for name in files]).assign(
        file=files, synthetic=True, parent=parents, perturbation=[copy.words for copy in copies]
    )
    write_table(pd.concat([real.assign(synthetic=False), rows]), folder / TABLE, features=())
    return len(copies)


def _names(parents: Sequence[str], copies: Sequence[Copy]) -> list[str]:
    """Name files after utterances, and number them where two would be called alike."""
    names = [
        re.sub(r"[^\w.-]+", "_", f"{parent[:100]}-{copy.words}").strip("._")
        for parent, copy in zip(parents, copies, strict=True)
    ]
    if len({name.casefold() for name in names}) < len(names):
        names = [f"{i}-{name}" for i, name in enumerate(names, start=1)]
    return [f"{name}.wav" for name in names]


def _write(path: Path, copy: Copy) -> None:
    """Write a copy with the samples that openSMILE would be given."""
    try:
        signal, rate = copy.signal()
    except BadAudio as problem:
        raise AdanError(
            f"{copy}: {problem}: mend the file, or leave it out ('adan corpus check' finds more)"
        ) from None
    with replacing(path) as temporary:
        write_wav(str(temporary), signal, rate)
