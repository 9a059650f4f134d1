"""Models by configuration: shapes from config.json, old and new, and weights from safetensors."""

import dataclasses
import gc
import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from errors import InputError
from flax import nnx
from helpers import ARCHITECTURE, directory_config, write_config, write_gemma3, write_qwen3
from model_loading import count_parameters, describe, make_mesh, make_model, model_shape
from run_config import load_config
from safetensors.numpy import load_file, save_file
from training_loop import model_input
from tunix.models.gemma3.model import ModelConfig as Gemma3Shape
from tunix.models.qwen3.model import ModelConfig as Qwen3Shape
from tunix.sft.peft_trainer import TrainingInput

# As the makers publish them, without what no shape follows from.
GEMMA3_1B = {
    "model_type": "gemma3_text",
    "attention_bias": False,
    "attn_logit_softcapping": None,
    "final_logit_softcapping": None,
    "head_dim": 256,
    "hidden_activation": "gelu_pytorch_tanh",
    "hidden_size": 1152,
    "intermediate_size": 6912,
    "num_attention_heads": 4,
    "num_hidden_layers": 26,
    "num_key_value_heads": 1,
    "query_pre_attn_scalar": 256,
    "rms_norm_eps": 1e-06,
    "rope_local_base_freq": 10000,
    "rope_scaling": None,
    "rope_theta": 1000000,
    "sliding_window": 512,
    "sliding_window_pattern": 6,
    "vocab_size": 262144,
}
GEMMA3_4B = {
    "model_type": "gemma3",
    "text_config": {
        "model_type": "gemma3_text",
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 34,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window": 1024,
    },
    "vision_config": {"model_type": "siglip_vision_model"},
}
GEMMA3_27B = {
    "model_type": "gemma3",
    "text_config": {
        "model_type": "gemma3_text",
        "head_dim": 128,
        "hidden_size": 5376,
        "intermediate_size": 21504,
        "num_attention_heads": 32,
        "num_hidden_layers": 62,
        "num_key_value_heads": 16,
        "query_pre_attn_scalar": 168,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window": 1024,
    },
}
QWEN3_06B = {
    "model_type": "qwen3",
    "attention_bias": False,
    "head_dim": 128,
    "hidden_act": "silu",
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "max_window_layers": 28,
    "num_attention_heads": 16,
    "num_hidden_layers": 28,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 1000000,
    "sliding_window": None,
    "tie_word_embeddings": True,
    "use_sliding_window": False,
    "vocab_size": 151936,
}


def as_written_now(described):
    """Give a description in the names that transformers writes today."""
    from transformers import Gemma3TextConfig, Qwen3Config

    kind = Gemma3TextConfig if "gemma3" in described["model_type"] else Qwen3Config
    written = json.loads(kind.from_dict(dict(described)).to_json_string(use_diff=False))
    assert "rope_parameters" in written
    assert "rope_theta" not in written
    return written


def described_model(path, family, described):
    """A directory with a config.json and a file of weights, which no shape is read from."""
    directory = path / "model"
    directory.mkdir()
    (directory / "config.json").write_text(json.dumps(described))
    save_file({"model.norm.weight": np.zeros(4, np.float32)}, directory / "model.safetensors")
    settings = directory_config(path / "c.yaml", family, directory, tokenizer={"kind": "words"})
    return load_config(settings)


@pytest.mark.parametrize("rewrite", [dict, as_written_now], ids=["as published", "as written now"])
@pytest.mark.parametrize(
    ("described", "preset"),
    [
        (GEMMA3_1B, Gemma3Shape.gemma3_1b_it()),
        (GEMMA3_4B, Gemma3Shape.gemma3_4b_it()),
        (GEMMA3_27B, Gemma3Shape.gemma3_27b_it()),
        (QWEN3_06B, Qwen3Shape.qwen3_0p6b()),
    ],
    ids=["Gemma 3 1B", "Gemma 3 4B", "Gemma 3 27B", "Qwen 3 0.6B"],
)
def test_published_models_have_the_shapes_that_tunix_knows(tmp_path, described, preset, rewrite):
    text = rewrite(described.get("text_config", described))
    described = {**described, "text_config": text} if "text_config" in described else text
    family = "qwen3" if isinstance(preset, Qwen3Shape) else "gemma3"
    shape = model_shape(described_model(tmp_path, family, described), vocabulary=1000)
    ignored = {"param_dtype", "dtype"}
    if "text_config" in described:
        ignored.add("num_embed")  # 64 rows more than Tunix says, for image tokens
        assert shape.num_embed == 262_208
    for field in dataclasses.fields(preset):
        if field.name not in ignored:
            assert getattr(shape, field.name) == getattr(preset, field.name), field.name


@pytest.mark.parametrize(
    ("family", "described", "changes", "message"),
    [
        ("qwen3", GEMMA3_1B, {}, "model_type: 'gemma3_text' is no qwen3"),
        ("gemma3", QWEN3_06B, {}, "model_type: 'qwen3' is no gemma3"),
        ("gemma3", GEMMA3_1B, {"model_type": None}, "model_type: None is no gemma3"),
        ("gemma3", GEMMA3_1B, {"num_hidden_layers": "26"}, "num_hidden_layers"),
        ("gemma3", GEMMA3_1B, {"sliding_window_pattern": 4}, "layer_types: Tunix has no such"),
        ("gemma3", GEMMA3_1B, {"hidden_activation": "relu"}, "hidden_activation: Tunix has no"),
        ("gemma3", GEMMA3_1B, {"query_pre_attn_scalar": 7}, "query_pre_attn_scalar: Tunix has no"),
        ("gemma3", GEMMA3_1B, {"final_logit_softcapping": 30.0}, "final_logit_softcapping: Tunix"),
        ("gemma3", GEMMA3_1B, {"attention_bias": True}, "attention_bias: Tunix has no such"),
        ("qwen3", QWEN3_06B, {"attention_bias": True}, "attention_bias: Tunix has no such"),
        ("qwen3", QWEN3_06B, {"rope_theta": 5_000_000}, "rope_parameters: Tunix has no such"),
        (
            "qwen3",
            QWEN3_06B,
            {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
            "rope_parameters: Tunix has no such",
        ),
    ],
)
def test_a_model_that_tunix_has_not_is_refused_by_field(
    tmp_path, family, described, changes, message
):
    config = described_model(tmp_path, family, {**described, **changes})
    with pytest.raises(InputError) as caught:
        model_shape(config, vocabulary=1000)
    assert str(caught.value).startswith(f"{tmp_path / 'model' / 'config.json'}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"text_config": 5}', "\xff"])
def test_a_broken_description_is_named(tmp_path, text):
    config = described_model(tmp_path, "gemma3", GEMMA3_1B)
    path = tmp_path / "model" / "config.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=re.escape(f"{path}: ")):
        model_shape(config, vocabulary=1000)
    path.unlink()
    with pytest.raises(InputError, match=re.escape(f"{path}: No such file")):
        model_shape(config, vocabulary=1000)


def loaded(config):
    return make_model(config, model_shape(config, vocabulary=300), None)


def logits_of(model, tokens):
    batch = TrainingInput(input_tokens=jnp.asarray([tokens]), input_mask=None)
    inputs = model_input(batch)
    out, _ = model(batch.input_tokens, inputs["positions"], None, inputs["attention_mask"])
    return np.asarray(out[0], dtype=np.float64)


TOKENS = [2, 7, 250, 31, 31, 8, 99, 100, 4, 5, 6, 77, 300, 12, 13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize(
    ("family", "write", "options", "rope"),
    [
        ("gemma3", write_gemma3, {"layers": 7, "sliding_window": 6}, {}),
        ("gemma3", write_gemma3, {"layers": 6, "kv_heads": 2, "query_pre_attn_scalar": 16}, {}),
        (
            "gemma3",
            write_gemma3,
            {
                "layers": 6,
                "rope_theta": None,
                "rope_local_base_freq": None,
                "rope_parameters": {
                    "sliding_attention": {"rope_type": "default", "rope_theta": 500.0},
                    "full_attention": {"rope_type": "linear", "rope_theta": 800.0, "factor": 8.0},
                },
            },
            {"near": (500, 1), "far": (800, 8)},
        ),
        ("qwen3", write_qwen3, {}, {}),
        ("qwen3", write_qwen3, {"tied": False}, {}),
    ],
    ids=["sliding window", "fused heads", "scaled rope", "tied", "untied"],
)
def test_a_directorys_model_computes_what_its_makers_formulas_say(
    tmp_path, family, write, options, rope
):
    options = {name: value for name, value in options.items() if value is not None}
    dropped = {"rope_theta", "rope_local_base_freq"} if "rope_parameters" in options else set()
    directory = tmp_path / "model"
    tensors = write(directory, **options)
    path = directory / "config.json"
    described = {k: v for k, v in json.loads(path.read_text()).items() if k not in dropped}
    path.write_text(json.dumps(described))
    model = loaded(load_config(directory_config(tmp_path / "c.yaml", family, directory)))
    expected = reference.logits(family, described, tensors, TOKENS, **rope)
    np.testing.assert_allclose(logits_of(model, TOKENS), expected, rtol=1e-3, atol=1e-3)


def test_weights_in_several_files_are_one_model(tmp_path):
    directory = tmp_path / "model"
    tensors = write_qwen3(directory)
    config = load_config(directory_config(tmp_path / "c.yaml", "qwen3", directory))
    whole = logits_of(loaded(config), TOKENS)
    (directory / "model.safetensors").unlink()
    names = sorted(tensors)
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        save_file({n: tensors[n] for n in part}, directory / f"model-{number}-of-2.safetensors")
    np.testing.assert_array_equal(logits_of(loaded(config), TOKENS), whole)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_weights_are_of_the_configured_type(tmp_path, dtype):
    write_gemma3(tmp_path / "model")
    asked = {"architecture": None, "directory": str(tmp_path / "model"), "dtype": dtype}
    config = load_config(directory_config(tmp_path / "c.yaml", "gemma3", "", model=asked))
    leaves = jax.tree.leaves(nnx.state(loaded(config), nnx.Param))
    assert {str(leaf.dtype) for leaf in leaves} == {dtype}


@pytest.mark.parametrize(("family", "write"), [("gemma3", write_gemma3), ("qwen3", write_qwen3)])
def test_lora_starts_as_the_model_that_it_is_put_on(tmp_path, family, write):
    write(tmp_path / "model")
    plain = load_config(directory_config(tmp_path / "c.yaml", family, tmp_path / "model"))
    asked = {
        "architecture": None,
        "family": family,
        "directory": str(tmp_path / "model"),
        "lora": {"rank": 4, "alpha": 8.0},
    }
    config = load_config(directory_config(tmp_path / "l.yaml", family, "", model=asked))
    model, base = loaded(config), loaded(plain)
    np.testing.assert_allclose(logits_of(model, TOKENS), logits_of(base, TOKENS), atol=1e-5)
    added = count_parameters(model, lora_only=True)
    assert 0 < added == count_parameters(model) - count_parameters(base)


def test_lora_on_no_layer_is_refused(tmp_path):
    lora = {"rank": 4, "module_path": "nothing"}
    path = write_config(tmp_path / "c.yaml", model={"lora": lora})
    with pytest.raises(InputError, match=r"model\.lora\.module_path: 'nothing' matches no layer"):
        loaded(load_config(path))


def spoil(directory, change):
    tensors = load_file(directory / "model.safetensors")
    change(tensors)
    save_file(tensors, directory / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("model.layers.1.mlp.up_proj.weight"), "up_proj"),
        (lambda t: t.pop("model.layers.1.self_attn.v_proj.weight"), "the weights are not"),
        (
            lambda t: t.update({"model.norm.weight": np.zeros(5, np.float32)}),
            "the weights are not config.json's",
        ),
        (
            lambda t: t.update({"model.norm.weight": np.zeros(32, np.float16)}),
            "its tensors are of the types F16, F32",
        ),
        (
            lambda t: t.update({name: one.astype(np.int8) for name, one in t.items()}),
            "its tensors are of the types I8",
        ),
    ],
)
@pytest.mark.parametrize(("family", "write"), [("gemma3", write_gemma3), ("qwen3", write_qwen3)])
# Tunix's loader leaves files open when it fails.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_weights_that_are_not_the_descriptions_are_refused(
    tmp_path, family, write, change, message
):
    directory = tmp_path / "model"
    write(directory)
    spoil(directory, change)
    with pytest.raises(InputError) as caught:
        loaded(load_config(directory_config(tmp_path / "c.yaml", family, directory)))
    said = str(caught.value)
    del caught  # with it the files, while their warning is ignored
    gc.collect()
    assert str(directory) in said
    assert message in said
    assert "\n" not in said


def test_what_is_no_safetensors_is_refused(tmp_path):
    directory = tmp_path / "model"
    write_gemma3(directory)
    config = load_config(directory_config(tmp_path / "c.yaml", "gemma3", directory))
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"model\.safetensors: no safetensors"):
        model_shape(config, vocabulary=300)
    path.unlink()
    with pytest.raises(InputError, match=r"model: no \.safetensors file"):
        model_shape(config, vocabulary=300)


def test_a_tokenizer_larger_than_the_models_is_refused(tmp_path):
    write_qwen3(tmp_path / "model")
    config = load_config(directory_config(tmp_path / "c.yaml", "qwen3", tmp_path / "model"))
    with pytest.raises(InputError, match="tokenizer: its 10000 tokens are more than the model's"):
        model_shape(config, vocabulary=10_000)


def test_random_weights_are_cut_to_the_tokenizer_and_are_the_seeds(tmp_path):
    weights = []
    for seed in (1, 1, 2):
        path = write_config(tmp_path / "c.yaml", training={"seed": seed})
        config = load_config(path)
        shape = model_shape(config, vocabulary=301)
        assert describe(shape) == {"family": "gemma3", "vocabulary": 320, **ARCHITECTURE}
        state = nnx.state(make_model(config, shape, None), nnx.Param)
        weights.append([np.asarray(leaf) for leaf in jax.tree.leaves(state)])
    for first, second, third in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, third)
        assert first.std() == pytest.approx(32**-0.5, rel=0.5)


def test_more_devices_than_there_are_are_refused(tmp_path):
    path = write_config(tmp_path / "c.yaml", mesh={"fsdp": 4, "tp": 8}, data={"batch_size": 4})
    with pytest.raises(InputError, match="mesh: 4 x 8 devices are wanted and 1 are there"):
        make_mesh(load_config(path))


@pytest.mark.parametrize(
    ("mesh", "architecture", "name"),
    [
        ({"tp": 2}, {"kv_heads": 1}, "kv_heads"),
        ({"tp": 4}, {"heads": 4, "kv_heads": 2}, "kv_heads"),
        ({"fsdp": 2}, {"width": 31}, "width"),
        ({"tp": 2}, {"hidden": 63}, "hidden"),
    ],
)
def test_a_model_that_does_not_divide_among_the_devices_is_refused(
    tmp_path, mesh, architecture, name
):
    model = {"architecture": {**ARCHITECTURE, **architecture}}
    config = load_config(write_config(tmp_path / "c.yaml", mesh=mesh, model=model))
    with pytest.raises(InputError, match=f"mesh: the model's {name}, .* does not divide"):
        model_shape(config, vocabulary=300)
