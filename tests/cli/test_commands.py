"""The command line as its users call it."""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adan._files import replacing
from adan.cli import _parser, main
from adan.experiments.store import Store

OLD = Path(__file__).parents[1] / "data" / "recognizer-1.adan"


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
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # wherever the tests run
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:
        while not list(folder.glob("cells/*.parquet")):
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.endswith("adan: interrupted; what was finished is kept\n")
    text = (folder / "table1.md").read_text()
    assert re.search(r"\| SVM with features of the table \| \d", text)
    assert "not run" in text
    assert not list(folder.rglob(".*"))


PRINTING = (["corpus", "list"], ["info", str(OLD)], ["info", "--json", str(OLD)])


@pytest.mark.parametrize("arguments", PRINTING)
def test_a_reader_that_has_read_enough_is_no_error(arguments):
    """As under ``adan corpus list | head -1``."""
    code = f"import sys; from adan.cli import main; sys.exit(main({arguments!r}))"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    _, told = process.communicate()
    assert (process.returncode, told) == (0, b"")


@pytest.mark.parametrize(("to", "code"), [(">&-", 0), ("> /dev/full", 2)])
def test_nowhere_to_print(to, code):
    command = f"'{sys.executable}' -m adan info '{OLD}' {to}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == code
    assert done.stderr == ("adan: error: No space left on device\n" if code else "")


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


def _caused_by(cause):
    error = AttributeError("a pool that could not be ended")
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("Unable to allocate 8 TiB"), "out of memory: Unable to allocate 8 TiB"),
        (PermissionError(13, "Permission denied", "x.csv"), "x.csv: Permission denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (RuntimeError("can't start new thread"), "out of memory: can't start new thread"),
        (ImportError("x.so: failed to map segment from shared object"), "out of memory: x.so"),
        (_caused_by(MemoryError("no room")), "out of memory: no room"),
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


@pytest.mark.parametrize("megabytes", [300, 1000, 1300])
def test_little_memory_is_one_line_or_enough(make_study_file, tmp_path, megabytes):
    table = make_study_file().with_name("rows.parquet")
    train = (
        f"'{sys.executable}' -m adan train '{table}' --classifier svm -o '{tmp_path / 'm.adan'}'"
    )
    limited = f"ulimit -v {megabytes}000; {train}"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, timeout=300)
    told = done.stderr.splitlines()
    assert done.returncode == 0 or told[-1].startswith("adan: error: out of memory: "), done.stderr
    assert done.returncode in (0, 2)


WRITING = {
    "train": ["train", "emodb"],
    "predict": ["predict", str(OLD), "a.wav"],
    "enrol": ["enrol", str(OLD), "a.wav"],
    "export": ["export", str(OLD)],
    "extract": ["extract", "nowhere"],
    "augment": ["augment", "none.csv"],
    "study init": ["study", "init"],
    "study export": ["study", "export", "a run"],
    "report": ["report", "a run"],
}


@pytest.mark.parametrize("command", WRITING)
def test_a_file_that_is_there_is_replaced_by_force_alone(command, tmp_path, capsys):
    there = tmp_path / "there.parquet"
    there.write_bytes(b"kept")
    assert main([*WRITING[command], "-o", str(there)]) == 2
    told = capsys.readouterr().err
    assert told.endswith("is there already: choose another name, or replace it with --force\n")
    assert there.read_bytes() == b"kept"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("Yes ", 0), ("n", 2), ("", 2), (None, 2)])
def test_whoever_sits_at_a_terminal_is_asked(answer, code, tmp_path, capsys, monkeypatch):
    def asked(question):
        assert question == f"{there} is there already: replace it? [y/N] "
        if answer is None:  # Ctrl-D
            raise EOFError
        return answer

    there = tmp_path / "study.toml"
    there.touch()
    monkeypatch.setattr("builtins.input", asked)
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    assert main(["study", "init", "-o", str(there)]) == code
    assert bool(there.read_bytes()) == (code == 0)


def test_force_replaces(make_study_file, tmp_path, capsys):
    rows, output = make_study_file().with_name("rows.parquet"), tmp_path / "more.parquet"
    options = ["--method", "smote", "--times", "1", "-o", str(output)]
    assert main(["augment", str(rows), *options]) == 0
    assert main(["-q", "augment", str(rows), *options]) == 2
    assert main(["augment", str(rows), *options, "--force", "--quiet"]) == 0
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize("command", ["augment", "train"])
def test_what_is_read_is_never_replaced(command, make_study_file, capsys):
    rows = make_study_file().with_name("rows.parquet")
    before = rows.read_bytes()
    assert main([command, str(rows), "-o", str(rows), "--force"]) == 2
    assert capsys.readouterr().err.endswith(
        "rows.parquet is what is read: choose another name with -o\n"
    )
    assert rows.read_bytes() == before


def test_a_seed_that_numpy_does_not_take_is_refused_at_once(make_study_file, capsys):
    rows = make_study_file().with_name("rows.parquet")
    with pytest.raises(SystemExit):
        main(["augment", str(rows), "--seed", str(2**32), "-o", "x.parquet"])
    assert "4294967296 is too large a seed: give less than 4294967296" in capsys.readouterr().err


def test_a_disk_that_is_full_after_all_is_told_with_the_file(tmp_path):
    with pytest.raises(OSError, match="No space left") as error, replacing(tmp_path / "x.csv"):
        raise OSError(28, "No space left on device")
    assert error.value.filename == str(tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


PLACES = ("under a file", "read-only", "folder", "no room")


@pytest.mark.parametrize(("command", "place"), [*product(WRITING, PLACES)])
def test_a_place_that_cannot_be_written_is_told_at_once(
    command, place, tmp_path, capsys, monkeypatch
):
    output = tmp_path / "folder" / "x.parquet"
    output.parent.mkdir()
    if place == "under a file":
        (tmp_path / "file").touch()
        output = tmp_path / "file" / "x.parquet"
    elif place == "read-only":
        monkeypatch.setattr(tempfile, "TemporaryFile", _refused)
        monkeypatch.setattr(tempfile, "mkstemp", _refused)
    elif place == "no room":
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 1))
    else:
        output.mkdir()
    assert main([*WRITING[command], "-o", str(output)]) == 2
    told = capsys.readouterr().err
    assert str(output) in told
    assert told.count("\n") == 1


def _refused(*_, **__):
    raise OSError(30, "Read-only file system", "/a/temporary/name")


def test_a_model_that_cannot_be_written_after_all_is_kept(
    make_study_file, tmp_path, capsys, monkeypatch
):
    table, output = make_study_file().with_name("rows.parquet"), tmp_path / "gone" / "m.adan"
    monkeypatch.setattr("adan.cli.recogniser.check_output", lambda _: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    output.parent.touch()
    assert main(["train", str(table), "--classifier", "discriminant", "-o", str(output)]) == 2
    (kept,) = re.findall(r"it is kept as (\S+)\n", capsys.readouterr().err)
    assert main(["info", kept]) == 0


def test_json_for_programs(make_corpus, make_study_file, tmp_path, capsys):
    assert main(["info", str(OLD), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["utterances"] > 0
    corpus = make_corpus(n_each=2)
    (tmp_path / "audio" / "01-anger-0.wav").write_bytes(b"")
    assert main(["corpus", "check", str(corpus), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["rates"] == {"16000": 7}
    assert [*told["problems"].values()] == ["empty"]
    run = str(tmp_path / "run")
    Store(run).claim(cells_to_do())
    assert main(["study", "status", run, "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["done"], len(status["left"]), status["seconds_left"]) == ([], 1, None)


def cells_to_do():
    data = [{"corpus": "c", "features": "f", "subset": "all", "sha256": "0"}]
    study = {"seeds": 1, "normalisations": ["fold"]}
    settings = {"study": study, "methods": {"none": {}}, "classifiers": {}}
    return {"data": data, "code": "0", "settings": settings}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["pr"], ["predict"]),
        (["study", "s"], ["status"]),
        (["-q", "study", "run", "--wor"], ["--workers"]),
        (["info", "--js"], ["--json"]),
        (["reproduce", "figure"], ["figure2", "figure3"]),
    ],
)
def test_a_shell_completes(typed, words, capsys):
    if not shutil.which("bash"):
        pytest.skip("needs bash")
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    script += f"COMP_WORDS=(adan {' '.join(typed)}); COMP_CWORD={len(typed)}; _adan\n"
    script += 'echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (words, "")


UNLEARNABLE = {
    "constant": (1.5, "all features are the same in each of 60 training vectors"),
    "constant but of one speaker": (
        [1.5] * 40 + [*range(20)],
        "all features are the same in each of 40 training vectors",
    ),
    "too large": ([0.5] * 59 + [1e39], "no finite number for the feature 'f0' of row 60"),
    "infinite": ([0.5] * 59 + [-np.inf], "no finite number for the feature 'f0' of row 60"),
}


@pytest.mark.parametrize("kind", UNLEARNABLE)
@pytest.mark.parametrize("classifier", ["auto", "svm", "discriminant"])
def test_features_of_which_nothing_can_be_learnt(make_rows, tmp_path, capsys, kind, classifier):
    values, words = UNLEARNABLE[kind]
    table = pd.DataFrame({"emotion": make_rows(n=60)[1], "speaker": np.repeat(["a", "b", "c"], 20)})
    table = table.assign(f0=values, f1=1.5).astype({"f0": float})
    table.to_csv(tmp_path / "t.csv", index=False)
    output = ["-o", str(tmp_path / "m.adan")]
    arguments = ["train", str(tmp_path / "t.csv"), "--classifier", classifier, *output]
    assert main(arguments) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("adan: error: ")
    assert words in told


def test_nothing_that_a_user_names_commands_the_terminal(tmp_path, capsys):
    table = pd.DataFrame({"emotion": ["\x1b[2Jjoy", "fear"] * 2, "speaker": ["a", "a", "b", "b"]})
    table.assign(f0=[0.5, 1.5, 2.5, 3.5]).to_csv(tmp_path / "t.csv", index=False)
    assert main(["corpus", "show", str(tmp_path / "t.csv")]) == 0
    output = ["-o", str(tmp_path / "m.adan")]
    assert main(["train", str(tmp_path / "t.csv"), "--classifier", "discriminant", *output]) == 0
    assert main(["predict", str(OLD), "\x1b]0;a title\x07.wav"]) == 2
    said = capsys.readouterr()
    assert "\\x1b[2Jjoy" in said.out
    bars = said.err.replace("\r", "\n")
    assert (said.out + bars).replace("\n", "").isprintable()
