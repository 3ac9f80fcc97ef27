"""The baseline: ADAN as one would write it down first, one fold after the other.

Eager PyTorch in float32, one network and one optimiser each, on the features as they are, with
a forward pass of its own for every update.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot


def mlp(*widths, last=None):
    layers = []
    for i, o in pairwise(widths):
        linear = nn.Linear(i, o)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1], *([last] if last else []))


def train(X, y, epochs, *, device="cpu", batch_size=128, learning_rate=1e-4):
    """Train one ADAN on standardised rows and return its networks."""
    X, y = torch.as_tensor(X, device=device), torch.as_tensor(y, device=device)
    k = int(y.max()) + 1
    nets = {
        "E": mlp(X.shape[1], 800, 800, 100, last=nn.Tanh()),
        "R": mlp(100, 800, 800, X.shape[1]),
        "G": mlp(100 + k, 100, 100, 100, last=nn.Tanh()),
        "D": mlp(100, 100, 100, 1),
        "C": mlp(100, 100, 100, k),
    }
    optimisers = {}
    for name, net in nets.items():
        net.to(device)
        optimisers[name] = torch.optim.Adam(net.parameters(), lr=learning_rate)
    encoder, decoder, generator, discriminator, classifier = nets.values()

    def update(names, loss):
        for optimiser in optimisers.values():
            optimiser.zero_grad()
        loss.backward()
        for name in names:
            optimisers[name].step()

    losses = []
    for _ in range(epochs):
        for rows in torch.randperm(len(X), device=device).split(batch_size):
            x, labels = X[rows], y[rows]
            ones, zeros = (
                torch.ones(len(x), 1, device=device),
                torch.zeros(len(x), 1, device=device),
            )
            noise = torch.randn(len(x), 100, device=device)
            inputs = torch.cat([noise, one_hot(labels, k)], dim=1)
            loss_d = binary_cross_entropy_with_logits(
                discriminator(encoder(x).detach()), ones
            ) + binary_cross_entropy_with_logits(discriminator(generator(inputs).detach()), zeros)
            update("D", loss_d)
            h = encoder(x)
            loss_r = (x - decoder(h)).square().sum(dim=1).mean()
            loss_c = cross_entropy(classifier(h), labels)
            update("ERC", loss_r + loss_c)
            fake = generator(inputs)
            loss_g = binary_cross_entropy_with_logits(discriminator(fake), ones)
            loss_g = loss_g + cross_entropy(classifier(fake), labels)
            update("G", loss_g)
            losses.append([loss_d.item(), loss_r.item(), loss_c.item(), loss_g.item()])
    return nets
