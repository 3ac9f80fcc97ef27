"""Whatever computes does so on one thread: a product split between threads may round otherwise."""

import sys
import threading

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from adan import ADAN, RBFSVM, ClassGaussian, DNNClassifier, EmotionRecognizer, TransferADAN
from adan._computing import computing
from adan.evaluation.quality import measure
from adan.recognition.landscape import landscape

PRODUCTS = {
    "_frechet",
    "_kernel",
    "_layers",
    "_sliced_wasserstein",
    "back",
    "forward",
    "gradient",
    "in_small_span",
    "landscape",
    "ledoit_wolf_shrinkage",
    "to",
    "turned",
}
"""Functions of adan's in which matrices are multiplied."""


@pytest.fixture(autouse=True)
def _two_threads():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.fixture
def threads_of_products():
    """Call a function and return the numbers of threads that its matrix products were left."""

    def call(function):
        seen = set()

        def look(frame, event, _):
            if event == "call" and frame.f_code.co_name in PRODUCTS:
                blas = [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"]
                seen.update([torch.get_num_threads(), *blas])

        threading.setprofile(look)
        sys.setprofile(look)
        try:
            function()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return seen

    return call


@pytest.fixture
def rows(make_rows):
    X, y = make_rows(n=90, d=120)
    return X, y, np.repeat(["a", "b", "c"], 30)


ADAN_ = ADAN(epochs=1, autoencoder_hidden=(300,), hidden=(300,), random_state=0)
WAYS = {
    "adan": lambda X, y, g: ADAN_.fit(X, y),
    "sample": lambda X, y, g: ADAN_.fit(X, y).sample(y),
    "encode": lambda X, y, g: ADAN_.decode(ADAN_.fit(X, y).encode(X)),
    "transfer": lambda X, y, g: TransferADAN(epochs=1).fit(X, y).sample(y),
    "gaussian": lambda X, y, g: ClassGaussian().fit(X, y).sample(y),
    "svm": lambda X, y, g: RBFSVM().fit(X, y).predict(X),
    "dnn": lambda X, y, g: DNNClassifier(steps=2).fit(X, y).predict(X),
    "recogniser": lambda X, y, g: (
        EmotionRecognizer(classifier=DNNClassifier(steps=2), times=0).fit(X, y, g).predict(X)
    ),
    "landscape": lambda X, y, g: landscape(X, np.unique(y, return_inverse=True)[1], X[:0], [])(X),
    "quality": lambda X, y, g: measure((X, y), {"copy": (X, y)}, (X, y)),
}


@pytest.mark.parametrize("way", WAYS)
def test_products_are_computed_on_one_thread(way, rows, threads_of_products):
    X, y, groups = rows
    seen = threads_of_products(lambda: WAYS[way](X.astype(np.float32), y, groups))
    assert seen == {1}
    assert torch.get_num_threads() == 2


def test_threads_come_back_when_the_last_one_is_out():
    def nested():
        with computing() as workers:
            inside.append(workers)

    inside = []
    with computing() as workers:
        thread = threading.Thread(target=nested)
        thread.start()
        thread.join()
        nested()
        assert torch.get_num_threads() == 1
    assert (workers, inside) == (2, [1, 1])
    assert torch.get_num_threads() == 2


@pytest.fixture
def no_gradients():
    with torch.no_grad():
        yield
        assert not torch.is_grad_enabled()


@pytest.fixture
def inference_mode():
    with torch.inference_mode():
        yield
        assert torch.is_inference_mode_enabled()


@pytest.fixture
def double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    left = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    assert left == torch.float64


@pytest.fixture
def meta_device():
    with torch.device("meta"):
        yield
        assert torch.get_default_device().type == "meta"


@pytest.fixture
def autocasting():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        yield
        assert torch.is_autocast_enabled("cpu")


NUMBERS = {
    "adan": lambda X, y, g: ADAN_.fit(X, y).sample(y)[0],
    "latents": lambda X, y, g: ADAN_.decode(ADAN_.fit(X, y).encode(X)),
    "transfer": lambda X, y, g: TransferADAN(epochs=1, random_state=0).fit(X, y).sample(y)[0],
    "dnn": lambda X, y, g: DNNClassifier(steps=2, random_state=0).fit(X, y).predict_proba(X),
    "recogniser": lambda X, y, g: (
        EmotionRecognizer(classifier=DNNClassifier(steps=2), times=0).fit(X, y, g).predict_proba(X)
    ),
}
SETTINGS = ["no_gradients", "inference_mode", "double_precision", "meta_device", "autocasting"]


@pytest.fixture(scope="module")
def numbers(make_rows):
    """What each way computes with torch as it is by default."""
    X, y = make_rows(n=90, d=120)
    data = X.astype(np.float32), y, np.repeat(["a", "b", "c"], 30)
    return data, {way: compute(*data) for way, compute in NUMBERS.items()}


@pytest.mark.parametrize("way", NUMBERS)
@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_of_the_calling_program_change_no_number(way, settings, numbers, request):
    data, expected = numbers
    request.getfixturevalue(settings)
    np.testing.assert_array_equal(NUMBERS[way](*data), expected[way])
