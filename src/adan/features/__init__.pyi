# The public names, once: as in `adan/__init__.pyi`.
from .extraction import Frames as Frames
from .extraction import Options as Options
from .frames import FrameSet as FrameSet
from .frames import extract_frames as extract_frames
from .functionals import extract as extract
from .of_corpora import features_of as features_of
from .of_corpora import named as named
from .sets import FeatureSet as FeatureSet
