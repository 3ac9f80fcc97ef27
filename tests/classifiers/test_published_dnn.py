"""The DNN of the authors' scripts: epochs, batch norm and L2."""

import numpy as np
import pytest
import torch

from adan import DNNClassifier
from adan.classifiers import dnn as module
from adan.classifiers.dnn import _Descent
from adan.networks.loop import Batch
from adan.networks.many import Task, fit_many
from adan.networks.stacked import StackedMLP

AUTHORS = {
    "activation": "tanh",
    "epochs": 20,
    "batch_norm": True,
    "l2": 0.1,
    "rotate": False,
    "random_state": 0,
}


@pytest.fixture
def rates(monkeypatch):
    """The learning rate of each update."""
    rates = []
    step = _Descent.step

    def watched(descent, batch):
        rates.append(descent.optimisers["network"].learning_rate)
        return step(descent, batch)

    monkeypatch.setattr(module._Descent, "step", watched)
    return rates


@pytest.mark.parametrize(("n", "updates"), [(120, 60), (210, 100)])
def test_a_larger_set_means_more_updates_at_one_rate(make_rows, rates, n, updates):
    fitted = DNNClassifier(**AUTHORS).fit(*make_rows(n=n))
    assert rates == [1e-3] * updates
    assert len(fitted.history_["loss"]) == 20


def test_it_learns_and_is_a_plain_network_afterwards(make_rows):
    X, y = make_rows(n=240, d=30)
    fitted = DNNClassifier(**AUTHORS).fit(X[:120], y[:120])
    assert fitted.score(X[120:], y[120:]) > 0.9
    assert not fitted.network_.norms
    first, second, last = fitted.network_.weights
    hidden = np.tanh(X @ first[0].numpy() + fitted.network_.biases[0][0].numpy())
    hidden = np.tanh(hidden @ second[0].numpy() + fitted.network_.biases[1][0].numpy())
    logits = hidden @ last[0].numpy() + fitted.network_.biases[2][0].numpy()
    expected = torch.as_tensor(logits).softmax(-1)
    np.testing.assert_allclose(fitted.predict_proba(X), expected, atol=1e-4)


def test_sets_of_unequal_size_are_trained_as_they_would_be_alone(make_rows):
    sets = [make_rows(n=n, d=30, seed=n) for n in (90, 210)]
    tasks = [Task(i, DNNClassifier(**AUTHORS), *rows) for i, rows in enumerate(sets)]
    for i, fitted in fit_many(tasks):
        alone = DNNClassifier(**AUTHORS).fit(*sets[i])
        np.testing.assert_allclose(
            fitted.predict_proba(sets[i][0]), alone.predict_proba(sets[i][0]), atol=1e-4
        )


def test_l2_is_that_of_all_layers_but_the_first():
    gradients = []
    generator = torch.Generator().manual_seed(1)
    x, noise = (torch.randn(1, 5, w, generator=generator) for w in (6, 32))
    one_hot = torch.eye(3)[torch.tensor([[0, 1, 2, 0, 1]])]
    for l2 in (0.0, 0.1):
        network = StackedMLP([(6, 16, 16, 3)], [torch.Generator().manual_seed(0)])
        before = [weight.detach().clone() for weight in network.weights]
        descent = _Descent(network, 0.5, l2)
        descent.start(1e-3)
        descent.step(Batch(x, one_hot, {"dropout": noise}, torch.full((1, 5), 0.2)))
        gradients.append([weight.grad for weight in network.weights])
    expected = [0.0, 0.2, 0.2]
    for plain, decayed, weight, factor in zip(*gradients, before, expected, strict=True):
        torch.testing.assert_close(decayed, plain + factor * weight)
