"""Traits: what is known of utterances in few values, such as gender or age of their speaker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype

from adan.corpora.base import Corpus

MOST = 10
"""Values that a trait has at the most."""

AS_THEY_ARE = 5
"""Different numbers of speakers, such as ages, that are not cut into bands."""

BANDS = 3
"""Bands that more numbers of speakers are cut into, with about as many speakers each."""

_KINDS = ("boolean", "categorical", "floating", "integer", "string")
_NO_TRAITS = {"emotion", "speaker", "file", "start", "end", "recognised", "synthetic"}


def traits(corpus: Corpus) -> pd.DataFrame:
    """Return by which columns, and in which groups, scores of a corpus can be shown.

    Parameters
    ----------
    corpus : Corpus
        Its columns of text, numbers or yes and no with 2 to `MOST` values are traits, if they are
        no features and tell more than the emotion does. A number that is the same in all
        utterances of a speaker, such as an age, is cut into `BANDS` where it has more than
        `AS_THEY_ARE` values.

    Returns
    -------
    DataFrame
        Of text: ``utterance``, ``trait`` (the column) and ``value``; a row for each utterance and
        trait that is known of it. Traits of fewer values come first, values in their order.
    """
    left_out = {*corpus.features, *_NO_TRAITS}
    known = {name: column for name, column in corpus.table.items() if name not in left_out}
    grouped = {name: _grouped(column.dropna(), corpus.table) for name, column in known.items()}
    tables = [
        pd.DataFrame({"utterance": values.index, "trait": str(name), "value": values.to_numpy()})
        for name, values in grouped.items()
        if values is not None
    ]
    empty = pd.DataFrame(columns=["utterance", "trait", "value"], dtype=object)
    return pd.concat([empty, *sorted(tables, key=lambda t: t["value"].nunique())])


def _grouped(column: pd.Series, table: pd.DataFrame) -> pd.Series | None:
    """Return the values as text, in their order; None of a column that is no trait."""
    if infer_dtype(column) not in _KINDS:
        return None
    speakers, emotions = (table.loc[column.index, name] for name in ("speaker", "emotion"))
    if (
        is_numeric_dtype(column)
        and not is_bool_dtype(column)
        and AS_THEY_ARE < column.nunique() <= speakers.nunique()
        and column.groupby(speakers).nunique().max() == 1
    ):
        column = _bands(column, speakers)
    if not 1 < column.nunique() <= MOST or column.groupby(emotions).nunique().max() == 1:
        return None
    return column.sort_values(kind="stable").astype(object).map(_text)


def _bands(column: pd.Series, speakers: pd.Series) -> pd.Series:
    """Cut a number that each speaker has one of."""
    of_speakers = column.groupby(speakers).first()
    bands = of_speakers.groupby(pd.qcut(of_speakers, BANDS, labels=False, duplicates="drop"))
    names = [" to ".join(dict.fromkeys(map(_text, (b.min(), b.max())))) for _, b in bands]
    named = speakers.map(bands.ngroup()).map(dict(enumerate(names)))
    return named.astype(pd.CategoricalDtype(names, ordered=True))


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, str):
        return " ".join(value.split())
    return np.format_float_positional(value, trim="-")
