"""Values that come back to a host program without waiting: the newest frame that its device has finished."""

from __future__ import annotations

import itertools
import logging

import numpy as np
import pytest

import snn

from .test_vulkan_buffers import STORAGE, piece
from .test_vulkan_small import CELLS, driven, network
from .vulkan_renderer import Renderer, number, vk

PATHS = ["cells.v", "cells.refractory_left", "cells.spikes", "readout.v"]


def recorded(renderer: Renderer, sim: snn.Simulation, number_of_frame: int):
    commands = renderer.commands()
    snn.vulkan.record_steps(sim, number(commands), 3)
    snn.vulkan.record_readback(sim, number(commands), number_of_frame)
    vk.vkEndCommandBuffer(commands)
    return commands


def network_of(small: bool) -> snn.Network:
    """Cells that a single dispatch steps, or, with sparse connections among them, cells that it cannot step."""
    net = network(40, currents=True)
    if not small:
        others = snn.Sparse.fixed_total(50, weight=0.2, delay=2.0, trainable=False)
        net.connect("cells", "cells", others, name="others")
    return net


@pytest.mark.parametrize("small", [True, False], ids=["one dispatch", "a dispatch for each kernel"])
def test_the_newest_finished_frame_is_read(renderer: Renderer, small: bool) -> None:
    net = network_of(small)
    wanted = []
    with (
        snn.Simulation(net, device=renderer.host(), batch_size=2) as sim,
        snn.Simulation(net, device="reference", batch_size=2) as reference,
    ):
        snn.vulkan.set_readback(sim, PATHS, 3)
        commands = []
        for frame, inputs in enumerate(driven(40, currents=True)):
            assert snn.vulkan.read_back(sim, "cells.v", 2**64 - 2) is None or frame > 0
            for one in (sim, reference):
                for name, values in inputs.items():
                    one.set_input(name, values)
            commands.append(recorded(renderer, sim, frame))
            reference.step(3)
            wanted.append({path: reference[path] for path in PATHS})

        def check(finished: int, expected: int) -> None:
            for path in PATHS:
                found = snn.vulkan.read_back(sim, path, finished)
                assert found is not None
                assert found[0] == expected
                assert found[1].dtype == wanted[expected][path].dtype
                np.testing.assert_array_equal(found[1], wanted[expected][path], err_msg=path)

        assert snn.vulkan.read_back(sim, "cells.v", 0) is None  # frame 0 made room for frame 3
        renderer.submit(commands[:2])
        check(1, 1)
        renderer.submit(commands[2:3])
        check(2, 2)
        check(1, 1)  # still kept
        renderer.submit(commands[3:])
        check(100, 3)
        assert wanted[3]["cells.spikes"].any()
        snn.vulkan.set_readback(sim, [], 1)
        with pytest.raises(snn.NotFoundError, match=r"'cells\.v' is not read back"):
            snn.vulkan.read_back(sim, "cells.v", 3)


def test_more_frames_than_a_shader_reaches_are_kept(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are copied; what a binding reaches does not limit them."""
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", "32768")
    with snn.Simulation(network_of(True), device=renderer.host(), batch_size=2) as sim:
        snn.vulkan.set_readback(sim, ["cells.v"], 64)
        assert 64 * sim["cells.v"].nbytes > 32768
        commands = []
        for frame, inputs in enumerate(itertools.islice(itertools.cycle(driven(40, currents=True)), 64)):
            for name, values in inputs.items():
                sim.set_input(name, values)
            commands.append(recorded(renderer, sim, frame))
        renderer.submit(commands)
        found = snn.vulkan.read_back(sim, "cells.v", 63)
        assert found is not None
        assert found[0] == 63
        np.testing.assert_array_equal(found[1], sim["cells.v"])
        assert found[1].any()


def test_memory_of_records_is_not_written_once_it_is_another_s(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that a shader does not reach are refused, and what was there for smaller ones may be used for frames."""
    first = snn.Network(dt=1.0)
    first.add("cells", snn.LIF(1))
    snn.Simulation(first, device=renderer.host()).close()  # the first of a process asks the device what takes more
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", "2560")
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(320))
    net.add("cells", snn.LIF(320))
    net.connect("spikes", "cells", snn.Sparse.from_arrays(np.arange(320), np.arange(320), np.full(320, 0.7)))
    inputs = {"spikes": (np.random.Generator(np.random.Philox(8)).random((200, 320)) < 0.5).astype(np.float32)}
    with snn.Simulation(net, device=renderer.host()) as sim, snn.Simulation(net, device="reference") as reference:
        for one in (sim, reference):
            one.run(200, inputs, record={"cells": ["spikes", "spike_count"]})
        with pytest.raises(snn.UnsupportedError, match="the records of a step would take"):
            sim.run(200, inputs, record={"cells": ["v", "refractory_left", "spike_count"]})
        snn.vulkan.set_readback(sim, ["cells.v"], 2)
        renderer.submit([recorded(renderer, sim, 0)])
        reference.step(3)
        wanted = reference["cells.v"]
        counts = [
            one.run(200, inputs, record={"cells": ["spike_count"]})["cells"]["spike_count"] for one in (sim, reference)
        ]
        np.testing.assert_array_equal(*counts)
        assert counts[0].any()
        found = snn.vulkan.read_back(sim, "cells.v", 0)
        assert found is not None
        np.testing.assert_array_equal(found[1], wanted)


@pytest.mark.parametrize("small", [True, False], ids=["one dispatch", "a dispatch for each kernel"])
def test_spikes_are_counted_from_frame_to_frame(renderer: Renderer, small: bool) -> None:
    """Of all steps of a frame, not of the last only; in frames recorded before the first has run, and in runs between."""
    net = network_of(small)
    wanted = []
    with (
        snn.Simulation(net, device=renderer.host(), batch_size=2) as sim,
        snn.Simulation(net, device="reference", batch_size=2) as reference,
    ):
        snn.vulkan.set_readback(sim, ["cells.spike_count", "cells.v"], 4)
        commands = []
        for frame, inputs in enumerate(driven(40, currents=True)):
            for one in (sim, reference):
                for name, values in inputs.items():
                    one.set_input(name, values)
            commands.append(recorded(renderer, sim, frame))
            count = np.zeros((2, CELLS), np.float32)
            for _ in range(3):
                reference.step()
                count += reference["cells.spikes"]
            wanted.append(count)
        renderer.submit(commands)
        for frame, count in enumerate(wanted):
            found = snn.vulkan.read_back(sim, "cells.spike_count", frame)
            assert found is not None
            assert found[0] == frame
            np.testing.assert_array_equal(found[1], count)
        assert max(count.max() for count in wanted) > 1 or sum(count.sum() for count in wanted) > 50
        for _ in range(2):
            sim.step(2)
            renderer.submit([recorded(renderer, sim, 4 + _)])
            count = np.zeros((2, CELLS), np.float32)
            for _step in range(5):
                reference.step()
                count += reference["cells.spikes"]
            found = snn.vulkan.read_back(sim, "cells.spike_count", 10)
            assert found is not None
            np.testing.assert_array_equal(found[1], count)
        np.testing.assert_array_equal(sim["readout.v"], reference["readout.v"])


def test_a_count_is_in_one_place(renderer: Renderer) -> None:
    buffer, _ = renderer.memory(CELLS, STORAGE)
    with snn.Simulation(network(40, currents=False), device=renderer.host()) as sim:
        snn.vulkan.set_readback(sim, ["cells.spike_count"], 2)
        with pytest.raises(snn.StateError, match=r"'cells\.spike_count' is read back"):
            snn.vulkan.bind_buffer(sim, "cells.spike_count", piece(buffer, CELLS))
        snn.vulkan.set_readback(sim, [], 2)
        snn.vulkan.bind_buffer(sim, "cells.spike_count", piece(buffer, CELLS))
        with pytest.raises(
            snn.StateError, match=r"paths\[0\]: 'cells\.spike_count' is bound to a buffer of the program"
        ):
            snn.vulkan.set_readback(sim, ["cells.spike_count"], 2)
        with pytest.raises(snn.InvalidArgumentError, match="'spikes' is an input, whose spikes are not counted"):
            snn.vulkan.set_readback(sim, ["spikes.spike_count"], 2)
        with pytest.raises(snn.InvalidArgumentError, match="which does not spike"):
            snn.vulkan.set_readback(sim, ["readout.spike_count"], 2)


def test_counts_beside_buffers_of_the_program(renderer: Renderer, caplog: pytest.LogCaptureFixture) -> None:
    """They lie apart from what the program has bound, which one dispatch does not reach: told, or refused where it must."""
    buffer, _ = renderer.memory(2 * CELLS, STORAGE)
    for own_weights in (False, True):
        with (
            caplog.at_level(logging.INFO, "snn"),
            snn.Simulation(
                network(40, currents=False), device=renderer.host(), batch_size=2, sample_weights=own_weights
            ) as sim,
        ):
            snn.vulkan.bind_buffer(sim, "cells.spikes", piece(buffer, 2 * CELLS))
            caplog.clear()
            if own_weights:
                with pytest.raises(snn.UnsupportedError, match="spike counts are read back from memory of the session"):
                    snn.vulkan.set_readback(sim, ["cells.spike_count"], 2)
                sim.step()
            else:
                snn.vulkan.set_readback(sim, ["cells.spike_count"], 2)
                (told,) = [record.getMessage() for record in caplog.records]
                assert told.startswith("spike counts are read back: steps are several dispatches from now on")


def test_what_cannot_be_read_back_is_named(renderer: Renderer) -> None:
    with snn.Simulation(network(40, currents=False), device=renderer.host()) as sim:
        commands = renderer.commands()
        with pytest.raises(snn.StateError, match="nothing is read back"):
            snn.vulkan.record_readback(sim, number(commands), 0)
        for paths, frames, error, sentence in (
            (["cells.threshold"], 2, snn.InvalidArgumentError, r"'cells\.threshold'; states .*spike_count\" are read"),
            (["cells.v", "cells.nothing"], 2, snn.NotFoundError, "no state or parameter 'nothing'"),
            (["cells.v"], 0, snn.InvalidArgumentError, "frame_count is 0; it is 1 to 64"),
            (["cells.v"], 65, snn.InvalidArgumentError, "frame_count is 65"),
            ([7], 2, snn.ArgumentTypeError, "paths contains 7"),
        ):
            with pytest.raises(error, match=sentence):
                snn.vulkan.set_readback(sim, paths, frames)  # type: ignore[arg-type]
        snn.vulkan.set_readback(sim, ["cells.v"], 2)
        snn.vulkan.record_readback(sim, number(commands), 5)
        with pytest.raises(snn.InvalidArgumentError, match="frame is 5; the one before was 5, and frames ascend"):
            snn.vulkan.record_readback(sim, number(commands), 5)
        with pytest.raises(snn.InvalidArgumentError, match=f"'cells.v' has {CELLS} values, count is 3"):
            sim._session.read_back("cells.v", 5, np.zeros(3, np.float32))
        vk.vkEndCommandBuffer(commands)
    with (
        snn.Simulation(network(40, currents=False)) as sim,
        pytest.raises(snn.UnsupportedError, match="not on a Vulkan device"),
    ):
        snn.vulkan.set_readback(sim, ["cells.v"], 2)
