"""Tunix's sampler over a configured model, with a run's weights where it has been trained."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import absl.logging
from errors import InputError
from flax import nnx
from model_loading import in_mesh, make_mesh, make_model, model_shape
from run_config import Generation
from tunix.generate.sampler import CacheConfig, Sampler
from tunix.sft.checkpoint_manager import CheckpointManager

if TYPE_CHECKING:
    from generate import Asked

absl.logging.set_verbosity(absl.logging.ERROR)
logging.getLogger("jax").setLevel(logging.ERROR)


def load_sampler(
    asked: "Asked", generation: Generation, max_prompt: int
) -> tuple[Callable[[list[str], int], list[str]], int]:
    """Give a function from prompts and a seed to texts, and the step of the checkpoint used."""
    tokenizer = asked.tokenizer
    mesh = make_mesh(asked.config)
    shape = model_shape(asked.config, vocabulary=tokenizer.size)
    model = make_model(asked.config, shape, mesh)
    step = 0 if asked.checkpoints is None else _restore(model, asked)
    cache = CacheConfig(
        cache_size=max_prompt + generation.max_new_tokens,
        num_layers=shape.num_layers,
        num_kv_heads=shape.num_kv_heads,
        head_dim=shape.head_dim,
    )
    sampler = Sampler(model, tokenizer, cache)
    end_of_turn = tokenizer.encode(asked.template.end)
    stops = [tokenizer.eos_id(), *(end_of_turn if len(end_of_turn) == 1 else [])]

    def sample(prompts: list[str], seed: int) -> list[str]:
        with in_mesh(mesh):
            output = sampler(
                prompts,
                max_generation_steps=generation.max_new_tokens,
                max_prompt_length=max_prompt,
                eos_tokens=stops,
                temperature=generation.temperature,
                # without top_p a temperature would silently do nothing
                top_p=generation.top_p if generation.temperature else None,
                seed=seed,
            )
        return list(output.text)

    return sample, step


def check_model(asked: "Asked") -> None:
    """Check what can be checked without reading weights."""
    make_mesh(asked.config)
    model_shape(asked.config, vocabulary=asked.tokenizer.size)


def _restore(model: nnx.Module, asked: "Asked") -> int:
    """Load the last whole checkpoint; InputError where there is none."""
    manager = CheckpointManager(root_directory=str(asked.checkpoints))
    try:
        step, _ = manager.maybe_restore(
            model, restore_only_lora_params=asked.config.model.lora is not None
        )
    finally:
        manager.close()
    if not step:
        raise InputError(f"{asked.checkpoints}: no whole checkpoint")
    return step
