"""The losses against values worked out by hand, on a stack of two members with filled-up rows."""

from math import exp, log

import pytest
import torch

from adan.synthesis import losses

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
