import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file, save_file

from adan import ADAN, AdanError
from adan.networks import training
from adan.synthesis import neural
from adan.synthesis.base import fit_all


def test_defaults_are_the_papers():
    adan = ADAN()
    assert adan.get_params() | {"epochs": None, "batch_size": None} == {
        "latent_dim": 100,
        "noise_dim": 100,
        "autoencoder_hidden": (800, 800),
        "hidden": (100, 100),
        "learning_rate": 1e-4,
        "anneal": False,
        "discriminator_steps": 1,
        "generator_loss": "inverted",
        "classification_weight": 1.0,
        "discriminator_weight": 1.0,
        "activation": "tanh",
        "affine": False,
        "classifier_hidden": None,
        "scaling": "deviation",
        "decoder_output": "linear",
        "beta1": 0.9,
        "epsilon": 1e-8,
        "drop_last": False,
        "stop": None,
        "steps": 800,
        "epochs": None,
        "batch_size": None,
        "rotate": True,
        "precision": "auto",
        "device": "auto",
        "random_state": None,
    }


def test_a_larger_set_makes_no_more_updates(make_adan, make_rows):
    X, y = make_rows(n=100)
    for times, epochs in ((1, 6), (3, 2)):
        adan = make_adan(epochs=None, steps=12, batch_size=50)
        adan.fit(np.tile(X, (times, 1)), np.tile(y, times))
        assert len(adan.history_["loss_encoder"]) == epochs


def test_history_is_a_table_with_a_row_an_epoch(make_adan, make_rows):
    adan = make_adan(epochs=4).fit(*make_rows())
    history = pd.DataFrame(adan.history_)
    assert len(history) == 4
    assert np.isfinite(history).all(axis=None)
    np.testing.assert_allclose(
        history["loss_encoder"],
        history["loss_reconstruction"] + history["loss_classifier"],
        rtol=1e-5,
    )
    shares = ["discriminator_real", "discriminator_synthetic"]
    shares += ["accuracy_real", "accuracy_synthetic"]
    assert history[shares].ge(0).all(axis=None)
    assert history[shares].le(1).all(axis=None)


def test_training_reconstructs_and_classifies(make_adan, make_rows):
    adan = make_adan(epochs=80, learning_rate=3e-3, batch_size=20).fit(*make_rows())
    history = pd.DataFrame(adan.history_)
    assert history["loss_reconstruction"].iloc[-1] < 0.5 * history["loss_reconstruction"].iloc[0]
    assert history["accuracy_real"].iloc[-1] > 0.95
    assert history["accuracy_synthetic"].iloc[-1] > 0.9


@pytest.mark.parametrize("d", [10, 100])
def test_encode_and_decode_keep_shapes_and_units(make_adan, make_rows, d):
    X, y = make_rows(d=d)
    adan = make_adan(epochs=100, learning_rate=2e-3, latent_dim=20).fit(1000 * X, y)
    latents = adan.encode(1000 * X)
    assert latents.shape == (60, 20)
    assert np.abs(latents).max() < 1
    error = np.square(adan.decode(latents) - 1000 * X).mean() / np.square(1000 * X).mean()
    assert error < 0.3


def test_a_sample_is_the_decoded_latent_sample(make_adan, make_rows):
    X, y = make_rows()
    adan = make_adan().fit(X, y)
    np.testing.assert_allclose(adan.decode(adan.sample_latent(y)), adan.sample(y)[0], rtol=1e-6)


def test_members_of_a_stack_are_what_they_are_alone(make_adan, make_rows):
    """Unequal numbers of rows, of coordinates and of batches, and each its own seed."""
    data = [make_rows(n=n, d=80, seed=n) for n in (45, 52, 60, 130)]
    kwargs = {"batch_size": 20, "epochs": 5, "discriminator_steps": 2}
    stack = [make_adan(random_state=i, **kwargs) for i in range(4)]
    fit_all(stack, data)
    for i, (X, y) in enumerate(data):
        alone = make_adan(random_state=i, **kwargs).fit(X, y)
        np.testing.assert_allclose(stack[i].sample(y)[0], alone.sample(y)[0], atol=1e-4)
        for name, values in alone.history_.items():
            np.testing.assert_allclose(stack[i].history_[name], values, rtol=1e-3, atol=1e-5)


def test_a_large_stack_is_cut_into_chunks(make_adan, make_rows, monkeypatch):
    X, y = make_rows()
    whole = [make_adan(random_state=i) for i in range(5)]
    cut = [make_adan(random_state=i) for i in range(5)]
    fit_all(whole, [(X, y)] * 5)
    trained = []
    fit_chunk = neural._fit_chunk
    monkeypatch.setattr(training, "CHUNK_BYTES", 120_000)
    monkeypatch.setattr(
        neural,
        "_fit_chunk",
        lambda jobs, *others: (trained.append(len(jobs)), fit_chunk(jobs, *others)),
    )
    fit_all(cut, [(X, y)] * 5)
    assert sorted(trained) == [1, 2, 2]
    for a, b in zip(whole, cut, strict=True):
        np.testing.assert_allclose(a.sample(y)[0], b.sample(y)[0], rtol=1e-4)


def test_numbers_do_not_depend_on_the_number_of_threads(make_rows):
    data = [make_rows(n=n, d=600, seed=n) for n in (90, 95, 100)]
    drawn = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        stack = [ADAN(epochs=3, random_state=i) for i in range(3)]
        fit_all(stack, data)
        drawn.append([member.sample(y)[0] for member, (_, y) in zip(stack, data, strict=True)])
    torch.set_num_threads(1)
    for one, two in zip(*drawn, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_a_gpu_trains_as_the_cpu_does(make_adan, make_rows, precision):
    X, y = make_rows(d=600)
    on_cpu, on_gpu = (
        make_adan(precision=precision, epochs=50, device=device).fit(X, y).history_
        for device in ("cpu", "cuda")
    )
    for name in ("loss_reconstruction", "loss_generator"):
        np.testing.assert_allclose(on_gpu[name], on_cpu[name], rtol=0.1)
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize("d", [10, 100])
def test_bfloat16_trains_as_float32_does(make_adan, make_rows, d):
    X, y = make_rows(d=d)
    long = {"epochs": 40, "learning_rate": 2e-3}
    full = make_adan(precision="float32", **long).fit(X, y).history_
    half = make_adan(precision="bfloat16", **long).fit(X, y).history_
    assert not np.array_equal(half["loss_reconstruction"], full["loss_reconstruction"])
    np.testing.assert_allclose(half["loss_reconstruction"], full["loss_reconstruction"], rtol=0.05)


def test_saved_and_loaded_it_is_the_same(make_adan, make_rows, tmp_path):
    X, y = make_rows(d=100)
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(100)])
    adan = make_adan(random_state=np.int64(3)).fit(frame, y)
    adan.save(tmp_path / "adan.safetensors")
    loaded = ADAN.load(tmp_path / "adan.safetensors")
    assert loaded.get_params() == adan.get_params()
    for a, b in zip(loaded.sample(y), adan.sample(y), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(loaded.encode(frame), adan.encode(frame))
    assert loaded.history_.keys() == adan.history_.keys()


def test_damaged_foreign_and_newer_files_are_refused(make_adan, make_rows, tmp_path):
    path = tmp_path / "adan.safetensors"
    make_adan().fit(*make_rows()).save(path)
    whole = path.read_bytes()

    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AdanError, match=r"adan\.safetensors is damaged"):
        ADAN.load(path)
    path.write_bytes(whole.replace(b'\\"format\\": 1', b'\\"format\\": 9'))
    with pytest.raises(AdanError, match=r"format 9.*update adan"):
        ADAN.load(path)
    save_file({"a": np.zeros(3)}, path)
    with pytest.raises(AdanError, match="not ADAN"):
        ADAN.load(path)
    for text, problem in [("[1]", "its header is not one"), ('{"kind": "ADAN"}', "no format")]:
        save_file({"a": np.zeros(3)}, path, metadata={"adan": text})
        with pytest.raises(AdanError, match=problem):
            ADAN.load(path)
    path.write_bytes(whole)
    arrays = load_file(path)
    arrays.pop("networks.encoder.weights.0")
    header = whole[8 : 8 + int.from_bytes(whole[:8], "little")]
    save_file(arrays, path, metadata=json.loads(header)["__metadata__"])
    with pytest.raises(AdanError, match=r"is damaged.*encoder|weights"):
        ADAN.load(path)
    with pytest.raises(AdanError, match="is not there"):
        ADAN.load(tmp_path / "none")


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"generator_loss": "bad"}, "no generator_loss 'bad'; choose one of inverted, minimax"),
        ({"precision": "half"}, "no precision 'half'; choose one of auto, float32, bfloat16"),
        ({"device": "tpu9"}, "device 'tpu9' cannot be used"),
    ],
)
def test_unknown_choices_are_refused(make_adan, make_rows, parameter, message):
    with pytest.raises(AdanError, match=message):
        make_adan(**parameter).fit(*make_rows())
