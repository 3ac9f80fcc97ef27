"""What the page says of a recording; in headless Chromium, that it says it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adan import AdanError, EmotionRecognizer
from adan.classifiers.discriminant import ShrunkDiscriminant
from adan.corpora.emodb import load_emodb
from adan.recognition import demo
from adan.recognition.explanation import descriptor, speaking_for
from adan.recognition.recordings import warm_up

pytestmark = pytest.mark.usefixtures("audio_extra")


@pytest.fixture(scope="module")
def model():
    """IS11 and real vectors alone, which is quick; the synthetic ones are drawn from SMOTE."""
    emodb = load_emodb(as_frame=True)
    recognizer = EmotionRecognizer(synthesizer="smote", classifier="svm", times=1)
    return recognizer.fit(emodb.data, emodb.target).model_


def test_answer(model, emodb):
    warm_up(model)
    started = time.process_time()
    (probabilities, plane, features, note), _ = demo.answer(
        model, str(emodb / "wav" / "03a01Wa.wav")
    )
    assert time.process_time() - started < 1
    assert max(probabilities, key=probabilities.get) == "anger"
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert plane.count("<circle") == 2 * 535 + 2 + 10
    assert "What speaks for anger" in features
    assert "pitch: F0final" in features
    assert note == ""


def test_a_voice_is_learnt_recording_by_recording(emodb):
    """Speaker 03 is new to the model; four recordings on, it says so, and what that changes."""
    data = load_emodb(as_frame=True)
    known = data.groups.isin(["08", "09", "10", "11"]).to_numpy()
    recognizer = EmotionRecognizer(classifier=ShrunkDiscriminant(0.5))
    model = recognizer.fit(data.data[known], data.target[known], data.groups[known]).model_
    heard = np.empty((0, model.n_features), np.float32)
    notes = []
    for name in ("03a01Wa", "03a01Nc", "03a02Fc", "03a02Ta"):
        (probabilities, _, _, note), heard = demo.answer(
            model, str(emodb / "wav" / f"{name}.wav"), heard
        )
        notes.append(note)
    assert notes[0].startswith("I am learning your voice: 1 of 3 recordings.")
    assert notes[3].startswith("I know your voice now, from 4 recordings.")
    expected = model.enrolled(heard).probabilities(heard[3:])[0]
    np.testing.assert_allclose([*probabilities.values()], expected, rtol=1e-6)


def test_a_recording_that_cannot_be_used_is_told(model, make_audio):
    with pytest.raises(AdanError, match="cannot be used: silent"):
        demo.answer(model, make_audio("silent.wav", np.zeros(8000)))


def test_what_limits_trust_in_a_recording_is_told(model, make_audio, make_signal):
    (*_, note), _ = demo.answer(
        replace(model, card={**model.card, "rate": 16000}),
        make_audio("n.wav", make_signal(rate=8000), rate=8000),
    )
    assert "16000 Hz (this one at 8000 Hz): trust them less" in note
    whole = Path(make_audio("whole.wav"))
    whole.write_bytes(whole.read_bytes()[:-6000])
    (*_, note), _ = demo.answer(model, str(whole))
    assert "1 of 1 recordings are cut off (this one after 0.31 s): what is there is used." in note


def test_a_long_recording_gets_the_mean_of_its_windows(model, make_audio, make_signal):
    told, heard = demo.answer(model, make_audio("a.wav", make_signal(seconds=16)))
    probabilities, plane, _, note = told
    assert heard.shape == (4, model.n_features)
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert "4 windows" in note
    assert plane.count("stroke-width='2.5'") == 4


def test_the_map_speaks_of_synthetic_vectors_only_where_there_are_any(
    model, make_recognizer, make_speakers
):
    assert ">synthetic<" in demo.plane(model)
    X, y, _ = make_speakers()
    assert ">synthetic<" not in demo.plane(make_recognizer(times=0).fit(X, y).model_)


@pytest.mark.parametrize("classifier", ["dnn", "svm"])
def test_contributions_are_the_slope_times_the_value(make_recognizer, make_speakers, classifier):
    """Along a small step the score moves as the contributions say."""
    X, y, _ = make_speakers()
    settings = {} if classifier == "dnn" else {"classifier": "svm"}
    model = make_recognizer(**settings).fit(X, y).model_
    x, z = X[0], model.scaling(X[:1])[0].astype(np.float64)

    def score(z):
        if classifier == "dnn":
            logits = model.classifier.scores(z[None])[0]
            return logits[1] - logits.mean()
        kernel = np.exp(-np.square(z - model.classifier.vectors).sum(1) * model.classifier.gamma)
        return (kernel @ model.classifier.coefficients @ model.classifier.signs)[1]

    step = 1e-4
    expected = (score(z * (1 + step)) - score(z * (1 - step))) / (2 * step)
    assert model.contributions(x, 1).sum() == pytest.approx(expected, rel=1e-2, abs=1e-3)
    shares = speaking_for(model, x, 1)
    assert shares.sum() == pytest.approx(expected, rel=1e-2, abs=1e-3)
    assert shares.abs().is_monotonic_decreasing


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("F0final_sma_de_iqr1-2", "pitch: F0final"),
        ("pcm_fftMag_mfcc_sma[3]_quartile1", "timbre: mfcc"),
        ("audSpec_Rfilt_sma_de[5]_centroid", "auditory bands: audSpec_Rfilt"),
        ("pcm_fftMag_fband25-650_sma_range", "spectrum: fband25-650"),
        ("loudnessPeaksPerSec", "loudness: loudnessPeaksPerSec"),
        ("my_own_feature", "my_own_feature"),
    ],
)
def test_descriptors(feature, expected):
    assert descriptor(feature) == expected


def test_emotions_lie_apart_on_the_map(model):
    """New speakers' vectors too: anger is nearer to anger than to sadness."""
    emodb = load_emodb()
    known = emodb.groups != "03"
    recognizer = EmotionRecognizer(classifier="svm", times=0)
    plane = recognizer.fit(emodb.data[known], emodb.target[known]).model_
    points = plane.map(plane.scaling(emodb.data))
    centres = pd.DataFrame(points[known]).groupby(emodb.target[known]).mean()
    for emotion, other in (("anger", "sadness"), ("sadness", "anger")):
        own = points[~known & (emodb.target == emotion)]
        distances = [
            np.linalg.norm(own - centres.loc[e].to_numpy(), axis=1) for e in (emotion, other)
        ]
        assert (distances[0] < distances[1]).mean() > 0.8


@pytest.fixture
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_the_first_answer_waits_for_no_import_and_a_bad_recording_leaves_no_trace(
    make_bundle, make_audio
):
    pytest.importorskip("gradio")
    silent = make_audio("silent.wav", np.zeros(8000))
    program = f"""
import os
import sys
from adan.recognition import bundle, demo
from gradio_client import Client, handle_file
blocks = demo.serve(bundle.load({make_bundle()!r}), browser=False)
client, before = Client(blocks.local_url, verbose=False), set(sys.modules)
client.predict(handle_file({make_audio()!r}), False, api_name="/recognise")
print(sorted(name for name in set(sys.modules) - before if name.startswith("matplotlib")))
try:
    client.predict(handle_file({silent!r}), False, api_name="/recognise")
except Exception as error:
    print(error)
kept = [f for _, _, files in os.walk(os.environ["GRADIO_TEMP_DIR"]) for f in files]
print([name for name in kept if name.endswith(".wav")])
blocks.close()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    *_, imported, told, kept, _ = done.stdout.splitlines()
    assert (imported, told, kept) == ("[]", "The recording cannot be used: silent.", "[]")
    assert "Traceback" not in done.stderr


@pytest.fixture
def make_page(make_bundle):
    """Start ``adan demo``; its process, and a client of its address."""
    pytest.importorskip("gradio")
    httpx = pytest.importorskip("httpx")
    command = [sys.executable, "-m", "adan", "demo", make_bundle()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        url = process.stdout.readline().decode().split()[0]
        with httpx.Client(base_url=url) as client:
            yield process, client
        process.kill()


def test_the_page_answers_itself_alone_and_leaves_nothing(make_page, make_audio):
    """Whatever it is asked and however it is ended, no traceback is told and no recording kept."""
    process, client = make_page
    own, upload = f"{client.base_url.host}:{client.base_url.port}", "/gradio_api/upload"
    strange = ["http://evil.example", "null", "http://127.0.0.1:1", f"https://{own}"]
    recording = {"files": Path(make_audio()).read_bytes()}
    for host, origin in [
        ("evil.example", None),
        ("evil.example", "http://evil.example"),
        (f"{own}.evil.example", None),
        *((own, origin) for origin in strange),
    ]:
        headers = {"Host": host} | ({"Origin": origin} if origin else {})
        asking = {**headers, "Access-Control-Request-Method": "POST"}
        for answer in (
            client.get("/config", headers=headers),
            client.post(upload, files=recording, headers=headers),
            client.options(upload, headers=asking),
        ):
            assert answer.status_code == 400
            assert not any(name.startswith("access-control") for name in answer.headers)
    for origin in ({}, {"Origin": f"http://{own}"}):
        assert client.get("/config", headers=origin).status_code == 200
        (kept,) = client.post(upload, files=recording, headers=origin).json()
    assert Path(kept).exists()
    assert client.post("/gradio_api/run/recognise", json={"data": [1]}).status_code == 500
    assert client.get("/gradio_api/file=/etc/passwd").status_code == 403
    with socket.create_connection((client.base_url.host, client.base_url.port)) as half:
        form = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 999\r\n\r\n--x\r\n"
        half.sendall(f"POST {upload} HTTP/1.1\r\nHost: {own}\r\n{form}".encode())
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (143, b"")
    assert not Path(kept).exists()


def test_a_recording_of_many_minutes_is_refused_unheard(model, make_audio, monkeypatch):
    monkeypatch.setattr(demo, "listen", lambda *_: pytest.fail("was heard"))
    with pytest.raises(AdanError, match="longer than 10 minutes"):
        demo.answer(model, make_audio("long.flac", np.zeros(601 * 4000), rate=4000))


@pytest.mark.parametrize("port", [70_000, 1])
def test_a_port_that_cannot_be_is_told(model, port):
    pytest.importorskip("gradio")
    if port == 1 and os.geteuid() == 0:
        pytest.skip("root may use any port")
    with pytest.raises(AdanError, match=f"port {port} cannot be used: choose another with --port"):
        demo.serve(model, browser=False, port=port)


def test_the_page_answers_and_asks_nothing_of_the_outside(model, emodb, browser):
    pytest.importorskip("gradio")
    blocks = demo.serve(model, browser=False)
    try:
        assert "127.0.0.1" in blocks.local_url
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(blocks.local_url)
        page.get_by_text("Where it falls among").wait_for()
        page.locator("input[type=file]").set_input_files(emodb / "wav" / "03a01Wa.wav")
        page.get_by_text("What speaks for anger").wait_for(timeout=60_000)
        assert page.get_by_test_id("label-output-value").inner_text() == "anger"
        assert all(url.startswith((blocks.local_url, "data:", "blob:")) for url in asked)
    finally:
        blocks.close()
