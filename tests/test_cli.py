"""The command line as its users call it."""

import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from adan.cli import main
from adan.corpora.table_files import read_table


def adan(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "adan", *map(str, arguments)], capture_output=True, text=True
    )


def test_version_and_help_are_quick_and_import_no_torch():
    started = time.perf_counter()
    assert adan("--help").returncode == 0
    assert time.perf_counter() - started < 2
    code = "import sys, adan.cli; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert adan("--version").stdout.startswith("adan 0.")


@pytest.mark.usefixtures("audio_extra")
@pytest.mark.parametrize("method", ["adan", "smote"])
def test_from_audio_to_an_augmented_table(make_corpus, tmp_path, method):
    corpus = make_corpus(n_each=3)
    features, augmented = tmp_path / "x.parquet", tmp_path / "y.parquet"
    result = adan("extract", corpus, "--features", "egemapsv02", "-o", features)
    assert result.returncode == 0, result.stderr
    epochs = ["--epochs", 2] if method == "adan" else []
    result = adan("augment", features, "--method", method, *epochs, "--times", 2, "-o", augmented)
    assert result.returncode == 0, result.stderr
    assert "12 real and 24 synthetic rows" in result.stdout
    table = read_table(augmented)
    assert table["synthetic"].sum() == 24
    assert table["emotion"].value_counts().to_dict() == {"anger": 18, "sadness": 18}
    real = read_table(features)
    pd.testing.assert_frame_equal(
        table.query("not synthetic")[real.columns], real, check_dtype=False
    )


@pytest.mark.usefixtures("audio_extra")
def test_from_emodb_audio_to_features(emodb, tmp_path):
    audio = sorted((emodb / "wav").glob("*.wav"))[::90]
    table = pd.DataFrame(
        {
            "file": audio,
            "emotion": [p.stem[5] for p in audio],
            "speaker": [p.stem[:2] for p in audio],
        }
    )
    table.to_csv(tmp_path / "some.csv", index=False)
    output = tmp_path / "x.parquet"
    result = adan("extract", tmp_path / "some.csv", "-o", output)
    assert result.returncode == 0, result.stderr
    assert "6 utterances, 4368 features" in result.stdout
    assert read_table(output).shape == (6, 4368 + 3)


@pytest.mark.usefixtures("audio_extra")
def test_bad_audio_is_named_or_skipped(make_corpus, tmp_path):
    corpus = make_corpus()
    (tmp_path / "audio/01-anger-0.wav").write_bytes(b"")
    output = tmp_path / "x.parquet"
    result = adan("extract", corpus, "--features", "eGeMAPSv02", "-o", output)
    assert result.returncode == 2
    assert "01-anger-0.wav: empty" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not output.exists()
    result = adan("extract", corpus, "--features", "eGeMAPSv02", "--skip-bad", "-o", output)
    assert result.returncode == 0
    assert "left out" in result.stderr
    assert "3 utterances" in result.stdout


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


def test_ctrl_c_keeps_what_was_finished_and_exits_130(tmp_path):
    command = [sys.executable, "-m", "adan", "reproduce", "table1", "--quick", "-o", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.glob("cells/*.parquet")):
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.endswith("adan: interrupted; what was finished is kept\n")
    assert "| SVM with IS11 | 80.56 |  | 8" in (tmp_path / "table1.md").read_text()
    assert not list(tmp_path.rglob(".*"))
