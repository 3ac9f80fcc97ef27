"""The losses of Section II-A, as pure functions of logits and targets.

Every tensor carries a stack of ``M`` independent members in front: logits are ``[M, B]`` or
``[M, B, K]``. ``weight`` is ``[M, B]``: one over the member's rows in the batch, and 0 for the
rows that only fill it up, so that a weighted sum is the member's own mean. Each loss is ``[M]``.
D and C are given as logits; D(h) in the paper is their sigmoid, C(h) their softmax.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import log_softmax, softplus


def discriminator_loss(real: Tensor, synthetic: Tensor, weight: Tensor) -> Tensor:
    """Return equation (1): -log D(E(x)) - log(1 - D(G(z, y))), from the logits of D."""
    return ((softplus(-real) + softplus(synthetic)) * weight).sum(-1)


def classification_loss(logits: Tensor, one_hot: Tensor, weight: Tensor) -> Tensor:
    """Return the cross-entropy of C: equation (2), and the second term of (4), (5) and (6)."""
    return -((one_hot * log_softmax(logits, dim=-1)).sum(-1) * weight).sum(-1)


def reconstruction_loss(x: Tensor, reconstructed: Tensor, weight: Tensor) -> Tensor:
    """Return equation (3), and the first term of (4): the squared error, summed over features."""
    return ((x - reconstructed).square().sum(-1) * weight).sum(-1)


def inverted_generator_loss(synthetic: Tensor, weight: Tensor) -> Tensor:
    """Return the first term of equation (6): -log D(G(z, y))."""
    return (softplus(-synthetic) * weight).sum(-1)


def minimax_generator_loss(synthetic: Tensor, weight: Tensor) -> Tensor:
    """Return the first term of equation (5): log(1 - D(G(z, y)))."""
    return -(softplus(synthetic) * weight).sum(-1)


GENERATOR_LOSSES = {"inverted": inverted_generator_loss, "minimax": minimax_generator_loss}
