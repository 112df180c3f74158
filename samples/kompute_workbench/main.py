"""A neuron model of one's own, tried on numpy arrays through Kompute, next to our own run of it.

The model is written in Python. `snn.vulkan.plan` gives the step of its neurons as SPIR-V shaders and buffers, without a device;
Kompute runs them, with the input of each step from one numpy array and the membrane into another. The same neurons then
run on the CPU: every bit is the same. The shader of the model is kept as neuron.spv (spirv-dis shows it), the membranes are
drawn into membranes.png.

Kompute's Python package is `kp`; tools/install_kompute builds and installs it.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from replay import KomputeReplay

import snn

NEURONS, STEPS = 1_000, 2_000

# FitzHugh 1961, doi 10.1016/S0006-3495(61)86902-6, with a spike when the membrane rises above 1.
MODEL = snn.NeuronModel(
    """
[model]
name = "fitzhugh_nagumo"
title = "FitzHugh-Nagumo"
source = "FitzHugh 1961, doi 10.1016/S0006-3495(61)86902-6"
description = "Two variables: a membrane that is excited, and one that recovers."

[parameters]
tau_membrane = { default = 1.0, unit = "ms", exclusive_minimum = 0, doc = "Time constant of the membrane" }
recovery_rate = { default = 0.08, unit = "1/ms", exclusive_minimum = 0, doc = "How fast the recovery follows the membrane" }
offset = { default = 0.7, unit = "1", doc = "Of the recovery's rest" }
slope = { default = 0.8, unit = "1", doc = "Of the recovery's decay" }

[states]
v = { unit = "1", initial = -1.2, doc = "Membrane potential" }
w = { unit = "1", initial = -0.62, doc = "Recovery" }

[receptors]
current = { unit = "1", doc = "Input of this step" }

[derived]
step_size = "dt / tau_membrane"
recovery = "recovery_rate * dt"

[step]
program = \"\"\"
cubed = v * v * v
new_v = v + step_size * (v - 0.33333334 * cubed - w + current)
next.v = new_v
next.w = w + recovery * (v + offset - slope * w)
emit(spike(new_v - 1.0) * select(v < 1.0, 1.0, 0.0))
\"\"\"
"""
)


def network() -> snn.Network:
    """Independent neurons, each with a current of its own."""
    net = snn.Network(dt=0.1)
    net.add("current", snn.Input(NEURONS))
    net.add("cells", MODEL(NEURONS))
    net.connect("current", "cells", snn.OneToOne(1.0))
    return net


def through_kompute(currents: np.ndarray) -> np.ndarray:
    """Membranes of every step, [step][neuron]."""
    with snn.Simulation(network(), device="vulkan:plan") as simulation:
        snn.vulkan.bind_buffer(simulation, "current.input", snn.vulkan.Buffer(1, 0, 4 * NEURONS))  # 1: our name for it
        plan = snn.vulkan.plan(simulation)
        membrane = snn.vulkan.buffer(simulation, "cells.v")
    current = next(place for place, buffer in enumerate(plan.buffers) if buffer.host == 1)
    model_step = plan.dispatches[-1]
    Path("neuron.spv").write_bytes(plan.shaders[model_step.shader].spirv)
    print(f"the model's shader: {len(plan.shaders[model_step.shader].spirv):,} bytes of SPIR-V, in neuron.spv")
    replay = KomputeReplay(plan)
    membranes = np.empty_like(currents)
    for step, values in enumerate(currents):
        replay.write(current, values)
        replay.step()
        membranes[step] = replay.read(membrane.handle, membrane.offset, membrane.size)
    replay.close()
    return membranes


def main() -> None:
    """Run both, compare, draw."""
    random = np.random.default_rng(1)
    steady = np.linspace(0.0, 1.0, NEURONS)
    currents = (steady + 0.1 * random.standard_normal((STEPS, NEURONS))).astype(np.float32)
    found = through_kompute(currents)
    with snn.Simulation(network()) as simulation:
        ours = simulation.run(STEPS, {"current": currents[:, None]}, record={"cells": ["v", "spikes"]})["cells"]
    same = np.array_equal(found.view(np.uint32), ours["v"][:, 0].view(np.uint32))
    print(f"{NEURONS:,} neurons, {STEPS:,} steps: Kompute's membranes are {'' if same else 'not '}ours to the bit")
    rates = ours["spikes"].sum(axis=(0, 1)) / (STEPS * 0.1e-3)
    print(f"spikes per second: {rates[:100].mean():.1f} with little current, {rates[-100:].mean():.1f} with much")

    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    for neuron in (100, 400, 900):
        axes.plot(np.arange(STEPS) * 0.1, found[:, neuron], label=f"current {steady[neuron]:.1f}")
    axes.set(xlabel="time (ms)", ylabel="membrane", title="FitzHugh-Nagumo neurons, run by Kompute")
    axes.legend(loc="upper right")
    figure.savefig("membranes.png", dpi=120)
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
