"""What networks train in: nothing is lost on the way in and back."""

import numpy as np
import pytest
import torch

from adan.networks.coordinates import Coordinates, in_small_span, turned


@pytest.fixture
def rotation():
    return np.random.default_rng(0)


def test_rotation_is_lossless_for_the_training_rows(make_rows, rotation):
    X, _ = make_rows(n=30, d=100)
    coordinates = Coordinates.of(X, rotation)
    rows = coordinates.to(X)
    assert rows.shape == (30, 29)
    np.testing.assert_allclose(coordinates.back(rows.numpy()), X, atol=1e-4)
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    distances = np.linalg.norm(standard[:, None] - standard, axis=-1)
    np.testing.assert_allclose(torch.cdist(rows, rows), distances, atol=1e-2)


def test_with_more_rows_than_features_nothing_is_rotated(make_rows, rotation):
    X, _ = make_rows(n=60, d=10)
    coordinates = Coordinates.of(X, rotation)
    assert coordinates.width == 10
    np.testing.assert_allclose(coordinates.to(X).numpy().std(axis=0), 1, rtol=1e-5)


def test_its_arrays_make_it_again(make_rows, rotation):
    X, _ = make_rows(n=30, d=100)
    coordinates = Coordinates.of(X, rotation)
    again = Coordinates(**coordinates.arrays())
    np.testing.assert_array_equal(again.to(X), coordinates.to(X))


def test_a_turn_keeps_columns_orthonormal(rotation):
    axes = np.linalg.qr(rotation.normal(size=(8, 3)))[0]
    other = turned(axes, rotation)
    np.testing.assert_allclose(other.T @ other, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(other @ other.T, axes @ axes.T, atol=1e-12)


def test_a_small_span_is_found_where_there_is_one(rotation):
    rows = rotation.normal(size=(40, 5)) @ rotation.normal(size=(5, 60))
    axes, within = in_small_span(rows)
    assert axes.shape == (60, 5)
    np.testing.assert_allclose(within @ axes.T, rows, atol=1e-6)
    scattered = rotation.normal(size=(100, 60))
    axes, same = in_small_span(scattered)
    assert axes is None
    assert same is scattered


def test_scaled_by_the_largest_distance_every_feature_fills_its_range(make_rows):
    X, _ = make_rows(n=60, d=10)
    X[:, 3] = 5
    coordinates = Coordinates.of(X, scaling="largest")
    rows = coordinates.to(X).numpy()
    np.testing.assert_allclose(np.abs(rows).max(axis=0), np.arange(10) != 3, rtol=1e-6)
    np.testing.assert_allclose(coordinates.back(rows), X, atol=1e-5)
