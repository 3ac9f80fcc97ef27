"""From audio to one feature vector an utterance, by openSMILE (whose licence is for research)."""

from adan.features.extraction import Options
from adan.features.functionals import extract, features_of
from adan.features.sets import FeatureSet

__all__ = ["FeatureSet", "Options", "extract", "features_of"]
