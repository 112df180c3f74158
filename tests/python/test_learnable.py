"""Parameters of neurons that training changes, from the layer to the file."""

from __future__ import annotations

import numpy as np
import pytest

import snn


def regression(tau: float, learnable: object, *, dt: float = 1.0) -> tuple[snn.Network, np.ndarray, np.ndarray]:
    """A leaky integrator, and the membranes of one with the time constant `tau` under the same inputs."""
    random = np.random.Generator(np.random.Philox(1))
    x = random.normal(0.0, 1.0, (24, 30, 3)).astype(np.float32)
    weights = random.normal(0.5, 0.5, (3, 4)).astype(np.float32)

    def network(value: object) -> snn.Network:
        net = snn.Network(dt)
        source = net.add("input", snn.Input(3))
        cells = net.add("output", snn.LeakyIntegrator(4, tau_membrane=value))
        net.connect(source, cells, snn.Dense(weights=weights, bias=False, trainable=False))
        return net

    decay = np.exp(-dt / tau)
    membrane = np.zeros((24, 4))
    y = np.zeros((24, 30, 4), np.float32)
    for step in range(30):
        membrane = decay * membrane + x[:, step] @ weights
        y[:, step] = membrane
    return network(learnable), x, y


@pytest.mark.parametrize("value", [snn.Learnable(20.0), snn.Learnable(20.0, per_neuron=True)])
def test_a_time_constant_is_found_again(value: snn.Learnable) -> None:
    net, x, y = regression(5.0, value)
    trainer = snn.Trainer(
        net,
        steps=30,
        loss="mean_square_membrane",
        encoder=None,
        learning_rate=0.05,
        epochs=100,
        batch_size=8,
        schedule="cosine",
    )
    trainer.fit(x, y)
    found = net["output"].parameters["tau_membrane"]
    assert np.size(found) == (4 if value.per_neuron else 1)
    np.testing.assert_allclose(found, 5.0, rtol=1e-3)
    assert trainer.history["loss"][-1] < 1e-6 * trainer.history["loss"][0]


def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    """Kingma and Ba 2015: the first step is the learning rate times the sign of the gradient, here of log(tau)."""
    net, x, y = regression(5.0, snn.Learnable(20.0))
    snn.Trainer(
        net,
        steps=30,
        loss="mean_square_membrane",
        encoder=None,
        learning_rate=0.1,
        epochs=1,
        batch_size=24,
        epsilon=1e-30,
    ).fit(x, y)
    assert net["output"].parameters["tau_membrane"] == pytest.approx(20.0 * np.exp(-0.1), rel=1e-12)
    net, x, y = regression(5.0, snn.Learnable(20.0))
    trainer = snn.Trainer(
        net, steps=30, loss="mean_square_membrane", encoder=None, learning_rate=0.1, epochs=1, batch_size=24, epsilon=1e-30,
        parameter_rate_factor=0.5,
    )  # fmt: skip
    trainer.fit(x, y)
    assert net["output"].parameters["tau_membrane"] == pytest.approx(20.0 * np.exp(-0.05), rel=1e-12)


def spiking(**values: object) -> snn.Network:
    return snn.Sequential(8, snn.Dense(16), snn.LIF(**values), snn.Dense(3), snn.LIF(threshold=0.3))


def samples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.Philox(2))
    y = np.arange(48) % 3
    x = random.uniform(0, 0.3, (48, 8)).astype(np.float32)
    for sample, label in enumerate(y):
        x[sample, 2 * label : 2 * label + 3] += 0.6
    return x, y


def test_layers_learn_what_was_asked_for_and_nothing_else() -> None:
    net = spiking(tau_membrane=snn.Learnable(), threshold=snn.Learnable(0.8, per_neuron=True), v_reset=0.1)
    assert net["hidden"].learnable == ("tau_membrane", "threshold")
    assert net["output"].learnable == ()
    before = dict(net["output"].parameters)
    x, y = samples()
    snn.Trainer(net, steps=12, epochs=3, batch_size=16, learning_rate=0.02).fit(x, y)
    after = net["hidden"].parameters
    assert after["tau_membrane"] != 20.0
    assert np.shape(after["threshold"]) == (16,)
    assert len(set(np.asarray(after["threshold"]))) > 8
    assert after["v_reset"] == 0.1
    assert dict(net["output"].parameters) == before


def test_a_drawn_parameter_learns_from_where_it_was_drawn() -> None:
    net = spiking(tau_membrane=snn.Learnable(snn.Uniform(5, 30)))
    begun = np.array(net["hidden"].parameters["tau_membrane"])
    x, y = samples()
    snn.Trainer(net, steps=12, epochs=1, batch_size=48, learning_rate=0.01).fit(x, y)
    change = np.log(net["hidden"].parameters["tau_membrane"] / begun)
    assert np.abs(change).max() == pytest.approx(0.01, rel=1e-3)  # the first step of Adam, of each neuron by itself


def test_the_file_keeps_what_was_learned_and_that_it_learns(tmp_path) -> None:
    net = spiking(tau_membrane=snn.Learnable(), v_rest=snn.Learnable(0.05), threshold=snn.Learnable(per_neuron=True))
    x, y = samples()
    trainer = snn.Trainer(net, steps=12, epochs=2, batch_size=16, learning_rate=0.05).fit(x, y)
    net.save(tmp_path / "learned.snn")
    loaded = snn.load(tmp_path / "learned.snn")
    assert loaded["hidden"].learnable == ("tau_membrane", "threshold", "v_rest")
    for name, value in net["hidden"].parameters.items():
        np.testing.assert_array_equal(loaded["hidden"].parameters[name], value)
    scores = trainer.predict_scores(x)
    again = snn.Trainer(loaded, steps=12, batch_size=16)
    np.testing.assert_array_equal(again.predict_scores(x), scores)
    with snn.Simulation(loaded) as simulation:
        # v begins at v_rest, wherever that has gone
        np.testing.assert_array_equal(simulation["hidden.v"], np.float32(loaded["hidden"].parameters["v_rest"]))
        recording = simulation.run(12, {"input": x[0]}, record={"output": "spike_count"})
    np.testing.assert_array_equal(np.ravel(recording["output"]["spike_count"]), scores[0])
    assert scores.any()
    again.fit(x, y)
    assert loaded["hidden"].parameters["v_rest"] != net["hidden"].parameters["v_rest"]


def test_a_value_alone_makes_a_parameter_fixed_again() -> None:
    net = spiking(tau_membrane=snn.Learnable())
    assert "Learnable(20)" in repr(net["hidden"])
    net["hidden"].set(tau_membrane=10.0)
    assert net["hidden"].learnable == ()
    net["hidden"].set(threshold=snn.Learnable(per_neuron=True))
    assert net["hidden"].learnable == ("threshold",)


def test_models_of_the_user_learn() -> None:
    quadratic = snn.NeuronModel("""
[model]
name = "quadratic"
[parameters]
gain = { default = 0.1, unit = "1/(u*ms)", exclusive_minimum = 0, doc = "Curvature" }
threshold = { default = 1.0, unit = "u", doc = "Peak of the spike" }
[states]
v = { unit = "u", doc = "Membrane potential" }
[receptors]
current = { unit = "u", doc = "Input of this step" }
[derived]
curvature = "gain * dt"
[step]
program = '''
membrane = v + curvature * v * v + current
fired = spike(membrane - threshold)
emit(fired)
next.v = select(fired > 0, 0, membrane)
'''
""")
    net = snn.Sequential(8, snn.Dense(16), quadratic(gain=snn.Learnable(0.2)), snn.Dense(3), snn.LIF())
    x, y = samples()
    snn.Trainer(net, steps=12, epochs=2, batch_size=16, learning_rate=0.05).fit(x, y)
    assert net["hidden"].parameters["gain"] != 0.2
    assert net["hidden"].parameters["gain"] > 0


def test_clipping_counts_parameters() -> None:
    """SGD without momentum moves by rate times the clipped gradient, so the distance moved is the clip norm times the rate."""
    net, x, y = regression(5.0, snn.Learnable(20.0))
    snn.Trainer(
        net, steps=30, loss="mean_square_membrane", encoder=None, optimizer="sgd", learning_rate=0.5, epochs=1, batch_size=24,
        gradient_clip_norm=0.01,
    ).fit(x, y)  # fmt: skip
    moved = np.log(net["output"].parameters["tau_membrane"] / 20.0)
    assert abs(moved) == pytest.approx(0.5 * 0.01, rel=1e-9)


def test_errors_name_the_parameter() -> None:
    with pytest.raises(snn.UnsupportedError, match=r"'refractory'.*cannot be learned"):
        spiking(refractory=snn.Learnable(2.0))
    with pytest.raises(snn.ArgumentTypeError, match=r"reset.*only parameters are learnable"):
        spiking(reset=snn.Learnable(1.0))
    with pytest.raises(snn.InvalidArgumentError, match="tau_membrane"):
        spiking(tau_membrane=snn.Learnable(-3.0))
    net, x, y = regression(5.0, snn.Learnable(20.0))
    trainer = snn.Trainer(
        net,
        steps=30,
        loss="mean_square_membrane",
        encoder=None,
        optimizer="sgd",
        learning_rate=1e12,
        epochs=1,
        batch_size=24,
    )
    with pytest.raises(snn.NotFiniteError, match=r"tau_membrane.*not updated"):
        trainer.fit(x, y)
    assert net["output"].parameters["tau_membrane"] == 20.0


def test_losses_of_the_user_train_parameters_too() -> None:
    """The gradient is that of the closed form of the membrane, by central differences in double."""
    net, x, y = regression(5.0, snn.Learnable(20.0))
    weights = net.projections["input_to_output"].weights.astype(np.float64)

    def loss(tau: float) -> float:
        membrane, sum_of_squares = np.zeros((24, 4)), 0.0
        for step in range(30):
            membrane = np.exp(-1.0 / tau) * membrane + x[:, step] @ weights
            sum_of_squares += np.sum((membrane - y[:, step]) ** 2)
        return float(sum_of_squares)

    passes = snn.Backpropagation(
        net, steps=30, batch_size=24, record={"output": "v"}, optimizer="lion", learning_rate=0.1
    )
    found = passes.forward(x.swapaxes(0, 1).copy())["output"]["v"]
    gradients = passes.backward({"output": {"v": 2 * (found - y.swapaxes(0, 1))}})
    expected = (loss(20.001) - loss(19.999)) / 0.002
    assert gradients.projections == {}
    np.testing.assert_allclose(gradients.parameters["output"]["tau_membrane"], [expected], rtol=1e-4)
    passes.update()
    # Chen et al. 2023: the first step of Lion is the learning rate times the sign, here of log(tau).
    np.testing.assert_allclose(net["output"].parameters["tau_membrane"], 20.0 * np.exp(-0.1), rtol=1e-6)
