"""Signals to plastic synapses (reward, scaling), traces and parameters of rules while a simulation runs."""

from __future__ import annotations

import numpy as np
import pytest

import snn
from snn.engine.errors import FormatError, InvalidArgumentError, NotFoundError
from tests.oracle import signals as oracle
from tests.python.test_plasticity import DT, RULES, forced, random_trains

DELAY = 2
SIGNALS = [(40, 1.0), (41, -0.5), (200, 0.0), (333, 2.0), (600, -1.5), (899, 0.7)]
TIMES = [(step * DT, value) for step, value in SIGNALS]
REWARD = {"amplitude_minus": 0.8, "tau_eligibility": 120.0, "learning_rate": 0.02, "w_max": 1.25}
SCALED = {"target_rate": 60.0, "tau_rate": 300.0, "scaling": 0.004, "amplitude_plus": 0.01, "amplitude_minus": 0.012}


def scattered():
    """Synapses with delays of their own, several of them between the same neurons."""
    rng = np.random.default_rng(4)
    pairs = np.stack([rng.integers(0, 7, 90), rng.integers(0, 18, 90)])
    return pairs, rng.integers(0, 6, 90), rng.uniform(0.3, 0.7, 90).astype(np.float32)


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize(
    "rule",
    [snn.RewardSTDP(**REWARD), snn.RewardSTDP(**REWARD, pairing="nearest"), snn.HomeostaticSTDP(**SCALED)],
    ids=repr,
)
def test_random_trains_and_signals_give_what_the_oracle_says(rule, device):
    sources, targets = random_trains(900, 7, 18, 3)
    pairs, delays, weights = scattered()
    sim = forced(
        rule, sources, targets, weight=weights, delay=DELAY, delays=delays, pairs=pairs, signals=SIGNALS, device=device
    )
    order = np.lexsort((pairs[1], delays, pairs[0]))  # canonical order
    expected = []
    for k in order:
        arrivals = [t for t in (np.flatnonzero(sources[:, pairs[0][k]]) + DELAY + delays[k]) * DT if t < 900 * DT]
        posts = list(np.flatnonzero(targets[:, pairs[1][k]]) * DT)
        trains = (arrivals, posts, TIMES, float(weights[k]), rule.parameters)
        if rule.name == "reward_stdp":
            expected.append(oracle.reward_stdp(*trains, nearest=rule.options["pairing"] == "nearest")[0])
        else:
            expected.append(oracle.homeostatic_stdp(*trains))
    got = sim.get("p.weight")
    assert np.median(np.abs(got - weights[order])) > 0.03, "the signals must move the weights"
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-5)


def test_eligibility_can_be_read_and_recorded():
    sources, targets = random_trains(300, 5, 6, 8)
    rule = snn.RewardSTDP(**REWARD)
    sim = forced(rule, sources, targets)
    found = sim.get("p.eligibility").reshape(5, 6)
    expected = np.empty((5, 6))
    for i in range(5):
        for j in range(6):
            trains = (list(np.flatnonzero(sources[:, i]) * DT), list(np.flatnonzero(targets[:, j]) * DT))
            expected[i, j] = oracle.reward_stdp(*trains, [(300 * DT, 0.0)], 0.5, rule.parameters)[1]
    assert np.abs(expected).max() > 0.5
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    last = np.array([(300 - np.flatnonzero(column)) * DT for column in targets.T], object)
    np.testing.assert_allclose(sim.get("p.recent_spikes"), [np.exp(-ages / 20.0).sum() for ages in last], atol=1e-5)
    assert sim.get("p.recent_arrivals").shape == (5,)
    record = sim.run(20, record={"p": ["eligibility", "weight"]}, every=5)["p"]
    assert record["eligibility"].shape == (4, 30)
    np.testing.assert_allclose(record["eligibility"][-1], found.ravel() * np.exp(-20 * DT / 120.0), atol=1e-6)
    with pytest.raises(InvalidArgumentError, match="can be read only"):
        sim.set("p.eligibility", 0.0)


def test_traces_of_several_delays_have_a_row_for_each_source():
    sources, targets = random_trains(100, 7, 18, 3)
    pairs, delays, weights = scattered()
    sim = forced(snn.RewardSTDP(), sources, targets, weight=weights, delays=delays, pairs=pairs)
    assert sim.get("p.recent_arrivals").shape == (7, 6)
    assert sim.get("p.recent_spikes").shape == (18,)
    assert sim.get("p.eligibility").shape == (90,)


@pytest.mark.parametrize("rule", [snn.RewardSTDP(**REWARD), snn.HomeostaticSTDP(**SCALED)], ids=lambda rule: rule.name)
def test_threads_instruction_sets_interpreter_and_reference_agree_to_the_bit(rule):
    trains = random_trains(500, 40, 200, 5)
    signals = [(100, 1.0), (101, 1.0), (350, -0.5), (500, 0.25)]
    expected = forced(rule, *trains, signals=signals, device="reference")
    own = snn.Plasticity.define(
        (RULES / f"{rule.name}.toml").read_text(encoding="utf-8").replace(f'"{rule.name}"', '"mine"'),
        **rule.parameters,
    )
    trace = "eligibility" if rule.name == "reward_stdp" else "activity"
    for rules, settings in (
        (rule, {"threads": 1}),
        (rule, {"threads": 3}),
        (rule, {"threads": 8}),
        (rule, {"instruction_set": "scalar"}),
        (rule, {"instruction_set": "avx2"}),
        (own, {"threads": 2}),
        (own, {"device": "reference"}),
    ):
        sim = forced(rules, *trains, signals=signals, **settings)
        for name in ("weight", trace):
            assert np.array_equal(sim.get(f"p.{name}"), expected.get(f"p.{name}")), (settings, name)


# Everything at once: each event reads and writes a trace of the synapse, an arrival delivers it, a signal clears it.
OWN = {
    "plasticity": {"name": "own"},
    "parameters": {"tau": {"default": 30.0, "unit": "ms"}, "rate": {"default": 0.1}},
    "pre_traces": {"arrived": {"tau": "tau"}},
    "post_traces": {"spiked": {"tau": "tau"}},
    "synapse_traces": {"memory": {"tau": "2 * tau", "unit": "i"}, "count": {"tau": "100 * tau"}},
    "weight": {"unit": "i", "minimum": "-1[i]", "maximum": "1[i]"},
    "on_pre": {"program": "deliver(w + memory)\nnext.memory = memory - 0.1[i] * spiked\nnext.count = count + 1"},
    "on_post": {"program": "next.w = w + rate * memory\nnext.memory = memory + 0.2[i] * arrived * spiked"},
    "on_signal": {"program": "next.w = w + signal * memory + 0.01[i] * arrived\nnext.memory = 0.5 * memory * spiked"},
}


def changed(**sections):
    return snn.Plasticity.define({**OWN, **sections})


def test_a_rule_of_the_user_has_traces_of_its_synapses(tmp_path):
    trains = random_trains(300, 20, 70, 9)
    signals = [(50, 0.5), (120, -1.0), (299, 0.1)]
    names = ("p.weight", "p.memory", "p.count", "p.arrived", "p.spiked")
    expected = forced(changed(), *trains, delay=3, signals=signals, device="reference")
    for threads in (1, 2, 5):
        sim = forced(changed(), *trains, delay=3, signals=signals, threads=threads)
        for name in names:
            assert np.array_equal(sim.get(name), expected.get(name)), name
    # On from a saved state, on another device.
    sim.save_state(tmp_path / "state")
    expected.signal("p", 0.3)
    later = expected.run(50)
    assert later.step_count == 50
    with snn.Simulation(sim.network, device="reference") as other:
        other.load_state(tmp_path / "state")
        other.signal("p", 0.3)
        other.run(50)
        for name in names:
            assert np.array_equal(other.get(name), expected.get(name)), name
    sim.load_state(tmp_path / "state")
    sim.signal("p", 0.3)
    sim.run(50)
    for name in names:
        assert np.array_equal(sim.get(name), expected.get(name)), name
    sim.reset()
    assert not sim.get("p.memory").any()


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_a_new_time_constant_counts_from_the_last_event(device):
    """As `Simulation.set` says, by the formula of the trace."""
    net = snn.Network(dt=1.0)
    net.add("source", snn.SpikeInput(1))
    net.add("target", snn.LIF(1, threshold=1e9))
    net.connect(
        "source", "target", snn.Sparse.one_to_one(weight=0.5, plasticity=snn.PairSTDP(tau_plus=100.0)), name="p"
    )
    with snn.Simulation(net, device=device) as sim:
        sim.step(inputs={"source": [1.0]})
        sim.step(49)
        for tau in (100.0, 10.0, 1000.0):
            sim["p.tau_plus"] = tau
            assert sim["p.recent_arrivals"].item() == pytest.approx(np.exp(-50 / tau), rel=1e-5)


def test_parameters_of_a_rule_change_while_it_runs(tmp_path):
    sources, targets = random_trains(400, 9, 40, 6)
    halves = [(sources[:200], targets[:200]), (sources[200:], targets[200:])]
    weights = {}
    for device in ("reference", "cpu"):
        sim = forced(snn.PairSTDP(), *halves[0], device=device)
        assert sim.get("p.tau_plus") == 20.0
        sim.set("p.tau_plus", 7.5)
        sim.set("p.amplitude_minus", 0.002)
        assert sim.get("p.tau_plus") == 7.5
        sim.save_state(tmp_path / device)
        second = {"source": halves[1][0].astype(np.float32), "force": halves[1][1].astype(np.float32)}
        sim.run(200, second)
        weights[device] = sim.get("p.weight")
        assert sim.to_network().projections["p"].plasticity == snn.PairSTDP(tau_plus=7.5, amplitude_minus=0.002)
        with snn.Simulation(sim.network, threads=3) as other:
            other.load_state(tmp_path / device)
            assert other.get("p.tau_plus") == 7.5
            other.run(200, second)
            assert np.array_equal(other.get("p.weight"), weights[device])
    assert np.array_equal(weights["reference"], weights["cpu"])
    unchanged = forced(snn.PairSTDP(), sources, targets).get("p.weight")
    assert (weights["cpu"] != unchanged).mean() > 0.5
    # With the traces that there are: an arrival of the first half counts in the second, by the new time constant.
    alone = np.zeros((20, 1), bool)
    alone[5] = True
    sim = forced(snn.PairSTDP(amplitude_plus=0.1), alone, np.zeros((20, 1), bool))
    sim.set("p.tau_plus", 5.0)
    sim.run(1, {"source": np.zeros((1, 1), np.float32), "force": np.ones((1, 1), np.float32)})
    assert sim.get("p.weight")[0] == pytest.approx(0.5 + 0.1 * np.exp(-15 * DT / 5.0), abs=1e-6)


def test_what_rules_refuse_while_they_run():
    trains = random_trains(3, 2, 2, 1)
    sim = forced(snn.PairSTDP(), *trains)
    with pytest.raises(NotFoundError, match="takes no signal"):
        sim.signal("p")
    with pytest.raises(NotFoundError, match="no projection 'q'; there are: force_to_target, p"):
        sim.signal("q")
    with pytest.raises(InvalidArgumentError, match=r"tau_plus.*is -1; .*above 0"):
        sim.set("p.tau_plus", -1.0)
    with pytest.raises(
        InvalidArgumentError, match="weights would stay from 0 to 2; the network was finished for 0 to 1"
    ):
        sim.set("p.w_max", 2.0)
    with pytest.raises(NotFoundError, match=r"it has: weight, tau_plus.*recent_spikes"):
        sim.get("p.tau_pluss")
    with pytest.raises(InvalidArgumentError, match="signal"):
        forced(snn.RewardSTDP(), *trains).signal("p", float("nan"))


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"on_signal": {"program": "deliver(w)"}}, "only an arrival delivers"),
        ({"on_signal": {"program": "next.arrived = signal"}}, "'arrived' is not a state"),
        ({"on_post": {"program": "next.w = w * signal"}}, "'signal' is not known here"),
        ({"on_pre": {"program": "next.memory = spiked"}}, "state 'memory' is in i, its next value in 1"),
        ({"on_pre": {"program": "next.arrived = count"}}, "next.arrived depends on 'count'"),
        ({"synapse_traces": {"memory": {"tau": "tau", "keep": "1.0"}}}, "keep"),
        ({"parameters": {"signal": {"default": 1.0}}}, "'signal' is what a signal brings"),
        ({"synapse_traces": {f"s{k}": {"tau": "tau"} for k in range(5)}}, "5 entries; the format allows 4"),
    ],
)
def test_wrong_rules_are_refused(sections, sentence):
    with pytest.raises(FormatError, match=sentence):
        changed(**sections)
