"""Audio is read, or told in the same words whoever opens it."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from adan.audio.decoding import BLOCK, BadAudio, content_of, decode, header_of, one_channel, read

pytest.importorskip("soundfile")


@pytest.mark.parametrize("kind", ["nothing", "header", "garbage", "folder", "absent"])
def test_everyone_says_the_same(bad_audio, kind):
    [(path, reason)] = [(p, reason) for p, reason in bad_audio.items() if Path(p).stem == kind]
    ways = [header_of, lambda path: decode(content_of(path)), lambda p: one_channel(read(p)[0])]
    for way in ways:
        with pytest.raises(BadAudio) as problem:
            way(path)
        assert str(problem.value) == reason


@pytest.mark.parametrize("rate", [1, 3_999, 384_001, 1_000_000_000])
def test_rates_that_no_microphone_has(make_audio, rate):
    """At some of them openSMILE ends the process."""
    path = make_audio()
    content = bytearray(Path(path).read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    Path(path).write_bytes(content)
    for way in (header_of, read, lambda path: decode(content_of(path))):
        with pytest.raises(BadAudio, match=rf"sampled at {rate} Hz \(4 to 384 kHz are read\)"):
            way(path)


@pytest.mark.parametrize("rate", [4_000, 384_000])
def test_rates_at_the_limits(make_audio, make_signal, rate):
    path = make_audio(samples=make_signal(rate=16000), rate=rate)
    assert header_of(path).rate == read(path)[1] == decode(content_of(path))[1] == rate


@pytest.mark.parametrize(
    ("name", "subtype"),
    [*product(["a.wav", "a.flac", "a.ogg", "a.mp3"], [None]), ("a.au", "G721_32")],
)
def test_a_stretch_of_a_file(make_audio, make_signal, name, subtype):
    path = make_audio(name, make_signal(seconds=2), subtype=subtype)
    header = header_of(path)
    assert header.rate == 16000
    assert header.seconds == pytest.approx(2, abs=0.1)
    whole, stretch = read(path)[0], read(path, 8000, 24000)[0]
    assert whole.shape == (header.n_samples, 1)
    assert stretch.shape == (16000, 1)
    if name != "a.mp3":
        assert np.array_equal(stretch, whole[8000:24000])
    assert len(read(path, header.n_samples - 10, header.n_samples + 10)[0]) == 10


CUT = {
    **dict.fromkeys(["a.wav", "a.aiff", "a.au", "a.flac", "a.ogg", "a.mp3", "a.caf", "a.w64"]),
    **dict.fromkeys(["a.rf64", "a.svx", "a.voc", "a.avr"]),
    **{"b.ogg": "OPUS", "b.caf": "ULAW", "b.wav": "IMA_ADPCM"},
}


@pytest.mark.parametrize("seconds", [1, 9])
@pytest.mark.parametrize("name", CUT)
def test_a_file_that_was_cut_off_is_read_to_there(make_audio, make_signal, name, seconds):
    path = make_audio(name, make_signal(seconds=seconds), subtype=CUT[name])
    whole, content = read(path)[0], Path(path).read_bytes()
    assert not header_of(path).is_cut
    Path(path).write_bytes(content[: int(0.7 * len(content))])
    header, samples = header_of(path), read(path)[0]
    assert header.is_cut
    assert header.n_samples == len(samples)
    assert 0.2 * len(whole) < len(samples) < 0.95 * len(whole)
    if CUT[name] != "OPUS":  # which is sought differently without an end
        n = len(samples) - 2000  # the last ones of a lossy file had a successor
        np.testing.assert_allclose(samples[:n], whole[:n], atol=1e-4)


CLAIMS = {
    "a.wav": (b"data", 4, "little", (0, 2**31 - 1, 2**32 - 1)),
    "a.aiff": (b"SSND", 4, "big", (0, 8)),
    "a.au": (b".snd\0\0\0\x18", 4, "big", (0, 2**32 - 1)),
    "a.caf": (b"data", 8, "big", (0, 4, 2**64 - 1)),
    "a.w64": (b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a", 8, "little", (0, 24)),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_recording_from_a_pipe_claims_another_number_of_samples(make_audio, name):
    path = Path(make_audio(name))
    content, (before, width, order, sizes) = path.read_bytes(), CLAIMS[name]
    at = content.index(before) + len(before)
    for claimed in sizes:
        path.write_bytes(content[:at] + claimed.to_bytes(width, order) + content[at + width :])
        assert (header_of(path).n_samples, header_of(path).is_cut) == (8000, False)
        assert np.array_equal(read(path)[0], read(content)[0])


def test_a_flac_file_from_a_pipe_claims_nothing(make_audio, make_signal):
    path = Path(make_audio("a.flac", make_signal(seconds=2)))
    content = path.read_bytes()
    path.write_bytes(content[:21] + bytes([content[21] & 240, 0, 0, 0, 0]) + content[26:])
    header = header_of(path)
    assert not header.is_cut
    assert 32000 - BLOCK < header.n_samples == len(read(path)[0])
    assert np.array_equal(read(path, 9000, 20000)[0], read(content, 9000, 20000)[0])


@pytest.mark.parametrize("name", ["a.mp3", "a.wav"])
def test_what_a_library_says_of_a_damaged_mp3_is_not_seen(make_audio, make_signal, capfd, name):
    path = Path(make_audio("a.mp3", make_signal(seconds=2)))
    content = bytearray(path.read_bytes())
    content[2000::100] = bytes(len(content[2000::100]))
    path.with_name(name).write_bytes(content)
    for way in (header_of, read, lambda path: decode(content_of(path))):
        way(path.with_name(name))
    os.write(2, b"what others say")
    assert capfd.readouterr().err == "what others say"


def test_a_name_that_stands_for_bare_samples(make_audio):
    path = Path(make_audio())
    path = path.rename(path.with_suffix(".raw"))
    with pytest.raises(BadAudio, match="of no known audio format"):
        header_of(path)


def test_a_number_of_samples_that_no_file_holds(make_audio):
    path = Path(make_audio("a.flac"))
    content = bytearray(path.read_bytes())
    content[21] |= 15  # the top of 36 bits
    path.write_bytes(content)
    for way in (header_of, read):
        with pytest.raises(BadAudio, match=r"corrupt \(\d+ samples in \d+ bytes\)"):
            way(path)


@pytest.mark.parametrize("kind", ["caf", "aiff"])
@pytest.mark.parametrize("rate", [np.nan, np.inf, -np.inf, 0.0, -16000.0, 1e300, 1e-300])
def test_rates_that_are_no_rate(make_audio, kind, rate):
    path = Path(make_audio(f"a.{kind}"))
    content = bytearray(path.read_bytes())
    if kind == "caf":
        at = content.index(b"desc") + 12
        content[at : at + 8] = np.array(rate, ">f8").tobytes()
    else:  # an extended float: sign and exponent, then the fraction
        at = content.index(b"COMM") + 16
        fraction, exponent = np.frexp(abs(rate)) if np.isfinite(rate) else (1, 16384)
        top = 16382 + int(exponent) if rate else 0
        content[at : at + 2] = (top + 32768 * (rate < 0)).to_bytes(2, "big")
        content[at + 2 : at + 10] = int(fraction * 2**64 * 0.999).to_bytes(8, "big")
    path.write_bytes(content)
    for way in (header_of, read):
        with pytest.raises(BadAudio):
            way(path)


def test_a_name_that_is_not_unicode(make_audio, tmp_path):
    name = str(tmp_path / "caf\udce9.wav")
    try:
        Path(make_audio()).rename(name)
    except OSError:
        pytest.skip("this file system has unicode names only")
    assert read(name)[0].shape == (8000, 1)


def test_needs_no_soundfile_until_a_file_is_opened():
    code = "import sys; sys.modules.update(soundfile=None); import adan.audio.decoding"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_no_file_can_have():
    with pytest.raises(BadAudio, match="missing"):
        header_of("a\0.wav")
