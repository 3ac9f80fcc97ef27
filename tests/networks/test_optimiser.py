import subprocess
import sys

import torch
from torch import nn

from adan.networks.optimiser import Adam


def test_it_does_what_pytorchs_class_does():
    """With a rate that falls, and a layer that has no gradient."""
    own, theirs = (make_network() for _ in range(2))
    one = Adam(own.parameters(), 0.1, (0.5, 0.99), 1e-5)
    other = torch.optim.Adam(theirs.parameters(), 0.1, (0.5, 0.99), 1e-5, fused=True)
    for rate in (0.1, 0.05):
        one.learning_rate = other.param_groups[0]["lr"] = rate
        for network, optimiser in ((own, one), (theirs, other)):
            optimiser.zero_grad()
            network[0](torch.ones(2, 3)).square().sum().backward()
            optimiser.step()
    for p, q in zip(own.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(p, q)


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


def test_training_imports_no_compiler():
    program = """
import sys
import numpy as np
from adan import ACRNN, ADAN, Sequences

X, y = np.random.default_rng(0).normal(size=(20, 8)), np.arange(20) % 2
ADAN(epochs=1, autoencoder_hidden=(5,), hidden=(5,), latent_dim=2).fit(X, y)
few = {"maps": (2,), "linear": 4, "hidden": 3, "units": 3, "longest": 20, "steps": 1}
ACRNN(channels=1, **few).fit(Sequences(np.tile(X, (4, 5)), np.full(4, 20)), y[:4])
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
