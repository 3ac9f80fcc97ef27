"""A recogniser's classifier, with its scaling and calibration, as an ONNX graph."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adan._extras import require
from adan._files import replacing
from adan.errors import AdanError
from adan.recognition.model import Model, Network, SupportVectors

TOLERANCE = 1e-3
"""Largest difference of a probability between onnxruntime and `Model` that `export` accepts."""


def export(model: Model, path: str | os.PathLike[str]) -> None:
    """Write an ONNX model and check it against onnxruntime.

    Parameters
    ----------
    model : Model
        What to write.
    path : path-like
        The ``.onnx`` file. Its input is ``X`` (n, d), float32, raw feature vectors; its outputs
        are ``label`` (n,), the index into the metadata's ``classes``, and ``probabilities`` (n, k).

    Raises
    ------
    AdanError
        If onnx or onnxruntime is not installed, the file cannot be written or onnxruntime computes
        something else.
    """
    require("onnx", "onnx", "onnxruntime")
    content = _Graph(model).proto().SerializeToString()
    _check(model, content)
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise AdanError(f"{path} cannot be written: {error.strerror or error}") from error


def _check(model: Model, content: bytes) -> None:
    """Compare on vectors around the training vectors' mean, some far beyond the limit."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3
    session = InferenceSession(content, options)
    scaling, rng = model.scaling, np.random.default_rng(0)
    X = np.zeros((64, model.n_features), np.float32)
    spread = 2 ** rng.uniform(-2, 5, (64, 1)) * rng.standard_normal((64, len(scaling.kept)))
    X[:, scaling.kept] = scaling.mean + scaling.scale * spread
    label, probabilities = session.run(["label", "probabilities"], {"X": X})
    expected = model.probabilities(X)
    sure = np.diff(np.sort(expected, axis=1)[:, -2:]).ravel() > TOLERANCE
    same = (label == expected.argmax(axis=1))[sure].all()
    if not same or np.abs(probabilities - expected).max() > TOLERANCE:
        raise AdanError("onnxruntime computes other probabilities: update onnx and onnxruntime")


class _Graph:
    """An ONNX graph that grows node by node; every method returns the name of its result."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def proto(self) -> Any:
        from onnx import TensorProto, checker, helper

        scores = self._scores(self._scaled())
        self._add("ArgMax", [scores], "label", axis=1, keepdims=0)
        warm = self._add("Div", [scores, self._constant(np.float32(self.model.temperature))])
        self._add("Softmax", [warm], "probabilities", axis=1)
        d, k = self.model.n_features, len(self.model.classes)
        graph = helper.make_graph(
            self.nodes,
            "adan",
            [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", d])],
            [
                helper.make_tensor_value_info("label", TensorProto.INT64, ["n"]),
                helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", k]),
            ],
            self.constants,
        )
        opset = [helper.make_opsetid("", 17)]
        proto = helper.make_model(graph, opset_imports=opset, ir_version=9, producer_name="adan")
        classes = ",".join(map(str, self.model.classes))
        features = str(self.model.card.get("features", ""))
        helper.set_model_props(proto, {"classes": classes, "features": features})
        checker.check_model(proto)
        return proto

    def _add(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = output or f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _constant(self, value: NDArray[Any] | np.generic) -> str:
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _scaled(self) -> str:
        scaling = self.model.scaling
        kept = self._add("Gather", ["X", self._constant(scaling.kept.astype(np.int64))], axis=1)
        centred = self._add("Sub", [kept, self._constant(scaling.mean)])
        scaled = self._add("Div", [centred, self._constant(scaling.scale)])
        limits = [self._constant(np.float32(sign * scaling.limit)) for sign in (-1, 1)]
        clipped = self._add("Clip", [scaled, *limits])
        offset = self.model.offset
        return clipped if offset is None else self._add("Sub", [clipped, self._constant(offset)])

    def _scores(self, x: str) -> str:
        classifier = self.model.classifier
        if isinstance(classifier, Network):
            return self._network(x, classifier)
        return self._votes(x, classifier)

    def _network(self, x: str, network: Network) -> str:
        for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
            if layer:
                x = self._add({"relu": "Relu", "tanh": "Tanh"}[network.activation], [x])
            x = self._add("Gemm", [x, self._constant(weight), self._constant(bias)])
        return x

    def _votes(self, x: str, svm: SupportVectors) -> str:
        """Do what `SupportVectors.scores` does."""
        signs = svm.signs
        k = signs.shape[1]
        products = self._add("MatMul", [x, self._constant(np.ascontiguousarray(svm.vectors.T))])
        own = self._add("ReduceSumSquare", [x], axes=[1], keepdims=1)
        theirs = self._constant(np.square(svm.vectors).sum(axis=1))
        double = self._add("Mul", [products, self._constant(np.float32(2))])
        distance = self._add("Sub", [self._add("Sub", [double, own]), theirs])
        nearest = self._add("Min", [distance, self._constant(np.float32(0))])
        power = self._add("Mul", [nearest, self._constant(np.float32(svm.gamma))])
        kernel = self._add("Exp", [power])
        inputs = [kernel, self._constant(svm.coefficients), self._constant(svm.intercepts)]
        decisions = self._add("Gemm", inputs)
        positive = self._add("Greater", [decisions, self._constant(np.float32(0))])
        choices = [self._constant(np.float32(sign)) for sign in (1, -1)]
        won = self._add("Where", [positive, *choices])
        twice = self._add("Gemm", [won, self._constant(signs), self._constant(np.float32(k - 1))])
        votes = self._add("Mul", [twice, self._constant(np.float32(0.5))])
        sums = self._add("MatMul", [decisions, self._constant(signs)])
        grown = self._add("Add", [self._add("Abs", [sums]), self._constant(np.float32(1))])
        confidence = self._add(
            "Div", [sums, self._add("Mul", [grown, self._constant(np.float32(3))])]
        )
        first = self._add("ArgMax", [votes], axis=1, keepdims=0)
        depth, values = self._constant(np.int64(k)), self._constant(np.array([0, 1], np.float32))
        winner = self._add("OneHot", [first, depth, values], axis=-1)
        return self._add("Sum", [votes, confidence, winner])
