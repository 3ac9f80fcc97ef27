import numpy as np
import pytest
import torch
from sklearn.base import clone

from adan.classifiers import registry
from adan.classifiers.sequence.acrnn import ACRNN
from adan.classifiers.sequence.attention_rnn import POOLINGS, AttentionRNN
from adan.classifiers.sequence.base import with_masks
from adan.classifiers.sequence.gmm_svm import GMMSVM
from adan.classifiers.sequence.variable_length import VariableLengthDNN
from adan.errors import AdanError
from adan.networks.sequences import Padded, Recurrent, batches
from adan.sequences import Sequences

SMALL = {"steps": 25, "batch_size": 8, "learning_rate": 0.01, "random_state": 0}
CLASSIFIERS = [
    *(
        AttentionRNN(hidden=16, units=8, pooling=pooling, stacked=2, **SMALL)
        for pooling in POOLINGS
    ),
    ACRNN(channels=1, maps=(4,), linear=16, units=8, hidden=8, longest=30, **SMALL),
    ACRNN(channels=3, maps=(4, 6), linear=16, units=8, hidden=8, longest=30, **SMALL),
    VariableLengthDNN(maps=(4, 4), units=8, hidden=16, **{**SMALL, "steps": 60}),
]
every = pytest.mark.parametrize("classifier", CLASSIFIERS, ids=repr)
either = pytest.mark.parametrize(
    "classifier", [*CLASSIFIERS, GMMSVM(n_components=2, random_state=0)], ids=repr
)


def test_every_classifier_of_sequences_is_tested():
    known = {kind for name, kind in registry.CLASSIFIERS.items() if registry.reads_sequences(name)}
    assert known == {*map(type, CLASSIFIERS), GMMSVM}


@pytest.fixture(scope="module")
def speech():
    """Two kinds of sequences of 12 features, that differ in which feature swings."""
    rng = np.random.default_rng(0)
    y = np.array(["low", "high"] * 16)
    frames = []
    for label in y:
        own = 0.3 * rng.normal(size=(rng.integers(5, 60), 12))
        own[:, 2 if label == "low" else 9] += 2
        frames.append(own.astype(np.float32))
    return Sequences.of(frames), y


@every
def test_it_learns_and_says_the_same_again(classifier, speech):
    X, y = speech
    state = torch.random.get_rng_state()
    first, again = (clone(classifier).fit(X, y) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (first.predict(X) == y).mean() > 0.9
    assert np.array_equal(first.predict_proba(X), again.predict_proba(X))
    assert np.allclose(first.predict_proba(X).sum(axis=1), 1, atol=1e-6)
    assert len(first.history_["loss"]) == classifier.steps


@every
def test_in_bfloat16_it_learns_as_in_float32(classifier, speech):
    of = {
        precision: clone(classifier).set_params(precision=precision).fit(*speech)
        for precision in ("float32", "bfloat16")
    }
    first, second = (one.history_["loss"] for one in of.values())
    assert not np.array_equal(first, second)
    assert np.allclose(first, second, atol=0.05)
    assert {p.dtype for p in of["bfloat16"].network_.parameters()} == {torch.float32}


def test_mixtures_and_svm_learn_apart_and_together(speech):
    X, y = speech
    for share in (0, 0.5, 1):
        fitted = GMMSVM(n_components=2, svm_share=share, random_state=0).fit(X, y)
        assert (fitted.predict(X) == y).mean() > 0.9
        assert np.allclose(fitted.decision_function(X).sum(axis=1), 0)


@every
def test_what_stands_beside_or_behind_a_sequence_changes_nothing(classifier, speech):
    X, y = speech
    fitted = clone(classifier).set_params(steps=3).fit(X, y)
    together = fitted.predict_proba(X)
    alone = np.vstack([fitted.predict_proba(X[i]) for i in range(len(X))])
    assert np.abs(together - alone).max() < 1e-5
    vectors = fitted.embed(X)
    assert np.abs(vectors[:3] - fitted.embed(X[:3])).max() < 1e-5
    assert vectors.shape == (len(X), fitted.network_.output.in_features)


@every
def test_any_length_will_do(classifier, speech):
    X, y = speech
    fitted = clone(classifier).set_params(steps=2).fit(X, y)
    rng = np.random.default_rng(1)
    odd = Sequences.of([rng.normal(size=(n, 12)) for n in (1, 2, 3, 2500)])
    assert np.isfinite(fitted.predict_proba(odd)).all()


@pytest.mark.parametrize("kind", [torch.nn.LSTM, torch.nn.GRU])
def test_both_directions_end_where_a_sequence_does(kind):
    layer = Recurrent(kind, 3, 4)
    frames = [torch.randn(n, 3).numpy() for n in (7, 4)]
    states, last = layer(Padded.of(frames))
    expected = kind(3, 4, batch_first=True, bidirectional=True)
    names = [name for name, _ in layer.forwards.named_parameters()]
    with torch.no_grad():
        for name in names:
            getattr(expected, name).copy_(getattr(layer.forwards, name))
            getattr(expected, f"{name}_reverse").copy_(getattr(layer.backwards, name))
    for i, own in enumerate(frames):
        whole, final = expected(torch.as_tensor(own)[None])
        final = final[0] if isinstance(final, tuple) else final
        assert torch.allclose(states.values[i, : len(own)], whole[0], atol=1e-6)
        assert (states.values[i, len(own) :] == 0).all()
        assert torch.allclose(last[i], final[:, 0].flatten(), atol=1e-6)


def test_batches_go_through_all_and_have_similar_lengths():
    lengths = np.arange(100)
    drawn = batches(lengths, 8, np.random.default_rng(0))
    epoch = [next(drawn) for _ in range(14)]
    assert sorted(np.concatenate(epoch)) == lengths.tolist()
    assert max(map(len, epoch)) <= 8
    assert np.mean([np.ptp(batch) for batch in epoch]) < 30


def test_masks_hide_stretches_of_time_and_of_features():
    frames = np.ones((40, 30), np.float32)
    seen = with_masks(frames, 2, 1, np.random.default_rng(3))
    assert (frames == 1).all()
    frames_hidden, features_hidden = (seen == 0).all(axis=1), (seen == 0).all(axis=0)
    assert 0 < frames_hidden.sum() <= 8
    assert 0 < features_hidden.sum() <= 6
    assert with_masks(frames, 0, 1, None) is frames


def test_a_band_is_hidden_with_its_deltas():
    """Of three channels of 10 bands."""
    seen = with_masks(np.ones((40, 30), np.float32), 2, 3, np.random.default_rng(3))
    hidden = (seen == 0).all(axis=0).reshape(3, 10)
    assert 0 < hidden[0].sum() <= 2
    assert (hidden == hidden[0]).all()


def test_an_utterance_counts_one_over_its_length():
    one = VariableLengthDNN(class_weight=None)
    codes, owners, lengths = np.array([0, 1]), np.array([0, 1, 1]), np.array([1000, 1001])
    assert one._weights(codes, owners, lengths) == pytest.approx([1 / 1000, 1 / 2002, 1 / 2002])


def test_classes_count_the_same_however_many_pieces_their_utterances_have():
    one = VariableLengthDNN(longest=10)
    codes, owners, lengths = np.array([0, 1, 1]), np.array([0, 0, 1, 2]), np.array([20, 10, 10])
    each = one._weights(codes, owners, lengths)
    assert each == pytest.approx([1 / 40, 1 / 40, 1 / 20, 1 / 20])  # of 1 / 20 and 1 / 10 a class


def test_what_utterances_count_holds_between_batches_too(monkeypatch):
    """The losses are all 1; batches are of short or of long utterances alone."""
    monkeypatch.setattr(
        VariableLengthDNN, "_loss", lambda self, network, x, y: 1 + 0 * network(x).sum(dim=1)
    )
    X = Sequences.of([np.ones((n, 12), np.float32) for n in [10, 40] * 8])
    small = clone(CLASSIFIERS[-1]).set_params(steps=20, class_weight=None)
    losses = small.fit(X, np.arange(16) % 3).history_["loss"]
    assert set(np.round(losses, 5)) == {0.4, 1.6}


@either
def test_what_it_cannot_read_is_refused(classifier, speech):
    X, y = speech
    with pytest.raises(AdanError, match="reads sequences of frames, not vectors"):
        clone(classifier).fit(np.zeros((4, 12)), y[:4])
    with pytest.raises(AdanError, match="NaN or infinity"):
        clone(classifier).fit(X.with_values(X.values * np.nan), y)
    with pytest.raises(AdanError, match="there is no sequence"):
        clone(classifier).fit(X[:0], y[:0])
    with pytest.raises(AdanError, match="3 labels for 32"):
        clone(classifier).fit(X, y[:3])
    fitted = clone(classifier).fit(X, y)
    with pytest.raises(AdanError, match="11 features, and 12 were trained on"):
        fitted.predict(X.with_values(X.values[:, :11]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (AttentionRNN(pooling="max"), "pooling='max': choose one of attention"),
        (ACRNN(channels=5), "channels=5: frames of 12 features"),
        (AttentionRNN(channels=5), "channels=5: frames of 12 features"),
        (ACRNN(channels=0), "channels=0: give 1 or more"),
        (ACRNN(maps=()), "maps=..: give the maps of one convolution at least"),
        (GMMSVM(n_components=0), "n_components=0: give 1 or more"),
        (GMMSVM(svm_share=3), "svm_share=3: give a number from 0 to 1"),
        (AttentionRNN(stacked=0), "stacked=0: give 1 or more"),
        (VariableLengthDNN(steps=0), "steps=0: give 1 or more"),
        (ACRNN(masks=-1), "masks=-1: give 0 or more"),
        (ACRNN(batch_size=2), "batch_size=2: give 3 or more"),
        (AttentionRNN(precision="float16"), "no precision 'float16'; choose one of auto"),
    ],
)
def test_parameters_that_make_no_sense(wrong, message, speech):
    with pytest.raises(AdanError, match=message):
        wrong.fit(*speech)


def test_early_stopping_takes_the_updates_that_suit_a_speaker_left_out(speech, monkeypatch):
    """The network learns at once, and forgets what it learnt behind half of the updates."""
    X, y = speech
    speakers = np.arange(len(y)) // 8
    rnn = clone(CLASSIFIERS[0]).set_params(steps=40, early_stopping=True)
    truly = AttentionRNN.predict
    left_out = []

    def forgetful(self, X):
        left_out.append(len(X))
        return truly(self, X) if len(left_out) <= 5 else np.full(len(X), "low")

    monkeypatch.setattr(AttentionRNN, "predict", forgetful)
    chosen = rnn.choose(X, y, speakers)
    assert left_out == [8] * 10
    assert chosen.steps <= 20
    changed = {"steps": chosen.steps, "early_stopping": False}
    assert chosen.get_params() == rnn.get_params() | changed
    assert not hasattr(chosen, "network_")
    assert rnn.choose(X, y, speakers).steps == 4  # all are equal now: the first


def test_without_early_stopping_nothing_is_chosen(speech):
    X, y = speech
    assert CLASSIFIERS[0].choose(X, y, np.zeros(len(y))).get_params() == CLASSIFIERS[0].get_params()
    with pytest.raises(AdanError, match="give at least two speakers"):
        clone(CLASSIFIERS[0]).set_params(early_stopping=True).choose(X, y, np.zeros(len(y)))
