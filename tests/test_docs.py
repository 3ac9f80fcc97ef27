"""What the documentation tells a reader to do."""

import ast
import re
import runpy
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import adan
from adan.corpora import known_corpora, named, read_corpus
from adan.experiments.specification import checked

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = sorted((DOCS.parent / "examples").glob("*.py"))


@pytest.fixture
def run_page():
    """Run the Python of a page of the documentation in one go and return what it defined."""
    rules = dict(named.RULES)

    def run(page):
        names = {"__name__": "page"}
        blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
        exec("\n".join(blocks), names)
        return names

    yield run
    named.RULES.clear()
    named.RULES.update(rules)


def test_a_corpus_and_a_synthesizer_are_added_as_the_page_says(run_page, make_audio, tmp_path):
    names = run_page("extending.md")
    assert names["X_all"].shape == (450, 4)
    for speaker in "AB":
        for emotion in ("ang", "sad"):
            for i in range(2):
                make_audio(f"toy/{speaker}_{emotion}_{i:02}.wav")
    corpus = read_corpus(tmp_path / "toy")
    assert corpus.table["emotion"].value_counts().to_dict() == {"anger": 4, "sadness": 4}
    assert any(row[0] == "TOY" for row in known_corpora())


def test_the_page_of_corpora_has_the_counts_that_are_checked():
    rows = (DOCS / "corpora.md").read_text().splitlines()
    for name, _, counts in known_corpora():
        if counts:
            [row] = [row for row in rows if row.startswith(f"| {name} |")]
            assert counts.split(",")[0] in row


@pytest.mark.parametrize("page", ["tutorial.md", "guides/engineer.md", "guides/recogniser.md"])
def test_the_python_of_the_guides_runs(run_page, page):
    names = run_page(page)
    if page == "guides/engineer.md":
        assert names["X_synthetic"].shape == (150, names["X"].shape[1])
        assert len(names["scores"]) == 10
    if page == "guides/recogniser.md":
        assert names["probabilities"].shape == (3, 7)
        assert names["unseen"]["low"] < names["unseen"]["value"] < names["unseen"]["high"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_script_of_the_gallery_draws_a_figure(path):
    assert len(EXAMPLES) == 5
    plt.switch_backend("agg")
    names = runpy.run_path(str(path))
    assert names["figure"].axes
    plt.close("all")


def test_the_reference_has_every_public_name():
    listed = re.findall(r"^   (\w+)$", (DOCS / "api.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(adan.__all__)


def test_links_between_the_pages_lead_somewhere():
    root = DOCS.parent
    pages = [*root.glob("*.md"), *DOCS.rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            made = link.startswith("gallery/") or link.startswith("../gallery/")
            assert made or (page.parent / link).exists(), f"{page}: {link}"


def test_the_notes_that_are_named_are_there():
    files = [*(DOCS.parent / "src").rglob("*.py"), *DOCS.rglob("*.md")]
    for file in files:
        for note in re.findall(r"\d{4}-\d\d-\d\d-[\w-]+\.md", file.read_text(encoding="utf-8")):
            assert (DOCS / "notes" / note).exists(), f"{file}: {note}"


def test_no_page_links_to_a_note_since_these_are_not_on_the_site():
    for page in DOCS.rglob("*.md"):
        if page.parent.name != "notes":
            assert not re.findall(r"\]\(.*notes/\d", page.read_text(encoding="utf-8")), page


def test_the_studies_of_the_results_can_be_run():
    studies = re.findall(r"```toml\n(.*?)```", (DOCS / "results.md").read_text(), re.DOTALL)
    assert len(studies) >= 2
    for study in studies:
        assert checked(tomllib.loads(study), "results.md").methods["real only"]


def test_the_python_of_the_readme_is_python_and_its_names_are_there():
    [example] = re.findall(
        r"```python\n(.*?)```", (DOCS.parent / "README.md").read_text(), re.DOTALL
    )
    for node in ast.walk(ast.parse(example)):
        if isinstance(node, ast.ImportFrom) and node.module == "adan":
            assert {name.name for name in node.names} <= set(adan.__all__)


def test_the_picture_of_the_readme_shows_the_tables_of_the_results():
    drawing = runpy.run_path(str(DOCS.parent / "tools" / "draw_differences.py"))
    found = drawing["differences"]((DOCS / "results.md").read_text(encoding="utf-8"))
    assert found["ADAN", "SVM"] == (-6.3, -10.2, -2.3)
    assert set(found) >= {(m, c) for m in drawing["METHODS"] for c in drawing["CLASSIFIERS"]}
