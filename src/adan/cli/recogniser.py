"""``adan train``, ``predict``, ``enrol``, ``info``, ``export`` and ``demo``."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from adan.cli._options import add_corpus_options, count, positive
from adan.errors import AdanError

if TYPE_CHECKING:
    from adan.recognition.model import Model


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands that make a recogniser and use it."""
    command = commands.add_parser("train", help="make a recogniser of emotion in one file")
    command.add_argument("corpus", help="as for extract, or emodb: the bundled features")
    add_corpus_options(command)
    command.add_argument("--features", help="openSMILE feature set [the table's, or IS11]")
    command.add_argument(
        "--synthesizer",
        default="auto",
        help="synthetic vectors: see 'adan methods' [auto: none]",
    )
    command.add_argument(
        "--classifier",
        choices=("auto", "discriminant", "svm", "dnn", "whitened dnn"),
        default="auto",
        help="auto takes the best on speakers left out [auto]",
    )
    command.add_argument(
        "--times", type=count, default=10, help="synthetic sets, with a synthesizer [10]"
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
    command.add_argument(
        "--speakers",
        metavar="WHO",
        help="who speaks, so that all recordings of a speaker tell how the voice sounds: one, "
        "by-folder, or a table (.csv) with the columns 'file' and 'speaker'",
    )
    command.add_argument("-o", "--output", help="table to write (.csv or .parquet) [print it]")
    command.set_defaults(run=_predict)

    command = commands.add_parser("enrol", help="make a recogniser for one person's voice")
    _add_model(command)
    command.add_argument("audio", nargs="+", help="recordings of the person, as for predict")
    command.add_argument("-o", "--output", required=True, help="file to write (anna.adan)")
    command.set_defaults(run=_enrol)

    command = commands.add_parser("info", help="print the card of a recogniser")
    _add_model(command)
    command.set_defaults(run=_info)

    command = commands.add_parser("export", help="write a recogniser's classifier as ONNX")
    _add_model(command)
    command.add_argument("-o", "--output", required=True, help="file to write (.onnx)")
    command.set_defaults(run=_export)

    command = commands.add_parser("demo", help="open a page to try a recogniser, on this machine")
    _add_model(command)
    command.add_argument("--port", type=positive, help="where to serve it [a free one]")
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
    print(as_text(recognizer.card_))
    _save(recognizer.model_, options.output)
    print(f"{options.output}: {Path(options.output).stat().st_size / 1e6:.1f} MB")


def _save(model: Model, path: str) -> None:
    """Write a model; where that fails after all, minutes of work are kept elsewhere."""
    from adan.recognition.bundle import save

    try:
        save(model, path)
    except AdanError as error:
        kept = Path(tempfile.mkdtemp(prefix="adan-")) / Path(path).name
        save(model, kept)
        raise AdanError(f"{error}; it is kept as {kept}") from error


def _predict(options: argparse.Namespace) -> None:
    from adan.features import apart

    apart.start()
    from adan.recognition.bundle import load
    from adan.recognition.recordings import (
        as_text,
        audio_files,
        predict_files,
        unusable,
    )
    from adan.recognition.voices import speakers_of

    if options.output:
        from adan.corpora.table_files import check_writable, write_table

        check_writable(options.output)
    files = audio_files(options.audio)
    speakers = speakers_of(files, options.speakers)
    table = predict_files(load(options.model), files, speakers, progress=True)
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


def _enrol(options: argparse.Namespace) -> None:
    from adan._files import check_place
    from adan.recognition.bundle import load
    from adan.recognition.recordings import audio_files
    from adan.recognition.voices import enrol

    check_place(options.output)
    model, windows = enrol(load(options.model), audio_files(options.audio), progress=True)
    for row in windows[windows["problem"] != ""].itertuples():
        print(f"{row.file}: {row.problem}", file=sys.stderr)
    _save(model, options.output)
    n = (windows["problem"] == "").sum()
    print(f"{options.output}: made for one voice, from {n} recordings")


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

    for name in ("SIGHUP", "SIGTERM"):  # recordings are deleted however it ends
        if number := getattr(signal, name, None):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    page = serve(load(options.model), port=options.port)
    print(f"{page.local_url} (Ctrl-C ends it)", flush=True)
    page.block_thread()
