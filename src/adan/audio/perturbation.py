"""Perturbation of audio: from a signal to another one that expresses the same emotion.

A perturbation learns nothing. The functions change a signal of shape (n_samples,), float32 in
[-1, 1). The classes are what a study names: each makes one `Copy` of every utterance for each of
its strengths. What a copy draws at random depends on the seed and its own audio alone, so that it
is the same whatever else is in a corpus.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adan.audio.decoding import LARGEST, Segment, one_channel, resampled
from adan.errors import AdanError

Signal = NDArray[np.float32]

VERSION = 1
"""Grows when a function below gives other samples, since features of copies are cached."""

FRAME, HOPS = 0.016, 4
"""Seconds of a frame whose formants `vtlp` moves, so few that the harmonics of most voices are not
told apart in it, and how many frames overlap."""
LIFTER = 0.002
"""Seconds of the cepstrum that are the envelope of a spectrum: less than a period of a voice."""
STRAIGHT = 0.6
"""Share of the frequencies that `vtlp` moves by its factor; those above must end at the highest."""
FAINTEST = 1e-6
"""Magnitude below which a spectrum counts as empty: a thirtieth of a step of 16 bits."""


def speed(signal: Signal, factor: float) -> Signal:
    """Play a signal ``factor`` times as fast: it is shorter and its frequencies are higher."""
    return resampled(signal, *Fraction(factor).limit_denominator(1000).as_integer_ratio())


def vtlp(signal: Signal, rate: int, factor: float) -> Signal:
    """Move formants to ``factor`` times their frequencies, as a shorter vocal tract does.

    The envelope of each frame's spectrum is stretched. Length, pitch and timing stay. After
    N. Jaitly and G. Hinton, "Vocal tract length perturbation (VTLP) improves speech recognition",
    ICML workshop 2013, who stretch mel filter banks, and pitch with them.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,), float32
        The signal.
    rate : int
        Its sampling rate in Hz.
    factor : float
        Such as 0.9 for a longer and 1.1 for a shorter vocal tract.

    Returns
    -------
    ndarray of shape (n_samples,), float32
    """
    from scipy.signal import istft, stft

    size = round(FRAME * rate / HOPS) * HOPS
    how = {"nperseg": size, "noverlap": size - size // HOPS}
    padded = np.pad(signal, (0, max(0, size - len(signal))))
    spectra = stft(padded, **how)[2]  # [frequencies, frames]
    envelopes = _log_envelopes(np.abs(spectra), round(LIFTER * rate))
    spectra *= np.exp(_stretched(envelopes, factor) - envelopes)
    return _within(istft(spectra, **how)[1][: len(signal)])


def noise(signal: Signal, decibels: float, rng: np.random.Generator) -> Signal:
    """Add white noise at a signal-to-noise ratio in dB."""
    white = rng.standard_normal(len(signal), np.float32)
    power = np.mean(signal**2) / np.mean(white**2)
    return _within(signal + white * np.sqrt(power / 10 ** (decibels / 10)))


def loudness(signal: Signal, decibels: float) -> Signal:
    """Make a signal louder or softer by so many dB, or by what keeps it in [-1, 1)."""
    return _within(signal * 10 ** (decibels / 20))


def splice(signal: Signal, rate: int, pause: float, other: Signal) -> Signal:
    """Set another signal behind one, with a pause of so many seconds between them."""
    return np.concatenate([signal, np.zeros(round(pause * rate), np.float32), other])


@dataclass(frozen=True, kw_only=True)
class Copy(Segment):
    """A perturbed copy of an utterance, its parent, which is heard in the same file.

    Attributes
    ----------
    by : Perturbation
        What makes it.
    strength : float
        How much.
    number : int
        How many copies of this strength come before it.
    other : Segment or None
        A second utterance that it is made of.
    """

    by: Perturbation
    strength: float
    number: int = 0
    other: Segment | None = None

    @property
    def parent(self) -> Segment:
        """What it is a copy of."""
        return Segment(self.file, self.start, self.end)

    @property
    def how(self) -> str:
        """Everything but audio that determines its samples."""
        return f"{self.by.name} {self.strength!r} {self.by.seed} {self.number} {VERSION}"

    def signal(self) -> tuple[Signal, int]:
        """Return what is heard, and its sampling rate in Hz.

        Raises
        ------
        BadAudio
            If what it is made of cannot be used, or nothing is left to hear.
        """
        signal, rate = super().signal()
        return one_channel(self.by.change(signal, rate, self)[:, None]), rate

    @property
    def words(self) -> str:
        """How it was made, in short."""
        again = f" #{self.number + 1}" if self.number else ""
        return f"{self.by.name} {self.strength:.12g}{again}"

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.words})"


@dataclass(frozen=True)
class Perturbation(ABC):
    """Makes a copy of every utterance for each of its strengths.

    Parameters
    ----------
    strengths : tuple of float
        How much each copy is changed; the same strength twice draws twice.
    seed : int, default=0
        Of what is drawn at random.

    Raises
    ------
    AdanError
        If there is no strength, or one is out of range.
    """

    strengths: tuple[float, ...]
    seed: int = 0

    name: ClassVar[str]
    """What studies call it."""
    limits: ClassVar[tuple[float, float]]
    """Smallest and largest strength."""
    unit: ClassVar[str]
    """What a strength is."""

    def __post_init__(self) -> None:
        lowest, highest = self.limits
        if not self.strengths or not all(lowest <= s <= highest for s in self.strengths):
            raise AdanError(
                f"the strengths of {self.name} are {self.unit} from {lowest:g} to {highest:g}: "
                f"give at least one, and not {', '.join(map(str, self.strengths)) or 'none'}"
            )
        if self.seed < 0:
            raise AdanError(f"the seed of {self.name} is {self.seed}, and must be 0 or more")
        object.__setattr__(self, "strengths", tuple(map(float, self.strengths)))

    @property
    def settings(self) -> dict[str, Any]:
        """All that determines it but audio, fit for JSON."""
        return {"perturbation": self.name, **asdict(self)}

    @abstractmethod
    def change(self, signal: Signal, rate: int, copy: Copy) -> Signal:
        """Return the samples of a copy, given those of its parent."""

    def copies(self, parents: Sequence[Segment], groups: Sequence[Hashable]) -> list[list[Copy]]:
        """Return the copies of utterances.

        Parameters
        ----------
        parents : sequence of Segment
            Where the utterances are heard.
        groups : sequence of hashable
            The speaker and emotion of each: a copy has no other's audio in it.

        Returns
        -------
        list of list of Copy
            For each strength a copy of each utterance, in order.
        """
        earlier = [self.strengths[:i].count(s) for i, s in enumerate(self.strengths)]
        return [
            [
                Copy(p.file, p.start, p.end, by=self, strength=strength, number=n, other=other)
                for p, other in zip(parents, self._others(parents, groups, n), strict=True)
            ]
            for strength, n in zip(self.strengths, earlier, strict=True)
        ]

    def _others(
        self, parents: Sequence[Segment], groups: Sequence[Hashable], number: int
    ) -> Sequence[Segment | None]:
        """Return the second utterance of each copy."""
        return [None] * len(parents)


@dataclass(frozen=True)
class Speed(Perturbation):
    """Faster or slower, and the voice higher or lower with it."""

    strengths: tuple[float, ...] = (0.9, 1.1)
    name, limits, unit = "speed", (0.5, 2.0), "factors"

    def change(self, signal: Signal, rate: int, copy: Copy) -> Signal:
        """Return the samples of a copy."""
        return speed(signal, copy.strength)


@dataclass(frozen=True)
class VTLP(Perturbation):
    """Another length of the vocal tract: the formants move, and pitch and length stay."""

    strengths: tuple[float, ...] = (0.9, 1.1)
    name, limits, unit = "vtlp", (0.5, 2.0), "factors"

    def change(self, signal: Signal, rate: int, copy: Copy) -> Signal:
        """Return the samples of a copy."""
        return vtlp(signal, rate, copy.strength)


@dataclass(frozen=True)
class Noise(Perturbation):
    """White noise in the background, at a signal-to-noise ratio."""

    strengths: tuple[float, ...] = (10.0, 20.0, 30.0)
    name, limits, unit = "noise", (-30.0, 90.0), "decibels"

    def change(self, signal: Signal, rate: int, copy: Copy) -> Signal:
        """Return the samples of a copy."""
        return noise(signal, copy.strength, _generator(copy.how, signal))


@dataclass(frozen=True)
class Loudness(Perturbation):
    """Louder or softer; never so loud that it is clipped."""

    strengths: tuple[float, ...] = (-6.0, 6.0)
    name, limits, unit = "loudness", (-60.0, 60.0), "decibels"

    def change(self, signal: Signal, rate: int, copy: Copy) -> Signal:
        """Return the samples of a copy."""
        return loudness(signal, copy.strength)


@dataclass(frozen=True)
class Splice(Perturbation):
    """Another utterance of the same speaker and emotion, set behind it after a pause."""

    strengths: tuple[float, ...] = (0.0,)
    name, limits, unit = "splice", (0.0, 10.0), "seconds"

    def change(self, signal: Signal, rate: int, copy: Copy) -> Signal:
        """Return the samples of a copy."""
        other, other_rate = (copy.other or copy.parent).signal()
        return splice(signal, rate, copy.strength, resampled(other, other_rate, rate))

    def _others(
        self, parents: Sequence[Segment], groups: Sequence[Hashable], number: int
    ) -> Sequence[Segment | None]:
        """Draw another utterance of the same group; itself where it is alone in there."""
        members: dict[Hashable, list[int]] = {}
        for i, group in enumerate(groups):
            members.setdefault(group, []).append(i)
        drawn: list[Segment | None] = [None] * len(parents)
        for group, places in members.items():
            n = len(places)
            steps = _generator(f"{self.seed} {number} {group}").integers(1, max(n, 2), n)
            for i, step in enumerate(steps):
                drawn[places[i]] = parents[places[(i + step) % n]]
        return drawn


PERTURBATIONS: dict[str, type[Perturbation]] = {
    kind.name: kind for kind in (Speed, VTLP, Noise, Loudness, Splice)
}
"""By name."""


def perturbation(name: str, **parameters: Any) -> Perturbation:
    """Return the perturbation of that name.

    Parameters
    ----------
    name : {"speed", "vtlp", "noise", "loudness", "splice"}
        Which one.
    **parameters
        ``strengths`` and ``seed``; each has strengths of its own by default.

    Raises
    ------
    AdanError
        If there is no such name, or a strength is out of range.
    """
    if name not in PERTURBATIONS:
        raise AdanError(f"no perturbation '{name}'; there are {', '.join(PERTURBATIONS)}")
    return PERTURBATIONS[name](**parameters)


def _generator(words: str, signal: Signal | None = None) -> np.random.Generator:
    """Return a generator whose seed is made of words and samples."""
    content = words.encode() + (b"" if signal is None else signal.tobytes())
    return np.random.default_rng([*hashlib.sha256(content).digest()])


def _within(signal: NDArray[np.floating]) -> Signal:
    """Scale a signal down where it would leave [-1, 1)."""
    peak = np.abs(signal).max(initial=0.0)
    scale = LARGEST / peak if peak > LARGEST else 1.0
    return (signal * scale).astype(np.float32, copy=False)


def _log_envelopes(magnitudes: NDArray[np.floating], n_kept: int) -> NDArray[np.floating]:
    """Return the smoothed log magnitudes (frequencies, frames): the low end of their cepstrum."""
    from scipy.fft import irfft, rfft

    cepstra = irfft(np.log(np.maximum(magnitudes, FAINTEST)), axis=0)
    cepstra[n_kept + 1 : -n_kept] = 0
    return rfft(cepstra, axis=0).real


def _stretched(envelopes: NDArray[np.floating], factor: float) -> NDArray[np.floating]:
    """Move what is at a frequency to ``factor`` times it; the highest frequency stays."""
    highest = len(envelopes) - 1
    bend = STRAIGHT * highest * min(1.0, 1 / factor)
    places = np.interp(np.arange(highest + 1), [0, factor * bend, highest], [0, bend, highest])
    below = np.minimum(places.astype(int), highest - 1)
    share = (places - below)[:, None]
    return (1 - share) * envelopes[below] + share * envelopes[below + 1]
