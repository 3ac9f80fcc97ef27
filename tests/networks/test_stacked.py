"""Stacks of networks: members are what they are alone, and gradients are those of plain layers."""

import pytest
import torch

from adan.networks.stacked import StackedMLP, _Affine


def test_stacked_layers_differentiate_twice():
    generator = torch.Generator().manual_seed(0)
    x, weight, bias = (
        torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in [(2, 3, 4), (2, 4, 5), (2, 1, 5)]
    )
    torch.autograd.gradcheck(_Affine.apply, (x, weight, bias))
    torch.autograd.gradgradcheck(
        lambda *inputs: torch.tanh(_Affine.apply(*inputs)), (x, weight, bias)
    )


@pytest.fixture
def stack():
    """Members of unequal widths, with weights of their own."""
    generators = [torch.Generator().manual_seed(m) for m in range(2)]
    return StackedMLP([(6, 7, 3), (5, 7, 2)], generators)


def test_a_member_computes_what_it_does_in_its_stack(stack):
    x = torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(0))
    x[1, :, 5] = 0
    whole = stack(x)
    for m, (first, _, last) in enumerate(stack.widths):
        alone = stack.member(m)(x[m : m + 1, :, :first])
        torch.testing.assert_close(alone[0], whole[m, :, :last])


def test_members_that_are_merged_give_their_mean():
    generators = [torch.Generator().manual_seed(m) for m in range(3)]
    stack = StackedMLP([(5, 7, 6, 2)] * 3, generators)
    x = torch.randn(1, 4, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.stack([stack.member(m)(x) for m in (0, 2)]).mean(0)
    torch.testing.assert_close(stack.merged([0, 2])(x), expected)


def test_axes_put_before_a_network_are_part_of_its_first_layer():
    network = StackedMLP([(3, 7, 2)], [torch.Generator().manual_seed(0)], fan_in=9).member(0)
    generator = torch.Generator().manual_seed(1)
    x, axes = torch.randn(1, 4, 9, generator=generator), torch.randn(9, 3, generator=generator)
    expected = network(x @ axes)
    network.put_before(axes)
    torch.testing.assert_close(network(x), expected)


def test_batch_norm_is_folded_into_plain_layers():
    generators = [torch.Generator().manual_seed(m) for m in range(2)]
    stack = StackedMLP([(6, 7, 5, 3), (5, 7, 5, 2)], generators, norm="batch")
    x = torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(0))
    x[1, :, 5] = 0
    weight = torch.tensor([[0.25] * 4, [0.5, 0.5, 0.0, 0.0]])
    before = stack(x, weight=weight)
    other = x.clone()
    other[1, 2:] = 77.0
    torch.testing.assert_close(stack(other, weight=weight)[1, :2], before[1, :2])
    for norm in stack.norms:
        norm.scale.data *= 1.5
        norm.shift.data[..., :5] += 0.3
    after = stack(x)
    for m, (first, *_, last) in enumerate(stack.widths):
        plain = stack.member(m)
        assert not plain.norms
        torch.testing.assert_close(plain(x[m : m + 1, :, :first])[0], after[m, :, :last])


def test_batch_norm_standardises_the_units_of_a_batch():
    (norm,) = StackedMLP([(6, 7, 3)], [torch.Generator().manual_seed(0)], norm="batch").norms
    x = 3 + 2 * torch.randn(1, 50, 16, generator=torch.Generator().manual_seed(0))
    out = norm(x, torch.full((1, 50), 1 / 50))
    torch.testing.assert_close(out.mean(1), torch.zeros(1, 16), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.std(1, correction=0), torch.ones(1, 16), atol=1e-4, rtol=0)
    torch.testing.assert_close(norm.mean, 0.1 * x.mean(1, keepdim=True))
