"""Options that several commands have, and what they stand for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adan.corpora import Corpus


def add_command(
    commands: argparse._SubParsersAction, name: str, summary: str
) -> argparse.ArgumentParser:
    """Add a command whose own help begins with what the list of commands says of it."""
    description = f"{summary[0].upper()}{summary[1:]}."
    return commands.add_parser(name, help=summary, description=description)


def add_running(command: argparse.ArgumentParser) -> None:
    """Add what `running` reads."""
    command.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="processes on this machine; one uses all cores already [1]",
    )
    add_scheduler(command)
    command.add_argument(
        "--tensorboard",
        action="store_true",
        help="write the losses of the networks to DIR/tensorboard",
    )
    command.add_argument("--mlflow", metavar="URI", help="log the scores to the MLflow at this URI")


def add_scheduler(command: argparse.ArgumentParser) -> None:
    """Add ``--scheduler``."""
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="compute on the Dask cluster at tcp://HOST:PORT"
    )


def add_corpus(command: argparse.ArgumentParser) -> None:
    """Add what `read` reads."""
    command.add_argument(
        "corpus", help="folder, table or audb:NAME; 'adan corpus list' shows which are known"
    )
    add_corpus_options(command)


def add_corpus_options(command: argparse.ArgumentParser) -> None:
    """Add ``--with``, the options of a corpus."""
    command.add_argument(
        "--with",
        action="append",
        default=[],
        dest="corpus_options",
        metavar="NAME=VALUE",
        type=_setting,
        help="set an option of the corpus, such as exc_as_hap=yes or check_counts=no; may be given "
        "several times",
    )


def _setting(text: str) -> tuple[str, str | bool]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, {"yes": True, "no": False}.get(value, value)


def names(text: str) -> list[str]:
    """Return the names in ``A,B,C``."""
    return [name.strip() for name in text.split(",") if name.strip()]


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def count(text: str) -> int:
    """Return a whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def read(options: argparse.Namespace) -> Corpus:
    """Return the corpus of `add_corpus`."""
    from adan.corpora import read_corpus

    return read_corpus(options.corpus, **dict(options.corpus_options))


@contextmanager
def running(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the keywords of `adan.experiments.runner.run` that `add_running` stands for."""
    with ExitStack() as stack:
        trackers = []
        if options.tensorboard:
            from adan.experiments.trackers import tensorboard

            trackers.append(stack.enter_context(tensorboard(folder)))
        if options.mlflow:
            from adan.experiments.trackers import mlflow

            trackers.append(stack.enter_context(mlflow(options.mlflow, folder)))
        yield {"workers": options.workers, "scheduler": options.scheduler, "trackers": trackers}
