import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from adan import ADAN
from adan.cli import main
from adan.corpora.emodb import load_emodb
from adan.corpora.table_files import write_table

torch.set_num_threads(1)  # the networks of the tests are too small to share among cores

EMODB = Path(__file__).parents[2] / "shared" / "emodb"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """No test sees the user's cache, or that of another test."""
    monkeypatch.setenv("ADAN_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def emodb() -> Path:
    """The folder of the real corpus."""
    folder = Path(os.environ.get("ADAN_EMODB", EMODB))
    if not folder.is_dir():
        pytest.skip(f"needs EmoDB's audio at {folder} (or where ADAN_EMODB says)")
    return folder


@pytest.fixture(scope="session")
def audio_extra() -> None:
    """What ``adan[audio]`` installs."""
    for package in ("opensmile", "platformdirs", "soundfile"):
        pytest.importorskip(package)


@pytest.fixture
def make_signal() -> Callable[..., np.ndarray]:
    """A buzz with a wandering pitch, which has values for every feature."""

    def make(seconds: float = 0.5, rate: int = 16000, pitch: float = 150) -> np.ndarray:
        time = np.arange(int(seconds * rate)) / rate
        phase = 2 * np.pi * pitch * (time + 0.01 * np.sin(6 * np.pi * time))
        buzz = sum(np.sin(k * phase) / k for k in range(1, 9))
        noise = np.random.default_rng(0).normal(size=time.size)
        return 0.2 * buzz * (1 + 0.5 * np.sin(8 * np.pi * time)) + 0.01 * noise

    return make


@pytest.fixture
def make_audio(tmp_path, make_signal) -> Callable[..., str]:
    """Write samples (by default those of `make_signal`) to a file of the name's format."""
    soundfile = pytest.importorskip("soundfile")

    def make(name: str = "a.wav", samples=None, rate: int = 16000, subtype=None) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = make_signal(rate=rate) if samples is None else np.asarray(samples)
        soundfile.write(path, samples, rate, subtype=subtype)
        return str(path)

    return make


@pytest.fixture
def bad_audio(tmp_path, make_audio, make_signal) -> dict[str, str]:
    """Files that cannot be used, named after what is wrong with them, and what is said of each."""
    (tmp_path / "nothing.wav").touch()
    (tmp_path / "garbage.wav").write_bytes(b"no audio at all" * 99)
    (tmp_path / "folder.wav").mkdir()
    make_audio("header.wav", np.zeros(0))
    make_audio("silence.wav", np.zeros(8000))
    make_audio("offset.wav", np.full(8000, 0.25))
    make_audio("whisper.wav", 1e-6 * make_signal(), subtype="FLOAT")
    make_audio("opposite.wav", np.stack([make_signal(), -make_signal()], 1))
    make_audio("nan.wav", np.full(8000, np.nan), subtype="FLOAT")
    make_audio("click.wav", make_signal(seconds=0.01))
    reasons = {
        "nothing": "empty",
        "header": "empty",
        "silence": "silent",
        "offset": "silent",
        "whisper": "silent",
        "opposite": "silent",
        "garbage": "of no known audio format, or corrupt",
        "nan": "corrupt (samples that are not finite)",
        "click": "too short (10 ms)",
        "folder": "cannot be read (Is a directory)",
        "absent": "missing",
    }
    return {str(tmp_path / f"{kind}.wav"): reason for kind, reason in reasons.items()}


@pytest.fixture
def make_corpus(tmp_path, make_audio, make_signal) -> Callable[..., Path]:
    """A table of generated utterances, their audio beside it in ``audio/``: for `read_corpus`."""

    def make(emotions=("anger", "sadness"), speakers=("01", "02"), n_each: int = 1) -> Path:
        rows = [(e, s, i) for e in emotions for s in speakers for i in range(n_each)]
        for row, (emotion, speaker, i) in enumerate(rows):
            pitch = 100 + 40 * emotions.index(emotion) + 3 * row
            make_audio(f"audio/{speaker}-{emotion}-{i}.wav", make_signal(pitch=pitch))
        table = pd.DataFrame(rows, columns=["emotion", "speaker", "take"])
        table.insert(0, "file", [f"audio/{s}-{e}-{i}.wav" for e, s, i in rows])
        table.to_csv(tmp_path / "corpus.csv", index=False)
        return tmp_path / "corpus.csv"

    return make


@pytest.fixture
def make_emodb_folder(tmp_path) -> Callable[..., Path]:
    """A folder with the names of EmoDB's files and no audio in them."""

    def make(folder: str = "emodb/wav") -> Path:
        (tmp_path / folder).mkdir(parents=True)
        for utterance in load_emodb().utterances:
            (tmp_path / folder / f"{utterance}.wav").touch()
        return tmp_path / folder

    return make


@pytest.fixture
def make_iemocap(tmp_path, make_audio, make_signal) -> Callable[..., Path]:
    """A miniature release of IEMOCAP, in its layout and with audio in it.

    Each speaker of each session has ``n_each`` turns of each label, improvised and scripted.
    """

    def turns(session: int, dialogue: str, labels, n_each: int):
        for sex in "FM":
            for number, label in enumerate(labels * n_each):
                name = f"XX{number}" if label == "oth" else f"{number:03}"
                pitch = 90 + 60 * labels.index(label) + 10 * session + 3 * number
                yield f"{dialogue}_{sex}{name}", label, pitch

    def make(labels=("ang", "hap", "neu", "sad", "exc", "oth"), n_each: int = 1) -> Path:
        release = tmp_path / "corpora" / "IEMOCAP_full_release"
        for session in range(1, 6):
            root = release / f"Session{session}"
            evaluation = root / "dialog" / "EmoEvaluation"
            for folder in ("Categorical", "Self-evaluation"):
                (evaluation / folder).mkdir(parents=True)
                (evaluation / folder / "Ses01F_impro01_e2_cat.txt").write_text("[not turns]")
            for dialogue in (f"Ses0{session}F_impro01", f"Ses0{session}M_script01_1b"):
                text = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
                for name, label, pitch in turns(session, dialogue, labels, n_each):
                    text += f"[6.2901 - 8.2357]\t{name}\t{label}\t[2.5000, 2.5000, 2.5000]\n"
                    text += "C-E2:\tNeutral;\t()\nA-E3:\tval 3; act 2; dom  2;\t(calm)\n\n"
                    wav = root / "sentences" / "wav" / dialogue / f"{name}.wav"
                    make_audio(str(wav.relative_to(tmp_path)), make_signal(0.3, pitch=pitch))
                (evaluation / f"{dialogue}.txt").write_text(text)
                (evaluation / f"._{dialogue}.txt").write_bytes(b"\0\5\x16\7Mac OS X")
        return release

    return make


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Normal rows around one centre a class, and their string labels, in turn."""

    def make(
        n: int = 60, d: int = 10, classes=("anger", "fear", "sadness"), seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        codes = np.arange(n) % len(classes)
        centres = 2.5 * rng.normal(size=(len(classes), d))
        return centres[codes] + rng.normal(size=(n, d)), np.array(classes)[codes]

    return make


@pytest.fixture
def make_adan() -> Callable[..., ADAN]:
    """A small ADAN, seeded."""

    def make(**parameters) -> ADAN:
        small = {"autoencoder_hidden": (20, 20), "hidden": (10, 10), "latent_dim": 5}
        return ADAN(**{**small, "epochs": 3, "random_state": 0, **parameters})

    return make


SMALL_STUDY = """
corpora = ["{corpus}"]
seeds = {seeds}

[methods]
"real only" = {{ synthesizer = "none" }}
smote = {{ synthesizer = "smote", times = 2 }}
adan = {{ synthesizer = "adan", times = 2, parameters = {{ {network} }} }}
"synthetic only" = {{ synthesizer = "adan", real = false, times = 2, parameters = {{ {network} }} }}
{more}

[classifiers]
svm = {{ kind = "svm" }}
dnn = {{ kind = "dnn", parameters = {{ steps = 20 }} }}
"""
SMALL_NETWORK = "autoencoder_hidden = [20], hidden = [10], latent_dim = 5, epochs = 3"


@pytest.fixture
def make_study_file(tmp_path, make_rows) -> Callable[..., Path]:
    """A study of four methods on generated vectors of three speakers, as a TOML file."""

    def make(seeds: int = 2, more: str = "") -> Path:
        X, y = make_rows(n=60, d=20)
        table = pd.DataFrame(X, columns=[f"f{i}" for i in range(20)])
        table.insert(0, "emotion", y)
        table.insert(1, "speaker", np.repeat(["03", "08", "09"], 20))
        write_table(table.set_axis(table.index.astype(str)), tmp_path / "rows.parquet")
        path = tmp_path / "study.toml"
        corpus = tmp_path / "rows.parquet"
        text = SMALL_STUDY.format(corpus=corpus, seeds=seeds, network=SMALL_NETWORK, more=more)
        path.write_text(text)
        return path

    return make


SMALL_TABLE1 = f"""
corpora = ["emodb"]
[methods]
"real only" = {{ synthesizer = "none" }}
[methods.adan]
synthesizer = "adan"
times = 1
parameters = {{ {SMALL_NETWORK} }}
classifiers = ["svm", "dnn"]
[classifiers]
svm = {{ kind = "svm" }}
dnn = {{ kind = "dnn", parameters = {{ steps = 20 }} }}
"linear svm" = {{ kind = "linear svm" }}
"""


@pytest.fixture(scope="session")
def small_table1(tmp_path_factory) -> Callable[[pytest.MonkeyPatch], None]:
    """Make Table I two methods with small networks, on a piece of EmoDB's bundled features.

    Three speakers, four emotions and 60 features are left.
    """
    from adan.corpora.emodb import bundled
    from adan.corpora.traits import traits
    from adan.experiments.sources import Source
    from adan.experiments.study import Data
    from adan.reproduction import run, specifications

    emodb = load_emodb()
    emotions = ["anger", "boredom", "happiness", "neutral"]
    rows = np.isin(emodb.groups, ["03", "08", "09"]) & np.isin(emodb.target, emotions)
    X, y, speakers = emodb.data[rows, :60], emodb.target[rows], emodb.groups[rows]
    data = Data(X, y, speakers, emodb.utterances[rows], speakers, np.ones(rows.sum(), bool))
    source = Source("EmoDB", "IS11", data, traits=traits(bundled()))
    studies = tmp_path_factory.mktemp("studies")
    (studies / "table1.toml").write_text(SMALL_TABLE1)

    def small(**_) -> ADAN:
        return ADAN(autoencoder_hidden=(20,), hidden=(10,), latent_dim=5, epochs=3, random_state=0)

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "load", lambda *_, **__: [source])
        monkeypatch.setattr(run, "adan", small)
        monkeypatch.setattr(specifications, "adan", small)
        monkeypatch.setattr(specifications, "STUDIES", studies)

    return patch


@pytest.fixture(scope="session")
def finished_run(small_table1, tmp_path_factory) -> Path:
    """The folder of ``adan reproduce table1 --seeds 2`` on `small_table1`: to be read only."""
    folder = tmp_path_factory.mktemp("runs") / "table1"
    with pytest.MonkeyPatch.context() as monkeypatch:
        small_table1(monkeypatch)
        assert main(["reproduce", "table1", "--seeds", "2", "-o", str(folder)]) == 0
    return folder
