"""Short-term plasticity: against the equations by hand, its steady state, and what a rule may deliver."""

from __future__ import annotations

import numpy as np
import pytest

import snn
from snn.engine.errors import FormatError, InvalidArgumentError
from tests.oracle.short_term import tsodyks_markram

DT = 0.5


def network(rule, sources, targets, *, weight=0.8, delay=0, **settings):
    """Sources onto targets that show in v what arrives in a step, and nothing else."""
    net = snn.Network(dt=DT)
    net.add("source", snn.SpikeInput(sources))
    net.add("target", snn.LIF(targets, tau_membrane=0.01, threshold=1e4))
    pairs = np.indices((sources, targets)).reshape(2, -1)
    connection = snn.Sparse.from_arrays(*pairs, weight, delay_steps=delay, plasticity=rule, **settings)
    net.connect("source", "target", connection, name="p")
    return net


def arriving(net, spikes, **settings):
    """What arrives at each target in each step."""
    with snn.Simulation(net, **settings) as sim:
        recording = sim.run(len(spikes), {"source": spikes.astype(np.float32)}, {"target": ["v"]})
    return recording["target"]["v"][:, 0]


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("delay", [0, 3])
@pytest.mark.parametrize(
    "values",
    [
        {"utilization": 0.5, "tau_recovery": 80.0, "tau_facilitation": 0.0},
        {"utilization": 0.1, "tau_recovery": 20.0, "tau_facilitation": 150.0},
        {"utilization": 0.3, "tau_recovery": 0.0, "tau_facilitation": 60.0},
        {"utilization": 1.0, "tau_recovery": 35.0, "tau_facilitation": 15.0},
    ],
)
def test_spikes_deliver_what_the_equations_say(values, delay, device):
    spikes = np.random.default_rng(3).random((600, 1)) < 0.06
    found = arriving(network(snn.TsodyksMarkram(**values), 1, 40, delay=delay), spikes, device=device)
    steps = np.flatnonzero(spikes[:, 0])
    expected = np.zeros(600 + delay)
    expected[steps + delay] = 0.8 * np.array(tsodyks_markram(steps * DT, values))
    assert np.abs(found - expected[:600, None]).max() < 2e-6


def test_a_regular_train_comes_to_its_steady_state():
    rule = snn.TsodyksMarkram(utilization=0.4, tau_recovery=100.0)
    spikes = np.zeros((2000, 1), bool)
    spikes[::20] = True  # every 10 ms
    found = arriving(network(rule, 1, 1), spikes)[::20, 0]
    rest = np.exp(-10.0 / 100.0)
    assert found[0] == pytest.approx(0.8 * 0.4, rel=1e-6)
    assert found[-1] == pytest.approx(0.8 * 0.4 * (1 - rest) / (1 - 0.6 * rest), rel=1e-5)


def test_threads_instruction_sets_and_pieces_do_not_change_a_bit(tmp_path):
    spikes = np.random.default_rng(4).random((300, 30)) < 0.1
    rule = snn.TsodyksMarkram(utilization=0.2, tau_recovery=40.0, tau_facilitation=90.0)
    net = network(rule, 30, 300, weight=np.random.default_rng(5).random(9000), delay=2)
    expected = arriving(net, spikes, device="reference")
    assert expected.max() > 0
    cpu = next(device for device in snn.devices() if device.name == "cpu")
    for settings in ({"threads": 1}, {"threads": 4}, *({"instruction_set": name} for name in cpu.instruction_sets)):
        assert np.array_equal(arriving(net, spikes, **settings), expected)
    frames = spikes.astype(np.float32)
    with snn.Simulation(net) as sim:
        first = sim.run(120, {"source": frames[:120]}, {"target": ["v"]})["target"]["v"]
        sim.save_state(tmp_path / "state")
    with snn.Simulation(net, threads=2) as sim:
        sim.load_state(tmp_path / "state")
        rest = sim.run(180, {"source": frames[120:]}, {"target": ["v"]})["target"]["v"]
    assert np.array_equal(np.concatenate([first, rest])[:, 0], expected)


def test_the_weights_stay_and_travel_with_the_rule(tmp_path):
    rule = snn.TsodyksMarkram(utilization=0.25)
    net = network(rule, 3, 5, weight=np.linspace(0, 1, 15))
    net.save(tmp_path / "net.snn")
    loaded = snn.load(tmp_path / "net.snn")
    assert loaded.projections["p"].plasticity == rule
    assert isinstance(loaded.projections["p"].plasticity, snn.TsodyksMarkram)
    spikes = np.ones((50, 3), bool)
    with snn.Simulation(loaded) as sim:
        sim.run(50, {"source": spikes.astype(np.float32)})
        assert np.array_equal(sim.get("p.weight"), np.linspace(0, 1, 15).astype(np.float32))
    assert np.array_equal(arriving(loaded, spikes), arriving(net, spikes))


# Depression of the weight by the target's spikes, and short-term depression of what arrives, in one rule.
BOTH = {
    "plasticity": {"name": "both"},
    "parameters": {"u": {"default": 0.5}, "tau": {"default": 50.0, "unit": "ms"}},
    "pre_traces": {"used": {"tau": "tau"}},
    "post_traces": {"recent": {"tau": "tau"}},
    "weight": {"unit": "i", "minimum": "-1[i]", "maximum": "1[i]"},
    "on_pre": {
        "program": "deliver(3 * w * u * (1 - used))\nnext.used = used + u * (1 - used)\nnext.w = w - 0.1[i] * recent"
    },
    "on_post": {"program": "next.w = w - 0.01[i]"},
}


def changed(**sections):
    return snn.Plasticity.define({**BOTH, **sections})


def test_a_rule_of_the_user_delivers_and_learns():
    spikes = np.random.default_rng(6).random((200, 20)) < 0.2
    net = network(changed(), 20, 50, weight=0.9)
    found = arriving(net, spikes)
    assert np.array_equal(found, arriving(net, spikes, device="reference"))
    # Held within the bounds of the weight: 3 * 0.9 * 0.5 is above 1.
    first = int(np.flatnonzero(spikes.any(1))[0])
    assert found[first, 0] == pytest.approx(spikes[first].sum())


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"on_pre": {"program": "deliver(w)\ndeliver(w)"}}, "deliver stands once"),
        ({"on_pre": {"program": "deliver(used > 0)"}}, "what is delivered is a float in the unit of w"),
        ({"on_pre": {"program": "x = used"}}, "no next.w; an event gives the weight its next value, or delivers"),
        ({"on_pre": {"program": "next.used = w\nnext.w = w"}}, "state 'used' is in 1, its next value in i"),
        ({"on_pre": {"program": "next.used = recent\nnext.w = w"}}, "next.used depends on 'recent'"),
        ({"on_pre": {"program": "emit(used)"}}, "not a statement of a plasticity rule"),
        ({"on_post": {"program": "deliver(w)"}}, "only an arrival delivers"),
        ({"on_post": {"program": "next.recent = used"}}, "'recent' is not a state"),
    ],
)
def test_wrong_rules_are_refused(sections, sentence):
    with pytest.raises(FormatError, match=sentence):
        changed(**sections)


def test_a_rule_needs_an_event():
    with pytest.raises(FormatError, match=r"needs a section \[on_pre\], \[on_post\], \[on_signal\]"):
        snn.Plasticity.define({key: value for key, value in BOTH.items() if not key.startswith("on_")})


def test_values_outside_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"utilization is 1\.5"):
        snn.TsodyksMarkram(utilization=1.5)
    with pytest.raises(
        InvalidArgumentError, match=r"a weight is 3; the rule keeps weights from 0 \(w_min\) to 1 \(w_max\)"
    ):
        snn.Simulation(network(snn.TsodyksMarkram(), 1, 1, weight=3.0))
