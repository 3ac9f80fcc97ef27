"""One battery for every synthesizer: contract, awkward data, quality of what comes out."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from adan import ADAN, SMOTE, AdanError, AdditiveNoise, Duplication
from adan.synthesis.base import fit_all

SMALL = {"autoencoder_hidden": (20, 20), "hidden": (10, 10), "latent_dim": 5, "epochs": 3}
SYNTHESIZERS = [
    ADAN(random_state=0, **SMALL),
    Duplication(random_state=0),
    AdditiveNoise(random_state=0),
    SMOTE(random_state=0),
]
each = pytest.mark.parametrize(
    "synthesizer", [pytest.param(s, id=type(s).__name__) for s in SYNTHESIZERS]
)


@pytest.fixture
def fitted(synthesizer, make_rows):
    return clone(synthesizer).fit(*make_rows())


@each
def test_counts_give_that_many_of_each_class(fitted):
    X, y = fitted.sample({"sadness": 7, "anger": 4, "fear": 0})
    assert X.shape == (11, 10)
    assert Counter(y.tolist()) == {"sadness": 7, "anger": 4}


@each
def test_labels_come_back_in_the_order_asked_for(fitted):
    labels = np.array(["fear", "anger", "fear", "sadness"])
    X, y = fitted.sample(labels)
    assert X.shape == (4, 10)
    np.testing.assert_array_equal(y, labels)
    assert np.isfinite(X).all()


@each
def test_ten_times_the_labels_keep_the_class_mix(fitted, make_rows):
    _, labels = make_rows(n=50)
    _, y = fitted.sample(np.tile(labels, 10))
    assert Counter(y.tolist()) == {k: 10 * n for k, n in Counter(labels.tolist()).items()}


@each
def test_same_seed_same_numbers_and_another_seed_others(synthesizer, make_rows):
    rows = make_rows()
    draws = [clone(synthesizer).fit(*rows).sample({"anger": 5})[0] for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    if not isinstance(synthesizer, Duplication) or isinstance(synthesizer, AdditiveNoise):
        other = clone(synthesizer).fit(*rows).sample({"anger": 5}, random_state=1)[0]
        assert not np.array_equal(draws[0], other)


@each
def test_global_generators_are_left_as_they_were(synthesizer, make_rows):
    numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    clone(synthesizer).fit(*make_rows()).sample({"anger": 5})
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(synthesizer, make_rows, dtype):
    X, y = make_rows()
    assert clone(synthesizer).fit(X.astype(dtype), y).sample({"anger": 2})[0].dtype == dtype


@each
@pytest.mark.parametrize(("n", "d"), [(15, 2), (15, 40), (300, 3)])
def test_few_rows_few_features(synthesizer, make_rows, n, d):
    X, y = make_rows(n=n, d=d)
    X_synthetic, _ = clone(synthesizer).fit(X, y).sample(np.tile(y, 2))
    assert X_synthetic.shape == (2 * n, d)
    assert np.isfinite(X_synthetic).all()


@each
@pytest.mark.parametrize("d", [4, 100])
def test_constant_column_stays_constant(synthesizer, make_rows, d):
    X, y = make_rows(d=d)
    X[:, 1], X[:, 2] = 3.7, 0
    X_synthetic, _ = clone(synthesizer).fit(X, y).sample(y)
    np.testing.assert_allclose(X_synthetic[:, 1], 3.7)
    np.testing.assert_array_equal(X_synthetic[:, 2], 0)


@each
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_refused_by_column(synthesizer, make_rows, value):
    X, y = make_rows(d=4)
    frame = pd.DataFrame(X, columns=["pitch", "loudness", "jitter", "shimmer"])
    frame.loc[3, ["loudness", "shimmer"]] = value
    with pytest.raises(AdanError, match="2 of 4 columns: loudness, shimmer"):
        clone(synthesizer).fit(frame, y)
    with pytest.raises(AdanError, match="2 of 4 columns: 1, 3"):
        clone(synthesizer).fit(frame.to_numpy(), y)


@each
def test_one_class_only_is_refused(synthesizer, make_rows):
    X, _ = make_rows()
    with pytest.raises(AdanError, match="1 class only"):
        clone(synthesizer).fit(X, np.full(len(X), "anger"))


@each
@pytest.mark.parametrize("counts", [{"joy": 3}, ["anger", "joy"], {"anger": -1}])
def test_unknown_labels_and_negative_counts_are_refused(fitted, counts):
    with pytest.raises(AdanError, match=r"'joy' in .* anger, fear, sadness|negative"):
        fitted.sample(counts)


@each
def test_units_of_the_features_do_not_matter(synthesizer, make_rows):
    X, y = make_rows()
    units = 10.0 ** np.arange(-4, 6)
    plain = clone(synthesizer).fit(X, y).sample(y)[0]
    scaled = clone(synthesizer).fit(X * units + 5 * units, y).sample(y)[0]
    np.testing.assert_allclose(scaled / units - 5, plain, atol=2e-3)


@pytest.mark.parametrize(
    "synthesizer",
    [
        ADAN(autoencoder_hidden=(100, 100), epochs=200, random_state=0),
        AdditiveNoise(random_state=0),
        SMOTE(random_state=0),
    ],
    ids=lambda s: type(s).__name__,
)
def test_blobs_come_out_where_they_were_and_as_wide(synthesizer, make_rows):
    X, y = make_rows(n=300)
    X_synthetic, y_synthetic = synthesizer.fit(X, y).sample(np.repeat(np.unique(y), 300))
    for label in np.unique(y):
        real, synthetic = X[y == label], X_synthetic[y_synthetic == label]
        deviation = np.sqrt(real.var(axis=0).sum())
        assert np.linalg.norm(real.mean(axis=0) - synthetic.mean(axis=0)) < 0.5 * deviation
        assert 0.5 < synthetic.var(axis=0).sum() / real.var(axis=0).sum() < 1.5
    X_new, y_new = make_rows(n=600)
    classifier = LogisticRegression(max_iter=1000).fit(X_synthetic, y_synthetic)
    assert classifier.score(X_new[300:], y_new[300:]) > 0.9


def test_smote_needs_two_rows_of_a_class(make_rows):
    X, y = make_rows(n=31)
    y[30] = "boredom"
    with pytest.raises(AdanError, match="'boredom' has 1 row"):
        SMOTE().fit(X, y)


def test_fit_all_fits_different_kinds(make_rows):
    synthesizers = [clone(s) for s in SYNTHESIZERS]
    fit_all(synthesizers, [make_rows()] * len(synthesizers))
    for synthesizer in synthesizers:
        assert synthesizer.sample({"anger": 2})[0].shape == (2, 10)
