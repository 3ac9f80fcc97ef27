"""The command line as its users call it."""

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adan.cli import _parser, main


def adan(*arguments):
    command = [sys.executable, "-m", "adan", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_version_and_help_are_quick_and_import_no_torch():
    started = time.perf_counter()
    assert adan("--help").returncode == 0
    assert time.perf_counter() - started < 2
    code = "import sys, adan.cli; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert adan("--version").stdout.startswith("adan 0.")


def test_a_study_repeats_the_commands_that_made_it(make_study_file, tmp_path):
    study, folder = str(make_study_file(seeds=1)), tmp_path / "a run"
    text = "\n".join(line for line in Path(study).read_text().splitlines() if '"adan"' not in line)
    Path(study).write_text(text)
    assert main(["study", "run", study, "-o", str(folder)]) == 0
    ran = f"adan study run {study} -o '{folder}'"
    assert json.loads((folder / "settings.json").read_text())["command"] == ran
    for _ in range(2):
        assert main(["study", "add", str(folder), "--seeds", "2"]) == 0
    command = json.loads((folder / "settings.json").read_text())["command"]
    assert command == f"{ran} && adan study add '{folder}' --seeds 2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["augment", "none.parquet", "-o", "y.parquet"], "none.parquet is not there"),
        (["augment", "none.parquet", "-o", "y.xlsx"], "must end in .parquet or .csv"),
        (["extract", "nowhere", "-o", "x.parquet"], "nowhere"),
        (["extract", "nowhere", "--features", "IS99", "-o", "x.parquet"], "IS99"),
    ],
)
def test_errors_are_one_line_and_exit_2(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["reproduce", "table9"], ["reproduce", "table1", "--seeds", "0"], ["augment", "x"]],
)
def test_wrong_options_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_ctrl_c_keeps_what_was_finished_and_exits_130(make_study_file, tmp_path):
    corpus, folder = make_study_file().with_name("rows.parquet"), tmp_path / "run"
    command = [sys.executable, "-m", "adan", "reproduce", "table1", "--quick"]
    command += ["--corpus", str(corpus), "-o", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(folder.glob("cells/*.parquet")):
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.endswith("adan: interrupted; what was finished is kept\n")
    text = (folder / "table1.md").read_text()
    assert re.search(r"\| SVM with IS11 \| 80.56 \|  \| \d", text)
    assert "not run" in text
    assert not list(folder.rglob(".*"))


def test_a_reader_that_has_read_enough_is_no_error():
    """As under ``adan corpus list | head -1``."""
    code = "import sys; from adan.cli import main; sys.exit(main(['corpus', 'list']))"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    _, told = process.communicate()
    assert (process.returncode, told) == (0, b"")


def commands_of(parser):
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from commands_of(command)


@pytest.mark.parametrize("command", commands_of(_parser()), ids=lambda parser: parser.prog)
def test_the_help_of_every_command_and_option_says_what_it_is(command):
    assert re.fullmatch(r"[A-Z].*\.", command.description)
    for action in command._actions:
        if not isinstance(action, argparse._SubParsersAction):
            assert re.match("[a-z0-9']", action.help or ""), action.dest


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("Unable to allocate 8 TiB"), "out of memory: Unable to allocate 8 TiB"),
        (PermissionError(13, "Permission denied", "x.csv"), "x.csv: Permission denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_what_the_machine_lacks_is_one_line(monkeypatch, capsys, error, words):
    def fail():
        raise error

    monkeypatch.setattr("adan.corpora.known_corpora", fail)
    assert main(["corpus", "list"]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
