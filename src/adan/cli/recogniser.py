"""``adan train``, ``predict``, ``info``, ``export`` and ``demo``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from adan.cli._options import add_corpus_options, count
from adan.errors import AdanError


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands that make a recogniser and use it."""
    command = commands.add_parser("train", help="make a recogniser of emotion in one file")
    command.add_argument("corpus", help="as for extract, or emodb: the bundled features")
    add_corpus_options(command)
    command.add_argument("--features", help="openSMILE feature set [the table's, or IS11]")
    command.add_argument("--synthesizer", default="adan", help="see 'adan methods' [adan]")
    command.add_argument(
        "--classifier", choices=("dnn", "svm"), default="dnn", help="of the paper [dnn]"
    )
    command.add_argument(
        "--times", type=count, default=10, help="synthetic sets; 0 for real vectors alone [10]"
    )
    command.add_argument("--seed", type=count, default=0, help="of all that is random [0]")
    command.add_argument("-o", "--output", required=True, help="file to write (model.adan)")
    command.set_defaults(run=_train)

    command = commands.add_parser("predict", help="tell the emotion of recordings")
    _add_model(command)
    command.add_argument(
        "audio",
        nargs="+",
        help="audio files, folders, or tables (.csv, .parquet) with a column 'file'",
    )
    command.add_argument("-o", "--output", help="table to write (.csv or .parquet) [print it]")
    command.set_defaults(run=_predict)

    command = commands.add_parser("info", help="print the card of a recogniser")
    _add_model(command)
    command.set_defaults(run=_info)

    command = commands.add_parser("export", help="write a recogniser's classifier as ONNX")
    _add_model(command)
    command.add_argument("-o", "--output", required=True, help="file to write (.onnx)")
    command.set_defaults(run=_export)

    command = commands.add_parser("demo", help="open a page to try a recogniser, on this machine")
    _add_model(command)
    command.set_defaults(run=_demo)


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", help="file that 'adan train' wrote")


def _train(options: argparse.Namespace) -> None:
    from adan._files import check_place
    from adan.recognition.card import as_text
    from adan.recognition.training import train

    check_place(options.output)
    recognizer = train(
        options.corpus,
        dict(options.corpus_options),
        features=options.features,
        synthesizer=options.synthesizer,
        classifier=options.classifier,
        times=options.times,
        random_state=options.seed,
        progress=True,
    )
    recognizer.save(options.output)
    print(as_text(recognizer.card_))
    print(f"{options.output}: {Path(options.output).stat().st_size / 1e6:.1f} MB")


def _predict(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.recordings import as_text, audio_files, predict_files, unusable

    if options.output:
        from adan.corpora.table_files import check_writable, write_table

        check_writable(options.output)
    files = audio_files(options.audio)
    table = predict_files(load(options.model), files, progress=True)
    good, bad, lost = table[table["problem"] == ""], table[table["problem"] != ""], unusable(table)
    recordings = table["file"].nunique()
    if options.output:
        write_table(table.set_index(table["file"].map(lambda f: Path(f).stem)), options.output)
        print(f"{options.output}: {recordings - len(lost)} of {recordings} recordings predicted")
    elif len(good):
        print(as_text(good))
    for row in bad[~bad["file"].isin(lost["file"])].itertuples():
        print(f"{row.file} ({row.start:g} to {row.end:g} s): {row.problem}", file=sys.stderr)
    for row in lost.itertuples():
        print(f"{row.file}: {row.problem}", file=sys.stderr)
    if len(lost):
        raise AdanError(f"{len(lost)} of {recordings} recordings cannot be used (listed above)")


def _info(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.card import as_text

    print(as_text(load(options.model).card))


def _export(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.export import export

    export(load(options.model), options.output)
    print(f"{options.output}: feature vectors in, probabilities out; checked with onnxruntime")


def _demo(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.demo import serve

    page = serve(load(options.model))
    print(f"{page.local_url} (Ctrl-C ends it)", flush=True)
    page.block_thread()
