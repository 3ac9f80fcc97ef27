"""What a run was computed from: data, settings, the code that determines numbers, versions."""

from __future__ import annotations

import ast
import hashlib
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adan.experiments.sources import digest
from adan.experiments.specification import Specification
from adan.experiments.study import Data, parameters_of
from adan.synthesis.registry import BUILT_IN

PACKAGES = ("imbalanced-learn", "numpy", "scikit-learn", "scipy", "torch")
COMPUTING = ("adan.experiments.study", *(place.split(":")[0] for place in BUILT_IN.values()))
"""The modules that compute what a cell holds; all that they import counts, too."""


def settings_of(
    specification: Specification, data: Mapping[tuple[str, str, str], Data]
) -> dict[str, Any]:
    """Return what ``settings.json`` tells of a study: see `adan.experiments.store`."""
    study = specification.study(specification.normalisations[0])
    return {
        "settings": {
            "study": specification.model_dump(),
            "methods": {
                name: vars(method) | {"synthesizer": parameters_of(method.synthesizer)}
                for name, method in study.methods.items()
            },
            "classifiers": {name: parameters_of(c) for name, c in study.classifiers.items()},
        },
        "data": [
            {
                "corpus": corpus,
                "features": features,
                "subset": subset,
                "utterances": len(rows.y),
                "sha256": digest(rows),
            }
            for (corpus, features, subset), rows in data.items()
        ],
        "code": code_version(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, of adan and of what it computes with."""
    return {"python": platform.python_version()} | {p: version(p) for p in ("adan", *PACKAGES)}


@cache
def code_version() -> str:
    """Return the SHA-256 of the code that determines the numbers, and of its packages' versions."""
    sha = hashlib.sha256(str(versions()).encode())
    for name, file in sorted(computing_code().items()):
        sha.update(name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return sha.hexdigest()


def computing_code(modules: tuple[str, ...] = COMPUTING) -> dict[str, Path]:
    """Find the modules of adan that some modules import, directly or not, themselves included.

    Returns
    -------
    dict of str to Path
        Name to source file. Nothing is imported to find them.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and (file := _source(name)):
            found[name] = file
            waiting += _imported(file)
    return found


def _source(module: str) -> Path | None:
    """Return the file of a module of adan's rooms; None of others, and of a name in a module."""
    if not module.startswith("adan."):
        return None
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
