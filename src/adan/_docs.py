"""What docstrings of several classes or methods say, written once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)
Method = TypeVar("Method", bound=Callable[..., Any])

VECTORS = """Parameters
----------
X : array-like of shape (n_samples, n_features)
    Standardised feature vectors."""
LEARNT = """y : array-like of shape (n_samples,)
    Class labels.

Returns
-------
Self
    The fitted classifier."""
LEARNT_FROM_VECTORS = f"{VECTORS}\n{LEARNT}"
LABELS = """Returns
-------
ndarray of shape (n_samples,)
    The label of each vector, one of ``classes_``."""
PROBABILITIES = """Returns
-------
ndarray of shape (n_samples, n_classes), {}
    One column for each of ``classes_``."""


def described(*sections: str) -> Callable[[Method], Method]:
    """Append sections to the docstring of a method."""

    def complete(method: Method) -> Method:
        if method.__doc__ is not None:  # else Python runs with -OO
            method.__doc__ = "\n\n".join([inspect.cleandoc(method.__doc__), *sections])
        return method

    return complete


def documented(cls: Class) -> Class:
    """Complete the docstring of a class by what its bases say.

    A class describes the parameters and attributes of its own. Those it inherits are added behind
    them, in the words of the base that describes them and with the default of this class.
    """
    if cls.__doc__ is None:  # Python runs with -OO
        return cls
    doc = inspect.cleandoc(cls.__doc__)
    known = inspect.signature(cls).parameters
    own, inherited = _entries(doc, "Parameters"), _inherited(cls, "Parameters")
    added = {n: e for n, e in inherited.items() if n in known and n not in own}
    for name, entry in added.items():
        added[name] = re.sub(r"default=.*", f"default={_shown(known[name].default)}", entry)
    doc = _with_entries(doc, "Parameters", own | added)
    of_own = _entries(doc, "Attributes")
    cls.__doc__ = _with_entries(doc, "Attributes", of_own | _inherited(cls, "Attributes") | of_own)
    return cls


def _inherited(cls: type, section: str) -> dict[str, str]:
    """Return the entries of a section in all bases, those of the nearest ones first."""
    entries: dict[str, str] = {}
    for base in cls.__mro__[1:]:
        if base.__module__.startswith("adan.") and base.__doc__:
            entries |= {
                name: entry
                for name, entry in _entries(inspect.cleandoc(base.__doc__), section).items()
                if name not in entries
            }
    return entries


def _section(section: str) -> str:
    return rf"^{section}\n-+\n(.*?)(?=\n\n\w[\w ]*\n-+\n|\Z)"


def _entries(doc: str, section: str) -> dict[str, str]:
    """Return the entries of a section of a numpydoc docstring by their names."""
    match = re.search(_section(section), doc, re.MULTILINE | re.DOTALL)
    entries = re.split(r"\n(?=\S)", match[1]) if match else []
    return {entry.partition(" : ")[0]: entry for entry in entries}


def _with_entries(doc: str, section: str, entries: dict[str, str]) -> str:
    """Return a docstring whose section, new or not, holds these entries."""
    if not entries:
        return doc
    text = "\n".join([section, "-" * len(section), *entries.values()])
    pattern = re.compile(_section(section), re.MULTILINE | re.DOTALL)
    if pattern.search(doc):
        return pattern.sub(lambda _: text, doc, count=1)
    later = r"(?=^(Notes|References|Examples)\n-+\n)|\Z"
    if section == "Parameters":
        later = rf"(?=^Attributes\n-+\n)|{later}"
    place = re.search(later, doc, re.MULTILINE)
    assert place
    head, tail = doc[: place.start()].rstrip(), doc[place.start() :]
    return "\n\n".join(part for part in (head, text, tail) if part)


def _shown(default: object) -> str:
    return f'"{default}"' if isinstance(default, str) else repr(default)
