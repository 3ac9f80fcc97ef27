"""Append synthetic rows to a table of feature vectors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import clone

from adan.corpora import Vectors
from adan.corpora.base import check_spelling
from adan.errors import AdanError
from adan.folds import Method
from adan.synthesis.base import Synthesizer, fit_all


def augment(
    vectors: Vectors,
    synthesizer: Synthesizer,
    *,
    label: str = "emotion",
    times: int = 10,
    balance: bool = False,
    progress: bool = False,
) -> Vectors:
    """Append synthetic rows to a table of feature vectors.

    Parameters
    ----------
    vectors : Vectors
        Such as `adan.corpora.table_files.read_table` gives them.
    synthesizer : Synthesizer
        What to draw from; a clone is fitted to the table.
    label : str, default="emotion"
        The column with the classes.
    times : int, default=10
        Synthetic sets, each of the table's size and class make-up.
    balance : bool, default=False
        In place of ``times``: synthetic rows fill every class up to the largest.
    progress : bool, default=False
        Show a progress bar on standard error.

    Returns
    -------
    Vectors
        The table as it was, then the synthetic rows, told apart by a boolean column
        ``synthetic``. What is known of real utterances only is missing in synthetic rows.

    Raises
    ------
    AdanError
        If there is no such column, a label or a feature is missing, there are no features, or
        there is nothing to fill up.
    """
    table = vectors.table
    if label not in table:
        raise AdanError(f"no column {label!r} to take labels from: choose one of {_some(table)}")
    if "synthetic" in table:
        raise AdanError("the table has a column 'synthetic' already: augment the real rows alone")
    if table[label].isna().any():
        row = table.index[table[label].isna()][0]
        raise AdanError(f"column {label!r} is empty in row {row}: fill it in or drop the row")
    check_spelling(table[label], label, "the table")
    features = [name for name in vectors.features if name != label]
    if not features:
        raise AdanError(f"no column of numbers with a fraction to be a feature in {_some(table)}")
    if not table.index.is_unique:
        name = table.index[table.index.duplicated()][0]
        raise AdanError(
            f"the table has several rows named {name}: give one row an utterance, not one a frame"
        )
    if len(table) < 2:
        raise AdanError(f"the table has {len(table)} rows, and two are needed at least: add some")
    fitted = clone(synthesizer)
    labels = table[label].to_numpy()
    wanted = Method(times=times, balance=balance).synthetic(labels)
    if not len(wanted):
        raise AdanError(f"all classes of column {label!r} have as many rows: nothing to fill up")
    fit_all([fitted], [(table[features], labels)], progress=progress)
    X, y = fitted.sample(wanted)
    names = [f"synthetic-{i:06d}" for i in range(1, len(y) + 1)]
    rows = pd.DataFrame(X, index=names, columns=features).assign(**{label: y})
    both = pd.concat([_nullable(table.set_axis(table.index.astype(str))), rows])
    both[label] = both[label].astype(table[label].dtype)
    is_drawn = pd.Series(np.arange(len(both)) >= len(table), both.index, name="synthetic")
    return Vectors(pd.concat([both, is_drawn], axis=1), features, vectors.about)


def _nullable(table: pd.DataFrame) -> pd.DataFrame:
    """Let whole numbers and booleans be missing without turning into floats."""
    names = {"i": "Int64", "u": "UInt64", "b": "boolean"}
    kinds = {c: names[d.kind] for c, d in table.dtypes.items() if d.kind in names}
    return table.astype(kinds)


def _some(table: pd.DataFrame) -> str:
    columns = [str(c) for c in table.columns]
    return ", ".join(columns[:6]) + (f" and {len(columns) - 6} more" if len(columns) > 6 else "")
