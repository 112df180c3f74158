"""NIR: nodes compute their equations, what is written and read again spikes alike, and the rest is refused by name."""

from __future__ import annotations

import inspect
from itertools import pairwise

import nir
import numpy as np
import pytest

import snn
import snn.nir

DT = 1e-4


def neurons(kind: type, count: int, **values) -> object:
    return kind(**{name: np.full(count, float(value)) for name, value in values.items()})


def lif(
    count: int, tau: float = 2.5e-3, r: float = 1.0, v_leak: float = 0.0, v_threshold: float = 0.1, **more
) -> nir.LIF:
    return neurons(nir.LIF, count, tau=tau, r=r, v_leak=v_leak, v_threshold=v_threshold, **more)


def graph(nodes: dict, *edges: tuple[str, str]) -> nir.NIRGraph:
    # The package's own check of shapes does not know groups of channels.
    unchecked = {"type_check": False} if "type_check" in inspect.signature(nir.NIRGraph).parameters else {}
    return nir.NIRGraph(nodes=nodes, edges=list(edges), **unchecked)


def ports(size, out=None) -> dict:
    shape, end = np.atleast_1d(size), np.atleast_1d(size if out is None else out)
    return {"input": nir.Input(input_type={"input": shape}), "output": nir.Output(output_type={"output": end})}


def chain(size, *nodes, out=None) -> nir.NIRGraph:
    names = [f"node_{place}" for place in range(len(nodes))]
    way = ["input", *names, "output"]
    return graph({**ports(size, out), **dict(zip(names, nodes, strict=True))}, *pairwise(way))


def spikes_and_states(net: snn.Network, x: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    with snn.Simulation(net) as simulation:
        found = simulation.run(len(x), {net.inputs[0]: x}, record={name: ["spikes", "v"]})
    return found[name]["spikes"][:, 0], found[name]["v"][:, 0]


# ---- equations


def test_lif_is_the_equation_in_euler_steps() -> None:
    """float64 by hand: v += dt/tau (v_leak - v + r x), then the spike, then v = v_reset."""
    tau, r, leak, threshold, v_reset = 2e-3, 3.0, 0.05, 0.4, -0.1
    node = lif(3, tau, r, leak, threshold)
    if hasattr(node, "v_reset"):
        node.v_reset = np.full(3, v_reset)
    else:
        v_reset = 0.0
    weight = np.random.default_rng(0).normal(0.2, 0.3, (3, 4))
    bias = np.array([0.1, 0.0, -0.05])
    net = snn.nir.from_nir(chain(4, nir.Affine(weight=weight, bias=bias), node, out=3))
    assert net.dt == pytest.approx(0.1)
    x = np.random.default_rng(1).random((400, 4)).astype(np.float32)
    spikes, v = spikes_and_states(net, x, "node_1")
    expected = np.full(3, leak)
    for step in range(400):
        expected = expected + DT / tau * (leak - expected + r * (weight @ x[step] + bias))
        fired = expected > threshold
        expected = np.where(fired, v_reset, expected)
        assert np.array_equal(spikes[step], fired), step
        np.testing.assert_allclose(v[step], expected, atol=2e-6)
    assert 5 < spikes.sum() < 1000


@pytest.mark.parametrize("synaptic_input", ["rate", "jump"])
def test_cuba_lif_is_the_equation_in_euler_steps(synaptic_input: str) -> None:
    tau_syn, tau_mem, r, w_in = 1e-3, 3e-3, 2.0, 4.0
    node = neurons(nir.CubaLIF, 2, tau_syn=tau_syn, tau_mem=tau_mem, r=r, v_leak=0.0, v_threshold=0.5, w_in=w_in)
    net = snn.nir.from_nir(chain(2, node), synaptic_input=synaptic_input)
    x = (np.random.default_rng(2).random((300, 2)) < 0.2).astype(np.float32)
    spikes, v = spikes_and_states(net, x, "node_0")
    current, membrane = np.zeros(2), np.zeros(2)
    for step in range(300):
        gain = 1.0 if synaptic_input == "jump" else DT / tau_syn
        current = current - DT / tau_syn * current + gain * w_in * x[step]
        membrane = membrane + DT / tau_mem * (r * current - membrane)
        fired = membrane > 0.5
        membrane = np.where(fired, 0.0, membrane)
        assert np.array_equal(spikes[step], fired), step
        np.testing.assert_allclose(v[step], membrane, atol=2e-6)
    assert spikes.sum() > 0


def test_exact_decay_subtraction_and_spikes_at_the_threshold() -> None:
    tau = 5.0  # in steps, as Sinabs writes it
    net = snn.nir.from_nir(
        chain(1, lif(1, tau, v_threshold=1.0)),
        dt=1.0,
        reset="subtract",
        discretization="exact",
        threshold_compare="greater_equal",
    )
    assert net["node_0"].options["threshold_compare"] == "greater_equal"
    x = np.full((50, 1), 3.0, np.float32)
    spikes, v = spikes_and_states(net, x, "node_0")
    decay, membrane = np.exp(-1 / tau), 0.0
    for step in range(50):
        membrane = decay * membrane + (1 - decay) * 3.0
        fired = membrane >= 1.0
        membrane -= fired
        assert spikes[step, 0] == fired
        assert v[step, 0] == pytest.approx(membrane, abs=1e-5)


def test_if_threshold_li_scale_and_delay() -> None:
    integrator = neurons(nir.IF, 2, r=1.0, v_threshold=0.5)
    delay = nir.Delay(delay=np.array([3 * DT, 0.0]))
    x = np.zeros((12, 2), np.float32)
    x[1] = 0.6
    spikes, _ = spikes_and_states(snn.nir.from_nir(chain(2, delay, integrator)), x, "node_1")
    assert [tuple(place) for place in np.argwhere(spikes)] == [(1, 1), (4, 0)]
    # As the equation says, an input counts dt times itself.
    spikes, v = spikes_and_states(snn.nir.from_nir(chain(2, integrator), if_gain="ode"), x, "node_0")
    assert v[-1] == pytest.approx(0.6 * DT)

    threshold = nir.Threshold(threshold=np.array([0.5, 1.0]))
    scaled = chain(2, nir.Scale(scale=np.array([1.0, 2.0])), threshold)
    spikes, _ = spikes_and_states(snn.nir.from_nir(scaled), x, "node_1")
    assert [tuple(place) for place in np.argwhere(spikes)] == [(1, 0), (1, 1)]

    leaky = neurons(nir.LI, 2, tau=1e-3, r=2.0, v_leak=0.1)
    net = snn.nir.from_nir(chain(2, leaky))
    with snn.Simulation(net) as simulation:
        v = simulation.run(3, {"input": np.ones((3, 2))}, record={"node_0": "v"})["node_0"]["v"][:, 0, 0]
    expected = [0.1]
    for _ in range(3):
        expected.append(expected[-1] + 0.1 * (0.1 - expected[-1] + 2.0))
    np.testing.assert_allclose(v, expected[1:], rtol=1e-6)


def test_images_go_through_convolutions_and_pooling() -> None:
    """What no single connection does is worked out as one matrix; here it is compared with loops."""
    random = np.random.default_rng(3)
    weight, bias = random.normal(size=(4, 1, 3, 3)), random.normal(size=4)
    conv = nir.Conv2d((4, 4), weight, 1, (1, 1), 1, 2, bias)  # two groups
    pool = nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0]))
    average = nir.AvgPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0]))
    flatten = nir.Flatten(input_type={"input": np.array([4, 2, 2])}, start_dim=0, end_dim=-1)
    affine = nir.Affine(weight=random.normal(size=(5, 16)), bias=np.zeros(5))
    leaky = neurons(nir.LI, 5, tau=DT, r=1.0, v_leak=0.0)  # shows its input
    nodes = {
        **ports([2, 8, 8], 5),
        "pool": pool,
        "conv": conv,
        "average": average,
        "flat": flatten,
        "affine": affine,
        "li": leaky,
    }
    way = ["input", "pool", "conv", "average", "flat", "affine", "li", "output"]
    net = snn.nir.from_nir(graph(nodes, *pairwise(way)))
    image = random.random((2, 8, 8)).astype(np.float32)
    with snn.Simulation(net) as simulation:
        found = simulation.run(1, {"input": image}, record={"li": "v"})["li"]["v"][0, 0]
    pooled = image.reshape(2, 4, 2, 4, 2).sum((2, 4))
    padded = np.pad(pooled, ((0, 0), (1, 1), (1, 1)))
    convolved = np.array(
        [
            [
                [(padded[o // 2, y : y + 3, x : x + 3] * weight[o, 0]).sum() + bias[o] for x in range(4)]
                for y in range(4)
            ]
            for o in range(4)
        ]
    )
    averaged = convolved.reshape(4, 2, 2, 2, 2).mean((2, 4))
    np.testing.assert_allclose(found, affine.weight @ averaged.reshape(-1), rtol=1e-4, atol=1e-5)
    # And without neighbours each is the connection of its kind.
    shaped = nir.LI(**{key: np.full((4, 4, 4), value) for key, value in {"tau": DT, "r": 1.0, "v_leak": 0.0}.items()})
    single = graph(
        {**ports([2, 4, 4], [4, 4, 4]), "conv": conv, "li": shaped}, ("input", "conv"), ("conv", "li"), ("li", "output")
    )
    net = snn.nir.from_nir(single)
    assert net.projections["input_to_li"].kind == "conv2d"
    with snn.Simulation(net) as simulation:
        found = simulation.run(1, {"input": pooled}, record={"li": "v"})["li"]["v"][0, 0]
    np.testing.assert_allclose(found, convolved, rtol=1e-4, atol=1e-5)


def test_a_convolution_after_pooling_is_one_convolution() -> None:
    random = np.random.default_rng(5)
    pool = nir.AvgPool2d(kernel_size=np.array([2, 3]), stride=np.array([2, 3]), padding=np.array([0, 0]))
    conv = nir.Conv2d((4, 3), random.normal(size=(2, 1, 3, 2)), (2, 1), (1, 1), 1, 1, np.array([0.5, -0.5]))
    leaky = nir.LI(**{key: np.full((2, 2, 4), value) for key, value in {"tau": DT, "r": 1.0, "v_leak": 0.0}.items()})
    nodes = {**ports([1, 8, 9], [2, 2, 4]), "pool": pool, "conv": conv, "li": leaky}
    net = snn.nir.from_nir(graph(nodes, *pairwise(["input", "pool", "conv", "li", "output"])))
    assert net.projections["input_to_li"].kind == "conv2d"
    image = random.random((1, 8, 9)).astype(np.float32)
    with snn.Simulation(net) as simulation:
        found = simulation.run(1, {"input": image}, record={"li": "v"})["li"]["v"][0, 0]
    padded = np.pad(image[0].reshape(4, 2, 3, 3).mean((1, 3)), 1)
    for channel in range(2):
        for y in range(2):
            for x in range(4):
                window = padded[2 * y : 2 * y + 3, x : x + 2]
                expected = (window * conv.weight[channel, 0]).sum() + conv.bias[channel]
                assert found[channel, y, x] == pytest.approx(expected, abs=1e-5)


def test_several_ways_into_a_node_and_nested_rings() -> None:
    """What goes round a ring arrives one step later; sums, a bias after a sum is added once."""
    inner = graph(
        {
            **ports(2),
            "lif": lif(2, DT, v_threshold=0.5),
            "w_rec": nir.Linear(weight=np.array([[0.0, 1.0], [1.0, 0.0]])),
        },
        ("input", "lif"),
        ("lif", "w_rec"),
        ("w_rec", "lif"),
        ("lif", "output"),
    )
    nodes = {
        **ports(2),
        "left": nir.Linear(weight=np.eye(2)),
        "right": nir.Linear(weight=np.array([[0.0, 0.0], [0.0, 0.0]])),
        "sum": nir.Affine(weight=np.eye(2), bias=np.array([0.4, 0.0])),
        "ring": inner,
    }
    edges = [
        ("input", "left"),
        ("input", "right"),
        ("left", "sum"),
        ("right", "sum"),
        ("sum", "ring"),
        ("ring", "output"),
    ]
    net = snn.nir.from_nir(graph(nodes, *edges))
    assert list(net.populations) == ["input", "ring_lif"]
    delays = sorted(projection.delay_steps for projection in net.projections.values())
    assert delays == [0, 0, 1]
    x = np.zeros((5, 2), np.float32)
    x[0, 0] = 0.2
    spikes, _ = spikes_and_states(net, x, "ring_lif")
    # 0.4 + 0.2 spikes at once, and then each step the other one.
    assert spikes.tolist() == [[1, 0], [0, 1], [1, 0], [0, 1], [1, 0]]


# ---- there and back


def with_everything() -> snn.Network:
    net = snn.Network(dt=0.5, seed=2)
    net.add("image", snn.Input((2, 6, 6)))
    net.add("features", snn.LIF((3, 4, 4), tau_membrane=4.0, threshold=0.3))
    net.add("pooled", snn.IntegrateAndFire((3, 2, 2), threshold=1.5))
    net.add(
        "hidden", snn.CurrentLIF(7, tau_membrane=np.linspace(3, 9, 7), tau_synapse=2.0, threshold=0.4, reset="value")
    )
    net.add("fast", snn.LIF(7, threshold=0.6, reset_timing="next_step", input_scaling="one_minus_decay", decay="euler"))
    net.add("readout", snn.LeakyIntegrator(2, tau_membrane=10.0))
    net.connect("image", "features", snn.Conv2d(3, 3, bias=np.array([0.3, 0.2, 0.25])))
    net.connect("features", "pooled", snn.SumPool2d(2))
    net.connect("pooled", "hidden", snn.Dense(bias=np.full(7, 0.3)))
    net.connect("hidden", "hidden", snn.Dense(delay_steps=1, init=0.2))
    net.connect("hidden", "fast", snn.OneToOne(np.linspace(1.0, 3.0, 7)))
    net.connect("fast", "hidden", snn.Sparse.fixed_probability(0.4, weight=0.3, delay_steps=3, arithmetic="float"))
    net.connect("fast", "readout", snn.Dense(delay_steps=2))
    net.connect("hidden", "readout", snn.Dense())
    return net


@pytest.mark.parametrize("through_a_file", [False, True])
def test_what_is_written_and_read_again_spikes_alike(tmp_path, through_a_file: bool) -> None:
    net = with_everything()
    written = snn.nir.to_nir(net)
    if through_a_file:
        nir.write(tmp_path / "network.nir", written)
        written = tmp_path / "network.nir"
    again = snn.nir.from_nir(written)
    assert list(again.populations) == list(net.populations)
    assert again.dt == net.dt
    x = np.random.default_rng(4).random((120, 2, 6, 6)).astype(np.float32)
    record = {name: "v" if name == "readout" else ["spikes", "v"] for name in net.populations if name != "image"}
    found = []
    for one in (net, again):
        with snn.Simulation(one) as simulation:
            found.append(simulation.run(len(x), {"image": x}, record=record))
    for name in record:
        if name != "readout":
            assert found[0][name]["spikes"].sum() > 20
            assert np.array_equal(found[0][name]["spikes"], found[1][name]["spikes"]), name
        np.testing.assert_allclose(found[0][name]["v"], found[1][name]["v"], rtol=1e-5, atol=1e-5)
    twice = snn.nir.from_nir(snn.nir.to_nir(again))
    for name, projection in again.projections.items():
        if projection.kind != "pool2d":
            np.testing.assert_allclose(twice.projections[name].weights, projection.weights, rtol=1e-6)


def test_what_leads_to_the_output_comes_last(tmp_path) -> None:
    """So that a trainer's output, the last population, is the graph's: a file tells its nodes by name."""
    nodes = {**ports(2), "a_readout": lif(2), "hidden": lif(2), "side": lif(2)}
    edges = [
        ("input", "hidden"),
        ("hidden", "a_readout"),
        ("hidden", "side"),
        ("side", "hidden"),
        ("a_readout", "output"),
    ]
    nir.write(tmp_path / "foreign.nir", graph(nodes, *edges))
    net = snn.nir.from_nir(tmp_path / "foreign.nir")
    assert list(net.populations) == ["input", "hidden", "side", "a_readout"]
    assert snn.Trainer(net, steps=3).output == "a_readout"
    # A network's own order is kept, whatever leads where.
    own = snn.Network()
    own.add("input", snn.Input(2))
    own.add("readout", snn.LIF(2))
    own.add("a_side", snn.LIF(2))
    own.connect("input", "a_side", snn.Dense())
    own.connect("a_side", "readout", snn.Dense())
    nir.write(tmp_path / "own.nir", snn.nir.to_nir(own))
    assert list(snn.nir.from_nir(tmp_path / "own.nir").populations) == ["input", "readout", "a_side"]


# ---- what is wrong is said


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda net: net.add("x", snn.AdEx(2)), snn.UnsupportedError, "population 'x' has model 'adex'"),
        (lambda net: net["out"].set(refractory=2.0), snn.UnsupportedError, "'out' has a refractory other than 0"),
        (lambda net: net["out"].set(reset="none"), snn.UnsupportedError, "'out' is not reset"),
        (lambda net: net["out"].set(v_reset=0.2), snn.UnsupportedError, "threshold - v_reset"),
        (lambda net: net["out"].set(initial={"v": 0.5}), snn.UnsupportedError, "initial states"),
    ],
)
def test_what_nir_does_not_have_is_refused_by_name(change, error, words: str) -> None:
    net = snn.Network()
    net.add("in", snn.Input(2))
    net.add("out", snn.LIF(2))
    net.connect("in", "out", snn.Dense())
    snn.nir.to_nir(net)
    change(net)
    with pytest.raises(error, match=words):
        snn.nir.to_nir(net)


def test_projections_that_nir_does_not_have_are_refused_by_name() -> None:
    net = snn.Network()
    net.add("in", snn.SpikeInput((1, 4, 4)))
    net.add("out", snn.LIF((1, 2, 2)))
    net.connect("in", "out", snn.MaxPool2d(2), name="largest")
    with pytest.raises(snn.UnsupportedError, match="projection 'largest' is max pooling"):
        snn.nir.to_nir(net)
    adaptive = snn.Sequential(4, snn.Dense(3), snn.AdaptiveLIF())
    with pytest.raises(
        snn.UnsupportedError, match="model 'adaptive_lif', which NIR does not have; it has lif, current_lif"
    ):
        snn.nir.to_nir(adaptive)
    with pytest.raises(snn.ArgumentTypeError, match="not a Network"):
        snn.nir.to_nir(3)


def test_graphs_that_cannot_be_read_name_the_node(tmp_path) -> None:
    def refused(made, error, words: str, **options) -> None:
        with pytest.raises(error, match=words):
            snn.nir.from_nir(made, **options)

    cuba_li = getattr(nir, "CubaLI", None)
    odd = neurons(cuba_li, 2, tau_syn=1e-3, tau_mem=1e-3, r=1.0, v_leak=0.0) if cuba_li else neurons(nir.I, 2, r=1.0)
    refused(chain(2, odd), snn.UnsupportedError, r"node 'node_0' is a \w+, which has no counterpart")
    refused(
        chain(2, lif(2, tau=4e-5)), snn.InvalidArgumentError, "node 'node_0': tau is 4e-05 s, not more than half of dt"
    )
    refused(chain(2, lif(2, tau=-1.0)), snn.InvalidArgumentError, "tau is -1; it must be above 0")
    refused(chain(2, lif(2, tau=np.nan)), snn.InvalidArgumentError, "tau has a value that is not finite")
    refused(chain(2, lif(2)), snn.InvalidArgumentError, "dt is 0.0", dt=0.0)
    refused(
        chain(2, lif(2)),
        snn.InvalidArgumentError,
        "reset is 'zero'; it must be one of auto, value, subtract",
        reset="zero",
    )
    refused(
        chain(2, lif(2), nir.Linear(weight=np.eye(2))),
        snn.UnsupportedError,
        "the output 'output' is fed by node 'node_1'",
    )
    loop = chain(2, nir.Linear(weight=np.eye(2)), lif(2))
    loop.edges.append(("node_0", "node_0"))
    refused(loop, snn.UnsupportedError, "'node_0' is in a ring without neurons")
    astray = chain(2, lif(2))
    astray.edges.append(("node_0", "nowhere"))
    refused(astray, snn.InvalidArgumentError, "'nowhere' that is not there")
    refused(3, snn.ArgumentTypeError, "neither a nir.NIRGraph nor the path of a file")
    refused(tmp_path / "missing.nir", snn.FileError, "missing.nir")
    (tmp_path / "text.nir").write_text("no HDF5")
    refused(tmp_path / "text.nir", snn.FileError, "not a NIR file")
