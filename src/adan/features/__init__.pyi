# The public names, once: as in `adan/__init__.pyi`.
from .extraction import Options as Options
from .functionals import extract as extract
from .functionals import features_of as features_of
from .sets import FeatureSet as FeatureSet
