"""``adan reproduce scarcity``."""

import pandas as pd
import pytest

from adan.cli import main
from adan.reports.curves import MEASURES
from adan.reproduction import scarcity


@pytest.fixture
def _small(monkeypatch):
    """Two methods and two classifiers of each study are enough."""
    whole = scarcity.specification

    def small(*which, **how):
        values = whole(*which, **how).model_dump(exclude_unset=True)
        kept = {"methods": ("real only", "borrowing"), "classifiers": ("svm", "discriminant")}
        parts = {part: {n: values[part][n] for n in names} for part, names in kept.items()}
        return whole(*which, **how).changed(**parts)

    monkeypatch.setattr(scarcity, "specification", small)


@pytest.mark.usefixtures("_small")
def test_it_leaves_curves_and_runs_that_can_be_reported(make_study_file, tmp_path, capsys):
    corpus = make_study_file().with_name("rows.parquet")
    folder = tmp_path / "run"
    command = ["reproduce", "scarcity", "--quick", "--corpus", str(corpus), "-o", str(folder)]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "## 5 utterances of the rare class: recall of the rare class" in told
    assert "## 3 utterances of every class: UAR" in told
    for name, title in scarcity.PIECES.items():
        text = (folder / name / "curves.md").read_text()
        assert title in text
        assert text in told
        assert "QUICK" in text
        assert (folder / name / "curves.png").stat().st_size > 10_000
        assert "<svg" in (folder / name / "curves.svg").read_text()
        points = pd.read_csv(folder / name / "curves.csv").value_counts("score").to_dict()
        assert points == {"scarcity": dict.fromkeys(MEASURES.values(), 4), "few": {"UAR": 4}}[name]
        assert main(["report", str(folder / name)]) == 0


def test_further_methods_fill_up_a_rare_class_and_make_ten_sets_elsewhere():
    rare, few = scarcity.studies(methods=["transfer", "smote"], seeds=3).values()
    assert rare.methods["transfer"].balance
    assert not few.methods["transfer"].balance
    assert rare.methods["smote"].classifiers == ["svm", "discriminant"]
    assert rare.seeds == few.seeds == 3


@pytest.mark.parametrize("option", [["--tuned"], ["--protocol", "authors"]])
def test_options_of_tables_are_refused(option, capsys):
    assert main(["reproduce", "scarcity", *option]) == 2
    assert f"{option[0]} does not apply to scarcity" in capsys.readouterr().err
