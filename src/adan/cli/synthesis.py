"""``adan augment`` and ``adan methods``."""

from __future__ import annotations

import argparse

from adan.cli._options import (
    add_command,
    add_features_from,
    add_output,
    check_memory,
    check_output,
    count,
    positive,
    say,
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``augment`` and ``methods``."""
    command = add_command(commands, "augment", "append synthetic rows to a table of features")
    command.add_argument("table", help="table of features (.parquet or .csv)")
    command.add_argument("--label", default="emotion", help="column of the classes [emotion]")
    add_features_from(command)
    command.add_argument(
        "--method", default="transfer", help="one that 'adan methods' lists [transfer]"
    )
    command.add_argument(
        "--times",
        type=positive,
        default=10,
        metavar="N",
        help="synthetic sets, each as large as the real one [10]",
    )
    command.add_argument(
        "--epochs",
        type=positive,
        metavar="N",
        help="how long to train a network [the method's own]",
    )
    command.add_argument(
        "--seed", type=count, default=0, metavar="N", help="seed of all that is random [0]"
    )
    add_output(command, "table to write (.parquet or .csv)")
    command.set_defaults(run=_augment)

    command = add_command(
        commands, "methods", "list the synthesizers: name, class in Python, and what each does"
    )
    command.set_defaults(run=_methods)


def _augment(options: argparse.Namespace) -> None:
    check_memory()
    from adan.corpora.table_files import check_writable, choose_features, read_table, write_table
    from adan.experiments.augment import augment
    from adan.synthesis.registry import synthesizer

    check_writable(options.output)
    check_output(options)
    epochs = {} if options.epochs is None else {"epochs": options.epochs}
    table = choose_features(read_table(options.table), options.table, options.features_from)
    vectors = augment(
        table,
        synthesizer(options.method, random_state=options.seed, **epochs),
        label=options.label,
        times=options.times,
        progress=True,
    )
    write_table(vectors.table, options.output, features=vectors.features, about=vectors.about)
    synthetic = int(vectors.table["synthetic"].sum())
    counts = f"{len(table.table)} real and {synthetic} synthetic rows"
    say(options, f"{options.output}: {counts}")


def _methods(options: argparse.Namespace) -> None:
    check_memory()
    from adan.synthesis.registry import names, synthesizer

    for name in names():
        kind = type(synthesizer(name))
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        print(f"{name:12} {kind.__name__:24} {summary}")
