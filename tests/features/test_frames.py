import numpy as np
import pytest

from adan.audio import spectra
from adan.audio.decoding import decode, resampled
from adan.corpora import read_corpus
from adan.errors import AdanError
from adan.features import extract_frames, features_of, frames
from adan.features.frames import FrameSet

opensmile = pytest.importorskip("opensmile")
pytest.importorskip("platformdirs")


@pytest.mark.parametrize("rate", [16_000, 8_000])
def test_log_mels_are_kaldis(make_signal, rate):
    knf = pytest.importorskip("kaldi_native_fbank")
    signal = make_signal(rate=rate)
    options = knf.FbankOptions()
    options.frame_opts.samp_freq = rate
    options.frame_opts.dither = options.frame_opts.preemph_coeff = 0
    options.frame_opts.window_type = "hamming"
    options.frame_opts.remove_dc_offset = False
    options.mel_opts.num_bins = 40
    options.mel_opts.high_freq = rate / 2
    fbank = knf.OnlineFbank(options)
    fbank.accept_waveform(rate, ((signal - signal.mean()) / signal.std()).tolist())
    fbank.input_finished()
    expected = np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])
    assert np.abs(spectra.log_mels(signal, rate) - expected).max() < 1e-2


def test_loudness_makes_no_difference_to_log_mels(make_signal):
    signal = make_signal()
    assert np.allclose(
        spectra.log_mels(signal, 16_000), spectra.log_mels(0.1 * signal, 16_000), atol=1e-3
    )


def test_a_tone_stands_in_its_bin_of_the_spectrogram():
    time = np.arange(8_000) / 16_000
    frames_ = spectra.spectrogram(np.sin(2 * np.pi * 1000 * time), 16_000)
    assert frames_.shape == (47, 161)
    assert (frames_.argmax(axis=1) == 40).all()  # bins are 25 Hz apart


def test_sound_of_log_mels_has_these_log_mels(make_signal):
    wanted = spectra.log_mels(make_signal(), 16_000)
    sound = spectra.sound_of(wanted, 16_000)
    assert np.abs(sound).max() == pytest.approx(0.5)
    got = spectra.log_mels(sound, 16_000)
    assert got.shape == wanted.shape
    assert np.corrcoef(got.ravel(), wanted.ravel())[0, 1] > 0.95
    assert np.array_equal(sound, spectra.sound_of(wanted, 16_000))


def test_a_few_frames_at_a_time_are_the_same_as_all(make_signal, monkeypatch):
    whole = [spectra.log_mels(make_signal(), 16_000), spectra.spectrogram(make_signal(), 16_000)]
    monkeypatch.setattr(spectra, "BLOCK", 7)
    blocks = [spectra.log_mels(make_signal(), 16_000), spectra.spectrogram(make_signal(), 16_000)]
    for one, other in zip(whole, blocks, strict=True):
        assert np.allclose(one, other, atol=1e-4)


def test_deltas_of_a_line_are_its_slope():
    line = 3 * np.arange(9, dtype=np.float32)[:, None]
    assert np.allclose(spectra.deltas(line)[2:-2], 3)
    assert (spectra.deltas(np.ones((1, 2), np.float32)) == 0).all()


def test_descriptors_and_deltas_are_opensmiles(make_audio):
    file = make_audio()
    signal, rate = decode(file)
    feature_set = opensmile.FeatureSet.IS09
    expected = [
        opensmile.Smile(feature_set, level)(signal[None], rate)[0].T for level in ("lld", "lld_de")
    ]
    got = extract_frames([file], "IS09-lld+d")
    assert got.features[16:] == tuple(f"{name}_de" for name in got.features[:16])
    assert np.array_equal(got.sequences.values[:, :16], expected[0])
    n = len(expected[0])
    slopes = got.sequences.values[3 : n - 3, 16:]
    closest = min(np.abs(slopes - expected[1][i + 3 : i + n - 3]).max() for i in range(3))
    assert closest < 1e-3


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        ("LOGMEL40", 40),
        ("logmel64+dd", 192),
        ("mfcc13+d", 26),
        ("mfcc40", 40),
        ("spectrogram", 161),
        ("is09-LLD+d", 32),
        ("eGeMAPSv02-lld", 25),
        ("ComParE_2016-lld", 65),
    ],
)
def test_every_kind(make_audio, name, dimension):
    got = extract_frames([make_audio()], name)
    assert got.sequences.shape == (1, dimension)
    assert len(set(got.features)) == dimension
    assert got.about["feature_set"].lower() == name.lower()


@pytest.mark.parametrize("name", ["logmel", "logmel999", "IS09", "IS99-lld", "logmel40+x", "+d"])
def test_what_is_no_set_is_refused(name):
    with pytest.raises(AdanError, match=r"is no(t a feature| set)"):
        FrameSet.named(name)


def test_they_come_from_the_cache(make_audio, monkeypatch):
    files = [make_audio()]
    first = extract_frames(files, "IS09-lld").sequences
    monkeypatch.setattr(frames, "_frames", lambda *_: pytest.fail("not cached"))
    assert np.array_equal(extract_frames(files, "IS09-lld").sequences.values, first.values)


@pytest.mark.parametrize("name", ["logmel40", "spectrogram", "IS09-lld"])
def test_bad_audio_has_its_reason(bad_audio, make_audio, name):
    got = extract_frames([*bad_audio, make_audio("good.wav")], name, skip_bad=True)
    assert got.about["skipped"] == bad_audio
    assert len(got.sequences) == 1


def test_rates_are_brought_to_one(make_audio, make_signal):
    files = [make_audio(f"{i}.wav") for i in range(2)]
    longer = resampled(make_signal().astype(np.float32), 16_000, 48_000)
    files.append(make_audio("other.wav", longer, rate=48_000))
    got = extract_frames(files, "logmel40")
    assert got.about["rate"] == 16_000
    assert len(set(got.sequences.lengths.tolist())) == 1
    first, _, other = got.sequences
    assert np.abs(first - other).mean() < 0.1


def test_a_corpus_has_sequences_for_features(make_corpus):
    corpus = features_of(read_corpus(make_corpus()), "logmel40+dd")
    assert corpus.X is corpus.sequences
    assert corpus.sequences.shape == (4, 120)
    assert corpus.feature_set == "logmel40+dd"
    assert features_of(corpus, "IS09").X.shape == (4, 384)
