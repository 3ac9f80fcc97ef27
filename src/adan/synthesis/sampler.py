"""An imbalanced-learn over-sampler around any synthesizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_array

from adan._input import check_classes, check_labels, check_numbers
from adan.errors import AdanError
from adan.synthesis.base import Synthesizer, check_finite
from adan.synthesis.transfer import TransferADAN


class SyntheticOverSampler(BaseOverSampler):
    """Append synthetic vectors to the real ones.

    Parameters
    ----------
    synthesizer : Synthesizer or None, default=None
        What to draw from. None is ``TransferADAN()``: added to all of EmoDB it changes no score
        for sure, where the paper's ``ADAN()`` costs four to six points. A clone is fitted.
    times : int, default=10
        With ``sampling_strategy="times"``, the number of synthetic sets, each of the size and
        class make-up of the real one (the paper's ten, Section III-D).
    sampling_strategy : "times", float, str, dict or callable, default="times"
        ``"times"``, or one of imbalanced-learn's: ``"auto"`` fills every class up to the largest,
        a dict gives the wanted number of rows of each class.
    random_state : int, RandomState or None, default=None
        Seed handed to the synthesizer; None leaves the synthesizer's own.

    Attributes
    ----------
    synthesizer_ : Synthesizer
        The fitted clone.
    sampling_strategy_ : dict
        The number of synthetic rows of each class.

    Examples
    --------
    >>> from imblearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from adan import RBFSVM, SyntheticOverSampler
    >>> recogniser = make_pipeline(StandardScaler(), SyntheticOverSampler(), RBFSVM())

    ``recogniser.fit(X, y)`` trains the SVM on real and synthetic vectors; what it predicts, it
    predicts for real ones alone.
    """

    _sampling_type = "bypass"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "synthesizer": [HasMethods(["fit", "sample"]), None],
        "times": [Interval(Integral, 1, None, closed="left")],
        "sampling_strategy": [
            *BaseOverSampler._parameter_constraints["sampling_strategy"],
            StrOptions({"times"}),
        ],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        synthesizer: Synthesizer | None = None,
        *,
        times: int = 10,
        sampling_strategy: float | str | Mapping[Any, int] | Callable[..., Any] = "times",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.synthesizer = synthesizer
        self.times = times
        self.random_state = random_state

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what `fit_resample` returns X as.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            ``"default"`` is what it was given as; None changes nothing.

        Returns
        -------
        Self
            The sampler.

        Raises
        ------
        AdanError
            If it is none of these.
        """
        if transform not in (None, "default", "pandas", "polars"):
            raise AdanError(f"transform={transform!r} is unknown: say default, pandas or polars")
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Append synthetic rows.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Real vectors; a frame may be of pandas or polars.
        y : array-like of shape (n_samples,)
            Their classes.
        **params : dict
            None is known.

        Returns
        -------
        X : array-like or data frame of shape (n_samples + n_synthetic, n_features)
            The real vectors, then the synthetic ones, as what `X` was or `set_output` says.
        y : array-like of shape (n_samples + n_synthetic,)
            Their classes, as what `y` was.

        Raises
        ------
        AdanError
            If a column holds no numbers, or a vector or a class is missing.
        """
        output = getattr(self, "_sklearn_output_config", {}).get("transform", "default")
        X_pandas, y_pandas = _of_polars(X), _of_polars(y)
        if X_pandas is not X and output == "default":
            output = "polars"
        check_labels(y_pandas, "y")
        check_numbers(X_pandas)
        self._dtypes = [*X_pandas.dtypes] if hasattr(X_pandas, "columns") else []
        X_all, y_all = super().fit_resample(X_pandas, y_pandas, **params)
        if y_pandas is not y:
            y_all = type(y)(y.name, y_all.to_numpy())
        return _as(output, X_all), y_all

    def _check_X_y(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any], bool]:
        check_classes(y)
        values = check_array(X, accept_sparse=True, ensure_all_finite=False, estimator=self)
        if issparse(values) and hasattr(X, "columns"):
            values = values.toarray()
            X = type(X)(values, index=X.index, columns=X.columns)
        if not issparse(values):
            check_finite(values, getattr(X, "columns", None))
        return super()._check_X_y(X, y, accept_sparse=False)

    def _fit_resample(self, X: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        if isinstance(self.sampling_strategy, str) and self.sampling_strategy == "times":
            self.sampling_strategy_ = {label: n * self.times for label, n in Counter(y).items()}
        else:
            self.sampling_strategy_ = check_sampling_strategy(
                self.sampling_strategy, y, "over-sampling"
            )
        self.synthesizer_ = clone(TransferADAN() if self.synthesizer is None else self.synthesizer)
        if self.random_state is not None:
            self.synthesizer_.set_params(random_state=self.random_state)
        X_synthetic, y_synthetic = self.synthesizer_.fit(X, y).sample(self.sampling_strategy_)
        for column, dtype in zip(X_synthetic.T, self._dtypes, strict=False):
            if dtype.kind != "f":
                column[:] = _of_type(column, getattr(dtype, "numpy_dtype", dtype))
        return np.vstack([X, _of_type(X_synthetic, X.dtype)]), np.hstack([y, y_synthetic])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


def _of_polars(values: Any) -> Any:
    """Return a frame or series of polars as that of pandas, and anything else as it is."""
    return values.to_pandas() if type(values).__module__.startswith("polars.") else values


def _as(output: str, X: Any) -> Any:
    """Return vectors as a frame of pandas or polars."""
    if output == "default":
        return X
    import pandas as pd

    if not isinstance(X, pd.DataFrame):
        X = pd.DataFrame(X, columns=[f"x{i}" for i in range(np.shape(X)[1])])
    if output == "pandas":
        return X
    import polars

    return polars.from_pandas(X)


def _of_type(X: NDArray[np.floating], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return vectors in the type of the real ones: whole numbers are rounded, within its range."""
    if dtype.kind == "f":
        return X.astype(dtype)
    if dtype.kind not in "iu":
        raise AdanError(
            f"X is of type {dtype}, and synthetic vectors are numbers: convert it to float"
        )
    limits = np.iinfo(dtype)
    return np.clip(np.rint(X.astype(np.float64)), limits.min, limits.max).astype(dtype)
