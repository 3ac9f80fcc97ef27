"""The command line: a module for each family of commands, each parser beside its handler."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from adan import __version__, _progress
from adan._files import printable
from adan._interrupts import noting_interrupts
from adan.cli import completion, corpus, features, recogniser, report, reproduce, study, synthesis
from adan.cli._options import add_quiet, address_space
from adan.errors import AdanError

SIGNS = (
    "can't start new thread",
    "failed to map segment",
    "annot allocate memory",
    "can't allocate memory",
    "CUDA out of memory",
    "std::bad_alloc",
)
"""What libraries say that find no memory, in errors of their own."""

MUCH_MEMORY = 2**33
"""Bytes of address space under which an error without another reason is one of memory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``adan`` and return its exit code: 0, 2 for a user's error, 130 for Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments, argparse.Namespace(quiet=False))
    _progress.quiet = options.quiet
    if (address_space() or MUCH_MEMORY) < MUCH_MEMORY:  # of which each thread takes some
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    options.typed = shlex.join(["adan", *arguments])
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name may be no text
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with noting_interrupts(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            # loky renews a worker that has grown, and nothing is lost
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            options.run(options)
            if sys.stdout is not None:  # as under >&-
                sys.stdout.flush()
    except AdanError as error:
        _tell(f"error: {error}")
        return 2
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("adan: interrupted; what was finished is kept", file=sys.stderr, flush=True)
        os._exit(130)  # at once: worker threads in the middle of a product would abort the exit
    except BaseException as error:
        if words := _of_memory(error):
            _tell(f"error: out of memory: {words}: close other programs")
        elif isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            _tell(f"error: {where}{error.strerror or error}")
        else:
            raise
        return 2
    return 0


def _of_memory(error: BaseException) -> str:
    """Return what an error says that came of too little memory; nothing of any other."""
    if isinstance(error, SystemExit):
        return ""
    for one in _chain(error):
        words = " ".join(str(one).split())
        if isinstance(one, MemoryError) or any(sign in words for sign in SIGNS):
            return words or "no memory is left"
    limit = address_space()  # under a low one anything may fail, in any way
    if limit is None or limit > MUCH_MEMORY or isinstance(error, OSError):
        return ""
    return f"{type(error).__name__} under a limit of {limit / 1e6:.0f} MB (ulimit -v)"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _tell(f"warning: {message}")


def _tell(words: str) -> None:
    """Say one line on standard error."""
    print(printable(f"adan: {' '.join(words.splitlines())}"), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="adan",
        description="Augment small speech emotion corpora, and measure whether that helped.",
        epilog="'adan COMMAND --help' explains a command; defaults are in brackets. For a first "
        "look, in minutes: adan reproduce table1 --quick, then adan report runs/table1-quick.",
    )
    add_quiet(parser)
    parser.add_argument("--version", action="version", version=f"adan {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for family in (features, corpus, synthesis, recogniser, reproduce, study, report):
        family.add(commands)
    completion.add(commands, parser)
    return parser
