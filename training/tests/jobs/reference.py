"""Gemma 3 and Qwen 3 in numpy, from a directory's tensors as transformers names them."""

import math

import numpy as np


def logits(family, described, tensors, tokens, *, near=(10_000, 1), far=(1_000_000, 1)):
    """Give (length, vocabulary) for one sequence; `near`, `far`: rotary base and scale by layer."""
    is_gemma = family == "gemma3"
    shift = 1 if is_gemma else 0  # Gemma keeps a norm's scale less one

    def weight(name):
        return tensors[f"model.{name}.weight"].astype(np.float64)

    def norm(x, name):
        scale = weight(name) + shift
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * scale

    embedding = weight("embed_tokens")
    x = embedding[tokens] * (math.sqrt(embedding.shape[1]) if is_gemma else 1)
    for layer in range(described["num_hidden_layers"]):
        local = is_gemma and layer % 6 != 5
        at = f"layers.{layer}"
        y = norm(x, f"{at}.input_layernorm")
        y = _attend(y, at, described, weight, norm, near if local else far, local)
        x = x + (norm(y, f"{at}.post_attention_layernorm") if is_gemma else y)
        before = "pre_feedforward_layernorm" if is_gemma else "post_attention_layernorm"
        y = norm(x, f"{at}.{before}")
        gate, up = (y @ weight(f"{at}.mlp.{name}_proj").T for name in ("gate", "up"))
        y = ((_gelu if is_gemma else _silu)(gate) * up) @ weight(f"{at}.mlp.down_proj").T
        x = x + (norm(y, f"{at}.post_feedforward_layernorm") if is_gemma else y)
    head = tensors.get("lm_head.weight", embedding)
    return norm(x, "norm") @ head.T


def _attend(y, at, described, weight, norm, rope, local):
    heads, kv_heads = described["num_attention_heads"], described["num_key_value_heads"]
    size, length = described["head_dim"], len(y)

    def project(name, count):
        return (y @ weight(f"{at}.self_attn.{name}_proj").T).reshape(length, count, size)

    queries = _rotate(norm(project("q", heads), f"{at}.self_attn.q_norm"), *rope)
    keys = _rotate(norm(project("k", kv_heads), f"{at}.self_attn.k_norm"), *rope)
    values = project("v", kv_heads)
    keys, values = (np.repeat(part, heads // kv_heads, axis=1) for part in (keys, values))
    scale = described.get("query_pre_attn_scalar", size) ** -0.5
    scores = np.einsum("thd,shd->hts", queries, keys) * scale
    distance = np.arange(length)[:, None] - np.arange(length)[None, :]
    hidden = (distance < 0) | (local and distance >= described["sliding_window"])
    scores = np.where(hidden, -np.inf, scores)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    mixed = np.einsum("hts,shd->thd", shares, values).reshape(length, -1)
    return mixed @ weight(f"{at}.self_attn.o_proj").T


def _rotate(x, base, factor):
    half = x.shape[-1] // 2
    angles = np.arange(len(x))[:, None] / base ** (np.arange(half) / half) / factor
    cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1)


def _gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _silu(x):
    return x / (1 + np.exp(-x))
