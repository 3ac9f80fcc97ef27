"""Studies of sequences, beside vectors: which classifier reads what, and that nothing leaks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from adan import AdanError
from adan.cli import main
from adan.experiments.sources import digest, load
from adan.experiments.specification import checked
from adan.experiments.study import Folds, results, run
from adan.experiments.tasks import data_of
from adan.folds import fit_synthesizers, train_classifiers

SMALL = {"hidden": 8, "units": 4, "steps": 5, "batch_size": 4}


def study(corpus, **changes):
    return checked(
        {
            "corpora": [str(corpus)],
            "features": ["IS09", "logmel20"],
            "seeds": 1,
            "methods": {
                "real only": {"synthesizer": "none"},
                "copies": {"synthesizer": "duplication", "times": 1},
            },
            "classifiers": {
                "svm": {"kind": "svm"},
                "rnn": {"kind": "attention rnn", "parameters": SMALL},
            },
            **changes,
        },
        "a study",
    )


@pytest.fixture
def corpus(make_corpus, audio_extra):
    return make_corpus(n_each=2)


def test_each_classifier_reads_what_it_can(corpus, tmp_path):
    made = study(corpus)
    assert made.classifiers_of("real only", "IS09") == ["svm"]
    assert made.classifiers_of("real only", "logmel20") == ["rnn"]
    assert [*made.study("fold", "logmel20").methods] == ["real only"]


def test_a_mixed_study_runs_and_is_complete(corpus, tmp_path, capsys):
    path = tmp_path / "mixed.toml"
    path.write_text(
        f"""
corpora = ["{corpus}"]
features = ["IS09", "logmel20"]
seeds = 1
[methods]
"real only" = {{ synthesizer = "none" }}
copies = {{ synthesizer = "duplication", times = 1 }}
[classifiers]
svm = {{ kind = "svm" }}
[classifiers.rnn]
kind = "attention rnn"
parameters = {{ hidden = 8, units = 4, steps = 5, batch_size = 4 }}
"""
    )
    main(["study", "run", str(path), "-o", str(tmp_path / "run")])
    rows = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    found = rows.groupby(["features", "method", "classifier"]).size()
    assert found.to_dict() == {
        ("IS09", "copies", "svm"): 8,
        ("IS09", "real only", "svm"): 8,
        ("logmel20", "real only", "rnn"): 8,
    }
    capsys.readouterr()
    main(["study", "status", str(tmp_path / "run")])
    assert "3 of 3 cells are done" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"features": ["logmel20"]},
            "classifiers.svm reads vectors, and the study's features are logmel20",
        ),
        (
            {"features": ["IS09"]},
            "classifiers.rnn reads sequences of frames, and the study's features are IS09",
        ),
        (
            {"methods": {"copies": {"synthesizer": "duplication", "classifiers": ["rnn"]}}},
            "methods.copies: no classifier of the study can be trained on what it makes",
        ),
        (
            {"methods": {"real only": {"synthesizer": "none", "segment": 9}}},
            "methods.real only: segment means nothing beside synthesizer = 'none'",
        ),
        ({"embedding": {"kind": "svm"}}, "embedding: svm is no network that reads sequences"),
        (
            {"features": ["logmel20"], "embedding": {"kind": "acrnn"}},
            "embedding: channels = 3 does not fit logmel20; give 1, 2 for features with deltas",
        ),
        (
            {"classifiers": {"rnn": {"kind": "attention rnn", "parameters": {"steps": 0}}}},
            "classifiers.rnn: steps=0: give 1 or more",
        ),
        (
            {
                "features": ["logmel20"],
                "embedding": {"kind": "attention rnn", "features": ["spectrogram"]},
                "classifiers": {"svm": {"kind": "svm"}},
            },
            "embedding.features: it reads all of the study's; leave it out",
        ),
        (
            {"methods": {"copies": {"synthesizer": "duplication"}}},
            "classifiers.rnn: no method of the study makes what it can be trained on",
        ),
        (
            {
                "methods": {
                    "real only": {"synthesizer": "none"},
                    "copies": {"synthesizer": "duplication", "classifiers": ["svm", "rnn"]},
                }
            },
            "methods.copies.classifiers: rnn cannot be trained on what it makes of IS09, logmel20",
        ),
        (
            {"embedding": {"kind": "acrnn"}},
            "embedding reads sequences of frames, and IS09 are vectors",
        ),
        (
            {"normalisations": ["enrolment 5"]},
            "normalisations: enrolment 5 needs vectors, and logmel20 are sequences",
        ),
    ],
)
def test_vectors_and_sequences_are_not_mixed(changes, message):
    with pytest.raises(AdanError, match=message):
        study("nowhere", **changes)


def test_a_corpus_without_audio_has_no_sequences():
    only_sequences = study(
        "emodb",
        features=["logmel20"],
        methods={"real only": {"synthesizer": "none"}},
        classifiers={"rnn": {"kind": "attention rnn"}},
    )
    with pytest.raises(AdanError, match="EmoDB has IS11, which are vectors, and no classifier"):
        data_of(only_sequences, load(only_sequences))


def test_perturbed_copies_train_networks_that_read_sequences(corpus):
    made = study(
        corpus,
        features=["logmel20"],
        methods={"speed": {"perturbation": "speed", "parameters": {"strengths": [0.8, 1.25]}}},
        classifiers={"rnn": {"kind": "attention rnn", "parameters": SMALL}},
    )
    (source,) = load(made)
    (fold, *_) = next(Folds(source.data, "fold").some(0))
    (copies,) = fold.copies.values()
    slower, faster = (copy.lengths.sum() for copy in copies)
    assert slower > fold.X.lengths.sum() > faster
    X, y = made.study("fold").methods["speed"].training_set(fold.X, fold.y, None, fold.copies)
    assert len(X) == len(y) == 3 * len(fold.X)
    (predicted,) = run(made.study("fold", "logmel20"), source.data)
    assert len(predicted) == len(source.data.y)


def test_synthetic_segments_train_networks_that_read_sequences(corpus):
    made = study(
        corpus,
        features=["logmel20"],
        methods={"segments": {"synthesizer": "gaussian", "segment": 20, "times": 2, "real": False}},
        classifiers={"rnn": {"kind": "attention rnn", "parameters": SMALL}},
    )
    (source,) = load(made)
    (predicted,) = run(made.study("fold", "logmel20"), source.data)
    assert len(predicted) == len(source.data.y)


def test_what_was_drawn_is_seen_and_heard_on_the_page(corpus, tmp_path):
    path = tmp_path / "segments.toml"
    path.write_text(
        f"""
corpora = ["{corpus}"]
features = ["logmel20"]
seeds = 1
[methods.segments]
synthesizer = "gaussian"
segment = 30
times = 1
[classifiers.rnn]
kind = "attention rnn"
parameters = {{ hidden = 8, units = 4, steps = 2, batch_size = 4 }}
"""
    )
    main(["study", "run", str(path), "-o", str(tmp_path / "run")])
    drawn = pd.read_parquet(tmp_path / "run" / "segments.parquet")
    assert set(drawn.groupby(["class", "synthetic"]).size()) <= set(range(20, 31))
    real = drawn.loc[~drawn["synthetic"], "f3"].mean()
    assert drawn.loc[drawn["synthetic"], "f3"].mean() == pytest.approx(real, abs=2)
    main(["report", str(tmp_path / "run")])
    page = (tmp_path / "run" / "report.html").read_text()
    assert page.count("data:image/png;base64") == page.count("data:audio/wav;base64") == 4


def test_vectors_of_a_network_take_the_place_of_sequences(corpus):
    made = study(
        corpus,
        features=["logmel20"],
        embedding={"kind": "attention rnn", "parameters": SMALL},
        methods={
            "real only": {"synthesizer": "none"},
            "gaussian": {"synthesizer": "gaussian", "times": 1},
        },
        classifiers={"svm": {"kind": "svm"}},
    )
    (source,) = load(made)
    plan, folds = made.study("fold", "logmel20"), Folds(source.data, "fold")
    some = folds.embedded(next(folds.some(0)), plan.embedding, progress=False)
    assert some[0].X.shape == (len(some[0].y), 2 * SMALL["units"])
    assert np.allclose(some[0].X.mean(axis=0), 0, atol=1e-5)
    assert [len(predicted) for predicted in run(plan, source.data)] == [len(source.data.y)] * 2


def test_what_was_chosen_for_one_seeds_vectors_is_not_kept_for_anothers(corpus):
    made = study(
        corpus,
        features=["logmel20"],
        embedding={"kind": "attention rnn", "parameters": SMALL},
        methods={"real only": {"synthesizer": "none"}},
        classifiers={"discriminant": {"kind": "discriminant"}},
    )
    (source,) = load(made)
    plan, folds = made.study("fold", "logmel20"), Folds(source.data, "fold")
    chosen = []
    for seed in (0, 1, 1):
        assert len([*results(plan, folds, seed)]) == 1
        chosen.append(folds.choices)
    assert chosen[0] is not chosen[1] is chosen[2]


def test_what_is_learnt_knows_nothing_of_the_test_speaker(corpus):
    (data,) = (source.data for source in load(study(corpus)) if source.features == "logmel20")
    folds = next(Folds(data, "fold").some(0))
    other = data.X.values.copy()
    other[np.repeat(data.speakers == folds[0].speakers[0], data.X.lengths)] *= 3
    changed = type(data)(**{**vars(data), "X": data.X.with_values(other)})
    assert digest(changed) != digest(data)
    again = next(Folds(changed, "fold").some(0))
    tested_on_the_changed = again[1]
    assert np.array_equal(tested_on_the_changed.X.values, folds[1].X.values)
    assert not np.array_equal(tested_on_the_changed.X_test.values, folds[1].X_test.values)


def learnt_in_the_first_fold(made, data):
    """The weights of each network, by method and classifier, and the vectors of the embedding."""
    plan, folds = made.study("fold", "logmel20"), Folds(data, "fold")
    fold = next(folds.some(0))[0]
    found = {}
    for name, method in plan.methods.items():
        of = method.synthesizer
        drawn_from = fit_synthesizers(of, [fold], 0) if of else [None]
        (weights,) = train_classifiers(
            method,
            plan.classifiers_of(name),
            [fold],
            drawn_from,
            0,
            lambda _, fitted: [p.detach().numpy() for p in fitted.network_.parameters()],
        )
        found |= {(name, network): own for network, own in weights.items()}
    network = made.classifiers["rnn"].classifier()
    (vectors,) = folds.embedded([fold], network, progress=False)
    return {**found, "embedding": [vectors.X]}


@pytest.mark.parametrize(("speaker", "knows"), [(0, False), (1, True)])
def test_no_network_knows_anything_of_the_test_speaker(make_corpus, audio_extra, speaker, knows):
    """The first fold tests the first speaker; of the second everything is known."""
    made = study(
        make_corpus(speakers=("01", "02", "03"), n_each=2),
        features=["logmel20"],
        methods={
            "real only": {"synthesizer": "none"},
            "speed": {"perturbation": "speed"},
            "smote": {"synthesizer": "smote", "segment": 20, "times": 1},
            "adan": {
                "synthesizer": "adan",
                "segment": 20,
                "times": 1,
                "parameters": {"epochs": 1, "hidden": [4]},
            },
        },
        classifiers={
            "rnn": {"kind": "attention rnn", "parameters": SMALL},
            "stopped": {
                "kind": "attention rnn",
                "parameters": {**SMALL, "steps": 20, "early_stopping": True, "masks": 1},
            },
        },
    )
    (source,) = load(made)
    data = source.data
    own = data.speakers == np.unique(data.speakers)[speaker]

    def louder(X):
        return X.with_values(np.where(np.repeat(own, X.lengths)[:, None], 3 * X.values, X.values))

    y = data.y.copy()
    y[own] = np.roll(y[own], 1)
    copies = {by: [louder(X) for X in some] for by, some in data.copies.items()}
    other = replace(data, X=louder(data.X), y=y, copies=copies)
    before, after = (learnt_in_the_first_fold(made, some) for some in (data, other))
    same = {
        key: all(np.array_equal(a, b) for a, b in zip(before[key], after[key], strict=True))
        for key in before
    }
    assert len(same) == 9
    assert set(same.values()) == {not knows}
