"""Models by configuration: a Gemma 3 of any size from random weights, or a directory's weights."""

import contextlib
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from errors import InputError
from flax import nnx
from run_config import Architecture, Lora, MeshShape, RunConfig
from run_record import read_json
from tunix.models.gemma3 import model as gemma3
from tunix.models.qwen3 import model as qwen3

VOCABULARY_MULTIPLE = 64  # so that the embedding divides among devices
QWEN3_ROPE = 1_000_000  # what Tunix 0.1.7 turns by, whatever its configuration says
WEIGHT_TYPES = {"BF16", "F16", "F32"}

Shape = gemma3.ModelConfig | qwen3.ModelConfig


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


def model_shape(config: RunConfig, *, vocabulary: int) -> Shape:
    """Give the model's shape, checked against its tokenizer and the mesh; no weights are read.

    `vocabulary` is the tokenizer's size; only a model of random weights is cut to it.
    """
    dtype = jnp.dtype(config.model.dtype)
    if config.model.architecture is not None:
        shape = _random_shape(config.model.architecture, vocabulary, dtype)
    else:
        directory = Path(config.model.directory or "")
        shape = _directory_shape(directory, config.model.family, dtype)
        _check_weights(directory)
    described = describe(shape)
    if vocabulary > described["vocabulary"]:
        raise InputError(
            f"tokenizer: its {vocabulary} tokens are more than the model's "
            f"{described['vocabulary']}"
        )
    _check_division(described, config.mesh)
    return shape


def make_model(config: RunConfig, shape: Shape, mesh: jax.sharding.Mesh | None) -> nnx.Module:
    """Make the model with its weights, and with LoRA where it is configured."""
    if config.model.architecture is not None:
        model = _with_random_weights(config, shape, mesh)
    else:
        model = _with_directory_weights(config, shape, mesh)
    if config.model.lora is not None:
        model = _with_lora(model, config.model.lora, config.training.seed, mesh)
    return model


def describe(shape: Shape) -> dict[str, Any]:
    """Give a model's shape for the record, the same for every family."""
    is_gemma = isinstance(shape, gemma3.ModelConfig)
    return {
        "family": "gemma3" if is_gemma else "qwen3",
        "layers": shape.num_layers,
        "width": shape.embed_dim,
        "hidden": shape.hidden_dim,
        "heads": shape.num_heads,
        "kv_heads": shape.num_kv_heads,
        "head_dim": shape.head_dim,
        "vocabulary": shape.num_embed if is_gemma else shape.vocab_size,
    }


def _check_division(described: dict[str, Any], mesh: MeshShape) -> None:
    divisors = {
        "width": mesh.fsdp * mesh.tp,
        "hidden": mesh.tp,
        "heads": mesh.tp,
        "kv_heads": mesh.tp,
        "head_dim": mesh.tp,
        "vocabulary": mesh.tp,
    }
    for name, divisor in divisors.items():
        if described[name] % divisor:
            raise InputError(
                f"mesh: the model's {name}, {described[name]}, does not divide among "
                f"{mesh.fsdp} x {mesh.tp} devices"
            )


def _random_shape(architecture: Architecture, vocabulary: int, dtype: Any) -> gemma3.ModelConfig:
    return gemma3.ModelConfig(
        num_layers=architecture.layers,
        num_embed=-(-vocabulary // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE,
        embed_dim=architecture.width,
        hidden_dim=architecture.hidden,
        num_heads=architecture.heads,
        num_kv_heads=architecture.kv_heads,
        head_dim=architecture.head_dim,
        sliding_window_size=architecture.sliding_window,
        param_dtype=dtype,
    )


def _with_random_weights(
    config: RunConfig, shape: Shape, mesh: jax.sharding.Mesh | None
) -> nnx.Module:
    """Draw weights: the same ones on any mesh, so made on one device and then laid out.

    Gemma3(config, rngs=...) would leave the feed-forward weights at zero, without a gradient.
    """
    from tunix.models import dummy_model_creator

    model = dummy_model_creator.create_dummy_model(
        gemma3.Gemma3,
        shape,
        mesh=None,
        dtype=jnp.dtype(config.model.dtype),
        random_seed=config.training.seed,
        scale=config.model.architecture.initial_scale or shape.embed_dim**-0.5,
    )
    if mesh is not None:
        state = nnx.state(model)
        nnx.update(model, jax.device_put(state, nnx.get_named_sharding(state, mesh)))
    return model


def _directory_shape(directory: Path, family: str, dtype: Any) -> Shape:
    """Read config.json as transformers does: old and new names, its defaults for what is absent."""
    from transformers import Gemma3TextConfig, Qwen3Config

    path = directory / "config.json"
    written = read_json(path)
    text = written.get("text_config", written)  # Gemma 3 from 4B up has an image part beside it
    kind = text.get("model_type", "") if isinstance(text, dict) else None
    if kind is None or not str(kind).startswith(family):
        raise InputError(
            f"{path}: model_type: {kind!r} is no {family}, the configured model.family"
        )
    try:
        described = (Gemma3TextConfig if family == "gemma3" else Qwen3Config).from_dict(text)
        return (_gemma3_shape if family == "gemma3" else _qwen3_shape)(described, dtype)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # whatever its validation raises
        raise InputError(f"{path}: {' '.join(str(error).split())}") from None


def _gemma3_shape(described: Any, dtype: Any) -> gemma3.ModelConfig:
    """Give Tunix's shape; InputError names what Tunix's Gemma 3 cannot be."""
    layers = described.num_hidden_layers
    pattern = ["sliding_attention"] * 5 + ["full_attention"]
    _refuse_unless("layer_types", described.layer_types == (pattern * layers)[:layers])
    _refuse_unless("hidden_activation", described.hidden_activation == "gelu_pytorch_tanh")
    _refuse_unless("rms_norm_eps", described.rms_norm_eps == 1e-6)
    _refuse_unless("attention_bias", not described.attention_bias)
    _refuse_unless("final_logit_softcapping", described.final_logit_softcapping is None)
    scales = {
        described.head_dim: "BY_ONE_OVER_SQRT_HEAD_DIM",
        described.hidden_size
        // described.num_attention_heads: "BY_ONE_OVER_SQRT_EMBED_DIM_DIV_NUM_HEADS",
    }
    _refuse_unless("query_pre_attn_scalar", described.query_pre_attn_scalar in scales)
    near = _rope(described.rope_parameters["sliding_attention"])
    far = _rope(described.rope_parameters["full_attention"])
    return gemma3.ModelConfig(
        num_layers=layers,
        num_embed=described.vocab_size,
        embed_dim=described.hidden_size,
        hidden_dim=described.intermediate_size,
        num_heads=described.num_attention_heads,
        num_kv_heads=described.num_key_value_heads,
        head_dim=described.head_dim,
        sliding_window_size=described.sliding_window,
        local_base_frequency=near[0],
        local_scale_factor=near[1],
        global_base_frequency=far[0],
        global_scale_factor=far[1],
        query_pre_attn_norm=gemma3.QueryPreAttentionNormalisation[
            scales[described.query_pre_attn_scalar]
        ],
        param_dtype=dtype,
    )


def _qwen3_shape(described: Any, dtype: Any) -> qwen3.ModelConfig:
    """Give Tunix's shape; InputError names what Tunix's Qwen 3 cannot be."""
    _refuse_unless("layer_types", set(described.layer_types) <= {"full_attention"})
    _refuse_unless("hidden_act", described.hidden_act == "silu")
    _refuse_unless("attention_bias", not described.attention_bias)
    base, factor = _rope(described.rope_parameters)
    _refuse_unless("rope_parameters", factor == 1, base == QWEN3_ROPE)
    return qwen3.ModelConfig(
        num_layers=described.num_hidden_layers,
        vocab_size=described.vocab_size,
        embed_dim=described.hidden_size,
        hidden_dim=described.intermediate_size,
        num_heads=described.num_attention_heads,
        num_kv_heads=described.num_key_value_heads,
        head_dim=described.head_dim,
        rope_theta=base,
        norm_eps=described.rms_norm_eps,
        use_tied_embedding=described.tie_word_embeddings,
        dtype=dtype,
        param_dtype=dtype,
    )


def _rope(parameters: dict[str, Any]) -> tuple[int, float]:
    """Give base frequency and scale of rotary position embeddings (Su et al. 2021)."""
    kind = parameters.get("rope_type", "default")
    _refuse_unless("rope_parameters", kind in ("default", "linear"))
    factor = parameters.get("factor", 1.0) if kind == "linear" else 1.0
    return int(parameters["rope_theta"]), float(factor)


def _refuse_unless(field: str, *conditions: bool) -> None:
    if not all(conditions):
        raise InputError(f"{field}: Tunix has no such model")


def _check_weights(directory: Path) -> None:
    """Refuse what is no safetensors, and types that Tunix's loader would misread in silence."""
    from safetensors import SafetensorError, safe_open

    files = sorted(directory.glob("*.safetensors"))
    if not files:
        raise InputError(f"{directory}: no .safetensors file")
    for path in files:
        try:
            with safe_open(path, framework="numpy") as file:
                types = {file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path}: no safetensors: {error}") from None
        if len(types) > 1 or not types <= WEIGHT_TYPES:
            raise InputError(f"{path}: its tensors are of the types {', '.join(sorted(types))}")


def _with_directory_weights(
    config: RunConfig, shape: Shape, mesh: jax.sharding.Mesh | None
) -> nnx.Module:
    if isinstance(shape, gemma3.ModelConfig):
        from tunix.models.gemma3 import params_safetensors as loader
    else:
        from tunix.models.qwen3 import params as loader

    directory = config.model.directory or ""
    try:
        return loader.create_model_from_safe_tensors(
            directory, shape, mesh=mesh, dtype=jnp.dtype(config.model.dtype)
        )
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{directory}: the weights are not config.json's: {reason}") from None


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
    if not count_parameters(model, lora_only=True):
        raise InputError(f"model.lora.module_path: {lora.module_path!r} matches no layer")
    return model


def count_parameters(model: nnx.Module, *, lora_only: bool = False) -> int:
    kind = nnx.LoRAParam if lora_only else nnx.Param
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, kind)))
