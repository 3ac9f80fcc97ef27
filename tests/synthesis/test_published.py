"""The network of the authors' scripts: what each of its parameters does."""

import copy

import numpy as np
import pytest
import torch

from adan import ADAN, AdanError
from adan.networks.loop import n_batches
from adan.synthesis import stopping
from adan.synthesis.adan import AS_PUBLISHED
from adan.synthesis.base import fit_all
from adan.synthesis.game import Game

SMALL = {"autoencoder_hidden": (20, 20), "hidden": (10, 10), "latent_dim": 5, "random_state": 0}


@pytest.fixture
def make_game():
    def make(**parameters):
        generators = [torch.Generator().manual_seed(m) for m in range(2)]
        settings = {
            "n_classes": 3,
            "n_features": 6,
            "latent_dim": 4,
            "noise_dim": 4,
            "autoencoder_hidden": (8, 8),
            "hidden": (7, 7),
            "discriminator_steps": 1,
            "reduced": False,
        }
        game = Game([6, 5], generators, **{**settings, **parameters})
        game.start(learning_rate=1e-2)
        return game

    return make


def history(**curves):
    return {f"discriminator_{name}": np.array(values) for name, values in curves.items()}


def test_published_differs_from_the_default_in_what_it_says():
    published, default = ADAN.as_published().get_params(), ADAN().get_params()
    assert {k: v for k, v in published.items() if v != default[k]} == AS_PUBLISHED
    assert ADAN.as_published(epochs=3, random_state=1).get_params() == {
        **published,
        "epochs": 3,
        "random_state": 1,
    }


def test_it_trains_samples_and_comes_back_from_its_file(make_rows, tmp_path):
    X, y = make_rows(d=100)
    adan = ADAN.as_published(**{**SMALL, "epochs": 5}).fit(X, y)
    vectors, labels = adan.sample(y)
    assert vectors.shape == X.shape
    most = np.abs(X - X.mean(axis=0)).max(axis=0)
    assert (np.abs(vectors - X.mean(axis=0)) <= most + 1e-5).all()
    assert np.abs(adan.encode(X)).max() < 1
    adan.save(tmp_path / "adan.safetensors")
    loaded = ADAN.load(tmp_path / "adan.safetensors")
    assert loaded.get_params() == adan.get_params()
    np.testing.assert_array_equal(loaded.sample(labels)[0], adan.sample(labels)[0])


def test_activation_is_that_of_all_networks_but_c(make_game):
    game = make_game(activation="leaky_relu", classifier_hidden=(9, 11))
    x = torch.tensor([-1.0, 2.0])
    for network in (game.encoder, game.decoder, game.generator, game.discriminator):
        torch.testing.assert_close(network.hidden(x), torch.tensor([-0.2, 2.0]))
    torch.testing.assert_close(game.classifier.hidden(x), x.tanh())
    assert game.classifier.widths == [(4, 9, 11, 3)] * 2
    assert game.discriminator.widths == [(4, 7, 7, 1)] * 2


def test_a_scaled_and_shifted_layer_is_folded_into_a_plain_one(make_game, make_batch):
    game = make_game(affine=True, activation="leaky_relu")
    batch = make_batch(game.noise)
    for _ in range(3):
        game.step(batch)
    (norm, _) = game.encoder.norms
    assert not torch.equal(norm.scale, torch.ones_like(norm.scale))
    assert not norm.mean.any()
    assert not game.discriminator.norms
    expected = game.encoder(batch.x)
    for m, width in enumerate((6, 5)):
        alone = game.encoder.member(m)
        assert not alone.norms
        torch.testing.assert_close(alone(batch.x[m : m + 1, :, :width])[0], expected[m])


def test_the_factor_of_ds_loss_is_that_of_its_gradient(make_game, make_batch):
    gradients = []
    for weight in (1.0, 0.5):
        game = make_game(discriminator_weight=weight)
        batch = make_batch(game.noise)
        latent = game.encoder(batch.x).detach()
        measures = game.train_discriminator(latent, latent.flip(1), batch)
        gradients.append([p.grad for p in game.discriminator.parameters()])
    for whole, half in zip(*gradients, strict=True):
        torch.testing.assert_close(half, whole / 2)
    expected = make_game().train_discriminator(latent, latent.flip(1), batch)
    torch.testing.assert_close(measures["loss_discriminator"], expected["loss_discriminator"])


def test_adams_settings_give_the_step_worked_out_by_hand(make_game, make_batch):
    game = make_game(beta1=0.5, epsilon=1e-2)
    (weight, *_) = game.generator.parameters()
    before, total, squares = weight.detach().clone(), 0.0, 0.0
    for step in (1, 2):
        game.step(make_batch(game.noise))
        total = 0.5 * total + 0.5 * weight.grad
        squares = 0.999 * squares + 0.001 * weight.grad**2
        size = (squares / (1 - 0.999**step)).sqrt() + 1e-2
        before = before - 1e-2 * total / (1 - 0.5**step) / size
    torch.testing.assert_close(weight.detach(), before)


def test_the_decoder_ends_in_tanh_and_refuses_rotated_coordinates(make_game, make_batch, make_rows):
    game = make_game(decoder_output="tanh")
    linear = copy.deepcopy(game.decoder)
    linear.output = lambda x: x
    latent = game.encoder(make_batch(game.noise).x)
    torch.testing.assert_close(game.decoder(latent)[0], linear(latent)[0].tanh())
    with pytest.raises(AdanError, match="set rotate=False"):
        ADAN(**SMALL, decoder_output="tanh").fit(*make_rows())


def test_the_last_rows_of_an_epoch_are_dropped(make_rows):
    assert [n_batches(n, 20, True) for n in (5, 20, 39, 40)] == [1, 1, 1, 2]
    X, y = make_rows(n=50)
    seen = []

    class Watched(Game):
        def step(self, batch):
            seen.append((batch.weight > 0).sum().item())
            return super().step(batch)

    class WatchedADAN(ADAN):
        _kind = Watched

    WatchedADAN(**SMALL, drop_last=True, batch_size=20, epochs=2).fit(X, y)
    assert seen == [20] * 4
    seen.clear()
    WatchedADAN(**SMALL, drop_last=True, batch_size=80, epochs=2).fit(X, y)
    assert seen == [50] * 2


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"activation": "bad"}, "no activation 'bad'; choose one of relu, tanh, leaky_relu"),
        ({"decoder_output": "bad"}, "no decoder_output 'bad'; choose one of linear, tanh"),
        ({"scaling": "bad"}, "no scaling 'bad'; choose one of deviation, largest"),
        ({"stop": "bad"}, "no stop rule 'bad'; choose one of balance"),
    ],
)
def test_unknown_choices_are_refused(make_rows, parameter, message):
    with pytest.raises(AdanError, match=message):
        ADAN(**SMALL, **parameter).fit(*make_rows())


def test_balance_stops_at_the_fourth_balanced_epoch_of_ten():
    real, synthetic = np.full(230, 0.7), np.full(230, 0.5)
    real[[150, 190, 195, 199]] = 0.5
    assert not any(
        stopping.balanced(history(real=real[:n], synthetic=synthetic[:n]))
        for n in (*(200, 201, 230),)
    )
    real[[201, 204, 207, 210]] = 0.495
    decided = [
        n
        for n in range(1, 231)
        if stopping.balanced(history(real=real[:n], synthetic=synthetic[:n]))
    ]
    assert decided == [211]
    synthetic[204] = 0.52
    assert not stopping.balanced(history(real=real[:211], synthetic=synthetic[:211]))
    assert not stopping.balanced(history(real=real[:211]))


def test_members_of_a_stack_stop_as_they_would_alone(make_rows, monkeypatch):
    """A rule that stops each member in its own epoch, and one member never."""

    def low_loss(history):
        return history["loss_reconstruction"][-1] < 0.97 * history["loss_reconstruction"][0]

    monkeypatch.setitem(stopping.RULES, "balance", low_loss)
    data = [make_rows(n=n, d=d, seed=n) for n, d in ((45, 30), (52, 30), (60, 30))]
    settings = {**SMALL, "epochs": 12, "batch_size": 20, "stop": "balance"}
    del settings["random_state"]
    stack = [ADAN(**settings, random_state=i) for i in range(3)]
    fit_all(stack, data)
    lengths = [len(member.history_["loss_generator"]) for member in stack]
    assert len(set(lengths)) > 1
    for i, (X, y) in enumerate(data):
        alone = ADAN(**settings, random_state=i).fit(X, y)
        short = ADAN(**{**settings, "stop": None, "epochs": lengths[i]}, random_state=i).fit(X, y)
        for other in (alone, short):
            assert len(other.history_["loss_generator"]) == lengths[i]
            np.testing.assert_allclose(stack[i].sample(y)[0], other.sample(y)[0], atol=1e-4)
        np.testing.assert_array_equal(alone.sample(y)[0], short.sample(y)[0])
