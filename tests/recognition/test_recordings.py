"""Every kind of recording is heard or refused in words, and the others still are."""

import io
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adan import EmotionRecognizer
from adan.cli import main
from adan.corpora import read_corpus
from adan.corpora.table_files import read_table, write_table
from adan.errors import AdanError
from adan.features import extract, features_of
from adan.recognition import bundle
from adan.recognition.recordings import audio_files, listen, predict_files
from adan.recognition.training import train
from adan.recognition.voices import speakers_of

pytestmark = pytest.mark.usefixtures("audio_extra")

HEARD = {
    "8 kHz": {"rate": 8000},
    "48 kHz": {"rate": 48000},
    "8 bit": {"subtype": "PCM_U8"},
    "24 bit": {"subtype": "PCM_24"},
    "float": {"subtype": "FLOAT"},
    "flac": {"name": "a.flac"},
    "mp3": {"name": "a.mp3", "subtype": "MPEG_LAYER_III"},
    "ogg": {"name": "a.ogg"},
    "spaces and unicode": {"name": "ein Wort, wütend 怒 ✓.wav"},
}


@pytest.fixture
def model(make_bundle):
    return bundle.load(make_bundle())


@pytest.mark.parametrize("kind", HEARD)
def test_formats_and_rates(model, make_audio, kind):
    (row,) = predict_files(model, [make_audio(**HEARD[kind])]).itertuples()
    assert row.problem == ""
    assert row.emotion in model.classes
    assert (row.start, row.end) == (0, pytest.approx(0.5, abs=0.05))


def test_stereo_clipped_and_short_recordings(model, make_audio, make_signal):
    signal = make_signal()
    files = [
        make_audio("stereo.wav", np.stack([signal, signal], 1)),
        make_audio("clipped.wav", 20 * signal),
        make_audio("tenth of a second.wav", make_signal(seconds=0.1)),
    ]
    assert predict_files(model, files)["problem"].tolist() == ["", "", ""]


def test_bad_files_are_told_and_the_rest_is_done(model, make_audio, make_signal, tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no audio" * 99)
    cut = make_audio("cut.wav")
    with open(cut, "r+b") as file:
        file.truncate(30)
    good = make_audio("good.wav")
    problems = {
        str(tmp_path / "empty.wav"): "empty",
        str(tmp_path / "text.wav"): "of no known audio format, or corrupt",
        cut: "of no known audio format, or corrupt",
        str(tmp_path / "none.wav"): "missing",
        str(tmp_path): "cannot be read (Is a directory)",
        make_audio("silent.wav", np.zeros(8000)): "silent",
        make_audio("no samples.wav", np.zeros(0)): "empty",
        make_audio("nan.wav", np.full(8000, np.nan), subtype="FLOAT"): (
            "corrupt (samples that are not finite)"
        ),
        make_audio("click.wav", make_signal(seconds=0.01)): "too short (10 ms)",
    }
    table = predict_files(model, [*problems, good]).set_index("file")
    assert table["problem"].to_dict() == {**problems, good: ""}
    assert table.loc[[*problems], "emotion"].isna().all()
    assert table.loc[good, "emotion"] in model.classes


def test_vectors_are_those_of_extract(model, emodb):
    files = sorted((emodb / "wav").glob("*.wav"))[:4]
    table = predict_files(model, files)
    names = [f"p_{label}" for label in model.classes]
    vectors = extract(files, "eGeMAPSv02").table.to_numpy()
    np.testing.assert_array_equal(table[names], model.probabilities(vectors))
    assert table["emotion"].tolist() == model.classes[table[names].values.argmax(1)].tolist()


@pytest.mark.parametrize(("name", "subtype"), [("l.wav", None), ("l.mp3", None), ("l.ogg", None)])
def test_long_recordings_are_cut_into_windows(model, make_audio, make_signal, name, subtype):
    signal = make_signal(seconds=22)
    signal[5 * 16000 : 9 * 16000] = 0
    table = predict_files(model, [make_audio(name, signal, subtype=subtype)])
    assert len(table) == 5
    assert table["start"].tolist() == pytest.approx([0, 4.4, 8.8, 13.2, 17.6], abs=0.05)
    assert table["end"].iloc[-1] == pytest.approx(22, abs=0.1)
    if name == "l.wav":
        part = make_audio("part.wav", signal[int(8.8 * 16000) : int(13.2 * 16000)])
        names = [f"p_{label}" for label in model.classes]
        np.testing.assert_allclose(
            table[names].iloc[2], predict_files(model, [part])[names].iloc[0], atol=1e-5
        )


def test_a_silent_window_is_told(model, make_audio, make_signal):
    signal = make_signal(seconds=20)
    signal[5 * 16000 : 10 * 16000] = 0
    table = predict_files(model, [make_audio("pause.wav", signal)])
    assert table["problem"].tolist() == ["", "silent", "", ""]


def test_a_pause_is_told_and_no_error(make_bundle, make_audio, make_signal, capsys):
    signal = make_signal(seconds=20)
    signal[5 * 16000 : 10 * 16000] = 0
    pause, silent = make_audio("pause.wav", signal), make_audio("silent.wav", 0 * signal)
    bundle = make_bundle()
    assert main(["predict", bundle, pause]) == 0
    said = capsys.readouterr()
    assert said.out.count("pause.wav") == 3
    assert said.err == f"{pause} (5 to 10 s): silent\n"
    assert main(["predict", bundle, pause, silent]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{pause} (5 to 10 s): silent",
        f"{silent}: silent",
        "adan: error: 1 of 2 recordings cannot be used (listed above)",
    ]
    assert main(["predict", bundle, silent]) == 2
    assert capsys.readouterr().out == ""


def test_a_file_that_was_cut_off_ends_where_its_samples_do(model, make_audio, make_signal):
    cut = make_audio("cut.mp3", make_signal(seconds=4))
    with open(cut, "r+b") as file:
        file.truncate(os.path.getsize(cut) // 2)
    table = predict_files(model, [cut])
    assert table["problem"].tolist() == [""]
    assert 1 < table["end"].item() < 3


def test_a_cut_off_recording_is_predicted_with_a_remark(
    make_bundle, make_audio, make_signal, capsys
):
    names = ["a.wav", "b.ogg", "c.caf", "d.flac", "whole.wav"]
    files = [make_audio(name, make_signal(1)) for name in names]
    for file in files[:4]:
        os.truncate(file, int(0.7 * os.path.getsize(file)))
    assert main(["predict", make_bundle(), *files]) == 0
    said = capsys.readouterr()
    assert all(said.out.count(file) == 1 for file in files)
    assert said.err.startswith(
        f"adan: warning: 4 of 5 recordings are cut off ({files[0]} after 0.7"
    )
    assert all(said.err.count(file) == 1 for file in files[:4])
    assert files[4] not in said.err


def test_what_a_pipe_holds(make_bundle, make_audio, monkeypatch, capsys):
    whole = Path(make_audio()).read_bytes()
    for content, code, told in (
        (whole, 0, ""),
        (whole[:9000], 0, "adan: warning: 1 of 1 recordings are cut off (- after 0.28 s)"),
        (b"", 2, "-: empty\n"),
        (b"no audio", 2, "-: of no known audio format, or corrupt\n"),
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert main(["predict", make_bundle(), "-"]) == code
        said = capsys.readouterr()
        assert said.err.startswith(told)
        assert len(said.out.splitlines()) == (2 if code == 0 else 0)


@pytest.mark.parametrize("output", [None, "p.csv", "p.parquet"])
def test_a_name_that_is_no_text_is_a_file_like_others(make_bundle, make_audio, tmp_path, output):
    folder = tmp_path / "m\udcfcller"
    first = Path(make_audio("folder/a.wav"))
    first.rename(first.with_name("caf\udce9.wav"))
    Path(make_audio("folder/other.wav")).parent.rename(folder)
    options = ["--speakers", "by-folder", *(["-o", str(tmp_path / output)] if output else [])]
    assert main(["predict", make_bundle(), str(folder), *options]) == 0
    if output:
        files = read_table(tmp_path / output).table["file"].tolist()
        assert [Path(file).name for file in files] == ["caf\\xe9.wav", "other.wav"]


def test_a_corpus_in_a_folder_whose_name_is_no_text(make_emodb_folder, capsys):
    folder = make_emodb_folder()
    folder = folder.rename(folder.with_name("m\udcfcller"))
    assert main(["corpus", "show", str(folder)]) == 2
    said = capsys.readouterr().err
    assert "m\\xfcller" in said
    assert "rename it" in said


def test_which_files_are_meant(make_audio, tmp_path):
    files = [make_audio(f"folder/{name}") for name in ("b.wav", "a.FLAC", "sub/c.ogg")]
    (tmp_path / "folder" / "._b.wav").write_bytes(b"Mac OS X")
    (tmp_path / "folder" / "notes.txt").touch()
    assert set(audio_files([tmp_path / "folder"])) == set(files)
    pd.DataFrame({"file": ["folder/b.wav", files[1]]}).to_csv(tmp_path / "t.csv", index=False)
    assert audio_files([tmp_path / "t.csv", "x.wav"]) == [*files[:2], "x.wav"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(AdanError, match="empty holds no audio"):
        audio_files([tmp_path / "empty"])
    pd.DataFrame({"path": ["a"]}).to_csv(tmp_path / "u.csv", index=False)
    with pytest.raises(AdanError, match=r"u.csv names no audio: give a table with a column 'file'"):
        audio_files([tmp_path / "u.csv"])


def test_a_model_of_other_vectors_takes_no_audio(make_recognizer, make_rows, make_audio):
    for features in ("microsoft/wavlm-base", "IS11"):
        recognizer = make_recognizer(features=features).fit(*make_rows(d=20))
        with pytest.raises(AdanError, match=r"takes vectors of 20 numbers .* not compute from aud"):
            predict_files(recognizer.model_, [make_audio()])


def test_one_file_is_no_list_of_files(make_bundle, make_audio):
    recognizer, file = EmotionRecognizer.load(make_bundle()), make_audio()
    for use in (recognizer.predict, lambda file: extract(file, "IS09")):
        with pytest.raises(AdanError, match=r"\.wav is one file: give a list of files"):
            use(file)


def test_a_set_may_be_named_in_lower_case(make_recognizer, make_speakers, make_audio):
    recognizer = make_recognizer(features="egemapsv02").fit(*make_speakers())
    assert len(predict_files(recognizer.model_, [make_audio()])) == 1


def test_openSMILE_missing(model, make_audio, monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    with pytest.raises(AdanError, match="opensmile is not installed"):
        predict_files(model, [make_audio()])


def test_another_openSMILE_is_warned_of_in_one_line(make_bundle, make_audio, monkeypatch, capsys):
    bundle, audio, own = make_bundle(), make_audio(), version("opensmile")
    monkeypatch.setattr("adan.recognition.recordings.opensmile_version", lambda: f"{own}.post1")
    assert main(["predict", bundle, audio]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("adan.recognition.recordings.opensmile_version", lambda: "3.1.0")
    assert main(["predict", bundle, audio]) == 0
    assert capsys.readouterr().err == (
        f"adan: warning: the model was made with opensmile {own} and 3.1.0 is installed, whose "
        f"features may differ: pip install opensmile=={own}\n"
    )


def test_the_card_names_the_openSMILE_of_the_vectors(make_corpus, tmp_path):
    corpus = features_of(read_corpus(make_corpus(n_each=2)), "eGeMAPSv02")
    about = {**corpus.about, "opensmile": "1.9.0"}
    write_table(corpus.table, tmp_path / "t.parquet", features=corpus.features, about=about)
    recognizer = train(str(tmp_path / "t.parquet"), synthesizer="smote", classifier="svm", times=0)
    assert recognizer.card_["versions"]["opensmile"] == "1.9.0"


def test_the_command_does_the_rest_and_exits_with_2(make_bundle, make_audio, tmp_path, capsys):
    good, bad = make_audio("good one.wav"), str(tmp_path / "none.wav")
    output = tmp_path / "out.csv"
    assert main(["predict", make_bundle(), good, bad, "-o", str(output)]) == 2
    error = capsys.readouterr().err
    assert f"{bad}: missing" in error
    assert "1 of 2 recordings cannot be used (listed above)" in error
    table = read_table(output).table
    assert table.index.tolist() == ["good one", "none"]
    assert table.columns.tolist() == [
        *("file", "start", "end", "emotion", "p_anger", "p_fear", "p_sadness", "problem")
    ]
    assert main(["predict", make_bundle(), good]) == 0
    assert "good one.wav" in capsys.readouterr().out


def test_from_a_corpus_to_a_prediction_by_commands(make_corpus, tmp_path, capsys):
    corpus, model = str(make_corpus(n_each=3)), str(tmp_path / "model.adan")
    settings = ["--features", "egemapsv02", "--synthesizer", "smote", "--classifier", "svm"]
    assert main(["train", corpus, *settings, "--times", "1", "-o", model]) == 0
    assert os.path.getsize(model) < 1e6
    assert main(["info", model]) == 0
    card = capsys.readouterr().out
    assert "corpus: 12 utterances, 2 speakers" in card
    assert "WA" in card
    assert "95 % interval" in card
    assert main(["predict", model, str(tmp_path / "audio")]) == 0
    assert capsys.readouterr().out.count("-anger-") == 6


def test_a_file_that_cannot_be_written_is_told_before_training(tmp_path, capsys):
    (tmp_path / "file").touch()
    started = time.perf_counter()
    assert main(["train", "emodb", "-o", str(tmp_path / "file" / "model.adan")]) == 2
    assert time.perf_counter() - started < 5
    assert "cannot be written" in capsys.readouterr().err


def test_a_row_for_each_segment_of_a_table(make_bundle, make_audio, make_signal, tmp_path, capsys):
    """One that is long is not cut; each has its own speaker and its own vector."""
    make_audio("long.wav", make_signal(18))
    heading, whole = "file,start,end,speaker\n", "long.wav,,,c\n"
    rows = ["long.wav,0,1.25,a", "long.wav,0 days 00:00:01.25,00:00:17.5,b", "long.wav,17.5,,a"]
    (tmp_path / "x.csv").write_text(heading + "\n".join(rows) + "\n")
    segments = audio_files([tmp_path / "x.csv"])
    assert speakers_of(segments, str(tmp_path / "x.csv")) == ["a", "b", "a"]
    told = tmp_path / "told.csv"
    model = make_bundle()
    assert main(["predict", model, str(tmp_path / "x.csv"), "-o", str(told)]) == 0
    assert capsys.readouterr().out == f"{told}: 3 of 3 recordings predicted\n"
    table = pd.read_csv(told)
    assert table[["start", "end"]].to_numpy().tolist() == [[0, 1.25], [1.25, 17.5], [17.5, 18]]
    _, vectors = listen(bundle.load(model), segments[:2])
    assert not np.array_equal(*vectors)
    (tmp_path / "x.csv").write_text(heading + whole)
    assert audio_files([tmp_path / "x.csv"]) == [str(tmp_path / "long.wav")]


def test_a_segment_that_cannot_be_used_is_told_as_a_file_is(
    make_bundle, make_audio, make_signal, tmp_path, capsys
):
    signal = make_signal(2)
    signal[16000:24000] = 0
    file = make_audio("a.wav", signal)
    times = ["0,1", "1,9", "5,", "1.6,1.61", "1.1,1.4", "1.5,"]
    (tmp_path / "t.csv").write_text("\n".join(["file,start,end", *(f"a.wav,{t}" for t in times)]))
    assert main(["predict", make_bundle(), str(tmp_path / "t.csv")]) == 2
    told = capsys.readouterr()
    assert told.out.count(file) == 2
    assert told.err.splitlines() == [
        f"{file} (from 1 s to 9 s): shorter than its segment (2.00 s)",
        f"{file} (from 5 s to the end): shorter than its segment (2.00 s)",
        f"{file} (from 1.6 s to 1.61 s): too short (10 ms)",
        f"{file} (from 1.1 s to 1.4 s): silent",
        "adan: error: 4 of 6 recordings cannot be used (listed above)",
    ]


@pytest.mark.parametrize("suffix", ["w64", "rf64", "caf", "au", "m4a", "webm", "amr"])
def test_all_that_looks_like_audio_is_named(make_bundle, make_audio, make_signal, capsys, suffix):
    """A folder is read whole: what cannot be read is told, and how to convert it."""
    first = Path(make_audio("a/one.wav"))
    other = first.with_name(f"two.{suffix}")
    is_read = suffix in ("w64", "rf64", "caf", "au")
    if is_read:
        import soundfile

        soundfile.write(other, make_signal(), 16000, format=suffix.upper())
    else:
        other.write_bytes(b"\0\0\0\x20ftypM4A " * 9)
    assert main(["predict", make_bundle(), str(first.parent)]) == (0 if is_read else 2)
    told = capsys.readouterr()
    assert ("two." in told.out) == is_read
    if not is_read:
        assert f"convert it, as ffmpeg does (ffmpeg -i two.{suffix} two.wav)" in told.err
        assert "1 of 2 recordings cannot be used" in told.err
