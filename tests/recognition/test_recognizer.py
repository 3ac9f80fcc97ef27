"""One object from files or vectors to labels; a pipeline's citizen; a fold of Table I."""

import itertools
import re

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from adan import (
    RBFSVM,
    SMOTE,
    AdanError,
    DNNClassifier,
    EmotionRecognizer,
    ShrunkDiscriminant,
    SyntheticOverSampler,
)
from adan.corpora.emodb import load_emodb
from adan.evaluation.normalisation import normalise
from adan.experiments import study
from adan.experiments.sources import load
from adan.experiments.study import Study, run
from adan.folds import CLASSIFIER, Fold, Method, fit_synthesizers, seeded, train_classifiers
from adan.recognition import recognizer as recognizer_module
from adan.recognition.training import train
from adan.reproduction.specifications import specification


@pytest.mark.parametrize("classifier", ["svm", DNNClassifier(steps=40)])
@pytest.mark.parametrize("classes", [("a", "b"), ("anger", "fear", "joy", "sadness"), (3, 7, 9)])
def test_learns_any_labels(make_recognizer, make_speakers, classifier, classes):
    X, y, groups = make_speakers(classes=classes)
    recognizer = make_recognizer(classifier=classifier).fit(X, y, groups)
    assert recognizer.score(X, y) > 0.95
    assert recognizer.classes_.tolist() == sorted(classes)
    np.testing.assert_allclose(recognizer.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    assert (recognizer.held_out_["true"] == y).all()
    assert (recognizer.held_out_["predicted"] == y).mean() > 0.9


@pytest.mark.parametrize("classifier", [RBFSVM(), DNNClassifier(steps=20, activation="tanh")])
@pytest.mark.parametrize("classes", [("a", "b"), tuple("abcdefg")])
def test_computes_what_the_classifier_does(make_rows, make_recognizer, classifier, classes):
    X, y = make_rows(n=140, d=12, classes=classes)
    X = X.astype(np.float32)
    X[:, 5] = 3
    recognizer = make_recognizer(classifier=classifier, times=0).fit(X[:70], y[:70])
    train_, test = normalise(X, np.arange(140) < 70, y, "fold")
    first = Fold(0, train_, y[:70], y[:70], np.ones(70, bool), test, np.arange(70, 140))
    expected = seeded(classifier, first.seed(0, CLASSIFIER)).fit(train_, y[:70])
    np.testing.assert_array_equal(recognizer.predict(X[70:]), expected.predict(test))
    if isinstance(classifier, DNNClassifier):
        probabilities = recognizer.predict_proba(X[70:])
        np.testing.assert_allclose(probabilities, expected.predict_proba(test), atol=1e-5)


def test_held_out_predictions_are_those_of_a_study(make_recognizer, make_speakers, make_adan):
    X, y, groups = make_speakers(n=90)
    recognizer = make_recognizer(times=2, random_state=4).fit(X, y, groups)
    names = np.arange(90).astype(str)
    data = study.Data(X, y, groups, names, groups, np.ones(90, bool))
    method = Method(make_adan(), times=2)
    plan = Study({"adan": method}, {"dnn": recognizer.classifier}, seeds=5)
    predictions = pd.concat(run(plan, data)).query("seed == 4").set_index("utterance")
    assert (predictions.loc[names, "predicted"].to_numpy() == recognizer.held_out_.predicted).all()


@pytest.mark.usefixtures("audio_extra")
@pytest.mark.parametrize("classifier", ["svm", "dnn"])
def test_without_speaker_03_it_predicts_what_table_1_does(emodb, make_adan, classifier):
    """Trained on bundled features, it hears 03's WAV files and says what the first fold says."""
    (source,) = load(specification("table1"))
    data = source.data
    kind = {"svm": RBFSVM(), "dnn": DNNClassifier(steps=100)}[classifier]
    adan = make_adan(epochs=4, autoencoder_hidden=(80,), hidden=(40,), latent_dim=20)
    test = data.speakers == "03"
    recognizer = EmotionRecognizer(synthesizer=adan, classifier=kind, times=2, random_state=1)
    recognizer.fit(data.X[~test], data.y[~test])
    method = Method(adan, times=2)
    (fold,) = itertools.islice(next(study.Folds(data, "fold").some(1)), 1)
    (fitted,) = fit_synthesizers(adan, [fold], 1)
    (labels,) = train_classifiers(
        method, {classifier: kind}, [fold], [fitted], 1, lambda f, c: c.predict(f.X_test)
    )
    files = [emodb / "wav" / f"{name}.wav" for name in data.utterances[test]]
    np.testing.assert_array_equal(recognizer.predict(files), labels[classifier])


def test_same_seed_same_numbers_whatever_the_threads(make_recognizer, make_speakers):
    recognizers = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        recognizers.append(make_recognizer().fit(*make_speakers()))
    torch.set_num_threads(1)
    one, two = recognizers
    X = make_speakers()[0]
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    pd.testing.assert_frame_equal(one.held_out_, two.held_out_)
    assert one.card_["unseen_speakers"] == two.card_["unseen_speakers"]
    other = make_recognizer(random_state=1).fit(*make_speakers())
    assert not np.array_equal(one.predict_proba(X), other.predict_proba(X))


def test_what_a_held_out_speaker_says_changes_no_other_prediction(make_recognizer, make_speakers):
    X, y, groups = make_speakers()
    before = make_recognizer().fit(X, y, groups).held_out_
    X[groups == "s2"] = 50 - 3 * X[groups == "s2"]
    after = make_recognizer().fit(X, y, groups).held_out_
    changed = (before["predicted"] != after["predicted"]).to_numpy()
    assert changed[groups == "s2"].any()


@pytest.mark.parametrize(
    "make",
    [
        lambda adan: make_pipeline(StandardScaler(), SyntheticOverSampler(adan, times=1), RBFSVM()),
        lambda adan: DNNClassifier(steps=20, random_state=0),
        lambda adan: EmotionRecognizer(synthesizer=adan, classifier="svm", times=1),
    ],
    ids=["sampler", "dnn", "recognizer"],
)
def test_cross_validation_in_other_processes_gives_the_same(make, make_adan, make_speakers):
    X, y, groups = make_speakers()
    estimator = clone(make(make_adan()))
    scores = [
        cross_val_score(estimator, X, y, groups=groups, cv=LeaveOneGroupOut(), n_jobs=n)
        for n in (1, 2)
    ]
    np.testing.assert_array_equal(*scores)
    assert np.mean(scores) > 0.6


def test_grid_search(make_recognizer, make_speakers, make_adan):
    X, y, groups = make_speakers()
    grid = {"classifier": ["svm", DNNClassifier(steps=20)], "synthesizer__epochs": [1, 2]}
    search = GridSearchCV(make_recognizer(), grid, cv=GroupKFold(3)).fit(X, y, groups=groups)
    assert search.best_score_ > 0.6
    sampler = make_pipeline(SyntheticOverSampler(make_adan()), RBFSVM())
    grid = {"syntheticoversampler__synthesizer__latent_dim": [2, 5]}
    assert GridSearchCV(sampler, grid, cv=2).fit(X, y).best_score_ > 0.6


def test_adan_survives_clone_and_worker_processes(make_adan, make_speakers):
    X, y, _ = make_speakers()
    here = make_adan().fit(X, y).sample(y)[0]
    adan = clone(make_adan())
    there = joblib.Parallel(n_jobs=2)(joblib.delayed(_sampled)(a, X, y) for a in (adan, adan))
    for sampled in there:
        np.testing.assert_allclose(sampled, here, atol=1e-5)


def _sampled(adan, X, y):
    return adan.fit(X, y).sample(y)[0]


def test_parameters_are_kept_as_they_are(make_adan):
    adan = make_adan()
    recognizer = EmotionRecognizer(synthesizer=adan, times=3)
    assert recognizer.get_params()["synthesizer"] is adan
    assert clone(recognizer).get_params(deep=False).keys() == recognizer.get_params(False).keys()
    assert clone(recognizer).times == 3


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"synthesizer": "magic"}, "no synthesizer 'magic'; there are adan"),
        ({"classifier": "forest"}, "no classifier 'forest'; there are dnn, svm"),
        ({"classifier": SVC()}, r"classifier=SVC\(\): give dnn, svm"),
    ],
)
def test_unknown_settings_are_refused(make_speakers, parameters, message):
    with pytest.raises(AdanError, match=message):
        EmotionRecognizer(**parameters).fit(*make_speakers())


def test_bad_data_are_refused(make_recognizer, make_speakers):
    X, y, groups = make_speakers()
    with pytest.raises(AdanError, match="1 class only"):
        make_recognizer().fit(X, np.full(len(X), "anger"))
    with pytest.raises(AdanError, match="groups names 1 speakers for 60 of 60 rows"):
        make_recognizer().fit(X, y, np.full(60, "s1"))
    with pytest.raises(AdanError, match="for 20 of 60 rows"):
        make_recognizer().fit(X, y, groups[::3])


def test_a_class_that_one_speaker_alone_has_is_counted_as_missed(make_recognizer, make_speakers):
    X, y, groups = make_speakers()
    y = y.astype("U10")
    y[:4] = "surprise"
    recognizer = make_recognizer().fit(X, y, groups)
    assert (recognizer.held_out_["predicted"][:4] != "surprise").all()
    assert (recognizer.held_out_["p_surprise"][:20] == 0).all()
    assert np.isfinite(recognizer.card_["unseen_speakers"]["log_loss"])


@pytest.mark.usefixtures("audio_extra")
def test_from_files_to_labels(make_recognizer, make_audio, make_signal):
    pitches = np.repeat([90, 300], 6)
    files = [
        make_audio(f"{i}.wav", make_signal(pitch=p + 5 * i, seconds=0.8))
        for i, p in enumerate(pitches)
    ]
    y = np.where(pitches < 200, "sadness", "joy")
    recognizer = make_recognizer(synthesizer=SMOTE(), times=1).fit(files, y)
    assert recognizer.score(files, y) == 1
    long = make_audio("long.wav", make_signal(pitch=110, seconds=17))
    np.testing.assert_array_equal(recognizer.predict([files[-1], long]), ["joy", "sadness"])
    with pytest.raises(AdanError, match=r"1 of 2 audio files cannot be used \(none.wav: missing"):
        recognizer.predict([files[0], "none.wav"])


def test_train_names_its_corpus_and_features(make_speakers, make_adan, tmp_path):
    X, y, groups = make_speakers()
    table = pd.DataFrame(X).add_prefix("f").assign(emotion=y, speaker=groups)
    table.to_csv(tmp_path / "some.csv", index=False)
    settings = {"synthesizer": make_adan(), "classifier": "svm", "times": 1}
    recognizer = train(str(tmp_path / "some.csv"), **settings)
    assert recognizer.card_["corpus"] == "some"
    assert recognizer.card_["features"] == "features of the table"
    assert recognizer.card_["emotions"] == {"anger": 20, "fear": 20, "sadness": 20}
    with pytest.raises(AdanError, match="holds features of the table and not IS11"):
        train(str(tmp_path / "some.csv"), features="IS11", **settings)
    with pytest.raises(AdanError, match="emodb holds IS11 and not eGeMAPSv02"):
        train("emodb", features="egemapsv02", **settings)


def test_the_known_figure_stands_in_the_card(monkeypatch):
    """Real vectors alone and the SVM: the row of Table I that needs no seed."""
    monkeypatch.setattr(recognizer_module, "enrolled_scores", lambda *_: {})
    emodb = load_emodb()
    recognizer = EmotionRecognizer(classifier="svm", times=0)
    recognizer.fit(emodb.data, emodb.target, emodb.groups)
    figures = recognizer.card_["unseen_speakers"]
    assert figures["wa"]["value"] == pytest.approx(80.75, abs=0.01)
    assert figures["uar"]["value"] == pytest.approx(78.43, abs=0.01)
    assert 70 < figures["wa"]["low"] < 80 < figures["wa"]["high"] < 90
    assert 0.5 < figures["log_loss"] < 0.8
    assert figures["calibration_error"] < 0.1


def test_what_is_recommended_for_a_rare_emotion_is_tested_and_kept(make_rows, tmp_path):
    X, y = make_rows(n=120, d=30, classes=("anger", "boredom", "fear", "sadness"))
    speakers = np.repeat(["s1", "s2", "s3", "s4"], 30)
    kept = (y != "fear") | (np.arange(120) % 6 == 0)
    X, y, speakers = X[kept], y[kept], speakers[kept]
    recogniser = EmotionRecognizer(classifier="recommended").fit(X, y, speakers)
    assert re.fullmatch(r"recommended \((discriminant|svm).*\)", recogniser.card_["classifier"])
    assert recogniser.card_["unseen_speakers"]["uar"]["value"] > 80
    recogniser.save(tmp_path / "model.adan")
    again = EmotionRecognizer.load(tmp_path / "model.adan")
    np.testing.assert_array_equal(again.predict_proba(X), recogniser.predict_proba(X))
    with pytest.raises(AdanError, match="give at least two speakers"):
        EmotionRecognizer(classifier="recommended").fit(X, y)


@pytest.mark.parametrize(
    ("classifier", "words"),
    [
        ("svm", "svm"),
        (RBFSVM(C=3.0, gamma=0.01), "svm, C 3"),
        (ShrunkDiscriminant(0.3), "discriminant, shrinkage 0.3"),
    ],
)
def test_the_card_says_what_was_trained(make_recognizer, make_speakers, classifier, words):
    X, y, _ = make_speakers()
    assert make_recognizer(classifier=classifier).fit(X, y).card_["classifier"] == words


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_a_speaker_or_an_emotion_that_is_missing(make_recognizer, make_speakers, gap):
    X, y, speakers = make_speakers()
    for name in ("y", "groups"):
        given = {"y": y.astype(object), "groups": speakers.astype(object)}
        given[name][5] = gap
        with pytest.raises(AdanError, match=rf"{name} is empty \(.*\) in row 5: fill it in"):
            make_recognizer().fit(X, **given)
    with pytest.raises(AdanError, match=r"groups is empty \(.*\) in row 5: fill it in"):
        make_recognizer().fit(X, y, speakers).predict(X, given["groups"])
