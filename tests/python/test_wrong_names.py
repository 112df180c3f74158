"""Names that are not there, units that are not meant, settings that differ: each is said, and never taken silently."""

from __future__ import annotations

import importlib.util
import inspect
import logging
import pickle
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import snn
from snn._elsewhere import _ELSEWHERE


def network() -> snn.Sequential:
    return snn.Sequential(4, snn.Dense(3), snn.LIF(), snn.Dense(2), snn.LIF(), seed=1)


def recording(net: snn.Network) -> snn.Recording:
    with snn.Simulation(net) as simulation:
        return simulation.run(3, record={"hidden": ["v", "spike_events"]})


X = np.random.Generator(np.random.Philox(3)).uniform(0.0, 1.0, (8, 4)).astype(np.float32)
Y = np.arange(8) % 2


# ---- arguments that are missing


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda net: net.add(snn.LIF),
            r"Sequential.add\(name, neurons\): neurons is missing; given was <class 'snn.*LIF'>",
        ),
        (lambda net: net.add("more", snn.LIF), r"population 'more': .*make neurons of the class, as in snn.LIF\(128\)"),
        (lambda net: net.add("more", neurons=snn.Input), r"as in snn.Input\(128\)"),
        (lambda net: net.add("more", snn.Dense), "it must be neurons such as"),
        (lambda net: net.connect("input"), "target and connection are missing; given was 'input'"),
        (lambda net: snn.Trainer(), r"Trainer\(network\): network is missing$"),
        (lambda net: snn.Trainer(net).fit(y=Y), r"Trainer.fit\(x, y\): x is missing$"),
        (lambda net: snn.Trainer(net).score(X), r"Trainer.score\(x, y\): y is missing; given was array"),
        (lambda net: snn.Sparse.from_arrays([0]), r"^Sparse.from_arrays\(sources, targets.*\): targets"),
    ],
)
def test_what_is_missing_is_told(call: Callable[[snn.Network], Any], sentence: str) -> None:
    with pytest.raises(snn.ArgumentTypeError, match=sentence):
        call(network())


# ---- attributes


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "arithmetic",
            "projection 'input_to_hidden': arithmetic cannot be changed; it is an argument of the connection",
        ),
        ("kind", "projection 'input_to_hidden': kind can be read only"),
    ],
)
def test_what_a_projection_was_made_with_is_not_assigned_to(name: str, sentence: str) -> None:
    with pytest.raises(snn.UnknownAttributeError, match=sentence):
        setattr(network().projections["input_to_hidden"], name, "float")


@pytest.mark.parametrize(
    ("owner", "name", "sentence"),
    [
        (
            lambda net: net.projections["input_to_hidden"],
            "weight",
            "projection 'input_to_hidden'.*did you mean 'weights'",
        ),
        (
            lambda net: net.projections["input_to_hidden"],
            "delay_steps",
            "delay_steps cannot be changed; it is given to",
        ),
        (lambda net: net["hidden"], "tau_membrane", r"population 'hidden'.*set\(tau_membrane=\.\.\.\)"),
        (lambda net: net["hidden"], "v", r"set\(initial=\{'v': \.\.\.\}\)"),
        (lambda net: net["hidden"], "name", "name cannot be changed"),
        (lambda net: net, "population", "Sequential has no attribute 'population'; did you mean 'populations'"),
        (lambda net: net.copy(), "population", "did you mean 'populations'"),
        (lambda net: pickle.loads(pickle.dumps(net)), "population", "did you mean 'populations'"),
        (lambda net: snn.Dense(3), "weight", "Dense has no attribute 'weight'; did you mean 'weights'"),
        (lambda net: snn.Dense(3).detach(), "weight", "did you mean 'weights'"),
        (lambda net: snn.LIF(3), "threshold", "LIF has no attribute 'threshold'"),
        (lambda net: net["hidden"].neurons, "threshold", "LIF has no attribute 'threshold'"),
        (lambda net: net.copy()["hidden"].neurons, "threshold", "LIF has no attribute 'threshold'"),
        (lambda net: snn.PairSTDP(), "tau_plus", "PairSTDP has no attribute 'tau_plus'"),
        (lambda net: snn.Surrogate("arctan"), "slope", "Surrogate has no attribute 'slope'"),
        (lambda net: snn.Trainer(net), "lr", "Trainer has no attribute 'lr'; did you mean 'learning_rate'"),
        (lambda net: snn.Simulation(net), "record", r"Simulation has no attribute 'record'; run\(steps, record="),
        (lambda net: recording(net), "v", r"Recording has no attribute 'v'; it is recording\['hidden'\]\['v'\]"),
        (lambda net: recording(net), "hidden", r"it is recording\['hidden'\]"),
        (lambda net: recording(net), "time", "did you mean 'times'"),
        (
            lambda net: recording(net)["hidden"]["spike_events"],
            "t",
            "SpikeEvents has no attribute 't'; times has them in",
        ),
        (
            lambda net: pickle.loads(pickle.dumps(recording(net)))["hidden"]["spike_events"],
            "senders",
            "neurons has their indices",
        ),
        (
            lambda net: snn.Simulation(net),
            "batchsize",
            "Simulation has no attribute 'batchsize'; did you mean 'batch_size'",
        ),
    ],
)
def test_an_attribute_that_is_not_there_cannot_be_set(
    owner: Callable[[snn.Network], Any], name: str, sentence: str
) -> None:
    one = owner(network())
    with pytest.raises(snn.UnknownAttributeError, match=sentence):
        setattr(one, name, 1.0)
    with pytest.raises(AttributeError):
        setattr(one, name, 1.0)


def test_attributes_that_are_there_can_be_set() -> None:
    net = network()
    projection = net.projections["input_to_hidden"]
    projection.weights = np.full((4, 3), 0.5)
    projection.trainable = False
    assert (net.copy().projections["input_to_hidden"].weights == 0.5).all()
    dense = snn.Dense(3)
    dense.trainable = False
    assert not dense.trainable
    trainer = snn.Trainer(net, epochs=1)
    trainer.epochs = 2
    assert len(trainer.fit(X, Y).history["loss"]) == 2


@pytest.mark.parametrize(
    ("owner", "name", "sentence"),
    [
        (lambda net: snn.Trainer(net), "optimizer", "make another Trainer"),
        (lambda net: snn.Trainer(net), "batch_size", "make another Trainer"),
        (lambda net: snn.Simulation(net), "batch_size", "open another Simulation"),
        (lambda net: snn.Backpropagation(net, steps=3), "steps", "make another Backpropagation"),
    ],
)
def test_what_was_taken_once_cannot_be_changed(owner: Callable[[snn.Network], Any], name: str, sentence: str) -> None:
    one = owner(network())
    before = getattr(one, name)
    with pytest.raises(snn.UnknownAttributeError, match=f"{name} cannot be changed; {sentence}"):
        setattr(one, name, 7)
    assert getattr(one, name) == before


def test_epochs_and_learning_rate_of_a_trainer_are_checked_when_they_are_set() -> None:
    trainer = snn.Trainer(network())
    with pytest.raises(snn.ArgumentTypeError, match="learning_rate is 'fast', not a number"):
        trainer.learning_rate = "fast"  # type: ignore[assignment]
    with pytest.raises(snn.InvalidArgumentError, match="epochs is -1"):
        trainer.epochs = -1
    assert (trainer.learning_rate, trainer.epochs) == (1e-3, 20)


@pytest.mark.parametrize(
    ("owner", "name", "sentence"),
    [
        (lambda net: net, "predict", "Sequential has no attribute 'predict'; snn.Trainer"),
        (lambda net: net, "weights", r"projections\[\.\.\.\]\.weights"),
        (lambda net: net, "state_dict", r"snn\.torch\.Module\(network\)"),
        (lambda net: net, "to", "device='vulkan'"),
        (lambda net: net, "simulate", r"has no attribute 'simulate'; snn\.Simulation\(network\)\.run\(steps\)"),
        (lambda net: net, "add_population", r"'add_population'; add\(name, neurons\)"),
        (lambda net: net, "add_projection", r"'add_projection'; connect\(source, target, connection\)"),
        (lambda net: snn.Simulation(net), "dt", r"'dt'; network\.dt"),
        (lambda net: snn.Simulation(net), "weights", r"'weights'; simulation\['exc_to_inh\.weight'\]"),
        (lambda net: snn.Simulation(net), "set_weight", r"'set_weight'; simulation\['exc_to_inh\.weight'\]"),
        (lambda net: snn.Simulation(net), "record_spikes", r"'record_spikes'; run\(steps, record="),
        (lambda net: snn.Sparse, "pairwise_bernoulli", r"^Sparse has no .*; see snn\.Sparse\.fixed_probability"),
        (lambda net: snn.Sparse, "all_to_al", "^Sparse has no .*; did you mean 'all_to_all'"),
        (lambda net: snn.Sparse, "_all_to_all", "^Sparse has no attribute '_all_to_all'$"),
        (lambda net: snn.Trainer(net), "save", r"network\.save"),
        (lambda net: snn.Trainer(net), "histroy", "did you mean 'history'"),
        (lambda net: net.projections["input_to_hidden"], "delay", "delay_steps is that of all synapses"),
    ],
)
def test_an_attribute_that_is_looked_for_in_vain_says_where_it_is(
    owner: Callable[[snn.Network], Any], name: str, sentence: str
) -> None:
    one = owner(network())
    with pytest.raises(AttributeError, match=sentence):
        getattr(one, name)
    assert not hasattr(one, name)


def test_a_property_that_fails_says_why_itself() -> None:
    class Broken(snn.Sequential):
        @property
        def depth(self) -> int:
            return self.populations.depth  # type: ignore[attr-defined,no-any-return]

    with pytest.raises(AttributeError, match="'mappingproxy' object has no attribute 'depth'"):
        _ = Broken(4, snn.Dense(3), snn.LIF()).depth


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Linear", r"see snn\.Dense"),
        ("STDP", r"see snn\.PairSTDP"),
        ("Create", r"see snn\.Network\.add, with neurons such as snn\.presets\.nest"),
        ("iaf_psc_exp", r"see snn\.presets\.nest\('iaf_psc_exp', \.\.\.\)"),
        ("fixed_outdegree", r"see snn\.Sparse\.fixed_outdegree"),
        ("FixedNumberPostConnector", r"see snn\.Sparse\.fixed_outdegree"),
        ("multimeter", r"see snn\.Simulation\.run, with record="),
        ("weight_recorder", r"see snn\.Simulation\.run, with record=\{projection: 'weight'\}"),
        ("restore", r"see snn\.Simulation\.load_state"),
        ("ms", r"see snn\.Network, in which times are numbers in milliseconds"),
        ("Simulatoin", "did you mean 'Simulation'"),
    ],
)
def test_names_of_other_libraries_lead_to_ours(name: str, sentence: str) -> None:
    with pytest.raises(AttributeError, match=sentence):
        getattr(snn, name)


@pytest.mark.parametrize(
    ("module", "name", "sentence"),
    [
        (snn.encode, "poisson", r"module 'snn\.encode' has no attribute 'poisson'; see snn\.encode\.rate"),
        (snn.encode, "latensy", "did you mean 'latency'"),
        (snn.encode, "wavelet", "it has: Encoder, constant, delta, latency, phase, population, rank_order, rate"),
        (snn.presets, "Leaky", r"see snn\.presets\.snntorch_leaky"),
        (snn.presets, "IFNode", r"see snn\.presets\.spikingjelly_if and snn\.IntegrateAndFire"),
        (snn.presets, "iaf_psc_exp", r"see snn\.presets\.nest\('iaf_psc_exp', \.\.\.\)"),
        (snn.presets, "snntorch_leeky", "did you mean 'snntorch_leaky'"),
    ],
)
def test_names_that_encoders_and_presets_do_not_have(module: Any, name: str, sentence: str) -> None:
    with pytest.raises(AttributeError, match=sentence):
        getattr(module, name)


@pytest.mark.parametrize("model", ["spike_recorder", "poisson_generator", "parrot_neuron"])
def test_devices_of_nest_are_no_neurons_here(model: str) -> None:
    with pytest.raises(snn.NotFoundError, match=rf"neuron model of NEST here '{model}'; see snn\.(Sim|Poisson)"):
        snn.presets.nest(model, 10)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda sim: sim["hidden.V_m"], "population 'hidden' has no .*'V_m'; it has: v,.*; did you mean 'v'"),
        (lambda sim: sim.set("hidden.Vm", 1.0), "population 'hidden' has no .*; did you mean 'v'"),
        (lambda sim: sim.run(3, record={"hidden": "V_m"}), "population 'hidden' has no variable.*; did you mean 'v'"),
        (lambda sim: sim.recorder("hidden", "membrane"), "population 'hidden' has no variable.*; did you mean 'v'"),
        (lambda sim: sim["input_to_hidden.w"], "has no 'w'; it has: weight; did you mean 'weight'"),
        (lambda sim: sim.run(3, record={"input_to_hidden": "weights"}), "it has: weight; did you mean 'weight'"),
        (lambda sim: sim["hidden.xyz"], "refractory$"),
    ],
)
def test_a_variable_that_is_not_there_names_the_one_that_is(
    call: Callable[[snn.Simulation], Any], sentence: str
) -> None:
    with snn.Simulation(network()) as sim, pytest.raises(snn.NotFoundError, match=sentence):
        call(sim)


def test_what_names_of_other_libraries_lead_to_is_there() -> None:
    for told in _ELSEWHERE.values():
        for path in re.findall(r"snn\.([\w.]+)", f"snn.{told}"):
            found: Any = snn
            for part in path.rstrip(".").split("."):
                found = getattr(found, part)


def test_classes_of_users_have_the_attributes_that_their_init_makes() -> None:
    class Named(snn.Sequential):
        def __init__(self, *layers: Any, title: str) -> None:
            super().__init__(*layers)
            self.title = title

    net = Named(4, snn.Dense(3), snn.LIF(), title="first")
    net.title = "second"
    assert net.title == "second"
    with pytest.raises(snn.UnknownAttributeError, match="Named has no attribute 'titel'; did you mean 'title'"):
        net.titel = "third"  # type: ignore[attr-defined]


# ---- keywords


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: snn.Trainer(network(), lr=0.1), "Trainer has no argument 'lr'; did you mean 'learning_rate'"),
        (lambda: snn.Trainer(network()).fit(X, Y, epochs=3), "Trainer.fit has no argument 'epochs'.*of snn.Trainer"),
        (lambda: snn.Dense(3, delay=1.5), "Dense has no argument 'delay'; did you mean 'delay_steps'"),
        (lambda: snn.Dense(3, plasticity=snn.PairSTDP()), "Dense has no argument 'plasticity'.*of snn.Sparse"),
        (lambda: snn.Sparse.fixed_total(3, delays=2), "no keyword 'delays'.*did you mean 'delay'"),
        (lambda: snn.Sparse.from_arrays([0], [0], 1.0, delay=2), "from_arrays has no argument 'delay'.*'delays'"),
        (lambda: snn.Sparse.from_csr([0, 1], [0], 1.0, delay=2), "from_csr has no argument 'delay'.*'delays'"),
        (
            lambda: network().connect("input", "output", snn.Dense(), weight=1),
            "Sequential.connect has no argument 'weight'",
        ),
        (lambda: snn.Simulation(network(), thread=2), "Simulation has no argument 'thread'; did you mean 'threads'"),
        (
            lambda: snn.Dense(4, 3),
            "Dense takes units without a name; 2 values were given: 4, 3; what comes in is known from its source",
        ),
        (lambda: snn.Trainer(network(), early_stopping=1), "an argument of snn.Trainer.fit"),
        (lambda: snn.Trainer(network(), clip_grad_norm=1.0), "did you mean 'gradient_clip_norm'"),
        (
            lambda: snn.Trainer(network(), learning_rate=snn.schedules.cosine()),
            "not a number; its course is .* schedule",
        ),
        (lambda: snn.Trainer(network(), 25), "Trainer takes network without a name; 2 values were given"),
        (lambda: snn.Sparse(p=0.1), "that is an argument of snn.Sparse.fixed_probability"),
        (lambda: snn.Sparse.fixed_outdegree(outdegree=20), "Sparse.fixed_outdegree has no .*'outdegree'.*mean 'count'"),
        (lambda: snn.Sparse.fixed_indegree(N=3, weight=2.0), "Sparse.fixed_indegree has no argument 'N'.*mean 'count'"),
        (lambda: snn.Sparse.fixed_probability(p=0.1), "fixed_probability has no argument 'p'.*mean 'probability'"),
        (lambda: snn.Sparse.fixed_total(weight=2.0), r"Sparse.fixed_total\(count\): count is missing$"),
        (lambda: snn.Exponential(beta=3.0), "Exponential has no argument 'beta'; did you mean 'scale'"),
        (lambda: snn.Exponential(mean=3.0), "Exponential has no argument 'mean'; did you mean 'scale'"),
        (lambda: snn.Exponential(rate=3.0), "Exponential has no argument 'rate'; it has: scale, low, high"),
        (lambda: snn.Normal(mu=3.0, sigma=1.0), "Normal has no argument 'mu'; did you mean 'mean'"),
        (lambda: snn.LogNormal(0.0, sigma=1.0), "LogNormal has no argument 'sigma'; did you mean 'std_log'"),
        (lambda: snn.Uniform(min=0.0, max=1.0), "Uniform has no argument 'min'; did you mean 'low'"),
        (lambda: network()["hidden"].set(v=1.0), "LIF: v is a state, not a parameter"),
        (lambda: snn.Simulation(network()).run(10.0), r"steps is 10\.0, not an integer; of a time in ms"),
        (lambda: network().placement(device="cpu"), "placement has no argument 'device'; did you mean 'devices'"),
        (lambda: network().memory_estimate(devices="cpu"), "memory_estimate has no .*; did you mean 'device'"),
        (lambda: snn.PairSTDP(tau=3.0), "no parameter or option 'tau'.*did you mean 'tau_plus'"),
        (lambda: snn.LIF(3, tau_mem=3.0), "LIF has no parameter 'tau_mem'.*did you mean 'tau_membrane'"),
        (lambda: snn.LIF(3, beta=0.9), "LIF has no parameter 'beta'.*snn.presets"),
        (lambda: snn.LIF(3, spike_grad=abs), "LIF has no parameter 'spike_grad'.*did you mean 'surrogate'"),
    ],
)
def test_a_keyword_that_is_not_there_names_the_one_that_is(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(snn.ArgumentTypeError, match=sentence):
        call()


def test_the_losses_are_listed_in_order() -> None:
    with pytest.raises(snn.InvalidArgumentError, match="did you mean 'cross_entropy_count'") as caught:
        snn.Trainer(network(), loss="cross_entropy")  # type: ignore[arg-type]
    listed = str(caught.value).partition("one of ")[2].partition(";")[0].split(", ")
    assert listed == sorted(listed)
    assert len(listed) == 16


# ---- completion


def test_completion_shows_what_the_reference_lists() -> None:
    there = [name for name in ("nir", "onnx", "torch") if importlib.util.find_spec(name)]
    assert dir(snn) == sorted([*snn.__all__, *there])
    assert len(inspect.getmembers(snn)) == len(dir(snn))  # each of them is there
    modules = [one for name, one in vars(snn).items() if isinstance(one, ModuleType) and name in snn.__all__]
    assert len(modules) > 8
    for module in modules:
        assert dir(module) == sorted(module.__all__), module


@pytest.mark.parametrize("name", ["nir", "onnx", "torch"])
def test_completion_of_what_is_loaded_on_demand(name: str) -> None:
    pytest.importorskip(name, reason=f"{name} is not installed")
    module = getattr(snn, name)
    assert dir(module) == sorted(module.__all__)


# ---- units and ranges


def test_one_number_of_steps_is_the_delay_of_all_synapses() -> None:
    net = snn.Network()
    net.add("a", snn.SpikeInput(2))
    net.add("b", snn.LIF(2))
    one = net.connect("a", "b", snn.Sparse.from_arrays([0, 1], [1, 0], 0.5, delays=3))
    two = net.connect("a", "b", snn.Sparse.from_csr([0, 1, 2], [1, 0], 0.5, delays=4), name="two")
    assert one.synapses()[2].tolist() == [3, 3]
    assert two.synapses()[2].tolist() == [4, 4]
    with pytest.raises(snn.InvalidArgumentError, match="delays is 5000; it must be 0 to 4096"):
        snn.Sparse.from_arrays([0], [0], 1.0, delays=5000)


@pytest.mark.parametrize("delays", [1.5, [1.5], np.array([2.0])])
def test_delays_of_arrays_are_steps_and_not_milliseconds(delays: Any) -> None:
    with pytest.raises(snn.ArgumentTypeError, match=r"whole steps.*The delay of a rule.*is in ms"):
        snn.Sparse.from_arrays([0], [0], 1.0, delays=delays)


def test_pixels_that_were_not_scaled_are_told_once() -> None:
    trainer = snn.Trainer(network(), epochs=1, steps=3)
    with pytest.warns(UserWarning, match=r"x for input 'input' has values from .* to .*'constant'.*divide") as caught:
        trainer.fit(255.0 * X, Y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.raises(snn.InvalidArgumentError, match="expected 0 to 1"):
        snn.Trainer(network(), epochs=1, steps=3, encoder="rate").fit(255.0 * X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        snn.Trainer(network(), epochs=1, steps=3).fit(X, Y)
        snn.Trainer(network(), epochs=1, steps=3).fit(4.0 * X - 2.0, Y)  # standardised values are no mistake
        snn.Trainer(network(), epochs=1, steps=3, encoder=snn.Encoder("constant")).fit(255.0 * X, Y)


def test_a_value_for_a_spike_input_says_what_makes_spikes() -> None:
    net = snn.Sequential(snn.SpikeInput(4), snn.Dense(3), snn.LIF())
    with (
        snn.Simulation(net) as sim,
        pytest.raises(snn.InvalidArgumentError, match=r"0 and 1 only; snn\.encode makes"),
    ):
        sim.run(3, {"input": np.full(4, 0.5)})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: snn.Trainer(network()).fit(None, Y), "x for input 'input' is None"),
        (lambda: snn.Trainer(network()).fit(X, None), "y is None"),
        (lambda: snn.LIF(3, tau_membrane=None), "LIF: tau_membrane is None"),
        (lambda: snn.Sparse.from_arrays([0, 1], [0, 1], [1.0, None]), r"weights has None at \[1\]"),
        (lambda: snn.Sparse.from_arrays([0, None], [0, 1], 1.0), r"sources has None at \[1\]"),
    ],
)
def test_none_is_said_to_be_none(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(snn.ArgumentTypeError, match=sentence):
        call()


def test_one_array_is_the_input_of_a_network_of_one_input() -> None:
    with snn.Simulation(network()) as sim:
        alone = sim.run(5, X[0], {"output": "v"})["output"]["v"]
        sim.reset()
        named = sim.run(5, {"input": X[0]}, {"output": "v"})["output"]["v"]
        sim.reset()
        sim.step(5, X[0])
        np.testing.assert_array_equal(sim["output.v"], named[-1])
    np.testing.assert_array_equal(alone, named)
    net = network()
    net.add("other", snn.Input(4))
    with snn.Simulation(net) as sim, pytest.raises(snn.InvalidArgumentError, match="2 inputs"):
        sim.run(5, X[0])


def test_classes_and_steps_in_another_order_are_told() -> None:
    trainer = snn.Trainer(network(), steps=25, encoder=None)
    with pytest.raises(snn.InvalidArgumentError, match=r"x\.swapaxes\(0, 1\)"):
        trainer.fit(snn.encode.rate(X, 25), Y)
    with pytest.raises(snn.ArgumentTypeError, match=r"y\.argmax\(axis=1\)"):
        snn.Trainer(network()).fit(X, np.eye(2)[Y])
    with pytest.raises(snn.ArgumentTypeError, match=r"y\.astype\(int\)"):
        snn.Trainer(network()).fit(X, Y.astype(float))


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "gpu"])
def test_the_name_of_a_gpu_is_told(device: str) -> None:
    with pytest.raises(snn.NotFoundError, match="a GPU is 'vulkan'"):
        snn.Simulation(network(), device=device)
    with pytest.raises(snn.NotFoundError, match=r"a GPU is 'vulkan': snn\.Trainer\(network, device='vulkan'\)"):
        snn.Trainer(network(), device=device)


def test_seeds_have_one_range() -> None:
    largest = 2**64 - 1
    snn.Network(seed=largest)
    snn.Trainer(network(), seed=largest, steps=3, epochs=1, dropout=0.1, encoder="rate").fit(X, Y)
    snn.encode.rate(X, 3, seed=largest)
    snn.Normal(0.0, 1.0).draw(3, seed=largest)
    for call in (
        lambda: snn.Network(seed=largest + 1),
        lambda: snn.Trainer(network(), seed=largest + 1),
        lambda: snn.encode.rate(X, 3, seed=largest + 1),
    ):
        with pytest.raises(snn.InvalidArgumentError, match="it must be 0 to 18446744073709551615"):
            call()


def test_a_micro_batch_is_not_larger_than_a_batch() -> None:
    with pytest.raises(snn.InvalidArgumentError, match="microbatch_size is 8 and batch_size 4"):
        snn.Trainer(network(), batch_size=4, microbatch_size=8)


# ---- what is chosen for the user, and what differs


def test_the_output_is_the_population_of_that_name_before_the_last() -> None:
    net = network()
    net.add("monitor", snn.LeakyIntegrator(5))
    net.connect("hidden", "monitor", snn.Dense())
    assert snn.Trainer(net).output == "output"
    assert "output of training, where no other is named: output" in net.summary()
    outputs = snn.Backpropagation(net, steps=2).forward(np.ones((1, 4), np.float32))
    assert list(outputs) == ["output"]
    other = snn.Network()
    other.add("first", snn.Input(4))
    other.add("second", snn.LIF(2))
    other.add("third", snn.Input(1))
    assert snn.Trainer(other).output == "second"


def test_other_settings_of_a_resumed_training_are_told(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    trainer = snn.Trainer(network(), epochs=1, steps=3).fit(X, Y)
    trainer.save_checkpoint(path)
    other = snn.Trainer(
        network(), epochs=2, steps=3, learning_rate=0.5, encoder=snn.Encoder("constant", gain=2.0)
    ).load_checkpoint(path)
    with pytest.raises(snn.StateError, match="make the Trainer with epochs=1"):
        other.score(X, Y)
    with pytest.warns(
        UserWarning, match=r"learning_rate 0\.001 and goes on with 0\.5.*encoder.*'gain': 2\.0"
    ) as caught:
        other.fit(X, Y)
    assert caught[0].filename == __file__
    # the way that the error of score names
    same = snn.Trainer(network(), epochs=1, steps=3).load_checkpoint(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same.fit(X, Y)
    assert same.score(X, Y) == trainer.score(X, Y)
    np.testing.assert_array_equal(
        same.network.projections["input_to_hidden"].weights, trainer.network.projections["input_to_hidden"].weights
    )


def test_weights_that_a_file_does_not_have_are_said_of_the_file(tmp_path: Path) -> None:
    other = snn.Network()
    other.add("first", snn.Input(4))
    other.add("second", snn.LIF(3))
    other.connect("first", "second", snn.Dense())
    other.save(tmp_path / "other.snn")
    with (
        snn.Simulation(network()) as sim,
        pytest.raises(snn.NotFoundError, match="the file has no projection 'input_to_hidden'; it has: first_to_second"),
    ):
        sim.load_weights(tmp_path / "other.snn")


def test_dropped_time_is_said_with_its_numbers(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "snn"), snn.Simulation(network(), max_catch_up=0.01) as sim:
        sim.advance(1.5)
    assert "1.5 s were due and one call makes up for at most 0.01 s (10 steps of 1 ms)" in caplog.text
