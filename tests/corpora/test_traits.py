"""Columns of few values are traits; what names rows, tells the emotion or varies freely is none."""

import numpy as np
import pandas as pd
import pytest

from adan.corpora.base import Corpus
from adan.corpora.emodb import bundled
from adan.corpora.traits import traits

SPEAKERS = np.repeat([f"{i:02}" for i in range(12)], 4)


def values(**columns) -> dict[str, list[str]]:
    """The values of each trait of 12 speakers with two emotions, in their order."""
    known = {"emotion": ["anger", "fear"] * 24, "speaker": SPEAKERS, "f1": np.arange(48.0)}
    index = pd.Index([f"u{i:02}" for i in range(48)], name="utterance")
    table = pd.DataFrame({**known, **columns}, index=index)
    found = traits(Corpus("rows", table, features=["f1"]))
    assert [*found] == ["utterance", "trait", "value"]
    return {name: [*of["value"].unique()] for name, of in found.groupby("trait", sort=False)}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["b", "b", "a", "a"] * 6 + [None] * 24, ["a", "b"]),
        ([True, True, False, False] * 12, ["no", "yes"]),
        ([2.0, 2.0, 10.0, np.nan] * 12, ["2", "10"]),
        (np.repeat([9, 21, 25, 26, 30, 30, 31, 32, 32, 34, 35, 101], 4),
         ["9 to 26", "30 to 32", "34 to 101"]),
        (np.repeat([20] * 9 + [21, 22, 23], 4), ["20", "21", "22", "23"]),
        (np.repeat([20] * 5 + [1, 2, 3, 4, 40, 41, 42], 4), ["1 to 4", "20", "40 to 42"]),
    ],
)  # fmt: skip
def test_few_values_stay_and_numbers_of_speakers_are_cut_into_bands(column, expected):
    assert values(known=column) == {"known": expected}


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("language", ["de"] * 48),
        ("sentence", [f"s{i % 11}" for i in range(48)]),
        ("duration", np.linspace(0.5, 9, 48)),
        ("label", ["ang", "fea"] * 24),
        ("file", ["/a.wav", "/a.wav", "/b.wav", "/b.wav"] * 12),
        ("start", [0.0, 0.0, 1.0, 1.0] * 12),
        ("raters", [["x"], ["y"]] * 24),
    ],
)
def test_what_makes_no_groups_is_no_trait(name, column):
    assert values(**{name: column}) == {}


def test_emodb_knows_gender_and_age():
    found = traits(bundled())
    n_speakers = found.assign(speaker=found["utterance"].str[:2]).groupby(["trait", "value"])
    n_speakers = n_speakers["speaker"].nunique()
    assert n_speakers["gender"].to_dict() == {"female": 5, "male": 5}
    assert n_speakers["age"].to_dict() == {"21 to 30": 4, "31 to 32": 4, "34 to 35": 2}
    assert [*found["trait"].unique()] == ["gender", "age", "version", "text"]
