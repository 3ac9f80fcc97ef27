"""Recordings at other sampling rates than the training audio's are brought to it."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from adan import EmotionRecognizer, extract
from adan.audio.decoding import commonest_rate, resampled
from adan.recognition.recordings import listen

pytestmark = pytest.mark.usefixtures("audio_extra")


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_a_tone_stays_what_it_is(rate):
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    brought = resampled(tone, rate, 16000)
    assert len(brought) == 16000
    expected = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(brought[500:-500], expected[500:-500], atol=0.01)


def test_a_corpus_of_mixed_rates_is_brought_to_the_commonest(make_audio, make_signal):
    files = [make_audio(f"{i}.wav", make_signal(rate=16000)) for i in range(3)]
    files.append(make_audio("fast.wav", make_signal(rate=48000), rate=48000))
    with pytest.warns(match="3 are at 16,000 Hz, and 1 at 48,000 Hz are resampled to that"):
        assert commonest_rate([*files, "missing.wav"]) == 16000
    vectors = extract(files, "eGeMAPSv02")
    assert vectors.about["rate"] == 16000
    alone = extract(files[3:], "eGeMAPSv02")
    assert alone.about["rate"] == 48000
    plain, brought = vectors.table.iloc[0], vectors.table.iloc[3]
    native = alone.table.iloc[0]
    assert np.linalg.norm(brought - plain) < np.linalg.norm(native - plain)


@pytest.fixture
def trained(make_audio, make_signal):
    files = [make_audio(f"{p}.wav", make_signal(pitch=p)) for p in (90, 100, 200, 220)]
    return EmotionRecognizer("eGeMAPSv02").fit(files, ["low", "low", "high", "high"])


def test_a_recording_at_another_rate_is_heard_alike(trained, make_audio, make_signal):
    assert trained.card_["rate"] == 16000
    signal = make_signal(pitch=150)
    plain = make_audio("plain.wav", signal)
    fast = make_audio("fast.wav", resample_poly(signal, 3, 1), rate=48000)
    (one, other) = (listen(trained.model_, [file])[1][0] for file in (plain, fast))
    at_its_own_rate = extract([fast], "eGeMAPSv02").table.to_numpy()[0]
    scale = np.abs(one) + 1
    assert np.median(np.abs(other - one) / scale) < 0.01
    assert np.median(np.abs(other - one)) < np.median(np.abs(at_its_own_rate - one))


def test_a_narrower_recording_is_warned_of(trained, make_audio, make_signal):
    slow = make_audio("slow.wav", make_signal(rate=8000), rate=8000)
    with pytest.warns(
        UserWarning, match=r"1 of 1 recordings are sampled at a lower rate .* 16000 Hz \(.*8000"
    ):
        listen(trained.model_, [slow])


def test_emodb_at_microphones_rates_keeps_its_labels(emodb, tmp_path):
    """The example of the report: 67 files at 44.1 and 48 kHz kept 88 to 90 % of their labels."""
    from adan.corpora.emodb import load_emodb

    data = load_emodb()
    model = EmotionRecognizer(classifier="svm").fit(data.data, data.target).model_
    model = replace(model, card={**model.card, "rate": 16000})
    names = data.utterances[::24]
    originals = [str(emodb / "wav" / f"{name}.wav") for name in names]
    before = model.probabilities(listen(model, originals)[1]).argmax(axis=1)
    for rate, (up, down) in {22050: (441, 320), 48000: (3, 1)}.items():
        files = []
        for file in originals:
            signal, _ = soundfile.read(file)
            files.append(str(tmp_path / f"{rate}-{len(files)}.wav"))
            soundfile.write(files[-1], resample_poly(signal, up, down), rate)
        after = model.probabilities(listen(model, files)[1]).argmax(axis=1)
        assert (after == before).mean() > 0.95
