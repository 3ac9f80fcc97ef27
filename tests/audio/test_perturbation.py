"""Copies differ from their parents as foretold, in nothing else, and are the same every time."""

from functools import partial

import numpy as np
import pytest

from adan import AdanError
from adan.audio import perturbation as p
from adan.audio.decoding import BadAudio, Segment, decode
from adan.audio.perturbation import PERTURBATIONS, Noise, Speed, Splice, perturbation

RATE = 16000
CHANGES = {
    "speed": partial(p.speed, factor=0.9),
    "vtlp": partial(p.vtlp, rate=RATE, factor=1.1),
    "noise": partial(p.noise, decibels=10, rng=np.random.default_rng(0)),
    "loudness": partial(p.loudness, decibels=20),
    "splice": partial(p.splice, rate=RATE, pause=0.1, other=np.zeros(5, np.float32)),
}


def strongest(signal: np.ndarray) -> float:
    """The frequency in Hz that most energy is at."""
    return np.abs(np.fft.rfft(signal * np.hanning(len(signal)), 4 * RATE)).argmax() / 4


def sine(frequency: float, seconds: float = 1) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(int(RATE * seconds)) / RATE, dtype=np.float32)


def vowel(pitch: int, formant: float) -> np.ndarray:
    """Harmonics of a pitch that resonate at a formant 200 Hz wide, for a second."""
    harmonics = pitch * np.arange(1, 7000 // pitch)
    ratio = harmonics / formant
    levels = 1 / np.hypot(1 - ratio**2, 200 / formant * ratio)
    return 0.02 * sum(a * sine(f) for a, f in zip(levels, harmonics, strict=True))


def formant_of(signal: np.ndarray, pitch: int) -> float:
    """The mean frequency in Hz, weighted by energy, of the harmonics of a pitch."""
    powers = np.abs(np.fft.rfft(signal)[pitch::pitch]) ** 2
    return np.average(pitch * np.arange(1, len(powers) + 1), weights=powers)


def level(signal: np.ndarray) -> float:
    return 10 * np.log10(np.mean(signal.astype(float) ** 2))


@pytest.mark.parametrize("factor", [0.9, 0.95, 1.1, 1.234])
def test_speed_moves_frequencies_and_length(factor):
    faster = p.speed(0.5 * sine(440), factor)
    assert len(faster) == pytest.approx(RATE / factor, abs=1)
    assert strongest(faster) == pytest.approx(440 * factor, abs=0.5)


@pytest.mark.parametrize("factor", [0.9, 1.1])
@pytest.mark.parametrize("pitch", [100, 220])
def test_vtlp_moves_a_formant_and_neither_pitch_nor_length(factor, pitch):
    signal = vowel(pitch, formant=1500).astype(np.float32)
    moved = p.vtlp(signal, RATE, factor)
    assert moved.shape == signal.shape
    assert formant_of(moved, pitch) == pytest.approx(factor * formant_of(signal, pitch), rel=0.02)
    powers = np.abs(np.fft.rfft(moved)) ** 2
    assert powers[pitch::pitch].sum() > 0.99 * powers.sum()


def test_vtlp_by_one_changes_nothing(make_signal):
    signal = make_signal().astype(np.float32)
    assert np.allclose(p.vtlp(signal, RATE, 1.0), signal, atol=1e-5)


@pytest.mark.parametrize("decibels", [10, 30])
@pytest.mark.parametrize("peak", [0.1, 0.999])
def test_noise_has_its_level(decibels, peak):
    signal = peak * sine(440)
    noisy = p.noise(signal, decibels, np.random.default_rng(0))
    gain = (noisy @ signal) / (signal @ signal)
    assert level(gain * signal) - level(noisy - gain * signal) == pytest.approx(decibels, abs=0.2)
    assert np.abs(noisy).max() < 1


def test_loudness_has_its_gain_and_never_clips():
    signal = 0.1 * sine(440)
    assert level(p.loudness(signal, 6)) - level(signal) == pytest.approx(6, abs=0.01)
    assert level(p.loudness(signal, -6)) - level(signal) == pytest.approx(-6, abs=0.01)
    loudest = p.loudness(signal, 40)
    assert np.abs(loudest).max() == p.LARGEST
    assert np.allclose(loudest / loudest.max(), signal / signal.max(), atol=1e-6)


def test_splice_sets_one_behind_the_other():
    first, second = sine(300, 0.2), sine(500, 0.1)
    both = p.splice(first, RATE, 0.05, second)
    assert np.array_equal(both[: len(first)], first)
    assert np.array_equal(both[-len(second) :], second)
    assert not both[len(first) : -len(second)].any()
    assert len(both) == 0.35 * RATE


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("signal", [np.zeros(8000), [0.5], [0.1, -0.1, 0.9], np.ones(300)])
def test_silence_and_a_few_samples_are_changed_like_others(name, signal):
    changed = CHANGES[name](np.asarray(signal, np.float32))
    assert changed.dtype == np.float32
    assert len(changed) >= len(signal)
    assert np.isfinite(changed).all()
    assert np.abs(changed).max() <= 1


@pytest.fixture
def utterances(make_audio, make_signal):
    """Two of one speaker and emotion, a third of another, and a stretch of it at another rate."""
    files = [
        make_audio(f"{i}.wav", make_signal(0.3 + 0.1 * i, pitch=120 + 20 * i)) for i in range(3)
    ]
    other = make_audio("3.wav", make_signal(1, rate=8000), rate=8000)
    return [*map(Segment, files), Segment(other, 0.2, 0.7)]


GROUPS = [("03", "anger"), ("03", "anger"), ("03", "fear"), ("03", "fear")]


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_every_copy_is_another_signal_and_the_same_every_time(utterances, name):
    made = perturbation(name)
    again, other_seed = perturbation(name), perturbation(name, seed=1)
    copies = made.copies(utterances, GROUPS)
    assert [len(some) for some in copies] == [4] * len(made.strengths)
    for some, same in zip(copies, again.copies(utterances, GROUPS), strict=True):
        for parent, copy, twin in zip(utterances, some, same, strict=True):
            signal, rate = decode(copy)
            assert rate == decode(parent)[1]
            assert copy.parent == parent
            assert np.array_equal(signal, decode(twin)[0])
            assert not np.array_equal(signal, decode(parent)[0])
    changed = not np.array_equal(
        decode(copies[0][0])[0], decode(other_seed.copies(utterances, GROUPS)[0][0])[0]
    )
    assert changed == (name == "noise")  # two of a group: each is the other's only partner


def test_a_strength_given_twice_draws_twice(utterances):
    first, second = Noise((20, 20)).copies(utterances[:1], GROUPS[:1])
    assert not np.array_equal(decode(first[0])[0], decode(second[0])[0])


def test_a_spliced_copy_has_its_own_group_in_it_alone(utterances):
    [copies] = Splice().copies(utterances * 5, GROUPS * 5)
    for copy, group in zip(copies, GROUPS * 5, strict=True):
        assert GROUPS[utterances.index(copy.other)] == group
    [[alone]] = Splice().copies(utterances[:1], GROUPS[:1])
    assert alone.other == utterances[0]


def test_what_others_say_changes_no_copy(utterances):
    whole, without = (Splice().copies(utterances[:n], GROUPS[:n])[0] for n in (4, 2))
    assert whole[:2] == without


def test_a_copy_of_which_nothing_is_left_is_bad_audio(make_audio):
    quiet = make_audio("quiet.wav", 1e-4 * sine(200, 0.2))
    [[copy]] = perturbation("loudness", strengths=(-60,)).copies([Segment(quiet)], ["03"])
    with pytest.raises(BadAudio, match="silent"):
        decode(copy)
    assert str(copy) == f"{quiet} (loudness -60)"


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("pitch", {}, "no perturbation 'pitch'; there are speed, vtlp, noise, loudness, splice"),
        ("speed", {"strengths": (3,)}, "the strengths of speed are factors from 0.5 to 2: give at"),
        ("speed", {"strengths": ()}, "and not none"),
        ("noise", {"strengths": (float("nan"),)}, "the strengths of noise are decibels from -30"),
        ("noise", {"seed": -1}, "the seed of noise is -1, and must be 0 or more"),
    ],
)
def test_what_cannot_be_made_is_refused(name, parameters, message):
    with pytest.raises(AdanError, match=message):
        perturbation(name, **parameters)


def test_equal_perturbations_are_one_key():
    assert {Speed(): 1}[Speed((0.9, 1.1))] == 1
    assert Noise((10,)) == Noise((10.0,))
