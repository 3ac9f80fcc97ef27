from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

from adan import ADAN, RBFSVM, SMOTE, AdanError, SyntheticOverSampler

SMALL = ADAN(autoencoder_hidden=(10,), hidden=(10,), latent_dim=3, epochs=1)


@parametrize_with_checks(
    [SyntheticOverSampler(SMALL, random_state=0), SyntheticOverSampler(SMOTE(), random_state=0)]
)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.fixture
def sampler():
    return SyntheticOverSampler(SMALL, random_state=0)


def test_default_is_ten_sets_of_the_same_make_up_after_the_real_rows(sampler, make_rows):
    X, y = make_rows(n=50)
    X_all, y_all = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_all[:50], X)
    np.testing.assert_array_equal(y_all[:50], y)
    counts = Counter(y.tolist())
    assert Counter(y_all[50:].tolist()) == {label: 10 * n for label, n in counts.items()}
    assert sampler.sampling_strategy_ == {label: 10 * n for label, n in counts.items()}


def test_imbalanced_learns_strategies(sampler, make_rows):
    X, y = make_rows(n=50)
    keep = (y != "fear") | (np.arange(50) < 20)
    X, y = X[keep], y[keep]
    _, balanced = sampler.set_params(sampling_strategy="auto").fit_resample(X, y)
    assert len(set(Counter(balanced.tolist()).values())) == 1
    _, more = sampler.set_params(sampling_strategy={"fear": 100}).fit_resample(X, y)
    assert Counter(more.tolist())["fear"] == 100


def test_frames_come_back_as_frames_and_bad_columns_are_named(sampler, make_rows):
    X, y = make_rows(n=30, d=3)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    resampled, labels = sampler.fit_resample(frame, pd.Series(y, name="emotion"))
    assert list(resampled.columns) == ["a", "b", "c"]
    assert labels.name == "emotion"
    frame.loc[0, "b"] = np.nan
    with pytest.raises(AdanError, match="1 of 3 columns: b"):
        sampler.fit_resample(frame, y)


def test_seed_is_handed_on_and_the_given_synthesizer_left_unfitted(make_rows):
    smote = SMOTE()
    rows = make_rows()
    draws = [SyntheticOverSampler(smote, random_state=s).fit_resample(*rows)[0] for s in (0, 0, 1)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    assert not hasattr(smote, "classes_")


def test_it_works_in_a_pipeline_under_cross_validation(sampler, make_rows):
    pipeline = make_pipeline(StandardScaler(), sampler, RBFSVM())
    assert cross_val_score(pipeline, *make_rows(), cv=3).mean() > 0.9
