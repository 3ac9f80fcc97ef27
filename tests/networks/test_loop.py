"""The training loop: what a member is given does not depend on the others in its stack."""

import itertools

import numpy as np
import pytest
import torch

from adan.networks.loop import train

COUNTS = (5, 9, 3, 12)
ROUNDS = 8


def tensors_of(batch):
    return batch.x, batch.one_hot, batch.weight, *batch.noise.values()


@pytest.fixture
def trained():
    """Train nothing on members of so many rows; return what each was given, and its history."""

    def train_nothing(counts, rounds=ROUNDS, **calls):
        batches = []

        def step(batch):
            batches.append(batch)
            return {"mean": (batch.x[..., 0] * batch.weight).sum(-1)}

        history = train(
            step,
            [torch.arange(1.0, n + 1)[:, None] for n in counts],
            [torch.arange(n) % 2 for n in counts],
            n_classes=2,
            rounds=rounds,
            batch_size=4,
            noise={"a": 2, "b": 1},
            generators=[torch.Generator().manual_seed(n) for n in counts],
            device=torch.device("cpu"),
            **calls,
        )
        given = [
            [[t[m][batch.weight[m] > 0] for t in tensors_of(batch)] for batch in batches]
            for m in range(len(counts))
        ]
        return given, history

    return train_nothing


def test_a_member_is_given_what_it_would_be_alone(trained):
    """Batches of 3 and 2, of 3, of 3, and of 4: 2, 3, 1 and 3 an epoch."""
    given, history = trained(COUNTS)
    for member, n in enumerate(COUNTS):
        (alone,), (own,) = trained([n])
        for batch, expected in zip(given[member], alone, strict=True):
            for tensor, other in zip(batch, expected, strict=True):
                assert torch.equal(tensor, other)
        np.testing.assert_array_equal(history[member]["mean"], own["mean"])


def test_an_epoch_is_given_every_row_once_in_another_order_and_with_other_noise(trained):
    (_, member, *_), _ = trained(COUNTS)
    first, second = (
        [torch.cat([batch[i] for batch in member[start : start + 3]]) for i in (0, 3)]
        for start in (0, 3)
    )
    for rows, _ in (first, second):
        assert sorted(rows.flatten().tolist()) == list(range(1, 10))
    assert not torch.equal(first[0], second[0])
    assert not torch.equal(first[1], second[1])


def test_history_is_the_mean_over_an_epochs_rows_the_last_one_cut_short(trained):
    given, history = trained(COUNTS)
    for member, n_batches in zip((0, 1, 2, 3), (2, 3, 1, 3), strict=True):
        epochs = [given[member][i : i + n_batches] for i in range(0, ROUNDS, n_batches)]
        means = [float(torch.cat([batch[0] for batch in epoch]).mean()) for epoch in epochs]
        np.testing.assert_allclose(history[member]["mean"], means, rtol=1e-6)


def test_noise_comes_by_name_in_the_width_asked_for(trained):
    (_, member, *_), _ = trained(COUNTS)
    *_, a, b = member[0]
    assert (a.shape, b.shape) == ((3, 2), (3, 1))


def test_each_round_begins_with_the_share_that_is_done(trained):
    shares = []
    trained(COUNTS, begin=shares.append)
    np.testing.assert_allclose(shares, np.arange(ROUNDS) / ROUNDS)


def test_progress_is_that_of_the_first_member(trained):
    epochs = itertools.count()
    trained(COUNTS, advance=lambda: next(epochs))
    assert next(epochs) == ROUNDS // 2


def test_no_rounds_leave_no_history(trained):
    assert trained(COUNTS, rounds=0)[1] == [{}] * len(COUNTS)


def test_a_member_that_stops_keeps_its_history_and_the_others_go_on(trained):
    asked = []

    def stop(m, history):
        asked.append((m, len(history["mean"])))
        return len(history["mean"]) == m + 1

    _, history = trained(COUNTS, rounds=24, stop=stop)
    assert [len(own["mean"]) for own in history] == [1, 2, 3, 4]
    assert sorted(asked) == [(m, n) for m in range(4) for n in range(1, m + 2)]
    for own, whole in zip(history, trained(COUNTS, rounds=24)[1], strict=True):
        np.testing.assert_array_equal(own["mean"], whole["mean"][: len(own["mean"])])


def test_training_ends_when_all_have_stopped(trained):
    given, _ = trained(COUNTS, rounds=24, stop=lambda m, history: True)
    assert len(given[0]) == 3
