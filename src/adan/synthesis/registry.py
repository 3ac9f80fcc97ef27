"""Synthesizers by name: those of this package, and those that others add by an entry point."""

from __future__ import annotations

import inspect
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from adan.errors import AdanError
from adan.synthesis.base import Synthesizer

GROUP = "adan.synthesizers"
"""The group of entry points under which another package registers ``name = "module:Class"``."""

BUILT_IN = {
    "adan": "adan.synthesis.adan:ADAN",
    "duplication": "adan.synthesis.duplication:Duplication",
    "noise": "adan.synthesis.noise:AdditiveNoise",
    "smote": "adan.synthesis.smote:SMOTE",
    "gan": "adan.synthesis.gan:ConditionalGAN",
    "sequential": "adan.synthesis.sequential:SequentialADAN",
    "aae": "adan.synthesis.aae:AdversarialAutoencoder",
    "wadan": "adan.synthesis.wasserstein:WassersteinADAN",
    "transfer": "adan.synthesis.transfer:TransferADAN",
    "gaussian": "adan.synthesis.gaussian:ClassGaussian",
    "borrowing": "adan.synthesis.borrowing:BorrowedSpread",
    "mixup": "adan.synthesis.mixup:ClassMixup",
    "cvae": "adan.synthesis.cvae:ConditionalVAE",
    "diffusion": "adan.synthesis.diffusion:LatentDiffusion",
}


def names() -> list[str]:
    """Return the names that `synthesizer` knows: the package's own, then others' in order."""
    return list(_registered())


def synthesizer(name: str, **parameters: Any) -> Synthesizer:
    """Make the synthesizer of that name.

    Parameters
    ----------
    name : str
        One of `names`.
    **parameters
        Of its constructor; the others keep their defaults.

    Returns
    -------
    Synthesizer
        Not fitted yet.

    Raises
    ------
    AdanError
        If there is no such name or parameter, or if what another package registered under the
        name cannot be imported or is no synthesizer.
    """
    registered = _registered()
    if name not in registered:
        raise AdanError(f"no synthesizer '{name}'; there are {', '.join(registered)}")
    kind = _load(registered[name])
    known = inspect.signature(kind).parameters
    unknown = [parameter for parameter in parameters if parameter not in known]
    if unknown:
        raise AdanError(
            f"synthesizer '{name}' has no parameter '{unknown[0]}'; it has {', '.join(known)}"
        )
    return kind(**parameters)


def name_of(synthesizer: Synthesizer) -> str:
    """Return the name that `synthesizer` makes one of this kind by.

    Raises
    ------
    AdanError
        If its kind is not registered.
    """
    place = f"{type(synthesizer).__module__}:{type(synthesizer).__name__}"
    for name, entry in _registered().items():
        if entry.value == place:
            return name
    raise AdanError(f"{place} is not registered: give it an entry point in the group {GROUP!r}")


def _registered() -> dict[str, EntryPoint]:
    """Return the package's own entries and others'; a name of the package's own stays its own."""
    own = {name: EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()}
    return own | {entry.name: entry for entry in _others() if entry.name not in own}


@cache
def _others() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def _load(entry: EntryPoint) -> type[Synthesizer]:
    try:
        kind = entry.load()
    except (ImportError, AttributeError) as error:
        raise AdanError(
            f"synthesizer '{entry.name}' ({entry.value}) cannot be imported: {error}"
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, Synthesizer)):
        raise AdanError(
            f"synthesizer '{entry.name}' ({entry.value}) is no subclass of adan.Synthesizer"
        )
    return kind
