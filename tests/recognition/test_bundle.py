"""One file, safetensors and JSON: whole, or refused in one sentence; old ones keep loading."""

import copy
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adan import SMOTE, AdanError, DNNClassifier, EmotionRecognizer, _arrays
from adan.recognition import bundle
from adan.recognition.card import as_text

OLD = Path(__file__).parents[1] / "data" / "recognizer-1.adan"


@pytest.mark.parametrize("classifier", ["svm", DNNClassifier(steps=20, activation="tanh")])
@pytest.mark.parametrize("classes", [("anger", "Überraschung"), (1, 2, 3), (-1, 2, 10)])
def test_what_is_loaded_is_what_was_saved(
    make_recognizer, make_speakers, tmp_path, classifier, classes
):
    X, y, groups = make_speakers(classes=classes)
    saved = make_recognizer(classifier=classifier).fit(X, y, groups)
    path = tmp_path / "a model ü.adan"
    saved.save(path)
    loaded = EmotionRecognizer.load(path)
    np.testing.assert_array_equal(loaded.predict_proba(X), saved.predict_proba(X))
    assert loaded.predict(X).tolist() == saved.predict(X).tolist()
    assert loaded.card_ == json.loads(json.dumps(saved.card_))
    assert loaded.get_params().keys() == saved.get_params().keys()
    assert repr(loaded.synthesizer) == repr(saved.synthesizer)
    again = loaded.fit(X, y, groups)
    np.testing.assert_array_equal(again.predict_proba(X), saved.predict_proba(X))


def test_labels_of_a_pandas_column_and_a_seed_of_numpys_are_kept(
    make_recognizer, make_speakers, tmp_path
):
    X, y, groups = make_speakers()
    saved = make_recognizer(random_state=np.int64(1)).fit(X, y.astype(object), groups)
    saved.save(tmp_path / "model.adan")
    loaded = EmotionRecognizer.load(tmp_path / "model.adan")
    assert loaded.predict(X).tolist() == saved.predict(X).tolist()
    assert loaded.random_state == 1


def test_a_bundle_that_was_written_by_an_older_version_predicts_the_same():
    loaded = EmotionRecognizer.load(OLD)
    expected = json.loads(OLD.with_suffix(".json").read_text())
    np.testing.assert_allclose(loaded.predict_proba(expected["X"]), expected["p"], atol=1e-5)


@pytest.mark.parametrize("at", np.linspace(0, 0.999, 15))
@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_damage_anywhere_is_one_sentence(make_old, at, damage):
    path = make_old()
    content = bytearray(path.read_bytes())
    place = int(at * len(content))
    if damage == "cut off":
        del content[place:]
    else:
        content[place] ^= 1
    path.write_bytes(content)
    _refused(path, "")


def test_every_changed_number_is_noticed(make_old):
    path = make_old()
    header, arrays = _arrays.read(path, bundle.KIND)
    arrays["scaling.mean"][0] += 1e-6
    _rewrite(path, header, arrays)
    _refused(path, "was changed after it was written")
    path = make_old()
    header, arrays = _arrays.read(path, bundle.KIND)
    header["card"]["corpus"] = "another"
    _rewrite(path, header, arrays)
    _refused(path, "was changed after it was written")


def test_a_newer_one_says_update(make_old, monkeypatch):
    path = make_old()
    header, arrays = _arrays.read(path, bundle.KIND)
    monkeypatch.setattr(_arrays, "FORMAT", 2)
    _rewrite(path, header, arrays)
    monkeypatch.undo()
    _refused(path, "has format 2, and this version of adan reads up to 1: update adan")


def test_other_files_under_the_name_are_refused(make_adan, make_rows, tmp_path):
    path = tmp_path / "model.adan"
    _refused(path, "is not there")
    _refused(tmp_path, "is a folder: give a file that adan train wrote")
    for content in (b"", b"\x89PNG\r\n", b"\x80\x05cos\nsystem\n", b"RIFF" + bytes(99)):
        path.write_bytes(content)
        _refused(path, "damaged")
    make_adan().fit(*make_rows()).save(path)
    _refused(path, "holds ADAN, not EmotionRecognizer")
    for text in ('{"kind":"EmotionRecognizer"}', "[1]", "[" * 100_000, "7"):
        metadata = json.dumps({"__metadata__": {"adan": text}}).encode()
        path.write_bytes(struct.pack("<Q", len(metadata)) + metadata)
        _refused(path, "")


@pytest.mark.parametrize("part", ["scaling.mean", "classifier.weight0", "map.axes", "limits"])
def test_forged_parts_that_do_not_fit_are_refused(make_old, part):
    """Even with the right checksum."""
    path = make_old()
    header, arrays = _arrays.read(path, bundle.KIND)
    if part in arrays:
        arrays[part] = arrays[part][:-1]
    else:
        del header["card"][part]
    stored = {n: v for n, v in header.items() if n not in ("format", "kind", "sha256")}
    _rewrite(path, {**stored, "sha256": bundle._digest(stored, arrays)}, arrays)
    _refused(path, "damaged")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *(("card.rate", rate) for rate in (0, -5, 1, 10**9, 10**30, float("nan"), "x", [1], True)),
        ("card.versions", {"opensmile": 5}),
        ("card.corpus", 5),
        ("card.features", None),
        ("card.settings", []),
        ("classes", ["joy"] * 3),
        ("classes", "abc"),
        ("classifier.kind", "forest"),
    ],
)
def test_what_others_compute_with_is_looked_at(make_old, place, value):
    path = make_old()
    header, arrays = _arrays.read(path, bundle.KIND)
    *above, name = place.split(".")
    (header[above[0]] if above else header)[name] = value
    stored = {n: v for n, v in header.items() if n not in ("format", "kind", "sha256")}
    _rewrite(path, {**stored, "sha256": bundle._digest(stored, arrays)}, arrays)
    _refused(path, "damaged")


@pytest.mark.parametrize(("name", "value"), [("scaling.scale", 0), ("map.codes", 9)])
def test_numbers_that_no_training_gives(make_old, name, value):
    path = make_old()
    header, arrays = _arrays.read(path, bundle.KIND)
    arrays[name] = np.full_like(arrays[name], value)
    stored = {n: v for n, v in header.items() if n not in ("format", "kind", "sha256")}
    _rewrite(path, {**stored, "sha256": bundle._digest(stored, arrays)}, arrays)
    _refused(path, "damaged")


@pytest.fixture(scope="module")
def enrollable(make_rows):
    X, y = make_rows(n=60, d=12)
    speakers = np.repeat(["s1", "s2", "s3"], 20)
    return EmotionRecognizer(classifier="discriminant").fit(X, y, speakers)


@pytest.mark.parametrize("name", ["prior_weight", "temperature"])
@pytest.mark.parametrize("value", [None, -1, 0, 4_000_000_000, "", [], [[]], [1.0], {}, True])
def test_constants_that_no_enrolment_has(enrollable, tmp_path, name, value):
    path = tmp_path / "model.adan"
    enrollable.save(path)
    header, arrays = _arrays.read(path, bundle.KIND)
    header["enrolment"][name] = value
    stored = {n: v for n, v in header.items() if n not in ("format", "kind", "sha256")}
    _rewrite(path, {**stored, "sha256": bundle._digest(stored, arrays)}, arrays)
    _refused(path, name)


def test_settings_of_no_recogniser_are_refused_by_its_class(make_old):
    path = make_old()
    header, arrays = _arrays.read(path, bundle.KIND)
    for settings in ({"unheard": 1}, {"classifier": {"name": "svm"}}, {"synthesizer": {"name": 3}}):
        header["card"]["settings"] = {**header["card"]["settings"], **settings}
        stored = {n: v for n, v in header.items() if n not in ("format", "kind", "sha256")}
        _rewrite(path, {**stored, "sha256": bundle._digest(stored, arrays)}, arrays)
        with pytest.raises(AdanError, match="settings of no recogniser"):
            EmotionRecognizer.load(path)


ABSURD = [None, -1, 0, 4_000_000_000, 1e308, "", "\x1b[2J", "<U500000000", [], {}, [[]], "x" * 9999]


def test_absurd_content_under_a_valid_checksum_is_one_sentence(make_old):
    """300 bundles, each with a value of its header or an array made absurd."""
    rng = np.random.default_rng(0)
    header, arrays = _arrays.read(make_old(), bundle.KIND)
    path, n_refused = make_old(), 0
    places = [(h, n) for h in (header, header["card"], header["classifier"]) for n in h]
    places = [(h, n) for h, n in places if n not in ("format", "kind", "sha256")]
    n_loaded = 0
    for _ in range(300):
        changed, own = copy.deepcopy((header, arrays))
        if rng.random() < 0.6:
            whole, name = places[rng.integers(len(places))]
            place = changed
            for key in ("card", "classifier"):
                place = changed[key] if whole is header[key] else place
            place[name] = ABSURD[rng.integers(len(ABSURD))]
        else:
            name = sorted(own)[rng.integers(len(own))]
            array = own[name]
            makes = [array[:0], array[None], array * np.nan, array.astype("i1"), np.zeros((1, 99))]
            own[name] = np.asarray(makes[rng.integers(len(makes))])
        stored = {n: v for n, v in changed.items() if n not in ("format", "kind", "sha256")}
        _rewrite(path, {**stored, "sha256": bundle._digest(stored, own)}, own)
        try:
            model = bundle.load(path)
        except AdanError as error:
            n_refused += str(error).isprintable()
        else:
            assert as_text(model.card).replace("\n", "").isprintable()
            assert all(str(label).isprintable() for label in model.classes)
            n_loaded += 1
    assert n_refused + n_loaded == 300
    assert n_refused > 100


def test_a_prediction_imports_neither_torch_nor_scikit_learn(make_old):
    code = (
        "import sys; from adan.recognition.bundle import load; "
        "import adan.recognition.recordings; load(sys.argv[1]); "
        "sys.exit(bool({'torch', 'sklearn', 'pickle5', 'scipy.stats'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code, make_old()]).returncode == 0


def test_what_cannot_be_stored_is_refused(make_recognizer, make_speakers, tmp_path):
    class Own(SMOTE):
        pass

    with pytest.raises(AdanError, match="Own is not registered"):
        make_recognizer(synthesizer=Own()).fit(*make_speakers())
    recognizer = make_recognizer().fit(*make_speakers())
    (tmp_path / "file").touch()
    with pytest.raises(AdanError, match="cannot be written"):
        recognizer.save(tmp_path / "file" / "model.adan")


@pytest.fixture
def make_old(tmp_path):
    def make():
        path = tmp_path / "old.adan"
        path.write_bytes(OLD.read_bytes())
        return path

    return make


def _rewrite(path, header, arrays):
    plain = {n: v for n, v in header.items() if n not in ("format", "kind")}
    _arrays.write(path, bundle.KIND, plain, arrays)


def _refused(path, message):
    with pytest.raises(AdanError, match=message or None) as error:
        bundle.load(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
