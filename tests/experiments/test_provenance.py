"""A cell's key holds the code that its numbers come from, and no other."""

import shutil
import time
from pathlib import Path

import pytest

import adan
from adan.experiments.provenance import code_digest, code_version

STUDY = ["adan.experiments.study", "adan.classifiers.registry"]


@pytest.fixture
def copy(tmp_path) -> Path:
    return shutil.copytree(Path(adan.__file__).parent, tmp_path / "adan")


@pytest.mark.parametrize(
    "name", ["folds.py", "networks/loop.py", "evaluation/normalisation.py", "experiments/study.py"]
)
def test_a_changed_or_moved_file_that_a_study_imports_is_other_code(copy, name):
    before = code_digest(copy, STUDY)
    file = copy / name
    text = file.read_text()
    file.write_text(text + "# other\n")
    assert code_digest(copy, STUDY) != before
    file.write_text(text)
    assert code_digest(copy, STUDY) == before
    file.rename(file.with_name("moved.py"))
    assert code_digest(copy, STUDY) != before


@pytest.mark.parametrize("name", ["cli/study.py", "reports/report.py", "experiments/runner.py"])
def test_other_files_do_not_matter(copy, name):
    before = code_digest(copy, STUDY)
    (copy / name).write_text("")
    assert code_digest(copy, STUDY) == before


def test_it_is_found_quickly():
    code_version.cache_clear()
    began = time.process_time()
    code_version()
    assert time.process_time() - began < 1
