"""Stacks of fully-connected networks: M independent ones in one batched matrix product."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu as _leaky_relu
from torch.nn.functional import linear, pad

from adan.networks.norms import Norm, StackedNorm


def identity(x: Tensor) -> Tensor:
    """Return ``x``: the output function of a network whose last layer is linear."""
    return x


class _Affine(torch.autograd.Function):
    """``x @ weight + bias`` for a stack, in the precision of ``x``.

    PyTorch's own backward pass of a batched product returns the weights' gradient transposed and,
    in bfloat16, converts it element by element against the grain; this one returns it in the order
    and precision of the weights.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        factor = weight.to(x.dtype)
        ctx.save_for_backward(x, weight)
        ctx.factor = None if factor is weight else factor
        return torch.baddbmm(bias.to(x.dtype), x, factor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        (gradient,) = gradients
        x, weight = ctx.saved_tensors
        factor = weight if ctx.factor is None else ctx.factor
        to_x = _times_transposed(gradient, factor) if ctx.needs_input_grad[0] else None
        to_weight = (x.transpose(1, 2) @ gradient).to(weight.dtype)
        return to_x, to_weight, gradient.sum(1, keepdim=True, dtype=weight.dtype)


def _times_transposed(gradient: Tensor, factor: Tensor) -> Tensor:
    """Return ``gradient @ factor.T`` for a stack.

    On a CPU a batched product in bfloat16 first copies what is transposed; a plain one does not,
    and gives the same bits.
    """
    if len(factor) == 1 and factor.dtype == torch.bfloat16 and not factor.is_cuda:
        return linear(gradient[0], factor[0])[None]
    return gradient @ factor.transpose(1, 2)


class _Tanh(torch.autograd.Function):
    """Hyperbolic tangent as 1 - 2 / (exp(2 x) + 1), which takes half the time of PyTorch's own.

    By its sigmoid it would take a quarter, but the last bit of that depends on how threads share
    the numbers out.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = (x.float() * 2).exp_().add_(1).reciprocal_().mul_(-2).add_(1).to(x.dtype)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return torch.ops.aten.tanh_backward(gradients[0], y)


def tanh(x: Tensor) -> Tensor:
    """Return the hyperbolic tangent of ``x``."""
    return torch.tanh(x) if x.is_cuda else _Tanh.apply(x)


def leaky_relu(x: Tensor) -> Tensor:
    """Return ``x``, or a fifth of it where it is negative."""
    return _leaky_relu(x, 0.2)


ACTIVATIONS = {"relu": torch.relu, "tanh": tanh, "leaky_relu": leaky_relu}


def filled(size: int, multiple: int) -> int:
    """Return the multiple that has room for ``size``."""
    return -(-size // multiple) * multiple


class StackedMLP(nn.Module):
    """M fully-connected networks of equal depth, trained and applied as one.

    Layer ``l`` holds a weight of shape ``[M, in, out]`` and a bias of shape ``[M, 1, out]``. Where
    members differ in width, the narrow ones are filled up with zeros: a zero input or a zero
    target gives a zero gradient, so the filling stays zero and the member is exactly what it
    would be alone. For training all are filled up further, to the next multiple of 64 at the
    features and of 16 elsewhere, so that products are summed in the same order whatever the other
    members are.

    Parameters
    ----------
    widths : sequence of M sequences of int
        The layer widths of each member, input first.
    generators : sequence of M torch.Generator or None
        Each member's source of initial weights: Xavier uniform (Glorot and Bengio 2010), biases 0.
        None leaves the weights 0, for trained ones to be put in.
    hidden, output : callable
        The functions after each hidden layer and after the last one.
    fan_in, fan_out : int, optional
        For a network that works in rotated coordinates, the widths before the rotation. Initial
        weights are scaled by these, and a layer that is narrower by a factor c is multiplied by
        the square root of c, its weights divided by it: so a step of Adam, which is as long in
        every coordinate, moves the layer's output as far as it would have before the rotation.
    reduced : bool, default=False
        Multiply matrices in bfloat16; weights, input and output stay float32.
    norm : {"batch", "affine"}, optional
        A `StackedNorm` between each hidden layer and its function, in training; `member` folds it
        into the layer, so that a trained network is a plain one.
    """

    def __init__(
        self,
        widths: Sequence[Sequence[int]],
        generators: Sequence[torch.Generator | None],
        *,
        hidden: Callable[[Tensor], Tensor] = tanh,
        output: Callable[[Tensor], Tensor] = identity,
        fan_in: int | None = None,
        fan_out: int | None = None,
        reduced: bool = False,
        norm: Norm | None = None,
    ) -> None:
        super().__init__()
        self.gains: Tensor
        self.widths = [tuple(member) for member in widths]
        self.hidden, self.output = hidden, output
        self.dtype = torch.bfloat16 if reduced else torch.float32
        largest = [max(layer) for layer in zip(*self.widths, strict=True)]
        if all(generators):
            at_features = [fan_in, *[None] * (len(largest) - 2), fan_out]
            largest = [
                filled(w, 64 if f else 16) for w, f in zip(largest, at_features, strict=True)
            ]
        shapes = list(itertools.pairwise(largest))
        n = len(self.widths)
        self.weights = nn.ParameterList(torch.zeros(n, i, o) for i, o in shapes)
        self.biases = nn.ParameterList(torch.zeros(n, 1, o) for _, o in shapes)
        normed = largest[1:-1] if norm and all(generators) else []
        self.norms = nn.ModuleList(StackedNorm(n, units, norm) for units in normed if norm)
        gains = torch.ones(2, n, 1, 1)
        for m, (member, generator) in enumerate(zip(self.widths, generators, strict=True)):
            fans = [fan_in or member[0], *member[1:-1], fan_out or member[-1]]
            gains[0, m] = (fans[0] / member[0]) ** 0.5
            gains[1, m] = (fans[-1] / member[-1]) ** 0.5
            if generator is None:
                continue
            for layer, weight in enumerate(self.weights):
                bound = (6 / (fans[layer] + fans[layer + 1])) ** 0.5
                bound /= float(gains[0, m]) if layer == 0 else 1
                bound /= float(gains[1, m]) if layer == len(shapes) - 1 else 1
                i, o = member[layer], member[layer + 1]
                values = torch.rand(i, o, generator=generator) * (2 * bound) - bound
                weight.data[m, :i, :o] = values
        self.register_buffer("gains", gains)

    @property
    def hidden_widths(self) -> list[int]:
        """The number of units of each hidden layer, filling included."""
        return [bias.shape[-1] for bias in self.biases][:-1]

    def forward(
        self, x: Tensor, kept: Tensor | None = None, weight: Tensor | None = None
    ) -> Tensor:
        """Map ``[M, B, in]`` to ``[M, B, out]``, member by member.

        ``kept``, of shape ``[M, B, hidden units of all layers]``, multiplies the hidden units:
        0 for a dropped one, and one over the share that stays for the others. ``weight``, of shape
        ``[M, B]``, is what rows count in the statistics of a batch norm that is being trained.
        """
        last = len(self.weights) - 1
        masks = iter(()) if kept is None else iter(kept.split(self.hidden_widths, -1))
        x = (x * self.gains[0]).to(self.dtype)  # [M, B, in]
        if filling := self.weights[0].shape[1] - x.shape[-1]:
            x = pad(x, (0, filling))
        for layer, (factor, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = _Affine.apply(x, factor, bias)  # [M, B, units of the layer]
            if layer < len(self.norms):
                x = self.norms[layer](x, weight)
            x = self.output(x) if layer == last else self.hidden(x)
            mask = next(masks, None)
            if mask is not None:
                x = x * mask
        return x[..., : max(member[-1] for member in self.widths)].float() * self.gains[1]

    def member(self, m: int) -> StackedMLP:
        """Return a copy of member ``m`` as a stack of one, without its filling, on the CPU."""
        alone = StackedMLP([self.widths[m]], [None], hidden=self.hidden, output=self.output)
        for layer, (i, o) in enumerate(itertools.pairwise(self.widths[m])):
            weight, bias = self.weights[layer].data, self.biases[layer].data
            if layer < len(self.norms):
                norm = self.norms[layer]
                assert isinstance(norm, StackedNorm)
                weight, bias = norm.folded(weight, bias)
            alone.weights[layer].data[0] = weight[m, :i, :o]
            alone.biases[layer].data[0] = bias[m, :, :o]
        alone.gains.copy_(self.gains[:, m : m + 1])
        return alone.requires_grad_(False)

    def merged(self, members: Sequence[int]) -> StackedMLP:
        """Return one wide network, a stack of one, whose output is the mean of some members'.

        Their hidden units stand side by side; all see the same input, and outputs are linear.
        """
        alone = [self.member(m) for m in members]
        first, *inner, last = self.widths[members[0]]
        one = StackedMLP(
            [(first, *(len(alone) * w for w in inner), last)], [None], hidden=self.hidden
        )
        for layer in range(len(self.weights)):
            weight = torch.block_diag(*(network.weights[layer][0] for network in alone))
            bias = torch.cat([network.biases[layer][0] for network in alone], dim=-1)
            if layer == 0:
                weight = weight.unflatten(0, (len(alone), -1)).sum(0)
            if layer == len(self.weights) - 1:
                weight, bias = (t.unflatten(1, (len(alone), -1)).mean(1) for t in (weight, bias))
            one.weights[layer].data[0], one.biases[layer].data[0] = weight, bias
        one.gains.copy_(alone[0].gains)
        return one.requires_grad_(False)

    def put_before(self, axes: Tensor) -> None:
        """Have the first layer take what ``axes``, of shape ``[features, in]``, make its input."""
        weight = axes @ (self.gains[0] * self.weights[0])  # [M, features, out]
        self.weights[0] = nn.Parameter(weight, requires_grad=False)
        self.gains[0] = 1
        self.widths = [(len(axes), *member[1:]) for member in self.widths]
