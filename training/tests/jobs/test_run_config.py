"""Configurations are typed; what is wrong is named by file and field."""

import pytest
import yaml
from errors import InputError
from helpers import ARCHITECTURE, CONFIGS, write_config
from run_config import load_config, template_name


def refused(path):
    with pytest.raises(InputError) as caught:
        load_config(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", ["demo_addition_cpu", "demo_addition_cpu_answer_only", "tiny_cpu"])
def test_the_configurations_for_a_cpu_are_good_as_they_are(name):
    assert load_config(CONFIGS / f"{name}.yaml").model.family == "gemma3"


@pytest.mark.parametrize(
    ("name", "family", "template"),
    [("gemma3_1b_lora", "gemma3", "gemma"), ("qwen3_0.6b_lora", "qwen3", "chatml")],
)
def test_the_configurations_of_directories_are_good_where_those_are(
    tmp_path, monkeypatch, name, family, template
):
    path = CONFIGS / f"{name}.yaml"
    directory = yaml.safe_load(path.read_text())["model"]["directory"]
    (tmp_path / directory).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    config = load_config(path)
    assert (config.model.family, config.model.dtype) == (family, "bfloat16")
    assert config.model.lora.rank == 16
    assert template_name(config) == template
    monkeypatch.chdir(CONFIGS)
    assert refused(path) == f"model.directory: no directory {directory}"


def test_every_configuration_of_the_repository_is_tested():
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == {
        "demo_addition_cpu",
        "demo_addition_cpu_answer_only",
        "gemma3_1b_lora",
        "qwen3_0.6b_lora",
        "tiny_cpu",
    }


@pytest.mark.parametrize(("text", "rate"), [("3e-4", 3e-4), ("1", 1.0), ("2.5E-3", 2.5e-3)])
def test_numbers_are_read_as_people_write_them(tmp_path, text, rate):
    path = write_config(tmp_path / "c.yaml")
    path.write_text(path.read_text().replace("training:", f"training:\n  learning_rate: {text}"))
    assert load_config(path).training.learning_rate == rate


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("training", "steps", 0),
        ("training", "steps", "many"),
        ("training", "steps", 1.5),
        ("training", "steps", True),
        ("training", "steps", 2**31),
        ("training", "learning_rate", 0),
        ("training", "learning_rate", -1e-3),
        ("training", "learning_rate", float("nan")),
        ("training", "learning_rate", float("inf")),
        ("training", "learning_rate", "fast"),
        ("training", "schedule", "sawtooth"),
        ("training", "warmup_steps", -1),
        ("training", "warmup_steps", 6),
        ("training", "final_share", 1.1),
        ("training", "weight_decay", -0.1),
        ("training", "weight_decay", float("inf")),
        ("training", "b1", 1.0),
        ("training", "b2", 1.0),
        ("training", "clip_norm", 0),
        ("training", "gradient_accumulation", 0),
        ("training", "eval_every", 0),
        ("training", "checkpoint_every", 0),
        ("training", "keep_checkpoints", 0),
        ("training", "seed", -1),
        ("training", "seed", 2**31),
        ("training", "speed", 1),
        ("data", "max_length", 7),
        ("data", "batch_size", 0),
        ("data", "max_buckets", 0),
        ("data", "completion", "everything"),
        ("data", "template", "llama"),
        ("data", "path", "x"),
        ("tokenizer", "kind", "characters"),
        ("tokenizer", "max_words", -1),
        ("tokenizer", "path", 5),
        ("mesh", "fsdp", 0),
        ("mesh", "tp", "two"),
        ("generation", "max_new_tokens", 0),
        ("generation", "batch_size", 0),
        ("generation", "temperature", -1),
        ("generation", "top_p", 0),
        ("generation", "top_p", 1.5),
        ("model", "family", "llama3"),
        ("model", "dtype", "float16"),
        ("model", "lora", {"rank": 0}),
        ("model", "lora", {"alpha": 0}),
        ("model", "lora", {"depth": 1}),
        ("model", "lora", []),
        ("model", "lora", {"module_path": "("}),
        ("model", "architecture", {**ARCHITECTURE, "layers": 0}),
        ("model", "architecture", {**ARCHITECTURE, "head_dim": 15}),
        ("model", "architecture", {**ARCHITECTURE, "heads": 3, "kv_heads": 2}),
        ("model", "architecture", {**ARCHITECTURE, "initial_scale": 0}),
        ("model", "architecture", {**ARCHITECTURE, "depth": 2}),
    ],
)
def test_a_bad_value_is_named_by_its_field(tmp_path, section, field, value):
    message = refused(write_config(tmp_path / "c.yaml", **{section: {field: value}}))
    assert message.startswith(section)
    assert field in message


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"modle": {"family": "gemma3"}}, "Object contains unknown field `modle`"),
        ({"model": {"architecture": None}}, "model: give either architecture or directory"),
        ({"model": {"directory": "."}}, "model: give either architecture or directory"),
        ({"model": {"family": "qwen3"}}, "model.architecture: random weights are Gemma 3's"),
        (
            {"model": {"architecture": None, "directory": "/nowhere"}},
            "model.directory: no directory /nowhere",
        ),
        ({"tokenizer": {"kind": "sentencepiece"}}, "tokenizer.path: no file None"),
        ({"tokenizer": {"kind": "sentencepiece", "path": "/x"}}, "tokenizer.path: no file /x"),
        ({"tokenizer": {"kind": "directory"}}, "tokenizer.path: name the tokenizer's directory"),
        (
            {"tokenizer": {"kind": "directory", "path": "/x"}},
            "tokenizer.path: no directory /x",
        ),
        (
            {"mesh": {"fsdp": 3}, "generation": {"batch_size": 3}},
            "data.batch_size: no multiple of mesh.fsdp",
        ),
        (
            {"mesh": {"fsdp": 2}, "generation": {"batch_size": 3}},
            "generation.batch_size: no multiple of mesh.fsdp",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, sections, message):
    assert refused(write_config(tmp_path / "c.yaml", **sections)) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "model: give either architecture or directory"),
        ("[]", "model: give either architecture or directory"),
        ("- a", "Expected `object`, got `array`"),
        ("text", "Expected `object`, got `str`"),
        ("model: [1]", "model: Expected `object`, got `array`"),
        ("model:\n  - a\n b", "line 3: no YAML"),
        ("model: {", "line 1: no YAML"),
        ("a: 1\na: 2", "line 2: no YAML: a is there twice"),
        ("a: !!python/object:os.system {}", "line 1: no YAML"),
        ("a: 2024-99-99", "no YAML"),
        ("a: &a [*a]", "Object contains unknown field `a`"),
        ("? [a]\n: 1", "no YAML"),
        ("[" * 10_000, "no YAML"),
        ("\x00", "no YAML"),
        ("5: 1", "Expected `str`"),
    ],
)
def test_what_is_no_configuration_is_named(tmp_path, text, message):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    assert message in refused(path)


def test_what_cannot_be_opened_is_named(tmp_path):
    assert refused(tmp_path / "none.yaml") == "No such file or directory"
    assert refused(tmp_path) == "Is a directory"
    (tmp_path / "latin").write_bytes(b"model: \xe9")
    assert refused(tmp_path / "latin") == "not UTF-8: byte 7"
