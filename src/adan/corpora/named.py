"""Corpora whose file names tell emotion and speaker: one rule each.

A rule is a row of `RULES`; to add a corpus of this kind is to add a row.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from adan.corpora.base import Corpus, count_differences
from adan.errors import AdanError


@dataclass(frozen=True)
class Rule:
    """How one corpus names its files, and what it holds.

    Attributes
    ----------
    title : str
        The corpus's own name.
    pattern : str
        Regular expression of a file's name without ``.wav``, or of ``folder/name``, with the
        groups ``emotion`` and ``speaker``; further groups become columns.
    example : str
        A name that fits.
    emotions : mapping of code to (emotion, count)
        What the codes in the names mean, and how many files have each.
    speakers : mapping of speaker to count
        How many files are each speaker's.
    source : str
        Which files these are and where they come from, as error messages say it.
    editions : mapping of number of files to what that is
        Other editions that are easily taken for this one.
    listening_test : str
        The file that says how many listeners recognised each utterance, where there is one; it
        lies with the audio or one folder above.
    people : mapping of column to (mapping of speaker to value)
        What the documentation of the corpus says of its speakers.
    """

    title: str
    pattern: str
    example: str
    emotions: Mapping[str, tuple[str, int]]
    speakers: Mapping[str, int]
    source: str
    editions: Mapping[int, str] = field(default_factory=dict)
    listening_test: str = ""
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, Mapping[str, int]]:
        """Files per emotion and per speaker."""
        return {"emotion": dict(self.emotions.values()), "speaker": self.speakers}

    @property
    def total(self) -> int:
        """Number of files."""
        return sum(count for _, count in self.emotions.values())

    def with_people(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of utterances with what is known of who speaks."""
        return table.assign(**{name: table["speaker"].map(of) for name, of in self.people.items()})

    def match(self, file: Path) -> re.Match[str] | None:
        """Read a file's name, and the folder it is in if the rule asks for that."""
        pattern = re.compile(self.pattern)
        return pattern.fullmatch(file.stem) or pattern.fullmatch(f"{file.parent.name}/{file.stem}")


RULES = {
    "emodb": Rule(
        "EmoDB",
        r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[A-Z])(?P<version>[a-z])",
        "03a01Fa.wav",
        {
            "W": ("anger", 127),
            "L": ("boredom", 81),
            "E": ("disgust", 46),
            "A": ("fear", 69),
            "F": ("happiness", 71),
            "N": ("neutral", 79),
            "T": ("sadness", 62),
        },
        {
            "03": 49,
            "08": 58,
            "09": 43,
            "10": 38,
            "11": 55,
            "12": 35,
            "13": 61,
            "14": 69,
            "15": 56,
            "16": 71,
        },
        "the 535 originals of http://emodb.bilderbar.info",
        {816: "all 816 recordings of EmoDB, also those that listeners rejected"},
        "erkennung.txt",
        {
            "gender": {
                **dict.fromkeys(("08", "09", "13", "14", "16"), "female"),
                **dict.fromkeys(("03", "10", "11", "12", "15"), "male"),
            },
            "age": {
                "03": 31,
                "08": 34,
                "09": 21,
                "10": 32,
                "11": 26,
                "12": 30,
                "13": 32,
                "14": 35,
                "15": 25,
                "16": 31,
            },
        },
    ),
    "ravdess": Rule(
        "RAVDESS",
        r"03-01-(?P<emotion>\d\d)-(?P<intensity>\d\d)-(?P<text>\d\d)-(?P<version>\d\d)-(?P<speaker>\d\d)",
        "03-01-06-01-02-01-12.wav",
        {
            "01": ("neutral", 96),
            "02": ("calm", 192),
            "03": ("happiness", 192),
            "04": ("sadness", 192),
            "05": ("anger", 192),
            "06": ("fear", 192),
            "07": ("disgust", 192),
            "08": ("surprise", 192),
        },
        {f"{actor:02}": 60 for actor in range(1, 25)},
        "the 1440 audio-only speech files (Audio_Speech_Actors_01-24, no songs) of "
        "https://zenodo.org/record/1188976",
        people={"gender": {f"{actor:02}": ("female", "male")[actor % 2] for actor in range(1, 25)}},
    ),
    "crema-d": Rule(
        "CREMA-D",
        r"(?P<speaker>\d{4})_(?P<text>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<intensity>LO|MD|HI|XX?)",
        "1001_DFA_ANG_XX.wav",
        {
            "ANG": ("anger", 1271),
            "DIS": ("disgust", 1271),
            "FEA": ("fear", 1271),
            "HAP": ("happiness", 1271),
            "NEU": ("neutral", 1087),
            "SAD": ("sadness", 1271),
        },
        {str(actor): 82 for actor in range(1001, 1092)}
        | {"1002": 81, "1008": 76, "1009": 76, "1019": 76, "1076": 81},
        "the 7442 files of AudioWAV/ of https://github.com/CheyneyComputerScience/CREMA-D",
    ),
    "tess": Rule(  # one file lacks the F of its speaker: OA_bite_neutral.wav
        "TESS",
        r"(?P<speaker>OA|YA)F?_(?P<text>\w+)_(?P<emotion>[a-z]+)",
        "OAF_back_angry.wav",
        {
            "angry": ("anger", 400),
            "disgust": ("disgust", 400),
            "fear": ("fear", 400),
            "happy": ("happiness", 400),
            "neutral": ("neutral", 400),
            "ps": ("surprise", 400),
            "sad": ("sadness", 400),
        },
        {"OA": 1400, "YA": 1400},
        "the 2800 files of https://doi.org/10.5683/SP2/E8H2MF",
        people={"age": {"OA": 64, "YA": 26}},
    ),
    "savee": Rule(  # DC/a01.wav as published, DC_a01.wav as often copied
        "SAVEE",
        r"(?P<speaker>[A-Z]{2})[_/](?P<emotion>[a-z]{1,2})(?P<text>\d\d)",
        "DC/a01.wav",
        {
            "a": ("anger", 60),
            "d": ("disgust", 60),
            "f": ("fear", 60),
            "h": ("happiness", 60),
            "n": ("neutral", 120),
            "sa": ("sadness", 60),
            "su": ("surprise", 60),
        },
        {"DC": 120, "JE": 120, "JK": 120, "KL": 120},
        "the 480 files of AudioData/ of http://kahlan.eps.surrey.ac.uk/savee",
    ),
    "emovo": Rule(
        "EMOVO",
        r"(?P<emotion>[a-z]{3})-(?P<speaker>[fm]\d)-(?P<text>[a-z]\d)",
        "dis-f1-b1.wav",
        {
            "rab": ("anger", 84),
            "dis": ("disgust", 84),
            "pau": ("fear", 84),
            "gio": ("happiness", 84),
            "neu": ("neutral", 84),
            "tri": ("sadness", 84),
            "sor": ("surprise", 84),
        },
        {speaker: 98 for speaker in ("f1", "f2", "f3", "m1", "m2", "m3")},
        "the 588 files of EMOVO (https://aclanthology.org/L14-1478), in f1/ to m3/",
        people={
            "gender": {
                speaker: {"f": "female", "m": "male"}[speaker[0]]
                for speaker in ("f1", "f2", "f3", "m1", "m2", "m3")
            }
        },
    ),
}
"""Name to rule."""


def recognise(folder: Path) -> str | None:
    """Name the rule that most of a folder's WAV files fit; None if none fits any."""
    files = _wav_files(folder)
    fitting = {name: sum(bool(rule.match(f)) for f in files) for name, rule in RULES.items()}
    best = max(fitting, key=lambda name: fitting[name])
    return best if fitting[best] else None


def read_named(name: str, folder: str | os.PathLike[str], *, check_counts: bool = True) -> Corpus:
    """Read which utterances a corpus holds from the names of its WAV files.

    Parameters
    ----------
    name : str
        A key of `RULES`.
    folder : path-like
        The folder of the WAV files, or the one above their folders.
    check_counts : bool, default=True
        Insist on all files of the corpus; False takes any number of them.

    Returns
    -------
    Corpus
        Its table sorted by utterance, with the columns ``file``, ``emotion``, ``speaker`` and
        what else the names tell (``text``, ``version``, ``intensity``) or the documentation says
        of the speakers (``gender``, ``age``). Where the corpus comes with its listening test,
        ``recognised`` is the per cent of listeners who heard the emotion.

    Raises
    ------
    AdanError
        If the folder is missing or is another one, a file name does not fit, a code stands for no
        emotion, or the counts are not those of the corpus.
    """
    rule = RULES[name]
    folder = Path(folder).absolute()
    files = _wav_files(folder)
    if not files:
        raise AdanError(_nothing(folder, rule))
    matches = [rule.match(file) for file in files]
    strange = [file.name for file, match in zip(files, matches, strict=True) if not match]
    if strange:
        raise AdanError(
            f"{folder} holds {len(strange)} WAV files that are not {rule.title}'s, such as "
            f"{strange[0]}: keep only {rule.source} there, named like {rule.example}"
        )
    table = pd.DataFrame([match.groupdict() for match in matches if match])
    table.index = pd.Index([m[0].replace("/", "_") for m in matches if m], name="utterance")
    unknown = table.index[~table["emotion"].isin(list(rule.emotions))]
    if len(unknown):
        raise AdanError(
            f"{folder} has {unknown[0]}.wav with the emotion {table['emotion'][unknown[0]]!r}, "
            f"which {rule.title} does not have: expected one of {', '.join(rule.emotions)}"
        )
    emotion = table.pop("emotion").map({code: e for code, (e, _) in rule.emotions.items()})
    table.insert(0, "file", [str(file) for file in files])
    table.insert(1, "emotion", emotion)
    if check_counts:
        _check_counts(table, rule, folder)
    places = [place / rule.listening_test for place in (folder, folder.parent)]
    if found := [place for place in places if place.is_file()]:
        table["recognised"] = table.index.map(_recognised(found[0]))
    return Corpus(name, rule.with_people(table).sort_index())


def _recognised(path: Path) -> dict[str, float]:
    """Read the per cent of listeners who recognised each utterance, as EmoDB's file has them."""
    try:
        rows = pd.read_csv(path, sep="\t", encoding="latin-1", dtype=str)
        shares = rows["erkannt"].str.strip().str.replace(",", ".").astype(float)
        return dict(zip(rows["Satz"].str.removesuffix(".wav"), shares, strict=True))
    except (KeyError, ValueError) as error:
        raise AdanError(
            f"{path} cannot be read as a listening test ({error}): remove it, or put the corpus' "
            "own in its place"
        ) from error


def contents(folder: Path) -> str:
    """Name the first things in a folder."""
    return ", ".join(sorted(entry.name for entry in folder.glob("*"))[:5]) or "nothing"


def _wav_files(folder: Path) -> list[Path]:
    """List the WAV files of a folder and of the folders in it, hidden ones left out."""
    files = [*folder.glob("[!.]*"), *folder.glob("[!.]*/[!.]*")]
    return sorted(file for file in files if file.suffix.lower() == ".wav")


def _nothing(folder: Path, rule: Rule) -> str:
    if not folder.is_dir():
        wrong = "is not a folder" if folder.exists() else "is not there"
        return f"{folder} {wrong}: give the folder of {rule.title}'s WAV files"
    return (
        f"{folder} holds no WAV files, neither itself nor in a folder (it holds "
        f"{contents(folder)}): give the folder of {rule.source}"
    )


def _check_counts(table: pd.DataFrame, rule: Rule, folder: Path) -> None:
    if len(table) in rule.editions:
        raise AdanError(
            f"{folder} holds {rule.editions[len(table)]}: give the folder of {rule.source}"
        )
    found = {f"{c} {v}": n for c in rule.counts for v, n in table[c].value_counts().items()}
    expected = {f"{c} {v}": n for c, counts in rule.counts.items() for v, n in counts.items()}
    if wrong := count_differences(found, expected):
        raise AdanError(
            f"{folder} holds {len(table)} WAV files that are not the {rule.total} of {rule.title} "
            f"({wrong}): give the folder of {rule.source}, or take these as they are with "
            "--with check_counts=no (check_counts=False)"
        )
