"""Connections do what numpy says they do."""

from __future__ import annotations

import gc
import math
import tracemalloc

import numpy as np
import pytest

import snn
from snn.connections import Connection


def response(
    connection: Connection, source: int | tuple[int, ...], target: int | tuple[int, ...], x: np.ndarray
) -> np.ndarray:
    """The input sum of one step, read from integrators that started at zero: an array of the target's shape."""
    net = snn.Network()
    net.add("in", snn.Input(source))
    net.add("out", snn.LeakyIntegrator(target))
    net.connect("in", "out", connection)
    with snn.Simulation(net) as sim:
        sim.step(inputs={"in": x})
        return sim.get("out.v")[0]


RANDOM = np.random.Generator(np.random.Philox(21))


def values(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def test_dense_is_a_matrix_product() -> None:
    x, w, b = values(6), values(6, 4), values(4)
    assert np.allclose(response(snn.Dense(weights=w, bias=b), 6, 4, x), x @ w + b, atol=1e-6)
    assert np.allclose(response(snn.Dense(weights=w, bias=True), 6, 4, x), x @ w, atol=1e-6)


def test_one_to_one_is_a_product() -> None:
    x, w = values(5), values(5)
    assert np.allclose(response(snn.OneToOne(w), 5, 5, x), x * w)
    assert np.allclose(response(snn.OneToOne(2.0, bias=np.ones(5)), 5, 5, x), 2 * x + 1)
    image = values(2, 3, 4)
    assert np.allclose(response(snn.OneToOne(3.0), (2, 3, 4), (2, 3, 4), image), 3 * image)


def test_sparse_adds_what_the_list_says() -> None:
    sources, targets, weights = [3, 0, 3, 1, 0], [1, 2, 1, 0, 0], values(5)
    x = values(4)
    expected = np.zeros(3, np.float32)
    np.add.at(expected, targets, x[sources] * weights)
    assert np.allclose(response(snn.Sparse.from_arrays(sources, targets, weights), 4, 3, x), expected, atol=1e-6)
    dense = np.zeros((4, 3))
    np.add.at(dense, (sources, targets), weights)
    offsets = np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))])
    rows, columns = np.nonzero(dense)
    csr = snn.Sparse.from_csr(offsets, columns, dense[rows, columns])
    assert np.allclose(response(csr, 4, 3, x), expected, atol=1e-6)


def test_sparse_synapses_come_back_in_canonical_order() -> None:
    net = snn.Network()
    net.add("in", snn.SpikeInput(4))
    net.add("out", snn.LIF(3))
    sparse = snn.Sparse.from_arrays([3, 0, 3, 1, 0], [1, 2, 0, 0, 0], [1, 2, 3, 4, 5], [0, 1, 2, 3, 4], delay_steps=2)
    projection = net.connect("in", "out", sparse)
    found = sorted(zip(*(array.tolist() for array in (*projection.synapses(), projection.weights)), strict=True))
    assert found == [(0, 0, 6, 5), (0, 2, 3, 2), (1, 0, 5, 4), (3, 0, 4, 3), (3, 1, 2, 1)]
    assert projection.synapses()[0].tolist() == sorted(projection.synapses()[0].tolist())
    sources, targets, delays = projection.synapses()
    assert (sources - targets).tolist() == [-2, 0, 1, 2, 3]
    assert min(3 - delays) == -3
    projection.weights[0] = 9.0
    twin = net.copy().projections["in_to_out"]
    assert twin.weights.tolist() == projection.weights.tolist()
    assert all(np.array_equal(a, b) for a, b in zip(twin.synapses(), projection.synapses(), strict=True))


def test_random_rules_keep_their_promises() -> None:
    def connect(sparse: snn.Sparse, seed: int = 0) -> tuple[np.ndarray, ...]:
        net = snn.Network(seed=seed)
        net.add("p", snn.LIF(200))
        projection = net.connect("p", "p", sparse)
        return (*projection.synapses(), projection.weights)

    common = {"weight": snn.Normal(0.5, 0.1), "delay": snn.Uniform(1, 4)}
    sources, targets, delays, weights = connect(snn.Sparse.fixed_indegree(10, **common))
    assert (np.bincount(targets, minlength=200) == 10).all()
    assert set(delays.tolist()) == {1, 2, 3, 4}
    assert abs(weights.mean() - 0.5) < 0.02
    assert 0.08 < weights.std() < 0.12
    sources, targets, _, _ = connect(snn.Sparse.fixed_total(1234, **common))
    assert sources.size == 1234
    sources, targets, _, weights = connect(snn.Sparse.fixed_probability(0.1, delay=1, allow_autapses=False))
    assert 3600 < sources.size < 4400
    assert (sources != targets).all()
    assert (weights == 1.0).all()
    again = connect(snn.Sparse.fixed_probability(0.1, delay=1, allow_autapses=False))
    assert np.array_equal(sources, again[0])
    other = connect(snn.Sparse.fixed_probability(0.1, delay=1, allow_autapses=False), seed=1)
    assert other[0].size != sources.size or not np.array_equal(sources, other[0])
    # Normal delays, nearest steps, drawn again outside [1, 20.5]: against the probabilities of the truncated distribution.
    rule = snn.Sparse.fixed_total(40000, delay=snn.Normal(8.0, 4.0, low=1.0, high=20.5 - 1e-9))
    delays = connect(rule)[2]
    edges = [1.0, *(d + 0.5 for d in range(1, 21))]
    inside = np.diff([0.5 * math.erf((edge - 8) / (4 * 2**0.5)) for edge in edges])
    expected = np.array(inside) / sum(inside) * delays.size
    found = np.bincount(delays, minlength=21)[1:]
    assert ((found - expected) ** 2 / expected).sum() < 43.8  # chi-square, 19 degrees of freedom: 0.1 %
    largest = snn.Sparse.fixed_total(9, delay=1, seed=2**64 - 2)
    assert np.array_equal(connect(largest)[1], connect(largest, seed=1)[1])
    with pytest.raises(snn.InvalidArgumentError, match="seed is 18446744073709551615"):
        snn.Sparse.fixed_total(9, seed=2**64 - 1)
    for tiny in (5e-324, 1e-300, 1e-17, 1e-12):
        assert connect(snn.Sparse.fixed_probability(tiny, delay=1))[0].size == 0
    assert connect(snn.Sparse.fixed_probability(1 - 2**-53, delay=1))[0].size == 200 * 200


def convolved(x: np.ndarray, w: np.ndarray, stride: int, padding: int, dilation: int, groups: int) -> np.ndarray:
    channels, height, width = x.shape
    padded = np.pad(x.astype(np.float64), ((0, 0), (padding, padding), (padding, padding)))
    ky, kx = w.shape[2:]
    rows = (height + 2 * padding - dilation * (ky - 1) - 1) // stride + 1
    columns = (width + 2 * padding - dilation * (kx - 1) - 1) // stride + 1
    out = np.zeros((w.shape[0], rows, columns))
    inside, outside = channels // groups, w.shape[0] // groups
    for o in range(w.shape[0]):
        for c in range(inside):
            plane = padded[o // outside * inside + c]
            for y in range(rows):
                for z in range(columns):
                    window = plane[
                        y * stride : y * stride + dilation * (ky - 1) + 1 : dilation,
                        z * stride : z * stride + dilation * (kx - 1) + 1 : dilation,
                    ]
                    out[o, y, z] += (window * w[o, c]).sum()
    return out


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (1, 1, 1, 2), (2, 1, 1, 1), (1, 2, 2, 2)]
)
def test_conv2d_is_a_cross_correlation(stride: int, padding: int, dilation: int, groups: int) -> None:
    x, w, b = values(4, 7, 6), values(6, 4 // groups, 3, 3), values(6)
    expected = convolved(x, w, stride, padding, dilation, groups) + b[:, None, None]
    conv = snn.Conv2d(6, 3, stride=stride, padding=padding, dilation=dilation, groups=groups, weights=w, bias=b)
    assert conv.target_shape((4, 7, 6)) == expected.shape
    assert np.allclose(response(conv, (4, 7, 6), expected.shape, x), expected, atol=1e-5)


def test_pools() -> None:
    x = values(2, 4, 6)
    blocks = x.reshape(2, 2, 2, 3, 2).transpose(0, 1, 3, 2, 4)
    assert np.allclose(response(snn.SumPool2d(2), (2, 4, 6), (2, 2, 3), x), blocks.sum(axis=(3, 4)), atol=1e-6)
    assert np.allclose(response(snn.AvgPool2d(2), (2, 4, 6), (2, 2, 3), x), blocks.mean(axis=(3, 4)), atol=1e-6)
    assert np.allclose(response(snn.MaxPool2d(2), (2, 4, 6), (2, 2, 3), x), blocks.max(axis=(3, 4)), atol=1e-6)


def test_delays_arrive_when_they_should() -> None:
    net = snn.Network()
    net.add("in", snn.SpikeInput(1))
    net.add("out", snn.IntegrateAndFire(1, threshold=0.5))
    net.connect("in", "out", snn.Dense(weights=[[1.0]], delay_steps=3))
    x = np.zeros((8, 1), np.float32)
    x[1] = 1
    with snn.Simulation(net) as sim:
        spikes = sim.run(8, {"in": x}, {"out": "spikes"})["out"]["spikes"][:, 0, 0]
    assert np.flatnonzero(spikes).tolist() == [4]


def test_the_longest_delay_runs() -> None:
    net = snn.Network()
    net.add("in", snn.SpikeInput(1))
    net.add("out", snn.LIF(1, threshold=0.5))
    net.connect("in", "out", snn.Sparse.from_arrays([0], [0], 1.0, [96], delay_steps=4000))
    with snn.Simulation(net) as sim:
        spikes = np.zeros((4100, 1), np.float32)
        spikes[2] = 1
        recording = sim.run(4100, {"in": spikes}, {"out": "spikes"})
    assert np.flatnonzero(recording["out"]["spikes"]).tolist() == [4098]


def test_recurrent_networks_need_a_delay() -> None:
    net = snn.Network()
    net.add("p", snn.LIF(3))
    net.connect("p", "p", snn.Dense())
    with pytest.raises(snn.InvalidArgumentError, match="ring: p -> p"):
        net.summary()
    net = snn.Network()
    net.add("p", snn.LIF(3))
    net.connect("p", "p", snn.Dense(delay_steps=1))
    assert net.synapse_count == 9


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 3, 2)])
def test_conv1d_is_a_correlation_along_one_row(stride: int, padding: int, dilation: int) -> None:
    random = np.random.default_rng(3)
    w, x = random.normal(size=(4, 2, 1, 5)).astype(np.float32), random.normal(size=(2, 1, 30)).astype(np.float32)
    conv = snn.Conv1d(4, 5, stride=stride, padding=padding, dilation=dilation, weights=w)
    net = snn.Sequential((2, 1, 30), conv, snn.LeakyIntegrator())
    spread = np.zeros((4, 2, 4 * dilation + 1))
    spread[:, :, ::dilation] = w[:, :, 0]
    padded = np.pad(x[:, 0], ((0, 0), (padding, padding)))
    expected = sum(np.array([np.correlate(padded[i], spread[o, i], "valid") for o in range(4)]) for i in range(2))[
        :, None, ::stride
    ]
    with snn.Simulation(net) as simulation:
        simulation.step(inputs={"input": x})
        np.testing.assert_allclose(simulation.get("output.v")[0], expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(snn.ArgumentTypeError, match=r"Conv1d: kernel is \(3, 3\)"):
        snn.Conv1d(1, (3, 3))
    with pytest.raises(snn.InvalidArgumentError, match="Conv1d: the source has shape"):
        snn.Sequential(30, snn.Conv1d(4, 5), snn.LIF())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: snn.Dense(0), "Dense: units is 0"),
        (lambda: snn.Dense("wide"), "Dense: units is 'wide', not an integer"),
        (lambda: snn.Dense(weights=[["a"]]), "Dense: weights has dtype"),
        (lambda: snn.Dense(weights=[[1.0], [1.0, 2.0]]), "Dense: weights is not an array of numbers"),
        (lambda: snn.Dense(weights=[[np.inf]]), r"Dense: weights\[0, 0\] is inf"),
        (lambda: snn.Dense(weights=[[1e300]]), r"Dense: weights\[0, 0\] is 1e\+300; it must fit float32"),
        (lambda: snn.Dense(weights=[[1 + 2j]]), "Dense: weights has dtype complex128"),
        (lambda: snn.Dense(init="orthogonal"), "initialiser 'orthogonal'; there are: kaiming_uniform"),
        (lambda: snn.Dense(init=None), "init is None"),
        (lambda: snn.Dense(delay_steps=-1), "Dense: delay_steps is -1"),
        (lambda: snn.Dense(delay_steps=4097), "Dense: delay_steps is 4097; it must be 0 to 4096"),
        (lambda: snn.Dense(2**30 + 1), "Dense: units is 1073741825"),
        (lambda: snn.Conv2d(2**30 + 1, 3), "Conv2d: channels is 1073741825"),
        (lambda: snn.Dense(arithmetic="int8"), "Dense: arithmetic is 'int8'; it must be one of default, float, fixed"),
        (lambda: snn.Dense(receptor=3), "Dense: receptor is 3"),
        (lambda: snn.Conv2d(0, 3), "Conv2d: channels is 0"),
        (lambda: snn.Conv2d(1, (3, 3, 3)), r"Conv2d: kernel is \(3, 3, 3\)"),
        (lambda: snn.Conv2d(1, 3, stride=0), "Conv2d: stride is 0"),
        (lambda: snn.MaxPool2d(-2), "MaxPool2d: kernel is -2"),
        (lambda: snn.Sparse.fixed_probability(1.5), "Sparse: probability is 1.5"),
        (lambda: snn.Sparse.fixed_probability(float("nan")), "Sparse: probability is nan"),
        (lambda: snn.Sparse.fixed_indegree(-1), "Sparse: count is -1"),
        (lambda: snn.Sparse.fixed_outdegree(-1), "Sparse: count is -1"),
        (lambda: snn.Sparse.fixed_total(3, delay=-1.0), "Sparse: delay is -1"),
        (lambda: snn.Uniform(4, 2), "Uniform: low is 4.0 and high is 2.0"),
        (lambda: snn.Normal(0, -1), "Normal: std is -1"),
        (lambda: snn.Normal(0, 1, low=2, high=1), "Normal: low is 2.0 and high is 1.0"),
        (lambda: snn.LogNormal(float("nan"), 1), "LogNormal: mean_log is nan"),
        (lambda: snn.Exponential(0), "Exponential: scale is 0.0; it must be above 0"),
        (lambda: snn.Exponential(1e39), r"Exponential: scale is 1e\+39"),
        (lambda: snn.Exponential(1, low=2, high=1), "Exponential: low is 2.0 and high is 1.0"),
        (lambda: snn.Sparse.fixed_total(2**34 + 1), "Sparse: count is 17179869185"),
        (lambda: snn.Sparse.fixed_indegree(2**34 + 1), "Sparse: count is 17179869185"),
        (lambda: snn.Sparse.from_arrays([2**30], [0], 1.0), "sources contains 1073741824; it must be 0 to 1073741823"),
        (lambda: snn.Sparse.from_csr([0, 1], [2**30], 1.0), "targets contains 1073741824"),
        (lambda: snn.Sparse.from_arrays([0, 1], [0], 1.0), "2 sources and 1 targets"),
        (lambda: snn.Sparse.from_arrays([-1], [0], 1.0), "sources contains -1"),
        (lambda: snn.Sparse.from_arrays([0.5], [0], 1.0), "sources has dtype float64"),
        (lambda: snn.Sparse.from_arrays([[0]], [[0]], 1.0), "one-dimensional"),
        (lambda: snn.Sparse.from_arrays([0], [0], [1.0, 2.0]), r"weights has shape \(2,\); there are 1"),
        (lambda: snn.Sparse.from_arrays([0], [0], 1.0, [4097]), "delays contains 4097; it must be 0 to 4096"),
        (
            lambda: snn.Sparse.from_csr([0, 2], [0, 0], 1.0, [1, 4096], delay_steps=1),
            "Sparse: delay_steps is 1 and the longest delay of a synapse 4096; their sum must be at most 4096",
        ),
        (lambda: snn.Sparse.from_arrays([0], [0], 1.0, [1, 2]), r"delays has shape \(2,\)"),
    ],
)
def test_bad_connections(make, sentence: str) -> None:
    with pytest.raises(snn.SnnError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("connection", "sentence"),
    [
        (snn.Dense(weights=np.ones((2, 2))), r"projection 'a_to_b': weights has shape \(2, 2\); it must be \(4, 3\)"),
        (snn.Dense(bias=np.ones(2)), r"bias has shape \(2,\); it must be \(3,\)"),
        (snn.Dense(7), "units is 7, but the target has 3 neurons"),
        (snn.Dense(receptor="apical"), "apical"),
        (snn.OneToOne(), "source has 4 neurons and the target 3"),
        (snn.Conv2d(1, 3), "channels, height, width"),
        (snn.MaxPool2d(2), "channels, height, width"),
        (snn.Sparse.from_arrays([4], [0], 1.0), "sources contains 4, but the source has 4"),
        (snn.Sparse.from_arrays([3], [3], 1.0), "3"),
        (snn.Sparse.from_csr([0, 1], [0], 1.0), "row_offsets has 2 values"),
        (snn.Sparse.from_csr([0, 1, 0, 1, 1], [0], 1.0), "row_offsets"),
        (snn.Sparse.from_csr([0, 0, 0, 0, 9], [0], 1.0), "row_offsets"),
        (snn.Dense(init=lambda *a: np.ones(3, np.float32)), "what init returned has shape"),
        (3, "connection is 3"),
    ],
)
def test_connections_that_do_not_fit(connection, sentence: str) -> None:
    net = snn.Network()
    net.add("a", snn.SpikeInput(4))
    net.add("b", snn.LIF(3))
    with pytest.raises(snn.SnnError, match=sentence):
        net.connect("a", "b", connection)
    assert not net.projections
    assert net.connect("a", "b", snn.Dense()).weights.shape == (4, 3)


def test_what_cannot_be_connected() -> None:
    net = snn.Network()
    net.add("a", snn.SpikeInput(2))
    net.add("b", snn.LIF(2))
    net.add("readout", snn.LeakyIntegrator(2))
    net.connect("a", "b", snn.Dense())
    with pytest.raises(snn.InvalidArgumentError, match=r"'a_to_b' already; .*: name="):
        net.connect("a", "b", snn.Dense())
    with pytest.raises(snn.InvalidArgumentError, match="projection name is '1st'"):
        net.connect("a", "b", snn.Dense(), name="1st")
    with pytest.raises(snn.NotFoundError, match="population 'c'; there are: a, b, readout"):
        net.connect("a", "c", snn.Dense())
    with pytest.raises(snn.ArgumentTypeError, match="population is 3"):
        net.connect("a", 3, snn.Dense())  # type: ignore[arg-type]
    with pytest.raises(snn.InvalidArgumentError, match="readout"):
        net.connect("readout", "b", snn.Dense())
    with pytest.raises(snn.InvalidArgumentError, match="'a'"):
        net.connect("b", "a", snn.Dense())
    other = snn.Network()
    stranger = other.add("b", snn.LIF(2))
    with pytest.raises(snn.InvalidArgumentError, match="another network"):
        net.connect("a", stranger, snn.Dense(), name="x")


def test_python_holds_weights_only_where_someone_has_them() -> None:
    def held_bytes() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    size = 4 * 1000 * 500
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        net = snn.Sequential(1000, snn.Dense(500), snn.LIF())
        projection = net.projections["input_to_output"]
        assert held_bytes() >= size  # until the network is finished
        with snn.Simulation(net) as sim:
            assert net.memory_estimate().network >= size
            assert held_bytes() < size / 4
            projection.weights = np.full((1000, 500), 0.25)
            assert np.all(sim["input_to_output.weight"] != 0.25)
        with snn.Simulation(net) as sim:  # what was assigned has become the network's, and went again
            assert held_bytes() < size / 4
            assert np.all(sim["input_to_output.weight"] == 0.25)
        weights = projection.weights
        weights[0, 0] = 0.5
        with snn.Simulation(net) as sim:  # this array may be changed again
            assert sim["input_to_output.weight"][0, 0] == 0.5
            assert projection.weights is weights
        weights[0, 0] = 0.75
        with snn.Simulation(net) as sim:
            assert sim["input_to_output.weight"][0, 0] == 0.75
    finally:
        tracemalloc.stop()


def test_pooling_has_no_weights_and_only_sparse_lists_synapses() -> None:
    net = snn.Sequential((1, 4, 4), snn.MaxPool2d(2), snn.LIF())
    with pytest.raises(snn.InvalidArgumentError, match="is pooling"):
        _ = net.projections["input_to_output"].weights
    with pytest.raises(snn.InvalidArgumentError, match="only sparse"):
        net.projections["input_to_output"].synapses()
    assert net.projections["input_to_output"].bias is None
    assert net.projections["input_to_output"].pool_mode == "max"
    with pytest.raises(snn.InvalidArgumentError, match="has no bias"):
        net.projections["input_to_output"].bias = np.zeros(1)


def test_synapses_take_the_bytes_that_the_documents_say() -> None:
    def bytes_each(net: snn.Network) -> tuple[float, float]:
        count, estimate = net.projections["p"].synapse_count, net.memory_estimate()
        return estimate.network / count, estimate.weights / count

    def network(synapses: snn.Sparse) -> snn.Network:
        net = snn.Network(dt=0.1)
        net.add("cells", snn.LIF(1000))
        net.connect("cells", "cells", synapses, name="p")
        return net

    rng = np.random.default_rng(1)
    ends = rng.integers(0, 1000, (2, 400_000))
    static = {"weights": rng.random(400_000), "trainable": False}
    of_arrays = network(snn.Sparse.from_arrays(*ends, delay_steps=10, **static))
    assert bytes_each(of_arrays) == pytest.approx((0, 4), abs=0.3)
    of_delays = network(snn.Sparse.from_arrays(*ends, delays=rng.integers(1, 9, 400_000), **static))
    assert bytes_each(of_delays) == pytest.approx((0, 4), abs=0.6)
    assert of_arrays.projections["p"].weights.size == 400_000  # which makes arrays of them
    assert bytes_each(of_arrays) == pytest.approx((8, 4), abs=0.3)
    by_rule = network(snn.Sparse.fixed_indegree(400, weight=0.1, delay=1.0, trainable=False))
    assert bytes_each(by_rule) == pytest.approx((0, 4), abs=0.3)
    with snn.Simulation(by_rule) as sim:
        sim["p.weight"] = 0.2
        assert bytes_each(sim.to_network()) == pytest.approx((10, 4), abs=0.3)
