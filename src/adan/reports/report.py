"""The report of a run: one page that answers whether augmentation helps, and shows why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from adan import __version__
from adan._files import replacing, without_formulas
from adan.corpora import read_corpus
from adan.errors import AdanError
from adan.evaluation.comparison import REAL_ONLY
from adan.evaluation.quality import ALL
from adan.reports.curves import said
from adan.reports.folder import Run, read_runs
from adan.reports.groups import by_group, group_tables, highest
from adan.reports.page import page
from adan.reports.tables import (
    label,
    measured,
    number,
    protocol_notes,
    quality_notes,
    signed,
    statistics_notes,
)

AUTHORS = ("Yi, Lu", "Mak, Man-Wai")
TITLE = "Adversarial Data Augmentation Network for Speech Emotion Recognition"
PROCEEDINGS = (
    "Asia-Pacific Signal and Information Processing Association Annual Summit and Conference "
    "(APSIPA ASC)"
)
YEAR = 2019


def report(
    folder: Path, *, format: str = "html", output: Path | None = None, corpus: str | None = None
) -> list[tuple[str, Path]]:
    """Write the report of a run, one for each corpus and kind of features.

    Where the run knows groups of utterances, their scores are in a CSV file beside it, named like
    ``report-groups.csv``.

    Parameters
    ----------
    folder : Path
        What `adan.reproduction.run.table` or `adan.experiments.runner.run` left behind.
    format : {"html", "md", "tex"}, default="html"
        A page that needs nothing but itself, Markdown, or LaTeX tables to be read by a paper.
    output : Path, optional
        The file to write; by default ``report.html`` (or .md, .tex) in ``folder``. With several
        corpora or kinds of features, their names are added to it.
    corpus : str, optional
        Where the audio is that the page plays, as `adan.corpora.read_corpus` takes it; by default
        the corpus of the run.

    Returns
    -------
    list of (str, Path)
        The verdict in words and the file of each.

    Raises
    ------
    AdanError
        If ``folder`` holds no run, nothing is finished, or a file of it is damaged.
    """
    runs = read_runs(folder)
    output = output or folder / f"report.{format}"
    if len(runs) == 1:
        return [_report(runs[0], format, output, corpus)]
    return [
        _report(run, format, output.with_stem(f"{output.stem}-{_slug(run)}"), corpus)
        for run in runs
    ]


def _slug(run: Run) -> str:
    return re.sub(r"\W+", "_", f"{run.corpus}-{run.features}")


def _report(run: Run, format: str, output: Path, corpus: str | None) -> tuple[str, Path]:
    contents = _contents(run)
    groups, file = contents["groups"], output.with_name(f"{output.stem}-groups.csv")
    contents |= {"groups": group_tables(groups), "groups_file": file.name}
    if format == "html":
        contents |= page(run, contents["table"], _corpus(run, corpus), beside=output.parent)
    text = _ENVIRONMENTS[format]().get_template(f"report.{format}").render(contents)
    try:
        if len(groups):
            with replacing(file) as path:
                without_formulas(groups).to_csv(path, index=False, float_format="%.4f")
        with replacing(output) as path:
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AdanError(f"{output} cannot be written: choose another place with -o") from error
    return " ".join(contents["verdict"]), output


def verdict(rows: pd.DataFrame, corpus: str) -> list[str]:
    """Say in sentences whether augmentation helps, the answer first.

    Parameters
    ----------
    rows : DataFrame
        What `adan.evaluation.comparison.compare` returns, with a ``label`` for each row.
    corpus : str
        What was measured on.
    """
    others = rows[~rows["verdict"].isin(["baseline", ""])]
    others = others.sort_values("uar_difference", ascending=False)
    if others.empty:
        return [
            f"Whether augmentation helps on {corpus} cannot be told: the run has no row of real "
            "data alone."
        ]
    n = len(others)
    better, worse = (others[others["verdict"] == word] for word in ("better", "worse"))
    rest = others[others["verdict"] == "not told apart"]
    if len(better):
        with_one = better["n_seeds"].max() == 1
        yes = "Perhaps, with one seed" if with_one else "Yes"
        answer = f"{yes}: on {corpus} {_of(better, n)} better than real data alone."
        best = f"The best is {_with_gain(better.iloc[0])}."
        if with_one:
            best += " Another seed may say otherwise: measure with ten."
    elif len(rest):
        answer = (
            f"No gain is shown: on {corpus} none of {n} rows with augmentation can be told to be "
            "better than real data alone."
        )
        best = f"The highest, not told apart from it, is {_with_gain(rest.iloc[0])}."
    else:
        answer = f"No: on {corpus} {_of(worse, n)} worse than real data alone."
        best = f"The least bad is {_with_gain(worse.iloc[0])}."
    if len(worse) and len(worse) < n:
        best += f" {_of(worse, n)} worse, most of all {_with_gain(worse.iloc[-1])}."
    tops = highest(rows[rows["verdict"] != ""])
    alone, augmented = (f"{number(top['uar'])} ({top['label']})" for top in tops)
    both = f"The highest UAR on real data alone is {alone}, with augmentation {augmented}."
    return [answer, best, both]


def _of(some: pd.DataFrame, n: int) -> str:
    return f"{len(some)} of {n} rows with augmentation {'is' if len(some) == 1 else 'are'}"


def _with_gain(row: pd.Series) -> str:
    low, high = (signed(row[f"uar_difference_{end}"]) for end in ("low", "high"))
    between = f" (95\N{NO-BREAK SPACE}% interval {low} to {high})" if low else ""
    return f"{row['label']}, {signed(row['uar_difference'])} points of UAR{between}"


def _contents(run: Run) -> dict[str, Any]:
    """Gather what all formats show."""
    rows = _rows(run)
    finished = rows[rows["verdict"].notna()]
    protocol = run.about["settings"].get("study", {}).get("protocol", "speaker")
    corpus = f"the complete {run.corpus}" if run.curves else run.corpus
    return {
        "title": run.about.get("title", f"{run.folder.name}: {run.corpus}, {run.features}"),
        "quick": bool(run.about.get("quick")),
        "verdict": [*verdict(finished, corpus), *said(run.curves)],
        "table": rows,
        "rows": rows.to_dict("records"),
        "published": [m for m in ("wa", "uar") if rows[f"published_{m}"].notna().any()],
        "published_on": run.about.get("published_on", ""),
        "corpus": run.corpus,
        "notes": [
            *run.about.get("notes", []),
            *protocol_notes(run.predictions, protocol),
            *statistics_notes(finished),
        ],
        "groups": by_group(run, finished),
        "quality": None if run.quality is None else _quality(run.quality),
        "about": run.about,
        "sources": run.data,
        "seeds": ", ".join(map(str, sorted(run.predictions["seed"].unique()))),
        "command": run.about.get("command", ""),
        "citation": _citation(),
    }


def _rows(run: Run) -> pd.DataFrame:
    """Put published and measured figures side by side, with intervals and verdicts."""
    scores = measured(run.predictions)
    if run.table is None:
        unpublished = {"published_wa": np.nan, "published_uar": np.nan, "apart": False}
        rows = scores.assign(label=_labels(scores), **unpublished)
    else:
        columns = ["row", "subset", "method", "classifier", "published_wa", "published_uar"]
        apart = run.table.get("apart", False)  # runs of older versions do not say
        rows = run.table[columns].rename(columns={"row": "label"}).assign(apart=apart)
        rows["unscored"] = [_unscored(row) for _, row in run.table.iterrows()]
        rows = rows.merge(scores, how="left", on=["subset", "method", "classifier"])
    real = rows[rows["method"] == REAL_ONLY].drop_duplicates(["subset", "classifier"])
    real = real.set_index(["subset", "classifier"])
    keys = pd.MultiIndex.from_frame(rows[["subset", "classifier"]])
    for measure in ("wa", "uar"):
        published = f"published_{measure}"
        rows[f"{published}_difference"] = (
            rows[published].to_numpy() - real[published].reindex(keys).to_numpy()
        )
    return rows


def _unscored(row: pd.Series) -> str:
    """Say of a row without predictions where its figures come from."""
    if isinstance(row["classifier"], str):
        return "not run"
    if row["source"] == "measured":
        return f"{row['wa']:.2f} WA, {row['uar']:.2f} UAR in the listening test of the corpus"
    return "as published"


def _labels(rows: pd.DataFrame) -> list[str]:
    """Name rows by method and classifier, and by what else tells them apart."""
    further = [column for column in ("subset", "normalisation") if rows[column].nunique() > 1]
    return [
        ", ".join([label(row["method"], row["classifier"]), *(row[c] for c in further)])
        for _, row in rows.iterrows()
    ]


def _quality(quality: pd.DataFrame) -> dict[str, Any]:
    """Average the quality of synthetic data over folds, all classes together."""
    further = [column for column in ("subset", "normalisation") if quality[column].nunique() > 1]
    measures = quality.select_dtypes("number").columns.drop("seed")
    every = quality[quality["class"] == ALL]
    tables = []
    for key, there in every.groupby(["space", *further], sort=False):
        means = there.groupby("method", sort=False)[[*measures]].mean().dropna(axis=1, how="all")
        rows = {name.replace("_", " "): values.tolist() for name, values in means.items()}
        tables.append({"space": ", ".join(key), "methods": [*means.index], "rows": rows})
    return {"tables": tables, "notes": quality_notes(quality)}


def _citation() -> dict[str, str]:
    """Return how to cite; ``CITATION.cff`` says the same."""
    people = " and ".join(AUTHORS)
    return {
        "text": f"{people} ({YEAR}). {TITLE}. {PROCEEDINGS}.",
        "software": f"adan, version {__version__}.",
        "bibtex": (
            f"@inproceedings{{yi{YEAR},\n  author = {{{people}}},\n  title = {{{TITLE}}},\n"
            f"  booktitle = {{{PROCEEDINGS}}},\n  year = {{{YEAR}}}\n}}"
        ),
    }


def _corpus(run: Run, corpus: str | None) -> pd.DataFrame | None:
    """Read the corpus, for its audio and its listening test; None where it is not there."""
    choices = run.about["settings"].get("study", {}).get("corpora", [])
    if corpus is not None:
        options = choices[0]["options"] if len(choices) == 1 else {}
        return read_corpus(corpus, **options).table
    for choice in choices:
        try:
            there = read_corpus(choice["path"], **choice["options"])
        except AdanError:
            continue
        if there.name == run.corpus:
            return there.table
    return None


def _environment(finalize: Callable[[Any], Any], **options: Any) -> Environment:
    environment = Environment(
        loader=PackageLoader("adan.reports"),
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    environment.filters |= {"signed": signed, "number": number, "json": _pretty, "zip": zip}
    return environment


def _markdown(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return re.sub(r"([\\|*_`<\[])", r"\\\1", value)


_TEX = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{MINUS SIGN}": "$-$",
    "±": r"$\pm$",
    "“": "``",
    "”": "''",
}


def _tex(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "".join(_TEX.get(character, character) for character in value)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


_ENVIRONMENTS = {
    "html": lambda: _environment(lambda value: value, autoescape=True),
    "md": lambda: _environment(_markdown),
    "tex": lambda: _environment(
        _tex,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    ),
}
