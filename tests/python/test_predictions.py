"""What a trainer predicts: classes, values of a single output, and what comes of classes that count differently."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import snn
from snn import _progress

X = np.linspace(0.0, 1.0, 40, dtype=np.float32)[:, None]


def regression(outputs: int = 1, neurons: snn.Neuron | None = None, **settings: Any) -> snn.Trainer:
    output = snn.LeakyIntegrator(tau_membrane=5.0) if neurons is None else neurons
    net = snn.Sequential(1, snn.Dense(40, bias=True), snn.LIF(), snn.Dense(outputs, bias=True), output, seed=2)
    return snn.Trainer(net, steps=20, batch_size=16, learning_rate=1e-2, **settings)


@pytest.mark.parametrize("loss", ["mean_square_mean_membrane", "mean_square_last_membrane", "mean_square_max_membrane"])
def test_a_single_output_predicts_its_value(loss: str) -> None:
    trainer = regression(loss=loss, epochs=60)
    wanted = (0.5 + 0.5 * X**2)[:, 0]
    trainer.fit(X, wanted)
    found = trainer.predict(X)
    assert (found.shape, found.dtype) == ((40,), np.float32)
    assert np.abs(found - wanted).mean() < 0.1
    assert trainer.evaluate(X, wanted).loss == pytest.approx(np.mean((found - wanted) ** 2), rel=1e-4)
    assert trainer.evaluate(X, wanted[:, None]) == pytest.approx(trainer.evaluate(X, wanted), nan_ok=True)
    with pytest.raises(snn.InvalidArgumentError, match=r"y has shape \(39,\); it must be \(40, 1\)"):
        trainer.fit(X, wanted[1:])
    np.testing.assert_array_equal(found, trainer.predict_scores(X)[:, 0])


def test_losses_of_each_step_predict_each_step() -> None:
    trainer = regression(loss="mean_square_membrane", epochs=30)
    wanted = X * np.linspace(0.0, 1.0, 20)
    trainer.fit(X, wanted)
    found = trainer.predict(X)
    assert found.shape == (40, 20)
    assert trainer.evaluate(X, wanted).loss == pytest.approx(np.mean((found - wanted) ** 2), rel=1e-4)
    assert trainer.evaluate(X, wanted[:, :, None]).loss == trainer.evaluate(X, wanted).loss
    with snn.Simulation(trainer.network, batch_size=40) as sim:
        membranes = sim.run(20, {"input": X}, record={"output": "v"})["output"]["v"]
    np.testing.assert_array_equal(found, membranes[:, :, 0].T)
    spiking = regression(neurons=snn.LIF(), loss="van_rossum", epochs=0)
    with snn.Simulation(spiking.network, batch_size=40) as sim:
        spikes = sim.run(20, {"input": X}, record={"output": "spikes"})["output"]["spikes"]
    assert spikes.any()
    np.testing.assert_array_equal(spiking.predict(X), spikes[:, :, 0].T)


def test_values_have_no_score() -> None:
    values = np.hstack([X, X**2, 1 - X])
    for outputs, loss, y in (
        (1, "mean_square_mean_membrane", X[:, 0]),
        (1, "mean_square_mean_membrane", np.arange(40)),
        (3, "mean_square_mean_membrane", values),
        (3, "mean_square_membrane", np.repeat(values[:, None], 20, axis=1)),
    ):
        trainer = regression(outputs, loss=loss, epochs=1)
        sentence = rf"the loss, '{loss}' of 'output', was given values and no classes: evaluate\(x, y\).loss tells"
        with pytest.raises(snn.InvalidArgumentError, match=sentence):
            trainer.score(X, y)
        assert np.isfinite(trainer.evaluate(X, y).loss)
    with pytest.raises(snn.ArgumentTypeError, match=r"y has dtype float64; .*y.astype\(int\)"):
        regression(3, loss="cross_entropy_mean_membrane").score(X, np.zeros(40))


def test_several_outputs_predict_classes() -> None:
    trainer = regression(3, loss="mean_square_mean_membrane", epochs=1)
    trainer.fit(X, np.arange(40) % 3)
    assert trainer.score(X, np.arange(40) % 3) == np.mean(trainer.predict(X) == np.arange(40) % 3)
    assert trainer.predict(X).dtype == np.int64
    np.testing.assert_array_equal(trainer.predict(X), trainer.predict_scores(X).argmax(axis=1))


def test_the_bar_of_a_regression_shows_no_accuracy(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Noting(_progress._Terminal):
        def show(self, done: int, title: str, numbers: str) -> None:
            shown.append(numbers)

    monkeypatch.setattr(
        _progress, "_Terminal", lambda total, title, _: Noting(total, title, Console(file=io.StringIO()))
    )
    regression(loss="mean_square_mean_membrane", epochs=2).fit(X, X, progress=True)
    assert len(shown) == 2 * (3 + 1)
    assert not any("acc" in numbers for numbers in shown)
    shown.clear()
    regression(2, loss="mean_square_mean_membrane", epochs=1).fit(X, np.arange(40) % 2, progress=True)
    assert all("acc" in numbers for numbers in shown)


# ---- classes that count differently


def classifier(**settings: Any) -> snn.Trainer:
    net = snn.Sequential(8, snn.Dense(24), snn.LIF(), snn.Dense(3), snn.LeakyIntegrator(), seed=1)
    return snn.Trainer(net, steps=10, loss="cross_entropy_mean_membrane", **{"batch_size": 16, **settings})


def unbalanced(samples: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Nine of ten samples are of class 0; classes overlap."""
    random = np.random.default_rng(5)
    y = np.where(random.random(samples) < 0.9, 0, random.integers(1, 3, samples))
    x = random.uniform(0.0, 1.0, (samples, 8)).astype(np.float32)
    x[np.arange(samples), 2 * y] += 0.4
    return x, y


def test_weights_find_what_is_rare() -> None:
    x, y = unbalanced(600)
    counts = np.bincount(y)
    found = {}
    for name, weight in (("none", None), ("balanced", len(y) / (3 * counts))):
        trainer = classifier(class_weight=weight, epochs=15, learning_rate=5e-3).fit(x, y)
        found[name] = np.mean(trainer.predict(x)[y > 0] == y[y > 0])
    assert found["balanced"] > found["none"] + 0.2


def test_the_loss_of_an_evaluation_does_not_depend_on_its_batches() -> None:
    x, y = unbalanced()
    weight = {1: 5.0, 2: 0.25}
    losses = [classifier(class_weight=weight, batch_size=size).evaluate(x, y).loss for size in (7, 16, 120)]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)
    array = classifier(class_weight=[1.0, 5.0, 0.25], batch_size=120).evaluate(x, y).loss
    assert array == losses[2]
    assert classifier(batch_size=120).evaluate(x, y).loss != pytest.approx(array, rel=1e-3)


def test_the_weights_of_a_batch_that_devices_share_are_those_of_all() -> None:
    x, y = unbalanced()
    settings = {"class_weight": {1: 5.0, 2: 0.25}, "label_smoothing": 0.1, "epochs": 2, "learning_rate": 1e-2}
    losses = [
        classifier(**settings, **shared).fit(x, y).history["loss"]
        for shared in ({}, {"microbatch_size": 4}, {"devices": ["cpu", "cpu"], "microbatch_size": 4})
    ]
    np.testing.assert_array_equal(losses[1], losses[2])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


@pytest.mark.filterwarnings("ignore:training was begun")
def test_a_checkpoint_of_other_weights_goes_on_with_a_warning(tmp_path) -> None:
    x, y = unbalanced()
    first = classifier(class_weight={1: 2.0}, label_smoothing=0.1, epochs=1).fit(x, y)
    first.save_checkpoint(tmp_path / "run.npz")
    other = classifier(class_weight={1: 3.0}, label_smoothing=0.1, epochs=2).load_checkpoint(tmp_path / "run.npz")
    with pytest.warns(UserWarning, match=r"class_weight \[1.0, 2.0, 1.0\] and goes on with \[1.0, 3.0, 1.0\]"):
        other.fit(x, y)
    classifier(epochs=2, label_smoothing=0.1, class_weight=[1, 2, 1]).load_checkpoint(tmp_path / "run.npz").fit(x, y)


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"label_smoothing": 1.5}, snn.InvalidArgumentError, "label_smoothing is 1.5; it must be at most 1"),
        ({"label_smoothing": -0.1}, snn.InvalidArgumentError, "label_smoothing is -0.1"),
        ({"class_weight": [1.0, 2.0]}, snn.InvalidArgumentError, r"class_weight has shape \(2,\); it must be \(3,\)"),
        (
            {"class_weight": [1.0, -2.0, 1.0]},
            snn.InvalidArgumentError,
            r"class_weight\[1\] is -2; it must be at least 0",
        ),
        ({"class_weight": {3: 2.0}}, snn.InvalidArgumentError, "class_weight: a class is 3; it must be 0 to 2"),
        ({"class_weight": {"cat": 2.0}}, snn.ArgumentTypeError, "class_weight: a class is 'cat', not an integer"),
        ({"class_weight": {1: "many"}}, snn.ArgumentTypeError, r"class_weight\[1\] is 'many', not a number"),
        ({"class_weight": [0.0, 0.0, 0.0]}, snn.InvalidArgumentError, "no class above 0"),
        (
            {"loss": "mean_square_mean_membrane", "label_smoothing": 0.1},
            snn.InvalidArgumentError,
            "label_smoothing is 0.1, which does nothing without a cross-entropy loss",
        ),
        (
            {"loss": lambda outputs, targets: (0.0, {}), "class_weight": [1, 2, 3]},
            snn.InvalidArgumentError,
            r"class_weight is \[1.0, 2.0, 3.0\], which does nothing without a cross-entropy loss",
        ),
    ],
)
def test_weights_that_mean_nothing_are_refused(settings: dict, error: type[Exception], sentence: str) -> None:
    net = snn.Sequential(8, snn.Dense(24), snn.LIF(), snn.Dense(3), snn.LeakyIntegrator(), seed=1)
    with pytest.raises(error, match=sentence):
        snn.Trainer(net, **{"loss": "cross_entropy_mean_membrane", **settings})


@pytest.mark.parametrize(
    ("losses", "settings"),
    [
        (("cross_entropy_count", "mean_square_rate"), {"rate_on": 1.0}),
        (("cross_entropy_count", "mean_square_rate"), {"rate_off": 0.1}),
        (("mean_square_membrane", "van_rossum"), {"van_rossum_tau": 3.0}),
        (("mean_square_rate", "cross_entropy_count"), {"label_smoothing": 0.1}),
        (("mean_square_rate", "cross_entropy_count"), {"class_weight": [1.0, 5.0, 0.25]}),
    ],
)
def test_settings_of_auxiliary_losses_are_read(losses: tuple[str, str], settings: dict) -> None:
    """The targets of mean-square losses beside a cross-entropy, and the other way round."""
    x, y = unbalanced()
    if "van_rossum" in losses:
        y = np.eye(3)[y][:, np.newaxis] * np.array([0, 0, 1, 0, 1])[:, np.newaxis]

    def parts(**settings: Any) -> dict[str, float]:
        net = snn.Sequential(8, snn.Dense(6), snn.LIF(), snn.Dense(3), snn.LIF(), seed=1)
        net.add("readout", snn.LIF(3))
        net.connect("hidden", "readout", snn.Dense(trainable=False))
        trainer = snn.Trainer(
            net,
            output="output",
            steps=5,
            epochs=1,
            learning_rate=1e-12,
            loss=losses[0],
            auxiliary_losses={"readout": losses[1]},
            **settings,
        )
        history = trainer.fit(x, y).history
        return {name: float(history[f"losses.{name}"][0]) for name in ("output", "readout")}

    plain, changed = parts(), parts(**settings)
    assert changed["output"] == pytest.approx(plain["output"], rel=1e-5)
    assert abs(changed["readout"] - plain["readout"]) > 0.01 * plain["readout"]
