"""Models by configuration: a Gemma 3 of any size from random weights, or a directory's weights."""

import contextlib
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from errors import InputError
from flax import nnx
from run_config import Architecture, Lora, RunConfig

VOCABULARY_MULTIPLE = 64  # so that the embedding divides among devices


def make_mesh(config: RunConfig) -> jax.sharding.Mesh | None:
    """Lay the devices out as configured; None for one device."""
    shape = (config.mesh.fsdp, config.mesh.tp)
    if shape == (1, 1):
        return None
    wanted, found = shape[0] * shape[1], len(jax.devices())
    if wanted > found:
        raise InputError(f"mesh: {shape[0]} x {shape[1]} devices are wanted and {found} are there")
    from tunix.utils.mesh import create_mesh

    return create_mesh(shape, ("fsdp", "tp"), devices=jax.devices()[:wanted])


def in_mesh(mesh: jax.sharding.Mesh | None) -> contextlib.AbstractContextManager[Any]:
    return mesh if mesh is not None else contextlib.nullcontext()


def make_model(
    config: RunConfig, *, vocabulary: int, mesh: jax.sharding.Mesh | None
) -> tuple[nnx.Module, dict[str, Any]]:
    """Make the configured model; return it and its shape as a dict for the record.

    `vocabulary` is the tokenizer's size; only a model of random weights is cut to it.
    """
    dtype = jnp.dtype(config.model.dtype)
    if config.model.architecture is not None:
        model, shape = _random_gemma3(
            config.model.architecture, vocabulary, dtype, config.training.seed, mesh
        )
    else:
        model, shape = _from_directory(
            Path(config.model.directory or ""), config.model.family, dtype, mesh
        )
    if vocabulary > shape["vocabulary"]:
        raise InputError(
            f"tokenizer: its {vocabulary} tokens are more than the model's {shape['vocabulary']}"
        )
    if config.model.lora is not None:
        model = _with_lora(model, config.model.lora, config.training.seed, mesh)
    return model, shape


def _random_gemma3(
    architecture: Architecture,
    vocabulary: int,
    dtype: Any,
    seed: int,
    mesh: jax.sharding.Mesh | None,
) -> tuple[nnx.Module, dict[str, Any]]:
    from tunix.models import dummy_model_creator
    from tunix.models.gemma3 import model as gemma3

    rows = -(-vocabulary // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE
    shape = gemma3.ModelConfig(
        num_layers=architecture.layers,
        num_embed=rows,
        embed_dim=architecture.width,
        hidden_dim=architecture.hidden,
        num_heads=architecture.heads,
        num_kv_heads=architecture.kv_heads,
        head_dim=architecture.head_dim,
        sliding_window_size=architecture.sliding_window,
        param_dtype=dtype,
    )
    scale = architecture.initial_scale or architecture.width**-0.5
    # Gemma3(config, rngs=...) would leave the feed-forward weights at zero, without a gradient.
    model = dummy_model_creator.create_dummy_model(
        gemma3.Gemma3, shape, mesh=mesh, dtype=dtype, random_seed=seed, scale=scale
    )
    return model, _shape("gemma3", shape, rows)


def _from_directory(
    directory: Path, family: str, dtype: Any, mesh: jax.sharding.Mesh | None
) -> tuple[nnx.Module, dict[str, Any]]:
    described = _read_description(directory)
    text = described.get("text_config", described)
    try:
        return _LOADERS[family](directory, text, dtype, mesh)
    except KeyError as error:
        raise InputError(f"{directory / 'config.json'}: {error.args[0]}: missing") from None


def _read_description(directory: Path) -> dict[str, Any]:
    path = directory / "config.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise InputError(f"{path}: no JSON") from None
    if not isinstance(described, dict):
        raise InputError(f"{path}: no JSON object")
    if not list(directory.glob("*.safetensors")):
        raise InputError(f"{directory}: no .safetensors file")
    return described


def _load_gemma3(
    directory: Path, text: dict[str, Any], dtype: Any, mesh: jax.sharding.Mesh | None
) -> tuple[nnx.Module, dict[str, Any]]:
    from tunix.models.gemma3 import model as gemma3
    from tunix.models.gemma3 import params_safetensors

    shape = gemma3.ModelConfig(
        num_layers=text["num_hidden_layers"],
        num_embed=text["vocab_size"],
        embed_dim=text["hidden_size"],
        hidden_dim=text["intermediate_size"],
        num_heads=text["num_attention_heads"],
        num_kv_heads=text["num_key_value_heads"],
        head_dim=text["head_dim"],
        sliding_window_size=text["sliding_window"],
        local_base_frequency=int(text.get("rope_local_base_freq", 10_000)),
        global_base_frequency=int(text.get("rope_theta", 1_000_000)),
        param_dtype=dtype,
    )
    model = params_safetensors.create_model_from_safe_tensors(
        str(directory), shape, mesh=mesh, dtype=dtype
    )
    return model, _shape("gemma3", shape, shape.num_embed)


def _load_qwen3(
    directory: Path, text: dict[str, Any], dtype: Any, mesh: jax.sharding.Mesh | None
) -> tuple[nnx.Module, dict[str, Any]]:
    from tunix.models.qwen3 import model as qwen3
    from tunix.models.qwen3 import params

    shape = qwen3.ModelConfig(
        num_layers=text["num_hidden_layers"],
        vocab_size=text["vocab_size"],
        embed_dim=text["hidden_size"],
        hidden_dim=text["intermediate_size"],
        num_heads=text["num_attention_heads"],
        num_kv_heads=text["num_key_value_heads"],
        head_dim=text["head_dim"],
        rope_theta=int(text.get("rope_theta", 1_000_000)),
        norm_eps=text["rms_norm_eps"],
        use_tied_embedding=text.get("tie_word_embeddings", False),
        dtype=dtype,
        param_dtype=dtype,
    )
    model = params.create_model_from_safe_tensors(str(directory), shape, mesh=mesh, dtype=dtype)
    return model, _shape("qwen3", shape, shape.vocab_size)


_LOADERS = {"gemma3": _load_gemma3, "qwen3": _load_qwen3}


def _shape(family: str, shape: Any, vocabulary: int) -> dict[str, Any]:
    return {
        "family": family,
        "layers": shape.num_layers,
        "width": shape.embed_dim,
        "hidden": shape.hidden_dim,
        "heads": shape.num_heads,
        "kv_heads": shape.num_kv_heads,
        "head_dim": shape.head_dim,
        "vocabulary": vocabulary,
    }


def _with_lora(
    model: nnx.Module, lora: Lora, seed: int, mesh: jax.sharding.Mesh | None
) -> nnx.Module:
    import qwix

    provider = qwix.LoraProvider(module_path=lora.module_path, rank=lora.rank, alpha=lora.alpha)
    rngs = nnx.Rngs(seed)
    with in_mesh(mesh):
        model = qwix.apply_lora_to_model(model, provider, rngs=rngs, **model.get_model_input())
        if mesh is not None:
            state = nnx.state(model)
            placed = jax.lax.with_sharding_constraint(state, nnx.get_partition_spec(state))
            nnx.update(model, placed)
    return model


def count_parameters(model: nnx.Module, *, lora_only: bool = False) -> int:
    kind = nnx.LoRAParam if lora_only else nnx.Param
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, kind)))
