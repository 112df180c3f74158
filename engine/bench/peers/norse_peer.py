"""Training steps in Norse."""

from __future__ import annotations

from typing import Any

import torch
from norse.torch.functional.lif_box import LIFBoxParameters
from norse.torch.functional.reset import reset_subtract
from norse.torch.module.lif_box import LIFBoxCell

from snn.engine.bench.peers.task import answer
from snn.engine.bench.peers.torch_training import DECAY, SLOPE, Neurons, run_torch
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.training_cases import Variant

STEP_S = 0.001


class _Box(Neurons):
    def __init__(self) -> None:
        super().__init__()
        parameters = LIFBoxParameters(
            tau_mem_inv=torch.as_tensor((1.0 - DECAY) / STEP_S),
            v_th=torch.as_tensor(1.0),
            reset_method=reset_subtract,
            method="super",
            alpha=torch.as_tensor(SLOPE),
        )
        self.cell = LIFBoxCell(parameters, dt=STEP_S)

    def step(self, inputs: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Return the spikes and the membrane."""
        spikes, after = self.cell(inputs, state)
        return spikes, after


def run(task: TrainingTask) -> TrainingAnswer:
    """Train for the task's steps."""
    options = {"input_scaling": "one_minus_decay", "reset_gradient": "attached"}
    variant = Variant(options, weight_factor=1.0 / (1.0 - DECAY), slope=1.0)
    return run_torch(task, "norse", _Box, variant, "its SuperSpike has slope 1, whatever its alpha")


if __name__ == "__main__":
    answer(run, TrainingTask)
