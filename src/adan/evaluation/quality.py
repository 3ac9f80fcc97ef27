"""How synthetic vectors differ from real ones, class by class.

Every measure is calibrated by the row of a held-out speaker, whose real vectors stand in the
place of synthetic ones: what a perfect generator could be told apart by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist
from scipy.stats import wasserstein_distance
from sklearn.decomposition import PCA
from sklearn.svm import SVC

from adan._computing import computing
from adan.synthesis.health import complaints, nearest_real, spread_within_classes

FLOOR = "held-out speaker"
ALL = "all"
COMPONENTS = 50
NEIGHBOURS = 5
PROJECTIONS = 50

Points = NDArray[np.floating]
Dataset = tuple[Points, NDArray[Any]]


@computing()
def measure(
    real: Dataset,
    synthetic: Mapping[str, Dataset],
    held_out: Dataset,
    *,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure synthetic vectors against the real ones that they were learnt from.

    Parameters
    ----------
    real : tuple of ndarray of shape (n, d) and (n,)
        The training vectors of a fold, normalised, and their labels.
    synthetic : mapping of name to tuple
        Synthetic vectors by method; best one set each, of the real one's class make-up, since
        most measures depend on the number of vectors.
    held_out : tuple
        Real vectors of the test speaker, normalised likewise.
    random_state : int, default=0
        Seed of the principal components and of the projections.

    Returns
    -------
    DataFrame
        For the held-out speaker and every ``method``, one row a ``class`` that it has at least
        two vectors of, and one for ``"all"``:

        - ``spread``: sum of variances over the real one;
        - ``diversity``: mean distance between two vectors over the real one;
        - ``synthetic_to_real``: recall of the held-out vectors by a linear SVM trained on
          synthetic ones, and ``real_to_synthetic``, the reverse, in per cent;
        - ``precision``, the share of synthetic vectors nearer to some real one than its fifth
          neighbour, and ``recall``, with real and synthetic exchanged;
        - ``density`` and ``coverage``: the same with multiplicity, and the share of real vectors
          that have a synthetic one nearer than their fifth neighbour;
        - ``frechet`` (squared) and ``sliced_wasserstein`` distances;
        - ``two_sample``: accuracy in per cent of telling real from synthetic by the nearest other
          vector; 50 where they cannot be told apart, and less where synthetic ones are copies;
        - ``nearest``: median distance to the nearest real vector, over that among real ones.

        All but ``spread`` are taken in the space of the first 50 principal components of the
        real vectors, scaled to a total variance of 1. In row "all", spread and diversity, being
        those within classes, and the SVM's recalls are means over classes.

    References
    ----------
    T. Kynkäänniemi et al., "Improved precision and recall metric for assessing generative
    models", NeurIPS 2019.

    M. F. Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML 2020.

    M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium", NeurIPS 2017.

    D. Lopez-Paz and M. Oquab, "Revisiting classifier two-sample tests", ICLR 2017.
    """
    X, y = real
    components = PCA(min(COMPONENTS, *X.shape), random_state=random_state).fit(X)
    scale = np.sqrt(components.explained_variance_.sum())
    projected, test = (
        (components.transform(rows) / scale, labels) for rows, labels in (real, held_out)
    )
    recogniser = _recogniser(projected)
    tables = []
    for method, (S, labels) in {FLOOR: held_out, **synthetic}.items():
        drawn = components.transform(S) / scale, labels
        table = _by_class(projected, drawn, np.random.default_rng(random_state))
        for label in table.index.drop(ALL):
            own = y == label, labels == label
            table.loc[label, "spread"] = spread_within_classes(
                (X[own[0]], y[own[0]]), (S[own[1]], labels[own[1]])
            )
        table["real_to_synthetic"] = _recalls(recogniser, drawn)
        if method != FLOOR:
            table["synthetic_to_real"] = _recalls(_recogniser(drawn), test)
        means = ["spread", "diversity", *table.columns.intersection(_RECALLS)]
        table.loc[ALL, means] = table[means].drop(index=ALL).mean()
        tables.append(table.rename_axis("class").reset_index().assign(method=method))
    return pd.concat(tables, ignore_index=True)[["method", "class", *_MEASURES]]


def quality_warnings(table: pd.DataFrame) -> list[str]:
    """Say in words which methods have collapsed, memorised, or lost to their discriminator.

    Parameters
    ----------
    table : DataFrame
        Rows of `measure` of one or several folds, optionally with ``discriminator_real`` and
        ``discriminator_synthetic``, the means of D.

    Returns
    -------
    list of str
        A sentence each, from the mean over the rows "all" of a method.
    """
    names = ["spread", "nearest", "discriminator_real", "discriminator_synthetic"]
    rows = table[(table["class"] == ALL) & (table["method"] != FLOOR)].reindex(
        columns=["method", *names]
    )
    return [
        f"{method} {verdict}: {evidence}."
        for method, values in rows.groupby("method", sort=False)[names].mean().iterrows()
        for verdict, evidence in complaints(*values).items()
    ]


def _by_class(real: Dataset, synthetic: Dataset, rng: np.random.Generator) -> pd.DataFrame:
    """Compare two clouds of points as wholes and class by class."""
    (R, y), (S, labels) = real, synthetic
    rows = {
        label: _compare(R[y == label], S[labels == label], rng)
        for label in np.unique(y)
        if min((y == label).sum(), (labels == label).sum()) > 1
    }
    return pd.DataFrame.from_dict(rows | {ALL: _compare(R, S, rng)}, orient="index")


def _compare(R: Points, S: Points, rng: np.random.Generator) -> dict[str, float]:
    real_real, synthetic_synthetic, between = cdist(R, R), cdist(S, S), cdist(R, S)
    return {
        "diversity": pdist(S).mean() / pdist(R).mean(),
        **_neighbourhoods(real_real, synthetic_synthetic, between),
        "frechet": _frechet(R, S),
        "sliced_wasserstein": _sliced_wasserstein(R, S, rng),
        "two_sample": _two_sample(real_real, synthetic_synthetic, between),
        "nearest": nearest_real(R, S),
    }


def _neighbourhoods(
    real_real: Points, synthetic_synthetic: Points, between: Points
) -> dict[str, float]:
    """Return precision, recall, density and coverage of distances [real, synthetic]."""
    inside_real = between <= _radii(real_real)[:, None]
    inside_synthetic = between <= _radii(synthetic_synthetic)
    k = min(NEIGHBOURS, len(real_real) - 1)
    return {
        "precision": inside_real.any(axis=0).mean(),
        "recall": inside_synthetic.any(axis=1).mean(),
        "density": inside_real.sum(axis=0).mean() / k,
        "coverage": inside_real.any(axis=1).mean(),
    }


def _radii(distances: Points) -> Points:
    """Return the distance of each point to its fifth neighbour, itself aside."""
    return np.sort(distances, axis=1)[:, min(NEIGHBOURS, len(distances) - 1)]


def _frechet(R: Points, S: Points) -> float:
    """Return the squared Frechet distance of Gaussians; the trace is a sum of singular values."""
    means = np.square(R.mean(axis=0) - S.mean(axis=0)).sum()
    a, b = ((P - P.mean(axis=0)) / np.sqrt(len(P) - 1) for P in (R, S))
    common = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return max(0.0, float(means + np.square(a).sum() + np.square(b).sum() - 2 * common))


def _sliced_wasserstein(R: Points, S: Points, rng: np.random.Generator) -> float:
    directions = rng.standard_normal((R.shape[1], PROJECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    pairs = zip((R @ directions).T, (S @ directions).T, strict=True)
    return float(np.mean([wasserstein_distance(r, s) for r, s in pairs]))


def _two_sample(real_real: Points, synthetic_synthetic: Points, between: Points) -> float:
    """Return the leave-one-out accuracy of the nearest neighbour, both kinds counting alike."""
    others = [d + np.diag(np.full(len(d), np.inf)) for d in (real_real, synthetic_synthetic)]
    real = others[0].min(axis=1) < between.min(axis=1)
    synthetic = others[1].min(axis=1) < between.min(axis=0)
    return 50 * float(real.mean() + synthetic.mean())


def _recogniser(data: Dataset) -> SVC:
    return SVC(kernel="linear").fit(*data)


def _recalls(recogniser: SVC, test: Dataset) -> pd.Series:
    right = recogniser.predict(test[0]) == test[1]
    return 100 * pd.Series(right).groupby(test[1]).mean()


_RECALLS = ["synthetic_to_real", "real_to_synthetic"]
_MEASURES = [
    *("spread", "diversity", *_RECALLS, "precision", "recall", "density", "coverage"),
    *("frechet", "sliced_wasserstein", "two_sample", "nearest"),
]
