"""From audio to a feature vector, or a sequence of frames, for each utterance.

Most are openSMILE's, whose licence is for research.

The public names stand in ``__init__.pyi`` and are imported on first use, so that a process for
openSMILE can be started before pandas is.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
