import warnings

import numpy as np
import pytest

from adan import ConditionalGAN
from adan.errors import SynthesisWarning
from adan.synthesis.base import fit_all
from adan.synthesis.health import balance, complaints, nearest_real, spread_within_classes


def test_a_generator_that_has_hardly_been_trained_has_collapsed(make_adan, make_rows):
    with pytest.warns(SynthesisWarning, match=r"^ADAN has collapsed: .* \d% of the real one"):
        make_adan(epochs=1).fit(*make_rows(d=200))


def test_a_stack_warns_once_and_says_how_many(make_adan, make_rows):
    with pytest.warns(SynthesisWarning) as caught:
        fit_all([make_adan(epochs=1) for _ in range(3)], [make_rows(d=200) for _ in range(3)])
    assert ["in 3 of 3 fits" in str(w.message) for w in caught] == [True]


def test_a_generator_that_loses_to_its_discriminator_says_so(make_rows):
    gan = ConditionalGAN(epochs=100, learning_rate=1e-3, random_state=0)
    with pytest.warns(SynthesisWarning, match="ConditionalGAN has lost to its discriminator"):
        gan.fit(*make_rows(n=40, d=200))


def test_a_sound_generator_fits_in_silence_and_the_global_generator_is_left_alone(
    make_adan, make_rows
):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("error", SynthesisWarning)
        make_adan(epochs=5).fit(*make_rows())
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_spread_and_nearness_are_ratios_to_the_real_ones():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 5)), np.repeat(["anger", "fear"], 200)
    assert spread_within_classes((X, y), (X / 2 + 9, y)) == pytest.approx(0.25)
    assert np.isnan(spread_within_classes((X[::200], y[::200]), (X, y)))
    assert nearest_real(X, X) == pytest.approx(0, abs=1e-6)
    assert nearest_real(X, rng.normal(size=(400, 5))) == pytest.approx(1, abs=0.15)
    assert np.isnan(nearest_real(np.repeat(X[:5], 10, axis=0), X))


def test_a_score_that_is_no_probability_has_no_balance():
    critic = {"discriminator_real": np.array([-1.0]), "discriminator_synthetic": np.array([-2.0])}
    assert np.isnan(balance(critic)).all()
    assert np.isnan(balance({})).all()
    ends = {
        "discriminator_real": np.linspace(0.5, 1, 101),
        "discriminator_synthetic": np.zeros(101),
    }
    assert balance(ends)[0] > 0.97
    assert not complaints(np.nan, np.nan)
