"""Corpora: which utterances there are, who speaks, with which emotion, and where the audio is."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from adan._files import readable
from adan.corpora.audformat import read_audb, read_audformat
from adan.corpora.base import Corpus, Vectors
from adan.corpora.emodb import NAME as EMODB
from adan.corpora.emodb import bundled
from adan.corpora.iemocap import COUNTS as IEMOCAP_COUNTS
from adan.corpora.iemocap import EMOTIONS as IEMOCAP_EMOTIONS
from adan.corpora.iemocap import read_iemocap, release_near
from adan.corpora.named import RULES, contents, read_named, recognise
from adan.corpora.table_corpus import read_table_corpus
from adan.errors import AdanError

__all__ = [
    "Corpus",
    "Vectors",
    "known_corpora",
    "read_audb",
    "read_audformat",
    "read_corpus",
    "read_iemocap",
    "read_named",
    "read_table_corpus",
    "read_tabular",
]

read_tabular = read_table_corpus
"""The former name."""


def read_corpus(path: str | os.PathLike[str], **options: Any) -> Corpus:
    """Read a corpus from where it lies, whichever it is.

    Parameters
    ----------
    path : path-like
        A folder whose layout tells the corpus: IEMOCAP's release, one of the corpora that are
        coded in the file names (`known_corpora` lists them), or a database in audformat; a
        ``.csv`` or ``.parquet`` table of files or features; ``audb:NAME`` or
        ``audb:NAME@VERSION``; or ``emodb``, EmoDB's bundled features.
    **options
        Of that kind of corpus: the keywords of `read_iemocap`, `read_named`, `read_audformat`,
        `read_audb` or `read_table_corpus`. Of any but ``emodb``: ``skip_speakers=True`` leaves
        out speakers that have one emotion only, whom a study could not test.

    Returns
    -------
    Corpus
        Named after the corpus, the database or the table.

    Raises
    ------
    AdanError
        If there is no such corpus, it is not what its documentation says, a column or a label is
        missing, or it has no such option.
    """
    if path == EMODB:
        return bundled(**options)
    skip_speakers = options.pop("skip_speakers", False)
    _check_yes_or_no("skip_speakers", skip_speakers)
    kind, read = _reader(path)
    parameters = inspect.signature(read).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    if "subset" in defaults and "part" in options:  # its former name
        options["subset"] = options.pop("part")
    for name, value in options.items():
        if name not in defaults:
            known = f"choose one of {', '.join(defaults)}" if defaults else "it has none"
            raise AdanError(f"{name!r} is not an option of {kind}: {known}")
        if isinstance(defaults[name], bool):
            _check_yes_or_no(name, value)
        elif isinstance(value, bool):
            raise AdanError(f"{name}={value!r} is of no use: give a text")
    try:
        corpus = read(**options)
    except UnicodeEncodeError as error:
        name = readable(error.object)
        raise AdanError(f"{name} has a name that is no text in UTF-8: rename it") from error
    return corpus.without_one_sided() if skip_speakers else corpus


def _check_yes_or_no(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise AdanError(f"{name}={value!r} is of no use: give yes (True) or no (False)")


def known_corpora() -> list[tuple[str, str, str]]:
    """List what `read_corpus` recognises: name, by what, and the counts that it expects."""
    turns = sum(n for key, n in IEMOCAP_COUNTS.items() if key[-3:] in IEMOCAP_EMOTIONS)
    named = [
        (
            rule.title,
            f"folder of WAV files like {rule.example}",
            f"{rule.total} files, {len(rule.emotions)} emotions, {len(rule.speakers)} speakers",
        )
        for rule in RULES.values()
    ]
    return [
        (EMODB, "EmoDB's bundled features, which need no audio", ""),
        ("IEMOCAP", "folder with Session1 to Session5", f"{turns} turns, 4 emotions, 10 speakers"),
        *named,
        ("table", ".csv or .parquet: emotion, speaker, and file or features", ""),
        ("audformat", "folder with db.yaml", ""),
        ("audb", "audb:NAME or audb:NAME@VERSION", ""),
    ]


def _reader(path: str | os.PathLike[str]) -> tuple[str, Callable[..., Corpus]]:
    """Tell what lies at a path, in words, and what reads it."""
    text = os.fspath(path)
    if text.startswith("audb:"):
        return text, partial(read_audb, text.removeprefix("audb:"))
    path = Path(path)
    if path.suffix.lower() in (".csv", ".parquet"):
        return "a table", partial(read_table_corpus, path)
    if (path / "db.yaml").is_file():
        return "an audformat database", partial(read_audformat, path)
    if name := recognise(path):
        return RULES[name].title, partial(read_named, name, path)
    if release_near(path):
        return "IEMOCAP", partial(read_iemocap, path)
    for below in sorted(path.glob("[!.]*")):
        if name := recognise(below):
            raise AdanError(f"{text} is the wrong level of {RULES[name].title}: give {below}")
    if not path.is_dir():
        wrong = "is not a folder or table" if path.exists() else "is not there"
    else:
        wrong = f"is not a known corpus (it holds {contents(path)})"
    kinds = "; ".join(f"{name}: {by}" for name, by, _ in known_corpora())
    raise AdanError(f"{text} {wrong}: give one of these, or a table of its files ({kinds})")
