from collections.abc import Callable

import pytest

from adan import EmotionRecognizer


@pytest.fixture
def make_recognizer(make_adan) -> Callable[..., EmotionRecognizer]:
    """A recogniser that trains in no time, of 88 made-up features by default those of eGeMAPS."""
