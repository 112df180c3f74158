"""What a peer is told to run, and what it answers: JSON on the way in and out of its process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from snn.engine.errors import InvalidArgumentError
from snn.scenes import FlyBrain, Scene, get

__all__ = ["Answer", "Task", "answer", "scene_of"]


def scene_of(name: str, connectome: str | None) -> Scene:
    """Return a scene by name, of the published connectome when a file is given."""
    scene = get(name)
    if connectome is None:
        return scene
    if not isinstance(scene, FlyBrain):
        raise InvalidArgumentError(f"scene {name!r} has no connectome; only 'flybrain' reads one from a file")
    return scene.with_files(connectome)


@dataclass(frozen=True)
class Task:
    """One run of a scene.

    Parameters
    ----------
    scene : str
        Name.
    scale : float
        As in `Scene.build`.
    seed : int
        0 to 2**32 - 1.
    threads : int
        At least 1.
    segments : int
        Number of timed parts.
    segment_ms : float
        Network time of each, in milliseconds.
    connectome : str, optional
        File for `FlyBrain.with_files`.
    """

    scene: str
    scale: float
    seed: int
    threads: int
    segments: int
    segment_ms: float
    connectome: str | None = None

    @property
    def name(self) -> str:
        """What is run, for sentences."""
        return self.scene

    @property
    def scene_object(self) -> Scene:
        """The scene itself."""
        return scene_of(self.scene, self.connectome)

    @property
    def biological_seconds(self) -> float:
        """Network time of all timed parts together."""
        return self.segments * self.segment_ms / 1000.0


@dataclass(frozen=True)
class Answer:
    """What came of a run.

    Parameters
    ----------
    version : str
        Of the simulator.
    seconds : list of float, one for each segment
        On the clock, compiling and building excluded.
    build_s : float
        Making neurons and connections; compiling excluded.
    rates_hz : dict
        Mean rate over all segments, by population.
    synapses : int
        Of the network.
    peak_rss_bytes : int
        Largest memory of the process that simulates.
    rss_before_bytes : int
        Its memory before the network is built.
    weights : dict
        Of synapses that learn, as `snn.scenes.Weights.summary` gives them after the last segment, from the initial weights
        too; empty where none learn.
    notes : str
        What one must know to compare, as a sentence; may be empty.
    """

    version: str
    seconds: list[float]
    build_s: float
    rates_hz: dict[str, float]
    synapses: int
    peak_rss_bytes: int
    rss_before_bytes: int
    weights: dict[str, float] = field(default_factory=dict)
    notes: str = ""


def answer(run: Callable[[Any], Any], task_type: type[Any] = Task) -> None:
    """Be the process of a peer: ``python -m module TASK FILE`` runs the task and leaves the answer in the file.

    Parameters
    ----------
    run : callable
        Takes the task, returns its answer; both are dataclasses.
    task_type : type
        Of the task.
    """
    result = run(task_type(**json.loads(sys.argv[1])))
    Path(sys.argv[2]).write_text(json.dumps(asdict(result)), encoding="utf-8")
