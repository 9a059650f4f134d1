"""The loss, the schedule, the optimizer and the weights of tokens."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from batches import Batch
from flax import nnx
from run_config import Training
from training_loop import (
    Evaluation,
    Metrics,
    make_optimizer,
    make_schedule,
    model_input,
    model_turn_loss,
    weighted,
)
from tunix.sft.peft_trainer import TrainingInput

VOCABULARY = 11


class Bigrams(nnx.Module):
    """A model whose logits are a table's row for the token that stands there."""

    def __init__(self):
        table = jax.random.normal(jax.random.key(0), (VOCABULARY, VOCABULARY)) * 3
        self.table = nnx.Param(table)

    def __call__(self, tokens, positions, cache, attention_mask):
        return self.table[...][tokens], None


def blind(tokens, positions, cache, attention_mask):
    """Logits that do not look at the tokens, so that only the targets can change the loss."""
    return jax.random.normal(jax.random.key(1), (*tokens.shape, VOCABULARY)), None


def batch_of(seed, rows=3, length=7):
    draw = np.random.default_rng(seed)
    tokens = draw.integers(1, VOCABULARY, (rows, length)).astype(np.int32)
    mask = np.zeros((rows, length), dtype=bool)
    for row in range(rows):
        start, end = sorted(draw.choice(np.arange(1, length + 1), 2, replace=False))
        mask[row, start:end] = True
        tokens[row, end:] = 0
    return Batch(tokens, mask, int((tokens > 0).sum()))


def token_losses(model, tokens):
    """Each token's cross-entropy after the one before it, in float64: (rows, length - 1)."""
    logits = np.asarray(model(tokens, None, None, None)[0], dtype=np.float64)[:, :-1]
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    return -np.log(np.take_along_axis(shares, tokens[:, 1:, None], axis=-1)[..., 0])


def loss_of(model, tokens, weights):
    batch = TrainingInput(input_tokens=jnp.asarray(tokens), input_mask=jnp.asarray(weights))
    return model_turn_loss(model, **model_input(batch))


def test_the_loss_is_the_mean_over_the_models_turns():
    model, batch = Bigrams(), batch_of(0)
    (one,) = weighted([batch])
    losses = token_losses(model, batch.tokens)
    loss = loss_of(model, one.input_tokens, one.input_mask)
    assert loss.shape == ()
    assert loss.dtype == jnp.float32
    assert float(loss) == pytest.approx(losses[batch.loss_mask[:, 1:]].mean(), rel=1e-5)


def test_targets_in_prompts_and_padding_count_nothing():
    batch = batch_of(1)
    (one,) = weighted([batch])
    loss = float(loss_of(blind, batch.tokens, one.input_mask))
    other = (batch.tokens + 1) % VOCABULARY
    outside = np.where(batch.loss_mask, batch.tokens, other)
    assert float(loss_of(blind, outside, one.input_mask)) == loss
    inside = np.where(batch.loss_mask, other, batch.tokens)
    assert float(loss_of(blind, inside, one.input_mask)) != pytest.approx(loss, rel=1e-3)


def test_the_loss_of_half_precision_logits_is_taken_in_full():
    batch = batch_of(2)
    (one,) = weighted([batch])

    def half(*inputs):
        return blind(*inputs)[0].astype(jnp.bfloat16), None

    loss = loss_of(half, batch.tokens, one.input_mask)
    assert loss.dtype == jnp.float32
    full = loss_of(blind, batch.tokens, one.input_mask)
    assert float(loss) == pytest.approx(float(full), rel=1e-2)


def test_attention_is_causal_and_positions_count_up():
    batch = TrainingInput(input_tokens=jnp.zeros((2, 5), jnp.int32), input_mask=None)
    inputs = model_input(batch)
    assert inputs["positions"].tolist() == 2 * [[0, 1, 2, 3, 4]]
    assert inputs["attention_mask"].shape == (2, 5, 5)
    np.testing.assert_array_equal(inputs["attention_mask"][1], np.tri(5, dtype=bool))


def test_in_accumulated_batches_every_token_weighs_the_same():
    model, parts = Bigrams(), [batch_of(seed, rows=2) for seed in range(4)]
    assert len({int(part.loss_mask.sum()) for part in parts}) > 1
    losses = [loss_of(model, one.input_tokens, one.input_mask) for one in weighted(parts)]
    everything = np.concatenate(
        [token_losses(model, part.tokens)[part.loss_mask[:, 1:]] for part in parts]
    )
    assert float(np.mean(losses)) == pytest.approx(everything.mean(), rel=1e-5)


def test_accumulated_gradients_are_those_of_one_large_batch():
    model, parts = Bigrams(), [batch_of(seed, rows=2) for seed in range(3)]
    whole = Batch(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.loss_mask for part in parts]),
        0,
    )

    def gradient(one):
        return nnx.grad(lambda m: loss_of(m, one.input_tokens, one.input_mask))(model)

    gradients = [gradient(one)["table"][...] for one in weighted(parts)]
    (large,) = (gradient(one)["table"][...] for one in weighted([whole]))
    np.testing.assert_allclose(np.mean(gradients, axis=0), large, rtol=1e-4, atol=1e-6)


def test_an_evaluation_is_the_mean_over_all_tokens_whatever_fills_a_batch_up():
    model = Bigrams()
    parts = [batch_of(seed) for seed in range(3)]
    filled = parts[2].loss_mask.copy()
    filled[1:] = False
    parts[2] = Batch(parts[2].tokens, filled, 0)
    everything = np.concatenate(
        [token_losses(model, part.tokens)[part.loss_mask[:, 1:]] for part in parts]
    )
    assert Evaluation(parts)(model) == pytest.approx(everything.mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("schedule", "halfway"),
    [("cosine", 0.55), ("linear", 0.55), ("constant", 1.0)],
)
def test_the_learning_rate_warms_up_and_ends_as_configured(schedule, halfway):
    settings = Training(
        steps=111, learning_rate=2.0, schedule=schedule, warmup_steps=10, final_share=0.1
    )
    rate = make_schedule(settings)
    assert float(rate(0)) == 0.0
    assert float(rate(5)) == pytest.approx(1.0)
    assert float(rate(10)) == pytest.approx(2.0)
    assert float(rate(60)) == pytest.approx(2.0 * halfway)
    last = 2.0 if schedule == "constant" else 0.2
    assert float(rate(110)) == pytest.approx(last)
    assert float(rate(111)) == pytest.approx(last)
    values = [float(rate(step)) for step in range(10, 111)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
@pytest.mark.parametrize(("steps", "warmup"), [(1, 0), (2, 0), (2, 1)])
def test_the_shortest_schedules_are_finite(schedule, steps, warmup):
    settings = Training(steps=steps, warmup_steps=warmup, learning_rate=0.5, schedule=schedule)
    values = [float(make_schedule(settings)(step)) for step in range(steps)]
    assert np.isfinite(values).all()
    assert values[warmup] == pytest.approx(0.5)


def updates(**changes):
    """One update of two parameters by a gradient, with a learning rate of 0.1."""
    settings = Training(
        **{"learning_rate": 0.1, "schedule": "constant", "warmup_steps": 0, **changes}
    )
    parameters = {"a": jnp.asarray([2.0, -4.0]), "b": jnp.asarray([[10.0]])}
    gradients = {"a": jnp.asarray([0.3, 0.4]), "b": jnp.asarray([[0.0]])}
    optimizer = make_optimizer(settings)
    update, _ = optimizer.update(gradients, optimizer.init(parameters), parameters)
    return parameters, gradients, update


def test_weight_decay_pulls_each_parameter_down_by_its_share():
    parameters, _, plain = updates(weight_decay=0.0)
    _, _, decayed = updates(weight_decay=0.5)
    for name, parameter in parameters.items():
        np.testing.assert_allclose(
            decayed[name] - plain[name], -0.1 * 0.5 * parameter, rtol=1e-4, atol=1e-6
        )


def test_gradients_are_clipped_by_their_norm():
    settings = Training(warmup_steps=0, clip_norm=0.05, b1=0.0)
    gradients = {"a": jnp.asarray([0.3, 0.4])}
    optimizer = make_optimizer(settings)
    _, state = optimizer.update(gradients, optimizer.init(gradients), gradients)
    (moments,) = (s for s in jax.tree.leaves(state, is_leaf=_has_moments) if _has_moments(s))
    np.testing.assert_allclose(moments.mu["a"], [0.03, 0.04], rtol=1e-5)


def _has_moments(state):
    return isinstance(state, optax.ScaleByAdamState)


def test_a_loss_that_is_no_number_is_written_as_json_all_the_same(tmp_path, capsys):
    path = tmp_path / "metrics.jsonl"
    metrics = Metrics(path, first_step=0, steps=1, schedule=lambda step: 0.5)
    metrics.tokens[1] = 100
    metrics.write(1, [jnp.nan], evaluate=lambda: float("inf"))
    metrics.close()
    line = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert line["loss"] is line["eval_loss"] is None
    assert "loss nan" in capsys.readouterr().err
