"""Training steps in Spyx, compiled as a whole.

Its neurons spike in the step after the membrane has crossed the threshold, so each layer is a step late, and the run one step
longer. Weights that no time step waits for are applied to all steps at once.
"""

from __future__ import annotations

import os
import time
from typing import Any

from snn.engine import machine
from snn.engine.bench.peers.task import answer
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.training_cases import DECAY, LEARNING_RATE, SLOPE, Case, Conv, Pool


def run(task: TrainingTask) -> TrainingAnswer:
    """Train for the task's steps."""
    if hasattr(os, "sched_setaffinity"):  # XLA takes as many threads as there are cores for it
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task.threads])
    from importlib import metadata

    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax

    jax.config.update("jax_platforms", "cpu")
    before = machine.reset_peak_rss()
    case = task.case
    inputs = jnp.asarray(case.batch_of_inputs(task.seed))
    labels = jnp.asarray(case.labels(task.seed))
    matrices = [
        None if weights is None else tuple(jnp.asarray(matrix) for matrix in weights if matrix is not None)
        for weights in case.weights(task.seed)
    ]
    counts = _network(case)
    optimizer = optax.adam(LEARNING_RATE)

    def loss(weights: Any, x: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(counts(weights, x), labels).mean()

    @jax.jit
    def step(weights: Any, state: Any, x: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(weights, x)
        updates, state = optimizer.update(gradient, state, weights)
        return optax.apply_updates(weights, updates), state, value

    state = optimizer.init(matrices)
    losses, seconds = [], []
    for number in range(task.checked + task.repeats):
        begin = time.perf_counter()
        matrices, state, value = jax.block_until_ready(step(matrices, state, inputs))
        if number < task.checked:
            losses.append(float(np.asarray(value)))
        else:
            seconds.append([time.perf_counter() - begin])
    return TrainingAnswer(
        version=f"{metadata.version('spyx')} (JAX {jax.__version__})",
        seconds=seconds,
        losses=losses,
        memory_bytes=machine.peak_rss_bytes() - before,
        options={"reset_timing": "next_step"},
        layer_delay=1,
        notes="no gradient through its reset, as in the others' networks",
    )


def _network(case: Case) -> Any:
    """Return a function of weights and inputs that gives the output's spike counts."""
    import jax
    import jax.numpy as jnp
    from flax import nnx
    from spyx import axn, nn

    class Detached(nn.LIF):
        """Spyx' LIF, without a gradient through its reset."""

        def __call__(self, x: Any, V: Any) -> Any:  # noqa: N803  # its names
            spikes = self.spike(V - self.threshold)
            return spikes, self.beta[...] * V + x - jax.lax.stop_gradient(spikes) * self.threshold

    shapes = case.shapes()
    neurons = [
        Detached(shape, beta=DECAY, threshold=1.0, activation=axn.superspike(SLOPE), rngs=nnx.Rngs(0))
        for shape in shapes[1:]
    ]

    def spikes_of(cell: Any, currents: Any, back: Any) -> Any:
        def step(membrane: Any, current: Any) -> Any:
            if back is not None:  # as in its RLIF: spikes that follow from the membrane before this step
                current = current + cell.spike(membrane - cell.threshold) @ back
            spikes, membrane = cell(current, membrane)
            return membrane, spikes

        return jax.lax.scan(step, cell.initial_state(case.batch), currents)[1]

    def counts(weights: Any, x: Any) -> Any:
        x = x.reshape(case.steps, case.batch, *case.inputs)
        x = jnp.concatenate([x, jnp.zeros_like(x[:1])])
        for layer, matrix, cell in zip(case.layers, weights, neurons, strict=True):
            flat = x.reshape(-1, *x.shape[2:])
            if isinstance(layer, Pool):
                window = (1, 1, layer.kernel, layer.kernel)
                flat = jax.lax.reduce_window(flat, -jnp.inf, jax.lax.max, window, window, "VALID")
                x = flat.reshape(x.shape[0], x.shape[1], *flat.shape[1:])
                continue
            if isinstance(layer, Conv):
                flat = jax.lax.conv_general_dilated(flat, matrix[0], (1, 1), "VALID")
            else:
                flat = flat.reshape(flat.shape[0], -1) @ matrix[0]
            currents = flat.reshape(x.shape[0], x.shape[1], *flat.shape[1:])
            x = spikes_of(cell, currents, matrix[1] if len(matrix) > 1 else None)
        return x.sum(0)

    return counts


if __name__ == "__main__":
    answer(run, TrainingTask)
