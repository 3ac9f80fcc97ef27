"""One battery for every synthesizer: contract, awkward data, quality of what comes out."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from adan import SMOTE, AdanError
from adan.synthesis.base import fit_all
from adan.synthesis.neural import NeuralSynthesizer
from adan.synthesis.registry import BUILT_IN, synthesizer

SMALL = {
    "autoencoder_hidden": (20, 20),
    "hidden": (10, 10),
    "denoiser_hidden": (10, 10),
    "latent_dim": 5,
    "discriminator_steps": 2,
    "diffusion_steps": 10,
    "epochs": 3,
}


def small(name):
    parameters = synthesizer(name).get_params()
    return synthesizer(name, random_state=0, **{k: SMALL[k] for k in SMALL if k in parameters})


SYNTHESIZERS = {name: small(name) for name in BUILT_IN}
NEURAL = [name for name, s in SYNTHESIZERS.items() if isinstance(s, NeuralSynthesizer)]
each = pytest.mark.parametrize(
    "synthesizer", SYNTHESIZERS.values(), ids=SYNTHESIZERS, scope="module"
)
each_neural = pytest.mark.parametrize(
    "synthesizer", [SYNTHESIZERS[name] for name in NEURAL], ids=NEURAL, scope="module"
)


@pytest.fixture(scope="module")
def fitted(synthesizer, make_rows):
    return clone(synthesizer).fit(*make_rows())


@each
def test_counts_give_that_many_of_each_class(fitted):
    X, y = fitted.sample({"sadness": 7, "anger": 4, "fear": 0})
    assert X.shape == (11, 10)
    assert Counter(y.tolist()) == {"sadness": 7, "anger": 4}
    assert fitted.sample({})[0].shape == (0, 10)


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
    fitted = clone(synthesizer).fit(*rows)
    again = clone(synthesizer).fit(*rows)
    drawn, _ = fitted.sample({"anger": 5})
    np.testing.assert_array_equal(again.sample({"anger": 5})[0], drawn)
    if synthesizer is not SYNTHESIZERS["duplication"]:
        assert not np.array_equal(fitted.sample({"anger": 5}, random_state=1)[0], drawn)


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
def test_where_nothing_varies_nothing_comes_out_but_that(synthesizer, make_rows):
    _, y = make_rows()
    X, _ = clone(synthesizer).fit(np.full((len(y), 6), 2.5), y).sample(y)
    np.testing.assert_array_equal(X, 2.5)


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
    with pytest.raises(AdanError, match=r"'joy' in .* anger, fear, sadness|whole number"):
        fitted.sample(counts)


@each
def test_units_of_the_features_do_not_matter(synthesizer, make_rows):
    X, y = make_rows()
    units = 10.0 ** np.arange(-4, 6)
    plain = clone(synthesizer).fit(X, y).sample(y)[0]
    scaled = clone(synthesizer).fit(X * units + 5 * units, y).sample(y)[0]
    np.testing.assert_allclose(scaled / units - 5, plain, atol=2e-3)


FAST = {"learning_rate": 1e-3, "batch_size": 150}
NARROW = {"autoencoder_hidden": (50, 50), **FAST}
GOOD = {
    "adan": {
        **NARROW,
        "hidden": (50, 50),
        "latent_dim": 20,
        "epochs": 100,
        "learning_rate": 5e-4,
        "beta1": 0.5,
    },
    "noise": {},
    "smote": {},
    "gaussian": {},
    "borrowing": {},
    "mixup": {},
    "wadan": {
        **NARROW,
        "hidden": (50, 50),
        "latent_dim": 10,
        "discriminator_steps": 3,
        "epochs": 40,
        "learning_rate": 3e-3,
    },
    "transfer": {
        **FAST,
        "latent_dim": 5,
        "discriminator_steps": 2,
        "epochs": 50,
        "learning_rate": 3e-3,
    },
    "cvae": {"epochs": 120, "hidden": (50, 50), "learning_rate": 3e-3},
    "diffusion": {"epochs": 60, "latent_dim": 10, "denoiser_hidden": (100, 100), **NARROW},
}
LONG = {"epochs": 200, "hidden": (50, 50), "batch_size": 100}
POOR = {
    "sequential": {"epochs": 60, **NARROW},
    "gan": {"learning_rate": 1e-3, **LONG},
    "aae": {**NARROW, "latent_dim": 3, "hidden": (50, 50), "epochs": 70, "batch_size": 50},
}


@pytest.fixture
def sample_blobs(make_rows):
    """Fit to three blobs and return them, what is drawn, and the accuracy of a classifier of it."""

    def sample_blobs(name, parameters):
        X, y = make_rows(n=300)
        fitted = synthesizer(name, random_state=0, **parameters).fit(X, y)
        drawn = fitted.sample(np.repeat(np.unique(y), 300))
        X_new, y_new = make_rows(n=600)
        classifier = LogisticRegression(max_iter=1000).fit(*drawn)
        return X, y, *drawn, classifier.score(X_new[300:], y_new[300:])

    return sample_blobs


@pytest.mark.parametrize(("name", "parameters"), GOOD.items(), ids=GOOD)
def test_blobs_come_out_where_they_were_and_as_wide(name, parameters, sample_blobs):
    X, y, X_synthetic, y_synthetic, accuracy = sample_blobs(name, parameters)
    for label in np.unique(y):
        real, synthetic = X[y == label], X_synthetic[y_synthetic == label]
        deviation = np.sqrt(real.var(axis=0).sum())
        assert np.linalg.norm(real.mean(axis=0) - synthetic.mean(axis=0)) < 0.5 * deviation
        assert 0.5 < synthetic.var(axis=0).sum() / real.var(axis=0).sum() < 1.5
    assert accuracy > 0.9


@pytest.mark.parametrize(("name", "parameters"), POOR.items(), ids=POOR)
def test_blobs_come_out_apart(name, parameters, sample_blobs):
    """The methods that match neither means nor spreads well still tell the classes apart."""
    X, _, X_synthetic, _, accuracy = sample_blobs(name, parameters)
    assert 0.5 < X_synthetic.var(axis=0).sum() / X.var(axis=0).sum() < 2
    assert accuracy > 0.8


@each_neural
def test_history_has_an_entry_an_epoch(fitted):
    assert fitted.history_
    for values in fitted.history_.values():
        assert values.shape == (3,)
        assert np.isfinite(values).all()


@each_neural
def test_members_of_a_stack_are_what_they_are_alone(synthesizer, make_rows):
    """Unequal numbers of rows and of coordinates, and each its own seed."""
    data = [make_rows(n=n, d=80, seed=n) for n in (45, 52)]
    stack = [clone(synthesizer).set_params(random_state=i) for i in range(2)]
    fit_all(stack, data)
    for member, (X, y) in zip(stack, data, strict=True):
        alone = clone(member).fit(X, y)
        np.testing.assert_allclose(member.sample(y)[0], alone.sample(y)[0], atol=1e-3)
        for name, values in alone.history_.items():
            np.testing.assert_allclose(member.history_[name], values, rtol=1e-3, atol=1e-5)


@each_neural
@pytest.mark.parametrize("d", [10, 100])
def test_saved_and_loaded_it_is_the_same(synthesizer, make_rows, tmp_path, d):
    X, y = make_rows(d=d)
    fitted = clone(synthesizer).fit(X, y)
    fitted.save(tmp_path / "fitted.safetensors")
    loaded = type(synthesizer).load(tmp_path / "fitted.safetensors")
    assert loaded.get_params() == fitted.get_params()
    np.testing.assert_array_equal(loaded.sample(y)[0], fitted.sample(y)[0])
    for name, values in fitted.history_.items():
        np.testing.assert_array_equal(loaded.history_[name], values)


def test_smote_repeats_a_class_of_one_row(make_rows):
    X, y = make_rows(n=31)
    y[30] = "boredom"
    drawn, labels = SMOTE(random_state=0).fit(X, y).sample({"boredom": 2, "fear": 3})
    np.testing.assert_allclose(drawn[labels == "boredom"], X[[30, 30]])
    assert len(np.unique(drawn[labels == "fear"], axis=0)) == 3


def test_fit_all_fits_different_kinds(make_rows):
    synthesizers = [clone(s) for s in SYNTHESIZERS.values()]
    fit_all(synthesizers, [make_rows()] * len(synthesizers))
    for fitted in synthesizers:
        assert fitted.sample({"anger": 2})[0].shape == (2, 10)
