"""Corpora put together, to test on one what was learnt from the others."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from adan.corpora.base import Corpus
from adan.errors import AdanError
from adan.sequences import joined


def pooled(corpora: Sequence[Corpus]) -> Corpus:
    """Put corpora together whose features are the same.

    Parameters
    ----------
    corpora : sequence of Corpus
        Two at least, each with features.

    Returns
    -------
    Corpus
        Named ``A + B``. Its table has the utterances whose emotion all corpora have; what the
        others are is told by a warning and by ``about["left_out"]``. Utterances and speakers have
        their corpus in front (``A/03``), and the column ``corpus`` names it. If only some corpora
        tell improvised utterances from others, all utterances of the rest count as improvised.

    Raises
    ------
    AdanError
        If two corpora have one name or different features, or they have fewer than two emotions in
        common.
    """
    first, *others = corpora
    names = [corpus.name for corpus in corpora]
    for other in others:
        if names.count(other.name) > 1:
            raise AdanError(f"two corpora are named {other.name}: rename a table or folder")
        if different := {*first.features} ^ {*other.features}:
            raise AdanError(
                f"{first.name} and {other.name} have different features ({len(different)} are in "
                f"one alone, such as {min(different)!r}): extract the same set of each"
            )
    emotions = set.intersection(*({*corpus.table["emotion"]} for corpus in corpora))
    if len(emotions) < 2:
        had = "; ".join(f"{c.name}: {', '.join(sorted({*c.table['emotion']}))}" for c in corpora)
        raise AdanError(
            f"{' and '.join(names)} have fewer than two emotions in common ({had}): if they name "
            'one in two ways, rename it in the study, like emotions = { angry = "anger" }'
        )
    about: dict[str, Any] = {"feature_set": first.feature_set}
    rates = {corpus.name: rate for corpus in corpora if (rate := corpus.about.get("rate"))}
    if len({*rates.values()}) > 1:
        told = ", ".join(f"{name} {rate:,} Hz" for name, rate in rates.items())
        warnings.warn(
            f"sampling rates differ between corpora ({told}), which features may show more than "
            "emotions: resample the recordings to one rate",
            stacklevel=2,
        )
    if left_out := _left_out(corpora, emotions):
        about["left_out"] = f"emotions that not all corpora have: {left_out}"
        warnings.warn(f"{' + '.join(names)}: left out are {about['left_out']}", stacklevel=2)
    improvised = any("improvised" in corpus.table for corpus in corpora)
    kept = [corpus.only(corpus.table["emotion"].isin(emotions).to_numpy()) for corpus in corpora]
    tables = [_own(corpus, improvised) for corpus in kept]
    sequences = [corpus.sequences for corpus in kept if corpus.sequences is not None]
    together = joined(*sequences) if sequences else None
    return Corpus(" + ".join(names), pd.concat(tables), first.features, about, together)


def _left_out(corpora: Sequence[Corpus], emotions: set[str]) -> str:
    counts = Counter((e, corpus.name) for corpus in corpora for e in corpus.table["emotion"])
    rows = [f"{e} ({n} of {name})" for (e, name), n in sorted(counts.items()) if e not in emotions]
    return ", ".join(rows)


def _own(corpus: Corpus, improvised: bool) -> pd.DataFrame:
    named = f"{corpus.name}/" + corpus.table.index
    table = corpus.table.set_axis(named).rename_axis("utterance")
    further = {"improvised": table.get("improvised", True)} if improvised else {}
    speakers = f"{corpus.name}/" + table["speaker"]
    return table.assign(speaker=speakers, corpus=corpus.name, **further)
