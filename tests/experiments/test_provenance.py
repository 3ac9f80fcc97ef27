"""The code that a cell's key stands for is found by what imports what."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import adan
from adan.experiments.provenance import computing_code

ROOT = Path(adan.__file__).parent


@pytest.mark.parametrize(
    "module",
    [
        "adan.experiments.study",
        "adan.folds",
        "adan.networks.loop",
        "adan.classifiers.dnn",
        "adan.synthesis.transfer",
        "adan.synthesis.smote",
        "adan.evaluation.normalisation",
        "adan.evaluation.quality",
    ],
)
def test_what_computes_counts(module):
    assert computing_code()[module] == ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")


@pytest.mark.parametrize("room", ["cli", "reports", "recognition", "features", "reproduction"])
def test_what_only_shows_does_not(room):
    assert not [name for name in computing_code() if name.startswith(f"adan.{room}")]


def test_a_changed_or_moved_file_is_noticed(tmp_path):
    package = tmp_path / "adan"
    shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("data", "__pycache__"))

    def version():
        command = "from adan.experiments.provenance import code_version; print(code_version())"
        environment = {"PYTHONPATH": str(tmp_path), "PATH": ""}
        done = subprocess.run(
            [sys.executable, "-c", command], env=environment, capture_output=True, text=True
        )
        assert not done.stderr
        return done.stdout

    before = version()
    (package / "reports" / "figures.py").write_text("# nothing")
    assert version() == before
    losses = package / "networks" / "losses.py"
    text = losses.read_text()
    losses.write_text(text + "# changed\n")
    changed = version()
    assert changed != before
    losses.write_text(text)
    assert version() == before
    losses.rename(losses.with_name("equations.py"))
    for file in package.rglob("*.py"):
        moved = file.read_text().replace("networks.losses", "networks.equations")
        file.write_text(moved.replace("import losses", "import equations as losses"))
    assert version() not in (before, changed)
