"""Models and surrogates of the user, in the words of the definition language: they run, train and travel in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snn

# A neuron that is not among the built-in ones: a quadratic membrane and a slow recovery.
QUADRATIC = {
    "model": {"name": "quadratic", "title": "Quadratic integrate-and-fire with recovery"},
    "parameters": {
        "tau_membrane": {"default": 10.0, "unit": "ms", "exclusive_minimum": 0, "doc": "Membrane time constant"},
        "tau_recovery": {"default": 50.0, "unit": "ms", "exclusive_minimum": 0, "doc": "Recovery time constant"},
        "gain": {"default": 0.2, "unit": "1/u", "doc": "Strength of the quadratic term"},
        "threshold": {"default": 1.0, "unit": "u", "doc": "Membrane value above which the neuron spikes"},
        "jump": {"default": 0.3, "unit": "u", "doc": "Rise of the recovery after a spike"},
    },
    "options": {"rest": {"choices": ["zero", "half"], "default": "zero", "doc": "Where the membrane returns to"}},
    "states": {
        "v": {"initial": 0.0, "unit": "u", "doc": "Membrane"},
        "w": {"initial": 0.0, "unit": "u", "doc": "Recovery"},
    },
    "receptors": {"current": {"unit": "u", "doc": "Input of this step"}},
    "derived": {
        "decay_membrane": "exp(-dt / tau_membrane)",
        "decay_recovery": "exp(-dt / tau_recovery)",
        "floor_value": 'select(rest == "half", 0.5 * threshold, 0)',
    },
    "step": {
        "program": """
membrane = decay_membrane * v + gain * v * v + current - w
fired = spike(membrane - threshold)
emit(fired)
reset = detach(fired, 1 > 0)
next.v = (1 - reset) * membrane + reset * floor_value
next.w = decay_recovery * w + jump * fired
"""
    },
}


def reference(current: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The same in float64, by hand."""
    v, w = np.zeros_like(current), np.zeros_like(current)
    membranes, spikes = [], []
    for _ in range(steps):
        m = np.exp(-0.1) * v + 0.2 * v * v + current - w
        s = m > 1.0
        v, w = np.where(s, 0.0, m), np.exp(-0.02) * w + 0.3 * s
        membranes.append(v)
        spikes.append(s)
    return np.array(membranes), np.array(spikes)


def test_it_runs_as_written() -> None:
    quadratic = snn.NeuronModel(QUADRATIC)
    assert quadratic.name == "quadratic"
    assert quadratic.definition.differentiable
    assert repr(quadratic) == "NeuronModel('quadratic')"
    net = snn.Network()
    net.add("in", snn.Input(5))
    net.add("out", quadratic(5))
    net.connect("in", "out", snn.OneToOne())
    current = np.array([0.0, 0.1, 0.3, 0.55, 0.7])
    for flags in ((), ("float64",)):
        with snn.Simulation(net, device="reference" if flags else "cpu", flags=flags) as sim:
            recording = sim.run(30, {"in": current}, {"out": ["v", "w", "spikes"]})["out"]
        membranes, spikes = reference(current, 30)
        assert spikes.any()
        assert np.array_equal(recording["spikes"][:, 0], spikes)
        assert np.allclose(recording["v"][:, 0], membranes, atol=1e-5)


def test_it_trains(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = blobs
    quadratic = snn.NeuronModel(QUADRATIC)
    net = snn.Sequential(6, snn.Dense(16), quadratic(surrogate="arctan"), snn.Dense(3), quadratic(tau_membrane=5.0))
    trainer = snn.Trainer(net, steps=10, epochs=8, learning_rate=1e-2).fit(x[:120], y[:120])
    assert trainer.score(x[120:], y[120:]) > 0.9


def test_it_travels_in_the_file(tmp_path: Path) -> None:
    quadratic = snn.NeuronModel(QUADRATIC)
    net = snn.Sequential(6, snn.Dense(16, init=0.3), quadratic(gain=0.1, rest="half", initial={"w": 0.1}))
    net.save(tmp_path / "q.snn")
    twin = snn.load(tmp_path / "q.snn")
    output = twin["output"]
    assert output.model == "quadratic"
    assert output.parameters["gain"] == 0.1
    assert output.options["rest"] == "half"
    assert isinstance(output.neurons, snn.Neuron)
    assert output.neurons.definition.same_as(quadratic.definition)
    assert "quadratic" in repr(output)
    x = np.linspace(0, 1, 6)
    runs = []
    for one in (net, twin):
        with snn.Simulation(one) as sim:
            runs.append(sim.run(30, {"input": x}, {"output": "v"})["output"]["v"])
    assert np.array_equal(*runs)


def test_threads_instruction_sets_and_reference_agree() -> None:
    quadratic = snn.NeuronModel(QUADRATIC)
    net = snn.Sequential(snn.SpikeInput(30), snn.Dense(67, init=snn.init.Uniform(0, 0.3)), quadratic())
    x = (np.random.Generator(np.random.Philox(4)).random((50, 3, 30)) < 0.2).astype(np.float32)
    cpu = next(device for device in snn.devices() if device.name == "cpu")
    settings = [{"device": "reference"}, {"threads": 3}, *({"instruction_set": name} for name in cpu.instruction_sets)]
    results = []
    for setting in settings:
        with snn.Simulation(net, batch_size=3, **setting) as sim:  # type: ignore[arg-type]
            results.append(sim.run(50, {"input": x}, {"output": ["v", "spikes"]})["output"])
    assert results[0]["spikes"].any()
    for result in results[1:]:
        assert np.array_equal(result["v"].view(np.uint32), results[0]["v"].view(np.uint32))


def test_a_model_from_a_file_and_from_text(tmp_path: Path) -> None:
    text = """
[model]
name = "sum"
title = "Sum of the input"
[parameters]
[states]
v = { initial = 0, doc = "Sum" }
[receptors]
current = { doc = "Input" }
[step]
program = "next.v = v + current"
"""
    (tmp_path / "sum.toml").write_text(text)
    for given in (text, tmp_path / "sum.toml"):
        model = snn.NeuronModel(given)
        assert model.definition.spiking is False
        with pytest.raises(snn.InvalidArgumentError, match="does not spike"):
            model(3, surrogate="arctan")
        net = snn.Network()
        net.add("in", snn.Input(2))
        net.add("out", model(2))
        net.connect("in", "out", snn.OneToOne())
        with snn.Simulation(net) as sim:
            sim.step(4, inputs={"in": [1.0, 2.0]})
            assert sim.get("out.v").tolist() == [[4.0, 8.0]]


def changed(section: str, **entries: object) -> dict:
    return {**QUADRATIC, section: {**QUADRATIC[section], **entries}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("definition", "error", "sentence"),
    [
        (3, snn.ArgumentTypeError, "definition is 3"),
        ({}, snn.FormatError, "model"),
        (changed("step", program="next.v = v + curent\nnext.w = w"), snn.FormatError, "curent"),
        (changed("step", program="next.v = v"), snn.FormatError, r"next\.w"),
        (changed("step", program="import os"), snn.FormatError, "step"),
        (changed("step", program="next.v = __import__('os').getpid()\nnext.w = w"), snn.FormatError, "__import__"),
        (changed("step", program="next.v = v if v else w\nnext.w = w"), snn.FormatError, "step"),
        (changed("derived", decay_membrane="exp(-dt / tau)"), snn.FormatError, "tau"),
        (changed("parameters", threshold={"default": "high", "doc": "x"}), snn.FormatError, "threshold"),
        (changed("states", v={"initial": "nothing", "doc": "x"}), snn.FormatError, "nothing"),
        (changed("model", name="two words"), snn.FormatError, "two words"),
        (Path("/nowhere/model.toml"), snn.FormatError, "nowhere"),
    ],
)
def test_bad_definitions_name_the_place(definition, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        snn.NeuronModel(definition)


def test_a_surrogate_of_the_user(blobs: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    definition = {
        "surrogate": {"name": "cauchy", "title": "Cauchy"},
        "parameters": {"width": {"default": 0.5, "unit": "u", "exclusive_minimum": 0, "doc": "Half width"}},
        "derivative": {"program": "r = x / width\nreturn 1 / (1 + r * r)"},
        "smooth": {"program": "return width * atan(x / width)"},
    }
    cauchy = snn.Surrogate.define(definition, width=0.8)
    assert cauchy.parameters == {"width": 0.8}
    net = snn.Sequential(6, snn.Dense(16), snn.LIF(surrogate=cauchy), snn.Dense(3), snn.LIF(surrogate=cauchy))
    x, y = blobs
    trainer = snn.Trainer(net, steps=10, epochs=8, learning_rate=1e-2).fit(x, y)
    assert trainer.score(x, y) > 0.9
    net.save(tmp_path / "c.snn")
    assert snn.load(tmp_path / "c.snn")["hidden"].surrogate == cauchy
    with pytest.raises(snn.FormatError, match="deriv"):
        snn.Surrogate.define({"surrogate": {"name": "x", "title": "x"}})


def test_the_example_of_adding_a_model_makes_a_network(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "adding-a-model.md").read_text(encoding="utf-8")
    code = page.split("```python\n", 1)[1].split("```", 1)[0]
    names: dict[str, object] = {}
    exec(compile(code, "adding-a-model.md", "exec"), names)
    net = names["net"]
    assert isinstance(net, snn.Network)
    assert net["hidden"].model == "quadratic"
    net.save(tmp_path / "quadratic.snn")
    assert snn.load(tmp_path / "quadratic.snn")["hidden"].parameters["gain"] == 0.2


def test_two_models_of_one_name_are_refused_before_training() -> None:
    own_lif = {**QUADRATIC, "model": {"name": "lif", "title": "Not the built-in one"}}
    net = snn.Network()
    net.add("built_in", snn.LIF(2))
    with pytest.raises(
        snn.InvalidArgumentError, match="population 'own': another model of this network is named 'lif' too"
    ):
        net.add("own", snn.NeuronModel(own_lif)(2))
    assert list(net.populations) == ["built_in"]
    net.add("more", snn.LIF(3))
    # The same definition twice is one definition.
    net.add("first", snn.NeuronModel(QUADRATIC)(2))
    net.add("second", snn.NeuronModel(QUADRATIC)(2))
    with pytest.raises(snn.InvalidArgumentError, match="named 'lif' too"):
        net.copy().add("own", snn.NeuronModel(own_lif)(2))
