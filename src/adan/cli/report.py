"""``adan report``."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``report``."""
    command = commands.add_parser("report", help="answer, in one page, whether augmentation helped")
    command.add_argument(
        "folder", type=Path, metavar="RUN", help="folder of adan reproduce or study"
    )
    command.add_argument("--format", choices=("html", "md", "tex"), default="html", help="[html]")
    command.add_argument("--corpus", help="where its audio is, to be played [the run's corpus]")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="[RUN/report.FORMAT]")
    command.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> None:
    from adan.reports.report import report

    for verdict, path in report(
        options.folder, format=options.format, output=options.output, corpus=options.corpus
    ):
        print(f"{verdict}\n{path}")
