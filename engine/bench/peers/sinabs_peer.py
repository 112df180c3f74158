"""Training steps in Sinabs."""

from __future__ import annotations

import math
from typing import Any

import torch
from sinabs.activation import MembraneSubtract, SingleSpike
from sinabs.layers import LIF

from snn.engine.bench.peers.task import answer
from snn.engine.bench.peers.torch_training import DECAY, SLOPE, Neurons, run_torch
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.training_cases import Variant


def _surrogate(membrane: torch.Tensor, threshold: Any) -> torch.Tensor:
    spread = 1 + SLOPE * (membrane - threshold).abs()
    return 1 / (spread * spread)


class _Lif(Neurons):
    def __init__(self) -> None:
        super().__init__()
        self.lif = LIF(
            tau_mem=-1.0 / math.log(DECAY),
            spike_threshold=1.0,
            spike_fn=SingleSpike,
            reset_fn=MembraneSubtract(),
            surrogate_grad_fn=_surrogate,
            norm_input=False,
        )

    def step(self, inputs: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Return the spikes; the layer keeps its membrane itself."""
        if state is None:
            self.lif.reset_states()
        return self.lif(inputs.unsqueeze(1)).squeeze(1), self.lif

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the spikes of all steps, by its own loop; it has the batch first."""
        self.lif.reset_states()
        return torch.as_tensor(self.lif(inputs.transpose(0, 1))).transpose(0, 1)


def run(task: TrainingTask) -> TrainingAnswer:
    """Train for the task's steps."""
    options = {"reset_gradient": "attached", "threshold_compare": "greater_equal"}
    return run_torch(task, "sinabs", _Lif, Variant(options))


if __name__ == "__main__":
    answer(run, TrainingTask)
