"""Plastic projections: against hand-written rules, the published window, and what is refused."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snn
from snn.engine import _native
from tests.oracle import stdp

DT = 0.5
RULES = Path(snn.__file__).parent / "models" / "plasticity"


def forced(rule, sources, targets, *, weight=0.5, delay=0, delays=None, pairs=None, signals=(), **settings):
    """Sources onto targets by `rule`; the targets spike when the input "force" does, whatever the weights.

    ``sources``, ``targets``: bool arrays (steps, neurons) of spikes; ``signals``: (step, value), before that step. Returns the
    simulation after the run.
    """
    net = snn.Network(dt=DT)
    net.add("source", snn.SpikeInput(sources.shape[1]))
    net.add("force", snn.SpikeInput(targets.shape[1]))
    # Forgets within a step, and plastic weights are far below its threshold.
    net.add("target", snn.LIF(targets.shape[1], tau_membrane=0.01, threshold=1e4))
    net.connect("force", "target", snn.OneToOne(1.5e4))
    if pairs is None:
        pairs = np.indices((sources.shape[1], targets.shape[1])).reshape(2, -1)
    connection = snn.Sparse.from_arrays(*pairs, weight, delays, delay_steps=delay, plasticity=rule)
    net.connect("source", "target", connection, name="p")
    sim = snn.Simulation(net, **settings)
    begin = 0
    for end, value in [*signals, (len(sources), None)]:
        now = slice(begin, end)
        inputs = {"source": sources[now].astype(np.float32), "force": targets[now].astype(np.float32)}
        record = sim.run(end - begin, inputs=inputs, record={"target": "spikes"})
        assert np.array_equal(record["target"]["spikes"][:, 0], targets[now])
        if value is not None:
            sim.signal("p", value)
        begin = end
    return sim


@pytest.mark.parametrize("name", _native.builtin_plasticity_names())
def test_a_rule_has_a_class_that_says_what_the_definition_says(name):
    (rule,) = (one for one in vars(snn).values() if inspect.isclass(one) and getattr(one, "_rule", "") == name)
    made = rule()
    assert repr(made) == f"{rule.__name__}()"
    signature = inspect.signature(rule)
    defaults = {one.name: one.default for one in signature.parameters.values()}
    assert defaults == {**made.parameters, **made.options}
    assert {one.kind for one in signature.parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    # Numbers in the docstring: "tau_plus, tau_minus : float, default 16.8, 33.7", or one for both.
    told = {}
    for names, numbers in re.findall(r"^    ([\w, ]+) : float, default ([-\d., ]+)$", rule.__doc__, re.M):
        words, values = names.split(", "), [float(number) for number in numbers.split(", ")]
        told.update(zip(words, values * len(words) if len(values) == 1 else values, strict=True))
    assert told == made.parameters
    for option, choices in made.definition.options.items():
        assert re.search(rf"^    {option} : \{{(.*)\}}$", rule.__doc__, re.M)[1].replace('"', "").split(", ") == list(
            choices.choices
        )


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("delay", [0, 1, 17])
def test_the_window_is_the_analytic_curve(device, delay):
    # One pair at every lag from -100 to 100 steps: Song et al. 2000, figure 1; the lag counts from the arrival.
    rule = snn.PairSTDP(tau_plus=15.0, tau_minus=30.0, amplitude_plus=0.01, amplitude_minus=0.02, w_min=-1.0, w_max=3.0)
    lags = np.arange(-100, 101)
    sources, targets = np.zeros((260, 1), bool), np.zeros((260, lags.size), bool)
    sources[120 - delay] = True
    targets[120 + lags, np.arange(lags.size)] = True
    change = forced(rule, sources, targets, delay=delay, device=device).get("p.weight").astype(float) - 0.5
    plus, minus = 0.01 * 4.0 * np.exp(-lags * DT / 15.0), -0.02 * 4.0 * np.exp(lags * DT / 30.0)
    # A float32 near 0.5 is a multiple of 6e-8.
    np.testing.assert_allclose(change, np.where(lags >= 0, plus, minus), rtol=0, atol=1.2e-7)


@pytest.mark.parametrize("mu", [0.0, 0.02, 0.4, 1.0, 3.0])
def test_power_law_bounds_are_the_analytic_curve(mu):
    # One pair at weights from one bound to the other: Guetig et al. 2003, equations 2 and 3, figure 1.
    weights = np.linspace(-1.0, 3.0, 201).astype(np.float32)
    values = {"amplitude_plus": 0.01, "amplitude_minus": 0.02, "w_min": -1.0, "w_max": 3.0}
    rule = snn.PairSTDP(**values, bounds="power", mu_plus=mu, mu_minus=mu)
    pairs = np.array([np.zeros(201, int), np.arange(201)])
    for lag, part, sign in ((8, (3.0 - weights.astype(float)) / 4, 0.01), (-8, (weights.astype(float) + 1) / 4, -0.02)):
        sources, targets = np.zeros((40, 1), bool), np.zeros((40, 201), bool)
        sources[20], targets[20 + lag] = True, True
        got = forced(rule, sources, targets, weight=weights, pairs=pairs).get("p.weight")
        change = 4.0 * sign * np.exp(-abs(lag) * DT / 20.0) * part**mu
        # A float32 near 3 is a multiple of 2.4e-7; at a bound 0**mu counts as (2**-126)**mu, which is cut off there.
        np.testing.assert_allclose(got, np.clip(weights + change, -1.0, 3.0), rtol=0, atol=4e-7)
        if mu == 0.0:
            hard = forced(snn.PairSTDP(**values), sources, targets, weight=weights, pairs=pairs)
            assert np.array_equal(got, hard.get("p.weight"))


def random_trains(steps, sources, targets, seed):
    rng = np.random.default_rng(seed)
    return rng.random((steps, sources)) < 0.06, rng.random((steps, targets)) < 0.05


PAIR = {"w_max": 1.25, "amplitude_plus": 0.03, "amplitude_minus": 0.025}
TRIPLET = {"a3_plus": 0.004, "a2_minus": 0.012}
# The full model of hippocampal culture: Pfister & Gerstner 2006, table 4.
FULL = {"a2_plus": 6.1e-3, "a3_plus": 6.7e-3, "a2_minus": 1.6e-3, "a3_minus": 1.4e-3, "tau_x": 946.0, "tau_y": 27.0}
POWERS = {"mu_plus": 0.4, "mu_minus": 1.7}
CASES = [
    *[(snn.PairSTDP, PAIR, {"bounds": bounds, "pairing": pairing}, stdp.pair_stdp)
      for bounds in ("hard", "soft") for pairing in ("all", "nearest")],
    (snn.PairSTDP, PAIR | POWERS | {"w_min": -0.2}, {"bounds": "power"}, stdp.pair_stdp),
    (snn.TripletSTDP, {"a3_plus": 0.01, "a2_minus": 0.02, "w_max": 1.25}, {"bounds": "soft"}, stdp.triplet_stdp),
    (snn.TripletSTDP, {"a3_plus": 0.01, "a2_minus": 0.02} | POWERS, {"bounds": "power"}, stdp.triplet_stdp),
    *[(snn.TripletSTDP, values, {"pairing": pairing}, stdp.triplet_stdp)
      for values in (TRIPLET, FULL) for pairing in ("all", "nearest")],
]  # fmt: skip


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize(("cls", "values", "options", "oracle"), CASES)
def test_random_trains_give_what_the_oracle_says(cls, values, options, oracle, device):
    steps, delay = 900, 2
    sources, targets = random_trains(steps, 7, 18, 3)
    rng = np.random.default_rng(4)
    pairs = np.stack([rng.integers(0, 7, 90), rng.integers(0, 18, 90)])
    delays, weights = rng.integers(0, 6, 90), rng.uniform(0.3, 0.7, 90).astype(np.float32)
    rule = cls(**values, **options)
    sim = forced(rule, sources, targets, weight=weights, delay=delay, delays=delays, pairs=pairs, device=device)
    order = np.lexsort((pairs[1], delays, pairs[0]))  # canonical order
    expected = []
    for k in order:
        arrivals = [t for t in (np.flatnonzero(sources[:, pairs[0][k]]) + delay + delays[k]) * DT if t < steps * DT]
        posts = list(np.flatnonzero(targets[:, pairs[1][k]]) * DT)
        expected.append(oracle(arrivals, posts, float(weights[k]), rule.parameters, rule.options))
    got = sim.get("p.weight")
    assert np.median(np.abs(got - weights[order])) > 0.03, "the trains must move the weights"
    # About 100 events, each rounded to 6e-8 of a number up to 1.25, and traces to as much of numbers up to 10.
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("values", [{}, {"bounds": "power", "mu_plus": 0.3, "mu_minus": 1.4}])
@pytest.mark.parametrize("name", ["pair_stdp", "triplet_stdp"])
def test_an_interpreted_rule_gives_the_bits_of_the_compiled_one(name, values):
    text = (RULES / f"{name}.toml").read_text(encoding="utf-8")
    own = snn.Plasticity.define(text.replace(f'"{name}"', '"mine"'), w_max=0.9, **values)
    trains = random_trains(500, 9, 33, 5)
    expected = forced(snn.Plasticity(name, w_max=0.9, **values), *trains).get("p.weight")
    for device in ("reference", "cpu"):
        assert np.array_equal(forced(own, *trains, device=device).get("p.weight"), expected)


def test_runs_in_pieces_with_looks_in_between_give_the_same_bits():
    sources, targets = random_trains(400, 9, 40, 6)
    rule = snn.TripletSTDP(a2_plus=0.004)
    expected = forced(rule, sources, targets).get("p.weight")
    sim = forced(rule, sources[:1], targets[:1])
    for step in range(1, 400):
        now = slice(step, step + 1)
        sim.run(1, inputs={"source": sources[now].astype(np.float32), "force": targets[now].astype(np.float32)})
        if step % 7 == 0:
            sim.get("p.weight")
    assert np.array_equal(sim.get("p.weight"), expected)


def test_a_spike_delivers_the_weight_that_it_has_changed():
    # As in NEST's stdp_synapse: facilitated by past spikes of the target, depressed, then sent.
    net = snn.Network(dt=1.0)
    net.add("source", snn.SpikeInput(1))
    net.add("force", snn.SpikeInput(1))
    net.add("target", snn.LIF(1, tau_membrane=0.01, threshold=4.0))
    net.connect("force", "target", snn.OneToOne(6.0))
    rule = snn.PairSTDP(amplitude_plus=0.25, amplitude_minus=0.5)
    net.connect("source", "target", snn.Sparse.from_arrays([0], [0], 0.5, plasticity=rule), name="p")
    for device in ("reference", "cpu"):
        sim = snn.Simulation(net, device=device)
        inputs = {"source": np.float32([[1], [0], [0], [0], [1]]), "force": np.float32([[0], [0], [1], [0], [0]])}
        v = sim.run(5, inputs=inputs, record={"target": "v"})["target"]["v"][:, 0, 0]
        after = 0.5 + 0.25 * np.exp(-2 / 20) - 0.5 * np.exp(-2 / 20)
        assert v[0] == pytest.approx(0.5, abs=1e-6)
        assert v[4] == pytest.approx(after, abs=1e-6)


def test_weights_stay_within_bounds_and_reach_them():
    sources, targets = random_trains(3000, 5, 20, 8)
    for amplitude, end in ((0.3, 1.0), (-0.3, 0.0)):
        rule = snn.PairSTDP(amplitude_plus=amplitude, amplitude_minus=-amplitude)
        weights = forced(rule, sources, targets).get("p.weight")
        assert 0.0 <= weights.min() <= weights.max() <= 1.0
        assert (weights == end).mean() > 0.9


def test_a_reset_forgets_the_spikes_and_keeps_the_weights():
    sources, targets = random_trains(200, 6, 20, 9)
    for device in ("reference", "cpu"):
        sim = forced(snn.PairSTDP(), sources, targets, device=device)
        learned = sim.get("p.weight")
        sim.reset()
        assert np.array_equal(sim.get("p.weight"), learned)
        late = np.zeros((3, 6), np.float32)
        late[2] = 1.0  # arrivals that would depress, were the old spikes not forgotten
        sim.run(3, inputs={"source": late})
        assert np.array_equal(sim.get("p.weight"), learned)


def test_learned_weights_travel_with_the_rule(tmp_path):
    sources, targets = random_trains(200, 6, 20, 10)
    rule = snn.PairSTDP(tau_plus=11.0, bounds="soft")
    sim = forced(rule, sources, targets)
    sim.to_network().save(tmp_path / "learned.snn")
    net = snn.load(tmp_path / "learned.snn")
    assert net.projections["p"].plasticity == rule
    assert isinstance(net.projections["p"].plasticity, snn.PairSTDP)
    assert net.projections["p"].arithmetic == "fixed"
    assert np.array_equal(net.projections["p"].weights, sim.get("p.weight"))
    copy = net.copy()
    copy.projections["p"].weights[0] = 0.25
    copy.add("more", snn.LIF(3))  # built anew
    assert copy.projections["p"].plasticity == rule
    assert snn.Simulation(copy).get("p.weight")[0] == 0.25
    assert net.projections["force_to_target"].plasticity is None


# In a process of its own, whose peak is of nothing else.
MEMORY = """
import snn
from snn.engine.machine import peak_rss_bytes
before = peak_rss_bytes()
net = snn.Network(dt=0.1)
net.add("source", snn.PoissonSource(2_000, rate=10.0))
net.add("target", snn.LIF(5_000))
drawn = {"weight": snn.Uniform(0.0, 0.5), "delay": snn.Uniform(0.1, 5.0)}
net.connect("source", "target", snn.Sparse.fixed_indegree(1_000, plasticity=snn.PairSTDP(), **drawn), name="p")
with snn.Simulation(net) as simulation:
    simulation.step(200)
    opened = peak_rss_bytes()
    simulation.get("p.weight")
    print((opened - before) / net.synapse_count, (peak_rss_bytes() - before) / net.synapse_count)
"""


def test_a_synapse_with_pair_stdp_takes_less_than_twelve_bytes(tmp_path):
    told = subprocess.run([sys.executable, "-c", MEMORY], cwd=tmp_path, capture_output=True, text=True, check=True)
    opened, read = map(float, told.stdout.split())
    assert 6.0 <= opened < 9.0, "a weight and a target, and 50 rows for each source"
    assert read < 12.0, "with the array that the weights are read into"


def small(**common):
    net = snn.Network()
    net.add("source", snn.SpikeInput(3))
    net.add("target", snn.LIF(4))
    net.connect("source", "target", snn.Sparse.fixed_probability(1.0, **common), name="p")
    return net


def test_what_cannot_be_plastic_is_refused():
    with pytest.raises(
        snn.InvalidArgumentError, match=r"weight is 1\.5; the rule keeps weights from 0 \(w_min\) to 1 \(w_max\)"
    ):
        small(weight=1.5, plasticity=snn.PairSTDP())  # by connect: no simulation is opened
    with pytest.raises(snn.InvalidArgumentError, match="from 2 to 1 are no range"):
        small(plasticity=snn.PairSTDP(w_min=2.0))
    net = snn.Sequential(snn.SpikeInput(2), snn.Dense(2), snn.LIF())
    beyond = snn.Sparse.from_arrays([0, 1], [0, 1], [0.5, -0.5], plasticity=snn.PairSTDP())
    with pytest.raises(
        snn.InvalidArgumentError, match=r"a weight is -0\.5; the rule keeps weights from 0 \(w_min\) to 1 \(w_max\)"
    ):
        net.connect("input", "output", beyond, name="p")
    assert list(net.projections) == ["input_to_output"]
    with pytest.raises(snn.InvalidArgumentError, match="a weight is"):
        snn.Simulation(small(weight=snn.Uniform(0.5, 3.0), plasticity=snn.PairSTDP()))  # known when they are drawn
    with pytest.raises(
        snn.InvalidArgumentError, match=r"tau of trace 'recent_spikes' is 100000000 ms.* at most 100000 steps"
    ):
        small(plasticity=snn.PairSTDP(tau_minus=1e8))
    small(plasticity=snn.PairSTDP(tau_minus=100000.0))
    with pytest.raises(snn.InvalidArgumentError, match="arithmetic is 'float'"):
        small(arithmetic="float", plasticity=snn.PairSTDP())
    with pytest.raises(snn.ArgumentTypeError, match="plasticity is 'pair_stdp'"):
        small(plasticity="pair_stdp")
    with pytest.raises(snn.ArgumentTypeError, match="'taus'; it has: tau_plus"):
        snn.PairSTDP(taus=1.0)
    with pytest.raises(snn.InvalidArgumentError, match="tau_plus is 0 ms; it must be above 0"):
        snn.PairSTDP(tau_plus=0.0)
    with pytest.raises(snn.NotFoundError, match="pair_stdp"):
        snn.Plasticity("hebb")
    text = (
        (RULES / "triplet_stdp.toml").read_text(encoding="utf-8").replace("next.w = w + select", "other = w + select")
    )
    with pytest.raises(snn.FormatError, match=r"no next\.w"):
        snn.Plasticity.define(text)
    net = snn.Network()
    net.add("source", snn.SpikeInput(3))
    net.add("target", snn.LeakyIntegrator(4))
    with pytest.raises(snn.InvalidArgumentError, match="a target that spikes; 'target' has model 'leaky_integrator'"):
        net.connect("source", "target", snn.Sparse.fixed_probability(1.0, plasticity=snn.PairSTDP()))
    net = snn.Network()
    net.add("source", snn.Input(3))
    net.add("target", snn.LIF(4))
    with pytest.raises(snn.InvalidArgumentError, match="a sparse projection from a population that spikes"):
        net.connect("source", "target", snn.Sparse.fixed_probability(1.0, plasticity=snn.PairSTDP()))


def test_sessions_of_plastic_networks_learn_alone_and_take_no_gradient():
    net = small(weight=0.5, plasticity=snn.PairSTDP())
    with pytest.raises(snn.UnsupportedError, match="batch_size is 2; projection 'p' is plastic"):
        snn.Simulation(net, batch_size=2)
    with pytest.raises(snn.UnsupportedError, match="projection 'p' is plastic: its weights change"):
        snn.Trainer(net, steps=3, epochs=1, batch_size=1).fit(np.ones((4, 3), np.float32), np.zeros(4, int))
    sim = snn.Simulation(net)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"a weight is 2; the rule keeps weights from 0 \(w_min\) to 1 \(w_max\)"
    ):
        sim.set("p.weight", np.full(12, 2.0, np.float32))
    sim.set("p.weight", np.full(12, 0.75, np.float32))
    assert (sim.get("p.weight") == 0.75).all()


def test_a_connection_rule_stays_one_and_its_rows_learn_like_arrays(tmp_path):
    def network(connection):
        net = snn.Network(seed=2)
        net.add("source", snn.PoissonSource(40, rate=80.0))
        net.add("target", snn.LIF(50))
        net.connect("source", "target", connection, name="p")
        return net

    rule = snn.PairSTDP(w_max=0.5)
    drawn = {"weight": snn.Uniform(0.1, 0.5), "delay": snn.Uniform(1.0, 7.0), "seed": 4}
    made = network(snn.Sparse.fixed_probability(0.4, plasticity=rule, **drawn))
    made.save(tmp_path / "net.snn")
    for net in (made, snn.load(tmp_path / "net.snn")):
        assert net.projections["p"].by_rule
        assert net.projections["p"].plasticity == rule
        assert net.projections["p"].arithmetic == "fixed"
    estimate = made.memory_estimate(threads=1)
    assert estimate.weights >= 4 * made.projections["p"].synapse_count
    results = []
    for device, threads in (("cpu", 1), ("cpu", 2), ("cpu", 3), ("cpu", 8), ("reference", 1)):
        with snn.Simulation(snn.load(tmp_path / "net.snn"), device=device, threads=threads, seed=1) as sim:
            sim.run(200)
            results.append(sim.get("p.weight"))
            learned = sim.to_network()
    assert all(np.array_equal(result, results[0]) for result in results)
    sources, targets, delays = made.projections["p"].synapses()
    weights = made.projections["p"].synapse_weights()
    arrays = network(snn.Sparse.from_arrays(sources, targets, weights, delays=delays, plasticity=rule))
    with snn.Simulation(arrays, seed=1) as sim:
        sim.run(200)
        assert np.array_equal(sim.get("p.weight"), results[0])
    assert not np.array_equal(results[0], weights)
    assert np.array_equal(learned.projections["p"].weights, results[0])
    assert learned.projections["p"].plasticity == rule
    learned.save(tmp_path / "learned.snn")
    with snn.Simulation(made) as sim:
        sim.load_weights(tmp_path / "learned.snn")
        assert np.array_equal(sim.get("p.weight"), results[0])


def test_threads_do_not_change_a_bit():
    sources, targets = random_trains(120, 60, 900, 11)
    expected = forced(snn.TripletSTDP(), sources, targets).get("p.weight")
    for threads in (2, 3, 8):
        assert np.array_equal(forced(snn.TripletSTDP(), sources, targets, threads=threads).get("p.weight"), expected)


def test_a_time_constant_of_too_many_steps_names_the_step_that_would_do() -> None:
    """The defaults of `HomeostaticSTDP` (10 s) fit steps of 0.1 ms and not half of that."""
    nets = {dt: snn.Network(dt=dt) for dt in (0.1, 0.05)}
    for net in nets.values():
        net.add("a", snn.SpikeInput(3))
        net.add("b", snn.LIF(3))
    connection = snn.Sparse.all_to_all(weight=0.5, plasticity=snn.HomeostaticSTDP())
    nets[0.1].connect("a", "b", connection)
    with pytest.raises(snn.InvalidArgumentError, match=r"200000 steps; .* a dt of 0\.1 ms or more"):
        nets[0.05].connect("a", "b", connection)
