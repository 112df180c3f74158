"""Training steps in the libraries that are built on PyTorch. Each brings its neurons; the rest is the same for all of them.

Weights that no time step waits for are applied to all steps at once, as their fastest examples do.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from snn.engine import machine
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.training_cases import DECAY, LEARNING_RATE, SLOPE, Conv, Pool, Variant

__all__ = ["DECAY", "SLOPE", "Neurons", "Surrogate", "run_torch"]


class Surrogate(torch.autograd.Function):
    """The cases' surrogate, for libraries that have none of its form."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """Return 1 above 0."""
        ctx.save_for_backward(x)
        return (x > 0).to(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> torch.Tensor:
        """Return the gradient times 1 / (1 + slope |x|)^2."""
        (x,) = ctx.saved_tensors
        spread = 1 + SLOPE * x.abs()
        return torch.as_tensor(gradients[0]) / (spread * spread)


class Neurons(torch.nn.Module, ABC):
    """One layer of a library's neurons."""

    @abstractmethod
    def step(self, inputs: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Return the spikes of one step and the state after it; `state` is None before the first."""

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the spikes of all steps; time is the first axis."""
        state, spikes = None, []
        for frame in inputs:
            out, state = self.step(frame, state)
            spikes.append(out)
        return torch.stack(spikes)


class _Network(torch.nn.Module):
    def __init__(self, task: TrainingTask, neurons: Callable[[], Neurons], weight_factor: float) -> None:
        super().__init__()
        self.case = task.case
        self.matrices = torch.nn.ParameterList()
        self.places: list[tuple[int, int] | None] = []  # of the weights and recurrent weights of a layer; -1: none
        self.neurons = torch.nn.ModuleList()
        for weights in self.case.weights(task.seed):
            self.neurons.append(neurons())
            if weights is None:
                self.places.append(None)
                continue
            places = []
            for matrix in weights:
                places.append(-1 if matrix is None else len(self.matrices))
                if matrix is not None:
                    dense = matrix.ndim == 2
                    tensor = torch.from_numpy(matrix.T.copy() if dense else matrix) * weight_factor
                    self.matrices.append(torch.nn.Parameter(tensor))
            self.places.append((places[0], places[1]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output's spike counts, (batch, outputs)."""
        x = x.unflatten(2, self.case.inputs)
        for layer, place, neurons in zip(self.case.layers, self.places, self.neurons, strict=True):
            together = (x.shape[0], x.shape[1])
            if place is None:
                assert isinstance(layer, Pool)
                x = functional.max_pool2d(x.flatten(0, 1), layer.kernel).unflatten(0, together)
                continue
            weights = self.matrices[place[0]]
            if isinstance(layer, Conv):
                x = functional.conv2d(x.flatten(0, 1), weights).unflatten(0, together)
            else:
                x = functional.linear(x.flatten(2), weights)
            x = neurons.run(x) if place[1] < 0 else self._recurrent(neurons, x, self.matrices[place[1]])
        return x.sum(0)

    @staticmethod
    def _recurrent(neurons: Neurons, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        state, spikes = None, []
        last = torch.zeros_like(inputs[0])
        for frame in inputs:
            last, state = neurons.step(frame + functional.linear(last, weights), state)
            spikes.append(last)
        return torch.stack(spikes)


def run_torch(
    task: TrainingTask,
    distribution: str,
    neurons: Callable[[], Neurons],
    variant: Variant,
    notes: str = "",
) -> TrainingAnswer:
    """Train for the task's steps."""
    torch.set_num_threads(task.threads)
    if task.on_gpu and not torch.cuda.is_available():
        raise RuntimeError("this PyTorch has no CUDA device; without --device vulkan it trains on the CPU")
    device = torch.device("cuda" if task.on_gpu else "cpu")
    finish = torch.cuda.synchronize if task.on_gpu else lambda: None
    before = machine.reset_peak_rss()
    network = _Network(task, neurons, variant.weight_factor).to(device)
    inputs = torch.from_numpy(task.case.batch_of_inputs(task.seed))
    labels = torch.from_numpy(task.case.labels(task.seed).astype(np.int64))
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    losses, seconds = [], []
    for number in range(task.checked + task.repeats):
        times = [time.perf_counter()]
        # The batch comes from the host's memory each time, as ours does.
        loss = functional.cross_entropy(network(inputs.to(device)), labels.to(device))
        finish()
        times.append(time.perf_counter())
        loss.backward()
        finish()
        times.append(time.perf_counter())
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        finish()
        times.append(time.perf_counter())
        if number < task.checked:
            losses.append(float(loss.detach()))
        else:
            seconds.append([float(value) for value in np.diff(times)])
        del loss
    return TrainingAnswer(
        version=f"{metadata.version(distribution)} (PyTorch {torch.__version__}{', CUDA' if task.on_gpu else ''})",
        seconds=seconds,
        losses=losses,
        memory_bytes=machine.peak_rss_bytes() - before,
        options=dict(variant.options),
        weight_factor=variant.weight_factor,
        slope=variant.slope,
        notes=notes,
    )
