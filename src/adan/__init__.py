"""Adversarial data augmentation for speech emotion recognition, with an honest evaluation.

The public names stand in ``__init__.pyi`` and are imported on first use, so that ``import adan``
and ``adan --help`` are quick.
"""

import os
from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("adan")

# Idle threads give their core away: where another process wants it, spinning costs ten times more.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
