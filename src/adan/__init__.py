"""Adversarial data augmentation for speech emotion recognition, with an honest evaluation.

The public names are imported on first use, so that ``import adan`` and ``adan --help`` are quick.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adan.classifiers.dnn import DNNClassifier
    from adan.classifiers.svm import RBFSVM
    from adan.corpora import Corpus, read_corpus
    from adan.corpora.emodb import load_emodb, read_emodb
    from adan.errors import AdanError
    from adan.features import FeatureSet, extract, features_of
    from adan.synthesis.adan import ADAN
    from adan.synthesis.base import Synthesizer, fit_all
    from adan.synthesis.duplication import Duplication
    from adan.synthesis.noise import AdditiveNoise
    from adan.synthesis.sampler import SyntheticOverSampler
    from adan.synthesis.smote import SMOTE

_MODULES = {
    "ADAN": "adan.synthesis.adan",
    "AdanError": "adan.errors",
    "AdditiveNoise": "adan.synthesis.noise",
    "Corpus": "adan.corpora",
    "DNNClassifier": "adan.classifiers.dnn",
    "Duplication": "adan.synthesis.duplication",
    "FeatureSet": "adan.features",
    "RBFSVM": "adan.classifiers.svm",
    "SMOTE": "adan.synthesis.smote",
    "SyntheticOverSampler": "adan.synthesis.sampler",
    "Synthesizer": "adan.synthesis.base",
    "extract": "adan.features",
    "features_of": "adan.features",
    "fit_all": "adan.synthesis.base",
    "load_emodb": "adan.corpora.emodb",
    "read_corpus": "adan.corpora",
    "read_emodb": "adan.corpora.emodb",
}

__all__ = [
    "ADAN",
    "RBFSVM",
    "SMOTE",
    "AdanError",
    "AdditiveNoise",
    "Corpus",
    "DNNClassifier",
    "Duplication",
    "FeatureSet",
    "Synthesizer",
    "SyntheticOverSampler",
    "extract",
    "features_of",
    "fit_all",
    "load_emodb",
    "read_corpus",
    "read_emodb",
]
__version__ = version("adan")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'adan' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
