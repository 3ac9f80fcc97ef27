import hashlib
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adan.audio.decoding import Segment, content_of
from adan.audio.perturbation import Noise, Speed, Splice
from adan.corpora import Corpus, read_corpus
from adan.corpora.emodb import load_emodb
from adan.errors import AdanError
from adan.features import FeatureSet, extract, extraction, features_of, functionals

opensmile = pytest.importorskip("opensmile")
soundfile = pytest.importorskip("soundfile")
pytest.importorskip("platformdirs")


def frame(*arguments, **options):
    return extract(*arguments, **options).table


@pytest.fixture
def no_extraction(monkeypatch):
    """From the call on, only the cache can answer."""

    def forbid():
        monkeypatch.setattr(functionals, "_functionals", lambda *_: pytest.fail("not cached"))
        monkeypatch.setattr(functionals, "_smile", lambda *_: pytest.fail("not cached"))

    return forbid


@pytest.mark.parametrize("feature_set", FeatureSet)
def test_every_set(make_audio, feature_set):
    file = make_audio()
    vectors = extract([file], feature_set)
    table = vectors.table
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        smile = opensmile.Smile(opensmile.FeatureSet[feature_set.name])
    assert table.shape == (1, feature_set.dimension)
    assert table.columns.tolist() == smile.feature_names
    assert table.index.tolist() == [file]
    assert (table.dtypes == np.float32).all()
    assert np.isfinite(table.to_numpy()).all()
    assert np.array_equal(table, smile.process_file(file))
    assert vectors.features == tuple(table.columns)
    assert vectors.about["feature_set"] == feature_set.name
    assert vectors.about["opensmile"] == opensmile.__version__


@pytest.mark.parametrize("feature_set", ["IS09", "egemapsv02"])
def test_real_speech_is_what_opensmile_gives(emodb, feature_set):
    files = read_corpus(emodb).table["file"].iloc[[0, 200, 500]].tolist()
    table = frame(files, feature_set)
    expected = opensmile.Smile(opensmile.FeatureSet[FeatureSet.named(feature_set).name])
    assert table.index.tolist() == files
    assert np.array_equal(table, expected.process_files(files))


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_other_sampling_rates(make_audio, rate):
    assert np.isfinite(frame([make_audio(rate=rate)], "IS09").to_numpy()).all()


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", "PCM_U8"), ("a.wav", "PCM_24"), ("a.wav", "FLOAT"), ("a.ogg", "VORBIS")],
)
def test_formats_of_other_precision(make_audio, name, subtype):
    files = [make_audio("plain.wav"), make_audio(f"other-{name}", subtype=subtype)]
    pitch = frame(files, "eGeMAPSv02")["F0semitoneFrom27.5Hz_sma3nz_amean"]
    assert pitch.iloc[1] == pytest.approx(pitch.iloc[0], rel=0.01)


@pytest.mark.parametrize("name", ["a.flac", "a.aiff", "a.au"])
def test_formats_of_the_same_precision(make_audio, make_signal, name):
    samples = (2**15 * make_signal()).astype(np.int16)
    plain, other = make_audio("plain.wav", samples), make_audio(name, samples, subtype="PCM_16")
    table = frame([plain, other], "IS09").to_numpy()
    assert np.array_equal(table[0], table[1])


def test_channels_are_averaged(make_audio, make_signal):
    signal = make_signal()
    mono = make_audio("mono.wav", signal, subtype="FLOAT")
    stereo = make_audio("stereo.wav", np.stack([2 * signal, 0 * signal], 1), subtype="FLOAT")
    table = frame([mono, stereo], "IS09").to_numpy()
    assert np.array_equal(table[0], table[1])


def test_loud_samples_are_clipped_and_do_not_wrap(make_audio, make_signal):
    signal = 5 * make_signal()
    loud = make_audio("loud.wav", signal, subtype="FLOAT")
    clipped = make_audio("clipped.wav", signal.clip(-1, 1 - 2**-15), subtype="FLOAT")
    table = frame([loud, clipped], "IS09").to_numpy()
    assert np.array_equal(table[0], table[1])


def test_order_and_number_of_threads_do_not_matter(make_corpus):
    files = read_corpus(make_corpus(n_each=3)).table["file"].tolist()
    one = extract(files, "IS09", n_jobs=1, cache=Path(files[0]).parent / "c1")
    many = extract(files[::-1], "IS09", n_jobs=4, cache=Path(files[0]).parent / "c2")
    pd.testing.assert_frame_equal(one.table, many.table[::-1])
    assert one.about == many.about


def test_bad_audio_is_named_with_its_reason(bad_audio, make_audio):
    for bad, reason in bad_audio.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(AdanError) as error:
                frame([make_audio(), bad], "IS09")
        assert f"1 of 2 audio files cannot be used ({bad}: {reason})" in str(error.value)
        assert "\n" not in str(error.value)


def test_all_bad_audio_is_told_at_once(bad_audio, make_audio):
    bad = [*bad_audio]
    with pytest.raises(AdanError, match=r"11 of 12 .*and 1 more\): .* --skip-bad") as error:
        frame([*bad, make_audio()], "IS09")
    assert all(path in str(error.value) for path in bad[:10])


def test_skip_bad_leaves_out_and_lists(bad_audio, make_audio):
    good = [make_audio("a.wav"), make_audio("b.wav", rate=8000)]
    vectors = extract([good[0], *bad_audio, good[1]], "IS09", skip_bad=True)
    table = vectors.table
    assert table.index.tolist() == good
    assert vectors.about["skipped"] == bad_audio
    assert vectors.about["audio_sha256"] == extract(good, "IS09").about["audio_sha256"]


def test_nothing_usable(bad_audio):
    with pytest.raises(AdanError, match="11 of 11"):
        frame([*bad_audio], "IS09", skip_bad=True)
    with pytest.raises(AdanError, match="at least one file"):
        frame([], "IS09")


def test_openSMILE_missing(monkeypatch, make_audio):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    with pytest.raises(AdanError, match=r"opensmile is not installed: pip install 'adan\[audio\]'"):
        frame([make_audio()], "IS09")


def test_cache_answers_for_the_same_content(make_audio, tmp_path, no_extraction):
    first = frame([make_audio("a.wav")], "IS09")
    copy = shutil.copy(tmp_path / "a.wav", tmp_path / "renamed.wav")
    no_extraction()
    assert np.array_equal(frame([copy], "IS09"), first)
    assert frame([copy], "is09").columns.equals(first.columns)


def test_cache_does_not_answer_for_other_content_sets_or_versions(make_audio, monkeypatch):
    calls = []
    compute = functionals._functionals
    monkeypatch.setattr(
        functionals, "_functionals", lambda *args: calls.append(1) or compute(*args)
    )
    file = make_audio()
    frame([file], "IS09")
    frame([file], "eGeMAPSv02")
    make_audio(rate=8000)
    frame([file], "IS09")
    monkeypatch.setattr(functionals, "opensmile_version", lambda: "9.9")
    frame([file], "IS09")
    assert len(calls) == 4


@pytest.mark.parametrize("damage", [b"", b"\0" * 40])
def test_damaged_cache_is_made_again(make_audio, tmp_path, no_extraction, damage):
    first = frame([make_audio()], "IS09")
    entries = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(entries) == 2
    for entry in entries:
        entry.write_bytes(damage)
    assert frame([make_audio()], "IS09").equals(first)
    no_extraction()
    assert frame([make_audio()], "IS09").equals(first)


def test_works_without_a_cache_that_can_be_written(make_audio, tmp_path):
    (tmp_path / "file").touch()
    assert frame([make_audio()], "IS09", cache=tmp_path / "file" / "cache").shape == (1, 384)


def test_warm_cache_answers_for_emodb(emodb, tmp_path, monkeypatch, no_extraction):
    """All 535 vectors, put there from the bundled table, come back in order."""
    corpus = read_corpus(emodb)
    data = iter(load_emodb().data)
    with monkeypatch.context() as patch:
        patch.setattr(functionals, "_functionals", lambda *_: next(data))
        features_of(corpus, "IS11", n_jobs=1)
    no_extraction()
    assert np.array_equal(features_of(corpus, "IS11").X, load_emodb().data)


def test_features_of_a_corpus(make_corpus):
    corpus = read_corpus(make_corpus())
    corpus.table["arousal"] = [0.1, 0.2, 0.3, 0.4]
    vectors = features_of(corpus, "IS09")
    table = vectors.table
    assert table.columns[:5].tolist() == ["file", "emotion", "speaker", "take", "arousal"]
    assert table.index.equals(corpus.table.index)
    assert len(vectors.features) == 384
    assert table["arousal"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert np.array_equal(table.iloc[:, 5:], frame(corpus.table["file"], "IS09"))


def test_features_of_a_corpus_skip_bad(make_corpus):
    corpus = read_corpus(make_corpus())
    Path(corpus.table["file"].iloc[1]).write_bytes(b"")
    vectors = features_of(corpus, "IS09", skip_bad=True)
    table = vectors.table
    assert table.index.tolist() == corpus.table.index[[0, 2, 3]].tolist()
    assert vectors.about["skipped"] == {corpus.table["file"].iloc[1]: "empty"}


def test_features_of_a_corpus_without_audio():
    table = pd.DataFrame({"emotion": ["joy"], "speaker": ["1"]}, index=["a"])
    with pytest.raises(AdanError, match="x has no audio"):
        features_of(Corpus("x", table), "IS09")


@pytest.mark.usefixtures("audio_extra")
def test_a_cluster_extracts_the_same(make_corpus, tmp_path):
    distributed, dask = pytest.importorskip("distributed"), pytest.importorskip("dask")
    corpus = read_corpus(make_corpus(n_each=3))
    (tmp_path / "audio/01-anger-0.wav").write_bytes(b"")
    options = {"feature_set": "eGeMAPSv02", "skip_bad": True, "progress": False}
    here = features_of(corpus, cache=tmp_path / "here", **options)
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
    ):
        address = cluster.scheduler_address
        there = features_of(corpus, cache=tmp_path / "there", scheduler=address, **options)
    pd.testing.assert_frame_equal(here.table, there.table)
    assert there.about == here.about


def test_a_file_is_hashed_once_for_all_its_segments(make_audio, monkeypatch):
    file, read = make_audio("a.wav"), []

    def counted(path):
        read.append(path)
        return content_of(path)

    monkeypatch.setattr(extraction, "content_of", counted)
    segments = [Segment(file, start, start + 0.1) for start in (0.0, 0.1, 0.2)]
    digests = [extraction._digest(segment) for segment in segments]
    assert len(read) == 1
    expected = hashlib.sha256(content_of(file) + b" 0.1 0.2").hexdigest()
    assert digests[1] == expected
    make_audio("a.wav", np.ones(8000))
    assert extraction._digest(segments[1]) != expected


def test_copies_are_cached_by_all_that_makes_them(make_audio, make_signal, no_extraction):
    file, other = make_audio(), make_audio("other.wav", make_signal(pitch=200))
    made = [Speed((0.9, 1.1)), Noise((10, 10, 20)), Noise((10,), seed=1), Splice((0, 0.5))]
    segments = [Segment(file), Segment(other)]
    copies = [copy for each in made for some in each.copies(segments, "aa") for copy in some]
    vectors = frame([file, other, *copies], "IS09").to_numpy()
    assert len(np.unique(vectors, axis=0)) == len(vectors) == 18
    no_extraction()
    assert np.array_equal(frame([file, other, *copies], "IS09"), vectors)


def test_a_copy_that_cannot_be_used_is_named(make_audio, make_signal):
    short = make_audio("short.wav", make_signal(seconds=0.035))
    [[copy]] = Speed((2,)).copies([Segment(short)], "a")
    assert len(extract([short], "IS09").table) == 1
    with pytest.raises(AdanError, match=r"short.wav \(speed 2\): too short \(18 ms\)"):
        extract([copy], "IS09")
