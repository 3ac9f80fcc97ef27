"""What the documentation tells a reader to do."""

import re
from pathlib import Path

import pytest

from adan.corpora import known_corpora, named, read_corpus

DOCS = Path(__file__).parents[1] / "docs"


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
