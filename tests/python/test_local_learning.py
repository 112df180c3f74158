"""Layers that learn by losses of their own, one call of `Trainer.fit` for all of them."""

from __future__ import annotations

import numpy as np
import pytest

import snn

LAYERS = ("hidden1", "hidden2")


def layered() -> tuple[snn.Network, dict[str, str]]:
    """Two hidden layers with fixed random readouts, and no way back between layers; the losses of the readouts."""
    net = snn.Sequential(
        64, snn.Dense(128), snn.LIF(), snn.Dense(128).detach(), snn.LIF(), snn.Dense(10).detach(), snn.LIF()
    )
    for layer in LAYERS:
        net.add(f"{layer}_readout", snn.LeakyIntegrator(10))
        net.connect(layer, f"{layer}_readout", snn.Dense(trainable=False))
    return net, {f"{layer}_readout": "cross_entropy_mean_membrane" for layer in LAYERS}


@pytest.mark.parametrize("rule", ["bptt", "ottt"])
def test_digits_are_learned_layer_by_layer(rule: str) -> None:
    """The second layer is better than the first, which nothing but its readout could have told of; chance is 10 %."""
    digits = snn.data.digits()
    net, losses = layered()
    fixed = net.projections["hidden1_to_hidden1_readout"].weights.copy()
    trainer = snn.Trainer(
        net, output="output", auxiliary_losses=losses, rule=rule, epochs=6, learning_rate=2e-3, steps=20
    )
    trainer.fit(digits.train_x, digits.train_y)
    np.testing.assert_array_equal(net.projections["hidden1_to_hidden1_readout"].weights, fixed)
    assert trainer.score(digits.test_x, digits.test_y) >= 0.93
    for layer in LAYERS:
        readout = snn.Trainer(net, output=f"{layer}_readout", loss="cross_entropy_mean_membrane", steps=20)
        assert readout.score(digits.test_x, digits.test_y) >= 0.9, layer


@pytest.mark.filterwarnings("ignore:no loss reaches")  # with one loss alone
def test_the_loss_is_that_of_all_and_weights_count() -> None:
    net, losses = layered()
    x, y = np.random.default_rng(1).random((20, 64)), np.arange(20) % 10
    options = {"output": "output", "epochs": 1, "batch_size": 20, "learning_rate": 1e-9}
    told = []
    for auxiliary in (None, losses, {name: (loss, 3.0) for name, loss in losses.items()}):
        trainer = snn.Trainer(net, auxiliary_losses=auxiliary, **options)
        trainer.fit(x, y, validation_data=(x, y))
        assert trainer.history["validation_loss"][0] == pytest.approx(trainer.history["loss"][0], rel=1e-5)
        told.append(trainer.history["loss"][0])
    assert told[1] > told[0]
    assert told[2] - told[0] == pytest.approx(3 * (told[1] - told[0]), rel=1e-4)


def test_a_layer_is_frozen_and_learns_again() -> None:
    net = snn.Sequential(6, snn.Dense(8), snn.LIF(), snn.Dense(2), snn.LIF())
    x, y = np.random.default_rng(1).random((10, 6)), np.arange(10) % 2
    first = net.projections["input_to_hidden"]
    before = first.weights.copy()
    first.trainable = False
    snn.Trainer(net, epochs=1).fit(x, y)
    np.testing.assert_array_equal(first.weights, before)
    first.trainable = True
    snn.Trainer(net, epochs=1).fit(x, y)
    assert (first.weights != before).any()
    with pytest.raises(snn.ArgumentTypeError, match="trainable is 'no'"):
        first.trainable = "no"  # type: ignore[assignment]
    sparse = snn.Network()
    sparse.add("in", snn.SpikeInput(3))
    sparse.add("cells", snn.LIF(3))
    kept = sparse.connect("in", "cells", snn.Sparse.from_arrays([0, 1], [1, 2], [1e-6, 3.0]))
    kept.trainable = False
    assert kept.arithmetic == "float"
    assert kept.weights.tolist() == np.float32([1e-6, 3.0]).tolist()
    static = snn.Network()
    static.add("in", snn.SpikeInput(3))
    static.add("cells", snn.LIF(3))
    compact = static.connect("in", "cells", snn.Sparse.fixed_probability(0.5, trainable=False, delay=1.0))
    static.copy()
    loaded = static.copy().projections["in_to_cells"]
    with pytest.raises(snn.InvalidArgumentError, match="compact arithmetic"):
        loaded.trainable = True
    assert not loaded.trainable
    assert not compact.trainable


def test_a_checkpoint_goes_on_with_the_same_losses_only(tmp_path) -> None:
    net, losses = layered()
    x, y = np.random.default_rng(1).random((20, 64)), np.arange(20) % 10
    trainer = snn.Trainer(net, output="output", auxiliary_losses=losses, epochs=1).fit(x, y)
    trainer.save_checkpoint(tmp_path / "run.npz")
    other = snn.Trainer(layered()[0], output="output", epochs=2).load_checkpoint(tmp_path / "run.npz")
    with pytest.raises(snn.InvalidArgumentError, match=r"made with auxiliary_losses=.*hidden1_readout"):
        other.fit(x, y)


def trainer(**settings) -> snn.Trainer:
    return snn.Trainer(layered()[0], **{"output": "output", **settings})


@pytest.mark.parametrize(
    ("auxiliary", "error", "words"),
    [
        ({"nothing": "cross_entropy_count"}, snn.NotFoundError, "nothing"),
        ({"output": "cross_entropy_count"}, snn.InvalidArgumentError, "that is the output"),
        ({"input": "cross_entropy_count"}, snn.InvalidArgumentError, "that is an input"),
        ({"hidden1": "cross_entropy_count"}, snn.InvalidArgumentError, "has 128 neurons and the output 10"),
        ({"hidden1_readout": "cross_entropy_count"}, snn.InvalidArgumentError, "which does not spike"),
        ({"hidden1_readout": "mean_square_membrane"}, snn.InvalidArgumentError, "targets of each step or none"),
        ({"hidden1_readout": "mse"}, snn.InvalidArgumentError, r"auxiliary_losses\['hidden1_readout'\] is 'mse'"),
        ({"hidden1_readout": 3}, snn.ArgumentTypeError, "neither the name of a loss nor a pair"),
        ({"hidden1_readout": ("cross_entropy_mean_membrane", 0)}, snn.InvalidArgumentError, "weight is 0"),
        ("cross_entropy_count", snn.ArgumentTypeError, "not a dict of losses by population"),
    ],
)
def test_losses_that_do_not_fit_are_refused_by_name(auxiliary, error, words) -> None:
    with pytest.raises(error, match=words):
        trainer(auxiliary_losses=auxiliary)


def test_what_knows_one_output_says_so() -> None:
    losses = layered()[1]
    with pytest.raises(snn.UnsupportedError, match="e-prop: learning signals come from one output, 'output'"):
        trainer(auxiliary_losses=losses, rule="eprop")
    with pytest.raises(snn.InvalidArgumentError, match="a callable may look at any population"):
        trainer(auxiliary_losses=losses, loss=lambda outputs, targets: (0.0, {}))


def test_layers_that_no_loss_reaches_are_told() -> None:
    net = snn.Sequential(8, snn.Dense(6), snn.LIF(), snn.Dense(5).detach(), snn.LIF(), snn.Dense(3), snn.LIF())
    x, y = np.random.default_rng(1).uniform(0, 1, (12, 8)).astype(np.float32) * 4, np.arange(12) % 3
    trainer = snn.Trainer(net, steps=8, epochs=1, batch_size=6)
    with pytest.warns(UserWarning, match="no loss reaches 'input_to_hidden1'"):
        trainer.fit(x, y)
    net.projections["input_to_hidden1"].trainable = False
    trainer.fit(x, y)  # and no warning, which would be an error


@pytest.mark.filterwarnings("ignore:no loss reaches")
def test_the_history_has_the_loss_in_parts(tmp_path) -> None:
    """The parts of a first epoch that learns nothing are what trainers of one loss tell."""
    net, losses = layered()
    x, y = np.random.default_rng(1).random((50, 64)), np.arange(50) % 10
    weighted = {name: (loss, 2.0) for name, loss in losses.items()}
    settings = {"output": "output", "epochs": 3, "batch_size": 20, "learning_rate": 1e-12, "steps": 10}
    path = tmp_path / "run.npz"
    reports: list[snn.EpochReport] = []

    def keep(report: snn.EpochReport) -> object:
        reports.append(report)
        trainer.save_checkpoint(path)
        return snn.STOP if report.epoch == 2 else None

    trainer = snn.Trainer(net, auxiliary_losses=weighted, rate_regularization=3.0, rate_target=0.5, **settings)
    trainer.fit(x, y, callbacks=[keep])
    parts = reports[0].losses
    assert list(parts) == ["output", "hidden1_readout", "hidden2_readout", "rate_regularization"]
    assert sum(parts.values()) == pytest.approx(reports[0].loss, rel=1e-9)
    assert parts["output"] == pytest.approx(snn.Trainer(net, **settings).evaluate(x, y).loss, rel=1e-5)
    assert 0.0 < parts["rate_regularization"] <= 3.0 * 0.25
    for name, loss in losses.items():
        alone = snn.Trainer(net, **(settings | {"output": name}), loss=loss)
        assert parts[name] == pytest.approx(2.0 * alone.evaluate(x, y).loss, rel=1e-5)
    for name in parts:
        np.testing.assert_array_equal(trainer.history[f"losses.{name}"], [report.losses[name] for report in reports])
    resumed = snn.Trainer(net, auxiliary_losses=weighted, rate_regularization=3.0, rate_target=0.5, **settings)
    resumed.load_checkpoint(path).fit(x, y)
    assert resumed.history["losses.output"].shape == (3,)
    np.testing.assert_array_equal(resumed.history["losses.output"][:2], trainer.history["losses.output"])
    whole = snn.Trainer(net, **settings).fit(x, y)
    assert not whole._reports[0].losses
    assert not any(name.startswith("losses") for name in whole.history)
