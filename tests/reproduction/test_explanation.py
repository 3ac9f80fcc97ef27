"""The walk from the authors' scripts to the leak-free protocol."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan import DNNClassifier
from adan.cli import main
from adan.reproduction import explanation, specifications
from adan.reproduction.explanation import (
    DNNS,
    LEAK,
    LONG,
    MEASURED,
    RELU,
    ROWS,
    STEPS,
    _leaks,
    accuracies,
    steps,
    studies,
)


def test_one_change_separates_each_step_from_the_next():
    made = {how: study.study(how) for how, study in studies().items()}

    def parameters(step):
        study = made[step.normalisation]
        named = {"adan": study.methods[step.adan].synthesizer}
        named |= {what: study.classifiers[getattr(step, what)] for what in ("alone", "dnn")}
        found = {f"{k}.{p}": v for k, one in named.items() for p, v in one.get_params().items()}
        return found | {"normalisation": step.normalisation}

    found = [parameters(step) for step in STEPS]
    changes = [{k for k in a if a[k] != b[k]} for a, b in itertools.pairwise(found)]
    assert changes[:3] == [
        {"alone.activation", "dnn.activation"},
        {"alone.epochs"},
        {"adan.epochs", "adan.stop"},
    ]
    assert {name.split(".")[0] for name in changes[3]} == {"adan"}
    assert {name.split(".")[0] for name in changes[4]} == {"alone", "dnn"}
    assert changes[5] == {"normalisation"}


def test_real_data_alone_make_as_many_updates_as_with_ten_sets():
    for_real, for_sets = (DNNClassifier(**{"epochs": 20, **DNNS[name]}) for name in (LONG, RELU))
    n = 480
    assert for_real._rounds(n) == pytest.approx(for_sets._rounds(11 * n), rel=0.05)


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
    """Ten utterances of two speakers in a cell; as many right as is said, by seed and speaker."""
    right = {}
    for row in ROWS:
        for step in STEPS:
            right.setdefault(step.measures(row), [(4, 4), (4, 5)] if step is STEPS[0] else [(4, 3)])
        if row.classifier == "dnn":
            first, *others, _ = _leaks(row)
            right |= {first: [(5, 1), (1, 1)], **{key: [(1, 1), (1, 1)] for key in others}}
    return pd.concat(
        pd.DataFrame(
            {
                **dict(zip(MEASURED, cell, strict=True)),
                **{"subset": "all", "seed": seed, "fold": str(speaker), "true": "a"},
                "predicted": np.where(np.arange(5) < n, "a", "b"),
            }
        )
        for cell, seeds in right.items()
        for seed, speakers in enumerate(seeds)
        for speaker, n in enumerate(speakers)
    )


def test_means_bests_and_the_share_that_reaches_the_published_figure(predictions):
    walk = steps(accuracies(predictions)).set_index(["row", "step"])
    first = walk.loc[("DNN with IS11", STEPS[0].name)]
    assert (first["mean"], first["best"], first["reached"]) == (85, 90, 0.5)  # published 80.19
    assert first["reached"] != first["published"] == 80.19
    leak = walk.loc[("DNN with IS11", LEAK)]
    assert leak["mean"] == 90  # seed 0 has 5 of the first speaker after 5 epochs, and 4 after 20
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
    monkeypatch.setattr(specifications, "SHORT", {"epochs": 1, "steps": 2, "times": 1})
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
