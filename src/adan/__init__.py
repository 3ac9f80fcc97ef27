"""Adversarial data augmentation for speech emotion recognition, with an honest evaluation.

The public names are imported on first use, so that ``import adan`` and ``adan --help`` are quick.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adan.classifiers.dnn import DNNClassifier
    from adan.classifiers.svm import RBFSVM
    from adan.corpora import (
        Corpus,
        read_audb,
        read_audformat,
        read_corpus,
        read_iemocap,
        read_named,
        read_tabular,
    )
    from adan.corpora.check import check_audio
    from adan.corpora.emodb import load_emodb, read_emodb
    from adan.errors import AdanError
    from adan.features import FeatureSet, extract, features_of
    from adan.features.embeddings import embed, embeddings_of
    from adan.recognition.recognizer import EmotionRecognizer
    from adan.synthesis.aae import AdversarialAutoencoder
    from adan.synthesis.adan import ADAN
    from adan.synthesis.base import Synthesizer, fit_all
    from adan.synthesis.cvae import ConditionalVAE
    from adan.synthesis.diffusion import LatentDiffusion
    from adan.synthesis.duplication import Duplication
    from adan.synthesis.gan import ConditionalGAN
    from adan.synthesis.gaussian import ClassGaussian
    from adan.synthesis.mixup import ClassMixup
    from adan.synthesis.noise import AdditiveNoise
    from adan.synthesis.registry import synthesizer
    from adan.synthesis.sampler import SyntheticOverSampler
    from adan.synthesis.sequential import SequentialADAN
    from adan.synthesis.smote import SMOTE
    from adan.synthesis.wasserstein import WassersteinADAN

_MODULES = {
    "ADAN": "adan.synthesis.adan",
    "AdanError": "adan.errors",
    "AdditiveNoise": "adan.synthesis.noise",
    "AdversarialAutoencoder": "adan.synthesis.aae",
    "ClassGaussian": "adan.synthesis.gaussian",
    "ClassMixup": "adan.synthesis.mixup",
    "ConditionalGAN": "adan.synthesis.gan",
    "ConditionalVAE": "adan.synthesis.cvae",
    "Corpus": "adan.corpora",
    "DNNClassifier": "adan.classifiers.dnn",
    "Duplication": "adan.synthesis.duplication",
    "EmotionRecognizer": "adan.recognition.recognizer",
    "FeatureSet": "adan.features",
    "LatentDiffusion": "adan.synthesis.diffusion",
    "RBFSVM": "adan.classifiers.svm",
    "SMOTE": "adan.synthesis.smote",
    "SequentialADAN": "adan.synthesis.sequential",
    "Synthesizer": "adan.synthesis.base",
    "SyntheticOverSampler": "adan.synthesis.sampler",
    "TransferADAN": "adan.synthesis.transfer",
    "WassersteinADAN": "adan.synthesis.wasserstein",
    "check_audio": "adan.corpora.check",
    "embed": "adan.features.embeddings",
    "embeddings_of": "adan.features.embeddings",
    "extract": "adan.features",
    "features_of": "adan.features",
    "fit_all": "adan.synthesis.base",
    "load_emodb": "adan.corpora.emodb",
    "read_audb": "adan.corpora",
    "read_audformat": "adan.corpora",
    "read_corpus": "adan.corpora",
    "read_emodb": "adan.corpora.emodb",
    "read_iemocap": "adan.corpora",
    "read_named": "adan.corpora",
    "read_tabular": "adan.corpora",
    "synthesizer": "adan.synthesis.registry",
}

__all__ = [
    "ADAN",
    "RBFSVM",
    "SMOTE",
    "AdanError",
    "AdditiveNoise",
    "AdversarialAutoencoder",
    "ClassGaussian",
    "ClassMixup",
    "ConditionalGAN",
    "ConditionalVAE",
    "Corpus",
    "DNNClassifier",
    "Duplication",
    "EmotionRecognizer",
    "FeatureSet",
    "LatentDiffusion",
    "SequentialADAN",
    "Synthesizer",
    "SyntheticOverSampler",
    "TransferADAN",
    "WassersteinADAN",
    "check_audio",
    "embed",
    "embeddings_of",
    "extract",
    "features_of",
    "fit_all",
    "load_emodb",
    "read_audb",
    "read_audformat",
    "read_corpus",
    "read_emodb",
    "read_iemocap",
    "read_named",
    "read_tabular",
    "synthesizer",
]
__version__ = version("adan")

# Idle threads give their core away: where another process wants it, spinning costs ten times more.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'adan' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
