"""How training time grows with rows, features and stacked networks: slopes in log-log."""

from __future__ import annotations

from adan.synthesis.adan import ADAN
from adan.synthesis.base import fit_all
from benchmarks.common import emodb_like, main, seconds, slope

EPOCHS = 4


def epoch(n=480, d=4368, networks=1):
    def fit(epochs):
        adans = [ADAN(epochs=epochs, random_state=i) for i in range(networks)]
        return seconds(lambda: fit_all(adans, [emodb_like(n, d)] * networks))

    return (fit(1 + EPOCHS) - fit(1)) / EPOCHS


def measure():
    epoch()
    figures = {}
    for name, values in (
        ("n", (480, 960, 1920, 3840)),
        ("d", (546, 1092, 2184, 4368)),
        ("networks", (1, 2, 4, 8, 16)),
    ):
        times = [epoch(**{name: value}) for value in values]
        figures |= {f"epoch_seconds_{name}_{v}": t for v, t in zip(values, times, strict=True)}
        figures[f"slope_{name}"] = slope(values, times)
    return figures


if __name__ == "__main__":
    main("scaling", measure)
