"""From audio to one feature vector an utterance, by openSMILE (whose licence is for research)."""

from adan.features.extraction import extract, features_of
from adan.features.sets import FeatureSet

__all__ = ["FeatureSet", "extract", "features_of"]
