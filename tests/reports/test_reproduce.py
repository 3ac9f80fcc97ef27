import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan import ADAN, RBFSVM, AdanError, DNNClassifier
from adan.experiments import paper
from adan.experiments.study import Data, Method
from adan.reports import reproduce


@pytest.fixture
def small_table1(monkeypatch, make_rows):
    """Table I's code on few rows and a small network."""
    X, y = make_rows(n=60, d=20)
    speakers = np.repeat(["03", "08", "09"], 20)
    data = Data(X, y, speakers, np.arange(60).astype(str), speakers, np.ones(60, bool))
    small = ADAN(autoencoder_hidden=(20,), hidden=(10,), latent_dim=5, epochs=3, random_state=0)
    table = replace(
        paper.TABLES["table1"],
        methods={"real only": Method(), "adan": Method(small, times=2)},
        classifiers={"svm": RBFSVM(), "dnn": DNNClassifier(steps=20)},
    )
    monkeypatch.setattr(
        paper, "source", lambda *_, **__: paper.Source("EmoDB", "IS11", "speaker", data)
    )
    monkeypatch.setitem(paper.TABLES, "table1", table)
    monkeypatch.setattr(paper, "adan", lambda **_: small)


@pytest.mark.usefixtures("small_table1")
def test_table1_leaves_table_figures_predictions_and_settings(tmp_path):
    text = reproduce.table("table1", tmp_path, seeds=2)
    table = pd.read_csv(tmp_path / "table1.csv").set_index("row")
    assert {
        *("method", "classifier", "normalisation", "published_wa"),
        *("wa", "wa_low", "wa_high", "wa_std", "uar", "uar_std", "n_seeds", "n_speakers"),
        *("uar_difference", "uar_difference_low", "uar_p", "uar_p_holm", "uar_effect", "verdict"),
    } <= set(table)
    assert len(table) == len(paper.TABLES["table1"].rows)
    assert table.loc["ADAN + DNN", "published_wa"] == 83.74
    assert table.loc["ADAN + DNN", "n_seeds"] == 2
    humans = table.loc["Perception by human (Burkhardt et al.)"]
    assert humans["source"] == "as published"
    assert np.isnan(humans["wa"])
    predictions = pd.read_parquet(tmp_path / "predictions.parquet")
    right = predictions.query("method == 'adan' and classifier == 'svm'")
    wa = 100 * (right["true"] == right["predicted"]).groupby(right["seed"]).mean().mean()
    assert table.loc["ADAN + SVM", "wa"] == pytest.approx(wa, abs=1e-3)
    settings = json.loads((tmp_path / "settings.json").read_text())
    assert settings["settings"]["methods"]["adan"]["synthesizer"]["epochs"] == 3
    assert settings["command"].startswith("adan reproduce table1 --seeds 2 --normalisation fold -o")
    assert (tmp_path / "table1.md").read_text() == text
    assert "| ADAN + DNN | 83.74 |  | " in text
    humans, adan = (
        next(line for line in text.splitlines() if line.startswith(f"| {name}"))
        for name in ("Perception by human", "ADAN + DNN")
    )
    assert humans.endswith("| 87.50 |  | as published |  |  |  |  |")
    assert re.search(r"\| \d+\.\d \[\d+\.\d, \d+\.\d\] .* \| not told apart \|", adan)
    assert "bootstrap over the 3 speakers" in text
    assert "cannot be seen" in text
    quality = pd.read_csv(tmp_path / "quality.csv", dtype={"fold": str})
    assert {"held-out speaker", "duplication", "noise", "smote", "adan"} == set(quality["method"])
    assert set(quality["fold"]) == {"03", "08", "09"}
    assert "Quality of the synthetic vectors, with 03, 08, 09 left out in turn" in text
    for figure in ("figure2", "figure3", "confusion"):
        assert (tmp_path / f"{figure}.png").stat().st_size > 10_000
        assert "<svg" in (tmp_path / f"{figure}.svg").read_text()


@pytest.mark.usefixtures("small_table1")
def test_an_interrupted_run_keeps_what_was_finished(tmp_path, monkeypatch):
    whole_run = reproduce.run

    def interrupted(*args, **kwargs):
        yield next(whole_run(*args, **kwargs))
        raise KeyboardInterrupt

    monkeypatch.setattr(reproduce, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce.table("table1", tmp_path)
    table = pd.read_csv(tmp_path / "table1.csv").set_index("row")
    assert table.loc["SVM with IS11", "n_seeds"] == 1
    assert table.loc["ADAN + SVM", "n_seeds"] == 0
    assert "| ADAN + SVM | 80.93 |  | not run |" in (tmp_path / "table1.md").read_text()


@pytest.mark.usefixtures("small_table1")
def test_a_folder_with_another_run_is_left_alone(tmp_path):
    reproduce.figure("figure2", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(AdanError, match="holds a run with other settings"):
        reproduce.table("table1", tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    reproduce.figure("figure2", tmp_path)


@pytest.mark.usefixtures("small_table1")
def test_figure3_leaves_its_points(tmp_path):
    reproduce.figure("figure3", tmp_path)
    points = pd.read_csv(tmp_path / "map.csv")
    assert points.groupby(["space", "synthetic"]).size().tolist() == [60] * 4
    real = points[~points["synthetic"]]
    assert real["utterance"].nunique() == 60
    assert real["speaker"].nunique() == 3
    assert points.loc[points["synthetic"], ["utterance", "speaker"]].isna().all(axis=None)


@pytest.mark.usefixtures("small_table1")
def test_quick_says_so_in_every_table(tmp_path):
    text = reproduce.table("table1", tmp_path, quick=True)
    assert text.count("QUICK") == 2
    assert pd.read_csv(tmp_path / "table1.csv")["quick"].all()


@pytest.mark.usefixtures("audio_extra")
def test_table2_on_a_miniature_release_of_iemocap(make_iemocap, tmp_path):
    """Sessions are left out, and both halves of the table come out."""
    text = reproduce.table(
        "table2",
        tmp_path / "run",
        corpus=str(make_iemocap()),
        corpus_options={"check_counts": False},
        quick=True,
    )
    table = pd.read_csv(tmp_path / "run/table2.csv").set_index("row")
    assert table["n_seeds"].eq(1).all()
    assert table["part"].value_counts().to_dict() == {"improvised": 3, "all": 3}
    assert table.loc["Real only", "published_uar"] == 58.25
    assert "Leave one session out: 5 folds" in text
    assert "improvised utterances alone" in text
    predictions = pd.read_parquet(tmp_path / "run/predictions.parquet")
    assert set(predictions["fold"]) == {f"Ses0{n}" for n in range(1, 6)}
    halves = predictions.groupby("part")["utterance"].nunique()
    assert halves["all"] == 2 * halves["improvised"]


def test_tables_of_iemocap_say_how_to_get_it():
    with pytest.raises(AdanError, match=r"Table III needs IEMOCAP: .*--corpus emodb"):
        paper.source(paper.table("table3"))


@pytest.mark.parametrize("name", [*paper.TABLES, "ablations"])
def test_every_table_can_be_run_on_emodb(name):
    table = paper.table(name, ["anger", "happiness"])
    where = paper.source(table, "emodb")
    assert len(where.part("improvised").X) == 535
    plan = table.without_parts()
    assert plan.parts == ["all"]
    for row in plan.rows:
        assert not row.method or (row.method in plan.methods and row.classifier in plan.classifiers)
    assert plan.quick().methods.keys() == plan.methods.keys()


def test_further_methods_get_rows_of_their_own():
    table = paper.table("table1").with_methods(["gaussian", "adan"])
    assert [row.label for row in table.rows[-2:]] == ["gaussian + SVM", "gaussian + DNN"]
    with pytest.raises(AdanError, match="no synthesizer 'nothing'"):
        table.with_methods(["nothing"])


def test_tuned_classifiers_stand_beside_the_papers():
    table = paper.table("table1").with_tuned()
    rows = [(row.label, row.classifier) for row in table.rows]
    place = rows.index(("ADAN + SVM", "svm"))
    assert rows[place + 1] == ("ADAN + SVM, tuned", "svm tuned")
    assert list(table.classifiers) == ["svm", "dnn", "svm tuned", "dnn tuned"]
    assert table.quick().classifiers["dnn tuned"].steps == 200
    assert paper.table("table4").with_tuned().classifiers["dnn tuned"].activation == "tanh"


def test_ablations_augment_the_happy_class_more():
    methods = paper.ablations("happiness").methods
    assert methods["3 x happiness"].more == {"happiness": 3}
    assert methods["no loss from C to G"].synthesizer.classification_weight == 0
    assert paper.ablations(None).methods.keys() == methods.keys() - {"3 x happiness"}
