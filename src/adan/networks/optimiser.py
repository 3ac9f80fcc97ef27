"""Adam, by PyTorch's function for a step.

`torch.optim.Adam` imports PyTorch's compiler when it is made, and nothing here is compiled: each
process that trains would start a second or two later.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim.adam import adam


class Adam:
    """Adam of Kingma and Ba (2015), fused.

    Attributes
    ----------
    parameters : list of Parameter
        What it updates.
    learning_rate : float
        May be changed between steps.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self._betas, self._epsilon = betas, epsilon
        self._state = [
            (torch.zeros_like(p), torch.zeros_like(p), torch.zeros((), device=p.device))
            for p in self.parameters
        ]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update the parameters that have a gradient."""
        used = [
            (p, p.grad, *state)
            for p, state in zip(self.parameters, self._state, strict=True)
            if p.grad is not None
        ]
        parameters, gradients, means, squares, steps = map(list, zip(*used, strict=True))
        adam(
            parameters,
            gradients,
            means,
            squares,
            [],
            steps,
            fused=True,
            amsgrad=False,
            beta1=self._betas[0],
            beta2=self._betas[1],
            lr=self.learning_rate,
            weight_decay=0,
            eps=self._epsilon,
            maximize=False,
        )
