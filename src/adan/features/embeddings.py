"""From audio files to embeddings: the mean hidden state of a self-supervised speech model."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import partial
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adan._extras import require
from adan.corpora import Corpus
from adan.errors import AdanError
from adan.features.audio import BadAudio, beside, decode, files_of, vectors_of
from adan.features.cache import Cache, cache_root


def embeddings_of(corpus: Corpus, model: str | os.PathLike[str], **options: Any) -> pd.DataFrame:
    """Compute the embeddings of a corpus and set them beside what is known of its utterances.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    model, **options
        As in `embed`.

    Returns
    -------
    DataFrame of shape (n_utterances, n_metadata + hidden_size)
        As `adan.features.features_of` gives it.

    Raises
    ------
    AdanError
        As in `embed`; also if the corpus has no audio.
    """
    return beside(corpus, embed(files_of(corpus), model, **options))


def embed(
    files: Iterable[str | os.PathLike[str]],
    model: str | os.PathLike[str],
    *,
    layer: int = -1,
    device: str = "cpu",
    skip_bad: bool = False,
    cache: str | os.PathLike[str] | None = None,
    progress: bool = True,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Compute one embedding for each audio file: a layer's hidden states, averaged over time.

    Parameters
    ----------
    files, skip_bad, cache, progress, scheduler
        As in `adan.features.extract`. Audio is resampled to the rate of the model.
    model : path-like or str
        A wav2vec 2.0, HuBERT or WavLM model for `transformers`: its folder, or its name on the
        hub such as ``microsoft/wavlm-base-plus``. The weights must be safetensors.
    layer : int, default=-1
        Index into the hidden states: 0 is what enters the first transformer layer, -1 what leaves
        the last.
    device : str, default="cpu"
        Where to compute, as PyTorch names it, such as ``cuda``.

    Returns
    -------
    DataFrame of shape (n_files, hidden_size), float32
        As `adan.features.extract` gives it, the columns named like ``wavlm_0``. ``attrs`` has
        ``feature_set`` (the model), ``layer``, ``weights_sha256``, ``transformers`` (its version),
        ``audio_sha256`` and ``skipped``.

    Raises
    ------
    AdanError
        If files cannot be used, the model cannot be loaded or is of another kind, it has no such
        layer, or transformers or soundfile is not installed.

    References
    ----------
    A. Baevski et al., "wav2vec 2.0: a framework for self-supervised learning of speech
    representations", NeurIPS 2020.
    """
    require("embeddings", "transformers", "soundfile", "platformdirs")
    import transformers

    network, prepare = _load(transformers, os.fspath(model))
    last = network.config.num_hidden_layers
    if not -last - 1 <= layer <= last:
        raise AdanError(f"{model} has no layer {layer}: choose 0 to {last}, or -1 for the last")
    layer %= last + 1
    weights = _digest(network)
    store = Cache(
        Path(cache or cache_root())
        / f"transformers-{transformers.__version__}"
        / f"{weights}-layer{layer}"
    )
    table = vectors_of(
        files,
        partial(_mean_state, network.to(device), prepare, layer),
        store,
        network.config.hidden_size,
        title=Path(model).name,
        skip_bad=skip_bad,
        progress=progress,
        n_jobs=1,  # PyTorch itself uses all cores
        scheduler=scheduler,
    )
    table.columns = [f"{network.config.model_type}_{i}" for i in range(table.shape[1])]
    table.attrs = {
        "feature_set": os.fspath(model),
        "layer": layer,
        "weights_sha256": weights,
        "transformers": transformers.__version__,
        **table.attrs,
    }
    return table


def _load(transformers: Any, model: str) -> tuple[Any, Any]:
    import torch

    try:
        prepare = transformers.AutoFeatureExtractor.from_pretrained(model)
        with torch.random.fork_rng():
            network, report = transformers.AutoModel.from_pretrained(
                model, use_safetensors=True, output_loading_info=True
            )
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise AdanError(f"the model {model} cannot be loaded: {reason}") from error
    if not hasattr(network.config, "conv_kernel"):
        raise AdanError(
            f"the model {model} is of the kind {network.config.model_type}: "
            "give one of wav2vec 2.0, HuBERT or WavLM"
        )
    if missing := sorted(set(report["missing_keys"]) - {"masked_spec_embed"}):
        raise AdanError(f"the model {model} lacks {missing[0]}: give a complete one")
    return network.eval().float(), prepare


def _mean_state(network: Any, prepare: Any, layer: int, content: bytes) -> np.ndarray:
    import torch

    signal, rate = decode(content)
    signal = _resample(signal, rate, prepare.sampling_rate)
    n_frames = len(signal)
    for kernel, stride in zip(network.config.conv_kernel, network.config.conv_stride, strict=True):
        n_frames = (n_frames - kernel) // stride + 1
    if n_frames < 1:
        raise BadAudio(f"too short ({1000 * len(signal) / prepare.sampling_rate:.0f} ms)")
    inputs = prepare(signal, sampling_rate=prepare.sampling_rate, return_tensors="pt")
    with torch.inference_mode():
        states = network(
            inputs["input_values"].to(network.device), output_hidden_states=True
        ).hidden_states
    vector = states[layer][0].mean(dim=0).cpu().numpy().astype("<f4")
    if not np.isfinite(vector).all():
        raise BadAudio("the model gave values that are not finite")
    return vector


def _resample(signal: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    from scipy.signal import resample_poly

    if rate == wanted:
        return signal
    common = gcd(rate, wanted)
    return resample_poly(signal, wanted // common, rate // common).astype(np.float32)


def _digest(network: Any) -> str:
    """Return the SHA-256 of the weights, which names a model wherever it was loaded from."""
    digest = hashlib.sha256()
    for name, weights in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.contiguous().numpy().tobytes())
    return digest.hexdigest()
