"""What onnxruntime computes from the exported graph is what the recogniser computes."""

import numpy as np
import pytest

from adan import AdanError, DNNClassifier
from adan.recognition import export
from adan.recognition.model import softmax

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.mark.parametrize(
    "classifier", ["svm", DNNClassifier(steps=30), DNNClassifier(steps=30, activation="tanh")]
)
@pytest.mark.parametrize("classes", [("a", "b"), tuple("abcdefg")])
def test_onnxruntime_gives_the_same(make_recognizer, make_speakers, tmp_path, classifier, classes):
    X, y, groups = make_speakers(n=105, classes=classes)
    X[:, 3] = 7
    recognizer = make_recognizer(classifier=classifier).fit(X, y, groups)
    export.export(recognizer.model_, tmp_path / "x.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx")
    label, probabilities = session.run(None, {"X": 3 * X})
    np.testing.assert_allclose(probabilities, recognizer.predict_proba(3 * X), atol=1e-4)
    assert (recognizer.classes_[label] == recognizer.predict(3 * X)).all()
    assert session.get_modelmeta().custom_metadata_map["classes"] == ",".join(classes)


def test_a_graph_that_computes_something_else_is_not_written(
    make_recognizer, make_speakers, tmp_path, monkeypatch
):
    model = make_recognizer().fit(*make_speakers()).model_
    wrong = lambda X: softmax(-model.scores(X))  # noqa: E731
    monkeypatch.setattr(type(model), "probabilities", lambda self, X: wrong(X))
    with pytest.raises(AdanError, match="computes other probabilities"):
        export.export(model, tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())
