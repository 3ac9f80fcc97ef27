"""``adan extract``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

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
from adan.errors import AdanError

if TYPE_CHECKING:
    import pandas as pd

    from adan.corpora import Corpus


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``extract``."""
    command = add_command(
        commands,
        "extract",
        "compute features for each utterance of a corpus, or for each of its frames",
    )
    add_corpus(command)
    vectors = command.add_mutually_exclusive_group()
    vectors.add_argument(
        "--features",
        default="IS11",
        metavar="SET",
        help="set of openSMILE features, such as IS09 or eGeMAPSv02; or features of frames: "
        "logmel40, mfcc13, spectrogram or IS09-lld, with +d or +dd for deltas [IS11]",
    )
    vectors.add_argument(
        "--model",
        help="compute embeddings instead, with a model of wav2vec 2.0, HuBERT or WavLM: a folder, "
        "or a name on the Hugging Face hub",
    )
    command.add_argument(
        "--level",
        choices=("utterance", "frame"),
        help="write a row for each utterance, or for each frame (every 10 ms); the frames of an "
        "openSMILE set are its low-level descriptors [frame for sets of frames, else utterance]",
    )
    command.add_argument(
        "--skip-bad", action="store_true", help="leave out audio that cannot be used, and name it"
    )
    add_scheduler(command)
    add_output(command, "table to write (.parquet or .csv)")
    command.set_defaults(run=_extract)


def _extract(options: argparse.Namespace) -> None:
    from adan.corpora.table_files import check_writable, write_table
    from adan.features import features_of

    check_writable(options.output)
    check_output(options)
    how = {"skip_bad": options.skip_bad, "scheduler": options.scheduler}
    if options.model:
        if options.level == "frame":
            raise AdanError("--level frame: a --model gives one vector an utterance; leave it out")
        from adan.features.embeddings import embeddings_of

        corpus = embeddings_of(read(options), options.model, **how)
    else:
        asked = _asked(options.features, options.level)
        corpus = features_of(read(options), asked, **how)
    table = corpus.table if corpus.sequences is None else _frame_table(corpus)
    write_table(table, options.output, features=corpus.features, about=corpus.about, progress=True)
    for file, reason in corpus.about["skipped"].items():
        print(printable(f"left out {file}: {reason}"), file=sys.stderr)
    counts = f"{len(corpus.table)} utterances, {len(corpus.features)} features"
    frames = "" if corpus.sequences is None else f", {len(table)} frames"
    say(options, f"{options.output}: {counts}{frames}")


def _asked(name: str, level: str | None) -> Any:
    """Return the set of features of that name, at the level that was asked for."""
    from adan.features import FeatureSet, named

    kind = named(name)
    if level == "frame" and isinstance(kind, FeatureSet):
        return named(f"{kind.name}-lld")
    if level == "utterance" and not isinstance(kind, FeatureSet):
        raise AdanError(
            f"--level utterance: {kind.name} has a row for each frame; leave the option out, or "
            "choose an openSMILE set with --features, such as IS11"
        )
    return kind


def _frame_table(corpus: Corpus) -> pd.DataFrame:
    """Return a row for each frame: its utterance, where it begins in it (seconds), its features."""
    import numpy as np
    import pandas as pd

    from adan.audio.spectra import STEP

    sequences = corpus.sequences
    assert sequences is not None
    rows = np.repeat(np.arange(len(sequences)), sequences.lengths)
    times = np.concatenate([STEP * np.arange(n) for n in sequences.lengths]).round(2)
    known = corpus.table.iloc[rows].assign(time=times)
    frames = pd.DataFrame(sequences.values, columns=[*corpus.features], index=known.index)
    return pd.concat([known, frames], axis=1)
