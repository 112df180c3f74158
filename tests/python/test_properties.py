"""Properties that hold for every network, tried on random ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import snn
from snn.builtin_neurons import _Builtin
from snn.connections import Connection

MODELS = [cls for cls in _Builtin.__subclasses__() if cls.definition.spiking]
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def networks(draw: st.DrawFn) -> snn.Network:
    """An input of spikes, one of values, one to three populations, random connections with and without delays."""
    net = snn.Network(dt=draw(st.sampled_from([0.1, 0.5, 1.0])), seed=draw(st.integers(0, 2**64 - 1)))
    net.add("spikes", snn.SpikeInput(draw(st.integers(1, 20))))
    net.add("values", snn.Input(draw(st.integers(1, 20))))
    names = [f"p{index}" for index in range(draw(st.integers(1, 3)))]
    for name in names:
        model = draw(st.sampled_from(MODELS))
        net.add(name, model(draw(st.integers(1, 40))))
    large = ("adex", "hodgkin_huxley", "izhikevich", "noisy_izhikevich")
    scale = 12.0 if any(net[name].model in large for name in names) else 0.6
    for target in names:
        if net[target].model == "poisson_source":  # it has no receptors
            continue
        for source in ("spikes", "values", *names):
            if not draw(st.booleans()) and source != "spikes":
                continue
            earlier = source not in names or names.index(source) < names.index(target)
            delay = draw(st.integers(0 if earlier else 1, 4))
            net.connect(source, target, draw(connections(delay, scale, source)))
    return net


@st.composite
def connections(draw: st.DrawFn, delay: int, scale: float, source: str) -> Connection:
    init = snn.init.Uniform(-0.4 * scale, scale)
    if draw(st.booleans()):
        return snn.Dense(init=init, bias=draw(st.booleans()), delay_steps=delay)
    fixed = source != "values" and draw(st.booleans())
    return snn.Sparse.fixed_probability(
        draw(st.floats(0, 1)),
        weight=snn.Normal(0.5 * scale, scale),
        delay=draw(st.sampled_from([0, 2, snn.Uniform(1, 5)])),
        delay_steps=delay,
        trainable=not fixed,
        arithmetic="fixed" if fixed else "float",
    )


def drive(net: snn.Network, steps: int, batch: int, seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.Generator(np.random.Philox(seed))
    return {
        "spikes": (random.random((steps, batch, net["spikes"].size)) < 0.3).astype(np.float32),
        "values": random.normal(0.3, 0.5, (steps, batch, net["values"].size)).astype(np.float32),
    }


def everything(net: snn.Network) -> dict[str, list[str]]:
    return {name: [*p.states, "spikes"] for name, p in net.populations.items() if not p.is_input}


def run(net: snn.Network, inputs: dict[str, np.ndarray], batch: int, **simulation: object) -> dict[str, np.ndarray]:
    steps = len(inputs["spikes"])
    with snn.Simulation(net, batch_size=batch, **simulation) as sim:  # type: ignore[arg-type]
        recording = sim.run(steps, inputs, everything(net))
    return {f"{name}.{key}": array for name, variables in recording.items() for key, array in variables.items()}


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    for name, array in a.items():
        same = array == b[name] if array.dtype == bool else array.view(np.uint32) == b[name].view(np.uint32)
        assert same.all(), name


def draws(net: snn.Network) -> bool:
    """Whether a model of the network draws random numbers in its step."""
    models = {p.model for p in net.populations.values() if not p.is_input}
    return any(word in model for model in models for word in ("driven", "noisy", "source"))


@SETTINGS
@given(networks())
def test_saving_and_loading_changes_nothing(net: snn.Network) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.snn"
        net.save(path)
        twin = snn.load(path)
        twin.save(Path(folder) / "twin.snn")
        assert path.read_bytes() == (Path(folder) / "twin.snn").read_bytes()
    inputs = drive(net, 12, 2)
    assert_same(run(net, inputs, 2), run(twin, inputs, 2))
    for name, projection in net.projections.items():
        assert np.array_equal(projection.weights, twin.projections[name].weights)


@SETTINGS
@given(networks(), st.integers(2, 5))
def test_a_batch_is_so_many_separate_runs(net: snn.Network, batch: int) -> None:
    inputs = drive(net, 10, batch)
    together = run(net, inputs, batch)
    for sample in range(batch):
        alone = run(net, {name: np.ascontiguousarray(x[:, sample : sample + 1]) for name, x in inputs.items()}, 1)
        here = {name: np.ascontiguousarray(x[:, sample : sample + 1]) for name, x in together.items()}
        if sample == 0 or not draws(net):  # samples draw numbers of their own
            assert_same(here, alone)


@SETTINGS
@given(networks(), st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_a_run_is_so_many_steps_however_it_is_cut(net: snn.Network, pieces: list[int]) -> None:
    inputs = drive(net, sum(pieces), 2)
    whole = run(net, inputs, 2)
    with snn.Simulation(net, batch_size=2) as sim:
        done = 0
        for piece in pieces:
            part = {name: np.ascontiguousarray(x[done : done + piece]) for name, x in inputs.items()}
            recording = sim.run(piece, part, everything(net))
            for name, array in whole.items():
                population, _, variable = name.partition(".")
                found = np.ascontiguousarray(recording[population][variable])
                assert_same({name: np.ascontiguousarray(array[done : done + piece])}, {name: found})
            done += piece
    with snn.Simulation(net, batch_size=2) as sim:
        for step in range(done):
            sim.step(inputs={name: x[step] for name, x in inputs.items()})
        for name, array in whole.items():
            assert_same({name: np.ascontiguousarray(array[-1])}, {name: sim.get(name)})


@SETTINGS
@given(networks(), st.integers(1, 4))
def test_threads_instruction_sets_and_devices_give_the_same_bits(net: snn.Network, batch: int) -> None:
    inputs = drive(net, 10, batch)
    expected = run(net, inputs, batch, device="reference")
    cpu = next(device for device in snn.devices() if device.name == "cpu")
    for name in cpu.instruction_sets:
        assert_same(expected, run(net, inputs, batch, instruction_set=name))
    for threads in (2, 3, 5):
        assert_same(expected, run(net, inputs, batch, threads=threads))
    assert_same(expected, run(net, inputs, batch, flags=["interpret_models"]))


@SETTINGS
@given(networks(), st.integers(1, 9))
def test_a_run_can_be_resumed_from_its_state(net: snn.Network, cut: int) -> None:
    inputs = drive(net, 12, 1)
    whole = run(net, inputs, 1)
    with snn.Simulation(net) as sim:
        sim.run(cut, {name: np.ascontiguousarray(x[:cut]) for name, x in inputs.items()})
        paths = [f"{name}.{key}" for name, keys in everything(net).items() for key in keys if key != "spikes"]
        delayed = {p.source.name for p in net.projections.values() if p.delay_steps or p.kind == "sparse"}
        for name in delayed:
            try:
                sim.get(f"{name}.history")
            except snn.NotFoundError:
                continue
            paths.append(f"{name}.history")
        saved = {path: sim.get(path) for path in paths}
    with snn.Simulation(net) as sim:
        sim.step_count = cut
        for path, values in saved.items():
            sim.set(path, values)
        rest = sim.run(12 - cut, {name: np.ascontiguousarray(x[cut:]) for name, x in inputs.items()}, everything(net))
    for name, array in whole.items():
        population, _, variable = name.partition(".")
        found = np.ascontiguousarray(rest[population][variable])
        assert_same({name: np.ascontiguousarray(array[cut:])}, {name: found})


@SETTINGS
@given(st.integers(1, 60), st.integers(1, 30), st.integers(0, 2**64 - 2), st.floats(0, 1))
def test_random_connections_are_inside_and_the_same_again(sources: int, targets: int, seed: int, chance: float) -> None:
    def make() -> tuple[np.ndarray, ...]:
        net = snn.Network()
        net.add("a", snn.SpikeInput(sources))
        net.add("b", snn.LIF(targets))
        projection = net.connect("a", "b", snn.Sparse.fixed_probability(chance, weight=snn.Normal(1.0, 1.0), seed=seed))
        return (*projection.synapses(), projection.weights)

    first, second = make(), make()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert first[0].size <= sources * targets
    pairs = first[0].astype(np.int64) * targets + first[1]
    assert np.unique(pairs).size == pairs.size
    if chance == 1.0:
        assert pairs.size == sources * targets


@SETTINGS
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 6), st.floats(-5, 5, width=32), st.integers(0, 9)), max_size=60
    )
)
def test_synapses_keep_their_weights_whatever_the_order(synapses: list[tuple[int, int, float, int]]) -> None:
    net = snn.Network()
    net.add("a", snn.SpikeInput(10))
    net.add("b", snn.LIF(7))
    columns = list(zip(*synapses, strict=True)) if synapses else [[], [], [], []]
    projection = net.connect("a", "b", snn.Sparse.from_arrays(*columns))
    found = list(zip(*(array.tolist() for array in projection.synapses()), projection.weights.tolist(), strict=True))
    assert sorted(found) == sorted((source, target, delay, weight) for source, target, weight, delay in synapses)
    assert [row[0] for row in found] == sorted(row[0] for row in found)
