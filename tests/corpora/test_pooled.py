"""Corpora put together: emotions that all have, and names that cannot be confused."""

import pandas as pd
import pytest

from adan.corpora.base import Corpus
from adan.corpora.pooled import pooled
from adan.errors import AdanError


def corpus(name="A", emotions=("anger", "fear"), features=("f1", "f2"), **columns) -> Corpus:
    """Two utterances of each emotion, by the speakers 1 and 2."""
    rows = [(f"u{i}", e, str(i % 2 + 1), *features) for i, e in enumerate(emotions * 2)]
    table = pd.DataFrame(rows, columns=["utterance", "emotion", "speaker", *features])
    table[[*features]] = [[float(f[1]) for f in features]] * len(rows)
    return Corpus(name, table.set_index("utterance").assign(**columns), features)


def test_names_of_different_corpora_stay_apart():
    both = pooled([corpus("A"), corpus("B")])
    assert both.name == "A + B"
    assert both.table.index.is_unique
    assert sorted(both.table["speaker"].unique()) == ["A/1", "A/2", "B/1", "B/2"]
    assert both.table["corpus"].tolist() == ["A"] * 4 + ["B"] * 4
    assert "left_out" not in both.about


def test_emotions_that_not_all_corpora_have_are_left_out_and_named():
    with pytest.warns(UserWarning, match="left out"):
        both = pooled([corpus("A", ("anger", "fear", "boredom")), corpus("B")])
    assert {*both.table["emotion"]} == {"anger", "fear"}
    assert both.about["left_out"] == "emotions that not all corpora have: boredom (2 of A)"


def test_features_are_matched_by_name():
    both = pooled([corpus("A"), corpus("B", features=("f2", "f1"))])
    assert both.X.tolist() == [[1, 2]] * 8


def test_a_corpus_without_scripts_is_improvised_throughout():
    both = pooled([corpus("A", improvised=[True, False] * 2), corpus("B")])
    assert both.table["improvised"].tolist() == [True, False] * 2 + [True] * 4


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (corpus("B", ("angry", "fear")), "A and B have fewer than two emotions in common (A: "),
        (corpus("B", features=("f1", "f3")), "A and B have different features (2 are in one"),
        (corpus("A"), "two corpora are named A"),
    ],
)
def test_what_cannot_be_put_together_is_named(other, message):
    with pytest.raises(AdanError) as error:
        pooled([corpus("A"), other])
    assert message in str(error.value)
    assert "\n" not in str(error.value)
