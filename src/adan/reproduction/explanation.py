"""Table I explained: from the authors' scripts to a leak-free test, one change at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from adan._files import replacing, without_formulas
from adan.evaluation.comparison import REAL_ONLY
from adan.evaluation.scores import score_seeds
from adan.experiments.runner import run
from adan.experiments.sources import load
from adan.experiments.specification import Specification
from adan.reports import figures
from adan.reports.tables import protocol_notes
from adan.reproduction.published import TABLES, Row
from adan.reproduction.run import LEAK_NOTE, QUICK_NOTE, typed
from adan.reproduction.specifications import (
    AUTHORS_CLASSIFIERS,
    published_rows,
    shortened,
    specification,
)
from adan.synthesis.adan import AS_PUBLISHED

EPOCHS = (5, 10, 15, 20)
"""Epochs that the DNN of the scripts is tested after; they train it for the last of them."""


def _after(epochs: int) -> str:
    return f"dnn of the scripts after {epochs} epochs"


TANH, RELU = _after(EPOCHS[-1]), "dnn of the scripts, ReLU"
LONG = "dnn of the scripts, ReLU, 220 epochs"
DNNS: dict[str, dict[str, Any]] = {
    **{_after(n): {"epochs": n} for n in EPOCHS},
    RELU: {"activation": "relu"},
    LONG: {"activation": "relu", "epochs": 220},
}
"""How the DNNs differ from the scripts'. Real data make about as many updates in 220 epochs as they
and ten sets do in 20."""

SCRIPTS, SHORT = "adan of the scripts", "adan of the scripts, 800 updates"
ADANS: dict[str, dict[str, Any]] = {
    SCRIPTS: AS_PUBLISHED,
    SHORT: {**AS_PUBLISHED, "epochs": None, "stop": None},
    "adan": {},
}
"""The parameters of the ADANs."""


@dataclass(frozen=True)
class Step:
    """A setting that Table I is measured with, one change away from the one before.

    Attributes
    ----------
    name : str
        What is changed.
    normalisation, adan : str
        The normalisation and method of the study that measure it.
    alone, dnn : str
        The DNN that is trained on real data alone, and that of the other rows.
    """

    name: str
    normalisation: str
    adan: str
    alone: str
    dnn: str

    def measures(self, row: Row) -> tuple[str, str, str]:
        """Return the normalisation, method and classifier that measure a row of Table I."""
        method = self.adan if row.method == "adan" else row.method
        dnn = self.alone if row.method == REAL_ONLY else self.dnn
        return self.normalisation, method, dnn if row.classifier == "dnn" else row.classifier


STEPS = (
    Step("the authors' scripts", "corpus", SCRIPTS, TANH, TANH),
    Step("ReLU in the DNN, as in the paper's text", "corpus", SCRIPTS, RELU, RELU),
    Step("as many updates on real data alone", "corpus", SCRIPTS, LONG, RELU),
    Step("ADAN makes 800 updates", "corpus", SHORT, LONG, RELU),
    Step("ADAN as in the paper's text", "corpus", "adan", LONG, RELU),
    Step("the DNN of our Table I", "corpus", "adan", "dnn", "dnn"),
    Step("normalised on the training speakers", "fold", "adan", "dnn", "dnn"),
)
LEAK = "the scripts, best of 4 epochs on each test speaker: a leak"
MEASURED = ["normalisation", "method", "classifier"]
"""The columns of predictions that tell what measures a row in a step."""
ROWS = tuple(row for row in TABLES["table1"].rows if row.method)


def studies(*, quick: bool = False, **choices: Any) -> dict[str, Specification]:
    """Return the studies that `STEPS` are read from, by their normalisations.

    Parameters
    ----------
    quick : bool, default=False
        Cut all training short.
    **choices
        ``corpus``, ``corpus_options`` and ``seeds`` of
        `adan.reproduction.specifications.specification`.
    """
    table1 = specification("table1", **choices)
    found = {}
    for how in dict.fromkeys(step.normalisation for step in STEPS):
        needed = _needed(how)
        methods = {
            method: {
                "synthesizer": "adan" if method in ADANS else table1.methods[method].synthesizer,
                "parameters": ADANS.get(method, {}),
                "classifiers": names,
            }
            for method, names in needed.items()
        }
        classifiers = {name: _classifier(name) for names in needed.values() for name in names}
        study = table1.changed(methods=methods, classifiers=classifiers, normalisations=[how])
        found[how] = shortened(study) if quick else study
    return found


def _needed(normalisation: str) -> dict[str, list[str]]:
    """Return the classifiers that `STEPS` and the leak need of each method."""
    measured = [step.measures(row) for row in ROWS for step in STEPS]
    measured += [leak for row in ROWS for leak in _leaks(row)]
    needed: dict[str, list[str]] = {}
    for how, method, classifier in dict.fromkeys(measured):
        if how == normalisation:
            needed.setdefault(method, []).append(classifier)
    return needed


def _leaks(row: Row) -> list[tuple[str, str, str]]:
    """Return what measures a row of a DNN in the first step, after each of `EPOCHS`."""
    how, method, _ = STEPS[0].measures(row)
    return [(how, method, _after(n)) for n in EPOCHS if row.classifier == "dnn"]


def _classifier(name: str) -> dict[str, Any]:
    if name not in DNNS:
        return {"kind": name}
    return {"kind": "dnn", "parameters": {**AUTHORS_CLASSIFIERS["dnn"], **DNNS[name]}}


def explain(
    folder: Path,
    *,
    quick: bool = False,
    command: str = "",
    progress: bool = False,
    running: Mapping[str, Any] | None = None,
    **choices: Any,
) -> str:
    """Measure Table I in all `STEPS`.

    Table and figure are left in ``folder``, and a run for each normalisation in a folder below.

    Parameters
    ----------
    folder, quick, command, progress, running
        As of `adan.reproduction.run.table`.
    **choices
        As of `studies`.

    Returns
    -------
    str
        The table as Markdown.

    Raises
    ------
    AdanError
        If there is no such corpus, or ``folder`` holds a run with other settings.
    """
    specified = studies(quick=quick, **choices)
    (source,) = load(specified["fold"], progress=progress)
    title = f"Table I explained: {source.corpus}, {source.features}{' (QUICK)' if quick else ''}"
    rows = [row for row in published_rows("table1", source) if row.method]
    measured: dict[str, pd.DataFrame] = {}

    def after(how: str, found: pd.DataFrame) -> None:
        measured[how] = found
        predictions = pd.concat(measured.values())
        notes = [*protocol_notes(predictions), LEAK_NOTE, *([QUICK_NOTE] if quick else [])]
        write(folder, accuracies(predictions, rows), title, notes)

    for how, study in specified.items():
        named = f"{title}, normalisation “{how}”"
        about = {"run": how, "title": named, "quick": quick, **typed(command)}
        options = {"progress": progress, **(running or {})}
        run(study, [source], folder / how, about=about, after=partial(after, how), **options)
    return (folder / "explanation.md").read_text(encoding="utf-8")


def write(folder: Path, scores: pd.DataFrame, title: str, notes: Sequence[str]) -> None:
    """Write ``steps.csv``, ``explanation.md``, ``.png`` and ``.svg`` of what is finished."""
    walk = steps(scores)
    with replacing(folder / "steps.csv") as path:
        without_formulas(walk).to_csv(path, index=False, float_format="%.4f")
    with replacing(folder / "explanation.md") as path:
        path.write_text(markdown(walk, title=title, notes=notes), encoding="utf-8")
    figures.save(draw(scores, title=title), folder, "explanation")


def accuracies(predictions: pd.DataFrame, rows: Sequence[Row] = ROWS) -> pd.DataFrame:
    """Return the WA of every seed in every step.

    Columns are ``step``, ``row``, ``published``, ``seed`` and ``wa``. A last step takes the best of
    `EPOCHS` on each test speaker, which no honest test may do; it is there to be measured.
    """
    scores = score_seeds(predictions)
    measured = {name: seeds.set_index("seed")["wa"] for name, seeds in scores.groupby(MEASURED)}
    predicted = dict(iter(predictions.groupby(MEASURED)))
    found = []
    for row in rows:
        for step in STEPS:
            if (wa := measured.get(step.measures(row))) is not None:
                found.append(_of(row, step.name, wa))
        leaks = _leaks(row)
        if leaks and predicted.keys() >= set(leaks):
            found.append(_of(row, LEAK, _best(pd.concat([predicted[leak] for leak in leaks]))))
    return pd.concat(found, ignore_index=True)


def _best(predictions: pd.DataFrame) -> pd.Series:
    """Return the WA of every seed, of whichever classifier is best in each fold."""
    right = (predictions["true"] == predictions["predicted"]).rename("right")
    by_fold = right.groupby([predictions[name] for name in ("seed", "fold", "classifier")])
    counts = by_fold.agg(["sum", "size"]).groupby(["seed", "fold"]).max()
    totals = counts.groupby("seed").sum()
    return (100 * totals["sum"] / totals["size"]).rename("wa")


def _of(row: Row, step: str, wa: pd.Series) -> pd.DataFrame:
    known = {"step": step, "row": row.label, "published": row.wa}
    return wa.rename("wa").reset_index().assign(**known)


def steps(scores: pd.DataFrame) -> pd.DataFrame:
    """Return mean, spread, best and the share that reaches the published WA, by step and row."""
    grouped = scores.groupby(["step", "row", "published"], sort=False, dropna=False)["wa"]
    table = grouped.agg(n_seeds="count", mean="mean", std="std", lowest="min", best="max")
    table = table.reset_index()
    reached = scores["wa"] >= scores["published"] - 0.005  # published to two decimals
    shares = reached.groupby([scores["step"], scores["row"]]).mean().rename("reached")
    table = table.join(shares, on=["step", "row"])
    return table.assign(reached=table["reached"].where(table["published"].notna()))


def markdown(walk: pd.DataFrame, *, title: str, notes: Sequence[str]) -> str:
    """Return the table of `steps` as Markdown, a column a step."""
    names = [step.name for step in STEPS] + [LEAK]
    names = [name for name in names if name in set(walk["step"])]
    lines = [
        f"# {title}",
        "",
        "WA in per cent: mean over seeds ± standard deviation (best seed; share of the seeds that "
        "reach the published figure). From left to right one setting changes at a time.",
        "",
        "| row | published | " + " | ".join(names) + " |",
        "|---|---:|" + "---:|" * len(names),
    ]
    for (row, wa), measured in walk.groupby(["row", "published"], sort=False, dropna=False):
        own = measured.set_index("step")
        published = "" if pd.isna(wa) else f"{wa:.2f}"
        cells = [_cell(own.loc[name]) if name in own.index else "" for name in names]
        lines.append("| " + " | ".join([row, published, *cells]) + " |")
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def _cell(found: pd.Series) -> str:
    spread = "" if pd.isna(found["std"]) else f" ± {found['std']:.1f}"
    reached = "" if pd.isna(found["reached"]) else f"; {100 * found['reached']:.0f} %"
    return f"{found['mean']:.1f}{spread} ({found['best']:.1f}{reached})"


def draw(scores: pd.DataFrame, *, title: str) -> Figure:
    """Draw the WA of every seed, a panel a row of Table I and a line a step."""
    names = [*dict.fromkeys(scores["step"])]
    figure = Figure(figsize=(12, 10), layout="constrained")
    rows = scores.groupby(["row", "published"], sort=False, dropna=False)
    panels = figure.subplots(-(-len(rows) // 2), 2, sharex=True, sharey=True, squeeze=False)
    for axes, ((row, published), own) in zip(panels.flat, rows, strict=False):
        places = own["step"].map(names.index)
        axes.plot(own["wa"], places, "o", color="#0072b2", alpha=0.4, label="a seed")
        means = own.groupby("step")["wa"].mean()
        axes.plot(means, means.index.map(names.index), "|", color="black", ms=14, label="mean")
        if not pd.isna(published):
            axes.axvline(published, color="#d55e00", label="published, one run")
        axes.set_title(row, fontsize=10, loc="left")
        axes.grid(axis="x", color="#dddddd")
        axes.tick_params("y", labelsize=8)
    panels[0, 0].set_yticks(range(len(names)), names)
    panels[0, 0].invert_yaxis()
    told = max((axes.get_legend_handles_labels() for axes in panels.flat), key=lambda t: len(t[1]))
    figure.legend(*told, loc="outside lower center", ncols=3)
    figure.suptitle(title)
    for axes in panels[-1]:
        axes.set_xlabel("WA in per cent")
    return figure
