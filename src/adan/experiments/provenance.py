"""Where numbers come from: the settings, the data, the code and the packages of a study."""

from __future__ import annotations

import ast
import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import adan
from adan.classifiers.registry import CLASSIFIERS
from adan.experiments.sources import digest, digest_of_copies
from adan.experiments.specification import Specification
from adan.experiments.study import Data, parameters_of
from adan.synthesis.registry import BUILT_IN

PACKAGES = ("imbalanced-learn", "numpy", "scikit-learn", "scipy", "torch")


def settings_of(
    specification: Specification, data: Mapping[tuple[str, str, str], Data]
) -> dict[str, Any]:
    """Return what determines the cells of a study, fit for JSON."""
    study = specification.study(specification.normalisations[0])
    return {
        "settings": {
            "study": specification.model_dump(),
            "methods": {
                name: {
                    **vars(method),
                    "synthesizer": parameters_of(method.synthesizer),
                    "perturbation": method.perturbation and method.perturbation.settings,
                    "classifiers": [*study.classifiers_of(name)],
                }
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
                "methods": specification.methods_of(features),
                "sha256": digest(rows),
                "copies": {
                    name: digest_of_copies(rows.copies[by])
                    for name, by in specification.perturbations.items()
                },
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
    """Return the SHA-256 of the code that determines the numbers, and of its packages' versions.

    It is what `adan.experiments.study` and all that a study may name import.
    """
    named = [place.partition(":")[0] for place in BUILT_IN.values()]
    named += [kind.__module__ for kind in CLASSIFIERS.values()]
    code = code_digest(Path(adan.__file__).parent, ["adan.experiments.study", *named])
    return hashlib.sha256(f"{versions()} {code}".encode()).hexdigest()


def code_digest(root: Path, modules: Iterable[str]) -> str:
    """Return the SHA-256 of some modules of a package, and of all that they import of it.

    Parameters
    ----------
    root : Path
        The package's folder.
    modules : iterable of str
        Names of modules, the package's name in front.
    """
    sources: dict[str, bytes] = {}
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        if name not in sources and (file := _file(root, name)):
            sources[name] = file.read_bytes()
            waiting += _imported(ast.parse(sources[name]))
    sha = hashlib.sha256()
    for name, source in sorted(sources.items()):
        sha.update(f"{name} {len(source)} ".encode() + source)
    return sha.hexdigest()


def _file(root: Path, name: str) -> Path | None:
    """Return the file of a module, or None if it is none of the package's."""
    package, *steps = name.split(".")
    if package != root.name or not steps:
        return None
    path = root.joinpath(*steps)
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield the names that may be modules of what a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
