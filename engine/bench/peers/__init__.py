"""Other simulators that run the same scenes, and libraries that train the same networks.

Most come with the extras ``peers`` and ``training-peers``; GeNN is built from its sources. Each runs in a process of its own,
with the number of threads that was asked for, on the same cores. `run` starts one and returns its answer, or the sentence
that says why there is none.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from snn.engine.bench.peers.task import Answer, Task

if TYPE_CHECKING:
    from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask

__all__ = ["PEERS", "TRAINERS", "Answer", "Peer", "Task", "run"]

LONGEST_S = 3600.0


@dataclass(frozen=True)
class Peer:
    """One other program.

    Parameters
    ----------
    title : str
        Its name as its authors write it.
    package : str
        What Python imports.
    source : str
        How one gets it.
    lacks : dict
        Why it cannot run a scene or a case, by its name.
    most_threads : int, optional
        It runs on no more, however many are asked for.
    """

    title: str
    package: str
    source: str
    lacks: Mapping[str, str] = field(default_factory=dict)
    most_threads: int | None = None

    @property
    def missing(self) -> str:
        """The sentence for where it is not installed."""
        return f"{self.title} is not installed: {self.source}"

    def threads(self, wanted: int) -> int:
        """Return on how many threads it runs."""
        return wanted if self.most_threads is None else min(wanted, self.most_threads)


def _from_pip(distribution: str, extra: str) -> str:
    return f"pip install {distribution}, or snn-engine[{extra}] for all of them"


PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        "brian2": Peer("Brian2", "brian2", _from_pip("brian2", "peers")),
        "nest": Peer(
            "NEST",
            "nest",
            _from_pip("nest-simulator", "peers"),
            # With currents that run on it makes a quarter more spikes.
            {"flybrain": "it has no neuron whose synaptic currents a spike clears"},
        ),
        # On one thread of the CPU: its other backends need a GPU.
        "genn": Peer(
            "GeNN",
            "pygenn",
            "PyGeNN is not on PyPI; it is built from its repository, github.com/genn-team/genn (5.4.0 was tried)",
            most_threads=1,
        ),
    }
)
"""Simulators, which run scenes."""

TRAINERS: Mapping[str, Peer] = MappingProxyType(
    {
        "snntorch": Peer("snnTorch", "snntorch", _from_pip("snntorch", "training-peers")),
        "norse": Peer("Norse", "norse", _from_pip("norse", "training-peers")),
        "spikingjelly": Peer("SpikingJelly", "spikingjelly", _from_pip("spikingjelly", "training-peers")),
        "sinabs": Peer("Sinabs", "sinabs", _from_pip("sinabs", "training-peers")),
        "spyx": Peer("Spyx", "spyx", _from_pip("spyx", "training-peers")),
    }
)
"""Libraries that train."""

AnswerType = TypeVar("AnswerType", Answer, "TrainingAnswer")


def run(name: str, task: Task | TrainingTask, answer_type: type[AnswerType]) -> AnswerType | str:
    """Run a scene in another simulator, or a training case in another library.

    Parameters
    ----------
    name : str
        One of `PEERS` for a scene, of `TRAINERS` for a case.
    task : Task or TrainingTask
        What to run.
    answer_type : type
        `Answer` or `TrainingAnswer`.

    Returns
    -------
    answer or str
        The answer, or a sentence: the other cannot run it, is not installed, or failed.
    """
    peer = PEERS[name] if name in PEERS else TRAINERS[name]
    if task.name in peer.lacks:
        return f"{peer.title} does not run {task.name!r}: {peer.lacks[task.name]}"
    if importlib.util.find_spec(peer.package) is None:
        return peer.missing
    threads = str(task.threads)
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYNEST_QUIET": "1",
    }
    with tempfile.TemporaryDirectory(prefix="snn-peer-") as folder:
        place = Path(folder) / "answer.json"
        command = [sys.executable, "-m", f"snn.engine.bench.peers.{name}_peer", json.dumps(asdict(task)), str(place)]
        try:
            ended = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=LONGEST_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{peer.title} did not end within {LONGEST_S:g} s"
        if ended.returncode or not place.exists():
            lines = [line for line in ended.stdout.decode(errors="replace").splitlines() if line.strip()]
            last = lines[-1].strip() if lines else "it said nothing"
            return f"{peer.title} ended with status {ended.returncode}: {last}"
        return answer_type(**json.loads(place.read_text(encoding="utf-8")))
