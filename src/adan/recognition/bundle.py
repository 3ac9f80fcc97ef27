"""A trained recogniser in one file: safetensors with a JSON header and a checksum over both.

Reading one runs no code: arrays are copied out, and the JSON names nothing that is imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adan import __version__, _arrays
from adan._files import printable
from adan.audio.decoding import HIGHEST_RATE, LOWEST_RATE
from adan.errors import AdanError
from adan.evaluation.enrolment import Enrolment
from adan.evaluation.scaling import Scaling
from adan.recognition.card import as_text
from adan.recognition.model import Map, Model, Network, SupportVectors

KIND = "EmotionRecognizer"
MOST_FEATURES = 10**6
DTYPES = r"[<>|=]?(U\d{1,3}|[iuf][1248]|b1)"
"""Of class labels, as numpy writes them: text of up to 999 characters, numbers, or truth."""


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model.

    Parameters
    ----------
    model : Model
        What to write.
    path : path-like
        The file, such as ``model.adan``, appears when it is complete.

    Raises
    ------
    AdanError
        If it cannot be written.
    """
    header, arrays = _taken_apart(model)
    header["adan"] = __version__
    header = json.loads(json.dumps(header, default=_arrays.plain))  # as it will be read
    _arrays.write(path, KIND, header | {"sha256": _digest(header, arrays)}, arrays)


def load(path: str | os.PathLike[str]) -> Model:
    """Read what `save` wrote.

    Parameters
    ----------
    path : path-like
        The bundle.

    Returns
    -------
    Model
        Computes what the one that was written computes.

    Raises
    ------
    AdanError
        If the file is missing, damaged, changed, of another kind or of a newer format.
    """
    if os.path.isdir(path):
        raise AdanError(f"{path} is a folder: give a file that adan train wrote")
    try:
        header, arrays = _arrays.read(path, KIND)
        stored = {n: v for n, v in header.items() if n not in ("format", "kind", "sha256")}
        if header.get("sha256") != _digest(stored, arrays):
            raise AdanError(
                f"{path} is damaged or was changed after it was written (its checksum does not "
                "fit): get it again from where it was made"
            )
        header = _escaped(header)
        _check_bounds(header, arrays)
        model = _put_together(header, arrays)
        _check(model)
    except AdanError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        reason = " ".join(str(error).split())
        raise AdanError(f"{path} is damaged or no bundle of adan's: {reason}") from error
    return model


def _check_bounds(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Look at sizes before anything of such a size is made; raises ValueError."""
    _check_card(header["card"])
    classes = header["classes"]
    if not isinstance(classes, list) or len({*map(str, classes)}) != len(classes) or not classes:
        raise ValueError("its classes are no list of different labels")
    if header["classifier"]["kind"] not in ("dnn", "svm"):
        raise ValueError("its classifier is of no known kind")
    n_features = header["n_features"]
    if type(n_features) is not int or not 0 < n_features <= MOST_FEATURES:
        raise ValueError(f"n_features is {str(n_features)[:20]}")
    kept = arrays["scaling.kept"]
    if kept.ndim != 1 or not len(kept) or kept.min() < 0 or kept.max() >= n_features:
        raise ValueError("scaling.kept names features that there are not")
    if not re.fullmatch(DTYPES, header["classes_dtype"]):
        raise ValueError(f"classes_dtype is {header['classes_dtype'][:20]}")
    for name, array in arrays.items():
        if array.dtype.kind not in "fib" or not np.isfinite(array).all():
            raise ValueError(f"{name} is of no use")
    if not (arrays["scaling.scale"] > 0).all():
        raise ValueError("scaling.scale is of no use")
    if not np.isin(arrays["map.codes"], range(len(classes))).all():
        raise ValueError("map.codes name classes that there are not")
    numbers = {name: header[name] for name in ("limit", "temperature")}
    for name, number in [*numbers.items(), *header.get("enrolment", {}).items()]:
        if type(number) not in (float, int) or not 1e-6 < number < 1e6:
            raise ValueError(f"{name} is {str(number)[:20]}")


def _check_card(card: dict[str, Any]) -> None:
    """Look at what others compute with; raises ValueError."""
    rate, versions = card.get("rate"), card["versions"]
    if rate is not None and (type(rate) is not int or not LOWEST_RATE <= rate <= HIGHEST_RATE):
        raise ValueError(f"rate is {str(rate)[:20]}")
    if not all(isinstance(v, str | None) for v in versions.values()):
        raise ValueError("versions are no text")
    for name in ("corpus", "features"):
        if not isinstance(card[name], str):
            raise ValueError(f"{name} is no text")
    if not isinstance(card["settings"], dict):
        raise ValueError("settings are no parameters")


def _escaped(value: Any) -> Any:
    """Return parts of a header in which nothing can command a terminal."""
    if isinstance(value, str):
        return printable(value).replace("\n", "\\n")
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    if isinstance(value, dict):
        return {_escaped(name): _escaped(one) for name, one in value.items()}
    return value


def _check(model: Model) -> None:
    """Describe and compute once, so that parts that do not fit are found here and not later."""
    as_text(model.card)
    nothing = np.zeros((1, model.n_features), np.float32)
    told = [model.probabilities(nothing)]
    if model.enrolment is not None:
        told.append(model.enrolled(nothing).probabilities(nothing))
    plane = model.map
    n = len(plane.points)
    if (
        any(p.shape != (1, len(model.classes)) or not np.isfinite(p).all() for p in told)
        or plane(model.normalised(nothing)).shape != (1, 2)
        or (plane.points.shape, plane.codes.shape, plane.synthetic.shape) != ((n, 2), (n,), (n,))
        or len(model.feature_names) not in (0, model.n_features)
    ):
        raise ValueError("its arrays do not fit together")


def _digest(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _taken_apart(model: Model) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    labels = model.classes.tolist()
    classes = np.array(labels) if model.classes.dtype.kind == "O" else model.classes
    header: dict[str, Any] = {
        "classes": labels,
        "classes_dtype": classes.dtype.str,
        "feature_names": list(model.feature_names),
        "n_features": model.n_features,
        "limit": model.scaling.limit,
        "temperature": model.temperature,
        "card": model.card,
    }
    arrays = {f"scaling.{name}": getattr(model.scaling, name) for name in ("kept", "mean", "scale")}
    arrays |= {f"map.{name}": array for name, array in vars(model.map).items()}
    if model.enrolment is not None:
        enrolment = vars(model.enrolment)
        header["enrolment"] = {n: v for n, v in enrolment.items() if isinstance(v, float)}
        arrays |= {
            f"enrolment.{n}": v for n, v in enrolment.items() if n not in header["enrolment"]
        }
    if model.offset is not None:
        arrays["speaker.offset"] = model.offset
    part = model.classifier
    if isinstance(part, Network):
        header["classifier"] = {"kind": "dnn", "activation": part.activation}
        for layer, (weight, bias) in enumerate(zip(part.weights, part.biases, strict=True)):
            arrays |= {f"classifier.weight{layer}": weight, f"classifier.bias{layer}": bias}
    else:
        header["classifier"] = {"kind": "svm", "gamma": part.gamma}
        for name in ("vectors", "coefficients", "intercepts"):
            arrays[f"classifier.{name}"] = getattr(part, name)
    return header, arrays


def _put_together(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    def part(name: str) -> dict[str, NDArray[Any]]:
        start = f"{name}."
        return {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}

    settings, parts = dict(header["classifier"]), part("classifier")
    if settings.pop("kind") == "dnn":
        layers = range(len(parts) // 2)
        weights = tuple(parts[f"weight{layer}"] for layer in layers)
        biases = tuple(parts[f"bias{layer}"] for layer in layers)
        classifier: Network | SupportVectors = Network(weights, biases, **settings)
    else:
        classifier = SupportVectors(**parts, gamma=settings["gamma"])
    known: dict[str, Any] = header.get("enrolment", {})
    return Model(
        classes=np.array(header["classes"], dtype=header["classes_dtype"]),
        feature_names=tuple(header["feature_names"]),
        n_features=header["n_features"],
        scaling=Scaling(**part("scaling"), limit=header["limit"]),
        classifier=classifier,
        map=Map(**part("map")),
        temperature=header["temperature"],
        card=header["card"],
        enrolment=Enrolment(**{**part("enrolment"), **known}) if known else None,
        offset=part("speaker").get("offset"),
    )
