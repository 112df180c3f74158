"""The step as data: replayed by another program, it gives the bits of the reference."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn

from .cases import CASES as ALL_CASES
from .cases import NEURONS, Builder, Case
from .running import Result, Setting, open_session, simulate
from .vulkan_plan import VulkanReplay
from .vulkan_renderer import Renderer

# One for each shader, and for the ways that constants and draws may be.
CHOSEN = (
    "size_65",
    "lif_values",
    "per_neuron_parameters",
    "one_to_one",
    "sparse_float_delays",
    "sparse_fixed_delays",
    "several_projections",
    "conv_strided",
    "pool_max",
    "model_driven_lif",
)
ROOT = Path(__file__).parents[2]
CASES = [case for case in ALL_CASES if case.name in CHOSEN]


def replayed(case: Case, start: Callable[[snn.vulkan.Plan], Any]) -> Result:
    """Every state and every spike of every step, as `simulate` has them."""
    builder = Builder(case)
    session = open_session(builder, case, Setting("vulkan:plan"))
    outputs: dict[str, tuple[int, int, int]] = {}  # buffer, offset, size
    hosts: dict[str, int] = {}  # buffers that the program names, by what is bound to them
    for index, (name, model) in enumerate(zip(builder.names, builder.models, strict=True)):
        if builder.kinds[index] != NEURONS:
            hosts[f"{name}.input"] = 100 + index
        elif model["spiking"]:
            hosts[f"{name}.spikes"] = 100 + index
        for path in (path for path, number in hosts.items() if number == 100 + index):
            session.bind_vulkan_buffer(path, 100 + index, 0, 4 * case.batch * builder.sizes[index])
        for state in model["states"] if model else ():
            if state["type"] == "float":
                outputs[f"{name}.{state['name']}"] = session.vulkan_buffer(f"{name}.{state['name']}")[:3]
    plan = snn.vulkan._plan_of(session)
    places = {buffer.host: place for place, buffer in enumerate(plan.buffers) if buffer.host}
    assert sorted(places) == sorted(hosts.values())
    for path, number in hosts.items():
        if path.endswith(".spikes"):
            outputs[path] = places[number], 0, plan.buffers[places[number]].contents.nbytes
    replay = start(plan)
    taken: dict[str, list[np.ndarray]] = {name: [] for name in outputs}
    frames = builder.drive(case)
    for step in range(case.steps):
        for index, _, values in frames:
            replay.write(places[100 + index], values[step])
        replay.step()
        for name, place in outputs.items():
            taken[name].append(replay.read(*place))
    replay.close()
    result = Result()
    for name, values in taken.items():
        size = builder.sizes[builder.names.index(name.split(".")[0])]
        array = np.array(values).reshape(case.steps, case.batch, size)
        result.arrays[name] = array.astype(np.uint8) if name.endswith(".spikes") else array
    return result


def check(case: Case, result: Result) -> None:
    wanted = simulate(case, Setting("reference"))
    assert result.arrays.keys() == wanted.arrays.keys()
    assert result.first_difference(wanted) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_replayed_through_vulkan_gives_the_bits_of_the_reference(renderer: Renderer, case: Case) -> None:
    check(case, replayed(case, partial(VulkanReplay, renderer)))


# Of SPIR-V.
STORE, ACCESS_CHAIN, DECORATE, FIRST_ATOMIC_WRITE, LAST_ATOMIC = 62, 65, 71, 228, 242
SPEC_TRUE, SPEC_FALSE, SPEC_CONSTANT, SPEC_ID, BINDING = 48, 49, 50, 1, 33


def instructions(words: list[int]) -> Iterator[tuple[int, int, list[int]]]:
    """Where each instruction of a module is, its opcode and its operands."""
    at = 5
    while at < len(words):
        length = words[at] >> 16
        yield at, words[at] & 0xFFFF, words[at + 1 : at + length]
        at += length


def used_bindings(shader: snn.vulkan.Shader) -> dict[int, bool]:
    """The bindings that a shader with its constants reads or writes, and whether it writes them."""
    words = np.frombuffer(shader.spirv, np.uint32).tolist()
    number_of = {}
    for at, opcode, operands in instructions(words):
        if opcode == DECORATE and operands[1] == SPEC_ID:
            number_of[operands[0]] = operands[2]
        elif opcode in (SPEC_TRUE, SPEC_FALSE):
            words[at] = 3 << 16 | (SPEC_TRUE if shader.constants[number_of[operands[1]]] else SPEC_FALSE)
        elif opcode == SPEC_CONSTANT:
            words[at + 3] = shader.constants[number_of[operands[1]]]
    command = ["spirv-opt", "--target-env=vulkan1.0", "--freeze-spec-const", "--fold-spec-const-op-composite"]
    command += ["--ccp", "--eliminate-dead-branches", "--eliminate-dead-functions"]
    command += ["--eliminate-dead-code-aggressive", "-", "-o", "-"]
    given = np.array(words, np.uint32).tobytes()
    made = subprocess.run(command, input=given, capture_output=True, check=True).stdout
    binding_of, variable_of, written = {}, {}, set()
    for _, opcode, operands in instructions(np.frombuffer(made, np.uint32).tolist()):
        if opcode == DECORATE and operands[1] == BINDING:
            binding_of[operands[0]] = operands[2]
        elif opcode == ACCESS_CHAIN:
            variable_of[operands[1]] = operands[2]
        elif opcode in (STORE, FIRST_ATOMIC_WRITE):
            written.add(operands[0])
        elif FIRST_ATOMIC_WRITE < opcode <= LAST_ATOMIC:
            written.add(operands[2])
    used: dict[int, bool] = {}
    for pointer, variable in variable_of.items():
        if variable in binding_of:
            used[binding_of[variable]] = used.get(binding_of[variable], False) or pointer in written
    return used


@pytest.mark.skipif(not shutil.which("spirv-opt"), reason="spirv-opt is not installed (spirv-tools)")
def test_a_plan_goes_on_without_two_names_for_one_place() -> None:
    """A driver may assume that two bindings share no memory; where the step's number is read and written they do."""
    case = next(case for case in CASES if case.name == "sparse_fixed_delays")
    plan = snn.vulkan._plan_of(open_session(Builder(case), case, Setting("vulkan:plan")))
    first = plan.dispatches[0]
    assert first.bindings[0] == first.bindings[1]
    assert used_bindings(plan.shaders[first.shader]) == {1: True}
    assert all(0 in used_bindings(shader) for shader in plan.shaders[1:])


@pytest.fixture
def net() -> snn.Network:
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(4))
    net.add("current", snn.Input(6))
    net.add("cells", snn.LIF(6))
    net.connect("spikes", "cells", snn.Dense(weights=np.full((4, 6), 0.3)))
    net.connect("current", "cells", snn.OneToOne(1.0))
    return net


def test_a_plan_begins_where_its_simulation_is(renderer: Renderer, net: snn.Network, tmp_path) -> None:
    """State, a parameter, weights and held inputs of a run elsewhere go into the plan."""
    with snn.Simulation(net) as before, snn.Simulation(net, device="vulkan:plan") as sim:
        before.set_input("current", np.linspace(0, 0.4, 6))
        before["cells.threshold"] = 0.6
        before["spikes_to_cells.weight"] = np.full((4, 6), 0.1)
        for _ in range(5):
            before.step(1, {"spikes": np.ones(4)})
        before.save_state(tmp_path / "state")
        sim.load_state(tmp_path / "state")
        np.testing.assert_array_equal(sim["cells.v"], before["cells.v"])
        place = snn.vulkan.buffer(sim, "cells.v")
        replay = VulkanReplay(renderer, snn.vulkan.plan(sim))
        for _ in range(7):
            replay.step()
            before.step()
            found = replay.read(place.handle, place.offset, place.size)
            np.testing.assert_array_equal(found, before["cells.v"].ravel())
        replay.close()


def _delayed(sources: int, delays: int, batch_size: int) -> tuple[snn.Simulation, snn.Network]:
    """A session for plans of a network in which a spike arrives after each of so many delays."""
    net = snn.Network(dt=1.0)
    net.add("source", snn.SpikeInput(sources))
    net.add("cells", snn.LIF(4))
    random = np.random.Generator(np.random.Philox(6))
    ends = np.repeat(np.arange(sources), delays), random.integers(0, 4, sources * delays)
    arrivals = np.tile(np.arange(delays) + 1, sources)
    net.connect(
        "source",
        "cells",
        snn.Sparse.from_arrays(*ends, random.normal(0.2, 0.3, arrivals.size), delays=arrivals, trainable=False),
    )
    return snn.Simulation(net, device="vulkan:plan", batch_size=batch_size), net


MOST_GROUPS = 65_535  # that every device takes in a direction


def test_many_delays_of_many_samples_are_within_what_every_device_takes(renderer: Renderer) -> None:
    """Spikes are delivered by a workgroup for each 128 delays of samples, which may be more than a direction takes."""
    delays, batch_size = 254, 33_100
    sim, _ = _delayed(1, delays, batch_size)
    with sim:
        dispatches = snn.vulkan.plan(sim).dispatches
    assert all(count <= MOST_GROUPS for dispatch in dispatches for count in dispatch.groups)
    assert delays * batch_size / 128 > MOST_GROUPS
    assert any(dispatch.groups[1] * dispatch.groups[2] * 128 >= delays * batch_size for dispatch in dispatches)

    # The same bits, however the workgroups are laid out, also with some too many.
    delays, batch_size = 30, 43
    frames = np.random.Generator(np.random.Philox(7)).random((40, batch_size, 5)) < 0.4
    sim, net = _delayed(5, delays, batch_size)
    with sim, snn.Simulation(net, device="reference", batch_size=batch_size) as reference:
        snn.vulkan.bind_buffer(sim, "source.input", snn.vulkan.Buffer(1, 0, frames[0].size * 4))
        plan = snn.vulkan.plan(sim)
        membrane = snn.vulkan.buffer(sim, "cells.v")
        expected = []
        for frame in frames:
            reference.step(1, {"source": frame.astype(np.float32)})
            expected.append(reference["cells.v"].ravel())
    source = next(i for i, buffer in enumerate(plan.buffers) if buffer.host == 1)
    assert np.any(expected[-1])
    count = -(-delays * batch_size // 128)
    for y, z in [(count, 1), (4, 3), (1, count), (3, 4)]:
        laid_out = [
            one._replace(groups=(one.groups[0], y, z)) if one.groups[1] == count else one for one in plan.dispatches
        ]
        assert laid_out != plan.dispatches or z == 1
        replay = VulkanReplay(renderer, plan._replace(dispatches=laid_out))
        for frame, wanted in zip(frames, expected, strict=True):
            replay.write(source, frame.astype(np.float32))
            replay.step()
            np.testing.assert_array_equal(replay.read(membrane.handle, membrane.offset, membrane.size), wanted)
        replay.close()


def test_no_binding_exceeds_what_a_shader_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many drivers say 2^32 - 1 bytes, and ranges are rounded up to where the next may begin: 256 bytes here."""
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", "8191")

    def largest(neurons: int) -> int:
        net = snn.Network(dt=1.0)
        net.add("cells", snn.LeakyIntegrator(neurons))
        with snn.Simulation(net, device="vulkan:plan") as sim:
            return max(size for dispatch in snn.vulkan.plan(sim).dispatches for _, _, size in dispatch.bindings)

    assert largest(7936 // 4) == 7936
    with pytest.raises(snn.UnsupportedError, match=r"'cells' would take 8188 bytes; .* reaches 7936"):
        largest(8188 // 4)


def test_what_no_plan_can_be_made_of_is_refused(net: snn.Network) -> None:
    with snn.Simulation(net, device="vulkan:plan") as sim:
        for act in (sim.step, lambda: sim.run(3), lambda: snn.vulkan.record_steps(sim, 1)):
            with pytest.raises(snn.UnsupportedError, match='"vulkan:plan" runs nothing'):
                act()
        sim.set_input("spikes", np.ones(4))
        with pytest.raises(snn.StateError, match="'spikes' was set for one step"):
            snn.vulkan.plan(sim)
        snn.vulkan.bind_buffer(sim, "spikes.input", snn.vulkan.Buffer(5, 0, 16))
        assert [buffer.host for buffer in snn.vulkan.plan(sim).buffers if buffer.host] == [5]
    with (
        snn.Simulation(net) as elsewhere,
        pytest.raises(snn.UnsupportedError, match="not on a Vulkan device"),
    ):
        snn.vulkan.plan(elsewhere)
    with (
        snn.Simulation(net, device="vulkan") as real,
        pytest.raises(snn.UnsupportedError, match='whose device is "vulkan:plan"'),
    ):
        snn.vulkan.plan(real)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_replayed_through_kompute_gives_the_bits_of_the_reference(
    monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    pytest.importorskip("kp", reason="Kompute's package kp is not installed (tools/test does it)", exc_type=ImportError)
    monkeypatch.syspath_prepend(str(ROOT / "samples/kompute_workbench"))
    import replay

    check(case, replayed(case, replay.KomputeReplay))
