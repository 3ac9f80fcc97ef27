"""What parameters of estimators may be, by their names, which mean the same in all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import is_dataclass
from numbers import Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

from adan.errors import AdanError

AT_LEAST_1 = {
    "autoencoder_hidden",
    "batch_size",
    "channels",
    "classifier_hidden",
    "denoiser_hidden",
    "diffusion_steps",
    "epochs",
    "hidden",
    "k_neighbors",
    "latent_dim",
    "linear",
    "longest",
    "maps",
    "n_components",
    "n_networks",
    "noise_dim",
    "stacked",
    "steps",
    "units",
}
ABOVE_0 = {"C", "alpha", "epsilon", "gamma", "learning_rate"}
NOT_NEGATIVE = {
    "classification_weight",
    "discriminator_weight",
    "l2",
    "masks",
    "scale",
    "shrinkage",
}
SHARES = {"beta1", "dropout"}


def check_parameters(estimator: Any) -> None:
    """Raise an `AdanError` that names a number that makes no sense, and what it may be."""
    for name, value in estimator.get_params(deep=False).items():
        for number in value if isinstance(value, tuple | list) else [value]:
            if isinstance(number, Real) and (wanted := _wanted(name, float(number))):
                raise AdanError(f"{name}={value!r}: give {wanted}")


def check_choices(estimator: Any) -> None:
    """Raise an `AdanError` that names a parameter whose text is none of its type's choices."""
    hints = hints_of(type(estimator))
    for name, value in estimator.get_params(deep=False).items():
        choices = [*_choices(hints.get(name))]
        if choices and isinstance(value, str) and value not in choices:
            if float in get_args(hints[name]):
                listed = ", ".join(map(repr, choices))
                raise AdanError(f"{name}={value!r}: give {listed} or a number")
            raise AdanError(f"no {name} {value!r}; choose one of {', '.join(map(str, choices))}")


def hints_of(kind: type[Any]) -> dict[str, Any]:
    """Return the types of a constructor's parameters, as far as they can be told."""
    try:
        return get_type_hints(kind if is_dataclass(kind) else kind.__init__)
    except NameError:  # another package's, imported for its type checker alone
        return {}


def _wanted(name: str, number: float) -> str:
    """Return what a parameter may be, or nothing if the number is that."""
    if name in AT_LEAST_1 and not number >= 1:
        return "1 or more"
    if name in ABOVE_0 and not 0 < number < math.inf:
        return "a number above 0"
    if name in NOT_NEGATIVE and not 0 <= number < math.inf:
        return "0 or more"
    if name in SHARES and not 0 <= number < 1:
        return "a number from 0 to less than 1"
    return ""


def _choices(hint: Any) -> Iterator[Any]:
    """Yield what a type lists as `Literal`."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for part in get_args(hint):
            yield from _choices(part)
