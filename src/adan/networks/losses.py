"""The losses of Section II-A and of the peers, as pure functions of tensors.

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


def wasserstein_divergence_loss(
    real: Tensor, synthetic: Tensor, gradient: Tensor, weight: Tensor, *, k: float, p: float
) -> Tensor:
    """Return f(G(z, y)) - f(E(x)) + k ||grad f||^p, the critic's loss of Wu et al. (2018).

    ``gradient``, of shape ``[M, B, N]``, is that of the critic f at the points between.
    """
    slope = gradient.square().sum(-1).pow(p / 2)
    return ((synthetic - real + k * slope) * weight).sum(-1)


def wasserstein_generator_loss(synthetic: Tensor, weight: Tensor) -> Tensor:
    """Return -f(G(z, y)), the generator's part: what a critic makes of the first term of (6)."""
    return -(synthetic * weight).sum(-1)


def gaussian_loss(
    x: Tensor, mean: Tensor, log_variance: Tensor, width: Tensor, weight: Tensor
) -> Tensor:
    """Return -log N(x; mean, variance I) but for its constant: Kingma and Welling, Appendix C.2.

    ``log_variance`` is ``[M, B]``; ``width``, of shape ``[M]``, is a member's number of features.
    """
    squared = (x - mean).square().sum(-1)
    terms = width[:, None] * log_variance + squared / log_variance.exp()
    return (terms / 2 * weight).sum(-1)


def kl_loss(mean: Tensor, log_variance: Tensor, weight: Tensor) -> Tensor:
    """Return the divergence of N(mean, variance) from N(0, I): Kingma and Welling, Appendix B."""
    terms = mean.square() + log_variance.exp() - 1 - log_variance
    return (terms.sum(-1) / 2 * weight).sum(-1)
