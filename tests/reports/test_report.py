"""The report of a real, tiny run on EmoDB's bundled features."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adan import AdanError, __version__
from adan.cli import main
from adan.reports.report import AUTHORS, PROCEEDINGS, TITLE, YEAR, report, verdict

VOID = {"meta", "br", "img", "input", "link", "hr"}


@pytest.fixture
def run(finished_run, tmp_path) -> Path:
    """A copy of the run, to be damaged."""
    return shutil.copytree(finished_run, tmp_path / "table1")


@pytest.fixture(scope="module")
def written(finished_run, tmp_path_factory) -> tuple[Path, str, str]:
    """A copy of the run with its page, the verdict and the page's text."""
    run = shutil.copytree(finished_run, tmp_path_factory.mktemp("written") / "table1")
    answer, path = the_report(run)
    return run, answer, path.read_text()


def the_report(run: Path, **options) -> tuple[str, Path]:
    """The verdict and the file of a run on one corpus."""
    (one,) = report(run, **options)
    return one


class Page(HTMLParser):
    """Read a page, insisting that every element is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_page_answers_first_and_shows_everything_behind_it(written):
    run, answer, text = written
    page = Page(text)
    assert answer.split(". ")[0] in page.text
    for words in (
        *("80.56", "83.74", "better than real data alone", "3 speakers", "would find"),
        *("Latent vectors", "Cross-entropy losses", "Adversarial Data Augmentation Network"),
        *("adan reproduce table1 --seeds 2", "torch 2."),
    ):
        assert words in page.text, words
    predictions = pd.read_parquet(run / "predictions.parquet")
    right = predictions.query("method == 'adan' and classifier == 'svm'")
    wa = 100 * (right["true"] == right["predicted"]).mean()
    assert f"{wa:.1f}" in page.text
    links = {a["href"] for a in page.all("a") if not a["href"].startswith("#")}
    assert {"predictions.parquet", "table1.csv", "map.csv", "settings.json"} <= links
    assert all((run / link).is_file() for link in links)
    wrong = predictions[predictions["true"] != predictions["predicted"]]
    lines = wrong[["utterance", "predicted"]].drop_duplicates()
    assert f"{len(lines)} lines" in page.text
    assert len(text) < 5_000_000


def test_the_page_needs_nothing_from_elsewhere_and_its_drawings_have_words(written):
    page = Page(text := written[2])
    for tag, attributes in page.elements:
        assert "src" not in attributes, tag
        assert not re.match(r"(https?:)?//", attributes.get("href") or ""), attributes
    assert "@import" not in text
    assert "url(" not in text
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    drawings = [a for a in page.all("svg") if a.get("aria-hidden") != "true"]
    assert len(drawings) == 6
    for drawing in drawings:
        assert set(drawing["aria-labelledby"].split()) <= set(ids)


def test_the_points_of_the_maps_are_those_of_the_run(written):
    run, _, text = written
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    points = pd.read_csv(run / "map.csv", dtype=str, keep_default_na=False)
    first = points[points["space"] == points["space"].iloc[0]]
    assert data["points"]["emotions"] == first["emotion"].tolist()
    names = [data["utterances"][i][0] if i >= 0 else "" for i in data["points"]["utterances"]]
    assert names == first["utterance"].tolist()
    assert [len(space["x"]) for space in data["maps"]] == [len(first)] * 2


def test_audio_is_played_from_where_the_corpus_lies(run, make_emodb_folder):
    corpus = make_emodb_folder()
    text = the_report(run, corpus=str(corpus))[1].read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    for name, _, _, file in data["utterances"]:
        assert (run / file).resolve() == corpus / f"{name}.wav"
    assert "▶" in text
    assert "listeners" not in text


def test_errors_say_how_many_listeners_heard_the_emotion(run, make_emodb_folder):
    corpus = make_emodb_folder()
    names = pd.read_parquet(run / "predictions.parquet")["utterance"].unique()
    rows = [f"{i}\t{name}.wav\t62,50\t35,00\n" for i, name in enumerate(names)]
    test = "Nr.\tSatz\terkannt\tnatuerlich\n" + "".join(rows)
    (corpus.parent / "erkennung.txt").write_text(test, encoding="latin-1")
    text = the_report(run, corpus=str(corpus))[1].read_text()
    assert text.count("listeners who heard it right") == 1
    errors = re.search(r'<div class="errors".*?</table>', text, re.DOTALL)[0]
    assert errors.count('<td class="seeds">62</td>') == errors.count("<tr>") - 1


@pytest.mark.parametrize("format", ["md", "tex"])
def test_other_formats_hold_the_same_table(run, format):
    answer, path = the_report(run, format=format)
    text = path.read_text()
    assert answer.split(". ")[0] in text
    scores = pd.read_csv(run / "table1.csv").set_index("row")
    assert f"{scores.loc['ADAN + SVM', 'uar']:.1f} [" in text
    assert "80.93" in text


def test_labels_are_escaped_in_every_format(run):
    predictions = pd.read_parquet(run / "predictions.parquet")
    predictions.assign(corpus="<i>Emo_DB</i>").to_parquet(run / "predictions.parquet")
    for name, old, new in (
        ("table1.csv", "ADAN + SVM", "<b>A_1 & 50% | `x`"),
        ("settings.json", '"EmoDB"', '"<i>Emo_DB</i>"'),
    ):
        text = (run / name).read_text()
        assert old in text
        (run / name).write_text(text.replace(old, new))
    assert "&lt;b&gt;A_1 &amp; 50% | `x`" in the_report(run)[1].read_text()
    assert r"\<b>A\_1 & 50% \| \`x\`" in the_report(run, format="md")[1].read_text()
    assert r"<b>A\_1 \& 50\% | `x`" in the_report(run, format="tex")[1].read_text()
    assert "<i>" not in (run / "report.html").read_text()


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_latex_compiles(run):
    report(run, format="tex")
    paper = (
        r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{report}\end{document}"
    )
    (run / "paper.tex").write_text(paper)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    result = subprocess.run(command, cwd=run, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:]


def test_quality_is_the_mean_over_folds(written):
    run, _, page = written
    quality = pd.read_parquet(run / "quality.parquet")
    every = quality[(quality["space"] == "features") & (quality["class"] == "all")]
    spreads = every.groupby("method", sort=False)["spread"].mean()
    assert "held-out speaker" in spreads
    cells = "".join(f"<td>{value:.2f}</td>" for value in spreads)
    assert f'<th scope="row">spread</th>{cells}</tr>' in page
    cells = " & ".join(f"{value:.2f}" for value in spreads)
    assert f"spread & {cells}" in the_report(run, format="tex")[1].read_text()


def test_scores_by_group_are_those_of_the_groups_own_predictions(written):
    run, _, page = written
    groups = pd.read_csv(run / "report-groups.csv", dtype={"value": str})
    assert {*groups["method"]} == {"real only", "adan"}
    predictions = pd.read_parquet(run / "predictions.parquet")
    women = predictions[predictions["speaker"].isin(["08", "09"])]
    for row in groups.query("trait == 'gender'").itertuples():
        assert row.n_speakers == {"female": 2, "male": 1}[row.value]
        assert (row.uar_low < row.uar < row.uar_high) is (row.value == "female")
    (alone,) = groups.query("method == 'real only' and value == 'female'").itertuples()
    own = women[(women["method"] == "real only") & (women["classifier"] == alone.classifier)]
    assert alone.wa == pytest.approx(100 * (own["true"] == own["predicted"]).mean(), abs=1e-4)
    assert alone.n_utterances == own["utterance"].nunique()
    section = re.search(r'<section id="groups">.*?</section>', page, re.DOTALL)[0]
    assert f"<td>{alone.wa:.1f}<span" in section
    assert section.count("one speaker") == 4 * (groups["n_speakers"] == 1).sum() / 2
    for format in ("md", "tex"):
        text = the_report(run, format=format)[1].read_text()
        assert f"{alone.wa:.1f} [{alone.wa_low:.1f}, {alone.wa_high:.1f}]" in text
        assert "(one speaker)" in text


def test_a_run_that_knows_no_groups_has_a_report_without_them(run):
    (run / "traits.parquet").unlink()
    assert 'id="groups"' not in the_report(run)[1].read_text()
    assert not (run / "report-groups.csv").exists()


def _rows(*gains, n_seeds=2):
    verdicts = {"+": "better", "-": "worse", "0": "not told apart"}
    others = [
        {
            "label": label,
            "verdict": verdicts[kind],
            "uar": 70 + gain,
            "n_seeds": n_seeds,
            **{f"uar_difference{end}": gain for end in ("", "_low", "_high")},
        }
        for label, kind, gain in gains
    ]
    baseline = {"label": "real", "verdict": "baseline", "uar": 70.0, "uar_difference": np.nan}
    return pd.DataFrame([baseline, *others])


@pytest.mark.parametrize(
    ("gains", "answer", "reason"),
    [
        ([("A", "+", 2.0), ("B", "0", 1.0)], "Yes: on X 1 of 2 rows", "best is A, +2.0 points"),
        (
            [("A", "0", -1.0), ("B", "-", -9.0)],
            "No gain is shown",
            "most of all B, \N{MINUS SIGN}9.0",
        ),
        (
            [("A", "-", -5.0), ("B", "-", -9.0)],
            "No: on X 2 of 2 rows",
            "least bad is A, \N{MINUS SIGN}5.0",
        ),
        ([], "Whether augmentation helps on X cannot be told", ""),
    ],
)
def test_the_verdict_in_words(gains, answer, reason):
    sentences = verdict(_rows(*gains), "X")
    assert sentences[0].startswith(answer)
    assert reason in sentences[1 if gains else 0]
    if gains:
        assert sentences[2].startswith(
            "The highest UAR on real data alone is 70.0 (real), with aug"
        )
        assert sentences[2].endswith(f"{70 + gains[0][2]} (A).")


def test_a_gain_of_one_seed_is_told_as_such():
    answer, best, _ = verdict(_rows(("A", "+", 2.0), n_seeds=1), "X")
    assert answer.startswith("Perhaps, with one seed: on X 1 of 1 rows")
    assert "Another seed may say otherwise" in best


def test_a_study_on_two_corpora_has_a_page_for_each(make_study_file, tmp_path, capsys):
    study = make_study_file(seeds=1)
    other = tmp_path / "other.parquet"
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    rows.to_parquet(other)
    text = study.read_text().replace('corpora = ["', f'corpora = ["{other}", "')
    text = re.sub("(?m)^(dnn|.synthetic only.) = .*", "", text)
    study.write_text(text.replace("seeds = 1", 'seeds = 1\nnormalisations = ["fold", "speaker"]'))
    folder = tmp_path / "run"
    assert main(["study", "run", str(study), "-o", str(folder)]) == 0
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out.count("report-") == 2
    for corpus in ("other", "rows"):
        page = Page((folder / f"report-{corpus}_features_of_the_table.html").read_text())
        for words in (
            *(f"run: {corpus}, features of the table", f"on {corpus} ", "smote + SVM, speaker"),
            *("60 utterances", "Features, fold", "Latent of adan, speaker", "adan study run"),
        ):
            assert words in page.text, words


def test_a_run_without_real_data_alone_has_a_report(run):
    predictions = pd.read_parquet(run / "predictions.parquet")
    predictions[predictions["method"] == "adan"].to_parquet(run / "predictions.parquet")
    answer, _ = the_report(run)
    assert "cannot be told" in answer


@pytest.mark.parametrize("command", [["report"], ["study", "status"]])
def test_a_folder_of_several_runs_is_told_from_none(command, run, capsys):
    assert main([*command, str(run.parent)]) == 2
    assert f"holds a run in each folder below: give one, such as {run}" in capsys.readouterr().err


def _damage(name, content):
    def damage(run):
        (run / name).write_bytes(content)

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda run: (run / "settings.json").unlink(), "is not a run"),
        (_damage("settings.json", b"{}"), "settings.json is damaged"),
        (lambda run: (run / "predictions.parquet").unlink(), "no finished row"),
        (_damage("predictions.parquet", b"PAR1 or so"), "predictions.parquet is damaged"),
        (_damage("traits.parquet", b"PAR1"), "traits.parquet is damaged"),
        (_damage("map.csv", b"utterance\nx\n"), "map.csv has no column 'emotion'"),
        (_damage("history.csv", b"\xff\xfe\x00"), "history.csv is damaged"),
    ],
)
def test_broken_input_is_named_in_one_line(run, damage, message, capsys):
    damage(run)
    assert main(["report", str(run)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (run / "report.html").exists()


def test_a_place_that_cannot_be_written_is_named(run):
    with pytest.raises(AdanError, match="cannot be written"):
        report(run, output=run / "settings.json" / "page.html")


USE = """
const map = document.querySelector(".map");
map.focus();
map.dispatchEvent(new FocusEvent("focus"));
map.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowLeft"}));
map.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown"}));
document.querySelector(".matrix button").click();
document.querySelector("#errors th").click();
const told_ = document.getElementById("told").textContent;
const shown = document.getElementById("shown").textContent;
parent.postMessage([document.documentElement.scrollWidth, told_, shown].join(" / "), "*");
"""
"""A reader who walks on a map, chooses a confusion and sorts the errors."""


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
@pytest.mark.parametrize("options", [[], ["--blink-settings=preferredColorScheme=0"]])
def test_chromium_draws_it_without_an_error(written, options, tmp_path):
    run, _, text = written
    picture, pdf, frame = tmp_path / "page.png", tmp_path / "page.pdf", tmp_path / "frame.html"
    first = "<script>onerror = (e) => parent.postMessage('BROKEN ' + e, '*');</script>"
    last = f"<script>{USE}</script>"
    (run / "probe.html").write_text(text.replace("<style>", first + "<style>", 1) + last)
    frame.write_text(
        "<script>onmessage = (e) => { document.title += ' ' + e.data; }</script>"
        f"<iframe width=360 height=800 src='file://{run}/probe.html'></iframe>"
    )

    def browse(page, *arguments):
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [*options, *arguments, f"file://{page}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

    told = browse(frame, "--virtual-time-budget=2000", "--dump-dom")
    width, point, filtered = re.search("<title>(.*?)</title>", told)[1].split(" / ")
    assert width.strip() == "360"
    assert re.fullmatch(r"synthetic \w+ |\w+ · \w+ · speaker \d\d ", point)
    assert re.fullmatch(r"[1-9]\d* of \d+ lines", filtered)
    browse(run / "report.html", f"--screenshot={picture}", "--window-size=1280,2000")
    assert picture.stat().st_size > 50_000
    if not options:
        browse(run / "report.html", f"--print-to-pdf={pdf}")
        assert pdf.stat().st_size > 50_000


def test_a_report_cites_what_the_citation_file_says():
    told = (Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")
    words = " ".join(told.split())
    for author in AUTHORS:
        family, given = author.split(", ")
        assert f"family-names: {family} given-names: {given}" in words
    assert f"title: {TITLE}" in words
    assert f"collection-title: {PROCEEDINGS} year: {YEAR}" in words
    assert f"version: {__version__}" in words
