"""A speaker's offset is found from utterances whose emotions nobody tells, whatever they are."""

import numpy as np
import pytest

from adan.classifiers.enrolment import fit_enrolment
from adan.evaluation.enrolment import Enrolment, labelled_offsets

K, D = 3, 40


@pytest.fixture
def make_voices():
    """Vectors of speakers who each lie off, by an offset of their own, and their offsets."""
    centres = 2 * np.random.default_rng(0).normal(size=(K, D))

    def make(n_speakers: int = 6, n_each: int = 8, seed: int = 1):
        rng = np.random.default_rng(seed)
        y = np.tile(np.arange(K), n_speakers * n_each)
        speakers = np.repeat(np.arange(n_speakers), K * n_each)
        offsets = rng.normal(size=(n_speakers, D))
        X = centres[y] + offsets[speakers] + 0.7 * rng.normal(size=(len(y), D))
        return X.astype(np.float32), y, speakers, offsets

    return make


def far_off(enrolment, X, offset):
    """How far the estimated offset lies from the true one, in lengths of that."""
    return np.linalg.norm(enrolment.offset(X) - offset) / np.linalg.norm(offset)


@pytest.mark.parametrize("emotions", [[0, 1, 2], [0], [1], [2]])
def test_the_offset_is_found_whatever_is_expressed(make_voices, emotions):
    enrolment = fit_enrolment(*make_voices()[:3])
    X, y, _, (offset,) = make_voices(n_speakers=1, n_each=15, seed=2)
    enrolled = X[np.isin(y, emotions)][:15]
    assert far_off(enrolment, enrolled, offset) < 0.6
    assert far_off(enrolment, enrolled[:1], offset) > far_off(enrolment, enrolled, offset)


def test_nobody_has_no_offset(make_voices):
    enrolment = fit_enrolment(*make_voices()[:3])
    assert not enrolment.offset(np.empty((0, D), np.float32)).any()


def test_a_mean_would_take_an_emotion_for_the_speaker(make_voices):
    """The same data, without the knowledge of classes: the check above can fail."""
    fitted = fit_enrolment(*make_voices()[:3])
    one_class = Enrolment(
        means=fitted.means.mean(axis=0, keepdims=True),
        coef=fitted.coef[:1],
        intercept=fitted.intercept[:1],
        prior_weight=fitted.prior_weight,
        temperature=fitted.temperature,
    )
    X, y, _, (offset,) = make_voices(n_speakers=1, n_each=15, seed=2)
    assert far_off(one_class, X[y == 0], offset) > 1


def test_training_speakers_lose_their_offsets(make_voices):
    X, y, speakers, offsets = make_voices(n_each=30)
    found = labelled_offsets(X, y, speakers)
    expected = (offsets - offsets.mean(axis=0))[speakers]
    assert np.linalg.norm(found - expected) < 0.25 * np.linalg.norm(expected)


def test_one_speaker_is_enough_to_fit(make_voices):
    X, y, speakers, _ = make_voices(n_speakers=1)
    assert np.isfinite(fit_enrolment(X, y, speakers).offset(X)).all()
