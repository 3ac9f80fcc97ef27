import pandas as pd
import pytest

from adan.corpora import Corpus, read_corpus
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
        ("emotion,speaker\njoy,01\n", "no column 'file'"),
        ("file,speaker\na.wav,01\n", "no column 'emotion'"),
        ("file,emotion\na.wav,joy\n", "no column 'speaker'"),
        ("file,emotion,speaker\na.wav,,01\n", "no emotion for a"),
        ("file,emotion,speaker\n,joy,01\n", "rows without a file"),
        ("file,emotion,speaker\nx/a.wav,joy,01\ny/a.wav,joy,01\n", "two utterances named a"),
    ],
)
def test_what_is_wrong_is_named(make_csv, text, message):
    with pytest.raises(AdanError, match=message):
        read_corpus(make_csv(text))


def test_missing_table(tmp_path):
    with pytest.raises(AdanError, match=r"no\.csv is not there"):
        read_corpus(tmp_path / "no.csv")


def test_corpus_is_frozen():
    corpus = Corpus("x", pd.DataFrame({"emotion": ["joy"], "speaker": ["1"]}, index=["a"]))
    with pytest.raises(AttributeError):
        corpus.name = "y"
