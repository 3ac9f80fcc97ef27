from collections.abc import Callable, Mapping

import pytest
import torch

from adan.networks.loop import Batch
from adan.networks.training import Networks


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """A batch of two members: one of width 6 with five rows, one of width 5 with four rows."""

    def make(noise: Mapping[str, int]) -> Batch:
        generator = torch.Generator().manual_seed(9)
        x = torch.randn(2, 5, 6, generator=generator)
        x[1, :, 5] = 0
        one_hot = torch.eye(3)[torch.tensor([[0, 1, 2, 0, 1], [2, 2, 1, 0, 0]])]
        drawn = {name: torch.randn(2, 5, w, generator=generator) for name, w in noise.items()}
        weight = torch.tensor([[0.2] * 5, [0.25] * 4 + [0.0]])
        return Batch(x, one_hot, drawn, weight)

    return make


@pytest.fixture
def changed() -> Callable[[Networks, Networks], set[str]]:
    """Tell which of the networks are not what they were."""

    def changed(networks: Networks, before: Networks) -> set[str]:
        return {
            name.split(".")[0]
            for (name, p), q in zip(networks.named_parameters(), before.parameters(), strict=True)
            if not torch.equal(p, q)
        }

    return changed
