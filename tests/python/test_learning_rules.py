"""Long runs and learning rules through `snn.Trainer`: what they reach with fixed seeds, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import snn

ONLINE = [("ottt", 0.9, 0.9), ("eprop", 0.9, 0.9)]


def readout(inputs: int, classes: int) -> snn.Network:
    return snn.Sequential(
        snn.SpikeInput(inputs),
        snn.Dense(64),
        snn.LIF(tau_membrane=10.0),
        snn.Dense(classes),
        snn.LeakyIntegrator(tau_membrane=10.0),
    )


@pytest.mark.parametrize(("rule", "coincidence", "patterns"), ONLINE, ids=[rule for rule, *_ in ONLINE])
def test_rules_learn_what_only_time_tells(rule: str, coincidence: float, patterns: float) -> None:
    for split, classes, wanted in (
        (snn.data.delayed_coincidence(), 2, coincidence),
        (snn.data.poisson_patterns(), 4, patterns),
    ):
        _, steps, inputs = split.train_x.shape
        trainer = snn.Trainer(
            readout(inputs, classes),
            steps=steps,
            epochs=12,
            learning_rate=5e-3,
            encoder=None,
            loss="cross_entropy_max_membrane",
            rule=rule,
        )
        trainer.fit(split.train_x, split.train_y)
        assert trainer.score(split.test_x, split.test_y) >= wanted


def test_eventprop_learns_what_only_time_tells() -> None:
    for split, classes in ((snn.data.delayed_coincidence(), 2), (snn.data.poisson_patterns(), 4)):
        _, steps, inputs = split.train_x.shape
        net = snn.Sequential(
            snn.SpikeInput(inputs),
            snn.Dense(64, init=snn.init.Normal(0.05, 0.5)),  # so that all neurons spike: silent ones do not learn
            snn.CurrentLIF(tau_membrane=5.0, tau_synapse=2.0),
            snn.Dense(classes),
            snn.LeakyIntegrator(tau_membrane=10.0),
        )
        trainer = snn.Trainer(
            net,
            steps=steps,
            epochs=12,
            learning_rate=5e-3,
            encoder=None,
            loss="cross_entropy_max_membrane",
            rule="eventprop",
            gradient_clip_norm=1.0,
        )
        trainer.fit(split.train_x, split.train_y)
        assert trainer.score(split.test_x, split.test_y) >= 0.9


@pytest.mark.parametrize("rule", ["bptt", "ottt", "eprop"])
def test_digits_are_learned_window_by_window(rule: str) -> None:
    digits = snn.data.digits()
    net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
    trainer = snn.Trainer(net, steps=25, epochs=4, learning_rate=2e-3, rule=rule, window_steps=5)
    trainer.fit(digits.train_x, digits.train_y)
    assert trainer.score(digits.test_x, digits.test_y) >= 0.95


def small(**settings) -> snn.Trainer:
    net = snn.Sequential(6, snn.Dense(16), snn.LIF(), snn.Dense(3), snn.LIF())
    return snn.Trainer(net, **{"steps": 40, "epochs": 2, "batch_size": 32, "learning_rate": 5e-3, **settings})


def trained(blobs, **settings) -> dict[str, np.ndarray]:
    trainer = small(**settings).fit(*blobs)
    return {name: projection.weights.copy() for name, projection in trainer.network.projections.items()}


@pytest.mark.parametrize("steps", [32, "auto"])
def test_checkpoints_train_the_same_weights(blobs, steps) -> None:
    expected = trained(blobs)
    for name, weights in trained(blobs, checkpoint_steps=steps).items():
        np.testing.assert_array_equal(weights, expected[name])


def test_checkpoints_work_with_a_loss_of_ones_own(blobs) -> None:
    def loss(outputs, targets):
        rates = outputs["output"]["spikes"].mean(0)
        wanted = np.eye(3)[targets]
        error = rates - wanted
        gradient = np.broadcast_to(2 * error / error.size / 40, outputs["output"]["spikes"].shape)
        return float((error**2).mean()), {"output": {"spikes": gradient}}

    expected = trained(blobs, loss=loss)
    for name, weights in trained(blobs, loss=loss, checkpoint_steps=32).items():
        np.testing.assert_array_equal(weights, expected[name])


def test_each_window_is_an_update(blobs) -> None:
    x, y = blobs
    updates: list[int] = []
    trainer = small(window_steps=15, epochs=1)
    trainer.fit(x[:64], y[:64], on_weight_update=lambda update: updates.append(update.update))
    # Two batches, windows of 15, 15 and 10 steps, two projections.
    assert updates == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    (report,) = [trainer.history]
    assert report["accuracy"].shape == (1,)
    assert 0.0 <= report["accuracy"][0] <= 1.0
    small(window_steps=15, window_updates=False, epochs=1).fit(
        x[:64], y[:64], on_weight_update=lambda update: updates.append(update.update)
    )
    assert updates[12:] == [1, 1, 2, 2]


def test_one_window_is_no_window(blobs) -> None:
    expected = trained(blobs)
    for updates in (True, False):
        for name, weights in trained(blobs, window_steps=40, window_updates=updates).items():
            np.testing.assert_array_equal(weights, expected[name])


def test_training_by_a_rule_resumes(blobs, tmp_path) -> None:
    settings = {"rule": "ottt", "window_steps": 10}
    whole = trained(blobs, epochs=3, **settings)
    first = small(epochs=1, **settings).fit(*blobs)
    first.save_checkpoint(tmp_path / "run.npz")
    resumed = small(epochs=3, **settings).load_checkpoint(tmp_path / "run.npz").fit(*blobs)
    for name, projection in resumed.network.projections.items():
        np.testing.assert_array_equal(projection.weights, whole[name])
    with pytest.raises(snn.InvalidArgumentError, match=r"made with rule='ottt'; here it is rule='bptt'"):
        small(epochs=3, window_steps=10).load_checkpoint(tmp_path / "run.npz").fit(*blobs)
    windows = "made with window_steps=10, window_updates=True; here it is window_steps=5, window_updates=True"
    with pytest.raises(snn.InvalidArgumentError, match=windows):
        small(epochs=3, rule="ottt", window_steps=5).load_checkpoint(tmp_path / "run.npz").fit(*blobs)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rule": "rtrl"}, "rule is 'rtrl'"),
        ({"window_steps": 0}, "window_steps is 0"),
        ({"checkpoint_steps": 0}, "checkpoint_steps is 0"),
        ({"checkpoint_steps": "some"}, "checkpoint_steps is 'some'"),
        ({"loss": print, "window_steps": 5}, "window_updates must be False"),
        ({"loss": print, "rule": "eprop"}, "rule is 'eprop', which needs one of the library's losses"),
    ],
)
def test_bad_settings(settings, sentence: str) -> None:
    with pytest.raises(snn.InvalidArgumentError, match=sentence):
        small(**settings)


def test_a_learnable_parameter_needs_back_propagation() -> None:
    net = snn.Sequential(6, snn.Dense(16), snn.LIF(tau_membrane=snn.Learnable(20.0)), snn.Dense(3), snn.LIF())
    with pytest.raises(
        snn.UnsupportedError, match="OTTT trains weights; population 'hidden' has a learnable parameter"
    ):
        snn.Trainer(net, steps=5, rule="ottt")


def _membranes(network: snn.Network, inputs: np.ndarray, steps: int) -> np.ndarray:
    """The output's membrane as a session has it, (steps, batch, outputs)."""
    output = list(network.populations)[-1]
    with snn.Simulation(network, batch_size=len(inputs)) as simulation:
        return simulation.run(steps, {"input": inputs}, {output: "v"})[output]["v"].astype(np.float64)


@pytest.mark.parametrize("loss", ["mean_square_membrane", "mean_square_last_membrane", "mean_square_mean_membrane"])
@pytest.mark.parametrize("window", [1, 4, 12])
def test_a_window_has_the_loss_of_its_own_steps(loss: str, window: int) -> None:
    """Weights stand still, so what is told is the mean over windows of what the membranes say."""
    steps, batch = 12, 3
    random = np.random.default_rng(5)
    network = snn.Sequential(6, snn.Dense(5), snn.LIF(), snn.Dense(4), snn.LeakyIntegrator())
    inputs = random.uniform(0, 3, (batch, 6)).astype(np.float32)
    in_time = loss == "mean_square_membrane"
    targets = random.normal(size=(batch, steps, 4) if in_time else (batch, 4)).astype(np.float32)
    v = _membranes(network, inputs, steps)
    expected = []
    for begin in range(0, steps, window):
        of_window = v[begin : begin + window]
        if in_time:
            error = of_window - targets.transpose(1, 0, 2)[begin : begin + window]
        else:
            error = (of_window[-1] if "last" in loss else of_window.mean(axis=0)) - targets
        expected.append(np.mean(error**2))
    trainer = snn.Trainer(
        network, steps=steps, epochs=1, batch_size=batch, loss=loss, window_steps=window, learning_rate=1e-12
    )
    trainer.fit(inputs, targets)
    assert trainer.history["loss"][0] == pytest.approx(np.mean(expected), rel=1e-5)


def test_the_last_membrane_of_a_window_trains() -> None:
    network = snn.Sequential(6, snn.Dense(5), snn.LIF(), snn.Dense(4), snn.LeakyIntegrator())
    before = [np.array(projection.weights) for projection in network.projections.values()]
    inputs = np.random.default_rng(5).uniform(0, 3, (8, 6)).astype(np.float32)
    snn.Trainer(network, steps=10, epochs=1, batch_size=8, loss="cross_entropy_last_membrane", window_steps=5).fit(
        inputs, np.arange(8) % 4
    )
    assert all(
        (np.array(projection.weights) != old).any()
        for projection, old in zip(network.projections.values(), before, strict=True)
    )
