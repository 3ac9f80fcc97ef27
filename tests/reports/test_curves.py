"""Curves where data are scarce, and what a method is worth in recordings."""

import numpy as np
import pandas as pd
import pytest

from adan.evaluation.scores import unweighted_average_recall
from adan.reports import curves as scarce
from adan.reports import figures
from adan.reports.drawing import learning_curves

CLASSES = ("anger", "fear")


@pytest.fixture
def predictions():
    """Of real data alone and of a method that is ahead by one step; all speakers are alike."""

    def made(subset, method, right, classifier="svm"):
        """Of ten utterances a speaker and class so many are right."""
        rows = [
            (speaker, label, i, i < right)
            for speaker in "abcd"
            for label in CLASSES
            for i in range(10)
        ]
        other = dict(zip(CLASSES, CLASSES[::-1], strict=True))
        return pd.DataFrame(
            {
                "subset": subset,
                "method": method,
                "classifier": classifier,
                "normalisation": "fold",
                "seed": 0,
                "fold": [speaker for speaker, *_ in rows],
                "speaker": [speaker for speaker, *_ in rows],
                "utterance": [f"{speaker}{label}{i}" for speaker, label, i, _ in rows],
                "true": [label for _, label, *_ in rows],
                "predicted": [
                    label if is_right else other[label] for _, label, _, is_right in rows
                ],
            }
        )

    steps = {"all": 8, "5 a class": 2, "10 a class": 4, "20 a class": 6}
    tables = [made(subset, "real only", right) for subset, right in steps.items()]
    ahead = {"all": 8, "5 a class": 4, "10 a class": 6, "20 a class": 9}
    tables += [made(subset, "adan", right) for subset, right in ahead.items()]
    for n, right in ((5, 3), (10, 5)):
        for label in CLASSES:
            tables.append(made(f"{n} of {label}", "real only", right))
            tables.append(made(f"{n} of {label}", "real only", right + 1, "svm, class weights"))
            tables.append(made(f"{n} of {label}", "real only", right + 2, "recommended"))
    tables.append(made("all", "real only", 8, "svm, class weights"))
    tables.append(made("all", "real only", 8, "recommended"))
    return pd.concat(tables, ignore_index=True)


def found(predictions, **wanted):
    (one,) = (
        curve
        for curve in scarce.curves_of(predictions)
        if all(getattr(curve, name) == value for name, value in wanted.items())
    )
    return one


def test_a_curve_ends_at_the_complete_corpus(predictions):
    curve = found(predictions, kind="utterances_per_class", label="real only")
    np.testing.assert_allclose(curve.n, [5, 10, 20, 30])
    np.testing.assert_allclose(curve.values, [20, 40, 60, 80])
    np.testing.assert_allclose(curve.intervals[:, 0], curve.values)


def test_a_method_is_worth_what_real_data_alone_need_for_the_same_score(predictions):
    real, adan = (
        found(predictions, kind="utterances_per_class", label=name)
        for name in ("real only", "adan")
    )
    worth = adan.worth(real)
    np.testing.assert_allclose(worth[:3], [[5] * 3, [10] * 3, [10] * 3])  # at the end: 30 - 20
    np.testing.assert_allclose(adan.gain(real), np.repeat([[20], [20], [30], [0]], 3, axis=1))
    between = scarce._reached(real.n, real.values[:, None], np.array([30.0]))
    np.testing.assert_allclose(between, np.sqrt(5 * 10))
    points = scarce.table(scarce.curves_of(predictions)).set_index(["label", "stays"])
    of_class = "5 utterances of every class"
    assert points.loc[("adan", of_class), "worth"] == pytest.approx(5)
    assert np.isnan(points.loc[("real only", of_class), "worth"])
    recommended = points.loc[("recommended", "5 utterances of the rare class")]
    np.testing.assert_allclose(recommended["gain"], 20)


def test_what_is_highest_where_least_stays_is_said(predictions):
    sentences = scarce.said(scarce.curves_of(predictions))
    assert scarce.said([]) == []
    assert len(sentences) == 2
    assert sentences[1] == (
        "With 5 utterances of every class the UAR of the SVM is 20.0 on real data alone. With adan "
        "it is 40.0 (+20.0 points, 95 % interval +20.0 to +20.0). Real data alone would need 5 "
        "more for as much."
    )


def test_where_no_method_helps_that_is_said(predictions):
    both = predictions[~predictions["subset"].str.contains(" of ")]
    swapped = both.replace({"method": {"real only": "adan", "adan": "real only"}})
    assert scarce.said(scarce.curves_of(swapped))[0] == (
        "With 5 utterances of every class the UAR of the SVM is 40.0 on real data alone, and no "
        "method has more (adan, the best, has 20.0)."
    )


def test_recall_is_that_of_the_class_that_is_rare(predictions):
    """Where fear is rare, errors on anger do not count."""
    rare = predictions["subset"].str.endswith(" of fear") & (predictions["true"] == "anger")
    predictions.loc[rare, "predicted"] = "anger"
    recall = found(predictions, measure="recall", label="real only", kind="rare")
    np.testing.assert_allclose(recall.values, [30, 50, 80])
    uar = found(predictions, measure="uar", label="real only", kind="rare")
    of_fear = predictions[
        (predictions["subset"] == "5 of fear") & (predictions["classifier"] == "svm")
    ]
    expected = (30 + unweighted_average_recall(of_fear["true"], of_fear["predicted"])) / 2
    assert uar.values[0] == pytest.approx(expected)


def test_what_follows_a_comma_is_a_line_and_the_recommendation_stands_in_every_panel(predictions):
    panels = scarce.panels(scarce.curves_of(predictions))
    assert [*panels] == [
        ("rare", "recall", "svm"),
        ("rare", "uar", "svm"),
        ("utterances_per_class", "uar", "svm"),
    ]
    labels = [curve.label for curve in panels["rare", "uar", "svm"]]
    assert labels == ["real only", "class weights", "recommended"]


def test_the_figure_and_the_page_have_every_line(predictions):
    curves = scarce.curves_of(predictions)
    figure = figures.learning_curves(curves, title="scarce")
    drawn = learning_curves(curves)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [panel["heading"] for panel in drawn]
    for axes, panel in zip(figure.axes, drawn, strict=True):
        labels = axes.get_legend_handles_labels()[1]
        assert labels == [line["label"] for line in panel["lines"]]
        assert [text for _, text in panel["x"]] == [t.get_text() for t in axes.get_xticklabels()]


def test_another_subset_may_be_scarce(predictions):
    subsets = {name: scarce.Scarcity.parsed(name)[1] for name in predictions["subset"].unique()}
    names = {name: s.subset("improvised") if s else "improvised" for name, s in subsets.items()}
    other = predictions.assign(subset=predictions["subset"].map(names))
    both = pd.concat([predictions, other])
    for found in (scarce.curves_of(other), scarce.curves_of(both)):
        expected = scarce.table(scarce.curves_of(predictions))
        pd.testing.assert_frame_equal(scarce.table(found), expected)
    assert scarce.is_scarce(both).sum() == 2 * scarce.is_scarce(predictions).sum()


def test_without_scarce_data_there_is_no_curve(predictions):
    complete = predictions[~scarce.is_scarce(predictions)]
    assert scarce.curves_of(complete) == []
    assert learning_curves([]) == []
