"""``adan corpus``: list, show, check."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from adan.cli._options import add_command, add_corpus, read
from adan.errors import AdanError

if TYPE_CHECKING:
    from adan.corpora import Corpus


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``corpus`` and its actions."""
    command = add_command(
        commands, "corpus", "list the known corpora, show what is in one, or check it"
    )
    actions = command.add_subparsers(required=True, metavar="ACTION")
    action = add_command(actions, "list", "list the known corpora and how each is recognised")
    action.set_defaults(run=_corpus_list)
    action = add_command(
        actions, "show", "count the utterances of each emotion and speaker or session"
    )
    add_corpus(action)
    action.set_defaults(run=_corpus_show)
    action = add_command(
        actions, "check", "look for unusable audio and for speakers with one emotion only"
    )
    add_corpus(action)
    action.set_defaults(run=_corpus_check)


def _corpus_list(options: argparse.Namespace) -> None:
    from adan.corpora import known_corpora

    known = known_corpora()
    first, second = (max(len(row[column]) for row in known) for column in (0, 1))
    for name, how, counts in known:
        print(f"{name:{first}}  {how:{second}}  {counts}".rstrip())


def _corpus_show(options: argparse.Namespace) -> None:
    import pandas as pd

    corpus = read(options)
    table = corpus.table
    print(_summary(corpus))
    for group in ("speaker", "session"):
        if group in table:
            counts = pd.crosstab(table[group], table["emotion"], margins=True, margins_name="all")
            print(f"\n{counts.to_string()}")


def _corpus_check(options: argparse.Namespace) -> None:
    from adan.corpora.check import check_audio

    corpus = read(options)
    print(_summary(corpus))
    if "file" in corpus.table:
        audio = check_audio(corpus)
        for rate, files in audio[audio["problem"] == ""].groupby("rate"):
            print(f"{rate} Hz: {len(files)} files, {files['seconds'].sum() / 60:.1f} minutes")
        bad = audio[audio["problem"] != ""]
        for row in bad.itertuples():
            print(f"{row.file}: {row.problem}")
        if len(bad):
            raise AdanError(
                f"{len(bad)} of {len(audio)} audio files of {corpus.name} cannot be used "
                "(listed above): mend them, or leave them out with 'adan extract --skip-bad'"
            )
    corpus.require_groups()


def _summary(corpus: Corpus) -> str:
    table = corpus.table
    vectors = f"{len(corpus.features)} features"
    return (
        f"{corpus.name}: {len(table)} utterances, {table['emotion'].nunique()} emotions, "
        f"{table['speaker'].nunique()} speakers, {'audio' if 'file' in table else vectors}"
    )
