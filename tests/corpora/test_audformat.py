import sys
from pathlib import Path

import pytest

from adan.corpora import read_audb, read_audformat, read_corpus
from adan.errors import AdanError

audformat = pytest.importorskip("audformat", reason="needs adan[audb]")

FILES = ["audio/a.wav", "audio/b.wav", "audio/c.wav"]


@pytest.fixture
def make_database(tmp_path, make_audio):
    """A database in audformat whose emotions and speakers are in different tables."""

    def make(emotion: str = "emotion", labels=("joy", "fear", "joy"), speakers=(1, 2, 1)):
        for number, file in enumerate(FILES):
            make_audio(f"db/{file}", rate=8000 + number)
        db = audformat.Database("mine")
        db.schemes[emotion] = audformat.Scheme(labels=["joy", "fear"])
        db.schemes["speaker"] = audformat.Scheme(labels=[1, 2])
        index = audformat.filewise_index(FILES)
        for table, scheme, values in (("gold", emotion, labels), ("files", "speaker", speakers)):
            db[table] = audformat.Table(index)
            db[table][scheme] = audformat.Column(scheme_id=scheme)
            db[table][scheme].set(list(values))
        segments = audformat.segmented_index(FILES[:1], ["0s"], ["0.2s"])
        db["parts"] = audformat.Table(segments)
        db["parts"]["mood"] = audformat.Column()
        db["parts"]["mood"].set(["joy"])
        db.save(tmp_path / "db")
        return tmp_path / "db"

    return make


def test_database_on_disk(make_database):
    folder = make_database()
    corpus = read_corpus(folder)
    assert corpus.name == "mine"
    assert corpus.table.columns.tolist() == ["file", "emotion", "speaker"]
    assert corpus.table.index.tolist() == ["a", "b", "c"]
    assert corpus.table["file"].tolist() == [str(folder / file) for file in FILES]
    assert corpus.table["emotion"].tolist() == ["joy", "fear", "joy"]
    assert corpus.table["speaker"].tolist() == ["1", "2", "1"]


def test_schemes_by_other_names(make_database):
    folder = make_database("affect")
    with pytest.raises(AdanError, match=r"no labels 'emotion' \(its schemes are affect, speaker\)"):
        read_corpus(folder)
    assert read_corpus(folder, emotion="affect").table["emotion"].tolist() == ["joy", "fear", "joy"]


def test_file_without_an_emotion_is_left_out(make_database):
    corpus = read_audformat(make_database(labels=("joy", None, "fear")))
    assert corpus.table.index.tolist() == ["a", "c"]


def test_file_without_a_speaker(make_database):
    with pytest.raises(AdanError, match="mine has no speaker for b"):
        read_audformat(make_database(speakers=(1, None, 2)))


def test_tables(make_database):
    folder = make_database()
    assert len(read_audformat(folder, table="gold").table) == 3
    with pytest.raises(AdanError, match="no table 'silver': choose one of files, gold, parts"):
        read_audformat(folder, table="silver")


def test_segments(make_database):
    folder = make_database()
    table = read_audformat(folder, emotion="mood").table
    assert table.index.tolist() == ["a_0.0-0.2"]
    assert table[["start", "end"]].to_numpy().tolist() == [[0.0, 0.2]]
    assert table[["file", "emotion"]].to_numpy().tolist() == [[str(folder / FILES[0]), "joy"]]
    assert table["speaker"].tolist() == ["1"]


def test_damaged_database(make_database):
    folder = make_database()
    (folder / "db.yaml").write_text("{")
    with pytest.raises(AdanError, match="cannot be read as an audformat database") as error:
        read_corpus(folder)
    assert "\n" not in str(error.value)


def test_packages_missing(make_database, monkeypatch):
    folder = make_database()
    for package in ("audformat", "audb"):
        monkeypatch.setitem(sys.modules, package, None)
    for read, what in ((read_audformat, folder), (read_audb, "mine")):
        with pytest.raises(AdanError, match=r"not installed: pip install 'adan\[audb\]'"):
            read(what)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder as audb's one repository."""
    audb = pytest.importorskip("audb", reason="needs adan[audb]")
    (tmp_path / "host" / "repo").mkdir(parents=True)
    repository = audb.Repository("repo", str(tmp_path / "host"), "file-system")
    monkeypatch.setattr(audb.config, "REPOSITORIES", [repository])
    monkeypatch.setattr(audb.config, "CACHE_ROOT", str(tmp_path / "audb"))
    monkeypatch.setattr(audb.config, "SHARED_CACHE_ROOT", str(tmp_path / "shared"))
    return repository


def test_database_by_name(make_database, repository, tmp_path):
    import audb

    audb.publish(make_database(), "1.0.0", repository, verbose=False)
    for name in ("audb:mine", "audb:mine@1.0.0"):
        table = read_corpus(name).table
        assert table[["emotion", "speaker"]].to_numpy().tolist() == [
            ["joy", "1"],
            ["fear", "2"],
            ["joy", "1"],
        ]
        assert all(str(tmp_path / "audb") in file for file in table["file"])
        assert all(Path(file).is_file() for file in table["file"])
    with pytest.raises(AdanError, match="audb:mine cannot be read"):
        read_corpus("audb:mine@9.0.0")
    with pytest.raises(AdanError, match="audb:yours cannot be read"):
        read_corpus("audb:yours")
