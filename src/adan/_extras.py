"""Optional packages, and which extra of adan brings them."""

from __future__ import annotations

from importlib.util import find_spec

from adan.errors import AdanError


def require(extra: str, *packages: str) -> None:
    """Raise an `AdanError` that says how to install the first of the packages that is missing."""
    for package in packages:
        if find_spec(package) is None:
            raise AdanError(f"{package} is not installed: pip install 'adan[{extra}]'")
