"""Samples with weights of their own: each is, bit for bit, a session that has its weights and its sample alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import snn
from snn.engine import _native

from .cases import CASES, COMPACT, NEURONS, SPIKES, Builder, Case
from .running import Result, Setting, cpu_settings, recorded

SAMPLE_WEIGHTS = 32
# One for each way to deliver; what a workgroup of a GPU holds is told in docs/decisions/0022.
NAMES = [
    "model_lif",
    "model_alpha_lif",
    "model_hodgkin_huxley",
    "model_poisson_source",
    "model_driven_lif",
    "per_neuron_parameters",
    "lif_values",
    "one_to_one",
    "sparse_float_delays",
    "sparse_fixed_delays",
    "conv_strided",
    "conv_groups",
    "pool_average",
    "several_projections",
    "recurrent_3",
    "created_out_of_order",
    "size_257",
]


def _compact(b: Builder) -> None:
    first, hidden, out = b.add(SPIKES, 61), b.add(NEURONS, 45, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.sparse(first, hidden, arithmetic=COMPACT, delays=True, delay_steps=1, trainable=False)
    b.dense(hidden, out, bias=True)


MANY = [
    *(replace(case, batch=3) for case in CASES if case.name in NAMES),
    Case("sparse_compact", _compact, batch=3),
]


def opened(builder: Builder, setting: Setting, batch: int, flags: int) -> _native.Session:
    return _native.Session(
        builder.network,
        device=setting.device,
        batch_size=batch,
        threads=setting.threads,
        instruction_set=setting.instruction_set,
        flags=setting.flags | flags,
    )


def own_weights(builder: Builder, batch: int) -> dict[str, np.ndarray]:
    """Weights and biases of each sample, by path: [batch][count]; 10 % from those of the network."""
    random = np.random.Generator(np.random.Philox(11))
    found = {}
    probe = opened(builder, Setting(), 1, 0)
    for index in range(builder.network.info().projection_count):
        name = builder.network.projection(index).name
        for variable in ("weight", "bias"):
            path = f"{name}.{variable}"
            try:
                values = np.empty(probe.value_count(path), np.float32)
            except KeyError:
                continue  # no bias
            if values.size:
                probe.read(path, values)
                found[path] = (values * random.uniform(0.9, 1.1, (batch, values.size))).astype(np.float32)
    return found


def together(case: Case, setting: Setting, weights: dict[str, np.ndarray] | None = None) -> Result:
    builder = Builder(case)
    session = opened(builder, setting, case.batch, SAMPLE_WEIGHTS)
    for path, values in (own_weights(builder, case.batch) if weights is None else weights).items():
        session.write(path, values)
    return recorded(builder, session, case, builder.drive(case))


def alone(case: Case) -> Result:
    """Every sample in a session of its own on the reference, put together again."""
    builder = Builder(case)
    weights, frames = own_weights(builder, case.batch), builder.drive(case)
    results = []
    for sample in range(case.batch):
        session = opened(builder, Setting(), 1, 0)
        for path, values in weights.items():
            session.write(path, values[sample])
        own = [(index, held, np.ascontiguousarray(array[:, sample : sample + 1])) for index, held, array in frames]
        results.append(recorded(builder, session, replace(case, batch=1), own))
    return Result({name: np.concatenate([one.arrays[name] for one in results], 1) for name in results[0].arrays})


# What samples draw depends on their number, so that a session of its own draws otherwise: compared with the reference.
DRAWS = {"model_poisson_source", "model_driven_lif"}


@pytest.mark.parametrize("case", MANY, ids=lambda case: case.name)
def test_each_sample_is_a_session_of_its_own(case: Case) -> None:
    expected = together(case, Setting()) if case.name in DRAWS else alone(case)
    for setting in [Setting(), *cpu_settings()]:
        difference = expected.first_difference(together(case, setting))
        assert not difference, f"{setting}: {difference}"


def test_weights_matter() -> None:
    """Samples with the same inputs and other weights differ, and those with the network's weights do not."""
    case = Case("alike", next(case for case in CASES if case.name == "model_lif").build, batch=2)
    builder = Builder(case)
    frames = [(index, held, np.repeat(array[:, :1], 2, axis=1)) for index, held, array in builder.drive(case)]
    for own in (False, True):
        session = opened(builder, Setting("cpu"), 2, SAMPLE_WEIGHTS)
        for path, values in own_weights(builder, 2).items() if own else ():
            session.write(path, values)
        found = recorded(builder, session, case, frames)
        same = all(np.array_equal(array[:, 0], array[:, 1]) for array in found.arrays.values())
        assert same == (not own)


# ---- The interface


def brains(**settings) -> snn.Simulation:
    net = snn.Network(seed=3)
    first, hidden = net.add("input", snn.Input(6)), net.add("hidden", snn.LIF(4))
    net.connect(first, hidden, snn.Dense(bias=True), name="p")
    return snn.Simulation(net, batch_size=3, **{"sample_weights": True, **settings})


def test_weights_are_read_and_written_for_all_and_for_one() -> None:
    with brains() as sim:
        network = sim.network.projections["p"].weights
        assert sim["p.weight"].shape == (3, 6, 4)
        assert sim["p.bias"].shape == (3, 4)
        assert all(np.array_equal(sim[f"p.weight[{k}]"], network) for k in range(3))
        sim["p.weight[1]"] = 2 * network
        sim["p.bias[2]"] = 7.0
        np.testing.assert_array_equal(sim["p.weight"], np.stack([network, 2 * network, network]))
        np.testing.assert_array_equal(sim["p.bias"][:, 0], [0, 0, 7])
        sim["p.weight"] = 3 * network  # for all
        np.testing.assert_array_equal(sim["p.weight"], np.broadcast_to(3 * network, (3, 6, 4)))
        recorded = sim.run(4, record={"p": "weight"})["p"]["weight"]
        assert recorded.shape == (4, 3, 6, 4)


def test_what_samples_cannot_have_is_refused() -> None:
    with brains() as sim:
        for path in ("p.weight[3]", "p.weight[-1]", "p.weight[]", "p.weight[1", "p.bias[x]"):
            with pytest.raises(snn.NotFoundError, match=r"expected \[0\] to \[2\]"):
                sim.get(path)
        with pytest.raises(snn.UnsupportedError, match="the 3 samples have weights of their own"):
            sim.to_network()
        with pytest.raises(snn.UnsupportedError, match="each sample has weights of its own"):
            _native.Trainer(sim._session, output_population=1, steps=3, loss=2)
    with brains(sample_weights=False) as sim, pytest.raises(snn.StateError, match="share their weights"):
        sim.get("p.weight[0]")
    with pytest.raises(snn.UnsupportedError, match="no weights for each sample"):
        brains(devices=["cpu", "reference"])
    net = snn.Network()
    cells = net.add("cells", snn.LIF(4))
    net.connect(cells, cells, snn.Sparse.fixed_probability(0.9, weight=0.5, delay=1, plasticity=snn.PairSTDP()))
    with pytest.raises(snn.UnsupportedError, match="is plastic"):
        snn.Simulation(net, sample_weights=True)


def test_sums_of_each_sample_stay_in_fixed_point() -> None:
    net = snn.Network()
    first, cells = net.add("input", snn.SpikeInput(2)), net.add("cells", snn.LIF(1))
    net.connect(first, cells, snn.Sparse.from_arrays([0, 1], [0, 0], [1.0, 1.0], trainable=False), name="p")
    with snn.Simulation(net, batch_size=2, sample_weights=True) as sim:
        sim["p.weight[0]"] = [1.5, 0.0]
        with pytest.raises(snn.InvalidArgumentError, match="fixed-point scale"):
            sim["p.weight[1]"] = [1e6, 0.0]
        np.testing.assert_array_equal(sim["p.weight"], [[1.5, 0.0], [1.0, 1.0]])


def test_a_saved_state_has_the_weights_of_every_sample(tmp_path) -> None:
    inputs = {"input": np.random.default_rng(1).normal(20, 20, (3, 6)).astype(np.float32)}
    record = {"hidden": ["v", "spikes"]}
    with brains() as sim, brains(device="reference") as other, brains(sample_weights=False) as shared:
        shared.save_state(tmp_path / "shared")
        sim["p.weight"] = sim["p.weight"] * np.array([1, 2, 3], np.float32)[:, None, None]
        sim["p.bias[1]"] = 5.0
        sim.run(10, inputs)
        sim.save_state(tmp_path / "state")
        expected = sim.run(10, inputs, record)
        other.load_state(tmp_path / "state")
        found = other.run(10, inputs, record)
        np.testing.assert_array_equal(other["p.weight"], sim["p.weight"])
        for variable in record["hidden"]:
            np.testing.assert_array_equal(found["hidden"][variable], expected["hidden"][variable])
        assert found["hidden"]["spikes"].any()
        with pytest.raises(snn.InvalidArgumentError, match="share their weights"):
            shared.load_state(tmp_path / "state")
        with pytest.raises(snn.InvalidArgumentError, match="have weights of their own"):
            sim.load_state(tmp_path / "shared")
        # A state without own weights brings back the network's.
        with brains() as fresh:
            fresh.save_state(tmp_path / "fresh")
        other.load_state(tmp_path / "fresh")
        np.testing.assert_array_equal(other["p.weight[2]"], other.network.projections["p"].weights)


def test_a_file_gives_its_weights_to_every_sample(tmp_path) -> None:
    with brains() as sim:
        net = sim.network.copy()
        net.projections["p"].weights[...] = 9.0
        net.save(tmp_path / "net.snn")
        sim["p.weight[1]"] = 1.0
        sim.load_weights(tmp_path / "net.snn")
        assert (sim["p.weight"] == 9.0).all()


def test_the_memory_estimate_counts_the_weights_of_samples() -> None:
    net = snn.Sequential(200, snn.Dense(300), snn.LIF())
    shared = net.memory_estimate(batch_size=50)
    own = net.memory_estimate(batch_size=50, sample_weights=True)
    needed = 50 * 200 * 300 * 4
    assert needed <= own.weights - shared.weights <= 1.02 * needed
