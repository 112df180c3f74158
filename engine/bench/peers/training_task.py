"""What a training library is told to run, and what it answers: JSON on the way in and out of its process."""

from __future__ import annotations

from dataclasses import dataclass, field

from snn.engine.bench.training_cases import SLOPE, TRAINING_CASES, Case

__all__ = ["TrainingAnswer", "TrainingTask"]


@dataclass(frozen=True)
class TrainingTask:
    """Training steps of one case.

    Parameters
    ----------
    name : str
        Of the case.
    seed : int
        Of weights, inputs and labels.
    threads : int
        At least 1.
    repeats : int
        Timed steps.
    checked : int
        Steps before them, whose losses are compared.
    on_gpu : bool
        Whether to train on the GPU, by way of CUDA.
    """

    name: str
    seed: int
    threads: int
    repeats: int
    checked: int
    on_gpu: bool = False

    @property
    def case(self) -> Case:
        """The case itself."""
        return TRAINING_CASES[self.name]


@dataclass(frozen=True)
class TrainingAnswer:
    """What came of it.

    Parameters
    ----------
    version : str
        Of the library.
    seconds : list of list of float
        For each timed step: forward, backward and update, or all in one where they cannot be told apart.
    losses : list of float
        Of the checked steps.
    memory_bytes : int
        Largest memory of the process, less what it had after its imports.
    options, weight_factor, slope, layer_delay
        What makes ours this library's network, as of `Variant`.
    notes : str
        What one must know to compare, as a sentence; may be empty.
    """

    version: str
    seconds: list[list[float]]
    losses: list[float]
    memory_bytes: int
    options: dict[str, str] = field(default_factory=dict)
    weight_factor: float = 1.0
    slope: float = SLOPE
    layer_delay: int = 0
    notes: str = ""
