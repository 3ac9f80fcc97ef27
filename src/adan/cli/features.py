"""``adan extract``."""

from __future__ import annotations

import argparse
import sys

from adan._files import printable
from adan.cli._options import (
    add_command,
    add_corpus,
    add_output,
    add_scheduler,
    check_output,
    read,
    say,
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``extract``."""
    command = add_command(
        commands, "extract", "compute a feature vector for each utterance of a corpus"
    )
    add_corpus(command)
    vectors = command.add_mutually_exclusive_group()
    vectors.add_argument(
        "--features", default="IS11", metavar="SET", help="set of openSMILE features [IS11]"
    )
    vectors.add_argument(
        "--model",
        help="compute embeddings instead, by this wav2vec 2.0, HuBERT or WavLM: a folder, or a "
        "name on the Hugging Face hub",
    )
    command.add_argument(
        "--skip-bad", action="store_true", help="leave out audio that cannot be used, and name it"
    )
    add_scheduler(command)
    add_output(command, "table to write (.parquet or .csv)")
    command.set_defaults(run=_extract)


def _extract(options: argparse.Namespace) -> None:
    from adan.corpora.table_files import check_writable, write_table
    from adan.features import FeatureSet, features_of

    check_writable(options.output)
    check_output(options)
    how = {"skip_bad": options.skip_bad, "scheduler": options.scheduler}
    if options.model:
        from adan.features.embeddings import embeddings_of

        corpus = embeddings_of(read(options), options.model, **how)
    else:
        feature_set = FeatureSet.named(options.features)
        corpus = features_of(read(options), feature_set, **how)
    write_table(corpus.table, options.output, features=corpus.features, about=corpus.about)
    for file, reason in corpus.about["skipped"].items():
        print(printable(f"left out {file}: {reason}"), file=sys.stderr)
    counts = f"{len(corpus.table)} utterances, {len(corpus.features)} features"
    say(options, f"{options.output}: {counts}")
