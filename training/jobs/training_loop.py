"""The training itself: Tunix's PeftTrainer, an optax schedule, metrics and checkpoints."""

import itertools
import json
import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import absl.logging
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
from batches import Batch
from flax import nnx
from model_loading import count_parameters, describe, in_mesh, make_mesh, make_model, model_shape
from progress_bar import progress_bar
from run_config import Training
from run_record import (
    CHECKPOINTS,
    MANIFEST,
    METRICS,
    TOKENIZER,
    keep_metrics_until,
    read_metrics,
    write_json,
)
from tunix.sft import peft_trainer, utils
from tunix.sft.metrics_logger import MetricsLogger
from tunix.sft.sharding_utils import shard_input

if TYPE_CHECKING:
    from sft import Prepared

absl.logging.set_verbosity(absl.logging.ERROR)
logging.getLogger("jax").setLevel(logging.ERROR)


def make_schedule(settings: Training) -> optax.Schedule:
    """The learning rate by optimizer step: a linear warm-up, then the configured decay."""
    peak, last = settings.learning_rate, settings.learning_rate * settings.final_share
    decay_steps = max(settings.steps - settings.warmup_steps - 1, 1)  # the last update's is `last`
    after = {
        "cosine": optax.cosine_decay_schedule(peak, decay_steps, alpha=settings.final_share),
        "linear": optax.linear_schedule(peak, last, decay_steps),
        "constant": optax.constant_schedule(peak),
    }[settings.schedule]
    if not settings.warmup_steps:
        return after
    warmup = optax.linear_schedule(0.0, peak, settings.warmup_steps)
    return optax.join_schedules([warmup, after], [settings.warmup_steps])


def make_optimizer(settings: Training) -> optax.GradientTransformation:
    """AdamW with decoupled weight decay (Loshchilov and Hutter 2019), gradients clipped by norm."""
    return optax.chain(
        optax.clip_by_global_norm(settings.clip_norm),
        optax.adamw(
            make_schedule(settings),
            b1=settings.b1,
            b2=settings.b2,
            weight_decay=settings.weight_decay,
        ),
    )


def model_turn_loss(
    model: Any,
    input_tokens: jax.Array,
    input_mask: jax.Array,
    positions: jax.Array,
    attention_mask: jax.Array,
) -> jax.Array:
    """Cross-entropy over the tokens of the model's turn, each times its weight; a scalar.

    Tokens and `input_mask`, the weights, are (batch, length); prompt and padding weigh 0. Picks the
    target's logit instead of multiplying by one-hot vectors, which for 262,144 tokens would not
    fit.
    """
    logits, _ = model(input_tokens, positions, None, attention_mask)
    losses = optax.softmax_cross_entropy_with_integer_labels(
        logits[:, :-1].astype(jnp.float32), input_tokens[:, 1:]
    )
    return jnp.sum(losses * input_mask[:, 1:].astype(losses.dtype))


def model_input(batch: peft_trainer.TrainingInput) -> dict[str, jax.Array]:
    """Give the arguments of the loss.

    Padding is on the right, where causal attention does not look: it needs no mask of its own, so
    that any id may pad.
    """
    everything = jnp.ones(batch.input_tokens.shape, dtype=bool)
    return {
        "input_tokens": batch.input_tokens,
        "input_mask": batch.input_mask,
        "positions": utils.build_positions_from_mask(everything),
        "attention_mask": utils.make_causal_attn_mask(everything),
    }


def weighted(batches: list[Batch]) -> Iterator[peft_trainer.TrainingInput]:
    """Weigh tokens so that the mean of the batches' losses is the mean over all their tokens.

    Batches whose gradients are accumulated count as one: a token weighs the same in each.
    """
    counted = sum(int(batch.loss_mask.sum()) for batch in batches)
    for batch in batches:
        weights = batch.loss_mask.astype(np.float32) * (len(batches) / counted)
        yield peft_trainer.TrainingInput(input_tokens=batch.tokens, input_mask=weights)


class Evaluation:
    """The loss on held-out examples: the mean over all tokens of the model's turns."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = list(weighted(list(batches)))
        self._loss = nnx.jit(lambda model, batch: model_turn_loss(model, **model_input(batch)))

    def __call__(self, model: nnx.Module) -> float:
        losses = [self._loss(model, shard_input(batch, ("fsdp",))) for batch in self._batches]
        return float(np.mean([float(loss) for loss in losses]))


class Metrics:
    """Writes a line per step, and shows loss and tokens a second on a progress bar."""

    def __init__(
        self, path: Path, *, first_step: int, steps: int, schedule: optax.Schedule
    ) -> None:
        self.schedule = schedule
        self.tokens: dict[int, int] = {}  # real ones, by step
        self.trained_tokens = 0
        self._file = path.open("a", encoding="utf-8")
        self._bar = progress_bar(total=steps, initial=first_step, desc="training")
        self._since = time.perf_counter()

    def write(
        self, step: int, losses: list[Any], evaluate: Callable[[], float] | None = None
    ) -> None:
        """Write the line of a step from its batches' losses, scalars; waits until they are known.

        What the evaluation takes does not count as the step's time.
        """
        loss = float(np.mean([float(loss) for loss in losses]))
        seconds, tokens = time.perf_counter() - self._since, self.tokens.pop(step)
        self.trained_tokens += tokens
        line: dict[str, Any] = {
            "step": step,
            "loss": finite(loss),
            "learning_rate": float(self.schedule(step - 1)),
            "tokens_per_second": round(tokens / seconds, 1),
        }
        if evaluate is not None:
            line["eval_loss"] = finite(evaluate())
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        shown = f"loss {loss:.4f}, {tokens / seconds:,.0f} tokens/s"
        self._bar.set_postfix_str(shown, refresh=False)
        self._bar.update()
        self._since = time.perf_counter()

    def close(self) -> None:
        self._file.close()
        self._bar.close()


class Trainer(peft_trainer.PeftTrainer):
    """Tunix's trainer with our record of its steps.

    Tunix writes a step's metrics after the next step: a run that is killed in between and resumed
    from that step's checkpoint would never write them. Here they come before the checkpoint.
    """

    def keep_record(
        self, metrics: Metrics, *, eval_every: int, evaluation: Evaluation | None
    ) -> None:
        self.record, self.eval_every, self.evaluation = metrics, eval_every, evaluation
        self._pbar = metrics  # closed with the trainer; Tunix's own bar would come beside it

    def _write_train_metrics(self) -> None:
        """Take a step's losses; Tunix calls this after each step and once more at the end."""
        taken, self._buffered_train_metrics = self._buffered_train_metrics, None
        if taken is None:
            return
        step = self.train_steps
        evaluates = step % self.eval_every == 0 or step == self.config.max_steps
        evaluation = self.evaluation if evaluates else None
        self.record.write(step, taken.losses, evaluation and (lambda: evaluation(self.model)))


def train(
    prepared: "Prepared", output: Path, steps: int, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Train up to `steps` optimizer updates, from the last checkpoint where there is one."""
    config = prepared.config
    settings = config.training
    mesh = make_mesh(config)
    shape = model_shape(config, vocabulary=prepared.tokenizer.size)
    model = make_model(config, shape, mesh)
    _open_record(prepared, output, provenance, describe(shape))
    started = time.perf_counter()
    with in_mesh(mesh):
        trainer = Trainer(
            model,
            make_optimizer(settings),
            _trainer_options(settings, output / CHECKPOINTS, steps),
            metrics_logger=MetricsLogger(),
        )
        first_step = trainer.train_steps
        keep_metrics_until(output / METRICS, first_step)
        schedule = make_schedule(settings)
        metrics = Metrics(output / METRICS, first_step=first_step, steps=steps, schedule=schedule)
        held = prepared.batches(prepared.evaluation).once() if prepared.evaluation else None
        trainer.keep_record(
            metrics,
            eval_every=settings.eval_every,
            evaluation=Evaluation(held) if held else None,
        )
        trainer = trainer.with_loss_fn(model_turn_loss).with_gen_model_input_fn(model_input)
        trainer.train(_inputs(prepared.batches(prepared.train), metrics.tokens, settings))
    seconds = time.perf_counter() - started
    lines = read_metrics(output / METRICS) or [{}]
    return {
        "final_step": trainer.train_steps,
        "resumed_from": first_step,
        "first_loss": lines[0].get("loss"),
        "final_loss": lines[-1].get("loss"),
        "eval_loss": lines[-1].get("eval_loss"),
        "seconds": round(seconds, 2),
        "trained_tokens": metrics.trained_tokens,
        "tokens_per_second": round(metrics.trained_tokens / seconds, 1),
        "parameters": count_parameters(model),
        "trainable_parameters": count_parameters(model, lora_only=config.model.lora is not None),
    }


def _open_record(
    prepared: "Prepared", output: Path, provenance: dict[str, Any], model_config: dict[str, Any]
) -> None:
    """Write tokenizer and manifest, the manifest last: where it is, the run can be resumed."""
    if (output / MANIFEST).exists():
        return
    output.mkdir(parents=True, exist_ok=True)
    prepared.tokenizer.save(output / TOKENIZER)
    manifest = {**provenance, **_summary(prepared), "model_config": model_config}
    write_json(output / MANIFEST, {**manifest, "recipe": prepared.recipe})


def _summary(prepared: "Prepared") -> dict[str, Any]:
    """The recipe's fields that people look for first."""
    keys = (
        "dataset_key",
        "content_digest",
        "data_sha256",
        "training_config",
        "prompt_template",
        "seed",
    )
    return {key: prepared.recipe[key] for key in keys}


def _trainer_options(settings: Training, checkpoints: Path, steps: int) -> Any:
    return peft_trainer.TrainingConfig(
        eval_every_n_steps=settings.eval_every,
        max_steps=steps,
        gradient_accumulation_steps=settings.gradient_accumulation,
        checkpoint_root_directory=str(checkpoints),
        checkpointing_options=ocp.CheckpointManagerOptions(
            save_decision_policy=ocp.checkpoint_managers.FixedIntervalPolicy(
                settings.checkpoint_every
            ),
            max_to_keep=settings.keep_checkpoints,
        ),
        pbar_description=None,
    )


def _inputs(
    batches: Iterable[Batch], tokens: dict[int, int], settings: Training
) -> Iterator[peft_trainer.TrainingInput]:
    """Give Tunix the batches, a step's together, noting how many tokens each step reads."""
    stream = iter(batches)
    for step in itertools.count(1):
        group = list(itertools.islice(stream, settings.gradient_accumulation))
        tokens[step] = sum(batch.real_tokens for batch in group)
        yield from weighted(group)


def finite(number: float) -> float | None:
    """Give None for what JSON has no number for."""
    return number if math.isfinite(number) else None
