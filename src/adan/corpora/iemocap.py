"""IEMOCAP, the interactive emotional dyadic motion capture database, as its licensees have it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pandas as pd

from adan.corpora.base import Corpus, count_differences
from adan.errors import AdanError

EMOTIONS = {"ang": "anger", "hap": "happiness", "neu": "neutral", "sad": "sadness"}
"""Label to emotion; turns with the other labels are left out."""

OTHERS = ("exc", "fru", "sur", "fea", "dis", "oth", "xxx")
"""The other labels: xxx is a turn on which the listeners did not agree."""

COUNTS = {
    "exc": 1041,
    "improvised ang": 289,
    "improvised hap": 284,
    "improvised neu": 1099,
    "improvised sad": 608,
    "scripted ang": 814,
    "scripted hap": 311,
    "scripted neu": 609,
    "scripted sad": 476,
}
"""Turns of the whole release: 4490 with the four labels, and those that may count as happy."""

HOW_TO_GET = "ask for it at https://sail.usc.edu/iemocap/"
"""IEMOCAP is licensed, free of charge, for research."""

_SESSIONS = [f"Session{n}" for n in range(1, 6)]
_LABELS = Path("dialog", "EmoEvaluation")
_TURN = re.compile(
    r"\[[\d.]+ - [\d.]+\]\t"
    r"(?P<utterance>(?P<dialogue>(?P<session>Ses0[1-5])[FM]_(?:impro|script)\w+)"
    r"_(?P<sex>[FM])[X\d]+)\t"
    r"(?P<label>\w+)\t\[.*\]"
)


def read_iemocap(
    folder: str | os.PathLike[str],
    *,
    exc_as_hap: bool = False,
    subset: str = "all",
    check_counts: bool = True,
) -> Corpus:
    """Read the turns of IEMOCAP with the labels angry, happy, neutral and sad.

    Parameters
    ----------
    folder : path-like
        ``IEMOCAP_full_release``, which holds ``Session1`` to ``Session5``.
    exc_as_hap : bool, default=False
        Count excited turns as happy ones, instead of leaving them out.
    subset : {"all", "improvised", "scripted"}, default="all"
        Which turns to take.
    check_counts : bool, default=True
        Insist on the turns of the whole release, `COUNTS`; False takes any number.

    Returns
    -------
    Corpus
        ``iemocap``, its table sorted by utterance (such as ``Ses01F_impro01_M013``), with the
        columns ``file``, ``emotion`` (anger, happiness, neutral, sadness), ``speaker`` (such as
        Ses01M: whoever speaks the turn, not whoever wears the markers), ``gender`` (female, male),
        ``session`` (Ses01 to Ses05), ``improvised`` (bool) and ``dialogue``.

    Raises
    ------
    AdanError
        If the folder is missing or is the wrong level of the release, a session is missing, a
        line cannot be read, a label is unknown, or there are other turns than in the release.

    References
    ----------
    C. Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database", Language
    Resources and Evaluation 42, 2008. https://sail.usc.edu/iemocap/
    """
    if subset not in ("all", "improvised", "scripted"):
        raise AdanError(f"subset={subset!r}: choose one of all, improvised, scripted")
    folder = Path(folder).absolute()
    _check_level(folder)
    rows = [
        {**turn, "file": str(folder / session / "sentences/wav" / turn["dialogue"] / f"{name}.wav")}
        for session in _SESSIONS
        for path in sorted((folder / session / _LABELS).glob("[!.]*.txt"))
        for turn in _turns(path)
        for name in [turn["utterance"]]
    ]
    columns = ["utterance", "file", "label", "session", "sex", "dialogue"]
    table = pd.DataFrame(rows, columns=columns).set_index("utterance").sort_index()
    table["improvised"] = table["dialogue"].str.contains("_impro")
    if check_counts:
        _check_counts(table, folder)
    emotions = EMOTIONS | ({"exc": EMOTIONS["hap"]} if exc_as_hap else {})
    table = table[table["label"].isin(list(emotions))]
    if subset != "all":
        table = table[table["improvised"] == (subset == "improvised")]
    table.insert(1, "emotion", table.pop("label").map(emotions))
    table.insert(2, "speaker", table["session"] + table["sex"])
    table.insert(3, "gender", table.pop("sex").map({"F": "female", "M": "male"}))
    order = ["file", "emotion", "speaker", "gender", "session", "improvised", "dialogue"]
    return Corpus("iemocap", table[order])


def release_near(folder: Path) -> Path | None:
    """Find the release at, above or just below a folder."""
    folder = folder.absolute()
    for place in (folder, *folder.parents[:4], *folder.glob("[!.]*")):
        if any((place / session / _LABELS).is_dir() for session in _SESSIONS):
            return place
    return None


def _check_level(folder: Path) -> None:
    missing = [session for session in _SESSIONS if not (folder / session / _LABELS).is_dir()]
    if not missing:
        return
    release = release_near(folder)
    if release is None:
        wrong = "holds no IEMOCAP" if folder.exists() else "is not there"
        raise AdanError(
            f"{folder} {wrong}: give IEMOCAP_full_release, which holds Session1 to Session5, "
            f"or {HOW_TO_GET}"
        )
    if release != folder:
        raise AdanError(
            f"{folder} is the wrong level of IEMOCAP, whose Session1 to Session5 are expected in "
            f"the folder given: give {release}"
        )
    raise AdanError(
        f"{folder} has no {missing[0] / _LABELS}, and Session1 to Session5 are expected: "
        "put the whole release there"
    )


def _turns(path: Path) -> list[dict[str, str]]:
    """Read the turns of one dialogue; between their lines stand the listeners' own labels."""
    turns = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("["):
            continue
        turn = _TURN.fullmatch(line.strip())
        if not turn:
            raise AdanError(
                f"{path} has the line {line.strip()!r}, and one like '[6.2901 - 8.2357] "
                "Ses01F_impro01_F000 neu [2.5, 2.5, 2.5]', with tabs between, is expected"
            )
        if turn["label"] not in (*EMOTIONS, *OTHERS):
            raise AdanError(
                f"{path} gives {turn['utterance']} the label {turn['label']!r}, which IEMOCAP does "
                f"not have: expected one of {', '.join((*EMOTIONS, *OTHERS))}"
            )
        turns.append(turn.groupdict())
    return turns


def _check_counts(table: pd.DataFrame, folder: Path) -> None:
    subset = table["improvised"].map({True: "improvised ", False: "scripted "})
    four = table["label"].isin(list(EMOTIONS))
    keys = (subset + table["label"]).where(four, table["label"])
    found = keys[four | (keys == "exc")].value_counts().to_dict()
    if wrong := count_differences(found, COUNTS):
        raise AdanError(
            f"{folder} holds other turns than the release of IEMOCAP ({wrong}): "
            "put the whole release there, or take these as they are with --with "
            "check_counts=no (check_counts=False)"
        )
