"""A training run's YAML configuration: typed, with defaults, unknown keys refused."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from errors import InputError
from msgspec import Meta

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]


class _Section(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A mapping of known keys."""


class Lora(_Section):
    rank: Positive = 16
    alpha: Annotated[float, Meta(gt=0)] = 32.0
    module_path: str = ".*(q_einsum|kv_einsum|[qkvo]_proj|gate_proj|up_proj|down_proj)"


class Architecture(_Section):
    """A Gemma 3 model of any size."""

    layers: Positive = 2
    width: Positive = 96
    hidden: Positive = 192
    heads: Positive = 4
    kv_heads: Positive = 1
    head_dim: Positive = 24
    sliding_window: Positive = 512
    initial_scale: Annotated[float, Meta(gt=0)] | None = None  # of normal weights; width**-0.5


class Model(_Section):
    """Random weights of `architecture`, or a Hugging Face directory of safetensors."""

    family: Literal["gemma3", "qwen3"] = "gemma3"
    architecture: Architecture | None = None
    directory: str | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    lora: Lora | None = None


class Tokenizer(_Section):
    """`words`: bytes and the training set's frequent words; `sentencepiece`: a model file;
    `directory`: what lies beside the model's weights."""

    kind: Literal["words", "sentencepiece", "directory"] = "words"
    path: str | None = None
    max_words: Annotated[int, Meta(ge=0)] = 200


class Data(_Section):
    max_length: Annotated[int, Meta(ge=8)] = 256  # tokens
    batch_size: Positive = 32
    max_buckets: Positive = 4  # lengths that batches are padded to; each is compiled once
    completion: Literal["reasoning", "answer_only"] = "reasoning"
    template: Literal["gemma", "chatml"] | None = None  # the family's own


class Training(_Section):
    steps: Positive = 400  # optimizer updates
    learning_rate: Annotated[float, Meta(gt=0)] = 3e-3
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_steps: Annotated[int, Meta(ge=0)] = 50
    final_share: Share = 0.02  # of the learning rate, at the last step
    weight_decay: Annotated[float, Meta(ge=0)] = 0.01
    b1: Share = 0.9
    b2: Share = 0.98
    clip_norm: Annotated[float, Meta(gt=0)] = 1.0
    gradient_accumulation: Positive = 1
    eval_every: Positive = 100
    checkpoint_every: Positive = 100
    keep_checkpoints: Positive = 2
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0


class MeshShape(_Section):
    """Devices along each axis; the product must be the number of devices used."""

    fsdp: Positive = 1
    tp: Positive = 1


class Generation(_Section):
    max_new_tokens: Positive = 128
    batch_size: Positive = 64
    temperature: Annotated[float, Meta(ge=0)] = 0.0  # 0: greedy
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0


class RunConfig(_Section):
    model: Model = Model()
    tokenizer: Tokenizer = Tokenizer()
    data: Data = Data()
    training: Training = Training()
    mesh: MeshShape = MeshShape()
    generation: Generation = Generation()


def load_config(path: Path) -> RunConfig:
    """Read a configuration; InputError names the file and the field."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {_reason(error)}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "cannot be read"
        raise InputError(f"{path}: {line}no YAML: {problem}") from None
    return parse_config(raw or {}, path)


def template_name(config: RunConfig) -> str:
    """Name the template of turns: the configured one, or the model family's own."""
    return config.data.template or {"gemma3": "gemma", "qwen3": "chatml"}[config.model.family]


def parse_config(raw: Any, path: Path) -> RunConfig:
    """Check what YAML or a run's manifest holds."""
    try:
        config = msgspec.convert(raw, RunConfig)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$").lstrip(".")
        raise InputError(f"{path}: {field + ': ' if field else ''}{reason}") from None
    _check(config, path)
    return config


def _check(config: RunConfig, path: Path) -> None:
    """Check what the types do not say."""
    model, tokenizer, training = config.model, config.tokenizer, config.training
    if (model.directory is None) == (model.architecture is None):
        raise InputError(f"{path}: model: give either architecture or directory")
    if model.architecture and model.family != "gemma3":
        raise InputError(f"{path}: model.architecture: random weights are Gemma 3's")
    if model.directory and not Path(model.directory).is_dir():
        raise InputError(f"{path}: model.directory: no directory {model.directory}")
    if tokenizer.kind == "sentencepiece" and not Path(tokenizer.path or "").is_file():
        raise InputError(f"{path}: tokenizer.path: no file {tokenizer.path}")
    if tokenizer.kind == "directory" and model.directory is None and tokenizer.path is None:
        raise InputError(f"{path}: tokenizer.path: name the tokenizer's directory")
    if training.warmup_steps >= training.steps:
        raise InputError(f"{path}: training.warmup_steps: not less than training.steps")
    if config.data.batch_size % config.mesh.fsdp:
        raise InputError(f"{path}: data.batch_size: no multiple of mesh.fsdp")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"not UTF-8: byte {error.start}"
