"""A study's file is checked before anything is computed, in words that name key and choices."""

import re

import pytest

from adan import ADAN, AdanError
from adan.audio.perturbation import Speed
from adan.experiments import specification
from adan.experiments.specification import TEMPLATE, read
from adan.folds import Method


def test_the_template_is_a_study(tmp_path):
    specification.write_template(tmp_path / "study.toml")
    study = read(tmp_path / "study.toml")
    assert study.seeds == 10
    assert [*study.methods] == ["real only", "smote", "adan"]
    keys = re.findall(
        r"^# ?(more|balance|perturbation|scarcity|segment) |^# \[(embedding)\]|^(\w+) =",
        TEMPLATE.read_text(),
        re.MULTILINE,
    )
    named = {"".join(key) for key in keys}
    assert named == {
        *specification.Specification.model_fields,
        *specification.MethodChoice.model_fields,
        *specification.ClassifierChoice.model_fields,
    } - {"methods", "classifiers"}


def test_values_become_methods_and_classifiers(make_study_file):
    study = read(make_study_file()).study("fold")
    assert study.methods["real only"].synthesizer is None
    assert isinstance(study.methods["adan"].synthesizer, ADAN)
    assert study.methods["adan"].synthesizer.hidden == (10,)
    assert study.methods["adan"].perturbation is None
    assert not study.methods["synthetic only"].real
    assert study.classifiers["dnn"].steps == 20


def test_a_perturbation_takes_the_place_of_a_synthesizer(make_study_file):
    more = "fast = { perturbation = 'speed', real = false, parameters = { strengths = [1.1] } }"
    study = read(make_study_file(more=more))
    assert study.perturbations == {"fast": Speed((1.1,))}
    assert study.study("fold").methods["fast"] == Method(real=False, perturbation=Speed((1.1,)))


def test_the_old_name_of_subsets_goes_on_working(make_study_file):
    path = make_study_file()
    path.write_text('parts = ["improvised"]\n' + path.read_text())
    assert read(path).subsets == ["improvised"]
    assert read(path).changed(seeds=1).subsets == ["improvised"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("normalisation = 1", "normalisation is no key; there are corpora, features"),
        (
            "normalisations = ['folds']",
            "normalisations.0: no normalisation 'folds'; choose one of fold,",
        ),
        ("protocol = 'text'", "protocol: input should be 'speaker', 'session' or 'corpus'"),
        (
            "protocol = 'corpus'",
            "toml: corpora: protocol = 'corpus' needs at least two",
        ),
        ("features = ['IS99']", "features.0: 'IS99' is not a feature set: choose one of ComParE"),
        ("seeds = 0", "seeds: input should be greater than 0"),
        (
            "normalisations = ['fold', 'speaker', 'fold']",
            "normalisations: 'fold' stands there twice: name it once",
        ),
        ("features = ['IS11', 'is11']", "features: 'IS11' stands there twice: name it once"),
        (
            "methods.a = {synthesizer = 'adan', parameters = {steps = 0}}",
            "methods.a: steps=0: give 1 or more",
        ),
        (
            "classifiers.c = {kind = 'svm', parameters = {C = -1.0}}",
            "classifiers.c: C=-1.0: give a number above 0",
        ),
        ("methods.a.time = 3", "methods.a.time is no key; there are synthesizer"),
        ("methods.a.synthesizer = 'b'", "methods.a: no synthesizer 'b'; there are adan"),
        (
            "methods.a = {synthesizer = 'none', times = 2}",
            "methods.a: times means nothing beside synthesizer = 'none': leave it out",
        ),
        ("methods.a = {times = 2}", "give either a synthesizer ('none' is real data alone) or a"),
        ("methods.a = {synthesizer = 'adan', perturbation = 'speed'}", "give either a synth"),
        ("methods.a.perturbation = 'b'", "methods.a: no perturbation 'b'; there are speed, vtlp"),
        (
            "methods.a = {perturbation = 'speed', times = 2}",
            "methods.a: times means nothing beside a perturbation",
        ),
        (
            "methods.a = {perturbation = 'speed', parameters = {strengths = [0.9, 3]}}",
            "methods.a: the strengths of speed are factors from 0.5 to 2: give at least one",
        ),
        (
            "methods.a = {perturbation = 'speed', parameters = {strengths = 0.9}}",
            "methods.a: parameters.strengths: Input should be a valid tuple",
        ),
        (
            "methods.a = {perturbation = 'speed', parameters = {factor = 0.9}}",
            "methods.a: no parameter 'factor'; there are strengths, seed",
        ),
        (
            "methods.a = {synthesizer = 'smote', balance = true, times = 2}",
            "methods.a: times means nothing beside balance",
        ),
        (
            "scarcity = {speaker = [2]}",
            "scarcity.speaker is no key; there are utterances_per_class",
        ),
        (
            "embedding = {kind = 'attention rnn', size = 2}",
            "embedding.size is no key; there are kind",
        ),
        ("corpora = [{path = 'emodb', option = 1}]", "corpora.0.option is no key; there are path"),
        ("classifiers.a = {kind = 'svm', c = 1}", "classifiers.a.c is no key; there are kind"),
        ("scarcity.speakers = [0]", "scarcity.speakers.0: input should be greater than 0"),
        (
            "scarcity.rare = {fear = ['few']}",
            "scarcity.rare.fear.0: input should be a valid integer",
        ),
        (
            "methods.a = {synthesizer = 'none', classifiers = ['tree']}",
            "methods.a.classifiers: 'tree' is none of the study's; there are",
        ),
        (
            "methods.a = {synthesizer = 'adan', parameters = {epoch = 2}}",
            "methods.a: no parameter 'epoch'; there are ",
        ),
        (
            "methods.a = {synthesizer = 'adan', parameters = {epochs = 'two'}}",
            "methods.a: parameters.epochs: Input should be a valid integer",
        ),
        (
            "methods.a = {synthesizer = 'adan', parameters = {precision = 'half'}}",
            "parameters.precision: Input should be 'auto', 'float32' or 'bfloat16'",
        ),
        (
            "classifiers.a = {kind = 'tree'}",
            "classifiers.a.kind: input should be 'svm', 'dnn', 'linear svm',",
        ),
        (
            "classifiers.a = {kind = 'acrnn'}",
            "classifiers.a reads sequences of frames, and the study's features are IS11",
        ),
        ("features = ['logmel40']", "classifiers.svm reads vectors, and the study's features are"),
        ("corpora = []", "corpora: list should have at least 1 item"),
        ("seeds = = 2", "cannot be read as a study"),
    ],
)
def test_errors_name_the_key_and_the_choices(tmp_path, wrong, message):
    path = tmp_path / "study.toml"
    missing = {
        "corpora": "corpora = ['emodb']",
        "methods": "methods.real = {synthesizer = 'none'}",
        "classifiers": "classifiers.svm = {kind = 'svm'}",
    }
    path.write_text(
        "\n".join([wrong, *(v for k, v in missing.items() if k != wrong.split(" ")[0])])
    )
    with pytest.raises(AdanError) as error:
        read(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_further_methods_may_be_perturbations(make_study_file):
    study = read(make_study_file()).with_methods(["vtlp", "noise"])
    assert study.methods["vtlp"].perturbation == "vtlp"
    assert study.methods["noise"].synthesizer == "noise"


def test_splices_are_not_measured_where_utterances_are_taken_out(make_study_file):
    study = read(make_study_file()).changed(scarcity={"speakers": [2]})
    with pytest.raises(AdanError, match=r"methods.splice: splice joins utterances of the whole"):
        study.with_methods(["splice"])
