"""Options that several commands have, and what they stand for."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adan._files import printable
from adan.errors import AdanError

if TYPE_CHECKING:
    from adan.corpora import Corpus


LEAST_MEMORY = 1_250_000_000
"""Bytes of address space that torch takes."""


def add_command(
    commands: argparse._SubParsersAction, name: str, summary: str
) -> argparse.ArgumentParser:
    """Add a command whose own help begins with what the list of commands says of it."""
    description = f"{summary[0].upper()}{summary[1:]}."
    command = commands.add_parser(name, help=summary, description=description)
    add_quiet(command)
    return command


def add_quiet(command: argparse.ArgumentParser) -> None:
    """Add ``--quiet``, which may stand before a command and after it."""
    command.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print only results, warnings and errors",
    )


def say(options: argparse.Namespace, words: str) -> None:
    """Print what was done, which a user may not want to read."""
    if not options.quiet:
        print(printable(words))


def address_space() -> int | None:
    """Return how many bytes the process may have (``ulimit -v``); None if that is not limited."""
    try:
        import resource
    except ImportError:  # on Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def check_memory() -> None:
    """Tell at once that training cannot begin, where importing torch would abort the process.

    Raises
    ------
    MemoryError
        If the process may have too little.
    """
    limit = address_space()
    if limit is None:
        return
    if limit < LEAST_MEMORY:
        raise MemoryError(
            f"a limit of {limit / 1e6:.0f} MB is set (ulimit -v), and {LEAST_MEMORY / 1e6:.0f} MB "
            "are needed to begin"
        )
    # OpenBLAS, which both have, ends the process where it finds no room for its buffers later
    import numpy
    import scipy.linalg.blas

    square = numpy.ones((256, 256))
    scipy.linalg.blas.dgemm(1.0, square @ square, square)


def add_json(command: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    command.add_argument("--json", action="store_true", help="print JSON, for programs")


def add_output(command: argparse.ArgumentParser, words: str, **how: Any) -> None:
    """Add ``-o``, which is required unless ``how`` says otherwise, and ``--force``."""
    how = {"required": True, "metavar": "FILE", **how}
    command.add_argument("-o", "--output", help=words, **how)
    command.add_argument(
        "--force", action="store_true", help="replace the file if it is there already"
    )


def check_output(options: argparse.Namespace) -> None:
    """Ask before the work whether a file of `add_output` that is there already may be replaced.

    Raises
    ------
    AdanError
        If it may not, or cannot be written.
    """
    from adan._files import check_place

    if options.output is None:
        return
    if Path(options.output).is_file():
        read_from = Path(getattr(options, "corpus", None) or "")
        if read_from.is_file() and read_from.samefile(options.output):
            raise AdanError(f"{options.output} is what is read: choose another name with -o")
        ask_to_replace(options, f"{options.output} is there already")
    check_place(options.output)


def ask_to_replace(options: argparse.Namespace, there: str, it: str = "it") -> None:
    """Raise an `AdanError` unless ``--force``, or whoever sits at the terminal, says yes."""
    if options.force:
        return
    if sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        with suppress(EOFError):
            if input(f"{there}: replace {it}? [y/N] ").strip().lower() in ("y", "yes"):
                return
    raise AdanError(f"{there}: choose another name, or replace {it} with --force")


def add_running(command: argparse.ArgumentParser) -> None:
    """Add what `running` reads."""
    command.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="processes that compute; a single one already uses all cores [1]",
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
    command.add_argument(
        "--features-from",
        action="append",
        dest="corpus_options",
        type=lambda text: ("features_from", text),
        metavar="PATTERNS",
        help="say which columns of a table are its features: those that fit, such as 'IS11_*', or "
        "all columns of numbers but some, '!age,!take'",
    )
    command.add_argument(
        "--skip-speakers",
        action="append_const",
        dest="corpus_options",
        const=("skip_speakers", True),
        help="leave out speakers that have one emotion only and so cannot be tested",
    )


def _setting(text: str) -> tuple[str, str | bool]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, {"yes": True, "no": False}.get(value, value)


def names(text: str) -> list[str]:
    """Return the names in ``A,B,C``."""
    return [name.strip() for name in text.split(",") if name.strip()]


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers in ``A,B,C``."""
    try:
        return tuple(map(float, names(text)))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers") from None


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


def seed(text: str) -> int:
    """Return a whole number that seeds numpy's generators."""
    if count(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text} is too large a seed: give less than {2**32}")
    return int(text)


def read(options: argparse.Namespace) -> Corpus:
    """Return the corpus of `add_corpus`."""
    from adan.corpora import read_corpus

    return read_corpus(options.corpus, **dict(options.corpus_options))


def running(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the keywords of `adan.experiments.runner.run` that `add_running` stands for."""
    trackers = []
    if options.tensorboard:
        from adan.experiments.trackers import tensorboard

        trackers.append(tensorboard(folder))
    if options.mlflow:
        from adan.experiments.trackers import mlflow

        trackers.append(mlflow(options.mlflow, folder))
    return {"workers": options.workers, "scheduler": options.scheduler, "trackers": trackers}
