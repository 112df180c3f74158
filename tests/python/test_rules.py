"""Connection rules and distributions in Python: what they make, what they cost, what is kept in files and copies."""

from __future__ import annotations

import copy
import json
import math
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn
from snn import projection as _projection
from snn.distributions import moments
from snn.engine.machine import peak_rss_bytes

MIB = 2**20


def pair(sparse: snn.Sparse, size: int = 200, seed: int = 0) -> tuple[snn.Network, snn.Projection]:
    net = snn.Network(dt=0.1, seed=seed)
    net.add("a", snn.LIF(size))
    net.add("b", snn.LIF(size))
    return net, net.connect("a", "b", sparse)


DRAWN: dict[str, Any] = {
    "weight": snn.Normal(0.5, 0.1, low=0.0),
    "delay": snn.Normal(1.5, 0.75, low=0.1),
    "trainable": False,
}
PLACES = np.random.default_rng(4).random((200, 2), np.float32)
RULES: dict[str, Callable[[], snn.Sparse]] = {
    "fixed_probability": lambda: snn.Sparse.fixed_probability(0.1, **DRAWN),
    "fixed_indegree": lambda: snn.Sparse.fixed_indegree(20, allow_multapses=False, **DRAWN),
    "fixed_outdegree": lambda: snn.Sparse.fixed_outdegree(20, allow_multapses=False, **DRAWN),
    "fixed_total": lambda: snn.Sparse.fixed_total(4000, **DRAWN),
    "one_to_one": lambda: snn.Sparse.one_to_one(**DRAWN),
    "all_to_all": lambda: snn.Sparse.all_to_all(allow_autapses=False, **DRAWN),
    "spatial": lambda: snn.Sparse.spatial(PLACES, PLACES, width=0.1, cutoff=0.3, period=1.0, **DRAWN),
}


def test_the_range_of_delays_is_that_of_the_synapses_and_of_a_rule_its_bounds() -> None:
    net, drawn = pair(snn.Sparse.fixed_total(4000, delay=snn.Uniform(0.3, 2.0), delay_steps=5, trainable=False))
    delays = drawn.synapses()[2]
    assert drawn.delay_range == (8, 25) == (delays.min(), delays.max())
    for arithmetic in ("float", "compact"):
        arrays = snn.Sparse.from_arrays(
            [0, 9, 9], [1, 2, 3], 0.5, delays=[7, 0, 300], delay_steps=5, trainable=False, arithmetic=arithmetic
        )
        assert net.connect("a", "b", arrays, name=arithmetic).delay_range == (5, 305)
    empty = snn.Sparse.from_arrays([], [], [], delays=[], delay_steps=5)
    assert net.connect("a", "b", empty, name="empty").delay_range == (5, 5)
    none = snn.Sparse.fixed_total(0, delay=snn.Uniform(0.3, 2.0), delay_steps=5)
    assert net.connect("a", "b", none, name="none").delay_range == (5, 5)
    assert net.connect("a", "b", snn.Dense(delay_steps=4), name="dense").delay_range == (4, 4)


def test_a_rule_of_billions_of_synapses_is_never_made_to_be_looked_at(tmp_path: Path) -> None:
    net, projection = pair(snn.Sparse.fixed_total(2**33, **DRAWN), 50_000)
    before = peak_rss_bytes()
    assert projection.by_rule
    assert projection.synapse_count == projection.weight_count == 2**33
    assert "8,589,934,592" in net.summary()
    assert "sparse" in repr(projection)
    net.save(tmp_path / "net.snn")
    assert (tmp_path / "net.snn").stat().st_size < 20_000
    estimate = net.memory_estimate(threads=2)
    assert 4 * 2**33 < estimate.weights < 5 * 2**33
    assert estimate.projections["a_to_b"] > estimate.weights
    assert estimate.network < 2 * MIB
    for twin in (snn.load(tmp_path / "net.snn"), net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        other = twin.projections["a_to_b"]
        assert other.by_rule
        assert other.fixed_point_scale == projection.fixed_point_scale
        mine, theirs = projection.synapses(sources=[7, 40_000]), other.synapses(sources=[7, 40_000])
        assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
        twin.populations["b"].set(threshold=2.0)
        assert twin.projections["a_to_b"].by_rule
    assert peak_rss_bytes() - before < 300 * MIB  # the two rows have 344,000 synapses, and none of the others is made
    total = next(device for device in snn.devices() if device.name == "cpu").memory_bytes
    if estimate.total > total:
        with pytest.raises(snn.OutOfMemoryError, match=r"would need about 32[.0-9]* GiB of memory and .* are free"):
            snn.Simulation(net)


@pytest.mark.parametrize(
    "made",
    [
        lambda: snn.Exponential(1.0, high=-1.0),
        lambda: snn.Exponential(scale=1.0, low=30.0),
        lambda: snn.Normal(0.0, 1.0, low=6.0),
        lambda: snn.LogNormal(0.0, 1.0, high=0.0),
    ],
)
def test_bounds_that_leave_no_value_are_refused_where_they_are_written(made: Callable[[], snn.Distribution]) -> None:
    with pytest.raises(
        snn.InvalidArgumentError, match=r"^(Exponential\(scale=1|.*Normal\(mean).*: less than 1 in 65,536"
    ):
        made()


@pytest.mark.parametrize("rule", RULES)
def test_rules_stay_rules_until_weights_are_changed(rule: str, tmp_path: Path) -> None:
    net, projection = pair(RULES[rule]())
    spikes: list[np.ndarray] = []

    def run(network: snn.Network) -> np.ndarray:
        with snn.Simulation(network) as sim:
            sim.set("a.v", np.linspace(0, 2, 200).reshape(1, 200))
            return sim.run(60, record={"b": "v"})["b"]["v"]

    membrane = run(net)
    assert np.abs(membrane).max() > 0
    assert projection.by_rule
    weights = projection.weights.copy()
    assert projection.by_rule, "looking at weights is no reason to give the rule up"
    assert np.array_equal(run(net), membrane)
    net.save(tmp_path / "rule.snn")
    loaded = snn.load(tmp_path / "rule.snn")
    assert loaded.projections["a_to_b"].by_rule
    assert np.array_equal(run(loaded), membrane)
    assert np.array_equal(loaded.projections["a_to_b"].weights, weights)
    # A change of a population builds the network anew, of a weight too; the former keeps the rule.
    loaded.populations["a"].set(threshold=1.0)
    assert loaded.projections["a_to_b"].by_rule
    assert np.array_equal(run(loaded), membrane)
    described = loaded.projections["a_to_b"].rule
    assert described is not None
    assert described == projection.rule
    assert described["name"] == rule
    assert described["delay_ms"] == {"distribution": "Normal", "mean": 1.5, "std": 0.75, "low": 0.1, "high": None}
    with pytest.raises(TypeError):
        described["seed"] = 0  # type: ignore[index]
    loaded.projections["a_to_b"].weights[3] = 0.25
    assert loaded.projections["a_to_b"].rule is None
    assert not np.array_equal(loaded.projections["a_to_b"].weights, weights)
    assert not loaded.projections["a_to_b"].by_rule
    loaded.save(tmp_path / "arrays.snn")
    again = snn.load(tmp_path / "arrays.snn").projections["a_to_b"]
    assert not again.by_rule
    assert np.array_equal(again.weights, loaded.projections["a_to_b"].weights)
    # The same synapses as arrays: the same bits.
    sources, targets, delays = projection.synapses()
    twin = snn.Network(dt=0.1)
    twin.add("a", snn.LIF(200))
    twin.add("b", snn.LIF(200))
    twin.connect("a", "b", snn.Sparse.from_arrays(sources, targets, weights, delays, trainable=False))
    spikes.append(run(twin))
    scale = twin.projections["a_to_b"].fixed_point_scale / projection.fixed_point_scale
    if scale == 1:
        assert np.array_equal(spikes[0], membrane)
    else:  # the bounds of a rule may ask for a coarser scale than the sums themselves
        assert scale > 1
        assert np.allclose(spikes[0], membrane, atol=1e-3)


def test_synapses_can_be_asked_for_by_source_and_target() -> None:
    for sparse in (RULES["fixed_indegree"](), RULES["fixed_total"]()):
        _, projection = pair(sparse)
        for _ in range(2):
            sources, targets, delays = projection.synapses()
            weights = projection.synapse_weights()
            for chosen_sources, chosen_targets in (
                ([3, 4, 5, 90], None),
                (None, 17),
                ([90, 3, 3], [1, 2, 199]),
                ([], 5),
            ):
                keep = np.ones(sources.size, np.bool_)
                if chosen_sources is not None:
                    keep &= np.isin(sources, chosen_sources)
                if chosen_targets is not None:
                    keep &= np.isin(targets, chosen_targets)
                found = projection.synapses(sources=chosen_sources, targets=chosen_targets)
                for mine, whole in zip(found, (sources, targets, delays), strict=True):
                    assert np.array_equal(mine, whole[keep])
                assert np.array_equal(
                    projection.synapse_weights(sources=chosen_sources, targets=chosen_targets), weights[keep]
                )
            assert np.array_equal(weights, projection.weights)
            # The same of arrays.
            projection.weights[0] += 0.5
            assert not projection.by_rule
        with pytest.raises(snn.InvalidArgumentError, match="sources contains 200; it must be 0 to 199"):
            projection.synapses(sources=[200])
        with pytest.raises(snn.InvalidArgumentError, match="targets contains -1"):
            projection.synapses(targets=-1)
        with pytest.raises(snn.ArgumentTypeError, match="targets has dtype float64"):
            projection.synapses(targets=0.5)


def test_weights_and_delays_have_their_distributions() -> None:
    _, projection = pair(snn.Sparse.all_to_all(weight=snn.LogNormal(-1.0, 0.5), delay=snn.Uniform(0.5, 2.0)), 400)
    logs = np.log(projection.weights.astype(np.float64))
    n = logs.size
    assert abs(logs.mean() + 1.0) < 5 * 0.5 / math.sqrt(n)
    assert abs(logs.std() / 0.5 - 1) < 5 / math.sqrt(2 * n)
    delays = np.bincount(projection.synapses()[2], minlength=21)
    assert delays[:5].sum() == 0
    expected = np.full(16, n / 15.0)
    expected[[0, -1]] /= 2  # half a step at either end
    assert ((delays[5:] - expected) ** 2 / expected).sum() < 44.3  # chi-square, 15 degrees of freedom: 1e-4
    with pytest.raises(snn.InvalidArgumentError, match=r"delay: delays reach down to -.*; give it low = 0.1"):
        pair(snn.Sparse.one_to_one(delay=snn.Normal(1.5, 0.75)))
    with pytest.raises(snn.InvalidArgumentError, match="4097 steps; at most 4096"):
        pair(snn.Sparse.one_to_one(delay=409.7))
    with pytest.raises(snn.InvalidArgumentError, match="largest delay is 4097 steps"):
        pair(snn.Sparse.one_to_one(delay=409.6, delay_steps=1))
    with pytest.raises(snn.ArgumentTypeError, match="Sparse: weight is 'heavy', not a number"):
        snn.Sparse.one_to_one(weight="heavy")
    with pytest.raises(snn.ArgumentTypeError, match="Sparse has no keyword 'weight_std'; a rule has: weight, delay"):
        snn.Sparse.fixed_total(3, weight_std=1.0)
    with pytest.raises(snn.InvalidArgumentError, match="21 sources for each target without multapses; there are 20"):
        pair(snn.Sparse.fixed_indegree(21, allow_multapses=False), 20)
    with pytest.raises(snn.InvalidArgumentError, match="21 targets for each source without multapses; there are 20"):
        pair(snn.Sparse.fixed_outdegree(21, allow_multapses=False), 20)
    with pytest.raises(snn.InvalidArgumentError, match=r"would have about 3\.43.*e\+10 synapses; at most 17179869184"):
        pair(snn.Sparse.fixed_outdegree(2**34), 2)


def test_every_source_has_its_out_degree_and_targets_are_drawn_evenly() -> None:
    net = snn.Network()
    net.add("p", snn.LIF(300))
    drawn: dict[str, Any] = {"weight": snn.Exponential(0.5), "delay": snn.Exponential(3.0, low=1.0), "trainable": False}
    for autapses in (True, False):
        for multapses in (True, False):
            name = f"autapses_{autapses}_multapses_{multapses}"
            rule = snn.Sparse.fixed_outdegree(100, allow_autapses=autapses, allow_multapses=multapses, **drawn)
            projection = net.connect("p", "p", rule, name=name)
            sources, targets, _ = projection.synapses()
            assert projection.by_rule
            assert (np.bincount(sources, minlength=300) == 100).all()
            assert (sources == targets).any() == autapses
            assert (np.unique(sources * 300 + targets).size < sources.size) == multapses
            # In-degrees are binomial: 300 draws of probability 1/3, or 30,000 of 1/300.
            choices = 300 if autapses else 299
            variance = 300 * 100 / choices * (1 - (1 if multapses else 100) / choices)
            found = np.bincount(targets, minlength=300)
            assert abs(found.var() / variance - 1) < 5 * math.sqrt(2 / 300)
    with pytest.raises(snn.InvalidArgumentError, match=r"300 targets for each source .* there are 299 besides itself"):
        net.connect("p", "p", snn.Sparse.fixed_outdegree(300, allow_autapses=False, allow_multapses=False), name="all")
    all_others = snn.Sparse.fixed_outdegree(299, delay=1.0, allow_autapses=False, allow_multapses=False)
    assert net.connect("p", "p", all_others, name="all").synapse_count == 300 * 299
    net.add("one", snn.LIF(1))
    with pytest.raises(snn.InvalidArgumentError, match="one neuron has no one to connect to without autapses"):
        net.connect("one", "one", snn.Sparse.fixed_outdegree(1, allow_autapses=False))


@pytest.mark.parametrize(
    "rule",
    [
        lambda **given: snn.Sparse.fixed_probability(0.5, **given),
        lambda **given: snn.Sparse.spatial(PLACES, PLACES, width=0.1, cutoff=0.3, **given),
        lambda **given: snn.Sparse.all_to_all(**given),
        lambda **given: snn.Sparse.one_to_one(**given),
    ],
    ids=["fixed_probability", "spatial", "all_to_all", "one_to_one"],
)
def test_multapses_are_refused_where_a_rule_makes_none(
    rule: Callable[..., snn.Sparse], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    with pytest.raises(
        snn.InvalidArgumentError,
        match=rf"^Sparse\.{name}: allow_multapses is True, but the rule gives a pair at most one synapse; "
        "fixed_indegree, fixed_outdegree and fixed_total may give it several$",
    ):
        rule(allow_multapses=True)
    for given in ({}, {"allow_multapses": False}):
        sources, targets, _ = pair(rule(**given))[1].synapses()
        assert np.unique(sources * 200 + targets).size == sources.size > 0


def test_positions_are_checked() -> None:
    places = np.zeros((5, 2))
    for arguments, words in (
        ({"source_positions": np.zeros((5, 4))}, r"source_positions has shape \(5, 4\)"),
        ({"target_positions": np.zeros(5)}, "source_positions has 2 dimensions and target_positions 1"),
        ({"target_positions": [[np.nan, 0]] * 5}, r"target_positions\[0, 0\] is nan"),
        ({"width": 0}, "Sparse: width is 0.0; it must be above 0"),
        ({"cutoff": -1}, "Sparse: cutoff is -1"),
        ({"kernel": "box"}, "Sparse: kernel is 'box'; it must be one of gaussian, exponential"),
        ({"period": [1.0]}, "Sparse: period has 1 values; the positions have 2 dimensions"),
        ({"probability": 2}, "Sparse: probability is 2"),
    ):
        given: dict[str, Any] = {"source_positions": places, "target_positions": places, "width": 1, "cutoff": 2}
        with pytest.raises(snn.InvalidArgumentError, match=words):
            snn.Sparse.spatial(**{**given, **arguments})
    with pytest.raises(snn.InvalidArgumentError, match="source_positions has 10 values; expected 400"):
        pair(snn.Sparse.spatial(places, places, width=1, cutoff=2))
    with pytest.raises(snn.InvalidArgumentError, match=r"period\[0\] is 3; expected 0 or at least twice the cutoff"):
        pair(snn.Sparse.spatial(places, places, width=1, cutoff=2, period=3), 5)


# ---- Files that say something else


def changed_rule(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    network = json.loads(header["__metadata__"]["snn"])
    change(network["projections"][0]["rule"])
    header["__metadata__"]["snn"] = json.dumps(network)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])


BAD_RULES: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("fixed_total", lambda rule: rule.update(count=2**34 + 1), "at most 17179869184 are allowed"),
    ("fixed_total", lambda rule: rule.update(count=-1), "'count' is not a whole number"),
    ("fixed_total", lambda rule: rule.update(count=1.5), "'count' is not a whole number"),
    ("fixed_total", lambda rule: rule.update(count=40001, allow_multapses=False), "there are 40000 pairs"),
    ("fixed_total", lambda rule: rule.update(seed=2**64 - 1), "seed"),
    ("fixed_total", lambda rule: rule.update(allow_autapses=1), "allow_autapses"),
    ("fixed_total", lambda rule: rule.update(name="small_world"), "expected one of: fixed_probability"),
    ("fixed_total", lambda rule: rule.pop("weight"), "weight"),
    ("fixed_total", lambda rule: rule["weight"].update(b=-1.0), "standard deviation is -1"),
    ("fixed_total", lambda rule: rule["weight"].update(a=1e39), "finite float32 numbers"),
    ("fixed_total", lambda rule: rule["weight"].update(a=float("nan")), "not valid JSON"),
    ("fixed_total", lambda rule: rule["weight"].update(low=9.0), "less than 1 of 65536"),
    ("fixed_total", lambda rule: rule["weight"].update(low="none"), "low"),
    ("fixed_total", lambda rule: rule["weight"].update(kind="cauchy"), "expected one of: constant"),
    ("fixed_total", lambda rule: rule["weight"].update(a=90.0), "fixed-point scale"),
    ("fixed_total", lambda rule: rule["delay"].update(low=0.0), "below the time step"),
    ("fixed_total", lambda rule: rule["delay"].update(a=500.0), "at most 4096"),
    ("fixed_probability", lambda rule: rule.update(probability=1.01), "probability is 1.01"),
    ("fixed_probability", lambda rule: rule.update(probability="likely"), "probability"),
    ("fixed_indegree", lambda rule: rule.update(count=201), "201 sources for each target without multapses"),
    ("fixed_outdegree", lambda rule: rule.update(count=201), "201 targets for each source without multapses"),
    ("fixed_outdegree", lambda rule: rule.update(count=2**27), "at most 17179869184 are allowed"),
    ("fixed_total", lambda rule: rule["weight"].update(kind="exponential", a=0.0), "mean of the exponential"),
    ("spatial", lambda rule: rule.update(period=[1.0]), "source_positions has 400 values; expected 200"),
    ("spatial", lambda rule: rule.update(period=[]), "dimensions is 0"),
    ("spatial", lambda rule: rule.update(period=[1.0, "x"]), "period"),
    ("spatial", lambda rule: rule.update(period=[0.5, 1.0]), "at least twice the cutoff"),
    ("spatial", lambda rule: rule.update(cutoff=0.0), "cutoff is 0"),
    ("spatial", lambda rule: rule.update(kernel_width=-1), "kernel_width is -1"),
    ("spatial", lambda rule: rule.update(kernel="box"), "expected one of: gaussian"),
]


@pytest.mark.parametrize(("rule", "change", "words"), BAD_RULES, ids=[f"{r}-{w[:20]}" for r, _, w in BAD_RULES])
def test_every_number_of_a_rule_in_a_file_is_checked(
    rule: str, change: Callable[[dict[str, Any]], Any], words: str, tmp_path: Path
) -> None:
    net, _ = pair(RULES[rule]())
    net.save(tmp_path / "net.snn")
    changed_rule(tmp_path / "net.snn", change)
    with pytest.raises(snn.FormatError, match=words):
        snn.load(tmp_path / "net.snn")


def test_a_rule_of_another_generator_is_refused(tmp_path: Path) -> None:
    net, _ = pair(RULES["fixed_total"]())
    net.save(tmp_path / "net.snn")
    changed_rule(tmp_path / "net.snn", lambda rule: rule.update(generator=3))
    with pytest.raises(
        snn.VersionError, match="the rule is of generator 3; this library makes the synapses of generators 1 and 2"
    ):
        snn.load(tmp_path / "net.snn")


# ---- Parameters and initial states

GOLDEN = [
    4.419267620653646,
    4.501593450991163,
    1.7624551272055986,
]  # of snn.Exponential(2.0), the same on every machine


def test_numbers_of_a_distribution() -> None:
    values = snn.Normal(3.0, 2.0, low=0.0).draw(20_000, seed=1)
    assert values.dtype == np.float64
    assert values.min() >= 0.0
    # The normal distribution cut off 1.5 deviations down.
    ratio = math.exp(-1.125) / math.sqrt(2 * math.pi) / (0.5 * math.erfc(-1.5 / math.sqrt(2)))
    assert abs(values.mean() - (3 + 2 * ratio)) < 5 * 2 / math.sqrt(20_000)
    assert np.array_equal(values, snn.Normal(3.0, 2.0, low=0.0).draw(20_000, seed=1))
    others = [snn.Uniform(0, 1).draw(1000, seed=seed, stream=stream) for seed, stream in ((1, 0), (1, 1), (2, 0))]
    assert np.unique(others).size > 2990  # all different
    assert snn.LogNormal(0.0, 1.0).draw(0, seed=1).shape == (0,)
    drawn = snn.Exponential(2.0).draw(20_000, seed=1)
    assert abs(drawn.mean() - 2.0) < 5 * 2.0 / math.sqrt(20_000)
    probabilities = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    for p, found in zip(probabilities, np.quantile(drawn, probabilities), strict=True):
        deviation = 2.0 * math.sqrt(p / (1 - p) / 20_000)  # of a quantile: sqrt(p (1 - p) / n) / density
        assert abs(found + 2.0 * math.log1p(-p)) < 5 * deviation
    # The exponential distribution has no memory: above a bound it begins again.
    assert abs(snn.Exponential(2.0, low=3.0).draw(20_000, seed=1).mean() - 5.0) < 5 * 2.0 / math.sqrt(20_000)
    assert snn.Exponential(2.0, high=1.0).draw(20_000, seed=1).max() <= 1.0
    assert snn.Exponential(2.0).draw(3, seed=1).tolist() == GOLDEN
    with pytest.raises(snn.InvalidArgumentError, match="count"):
        snn.Uniform(0, 1).draw(-1, seed=1)


@pytest.mark.parametrize(
    "drawn",
    [
        snn.Normal(0.75, 0.375, low=0.1),
        snn.Normal(0.0, 1.0, low=-1.0, high=0.5),
        snn.Normal(-3.0, 2.0),
        snn.Uniform(-1.0, 5.0),
        snn.LogNormal(0.5, 0.5),
        snn.LogNormal(0.0, 1.0, low=0.5, high=2.0),
        snn.LogNormal(-1.0, 0.2, high=0.4),
        snn.Exponential(0.5),
        snn.Exponential(2.0, low=1.0, high=3.0),
    ],
    ids=repr,
)
def test_moments_are_those_of_the_numbers_drawn(drawn: snn.Distribution) -> None:
    count = 200_000
    values = drawn.draw(count, seed=1)
    mean, std = moments(drawn._numbers())
    assert abs(values.mean() - mean) < 5.0 * std / math.sqrt(count)
    # The error of the variance, from the fourth moment.
    error = np.sqrt((((values - values.mean()) ** 2 - values.var()) ** 2).mean() / count)
    assert abs(values.var() - std**2) < 5.0 * error


def test_moments_of_constants_and_of_what_floats_do_not_hold() -> None:
    free = (-math.inf, math.inf)
    assert moments((0, 1.5, 0.0, *free)) == (1.5, 0.0)
    assert moments((1, 3.0, 0.0, *free)) == (3.0, 0.0)
    assert moments((3, 1.0, 0.0, *free)) == (math.e, 0.0)
    assert moments((3, 0.0, 30.0, *free)) == (math.inf, math.inf)  # beyond the range of floats


def test_parameters_and_initial_states_are_drawn_from_the_seed() -> None:
    def build(seed: int) -> snn.Population:
        net = snn.Network(seed=seed)
        net.add("first", snn.LIF(5, threshold=snn.Normal(1.0, 0.1)))
        neurons = snn.LIF(
            (4, 50, 50), threshold=snn.Normal(1.0, 0.1, low=0.9), tau_membrane=20.0, initial={"v": snn.Uniform(0, 0.5)}
        )
        assert "threshold=Normal(mean=1.0, std=0.1, low=0.9" in repr(neurons)
        return net.add("cells", neurons)

    cells, again, other = build(1), build(1), build(2)
    threshold = np.asarray(cells.parameters["threshold"])
    assert threshold.shape == (4, 50, 50)
    assert threshold.min() >= 0.9
    phi = math.exp(-0.5) / math.sqrt(2 * math.pi)  # the density at one deviation below the mean
    inside = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
    assert abs(threshold.mean() - (1 + 0.1 * phi / inside)) < 5 * 0.08 / math.sqrt(10_000)
    assert np.array_equal(threshold, again.parameters["threshold"])
    assert not np.array_equal(threshold, other.parameters["threshold"])
    first = np.asarray(cells._network.populations["first"].parameters["threshold"])
    assert not np.isin(first, threshold).any(), "populations are drawn independently"
    assert cells.parameters["tau_membrane"] == 20.0
    with snn.Simulation(cells._network) as sim:
        start = sim.get("cells.v")
        assert 0 <= start.min() < 0.01
        assert 0.49 < start.max() <= 0.5
    cells.set(threshold=2.0)
    assert cells.parameters["threshold"] == 2.0
    cells.set(threshold=snn.Uniform(3, 4))
    assert np.asarray(cells.parameters["threshold"]).min() >= 3
    with pytest.raises(snn.InvalidArgumentError, match="tau_membrane"):
        snn.Network().add("n", snn.LIF(1000, tau_membrane=snn.Normal(0.0, 1.0)))
    with pytest.raises(snn.InvalidArgumentError, match="whole numbers, not drawn ones"):
        snn.LIF(3, initial={"refractory_left": snn.Uniform(0, 3)})


def test_arrays_that_do_not_fit_are_an_error() -> None:
    script = (
        "import resource, snn\n"
        "net = snn.Network(dt=0.1)\n"
        "net.add('e', snn.LIF(40_000))\n"
        "rule = snn.Sparse.fixed_indegree(500, weight=snn.Normal(0.1, 0.01), delay=snn.Uniform(0.5, 2.0))\n"
        "net.connect('e', 'e', rule)\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))\n"
        "for look in (lambda p: p.weights, lambda p: p.synapses()):\n"
        "    try:\n"
        "        look(net.projections['e_to_e'])\n"
        "    except MemoryError as error:\n"
        "        print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == 2, done.stdout


def test_attributes_do_not_look_at_weights_that_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its weights were read, each look at them takes a hash of all, to find whether they were changed."""
    hashed: list[int] = []
    digest = _projection._digest
    monkeypatch.setattr(_projection, "_digest", lambda weights: (hashed.append(weights.size), digest(weights))[1])
    net = snn.Network(seed=1)
    for name, neurons in (("a", snn.SpikeInput(20)), ("b", snn.LIF(30)), ("c", snn.LIF(40))):
        net.add(name, neurons)
    for ends in ("ab", "bc"):
        net.connect(*ends, snn.Sparse.fixed_indegree(5, delay=snn.Uniform(1.0, 200.0)))
    first, second = net.projections.values()
    weights, drawn = first.weights, first.delay_range
    hashed.clear()
    assert (second.synapse_count, second.weight_count, second.by_rule) == (200, 200, True)
    assert second.delay_range == drawn == (1, 200)
    assert second.rule is not None
    assert (first.synapse_count, first.weight_count) == (150, 150)
    assert (net.synapse_count, net.parameter_count) == (350, 350)
    repr(second)
    assert not hashed
    assert first.by_rule
    assert hashed == [150]

    weights[3] = 2.0
    assert (first.synapse_count, first.weight_count, net.parameter_count) == (150, 150, 350)
    assert second.by_rule
    assert first.rule is None
    assert not first.by_rule
    steps = first.synapses()[2]
    assert first.delay_range == (steps.min(), steps.max()) != drawn
    weights[3] = 3.0
    assert first.delay_range == (steps.min(), steps.max())


def test_the_range_of_delays_is_that_of_the_current_weights() -> None:
    net = snn.Network(seed=1)
    net.add("a", snn.SpikeInput(4))
    net.add("b", snn.LIF(4))
    projection = net.connect("a", "b", snn.Sparse.fixed_indegree(2, delay=snn.Uniform(1.0, 200.0)))
    assert projection.delay_range == (1, 200)
    projection.weights[0] = 2.0
    steps = projection.synapses()[2]
    assert projection.delay_range == (steps.min(), steps.max()) != (1, 200)
