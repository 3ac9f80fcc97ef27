import re

import numpy as np
import pandas as pd
import pytest

from adan.cli import main
from adan.corpora import Corpus, known_corpora, read_corpus
from adan.corpora.table_files import write_table
from adan.errors import AdanError


@pytest.fixture
def make_csv(tmp_path):
    def make(text: str):
        (tmp_path / "my.csv").write_text(text)
        return tmp_path / "my.csv"

    return make


def test_folder_is_emodb(make_emodb_folder):
    assert read_corpus(make_emodb_folder()).name == "emodb"


def test_table_of_files(make_csv, tmp_path):
    path = make_csv("file,emotion,speaker,session\nwav/a.wav,joy,01,1\n/b.wav,fear,02,2\n")
    corpus = read_corpus(path)
    assert corpus.name == "my"
    assert corpus.table.index.tolist() == ["a", "b"]
    assert corpus.table["file"].tolist() == [str(tmp_path / "wav/a.wav"), "/b.wav"]
    assert corpus.table["speaker"].tolist() == ["01", "02"]
    assert corpus.table["session"].tolist() == ["1", "2"]


def test_table_with_names_of_its_own(make_csv):
    path = make_csv("utterance,file,emotion,speaker\n007,x/a.wav,joy,01\n008,y/a.wav,fear,02\n")
    assert read_corpus(path).table.index.tolist() == ["007", "008"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "my.csv cannot be read as csv"),
        ("file,emotion,speaker\n", "my has no utterances"),
        ("emotion,speaker\njoy,01\n", r"no column 'file' .*\(it has emotion, speaker\)"),
        ("file/emotion/speaker\na.wav/joy/01\n", r"\(it has file/emotion/speaker\)"),
        ("file,speaker\na.wav,01\n", r"no column 'emotion' \(it has file, speaker\)"),
        ("file,emotion\na.wav,joy\n", r"no column 'speaker' \(it has file, emotion\)"),
        ("file,emotion,speaker\na.wav,joy,01,9\n", "a row has more values than the header"),
        ("file,emotion,speaker\na.wav,joy,01\nb.wav,joy,01,9\n", "Expected 3 fields in line 3"),
        ("file,emotion,speaker\na.wav,,01\n", "no emotion for a"),
        ("file,emotion,speaker\n,joy,01\n", "rows without a file"),
        ("file,emotion,speaker\nx/a.wav,joy,01\ny/a.wav,joy,01\n", "two utterances named a"),
        ("utterance,file,emotion,speaker\n,a.wav,joy,01\n", "no utterance in row 1"),
        ("utterance,file,emotion,speaker\na,x,joy,01\na,y,joy,01\n", "two utterances named a"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(make_csv, capsys, text, message):
    assert main(["corpus", "check", str(make_csv(text))]) == 2
    err = capsys.readouterr().err
    assert re.search(message, err)
    assert err.count("\n") == 1


def test_empty_columns_at_the_end_are_nobodys_names(make_csv):
    path = make_csv("file,emotion,speaker\na.wav,joy,01,\nb.wav,fear,02,\n")
    assert read_corpus(path).table["emotion"].tolist() == ["joy", "fear"]


def test_missing_table(tmp_path):
    with pytest.raises(AdanError, match=r"no\.csv is not there"):
        read_corpus(tmp_path / "no.csv")


def test_corpus_is_frozen():
    corpus = Corpus("x", pd.DataFrame({"emotion": ["joy"], "speaker": ["1"]}, index=["a"]))
    with pytest.raises(AttributeError):
        corpus.name = "y"


def test_table_of_features(tmp_path):
    table = pd.DataFrame(
        {"emotion": ["joy", "fear"], "speaker": [1, 2], "session": [1, 2], "x0": [0.5, 1.5]}
    )
    table.to_parquet(tmp_path / "x.parquet")
    corpus = read_corpus(tmp_path / "x.parquet")
    assert corpus.table.index.tolist() == ["0", "1"]
    assert corpus.table["speaker"].tolist() == corpus.table["session"].tolist() == ["1", "2"]
    assert corpus.features == ["x0"]


@pytest.mark.parametrize("gap", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_table_of_features_with_a_gap(tmp_path, name, gap):
    table = pd.DataFrame({"emotion": ["joy", "fear"], "speaker": ["1", "2"], "x": [0.5, gap]})
    write_table(table, tmp_path / name)
    with pytest.raises(AdanError, match="no finite number for the feature 'x' of row 2"):
        read_corpus(tmp_path / name)


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_features_that_a_table_names_go_before_its_audio(tmp_path, name):
    """Other columns may have fractions, and what has features needs no file."""
    table = pd.DataFrame(
        {
            "file": ["a.wav", None],
            "emotion": ["joy", "fear"],
            "speaker": ["1", "2"],
            "arousal": [0.1, 0.2],
            "x": [0.5, 1.5],
        },
        index=["a", "b"],
    )
    write_table(table, tmp_path / name, features=["x"], about={"feature_set": "mine"})
    corpus = read_corpus(tmp_path / name)
    assert (list(corpus.features), corpus.feature_set) == (["x"], "mine")
    assert corpus.X.tolist() == [[0.5], [1.5]]
    assert corpus.table["file"].isna().tolist() == [False, True]


def test_speaker_as_a_number_is_no_feature(tmp_path):
    table = pd.DataFrame({"emotion": ["joy", "fear"], "speaker": [1.0, np.nan], "x": [0.5, 1.5]})
    write_table(table, tmp_path / "x.parquet")
    with pytest.raises(AdanError, match="x has no speaker for 1: fill it in"):
        read_corpus(tmp_path / "x.parquet")


def test_table_of_no_features_at_all(tmp_path):
    table = pd.DataFrame({"emotion": ["joy"], "speaker": ["1"], "x": [0.5]})
    write_table(table.head(0), tmp_path / "x.parquet")
    with pytest.raises(AdanError, match="x has no utterances, and at least one is expected"):
        read_corpus(tmp_path / "x.parquet")


def test_unknown_folder_says_what_it_holds_and_lists_what_is_known(tmp_path):
    (tmp_path / "song.wav").touch()
    with pytest.raises(AdanError) as error:
        read_corpus(tmp_path)
    assert "it holds song.wav" in str(error.value)
    assert "\n" not in str(error.value)
    for name, how, _ in known_corpora():
        assert f"{name}: {how}" in str(error.value)


def test_emodb_is_the_bundled_features_wherever_a_corpus_is_named():
    assert read_corpus("emodb").feature_set == "IS11"


def test_unknown_file(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(AdanError, match=r"notes\.txt is not a folder or table"):
        read_corpus(tmp_path / "notes.txt")
    with pytest.raises(AdanError, match="nowhere is not there"):
        read_corpus(tmp_path / "nowhere")


def test_options_are_those_of_the_corpus(make_csv, make_emodb_folder):
    path = make_csv("file,emotion,speaker\na.wav,joy,01\n")
    with pytest.raises(
        AdanError, match="'part' is not an option of a table: choose one of features_from"
    ):
        read_corpus(path, part="improvised")
    folder = make_emodb_folder()
    with pytest.raises(AdanError, match="not an option of EmoDB: choose one of check_counts"):
        read_corpus(folder, part="improvised")
    with pytest.raises(AdanError, match="check_counts='nope' is of no use: give yes"):
        read_corpus(folder, check_counts="nope")


@pytest.fixture
def make_corpus_of():
    """A corpus of emotions and speakers given as text, an utterance a letter."""

    def make(emotions: str, speakers: str) -> Corpus:
        return Corpus("x", pd.DataFrame({"emotion": list(emotions), "speaker": list(speakers)}))

    return make


def test_groups_that_a_study_can_leave_out(make_corpus_of):
    make_corpus_of("abab", "1122").require_groups()


@pytest.mark.parametrize(
    ("emotions", "speakers", "message"),
    [
        ("abaa", "1122", r"speaker 2 with one emotion only \(a\).*at least two of each: leave"),
        ("aabbab", "112233", r"1 with one emotion only \(a\), 2 with one emotion only \(b\)"),
        ("abab", "1111", r"one speaker only \(1\)"),
    ],
)
def test_groups_that_a_study_cannot_leave_out(make_corpus_of, emotions, speakers, message):
    with pytest.raises(AdanError, match=message):
        make_corpus_of(emotions, speakers).require_groups()


def test_groups_by_session(make_corpus_of):
    corpus = make_corpus_of("abab", "1234")
    with pytest.raises(AdanError, match=r"no column 'session' \(it has emotion, speaker\)"):
        corpus.require_groups("session")
    corpus.table["session"] = ["s", "s", "t", None]
    with pytest.raises(AdanError, match="no session for 3"):
        corpus.require_groups("session")
    corpus.table["session"] = ["s", "s", "t", "t"]
    corpus.require_groups("session")
