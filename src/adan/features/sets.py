"""The openSMILE feature sets."""

from __future__ import annotations

from enum import Enum

from adan.errors import AdanError

_GEMAPS = "Geneva Minimalistic Acoustic Parameter Set"


class FeatureSet(Enum):
    """A set of openSMILE functionals: a vector of fixed length for audio of any length.

    The names are openSMILE's own; `named` finds a member by its name.

    Attributes
    ----------
    dimension : int
        Length of the vector.
    description : str
        Where the set comes from.

    References
    ----------
    F. Eyben, M. Wöllmer, B. Schuller, "openSMILE: the Munich versatile and fast open-source audio
    feature extractor", ACM Multimedia 2010.
    """

    ComParE_2016 = 6373, "Interspeech 2016 Computational Paralinguistics Challenge"
    GeMAPSv01a = 62, f"{_GEMAPS} 1a"
    GeMAPS = GeMAPSv01a
    GeMAPSv01b = 62, f"{_GEMAPS} 1b"
    eGeMAPSv01a = 88, f"extended {_GEMAPS} 1a"
    eGeMAPS = eGeMAPSv01a
    eGeMAPSv01b = 88, f"extended {_GEMAPS} 1b"
    eGeMAPSv02 = 88, f"extended {_GEMAPS} 2"
    emobase = 988, "openSMILE's baseline set for emotion"
    IS09 = 384, "Interspeech 2009 Emotion Challenge"
    IS10 = 1582, "Interspeech 2010 Paralinguistic Challenge"
    IS11 = 4368, "Interspeech 2011 Speaker State Challenge"
    IS12 = 6125, "Interspeech 2012 Speaker Trait Challenge"
    IS13 = 6373, "Interspeech 2013 Computational Paralinguistics Challenge"

    def __init__(self, dimension: int, description: str) -> None:
        self.dimension = dimension
        self.description = description

    @classmethod
    def named(cls, name: str) -> FeatureSet:
        """Find a set by its name, in upper or lower case.

        Raises
        ------
        AdanError
            If there is none; the message lists the names.
        """
        for known, member in cls.__members__.items():
            if known.lower() == name.lower():
                return member
        raise AdanError(
            f"{name!r} is not a feature set: choose one of {', '.join(cls.__members__)}"
        )
