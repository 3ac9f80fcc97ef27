"""How a recogniser learns: classifiers compared, and tested, on speakers they have not heard.

Training speakers are cut into blocks (a speaker each, or ten of about equal size). Every candidate
is trained without each block and, where there is a choice, without each pair of blocks:

- without blocks i and j, it says how good the candidate is on j for somebody who knows nothing of
  i: the choice for i is made of these, and so is its calibration;
- without block i, the candidate chosen for i predicts i: the accuracy on the card, in which no
  choice has seen the speaker it is tested on;
- the candidate that is best over all blocks is trained on everybody: the recogniser.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GroupKFold

from adan._computing import computing
from adan._progress import progress_bar
from adan.classifiers.discriminant import ShrunkDiscriminant
from adan.classifiers.enrolment import NUMBERS, fit_enrolment, trials
from adan.classifiers.labels import unweighted_recall
from adan.evaluation.enrolment import Enrolment, labelled_offsets
from adan.evaluation.intervals import SpeakerCounts
from adan.evaluation.normalisation import fit_scaling
from adan.evaluation.scaling import Scaling
from adan.folds import Fold, Method, fit_synthesizers, train_classifiers
from adan.recognition import calibration
from adan.recognition.model import Network, Rows, SupportVectors, softmax

Codes = NDArray[np.intp]
Scorer = Network | SupportVectors

MOST_BLOCKS = 10
KINDS = ("any emotions", "one emotion")
DRAWS = 3
FOLDS_BYTES = 2**30
"""Normalised vectors of the folds that are held at once."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A classifier that was trained on some vectors.

    Attributes
    ----------
    fold : Fold
        The vectors, normalised, and those it was not trained on.
    classifier : classifier
        What was trained, its settings chosen; a clone that is not fitted.
    scorer : Network or SupportVectors
        The trained classifier.
    n_classes : int
        Of the corpus; the fold may lack some.
    """

    fold: Fold
    classifier: BaseEstimator
    scorer: Scorer
    n_classes: int

    @computing()
    def scores(self, X: Rows) -> Rows:
        """Return scores (n, k) of normalised vectors; minus infinity for an unknown class."""
        scores = np.full((len(X), self.n_classes), -np.inf, np.float32)
        scores[:, np.unique(self.fold.y)] = self.scorer.scores(X)
        return scores


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a recogniser is made of.

    Attributes
    ----------
    name : str
        Of the candidate that was chosen for everybody.
    scaling : Scaling
        Fitted to everybody.
    whole : Lesson
        Trained on everybody.
    synthesizer : Synthesizer or None
        Fitted to everybody.
    names : list of str
        The candidates chosen without each block.
    lessons : list of Lesson
        What they learnt without it.
    scores : ndarray of shape (n, k)
        Of every vector by the lesson that lacks its block.
    final_scores : ndarray of shape (n, k)
        The same, always by the candidate that was chosen for everybody.
    inner : ndarray of shape (n_blocks, n, k) or None
        By candidate i of every vector, trained without its block and without block i; None where
        there was no choice.
    uar : dict of str to float
        Of each candidate over all blocks, in per cent.
    """

    name: str
    scaling: Scaling
    whole: Lesson
    synthesizer: Any
    names: list[str]
    lessons: list[Lesson]
    scores: Rows
    final_scores: Rows
    inner: Rows | None
    uar: dict[str, float]


def blocks_of(speakers: Codes, *, choice: bool) -> Codes:
    """Return the block of each row: a speaker each, or, for a choice, ten blocks at the most."""
    if not choice or speakers.max() < MOST_BLOCKS:
        return speakers
    blocks = np.empty_like(speakers)
    folds = GroupKFold(MOST_BLOCKS).split(speakers, groups=speakers)
    for block, (_, test) in enumerate(folds):
        blocks[test] = block
    return blocks


def learn(
    rows: Rows,
    codes: Codes,
    speakers: Codes | None,
    blocks: Codes | None,
    candidates: Mapping[str, BaseEstimator],
    method: Method,
    in_numpy: Callable[[Any], Scorer],
    *,
    seed: int,
    progress: bool,
) -> Learnt:
    """Train candidates without each block and on everybody, and choose among them.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Raw vectors.
    codes, speakers, blocks : ndarray of shape (n,)
        Class, speaker and block of each; without speakers nothing is tested and the first
        candidate is taken.
    candidates : mapping of name to classifier
        What there is to choose from.
    method : Method
        How training sets are made.
    in_numpy : callable
        Turns a trained classifier into what a `Model` computes with.
    seed : int
        Of all that is random.
    progress : bool
        Show progress bars on standard error.
    """
    names, n, k = [*candidates], len(rows), int(codes.max()) + 1
    n_blocks = 0 if blocks is None else int(blocks.max()) + 1
    pairs = list(itertools.combinations(range(n_blocks), 2)) if len(names) > 1 else []
    left_out: list[tuple[int, ...]] = [(), *((i,) for i in range(n_blocks)), *pairs]
    known = np.full(len(rows), -1) if blocks is None else blocks
    scores = {name: np.full((n, k), -np.inf, np.float32) for name in names}
    inner = {name: np.full((n_blocks, n, k), -np.inf, np.float32) for name in names if pairs}
    lessons: dict[tuple[int, ...], dict[str, Lesson]] = {}
    synthesizer = None
    what = "leave-one-speaker-out check" if n_blocks else "training"
    total = len(left_out) * len(names)
    with progress_bar(total=total, desc=what, unit="model", disable=not progress) as bar:
        for some in _that_fit_into_memory(left_out, rows):
            folds = [_fold(rows, codes, speakers, known, out) for out in some]
            fitted = fit_synthesizers(method.synthesizer, folds, seed, progress=progress)

            def use(fold: Fold, classifier: Any) -> Lesson:
                bar.update()
                return Lesson(fold, clone(classifier), in_numpy(classifier), k)

            trained = _trained(candidates, folds, speakers is not None, method, fitted, seed, use)
            for out, by_name in zip(some, trained, strict=True):
                for name, lesson in by_name.items():
                    heard = lesson.scores(lesson.fold.X_test)
                    if len(out) == 1:
                        scores[name][known == out[0]] = heard
                    elif len(out) == 2:
                        of = known[np.isin(known, out)]
                        for i, j in itertools.permutations(out):
                            inner[name][i, known == j] = heard[of == j]
                if len(out) < 2:
                    lessons[out] = by_name
            if () in some:
                synthesizer = fitted[some.index(())]
    return _chosen(names, lessons, scores, inner, codes, blocks, fit_scaling(rows), synthesizer)


def enrolments(learnt: Learnt) -> tuple[Enrolment, list[Enrolment]]:
    """Fit how speakers are enrolled: to everybody, and without each block."""
    with computing() as workers:
        fitted = Parallel(n_jobs=workers, prefer="threads")(
            delayed(fit_enrolment)(lesson.fold.X, *lesson.fold.codes)
            for lesson in [learnt.whole, *learnt.lessons]
        )
    return fitted[0], fitted[1:]


def calibrated(learnt: Learnt, codes: Codes, blocks: Codes) -> NDArray[np.floating]:
    """Return probabilities (n, k) by temperatures that were fitted without the vector's block."""
    if learnt.inner is None:
        return calibration.calibrated(learnt.scores, codes, blocks)
    probabilities = np.empty(learnt.scores.shape)
    for i, inner in enumerate(learnt.inner):
        own = blocks == i
        temperature = calibration.fit_temperature(inner[~own], codes[~own])
        probabilities[own] = softmax(learnt.scores[own] / temperature)
    return probabilities


@computing()
def enrolled_scores(
    learnt: Learnt, without: Sequence[Enrolment], codes: Codes, speakers: Codes, blocks: Codes
) -> dict[str, dict[str, dict[str, float]]]:
    """Say what enrolment gives a speaker whom nobody has heard.

    Returns
    -------
    dict
        For utterances of "any emotions" and of "one emotion" (each in turn), by their number:
        ``wa`` and ``uar`` in per cent of the utterances that did not enrol, three draws of each,
        and the ends of their intervals, ``wa_low`` and so on.
    """
    shape = (2, int(speakers.max()) + 1, int(codes.max()) + 1)
    counts = {(kind, n): np.zeros(shape) for kind in KINDS for n in NUMBERS}
    for block, (lesson, enrolment) in enumerate(zip(learnt.lessons, without, strict=True)):
        of = speakers[blocks == block]
        for speaker in np.unique(of):
            X, y = lesson.fold.X_test[of == speaker], codes[blocks == block][of == speaker]
            for draw in range(DRAWS):
                for place, enrolled, left in trials(y, np.random.default_rng([speaker, draw])):
                    scores = lesson.scores(X[left] - enrolment.offset(X[enrolled]))
                    right, total = counts[KINDS[place % 2], NUMBERS[place // 2]]
                    np.add.at(right[speaker], y[left], scores.argmax(axis=1) == y[left])
                    np.add.at(total[speaker], y[left], 1)
    told: dict[str, dict[str, dict[str, float]]] = {kind: {} for kind in KINDS}
    for (kind, n), (right, total) in counts.items():
        if total.any():
            heard = total.any(axis=1)
            told[kind][str(n)] = _with_intervals(SpeakerCounts(right[heard], total[heard]))
    return told


def _with_intervals(counts: SpeakerCounts) -> dict[str, float]:
    found = counts.scores()
    for name, (low, high) in counts.intervals().items():
        if np.isfinite(low):
            found |= {f"{name}_low": low, f"{name}_high": high}
    return found


def _trained(
    candidates: Mapping[str, BaseEstimator],
    folds: list[Fold],
    are_speakers_known: bool,
    method: Method,
    synthesizers: list[Any],
    seed: int,
    use: Callable[[Fold, Any], Lesson],
) -> list[dict[str, Lesson]]:
    """Train every candidate on every fold; discriminants see no offsets of training speakers."""
    trained: list[dict[str, Lesson]] = [{} for _ in folds]
    for centred in (False, True):
        kinds = {
            name: kind
            for name, kind in candidates.items()
            if (are_speakers_known and isinstance(kind, ShrunkDiscriminant)) == centred
        }
        if kinds:
            seen = [_centred(fold) for fold in folds] if centred else folds
            of_kinds = train_classifiers(method, kinds, seen, synthesizers, seed, use)
            for fold, all_of, new in zip(folds, trained, of_kinds, strict=True):
                all_of |= {name: replace(lesson, fold=fold) for name, lesson in new.items()}
    return trained


def _chosen(
    names: list[str],
    lessons: Mapping[tuple[int, ...], Mapping[str, Lesson]],
    scores: Mapping[str, Rows],
    inner: Mapping[str, Rows],
    codes: Codes,
    blocks: Codes | None,
    scaling: Scaling,
    synthesizer: Any,
) -> Learnt:
    """Choose for each block by what is known without it, and for everybody."""
    uar = {} if blocks is None else {name: _uar(scores[name], codes) for name in names}
    final = max(uar, key=uar.__getitem__) if uar else names[0]
    n_blocks = 0 if blocks is None else int(blocks.max()) + 1
    best = [
        max(names, key=lambda name: _uar(inner[name][i][blocks != i], codes[blocks != i]))
        if inner
        else final
        for i in range(n_blocks)
    ]
    nested = np.empty_like(scores[final])
    for i, name in enumerate(best):
        nested[blocks == i] = scores[name][blocks == i]
    return Learnt(
        final,
        scaling,
        lessons[()][final],
        synthesizer,
        best,
        [lessons[(i,)][name] for i, name in enumerate(best)],
        nested if best else scores[final],
        scores[final],
        np.stack([inner[name][i] for i, name in enumerate(best)]) if inner else None,
        uar,
    )


def _that_fit_into_memory(
    left_out: list[tuple[int, ...]], rows: Rows
) -> Iterator[list[tuple[int, ...]]]:
    together = max(1, FOLDS_BYTES // (3 * rows.nbytes))
    for first in range(0, len(left_out), together):
        yield left_out[first : first + together]


def _fold(
    rows: Rows, codes: Codes, speakers: Codes | None, blocks: Codes, out: tuple[int, ...]
) -> Fold:
    """Leave blocks out; the whole has the seeds of the first fold, a pair those of its first."""
    test = np.isin(blocks, out)
    scaling = fit_scaling(rows[~test])
    return Fold(
        number=out[0] if out else 0,
        X=scaling(rows[~test]),
        y=codes[~test],
        speakers=np.zeros((~test).sum(), np.intp) if speakers is None else speakers[~test],
        learnable=np.ones((~test).sum(), bool),
        X_test=scaling(rows[test]),
        test=np.flatnonzero(test),
    )


def _centred(fold: Fold) -> Fold:
    return replace(fold, X=fold.X - labelled_offsets(fold.X, *fold.codes))


def _uar(scores: Rows, codes: Codes) -> float:
    return 100 * unweighted_recall(codes, scores.argmax(axis=1))
