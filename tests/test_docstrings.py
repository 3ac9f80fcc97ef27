"""What ``help`` says: numpydoc's form, parameters as in the signature, examples that run."""

import ast
import doctest
import importlib.util
import inspect
import pkgutil
import re
from enum import EnumType
from operator import attrgetter
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import adan

validate = pytest.importorskip("numpydoc.validate").validate
docscrape = pytest.importorskip("numpydoc.docscrape")

CHECKS = {
    "GL01",  # text that begins on the line of the quotes (for a class)
    "GL03",  # double blank lines
    "GL06",  # an unknown section
    "GL07",  # sections in another order
    "GL08",  # no docstring
    "SS01",  # no summary
    "SS02",  # a summary that begins with a small letter
    "SS03",  # a summary without a full stop
    "SS04",  # a summary with spaces before it
    "SS06",  # a summary of several lines
    "PR01",  # parameters that are not described
    "PR02",  # described parameters that there are not
    "PR05",  # a type that ends in a full stop
    "PR07",  # a parameter without a description
    "PR10",  # a type without spaces around its colon
    "RT01",  # no section on what is returned
    "RT03",  # what is returned is not described
}
PUBLIC = {name: getattr(adan, name) for name in adan.__all__}
CLASSES = {name: kind for name, kind in PUBLIC.items() if isinstance(kind, type)}
ESTIMATORS = [name for name, kind in CLASSES.items() if issubclass(kind, BaseEstimator)]


def members_of(kind):
    """The methods and properties that a class has from this package, not from scikit-learn."""
    for owner in inspect.getmro(kind):
        if owner.__module__.startswith("adan."):
            for name, value in vars(owner).items():
                if hasattr(value, "__get__") and not re.fullmatch("_.*|set_.*_request", name):
                    yield name


NAMES = [name for name, kind in PUBLIC.items() if not isinstance(kind, EnumType)]
NAMES += [f"{name}.{m}" for name in set(NAMES) & {*CLASSES} for m in {*members_of(CLASSES[name])}]
NAMES.sort()
FUNCTIONS = [name for name in NAMES if inspect.isroutine(attrgetter(name)(adan))]


@pytest.mark.parametrize("name", NAMES)
def test_numpydoc_finds_nothing_wrong(name):
    errors = [
        f"{code}: {text}" for code, text in validate(f"adan.{name}")["errors"] if code in CHECKS
    ]
    assert not errors


@pytest.mark.parametrize("name", ESTIMATORS)
def test_documented_parameters_and_defaults_are_those_of_the_signature(name):
    kind = getattr(adan, name)
    documented = {}
    for parameter in docscrape.ClassDoc(kind)["Parameters"]:
        assert parameter.desc, parameter.name
        documented[parameter.name] = parameter.type.partition("default=")[2]
    expected = {p.name: p.default for p in inspect.signature(kind).parameters.values()}
    assert {n: ast.literal_eval(default) for n, default in documented.items()} == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_document_their_defaults_and_when_they_raise(name):
    function = attrgetter(name)(adan)
    doc = docscrape.FunctionDoc(function)
    types = {n: p.type for p in doc["Parameters"] for n in p.name.split(", ")}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is not parameter.empty:
            shown = types[parameter.name].partition("default=")[2]
            assert ast.literal_eval(shown) == parameter.default, parameter.name
    if "raise AdanError" in inspect.getsource(inspect.unwrap(function)):
        assert doc["Raises"]


MODULES = [module.name for module in pkgutil.walk_packages(adan.__path__, "adan.")]


def with_examples():
    for name in MODULES:
        source = Path(importlib.util.find_spec(name).origin).read_text()
        if ">>>" in source:
            yield name


@pytest.mark.parametrize("name", with_examples())
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed
