import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adan.corpora import Vectors, read_corpus
from adan.corpora.table_files import check_writable, choose_features, read_table, write_table
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


def test_csv_keeps_the_rate_of_the_audio(tmp_path, make_table):
    """To which a recogniser brings recordings."""
    about = {"feature_set": "IS11", "rate": 8000}
    write_table(make_table(), tmp_path / "x.csv", features=["f0"], about=about)
    assert read_table(tmp_path / "x.csv").about == about


def test_files_from_before_features_had_names(tmp_path, make_table):
    """The metadata were the provenance alone, and the floating-point columns the features."""
    table = make_table(2)
    write_table(table, tmp_path / "x.parquet", about=ABOUT)
    again = read_table(tmp_path / "x.parquet")
    assert (again.features, again.about) == (["f0", "f1"], ABOUT)


@pytest.mark.parametrize(
    "metadata",
    [
        *(b"[1]", b"null", b"no JSON", b'{"features": ["absent"]}', b'{"features": 3}'),
        *(b'{"feature_set": 5}', b'{"rate": "16 kHz"}'),
    ],
)
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


def test_text_of_bytes_that_are_none_is_refused(tmp_path):
    words = pa.Array.from_buffers(
        pa.string(),
        2,
        [None, pa.array([0, 3, 6], pa.int32()).buffers()[1], pa.py_buffer(b"joyan\xff")],
    )
    pq.write_table(pa.table({"emotion": words, "f": [0.5, 1.5]}), tmp_path / "x.parquet")
    with pytest.raises(AdanError, match=r"x\.parquet cannot be read as parquet: .*Invalid UTF8"):
        read_table(tmp_path / "x.parquet")


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


ROWS = [["a.wav", "joy", "01", "0.5", "3"], ["b.wav", "fear", "02", "1.5", "4"]]
HEADING = ["file", "emotion", "speaker", "pitch", "count"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_table_of_a_spreadsheet(tmp_path, separator, encoding):
    lines = [separator.join(row) for row in [HEADING, *ROWS]]
    (tmp_path / "x.csv").write_text("\r\n".join(lines).replace("joy", "fröhlich"), encoding)
    table = read_table(tmp_path / "x.csv").table
    assert table.columns.tolist() == HEADING
    assert table["emotion"].tolist() == ["fröhlich", "fear"]
    assert table["pitch"].tolist() == [0.5, 1.5]


@pytest.mark.parametrize(
    "lines", ["x;y\n0,5;2\n1,5;3\n", 'x\ty\n"0,5"\t2\n-1,5e0\t3\n', 'x,y\n"0,5",2\n']
)
def test_decimal_commas(tmp_path, lines):
    (tmp_path / "x.csv").write_text(lines)
    vectors = read_table(tmp_path / "x.csv")
    assert abs(vectors.table["x"].iloc[0]) == 0.5
    assert vectors.table.dtypes.map(lambda dtype: dtype.kind).tolist() == ["f", "i"]


def test_headings_in_capitals_or_padded(tmp_path):
    table = pd.DataFrame({"Emotion": ["joy", "fear"], " SPEAKER ": ["01", "02"], "Pitch": [0.5, 1]})
    table.to_parquet(tmp_path / "x.parquet")
    vectors = read_table(tmp_path / "x.parquet")
    assert vectors.table.columns.tolist() == ["emotion", "speaker", "Pitch"]
    assert [*vectors.features] == ["Pitch"]
    (tmp_path / "x.csv").write_text("Emotion, SPEAKER ,Pitch,,\njoy,01,0.5,,\nfear,02,1.5,,\n")
    assert read_table(tmp_path / "x.csv").table.columns.tolist() == ["emotion", "speaker", "Pitch"]
    (tmp_path / "x.csv").write_text("emotion,Emotion\njoy,fear\n")
    with pytest.raises(AdanError, match="two columns are called 'emotion'"):
        read_table(tmp_path / "x.csv")


def test_text_of_another_encoding(tmp_path):
    (tmp_path / "x.csv").write_text("emotion,speaker\nÄrger,01\n", "cp1252")
    with pytest.raises(AdanError, match="another encoding than UTF-8 and UTF-16: save"):
        read_table(tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["NA", "None", "nan", "null", "N/A"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_any_word_is_a_label(tmp_path, name, suffix):
    table = pd.DataFrame({"emotion": [name, "joy"], "speaker": ["x", name], "x": [0.5, 1.5]})
    write_table(table, tmp_path / f"x.{suffix}", features=["x"])
    again = read_corpus(tmp_path / f"x.{suffix}").table
    assert again["emotion"].tolist() == [name, "joy"]
    assert again["speaker"].tolist() == ["x", name]


LIVE = ["=1+1", "+cmd|'x'!A0", "-2+3", "@SUM(A1)", "\t=1", "'=1"]


def test_text_is_no_formula_in_a_spreadsheet(tmp_path):
    table = pd.DataFrame({"emotion": LIVE, "speaker": ["-1", *"abcde"], "=x": [-0.5, *range(5)]})
    table.index = pd.Index(LIVE, name="utterance")
    write_table(table, tmp_path / "x.csv", features=["=x"])
    cells = pd.read_csv(tmp_path / "x.csv", dtype=str).T.reset_index().T
    live = cells.map(lambda cell: str(cell)[0] in "=+-@\t")
    assert cells.to_numpy()[live.to_numpy()].tolist() == ["-1", "-0.5"]
    again = read_table(tmp_path / "x.csv").table
    assert again.index.tolist() == again["emotion"].tolist() == LIVE
    assert again["=x"].tolist() == table["=x"].tolist()


def features_of_table(tmp_path, columns, features_from=None):
    """Read which columns of twelve rows are features."""
    labels = {"emotion": ["joy", "fear"] * 6, "speaker": list("aabbccddeeff")}
    path = tmp_path / "mine.csv"
    pd.DataFrame({**labels, "f1": np.linspace(0, 1, 12), **columns}).to_csv(path, index=False)
    return read_corpus(path, features_from=features_from)


WHOLE = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *[(name, np.linspace(0.1, 2, 12)) for name in ("duration", "Timestamp", "age", "label")],
        ("code", [0, 1] * 6),
        ("numbers", [0, 1] * 6),  # which repeat the emotions
        ("who", np.arange(12) // 2),  # and the speakers
        ("row number", range(1, 13)),
    ],
)
def test_what_is_known_to_be_something_else_is_no_feature(tmp_path, name, values):
    with pytest.warns(UserWarning, match=rf"takes f1 and not {name}; say which with --features"):
        assert features_of_table(tmp_path, {name: values}).features == ["f1"]


def test_whole_numbers_are_features(tmp_path):
    with pytest.warns(UserWarning, match="does not say which columns are features: takes f1, n"):
        assert features_of_table(tmp_path, {"n": WHOLE, "word": "x"}).features == ["f1", "n"]


@pytest.mark.parametrize(
    ("patterns", "features"),
    [("f*", ["f1", "f2"]), ("n,f1", ["f1", "n"]), ("!age,!n", ["f1", "f2", "duration"])],
)
def test_features_that_the_user_names(tmp_path, patterns, features, recwarn):
    columns = {"f2": WHOLE, "n": WHOLE, "duration": WHOLE, "age": 40}
    corpus = features_of_table(tmp_path, columns, patterns)
    assert [*corpus.features] == features
    assert corpus.X.shape == (12, len(features))
    assert not recwarn


@pytest.mark.parametrize("patterns", ["g*", "!g*", "!*"])
def test_features_that_are_not_there(tmp_path, patterns):
    with pytest.raises(AdanError, match=r"no column '!?g\*' to take|leaves no features"):
        features_of_table(tmp_path, {}, patterns)


def test_a_table_stays_as_it_was_read():
    table = pd.DataFrame({"emotion": ["joy", "fear"], "f": ["0.5", "1.5"]})
    chosen = choose_features(Vectors(table, ()), "x.csv", "f").table
    assert (table["f"].tolist(), chosen["f"].tolist()) == (["0.5", "1.5"], [0.5, 1.5])


@pytest.mark.parametrize("cell", ["--undefined--", "NA", "", "1.2.3", "inf", "1e+39"])
@pytest.mark.parametrize("features_from", [None, "f*"])
def test_a_bad_cell_is_named(tmp_path, cell, features_from):
    cells = ["0.5"] * 12
    cells[4] = cell
    with pytest.raises(AdanError, match="no finite number for the feature 'f2' of row 5") as error:
        features_of_table(tmp_path, {"f2": cells}, features_from)
    assert (cell or "empty") in str(error.value)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_bad_cell_among_features_that_the_table_names(tmp_path, suffix):
    table = pd.DataFrame({"emotion": ["joy"], "speaker": ["a"], "x": ["--undefined--"]})
    write_table(table, tmp_path / f"x.{suffix}", features=["x"])
    with pytest.raises(AdanError, match=r"feature 'x' of row 1 .*--undefined--"):
        read_corpus(tmp_path / f"x.{suffix}")


@pytest.mark.parametrize("ways", [["anger", "Anger"], ["anger", "anger "], ["\u00e4", "a\u0308"]])
@pytest.mark.parametrize("column", ["emotion", "speaker"])
def test_labels_that_differ_in_nothing_that_counts(tmp_path, ways, column):
    table = pd.DataFrame({"emotion": ["joy", "fear"], "speaker": ["a", "b"], "x": [0.5, 1.5]})
    table[column] = ways
    write_table(table, tmp_path / "x.parquet", features=["x"])
    with pytest.raises(AdanError, match=rf"has the {column}s .* and .*write it in one way"):
        read_corpus(tmp_path / "x.parquet")
