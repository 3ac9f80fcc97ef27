import sys

import numpy as np
import pytest
import torch

from adan.cli import main
from adan.corpora import read_corpus
from adan.corpora.table_files import read_table
from adan.errors import AdanError
from adan.features import embeddings
from adan.features.embeddings import embed, embeddings_of

transformers = pytest.importorskip("transformers", reason="needs adan[embeddings]")
pytest.importorskip("soundfile")
pytest.importorskip("platformdirs")

KINDS = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}


@pytest.fixture
def make_model(tmp_path):
    """A tiny model with random weights, in the files that such a model has."""

    def make(kind: str = "wav2vec2", seed: int = 0) -> str:
        config = getattr(transformers, f"{KINDS[kind]}Config")(
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
            conv_dim=(8, 8),
            conv_kernel=(10, 3),
            conv_stride=(40, 8),
            num_conv_pos_embeddings=4,
            num_conv_pos_embedding_groups=2,
        )
        folder = tmp_path / f"{kind}-{seed}"
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            getattr(transformers, f"{KINDS[kind]}Model")(config).save_pretrained(folder)
        transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
        return str(folder)

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model(make_model, make_audio, make_signal, kind):
    files = [make_audio("a.wav"), make_audio("b.wav", make_signal(0.7, pitch=250))]
    table = embed(files, make_model(kind)).table
    assert table.shape == (2, 8)
    assert table.index.tolist() == files
    assert table.columns[0] == f"{kind}_0"
    assert (table.dtypes == np.float32).all()
    assert np.isfinite(table.to_numpy()).all()
    assert not np.allclose(table.iloc[0], table.iloc[1])


@pytest.mark.parametrize("layer", [0, 1, 2, -1])
def test_is_the_mean_hidden_state(make_model, make_audio, make_signal, layer):
    folder = make_model()
    model = transformers.AutoModel.from_pretrained(folder).eval()
    signal = make_signal()
    signal = np.float32((signal - signal.mean()) / np.sqrt(signal.var() + 1e-7))
    with torch.no_grad():
        states = model(torch.from_numpy(signal)[None], output_hidden_states=True).hidden_states
    vectors = embed([make_audio(subtype="FLOAT")], folder, layer=layer)
    table = vectors.table
    np.testing.assert_allclose(table.iloc[0], states[layer][0].mean(0), rtol=1e-4, atol=1e-4)
    assert vectors.about["layer"] == layer % 3


def test_other_rates_are_resampled(make_model, make_audio, make_signal):
    files = [
        make_audio(f"{rate}.wav", make_signal(rate=rate), rate) for rate in (16000, 32000, 44100)
    ]
    table = embed(files, make_model()).table.to_numpy()
    distance = np.linalg.norm(table - table[0], axis=1) / np.linalg.norm(table[0])
    assert distance.max() < 0.1


def test_bad_audio_is_named_or_skipped(make_model, make_audio, make_signal, tmp_path):
    good, model = make_audio("good.wav"), make_model()
    bad = {
        make_audio("click.wav", make_signal(0.004)): "too short (4 ms)",
        make_audio("silence.wav", np.zeros(8000)): "silent",
        str(tmp_path / "absent.wav"): "missing",
    }
    with pytest.raises(AdanError, match=r"3 of 4 .*too short \(4 ms\).*silent.*missing"):
        embed([good, *bad], model)
    vectors = embed([good, *bad], model, skip_bad=True)
    table = vectors.table
    assert table.index.tolist() == [good]
    assert vectors.about["skipped"] == bad


def test_cache_answers_for_the_same_model_and_layer(make_model, make_audio, monkeypatch):
    file, model, other = make_audio(), make_model(), make_model(seed=1)
    first = embed([file], model).table
    assert not embed([file], other).table.equals(first)
    assert not embed([file], model, layer=1).table.equals(first)
    monkeypatch.setattr(embeddings, "_mean_state", lambda *_: pytest.fail("not cached"))
    assert embed([file], model).table.equals(first)


def test_random_generators_are_left_alone(make_model, make_audio):
    state = torch.get_rng_state()
    embed([make_audio()], make_model())
    assert torch.equal(torch.get_rng_state(), state)


def test_corpus_and_command_line(make_model, make_corpus, tmp_path, capsys):
    path, model = make_corpus(), make_model()
    vectors = embeddings_of(read_corpus(path), model)
    table = vectors.table
    assert table.columns[:4].tolist() == ["file", "emotion", "speaker", "take"]
    assert len(vectors.features) == 8
    output = tmp_path / "x.parquet"
    assert main(["extract", str(path), "--model", model, "-o", str(output)]) == 0
    assert "4 utterances, 8 features" in capsys.readouterr().out
    again = read_table(output)
    assert np.array_equal(again.table[again.features], vectors.X)
    assert again.about["feature_set"] == model
    assert again.about["transformers"] == transformers.__version__


def test_layer_that_is_not_there(make_model, make_audio):
    with pytest.raises(AdanError, match="no layer 3: choose 0 to 2, or -1"):
        embed([make_audio()], make_model(), layer=3)


def test_model_that_cannot_be_loaded(make_audio, tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(AdanError, match="model cannot be loaded") as error:
        embed([make_audio()], tmp_path / "model")
    assert "\n" not in str(error.value)


def test_model_of_another_kind(make_audio, tmp_path):
    config = transformers.BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9
    )
    transformers.BertModel(config).save_pretrained(tmp_path / "bert")
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "bert")
    with pytest.raises(AdanError, match=r"of the kind bert: give one of wav2vec 2\.0"):
        embed([make_audio()], tmp_path / "bert")


def test_model_with_a_gap(make_model, make_audio):
    """Weights that are not in the file would be random."""
    from safetensors.torch import load_file, save_file

    folder = make_model()
    weights = load_file(f"{folder}/model.safetensors")
    del weights["encoder.layers.1.attention.k_proj.weight"]
    save_file(weights, f"{folder}/model.safetensors", {"format": "pt"})
    with pytest.raises(AdanError, match=r"lacks encoder\.layers\.1\.attention\.k_proj\.weight"):
        embed([make_audio()], folder)


def test_transformers_missing(make_audio, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(AdanError, match=r"not installed: pip install 'adan\[embeddings\]'"):
        embed([make_audio()], "x")
