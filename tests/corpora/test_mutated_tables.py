"""Whatever a table holds, a command ends well or with one line that says what is wrong."""

import random
import warnings

import numpy as np
import pandas as pd
import pytest

from adan.cli import main
from adan.corpora.table_files import write_table

CELLS = [b"", b"NA", b"nan", b"--undefined--", b"=1+1", b"1e39", b"-1", b"9" * 400, b"\xe4", b"\0"]
CELLS += [b'"', b"\xed\xa0\x80", b"True", b"0 days 00:00:01.5", b"1,5"]
N_TABLES = 60


@pytest.fixture
def tables(tmp_path, make_audio, make_signal):
    """Sound tables: of audio, of segments, of features, of both."""
    for name in "ab":
        make_audio(f"{name}.wav", make_signal(2))
    rows = pd.DataFrame({"file": ["a.wav", "b.wav"] * 4, "emotion": list("jjff") * 2})
    rows["speaker"] = list("xyyxxyyx")
    rows.index = [f"u{i}" for i in range(8)]
    segments = rows.assign(start=np.arange(8) / 8, end=np.arange(8) / 8 + 1.0)
    numbers = pd.DataFrame(np.random.default_rng(0).normal(size=(8, 3)), rows.index, list("pqr"))
    features = pd.concat([rows.drop(columns="file"), numbers], axis=1)
    write_table(segments, tmp_path / "segments.csv")
    write_table(features, tmp_path / "plain.csv")
    write_table(features, tmp_path / "named.csv", features=list("pqr"), about={"rate": 16000})
    write_table(features, tmp_path / "named.parquet", features=list("pqr"))
    return [*tmp_path.glob("*.csv"), *tmp_path.glob("*.parquet")]


def mutated(content: bytes, is_text: bool, rng: random.Random) -> bytes:
    """Return a table with one to three things wrong with it."""
    for _ in range(rng.randint(1, 3)):
        if is_text and rng.random() < 0.8:
            lines = content.split(b"\n")
            line = rng.randrange(len(lines))
            cells = lines[line].split(b",")
            cells[rng.randrange(len(cells))] = rng.choice(CELLS)
            lines[line] = rng.choice([b",", b",", b",", b";", b"\t"]).join(cells)
            if rng.random() < 0.2:
                lines.insert(line, rng.choice(lines))
            content = b"\n".join(lines)
        else:
            place = rng.randrange(len(content))
            changed = rng.choice([b"", b"\x00", b"\xff\xff", content[:place], rng.randbytes(9)])
            content = content[:place] + changed + content[place + rng.randrange(9) :]
    return content


@pytest.mark.usefixtures("audio_extra")
@pytest.mark.parametrize("seed", range(N_TABLES))
def test_no_table_ends_in_a_traceback(tables, tmp_path, capsys, seed):
    rng = random.Random(seed)
    good = rng.choice(sorted(tables))
    bad = tmp_path / f"bad{good.suffix}"
    bad.write_bytes(mutated(good.read_bytes(), good.suffix == ".csv", rng))
    out = ["-o", str(tmp_path / "out.parquet")]
    for command in (
        ["corpus", "check", str(bad)],
        ["extract", str(bad), "--features", "eGeMAPSv02", *out],
        ["augment", str(bad), "--method", "duplication", "--times", "1", *out],
        ["train", str(bad), "--features-from", "p,q,r", "--classifier", "svm", *out],
    ):
        with warnings.catch_warnings(action="error", category=RuntimeWarning):
            code = main(command)
        told = capsys.readouterr().err
        assert code in (0, 2), (command, told)
        assert (code == 2) == told.count("adan: error: "), (command, told)
        assert "Traceback" not in told
