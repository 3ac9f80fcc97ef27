import numpy as np
import pandas as pd
import pytest

from adan import AdanError, Duplication, Vectors
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
        (lambda t: t.assign(pitch=np.nan), "1 of 3 columns: pitch"),
    ],
)
def test_unusable_tables_are_refused(table, change, message):
    changed = change(table)
    vectors = Vectors(changed, [f for f in FEATURES if f in changed])
    with pytest.raises(AdanError, match=message):
        augment(vectors, Duplication())
