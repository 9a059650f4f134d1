"""The training itself: Tunix's PeftTrainer, an optax schedule, metrics and checkpoints."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import absl.logging
import jax
import jax.numpy as jnp
import optax
import orbax.checkpoint as ocp
from batches import Batch
from model_loading import count_parameters, in_mesh, make_mesh, make_model
from run_config import Training
from run_record import keep_metrics_until, write_json
from tqdm import tqdm
from tunix.sft import peft_trainer, utils
from tunix.sft.metrics_logger import MetricsLoggerOptions

if TYPE_CHECKING:
    from sft import Prepared

absl.logging.set_verbosity(absl.logging.ERROR)
logging.getLogger("jax").setLevel(logging.ERROR)


def make_schedule(settings: Training) -> optax.Schedule:
    """The learning rate by optimizer step: a linear warm-up, then the configured decay."""
    peak, last = settings.learning_rate, settings.learning_rate * settings.final_share
    decay_steps = settings.steps - settings.warmup_steps
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
    """Mean cross-entropy over the tokens of the model's turn, a scalar.

    Tokens and masks are (batch, length); prompt and padding count nothing. Picks the target's
    logit instead of multiplying by one-hot vectors, which for 262,144 tokens would not fit.
    """
    logits, _ = model(input_tokens, positions, None, attention_mask)
    losses = optax.softmax_cross_entropy_with_integer_labels(
        logits[:, :-1].astype(jnp.float32), input_tokens[:, 1:]
    )
    counted = input_mask[:, 1:].astype(losses.dtype)
    return jnp.sum(losses * counted) / jnp.maximum(jnp.sum(counted), 1)


class Metrics:
    """Writes a line per step, and shows loss and tokens a second on a progress bar.

    Tunix gives the scalars of a step one by one, a step late.
    """

    def __init__(
        self, path: Path, *, first_step: int, steps: int, schedule: optax.Schedule
    ) -> None:
        self.schedule = schedule
        self.tokens: dict[int, int] = {}  # real ones, by step
        self.last: dict[str, Any] = {}
        self.first_loss: float | None = None
        self.eval_loss: float | None = None
        self._file = path.open("a", encoding="utf-8")
        self._bar = tqdm(total=steps, initial=first_step, desc="training", file=sys.stderr)
        self._since = time.perf_counter()

    def log_scalar(self, event: str, value: float, **details: Any) -> None:
        if event.startswith("/jax/"):
            return
        *_, mode, name = event.split("/")
        step, number = int(details["step"]), float(value)
        if mode.endswith("eval"):
            if name == "loss":
                self.eval_loss = number
                self._write({"step": step, "eval_loss": number})
        elif name == "loss":
            self._note_step(step, number)

    def _note_step(self, step: int, loss: float) -> None:
        now = time.perf_counter()
        speed = self.tokens.get(step, 0) / (now - self._since)
        self._since = now
        self.last = {
            "step": step,
            "loss": loss,
            "learning_rate": float(self.schedule(step - 1)),
            "tokens_per_second": round(speed, 1),
        }
        self.first_loss = loss if self.first_loss is None else self.first_loss
        self._write(self.last)
        self._bar.update()
        self._bar.set_postfix_str(f"loss {loss:.4f}, {speed:,.0f} tokens/s")

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._bar.close()


def train(
    prepared: "Prepared", output: Path, steps: int, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Train up to `steps` optimizer updates, from the last checkpoint where there is one."""
    from sft import CHECKPOINTS, MANIFEST, METRICS

    config = prepared.config
    settings = config.training
    mesh = make_mesh(config)
    model, shape = make_model(config, vocabulary=prepared.tokenizer.size, mesh=mesh)
    if not (output / MANIFEST).exists():
        write_json(
            output / MANIFEST,
            {**provenance, **_summary(prepared), "model_config": shape, "recipe": prepared.recipe},
        )
    options = _trainer_options(settings, output / CHECKPOINTS, steps)
    backends: list[Metrics] = []
    options.metrics_logging_options = MetricsLoggerOptions(
        log_dir=str(output), backend_kwargs={"custom_backend": [lambda: backends[0]]}
    )
    first_step = _latest_step(output / CHECKPOINTS)
    keep_metrics_until(output / METRICS, first_step)
    metrics = Metrics(
        output / METRICS, first_step=first_step, steps=steps, schedule=make_schedule(settings)
    )
    backends.append(metrics)
    started = time.perf_counter()
    with in_mesh(mesh):
        trainer = peft_trainer.PeftTrainer(model, make_optimizer(settings), options)
        trainer = trainer.with_loss_fn(model_turn_loss).with_gen_model_input_fn(
            _model_input(prepared.tokenizer.pad_id())
        )
        batches = prepared.batches(prepared.train)
        evaluation = None
        if prepared.evaluation:
            held = prepared.batches(prepared.evaluation)
            evaluation = [_training_input(batch) for batch in held.once()]
        trainer.train(_counted(batches, metrics.tokens, settings), evaluation)
    metrics.close()
    seconds = time.perf_counter() - started
    tokens = sum(count for step, count in metrics.tokens.items() if first_step < step <= steps)
    return {
        "final_step": trainer.train_steps,
        "resumed_from": first_step,
        "first_loss": metrics.first_loss,
        "final_loss": metrics.last.get("loss"),
        "eval_loss": metrics.eval_loss,
        "seconds": round(seconds, 2),
        "trained_tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 1),
        "parameters": count_parameters(model),
        "trainable_parameters": count_parameters(model, lora_only=config.model.lora is not None),
    }


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
            save_interval_steps=settings.checkpoint_every, max_to_keep=settings.keep_checkpoints
        ),
        pbar_description=None,
    )


def _latest_step(checkpoints: Path) -> int:
    if not checkpoints.exists():
        return 0
    with ocp.CheckpointManager(checkpoints) as manager:
        return manager.latest_step() or 0


def _training_input(batch: Batch) -> peft_trainer.TrainingInput:
    return peft_trainer.TrainingInput(
        input_tokens=jnp.asarray(batch.tokens), input_mask=jnp.asarray(batch.loss_mask)
    )


def _counted(
    batches: Any, tokens: dict[int, int], settings: Training
) -> Iterator[peft_trainer.TrainingInput]:
    """Give Tunix the batches, noting how many tokens of each step count."""
    for number, batch in enumerate(batches):
        step = number // settings.gradient_accumulation + 1
        lengths = batch.loss_mask.shape[1] - batch.loss_mask[:, ::-1].argmax(axis=1)
        tokens[step] = tokens.get(step, 0) + int(lengths.sum())
        yield _training_input(batch)


def _model_input(pad: int) -> Any:
    def build(batch: peft_trainer.TrainingInput) -> dict[str, jax.Array]:
        real = batch.input_tokens != pad
        return {
            "input_tokens": batch.input_tokens,
            "input_mask": batch.input_mask,
            "positions": utils.build_positions_from_mask(real),
            "attention_mask": utils.make_causal_attn_mask(real),
        }

    return build
