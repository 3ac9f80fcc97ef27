import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan import ADAN, AdanError
from adan.cli.reproduce import TABLES as NAMES
from adan.experiments.sources import load
from adan.experiments.store import Store
from adan.reports.report import report
from adan.reproduction import run as reproduce
from adan.reproduction import specifications
from adan.reproduction.published import LISTENERS, TABLES
from adan.reproduction.scarcity import PIECES
from adan.reproduction.tables import markdown, published_beside_measured, with_listeners


@pytest.fixture(scope="module")
def where():
    """EmoDB's bundled features."""
    (source,) = load(specifications.specification("table1"))
    return source


@pytest.fixture
def _small(small_table1, monkeypatch):
    small_table1(monkeypatch)


@pytest.fixture
def _undrawn(monkeypatch):
    """Leave the figures out, which take most of the time."""
    monkeypatch.setattr(reproduce, "draw", lambda *_, **__: [])
    monkeypatch.setattr(reproduce.figures, "save", lambda *_: [])


OF_VECTORS = [name for name in TABLES if name != "systems"]


@pytest.mark.parametrize("name", [name for name in OF_VECTORS if TABLES[name].rows])
def test_another_corpus_has_none_of_the_papers_figures(where, finished_run, name):
    other = replace(where, corpus="mine", features="eGeMAPSv02")
    rows = specifications.rows_of(name, specifications.specification(name, "emodb"), other)
    predictions = pd.read_parquet(finished_run / "predictions.parquet")
    text = markdown(published_beside_measured(rows, predictions), title=name)
    assert all(np.isnan([row.wa, row.uar]).all() for row in rows)
    assert not re.search(r"published|87\.50|human|IS11", text)
    assert "| method | measured WA | UAR |" in text


def test_table1_leaves_table_figures_predictions_and_settings(finished_run):
    table = pd.read_csv(finished_run / "table1.csv").set_index("row")
    text = (finished_run / "table1.md").read_text()
    assert {
        *("method", "classifier", "normalisation", "published_wa"),
        *("wa", "wa_low", "wa_high", "wa_std", "uar", "uar_std", "n_seeds", "n_speakers"),
        *("uar_difference", "uar_difference_low", "uar_p", "uar_p_holm", "uar_effect", "verdict"),
    } <= set(table)
    assert [*table.index[table["apart"]]] == ["real only + linear SVM"]
    assert len(table) == len(TABLES["table1"].rows) + 1
    assert text.index("ADAN + DNN") < text.index("not in the paper") < text.index("linear SVM")
    assert table.loc["ADAN + DNN", "published_wa"] == 83.74
    assert table.loc["ADAN + DNN", "n_seeds"] == 2
    humans = table.loc["Perception by human (Burkhardt et al.)"]
    assert humans["source"] == "as published"
    assert np.isnan(humans["wa"])
    predictions = pd.read_parquet(finished_run / "predictions.parquet")
    right = predictions.query("method == 'adan' and classifier == 'svm'")
    wa = 100 * (right["true"] == right["predicted"]).groupby(right["seed"]).mean().mean()
    assert table.loc["ADAN + SVM", "wa"] == pytest.approx(wa, abs=1e-3)
    settings = json.loads((finished_run / "settings.json").read_text())
    assert settings["settings"]["methods"]["adan"]["synthesizer"]["epochs"] == 3
    assert settings["command"] == f"adan reproduce table1 --seeds 2 -o {finished_run}"
    assert "| ADAN + DNN | 83.74 |  | " in text
    humans, adan = (
        next(line for line in text.splitlines() if line.startswith(f"| {name}"))
        for name in ("Perception by human", "ADAN + DNN")
    )
    assert humans.endswith("| 87.50 |  | as published |  |  |  |  |")
    assert re.search(r"\| \d+\.\d \[\d+\.\d, \d+\.\d\] .* \| not told apart \|", adan)
    assert "bootstrap over the 3 speakers" in text
    assert "would find a difference" in text
    quality = pd.read_parquet(finished_run / "quality.parquet")
    assert {"held-out speaker", "adan"} == set(quality["method"])
    assert set(quality["fold"]) == {"03", "08", "09"}
    assert "Quality of the synthetic vectors, with 03, 08, 09 left out in turn" in text
    for figure in ("figure2", "figure3", "confusion"):
        assert (finished_run / f"{figure}.png").stat().st_size > 10_000
        assert "<svg" in (finished_run / f"{figure}.svg").read_text()


def test_the_row_of_the_listeners_is_measured_where_the_corpus_has_their_test(where, finished_run):
    table = pd.read_csv(finished_run / "table1.csv")
    anger = where.data.y == "anger"
    heard = replace(where, recognised=np.where(anger, 50.0, 100.0))
    measured = with_listeners(table, heard)
    row = measured.set_index("row").loc[LISTENERS]
    assert row["wa"] == pytest.approx(100 - 50 * anger.mean())
    assert row["uar"] == pytest.approx(100 - 50 / 7)
    shown = f"| {LISTENERS} | 87.50 |  | {row['wa']:.2f} | {row['uar']:.2f} |"
    assert shown in markdown(measured, title="")
    assert with_listeners(table, where) is table


@pytest.mark.usefixtures("_small")
def test_an_interrupted_run_keeps_what_was_finished(tmp_path, monkeypatch):
    land = Store.land

    def interrupted(store, cell, *result):
        if cell.method == "adan":
            raise KeyboardInterrupt
        land(store, cell, *result)

    monkeypatch.setattr(Store, "land", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce.table("table1", tmp_path)
    table = pd.read_csv(tmp_path / "table1.csv").set_index("row")
    assert table.loc["SVM with IS11", "n_seeds"] == 1
    assert table.loc["ADAN + SVM", "n_seeds"] == 0
    assert "| ADAN + SVM | 80.93 |  | not run |" in (tmp_path / "table1.md").read_text()


@pytest.mark.usefixtures("_small")
def test_a_folder_with_another_run_is_left_alone(tmp_path, monkeypatch):
    drawn = reproduce.figure("figure2", tmp_path)
    assert [path.name for path in drawn] == ["history.csv", "figure2.png", "figure2.svg"]
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(AdanError, match="holds a run with other settings"):
        reproduce.table("table1", tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert "command" not in json.loads((tmp_path / "settings.json").read_text())
    monkeypatch.setattr(reproduce, "draw", lambda *_, **__: [])
    reproduce.figure("figure2", tmp_path)


@pytest.mark.usefixtures("_small")
def test_the_tables_of_a_finished_run_stay_when_another_is_refused(finished_run, tmp_path):
    folder = shutil.copytree(finished_run, tmp_path / "run")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(AdanError, match="holds a run with other settings"):
        reproduce.table("table1", folder, quick=True)
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path for path in before if kept[path] != before[path]} == set()
    assert {path.parent.name for path in set(kept) - set(before)} <= {"locks"}


@pytest.mark.usefixtures("_small")
def test_a_corpus_whose_features_do_not_vary_gives_no_figure(tmp_path, monkeypatch):
    (source,) = reproduce.load(reproduce.specification("table1"))
    alike = replace(source, data=replace(source.data, X=np.ones_like(source.data.X)))
    with pytest.raises(AdanError, match="0 features of EmoDB vary, and two are needed at least"):
        reproduce.draw(tmp_path, alike, ["figure3"])


def test_figure3_leaves_its_points(finished_run):
    points = pd.read_csv(finished_run / "map.csv", dtype={"speaker": str})
    n = pd.read_parquet(finished_run / "predictions.parquet")["utterance"].nunique()
    assert points.groupby(["space", "synthetic"]).size().tolist() == [n] * 4
    real = points[~points["synthetic"]]
    assert real["utterance"].nunique() == n
    assert set(real["speaker"]) == {"03", "08", "09"}
    assert points.loc[points["synthetic"], ["utterance", "speaker"]].isna().all(axis=None)


@pytest.mark.usefixtures("_small", "_undrawn")
def test_quick_says_so_in_every_table(tmp_path):
    text = reproduce.table("table1", tmp_path, quick=True)
    assert text.count("QUICK") == 2
    assert pd.read_csv(tmp_path / "table1.csv")["quick"].all()
    assert "command" not in json.loads((tmp_path / "settings.json").read_text())
    report(tmp_path, format="md")
    assert "```sh" not in (tmp_path / "report.md").read_text()


@pytest.mark.usefixtures("audio_extra", "_undrawn")
@pytest.mark.parametrize("name", ["table3", "table4"])
def test_iemocaps_tables_by_the_authors_protocol(name, make_iemocap, tmp_path, monkeypatch):
    monkeypatch.setattr(specifications, "SHORT", {"epochs": 1, "steps": 5, "times": 1})
    monkeypatch.setattr(specifications, "SHORT_SEQUENCES", 2)
    corpus = {"corpus": str(make_iemocap()), "corpus_options": {"check_counts": False}}
    reproduce.table(name, tmp_path / "run", protocol="authors", quick=True, **corpus)
    table = pd.read_csv(tmp_path / "run" / f"{name}.csv").set_index("row")
    assert table["normalisation"].eq("corpus").all()
    assert table["n_seeds"].eq(1).all()
    assert table.loc["ADAN + SVM", ["published_uar", "uar"]].notna().all()


@pytest.mark.usefixtures("audio_extra", "_undrawn")
def test_table2_on_a_miniature_release_of_iemocap(make_iemocap, tmp_path, monkeypatch):
    """Sessions are left out, and both halves of the table come out."""
    monkeypatch.setattr(specifications, "SHORT", {"epochs": 1, "steps": 5, "times": 1})
    text = reproduce.table(
        "table2",
        tmp_path / "run",
        corpus=str(make_iemocap()),
        corpus_options={"check_counts": False},
        quick=True,
    )
    table = pd.read_csv(tmp_path / "run/table2.csv").set_index("row")
    assert table["n_seeds"].eq(1).all()
    assert table["subset"].value_counts().to_dict() == {"improvised": 6, "all": 6}
    assert table["apart"].sum() == 6  # of the discriminant
    assert table.loc["Real only", "published_uar"] == 58.25
    assert "Leave one session out, 5 folds" in text
    assert "improvised utterances alone" in text
    predictions = pd.read_parquet(tmp_path / "run/predictions.parquet")
    assert set(predictions["fold"]) == {f"Ses0{n}" for n in range(1, 6)}
    halves = predictions.groupby("subset")["utterance"].nunique()
    assert halves["all"] == 2 * halves["improvised"]


@pytest.mark.usefixtures("audio_extra", "_undrawn")
def test_systems_on_frames_have_a_table_and_a_report(make_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(specifications, "SHORT_SEQUENCES", 2)
    corpus = str(make_corpus(n_each=2))
    text = reproduce.table("systems", tmp_path / "run", corpus=corpus, quick=True)
    table = pd.read_csv(tmp_path / "run" / "systems.csv").set_index("classifier")
    assert table["n_seeds"].to_dict() == dict.fromkeys(
        ("GMM/SVM", "attention RNN", "2-D ACRNN", "3-D ACRNN", "variable-length DNN"), 1
    )
    assert "mfcc13+dd, logmel40, logmel40+dd, IS09-lld+d, spectrogram" in text.splitlines()[0]
    ((_, page),) = report(tmp_path / "run", format="md")
    assert "2-D ACRNN (Chen et al.)" in page.read_text()
    assert "one convolution where its authors have up to six" in text


def test_a_synthesizer_draws_segments_where_all_are_sequences():
    study = specifications.specification("systems", "x", methods=["adan", "speed"], quick=True)
    drawn = study.methods["adan"]
    assert (drawn.segment, drawn.times, drawn.parameters) == (300, 1, {"steps": 20})
    assert study.methods["speed"].segment is None


def test_systems_on_frames_need_audio():
    with pytest.raises(AdanError, match="Systems on frames: EmoDB is needed; its audio is free"):
        specifications.specification("systems")


def test_tables_of_iemocap_say_how_to_get_it():
    with pytest.raises(AdanError, match=r"Table III: IEMOCAP is needed; .*--corpus emodb"):
        specifications.specification("table3")


def test_options_of_a_corpus_need_the_corpus():
    with pytest.raises(AdanError, match="check_counts: options of a corpus; name the corpus with"):
        specifications.specification("table1", corpus_options={"check_counts": False})


def test_the_command_knows_every_table():
    files = {path.stem for path in specifications.STUDIES.glob("*.toml")}
    assert {*NAMES} == {*TABLES} == files - {*PIECES}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_run_on_emodb(name, where):
    study = specifications.specification(name, "emodb")
    assert [subset for subset, _ in where.subsets(study.subsets, study.scarcity)] == ["all"]
    rows = specifications.rows_of(name, study, where)
    measured = {(row.method, row.classifier) for row in rows if row.method}
    assert measured == {
        (name, classifier)
        for name in study.methods
        for features in study.features
        for classifier in study.classifiers_of(name, features)
    }
    assert {row.subset for row in rows} == {"all"}
    quick = specifications.specification(name, "emodb", quick=True)
    assert quick.methods.keys() == study.methods.keys()
    assert all(m.times <= 2 for m in quick.methods.values() if m.synthesizer != "none")


@pytest.mark.parametrize("name", NAMES)
def test_a_row_of_a_table_is_measured_on_one_kind_of_features(name):
    study = specifications.specification(name, "x")
    for method in study.methods:
        read = [c for features in study.features for c in study.classifiers_of(method, features)]
        assert len(read) == len(set(read)), method


def test_further_methods_get_rows_of_their_own(where):
    study = specifications.specification("table1", methods=["gaussian", "adan"])
    rows = specifications.rows_of("table1", study, where)
    names = ["SVM", "DNN", "discriminant", "whitened DNN"]
    assert [row.label for row in rows[-4:]] == [f"gaussian + {name}" for name in names]
    with pytest.raises(AdanError, match="no synthesizer 'nothing'"):
        specifications.specification("table1", methods=["nothing"])


def test_tuned_classifiers_stand_beside_the_papers(where):
    study = specifications.specification("table1", tuned=True, quick=True)
    rows = [(row.label, row.classifier) for row in specifications.rows_of("table1", study, where)]
    place = rows.index(("ADAN + SVM", "svm"))
    assert rows[place + 1] == ("ADAN + SVM, tuned", "svm tuned")
    made = study.study("fold").classifiers
    assert list(made) == [
        *("svm", "dnn", "discriminant", "whitened dnn"),
        *("svm tuned", "dnn tuned"),
    ]
    assert made["dnn tuned"].steps == specifications.SHORT["steps"]
    tanh = specifications.specification("table4", "emodb", tuned=True).study("fold").classifiers
    assert tanh["dnn tuned"].activation == "tanh"


def test_ablations_augment_the_happy_class_more_where_there_is_one(where):
    study = specifications.specification("ablations")
    made = study.study("fold").methods
    assert made["3 x happiness"].more == {"happiness": 3}
    assert made["no loss from C to G"].synthesizer.classification_weight == 0
    assert specifications.without_missing_classes(study, where) == study
    data = where.data.only(where.data.y != "happiness")
    without = specifications.without_missing_classes(study, replace(where, data=data))
    assert without.methods.keys() == study.methods.keys() - {"3 x happiness"}


def test_the_authors_protocol_is_that_of_their_scripts(where):
    study = specifications.specification("table1", protocol="authors", methods=["gaussian"])
    assert study.normalisations == ["corpus"]
    made = study.study("corpus")
    assert made.methods["adan"].synthesizer.get_params() == ADAN.as_published().get_params()
    dnn = made.classifiers["dnn"]
    assert (dnn.activation, dnn.epochs, dnn.batch_norm, dnn.l2) == ("tanh", 20, True, 0.1)
    assert not dnn.rotate
    assert made.classifiers["svm"].C == 10
    assert specifications.specification("table1").methods["adan"].parameters == {}
    quick = specifications.specification("table1", protocol="authors", quick=True).study("corpus")
    assert quick.methods["adan"].synthesizer.epochs == 5
    assert quick.classifiers["dnn"].epochs == 5
    fold = specifications.specification("table1", protocol="authors", normalisation="fold")
    assert fold.normalisations == ["fold"]
    rows = specifications.rows_of("table1", study, where)
    assert ("adan", "dnn") in {(row.method, row.classifier) for row in rows}


@pytest.mark.parametrize("name", OF_VECTORS)
def test_every_table_has_the_authors_protocol(name):
    study = specifications.specification(name, "emodb", protocol="authors")
    assert study.study("corpus").classifiers["svm"].C == 10


def test_the_scripts_train_shorter_on_iemocap():
    epochs = {
        name: specifications.specification(name, "x", protocol="authors")
        .methods[method]
        .parameters["epochs"]
        for name, method in (("table1", "adan"), ("table2", "synthetic only"), ("table4", "adan"))
    }
    assert epochs == {"table1": 1500, "table2": 400, "table4": 400}


def test_the_authors_protocol_leaves_copies_of_recordings_as_they_are():
    study = specifications.specification("table1", "x", protocol="authors", methods=["speed"])
    assert study.methods["speed"].parameters == {}


@pytest.mark.usefixtures("_small", "_undrawn")
def test_the_authors_protocol_is_named_in_table_and_report(tmp_path):
    text = reproduce.table("table1", tmp_path, protocol="authors", quick=True)
    report(tmp_path, format="md")
    for said in (text, (tmp_path / "report.md").read_text()):
        assert "protocol of the authors' scripts" in said.splitlines()[0]
        assert "have seen the test speakers" in said
    assert pd.read_csv(tmp_path / "table1.csv")["normalisation"].dropna().eq("corpus").all()
