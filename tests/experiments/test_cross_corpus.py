"""Train on some corpora, test on another: run as users do, and proof that nothing leaks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan import SMOTE, AdanError
from adan.cli import main
from adan.corpora import read_corpus
from adan.corpora.pooled import pooled as put_together
from adan.corpora.table_files import write_table
from adan.experiments.sources import digest, load
from adan.experiments.specification import read
from adan.experiments.study import Data, Folds
from adan.folds import fit_synthesizers
from adan.reproduction.specifications import specification

STUDY = """
corpora = [{first}, "{here}/two.parquet"]
protocol = "corpus"
normalisations = ["fold", "corpus"]
seeds = 1
[methods]
"real only" = {{ synthesizer = "none" }}
smote = {{ synthesizer = "smote", times = 1 }}
[classifiers]
svm = {{ kind = "svm" }}
"""


@pytest.fixture
def make_study(tmp_path, make_rows):
    """A study of two tables whose speakers have the same names, as a TOML file.

    ``emotions`` are what the first calls them, and ``renamed`` what the study does.
    """

    def make(emotions=("anger", "fear", "sadness"), renamed="", features=("a", "b"), first=None):
        tables = {"one": (("a", "b"), emotions), "two": (features, ("anger", "fear", "sadness"))}
        for name, (columns, classes) in tables.items():
            X, y = make_rows(n=60, d=2, classes=classes)
            table = pd.DataFrame(X, columns=[*columns])
            table.insert(0, "emotion", y)
            table.insert(1, "speaker", np.repeat(["03", "08", "09"], 20))
            table.index = table.index.astype(str)
            write_table(table, tmp_path / f"{name}.parquet", features=columns)
        first = first or f'{{ path = "{tmp_path}/one.parquet", emotions = {{ {renamed} }} }}'
        (tmp_path / "study.toml").write_text(STUDY.format(here=tmp_path, first=first))
        return tmp_path / "study.toml"

    return make


def test_a_study_tests_each_corpus_on_the_others(make_study, tmp_path, capsys):
    study = make_study(("angry", "dread", "sadness"), renamed='angry = "anger"')
    run = tmp_path / "run"
    assert main(["study", "run", str(study), "-o", str(run)]) == 0
    left_out = "emotions that not all corpora have: dread (20 of one), fear (20 of two)"
    assert left_out in capsys.readouterr().err
    predictions = pd.read_parquet(run / "predictions.parquet")
    assert {*predictions["corpus"]} == {"one + two"}
    assert (predictions["fold"] == predictions["speaker"].str[:3]).all()
    assert predictions["speaker"].nunique() == 6
    assert {*predictions["true"]} == {"anger", "sadness"}
    assert len(predictions) == 2 * 40 * 2 * 2
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text()
    for words in ("Leave one corpus out, 2 folds", left_out, "z-norm over each corpus as a whole"):
        assert words in page
    groups = pd.read_csv(run / "report-groups.csv").query("trait == 'corpus'")
    assert {*groups["value"]} == {"one", "two"}
    assert {*groups["normalisation"]} == {"fold", "corpus"}
    assert {*groups["n_speakers"]} == {3}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"features": ("a", "c")}, "one and two have different features (2 are in one alone, such"),
        ({"emotions": ("angry", "dread", "sadness")}, "have fewer than two emotions in common"),
        ({"renamed": 'angry = "anger"'}, "one has no emotion 'angry' to rename; it has anger,"),
        ({"first": '"emodb"'}, "EmoDB has the features 'IS11' and two has not"),
    ],
)
def test_what_cannot_be_put_together_is_named_in_one_line(make_study, made, message):
    with pytest.raises(AdanError) as error:
        load(read(make_study(**made)))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_corpora_with_other_rates_are_told(make_study):
    study = make_study()
    corpora = [read_corpus(study.with_name(f"{name}.parquet")) for name in ("one", "two")]
    for corpus, rate in zip(corpora, (16_000, 44_100), strict=True):
        corpus.about["rate"] = rate
    with pytest.warns(match=r"rates differ between corpora \(one 16,000 Hz, two 44,100 Hz\)"):
        put_together(corpora)


@pytest.fixture
def data(make_rows):
    """Two corpora of three speakers, on scales of their own."""
    X, y = make_rows(n=120, d=20)
    X[60:] = 3 * X[60:] + 5
    corpora = np.repeat(["one", "two"], 60)
    speakers = np.char.add(np.char.add(corpora, "/"), np.tile(np.repeat(["03", "08", "09"], 20), 2))
    return Data(X, y, speakers, np.arange(120).astype(str), corpora, np.ones(120, bool), corpora)


@pytest.mark.parametrize(
    ("how", "pooled", "leaks"),
    [("fold", True, False), ("corpus", True, False), ("speaker", True, False),
     ("corpus", False, True)],
)  # fmt: skip
def test_changing_the_test_corpus_changes_nothing_learnt(data, how, pooled, leaks):
    """The same check fails where all corpora are normalised as one, so it can fail."""
    data = data if pooled else replace(data, corpora=None)
    test = data.groups == "two"
    changed = replace(data, X=data.X.copy(), y=data.y.copy())
    changed.X[test] = 50 - 3 * changed.X[test][:, ::-1]
    changed.y[test] = np.roll(changed.y[test], 1)
    learnt = []
    for version in (data, changed):
        (folds,) = Folds(version, how).some(0)
        (fitted,) = fit_synthesizers(SMOTE(), [folds[1]], seed=0)
        assert {*version.groups[folds[1].test]} == {"two"}
        learnt.append((folds[1].X, folds[1].y, fitted.sample(folds[1].y)[0]))
    assert all(map(np.array_equal, *learnt)) is not leaks


def test_corpora_are_normalised_each_by_itself(data):
    (folds,) = Folds(data, "corpus").some(0)
    for fold in folds:
        for X in (fold.X, fold.X_test):
            np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-5)
            np.testing.assert_allclose(X.std(axis=0), 1, atol=1e-5)


def test_one_corpus_has_the_digest_that_it_always_had(data):
    """Cells of older runs stay valid; two corpora are other data than the same rows as one."""
    (emodb,) = load(specification("table1"))
    assert digest(emodb.data).startswith("e9dedfc1d8155946f6549e69d9b4d93a")
    assert digest(replace(data, corpora=None)) != digest(data)
