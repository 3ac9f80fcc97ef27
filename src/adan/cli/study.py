"""``adan study``: init, run, status, add, export."""

from __future__ import annotations

import argparse
import json
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from adan.cli._options import (
    add_command,
    add_json,
    add_output,
    add_running,
    check_memory,
    check_output,
    names,
    positive,
    running,
    say,
)
from adan.errors import AdanError

if TYPE_CHECKING:
    from adan.experiments.specification import Specification
    from adan.experiments.store import Status


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``study`` and its actions."""
    command = add_command(commands, "study", "run a study of your own, described in a file")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    action = add_command(actions, "init", "write a commented study file to start from")
    add_output(action, "file to write [study.toml]", required=False, default="study.toml")
    action.set_defaults(run=_study_init)
    action = add_command(actions, "run", "run a study, or what is missing of it")
    action.add_argument("study", help="file that describes it (.toml)")
    action.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the run"
    )
    add_running(action)
    action.set_defaults(run=_study_run)
    action = add_command(actions, "status", "show which cells of a run are done, failed and left")
    action.add_argument("folder", type=Path, metavar="RUN", help="folder of the run")
    add_json(action)
    action.set_defaults(run=_study_status)
    action = add_command(actions, "add", "add seeds or methods to a run, and run what is missing")
    action.add_argument("folder", type=Path, metavar="RUN", help="folder of the run")
    action.add_argument(
        "--seeds",
        type=positive,
        metavar="N",
        help="number of random starts in all, those that are done included",
    )
    action.add_argument(
        "--methods",
        type=names,
        default=[],
        metavar="A,B,C",
        help="methods that 'adan methods' lists",
    )
    add_running(action)
    action.set_defaults(run=_study_add)
    action = add_command(actions, "export", "write all predictions of a run to one Parquet table")
    action.add_argument("folder", type=Path, metavar="RUN", help="folder of the run")
    add_output(action, "table to write (.parquet)", type=Path)
    action.set_defaults(run=_study_export)


def _study_init(options: argparse.Namespace) -> None:
    from adan.experiments.specification import write_template

    check_output(options)
    write_template(options.output)
    say(options, f"{options.output}: edit it, then adan study run {options.output} -o runs/mine")


def _study_run(options: argparse.Namespace) -> None:
    from adan.experiments.specification import read

    _run_study(read(options.study), options.output, options, options.typed)


def _study_add(options: argparse.Namespace) -> None:
    from adan.experiments.specification import checked
    from adan.experiments.store import Store

    there = Store(options.folder).settings()
    study = checked(there["settings"]["study"], str(options.folder)).with_methods(options.methods)
    if options.seeds:
        if options.seeds < study.seeds:
            raise AdanError(
                f"{options.folder} has {study.seeds} seeds, and --seeds counts them all: give "
                f"{study.seeds} or more"
            )
        study = study.changed(seeds=options.seeds)
    commands = [*filter(None, there.get("command", "").split(" && ")), options.typed]
    _run_study(study, options.folder, options, " && ".join(dict.fromkeys(commands)))


def _run_study(
    study: Specification, folder: Path, options: argparse.Namespace, command: str
) -> None:
    check_memory()
    from adan.experiments.runner import run
    from adan.experiments.sources import load

    how = running(options, folder)
    data = load(study, progress=True)
    run(study, data, folder, about={"command": command}, progress=True, **how)
    say(options, f"{folder}: every cell is done; predictions: {folder / 'predictions.parquet'}")


def _study_status(options: argparse.Namespace) -> None:
    from adan.experiments.store import Store

    status = Store(options.folder).status()
    if options.json:
        print(_as_json(status))
        return
    for cell, reason in status.failed.items():
        print(f"failed: {cell}: {reason}")
    for file, problem in status.problems.items():
        print(f"{options.folder / file}: {problem}")
    total = len(status.done) + len(status.left)
    words = f"{len(status.done)} of {total} cells are done"
    if status.left:
        words += f", {len(status.left)} are left"
        if status.failed:
            words += f", {len(status.failed)} of them since they failed"
        if status.done:
            words += f" (about {_duration(status.seconds)}, one after another)"
    print(words)


def _as_json(status: Status) -> str:
    told = {
        "done": [str(cell) for cell in status.done],
        "left": [str(cell) for cell in status.left],
        "failed": {str(cell): reason for cell, reason in status.failed.items()},
        "problems": status.problems,
        "seconds_left": status.seconds if isfinite(status.seconds) else None,
    }
    return json.dumps(told, indent=2)


def _duration(seconds: float) -> str:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} seconds"


def _study_export(options: argparse.Namespace) -> None:
    from adan.experiments.store import Store, writing

    if options.output.suffix != ".parquet":
        raise AdanError(f"{options.output}: the table's name must end in .parquet")
    check_output(options)
    with writing(options.output):
        n = Store(options.folder).merge(options.output)
    if not n:
        raise AdanError(f"{options.folder} has no cell that is done: see 'adan study status'")
    say(options, f"{options.output}: the predictions of {n} cells")
