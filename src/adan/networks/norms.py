"""Batch norm for a stack: it trains beside the layers and is folded into them afterwards."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Norm = Literal["batch", "affine"]

RATE = 0.1
"""Share of a batch in the running mean and variance."""
EPSILON = 1e-5
"""What is added to a variance."""


class StackedNorm(nn.Module):
    """Batch norm of a layer's units (Ioffe and Szegedy 2015), member by member.

    Parameters
    ----------
    n, units : int
        Members of the stack, and units of the layer.
    kind : {"batch", "affine"}
        ``"batch"`` standardises by the batch in training and by running statistics afterwards;
        then, as ``"affine"`` does alone, each unit is scaled and shifted by learnt numbers.
    """

    def __init__(self, n: int, units: int, kind: Norm) -> None:
        super().__init__()
        self.mean: Tensor
        self.variance: Tensor
        self.kind = kind
        self.scale = nn.Parameter(torch.ones(n, 1, units))
        self.shift = nn.Parameter(torch.zeros(n, 1, units))
        self.register_buffer("mean", torch.zeros(n, 1, units), persistent=False)
        self.register_buffer("variance", torch.ones(n, 1, units), persistent=False)

    def forward(self, x: Tensor, weight: Tensor | None) -> Tensor:
        """Map ``[M, B, units]`` to the same shape.

        ``weight``, of shape ``[M, B]``, is that of the rows in their member's batch; without it
        the running statistics serve.
        """
        if self.kind == "batch":
            mean, variance = self.mean, self.variance
            if weight is not None:
                mean = (x * weight[..., None]).sum(1, keepdim=True)
                variance = ((x - mean).square() * weight[..., None]).sum(1, keepdim=True)
                self.mean.lerp_(mean.detach(), RATE)
                self.variance.lerp_(variance.detach(), RATE)
            x = (x - mean) / (variance + EPSILON).sqrt()
        return x * self.scale.to(x.dtype) + self.shift.to(x.dtype)

    @torch.no_grad()
    def folded(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weights and biases of a layer that does what the layer and this do."""
        factor: Tensor = self.scale
        if self.kind == "batch":
            factor, bias = factor / (self.variance + EPSILON).sqrt(), bias - self.mean
        return weight * factor, bias * factor + self.shift
