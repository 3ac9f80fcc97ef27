"""Where networks are trained, and in which precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch

from adan.errors import AdanError

Precision = Literal["auto", "float32", "bfloat16"]


def device_of(name: str) -> torch.device:
    """Return the device of that name; ``"auto"`` is a GPU if there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise AdanError(f"device '{name}' cannot be used: {reason}") from error


def reduced(precision: Precision, device: torch.device) -> bool:
    """Tell whether wide matrix products are to be done in bfloat16.

    ``"auto"`` does so where the hardware multiplies bfloat16: a GPU that does, or a CPU with
    AVX-512 BF16 or AMX.
    """
    if precision not in get_args(Precision):
        raise AdanError(
            f"no precision '{precision}'; choose one of {', '.join(get_args(Precision))}"
        )
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@contextmanager
def tensor_cores(precision: Precision, device: torch.device) -> Iterator[None]:
    """Let a GPU multiply float32 in TF32 for a while, unless float32 is asked for."""
    before = torch.get_float32_matmul_precision()
    if device.type == "cuda" and precision != "float32":
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
