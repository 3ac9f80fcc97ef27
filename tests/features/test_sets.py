import subprocess
import sys

import pytest

from adan.errors import AdanError
from adan.features import FeatureSet


def test_every_set_of_opensmile_is_there():
    opensmile = pytest.importorskip("opensmile")
    assert set(FeatureSet.__members__) == set(opensmile.FeatureSet.__members__)
    assert len(FeatureSet) == len(opensmile.FeatureSet)
    assert FeatureSet.GeMAPS is FeatureSet.GeMAPSv01a
    assert FeatureSet.eGeMAPS is FeatureSet.eGeMAPSv01a


@pytest.mark.parametrize("name", FeatureSet.__members__)
def test_lookup_takes_any_case(name):
    assert FeatureSet.named(name.upper()) is FeatureSet.named(name.lower()) is FeatureSet[name]


def test_unknown_name_lists_the_choices():
    with pytest.raises(AdanError, match=r"'IS14' is not a feature set: .*IS11.*IS13"):
        FeatureSet.named("IS14")


def test_sets_need_no_opensmile():
    code = (
        "import sys; sys.modules.update(opensmile=None, soundfile=None, platformdirs=None);"
        "from adan.features import FeatureSet; print(FeatureSet.IS11.dimension)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "4368"
