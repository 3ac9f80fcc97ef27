"""``adan augment`` and ``adan methods``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adan.cli._options import (
    add_command,
    add_corpus_options,
    add_output,
    ask_to_replace,
    check_memory,
    check_output,
    numbers,
    positive,
    read,
    say,
    seed,
)
from adan.errors import AdanError

OF_ROWS = {
    "label": "emotion",
    "method": "transfer",
    "times": 10,
    "balance": False,
    "epochs": None,
}
"""Options of ``augment`` that are of synthetic rows alone, and their defaults."""


def add(commands: argparse._SubParsersAction) -> None:
    """Add ``augment`` and ``methods``."""
    _add_augment(commands)
    _add_methods(commands)


def _add_augment(commands: argparse._SubParsersAction) -> None:
    command = add_command(
        commands,
        "augment",
        "append synthetic rows to a table of features, or write perturbed copies of recordings",
    )
    command.add_argument(
        "corpus",
        metavar="TABLE",
        help="table of features (.parquet or .csv); with --audio a corpus with recordings",
    )
    command.add_argument("--label", help="column of the classes [emotion]")
    add_corpus_options(command)
    command.add_argument("--method", help="synthesizer that 'adan methods' lists [transfer]")
    command.add_argument(
        "--times",
        type=positive,
        metavar="N",
        help="synthetic sets, each as large as the real one [10]",
    )
    command.add_argument(
        "--balance",
        action="store_true",
        help="add no sets, but fill every class up to the largest",
    )
    command.add_argument(
        "--epochs",
        type=positive,
        metavar="N",
        help="how many epochs to train a network [the method's own number]",
    )
    command.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="seed of all that is random [0]"
    )
    command.add_argument(
        "--audio",
        metavar="NAME",
        help="write copies of the recordings instead, by a perturbation that 'adan methods' lists",
    )
    command.add_argument(
        "--strengths",
        type=numbers,
        metavar="A,B,C",
        help="how strongly to perturb, such as --strengths=-6,6: a copy of every recording for "
        "each [those of the perturbation]",
    )
    add_output(command, "table to write (.parquet or .csv); with --audio a folder")
    command.set_defaults(run=_augment, **OF_ROWS)


def _augment(options: argparse.Namespace) -> None:
    if options.audio:
        _perturb(options)
    else:
        _synthesize(options)


def _perturb(options: argparse.Namespace) -> None:
    from adan.audio.perturbation import perturbation
    from adan.experiments.copies import TABLE, write_copies

    if given := [name for name, default in OF_ROWS.items() if getattr(options, name) != default]:
        raise AdanError(f"--{given[0]} needs synthetic rows, and --audio makes none: leave one out")
    strengths = {"strengths": options.strengths} if options.strengths else {}
    by = perturbation(options.audio, seed=options.seed, **strengths)
    folder = Path(options.output)
    if folder.exists() and not folder.is_dir():
        raise AdanError(f"{folder} is a file: name a folder for the copies")
    if folder.exists() and any(folder.iterdir()):
        ask_to_replace(options, f"{folder} is there already and not empty", "files in it")
    corpus = read(options)
    n = write_copies(corpus, by, folder, progress=True)
    counts = f"{len(corpus.table)} real utterances and {n} copies"
    say(options, f"{folder / TABLE}: {counts}")


def _synthesize(options: argparse.Namespace) -> None:
    check_memory()
    from adan.corpora.table_files import check_writable, choose_features, read_table, write_table
    from adan.experiments.augment import augment
    from adan.synthesis.registry import synthesizer

    if options.balance and options.times != OF_ROWS["times"]:
        raise AdanError("--times adds sets, and --balance fills classes up: leave one out")
    if options.strengths:
        raise AdanError("--strengths needs a perturbation: name one with --audio")
    of_corpus = dict(options.corpus_options)
    features_from = of_corpus.pop("features_from", None)
    if of_corpus:
        name = min(of_corpus)
        option = "--skip-speakers" if name == "skip_speakers" else f"--with {name}"
        raise AdanError(f"{option} is an option of a corpus: give it with --audio only")
    check_writable(options.output)
    check_output(options)
    epochs = {} if options.epochs is None else {"epochs": options.epochs}
    table = choose_features(read_table(options.corpus), options.corpus, features_from)
    vectors = augment(
        table,
        synthesizer(options.method, random_state=options.seed, **epochs),
        label=options.label,
        times=options.times,
        balance=options.balance,
        progress=True,
    )
    write_table(
        vectors.table,
        options.output,
        features=vectors.features,
        about=vectors.about,
        progress=True,
    )
    synthetic = int(vectors.table["synthetic"].sum())
    counts = f"{len(table.table)} real and {synthetic} synthetic rows"
    say(options, f"{options.output}: {counts}")


def _add_methods(commands: argparse._SubParsersAction) -> None:
    command = add_command(
        commands,
        "methods",
        "list synthesizers and perturbations: name, class in Python, and what each does",
    )
    command.set_defaults(run=_methods)


def _methods(options: argparse.Namespace) -> None:
    check_memory()
    from adan.audio.perturbation import PERTURBATIONS
    from adan.synthesis.registry import names, synthesizer

    print("Synthesizers learn from vectors and draw new ones:")
    _list({name: type(synthesizer(name)) for name in names()})
    print("Perturbations change recordings and learn nothing:")
    _list(PERTURBATIONS)


def _list(kinds: Mapping[str, type[Any]]) -> None:
    for name, kind in kinds.items():
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        print(f"  {name:12} {kind.__name__:24} {summary}")
