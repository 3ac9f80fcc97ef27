"""From audio to features and to an augmented table, by commands."""

import numpy as np
import pandas as pd
import pytest

from adan.audio.perturbation import Speed, Splice
from adan.cli import main
from adan.corpora import read_corpus
from adan.corpora.table_files import read_table
from adan.experiments.copies import copies_of
from adan.features import extract


@pytest.fixture
def adan(capsys):
    """Run ``adan`` and return its exit code and what it said."""

    def run(*arguments):
        code = main([*map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.usefixtures("audio_extra")
@pytest.mark.parametrize("method", ["adan", "smote"])
def test_from_audio_to_an_augmented_table(adan, make_corpus, tmp_path, method):
    corpus = make_corpus(n_each=3)
    features, augmented = tmp_path / "x.parquet", tmp_path / "y.parquet"
    code, out, err = adan("extract", corpus, "--features", "egemapsv02", "-o", features)
    assert code == 0, err
    options = ["--method", method, "--times", 2, *(["--epochs", 2] if method == "adan" else [])]
    code, out, err = adan("augment", features, *options, "-o", augmented)
    assert code == 0, err
    assert "12 real and 24 synthetic rows" in out
    table = read_table(augmented).table
    assert table["synthetic"].sum() == 24
    assert table["emotion"].value_counts().to_dict() == {"anger": 18, "sadness": 18}
    real = read_table(features).table
    pd.testing.assert_frame_equal(
        table.query("not synthetic")[real.columns], real, check_dtype=False
    )


@pytest.mark.usefixtures("audio_extra")
def test_from_emodb_audio_to_features(adan, emodb, tmp_path):
    audio = sorted((emodb / "wav").glob("*.wav"))[::90]
    table = pd.DataFrame(
        {
            "file": audio,
            "emotion": [p.stem[5] for p in audio],
            "speaker": [p.stem[:2] for p in audio],
        }
    )
    table.to_csv(tmp_path / "some.csv", index=False)
    output = tmp_path / "x.parquet"
    code, out, err = adan("extract", tmp_path / "some.csv", "-o", output)
    assert code == 0, err
    assert "6 utterances, 4368 features" in out
    assert read_table(output).table.shape == (6, 4368 + 3)


@pytest.mark.usefixtures("audio_extra")
def test_bad_audio_is_named_or_skipped(adan, make_corpus, tmp_path):
    corpus = make_corpus()
    (tmp_path / "audio/01-anger-0.wav").write_bytes(b"")
    output = tmp_path / "x.parquet"
    code, out, err = adan("extract", corpus, "--features", "eGeMAPSv02", "-o", output)
    assert code == 2
    assert "01-anger-0.wav: empty" in err
    assert err.count("\n") == 1
    assert not output.exists()
    code, out, err = adan("extract", corpus, "--features", "eGeMAPSv02", "--skip-bad", "-o", output)
    assert code == 0
    assert "left out" in err
    assert "3 utterances" in out


@pytest.mark.usefixtures("audio_extra")
@pytest.mark.parametrize("by", [Speed((0.9, 1.2)), Splice((0, 0))])
def test_perturbed_copies_are_a_larger_corpus(adan, make_corpus, tmp_path, by):
    """Features of the files are those of a study's copies, to the last bit."""
    corpus, folder, features = make_corpus(n_each=2), tmp_path / "copies", tmp_path / "x.parquet"
    strengths = ",".join(map(str, by.strengths))
    command = ["augment", corpus, "--audio", by.name, "--strengths", strengths, "-o", folder]
    code, out, err = adan(*command)
    assert code == 0, err
    assert f"{folder / 'corpus.csv'}: 8 real utterances and 16 copies" in out
    assert len([*folder.glob("*.wav")]) == 16
    code, out, err = adan("extract", folder / "corpus.csv", "--features", "IS09", "-o", features)
    assert code == 0, err
    table = read_table(features)
    real, copies = table.table[:8], table.table[8:]
    assert copies["synthetic"].all()
    assert not real["synthetic"].any()
    for known in ("emotion", "speaker", "take"):
        assert copies[known].tolist() == real.loc[copies["parent"], known].tolist()
    expected = [extract(some, "IS09").table for some in copies_of(read_corpus(corpus), by)]
    assert np.array_equal(copies[[*table.features]], pd.concat(expected))
    code, _, err = adan(*command)
    assert code == 2
    assert "is there already and not empty: choose another name, or replace files in it" in err
    assert adan(*command, "--force")[0] == 0


@pytest.mark.usefixtures("audio_extra")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--audio", "pitch"], "no perturbation 'pitch'; there are speed, vtlp"),
        (["--audio", "speed", "--strengths", "9"], "the strengths of speed are factors from 0.5"),
        (["--audio", "speed", "--times", "3"], "--times needs synthetic rows, and --audio makes"),
        (["--audio", "speed", "-o", "FILE"], "is a file: name a folder for the copies"),
        (["--strengths", "0.9"], "--strengths needs a perturbation: name one with --audio"),
        (
            ["--skip-speakers"],
            "--skip-speakers is an option of a corpus: give it with --audio only",
        ),
    ],
)
def test_options_of_copies_and_of_rows_are_not_mixed(adan, make_corpus, tmp_path, options, message):
    corpus = make_corpus()
    given = [corpus if word == "FILE" else word for word in options]
    code, _, err = adan("augment", corpus, "-o", tmp_path / "new", *given)
    assert code == 2
    assert message in err
    assert not (tmp_path / "new").exists()


def test_a_table_of_features_has_nothing_to_perturb(adan, make_study_file, tmp_path):
    make_study_file()
    code, _, err = adan(
        "augment", tmp_path / "rows.parquet", "--audio", "vtlp", "-o", tmp_path / "x"
    )
    assert code == 2
    assert "rows has no audio: its table needs a column 'file'" in err


@pytest.mark.usefixtures("audio_extra")
def test_audio_that_cannot_be_perturbed_is_named(adan, make_corpus, tmp_path):
    corpus = make_corpus()
    (tmp_path / "audio" / "01-anger-0.wav").write_bytes(b"")
    code, _, err = adan("augment", corpus, "--audio", "speed", "-o", tmp_path / "copies")
    assert code == 2
    assert "01-anger-0.wav (speed 0.9): empty: mend the file, or leave it out" in err
    assert not (tmp_path / "copies" / "corpus.csv").exists()


@pytest.mark.parametrize(
    ("features", "name", "dimension"),
    [("logmel20", "logmel20", 20), ("IS09", "IS09-lld", 16), ("IS09-lld+d", "IS09-lld+d", 32)],
)
def test_a_row_for_each_frame(make_corpus, tmp_path, audio_extra, features, name, dimension):
    output = tmp_path / "frames.parquet"
    command = ["extract", str(make_corpus()), "--features", features, "--level", "frame"]
    assert main([*command, "-o", str(output)]) == 0
    vectors = read_table(output)
    assert len(vectors.features) == dimension
    assert vectors.about["feature_set"] == name
    of_first = vectors.table.loc[vectors.table.index[0]]
    assert of_first["time"].tolist()[:3] == [0, 0.01, 0.02]
    assert of_first["emotion"].nunique() == 1


def test_frames_are_no_vectors(make_corpus, tmp_path, capsys, audio_extra):
    command = ["extract", str(make_corpus()), "--features", "logmel20", "--level", "utterance"]
    assert main([*command, "-o", str(tmp_path / "x.csv")]) == 2
    assert "--level utterance: logmel20 has a row for each frame" in capsys.readouterr().err
