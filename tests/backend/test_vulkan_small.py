"""Small networks, which are one dispatch: in a host's command buffers, with its buffers, in plans; and how they leave that."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import numpy as np
import pytest

import snn

from .cases import CASES, NEURONS, SPIKES, Builder
from .running import Setting, simulate
from .test_vulkan_buffers import COPIED, STORAGE, frame, piece
from .vulkan_renderer import Renderer

CELLS, BATCH, FRAMES = 70, 2, 4
BY_NAME = {case.name: case for case in CASES}


def network(spikes: int, *, currents: bool) -> snn.Network:
    random = np.random.Generator(np.random.Philox(3))
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(spikes))
    net.add("cells", snn.LIF(CELLS, refractory=2.0))
    net.add("readout", snn.LeakyIntegrator(5))
    net.connect("spikes", "cells", snn.Dense(weights=random.normal(0.1, 0.2, (spikes, CELLS))))
    net.connect("cells", "cells", snn.Dense(weights=random.normal(0, 0.1, (CELLS, CELLS)), delay_steps=3))
    net.connect("cells", "readout", snn.Dense(weights=random.normal(0, 0.2, (CELLS, 5)), bias=random.normal(0, 1, 5)))
    if currents:
        net.add("currents", snn.Input(CELLS))
        net.connect("currents", "cells", snn.OneToOne(0.2))
    return net


def driven(spikes: int, *, currents: bool) -> list[dict[str, np.ndarray]]:
    random = np.random.Generator(np.random.Philox(4))
    frames = []
    for _ in range(FRAMES):
        inputs = {"spikes": (random.random((BATCH, spikes)) < 0.4).astype(np.float32)}
        if currents:
            inputs["currents"] = random.normal(0.4, 1, (BATCH, CELLS)).astype(np.float32)
        frames.append(inputs)
    return frames


@pytest.mark.parametrize(("spikes", "currents"), [(40, False), (40, True)], ids=["pushed", "copied"])
def test_recorded_steps_are_those_of_the_reference(renderer: Renderer, spikes: int, currents: bool) -> None:
    """Inputs within the dispatch where they are small, else in a buffer; a run of the session's own between frames."""
    net = network(spikes, currents=currents)
    with (
        snn.Simulation(net, device=renderer.host(threading.Lock()), batch_size=BATCH) as sim,
        snn.Simulation(net, device="reference", batch_size=BATCH) as reference,
    ):
        for inputs in driven(spikes, currents=currents):
            for name, values in inputs.items():
                for one in (sim, reference):
                    one.set_input(name, values)
            frame(renderer, sim)
            reference.step(3)
            for path in ("cells.v", "cells.spikes", "readout.v"):
                np.testing.assert_array_equal(sim[path], reference[path], err_msg=path)
            recordings = [one.run(5, inputs, {"cells": ["spikes", "v"]}) for one in (sim, reference)]
            for variable in ("spikes", "v"):
                np.testing.assert_array_equal(recordings[0]["cells"][variable], recordings[1]["cells"][variable])
        assert sim.counters == reference.counters
        assert sim.counters.spikes > 50


def test_bound_buffers_and_those_that_one_dispatch_does_not_reach(renderer: Renderer) -> None:
    """Inputs in one buffer and outputs in another are one dispatch, outputs in two are not: the same bits."""
    net = network(40, currents=True)
    inputs, given = renderer.memory(256 + BATCH * CELLS, STORAGE)
    outputs, found = renderer.memory(1024 + BATCH * CELLS, COPIED)
    other, count = renderer.memory(BATCH * CELLS, STORAGE)
    states, spikes = found[: 2 * BATCH * CELLS], found[512 : 512 + BATCH * CELLS]
    counts = found[1024:]
    with (
        snn.Simulation(net, device=renderer.host(threading.Lock()), batch_size=BATCH) as sim,
        snn.Simulation(net, device="reference", batch_size=BATCH) as reference,
    ):
        snn.vulkan.bind_buffer(sim, "spikes.input", piece(inputs, BATCH * 40))
        snn.vulkan.bind_buffer(sim, "currents.input", piece(inputs, BATCH * CELLS, 256 * 4))
        snn.vulkan.bind_buffer(sim, "cells.states", piece(outputs, 2 * BATCH * CELLS))
        snn.vulkan.bind_buffer(sim, "cells.spikes", piece(outputs, BATCH * CELLS, 512 * 4))
        counts[:] = count[:] = 3
        wanted = 0
        for number, values in enumerate(driven(40, currents=True)):
            given[: BATCH * 40] = values["spikes"].ravel()
            given[256:] = values["currents"].ravel()
            place = piece(other, BATCH * CELLS) if number % 2 else piece(outputs, BATCH * CELLS, 1024 * 4)
            snn.vulkan.bind_buffer(sim, "cells.spike_count", place)
            frame(renderer, sim)
            for _ in range(3):
                reference.step(1, values)
                wanted += reference["cells.spikes"].sum()
            np.testing.assert_array_equal(states[: BATCH * CELLS], reference["cells.v"].ravel())
            np.testing.assert_array_equal(spikes, reference["cells.spikes"].ravel())
            np.testing.assert_array_equal(sim["readout.v"], reference["readout.v"])
        assert wanted > 100
        assert counts.sum() + count.sum() == wanted + 2 * 3 * count.size
        recordings = [
            one.run(4, None if one is sim else driven(40, currents=True)[-1], {"cells": "spikes"})
            for one in (sim, reference)
        ]
        np.testing.assert_array_equal(recordings[0]["cells"]["spikes"], recordings[1]["cells"]["spikes"])
        assert sim.counters == reference.counters


def test_samples_with_weights_of_their_own_stay_one_dispatch(renderer: Renderer) -> None:
    """Buffers that it does not reach are refused, and the session goes on as it was."""
    net = network(40, currents=False)
    weights = np.random.Generator(np.random.Philox(5)).normal(0.2, 0.2, (BATCH, 40, CELLS)).astype(np.float32)
    outputs, found = renderer.memory(BATCH * CELLS, STORAGE)
    other, _ = renderer.memory(BATCH * CELLS, STORAGE)
    with (
        snn.Simulation(net, device=renderer.host(threading.Lock()), batch_size=BATCH, sample_weights=True) as sim,
        snn.Simulation(net, device="reference", batch_size=BATCH, sample_weights=True) as reference,
    ):
        for one in (sim, reference):
            one["spikes_to_cells.weight"] = weights
            one["readout.v"] = np.float32(0.5)
        snn.vulkan.bind_buffer(sim, "cells.spikes", piece(outputs, BATCH * CELLS))
        with pytest.raises(snn.UnsupportedError, match="bind all outputs within one VkBuffer"):
            snn.vulkan.bind_buffer(sim, "cells.spike_count", piece(other, BATCH * CELLS))
        for inputs in driven(40, currents=False):
            for one in (sim, reference):
                one.set_input("spikes", inputs["spikes"])
            frame(renderer, sim)
            reference.step(3)
            np.testing.assert_array_equal(found, reference["cells.spikes"].ravel())
            np.testing.assert_array_equal(sim["readout.v"], reference["readout.v"])
        np.testing.assert_array_equal(sim["spikes_to_cells.weight[1]"], weights[1])


def test_inputs_of_samples_with_weights_of_their_own_are_bound_one_after_the_other(renderer: Renderer) -> None:
    net = network(40, currents=True)
    inputs, given = renderer.memory(256 + BATCH * CELLS, STORAGE)
    with (
        snn.Simulation(net, device=renderer.host(threading.Lock()), batch_size=BATCH, sample_weights=True) as sim,
        snn.Simulation(net, device="reference", batch_size=BATCH, sample_weights=True) as reference,
    ):
        snn.vulkan.bind_buffer(sim, "spikes.input", piece(inputs, BATCH * 40))
        with pytest.raises(snn.UnsupportedError, match="some inputs are bound to buffers and others are not"):
            sim.step()
        snn.vulkan.bind_buffer(sim, "currents.input", piece(inputs, BATCH * CELLS, 256 * 4))
        for values in driven(40, currents=True):
            given[: BATCH * 40] = values["spikes"].ravel()
            given[256:] = values["currents"].ravel()
            frame(renderer, sim)
            for _ in range(3):
                reference.step(1, values)
            np.testing.assert_array_equal(sim["cells.spikes"], reference["cells.spikes"])
        assert reference.counters.spikes > 50


def test_leaving_the_one_dispatch_is_told_once(renderer: Renderer, caplog: pytest.LogCaptureFixture) -> None:
    """Inputs and outputs may share a VkBuffer; where it is left, a step takes several times as long."""
    size = BATCH * CELLS
    shared, _ = renderer.memory(4096, COPIED)
    other, _ = renderer.memory(size, STORAGE)

    def told(path: str, memory: snn.vulkan.Buffer | None) -> list[str]:
        caplog.clear()
        snn.vulkan.bind_buffer(sim, path, memory)
        return [record.getMessage() for record in caplog.records]

    with (
        caplog.at_level(logging.INFO, "snn"),
        snn.Simulation(network(40, currents=True), device=renderer.host(), batch_size=BATCH) as sim,
    ):
        why = "'spikes.input' was bound: steps are several dispatches from now on, where they were one: "
        assert told("spikes.input", piece(shared, BATCH * 40)) == [
            why + "some inputs are bound to buffers and others are not; bind all of them or none"
        ]
        assert told("currents.input", piece(shared, size, 1024)) == []
        assert told("cells.states", piece(shared, 2 * size, 4096)) == []
        assert told("cells.spikes", piece(shared, size, 8192)) == []
        assert told("cells.spike_count", piece(other, size)) == [
            why.replace("spikes.input", "cells.spike_count")
            + "outputs are bound in several VkBuffers; bind all outputs within one VkBuffer"
        ]
        assert told("readout.states", None) == []
        assert told("cells.spike_count", None) == []
        assert told("currents.input", None)[0].startswith(
            "'currents.input' was let go of: steps are several dispatches"
        )


def test_a_plan_of_a_small_network_is_one_dispatch() -> None:
    with snn.Simulation(network(40, currents=False), device="vulkan:plan") as sim:
        snn.vulkan.bind_buffer(sim, "spikes.input", snn.vulkan.Buffer(1, 0, 160))
        snn.vulkan.bind_buffer(sim, "cells.spikes", snn.vulkan.Buffer(2, 0, CELLS * 4))
        assert len(snn.vulkan.plan(sim).dispatches) == 1
        snn.vulkan.bind_buffer(sim, "cells.spike_count", snn.vulkan.Buffer(3, 0, CELLS * 4))
        assert len(snn.vulkan.plan(sim).dispatches) > 5


@pytest.mark.parametrize("name", ["recurrent_1", "lif_values", "recurrent_3", "several_projections", "one_to_one"])
def test_the_other_way_gives_the_same(name: str) -> None:
    """A dispatch for each kernel, because of a sparse projection beside the rest."""

    def with_another(b: Builder) -> None:
        BY_NAME[name].build(b)
        b.sparse(b.add(SPIKES, 4), b.add(NEURONS, 3, "lif"), trainable=False)

    case = replace(BY_NAME[name], build=with_another)
    difference = simulate(case, Setting("reference")).first_difference(simulate(case, Setting("vulkan")))
    assert not difference, difference


def test_a_small_binding_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of spikes and states in few steps at a time."""
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", "12000")
    case = BY_NAME["recurrent_3"]
    difference = simulate(case, Setting("reference")).first_difference(simulate(case, Setting("vulkan")))
    assert not difference, difference
