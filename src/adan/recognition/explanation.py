"""Which features speak for a decision, gathered by the low-level descriptors they sum up."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from adan.recognition.model import Model, Rows

WORDS = {
    "audspecRasta_lengthL1norm": "modulated loudness",
    "audspec_lengthL1norm|.*loudness|equivalentSoundLevel": "loudness",
    "audSpec_Rfilt|logMelFreqBand": "auditory bands",
    "pcm_RMSenergy|pcm_intensity": "energy",
    "F0": "pitch",
    "jitter": "jitter",
    "shimmer": "shimmer",
    "F[123]": "formants",
    "voic": "voicing",
    ".*mfcc|lspFreq": "timbre",
    "pcm_zcr": "zero crossings",
    ".*HNR": "harmonicity",
    "pcm_fftMag_|spectral|slope|alphaRatio|hammarberg": "spectrum",
    ".*Segment": "rhythm",
}
"""What the descriptors of openSMILE's sets are about, by how their names begin."""


@cache
def descriptor(feature: str) -> str:
    """Return the low-level descriptor of a feature of openSMILE's, after what it is about.

    Parameters
    ----------
    feature : str
        Such as ``F0final_sma_de_iqr1-2``, which gives ``pitch: F0final``; a name of another kind
        is its own descriptor.
    """
    name = feature.split("_sma")[0]
    about = [f"{word}: " for start, word in WORDS.items() if re.match(start, name)]
    return "".join(about[:1]) + name.removeprefix("pcm_fftMag_").removeprefix("pcm_")


def speaking_for(model: Model, x: Rows, code: int) -> pd.Series:
    """Return what each descriptor adds to one class, the largest first in either direction.

    Parameters
    ----------
    model : Model
        With feature names; without, every feature is its own descriptor, by number.
    x : ndarray of shape (d,), float32
        A raw vector.
    code : int
        The class.

    Returns
    -------
    Series
        Descriptor to the sum of its features' `Model.contributions`.
    """
    names = model.feature_names or [f"feature {i}" for i in range(model.n_features)]
    shares = pd.Series(model.contributions(x, code)).groupby([descriptor(n) for n in names]).sum()
    return shares.sort_values(key=abs, ascending=False)
