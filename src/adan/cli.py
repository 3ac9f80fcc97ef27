"""The command line: parse, call, print."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adan import __version__
from adan.errors import AdanError

if TYPE_CHECKING:
    from adan.corpora import Corpus
    from adan.experiments.specification import Specification

TABLES = ("table1", "table2", "table3", "table4", "ablations")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``adan`` and return its exit code: 0, 2 for a user's error, 130 for Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            # loky renews a worker that has grown, and nothing is lost
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            options.run(options)
    except AdanError as error:
        print(f"adan: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("adan: interrupted; what was finished is kept", file=sys.stderr, flush=True)
        os._exit(130)  # at once: worker threads in the middle of a product would abort the exit
    return 0


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"adan: warning: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="adan",
        description="Adversarial data augmentation for speech emotion recognition.",
    )
    parser.add_argument("--version", action="version", version=f"adan {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("extract", help="compute a feature vector for each utterance")
    _add_corpus(command)
    vectors = command.add_mutually_exclusive_group()
    vectors.add_argument("--features", default="IS11", help="openSMILE feature set [IS11]")
    vectors.add_argument("--model", help="folder or hub name of a wav2vec 2.0, HuBERT or WavLM")
    command.add_argument("--skip-bad", action="store_true", help="leave out audio that is unusable")
    _add_scheduler(command)
    command.add_argument("-o", "--output", required=True, help="table to write (.parquet or .csv)")
    command.set_defaults(run=_extract)

    command = commands.add_parser("corpus", help="list, show or check corpora")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    action = actions.add_parser("list", help="list the corpora known, and how each is recognised")
    action.set_defaults(run=_corpus_list)
    action = actions.add_parser("show", help="count utterances per emotion and speaker or session")
    _add_corpus(action)
    action.set_defaults(run=_corpus_show)
    action = actions.add_parser("check", help="look for bad audio and for one-sided speakers")
    _add_corpus(action)
    action.set_defaults(run=_corpus_check)

    command = commands.add_parser("augment", help="append synthetic rows to a table of features")
    command.add_argument("table", help="table of features (.parquet or .csv)")
    command.add_argument("--label", default="emotion", help="column with the classes [emotion]")
    command.add_argument("--method", default="adan", help="see 'adan methods' [adan]")
    command.add_argument("--times", type=_positive, default=10, help="synthetic sets [10]")
    command.add_argument("--epochs", type=_positive, help="training length [the method's]")
    command.add_argument("--seed", type=int, default=0, help="[0]")
    command.add_argument("-o", "--output", required=True, help="table to write (.parquet or .csv)")
    command.set_defaults(run=_augment)

    command = commands.add_parser("methods", help="list the synthesizers")
    command.set_defaults(run=_methods)

    command = commands.add_parser("train", help="make a recogniser of emotion in one file")
    command.add_argument("corpus", help="as for extract, or emodb: the embedded features")
    _add_corpus_options(command)
    command.add_argument("--features", help="openSMILE feature set [the table's, or IS11]")
    command.add_argument("--synthesizer", default="adan", help="see 'adan methods' [adan]")
    command.add_argument(
        "--classifier", choices=("dnn", "svm"), default="dnn", help="of the paper [dnn]"
    )
    command.add_argument(
        "--times", type=_count, default=10, help="synthetic sets; 0 for real vectors alone [10]"
    )
    command.add_argument("--seed", type=_count, default=0, help="of all that is random [0]")
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

    command = commands.add_parser("reproduce", help="measure a table or figure of the paper")
    command.add_argument("what", choices=(*TABLES, "figure2", "figure3"))
    command.add_argument("--corpus", help="as for extract, or emodb: the embedded features [emodb]")
    _add_corpus_options(command)
    command.add_argument(
        "--methods", type=_names, default=[], help="further rows: names of 'adan methods', A,B,C"
    )
    command.add_argument("--seeds", type=_positive, default=1, metavar="N", help="[1]")
    command.add_argument(
        "--normalisation", choices=("fold", "corpus", "speaker"), default="fold", help="[fold]"
    )
    command.add_argument(
        "--tuned", action="store_true", help="add SVM and DNN tuned inside the training speakers"
    )
    command.add_argument("--quick", action="store_true", help="train little, to see the output")
    command.add_argument("-o", "--output", type=Path, metavar="DIR", help="[runs/WHAT]")
    _add_running(command)
    command.set_defaults(run=_reproduce)

    command = commands.add_parser("study", help="run a study of one's own, described in a file")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    action = actions.add_parser("init", help="write a commented study to start from")
    action.add_argument("-o", "--output", default="study.toml", help="[study.toml]")
    action.set_defaults(run=_study_init)
    action = actions.add_parser("run", help="run what is missing of a study")
    action.add_argument("study", help="its TOML file")
    action.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    _add_running(action)
    action.set_defaults(run=_study_run)
    action = actions.add_parser("status", help="tell what is done, failed and left")
    action.add_argument("folder", type=Path, metavar="DIR")
    action.set_defaults(run=_study_status)
    action = actions.add_parser("add", help="add seeds or methods, and run what is missing")
    action.add_argument("folder", type=Path, metavar="DIR")
    action.add_argument("--seeds", type=_positive, metavar="N", help="how many in all")
    action.add_argument("--methods", type=_names, default=[], help="names of 'adan methods', A,B,C")
    _add_running(action)
    action.set_defaults(run=_study_add)
    action = actions.add_parser("export", help="write all predictions to one Parquet table")
    action.add_argument("folder", type=Path, metavar="DIR")
    action.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    action.set_defaults(run=_study_export)
    command = commands.add_parser("report", help="answer, in one page, whether augmentation helped")
    command.add_argument(
        "folder", type=Path, metavar="RUN", help="folder of adan reproduce or study"
    )
    command.add_argument("--format", choices=("html", "md", "tex"), default="html", help="[html]")
    command.add_argument("--corpus", help="where its audio is, to be played [the run's corpus]")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="[RUN/report.FORMAT]")
    command.set_defaults(run=_report)
    return parser


def _add_running(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--workers", type=_positive, default=1, metavar="N", help="processes on this machine [1]"
    )
    _add_scheduler(command)
    command.add_argument(
        "--tensorboard", action="store_true", help="write losses to DIR/tensorboard"
    )
    command.add_argument("--mlflow", metavar="URI", help="log scores to MLflow")


def _add_scheduler(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scheduler", metavar="ADDRESS", help="compute on a Dask cluster")


def _add_corpus(command: argparse.ArgumentParser) -> None:
    command.add_argument("corpus", help="folder, table or audb:NAME; see 'adan corpus list'")
    _add_corpus_options(command)


def _add_corpus_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--with",
        action="append",
        default=[],
        dest="corpus_options",
        metavar="NAME=VALUE",
        type=_setting,
        help="option of the corpus, such as exc_as_hap=yes or check_counts=no",
    )


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", help="file that 'adan train' wrote")


def _setting(text: str) -> tuple[str, str | bool]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, {"yes": True, "no": False}.get(value, value)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _read(options: argparse.Namespace) -> Corpus:
    from adan.corpora import read_corpus

    return read_corpus(options.corpus, **dict(options.corpus_options))


def _extract(options: argparse.Namespace) -> None:
    from adan.corpora.table_files import check_writable, feature_columns, write_table
    from adan.features import FeatureSet, features_of

    check_writable(options.output)
    how = {"skip_bad": options.skip_bad, "scheduler": options.scheduler}
    if options.model:
        from adan.features.embeddings import embeddings_of

        table = embeddings_of(_read(options), options.model, **how)
    else:
        feature_set = FeatureSet.named(options.features)
        table = features_of(_read(options), feature_set, **how)
    write_table(table, options.output)
    for file, reason in table.attrs["skipped"].items():
        print(f"left out {file}: {reason}", file=sys.stderr)
    print(f"{options.output}: {len(table)} utterances, {len(feature_columns(table))} features")


def _corpus_list(options: argparse.Namespace) -> None:
    from adan.corpora import known_corpora

    known = known_corpora()
    first, second = (max(len(row[column]) for row in known) for column in (0, 1))
    for name, how, counts in known:
        print(f"{name:{first}}  {how:{second}}  {counts}".rstrip())


def _corpus_show(options: argparse.Namespace) -> None:
    import pandas as pd

    corpus = _read(options)
    table = corpus.table
    print(_summary(corpus))
    for group in ("speaker", "session"):
        if group in table:
            counts = pd.crosstab(table[group], table["emotion"], margins=True, margins_name="all")
            print(f"\n{counts.to_string()}")


def _corpus_check(options: argparse.Namespace) -> None:
    from adan.corpora.check import check_audio

    corpus = _read(options)
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
                "(listed above): mend them, or leave them out with adan extract --skip-bad"
            )
    corpus.require_groups()


def _summary(corpus: Corpus) -> str:
    from adan.corpora.table_files import feature_columns

    table = corpus.table
    vectors = f"{len(feature_columns(table))} features"
    return (
        f"{corpus.name}: {len(table)} utterances, {table['emotion'].nunique()} emotions, "
        f"{table['speaker'].nunique()} speakers, {'audio' if 'file' in table else vectors}"
    )


def _augment(options: argparse.Namespace) -> None:
    from adan.corpora.table_files import check_writable, read_table, write_table
    from adan.experiments.augment import augment
    from adan.synthesis.registry import synthesizer

    check_writable(options.output)
    epochs = {} if options.epochs is None else {"epochs": options.epochs}
    table = augment(
        read_table(options.table),
        synthesizer(options.method, random_state=options.seed, **epochs),
        label=options.label,
        times=options.times,
        progress=True,
    )
    write_table(table, options.output)
    synthetic = int(table["synthetic"].sum())
    print(f"{options.output}: {len(table) - synthetic} real and {synthetic} synthetic rows")


def _methods(options: argparse.Namespace) -> None:
    from adan.synthesis.registry import names, synthesizer

    for name in names():
        kind = type(synthesizer(name))
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        print(f"{name:12} {kind.__name__:24} {summary}")


def _study_init(options: argparse.Namespace) -> None:
    from adan.experiments.specification import write_template

    write_template(options.output)
    print(f"{options.output}: edit it, then adan study run {options.output} -o runs/mine")


def _study_run(options: argparse.Namespace) -> None:
    from adan.experiments.specification import read

    command = ["adan", "study", "run", options.study, "-o", str(options.output)]
    _run_study(read(options.study), options.output, options, [shlex.join(command)])


def _study_add(options: argparse.Namespace) -> None:
    from adan.experiments.specification import checked
    from adan.experiments.store import Store

    there = Store(options.folder).settings()
    study = checked(there["settings"]["study"], str(options.folder)).with_methods(options.methods)
    command = ["adan", "study", "add", str(options.folder)]
    if options.methods:
        command += ["--methods", ",".join(options.methods)]
    if options.seeds:
        study = study.changed(seeds=options.seeds)
        command += ["--seeds", str(options.seeds)]
    before = there.get("command", "").split(" && ")
    _run_study(study, options.folder, options, [*before, shlex.join(command)])


def _run_study(
    study: Specification, folder: Path, options: argparse.Namespace, commands: Sequence[str]
) -> None:
    from adan.experiments.runner import run
    from adan.experiments.sources import load

    with _running(options, folder) as running:
        about = {"command": " && ".join(dict.fromkeys(filter(None, commands)))}
        run(study, load(study, progress=True), folder, about=about, progress=True, **running)
    print(f"{folder}: every cell is done, all predictions are in {folder / 'predictions.parquet'}")


@contextmanager
def _running(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the keywords of `adan.experiments.runner.run` that the options stand for."""
    with ExitStack() as stack:
        trackers = []
        if options.tensorboard:
            from adan.experiments.trackers import tensorboard

            trackers.append(stack.enter_context(tensorboard(folder)))
        if options.mlflow:
            from adan.experiments.trackers import mlflow

            trackers.append(stack.enter_context(mlflow(options.mlflow, folder)))
        yield {"workers": options.workers, "scheduler": options.scheduler, "trackers": trackers}


def _study_status(options: argparse.Namespace) -> None:
    from adan.experiments.store import Store

    status = Store(options.folder).status()
    for cell, reason in status.failed.items():
        print(f"failed: {cell}: {reason}")
    for file, problem in status.problems.items():
        print(f"{options.folder / file}: {problem}")
    total = len(status.done) + len(status.left)
    words = f"{len(status.done)} of {total} cells are done, {len(status.failed)} failed"
    if status.left:
        words += f", {len(status.left)} left"
        if status.done:
            words += f" (about {_duration(status.seconds)} one at a time)"
    print(words)


def _duration(seconds: float) -> str:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} seconds"


def _study_export(options: argparse.Namespace) -> None:
    from adan.experiments.store import Store, writing

    if options.output.suffix != ".parquet":
        raise AdanError(f"{options.output}: the table's name must end in .parquet")
    with writing(options.output):
        n = Store(options.folder).merge(options.output)
    if not n:
        raise AdanError(f"{options.folder} has no cell that is done: see adan study status")
    print(f"{options.output}: the predictions of {n} cells")


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


def _reproduce(options: argparse.Namespace) -> None:
    from adan.reproduction import run as reproduce

    quick = "-quick" if options.quick else ""
    folder = options.output or Path("runs") / f"{options.what}{quick}"
    shared: dict[str, Any] = {
        "corpus": options.corpus,
        "corpus_options": dict(options.corpus_options),
        "quick": options.quick,
        "progress": True,
    }
    if options.what in TABLES:
        for option in ("methods", "seeds", "normalisation", "tuned"):
            shared[option] = getattr(options, option)
        with _running(options, folder) as running:
            print(reproduce.table(options.what, folder, **shared, **running))
    else:
        reproduce.figure(options.what, folder, **shared)
    print(f"everything behind it: {folder}")


def _report(options: argparse.Namespace) -> None:
    from adan.reports.report import report

    for verdict, path in report(
        options.folder, format=options.format, output=options.output, corpus=options.corpus
    ):
        print(f"{verdict}\n{path}")
