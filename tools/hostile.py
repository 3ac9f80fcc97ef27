"""Try mutated bundles, audio files and tables on the command line, and count what becomes of them.

python tools/hostile.py [--bundles 300] [--audio 60] [--tables 60] [--seed 0]

Whatever they hold, a command has to end within a minute, with exit code 0 or 2, and to say nothing
that commands a terminal, and an error in one line.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import itertools
import multiprocessing
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LIMIT = 60
"""Seconds."""

GOOD = ("exit code 0", "exit code 2")

KINDS = ("WAV", "FLAC", "OGG", "AIFF", "CAF", "MP3")
ABSURD = [None, -1, 0, 4_000_000_000, 1e308, float("nan"), "", "\x1b[2J", [], {}, [[]], "x" * 9999]
CELLS = ["", "x", "1e39", "-inf", "nan", "=1+1", '"', "0x1", "1,5", "\0", "9" * 400, "\x1b[2J", "é"]

Case = tuple[str, list[list[str]]]
"""What was done, and commands to run."""


def bundles(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Yield bundles with a header, an array or bytes made absurd; most with a valid checksum."""
    from adan import _arrays
    from adan.recognition import bundle

    path, sound = _model(folder), _sound(folder / "good.wav", rng)
    header, arrays = _arrays.read(path, bundle.KIND)
    content = path.read_bytes()
    for number in itertools.count():
        target = folder / f"{number}.adan"
        changed, own = copy.deepcopy((header, arrays))
        kind = rng.choice(["header", "array", "bytes"], p=[0.6, 0.25, 0.15])
        if kind == "bytes":
            target.write_bytes(_damaged(content, rng))
        else:
            if kind == "header":
                _absurd(changed, rng)
            else:
                name = rng.choice(sorted(own))
                own[name] = _other(own[name], rng)
            stored = {n: v for n, v in changed.items() if n not in ("format", "kind", "sha256")}
            stored["sha256"] = bundle._digest(stored, own)
            _arrays.write(target, bundle.KIND, stored, own)
        predict = ["predict", str(target), str(sound)]
        commands = [["info", str(target)], predict, [*predict, "--speakers", "one"]]
        yield f"{kind} of {target.name}", [commands[number % 3]]


def audio(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Yield recordings whose bytes were damaged, beside one that is whole."""
    model, sound = _model(folder), _sound(folder / "good.wav", rng)
    for number in itertools.count():
        kind = KINDS[number % len(KINDS)]
        path = _sound(folder / f"{number}.{kind.lower()}", rng)
        path.write_bytes(_damaged(path.read_bytes(), rng))
        yield f"{kind} of {path.name}", [["predict", str(model), str(path), str(sound)]]


def tables(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Yield tables with cells, columns, rows or bytes that do not belong there."""
    for number in itertools.count():
        table = pd.DataFrame(rng.normal(size=(24, 4)).round(3), columns=["f1", "f2", "f3", "f4"])
        table.insert(0, "emotion", np.tile(["anger", "joy"], 12))
        table.insert(1, "speaker", np.repeat(["a", "b", "c"], 8))
        kind = rng.choice(["cell", "column", "rows", "bytes", "parquet"])
        path = folder / f"{number}.{'parquet' if kind == 'parquet' else 'csv'}"
        if kind == "cell":
            table = table.astype(object)
            table.iat[rng.integers(24), rng.integers(6)] = rng.choice(CELLS)
        elif kind == "column":
            name = rng.choice(table.columns)
            makes = [0, None, "x", 1e39, np.inf, np.arange(24), [[1]] * 24, True]
            table[name] = pd.Series(makes[rng.integers(len(makes))], table.index)
            if rng.random() < 0.3:
                table = table.drop(columns=name)
        elif kind == "rows":
            table = table.iloc[: rng.choice([0, 1, 2, 3, 9])]
        if kind == "parquet":
            table.to_parquet(path)
        else:
            encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-8"])
            table.to_csv(
                path, index=False, sep=rng.choice([",", ",", ";", "\t"]), encoding=encoding
            )
        if kind in ("bytes", "parquet"):
            path.write_bytes(_damaged(path.read_bytes(), rng))
        out = ["--force", "-o"]
        train = ["train", str(path), "--classifier", "discriminant"]
        augment = ["augment", str(path), "--method", "smote", "--times", "1"]
        yield (
            f"{kind} of {path.name}",
            [
                ["corpus", "show", str(path)],
                [*augment, *out, str(folder / "more.csv")],
                [*train, *out, str(folder / "trained.adan")],
            ],
        )


def _model(folder: Path) -> Path:
    from adan import EmotionRecognizer
    from adan.features import FeatureSet

    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, FeatureSet.named("eGeMAPSv02").dimension))
    recognizer = EmotionRecognizer(features="eGeMAPSv02", classifier="svm", times=0)
    recognizer.fit(X, np.tile(["anger", "joy"], 12), np.repeat(["a", "b", "c"], 8))
    recognizer.save(folder / "model.adan")
    return folder / "model.adan"


def _sound(path: Path, rng: np.random.Generator) -> Path:
    import soundfile

    time = np.arange(16000) / 16000
    soundfile.write(path, 0.3 * np.sin(999 * time) + rng.normal(scale=0.05, size=16000), 16000)
    return path


def _damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut, overwrite, insert or swap bytes, in the first hundred more often than elsewhere."""
    at = int(rng.integers(min(100, len(content)) if rng.random() < 0.7 else len(content)))
    n = int(rng.integers(1, 9))
    junk = bytes(rng.choice([0, 255, 127, 128, int(rng.integers(256))], n).tolist())
    return [
        content[: int(rng.integers(len(content)))],
        content[:at] + junk + content[at + n :],
        content[:at] + junk + content[at:],
        content[:at] + content[at + n :],
    ][rng.integers(4)]


def _absurd(header: dict[str, Any], rng: np.random.Generator) -> None:
    """Replace a value, wherever it stands."""
    place: Any = header
    while True:
        name = rng.choice(sorted(place)) if isinstance(place, dict) else rng.integers(len(place))
        below = place[name]
        if not isinstance(below, dict | list) or not below or rng.random() < 0.3:
            place[name] = ABSURD[rng.integers(len(ABSURD))]
            return
        place = below


def _other(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    makes = [array[:0], array[None], array * np.nan, array.astype("i1"), array.T, array[..., :-1]]
    makes += [np.zeros((1, 99)), array * np.float64(1e30), array * -1, np.repeat(array, 2, axis=0)]
    return np.asarray(makes[rng.integers(len(makes))])


def run(arguments: list[str]) -> str:
    """Run a command and return what was wrong with how it ended, or its exit code."""
    from adan.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code: Any = main(arguments)
        except SystemExit as end:
            code = end.code
        except BaseException:
            return f"traceback\n{traceback.format_exc()}"
    said = out.getvalue() + err.getvalue()
    errors = err.getvalue().count("adan: error:")
    if "Traceback" in said:
        return f"traceback\n{said}"
    if code not in (0, 2) or errors != (code == 2):
        return f"exit code {code} with {errors} errors\n{said}"
    if not said.replace("\n", "").replace("\r", "").isprintable():
        return f"unescaped\n{said!r}"
    return f"exit code {code}"


class Runner:
    """Runs commands in a process beside, and a new one where that has crashed or hangs."""

    def __init__(self) -> None:
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def __call__(self, arguments: list[str]) -> str:
        """Return how a command ended: see `run`."""
        try:
            return self._pool.submit(run, arguments).result(timeout=LIMIT)
        except (BrokenExecutor, TimeoutError) as error:
            for process in [*self._pool._processes.values()]:
                process.kill()
            self._pool = self._new()
            return "hang" if isinstance(error, TimeoutError) else "crash"

    def end(self) -> None:
        """Let the process end."""
        self._pool.shutdown()


def judge(cases: Iterator[Case], n: int, runner: Runner) -> Counter[str]:
    """Run the commands of so many cases and count how they ended."""
    ends: Counter[str] = Counter()
    for _, (what, commands) in zip(range(n), cases, strict=False):
        for command in commands:
            end = runner(command)
            ends[end.partition("\n")[0]] += 1
            if end not in GOOD:
                print(f"{what}, {' '.join(command)}: {end}", file=sys.stderr)
    return ends


def main() -> int:
    """Try everything, print the counts, and return 1 if anything ended otherwise than it may."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, n in (("bundles", 300), ("audio", 60), ("tables", 60), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=n)
    options = parser.parse_args()
    bad, runner = 0, Runner()
    for make in (bundles, audio, tables):
        with tempfile.TemporaryDirectory(prefix="adan-hostile-") as folder:
            rng = np.random.default_rng(options.seed)
            n = getattr(options, make.__name__)
            ends = judge(make(Path(folder), rng), n, runner)
        print(f"{n} {make.__name__}: {dict(sorted(ends.items()))}", flush=True)
        bad += sum(count for end, count in ends.items() if end not in GOOD)
    runner.end()
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
