import shutil

import pytest

from adan.corpora import iemocap, read_corpus, read_iemocap
from adan.errors import AdanError


@pytest.fixture
def read(make_iemocap):
    """Read a miniature release."""
    release = make_iemocap()

    def read(**options):
        return read_iemocap(release, check_counts=False, **options).table

    return read


def test_known_counts():
    four = {label: 0 for label in iemocap.EMOTIONS}
    for key, count in iemocap.COUNTS.items():
        if key != "exc":
            four[key.split()[1]] += count
    assert four == {"ang": 1103, "hap": 595, "neu": 1708, "sad": 1084}
    assert sum(four.values()) == 4490
    assert sum(iemocap.COUNTS.values()) == 5531


def test_miniature_release(read):
    table = read()
    assert table.columns.tolist() == [
        "file",
        "emotion",
        "speaker",
        "gender",
        "session",
        "improvised",
        "dialogue",
    ]
    assert len(table) == 5 * 2 * 2 * 4
    assert table.index.is_monotonic_increasing
    assert set(table["emotion"]) == {"anger", "happiness", "neutral", "sadness"}
    assert sorted(set(table["speaker"])) == [f"Ses0{n}{sex}" for n in range(1, 6) for sex in "FM"]
    assert set(table["session"]) == {f"Ses0{n}" for n in range(1, 6)}
    assert (table["gender"].str[0].str.upper() == table["speaker"].str[-1]).all()
    assert table["improvised"].dtype == bool


def test_the_speaker_is_the_last_letter_and_not_who_wears_the_markers(read):
    turn = read().loc["Ses01M_script01_1b_F000"]
    assert turn["speaker"] == "Ses01F"
    assert turn["dialogue"] == "Ses01M_script01_1b"
    assert not turn["improvised"]


def test_audio_is_where_it_says(read):
    from adan.corpora import Corpus
    from adan.corpora.check import check_audio

    pytest.importorskip("soundfile")
    audio = check_audio(Corpus("iemocap", read()))
    assert (audio["problem"] == "").all()
    assert audio.loc["Ses05F_impro01_M001", "file"].endswith(
        "Session5/sentences/wav/Ses05F_impro01/Ses05F_impro01_M001.wav"
    )


def test_subsets(read):
    improvised, scripted = read(subset="improvised"), read(subset="scripted")
    assert improvised["improvised"].all()
    assert not scripted["improvised"].any()
    assert len(improvised) + len(scripted) == len(read())
    with pytest.raises(AdanError, match="subset='some': choose one of all, improvised, scripted"):
        read(subset="some")


def test_excited_as_happy(read):
    assert read()["emotion"].value_counts()["happiness"] == 20
    assert read(exc_as_hap=True)["emotion"].value_counts()["happiness"] == 40


@pytest.mark.parametrize("sex", "FM")
def test_turn_names_with_letters(make_iemocap, sex):
    release = make_iemocap(labels=("ang", "sad"))
    path = release / "Session3/dialog/EmoEvaluation/Ses03F_impro01.txt"
    line = f"[1.0 - 2.0]\tSes03F_impro01_{sex}XX0\tsad\t[2.5, 2.5, 2.5]\r\n"
    path.write_text(path.read_text() + line)
    turn = read_iemocap(release, check_counts=False).table.loc[f"Ses03F_impro01_{sex}XX0"]
    assert turn[["emotion", "speaker"]].tolist() == ["sadness", f"Ses03{sex}"]


def test_known_counts_pass(make_iemocap, monkeypatch):
    counts = dict.fromkeys(iemocap.COUNTS, 10) | {"exc": 20}
    monkeypatch.setattr(iemocap, "COUNTS", counts)
    release = make_iemocap()
    assert len(read_corpus(release).table) == 80
    path = release / "Session3/dialog/EmoEvaluation/Ses03F_impro01.txt"
    path.write_text(path.read_text().replace("\tang\t", "\txxx\t"))
    with pytest.raises(AdanError, match=r"\(improvised ang has 8 instead of 10\)"):
        read_iemocap(release)


def test_other_counts_are_told(make_iemocap):
    with pytest.raises(AdanError, match=r"exc has 20 instead of 1041.*check_counts=no"):
        read_corpus(make_iemocap())


def test_missing_session(make_iemocap):
    release = make_iemocap()
    shutil.rmtree(release / "Session4")
    with pytest.raises(AdanError, match=r"has no Session4.*Session1 to Session5 are expected"):
        read_corpus(release, check_counts=False)


@pytest.mark.parametrize(
    "level", ["..", "Session1", "Session1/dialog", "Session2/sentences/wav/Ses02F_impro01"]
)
def test_wrong_level_says_which_to_give(make_iemocap, level):
    release = make_iemocap(labels=("ang",))
    with pytest.raises(AdanError, match=f"wrong level of IEMOCAP.*: give {release}$"):
        read_corpus((release / level).resolve())


def test_no_release(tmp_path):
    with pytest.raises(AdanError, match=r"nowhere is not there: .*sail\.usc\.edu"):
        read_iemocap(tmp_path / "nowhere")
    with pytest.raises(AdanError, match="holds no IEMOCAP"):
        read_iemocap(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1.0 - 2.0]\tSes01F_impro01_F900\tjoy\t[1, 1, 1]", "the label 'joy'.*one of ang"),
        ("[1.0 - 2.0] Ses01F_impro01_F900 ang", "has the line .*expected"),
        ("[1.0 - 2.0]\tSes01F_F900\tang\t[1, 1, 1]", "has the line .*expected"),
        ("[1.0 - 2.0]\tSes01F_impro01_F000\tang\t[1, 1, 1]", "two utterances named Ses01F_impro01"),
    ],
)
def test_bad_line(make_iemocap, line, message):
    release = make_iemocap(labels=("ang", "sad"))
    path = release / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(AdanError, match=message):
        read_iemocap(release, check_counts=False)
