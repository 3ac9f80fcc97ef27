from collections.abc import Callable

import numpy as np
import pytest

from adan import DNNClassifier, EmotionRecognizer
from adan.features import FeatureSet


@pytest.fixture
def make_recognizer(make_adan) -> Callable[..., EmotionRecognizer]:
    """A recogniser that trains in no time."""

    def make(**parameters) -> EmotionRecognizer:
        dnn = DNNClassifier(steps=100, hidden=(8,))
        small = {"synthesizer": make_adan(), "classifier": dnn, "times": 1}
        return EmotionRecognizer(**{"features": "eGeMAPSv02", **small, **parameters})

    return make


@pytest.fixture
def make_speakers(make_rows) -> Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows of as many features as a set has, their labels, and three speakers in turn."""

    def make(n: int = 60, features: str = "eGeMAPSv02", **options):
        X, y = make_rows(n=n, d=FeatureSet.named(features).dimension, **options)
        return X.astype(np.float32), y, np.repeat(["s1", "s2", "s3"], n // 3)

    return make


@pytest.fixture(scope="session")
def fitted() -> dict[str, EmotionRecognizer]:
    """Those that `make_bundle` has trained, by their parameters."""
    return {}


@pytest.fixture
def make_bundle(fitted, make_recognizer, make_speakers, tmp_path) -> Callable[..., str]:
    """The path of a bundle of a recogniser that takes audio."""

    def make(name: str = "model.adan", **parameters) -> str:
        if (key := repr(parameters)) not in fitted:
            fitted[key] = make_recognizer(**parameters).fit(*make_speakers())
        fitted[key].save(tmp_path / name)
        return str(tmp_path / name)

    return make
