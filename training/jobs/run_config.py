"""A training run's YAML configuration: typed, with defaults, unknown keys refused."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from errors import InputError
from msgspec import Meta

LARGEST = 1e9  # keeps infinities out
Positive = Annotated[int, Meta(ge=1, lt=2**31)]
PositiveFloat = Annotated[float, Meta(gt=0, le=LARGEST)]
Share = Annotated[float, Meta(ge=0, le=1)]
Decay = Annotated[float, Meta(ge=0, lt=1)]


class _Section(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A mapping of known keys."""


class Lora(_Section):
    rank: Positive = 16
    alpha: PositiveFloat = 32.0
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
    initial_scale: PositiveFloat | None = None  # of normal weights; width**-0.5


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
    max_words: Annotated[int, Meta(ge=0, lt=2**31)] = 200  # 0: bytes alone


class Data(_Section):
    max_length: Annotated[int, Meta(ge=8, lt=2**31)] = 256  # tokens
    batch_size: Positive = 32
    max_buckets: Positive = 4  # lengths that batches are padded to; each is compiled once
    completion: Literal["reasoning", "answer_only"] = "reasoning"
    template: Literal["gemma", "chatml"] | None = None  # the family's own


class Training(_Section):
    steps: Positive = 400  # optimizer updates
    learning_rate: PositiveFloat = 3e-3
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_steps: Annotated[int, Meta(ge=0, lt=2**31)] = 50
    final_share: Share = 0.02  # of the learning rate, at the last step
    weight_decay: Annotated[float, Meta(ge=0, le=LARGEST)] = 0.01
    b1: Decay = 0.9
    b2: Decay = 0.98
    clip_norm: PositiveFloat = 1.0
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
    temperature: Annotated[float, Meta(ge=0, le=LARGEST)] = 0.0  # 0: greedy
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
        text = path.read_text(encoding="utf-8")
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {_reason(error)}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "cannot be read"
        raise InputError(f"{path}: {line}no YAML: {problem}") from None
    except (ValueError, RecursionError) as error:  # a date that is none, nesting without end
        raise InputError(f"{path}: no YAML: {error}") from None
    return parse_config(raw or {}, path)


class _Loader(yaml.SafeLoader):
    """Reads 3e-4 as the number that it is in YAML 1.2, and refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's
        seen: set[Any] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value} is there twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


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
    except RecursionError:
        raise InputError(f"{path}: nests without end") from None
    _check(config, path)
    return config


def _check(config: RunConfig, path: Path) -> None:
    """Check what the types do not say."""
    for wrong, message in (*_model_faults(config), *_training_faults(config)):
        if wrong:
            raise InputError(f"{path}: {message}")


def _model_faults(config: RunConfig) -> Iterator[tuple[bool, str]]:
    model, tokenizer = config.model, config.tokenizer
    shape = model.architecture
    yield (
        (model.directory is None) == (shape is None),
        "model: give either architecture or directory",
    )
    if shape:
        yield model.family != "gemma3", "model.architecture: random weights are Gemma 3's"
        yield shape.head_dim % 2 == 1, "model.architecture.head_dim: not even"
        yield (
            shape.heads % shape.kv_heads > 0,
            "model.architecture.heads: no multiple of model.architecture.kv_heads",
        )
    if model.directory is not None:
        yield not Path(model.directory).is_dir(), f"model.directory: no directory {model.directory}"
    if model.lora:
        yield (
            not _is_pattern(model.lora.module_path),
            "model.lora.module_path: no regular expression",
        )
    if tokenizer.kind == "sentencepiece":
        missing = not Path(tokenizer.path or "").is_file()
        yield missing, f"tokenizer.path: no file {tokenizer.path}"
    if tokenizer.kind == "directory":
        where = tokenizer.path or model.directory
        yield where is None, "tokenizer.path: name the tokenizer's directory"
        yield not Path(where or "").is_dir(), f"tokenizer.path: no directory {where}"


def _training_faults(config: RunConfig) -> Iterator[tuple[bool, str]]:
    training, fsdp = config.training, config.mesh.fsdp
    yield (
        training.warmup_steps >= training.steps,
        "training.warmup_steps: not less than training.steps",
    )
    yield config.data.batch_size % fsdp > 0, "data.batch_size: no multiple of mesh.fsdp"
    yield config.generation.batch_size % fsdp > 0, "generation.batch_size: no multiple of mesh.fsdp"


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, RecursionError):
        return False
    return True


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"not UTF-8: byte {error.start}"
