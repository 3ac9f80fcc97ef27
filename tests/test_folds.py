"""How folds are shared out among cores."""

import pytest

from adan import folds


@pytest.mark.parametrize(
    ("n_sets", "set_bytes", "workers", "sizes"),
    [
        (10, 1, 2, [5, 5]),
        (10, 1, 3, [3, 3, 4]),
        (2, 1, 16, [1, 1]),
        (5, 2**29, 1, [1, 2, 2]),
        (10, 3 * 10**8, 2, [1] * 10),
        (3, 2**40, 2, [1, 1, 1]),
        (3, 0, 1, [3]),
    ],
)
def test_each_core_has_a_piece_or_more_where_memory_asks_for_it(n_sets, set_bytes, workers, sizes):
    pieces = folds._shared_out(n_sets, set_bytes, workers)
    assert [len(range(n_sets)[piece]) for piece in pieces] == sizes
    assert [i for piece in pieces for i in range(n_sets)[piece]] == list(range(n_sets))
