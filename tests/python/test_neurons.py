"""Models and surrogates as objects, made from their definitions."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path

import numpy as np
import pytest

import snn
from snn.engine import _native
from snn.engine.modelc import load_builtin_model

MODELS = Path(__file__).parents[2] / "snn/models/neurons"
PUBLIC = [getattr(snn, name) for name in snn.__all__]
CLASSES = [cls for cls in PUBLIC if isinstance(cls, type) and issubclass(cls, snn.Neuron) and cls is not snn.Neuron]


def test_every_builtin_model_has_a_class() -> None:
    names = [cls.definition.name for cls in CLASSES]
    for model in _native.builtin_model_names():
        assert model in names, (
            f"model {model!r} has no class: add 'class Name(_Builtin, model={model!r})' to snn/builtin_neurons.py and Name to "
            "__all__ there, and to the import and __all__ of snn/__init__.py"
        )
    assert sorted(names) == _native.builtin_model_names()  # each once, and none without a model


@pytest.mark.parametrize("cls", CLASSES)
def test_the_class_says_what_the_definition_says(cls: type[snn.Neuron]) -> None:
    compiled = load_builtin_model(cls.definition.name)
    signature = inspect.signature(cls)
    assert cls.__doc__ is not None
    for parameter in compiled.parameters:
        assert signature.parameters[parameter.name].default == parameter.default
        assert parameter.name in cls.__doc__
        if parameter.unit not in ("", "1"):
            assert f"In {parameter.unit}." in cls.__doc__
    head = tomllib.loads((MODELS / f"{compiled.name}.toml").read_text(encoding="utf-8"))["model"]
    words = " ".join(cls.__doc__.split())
    assert " ".join(head["description"].split()) in words
    assert words.endswith(" ".join(head["source"].split()))
    for option in compiled.options:
        assert signature.parameters[option.name].default == option.default
    assert tuple(cls.definition.states) == tuple(state.name for state in compiled.states)
    assert cls.definition.native.json == compiled.json


@pytest.mark.parametrize("cls", CLASSES)
def test_defaults_can_be_given_by_name(cls: type[snn.Neuron]) -> None:
    given = {name: item.default for name, item in cls.definition.parameters.items()}
    options = {name: item.default for name, item in cls.definition.options.items()}
    net = snn.Network()
    population = net.add("p", cls(3, **given, **options))
    assert dict(population.parameters) == given
    assert dict(population.options) == options
    assert net.neuron_count == 3


def test_parameters_reach_the_simulation() -> None:
    net = snn.Network()
    net.add("in", snn.Input(3))
    net.add("out", snn.LIF(3, threshold=[0.5, 1.5, 2.5], initial={"v": [0.0, 0.0, 2.4]}, tau_membrane=1e9))
    net.connect("in", "out", snn.OneToOne())
    with snn.Simulation(net) as sim:
        assert np.allclose(sim.get("out.v"), [[0, 0, 2.4]])
        sim.step(inputs={"in": [1.0, 1.0, 1.0]})
        assert sim.get("out.spikes").tolist() == [[True, False, True]]


def test_bad_parameters_name_the_model_the_parameter_and_the_value() -> None:
    with pytest.raises(snn.ArgumentTypeError, match=r"LIF has no parameter 'tau'; it has: tau_membrane, threshold"):
        snn.LIF(3, tau=2.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"LIF: tau_membrane is 0 ms; it must be above 0"):
        snn.LIF(3, tau_membrane=0.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"LIF: threshold\[1\] is nan"):
        snn.LIF(3, threshold=[1.0, float("nan"), 1.0])
    with pytest.raises(snn.InvalidArgumentError, match=r"threshold has shape \(2,\)"):
        snn.LIF(3, threshold=[1.0, 1.0])
    with pytest.raises(snn.ArgumentTypeError, match=r"threshold has dtype"):
        snn.LIF(3, threshold="high")
    with pytest.raises(snn.InvalidArgumentError, match=r"LIF: reset is 'soft'; it must be one of subtract, value"):
        snn.LIF(3, reset="soft")
    with pytest.raises(snn.ArgumentTypeError, match=r"LIF has no state 'u'"):
        snn.LIF(3, initial={"u": 0.0})
    with pytest.raises(snn.InvalidArgumentError, match=r"LIF: size is 0"):
        snn.LIF(0)
    with pytest.raises(snn.InvalidArgumentError, match=r"LIF: size is -3"):
        snn.LIF(-3)
    with pytest.raises(snn.ArgumentTypeError, match=r"LIF: size is 2.5"):
        snn.LIF(2.5)  # type: ignore[arg-type]
    with pytest.raises(snn.InvalidArgumentError, match=r"1 to 3 dimensions"):
        snn.LIF((1, 2, 3, 4))
    with pytest.raises(snn.InvalidArgumentError, match=r"more than 1073741824 neurons"):
        snn.LIF((2**11, 2**10, 2**10))
    with pytest.raises(snn.InvalidArgumentError, match=r"SpikeInput: size is 1073741825"):
        snn.SpikeInput(2**30 + 1)
    assert snn.Input((2**10, 2**10, 2**10)).size == 2**30  # the limit itself
    with pytest.raises(snn.InvalidArgumentError, match=r"does not spike"):
        snn.LeakyIntegrator(3, surrogate="arctan")


def test_a_rotation_too_fast_for_the_time_step_is_refused_with_its_numbers() -> None:
    """Beyond frequency * dt = 1 there is no damping at which an Euler step stays on the circle."""
    for frequency, options in ((1.0, {}), (1.5, {"balance": "none"})):
        snn.Simulation(snn.Sequential(1, snn.Dense(1), snn.ResonateAndFire(frequency=frequency, **options)))
    fast = snn.Sequential(1, snn.Dense(2), snn.ResonateAndFire(frequency=[0.5, 1.5]))
    with pytest.raises(snn.InvalidArgumentError, match=r"population 'output'.* with frequency = 1\.5, .*dt = 1 ms"):
        snn.Simulation(fast)


def test_surrogates_by_name_preset_and_parameters() -> None:
    assert snn.Surrogate("arctan").parameters["slope"] == 2.0
    assert snn.Surrogate("fast_sigmoid", slope=10).parameters["slope"] == 10.0
    assert snn.Surrogate("snntorch.fast_sigmoid").name == "fast_sigmoid"
    assert snn.Surrogate("norse.super").parameters["slope"] == 100.0
    assert snn.Surrogate("norse.super", alpha=10).parameters["slope"] == 10.0
    assert snn.Surrogate("norse.super", slope=10) == snn.Surrogate("norse.super", alpha=10)
    assert dict(snn.Surrogate("spikingjelly.soft_sign", alpha=4).parameters) == {"slope": 4.0, "scale": 2.0}
    assert dict(snn.Surrogate("spikingjelly.soft_sign", alpha=4, scale=1).parameters) == {"slope": 4.0, "scale": 1.0}
    assert snn.Surrogate("arctan") == snn.Surrogate("arctan", slope=2.0)
    assert snn.Surrogate("arctan") != snn.Surrogate("arctan", slope=3.0)
    assert repr(snn.Surrogate("arctan", slope=3)).startswith("Surrogate('arctan', slope=3")
    with pytest.raises(snn.NotFoundError, match=r"surrogate 'atan'; there are: arctan, boxcar"):
        snn.Surrogate("atan")
    with pytest.raises(
        snn.NotFoundError, match=r"no library of surrogates 'torch'; there are: snntorch, spikingjelly, "
    ):
        snn.Surrogate("torch.atan")
    with pytest.raises(
        snn.NotFoundError, match=r"preset 'norse.atan'; there are: norse.super, norse.tri[norse., a-z_]*; did you mean"
    ):
        snn.Surrogate("norse.atan")
    assert snn.Surrogate("sinabs.heaviside", spike_threshold=2).parameters["above"] == 0.5
    with pytest.raises(snn.InvalidArgumentError, match=r"surrogate power: slope is -4"):
        snn.Surrogate("spikingjelly.q_pseudo_spike", alpha=0.5)
    with pytest.raises(snn.ArgumentTypeError, match=r"'arctan' has no parameter 'width'; it has: slope"):
        snn.Surrogate("arctan", width=1.0)
    with pytest.raises(snn.ArgumentTypeError, match=r"'snntorch.atan' has no parameter 'k'; it has: alpha, slope"):
        snn.Surrogate("snntorch.atan", k=1.0)
    with pytest.raises(snn.ArgumentTypeError, match=r"snntorch.atan: alpha is 'steep', not a number"):
        snn.Surrogate("snntorch.atan", alpha="steep")  # type: ignore[arg-type]
    with pytest.raises(snn.InvalidArgumentError, match=r"'spikingjelly.rect': alpha = 0 makes width inf"):
        snn.Surrogate("spikingjelly.rect", alpha=0.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"slope is -2"):
        snn.Surrogate("snntorch.atan", alpha=-2.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"slope is -1"):
        snn.Surrogate("arctan", slope=-1.0)
    with pytest.raises(snn.ArgumentTypeError, match=r"slope is 'steep'"):
        snn.Surrogate("arctan", slope="steep")  # type: ignore[arg-type]
    with pytest.raises(snn.ArgumentTypeError, match=r"surrogate is 3"):
        snn.LIF(3, surrogate=3)  # type: ignore[arg-type]


def test_a_population_tells_its_default_surrogate(chain: snn.Network) -> None:
    surrogate = chain["hidden"].surrogate
    assert surrogate is not None
    assert surrogate.name in _native.builtin_surrogate_names()
    assert chain["input"].surrogate is None


def test_repr_shows_what_was_given() -> None:
    assert repr(snn.LIF(128, tau_membrane=10.0, reset="value")) == "LIF(128, tau_membrane=10, reset='value')"
    assert repr(snn.LIF((1, 2, 3))) == "LIF((1, 2, 3))"
    assert repr(snn.SpikeInput(4)) == "SpikeInput(4)"


@pytest.mark.parametrize("name", [*_native.builtin_surrogate_names(), "norse.heavi_erfc", "of the user"])
def test_the_derivative_of_a_surrogate_is_what_training_takes(name: str) -> None:
    """d spike / d weight of one step is the derivative at membrane - threshold, times the input, which is 1."""
    if name == "of the user":
        surrogate = snn.Surrogate.define(
            {
                "surrogate": {"name": "skewed", "title": "Skewed", "description": "Falls slower above."},
                "parameters": {"slope": {"default": 3.0, "unit": "1/u", "minimum": 0, "doc": "Steepness"}},
                "derivative": {"program": "return select(x < 0, exp(slope * x), 1 / (1 + slope * x))"},
                "smooth": {"program": "return slope * x"},
            }
        )
    else:
        surrogate = snn.Surrogate(name)
    x = np.linspace(-2.5, 2.5, 81, dtype=np.float32)
    net = snn.Network()
    net.add("input", snn.Input(1))
    net.add("output", snn.LIF(81, threshold=0.0, surrogate=surrogate))
    net.connect("input", "output", snn.Dense(weights=x[None]))
    passes = snn.Backpropagation(net, steps=1)
    passes.forward(np.ones((1, 1, 1), np.float32))
    taken = passes.backward({"output": {"spikes": np.ones((1, 1, 81))}}).projections["input_to_output"]["weight"][0]
    found = surrogate.derivative(x)
    assert (found.shape, found.dtype) == (x.shape, np.float32)
    assert found.any()
    np.testing.assert_allclose(found, taken, rtol=1e-6, atol=1e-7)


def test_the_derivative_of_a_surrogate_is_its_formula() -> None:
    x = np.linspace(-3.0, 3.0, 25).reshape(5, 5)
    fast = snn.Surrogate("fast_sigmoid", slope=10.0, scale=2.0).derivative(x)
    np.testing.assert_allclose(fast, 2.0 / (1.0 + 10.0 * np.abs(x)) ** 2, rtol=1e-6)
    gaussian = snn.Surrogate("gaussian", slope=2.0).derivative(x)
    np.testing.assert_allclose(gaussian, np.exp(-((2.0 * x) ** 2)), rtol=1e-5)
    assert snn.Surrogate("step").derivative(0.25) == 1.0
    with pytest.raises(snn.ArgumentTypeError, match="x has dtype"):
        snn.Surrogate("step").derivative(["threshold"])


@pytest.mark.parametrize("value", [0.04, 0.05, [2.0, 0.03]])
def test_a_refractory_time_that_rounds_to_no_step_is_told(value: object) -> None:
    net = snn.Network(dt=0.1)
    with pytest.warns(
        UserWarning, match=r"population 'cells': refractory is 0\.0\d ms, which rounds to 0 steps of 0\.1 ms"
    ):
        net.add("cells", snn.CurrentLIF(2, refractory=value))
    with snn.Simulation(net) as sim:
        assert sim.network["cells"].size == 2
    net["cells"].set(v_rest=-1.0)  # the same again is no news; a warning would be an error here
    for number, fine in enumerate((0.0, 0.06, 0.1, snn.Normal(0.05, 0.01))):
        added = net.add(f"fine{number}", snn.CurrentLIF(2, refractory=fine))
        with pytest.warns(
            UserWarning, match=rf"population 'fine{number}': refractory is 0\.0\d ms, which rounds"
        ) as told:
            added.set(refractory=value)
        assert [one.filename for one in told] == [__file__]
        added.set(refractory=fine)


def test_a_poisson_source_of_more_than_a_spike_a_step_is_told() -> None:
    net = snn.Network(dt=0.1)
    with pytest.warns(
        UserWarning, match="rate is 20000 Hz, more than one spike in each step of 0.1 ms; .* at 10000 Hz"
    ):
        net.add("fast", snn.PoissonSource(2, rate=[10.0, 20000.0]))
    net.add("full", snn.PoissonSource(2, rate=10000.0))
    with snn.Simulation(net) as sim:
        rates = sim.run(1000, record={"fast": "spike_count", "full": "spike_count"})
    assert rates["fast"]["spike_count"][0, 1] == 1000
    assert (rates["full"]["spike_count"] == 1000).all()
