"""Training steps in snnTorch."""

from __future__ import annotations

from typing import Any

import snntorch
import torch

from snn.engine.bench.peers.task import answer
from snn.engine.bench.peers.torch_training import DECAY, SLOPE, Neurons, run_torch
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.training_cases import Variant


class _Leaky(Neurons):
    def __init__(self) -> None:
        super().__init__()
        surrogate = snntorch.surrogate.fast_sigmoid(slope=SLOPE)
        self.leaky = snntorch.Leaky(beta=DECAY, threshold=1.0, spike_grad=surrogate)

    def step(self, inputs: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Return the spikes and the membrane."""
        spikes, membrane = self.leaky(inputs, torch.zeros_like(inputs) if state is None else state)
        return spikes, membrane


def run(task: TrainingTask) -> TrainingAnswer:
    """Train for the task's steps."""
    # Its reset comes in the step after the spike.
    return run_torch(task, "snntorch", _Leaky, Variant({"reset_timing": "next_step"}))


if __name__ == "__main__":
    answer(run, TrainingTask)
