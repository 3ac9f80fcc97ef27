"""From audio files to embeddings: the mean hidden state of a self-supervised speech model."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from adan._extras import require
from adan.audio.decoding import BadAudio, resampled, too_short
from adan.corpora import Corpus, Vectors
from adan.errors import AdanError
from adan.features.extraction import Extractor, Options, check_listed, vectors_of, with_vectors


def embeddings_of(corpus: Corpus, model: str | os.PathLike[str], **options: Any) -> Corpus:
    """Compute the embeddings of a corpus and set them beside what is known of its utterances.

    Parameters
    ----------
    corpus : Corpus
        With a column ``file``.
    model : path-like or str
        A wav2vec 2.0, HuBERT or WavLM model for `transformers`: its folder, or its name on the
        hub such as ``microsoft/wavlm-base-plus``.
    **options
        ``layer`` and ``device`` as `embed` takes them, and those of `adan.features.Options`.

    Returns
    -------
    Corpus
        Its table followed by the embeddings (float32), less the utterances that were skipped;
        ``about`` is that of `embed`. Features that it had are replaced.

    Raises
    ------
    AdanError
        If the corpus has no audio, files or the model cannot be used, or transformers or soundfile
        is not installed.
    """
    return with_vectors(corpus, lambda files: embed(files, model, **options))


def embed(
    files: Iterable[str | os.PathLike[str]],
    model: str | os.PathLike[str],
    *,
    layer: int = -1,
    device: str = "cpu",
    **options: Any,
) -> Vectors:
    """Compute one embedding for each audio file: a layer's hidden states, averaged over time.

    Parameters
    ----------
    files : iterable of path-like
        In any format that libsndfile reads; resampled to the rate of the model, and several
        channels are averaged.
    model : path-like or str
        A wav2vec 2.0, HuBERT or WavLM model for `transformers`: its folder, or its name on the
        hub such as ``microsoft/wavlm-base-plus``. The weights must be safetensors.
    layer : int, default=-1
        Index into the hidden states: 0 is what enters the first transformer layer, -1 what leaves
        the last.
    device : str, default="cpu"
        Where to compute, as PyTorch names it, such as ``cuda``.
    **options
        See `adan.features.Options`; ``n_jobs=None`` is one thread here, since PyTorch itself uses
        all cores.

    Returns
    -------
    Vectors
        As `adan.features.extract` gives them, the features named like ``wavlm_0``. ``about`` has
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

    check_listed(files)
    how = Options(**options)
    network, prepare = _load(transformers, os.fspath(model))
    last = network.config.num_hidden_layers
    if not -last - 1 <= layer <= last:
        raise AdanError(f"{model} has no layer {layer}: choose 0 to {last}, or -1 for the last")
    layer %= last + 1
    weights = _digest(network)
    extractor = Extractor(
        Path(model).name,
        [f"{network.config.model_type}_{i}" for i in range(network.config.hidden_size)],
        partial(_mean_state, network.to(device), prepare, layer),
        how.store(f"transformers-{transformers.__version__}", f"{weights}-layer{layer}"),
        about={
            "feature_set": os.fspath(model),
            "layer": layer,
            "weights_sha256": weights,
            "transformers": transformers.__version__,
        },
    )
    return vectors_of(files, extractor, replace(how, n_jobs=how.n_jobs or 1))


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


def _mean_state(
    network: Any, prepare: Any, layer: int, signal: np.ndarray, rate: int
) -> np.ndarray:
    import torch

    signal = resampled(signal, rate, prepare.sampling_rate)
    n_frames = len(signal)
    for kernel, stride in zip(network.config.conv_kernel, network.config.conv_stride, strict=True):
        n_frames = (n_frames - kernel) // stride + 1
    if n_frames < 1:
        raise too_short(len(signal) / prepare.sampling_rate)
    inputs = prepare(signal, sampling_rate=prepare.sampling_rate, return_tensors="pt")
    with torch.inference_mode():
        states = network(
            inputs["input_values"].to(network.device), output_hidden_states=True
        ).hidden_states
    vector = states[layer][0].mean(dim=0).cpu().numpy().astype("<f4")
    if not np.isfinite(vector).all():
        raise BadAudio("the model gave values that are not finite")
    return vector


def _digest(network: Any) -> str:
    """Return the SHA-256 of the weights, which names a model wherever it was loaded from."""
    digest = hashlib.sha256()
    for name, weights in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.contiguous().numpy().tobytes())
    return digest.hexdigest()
