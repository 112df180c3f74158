"""Plastic projections on a GPU: the bits of the reference, for built-in rules and a user's own."""

from __future__ import annotations

import numpy as np
import pytest

import snn
from tests.python.test_signals import changed

from .vulkan_plan import VulkanReplay
from .vulkan_renderer import Renderer

OWN = """
[plasticity]
name = "own"
title = "Of a user"
source = "none"
description = "Traces of both kinds, whole numbers, a delivered part and traces that an arrival sets."

[parameters]
tau = { default = 12.0, unit = "ms", exclusive_minimum = 0, doc = "Of all traces" }
rate = { default = 0.02, doc = "Of learning" }
w_min = { default = -0.5, unit = "i", doc = "Smallest weight" }
w_max = { default = 0.9, unit = "i", doc = "Largest weight" }

[pre_traces]
last = { tau = "tau", keep = "0.0", doc = "The last arrival" }
used = { tau = "tau", doc = "What arrivals have used" }

[post_traces]
spiked = { tau = "tau", doc = "Spikes of the target" }

[weight]
unit = "i"
minimum = "w_min"
maximum = "w_max"

[on_pre]
program = \"\"\"
next.w = w - rate * spiked * (w - w_min)
deliver(w * (1 - used))
next.used = min(used + 0.3, 0.8)
\"\"\"

[on_post]
program = "next.w = w + rate * last * exp(-spiked) * (w_max - w)"
"""

# Every event reads a state of the target.
MEMBRANE = """
[plasticity]
name = "membrane"

[pre_traces]
arrived = { tau = "20[ms]" }

[synapse_traces]
seen = { tau = "50[ms]", doc = "What arrivals have seen" }

[target_states]
potential = { state = "v" }

[weight]
minimum = "-0.1"
maximum = "0.9"

[on_pre]
program = '''
next.w = w - 0.02 * potential
next.seen = seen + potential
'''

[on_post]
program = "next.w = w + 0.02 * arrived * potential"

[on_signal]
program = "next.w = w + 0.1 * signal * (seen - potential)"
"""

RULES = {
    "pairs": snn.PairSTDP(w_max=0.9, amplitude_plus=0.03, amplitude_minus=0.025),
    "pairs, soft, nearest": snn.PairSTDP(w_max=0.9, bounds="soft", pairing="nearest", tau_minus=30.0),
    "triplets": snn.TripletSTDP(w_max=0.9, a3_plus=0.004, a2_minus=0.012),
    "triplets, power": snn.TripletSTDP(
        w_max=0.9, a3_plus=0.03, a2_minus=0.02, bounds="power", mu_plus=0.3, mu_minus=1.4
    ),
    "short-term": snn.TsodyksMarkram(w_max=0.9, tau_facilitation=100.0),
    "own": snn.Plasticity.define(OWN),
    "bistable": snn.BraderFusi(w_max=0.9, threshold_v=0.3, up_low=0.2, up_high=3.0, down_low=0.2, down_high=3.0),
    # These take signals:
    "reward": snn.RewardSTDP(w_max=0.9, learning_rate=0.05, tau_eligibility=200.0),
    "reward, nearest": snn.RewardSTDP(w_max=0.9, learning_rate=0.05, pairing="nearest"),
    "homeostatic": snn.HomeostaticSTDP(w_max=0.9, target_rate=60.0, tau_rate=300.0, scaling=0.004),
    "memory": changed(),  # every event reads and writes traces of the synapse
    "membrane": snn.Plasticity.define(MEMBRANE),
}
TRACES = {
    "reward": ["eligibility", "recent_spikes"],
    "memory": ["memory", "count", "arrived"],
    "membrane": ["seen"],
}  # of some of them
SIGNALLED = {"reward", "reward, nearest", "homeostatic", "memory", "membrane"}
STEPS = 60


def network(rule: snn.Plasticity, *, dt: float = 1.0) -> snn.Network:
    """A plastic projection from sources with delays, one within the population, and a static one beside them."""
    random = np.random.Generator(np.random.Philox(5))
    net = snn.Network(dt=dt, seed=2)
    net.add("force", snn.SpikeInput(90))
    net.add("source", snn.PoissonSource(70, rate=60.0))
    net.add("cells", snn.LIF(90, tau_membrane=5.0))
    net.connect("force", "cells", snn.OneToOne(1.5))
    drawn = {"weight": snn.Uniform(0.05, 0.4), "delay": snn.Uniform(1.0, 9.0)}
    net.connect("source", "cells", snn.Sparse.fixed_probability(0.3, plasticity=rule, **drawn, seed=3), name="p")
    pairs = random.integers(0, 90, (2, 800))  # some twice, some onto themselves
    inner = snn.Sparse.from_arrays(*pairs, random.uniform(0, 0.2, 800), delay_steps=1, plasticity=rule)
    net.connect("cells", "cells", inner, name="q")
    net.connect("source", "cells", snn.Sparse.fixed_total(300, weight=0.05, delay=2.0, trainable=False), name="static")
    return net


def forces(seed: int) -> np.ndarray:
    random = np.random.Generator(np.random.Philox(seed))
    return (random.random((STEPS, 90)) < 0.06).astype(np.float32)


def check_same(sim: snn.Simulation, reference: snn.Simulation, name: str = "") -> None:
    traces = [f"{projection}.{trace}" for trace in TRACES.get(name, []) for projection in "pq"]
    for path in ("cells.v", "cells.spikes", "p.weight", "q.weight", *traces):
        assert np.array_equal(sim[path], reference[path]), path


def send(sim: snn.Simulation, name: str, value: float) -> None:
    """A signal to both plastic projections, where their rule takes any."""
    for projection in "pq" if name in SIGNALLED else "":
        sim.signal(projection, value)


# Bytes that a shader reaches on a device that cuts the synapses of `network` into segments. The traces must fit.
REACHES = {
    "pairs": 12_000,
    "own": 12_000,
    "homeostatic": 12_000,
    "membrane": 12_000,
    "short-term": 13_200,
    "memory": 23_000,
}


@pytest.fixture
def reach(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", str(request.param))


# Short steps, which make delays and traces ten times as long and take long here: one rule with traces of each kind is enough.
@pytest.mark.parametrize(
    ("name", "dt", "reach"),
    [
        *((name, 1.0, None) for name in RULES),
        *((name, 0.1, None) for name in ("triplets, power", "memory", "bistable")),
        *((name, 1.0, reach) for name, reach in REACHES.items()),
    ],
    indirect=["reach"],
)
def test_weights_and_spikes_are_those_of_the_reference(name: str, dt: float, reach: None) -> None:
    net = network(RULES[name], dt=dt)
    with (
        snn.Simulation(net, device="vulkan", seed=1) as sim,
        snn.Simulation(net, device="reference", seed=1) as reference,
    ):
        before = {path: reference[path] for path in ("p.weight", "q.weight")}
        for part, value in zip(np.split(forces(7), 4), (0.5, 1.0, -0.7, 0.0), strict=True):
            for one in (sim, reference):
                send(one, name, value)
                one.run(len(part), {"force": part[:, None]})
                send(one, name, 0.3)  # twice between two steps, from the second part on
            check_same(sim, reference, name)
        assert sim.counters == reference.counters
        changes = name != "short-term"
        for path, weights in before.items():
            assert np.array_equal(weights, reference[path]) != changes
        # Weights that are set count from then on, and a reset keeps weights and forgets traces.
        for one in (sim, reference):
            one["p.weight"] = np.full(one["p.weight"].shape, 0.3, np.float32)
            one.run(10, {"force": forces(8)[:10, None]})
            one.reset()
            send(one, name, 1.0)  # before the first step
            one.run(10, {"force": forces(9)[:10, None]})
        check_same(sim, reference, name)


@pytest.mark.parametrize("to", ["vulkan", "cpu"])
@pytest.mark.parametrize(
    ("name", "reach"),
    [
        *((name, None) for name in ("triplets", "own", "reward", "membrane", "bistable")),
        ("memory", None),
        ("memory", REACHES["memory"]),
    ],
    indirect=["reach"],
)
def test_a_saved_state_goes_on_here_and_there(tmp_path, name: str, to: str, reach: None) -> None:
    """Traces are in it, in both directions between devices."""
    net = network(RULES[name])
    with (
        snn.Simulation(net, device="cpu" if to == "vulkan" else "vulkan", seed=1) as first,
        snn.Simulation(net, device=to) as second,
    ):
        first.run(STEPS, {"force": forces(7)[:, None]})
        send(first, name, 0.4)  # is in the state, at an age of 0
        first.save_state(tmp_path / "state")
        second.load_state(tmp_path / "state")
        for one in (first, second):
            one.run(STEPS, {"force": forces(8)[:, None]})
            send(one, name, 0.7)
        check_same(second, first, name)


@pytest.mark.parametrize("name", ["memory", "membrane"])
def test_a_population_that_is_cut_over_devices_takes_signals(name: str) -> None:
    net = network(RULES[name])
    places = {"cells[0:64]": 0, "cells[64:]": 1, "source": 0}
    with (
        snn.Simulation(net, seed=1) as expected,
        snn.Simulation(net, devices=["cpu", "vulkan"], placement=places, seed=1) as sim,
    ):
        for seed, value in enumerate((0.6, -0.4)):
            for one in (sim, expected):
                one.run(STEPS, {"force": forces(seed)[:, None]})
                send(one, name, value)
        for one in (sim, expected):
            if name == "memory":
                one["p.rate"] = 0.3
            one.run(STEPS, {"force": forces(7)[:, None]})
        check_same(sim, expected, name)


def test_parameters_of_a_rule_change_while_it_runs(tmp_path) -> None:
    """Longer time constants have longer tables, which need more memory; what was learned and the traces stay."""
    net = network(RULES["reward"])
    with (
        snn.Simulation(net, device="vulkan", seed=1) as sim,
        snn.Simulation(net, device="reference", seed=1) as reference,
    ):
        for seed, tau in enumerate([20.0, 900.0, 2.0, 5000.0]):
            for one in (sim, reference):
                one["p.tau_plus"] = tau
                one["q.learning_rate"] = 0.01 * tau
                one.run(STEPS, {"force": forces(seed)[:, None]})
                send(one, "reward", 0.5)
            check_same(sim, reference, "reward")
        sim.save_state(tmp_path / "state")
        with snn.Simulation(net, device="vulkan") as other:
            other.load_state(tmp_path / "state")
            assert other["p.tau_plus"] == 5000.0
            for one in (other, sim):
                one.run(STEPS, {"force": forces(9)[:, None]})
            check_same(other, sim, "reward")


def test_a_parameter_that_changes_often_makes_nothing_anew() -> None:
    """Parameters are values that the shader reads: no shader is compiled, no step is recorded again."""
    net = network(RULES["reward"])
    with snn.Simulation(net, device="vulkan:plan", seed=1) as sim:
        before = snn.vulkan.plan(sim)
        shaders = [bytes(shader.spirv) for shader in before.shaders]
        for value in np.linspace(0.01, 0.2, 50):
            sim["p.learning_rate"] = value
        after = snn.vulkan.plan(sim)
        assert [bytes(shader.spirv) for shader in after.shaders] == shaders
        assert len(after.buffers) == len(before.buffers)


def test_a_signal_needs_a_device() -> None:
    with (
        snn.Simulation(network(RULES["reward"]), device="vulkan:plan") as sim,
        pytest.raises(snn.UnsupportedError, match="runs nothing"),
    ):
        sim.signal("p", 1.0)


@pytest.mark.parametrize("name", ["pairs", "bistable"])
def test_a_plan_learns(renderer: Renderer, name: str) -> None:
    net = network(RULES[name])
    with (
        snn.Simulation(net, device="vulkan:plan", seed=1) as sim,
        snn.Simulation(net, device="reference", seed=1) as reference,
    ):
        snn.vulkan.bind_buffer(sim, "force.input", snn.vulkan.Buffer(1, 0, 90 * 4))
        plan = snn.vulkan.plan(sim)
        place = next(i for i, buffer in enumerate(plan.buffers) if buffer.host == 1)
        membrane = snn.vulkan.buffer(sim, "cells.v")
        replay = VulkanReplay(renderer, plan)
        for force in forces(7):
            replay.write(place, force)
            replay.step()
            reference.step(1, {"force": force})
        found = replay.read(membrane.handle, membrane.offset, membrane.size)
        np.testing.assert_array_equal(found, reference["cells.v"].ravel())
        replay.close()


def test_synapses_beyond_a_binding_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    def kernels(name: str) -> int:
        with snn.Simulation(network(RULES[name]), device="vulkan:plan") as sim:
            return len(snn.vulkan.plan(sim).dispatches)

    whole = {name: kernels(name) for name in REACHES}
    for name, reach in REACHES.items():
        monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", str(reach))
        assert kernels(name) > whole[name], name


def test_a_row_that_a_shader_cannot_reach_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    net = snn.Network()
    net.add("source", snn.SpikeInput(3))
    net.add("cells", snn.LIF(10_000))
    net.connect("source", "cells", snn.Sparse.fixed_probability(1.0, weight=0.1, plasticity=RULES["pairs"]), name="p")
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", "110000")
    with pytest.raises(
        snn.UnsupportedError, match=r"projection 'p' has a neuron with more synapses than fit into the 1"
    ):
        snn.Simulation(net, device="vulkan")
