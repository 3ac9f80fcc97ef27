"""What is chosen, and what it is said to be worth, on speakers nobody has heard."""

import numpy as np
import pytest

from adan import RBFSVM, AdanError, DNNClassifier, EmotionRecognizer, ShrunkDiscriminant
from adan.recognition import bundle
from adan.recognition.learning import MOST_BLOCKS, blocks_of, learn
from adan.recognition.recognizer import Method, _in_numpy


@pytest.fixture
def make_voices(make_rows):
    """Rows of speakers who each lie off, their labels and speakers."""

    def make(n_speakers=4, n_each=15, d=30, seed=0):
        X, y = make_rows(n=n_speakers * n_each, d=d, seed=seed)
        groups = np.repeat([f"s{i:02}" for i in range(n_speakers)], n_each)
        offsets = 2 * np.random.default_rng(seed + 1).normal(size=(n_speakers, d))
        return (X + np.repeat(offsets, n_each, axis=0)).astype(np.float32), y, groups

    return make


@pytest.fixture(scope="module")
def chosen():
    """Make a recogniser of what `make_voices` makes, by default."""
    made = {}

    def make(X, y, groups):
        key = X.tobytes()
        if key not in made:
            made[key] = EmotionRecognizer(features="of its own").fit(X, y, groups)
        return made[key]

    return make


@pytest.mark.parametrize("classifier", ["auto", "discriminant"])
def test_two_speakers_leave_none_to_choose_by(make_rows, classifier):
    X, y = make_rows(n=24)
    recognizer = EmotionRecognizer(classifier=classifier).fit(X, y, np.repeat(["a", "b"], 12))
    assert "unseen_speakers" in recognizer.card_
    assert "choice" not in recognizer.card_


def test_the_best_candidate_is_taken_and_the_check_is_its_own(make_voices):
    """One candidate knows nothing; the scores are those of the other, trained without the block."""
    X, y, groups = make_voices()
    codes, speakers = (np.unique(v, return_inverse=True)[1] for v in (y, groups))
    names = {"lost": DNNClassifier(steps=1, learning_rate=1e-9), "svm": RBFSVM()}
    learnt = learn(X, codes, speakers, speakers, names, Method(), _in_numpy, seed=0, progress=False)
    assert learnt.name == "svm"
    assert learnt.names == ["svm"] * 4
    assert learnt.uar["svm"] > learnt.uar["lost"]
    alone = learn(
        X, codes, speakers, speakers, {"svm": RBFSVM()}, Method(), _in_numpy, seed=0, progress=False
    )
    np.testing.assert_array_equal(learnt.scores, alone.scores)


@pytest.mark.parametrize("change", ["rows", "labels"])
def test_a_speaker_has_no_part_in_what_is_chosen_for_it(make_voices, change):
    X, y, groups = make_voices()
    speakers = np.unique(groups, return_inverse=True)[1]
    own, learnt = speakers == 2, []
    for changed in (False, True):
        rows, codes = X.copy(), np.unique(y, return_inverse=True)[1]
        if changed and change == "rows":
            rows[own] = 50 - 3 * rows[own]
        elif changed:
            codes[own] = np.roll(codes[own], 1)
        names = {"svm": RBFSVM(), "large": RBFSVM(100.0)}
        args = (rows, codes, speakers, speakers, names, Method(), _in_numpy)
        learnt.append(learn(*args, seed=0, progress=False))
    before, after = learnt
    assert before.names[2] == after.names[2]
    np.testing.assert_array_equal(before.lessons[2].fold.X, after.lessons[2].fold.X)
    np.testing.assert_array_equal(before.inner[2][~own], after.inner[2][~own])
    assert not np.array_equal(before.inner[1], after.inner[1])


def test_settings_of_the_first_block_are_chosen_without_it(make_voices, monkeypatch):
    """The whole has the first fold's number, and must not lend it what it chose."""
    X, y, groups = make_voices()
    chosen_on, choose = [], ShrunkDiscriminant.choose
    monkeypatch.setattr(
        ShrunkDiscriminant,
        "choose",
        lambda d, X, *others: (chosen_on.append(len(X)), choose(d, X, *others))[1],
    )
    EmotionRecognizer(features="of its own", classifier=ShrunkDiscriminant()).fit(X, y, groups)
    assert sorted(chosen_on) == [45, 45, 45, 45, 60]


def test_many_speakers_are_left_out_in_blocks():
    speakers = np.repeat(np.arange(25), 4)
    assert (blocks_of(speakers, choice=False) == speakers).all()
    blocks = blocks_of(speakers, choice=True)
    assert len(np.unique(blocks)) == MOST_BLOCKS
    assert all(len(np.unique(blocks[speakers == s])) == 1 for s in range(25))


def test_by_default_it_is_good_and_knows_how_good(make_voices, chosen):
    recognizer = chosen(*make_voices())
    _, y, _ = make_voices()
    assert (recognizer.held_out_["predicted"] == y).mean() > 0.8
    assert recognizer.card_["unseen_speakers"]["calibration_error"] < 0.15


def test_enrolment_helps_a_new_speaker(make_voices, chosen):
    recognizer = chosen(*make_voices())
    told = recognizer.card_["enrolment"]
    assert told["any emotions"]["10"]["uar"] >= told["any emotions"]["1"]["uar"] - 1
    for scores in told["one emotion"].values():
        assert scores["uar_low"] <= scores["uar"] <= scores["uar_high"]
    X, y = make_voices()[:2]
    rng = np.random.default_rng(7)
    new = X[:15] + 4 * rng.normal(size=X.shape[1]).astype(np.float32)
    alone = (recognizer.predict(new) == y[:15]).mean()
    together = (recognizer.predict(new, groups=["new"] * 15) == y[:15]).mean()
    assert together >= alone
    one = (recognizer.enrol(new[:8], "new").predict(new[8:9], groups=["new"]) == y[8:9]).all()
    both = recognizer.model_.enrolled(new[:9]).probabilities(new[8:9])
    np.testing.assert_array_equal(recognizer.predict_proba(new[8:9], ["new"]), both)
    assert one


def test_an_enrolled_bundle_is_a_bundle(make_voices, chosen, tmp_path):
    recognizer, X = chosen(*make_voices()), make_voices()[0]
    model = recognizer.model_.enrolled(X[:5])
    bundle.save(model, tmp_path / "anna.adan")
    again = bundle.load(tmp_path / "anna.adan")
    np.testing.assert_array_equal(again.probabilities(X), model.probabilities(X))
    assert not np.array_equal(again.scores(X), recognizer.model_.scores(X))


def test_what_cannot_be_enrolled_says_so(make_voices, make_rows):
    X, y, groups = make_voices()
    recognizer = EmotionRecognizer(features="of its own", classifier="svm").fit(X, y)
    with pytest.raises(AdanError, match="trained without speakers"):
        recognizer.predict(X, groups=groups)
    with pytest.raises(AdanError, match="trained without speakers"):
        recognizer.enrol(X, "me")
    with pytest.raises(AdanError, match="give the speaker of each of 60 rows"):
        recognizer.predict(X, groups=groups[:3])


def test_without_speakers_the_default_is_a_discriminant(make_rows):
    X, y = make_rows(n=60, d=30)
    recognizer = EmotionRecognizer(features="of its own").fit(X, y)
    assert recognizer.card_["classifier"] == "discriminant, shrinkage 0.5"
    assert recognizer.score(X, y) > 0.9


def test_a_class_heard_from_one_speaker_only(make_voices):
    X, y, groups = make_voices()
    y = y.astype("U9")
    y[np.flatnonzero(groups == "s00")[:3]] = "boredom"
    recognizer = EmotionRecognizer(features="of its own").fit(X, y, groups)
    assert "boredom" in recognizer.classes_
    assert np.isfinite(recognizer.predict_proba(X)).all()
