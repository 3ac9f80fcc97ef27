"""One round of training: who learns from what, and that shared forward passes change nothing."""

import copy

import pytest
import torch

from adan.networks import losses
from adan.networks.loop import Batch
from adan.synthesis.game import Game


@pytest.fixture
def game():
    generators = [torch.Generator().manual_seed(m) for m in range(2)]
    game = Game(
        [6, 5],
        generators,
        n_classes=3,
        n_features=6,
        latent_dim=4,
        noise_dim=4,
        autoencoder_hidden=(8, 8),
        hidden=(7, 7),
        discriminator_steps=1,
        generator_loss="inverted",
        reduced=False,
    )
    game.start(learning_rate=1e-2)
    return game


def synthetic_latents(game, batch):
    return game.generator(torch.cat([batch.noise["z"], batch.one_hot], dim=-1))


def test_discriminator_step_moves_d_alone(game, make_batch, changed):
    batch, before = make_batch(game.noise), copy.deepcopy(game)
    latent, synthetic = game.encoder(batch.x), synthetic_latents(game, batch)
    game.train_discriminator(latent.detach(), synthetic.detach(), batch)
    assert changed(game, before) == {"discriminator"}
    assert all(p.grad is None for p in game.encoder.parameters())
    assert all(p.grad is None for p in game.generator.parameters())


def test_autoencoder_step_moves_e_r_and_c(game, make_batch, changed):
    batch, before = make_batch(game.noise), copy.deepcopy(game)
    game.train_autoencoder(game.encoder(batch.x), batch)
    assert changed(game, before) == {"encoder", "decoder", "classifier"}
    assert all(p.grad is None for p in game.generator.parameters())
    assert all(p.grad is None for p in game.discriminator.parameters())


def test_decoder_learns_from_reconstruction_alone_and_c_from_classes_alone(game, make_batch):
    batch = make_batch(game.noise)
    latent = game.encoder(batch.x)
    classes = losses.classification_loss(game.classifier(latent), batch.one_hot, batch.weight)
    error = losses.reconstruction_loss(batch.x, game.decoder(latent), batch.weight)
    decoder, classifier = list(game.decoder.parameters()), list(game.classifier.parameters())
    expected_r = torch.autograd.grad(error.sum(), decoder, retain_graph=True)
    expected_c = torch.autograd.grad(classes.sum(), classifier, retain_graph=True)
    game.train_autoencoder(latent, batch)
    for p, g in zip(decoder + classifier, expected_r + expected_c, strict=True):
        torch.testing.assert_close(p.grad, g)


def test_generator_step_moves_g_alone_through_frozen_d_and_c(game, make_batch, changed):
    batch, before = make_batch(game.noise), copy.deepcopy(game)
    measures = game.train_generator(synthetic_latents(game, batch), batch)
    assert changed(game, before) == {"generator"}
    for network in (game.discriminator, game.classifier, game.encoder, game.decoder):
        assert all(p.grad is None for p in network.parameters())
    assert (measures["gradient_discriminator"] > 0).all()
    assert (measures["gradient_classifier"] > 0).all()


def test_generator_gradient_is_that_of_equation_6(game, make_batch):
    batch = make_batch(game.noise)
    synthetic = synthetic_latents(game, batch)
    d = game.discriminator(synthetic).squeeze(-1)
    c = losses.classification_loss(game.classifier(synthetic), batch.one_hot, batch.weight)
    loss = losses.inverted_generator_loss(d, batch.weight) + c
    parameters = list(game.generator.parameters())
    expected = torch.autograd.grad(loss.sum(), parameters, retain_graph=True)
    game.train_generator(synthetic, batch)
    for p, g in zip(parameters, expected, strict=True):
        torch.testing.assert_close(p.grad, g)


@pytest.mark.parametrize("discriminator_steps", [1, 3])
def test_one_round_equals_the_algorithm_step_by_step(game, make_batch, discriminator_steps):
    """Shared forward passes against fresh ones before every update."""
    game.discriminator_steps = discriminator_steps
    batch, plain = make_batch({"z": 4 * discriminator_steps}), copy.deepcopy(game)
    game.step(batch)

    for noise in batch.noise["z"].split(4, dim=-1):
        fresh = plain.generator(torch.cat([noise, batch.one_hot], dim=-1)).detach()
        plain.train_discriminator(plain.encoder(batch.x).detach(), fresh, batch)
    plain.train_autoencoder(plain.encoder(batch.x), batch)
    plain.train_generator(plain.generator(torch.cat([noise, batch.one_hot], dim=-1)), batch)

    for p, q in zip(game.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_filled_up_rows_and_columns_teach_nothing(game, make_batch):
    batch = make_batch(game.noise)
    other = copy.deepcopy(game)
    game.step(batch)
    x = batch.x.clone()
    x[1, 4] = 77.0
    other.step(Batch(x, batch.one_hot, batch.noise, batch.weight))
    for p, q in zip(game.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(p, q)
    assert not game.encoder.weights[0][1, 5].any()
    assert not game.decoder.weights[-1][1, :, 5].any()


def test_without_weight_the_generator_learns_from_d_alone(game, make_batch):
    batch = make_batch(game.noise)
    game.classification_weight = 0.0
    measures = game.train_generator(synthetic_latents(game, batch), batch)
    assert (measures["gradient_discriminator"] > 0).all()
    assert not measures["gradient_classifier"].any()
