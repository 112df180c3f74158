"""Building networks, their weights as arrays, copies and summaries."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import snn
from snn._trained import take_learned


def test_sequential_names_populations_and_finds_sizes() -> None:
    net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
    assert list(net.populations) == ["input", "hidden", "output"]
    assert [population.size for population in net.populations.values()] == [64, 128, 10]
    assert list(net.projections) == ["input_to_hidden", "hidden_to_output"]
    assert net.projections["input_to_hidden"].weights.shape == (64, 128)
    assert (net.neuron_count, net.synapse_count, net.parameter_count) == (138, 64 * 128 + 1280, 64 * 128 + 1280)


def test_sequential_of_convolutions() -> None:
    net = snn.Sequential(
        (1, 8, 8),
        snn.Conv2d(4, 3, padding=1, bias=True),
        snn.LIF(),
        snn.SumPool2d(2),
        snn.IntegrateAndFire(),
        snn.Dense(10),
        snn.LeakyIntegrator(name="readout"),
    )
    assert [p.shape for p in net.populations.values()] == [(1, 8, 8), (4, 8, 8), (4, 4, 4), (10,)]
    assert list(net.populations)[-1] == "readout"
    assert net.projections["input_to_hidden1"].weights.shape == (4, 1, 3, 3)
    bias = net.projections["input_to_hidden1"].bias
    assert bias is not None
    assert bias.shape == (4,)
    assert net.projections["hidden1_to_hidden2"].kind == "pool2d"


def test_sequential_refuses_layers_out_of_turn() -> None:
    with pytest.raises(snn.InvalidArgumentError, match=r"layer 1, the last one, is Dense.*; neurons follow"):
        snn.Sequential(4, snn.Dense(3))
    for layers in (
        (snn.Conv2d(4, 3), snn.MaxPool2d(2), snn.LIF()),
        (snn.MaxPool2d(2), snn.Conv2d(4, 3), snn.LIF()),
    ):
        with pytest.raises(snn.ArgumentTypeError, match=r"layer 2 is .*; pooling is a connection to neurons too"):
            snn.Sequential((1, 8, 8), *layers)
    with pytest.raises(snn.ArgumentTypeError, match="layer 1 is LIF"):
        snn.Sequential(4, snn.LIF(), snn.Dense(3))
    with pytest.raises(snn.ArgumentTypeError, match="layer 2 is"):
        snn.Sequential(4, snn.Dense(3), snn.Dense(3))
    with pytest.raises(snn.InvalidArgumentError, match="size of LIF"):
        snn.Sequential(4, snn.Dense(), snn.LIF())
    with pytest.raises(snn.InvalidArgumentError, match="needs layers"):
        snn.Sequential()
    with pytest.raises(snn.ArgumentTypeError, match="layer 0 is"):
        snn.Sequential(snn.LIF(3))


def test_neurons_after_pooling_hand_on_its_maximum() -> None:
    spikes = np.random.Generator(np.random.Philox(3)).random((50, 1, 1, 4, 4)) < 0.3
    found = spikes.reshape(50, 2, 2, 2, 2).max(axis=(2, 4))
    assert 0 < found.sum() < found.size
    net = snn.Sequential(snn.SpikeInput((1, 4, 4)), snn.MaxPool2d(2), snn.LIF(threshold=0.5, reset="value"))
    with snn.Simulation(net) as sim:
        run = sim.run(50, {"input": spikes.astype(np.float32)}, {"output": "spikes"})
    assert np.array_equal(run["output"]["spikes"].reshape(found.shape), found)


def test_the_seed_decides_the_weights() -> None:
    def weights(seed: int) -> np.ndarray:
        return snn.Sequential(9, snn.Dense(5), snn.LIF(), seed=seed).projections["input_to_output"].weights

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))
    bound = np.sqrt(3.0 / 9)
    assert np.abs(weights(1)).max() <= bound
    assert np.abs(weights(1)).max() > 0.8 * bound


def test_weights_changed_in_place_reach_the_next_simulation() -> None:
    net = snn.Network()
    net.add("in", snn.Input(2))
    net.add("out", snn.LeakyIntegrator(1))
    projection = net.connect("in", "out", snn.Dense(weights=[[1.0], [0.0]]))

    def membrane() -> float:
        with snn.Simulation(net) as sim:
            sim.step(inputs={"in": [1.0, 1.0]})
            return float(sim.get("out.v")[0, 0])

    first = membrane()
    assert first != 0
    projection.weights[1, 0] = 1.0
    assert membrane() == pytest.approx(2 * first)
    projection.weights = np.zeros((2, 1))
    assert membrane() == 0.0
    with pytest.raises(snn.InvalidArgumentError, match=r"'in_to_out': weights has shape \(2,\)"):
        projection.weights = np.zeros(2)
    projection.weights[0, 0] = np.nan
    with pytest.raises(snn.SnnError, match=r"in_to_out.*nan"):
        membrane()
    projection.weights[0, 0] = 1.0
    assert membrane() == first


def test_the_callers_arrays_are_copied() -> None:
    weights = np.ones((2, 3), np.float32)
    net = snn.Network()
    net.add("in", snn.Input(2))
    net.add("out", snn.LIF(3))
    projection = net.connect("in", "out", snn.Dense(weights=weights, bias=[1, 2, 3]))
    weights[:] = 5
    assert (projection.weights == 1).all()
    assert projection.bias is not None
    assert projection.bias.tolist() == [1, 2, 3]


def test_populations_can_be_added_after_a_simulation(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        before = sim.run(40, {"input": spikes}, {"output": "v"})["output"]["v"]
    chain.projections["input_to_hidden"].weights[0, 0] += 0.0
    chain.add("extra", snn.LIF(4))
    chain.connect("hidden", "extra", snn.Dense())
    with snn.Simulation(chain, batch_size=2) as sim:
        after = sim.run(40, {"input": spikes}, {"output": "v"})["output"]["v"]
    assert np.array_equal(before, after)


def test_a_refused_population_leaves_the_network_as_it_was(chain: snn.Network) -> None:
    for _ in range(2):
        with pytest.raises(snn.InvalidArgumentError):
            chain.add("input", snn.LIF(3))
    with pytest.raises(snn.NotFoundError, match="basal"):
        chain.connect("hidden", "output", snn.Dense(receptor="basal"), name="second")
    assert len(chain.populations) == 3
    assert len(chain.projections) == 2
    assert chain.neuron_count == 10


def test_population_parameters_can_be_set(chain: snn.Network) -> None:
    hidden = chain["hidden"]
    assert hidden.parameters["tau_membrane"] == 20.0
    hidden.set(tau_membrane=10.0, threshold=np.linspace(0.5, 1.5, 7), reset="value", surrogate="triangle")
    assert hidden.parameters["tau_membrane"] == 10.0
    assert np.allclose(hidden.parameters["threshold"], np.linspace(0.5, 1.5, 7))
    assert hidden.options["reset"] == "value"
    assert hidden.surrogate is not None
    assert hidden.surrogate.name == "triangle"
    with pytest.raises(snn.InvalidArgumentError, match="tau_membrane is -1"):
        hidden.set(tau_membrane=-1.0)
    with pytest.raises(snn.InvalidArgumentError, match="threshold has shape"):
        hidden.set(threshold=[1.0, 2.0])
    assert hidden.parameters["tau_membrane"] == 10.0
    with pytest.raises(snn.InvalidArgumentError, match="'input' is an input"):
        chain["input"].set(threshold=1.0)


@pytest.mark.parametrize("error", [snn.OutOfMemoryError("no room"), KeyboardInterrupt()], ids=["memory", "Ctrl+C"])
def test_what_is_set_and_refused_has_not_been_set(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    net = snn.Network()
    net.add("in", snn.SpikeInput(3))
    net.add("out", snn.LIF(2, tau_membrane=[10.0, 20.0], threshold=snn.Learnable(1.0)))
    projection = net.connect("in", "out", snn.Sparse.all_to_all(weight=0.25))
    net.summary()
    before, inside = (net["out"].parameters, repr(net["out"])), dict(vars(projection))

    def refused(_: snn.Network) -> None:
        raise error

    monkeypatch.setattr(snn.Network, "_rebuild", refused)
    changes: list[Callable[[], object]] = [
        lambda: setattr(projection, "trainable", False),
        lambda: setattr(projection, "detached", True),
        lambda: net["out"].set(tau_membrane=5.0),
        lambda: take_learned(net, {"out": {"threshold": np.array([0.5])}}),
    ]
    for change in changes:
        with pytest.raises(type(error)):
            change()
    monkeypatch.undo()
    with pytest.raises(snn.ArgumentTypeError, match="trainable"):
        projection.trainable = "yes"  # type: ignore[assignment]
    with pytest.raises(snn.InvalidArgumentError):  # the first is all right, but not the second
        take_learned(net, {"out": {"threshold": np.array([0.5]), "tau_membrane": np.array([-1.0, 20.0])}})
    assert vars(projection) == inside
    after = net["out"].parameters
    assert np.array_equal(after["tau_membrane"], [10.0, 20.0])
    assert after["threshold"] == 1.0
    assert (list(after), repr(net["out"])) == (list(before[0]), before[1])


def test_arrays_of_parameters_are_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the native network, once it is finished; they come back from there, bit for bit."""
    times = np.random.default_rng(1).uniform(5, 20, 1000)
    net = snn.Network()
    net.add("in", snn.Input(4))
    neurons = snn.LIF(1000, threshold=2.0, tau_membrane=times, initial={"v": snn.Uniform(0.0, 0.5)})
    layer = net.add("cells", neurons)
    net.connect("in", "cells", snn.Dense())
    starts, words = layer.neurons.initial["v"], repr(layer)
    assert starts.size == 1000
    del neurons

    def check(network: snn.Network, *, finished: bool) -> None:
        if finished:
            network.summary()
        population = network["cells"]
        kept = population._layer
        assert isinstance(kept, snn.Neuron)
        arrays = [*kept.parameters.values(), *kept.initial.values()]
        assert all(array.size == 1 for array in arrays) == finished
        assert np.array_equal(population.parameters["tau_membrane"], times)
        assert np.array_equal(population.neurons.initial["v"], starts)

    check(net, finished=False)
    check(net, finished=True)
    assert repr(layer) == words
    net.add("others", snn.LIF(3))  # the native network is another one from here on
    check(net, finished=True)
    layer.set(threshold=1.5)
    assert layer.parameters["threshold"] == 1.5
    check(net, finished=True)
    with pytest.raises(snn.InvalidArgumentError):
        layer.set(tau_membrane=-1.0)
    check(net, finished=True)
    with monkeypatch.context() as patch:
        patch.setattr(snn.Surrogate, "_declare", refuse)
        with pytest.raises(snn.InvalidArgumentError, match="refused"):
            net.add("third", snn.LIF(2, surrogate="triangle"))
    check(net, finished=False)  # what was half added is gone, with the native network
    check(net, finished=True)
    net.save(tmp_path / "net.snn")
    check(snn.load(tmp_path / "net.snn"), finished=True)
    check(net.copy(), finished=True)


def test_a_neuron_object_can_be_used_twice() -> None:
    layer = snn.LIF(5, threshold=[1, 2, 3, 4, 5])
    net = snn.Network()
    net.add("a", layer)
    net.add("b", layer)
    net["a"].set(threshold=1.0)
    assert np.allclose(net["b"].parameters["threshold"], [1, 2, 3, 4, 5])
    assert layer.parameters["threshold"].tolist() == [1, 2, 3, 4, 5]


def test_what_a_network_was_made_of_cannot_be_changed_behind_its_back() -> None:
    given = np.array([1.0, 2.0, 3.0])
    rule = snn.PairSTDP(tau_plus=15.0)
    lif = snn.LIF(3, tau_membrane=given, reset="value", initial={"v": 0.25}, surrogate=snn.Surrogate("arctan"))
    net = snn.Network()
    net.add("a", lif)
    net.add("b", lif)
    net.connect("a", "b", snn.Sparse.all_to_all(plasticity=rule))
    learned = snn.LIF(3, threshold=snn.Learnable(1.0), tau_membrane=snn.Normal(20, 1), initial={"v": snn.Uniform(0, 1)})
    given[:] = -7.0

    for finished in (False, True, True):
        if finished:
            net.summary()
        for neurons in (lif, learned, net["a"].neurons, net["b"].neurons, pickle.loads(pickle.dumps(lif))):
            assert isinstance(neurons, snn.Neuron)
            for arrays in (neurons.parameters, neurons.initial):
                for name, values in arrays.items():
                    with pytest.raises(ValueError, match="read-only"):
                        values[:] = -7.0
                    with pytest.raises(TypeError, match="does not support item assignment"):
                        arrays[name] = np.array([-7.0])  # type: ignore[index]
            for words in (neurons.options, neurons.learnable, neurons.drawn, neurons.drawn_initial):
                with pytest.raises(TypeError, match="does not support item assignment"):
                    words["reset"] = "none"  # type: ignore[index]
            for name in ("shape", "name", "definition", "surrogate", "parameters", "learnable", "recurrent"):
                with pytest.raises(snn.UnknownAttributeError, match=rf"LIF: {name} can"):
                    setattr(neurons, name, None)
        twin = copy.deepcopy(rule)
        for one in (snn.Surrogate("arctan"), net["a"].surrogate, rule, twin, net.projections["a_to_b"].plasticity):
            assert isinstance(one, snn.Surrogate | snn.Plasticity)
            with pytest.raises(TypeError, match="does not support item assignment"):
                one.parameters["slope"] = 9.0  # type: ignore[index]
        with pytest.raises(TypeError, match="does not support item assignment"):
            rule.options["bounds"] = "soft"  # type: ignore[index]
    assert np.array_equal(net["b"].parameters["tau_membrane"], [1.0, 2.0, 3.0])
    with snn.Simulation(net) as sim:
        assert np.array_equal(sim["b.tau_membrane"], [1.0, 2.0, 3.0])
    assert net["a"].neurons.replaced(reset="subtract").parameters["tau_membrane"].tolist() == [1.0, 2.0, 3.0]


def test_copies_are_independent(chain: snn.Network) -> None:
    for twin in (chain.copy(), copy.copy(chain), copy.deepcopy(chain)):
        assert list(twin.populations) == list(chain.populations)
        weights = twin.projections["input_to_hidden"].weights
        assert np.array_equal(weights, chain.projections["input_to_hidden"].weights)
        weights[:] = 0
        assert chain.projections["input_to_hidden"].weights.any()


def test_summary_and_repr_say_what_there_is(chain: snn.Network) -> None:
    chain["hidden"].set(tau_membrane=5.0)
    text = chain.summary()
    for word in ("hidden", "lif", "tau_membrane=5", "input_to_hidden", "dense", "84", "10 neurons", "dt 1 ms"):
        assert word in text
    assert repr(chain) == "<Sequential: 3 populations, 2 projections, 10 neurons, dt=1 ms>"
    assert repr(chain["hidden"]).startswith("<Population 'hidden': LIF(7")
    assert repr(chain.projections["input_to_hidden"]).endswith("input to hidden, dense (12, 7)>")
    assert "hidden" in chain
    assert "nothing" not in chain


def test_the_summary_tells_the_arithmetic_that_was_chosen() -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(2))
    net.add("cells", snn.LIF(2))
    for arithmetic in ("default", "fixed", "float"):
        spread = snn.Sparse.from_arrays([0, 1], [1, 0], 1.0, trainable=False, arithmetic=arithmetic)
        net.connect("input", "cells", spread, name=f"by_{arithmetic}")
    rows = [line.split() for line in net.summary().splitlines() if line.startswith(("projection", "by_"))]
    assert [row[3] for row in rows] == ["arithmetic", "compact", "fixed", "float"]


def test_mappings_are_read_only(chain: snn.Network) -> None:
    with pytest.raises(TypeError):
        chain.populations["x"] = chain["hidden"]  # type: ignore[index]
    with pytest.raises(TypeError):
        chain["hidden"].parameters["threshold"] = 2.0  # type: ignore[index]


def test_a_loaded_network_of_several_projections_can_be_trained_and_changed(tmp_path) -> None:
    # Each projection's weights are first of all in libsnn; a change of one must not lose or await the others'.
    net = snn.Sequential(
        5, snn.Dense(4), snn.LIF(), snn.Dense(3, bias=True), snn.LIF(), snn.Dense(2), snn.LIF(), seed=3
    )
    net.save(tmp_path / "net.snn")
    wanted = {name: projection.weights.copy() for name, projection in net.projections.items()}

    loaded = snn.load(tmp_path / "net.snn")
    first, *others = loaded.projections.values()
    first.weights[0, 0] += 1.0
    with snn.Simulation(loaded) as simulation:
        assert simulation.get(f"{first.name}.weight")[0, 0] == wanted[first.name][0, 0] + 1.0
        for projection in others:
            np.testing.assert_array_equal(simulation.get(f"{projection.name}.weight"), wanted[projection.name])

    loaded = snn.load(tmp_path / "net.snn")
    trainer = snn.Trainer(loaded, steps=4, epochs=2, batch_size=4)
    trainer.fit(np.random.default_rng(0).uniform(size=(8, 5)), [0, 1] * 4, progress=False)
    loaded.save(tmp_path / "trained.snn")
    trained = snn.load(tmp_path / "trained.snn")
    for name, projection in trained.projections.items():
        np.testing.assert_array_equal(projection.weights, loaded.projections[name].weights)
        assert projection.weights.shape == wanted[name].shape


def test_sparse_arrays_beside_a_dense_projection_changed_in_place() -> None:
    net = snn.Network(seed=1)
    net.add("input", snn.Input(3))
    net.add("hidden", snn.LIF(4))
    net.connect("input", "hidden", snn.Dense())
    net.connect("hidden", "hidden", snn.Sparse.from_arrays([2, 0], [1, 3], [0.5, 0.25], delay_steps=1))
    with snn.Simulation(net):
        pass
    net.projections["input_to_hidden"].weights[...] = 2.0
    with snn.Simulation(net) as simulation:
        assert (simulation.get("input_to_hidden.weight") == 2.0).all()
        np.testing.assert_array_equal(simulation.get("hidden_to_hidden.weight"), [0.25, 0.5])


def test_a_failed_connection_leaves_the_weights_of_a_loaded_network(tmp_path) -> None:
    net = snn.Sequential(5, snn.Dense(4), snn.LIF(), seed=3)
    net.save(tmp_path / "net.snn")
    loaded = snn.load(tmp_path / "net.snn")
    name, projection = next(iter(loaded.projections.items()))
    source, target = projection.source, projection.target
    with pytest.raises(snn.InvalidArgumentError):
        loaded.connect(source, target, snn.OneToOne(), name="other")
    np.testing.assert_array_equal(loaded.projections[name].weights, net.projections[name].weights)


def out_of_memory(*args: object) -> None:
    raise MemoryError


def refuse(*args: object) -> None:
    raise snn.InvalidArgumentError("refused")


def loaded_and_extended(tmp_path: Path) -> tuple[snn.Network, list[float]]:
    """A network from a file, under construction: its sparse weights are in libsnn alone."""
    net = snn.Network()
    net.add("cells", snn.LIF(4))
    net.connect("cells", "cells", snn.Sparse.from_arrays([0, 1, 2], [1, 2, 3], [0.25, 0.5, 1.0], delay_steps=1))
    net.save(tmp_path / "net.snn")
    net = snn.load(tmp_path / "net.snn")
    net.add("more", snn.LIF(2))
    return net, [0.25, 0.5, 1.0]


def test_a_refused_connection_makes_no_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, weights = loaded_and_extended(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(snn.Projection, "_pull", out_of_memory)
        with pytest.raises(snn.NotFoundError, match="basal"):
            net.connect("cells", "more", snn.Dense(receptor="basal"))
    net.connect("cells", "more", snn.Dense())
    assert net.projections["cells_to_cells"].weights.tolist() == weights
    assert net.synapse_count == 3 + 4 * 2


def test_what_was_added_in_part_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, weights = loaded_and_extended(tmp_path)
    sparse = snn.Sparse.from_arrays([0], [1], [0.5], plasticity=snn.PairSTDP())
    with monkeypatch.context() as patch:
        patch.setattr(snn.Plasticity, "_declare", lambda self, native, index: index == 0 or refuse())
        with pytest.raises(snn.InvalidArgumentError, match="refused"):
            net.connect("cells", "more", sparse)
    with monkeypatch.context() as patch:
        patch.setattr(snn.Surrogate, "_declare", refuse)
        with pytest.raises(snn.InvalidArgumentError, match="refused"):
            net.add("third", snn.LIF(2, surrogate="triangle"))
    assert list(net.populations) == ["cells", "more"]
    assert list(net.projections) == ["cells_to_cells"]
    assert net.synapse_count == 3
    assert net.neuron_count == 6
    assert net.projections["cells_to_cells"].weights.tolist() == weights


def test_a_network_that_cannot_be_taken_back_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, _ = loaded_and_extended(tmp_path)
    projection = net.projections["cells_to_cells"]
    sparse = snn.Sparse.from_arrays([0], [1], [0.5], plasticity=snn.PairSTDP())
    with monkeypatch.context() as patch:
        patch.setattr(snn.Plasticity, "_declare", lambda self, native, index: index == 0 or refuse())
        patch.setattr(snn.Projection, "_pull", out_of_memory)
        with pytest.raises(snn.OutOfMemoryError, match="cannot be used any more"):
            net.connect("cells", "more", sparse)
    for use in (
        lambda: net.add("third", snn.LIF(2)),
        lambda: net.connect("more", "more", snn.OneToOne()),
        lambda: net.synapse_count,
        lambda: projection.weights,
        lambda: projection.bias,
        lambda: net.save(tmp_path / "lost.snn"),
        net.copy,
        lambda: snn.Simulation(net),
    ):
        with pytest.raises(snn.OutOfMemoryError, match="cannot be used any more"):
            use()


def test_the_name_of_a_model_is_free_again_when_its_neurons_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    net = snn.Network()
    neurons = snn.presets.snntorch_rleaky(3, beta=0.9)
    with monkeypatch.context() as patch:
        patch.setattr(snn.Network, "connect", refuse)
        with pytest.raises(snn.InvalidArgumentError, match="refused"):
            net.add("cells", neurons)
    assert not net._definitions
    net.add("cells", neurons)
    assert net.synapse_count == 9


def test_a_loaded_state_that_starts_at_a_parameter_follows_it(tmp_path) -> None:
    net = snn.Network()
    net.add("plain", snn.LIF(2, v_rest=-1.0))
    net.add("own", snn.LIF(2, v_rest=-1.0, initial={"v": 0.25}))
    net.save(tmp_path / "net.snn")
    loaded = snn.load(tmp_path / "net.snn")
    for name in ("plain", "own"):
        loaded[name].set(v_rest=-0.5)
    with snn.Simulation(loaded) as simulation:
        assert (simulation.get("plain.v") == -0.5).all()
        assert (simulation.get("own.v") == 0.25).all()
