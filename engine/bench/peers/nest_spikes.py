"""The spikes of the cortical microcircuit in NEST: writes steps and neurons of every population to a .npz file."""

from __future__ import annotations

import sys

import nest
import numpy as np

from snn.engine.bench.peers.nest_peer import microcircuit
from snn.scenes.microcircuit import MICROCIRCUIT


def write(path: str, scale: float, seed: int, window_ms: float) -> None:
    """Run the scene and write what it spiked after the warm-up; steps count from there."""
    scene = MICROCIRCUIT
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.set(resolution=scene.dt, local_num_threads=2, rng_seed=seed + 1)
    populations, _ = microcircuit(scene, scale, seed)
    end_ms = scene.warm_up + window_ms
    recorders = {}
    for name, population in populations.items():
        recorders[name] = nest.Create("spike_recorder", params={"start": scene.warm_up, "stop": end_ms})
        nest.Connect(population, recorders[name])
    nest.Simulate(end_ms)
    found = {}
    for name, recorder in recorders.items():
        # A spike at the end of step k has the time (k + 1) dt.
        found[f"{name}_steps"] = np.rint((recorder.events["times"] - scene.warm_up) / scene.dt).astype(np.int64) - 1
        found[f"{name}_neurons"] = recorder.events["senders"] - populations[name][0].global_id
    np.savez(path, **found)


if __name__ == "__main__":
    write(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
