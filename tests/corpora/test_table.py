import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adan.corpora.table_files import check_writable, read_table, write_table
from adan.errors import AdanError


@pytest.fixture
def make_table():
    def make(n_features: int = 3) -> pd.DataFrame:
        features = np.random.default_rng(0).normal(size=(4, n_features)).astype(np.float32)
        table = pd.DataFrame(
            {"emotion": list("abab"), "speaker": ["03", "03", "08", "08"], "take": [1, 2, 3, 4]},
            index=pd.Index(["u1", "u2", "u3", "04"], name="utterance"),
        )
        table["synthetic"] = [False, False, True, True]
        table[[f"f{i}" for i in range(n_features)]] = features
        return table

    return make


ABOUT = {"feature_set": "IS11", "opensmile": "2.6.0"}


def test_parquet_keeps_everything(tmp_path, make_table):
    """Which columns are features, too: not all that are floating-point are."""
    table, features = make_table(), ["f0", "f2"]
    write_table(table, tmp_path / "x.parquet", features=features, about=ABOUT)
    again = read_table(tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(again.table, table, check_index_type=False)
    assert (again.table.dtypes.tail(3) == np.float32).all()
    assert (again.features, again.about) == (features, ABOUT)


def test_csv_keeps_the_numbers_the_text_and_the_features(tmp_path, make_table):
    table, features = make_table(), ["f1", "f2"]
    write_table(table, tmp_path / "x.CSV", features=features, about=ABOUT)
    again = read_table(tmp_path / "x.CSV")
    assert again.table.index.tolist() == table.index.tolist()
    assert again.table.dtypes.map(lambda dtype: dtype.kind).tolist() == list("OOibfff")
    pd.testing.assert_frame_equal(
        again.table.astype(dict.fromkeys(["f0", "f1", "f2"], np.float32)),
        table,
        check_exact=True,
        check_index_type=False,
    )
    assert (again.features, again.about) == (features, {"feature_set": "IS11"})


def test_files_from_before_features_had_names(tmp_path, make_table):
    """The metadata were the provenance alone, and the floating-point columns the features."""
    table = make_table(2)
    write_table(table, tmp_path / "x.parquet", about=ABOUT)
    again = read_table(tmp_path / "x.parquet")
    assert (again.features, again.about) == (["f0", "f1"], ABOUT)


@pytest.mark.parametrize("metadata", [b"[1]", b"no JSON", b'{"features": ["absent"]}'])
def test_metadata_of_others_are_left_alone(tmp_path, metadata):
    table = pa.table({"emotion": ["joy"], "x": [0.5]}).replace_schema_metadata({"adan": metadata})
    pq.write_table(table, tmp_path / "x.parquet")
    again = read_table(tmp_path / "x.parquet")
    assert (again.features, again.about) == (["x"], {})


def test_a_table_of_any_origin_needs_no_names(tmp_path):
    pd.DataFrame({"label": [0, 1], "x": [0.5, 1.5]}).to_parquet(tmp_path / "x.parquet")
    vectors = read_table(tmp_path / "x.parquet")
    assert vectors.table.index.name is None
    assert vectors.table.columns.tolist() == ["label", "x"]
    assert vectors.features == ["x"]


def test_pandas_own_parquet_with_an_index(tmp_path, make_table):
    make_table().to_parquet(tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").table.index.tolist() == ["u1", "u2", "u3", "04"]


@pytest.mark.parametrize("name", ["x.parquet", "x.csv"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00garbage\n\x00,,\n,,,,,"])
def test_damaged_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AdanError, match=rf"{name} cannot be read as"):
        read_table(tmp_path / name)


def test_truncated_parquet(tmp_path, make_table):
    path = tmp_path / "x.parquet"
    write_table(make_table(), path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(AdanError, match="cannot be read as parquet"):
        read_table(path)


def test_missing_file(tmp_path):
    with pytest.raises(AdanError, match=r"x\.csv is not there"):
        read_table(tmp_path / "x.csv")


def test_unknown_suffix(tmp_path, make_table):
    for touch in (read_table, check_writable, lambda path: write_table(make_table(), path)):
        with pytest.raises(AdanError, match=r"x\.xlsx: a table's name must end in"):
            touch(tmp_path / "x.xlsx")


@pytest.mark.parametrize("place", ["file/x.parquet", "file/deep/x.parquet", "folder.parquet"])
def test_place_that_cannot_be_written(tmp_path, make_table, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder.parquet").mkdir()
    for touch in (check_writable, lambda path: write_table(make_table(), path)):
        with pytest.raises(AdanError, match="cannot be written"):
            touch(tmp_path / place)


def test_place_that_can_be_written_is_left_alone(tmp_path):
    check_writable(tmp_path / "new" / "x.csv")
    assert not list(tmp_path.iterdir())


MEASURE = """
import resource, sys
import pyarrow.parquet
from adan.corpora import read_corpus

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak()
X = read_corpus(sys.argv[1]).X
print((peak() - before) / X.nbytes, X.shape, X.dtype, float(X[-1, -1]))
"""


def test_a_big_table_is_held_once(tmp_path):
    n, d = 4000, 6373
    columns = {f"f{i}": np.full(n, i, np.float32) for i in range(d)}
    known = {"emotion": np.resize(["anger", "fear"], n), "speaker": np.resize(["a", "b", "c"], n)}
    pq.write_table(pa.table(known | columns), tmp_path / "big.parquet", use_dictionary=[*known])
    command = [sys.executable, "-c", MEASURE, tmp_path / "big.parquet"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ratio, rest = told.split(maxsplit=1)
    assert rest.strip() == "(4000, 6373) float32 6372.0"
    assert float(ratio) < 1.5


def test_parquet_of_any_origin_keeps_its_types_and_order(tmp_path):
    mixed = pd.DataFrame(
        {
            "a": np.array([1.5, np.nan], np.float32),
            "emotion": ["anger", "fear"],
            "b": [0.1, 0.2],
            "take": [1, 2],
            "c": np.array([3, 4], np.float32),
        }
    )
    mixed.to_parquet(tmp_path / "mixed.parquet", row_group_size=1)
    pd.testing.assert_frame_equal(read_table(tmp_path / "mixed.parquet").table, mixed)
