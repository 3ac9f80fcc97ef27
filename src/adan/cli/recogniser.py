"""``adan train``, ``predict``, ``enrol``, ``info``, ``export`` and ``demo``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from adan._files import printable
from adan.cli._options import (
    add_command,
    add_corpus_options,
    add_json,
    add_output,
    check_memory,
    check_output,
    count,
    positive,
    say,
    seed,
)
from adan.errors import AdanError

if TYPE_CHECKING:
    from adan.recognition.model import Model


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands that make a recogniser and use it."""
    for add_one in (_add_train, _add_predict, _add_enrol, _add_info, _add_export, _add_demo):
        add_one(commands)


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", help="file that 'adan train' or 'adan enrol' wrote")


def _add_train(commands: argparse._SubParsersAction) -> None:
    command = add_command(
        commands, "train", "train a recogniser of emotion and write it to one file"
    )
    command.add_argument(
        "corpus",
        help="folder, table or audb:NAME, see 'adan corpus list'; or emodb, whose features are "
        "bundled",
    )
    add_corpus_options(command)
    command.add_argument(
        "--features", metavar="SET", help="set of openSMILE features [the table's own, or IS11]"
    )
    command.add_argument(
        "--synthesizer",
        default="auto",
        metavar="METHOD",
        help="add synthetic vectors by a method that 'adan methods' lists [auto, which adds none]",
    )
    command.add_argument(
        "--classifier",
        choices=("auto", "discriminant", "svm", "dnn", "whitened dnn", "recommended"),
        default="auto",
        help="auto compares several on speakers left out and takes the best; recommended is for an "
        "emotion that is rare, and tries remedies, borrowed vectors among them [auto]",
    )
    command.add_argument(
        "--times",
        type=count,
        default=10,
        metavar="N",
        help="synthetic sets to add, if there is a synthesizer [10]",
    )
    command.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="seed of all that is random [0]"
    )
    add_output(command, "file to write, such as model.adan")
    command.add_argument(
        "--no-speaker-test",
        dest="speaker_test",
        action="store_false",
        help="do not test on each speaker left out, for example since one of them cannot be tested",
    )
    command.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    check_memory()
    from adan.recognition.card import as_text
    from adan.recognition.training import train

    check_output(options)
    recognizer = train(
        options.corpus,
        dict(options.corpus_options),
        features=options.features,
        speaker_test=options.speaker_test,
        synthesizer=options.synthesizer,
        classifier=options.classifier,
        times=options.times,
        random_state=options.seed,
        progress=True,
    )
    _save(recognizer.model_, options.output)
    say(options, as_text(recognizer.card_))
    say(options, f"{options.output}: {Path(options.output).stat().st_size / 1e6:.1f} MB")


def _save(model: Model, path: str) -> None:
    """Write a model; where that fails after all, minutes of work are kept elsewhere."""
    from adan.recognition.bundle import save

    try:
        save(model, path)
    except AdanError as error:
        for folder in (tempfile.gettempdir(), Path.home(), "."):
            with suppress(AdanError, OSError):
                kept = Path(tempfile.mkdtemp(prefix="adan-", dir=folder)) / Path(path).name
                save(model, kept)
                break
        else:
            raise
        raise AdanError(f"{error}; it is kept as {kept}") from error


def _add_predict(commands: argparse._SubParsersAction) -> None:
    command = add_command(commands, "predict", "predict the emotion of recordings")
    _add_model(command)
    command.add_argument(
        "audio",
        nargs="+",
        help="audio files, folders, tables (.csv, .parquet) with a column 'file', or - for a pipe",
    )
    command.add_argument(
        "--speakers",
        metavar="WHO",
        help="say who speaks, so that the recogniser learns each voice from all its recordings: "
        "one (all are of one person), by-folder (a folder for each), or a table (.csv) with the "
        "columns 'file' and 'speaker'",
    )
    add_output(command, "table to write (.csv or .parquet) [print it]", required=False)
    command.set_defaults(run=_predict)


def _predict(options: argparse.Namespace) -> None:
    from adan.features import apart

    apart.start()
    from adan.recognition.bundle import load
    from adan.recognition.recordings import (
        as_text,
        audio_files,
        complaints,
        predict_files,
        unusable,
    )
    from adan.recognition.voices import speakers_of

    if options.output:
        from adan.corpora.table_files import check_writable, write_table

        check_writable(options.output)
        check_output(options)
    with _heard_from_pipe(options.audio) as (places, pipe):
        files = audio_files(places)
        speakers = speakers_of(files, options.speakers)
        with warnings.catch_warnings(record=True) as remarks:
            table = predict_files(load(options.model), files, speakers, progress=True)
    for remark in remarks:
        warnings.warn(str(remark.message).replace(pipe, "-"), stacklevel=1)
    files = ["-" if file == pipe else file for file in files]
    table["file"] = table["file"].replace({pipe: "-"})
    good, lost = table[table["problem"] == ""], unusable(table)
    if options.output:
        write_table(table.set_index(table["file"].map(lambda f: Path(f).stem)), options.output)
        n = len(files) - len(lost)
        say(options, f"{options.output}: {n} of {len(files)} recordings predicted")
    elif len(good):
        print(printable(as_text(good)))
    for line in complaints(table, files):
        print(printable(line), file=sys.stderr)
    if len(lost):
        raise AdanError(f"{len(lost)} of {len(files)} recordings cannot be used (listed above)")


@contextmanager
def _heard_from_pipe(places: list[str]) -> Iterator[tuple[list[str], str]]:
    """Yield places to read, and the file among them in which ``-``, standard input, is kept."""
    with tempfile.TemporaryDirectory(prefix="adan-") as folder:
        file = str(Path(folder) / "-")
        if "-" in places:
            Path(file).write_bytes(sys.stdin.buffer.read())
        yield [file if place == "-" else place for place in places], file


def _add_enrol(commands: argparse._SubParsersAction) -> None:
    command = add_command(commands, "enrol", "make a recogniser for one person's voice")
    _add_model(command)
    command.add_argument(
        "audio", nargs="+", help="recordings of the person: what 'adan predict' takes"
    )
    add_output(command, "file to write, such as anna.adan")
    command.set_defaults(run=_enrol)


def _enrol(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.recordings import audio_files, complaints
    from adan.recognition.voices import enrol

    check_output(options)
    files = audio_files(options.audio)
    model, windows = enrol(load(options.model), files, progress=True)
    for line in complaints(windows, files):
        print(printable(line), file=sys.stderr)
    _save(model, options.output)
    n = (windows["problem"] == "").sum()
    say(options, f"{options.output}: made for one voice, from {n} recordings")


def _add_info(commands: argparse._SubParsersAction) -> None:
    command = add_command(
        commands, "info", "print what a recogniser was made of, and how good it is"
    )
    _add_model(command)
    add_json(command)
    command.set_defaults(run=_info)


def _info(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.card import as_text

    card = load(options.model).card
    print(json.dumps(card, indent=2) if options.json else as_text(card))


def _add_export(commands: argparse._SubParsersAction) -> None:
    command = add_command(
        commands, "export", "write a recogniser as an ONNX graph, for other programs"
    )
    _add_model(command)
    add_output(command, "file to write (.onnx)")
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.export import export

    check_output(options)
    export(load(options.model), options.output)
    words = "feature vectors in, probabilities out; checked with onnxruntime"
    say(options, f"{options.output}: {words}")


def _add_demo(commands: argparse._SubParsersAction) -> None:
    command = add_command(commands, "demo", "open a page on this machine to try a recogniser")
    _add_model(command)
    command.add_argument("--port", type=positive, metavar="N", help="port of the page [a free one]")
    command.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> None:
    from adan.recognition.bundle import load
    from adan.recognition.demo import serve

    for name in ("SIGHUP", "SIGTERM"):  # recordings are deleted however it ends
        if number := getattr(signal, name, None):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    page = serve(load(options.model), port=options.port)
    print(f"{page.local_url} (Ctrl-C ends it)", flush=True)
    page.block_thread()
