"""The losses against values worked out by hand, on a stack of two members with filled-up rows."""

from math import exp, log, pi

import pytest
import torch

from adan.networks import losses

# Member 0 has two rows, member 1 has one and a row that only fills it up.
WEIGHT = torch.tensor([[0.5, 0.5], [1.0, 0.0]])


def sigmoid(x):
    return 1 / (1 + exp(-x))


def test_discriminator_loss_is_equation_1():
    real = torch.tensor([[2.0, -1.0], [0.0, 99.0]])
    synthetic = torch.tensor([[0.5, 3.0], [1.0, -99.0]])
    loss = losses.discriminator_loss(real, synthetic, WEIGHT)
    first = [-log(sigmoid(r)) - log(1 - sigmoid(s)) for r, s in [(2.0, 0.5), (-1.0, 3.0)]]
    assert loss.tolist() == pytest.approx([sum(first) / 2, log(2) - log(1 - sigmoid(1))])


def test_classification_loss_is_equation_2():
    logits = torch.tensor([[[1.0, 2.0], [0.0, 0.0]], [[3.0, 0.0], [9.0, 9.0]]])
    one_hot = torch.tensor([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]])
    loss = losses.classification_loss(logits, one_hot, WEIGHT)
    first = [-log(exp(2) / (exp(1) + exp(2))), log(2)]
    assert loss.tolist() == pytest.approx([sum(first) / 2, log(1 + exp(3))])


def test_reconstruction_loss_is_equation_3_summed_over_features():
    x = torch.tensor([[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0], [5.0, 5.0, 5.0]]])
    y = torch.tensor([[[0.0, 2.0, 1.0], [1.0, 1.0, 1.0]], [[1.0, 3.0, 1.0], [0.0, 0.0, 0.0]]])
    assert losses.reconstruction_loss(x, y, WEIGHT).tolist() == [(1 + 4 + 3) / 2, 4.0]


@pytest.mark.parametrize(
    ("name", "term"),
    [("inverted", lambda d: -log(d)), ("minimax", lambda d: log(1 - d))],
)
def test_generator_losses_are_the_first_terms_of_equations_6_and_5(name, term):
    synthetic = torch.tensor([[2.0, -1.0], [0.5, 99.0]])
    loss = losses.GENERATOR_LOSSES[name](synthetic, WEIGHT)
    first = (term(sigmoid(2.0)) + term(sigmoid(-1.0))) / 2
    assert loss.tolist() == pytest.approx([first, term(sigmoid(0.5))])


def test_wasserstein_losses_are_those_of_the_divergence():
    real = torch.tensor([[2.0, -1.0], [0.5, 99.0]])
    synthetic = torch.tensor([[0.5, 3.0], [1.0, -99.0]])
    gradient = torch.tensor([[[3.0, 4.0], [0.0, 0.0]], [[0.0, 2.0], [9.0, 9.0]]])
    loss = losses.wasserstein_divergence_loss(real, synthetic, gradient, WEIGHT, k=2, p=3)
    assert loss.tolist() == pytest.approx([(-1.5 + 2 * 125 + 4.0) / 2, 0.5 + 2 * 8])
    assert losses.wasserstein_generator_loss(synthetic, WEIGHT).tolist() == [-1.75, -1.0]


def test_evidence_lower_bound_is_that_of_the_distributions():
    generator = torch.Generator().manual_seed(0)
    x, mean = torch.randn(2, 2, 2, 5, generator=generator)
    log_variance = torch.randn(2, 2, generator=generator)
    loss = losses.gaussian_loss(x, mean, log_variance, torch.tensor([5, 5]), WEIGHT)
    normal = torch.distributions.Normal(mean, (log_variance[..., None] / 2).exp())
    constant = 5 / 2 * log(2 * pi)
    expected = (-normal.log_prob(x).sum(-1) * WEIGHT).sum(-1) - constant
    torch.testing.assert_close(loss, expected)

    prior = torch.distributions.Normal(torch.zeros(5), torch.ones(5))
    normal = torch.distributions.Normal(mean, (x / 2).exp())
    expected = (torch.distributions.kl_divergence(normal, prior).sum(-1) * WEIGHT).sum(-1)
    torch.testing.assert_close(losses.kl_loss(mean, x, WEIGHT), expected)
