"""An utterance is a file, or a stretch of one."""

import numpy as np
import pandas as pd
import pytest

from adan.audio.decoding import BadAudio, Header, Segment
from adan.corpora import read_corpus
from adan.corpora.check import check_audio
from adan.errors import AdanError
from adan.features import extract, features_of
from adan.recognition.recordings import audio_files

TIMES = [(0, 1), (1, 1.5), (1.5, None)]


@pytest.fixture
def make_segments(tmp_path, make_audio, make_signal):
    """A table of three stretches of a file of two and a half seconds, whose pitches differ."""
    signals = [make_signal(end or 1.0, pitch=p) for end, p in ((1, 100), (0.5, 200), (None, 300))]
    make_audio("long.wav", np.concatenate(signals))

    def make(starts=("0", "1", "1.5"), ends=("1", "1.5", ""), suffix="csv", **columns):
        table = pd.DataFrame({"file": "long.wav", "start": starts, "end": ends, **columns})
        table["emotion"], table["speaker"] = ["joy", "fear", "joy"], ["a", "a", "b"]
        path = tmp_path / f"segments.{suffix}"
        table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
        return path

    return make


STARTS = {
    "timedelta": ["0 days", "0 days 00:00:01", "0 days 00:00:01.500000"],
    "clock": ["00:00:00", "00:00:01", "00:00:01.5"],
    "units": ["0s", "1000ms", "1.5s"],
}
ENDS = {
    "timedelta": ["0 days 00:00:01", "0 days 00:00:01.5", "NaT"],
    "clock": ["00:00:01", "00:00:01.5", ""],
    "units": ["1s", "1500 ms", "nan"],
}


@pytest.mark.parametrize("way", ["seconds", "timedelta", "clock", "units"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_times_however_they_are_written(make_segments, way, suffix):
    how = {} if way == "seconds" else {"starts": STARTS[way], "ends": ENDS[way]}
    corpus = read_corpus(make_segments(suffix=suffix, **how))
    file = corpus.table["file"].iloc[0]
    assert corpus.recordings() == [Segment(file, 0, 1), Segment(file, 1, 1.5), Segment(file, 1.5)]
    assert corpus.table.index.tolist() == ["long_0.0-1.0", "long_1.0-1.5", "long_1.5-"]


def test_a_duration_stands_for_an_end(make_segments):
    path = make_segments(duration=["1", "0.5", ""])
    table = pd.read_csv(path).drop(columns="end")
    table.to_csv(path, index=False)
    corpus = read_corpus(path)
    assert [(r.start, r.end) for r in corpus.recordings()] == [(0, 1), (1, 1.5), (1.5, np.inf)]
    assert corpus.table.index.tolist() == ["long_0.0-1.0", "long_1.0-1.5", "long_1.5-"]
    assert [(r.start, r.end) for r in audio_files([path])[:2]] == [(0, 1), (1, 1.5)]


def test_times_of_parquet(make_segments):
    starts, ends = (pd.to_timedelta(pd.Series(t), unit="s") for t in zip(*TIMES, strict=True))
    corpus = read_corpus(make_segments(starts, ends, "parquet"))
    assert corpus.table["start"].tolist() == [0, 1, 1.5]
    assert corpus.table["end"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("starts", "ends", "message"),
    [
        (["0", "-1", "0"], ["1"] * 3, "segment from -1 to 1 s in row 2"),
        (["0", "0", "2"], ["1", "2", "2"], "segment from 2 to 2 s in row 3"),
        (["0", "soon", "1"], ["1", "2", "2"], "the start 'soon' in row 2: give it in seconds"),
    ],
)
def test_times_that_are_none(make_segments, starts, ends, message):
    with pytest.raises(AdanError, match=message):
        read_corpus(make_segments(starts, ends))


def test_a_segment_behind_the_end_of_its_file():
    header = Header(1000, 2000)
    assert Segment("x", 1, 2.05).samples(header) == (1000, 2000)
    for segment in (Segment("x", 2), Segment("x", 1, 2.2)):
        with pytest.raises(BadAudio, match=r"shorter than its segment \(2\.00 s\)"):
            segment.samples(header)


@pytest.mark.usefixtures("audio_extra")
def test_each_segment_has_the_vector_of_a_file_of_its_own(make_segments, make_audio, tmp_path):
    import soundfile

    corpus = features_of(read_corpus(make_segments()), "eGeMAPSv02")
    samples, rate = soundfile.read(tmp_path / "long.wav")
    cuts = np.split(samples, [rate, rate + rate // 2])
    files = [make_audio(f"{i}.wav", cut, rate) for i, cut in enumerate(cuts)]
    np.testing.assert_array_equal(corpus.X, extract(files, "eGeMAPSv02").table)
    again = features_of(read_corpus(make_segments()), "eGeMAPSv02")  # from the cache
    np.testing.assert_array_equal(corpus.X, again.X)


@pytest.mark.usefixtures("audio_extra")
def test_a_segment_that_cannot_be_used_is_left_out_alone(make_segments):
    corpus = read_corpus(make_segments(ends=["1", "9", ""]))
    assert (check_audio(corpus)["problem"] != "").tolist() == [False, True, False]
    with pytest.raises(AdanError, match=r"from 1 s to 9 s\): shorter than its segment"):
        features_of(corpus, "eGeMAPSv02")
    assert features_of(corpus, "eGeMAPSv02", skip_bad=True).table["start"].tolist() == [0, 1.5]


def test_a_path_as_on_windows(tmp_path, make_audio):
    file = make_audio("deep/down/a.wav")
    (tmp_path / "x.csv").write_text("file,emotion,speaker\ndeep\\down\\a.wav ,joy,1\n")
    assert read_corpus(tmp_path / "x.csv").table["file"].tolist() == [file]
    assert audio_files([tmp_path / "x.csv"]) == [file]
