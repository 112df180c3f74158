"""Training steps in SpikingJelly."""

from __future__ import annotations

from typing import Any

import torch
from spikingjelly.activation_based import functional, neuron

from snn.engine.bench.peers.task import answer
from snn.engine.bench.peers.torch_training import DECAY, Neurons, Surrogate, run_torch
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.training_cases import Variant


class _Node(Neurons):
    def __init__(self) -> None:
        super().__init__()
        self.node = neuron.LIFNode(
            tau=1.0 / (1.0 - DECAY),
            decay_input=False,
            v_threshold=1.0,
            v_reset=None,
            surrogate_function=Surrogate.apply,
            detach_reset=True,
        )

    def step(self, inputs: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Return the spikes; the node keeps its membrane itself."""
        if state is None:
            functional.reset_net(self.node)
            self.node.step_mode = "s"
        return self.node(inputs), self.node

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the spikes of all steps, by its own loop."""
        functional.reset_net(self.node)
        self.node.step_mode = "m"
        return torch.as_tensor(self.node(inputs))


def run(task: TrainingTask) -> TrainingAnswer:
    """Train for the task's steps."""
    return run_torch(task, "spikingjelly", _Node, Variant({"threshold_compare": "greater_equal"}))


if __name__ == "__main__":
    answer(run, TrainingTask)
