import numpy as np
import pytest

from adan.evaluation.quality import ALL, FLOOR, measure, quality_warnings


@pytest.fixture(scope="module")
def measured():
    """Blobs, and what generators of known faults make of them."""
    rng = np.random.default_rng(0)
    y = np.repeat(["anger", "fear", "sadness"], 40)
    centres = 2 * rng.normal(size=(3, 8)).repeat(40, axis=0)

    def rows(scale=1.0):
        return centres + scale * rng.normal(size=(120, 8))

    X = rows()
    synthetic = {
        "perfect": (rows(), y),
        "copies": (X, y),
        "collapsed": (rows(0.01), y),
        "narrow": (rows(0.5), y),
        "elsewhere": (rows() + 30, y),
        "mislabelled": (rows(), np.roll(y, 40)),
    }
    return measure((X, y), synthetic, (rows(), y)).set_index(["method", "class"]).sort_index()


@pytest.fixture
def pooled(measured):
    return measured.xs(ALL, level="class")


def test_a_row_for_every_method_and_class(measured):
    assert len(measured) == 7 * 4
    assert measured.drop(index=FLOOR).notna().all(axis=None)


def test_spread_and_diversity_are_those_within_classes(pooled):
    expected = {"perfect": 1, "copies": 1, "narrow": 0.25, "collapsed": 0}
    for method, spread in expected.items():
        assert pooled.loc[method, "spread"] == pytest.approx(spread, abs=0.2)
        assert pooled.loc[method, "diversity"] == pytest.approx(np.sqrt(spread), abs=0.2)


def test_the_held_out_speaker_is_what_a_perfect_generator_comes_to(pooled):
    columns = pooled.columns.difference(["synthetic_to_real"])
    floor, perfect = pooled.loc[FLOOR, columns], pooled.loc["perfect", columns]
    np.testing.assert_allclose(perfect, floor, rtol=0.4, atol=0.1)
    assert np.isnan(pooled.loc[FLOOR, "synthetic_to_real"])


def test_copies_are_perfect_in_all_but_what_tells_copies(pooled):
    copies = pooled.loc["copies"]
    assert copies[["precision", "recall", "coverage"]].tolist() == [1, 1, 1]
    assert copies["frechet"] == pytest.approx(0, abs=1e-6)
    assert copies["sliced_wasserstein"] == pytest.approx(0, abs=1e-6)
    assert copies["nearest"] == pytest.approx(0, abs=1e-6)
    assert copies["two_sample"] == 0


def test_faults_are_seen_by_the_measures_made_for_them(pooled):
    assert pooled.loc["collapsed", "precision"] > 0.9
    assert pooled.loc["collapsed", "recall"] < 0.1
    assert pooled.loc["collapsed", "coverage"] < 0.8 < pooled.loc["perfect", "coverage"]
    assert pooled.loc["elsewhere", ["precision", "recall", "density", "coverage"]].max() == 0
    assert pooled.loc["elsewhere", "two_sample"] == 100
    assert pooled.loc["perfect", "two_sample"] == pytest.approx(50, abs=10)
    assert pooled.loc["mislabelled", "synthetic_to_real"] < 20
    assert pooled.loc["mislabelled", "real_to_synthetic"] < 20
    assert pooled.loc["perfect", "synthetic_to_real"] > 90


def test_the_distance_of_shifted_gaussians_is_known(measured):
    """In units of the total variance: eight features of 1 within classes, and what centres add."""
    rows = measured["frechet"].xs(ALL, level="class")
    assert rows["elsewhere"] == pytest.approx(8 * 30**2 / (8 * (1 + 4 * 2 / 3)), rel=0.3)


def test_a_class_with_one_vector_is_left_out(make_rows):
    X, y = make_rows(n=60)
    few = [*np.flatnonzero(y != "fear")[:20], np.flatnonzero(y == "fear")[0]]
    table = measure((X, y), {"adan": (X, y)}, (X[few], y[few]))
    assert table.loc[table["method"] == FLOOR, "class"].tolist() == ["anger", "sadness", ALL]


def test_warnings_name_the_method_and_the_evidence(measured):
    table = measured.reset_index()
    found = quality_warnings(table)
    assert [text.partition(":")[0] for text in found] == [
        "collapsed has collapsed",
        "copies has memorised its training vectors",
    ]
    lost = table.query("method == 'perfect'").assign(
        discriminator_real=0.99, discriminator_synthetic=0.02
    )
    (text,) = quality_warnings(lost)
    assert text.startswith("perfect has lost to its discriminator: D gives real vectors 0.99")
