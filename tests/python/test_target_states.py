"""Plasticity that reads states of its target: against rules by hand, what a state is at which moment, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import snn
from snn.engine.errors import FormatError, InvalidArgumentError
from tests.oracle import voltage

DT = 0.5
STEPS = 700
RULES = Path(snn.__file__).parent / "models" / "plasticity"

# A neuron that keeps its membrane low-pass filtered twice; spikes are forced from outside.
FILTERED = snn.NeuronModel("""
[model]
name = "filtered"

[parameters]
tau_minus = { default = 10.0, unit = "ms", exclusive_minimum = 0, doc = "Of u_minus" }
tau_plus = { default = 7.0, unit = "ms", exclusive_minimum = 0, doc = "Of u_plus" }

[states]
v = { doc = "Membrane" }
u_minus = { doc = "Membrane, low-pass filtered" }
u_plus = { doc = "Membrane, low-pass filtered with another time constant" }

[receptors]
current = { doc = "Input of this step" }

[derived]
keep_minus = "exp(-dt / tau_minus)"
keep_plus = "exp(-dt / tau_plus)"

[step]
program = '''
membrane = 0.9 * v + current
fired = spike(membrane - 1000.0)
emit(fired)
next.v = select(fired > 0, 0, membrane)
next.u_minus = keep_minus * u_minus + (1 - keep_minus) * v
next.u_plus = keep_plus * u_plus + (1 - keep_plus) * v
'''
""")

CLOPATH = """
[plasticity]
name = "clopath"
title = "Voltage-based STDP for neurons whose membrane passes theta_plus in spikes alone"

[parameters]
amplitude_minus = { default = 0.01, doc = "A_LTD" }
amplitude_plus = { default = 0.02, doc = "A_LTP, times what a spike is above theta_plus and how long" }
theta_minus = { default = 0.3, doc = "Threshold of both filtered membranes" }
tau_x = { default = 15.0, unit = "ms", exclusive_minimum = 0, doc = "Of the trace of arrivals" }
w_max = { default = 1.0, doc = "Largest weight" }

[pre_traces]
x = { tau = "tau_x", doc = "Arrivals" }

[target_states]
below = { state = "u_minus", doc = "Filtered membrane" }
u_plus = { doc = "The other one" }

[weight]
minimum = "0"
maximum = "w_max"

[on_pre]
program = "next.w = w - amplitude_minus * max(below - theta_minus, 0)"

[on_post]
program = "next.w = w + amplitude_plus * x * max(u_plus - theta_minus, 0)"
"""

STATELESS = {
    "model": {"name": "gate"},
    "receptors": {"current": {}},
    "step": {"program": "emit(spike(current - 1))"},
}

# Every event reads a state, and traces of the synapse go with them; a signal writes down what it saw.
SEEN = """
[plasticity]
name = "seen"

[synapse_traces]
kept = { tau = "1000[ms]", doc = "What was seen last" }

[target_states]
v = { doc = "Membrane" }

[weight]
minimum = "-1000"
maximum = "1000"

[on_pre]
program = '''
next.w = v
next.kept = kept + 0.01 * v
'''

[on_post]
program = "next.kept = kept - v"

[on_signal]
program = "next.w = 2 * v + signal"
"""


def trains(steps=STEPS, sources=7, targets=18, seed=3):
    """Spikes of sources and targets, and what drives the membranes: [step][neuron]."""
    random = np.random.default_rng(seed)
    spikes = random.random((steps, sources)) < 0.06, random.random((steps, targets)) < 0.05
    return *spikes, random.normal(0.4, 0.6, (steps, targets)).astype(np.float32)


def network(rule, sources, targets, neurons=None, *, synapses=None, delay=0):
    """Sources onto targets by `rule`; "force" makes targets spike, "drive" moves their membranes."""
    net = snn.Network(dt=DT)
    net.add("source", snn.SpikeInput(sources))
    net.add("force", snn.SpikeInput(targets))
    net.add("drive", snn.Input(targets))
    if neurons is None:
        neurons = snn.LIF(targets, tau_membrane=5.0, threshold=1e3, reset="value")
    net.add("target", neurons)
    net.connect("force", "target", snn.OneToOne(1.5e3))
    net.connect("drive", "target", snn.OneToOne(1.0))
    if synapses is None:
        pairs, delays = np.indices((sources, targets)).reshape(2, -1), None
        weights = np.random.default_rng(9).random(sources * targets).astype(np.float32)
    else:
        pairs, delays, weights = synapses
    connection = snn.Sparse.from_arrays(*pairs, weights, delays, delay_steps=delay, plasticity=rule)
    net.connect("source", "target", connection, name="p")
    return net


def scattered(sources=7, targets=18, count=90):
    """Synapses with delays of their own, in canonical order, and their weights."""
    random = np.random.default_rng(4)
    pairs = np.stack([random.integers(0, sources, count), random.integers(0, targets, count)])
    delays, weights = random.integers(0, 6, count), random.random(count).astype(np.float32)
    order = np.lexsort((pairs[1], delays, pairs[0]))
    return pairs[:, order], delays[order], weights[order]


def run(sim, inputs, begin=0, end=STEPS, record=("v",)):
    """States of the targets after each step, [step][target]; the targets have spiked as they were told."""
    spikes, forced, drive = (frames[begin:end].astype(np.float32) for frames in inputs)
    recording = sim.run(
        end - begin, {"source": spikes, "force": forced, "drive": drive}, {"target": [*record, "spikes"]}
    )["target"]
    assert np.array_equal(recording["spikes"][:, 0], inputs[1][begin:end])
    return [recording[name][:, 0] for name in record]


def before(states):
    """What events of each step see of states that were recorded after each step, and were 0 at first."""
    return np.concatenate([np.zeros((1, states.shape[1])), states[:-1]]).astype(float)


def arrivals(spikes, delay):
    shifted = np.zeros_like(spikes)
    shifted[delay:] = spikes[: len(spikes) - delay]
    return shifted


BISTABLE = {"up_low": 2.5, "up_high": 9.0, "down_low": 1.5, "down_high": 9.0, "threshold_v": 4.0}


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize(
    "values",
    [
        BISTABLE,
        BISTABLE
        | {"efficacy": "weight", "w_min": -0.5, "w_max": 2.0, "border": 0.3, "drift_up": 9.0, "drift_down": 0.7},
        BISTABLE | {"drift_up": 0.0, "step_down": 0.03},
        BISTABLE | {"drift_up": 0.0, "drift_down": 0.0, "step_up": 0.02},
    ],
)
def test_bistable_synapses_are_those_of_the_paper(values, device):
    inputs, synapses, delay = trains(), scattered(), 2
    rule = snn.BraderFusi(**values)
    with snn.Simulation(network(rule, 7, 18, synapses=synapses, delay=delay), device=device) as sim:
        (v,) = run(sim, inputs)
        got = sim.get("p.weight")
    pairs, delays, weights = synapses
    expected = [
        voltage.brader_fusi(
            arrivals(inputs[0][:, i], delay + d), inputs[1][:, j], before(v)[:, j], DT, float(w), rule.parameters
        )[0][-1]
        for i, j, d, w in zip(*pairs, delays, weights, strict=True)
    ]
    low, high = rule.parameters["w_min"], rule.parameters["w_max"]
    inside = np.mean((got > low) & (got < high))
    assert inside > 0.1, "some weights must be on their way"
    assert np.mean(got >= high) < 0.9
    # A few dozen changes, each rounded to 2**-24 of a number up to 2.
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("period", [10, 20, 36, 44, 58, 80])
def test_a_regular_train_potentiates_where_its_steps_outrun_the_drift(period):
    # Every arrival sees a membrane above the threshold: X_n = n a - (n - 1) beta T, until it passes theta_X or, where
    # a <= beta T, for ever at or below a. The border lies at a rate of beta / a = 35 Hz, a period of 28.6 ms.
    a, drift = 0.1, 3.5 * period * DT / 1000.0
    rule = snn.BraderFusi(up_low=-1.0, up_high=1e6, threshold_v=-1.0)
    net = network(rule, 1, 1, synapses=(np.zeros((2, 1), int), np.zeros(1, int), np.zeros(1)))
    count = 60
    spikes = np.zeros((period * count, 1), bool)
    spikes[::period] = True
    nothing = np.zeros_like(spikes)
    expected, x = [], 0.0
    for n in range(count):
        x = x if n == 0 else min(x + drift, 1.0) if x > 0.5 else max(x - drift, 0.0)
        x = min(x + a, 1.0)
        expected.append(x)
    got = []
    with snn.Simulation(net) as sim:
        for n in range(count):
            run(sim, (spikes, nothing, nothing), n * period, (n + 1) * period)
            got.append(float(sim.get("p.weight")[0]))
    np.testing.assert_allclose(got, expected, atol=2e-6)
    potentiates = a > drift
    assert (got[-1] == 1.0) == potentiates
    if potentiates:  # in closed form: the first n with n a - (n - 1) drift > 1/2
        first = int(np.floor((0.5 - drift) / (a - drift))) + 1
        assert np.flatnonzero(np.array(got) > 0.5)[0] == first - 1


@pytest.mark.parametrize("efficacy", ["two_levels", "weight"])
def test_what_is_delivered_is_one_of_two_levels_or_the_weight(efficacy):
    inputs = trains(sources=1, targets=12)
    # Membranes that forget within a step: without a spike, v is what arrives and the drive.
    neurons = snn.LIF(12, tau_membrane=0.01, threshold=1e3, reset="value")
    values = BISTABLE | {"threshold_v": 0.4, "w_min": 0.25, "w_max": 0.75, "efficacy": efficacy}
    rule = snn.BraderFusi(**values)
    weights = np.random.default_rng(9).uniform(0.25, 0.75, 12)
    pairs = np.stack([np.zeros(12, int), np.arange(12)])
    with snn.Simulation(network(rule, 1, 12, neurons, synapses=(pairs, None, weights))) as sim:
        (v,) = run(sim, inputs)
    arrive = np.flatnonzero(inputs[0][:, 0])
    levels = set()
    for j in range(12):
        both = voltage.brader_fusi(inputs[0][:, 0], inputs[1][:, j], before(v)[:, j], DT, weights[j], rule.parameters)
        expected = np.array(both[0 if efficacy == "weight" else 1])
        quiet = ~inputs[1][arrive, j]
        np.testing.assert_allclose((v[arrive, j] - inputs[2][arrive, j])[quiet], expected[quiet], atol=1e-5)
        levels |= set(expected[quiet].round(6))
    assert len(levels) > 5 if efficacy == "weight" else levels == {0.25, 0.75}


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_a_users_rule_and_neuron_do_what_clopath_says(device):
    inputs, synapses = trains(), scattered()
    rule = snn.Plasticity.define(CLOPATH)
    with snn.Simulation(network(rule, 7, 18, FILTERED(18), synapses=synapses), device=device) as sim:
        states = run(sim, inputs, record=("u_minus", "u_plus"))
        got = sim.get("p.weight")
    u_minus, u_plus = (before(values) for values in states)
    pairs, delays, weights = synapses
    expected = [
        voltage.clopath(
            arrivals(inputs[0][:, i], d), inputs[1][:, j], u_minus[:, j], u_plus[:, j], DT, float(w), rule.parameters
        )
        for i, j, d, w in zip(*pairs, delays, weights, strict=True)
    ]
    assert np.median(np.abs(got - weights)) > 0.03
    assert np.mean((got > 0) & (got < 1)) > 0.2
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_events_see_the_state_before_their_step(device):
    spikes, forced, drive = (np.zeros((8, n), bool) for n in (1, 1, 1))
    drive = np.array([[1.0], [2.0], [4.0], [8.0], [16.0], [32.0], [64.0], [128.0]], np.float32)
    spikes[[0, 3]] = True
    forced[5] = True
    neurons = snn.LIF(1, tau_membrane=0.01, threshold=1e3, reset="value")  # its membrane is the input of the step
    net = network(snn.Plasticity.define(SEEN), 1, 1, neurons, synapses=(np.zeros((2, 1), int), None, np.zeros(1)))
    with snn.Simulation(net, device=device) as sim:
        run(sim, (spikes, forced, drive), 0, 1)
        assert sim.get("p.weight")[0] == 0.0, "the initial state"
        run(sim, (spikes, forced, drive), 1, 4)
        assert sim.get("p.weight")[0] == 4.0, "of step 2, for an arrival in step 3"
        kept = sim.get("p.kept")[0]
        assert kept == pytest.approx(0.04 * np.exp(-1 * DT / 1000.0), rel=1e-5)
        sim.signal("p", 0.5)  # what arrived counts in the membrane that the signal sees
        assert sim.get("p.weight")[0] == 2 * sim["target.v"][0] + 0.5
        assert sim["target.v"][0] == 12.0
        run(sim, (spikes, forced, drive), 4, 6)
        expected = 0.04 * np.exp(-3 * DT / 1000.0) - 16.0 * np.exp(-1 * DT / 1000.0)
        assert sim.get("p.kept")[0] == pytest.approx(expected, rel=1e-5), "of step 4, for a spike in step 5"
        sim["target.v"] = 7.0  # written from outside
        sim.signal("p", 0.0)
        assert sim.get("p.weight")[0] == 14.0


def named():
    own = (RULES / "brader_fusi.toml").read_text(encoding="utf-8").replace('"brader_fusi"', '"mine"')
    yield "compiled", snn.BraderFusi(**BISTABLE), None
    yield "interpreted", snn.Plasticity.define(own, **BISTABLE), None
    yield "clopath", snn.Plasticity.define(CLOPATH), FILTERED
    yield "all events", snn.Plasticity.define(SEEN.replace('1000"', '1"')), None


CASES = list(named())


@pytest.mark.parametrize(("rule", "neurons"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("form", ["side by side", "side by side, a part", "scattered"])
def test_threads_instruction_sets_and_pieces_do_not_change_a_bit(rule, neurons, form, tmp_path):
    inputs = trains(300, 30, 200, 5)
    synapses = scattered(30, 200, 4000) if form == "scattered" else None
    if form == "side by side, a part":  # rows that begin and end anywhere
        pairs = np.indices((30, 170)).reshape(2, -1) + np.array([[0], [13]])
        synapses = pairs, None, np.random.default_rng(9).random(30 * 170).astype(np.float32)
    net = network(rule, 30, 200, neurons and neurons(200), synapses=synapses, delay=1)

    def outcome(sim, begin=0, end=300):
        (v,) = run(sim, inputs, begin, end)
        return v, sim.get("p.weight")

    with snn.Simulation(net, device="reference") as sim:
        expected = outcome(sim)
    assert len(np.unique(expected[1])) > 100
    cpu = next(device for device in snn.devices() if device.name == "cpu")
    for where in ({"threads": 1}, {"threads": 4}, *({"instruction_set": name} for name in cpu.instruction_sets)):
        with snn.Simulation(net, **where) as sim:
            found = outcome(sim)
        assert np.array_equal(found[0], expected[0]), where
        assert np.array_equal(found[1], expected[1]), where
    # Saved in the middle, and looked at: the state goes on elsewhere, and a network in a file.
    with snn.Simulation(net, threads=2) as sim:
        outcome(sim, 0, 137)
        sim.save_state(tmp_path / "state")
    net.save(tmp_path / "net.snn")
    with snn.Simulation(snn.load(tmp_path / "net.snn")) as sim:
        sim.load_state(tmp_path / "state")
        v, weights = outcome(sim, 137)
    assert np.array_equal(v, expected[0][137:])
    assert np.array_equal(weights, expected[1])


def test_a_compiled_rule_gives_the_bits_of_the_interpreted_one():
    rules = {name: rule for name, rule, _ in CASES}
    inputs = trains(300, 30, 200, 5)
    weights = []
    for name in ("compiled", "interpreted"):
        with snn.Simulation(network(rules[name], 30, 200)) as sim:
            run(sim, inputs, 0, 300)
            weights.append(sim.get("p.weight"))
    assert np.array_equal(*weights)


def spanned(rule):
    """A network whose threads meet once in a span of steps: sources of its own, delays within it, no input."""
    net = snn.Network(dt=DT, seed=3)
    net.add("source", snn.PoissonSource(60, rate=40.0))
    net.add("cells", snn.LIF(300, tau_membrane=8.0))
    drawn = {"weight": snn.Uniform(0.0, 0.5), "delay": snn.Uniform(1.0, 9.0)}
    net.connect("source", "cells", snn.Sparse.fixed_probability(0.3, plasticity=rule, **drawn, seed=1), name="p")
    inner = snn.Sparse.fixed_indegree(10, weight=snn.Uniform(0.0, 0.2), delay=10.0, plasticity=rule, seed=2)
    net.connect("cells", "cells", inner, name="q")
    return net


def test_spans_of_steps_do_not_change_a_bit():
    rule = snn.BraderFusi(threshold_v=0.5, up_low=0.2, up_high=5.0, down_low=0.1, down_high=5.0, w_max=0.5)
    net = spanned(rule)
    found = []
    for settings in ({"device": "reference"}, {"threads": 1}, {"threads": 3}):
        with snn.Simulation(net, seed=4, **settings) as sim:
            spikes = sim.run(400, record={"cells": "spikes"})["cells"]["spikes"]
            found.append((spikes, sim.get("p.weight"), sim.get("q.weight")))
    assert found[0][0].sum() > 500
    assert 0.1 < np.mean(found[0][1] == 0.5) < 0.9
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_a_reset_brings_weights_to_rest_and_states_to_their_begin():
    inputs = trains()
    rule = snn.BraderFusi(**BISTABLE)
    with snn.Simulation(network(rule, 7, 18)) as sim:
        run(sim, inputs)
        weights = sim.get("p.weight")
        sim.reset()
        assert np.array_equal(sim.get("p.weight"), weights)
        again = run(sim, inputs, 0, 100)
    net = network(rule, 7, 18, synapses=(np.indices((7, 18)).reshape(2, -1), None, weights))
    with snn.Simulation(net) as sim:
        assert np.array_equal(run(sim, inputs, 0, 100), again)


def changed(text, old, new):
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('below = { state = "u_minus"', 'below = { state = "u-"', r"\[target_states\] below: state 'u-': a name is"),
        ('below = { state = "u_minus"', 'x = { state = "u_minus"', r"'x' is already in \[pre_traces\]"),
        ('below = { state = "u_minus"', 'below = { of = "u_minus"', "unknown entry 'of'; there are doc, state, unit"),
        ("u_plus = { doc", 'u_plus = { unit = "mV", doc', "joins mV and 1"),
        ("next.w = w - amplitude_minus", "next.below = w - amplitude_minus", "'below' is not a state"),
        ("next.w = w - amplitude_minus", "next.x = below\nnext.w = w - amplitude_minus", "next.x depends on 'below'"),
    ],
)
def test_wrong_rules_are_refused(old, new, sentence):
    text = CLOPATH.replace('program = "next', "program = '''\nnext").replace('0)"', "0)\n'''")
    with pytest.raises(FormatError, match=sentence):
        snn.Plasticity.define(changed(text, old, new))


def test_states_in_another_unit_are_refused():
    in_mv = snn.Plasticity.define("""
[plasticity]
name = "seen"

[target_states]
v = { unit = "mV", doc = "Membrane" }

[weight]
minimum = "-1000"
maximum = "1000"

[on_pre]
program = "next.w = 1[1/mV] * v"
""")
    in_pa = snn.NeuronModel("""
[model]
name = "currents"

[states]
v = { unit = "pA", doc = "No membrane" }

[receptors]
current = { unit = "pA" }

[step]
program = '''
emit(spike(v - 1[pA]))
next.v = current
'''
""")
    for neurons in (snn.Izhikevich(3), snn.LIF(3)):  # mV, and a unit of the user's choice
        assert network(in_mv, 2, 3, neurons).projections["p"].plasticity == in_mv
    sentence = "projection 'p': plasticity 'seen' reads the state 'v' of its target in mV; that of 'target' is in pA"
    with pytest.raises(InvalidArgumentError, match=sentence):
        network(in_mv, 2, 3, in_pa(3))
    assert (
        network(snn.Plasticity.define(SEEN), 2, 3, in_pa(3)).projections["p"].plasticity is not None
    )  # in plain numbers


@pytest.mark.parametrize(
    ("neurons", "values", "told"),
    [
        (snn.Izhikevich(3), {}, "which is for neurons that spike at 1; the membrane of 'target' is in mV"),
        (
            snn.LIF(3, threshold=-50.0, v_rest=-65.0, v_reset=-65.0),
            {},
            "and 'target' spikes at -50: no weight can grow",
        ),
        (snn.LIF(3, threshold=[0.5, 0.6, 0.7]), {}, "and 'target' spikes at 0.7: no weight can grow"),
        (snn.AdEx(3), {"threshold_v": 20.0}, "and 'target' spikes at 20: no weight can grow"),
        (snn.Izhikevich(3), {"threshold_v": -55.0}, None),
        (snn.LIF(3, threshold=[0.5, 0.6, 0.9]), {}, None),
        (snn.AdEx(3), {"threshold_v": -40.0}, None),  # above its threshold, below the peak of its spikes
        (snn.LIF(3), {}, None),
    ],
)
def test_a_threshold_that_no_membrane_reaches_is_warned_of(neurons, values, told):
    rule = snn.BraderFusi(**values)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network(rule, 2, 3, neurons)
    assert [told in str(one.message) for one in caught] == [True] * (told is not None)
    assert all(Path(one.filename) == Path(__file__) for one in caught)  # the line that connects


def test_targets_without_the_state_are_refused():
    rule = snn.Plasticity.define(CLOPATH)
    sentence = (
        r"projection 'p': plasticity 'clopath' reads the state 'u_minus' of its target; 'target' has model 'lif', whose "
        r"float states are: v$"
    )
    with pytest.raises(InvalidArgumentError, match=sentence):
        network(rule, 1, 1)
    whole = snn.Plasticity.define(changed(CLOPATH, 'state = "u_minus"', 'state = "refractory_left"'))
    with pytest.raises(InvalidArgumentError, match="reads the state 'refractory_left' of its target"):
        network(whole, 1, 1)
    net = snn.Network(dt=DT)
    net.add("source", snn.SpikeInput(1))
    net.add("target", snn.NeuronModel(STATELESS)(1))
    with pytest.raises(InvalidArgumentError, match="model 'gate', whose float states are: none"):
        net.connect("source", "target", snn.Sparse.all_to_all(plasticity=rule))
    net = snn.Network(dt=DT)
    net.add("source", snn.SpikeInput(1))
    net.add("target", snn.LIF(1))
    with pytest.raises(TypeError):
        net.connect("source", "target", snn.Dense(1, plasticity=rule))
