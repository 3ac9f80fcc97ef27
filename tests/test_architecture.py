"""Rooms import downwards only, and the engine little else."""

import ast
import sys
from pathlib import Path

import pytest

import adan

ROOT = Path(adan.__file__).parent
FLOORS = (
    ("cli",),
    ("reproduction",),
    ("reports", "experiments", "recognition"),
    ("folds",),
    ("evaluation", "classifiers"),
    ("synthesis",),
    ("networks",),
)
BESIDE = ("features", "corpora", "audio")
"""Rooms that import each other, from the first to the last, and nothing above."""
LIGHT = {"adan", "joblib", "numpy", "scipy", "sklearn", "threadpoolctl", "torch", "tqdm"}


def imported(file: Path) -> set[str]:
    """Return the full names that a module imports, for type checkers alone included."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files_of(room: str) -> list[Path]:
    place = ROOT / room
    return sorted(place.rglob("*.py")) or [place.with_suffix(".py")]


def rooms_of(file: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(file) if name.startswith("adan.")}


@pytest.mark.parametrize("room", [room for floor in FLOORS for room in floor])
def test_no_room_imports_from_above(room):
    floor = next(i for i, rooms in enumerate(FLOORS) if room in rooms)
    above = {other for rooms in FLOORS[:floor] for other in rooms}
    for file in files_of(room):
        assert not rooms_of(file) & above, file


@pytest.mark.parametrize("room", BESIDE)
def test_what_stands_beside_knows_no_other_room(room):
    above = {other for rooms in FLOORS for other in rooms} | {*BESIDE[: BESIDE.index(room)]}
    for file in files_of(room):
        assert not rooms_of(file) & above, file


@pytest.mark.parametrize("room", ["networks", "classifiers", "synthesis"])
def test_the_engine_needs_little(room):
    for file in files_of(room):
        if file.name not in ("sampler.py", "smote.py"):
            packages = {name.split(".")[0] for name in imported(file)}
            assert packages - sys.stdlib_module_names <= LIGHT | {"sklearnex"}, file


def test_features_alone_import_opensmile():
    for file in ROOT.rglob("*.py"):
        if file.parent.name != "features":
            assert not {name for name in imported(file) if name.startswith("opensmile")}, file
