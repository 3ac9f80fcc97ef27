"""Synthesizers by name, another package's among them."""

from importlib.metadata import EntryPoint

import pytest

from adan import AdanError, Duplication, Synthesizer
from adan.synthesis import registry

OWN = [
    "adan",
    "duplication",
    "noise",
    "smote",
    "gan",
    "sequential",
    "aae",
    "wadan",
    "transfer",
    "gaussian",
    "borrowing",
    "mixup",
    "cvae",
    "diffusion",
]


class Doubling(Duplication):
    """What another package could add."""

    def __init__(self, factor=2, random_state=None):
        self.factor = factor
        self.random_state = random_state

    def _sample(self, codes, rng):
        return self.factor * super()._sample(codes, rng)


@pytest.fixture
def add_entry_point(monkeypatch):
    """Install a package that registers ``value`` under ``name``, as far as adan can tell."""
    assert registry.GROUP == "adan.synthesizers"
    added = []
    monkeypatch.setattr(registry, "_others", lambda: added)
    return lambda name, value: added.append(EntryPoint(name, value, registry.GROUP))


def test_names_are_those_of_the_package():
    assert registry.names()[: len(OWN)] == OWN


@pytest.mark.parametrize("name", OWN)
def test_each_name_makes_a_synthesizer_of_its_own_kind(name):
    made = registry.synthesizer(name, random_state=3)
    assert isinstance(made, Synthesizer)
    assert made.random_state == 3
    assert type(made).__name__ == registry.BUILT_IN[name].split(":")[1]


def test_another_packages_synthesizer_is_listed_and_works(add_entry_point, make_rows):
    add_entry_point("doubling", f"{__name__}:Doubling")
    assert registry.names() == [*OWN, "doubling"]
    X, y = make_rows()
    doubling = registry.synthesizer("doubling", factor=3).fit(X, y)
    assert doubling.sample({"anger": 1})[0][0] == pytest.approx(3 * X[0])


def test_a_name_of_the_package_stays_its_own(add_entry_point):
    add_entry_point("adan", f"{__name__}:Doubling")
    assert registry.names() == OWN
    assert type(registry.synthesizer("adan")).__name__ == "ADAN"


def test_unknown_names_and_parameters_list_the_known():
    with pytest.raises(AdanError, match="no synthesizer 'adam'; there are adan, duplication, "):
        registry.synthesizer("adam")
    with pytest.raises(AdanError, match="'mixup' has no parameter 'beta'; it has alpha, random"):
        registry.synthesizer("mixup", beta=1)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_package:Thing", "cannot be imported: No module named 'no_such_package'"),
        ("adan.synthesis:Thing", "cannot be imported: .*Thing"),
        ("adan.errors:AdanError", "is no subclass of adan.Synthesizer"),
        ("adan.synthesis.base:fit_all", "is no subclass of adan.Synthesizer"),
    ],
)
def test_what_cannot_be_used_is_named(add_entry_point, value, reason):
    add_entry_point("broken", value)
    with pytest.raises(AdanError, match=rf"'broken' \({value}\) {reason}"):
        registry.synthesizer("broken")
