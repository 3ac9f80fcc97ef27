"""``adan report``."""

from __future__ import annotations

import argparse
from pathlib import Path

from adan.cli._options import add_command, add_output, check_output


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``report``."""
    command = add_command(commands, "report", "answer in one page whether augmentation helped")
    command.add_argument(
        "folder",
        type=Path,
        metavar="RUN",
        help="folder that 'adan reproduce' or 'adan study run' wrote",
    )
    command.add_argument(
        "--format",
        choices=("html", "md", "tex"),
        default="html",
        help="a page, or its tables in Markdown or LaTeX [html]",
    )
    command.add_argument(
        "--corpus", help="where the audio is, so that the page can play it [the run's corpus]"
    )
    add_output(command, "file to write [RUN/report.FORMAT]", required=False, type=Path)
    command.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> None:
    check_output(options)
    from adan.reports.report import report

    for verdict, path in report(
        options.folder, format=options.format, output=options.output, corpus=options.corpus
    ):
        print(f"{verdict}\n{path}")
