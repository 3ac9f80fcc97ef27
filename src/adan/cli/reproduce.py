"""``adan reproduce``."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from adan.cli._options import (
    add_command,
    add_corpus_options,
    add_running,
    check_memory,
    names,
    positive,
    running,
    say,
)
from adan.errors import AdanError

TABLES = ("table1", "table2", "table3", "table4", "ablations", "systems")
_OF_TABLES = ("methods", "normalisation", "tuned")
_OF_RUNS = ("seeds", "workers", "scheduler", "tensorboard", "mlflow")
_NOT_OF = {
    "explanation": (*_OF_TABLES, "protocol"),
    "scarcity": ("tuned", "protocol"),
    "figure2": (*_OF_TABLES, *_OF_RUNS),
    "figure3": (*_OF_TABLES, *_OF_RUNS),
}
"""Options that what is reproduced has no use for."""


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``reproduce``."""
    command = add_command(commands, "reproduce", "measure a table or figure of the paper")
    command.add_argument(
        "what",
        choices=(*TABLES, *_NOT_OF),
        metavar="WHAT",
        help="table1 to table4, figure2, figure3, ablations (what matters in ADAN), systems "
        "(classifiers that read frames; needs audio), explanation (from the authors' scripts to "
        "Table I, step by step), or scarcity (what augmentation is worth when data are scarce)",
    )
    command.add_argument(
        "--corpus",
        help="folder, table or audb:NAME, see 'adan corpus list'; or emodb, whose features are "
        "bundled [emodb; table2, table3, table4 and systems have no default]",
    )
    add_corpus_options(command)
    command.add_argument(
        "--methods",
        type=names,
        default=[],
        metavar="A,B,C",
        help="add rows for methods that 'adan methods' lists",
    )
    command.add_argument(
        "--seeds",
        type=positive,
        default=1,
        metavar="N",
        help="train everything with N random starts; one says little [1]",
    )
    command.add_argument(
        "--protocol",
        choices=("leak-free", "authors"),
        default="leak-free",
        help="leak-free follows the paper's text; authors follows the authors' scripts, which "
        "normalise over the whole corpus [leak-free]",
    )
    command.add_argument(
        "--normalisation",
        choices=("fold", "corpus", "speaker"),
        help="what means and deviations are taken over: the training speakers of a fold, the whole "
        "corpus, or each speaker [fold, or corpus with --protocol authors]",
    )
    command.add_argument(
        "--tuned",
        action="store_true",
        help="add an SVM and a DNN whose settings are chosen on the training speakers",
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="train very little, for a look at the output; its figures mean nothing",
    )
    command.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder to write [runs/WHAT]"
    )
    add_running(command)
    command.set_defaults(run=partial(_reproduce, command))


def _reproduce(command: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    check_memory()
    from adan.reproduction.explanation import explain
    from adan.reproduction.run import figure, table
    from adan.reproduction.scarcity import measure

    what = options.what
    for option in _NOT_OF.get(what, ()):
        if getattr(options, option) != command.get_default(option):
            raise AdanError(f"--{option} does not apply to {what}: leave it out")
    kind = "-authors" if options.protocol == "authors" else ""
    kind += "-quick" if options.quick else ""
    folder = options.output or Path("runs") / f"{what}{kind}"
    shared: dict[str, Any] = {
        "corpus": options.corpus,
        "corpus_options": dict(options.corpus_options),
        "quick": options.quick,
        "command": options.typed,
        "progress": True,
    }
    how = running(options, folder)
    if what in TABLES:
        further = ("methods", "seeds", "protocol", "normalisation", "tuned")
        own = {option: getattr(options, option) for option in further}
        print(table(what, folder, running=how, **shared, **own))
    elif what == "explanation":
        print(explain(folder, running=how, seeds=options.seeds, **shared))
    elif what == "scarcity":
        own = {option: getattr(options, option) for option in ("methods", "seeds", "normalisation")}
        print(measure(folder, running=how, **shared, **own))
    else:
        figure(what, folder, protocol=options.protocol, **shared)
    say(options, f"all files of this run: {folder}")
