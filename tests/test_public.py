"""The front door: what ``import adan`` gives, and what it does not pay for."""

import subprocess
import sys

import pytest

import adan
from adan.synthesis.registry import BUILT_IN


@pytest.mark.parametrize("name", adan.__all__)
def test_every_public_name_is_there(name):
    assert getattr(adan, name).__doc__
    assert name in dir(adan)


def test_every_synthesizer_is_public():
    for place in BUILT_IN.values():
        assert place.split(":")[1] in adan.__all__


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = adan.nothing_such


def test_importing_it_is_quick():
    """None of the packages that take long to import comes with it."""
    code = "import adan, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    heavy = {"torch", "sklearn", "numpy", "pandas", "scipy", "matplotlib"}
    assert not heavy & set(loaded.split())
