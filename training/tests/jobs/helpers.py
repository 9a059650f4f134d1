"""What the tests of the training programs share: starting them, and making what they read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[3]
JOBS = ROOT / "training" / "jobs"
CONFIGS = ROOT / "training" / "configs"
WEB_PYTHON = ROOT / ".venv" / "bin" / "python"

ARCHITECTURE = {
    "layers": 1,
    "width": 32,
    "hidden": 64,
    "heads": 2,
    "kv_heads": 2,
    "head_dim": 16,
}


def start(program, *arguments, environment=None, **options):
    """Start a program as users do, by its file."""
    command = [sys.executable, str(JOBS / f"{program}.py"), *map(str, arguments)]
    return subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(program, *arguments, code=0, environment=None, **options):
    """Run a program to its end; give (stdout, stderr)."""
    process = start(program, *arguments, environment=environment, **options)
    out, err = process.communicate()
    assert process.returncode == code, err[-4000:]
    return out, err


def refusal(program, *arguments, **options):
    """Run a program that must refuse: exit code 2 and one line; give the line."""
    out, err = run(program, *arguments, code=2, **options)
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1, err
    return err.removeprefix("error: ").rstrip("\n")


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write_config(path, **sections):
    """Write a configuration of the smallest model; a section given here is merged into its own."""
    settings = {
        "model": {"family": "gemma3", "architecture": ARCHITECTURE},
        "data": {"max_length": 128, "batch_size": 4, "max_buckets": 1},
        "training": {
            "steps": 6,
            "warmup_steps": 2,
            "eval_every": 3,
            "checkpoint_every": 2,
            "seed": 0,
        },
        "generation": {"max_new_tokens": 12, "batch_size": 4},
    }
    for name, section in sections.items():
        settings[name] = {**settings.get(name, {}), **section}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def change_generation(source, path, **settings):
    """Write a configuration that generates otherwise than `source`."""
    changed = yaml.safe_load(source.read_text(encoding="utf-8"))
    changed["generation"] |= settings
    path.write_text(yaml.safe_dump(changed), encoding="utf-8")
    return path


def addition(number):
    """Give a prompt, steps and answer; numbers differ in what they add."""
    left, right = 100 + 7 * number % 900, 100 + 13 * number % 900
    steps = [f"Ones of {left} and {right}: {left % 10}+{right % 10}", f"In all {left + right}"]
    return f"What is {left}+{right}?", steps, str(left + right)


def response(steps, answer):
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
    return "\n".join(["Reasoning:", *numbered, f"Answer: {answer}"])


def sft_line(number):
    prompt, steps, answer = addition(number)
    return {
        "id": str(number),
        "prompts": f"<start_of_turn>user\n{prompt}<end_of_turn>\n"
        f"<start_of_turn>model\n{response(steps, answer)}<end_of_turn>",
        "final_answer": answer,
        "metadata": {"format": "tunix_sft"},
    }


def example_line(number):
    prompt, steps, answer = addition(number)
    return {
        "id": str(number),
        "prompt": f"{prompt}\n\nPlease show your reasoning steps.",
        "response": response(steps, answer),
        "metadata": {},
    }


def problem(number, **fields):
    prompt, _, answer = addition(number)
    return {"id": f"problem-{number}", "prompt": prompt, "expected_answer": answer, **fields}


GEMMA_SPECIALS = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
QWEN_SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def write_tokenizer(directory, specials, names):
    """Write a byte-level BPE tokenizer trained on a few of our lines."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([sft_line(n)["prompts"] for n in range(20)], trainer)
    tokenizer.save(str(directory / "tokenizer.json"))
    described = {"tokenizer_class": "PreTrainedTokenizerFast", **names}
    (directory / "tokenizer_config.json").write_text(json.dumps(described))
    return tokenizer.get_vocab_size()


def write_gemma3(directory, *, layers=2, kv_heads=1, seed=0, dtype=np.float32, **changes):
    """Write a Gemma 3 directory as transformers names and shapes it; give its tensors."""
    directory.mkdir()
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"}
    vocabulary = write_tokenizer(directory, GEMMA_SPECIALS, names)
    described = {
        "model_type": "gemma3_text",
        "num_hidden_layers": layers,
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": kv_heads,
        "head_dim": 16,
        "query_pre_attn_scalar": 16,
        "sliding_window": 64,
        "rope_theta": 1_000_000,
        "rope_local_base_freq": 10_000,
        **changes,
    }
    norms = ("input", "post_attention", "pre_feedforward", "post_feedforward")
    tensors = _weights(described, norms=norms, seed=seed, dtype=dtype)
    return _write_model(directory, described, tensors)


def write_qwen3(directory, *, layers=2, tied=True, seed=0, dtype=np.float32, **changes):
    """Write a Qwen 3 directory as transformers names and shapes it; give its tensors."""
    directory.mkdir()
    names = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    vocabulary = write_tokenizer(directory, QWEN_SPECIALS, names)
    described = {
        "model_type": "qwen3",
        "num_hidden_layers": layers,
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1_000_000,
        "tie_word_embeddings": tied,
        **changes,
    }
    tensors = _weights(described, norms=("input", "post_attention"), seed=seed, dtype=dtype)
    if not tied:
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"][::-1].copy()
    return _write_model(directory, described, tensors)


def _weights(described, *, norms, seed, dtype):
    draw = np.random.default_rng(seed)
    width, hidden = described["hidden_size"], described["intermediate_size"]
    head = described["head_dim"]
    queries = described["num_attention_heads"] * head
    keys = described["num_key_value_heads"] * head
    shapes = {
        "self_attn.q_proj": (queries, width),
        "self_attn.k_proj": (keys, width),
        "self_attn.v_proj": (keys, width),
        "self_attn.o_proj": (width, queries),
        "self_attn.q_norm": (head,),
        "self_attn.k_norm": (head,),
        "mlp.gate_proj": (hidden, width),
        "mlp.up_proj": (hidden, width),
        "mlp.down_proj": (width, hidden),
        **{f"{norm}_layernorm": (width,) for norm in norms},
    }
    whole = {"embed_tokens": (described["vocab_size"], width), "norm": (width,)}
    for layer in range(described["num_hidden_layers"]):
        whole |= {f"layers.{layer}.{name}": shape for name, shape in shapes.items()}
    return {
        f"model.{name}.weight": (draw.standard_normal(shape) * width**-0.5).astype(dtype)
        for name, shape in whole.items()
    }


def _write_model(directory, described, tensors):
    from safetensors.numpy import save_file

    (directory / "config.json").write_text(json.dumps(described))
    save_file(tensors, directory / "model.safetensors")
    return tensors


def directory_config(path, family, directory, **sections):
    """Write a configuration that reads a model's directory."""
    settings = {
        "model": {"architecture": None, "family": family, "directory": str(directory)},
        "tokenizer": {"kind": "directory"},
    }
    for name, section in sections.items():
        settings[name] = settings.get(name, {}) | section
    return write_config(path, **settings)


def train_sentencepiece(prefix):
    """Train a SentencePiece model that loses nothing of any text; give its file."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([sft_line(n)["prompts"] for n in range(20)]),
        model_prefix=str(prefix),
        vocab_size=340,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        user_defined_symbols=["<start_of_turn>", "<end_of_turn>", "\n"],
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        byte_fallback=True,
        minloglevel=2,
    )
    return prefix.with_name(f"{prefix.name}.model")
