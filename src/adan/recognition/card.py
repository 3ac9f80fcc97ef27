"""The model card: what a recogniser was made of, how good it is, and what it is not for."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

INTENDED_USE = (
    "Research, teaching and prototypes on emotion in speech: which of the corpus's labels a "
    "recording resembles most."
)
LIMITS = (
    "It hears how something is said, not what a person feels. It knows the speakers, language, "
    "microphones and way of acting of its corpus only, and gives one of its labels to anything, "
    "speech or not. Its figures are for unseen speakers of that corpus; others fare worse. "
    "Not for decisions about people, such as hiring, policing, schooling or health. Features of "
    "openSMILE are licensed for research and teaching."
)
PACKAGES = ("adan", "numpy", "scikit-learn", "torch", "opensmile")


def figures(
    true: NDArray[np.intp],
    predicted: NDArray[np.intp],
    speakers: NDArray[np.intp],
) -> dict[str, Any]:
    """Score held-out predictions: WA and UAR in per cent with 95 % intervals.

    Parameters
    ----------
    true, predicted, speakers : ndarray of shape (n,)
        Codes of classes and speakers, from 0.

    Returns
    -------
    dict
        ``wa`` and ``uar``, each with ``value``, ``low`` and ``high``: see
        `adan.evaluation.intervals`.
    """
    from adan.evaluation.intervals import SpeakerCounts

    shape = speakers.max() + 1, true.max() + 1
    total, right = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (speakers, true), 1)
    np.add.at(right, (speakers, true), predicted == true)
    counts = SpeakerCounts(right, total)
    intervals = counts.intervals()
    return {
        name: {"value": value, "low": intervals[name][0], "high": intervals[name][1]}
        for name, value in counts.scores().items()
    }


def card(
    features: str, settings: dict[str, Any], y: NDArray[Any], groups: NDArray[Any] | None
) -> dict[str, Any]:
    """Begin the card of a recogniser: what is known before it is tested.

    Parameters
    ----------
    features : str
        What the vectors are.
    settings : dict
        What it is trained with, fit for JSON.
    y, groups : ndarray of shape (n,)
        Label and speaker of each training utterance.
    """
    return {
        "corpus": "not named",
        "features": features,
        "utterances": len(y),
        "emotions": {str(label): n for label, n in sorted(Counter(y.tolist()).items())},
        "speakers": None if groups is None else len(np.unique(groups)),
        "settings": settings,
        "versions": {name: _version(name) for name in PACKAGES},
        "intended_use": INTENDED_USE,
        "limits": LIMITS,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def as_text(card: dict[str, Any]) -> str:
    """Return a card as lines of at most 100 characters for a terminal."""
    emotions = ", ".join(f"{label} {n}" for label, n in card["emotions"].items())
    speakers = "unnamed speakers" if card["speakers"] is None else f"{card['speakers']} speakers"
    lines = {
        "corpus": f"{card['corpus']}: {card['utterances']} utterances, {speakers}",
        "emotions": emotions,
        "features": card["features"],
        "training": _training(card["settings"], card.get("classifier")),
        "versions": ", ".join(f"{name} {v}" for name, v in card["versions"].items() if v),
        "unseen speakers": "not measured (no speakers were given)",
        "calibration": "none (no speakers were given)",
        "intended use": card["intended_use"],
        "limits": card["limits"],
    }
    if "unseen_speakers" in card:
        lines |= _measured(**card["unseen_speakers"])
    if "recall" in card:
        lines["recall"] = ", ".join(f"{label} {r:.0f} %" for label, r in card["recall"].items())
    if "choice" in card:
        tried = (f"{uar:.1f} % ({name})" for name, uar in card["choice"].items())
        lines["chosen"] = f"by its UAR on speakers left out: {', '.join(tried)}"
    if "enrolled" in card:
        lines["voice"] = f"made for one person, known from {card['enrolled']} recordings"
    if "enrolment" in card:
        lines["enrolment"] = _enrolled(card["enrolment"])
    width = 2 + max(map(len, lines))
    return "\n".join(
        fill(text, 100, initial_indent=f"{name:{width}}", subsequent_indent=" " * width)
        for name, text in lines.items()
    )


def _training(settings: dict[str, Any], chosen: str | None) -> str:
    by, of = (
        s["name"] if isinstance(s, dict) else s
        for s in (settings["classifier"], settings["synthesizer"])
    )
    times = 0 if of == "auto" else settings["times"]
    synthetic = f" and {times} times as many by {of}" if times else ""
    return f"{chosen or by} on real vectors{synthetic}, seed {settings['random_state']}"


def _enrolled(scores: dict[str, dict[str, dict[str, float]]]) -> str:
    told = []
    for kind, by_number in scores.items():
        told.append(f"of {kind}: {', '.join(_after(n, s) for n, s in by_number.items())}")
    return f"WA / UAR after so many unlabelled utterances of a new speaker, {'; '.join(told)}"


def _after(n: str, scores: dict[str, float]) -> str:
    """Return such as "5: 85.6 / 84.8 (75.4 to 91.0)", the interval that of the UAR."""
    text = f"{n}: {scores['wa']:.1f} / {scores['uar']:.1f}"
    if "uar_low" in scores:
        text += f" ({scores['uar_low']:.1f} to {scores['uar_high']:.1f})"
    return text


def _measured(
    wa: dict[str, float],
    uar: dict[str, float],
    calibration_error: float,
    calibration_error_before: float,
    log_loss: float,
    log_loss_before: float,
) -> dict[str, str]:
    scores = [
        f"{name} {f['value']:.1f} % (95 % interval {f['low']:.1f} to {f['high']:.1f})"
        for name, f in (("WA", wa), ("UAR", uar))
    ]
    return {
        "unseen speakers": ", ".join(scores),
        "calibration": f"the label's probability is off by {100 * calibration_error:.1f} points on "
        f"average ({100 * calibration_error_before:.1f} uncalibrated), log loss {log_loss:.2f} "
        f"({log_loss_before:.2f} uncalibrated)",
    }
