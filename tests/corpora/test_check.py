import json
import os
from pathlib import Path

import pandas as pd
import pytest

from adan.cli import main
from adan.corpora import Corpus, read_corpus
from adan.corpora.check import check_audio
from adan.errors import AdanError

pytest.importorskip("soundfile")


@pytest.fixture
def bad_corpus(make_corpus, make_audio, make_signal):
    """A table of eight utterances, four of them unusable, each in its own way."""
    path = make_corpus(n_each=2)
    audio = path.parent / "audio"
    (audio / "01-anger-0.wav").unlink()
    (audio / "01-anger-1.wav").write_bytes(b"")
    (audio / "02-anger-0.wav").write_bytes(b"no audio" * 99)
    make_audio("audio/02-anger-1.wav", make_signal(0.05))
    make_audio("audio/01-sadness-0.wav", rate=8000)
    return path


def test_headers(bad_corpus):
    audio = check_audio(read_corpus(bad_corpus))
    assert audio["problem"].to_dict() == {
        "01-anger-0": "missing",
        "01-anger-1": "empty",
        "02-anger-0": "of no known audio format, or corrupt",
        "02-anger-1": "too short (50 ms)",
        "01-sadness-0": "",
        "01-sadness-1": "",
        "02-sadness-0": "",
        "02-sadness-1": "",
    }
    assert audio["rate"].tolist() == [0, 0, 0, 16000, 8000, 16000, 16000, 16000]
    assert audio["seconds"].iloc[-1] == 0.5
    assert (check_audio(read_corpus(bad_corpus), min_seconds=0.6)["problem"] != "").all()


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.caf", "a.flac", "a.mp3", "a.ogg"])
def test_a_file_that_is_cut_off_is_remarked_on(make_audio, make_signal, tmp_path, capsys, name):
    """As `predict` does; of two segments of a file the one that has its end."""
    file, _ = make_audio(name, make_signal(2)), make_audio("whole.wav")
    os.truncate(file, int(0.8 * os.path.getsize(file)))
    rows = [
        f"{name},joy,1,0,0.2",
        f"{name},fear,1,0.2,",
        "whole.wav,joy,2,,",
        "whole.wav,fear,2,0.1,",
    ]
    (tmp_path / "t.csv").write_text("\n".join(["file,emotion,speaker,start,end", *rows]))
    assert main(["corpus", "check", str(tmp_path / "t.csv")]) == 0
    told = capsys.readouterr().err
    assert f"1 of 4 recordings are cut off ({file} (from 0.2 s to the end) after " in told
    assert 0.9 < float(told.split(" after ")[1].split()[0]) < 1.8
    assert main(["corpus", "check", "--json", str(tmp_path / "t.csv")]) == 0
    assert len(json.loads(capsys.readouterr().out)["cut_off"]) == 1


def test_no_audio():
    table = pd.DataFrame({"emotion": ["joy"], "speaker": ["1"]})
    with pytest.raises(AdanError, match="x has no audio"):
        check_audio(Corpus("x", table))


def test_command_lists_what_is_bad(bad_corpus, capsys):
    assert main(["corpus", "check", str(bad_corpus)]) == 2
    out, err = capsys.readouterr()
    assert "8000 Hz: 1 files" in out
    assert "01-anger-0.wav: missing" in out
    assert "4 of 8 audio files of corpus cannot be used" in err
    assert err.count("\n") == 1


def test_command_is_content(make_corpus, capsys):
    assert main(["corpus", "check", str(make_corpus())]) == 0
    assert "16000 Hz: 4 files, 0.0 minutes" in capsys.readouterr().out


def test_command_tells_of_a_speaker_with_one_emotion(make_corpus, capsys):
    path = make_corpus()
    table = pd.read_csv(path, dtype=str)
    table.drop(index=0).to_csv(path, index=False)
    assert main(["corpus", "check", str(path)]) == 2
    assert "speaker 01 with one emotion only (sadness)" in capsys.readouterr().err


def test_list(capsys):
    assert main(["corpus", "list"]) == 0
    out = capsys.readouterr().out
    assert "RAVDESS    folder of WAV files like 03-01-06-01-02-01-12.wav" in out
    assert "4490 turns" in out


@pytest.mark.parametrize("subset", ["subset", "part"])
def test_show_with_options(make_iemocap, capsys, subset):
    release = str(make_iemocap(labels=("ang", "exc", "sad")))
    chosen = ["check_counts=no", "exc_as_hap=yes", f"{subset}=improvised"]
    options = [word for option in chosen for word in ("--with", option)]
    assert main(["corpus", "show", release, *options]) == 0
    out = capsys.readouterr().out
    assert "iemocap: 30 utterances, 3 emotions, 10 speakers, audio" in out
    lines = [line.split() for line in out.splitlines()]
    assert ["Ses01F", "1", "1", "1", "3"] in lines
    assert ["Ses01", "2", "2", "2", "6"] in lines
    assert ["all", "10", "10", "10", "30"] in lines


def test_show_features(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("emotion,speaker,x\njoy,1,0.5\nfear,2,1.5\n")
    assert main(["corpus", "show", str(path)]) == 0
    assert "x: 2 utterances, 2 emotions, 2 speakers, 1 features" in capsys.readouterr().out


def test_option_of_another_form(capsys):
    with pytest.raises(SystemExit):
        main(["corpus", "show", "x", "--with", "part"])
    assert "'part' is not of the form NAME=VALUE" in capsys.readouterr().err


def test_paths_do_not_need_to_be_absolute(make_corpus, monkeypatch):
    monkeypatch.chdir(make_corpus().parent)
    assert Path(read_corpus("corpus.csv").table["file"].iloc[0]).is_file()
