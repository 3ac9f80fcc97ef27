import numpy as np
import pytest

from adan import ADAN, Duplication
from adan.evaluation.quality import FLOOR
from adan.experiments.quality import quality_of
from adan.experiments.study import Data, Method

SMALL = ADAN(autoencoder_hidden=(20,), hidden=(10,), latent_dim=5, epochs=3)


@pytest.fixture
def data(make_rows):
    X, y = make_rows(n=90, d=20)
    speakers = np.repeat(["03", "08", "09"], 30)
    return Data(X, y, speakers, np.arange(90).astype(str), speakers, np.ones(90, bool))


def test_every_method_stands_beside_the_calibration_in_features_and_latents(data):
    methods = {"real only": Method(), "adan": Method(SMALL), "adan once": Method(SMALL, times=1)}
    table = quality_of(methods, data, folds=2)
    assert set(table["fold"]) == {"03", "08"}
    rows = table.groupby("space")["method"].unique()
    assert set(rows["features"]) == {FLOOR, "adan", "duplication", "noise", "smote"}
    assert set(rows["latent of adan"]) == {FLOOR, "adan"}
    pooled = table.query("`class` == 'all' and space == 'features'").set_index("method")
    assert np.allclose(pooled.loc["duplication", "nearest"], 0, atol=1e-3)
    known = pooled["discriminator_real"].dropna()
    assert set(known.index) == {"adan"}
    assert known.between(0, 1).all()


def test_the_networks_are_the_same_each_time(data):
    first, second = (quality_of({"adan": Method(SMALL)}, data, folds=1) for _ in range(2))
    assert first.equals(second)


def test_methods_that_are_calibration_already_are_not_measured_twice(data):
    table = quality_of({"copies": Method(Duplication())}, data, folds=1)
    assert set(table["method"]) == {FLOOR, "copies", "noise", "smote"}
