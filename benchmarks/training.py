"""Training ADAN on the shape of EmoDB's folds: one, ten, ten times ten, against the plain loop."""

from __future__ import annotations

import torch

from adan.networks.devices import device_of, reduced
from adan.synthesis.adan import ADAN
from adan.synthesis.base import fit_all
from benchmarks import plain
from benchmarks.common import emodb_like, fold_sizes, main, matmul_peak, peak_memory_bytes, seconds

EPOCHS = ADAN().steps // 4
"""Of a fit: an epoch of EmoDB's folds has four batches."""
LAYERS = (100 * 800 + 800 * 800) * 2
"""Multiplications a row in E and R but for the layers at the features."""


def fit(n_networks, epochs):
    data = [emodb_like(n, seed=i) for i, n in enumerate(fold_sizes(n_networks))]
    adans = [ADAN(epochs=epochs, random_state=i) for i in range(n_networks)]
    return seconds(lambda: fit_all(adans, data))


def epoch_seconds(n_networks, epochs):
    """Seconds an epoch of the whole stack, without what is done once."""
    return (fit(n_networks, 1 + epochs) - fit(n_networks, 1)) / epochs


def multiply_adds(n_rows, rank):
    """Of E and R in an epoch: forward, gradient of weights, gradient of inputs but E's first."""
    return n_rows * (3 * (LAYERS + 2 * rank * 800) - rank * 800)


def measure():
    device = device_of("auto")
    gpu = device.type == "cuda"
    dtype = torch.bfloat16 if reduced("auto", device) else torch.float32
    fit(1, 2)
    ten = epoch_seconds(10, 200 if gpu else 20)
    figures = {
        "precision": str(dtype).removeprefix("torch."),
        "epochs": EPOCHS,
        "peak_memory_bytes": peak_memory_bytes(),
        "epoch_seconds_1_fold": epoch_seconds(1, 200 if gpu else 40),
        "epoch_seconds_10_folds": ten,
        "epoch_seconds_10_folds_10_seeds": epoch_seconds(100, 50 if gpu else 3),
        "iterations_per_second_10_folds": 10 * 4 / ten,
    }
    for name in ("1_fold", "10_folds", "10_folds_10_seeds"):
        figures[f"fit_seconds_{name}"] = EPOCHS * figures[f"epoch_seconds_{name}"]
    done = 2 * sum(multiply_adds(n, n - 1) for n in fold_sizes(10))
    figures["matmul_peak_flops"] = matmul_peak(dtype)
    figures["share_of_matmul_peak"] = done / ten / figures["matmul_peak_flops"]

    X, y = emodb_like()
    plain.train(X, y, 1, device=device)
    epochs = 50 if gpu else 6
    one = seconds(lambda: plain.train(X, y, epochs, device=device)) / epochs
    figures["plain_loop_epoch_seconds_10_folds"] = 10 * one
    figures["speedup_vs_plain_loop"] = 10 * one / ten
    return figures


if __name__ == "__main__":
    main("training", measure)
