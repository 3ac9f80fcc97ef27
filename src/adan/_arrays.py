"""Synthesizers and recognisers on disk: arrays and a JSON header in one safetensors file."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adan._files import replacing
from adan.errors import AdanError

FORMAT = 1
"""Version of the layout; a file of a newer one is refused."""


def write(
    path: str | os.PathLike[str], kind: str, header: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> None:
    """Write arrays and a header that is fit for JSON; ``kind`` names what they make up."""
    from safetensors.numpy import save_file

    text = json.dumps({"format": FORMAT, "kind": kind, **header}, default=plain)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        with replacing(path) as temporary:
            save_file(contiguous, temporary, metadata={"adan": text})
    except OSError as error:
        raise AdanError(f"{path} cannot be written: {error.strerror or error}") from error


def plain(value: Any) -> Any:
    """Return a number of numpy as JSON knows it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is nothing that JSON knows")


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `write` wrote.

    Raises
    ------
    AdanError
        If the file is missing, damaged, of another kind or of a newer format.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("adan", "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise AdanError(f"{path} is not there: give another file") from None
    except (OSError, SafetensorError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise AdanError(f"{path} is damaged or no file of adan's: {reason}") from error
    if not isinstance(header, dict):
        raise AdanError(f"{path} is no file of adan's: its header is not one")
    if header.get("kind") != kind:
        raise AdanError(f"{path} holds {header.get('kind', 'something else')}, not {kind}")
    if not isinstance(header.get("format"), int):
        raise AdanError(f"{path} is damaged: its header has no format")
    if header["format"] > FORMAT:
        raise AdanError(
            f"{path} has format {header['format']}, and this version of adan reads up to {FORMAT}: "
            "update adan"
        )
    return header, arrays
