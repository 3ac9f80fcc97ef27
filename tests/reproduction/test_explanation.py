"""The walk from the authors' scripts to the leak-free protocol."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan.cli import main
from adan.reproduction import explanation, specifications
from adan.reproduction.explanation import EPOCHS, LEAK, ROWS, STEPS, accuracies, steps, studies


def test_one_change_separates_each_step_from_the_next():
    for before, after in itertools.pairwise(STEPS):
        changed = [vars(before)[k] != vars(after)[k] for k in ("normalisation", "adan", "dnn")]
        assert sum(changed) == 1, after.name


def test_it_begins_with_the_protocol_authors_and_ends_with_table_1():
    authors = specifications.specification("table1", protocol="authors").study("corpus")
    leak_free = specifications.specification("table1").study("fold")
    for step, known in ((STEPS[0], authors), (STEPS[-1], leak_free)):
        made = studies()[step.normalisation].study(step.normalisation)
        adan, dnn = made.methods[step.adan].synthesizer, made.classifiers[step.dnn]
        assert adan.get_params() == known.methods["adan"].synthesizer.get_params()
        assert dnn.get_params() == known.classifiers["dnn"].get_params()


@pytest.fixture
def predictions():
    """Ten utterances a cell; as many right as `right` says, seed by seed."""
    cells = []
    for row in ROWS:
        for step in STEPS:
            cells.append((*step.measures(row), [8, 9] if step is STEPS[0] else [7, 7]))
        if row.classifier == "dnn" and row.method in ("real only", "adan"):
            early = [(n, [9, 5] if n == EPOCHS[0] else [6, 6]) for n in EPOCHS[:-1]]
            how, method, _ = STEPS[0].measures(row)
            cells += [(how, method, f"dnn of the scripts, {n} epochs", r) for n, r in early]
    known = dict.fromkeys(cell[:3] for cell in cells)
    frames = []
    for how, method, classifier in known:
        right = next(cell[3] for cell in cells if cell[:3] == (how, method, classifier))
        for seed, n in enumerate(right):
            told = {"normalisation": how, "method": method, "classifier": classifier, "seed": seed}
            labels = {"true": "a", "predicted": np.where(np.arange(10) < n, "a", "b")}
            frames.append(pd.DataFrame({"subset": "all", "fold": "1", **told, **labels}))
    return pd.concat(frames, ignore_index=True)


def test_means_bests_and_the_share_that_reaches_the_published_figure(predictions):
    walk = steps(accuracies(predictions)).set_index(["row", "step"])
    first = walk.loc[("DNN with IS11", STEPS[0].name)]
    assert (first["mean"], first["best"], first["reached"]) == (85, 90, 0.5)  # published 80.19
    assert first["reached"] != first["published"] == 80.19
    leak = walk.loc[("DNN with IS11", LEAK)]
    assert leak["mean"] == 90  # 90 of 5 epochs in seed 0, 90 of 20 epochs in seed 1
    assert walk.loc[("DNN with IS11", STEPS[-1].name), "reached"] == 0
    assert np.isnan(walk.loc[("Adding noise + SVM", STEPS[0].name), "reached"])


def test_another_corpus_has_no_published_figures(predictions):
    scores = accuracies(predictions, [replace(row, wa=np.nan) for row in ROWS])
    walk = steps(scores)
    assert walk["reached"].isna().all()
    assert "80.19" not in explanation.markdown(walk, title="", notes=[])
    panels = explanation.draw(scores, title="").axes
    assert {text for axes in panels for text in axes.get_legend_handles_labels()[1]} == {
        "a seed",
        "mean",
    }


def test_a_small_run_leaves_table_and_figure(small_table1, tmp_path, monkeypatch, capsys):
    studies = specifications.STUDIES
    small_table1(monkeypatch)
    monkeypatch.setattr(specifications, "STUDIES", studies)
    from adan.reproduction import run

    monkeypatch.setattr(explanation, "load", run.load)
    some = (*ROWS[:2], *ROWS[-2:])
    monkeypatch.setattr(explanation, "ROWS", some)
    monkeypatch.setattr(specifications, "SHORT", {"epochs": 2, "steps": 10, "times": 1})
    command = ["reproduce", "explanation", "--quick", "-o", str(tmp_path / "run")]
    assert main(command) == 0
    text = (tmp_path / "run" / "explanation.md").read_text()
    assert text in capsys.readouterr().out
    assert "(QUICK)" in text.splitlines()[0]
    for row in some:
        assert f"| {row.label} |" in text
    table = pd.read_csv(tmp_path / "run" / "steps.csv")
    assert len(table) == len(some) * len(STEPS) + len(some) // 2
    assert (tmp_path / "run" / "explanation.png").stat().st_size > 10_000
    assert main(["report", str(tmp_path / "run" / "corpus")]) == 0


@pytest.mark.parametrize(
    ("what", "options", "named"),
    [
        ("explanation", ["--protocol", "authors"], "--protocol"),
        ("explanation", ["--tuned"], "--tuned"),
        ("figure2", ["--seeds", "3"], "--seeds"),
        ("figure3", ["--methods", "smote"], "--methods"),
    ],
)
def test_an_option_without_use_is_refused(what, options, named, tmp_path, capsys):
    assert main(["reproduce", what, *options, "-o", str(tmp_path / "run")]) == 2
    assert f"{named} does not apply to {what}" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
