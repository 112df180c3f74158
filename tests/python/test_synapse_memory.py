"""Static synapses that are given as arrays: what they take, and that every way of looking at them gives them back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snn
from snn.engine.bench.synapse_memory import COLUMNS

SIZES = {"input": 60, "exc": 70_000, "inh": 300}  # exc has more neurons than two bytes of target can name


def _given(seed: int, sources: int, targets: int, delays: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    count = 10 * sources
    weights = random.choice(np.array([-0.5, 0.25, 0.75, 1.0], np.float32), count)  # rounding leaves them as they are
    return (
        random.integers(0, sources, count),
        random.integers(0, targets, count),
        weights,
        random.integers(1, delays + 1, count),
    )


def _expected(given: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """The synapses in canonical order."""
    sources, targets, weights, delays = given
    order = np.lexsort((np.arange(sources.size), targets, delays, sources))
    return sources[order], targets[order], delays[order], weights[order]


ENDS = {"a": ("input", "exc", 7), "b": ("input", "inh", 1), "c": ("exc", "inh", 3), "d": ("inh", "exc", 300)}


def _network() -> tuple[snn.Network, dict[str, tuple[np.ndarray, ...]]]:
    net = snn.Network(seed=1)
    net.add("input", snn.SpikeInput(SIZES["input"]))
    net.add("exc", snn.LIF(SIZES["exc"], initial={"v": snn.Uniform(0.0, 1.5)}))
    net.add("inh", snn.LIF(SIZES["inh"]))
    given = {}
    for seed, (name, (source, target, delays)) in enumerate(ENDS.items()):
        given[name] = _given(seed, SIZES[source], SIZES[target], delays)
        net.connect(source, target, snn.Sparse.from_arrays(*given[name], trainable=False), name=name)
    return net, given


def _check(net: snn.Network, given: dict[str, tuple[np.ndarray, ...]]) -> None:
    for name, arrays in given.items():
        projection = net.projections[name]
        expected = _expected(arrays)
        assert projection.arithmetic == "compact"
        for found, wanted in zip(projection.synapses(), expected[:3], strict=True):
            assert np.array_equal(found, wanted), name
        assert np.array_equal(projection.synapse_weights(), expected[3]), name
        assert projection.delay_range == (int(arrays[3].min()), int(arrays[3].max()))


def _run(sim: snn.Simulation) -> np.ndarray:
    inputs = (np.random.default_rng(5).random((20, SIZES["input"])) < 0.3).astype(np.float32)
    counts = sim.run(20, {"input": inputs}, {"exc": "spike_count", "inh": "spike_count"})
    return np.concatenate([counts[name]["spike_count"].ravel() for name in ("exc", "inh")])


def test_the_network_gives_back_its_synapses_whatever_is_open(tmp_path: Path) -> None:
    net, given = _network()
    _check(net, given)
    net.save(tmp_path / "before.snn")
    with snn.Simulation(net, device="reference") as reference:
        expected = _run(reference)
    assert expected.sum() > 1000
    net, given = _network()  # the reference made arrays of the other one
    for threads in (1, 2, 1):
        with snn.Simulation(net, threads=threads) as sim, snn.Simulation(net, threads=3) as other:
            _check(net, given)
            assert np.array_equal(_run(sim), expected)
            assert np.array_equal(_run(other), expected)
            net.save(tmp_path / "open.snn")
            assert (tmp_path / "open.snn").read_bytes() == (tmp_path / "before.snn").read_bytes()
            sim.load_weights(tmp_path / "before.snn")
            assert np.array_equal(sim.get("d.weight"), _expected(given["d"])[3])
        _check(net, given)
    loaded = snn.load(tmp_path / "open.snn")
    _check(loaded, given)
    net.copy().save(tmp_path / "copy.snn")
    assert (tmp_path / "copy.snn").read_bytes() == (tmp_path / "before.snn").read_bytes()


def test_weights_written_to_a_simulation_stay_with_it(tmp_path: Path) -> None:
    net, given = _network()
    weights = {name: _expected(arrays)[3] for name, arrays in given.items()}
    with snn.Simulation(net) as plain:
        expected = _run(plain)
    changed = weights["a"][::-1]
    with snn.Simulation(net, threads=2) as sim, snn.Simulation(net, threads=2) as other:
        sim.set("a.weight", changed)
        assert np.array_equal(sim.get("a.weight"), changed)
        assert np.array_equal(sim.get("b.weight"), weights["b"])
        assert np.array_equal(other.get("a.weight"), weights["a"])
        _check(net, given)
        assert not np.array_equal(_run(sim), expected)
        assert np.array_equal(_run(other), expected)
        sim.to_network().save(tmp_path / "changed.snn")
        sim.save_state(tmp_path / "state")
    with snn.Simulation(net, threads=3) as again:
        assert np.array_equal(again.get("a.weight"), weights["a"])
        again.load_weights(tmp_path / "changed.snn")
        assert np.array_equal(again.get("a.weight"), changed)
        again.load_state(tmp_path / "state")
        assert np.array_equal(again.get("a.weight"), changed)
    _check(net, given)


def test_weights_of_the_network_are_written_in_their_order_whenever_that_is() -> None:
    net, given = _network()
    before = net.projections["c"].weights  # before the network is finished
    assert np.array_equal(before, _expected(given["c"])[3])
    with snn.Simulation(net):
        later = net.projections["d"].weights
        assert np.array_equal(later, _expected(given["d"])[3])
    before[...] = 0.25
    later[0] = 1.0
    assert net.projections["d"].synapse_weights()[0] == 1.0
    assert (net.projections["c"].synapse_weights() == 0.25).all()
    given["c"] = (*given["c"][:2], np.full_like(given["c"][2], 0.25), given["c"][3])
    del given["d"]
    _check(net, given)


def test_a_refused_connection_leaves_the_synapses_of_the_others() -> None:
    net, given = _network()
    with pytest.raises(snn.NotFoundError, match="receptor"):
        net.connect("input", "inh", snn.Sparse.from_arrays([0], [1], 1.0, receptor="nothing"), name="wrong")
    net.populations["inh"].set(threshold=2.0)
    _check(net, given)


def test_a_refused_weight_leaves_those_that_were_assigned_before_it() -> None:
    net, given = _network()
    assert net.synapse_count > 0  # finished: the native network alone has the weights
    first, last = net.projections["a"], net.projections["c"]
    assigned = _expected(given["a"])[3][::-1].copy()
    first.weights = assigned
    last.weights[0] = np.nan
    with pytest.raises(snn.InvalidArgumentError, match="'c'"):
        net.save(os.devnull)
    last.weights[0] = 0.25
    assert net.synapse_count > 0
    assert np.array_equal(first.synapse_weights(), assigned)
    assert last.synapse_weights()[0] == 0.25


def test_sorted_and_shuffled_arrays_are_the_same_network() -> None:
    sources, targets = np.divmod(np.random.default_rng(3).choice(40 * 50, 1000, replace=False), 50)  # no pair twice
    order = np.argsort(sources, kind="stable")
    sources, targets = sources[order], targets[order]
    found = []
    for order in (np.arange(sources.size), np.random.default_rng(1).permutation(sources.size)):
        net = snn.Network()
        net.add("input", snn.SpikeInput(40))
        net.add("cells", snn.LIF(50))
        values = np.arange(1, sources.size + 1, dtype=np.float32)[order]
        steps = np.arange(sources.size)[order] % 9 + 1
        connection = snn.Sparse.from_arrays(sources[order], targets[order], values, steps, arithmetic="float")
        projection = net.connect("input", "cells", connection)
        found.append((*projection.synapses(), projection.synapse_weights()))
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory in use from /proc")
@pytest.mark.parametrize("delays", [1, 50])
def test_a_process_holds_a_synapse_once(delays: int) -> None:
    script = (
        "import sys\n"
        "from snn.engine.bench.synapse_memory import measure\n"
        "print(*measure(10_000, 8_000_000, int(sys.argv[1]), 1))\n"
    )
    command = [sys.executable, "-P", "-c", script, str(delays)]
    # What is freed goes back to the system at once, also where it is less than glibc would map by itself.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found = dict(zip(COLUMNS, map(float, done.stdout.split()), strict=True))
    # 2 bytes of target and 2 of weight; 1 of delay; the rest is for neurons and what malloc and Python keep.
    assert 4.0 < found["finished"] < 4.8 + (delays > 1), found
    neurons = 10_000 * (2 * (delays + 1) + 8 + 4 * 64 + 130) / 8_000_000  # tables, spikes of the past, states
    assert 4.0 < found["open"] < 4.6 + neurons, found
    # The form of the network, that of the simulation, and a chunk that is sorted.
    assert found["opening"] < 4.0 + (delays > 1) + 4.0 + 3.5 + neurons, found
