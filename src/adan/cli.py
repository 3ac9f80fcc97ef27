"""The command line: parse, call, print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from adan import __version__
from adan.errors import AdanError

METHODS = {
    "adan": "ADAN",
    "duplication": "Duplication",
    "noise": "AdditiveNoise",
    "smote": "SMOTE",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``adan`` and return its exit code: 0, 2 for a user's error, 130 for Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except AdanError as error:
        print(f"adan: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("adan: interrupted; what was finished is kept", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="adan",
        description="Adversarial data augmentation for speech emotion recognition.",
    )
    parser.add_argument("--version", action="version", version=f"adan {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("extract", help="compute a feature vector for each utterance")
    command.add_argument("corpus", help="folder of EmoDB, or a table with file, emotion, speaker")
    command.add_argument("--features", default="IS11", help="openSMILE feature set [IS11]")
    command.add_argument("--skip-bad", action="store_true", help="leave out audio that is unusable")
    command.add_argument("-o", "--output", required=True, help="table to write (.parquet or .csv)")
    command.set_defaults(run=_extract)

    command = commands.add_parser("augment", help="append synthetic rows to a table of features")
    command.add_argument("table", help="table of features (.parquet or .csv)")
    command.add_argument("--label", default="emotion", help="column with the classes [emotion]")
    command.add_argument("--method", choices=METHODS, default="adan", help="[adan]")
    command.add_argument("--times", type=_positive, default=10, help="synthetic sets [10]")
    command.add_argument("--epochs", type=_positive, help="training length of ADAN [its default]")
    command.add_argument("--seed", type=int, default=0, help="[0]")
    command.add_argument("-o", "--output", required=True, help="table to write (.parquet or .csv)")
    command.set_defaults(run=_augment)

    command = commands.add_parser("reproduce", help="measure a table or figure of the paper")
    command.add_argument("what", choices=("table1", "figure2", "figure3"))
    command.add_argument("--seeds", type=_positive, default=1, metavar="N", help="[1]")
    command.add_argument(
        "--normalisation", choices=("fold", "corpus", "speaker"), default="fold", help="[fold]"
    )
    command.add_argument("--quick", action="store_true", help="train little, to see the output")
    command.add_argument("-o", "--output", type=Path, metavar="DIR", help="[runs/WHAT]")
    command.set_defaults(run=_reproduce)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _extract(options: argparse.Namespace) -> None:
    from adan.corpora import read_corpus
    from adan.corpora.table import write_table
    from adan.features import FeatureSet, features_of

    feature_set = FeatureSet.named(options.features)
    table = features_of(read_corpus(options.corpus), feature_set, skip_bad=options.skip_bad)
    write_table(table, options.output)
    for file, reason in table.attrs["skipped"].items():
        print(f"left out {file}: {reason}", file=sys.stderr)
    print(f"{options.output}: {len(table)} utterances, {feature_set.dimension} features")


def _augment(options: argparse.Namespace) -> None:
    import adan
    from adan.corpora.table import check_writable, read_table, write_table
    from adan.experiments.augment import augment

    check_writable(options.output)
    synthesizer = getattr(adan, METHODS[options.method])(random_state=options.seed)
    if options.epochs is not None:
        if options.method != "adan":
            raise AdanError(f"--epochs is for --method adan, not {options.method}")
        synthesizer.set_params(epochs=options.epochs)
    table = augment(
        read_table(options.table),
        synthesizer,
        label=options.label,
        times=options.times,
        progress=True,
    )
    write_table(table, options.output)
    synthetic = int(table["synthetic"].sum())
    print(f"{options.output}: {len(table) - synthetic} real and {synthetic} synthetic rows")


def _reproduce(options: argparse.Namespace) -> None:
    from adan.reports import reproduce

    quick = "-quick" if options.quick else ""
    folder = options.output or Path("runs") / f"{options.what}{quick}"
    if options.what == "table1":
        text = reproduce.table1(
            folder,
            seeds=options.seeds,
            normalisation=options.normalisation,
            quick=options.quick,
            progress=True,
        )
        print(text)
    else:
        reproduce.figure(options.what, folder, quick=options.quick, progress=True)
    print(f"everything behind it: {folder}")
