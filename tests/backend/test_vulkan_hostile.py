"""Host programs whose device fails: functions that are not there, a device that is lost in the middle of a run."""

from __future__ import annotations

import ctypes
import re
from ctypes import c_void_p
from pathlib import Path

import numpy as np
import pytest

import snn

from .vulkan_meddler import (
    DEVICE_LOST,
    INVALID_SHADER,
    NEWER_ERROR,
    NO_MEMORY,
    OUT_OF_DEVICE_MEMORY,
    AnyFunction,
    Meddler,
    driven,
    failing,
)
from .vulkan_renderer import Renderer, number, vk


@pytest.fixture(autouse=True)
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Memory that the host does not see: all that it reads and writes is then a call that can fail."""
    place: str = getattr(request, "param", "hidden")
    monkeypatch.setenv("SNN_VULKAN_MEMORY", place)
    return place


IN_PLACE_TOO = pytest.mark.parametrize("memory", ["hidden", ""], indirect=True, ids=["hidden", "seen"])


@pytest.fixture
def net() -> snn.Network:
    net = snn.Network(dt=1.0)
    net.add("current", snn.Input(50))
    net.add("cells", snn.LIF(50))
    net.connect("current", "cells", snn.OneToOne(0.1))
    net.connect("cells", "cells", snn.Sparse.fixed_total(400, weight=0.1, delay=2.0, trainable=False))
    return net


@pytest.mark.parametrize("name", ["vkGetPhysicalDeviceMemoryProperties", "vkCmdDispatch", "vkQueueSubmit"])
def test_a_function_that_is_missing_is_named(renderer: Renderer, net: snn.Network, name: str) -> None:
    meddler = Meddler(renderer, missing=(name.encode(),))
    with pytest.raises(snn.InvalidArgumentError, match=f"does not know {name}"):
        snn.Simulation(net, device=meddler.host())


@pytest.mark.parametrize(
    ("error", "words"), [(INVALID_SHADER, r"VK_ERROR_INVALID_SHADER_NV \(-1000012000\)"), (NEWER_ERROR, "-1000999000")]
)
def test_a_shader_that_is_refused_is_named(renderer: Renderer, net: snn.Network, error: int, words: str) -> None:
    meddler = Meddler(renderer)
    compile_shader = meddler.spoil("vkCreateComputePipelines")
    compile_shader.error = error
    said = []
    for call in range(1, 40):
        compile_shader.fails_at = call
        try:
            snn.Simulation(net, device=meddler.host()).close()
        except snn.UnsupportedError as refusal:
            said.append(str(refusal))
            continue
        break
    sentence = re.compile(
        rf"the Vulkan device '(.+)' could not compile the shader '(.+)': its driver said {words}; another version of "
        r'the driver, another device \(snn devices\) or device "cpu" may do'
    )
    named = [match.groups() for match in map(sentence.fullmatch, said) if match]
    assert len(named) == len(said)
    assert {device for device, _ in named} == {vk.vkGetPhysicalDeviceProperties(renderer.physical).deviceName}
    assert {"neuron_step of lif", "deliver_spikes"} <= {shader for _, shader in named}


def test_a_device_that_is_lost_ends_the_run_with_a_sentence_and_another_goes_on(
    renderer: Renderer, net: snn.Network, tmp_path
) -> None:
    meddler = Meddler(renderer)
    current = np.linspace(0, 3, 50)
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net) as expected:
        for one in (sim, expected):
            one.set_input("current", current)
            one.step(20)
        sim.save_state(tmp_path / "state")
        commands = renderer.commands()
        meddler.refusal, before = DEVICE_LOST, meddler.submissions
        attempts = [
            lambda: sim.step(5),
            lambda: snn.vulkan.submit_steps(sim, 5),
            lambda: snn.vulkan.record_steps(sim, number(commands), 1),
            lambda: sim.run(5, record={"cells": "v"}),
            lambda: sim["cells.v"],
            lambda: sim.save_state(tmp_path / "state"),
        ]
        # The driver says it once. It stays true, so nothing more is given to it.
        for attempt in attempts:
            with pytest.raises(snn.DeviceLostError, match="it was lost"):
                attempt()
            assert meddler.submissions == before + 1
            assert sim.step_count == 20
        vk.vkEndCommandBuffer(commands)
        meddler.refusal = DEVICE_LOST
        with pytest.raises(snn.DeviceLostError):
            snn.Simulation(net, device=meddler.host())
        with snn.Simulation(net, device="cpu") as other:
            other.load_state(tmp_path / "state")  # the failed save has left the file as it was
            for one in (other, expected):
                one.step(20)
            np.testing.assert_array_equal(other["cells.v"], expected["cells.v"])
            assert other.counters.spikes > 0


def test_a_device_that_is_lost_while_it_is_waited_for_stays_lost(renderer: Renderer, net: snn.Network) -> None:
    """Some of the steps have been, but what is told is the loss: a reset would not help."""
    meddler = Meddler(renderer)
    wait = meddler.spoil("vkWaitForFences")
    wait.error = DEVICE_LOST
    with snn.Simulation(net, device=meddler.host()) as sim:
        sim.step(20)
        wait.fails_at = 1
        for attempt in (sim.step, lambda: sim["cells.v"], sim.reset, lambda: snn.vulkan.submit_steps(sim, 1)):
            with pytest.raises(snn.DeviceLostError, match="it was lost"):
                attempt()


@pytest.mark.parametrize("small", [True, False], ids=["one-dispatch", "dispatches"])
@pytest.mark.parametrize("count", [1, 5])
def test_a_submission_that_was_refused_has_not_happened(renderer: Renderer, small: bool, count: int) -> None:
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(50))
    net.add("cells", snn.LIF(50))
    net.connect("spikes", "cells", snn.Dense(weights=np.full((50, 50), 0.02)))
    if not small:
        net.connect("cells", "cells", snn.Sparse.fixed_total(400, weight=0.1, delay=2.0, trainable=False))
    meddler = Meddler(renderer)
    spikes = (np.arange(50) % 3 > 0).astype(np.float32)
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as expected:
        for one in (sim, expected):
            one.step(20, {"spikes": spikes})
            one.set_input("spikes", spikes)
        meddler.refusal = OUT_OF_DEVICE_MEMORY
        with pytest.raises(snn.OutOfMemoryError, match="could not take work"):
            snn.vulkan.submit_steps(sim, count)
        assert sim.step_count == 20
        snn.vulkan.submit_steps(sim, count)  # with the spikes that were set
        expected.step(count)
        for one in (sim, expected):
            one.step(4)
        assert sim.step_count == expected.step_count
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
        assert sim.counters == expected.counters
        assert sim["cells.v"].any()


RECORDED = {"cells": ["v", "spikes", "spike_count"]}


@pytest.mark.parametrize("name", ["vkBeginCommandBuffer", "vkEndCommandBuffer", "vkAllocateDescriptorSets"])
def test_a_run_that_could_not_be_recorded_is_recorded_by_the_next(
    renderer: Renderer, net: snn.Network, name: str
) -> None:
    failures = 0
    for call in range(1, 40):
        with failing(renderer, net, name, call) as (sim, expected, function):
            try:
                found = sim.run(20, record=RECORDED)
            except snn.OutOfMemoryError:
                failures += 1
                assert sim.step_count == 20
                found = sim.run(20, record=RECORDED)
            wanted = expected.run(20, record=RECORDED)
            for what in RECORDED["cells"]:
                np.testing.assert_array_equal(found["cells"][what], wanted["cells"][what], f"call {call}: {what}")
            if function.fails_at > 0:
                break
    assert failures > 1


@IN_PLACE_TOO
@pytest.mark.parametrize("name", ["vkQueueSubmit", "vkEndCommandBuffer", "vkCreateComputePipelines"])
def test_parameters_that_could_not_be_set_are_as_before(
    renderer: Renderer, net: snn.Network, name: str, memory: str
) -> None:
    """From one value to one for each neuron: more memory for them, another shader, other commands."""
    failures = 0
    for call in range(1, 20):
        with failing(renderer, net, name, call) as (sim, expected, function):
            try:
                sim["cells.tau_membrane"] = np.linspace(5, 20, 50)
            except snn.OutOfMemoryError:
                failures += 1
            if has_not_failed := function.fails_at > 0:
                break
            assert (sim["cells.tau_membrane"] == expected["cells.tau_membrane"]).all()
            for values in (None, np.linspace(5, 20, 50)):
                for one in (sim, expected):
                    if values is not None:
                        one["cells.tau_membrane"] = values
                    one.step(5)
                np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"], f"call {call}")
    assert failures > 0 or (name == "vkQueueSubmit" and memory == "")  # in place nothing is submitted
    assert has_not_failed


def test_parameters_that_are_half_set_stop_the_session(renderer: Renderer, net: snn.Network) -> None:
    """The device takes neither the new ones nor, again, the old ones."""
    meddler = Meddler(renderer)
    submit = meddler.spoil("vkQueueSubmit")
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as expected:
        driven((sim, expected))
        submit.real, real = AnyFunction(ctypes.cast(NO_MEMORY, c_void_p).value), submit.real
        with pytest.raises(snn.OutOfMemoryError):
            sim["cells.tau_membrane"] = np.linspace(5, 20, 50)
        submit.real = real
        with pytest.raises(snn.StateError, match="left parameters of population 'cells' unset or half changed"):
            sim.step()
        for one in (sim, expected):
            one["cells.tau_membrane"] = np.linspace(6, 21, 50)
            one.step(5)
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])


@pytest.mark.parametrize("mend", ["reset", "load_state"])
def test_a_run_that_ended_early_is_not_gone_on_from(
    renderer: Renderer, net: snn.Network, tmp_path: Path, mend: str
) -> None:
    """A call of 600 steps in C is three submissions; the device refuses the second."""
    meddler = Meddler(renderer)
    submit = meddler.spoil("vkQueueSubmit")
    with (
        snn.Simulation(net, device=meddler.host(), max_catch_up=1.0) as sim,
        snn.Simulation(net, device="reference") as expected,
    ):
        driven((sim, expected))
        sim.save_state(tmp_path / "state")
        submit.fails_at = 2
        with pytest.raises(snn.OutOfMemoryError):
            sim._session.run_step(0.6)
        assert sim.step_count == 20
        attempts = [
            lambda: sim.step(),
            lambda: snn.vulkan.submit_steps(sim, 1),
            lambda: sim["cells.v"],
            lambda: sim.save_state(tmp_path / "none"),
        ]
        for attempt in attempts:
            with pytest.raises(snn.StateError, match="reset the session or load a state"):
                attempt()
        if mend == "load_state":
            sim.load_state(tmp_path / "state")
        else:
            for one in (sim, expected):
                one.reset()
        for one in (sim, expected):
            one.step(600)
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
        assert sim.step_count == expected.step_count


@pytest.mark.parametrize("change", ["reset_samples", "load_state"])
def test_a_change_of_the_state_that_ended_early_is_not_gone_on_from(
    renderer: Renderer, net: snn.Network, tmp_path: Path, change: str
) -> None:
    """Refused when nothing had changed yet, it leaves the session as it was."""
    outcomes = []
    for call in range(1, 40):
        meddler = Meddler(renderer)
        submit = meddler.spoil("vkQueueSubmit")
        with (
            snn.Simulation(net, device=meddler.host(), batch_size=2) as sim,
            snn.Simulation(net, device="reference", batch_size=2) as expected,
        ):
            driven((sim, expected))
            expected.save_state(tmp_path / "state")
            for one in (sim, expected):
                one["cells.tau_membrane"] = np.linspace(5, 20, 50)
                one.step(3)

            def changed(one: snn.Simulation) -> None:
                if change == "load_state":
                    one.load_state(tmp_path / "state")
                else:
                    one.reset(samples=[1])

            submit.fails_at = call
            try:
                changed(sim)
            except snn.OutOfMemoryError:
                try:
                    sim.step(10)
                except snn.StateError:
                    outcomes.append("refused")
                    sim.load_state(tmp_path / "state")
                    expected.load_state(tmp_path / "state")
                    sim.step(10)
                else:
                    outcomes.append("as before")
            else:
                submit.fails_at = 0
                outcomes.append("done")
                changed(expected)
                sim.step(10)
            expected.step(10)
            np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"], f"call {call}")
            assert sim.step_count == expected.step_count
            if outcomes[-1] == "done":
                break
    assert outcomes[-1] == "done"
    assert outcomes.count("refused") > 3
    assert ("as before" in outcomes) == (change == "reset_samples")  # which reads first


def test_weights_that_are_half_set_stop_the_session(renderer: Renderer, net: snn.Network) -> None:
    net.connect("current", "cells", snn.Dense(bias=np.full(50, 0.01)), name="dense")
    net.connect("cells", "cells", snn.Sparse.fixed_total(300, weight=0.1, delay=1.0), name="trained")
    meddler = Meddler(renderer)
    submit = meddler.spoil("vkQueueSubmit")
    refusing = AnyFunction(ctypes.cast(NO_MEMORY, c_void_p).value)
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as expected:
        driven((sim, expected))
        for path, what in (("dense.weight", "weights"), ("dense.bias", "biases"), ("trained.weight", "weights"),
                           ("cells_to_cells.weight", "weights")):  # fmt: skip
            before = sim[path]
            submit.real, real = refusing, submit.real
            with pytest.raises(snn.OutOfMemoryError):
                sim[path] = before * np.float32(0.5)
            submit.real = real
            np.testing.assert_array_equal(sim[path], before)
            with pytest.raises(
                snn.StateError, match=f"left {what} of projection '{path.split('.')[0]}' unset or half changed"
            ):
                sim.step()
            for one in (sim, expected):
                one[path] = before * np.float32(0.5)
                one.step(5)
            np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"], path)


def test_a_rule_that_is_half_set_takes_no_signal(renderer: Renderer) -> None:
    net = snn.Network(dt=1.0, seed=4)
    net.add("current", snn.Input(50))
    net.add("cells", snn.LIF(50))
    net.connect("current", "cells", snn.OneToOne(0.1))
    learns = snn.Sparse.fixed_total(400, weight=0.1, delay=2.0, plasticity=snn.RewardSTDP(w_max=0.5))
    net.connect("cells", "cells", learns, name="learned")
    meddler = Meddler(renderer)
    submit = meddler.spoil("vkQueueSubmit")
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as expected:
        driven((sim, expected))
        submit.real, real = AnyFunction(ctypes.cast(NO_MEMORY, c_void_p).value), submit.real
        with pytest.raises(snn.OutOfMemoryError):
            sim["learned.tau_plus"] = 11.0
        submit.real = real
        for attempt in (lambda: sim.signal("learned", 1.0), sim.step):
            with pytest.raises(snn.StateError, match="left parameters of projection 'learned' unset or half changed"):
                attempt()
        for one in (sim, expected):
            one["learned.tau_plus"] = 12.0
            one.signal("learned", 1.0)
            one.step(20)
        np.testing.assert_array_equal(sim["learned.weight"], expected["learned.weight"])
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])


@IN_PLACE_TOO
def test_memory_of_what_was_refused_is_used_again(renderer: Renderer, memory: str) -> None:
    """Parameters of 100,000 neurons and a longer table of a rule, which take more memory than those before."""
    size = 100_000
    net = snn.Network(dt=1.0)
    net.add("current", snn.Input(size))
    net.add("cells", snn.LIF(size))
    net.add("learner", snn.LIF(size))
    net.connect("current", "cells", snn.OneToOne(0.1))
    net.connect("cells", "learner", snn.Sparse.one_to_one(weight=0.1, plasticity=snn.PairSTDP()), name="learned")
    meddler = Meddler(renderer)
    refused = meddler.spoil("vkQueueSubmit" if memory == "hidden" else "vkEndCommandBuffer")
    allocate = meddler.spoil("vkAllocateMemory")
    with snn.Simulation(net, device=meddler.host()) as sim:
        changes = [("cells.tau_membrane", np.linspace(5, 20, size)), ("learned.tau_plus", 5000.0)]
        for path, value in (
            changes if memory == "hidden" else changes[:1]
        ):  # in place the table is there when that fails
            allocated = []
            for _ in range(12):
                refused.fails_at, allocate.fails_at = 1, 0
                with pytest.raises(snn.OutOfMemoryError):
                    sim[path] = value
                allocated.append(-allocate.fails_at)
            assert sum(allocated[1:]) == 0, allocated
            sim[path] = value
        sim.step(2)


# ---- Work that the device has taken, and whose end cannot be waited for: it runs all the same


@IN_PLACE_TOO
def test_a_run_that_could_not_be_waited_for_is_done_before_anything_else(
    renderer: Renderer, net: snn.Network, tmp_path: Path, memory: str
) -> None:
    meddler = Meddler(renderer)
    wait = meddler.spoil("vkWaitForFences")
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as expected:
        driven((sim, expected))
        sim.save_state(tmp_path / "state")
        if memory == "hidden":
            wait.fails_at = 1
            with pytest.raises(snn.OutOfMemoryError, match="could not finish its work"):
                sim["cells.v"] = np.linspace(0, 0.9, 50)
            with pytest.raises(snn.StateError, match=r"a write.* reset the session or load a state"):
                sim.step()  # from how much of it, nobody knows
        else:  # what waits is the write, which has not begun
            snn.vulkan.submit_steps(sim, 3)
            wait.fails_at = 1
            with pytest.raises(snn.OutOfMemoryError, match="could not finish its work"):
                sim["cells.v"] = np.linspace(0, 0.9, 50)
            sim.step()
        sim.load_state(tmp_path / "state")
        for one in (sim, expected):
            one["cells.v"] = np.linspace(0, 0.9, 50)
        sim.save_state(tmp_path / "state")
        wait.fails_at = 1
        with pytest.raises(snn.OutOfMemoryError, match="could not finish its work"):
            sim.run(5, record=RECORDED)
        with pytest.raises(snn.StateError, match="reset the session or load a state"):
            sim.run(5, record=RECORDED)  # some of those steps have been
        sim.load_state(tmp_path / "state")
        found, wanted = (one.run(20, record=RECORDED) for one in (sim, expected))
        for what in RECORDED["cells"]:
            np.testing.assert_array_equal(found["cells"][what], wanted["cells"][what])
        snn.vulkan.submit_steps(sim, 5)
        wait.fails_at = 1
        with pytest.raises(snn.OutOfMemoryError, match="could not finish its work"):
            sim.step()
        for one in (sim, expected):
            one.step(6 if one is expected else 1)
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])


def test_a_session_ends_after_what_it_could_not_wait_for(renderer: Renderer, net: snn.Network) -> None:
    """`renderer` tells of objects that are destroyed while they are in use."""
    meddler = Meddler(renderer)
    wait = meddler.spoil("vkWaitForFences")
    with snn.Simulation(net, device=meddler.host()) as sim:
        wait.fails_at = 1
        with pytest.raises(snn.OutOfMemoryError):
            sim.step(100)
    for call in range(1, 100):
        wait.fails_at = call
        try:
            snn.Simulation(net, device=meddler.host()).close()
        except snn.OutOfMemoryError:
            continue
        break
    assert call > 3
