"""The command line: a module for each family of commands, each parser beside its handler."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from adan import __version__
from adan.cli import corpus, features, recogniser, report, reproduce, study, synthesis
from adan.errors import AdanError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``adan`` and return its exit code: 0, 2 for a user's error, 130 for Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    options.typed = shlex.join(["adan", *arguments])
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name may be no text
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            # loky renews a worker that has grown, and nothing is lost
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            options.run(options)
            sys.stdout.flush()
    except AdanError as error:
        print(f"adan: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError as error:
        words = " ".join(str(error).split()) or "no memory is left"
        print(f"adan: error: out of memory: {words}: close other programs", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"adan: error: {where}{error.strerror or error}", file=sys.stderr)
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
        description="Augment small speech emotion corpora, and measure whether that helped.",
        epilog="'adan COMMAND --help' explains a command; defaults stand in brackets. For a first "
        "look, in a minute: adan reproduce table1 --quick, then adan report runs/table1-quick.",
    )
    parser.add_argument("--version", action="version", version=f"adan {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for family in (features, corpus, synthesis, recogniser, reproduce, study, report):
        family.add(commands)
    return parser
