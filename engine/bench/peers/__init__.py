"""Other simulators that run the same scenes for comparison: the optional extra ``peers``.

Each runs in a process of its own, with the numbers of threads that were asked for, on the same cores. `run` starts one and
returns its answer, or the sentence that says why there is none.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from snn.engine.bench.peers.task import Answer, Task

__all__ = ["PEERS", "Answer", "Peer", "Task", "run"]

LONGEST_S = 3600.0


@dataclass(frozen=True)
class Peer:
    """One other simulator.

    Parameters
    ----------
    title : str
        Its name as its authors write it.
    package : str
        What Python imports.
    distribution : str
        What pip installs.
    lacks : dict
        Why it cannot run a scene, by the scene's name.
    """

    title: str
    package: str
    distribution: str
    lacks: Mapping[str, str]


PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        "brian2": Peer("Brian2", "brian2", "brian2", {}),
        "nest": Peer(
            "NEST",
            "nest",
            "nest-simulator",
            # With currents that run on it makes a quarter more spikes.
            {"flybrain": "it has no neuron whose synaptic currents a spike clears"},
        ),
    }
)


def run(name: str, task: Task) -> Answer | str:
    """Run a scene in another simulator.

    Parameters
    ----------
    name : str
        One of `PEERS`.
    task : Task
        What to run.

    Returns
    -------
    Answer or str
        The answer, or a sentence: the simulator cannot run the scene, is not installed, or failed.
    """
    peer = PEERS[name]
    if task.scene in peer.lacks:
        return f"{peer.title} does not run scene {task.scene!r}: {peer.lacks[task.scene]}"
    if importlib.util.find_spec(peer.package) is None:
        return f"{peer.title} is not installed: pip install {peer.distribution}, or snn-engine[peers] for all peers"
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
        return Answer(**json.loads(place.read_text(encoding="utf-8")))
