import numpy as np
import pandas as pd
import pytest

from adan import AdanError, Duplication, EmotionRecognizer, Vectors
from adan.cli import main
from adan.corpora.table_files import read_table, write_table
from adan.experiments.augment import augment


@pytest.fixture
def table(make_rows):
    X, y = make_rows(n=12, d=3)
    frame = pd.DataFrame(X.astype(np.float32), columns=["pitch", "loudness", "jitter"])
    frame.insert(0, "emotion", y)
    frame.insert(1, "speaker", "03")
    frame.insert(2, "take", range(12))
    return frame.set_index(pd.Index([f"u{i}" for i in range(12)], name="utterance"))


FEATURES = ["pitch", "loudness", "jitter"]


def test_real_rows_come_first_and_untouched(table, tmp_path):
    longer = augment(Vectors(table, FEATURES, {"feature_set": "IS11"}), Duplication(), times=3)
    write_table(longer.table, tmp_path / "y.parquet", features=longer.features, about=longer.about)
    again = read_table(tmp_path / "y.parquet")
    both = again.table
    assert len(both) == 48
    real = both[~both["synthetic"]]
    assert (both["synthetic"].to_numpy() == (np.arange(48) >= 12)).all()
    for column in table:
        assert real[column].tolist() == table[column].tolist()
    assert real.index.tolist() == table.index.tolist()
    assert both["pitch"].dtype == np.float32
    assert again.features == FEATURES
    assert again.about == {"feature_set": "IS11"}
    assert both["speaker"][12:].isna().all()


def test_each_set_has_the_class_mix_of_the_real_rows(table):
    synthetic = augment(Vectors(table, FEATURES), Duplication(), times=3).table.query("synthetic")
    assert synthetic["emotion"].value_counts().to_dict() == dict.fromkeys(
        ["anger", "fear", "sadness"], 12
    )


def test_classes_are_filled_up_to_the_largest(table):
    fewer = table[(table["emotion"] != "anger") | (np.arange(12) < 6)]
    both = augment(Vectors(fewer, FEATURES), Duplication(), balance=True).table
    assert both["emotion"].value_counts().to_dict() == dict.fromkeys(
        ["anger", "fear", "sadness"], 4
    )
    assert set(both.query("synthetic")["emotion"]) == {"anger"}
    with pytest.raises(AdanError, match="all classes of column 'emotion' have as many rows"):
        augment(Vectors(table, FEATURES), Duplication(), balance=True)


def test_sets_and_filling_up_are_not_both_had(capsys):
    assert main(["augment", "x.csv", "--balance", "--times", "2", "-o", "y.csv"]) == 2
    assert "--times adds sets, and --balance fills classes up" in capsys.readouterr().err


def test_whole_number_labels_stay_whole_numbers(table):
    table["emotion"] = table.pop("emotion").map({"anger": 0, "fear": 1, "sadness": 2})
    longer = augment(Vectors(table, FEATURES), Duplication(), times=1)
    assert longer.table["emotion"].dtype == np.int64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="emotion"), "no column 'emotion'.*speaker, take"),
        (lambda t: t.assign(emotion=[None, *t["emotion"][1:]]), "'emotion' is empty in row u0"),
        (lambda t: t[["emotion", "take"]], "no column of numbers with a fraction"),
        (lambda t: t.assign(synthetic=False), "'synthetic' already"),
        (lambda t: t[:1], "the table has 1 rows, and two are needed at least"),
        (lambda t: t.assign(pitch=np.nan), "1 of 3 columns: pitch"),
        (lambda t: t.assign(emotion=t["pitch"] + 0.5), "y holds no classes .Unknown label type"),
        (lambda t: pd.concat([t, t]), "the table has several rows named u0: give one row an utt"),
    ],
)
def test_unusable_tables_are_refused(table, change, message):
    changed = change(table)
    vectors = Vectors(changed, [f for f in FEATURES if f in changed])
    with pytest.raises(AdanError, match=message):
        augment(vectors, Duplication())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_a_table_that_was_augmented_is_good_for(make_rows, tmp_path, capsys, suffix):
    """It trains a recogniser on its features; nobody is tested with what was learnt from all."""
    X, y = make_rows(n=24, d=3)
    frame = pd.DataFrame(X, columns=["pitch", "loudness", "jitter"])
    frame.insert(0, "emotion", y)
    frame.insert(1, "speaker", np.repeat(["a", "b"], 12))
    frame.insert(2, "file", [f"u{i}.wav" for i in range(24)])
    real, both = tmp_path / f"real.{suffix}", tmp_path / f"both.{suffix}"
    write_table(frame, real, features=FEATURES, about={"feature_set": "mine"})
    options = ["--method", "duplication", "--times", "2", "-o", str(both)]
    assert main(["augment", str(real), *options]) == 0
    model = tmp_path / "model.adan"
    assert main(["train", str(both), "--classifier", "svm", "-o", str(model)]) == 0
    told = capsys.readouterr().err
    assert "48 synthetic rows, which were made of all speakers': trained on all rows" in told
    card = EmotionRecognizer.load(model).card_
    assert "unseen_speakers" not in card
    assert card["features"] == "mine"
    study = tmp_path / "study.toml"
    study.write_text(
        f'corpora = ["both.{suffix}"]\nmethods."real only".synthesizer = "none"\n'
        'classifiers.svm.kind = "svm"\n'
    )
    for command in (
        ["study", "run", str(study)],
        ["reproduce", "table1", "--corpus", str(both), "--quick"],
    ):
        assert main([*command, "-o", str(tmp_path / "run")]) == 2
        assert "48 synthetic rows" in capsys.readouterr().err
    assert main(["corpus", "show", str(both)]) == 0


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_of_features_needs_no_audio(make_rows, tmp_path, capsys, suffix):
    """Neither do recognisers, studies and tables of the paper, though it names files."""
    X, y = make_rows(n=24, d=3)
    frame = pd.DataFrame(X, columns=["pitch", "loudness", "jitter"])
    frame = frame.assign(emotion=y, speaker=np.repeat(["a", "b"], 12), file="gone.wav")
    frame.index = [f"u{i}" for i in range(24)]
    write_table(frame, tmp_path / f"x.{suffix}", features=FEATURES)
    study = tmp_path / "deep" / "study.toml"
    study.parent.mkdir()
    study.write_text(
        f'corpora = ["../x.{suffix}"]\nseeds = 1\nmethods."real only".synthesizer = "none"\n'
        'classifiers.svm.kind = "svm"\n'
    )
    assert main(["study", "run", str(study), "-o", str(tmp_path / "run")]) == 0, capsys.readouterr()
    table = str(tmp_path / f"x.{suffix}")
    options = ["--classifier", "svm", "-o", str(tmp_path / "model.adan")]
    assert main(["train", table, *options]) == 0
    assert EmotionRecognizer.load(tmp_path / "model.adan").n_features_in_ == 3


def test_features_that_the_user_names(table, tmp_path, capsys):
    table.to_csv(tmp_path / "x.csv")
    options = ["--method", "duplication", "--features-from", "pitch,j*"]
    assert main(["augment", str(tmp_path / "x.csv"), *options, "-o", str(tmp_path / "y.csv")]) == 0
    assert read_table(tmp_path / "y.csv").features == ["pitch", "jitter"]
    assert "warning" not in capsys.readouterr().err
