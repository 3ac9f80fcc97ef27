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


def test_columns_of_whole_numbers_are_rounded_in_frames_too(make_rows):
    """They were cut, so that 0.6 counted as 0."""
    X, y = make_rows(n=60, d=3)
    frame = pd.DataFrame({"a": X[:, 0], "b": np.arange(60) % 2, "c": np.arange(60, dtype="uint8")})
    frame["d"] = frame["b"].astype("Int64")
    resampled, _ = SyntheticOverSampler(SMALL, times=20, random_state=0).fit_resample(frame, y)
    assert resampled.dtypes.tolist() == frame.dtypes.tolist()
    assert resampled["b"][60:].mean() == pytest.approx(0.5, abs=0.2)


GAPS = [None, np.nan, pd.NA]
WORDS = {
    "category": pd.Categorical(["a", "b"] * 30),
    "numbers as categories": pd.Categorical([1, 2] * 30),
    "text": "word",
    "time": pd.Timestamp("2026-01-01"),
    "boolean": True,
}


@pytest.mark.parametrize("kind", WORDS)
def test_columns_that_are_no_numbers(sampler, make_rows, kind):
    X, y = make_rows(n=60, d=2)
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(c=WORDS[kind])
    with pytest.raises(AdanError, match=r"column 'c' of the type|X is of type bool") as error:
        sampler.fit_resample(frame, y)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("fit", [SyntheticOverSampler(SMALL).fit_resample, SMALL.fit])
def test_a_class_that_is_missing(fit, make_rows, gap):
    X, y = make_rows(n=60, d=2)
    labels = y.astype(object)
    labels[7] = gap
    with pytest.raises(AdanError, match=r"y is empty \(.*\) in row 7: fill it in"):
        fit(X, labels)


@pytest.mark.parametrize("output", [None, "pandas", "polars"])
@pytest.mark.parametrize("given", ["numpy", "polars"])
def test_frames_of_polars(sampler, make_rows, given, output):
    polars = pytest.importorskip("polars")
    X, y = make_rows(n=50, d=3)
    expected, labels = sampler.fit_resample(X, y)
    if given == "polars":
        X, y = polars.DataFrame(X, schema=["a", "b", "c"]), polars.Series("emotion", y)
    resampled, told = sampler.set_output(transform=output).fit_resample(X, y)
    kind = {None: type(X), "pandas": pd.DataFrame, "polars": polars.DataFrame}[output]
    assert isinstance(resampled, kind)
    assert isinstance(told, type(y))
    np.testing.assert_allclose(np.asarray(resampled), expected, rtol=1e-9)
    assert told.to_list() == labels.tolist() if given == "polars" else (told == labels).all()


def test_a_pipeline_of_polars_frames(sampler, make_rows):
    polars = pytest.importorskip("polars")
    pipeline = make_pipeline(StandardScaler(), sampler, RBFSVM()).set_output(transform="polars")
    X, y = make_rows()
    assert (pipeline.fit(polars.DataFrame(X), y).predict(polars.DataFrame(X)) == y).mean() > 0.9
