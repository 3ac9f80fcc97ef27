"""``adan reproduce``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from adan.cli._options import add_corpus_options, add_running, names, positive, running

TABLES = ("table1", "table2", "table3", "table4", "ablations")


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``reproduce``."""
    command = commands.add_parser("reproduce", help="measure a table or figure of the paper")
    command.add_argument("what", choices=(*TABLES, "figure2", "figure3"))
    command.add_argument("--corpus", help="as for extract, or emodb: the bundled features [emodb]")
    add_corpus_options(command)
    command.add_argument(
        "--methods", type=names, default=[], help="further rows: names of 'adan methods', A,B,C"
    )
    command.add_argument("--seeds", type=positive, default=1, metavar="N", help="[1]")
    command.add_argument(
        "--protocol",
        choices=("leak-free", "authors"),
        default="leak-free",
        help="the paper's text, or its authors' scripts, which normalise over the whole corpus "
        "[leak-free]",
    )
    command.add_argument(
        "--normalisation",
        choices=("fold", "corpus", "speaker"),
        help="[fold, or corpus with --protocol authors]",
    )
    command.add_argument(
        "--tuned", action="store_true", help="add SVM and DNN tuned inside the training speakers"
    )
    command.add_argument("--quick", action="store_true", help="train little, to see the output")
    command.add_argument("-o", "--output", type=Path, metavar="DIR", help="[runs/WHAT]")
    add_running(command)
    command.set_defaults(run=_reproduce)


def _reproduce(options: argparse.Namespace) -> None:
    from adan.reproduction.run import figure, table

    kind = "-authors" if options.protocol == "authors" else ""
    kind += "-quick" if options.quick else ""
    folder = options.output or Path("runs") / f"{options.what}{kind}"
    shared: dict[str, Any] = {
        "corpus": options.corpus,
        "corpus_options": dict(options.corpus_options),
        "protocol": options.protocol,
        "quick": options.quick,
        "command": options.typed,
        "progress": True,
    }
    if options.what in TABLES:
        for option in ("methods", "seeds", "normalisation", "tuned"):
            shared[option] = getattr(options, option)
        with running(options, folder) as how:
            print(table(options.what, folder, **shared, **how))
    else:
        figure(options.what, folder, **shared)
    print(f"everything behind it: {folder}")
