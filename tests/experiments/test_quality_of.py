import warnings

import numpy as np
import pandas as pd
import pytest

from adan import ADAN, RBFSVM, Duplication
from adan.evaluation.quality import FLOOR
from adan.experiments import quality, study
from adan.experiments.quality import of_method, quality_of
from adan.experiments.study import Data, Folds, Method, Study, results

SMALL = ADAN(autoencoder_hidden=(20,), hidden=(10,), latent_dim=5, epochs=3)


@pytest.fixture(autouse=True)
def _quality(monkeypatch):
    monkeypatch.setattr(study, "QUALITY_FOLDS", 3)


@pytest.fixture
def data(make_rows):
    X, y = make_rows(n=90, d=20)
    speakers = np.repeat(["03", "08", "09"], 30)
    return Data(X, y, speakers, np.arange(90).astype(str), speakers, np.ones(90, bool))


@pytest.fixture
def of_methods():
    """Quality by method of a study whose methods share a synthesizer."""

    def run(data, seed=0, **methods) -> dict[str, pd.DataFrame]:
        return {
            name: result.quality
            for name, result in results(
                Study(methods, {"svm": RBFSVM()}), Folds(data, "fold"), seed
            )
        }

    return run


def test_every_method_stands_beside_a_held_out_speaker_in_features_and_latents(data, of_methods):
    tables = of_methods(data, adan=Method(SMALL), once=Method(SMALL, times=1))
    for name, table in tables.items():
        assert set(table["fold"]) == {"03", "08", "09"}
        rows = table.groupby("space")["method"].unique()
        assert set(rows["features"]) == {FLOOR, name}
        assert set(rows[f"latent of {name}"]) == {FLOOR, name}
        pooled = table.query("`class` == 'all' and space == 'features'").set_index("method")
        assert pooled.loc[name, "discriminator_real"].between(0, 1).all()
        assert pooled.loc[FLOOR, "discriminator_real"].isna().all()


def test_it_is_measured_with_the_first_seed_alone(data, of_methods):
    assert of_methods(data, 1, copies=Method(Duplication()))["copies"].empty
    assert of_methods(data, real=Method())["real"].empty


def test_copies_are_known(make_rows):
    X, y = make_rows(n=60, d=20)
    table = of_method(quality_of(Duplication().fit(X, y), (X, y), (X[:20], y[:20])), "copies")
    pooled = table.query("`class` == 'all'").set_index("method")
    assert np.isclose(pooled.loc["copies", "nearest"], 0, atol=1e-3)


def test_of_many_rows_some_are_looked_at(make_rows, monkeypatch):
    X, y = make_rows(n=90, d=20)
    monkeypatch.setattr(quality, "ROWS", 45)
    looked_at = []
    measure = quality.measure
    monkeypatch.setattr(
        quality, "measure", lambda *data: (looked_at.extend(data), measure(*data))[1]
    )
    quality_of(Duplication().fit(X, y), (X, y), (X, y))
    real, synthetic, held_out = looked_at
    assert len(real[0]) == len(synthetic[""][0]) == len(held_out[0]) == 45


def test_a_class_or_a_group_of_one_utterance_does_not_end_the_run(data, of_methods):
    data.y[0] = "boredom"
    data.groups[29] = "00"
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        (table,) = of_methods(data, adan=Method(SMALL)).values()
    assert set(table["fold"]) == {"03", "08"}
    assert "boredom" not in set(table["class"])
