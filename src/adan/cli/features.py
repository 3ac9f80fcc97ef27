"""``adan extract``."""

from __future__ import annotations

import argparse
import sys

from adan.cli._options import add_corpus, add_scheduler, read


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``extract``."""
    command = commands.add_parser("extract", help="compute a feature vector for each utterance")
    add_corpus(command)
    vectors = command.add_mutually_exclusive_group()
    vectors.add_argument("--features", default="IS11", help="openSMILE feature set [IS11]")
    vectors.add_argument("--model", help="folder or hub name of a wav2vec 2.0, HuBERT or WavLM")
    command.add_argument("--skip-bad", action="store_true", help="leave out audio that is unusable")
    add_scheduler(command)
    command.add_argument("-o", "--output", required=True, help="table to write (.parquet or .csv)")
    command.set_defaults(run=_extract)


def _extract(options: argparse.Namespace) -> None:
    from adan.corpora.table_files import check_writable, write_table
    from adan.features import FeatureSet, features_of

    check_writable(options.output)
    how = {"skip_bad": options.skip_bad, "scheduler": options.scheduler}
    if options.model:
        from adan.features.embeddings import embeddings_of

        corpus = embeddings_of(read(options), options.model, **how)
    else:
        feature_set = FeatureSet.named(options.features)
        corpus = features_of(read(options), feature_set, **how)
    write_table(corpus.table, options.output, features=corpus.features, about=corpus.about)
    for file, reason in corpus.about["skipped"].items():
        print(f"left out {file}: {reason}", file=sys.stderr)
    print(f"{options.output}: {len(corpus.table)} utterances, {len(corpus.features)} features")
