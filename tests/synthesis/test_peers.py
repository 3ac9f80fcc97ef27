"""The peers' networks: who learns from what, in which order, and what each leaves alone."""

import copy

import numpy as np
import pytest
import sklearn.covariance
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from adan import AdanError
from adan.networks import losses
from adan.networks.loop import Batch
from adan.networks.optimiser import Adam
from adan.networks.stacked import StackedMLP
from adan.synthesis.aae import AdversarialAutoencoder, PriorGame, class_centres
from adan.synthesis.cvae import VariationalAutoencoder
from adan.synthesis.diffusion import Diffusion, cosine_schedule
from adan.synthesis.gan import ConditionalGame
from adan.synthesis.gaussian import ClassGaussian, ledoit_wolf_shrinkage
from adan.synthesis.mixup import ClassMixup
from adan.synthesis.sequential import SequentialADAN, SequentialGame
from adan.synthesis.transfer import TransferADAN, TransferGame
from adan.synthesis.wasserstein import WassersteinGame

LATENT = {"latent_dim": 4, "autoencoder_hidden": (8, 8)}
GAME = {"noise_dim": 4, "discriminator_steps": 1, **LATENT}
AUTOENCODER = ("autoencoder", {"encoder", "decoder", "classifier"})
DISCRIMINATOR, GENERATOR = ("discriminator", {"discriminator"}), ("generator", {"generator"})

# The networks, what they are made with, and the updates of each phase with what each changes.
PEERS = {
    "gan": (ConditionalGame, {"noise_dim": 4}, [[DISCRIMINATOR, GENERATOR]]),
    "sequential": (
        SequentialGame,
        GAME,
        [[AUTOENCODER], [DISCRIMINATOR, GENERATOR]],
    ),
    "wadan": (WassersteinGame, {"k": 2, "p": 6, **GAME}, [[DISCRIMINATOR, AUTOENCODER, GENERATOR]]),
    "transfer": (
        TransferGame,
        {"k": 2, "p": 6, **GAME},
        [[DISCRIMINATOR, AUTOENCODER, GENERATOR]],
    ),
    "aae": (
        PriorGame,
        LATENT,
        [[("autoencoder", {"encoder", "decoder"}), DISCRIMINATOR, ("encoder", {"encoder"})]],
    ),
    "cvae": (
        VariationalAutoencoder,
        {"latent_dim": 4},
        [[("autoencoder", {"encoder", "decoder", "prior"})]],
    ),
    "diffusion": (
        Diffusion,
        {"diffusion_steps": 10, "denoiser_hidden": (9,), **LATENT},
        [[AUTOENCODER], [("denoiser", {"denoiser"})]],
    ),
}
each = pytest.mark.parametrize("name", PEERS)


@pytest.fixture
def make_networks():
    def make(name):
        kind, parameters, _ = PEERS[name]
        generators = [torch.Generator().manual_seed(m) for m in range(2)]
        shared = {"n_classes": 3, "n_features": 6, "hidden": (7, 7), "reduced": False}
        networks = kind([6, 5], generators, **shared, **parameters)
        networks.start(learning_rate=1e-2)
        return networks

    return make


@each
def test_each_update_changes_its_own_networks_in_turn(
    name, make_networks, make_batch, changed, monkeypatch
):
    networks = make_networks(name)
    batch, seen, before = make_batch(networks.noise), [], copy.deepcopy(networks)

    names, step = {adam: update for update, adam in networks.optimisers.items()}, Adam.step

    def look(adam):
        step(adam)
        seen.append((names[adam], changed(networks, before)))
        before.load_state_dict(networks.state_dict())

    monkeypatch.setattr(Adam, "step", look)
    for phase, expected in zip(networks.phases(), PEERS[name][2], strict=True):
        seen.clear()
        phase(batch)
        assert seen == expected


@each
def test_filled_up_rows_and_columns_teach_nothing(name, make_networks, make_batch):
    networks, other = make_networks(name), make_networks(name)
    batch = make_batch(networks.noise)
    x = batch.x.clone()
    x[1, 4, :5] = 77.0
    for phase, same in zip(networks.phases(), other.phases(), strict=True):
        phase(batch)
        same(Batch(x, batch.one_hot, batch.noise, batch.weight))
    for p, q in zip(networks.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(p, q)
    for network in networks.children():
        first, last = network.widths[1][0], network.widths[1][-1]
        assert not network.weights[0][1, first:].any()
        assert not network.weights[-1][1, :, last:].any()


def test_the_gans_discriminator_sees_the_label(make_networks, make_batch):
    gan = make_networks("gan")
    gan.step(make_batch(gan.noise))
    assert gan.discriminator.weights[0].grad[:, :3].abs().sum(dim=(1, 2)).gt(0).all()


def test_gan_generator_learns_from_the_discriminator_alone(make_networks, make_batch):
    gan = make_networks("gan")
    batch = make_batch(gan.noise)
    gan.step(batch)
    before = make_networks("gan")
    before.discriminator.load_state_dict(gan.discriminator.state_dict())
    synthetic = before.generator(torch.cat([batch.noise["z"], batch.one_hot], dim=-1))
    logits = before.discriminator(torch.cat([batch.one_hot, synthetic], dim=-1)).squeeze(-1)
    loss = losses.inverted_generator_loss(logits, batch.weight).sum()
    expected = torch.autograd.grad(loss, list(before.generator.parameters()))
    for p, gradient in zip(gan.generator.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, gradient)


def test_annealed_learning_rate_falls_anew_in_each_phase(make_rows, monkeypatch):
    """E, R and C first, one update an epoch, then D and G."""
    rates, step = [], Adam.step

    def noted(adam):
        rates.append(adam.learning_rate)
        return step(adam)

    monkeypatch.setattr(Adam, "step", noted)
    SequentialADAN(epochs=2, anneal=True, learning_rate=0.1, latent_dim=5).fit(*make_rows())
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.1, 0.1, 0.05, 0.05])


def test_critic_learns_from_the_divergence_as_plain_layers_do(make_networks, make_batch):
    wadan = make_networks("wadan")
    batch, before = make_batch(wadan.noise), copy.deepcopy(wadan.discriminator)
    real, synthetic = torch.randn(2, 2, 5, 4, generator=torch.Generator().manual_seed(1)).unbind()
    wadan.train_discriminator(real, synthetic, batch)
    for m in range(2):
        network = _plain(before.member(m))
        share = torch.special.ndtr(batch.noise["between"][m])
        between = (share * real[m] + (1 - share) * synthetic[m]).requires_grad_()
        (slope,) = torch.autograd.grad(network(between).sum(), between, create_graph=True)
        loss = network(synthetic[m]) - network(real[m])
        loss = loss.squeeze(-1) + 2 * slope.norm(dim=-1) ** 6
        (loss * batch.weight[m]).sum().backward()
        for layer, weight in zip(network[::2], wadan.discriminator.weights, strict=True):
            i, o = layer.in_features, layer.out_features
            torch.testing.assert_close(weight.grad[m, :i, :o], layer.weight.grad.T)


def _plain(alone: StackedMLP) -> torch.nn.Sequential:
    layers = []
    for weight, bias in zip(alone.weights, alone.biases, strict=True):
        layer = torch.nn.Linear(*weight.shape[1:])
        layer.weight.data, layer.bias.data = weight.data[0].T.clone(), bias.data[0, 0].clone()
        layers += [layer, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("latent_dim", [2, 5])
def test_the_priors_components_lie_four_deviations_apart(latent_dim):
    centres = class_centres(7, latent_dim)
    assert centres.shape == (7, latent_dim)
    neighbours = np.linalg.norm(centres - np.roll(centres, 1, axis=0), axis=1)
    np.testing.assert_allclose(neighbours, 4, rtol=1e-5)


def test_a_latent_line_has_no_room_for_the_prior(make_rows):
    with pytest.raises(AdanError, match=r"latent_dim is 1: .* at least 2 dimensions"):
        AdversarialAutoencoder(latent_dim=1).fit(*make_rows())


def test_noise_grows_from_none_to_all_in_the_cosine_schedule():
    signals = cosine_schedule(100)
    assert signals.shape == (101,)
    assert signals[0] == 1
    assert (np.diff(signals) < 0).all()
    assert signals[50] == pytest.approx(0.5, abs=0.02)
    assert 0 < signals[-1] < 1e-4


def test_gaussian_has_the_shrunk_covariance_within_classes():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)) @ [[1, 0.8, 0], [0, 0.6, 0], [0, 0, 2]]
    X[20:] += 5
    y = np.repeat(["a", "b"], 20)
    gaussian = ClassGaussian(random_state=0).fit(X, y)
    standard = X / X.std(axis=0)
    residuals = standard - np.repeat(
        [standard[:20].mean(axis=0), standard[20:].mean(axis=0)], 20, 0
    )
    S, a = residuals.T @ residuals / 40, gaussian.shrinkage_
    expected = (1 - a) * S + a * np.trace(S) / 3 * np.eye(3)
    drawn = gaussian.sample({"b": 200_000})[0] / X.std(axis=0)
    assert 0 < a < 1
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.01)
    np.testing.assert_allclose(drawn.mean(axis=0), standard[20:].mean(axis=0), atol=0.01)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (20, 200), (2, 30)])
def test_shrinkage_is_that_of_scikit_learn(n, d):
    rows = np.random.default_rng(0).normal(size=(n, d)) * np.linspace(0.1, 2, d)
    expected = sklearn.covariance.ledoit_wolf_shrinkage(rows, assume_centered=True)
    assert ledoit_wolf_shrinkage(rows) == pytest.approx(expected)


def test_gaussian_makes_no_matrix_of_features_by_features(make_rows):
    X, y = make_rows(n=30, d=50_000)
    X_synthetic, _ = ClassGaussian(random_state=0).fit(X.astype(np.float32), y).sample(y)
    assert X_synthetic.shape == (30, 50_000)


def test_mixtures_lie_between_two_vectors_of_the_class():
    X = np.array([[0.0, 0.0], [1.0, 2.0], [10.0, 10.0], [11.0, 8.0]])
    mixup = ClassMixup(random_state=0).fit(X, ["a", "a", "b", "b"])
    a, b = mixup.sample({"a": 500})[0], mixup.sample({"b": 500})[0]
    np.testing.assert_allclose(a[:, 1], 2 * a[:, 0])
    np.testing.assert_allclose(b[:, 1], 30 - 2 * b[:, 0])
    assert 0 <= a[:, 0].min() < 0.1
    assert 0.9 < a[:, 0].max() <= 1
    assert a[:, 0].var() < mixup.set_params(alpha=0.1).sample({"a": 500})[0][:, 0].var()


@pytest.fixture
def make_transfer(make_rows):
    def make(**parameters):
        X, y = make_rows(n=40, d=30)
        settings = {"latent_dim": 3, "epochs": 5, "random_state": 0, **parameters}
        return X, y, TransferADAN(**settings).fit(X, y)

    return make


def test_transfer_changes_real_vectors_of_other_classes_where_the_decoder_can(make_transfer):
    X, y, transfer = make_transfer(own=0.0, move_dropped=False)
    X_synthetic, _ = transfer.sample({"anger": 20})
    standard = (X_synthetic - X.mean(axis=0)) / X.std(axis=0)
    decoded = transfer.decode(np.vstack([np.zeros(3), np.eye(3)])) - X.mean(axis=0)
    span, _ = np.linalg.qr(((decoded[1:] - decoded[0]) / X.std(axis=0)).T)
    outside = np.eye(30) - span @ span.T
    real = (X - X.mean(axis=0)) / X.std(axis=0) @ outside
    distances = np.linalg.norm((standard @ outside)[:, None] - real, axis=2)
    np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-3)
    assert not np.isin(distances.argmin(axis=1), np.flatnonzero(y == "anger")).any()


def test_transfer_moves_the_mean_of_what_the_decoder_drops(make_transfer):
    X, y, transfer = make_transfer(own=0.0)
    moved, _ = transfer.sample({"anger": 20})
    kept, _ = transfer.set_params(move_dropped=False).sample({"anger": 20})
    dropped = X - transfer.decode(transfer.encode(X))
    means = {label: dropped[y == label].mean(axis=0) for label in np.unique(y)}
    shifts = np.array([means["anger"] - means[other] for other in ("fear", "sadness")])
    distances = np.linalg.norm((moved - kept)[:, None] - shifts, axis=2)
    np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-3)


def test_transfer_with_all_variance_of_its_own_class_gives_its_rows_back(make_transfer):
    X, y, transfer = make_transfer(own=1.0)
    X_synthetic, y_synthetic = transfer.sample(np.tile(y, 2))
    distances = np.linalg.norm(X_synthetic[:, None] - X, axis=2)
    np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-3)
    nearest = distances.argmin(axis=1)
    np.testing.assert_array_equal(y[nearest], y_synthetic)
    np.testing.assert_array_equal(np.bincount(nearest), np.full(len(X), 2))


def test_transfer_moves_each_row_of_the_other_classes_as_often_as_any_other(make_transfer):
    _, y, transfer = make_transfer()
    codes = np.searchsorted(transfer.classes_, y)
    others = np.flatnonzero(y != "anger")
    asked = np.zeros(2 * len(others) + 5, dtype=np.intp)
    parents = transfer._parents(asked, np.random.RandomState(0))
    np.testing.assert_array_equal(transfer.memory_["codes"], codes)
    counts = np.bincount(parents.moved, minlength=len(y))
    assert set(counts[others]) == {2, 3}
    assert not counts[y == "anger"].any()


@pytest.mark.parametrize("own", [-0.1, 1.5])
def test_transfer_refuses_a_share_that_is_none(make_transfer, own):
    with pytest.raises(AdanError, match=f"own is {own}.*0 to 1"):
        make_transfer(own=own)


def test_transfer_reads_files_that_hold_the_scale_as_a_gain(make_transfer, tmp_path):
    _, y, transfer = make_transfer()
    transfer.save(tmp_path / "new")
    with safe_open(tmp_path / "new", "numpy") as file:
        header = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    arrays["networks.generator.gains"][1] = arrays.pop("memory.scale")
    save_file(arrays, tmp_path / "old", metadata=header)
    old = TransferADAN.load(tmp_path / "old")
    np.testing.assert_array_equal(old.sample(y)[0], transfer.sample(y)[0])
