"""The least that trains: a JAX loop with the model, batches, loss and optimizer of sft.py.

    python benchmarks/jax_loop.py --config FILE --data train.jsonl

Runs in the training environment. Writes a line `{"step", "tokens_per_second"}` per step to stdout.
"""

import argparse
import itertools
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training" / "jobs"))

import jax
import optax
from flax import nnx
from model_loading import make_model, model_shape
from sft import prepare
from training_loop import make_optimizer, model_input, model_turn_loss, weighted


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    return parser.parse_args(
        namespace=argparse.Namespace(resume=False, eval_data=None, manifest=None)
    )


def main() -> None:
    prepared = prepare(parse_arguments())
    settings = prepared.config.training
    shape = model_shape(prepared.config, vocabulary=prepared.tokenizer.size)
    model = make_model(prepared.config, shape, None)
    structure, weights, rest = nnx.split(model, nnx.Param, ...)
    optimizer = make_optimizer(settings)
    state = optimizer.init(weights)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(weights: Any, state: Any, batch: Any) -> tuple[Any, Any, jax.Array]:
        def loss_of(weights: Any) -> jax.Array:
            return model_turn_loss(nnx.merge(structure, weights, rest), **model_input(batch))

        loss, gradients = jax.value_and_grad(loss_of)(weights)
        updates, state = optimizer.update(gradients, state, weights)
        return optax.apply_updates(weights, updates), state, loss

    under_way: list[tuple[int, int, jax.Array]] = []  # a step, as the trainer has it
    since = time.perf_counter()

    def finish() -> None:
        nonlocal since
        number, tokens, loss = under_way.pop(0)
        loss.block_until_ready()
        now = time.perf_counter()
        line = {"step": number, "loss": float(loss), "tokens_per_second": tokens / (now - since)}
        print(json.dumps(line), flush=True)
        since = now

    batches = itertools.islice(prepared.batches(prepared.train), settings.steps)
    for number, batch in enumerate(batches, start=1):
        (inputs,) = weighted([batch])
        weights, state, loss = step(weights, state, inputs)
        under_way.append((number, batch.real_tokens, loss))
        if len(under_way) > 1:
            finish()
    finish()


if __name__ == "__main__":
    main()
