"""Studies of perturbed copies: which rows they are, what they are trained with, and whence."""

import json

import numpy as np
import pandas as pd
import pytest

from adan import AdanError
from adan.audio.perturbation import Loudness, Speed
from adan.cli import main
from adan.experiments.sources import digest, digest_of_copies, load
from adan.experiments.specification import checked
from adan.experiments.store import Store, cells_of
from adan.experiments.study import Data, Folds
from adan.folds import Method

HOW = ["fold", "corpus", "speaker", "enrolment 2"]
SMALL = {
    "features": ["eGeMAPSv02"],
    "seeds": 1,
    "methods": {
        "real only": {"synthesizer": "none"},
        "speed": {"perturbation": "speed"},
        "louder": {"perturbation": "loudness", "parameters": {"strengths": [6]}},
    },
    "classifiers": {"svm": {"kind": "svm"}},
}


@pytest.fixture
def data(make_rows):
    X, y = make_rows(n=60, d=8)
    speakers = np.repeat(["03", "08", "09"], [12, 20, 28])
    names, copies = np.arange(60).astype(str), {Speed(): [X, X + 3], Loudness(): [2 * X]}
    return Data(X, y, speakers, names, speakers, np.ones(60, bool), copies=copies)


@pytest.mark.parametrize("how", HOW)
def test_copies_are_those_of_the_training_rows_normalised_like_them(data, how):
    for fold in next(Folds(data, how).some(0)):
        same, further = fold.copies[Speed()]
        np.testing.assert_array_equal(same, fold.X)
        shift = further - fold.X
        assert (shift > 0.1).all()
        if how != "speaker":
            np.testing.assert_allclose(shift, shift[:1].repeat(len(shift), axis=0), atol=1e-5)


def test_a_training_set_has_copies_beside_real_rows_or_alone(data):
    fold = next(Folds(data, "fold").some(0))[0]
    X, y = Method(perturbation=Speed()).training_set(fold.X, fold.y, None, fold.copies)
    np.testing.assert_array_equal(X, np.vstack([fold.X, *fold.copies[Speed()]]))
    np.testing.assert_array_equal(y, np.hstack([fold.y] * 3))
    alone = Method(perturbation=Loudness(), real=False)
    X, y = alone.training_set(fold.X, fold.y, None, fold.copies)
    np.testing.assert_array_equal(X, fold.copies[Loudness()][0])


def test_some_rows_are_taken_with_their_copies(data):
    rows = data.speakers == "08"
    np.testing.assert_array_equal(data.only(rows).copies[Speed()][1], data.X[rows] + 3)


def test_digests_cover_every_copy(data):
    copies = data.copies[Speed()]
    before = digest(data), digest_of_copies(copies)
    copies[1][-1, -1] += 1
    assert digest(data) == before[0]
    assert digest_of_copies(copies) != before[1]


@pytest.fixture
def specification(make_corpus):
    return checked({"corpora": [str(make_corpus(n_each=2))], **SMALL}, "here")


@pytest.mark.usefixtures("audio_extra")
def test_copies_of_a_corpus_have_a_row_for_each_utterance(specification):
    [source] = load(specification)
    X, copies = source.data.X, source.data.copies
    assert [len(some) for some in copies.values()] == [2, 1]
    for some in copies.values():
        for C in some:
            assert C.shape == X.shape
            assert not (C == X).all(axis=1).any()
    pitch = 0  # of eGeMAPS: the mean, in semitones
    slower, faster = (C[:, pitch] - X[:, pitch] for C in copies[Speed()])
    np.testing.assert_allclose(slower, 12 * np.log2(0.9), atol=0.5)
    np.testing.assert_allclose(faster, 12 * np.log2(1.1), atol=0.5)


@pytest.mark.usefixtures("audio_extra")
def test_a_run_grows_by_a_perturbation(make_corpus, tmp_path, capsys):
    """What is done stays done, and a cell's key holds the copies that it is made of."""
    text = f"""
    corpora = ["{make_corpus(n_each=2)}"]
    features = ["eGeMAPSv02"]
    seeds = 1
    methods."real only".synthesizer = "none"
    classifiers.svm.kind = "svm"
    """
    study, folder = tmp_path / "study.toml", tmp_path / "run"
    keys = []
    for more in ("", "methods.speed.perturbation = 'speed'"):
        study.write_text(text + more)
        assert main(["study", "run", str(study), "-o", str(folder)]) == 0, capsys.readouterr().err
        keys.append([cell.key for cell in cells_of(Store(folder).settings())])
    assert keys[0] == keys[1][:1]
    table = pd.read_parquet(folder / "predictions.parquet")
    assert table["method"].value_counts().to_dict() == {"real only": 8, "speed": 8}
    settings = json.loads((folder / "settings.json").read_text())
    made = settings["settings"]["methods"]["speed"]["perturbation"]
    assert made == {"perturbation": "speed", "strengths": [0.9, 1.1], "seed": 0}
    settings["data"][0]["copies"]["speed"] = "others"
    assert cells_of(settings)[1].key != keys[1][1]


@pytest.mark.parametrize("corpus", ["emodb", "a table"])
def test_a_corpus_without_audio_is_refused(make_study_file, tmp_path, corpus):
    path = str(make_study_file().with_name("rows.parquet")) if corpus == "a table" else corpus
    with pytest.raises(
        AdanError, match=r"perturbations need audio: .* is a table of features"
    ) as e:
        load(checked({"corpora": [path], **SMALL}, "here"))
    assert "leave out methods.speed" in str(e.value)
