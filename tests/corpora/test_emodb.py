import itertools
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest

from adan.corpora import emodb as module
from adan.corpora.emodb import AUDIO_SHA256, COUNTS, load_emodb, read_emodb
from adan.corpora.table_files import feature_columns, read_table
from adan.errors import AdanError


@pytest.fixture(scope="module")
def embedded():
    return load_emodb()


def test_reads_the_folder_of_the_wav_files_and_the_one_above(make_emodb_folder):
    folder = make_emodb_folder("emodb/wav")
    corpus = read_emodb(folder)
    assert corpus.name == "emodb"
    assert corpus.table.index.is_monotonic_increasing
    row = corpus.table.loc["03a01Fa"]
    assert row["file"] == str(folder / "03a01Fa.wav")
    assert row[["emotion", "speaker", "text", "version"]].tolist() == [
        "happiness",
        "03",
        "a01",
        "a",
    ]
    assert read_emodb(folder.parent).table.equals(corpus.table)


def test_ignores_what_is_not_audio_and_the_case_of_the_suffix(make_emodb_folder):
    folder = make_emodb_folder()
    (folder / "03a01Fa.wav").rename(folder / "03a01Fa.WAV")
    (folder / "._03a01Nc.wav").touch()
    (folder / "readme.txt").touch()
    assert "03a01Fa" in read_emodb(folder).table.index


def test_paths_are_absolute(make_emodb_folder, monkeypatch):
    folder = make_emodb_folder("emodb")
    monkeypatch.chdir(folder.parent)
    assert os.path.isabs(read_emodb("emodb").table["file"].iloc[0])


def test_missing_folder(tmp_path):
    with pytest.raises(AdanError, match="nowhere is not there"):
        read_emodb(tmp_path / "nowhere")


def test_file_for_a_folder(make_emodb_folder):
    with pytest.raises(AdanError, match="is not a folder"):
        read_emodb(make_emodb_folder() / "03a01Fa.wav")


def test_wrong_level_says_what_it_holds(make_emodb_folder):
    folder = make_emodb_folder("corpora/emodb/wav")
    with pytest.raises(AdanError, match=r"no WAV files.*it holds emodb"):
        read_emodb(folder.parents[1])


def test_strange_name(make_emodb_folder):
    folder = make_emodb_folder()
    (folder / "noise.wav").touch()
    with pytest.raises(AdanError, match=r"not EmoDB's, such as noise\.wav"):
        read_emodb(folder)


def test_missing_file_is_told_by_emotion_and_speaker(make_emodb_folder):
    folder = make_emodb_folder()
    (folder / "16b10Wb.wav").unlink()
    message = "534 WAV files.*emotion anger has 126 instead of 127, speaker 16 has 70 instead of 71"
    with pytest.raises(AdanError, match=message):
        read_emodb(folder)


def test_edition_with_all_recordings_is_refused(tmp_path):
    names = itertools.product(COUNTS["speaker"], ("a01", "b10"), "WLEAFNT", "abcdef")
    for name in itertools.islice(names, 816):
        (tmp_path / f"{''.join(name)}.wav").touch()
    with pytest.raises(AdanError, match=r"all 816 recordings.*folder of the 535 originals"):
        read_emodb(tmp_path)


def test_embedded_table(embedded):
    assert embedded.data.shape == (535, 4368)
    assert embedded.data.dtype == np.float32
    assert embedded.data.flags.c_contiguous
    assert embedded.data.flags.writeable
    assert np.isfinite(embedded.data).all()
    assert (np.ptp(embedded.data, axis=0) > 0).all()
    assert Counter(embedded.target.tolist()) == COUNTS["emotion"]
    assert Counter(embedded.groups.tolist()) == COUNTS["speaker"]
    assert embedded.target_names == sorted(set(embedded.target))
    assert len(set(embedded.utterances)) == 535
    assert len(set(embedded.feature_names)) == 4368
    assert embedded.frame is None
    assert "CC0" in embedded.DESCR


def test_embedded_file_is_small_and_tells_where_it_is_from(embedded):
    assert os.path.getsize(embedded.filename) <= 10_000_000
    provenance = pq.read_schema(embedded.filename).metadata[b"adan"].decode()
    for fact in ('"feature_set": "IS11"', '"opensmile": "2.', AUDIO_SHA256, "CC0-1.0"):
        assert fact in provenance


def test_load_emodb_as_frame(embedded):
    bunch = load_emodb(as_frame=True)
    assert np.array_equal(bunch.data, embedded.data)
    assert bunch.data.columns.tolist() == embedded.feature_names == feature_columns(bunch.frame)
    assert bunch.target.tolist() == bunch.frame["emotion"].tolist()
    assert bunch.groups.index.equals(bunch.data.index)
    assert bunch.frame.shape == (535, 4372)


def test_load_emodb_return_x_y(embedded):
    X, y = load_emodb(return_X_y=True)
    assert np.array_equal(X, embedded.data)
    assert np.array_equal(y, embedded.target)
    frame, series = load_emodb(return_X_y=True, as_frame=True)
    assert np.array_equal(frame, X)
    assert series.name == "emotion"


def test_real_corpus_is_the_embedded_one(emodb, embedded):
    table = read_emodb(emodb).table
    assert table.index.tolist() == embedded.utterances.tolist()
    assert table["emotion"].tolist() == embedded.target.tolist()
    assert table["speaker"].tolist() == embedded.groups.tolist()


def test_audio_gives_the_same_numbers(emodb, embedded, audio_extra):
    """Bit for bit, on every tenth utterance; the digest of all audio is in the next test."""
    from adan.features import extract

    files = read_emodb(emodb).table["file"][::10]
    assert np.array_equal(extract(files, "IS11"), embedded.data[::10])


def test_embed_makes_the_table_again(emodb, embedded, audio_extra, tmp_path, monkeypatch):
    """With the vectors taken from the table, for openSMILE would need 12 s."""
    from adan.features import extraction

    vectors = iter(embedded.data)
    monkeypatch.setattr(extraction, "_functionals", lambda *_: next(vectors))
    monkeypatch.setattr(extraction.os, "cpu_count", lambda: 1)
    module.embed(emodb, tmp_path / "again.parquet")
    again, shipped = read_table(tmp_path / "again.parquet"), load_emodb(as_frame=True).frame
    assert again.equals(shipped)
    assert again.attrs == shipped.attrs


def test_embed_refuses_other_audio(emodb, audio_extra, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "AUDIO_SHA256", "another")
    monkeypatch.setattr(
        "adan.features.extraction._functionals", lambda *_: np.zeros(4368, np.float32)
    )
    with pytest.raises(AdanError, match="other audio"):
        module.embed(emodb, tmp_path / "again.parquet")
    assert not (tmp_path / "again.parquet").exists()


def test_command_needs_a_folder(tmp_path):
    command = [sys.executable, "-m", "adan.corpora.emodb", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nowhere is not there" in done.stderr
    assert "Traceback" not in done.stderr
