"""A network is built, looked at, changed, run and saved in any order; weights are the same whatever the order was."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import snn

SIZE = 6


def connections(generator: np.random.Generator) -> list[Callable[[], snn.Connection]]:
    def arrays(**settings) -> snn.Sparse:
        sources, targets = generator.integers(0, SIZE, 9), generator.integers(0, SIZE, 9)
        return snn.Sparse.from_arrays(sources, targets, generator.normal(size=9), **settings)

    return [
        lambda: snn.Dense(),
        lambda: snn.Dense(bias=True),
        lambda: snn.OneToOne(0.3),
        lambda: arrays(),
        lambda: arrays(trainable=False, delay_steps=1),
        lambda: arrays(delays=generator.integers(0, 5, 9), trainable=False),
        lambda: snn.Sparse.fixed_probability(0.5, weight=snn.Normal(0.1, 0.03), delay=2.0, trainable=False),
        lambda: snn.Sparse.fixed_indegree(2, weight=0.5, delay=1.0, plasticity=snn.PairSTDP()),
    ]


@pytest.mark.parametrize("seed", range(120))
def test_any_order(seed: int, tmp_path: Path) -> None:
    chosen, generator = random.Random(seed), np.random.default_rng(seed)
    net = snn.Network()
    net.add("input", snn.SpikeInput(SIZE))
    net.add("a", snn.LIF(SIZE))
    net.add("b", snn.LIF(SIZE))
    known: dict[str, np.ndarray] = {}
    cut: dict[str, bool] = {}

    def check(other: snn.Network) -> None:
        assert all(other.projections[name].detached == detached for name, detached in cut.items())
        for name, weights in known.items():
            np.testing.assert_array_equal(other.projections[name].weights, weights, err_msg=name)

    for turn in range(14):
        operation = chosen.choice(
            ["connect", "look", "change", "count", "run", "save", "copy", "pickle", "add", "look", "detach"]
        )
        projections = list(net.projections.values())
        if operation == "connect":
            connection = chosen.choice(connections(generator))()
            net.connect(*chosen.choice([("input", "a"), ("a", "b"), ("input", "b")]), connection, name=f"p{turn}")
        elif operation == "add":
            net.add(f"more{turn}", snn.LIF(2))
        elif operation == "count":
            assert net.neuron_count == sum(p.size for p in net.populations.values() if not p.is_input)
            assert net.synapse_count == sum(p.synapse_count for p in projections)
            assert net.summary()
        elif operation == "run":
            with snn.Simulation(net) as sim:
                sim.step(2)
        elif operation == "save":
            net.save(tmp_path / "net.snn")
            check(snn.load(tmp_path / "net.snn"))
        elif operation == "copy":
            net = net.copy()
        elif operation == "pickle":
            net = pickle.loads(pickle.dumps(net))
        elif projections:
            projection = chosen.choice(projections)
            if operation == "detach":
                cut[projection.name] = projection.detached = not projection.detached
            elif operation == "change":
                # Multiples of 2^-8 up to 1: no arithmetic rounds these.
                projection.weights = generator.integers(0, 256, projection.weights.shape) / 256
                known[projection.name] = np.array(projection.weights)
            else:
                assert projection.weights.size == projection.weight_count
    check(net)


def test_weights_that_rounding_changes_can_be_looked_at_before_a_run() -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(3))
    net.add("cells", snn.LIF(3))
    net.connect(
        "input", "cells", snn.Sparse.from_arrays([0, 1, 2], [0, 1, 2], [0.1, 0.2, 0.3], trainable=False), name="p"
    )
    assert net.projections["p"].weights.size == 3
    with snn.Simulation(net) as sim:
        np.testing.assert_array_equal(sim["p.weight"], net.projections["p"].weights)
    scale = net.projections["p"].fixed_point_scale
    np.testing.assert_allclose(net.projections["p"].weights, [0.1, 0.2, 0.3], atol=0.5 / scale)


def test_weights_that_sixteen_bits_would_lose_have_more() -> None:
    def built(**settings) -> snn.Network:
        net = snn.Network()
        net.add("input", snn.SpikeInput(3))
        net.add("cells", snn.LIF(3))
        synapses = snn.Sparse.from_arrays([0, 1, 2], [0, 1, 2], [1e-4, 0.01, 20.0], trainable=False, **settings)
        net.connect("input", "cells", synapses, name="p")
        return net

    weights = np.float32([1e-4, 0.01, 20.0])
    for net in (built(), built(arithmetic="fixed")):
        assert net.projections["p"].arithmetic == "fixed"
        with snn.Simulation(net) as sim:
            np.testing.assert_array_equal(sim["p.weight"], weights)
    asked = built(arithmetic="compact").projections["p"]
    assert asked.arithmetic == "compact"
    assert np.count_nonzero(asked.weights) == 2
