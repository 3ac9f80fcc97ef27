"""From audio to features and to an augmented table, by commands."""

import pandas as pd
import pytest

from adan.cli import main
from adan.corpora.table_files import read_table


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
