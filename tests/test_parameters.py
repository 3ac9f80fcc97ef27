"""A parameter that makes no sense is refused in one sentence, before anything is computed."""

import numpy as np
import pytest

from adan import (
    ADAN,
    RBFSVM,
    SMOTE,
    AdanError,
    AdditiveNoise,
    AttentionRNN,
    DNNClassifier,
    Sequences,
    ShrunkDiscriminant,
)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (DNNClassifier(dropout=1.5), r"dropout=1\.5: give a number from 0 to less than 1"),
        (DNNClassifier(learning_rate=np.nan), "learning_rate=nan: give a number above 0"),
        (DNNClassifier(steps=0), "steps=0: give 1 or more"),
        (DNNClassifier(hidden=(100, 0)), r"hidden=\(100, 0\): give 1 or more"),
        (DNNClassifier(activation="sigmoid"), "no activation 'sigmoid'; choose one of relu, tanh"),
        (RBFSVM(C=-1), "C=-1: give a number above 0"),
        (RBFSVM(gamma=-1.0), "gamma=-1.0: give a number above 0"),
        (ShrunkDiscriminant(shrinkage=-1.0), "shrinkage=-1.0: give 0 or more"),
        (
            ShrunkDiscriminant(correct_bias="left_out"),
            "no correct_bias 'left_out'; choose one of left out",
        ),
        (ADAN(latent_dim=0), "latent_dim=0: give 1 or more"),
        (SMOTE(k_neighbors=0), "k_neighbors=0: give 1 or more"),
        (AdditiveNoise(scale=np.inf), "scale=inf: give 0 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(make_rows, estimator, message):
    with pytest.raises(AdanError, match=message):
        estimator.fit(*make_rows())


def test_networks_of_sequences_refuse_it_too(make_rows):
    X = Sequences.of([np.ones((5, 2), np.float32)] * 4)
    with pytest.raises(AdanError, match=r"class_weight=\{.a.: 2\}: give .balanced."):
        AttentionRNN(class_weight={"a": 2}).fit(X, ["a", "b", "a", "b"])
