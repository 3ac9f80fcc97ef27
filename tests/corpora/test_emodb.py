import itertools
import os
import subprocess
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from adan.cli import main
from adan.corpora.emodb import AUDIO_SHA256, BUNDLED, COUNTS, bundled, load_emodb, read_emodb
from adan.corpora.table_files import read_table
from adan.errors import AdanError


@pytest.fixture(scope="module")
def shipped():
    return load_emodb()


def test_reads_the_folder_of_the_wav_files_and_the_one_above(make_emodb_folder):
    folder = make_emodb_folder("emodb/wav")
    corpus = read_emodb(folder)
    assert corpus.name == "emodb"
    assert corpus.table.index.is_monotonic_increasing
    row = corpus.table.loc["03a01Fa"]
    assert row["file"] == str(folder / "03a01Fa.wav")
    told = ["emotion", "speaker", "text", "version", "gender", "age"]
    assert row[told].tolist() == ["happiness", "03", "a01", "a", "male", 31]
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


def test_shipped_table(shipped):
    assert shipped.data.shape == (535, 4368)
    assert shipped.data.dtype == np.float32
    assert shipped.data.flags.c_contiguous
    assert shipped.data.flags.writeable
    assert np.isfinite(shipped.data).all()
    assert (np.ptp(shipped.data, axis=0) > 0).all()
    assert Counter(shipped.target.tolist()) == COUNTS["emotion"]
    assert Counter(shipped.groups.tolist()) == COUNTS["speaker"]
    assert shipped.target_names == sorted(set(shipped.target))
    assert len(set(shipped.utterances)) == 535
    assert len(set(shipped.feature_names)) == 4368
    assert shipped.frame is None
    assert "CC0" in shipped.DESCR


def test_shipped_file_is_small_and_tells_where_it_is_from(shipped):
    assert os.path.getsize(shipped.filename) <= 10_000_000
    provenance = pq.read_schema(shipped.filename).metadata[b"adan"].decode()
    for fact in ('"feature_set": "IS11"', '"opensmile": "2.', AUDIO_SHA256, "CC0-1.0"):
        assert fact in provenance


def test_load_emodb_as_frame(shipped):
    bunch = load_emodb(as_frame=True)
    assert np.array_equal(bunch.data, shipped.data)
    assert bunch.data.columns.tolist() == shipped.feature_names
    assert bunch.target.tolist() == bunch.frame["emotion"].tolist()
    assert bunch.groups.index.equals(bunch.data.index)
    assert bunch.frame.shape == (535, 4374)
    men = bunch.frame.loc[bunch.frame["gender"] == "male", "speaker"]
    assert sorted(men.unique()) == ["03", "10", "11", "12", "15"]


def test_load_emodb_return_x_y(shipped):
    X, y = load_emodb(return_X_y=True)
    assert np.array_equal(X, shipped.data)
    assert np.array_equal(y, shipped.target)
    frame, series = load_emodb(return_X_y=True, as_frame=True)
    assert np.array_equal(frame, X)
    assert series.name == "emotion"


def test_real_corpus_is_the_shipped_one(emodb, shipped):
    table = read_emodb(emodb).table
    assert table.index.tolist() == shipped.utterances.tolist()
    assert table["emotion"].tolist() == shipped.target.tolist()
    assert table["speaker"].tolist() == shipped.groups.tolist()


def test_listeners_of_the_real_corpus(emodb):
    table = read_emodb(emodb).table
    assert table["recognised"].mean() == pytest.approx(93.54, abs=0.005)
    assert table.groupby("emotion")["recognised"].mean().mean() == pytest.approx(92.96, abs=0.005)


def test_the_listening_test_is_read_beside_the_audio_or_above(make_emodb_folder):
    folder = make_emodb_folder()
    assert "recognised" not in read_emodb(folder).table
    rows = "Nr.\tSatz\terkannt\tnatuerlich\n1\t03a01Fa.wav\t65,00 \t35,00\n"
    (folder.parent / "erkennung.txt").write_text(rows, encoding="latin-1")
    recognised = read_emodb(folder).table["recognised"].dropna()
    assert recognised.to_dict() == {"03a01Fa": 65.0}
    (folder.parent / "erkennung.txt").write_text(rows.replace("65,00", "most"))
    with pytest.raises(AdanError, match=r"erkennung.txt cannot be read as a listening test"):
        read_emodb(folder)


def test_audio_gives_the_same_numbers(emodb, shipped, audio_extra):
    """Bit for bit, on every tenth utterance; the digest of all audio is in the next test."""
    from adan.features import extract

    files = read_emodb(emodb).table["file"][::10]
    assert np.array_equal(extract(files, "IS11").table, shipped.data[::10])


@pytest.fixture
def tool():
    """The tool that makes the bundled features."""
    path = Path(__file__).parents[2] / "tools" / "bundle_emodb.py"
    specification = spec_from_file_location("bundle_emodb", path)
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_tool_makes_the_table_again(tool, emodb, shipped, audio_extra, tmp_path, monkeypatch):
    """With the vectors taken from the table, for openSMILE would need 12 s."""
    from adan.features import extraction, functionals

    vectors = iter(shipped.data)
    monkeypatch.setattr(functionals, "_functionals", lambda *_: next(vectors))
    monkeypatch.setattr(extraction.os, "cpu_count", lambda: 1)
    tool.bundle(emodb, tmp_path / "again.parquet")
    again = read_table(tmp_path / "again.parquet")
    assert again.table.equals(read_table(BUNDLED).table)
    assert {**again.about, "skipped": {}} == {**bundled().about, "skipped": {}}


def test_the_tool_refuses_other_audio(tool, emodb, audio_extra, tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "AUDIO_SHA256", "another")
    monkeypatch.setattr(
        "adan.features.functionals._functionals", lambda *_: np.zeros(4368, np.float32)
    )
    with pytest.raises(AdanError, match="other audio"):
        tool.bundle(emodb, tmp_path / "again.parquet")
    assert not (tmp_path / "again.parquet").exists()


def test_the_tool_needs_a_folder(tmp_path):
    path = Path(__file__).parents[2] / "tools" / "bundle_emodb.py"
    command = [sys.executable, str(path), str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nowhere is not there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--skip-speakers", "--features-from=F0*", "--with=a=b"])
def test_the_bundled_features_have_no_options(tmp_path, capsys, option):
    assert main(["train", "emodb", option, "-o", str(tmp_path / "model.adan")]) == 2
    assert "emodb, the bundled features, has no option" in capsys.readouterr().err
