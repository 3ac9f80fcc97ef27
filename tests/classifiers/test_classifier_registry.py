from typing import get_args

import numpy as np
import pytest

from adan import EmotionRecognizer
from adan.classifiers import registry
from adan.folds import Choices, Fold, Method, train_classifiers


def test_every_name_has_a_classifier():
    assert [*registry.CLASSIFIERS] == [*get_args(registry.Name)]


OF_VECTORS = [name for name in registry.CLASSIFIERS if not registry.reads_sequences(name)]


@pytest.mark.parametrize("name", OF_VECTORS)
def test_each_is_trained_on_a_fold(make_rows, name):
    X, y = make_rows(n=120, d=30)
    fold = Fold(
        0,
        X[:90],
        y[:90],
        np.repeat(["03", "08", "09"], 30),
        np.full(90, True),
        X[90:],
        np.arange(90, len(X)),
    )
    kind = registry.CLASSIFIERS[name]
    classifier = kind(steps=60) if "dnn" in name else kind()
    labels = train_classifiers(
        Method(), {name: classifier}, [fold], [None], 0, lambda fold, c: c.predict(fold.X_test)
    )
    assert np.mean(labels[0][name] == y[90:]) > 0.9


def test_the_discriminants_shrinkage_comes_from_real_rows_and_their_speakers(make_rows):
    """Synthetic rows, whatever they are, change nothing of what was chosen."""
    X, y = make_rows(n=120, d=30)
    fold = Fold(0, X, y, np.repeat(["03", "08", "09"], 40), np.full(120, True), X, np.arange(120))
    discriminant = registry.CLASSIFIERS["discriminant"]()
    chosen = Choices().classifier(discriminant, fold, 0)
    expected = discriminant.fit(X, y, fold.speakers).shrinkage_
    assert chosen.shrinkage == expected


@pytest.mark.parametrize("name", ["discriminant", "whitened dnn"])
def test_a_recogniser_of_it_comes_back_from_its_file(make_rows, tmp_path, name):
    X, y = make_rows(n=60, d=30)
    kind = registry.CLASSIFIERS[name]
    classifier = kind(steps=30) if "dnn" in name else kind(0.5)
    fitted = EmotionRecognizer(classifier=classifier, times=0).fit(X, y)
    fitted.save(tmp_path / "a.adan")
    loaded = EmotionRecognizer.load(tmp_path / "a.adan")
    assert type(loaded.classifier) is kind
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    assert loaded.score(X, y) > 0.9
