from itertools import product
from pathlib import Path

import pytest

from adan.corpora import read_corpus, read_named
from adan.corpora.base import count_differences
from adan.corpora.named import RULES
from adan.errors import AdanError

WORDS = [f"{a}{b}{c}" for a, b, c in product("bdfglmprst", "aeiou", "dknt")]


def ravdess():
    for e, i, t, v, actor in product(range(1, 9), (1, 2), (1, 2), (1, 2), range(1, 25)):
        if (e, i) != (1, 2):
            yield f"Actor_{actor:02}/03-01-{e:02}-{i:02}-{t:02}-{v:02}-{actor:02}.wav"


def crema_d():
    """The names of the corpus's own SentenceFilenames.csv, which lacks 20 of 91 x 82."""
    sentences = ["IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI"]
    for speaker, emotion, text in product(range(1001, 1092), RULES["crema-d"].emotions, sentences):
        for level in ("LO", "MD", "HI") if text == "IEO" and emotion != "NEU" else ("XX",):
            odd = (speaker, emotion, text) == (1040, "SAD", "ITH")
            lacks_all = (speaker, text) in ((1008, "WSI"), (1009, "MTI"), (1019, "ITH"))
            lacks_neutral = (speaker, text) in ((1002, "TIE"), (1076, "ITS"))
            if not lacks_all and not (lacks_neutral and emotion == "NEU"):
                yield f"AudioWAV/{speaker}_{text}_{emotion}_{'X' if odd else level}.wav"


def tess():
    for actor, emotion, word in product(("OAF", "YAF"), RULES["tess"].emotions, WORDS):
        odd = (actor, emotion, word) == ("OAF", "neutral", "bad")
        yield f"{actor}_{emotion}/{'OA' if odd else actor}_{word}_{emotion}.wav"


def savee(separator="/"):
    for speaker, emotion in product(RULES["savee"].speakers, RULES["savee"].emotions):
        for number in range(1, 31 if emotion == "n" else 16):
            yield f"{speaker}{separator}{emotion}{number:02}.wav"


def emovo():
    sentences = ["b1", "b2", "b3", "l1", "l2", "l3", "l4", "n1", "n2", "n3", "n4", "n5", "d1", "d2"]
    for speaker, emotion, text in product(
        RULES["emovo"].speakers, RULES["emovo"].emotions, sentences
    ):
        yield f"{speaker}/{emotion}-{speaker}-{text}.wav"


FILES = {"ravdess": ravdess, "crema-d": crema_d, "tess": tess, "savee": savee, "emovo": emovo}
TOTALS = {"ravdess": 1440, "crema-d": 7442, "tess": 2800, "savee": 480, "emovo": 588}


@pytest.fixture
def make_folder(tmp_path):
    """A folder with the names of a corpus's files and no audio in them."""

    def make(files) -> Path:
        for file in map(Path, files):
            (tmp_path / file.parent).mkdir(parents=True, exist_ok=True)
            (tmp_path / file).touch()
        return tmp_path

    return make


def test_every_rule_is_tested():
    assert {*FILES, "emodb"} == set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rules_agree_with_themselves(rule):
    assert rule.match(Path(rule.example))["emotion"] in rule.emotions
    assert sum(rule.speakers.values()) == rule.total
    others = [other for other in RULES.values() if other.match(Path(rule.example))]
    assert others == [rule]


@pytest.mark.parametrize("name", FILES)
def test_whole_corpus(make_folder, name):
    folder = make_folder(FILES[name]())
    corpus = read_corpus(folder)
    assert corpus.name == name
    assert len(corpus.table) == RULES[name].total == TOTALS[name]
    assert corpus.table.index.is_monotonic_increasing
    for column, counts in RULES[name].counts.items():
        assert corpus.table[column].value_counts().to_dict() == counts
    assert all(Path(file).is_file() for file in corpus.table["file"])
    corpus.require_groups()


@pytest.mark.parametrize("name", ["savee", "emovo"])
def test_part_of_a_corpus(make_folder, name):
    folder = make_folder(list(FILES[name]())[1:])
    total = TOTALS[name]
    message = rf"{total - 1} WAV files that are not the {total}.*has .* instead of.*check_counts=no"
    with pytest.raises(AdanError, match=message):
        read_corpus(folder)
    assert len(read_corpus(folder, check_counts=False).table) == total - 1


def test_differences_in_words():
    assert count_differences({"a": 2, "b": 1}, {"a": 2, "b": 1}) == ""
    assert (
        count_differences({"a": 1, "c": 1}, {"a": 2, "b": 1})
        == "a has 1 instead of 2, b has 0 instead of 1, c has 1 instead of 0"
    )
    assert count_differences({}, dict.fromkeys("abcdefg", 1)).endswith(", and 2 more")


def test_savee_as_often_copied(make_folder, tmp_path):
    corpus = read_corpus(make_folder(savee("_")))
    assert corpus.table["speaker"]["KL_su15"] == "KL"


def test_what_the_names_tell(make_folder):
    folder = make_folder(["03-01-06-01-02-01-12.wav", "03-01-02-02-01-01-01.wav"])
    row = read_named("ravdess", folder, check_counts=False).table.loc["03-01-06-01-02-01-12"]
    assert row.drop("file").to_dict() == {
        "emotion": "fear",
        "intensity": "01",
        "text": "02",
        "version": "01",
        "speaker": "12",
        "gender": "female",
    }


def test_file_that_fits_no_rule(make_folder):
    folder = make_folder([*emovo(), "f1/notes.wav"])
    with pytest.raises(AdanError, match=r"1 WAV files that are not EMOVO's, such as notes\.wav"):
        read_corpus(folder)


def test_songs_are_not_speech(make_folder):
    folder = make_folder([*ravdess(), "Actor_01/03-02-01-01-01-01-01.wav"])
    with pytest.raises(AdanError, match=r"not RAVDESS's.*no songs"):
        read_corpus(folder)


def test_code_outside_the_map(make_folder):
    folder = make_folder(["f1/dis-f1-b1.wav", "f1/amo-f1-b1.wav"])
    message = (
        r"amo-f1-b1\.wav with the emotion 'amo', which EMOVO does not have: expected one of rab"
    )
    with pytest.raises(AdanError, match=message):
        read_corpus(folder, check_counts=False)


def test_two_copies(make_folder):
    folder = make_folder(["a/dis-f1-b1.wav", "b/dis-f1-b1.wav"])
    with pytest.raises(AdanError, match="two utterances named dis-f1-b1"):
        read_corpus(folder, check_counts=False)


def test_folder_above_the_release(make_folder):
    folder = make_folder([Path("EMOVO", file) for file in emovo()])
    with pytest.raises(AdanError, match=f"the wrong level of EMOVO: give {folder / 'EMOVO'}$"):
        read_corpus(folder)


def test_folder_of_one_speaker(make_folder):
    folder = make_folder(emovo()) / "f1"
    message = r"f1 holds 98 WAV files that are not the 588 of EMOVO.*anger has 14 instead of 84"
    with pytest.raises(AdanError, match=message):
        read_corpus(folder)
