"""Spikes given one by one, to steps and to runs, and chosen neurons recorded: the bits of frames, on every device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import snn

from .running import vulkan_settings
from .together import check_equal
from .vulkan_renderer import Renderer

PIXELS, STEPS = 200, 60
HAS_VULKAN = bool(vulkan_settings())
DEVICES: list[dict[str, Any]] = [
    {"device": "cpu"},
    {"device": "cpu", "threads": 3},
    {"device": "auto"},
    {"device": "cpu+reference"},
    {"device": "cpu*2+reference*1"},
    *([{"device": "vulkan"}, {"device": "cpu+vulkan"}, {"device": "vulkan*1+cpu*2"}] if HAS_VULKAN else []),
]
BATCH = 3
CHOSEN = [79, 0, 41]
RECORD = {"cells": {"v": CHOSEN, "spikes": CHOSEN, "spike_count": None, "spike_events": None}, "out": "v"}


def _network(cells: int) -> snn.Network:
    """Two inputs, one of them of spikes, which arrive at once and late; small enough for a workgroup of a GPU, or not."""
    net = snn.Network(dt=0.5, seed=3)
    net.add("pixels", snn.SpikeInput(PIXELS))
    net.add("current", snn.Input(20))
    net.add("cells", snn.LIF(cells, tau_membrane=8.0))
    net.add("out", snn.LIF(20, tau_membrane=5.0))
    net.connect("pixels", "cells", snn.Dense(init=0.1))
    net.connect("current", "out", snn.OneToOne(0.05))
    net.connect("cells", "out", snn.Dense(init=0.1, delay_steps=3), name="ahead")
    net.connect("out", "cells", snn.Dense(init=0.05, delay_steps=2), name="back")
    return net


def _late(net: snn.Network) -> snn.Network:
    """The same with spikes that arrive event by event, which needs more than a workgroup."""
    weight, delay = snn.Uniform(-0.1, 0.4), snn.Uniform(1.0, 4.0)
    rule = snn.Sparse.fixed_probability(0.2, weight=weight, delay=delay, trainable=False)
    net.connect("pixels", "cells", rule, name="late")
    return net


NETWORKS = {
    "small": lambda: _network(80),
    "sparse": lambda: _late(_network(80)),
    "large": lambda: _late(_network(3000)),
}


def _frames() -> np.ndarray:
    """Every fourth step is silent, and so is the second sample at the beginning."""
    frames = np.random.default_rng(8).random((STEPS, BATCH, PIXELS)) < 0.08
    frames[::4] = False
    frames[:10, 1] = False
    return frames


def _current() -> np.ndarray:
    return np.random.default_rng(9).uniform(0, 1, (BATCH, 20)).astype(np.float32)


def _events(frames: np.ndarray) -> snn.SpikeEvents:
    steps, samples, neurons = (axis.astype(np.uint32) for axis in np.nonzero(frames))
    order = np.lexsort((np.random.default_rng(1).permutation(len(steps)), steps))  # in a step in any order
    columns = [
        np.append(column[order], column[order[-1]]) for column in (steps, neurons, samples)
    ]  # the last one twice
    return snn.SpikeEvents(columns[0], columns[1], columns[2], shape=(PIXELS,), step_count=STEPS, batch_size=BATCH)


def _results(recording: snn.Recording, sim: snn.Simulation) -> list[np.ndarray]:
    events = recording["cells"]["spike_events"]
    counters = sim.counters
    return [
        recording["out"]["v"],
        recording["cells"]["spike_count"],
        np.asarray(events.steps),
        np.asarray(events.neurons),
        np.asarray(events.samples),
        sim["cells.v"],
        np.array([counters.spikes, counters.input_spikes, counters.synaptic_events, counters.synaptic_operations]),
    ]


@pytest.fixture(scope="module", params=list(NETWORKS))
def expected(request: pytest.FixtureRequest) -> tuple[snn.Network, list[np.ndarray], list[np.ndarray]]:
    """What frames give on the reference: after a run, and after each of the first steps."""
    net, frames = NETWORKS[request.param](), _frames()
    with snn.Simulation(net, device="reference", batch_size=BATCH) as sim:
        run = sim.run(STEPS, {"pixels": frames.astype(np.float32), "current": _current()}, {"cells": ["v", "spikes",
            "spike_count", "spike_events"], "out": "v"}, every=7)  # fmt: skip
        whole = [run["cells"]["v"][:, :, CHOSEN], run["cells"]["spikes"][:, :, CHOSEN], *_results(run, sim)]
        assert run["cells"]["spikes"][:, :, CHOSEN].any()
        sim.reset()
        stepped = []
        sim.set_input("current", _current())
        for frame in frames[:20]:
            sim.step(1, {"pixels": frame.astype(np.float32)})
            stepped += [sim["cells.v"], sim["out.spikes"]]
    return net, whole, stepped


@pytest.mark.parametrize("settings", [{"device": "reference"}, *DEVICES], ids=str)
def test_a_run_of_events(expected: tuple[snn.Network, list[np.ndarray], list[np.ndarray]], settings: dict) -> None:
    net, whole, _ = expected
    with snn.Simulation(net, batch_size=BATCH, **settings) as sim:
        run = sim.run(STEPS, {"pixels": _events(_frames()), "current": _current()}, RECORD, every=7)
        check_equal(whole, [run["cells"]["v"], run["cells"]["spikes"], *_results(run, sim)], settings)


@pytest.mark.parametrize("settings", [{"device": "reference"}, *DEVICES], ids=str)
def test_steps_of_spikes(expected: tuple[snn.Network, list[np.ndarray], list[np.ndarray]], settings: dict) -> None:
    net, _, stepped = expected
    found = []
    with snn.Simulation(net, batch_size=BATCH, **settings) as sim:
        sim.set_input("current", _current())
        for frame in _frames()[:20]:
            for sample in range(BATCH):
                neurons = np.flatnonzero(frame[sample]).astype(np.uint32)
                sim.add_input_spikes("pixels", neurons[::-1], sample)
                sim.add_input_spikes("pixels", neurons[:3], sample)
            sim.step()
            found += [sim["cells.v"], sim["out.spikes"]]
    check_equal(stepped, found, settings)


@pytest.mark.parametrize("settings", [{"device": "reference"}, *DEVICES], ids=str)
@pytest.mark.parametrize("given", ["events", "frames", "bound"])
@pytest.mark.parametrize("kind", list(NETWORKS))
def test_spikes_of_an_input_are_recorded(kind: str, given: str, settings: dict) -> None:
    net, frames, chosen = NETWORKS[kind](), _frames(), [150, 3]
    with snn.Simulation(net, batch_size=BATCH, **settings) as sim:
        inputs: dict[str, Any] = {"current": _current()}
        if given == "events":
            inputs["pixels"] = _events(frames)
        elif given == "frames":
            inputs["pixels"] = frames.astype(np.float32)
        else:  # the same at every step
            frames = np.repeat(frames[1:2], STEPS, axis=0)
            sim.bind_input("pixels")[:] = frames[0]
        run = sim.run(STEPS, inputs, {"pixels": ["spikes", "spike_count", "spike_events"], "cells": "spike_count"})
        recorded = run["pixels"]
        assert recorded["spikes"].dtype == bool
        assert np.array_equal(recorded["spikes"], frames)
        assert np.array_equal(recorded["spike_count"], frames.sum(axis=0))
        steps, samples, neurons = np.nonzero(frames)
        events = recorded["spike_events"]
        for column, expected in ((events.steps, steps), (events.samples, samples), (events.neurons, neurons)):
            assert np.array_equal(column, expected)
        assert run["cells"]["spike_count"].any()
        sim.reset()
        some = sim.run(STEPS, inputs, {"pixels": {"spikes": chosen}}, every=4)["pixels"]["spikes"]
        assert np.array_equal(some, frames[3::4][:, :, chosen])
        recorder = sim.recorder("pixels", "spikes")
        for frame in frames[:5]:
            sim.step(1, None if given == "bound" else {"pixels": frame.astype(np.float32)})
        assert np.array_equal(recorder["spikes"], frames[:5])


@pytest.mark.parametrize("kind", ["small", "sparse"])
def test_steps_on_the_device_of_a_renderer(kind: str, renderer: Renderer) -> None:
    net, frames = NETWORKS[kind](), _frames()[:, :1]
    with snn.Simulation(net, device="reference") as reference, snn.Simulation(net, device=renderer.host()) as sim:
        for frame in frames[:20]:
            reference.step(1, {"pixels": frame.astype(np.float32)})
            sim.add_input_spikes("pixels", np.flatnonzero(frame))
            snn.vulkan.submit_steps(sim, 1)
            check_equal([reference["cells.v"], reference["out.v"]], [sim["cells.v"], sim["out.v"]], kind)
        assert sim.counters.input_spikes == frames[:20].sum()


def test_chosen_weights_of_samples_on_every_device() -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(3))
    net.add("cells", snn.LIF(4))
    net.connect("input", "cells", snn.Dense(weights=np.arange(12.0).reshape(3, 4)), name="p")
    for device in ("cpu", "reference", *(["vulkan"] if HAS_VULKAN else [])):
        with snn.Simulation(net, device=device, batch_size=2, sample_weights=True) as sim:
            sim["p.weight[1]"] = 7.0
            found = sim.run(4, record={"p": {"weight": [11, 4]}}, every=2)["p"]["weight"]
        assert found.tolist() == [[[11.0, 4.0], [7.0, 7.0]]] * 2
