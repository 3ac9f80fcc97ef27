import pytest

from adan.experiments import study


@pytest.fixture(autouse=True, scope="module")
def _no_quality():
    """Leave the quality of synthetic vectors out, which takes most of the time of small studies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "QUALITY_FOLDS", 0)
        yield
