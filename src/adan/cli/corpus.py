"""``adan corpus``: list, show, check."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from adan._files import printable
from adan.cli._options import add_command, add_corpus, add_json, read
from adan.errors import AdanError

if TYPE_CHECKING:
    import pandas as pd

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
    add_json(action)
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
            print(printable(f"\n{counts.to_string()}"))


def _corpus_check(options: argparse.Namespace) -> None:
    from adan.audio.decoding import warn_of_cut
    from adan.corpora.check import check_audio

    corpus = read(options)
    if not options.json:
        print(_summary(corpus))
    audio = check_audio(corpus, progress=not options.quiet) if "file" in corpus.table else None
    print(_as_json(corpus, audio) if options.json else _as_lines(audio), end="")
    if audio is not None:
        warn_of_cut(_ends(audio), len(audio))
    if audio is not None and (audio["problem"] != "").any():
        raise AdanError(
            f"{(audio['problem'] != '').sum()} of {len(audio)} audio files of {corpus.name} cannot "
            "be used (listed above): mend them, or leave them out with 'adan extract --skip-bad'"
        )
    corpus.require_groups()


def _ends(audio: pd.DataFrame) -> dict[str, float]:
    """Return the second at which each file ends that is cut off."""
    return audio.set_index("file")["cut_at"].dropna().to_dict()


def _as_lines(audio: pd.DataFrame | None) -> str:
    """Tell what `adan.corpora.check.check_audio` found."""
    if audio is None:
        return ""
    lines = [
        f"{rate} Hz: {len(files)} files, {files['seconds'].sum() / 60:.1f} minutes\n"
        for rate, files in audio[audio["problem"] == ""].groupby("rate")
    ]
    bad = audio[audio["problem"] != ""]
    lines += [f"{row.file}: {row.problem}\n" for row in bad.itertuples()]
    return printable("".join(lines))


def _as_json(corpus: Corpus, audio: pd.DataFrame | None) -> str:
    """Tell the same, for programs."""
    told: dict[str, Any] = {"corpus": corpus.name, "utterances": len(corpus.table)}
    for column in ("emotion", "speaker"):
        told[f"{column}s"] = corpus.table[column].value_counts(sort=False).to_dict()
    if audio is not None:
        good, bad = audio[audio["problem"] == ""], audio[audio["problem"] != ""]
        told["seconds"] = float(good["seconds"].sum())
        told["rates"] = {str(rate): len(files) for rate, files in good.groupby("rate")}
        told["problems"] = dict(zip(bad["file"], bad["problem"], strict=True))
        told["cut_off"] = _ends(audio)
    return json.dumps(told, indent=2) + "\n"


def _summary(corpus: Corpus) -> str:
    table = corpus.table
    vectors = f"{len(corpus.features)} features"
    return (
        f"{corpus.name}: {len(table)} utterances, {table['emotion'].nunique()} emotions, "
        f"{table['speaker'].nunique()} speakers, {'audio' if 'file' in table else vectors}"
    )
