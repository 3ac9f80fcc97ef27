"""Recordings of one voice: who speaks is told by a word, by folders or by a table."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan import AdanError
from adan.audio.decoding import Segment
from adan.cli import main
from adan.recognition import bundle
from adan.recognition.recordings import predict_files
from adan.recognition.voices import enrol, speakers_of

pytestmark = pytest.mark.usefixtures("audio_extra")


@pytest.fixture
def model(make_bundle):
    """Its probabilities are soft, since it was not trained on such recordings."""
    loaded = bundle.load(make_bundle(classifier="discriminant", synthesizer="auto"))
    return replace(loaded, temperature=1e5)


@pytest.fixture
def recordings(make_audio, make_signal):
    return [make_audio(f"{p}/{p}.wav", make_signal(pitch=p)) for p in (100, 150, 200)]


def test_who_speaks(tmp_path, recordings):
    assert speakers_of(recordings, None) is None
    assert speakers_of(recordings, "one") == ["one"] * 3
    assert len(set(speakers_of(recordings, "by-folder"))) == 3
    table = pd.DataFrame({"file": recordings, "speaker": ["01", "02", "01"]})
    table["file"] = [f"{p}/{p}.wav" for p in (100, 150, 200)]
    table.to_csv(tmp_path / "who.csv", index=False)
    assert speakers_of(recordings, str(tmp_path / "who.csv")) == ["01", "02", "01"]
    table[:2].to_csv(tmp_path / "who.csv", index=False)
    with pytest.raises(AdanError, match=r"who.csv has no speaker for .*200.wav: add a row"):
        speakers_of(recordings, str(tmp_path / "who.csv"))
    table["speaker"] = ["01", None, "01"]
    table.to_csv(tmp_path / "who.csv", index=False)
    with pytest.raises(AdanError, match="has rows without a speaker: fill the column in"):
        speakers_of(recordings, str(tmp_path / "who.csv"))
    with pytest.raises(AdanError, match="say one, by-folder, or give a"):
        speakers_of(recordings, "many")


def test_recordings_of_one_voice_are_heard_together(model, recordings):
    alone = predict_files(model, recordings)
    each = predict_files(model, recordings, ["a", "b", "c"])
    together = predict_files(model, recordings, ["a", "a", "a"])
    names = [n for n in alone if n.startswith("p_")]
    assert not np.allclose(alone[names], together[names])
    assert not np.allclose(each[names], together[names])
    personal, windows = enrol(model, recordings)
    assert (windows["problem"] == "").all()
    pd.testing.assert_frame_equal(predict_files(personal, recordings), together)


def test_files_of_an_enrolled_speaker_are_heard_with_what_enrolled(
    make_recognizer, make_speakers, recordings
):
    recognizer = make_recognizer(classifier="discriminant", synthesizer="auto")
    recognizer.fit(*make_speakers())
    recognizer.model_ = replace(recognizer.model_, temperature=1e5)
    recognizer.enrol(recordings[:2], 7)
    told = recognizer.predict_proba(recordings[2:], groups=[7])
    personal, _ = enrol(recognizer.model_, recordings)
    names = [f"p_{label}" for label in recognizer.classes_]
    np.testing.assert_array_equal(told, predict_files(personal, recordings[2:])[names])


def test_segments_of_a_file_are_different_utterances(
    make_recognizer, make_speakers, recordings, make_audio, make_signal
):
    recognizer = make_recognizer(classifier="discriminant", synthesizer="auto")
    recognizer.fit(*make_speakers())
    recognizer.model_ = replace(recognizer.model_, temperature=1e5)
    both = make_audio("both.wav", np.concatenate([make_signal(pitch=p) for p in (100, 150)]))
    segments = [Segment(both, 0, 0.5), Segment(both, 0.5)]
    told = recognizer.predict_proba([*recordings[:2], *segments], groups=["a", "a", "b", "b"])
    assert not np.array_equal(told[0], told[1])
    np.testing.assert_array_equal(told[2:], told[:2])
    recognizer.enrol(segments, "b")
    assert not np.array_equal(*recognizer.voices_["b"])


def test_from_the_shell(make_bundle, recordings, tmp_path, make_audio, capsys):
    path = make_bundle(classifier="discriminant", synthesizer="auto")
    silent = make_audio("silent.wav", np.zeros(8000))
    anna = str(tmp_path / "anna.adan")
    assert main(["enrol", path, *recordings, silent, "-o", anna]) == 0
    told = capsys.readouterr()
    assert "made for one voice, from 3 recordings" in told.out
    assert told.err.endswith("silent.wav: silent\n")
    assert main(["info", anna]) == 0
    assert "made for one person, known from 3 recordings" in capsys.readouterr().out
    assert main(["predict", anna, *recordings]) == 0
    own = capsys.readouterr().out
    assert main(["predict", path, *recordings, "--speakers", "one"]) == 0
    assert capsys.readouterr().out == own
    assert main(["enrol", path, silent, "-o", anna]) == 2
    assert f"{anna} is there already" in capsys.readouterr().err
    assert main(["enrol", path, silent, "-o", anna, "--force"]) == 2
    assert "none of 1 recordings can be used (silent)" in capsys.readouterr().err


def test_a_model_without_speakers_says_so(
    make_recognizer, make_speakers, recordings, tmp_path, capsys
):
    X, y, _ = make_speakers()
    path = str(tmp_path / "model.adan")
    make_recognizer().fit(X, y).save(path)
    assert main(["predict", path, recordings[0]]) == 0
    for command in (
        ["enrol", path, recordings[0], "-o", str(tmp_path / "x.adan")],
        ["predict", path, recordings[0], "--speakers", "one"],
    ):
        capsys.readouterr()
        assert main(command) == 2
        assert "cannot be enrolled: train it again" in capsys.readouterr().err
    assert not (tmp_path / "x.adan").exists()
