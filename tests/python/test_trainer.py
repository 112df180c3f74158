"""Training: it learns, is deterministic, stops when told, and leaves the weights in the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snn

Data = tuple[np.ndarray, np.ndarray]


def small(seed: int = 0, **settings) -> snn.Trainer:
    net = snn.Sequential(6, snn.Dense(16), snn.LIF(), snn.Dense(3), snn.LIF(), seed=seed)
    return snn.Trainer(net, **{"steps": 10, "epochs": 6, "batch_size": 16, "learning_rate": 5e-3, **settings})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "adamw", "weight_decay": 1e-3, "schedule": "cosine"},
        {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9, "gradient_clip_norm": 1.0},
        {"loss": "mean_square_rate", "learning_rate": 2e-2},
        {"encoder": "rate"},
        {"encoder": snn.Encoder("constant", gain=0.5)},
        {"rate_regularization": 0.1, "rate_target": 0.2},
        {"threads": 2},
    ],
)
def test_it_learns(blobs: Data, settings) -> None:
    x, y = blobs
    trainer = small(**settings)
    before = trainer.score(x, y)
    assert trainer.fit(x[:120], y[:120]) is trainer
    assert trainer.score(x[120:], y[120:]) >= max(0.9, before)
    history = trainer.history
    assert history["loss"].shape == (6,)
    assert history["loss"][-1] < history["loss"][0]
    assert (history["seconds"] > 0).all()
    assert (history["spikes_per_neuron"] > 0).all()
    assert np.isnan(history["validation_accuracy"]).all()


@pytest.mark.parametrize("loss", ["cross_entropy_max_membrane", "cross_entropy_mean_membrane"])
def test_membrane_losses_train_a_readout(blobs: Data, loss: str) -> None:
    x, y = blobs
    net = snn.Sequential(6, snn.Dense(16), snn.LIF(), snn.Dense(3), snn.LeakyIntegrator())
    trainer = snn.Trainer(net, steps=10, epochs=6, learning_rate=1e-2, loss=loss).fit(x, y)
    assert trainer.score(x, y) > 0.9


def test_spikes_as_input_and_several_inputs(blobs: Data) -> None:
    x, y = blobs
    net = snn.Network()
    net.add("left", snn.SpikeInput(3))
    net.add("right", snn.SpikeInput(3))
    net.add("out", snn.LIF(3))
    net.connect("left", "out", snn.Dense())
    net.connect("right", "out", snn.Dense())
    trainer = snn.Trainer(net, steps=20, epochs=10, learning_rate=2e-2, encoder="rate")
    trainer.fit({"left": x[:, :3], "right": x[:, 3:]}, y)
    assert trainer.score({"left": x[:, :3], "right": x[:, 3:]}, y) > 0.85
    with pytest.raises(snn.InvalidArgumentError, match=r"2 inputs \(left, right\); x must be a dict"):
        trainer.fit(x, y)
    with pytest.raises(snn.InvalidArgumentError, match="no values for the inputs right"):
        trainer.fit({"left": x[:, :3]}, y)
    with pytest.raises(snn.NotFoundError, match="input 'middle'; there are: left, right"):
        trainer.fit({"middle": x}, y)
    with pytest.raises(snn.InvalidArgumentError, match="different numbers of samples"):
        trainer.fit({"left": x[:3, :3], "right": x[:, 3:]}, y)


def test_input_for_each_step(blobs: Data) -> None:
    """With encoder None the samples are sequences; held values give what the constant encoder gives."""
    x, y = blobs
    constant, sequences = small(), small(encoder=None)
    constant.fit(x, y)
    sequences.fit(np.repeat(x[:, None], 10, axis=1), y)
    for name in constant.network.projections:
        # The gradients of held inputs are added up before they are multiplied, so 48 updates of Adam differ by rounding.
        np.testing.assert_allclose(
            constant.network.projections[name].weights,
            sequences.network.projections[name].weights,
            rtol=1e-4,
            atol=1e-5,
        )
    with pytest.raises(
        snn.InvalidArgumentError, match=r"has shape \(150, 6\); it must be \(samples, steps, features\)"
    ):
        sequences.fit(x, y)
    with pytest.raises(snn.InvalidArgumentError, match=r"it must be \(samples, features\) = \(samples, 6\)"):
        constant.fit(x[:, :5], y)


def test_the_same_seed_gives_the_same_bits(blobs: Data) -> None:
    x, y = blobs

    def weights(seed: int, **settings) -> np.ndarray:
        trainer = small(seed=1)
        trainer = snn.Trainer(trainer.network, steps=10, epochs=2, seed=seed, **settings).fit(x, y)
        return trainer.network.projections["hidden_to_output"].weights

    first = weights(3)
    assert np.array_equal(first, weights(3))
    assert np.array_equal(first, weights(3, threads=3))
    assert not np.array_equal(first, weights(4))


def test_weights_end_in_the_network_and_only_the_trained_ones_change(blobs: Data) -> None:
    x, y = blobs
    net = snn.Sequential(6, snn.Dense(8, trainable=False), snn.LIF(), snn.Dense(3, bias=True), snn.LIF())
    fixed, trained = net.projections.values()
    fixed_before, trained_before = fixed.weights.copy(), trained.weights.copy()
    kept = trained.weights
    trainer = snn.Trainer(net, steps=10, epochs=2, learning_rate=1e-2).fit(x, y)
    assert np.array_equal(fixed.weights, fixed_before)
    assert not np.array_equal(trained.weights, trained_before)
    assert kept is trained.weights
    assert trained.bias is not None
    assert trained.bias.any()
    with snn.Simulation(net, batch_size=150) as sim:
        counts = sim.run(10, {"input": x}, {"output": "spike_count"})["output"]["spike_count"]
    assert np.array_equal(counts, trainer.predict_scores(x))
    assert np.array_equal(trainer.predict(x), counts.argmax(axis=1))


def test_sparse_and_conv_weights_are_trained() -> None:
    random = np.random.Generator(np.random.Philox(9))
    x = random.random((40, 16)).astype(np.float32)
    y = (x[:, :8].sum(axis=1) > x[:, 8:].sum(axis=1)).astype(int)
    net = snn.Network()
    net.add("in", snn.Input((1, 4, 4)))
    net.add("conv", snn.LIF((2, 4, 4)))
    net.add("out", snn.LIF(2))
    net.connect("in", "conv", snn.Conv2d(2, 3, padding=1, init="kaiming_uniform"))
    sparse = net.connect("conv", "out", snn.Sparse.fixed_probability(0.6, weight=snn.Normal(0.05, 0.1)))
    before = [projection.weights.copy() for projection in net.projections.values()]
    snn.Trainer(net, steps=8, epochs=3, learning_rate=1e-2).fit(x, y)
    for projection, old in zip(net.projections.values(), before, strict=True):
        assert projection.weights.shape == old.shape
        assert not np.array_equal(projection.weights, old)
    sources, targets, _ = sparse.synapses()
    assert sources.size == targets.size == sparse.weights.size


def test_validation_callbacks_and_history(blobs: Data) -> None:
    x, y = blobs
    reports: list[snn.EpochReport] = []
    updates: list[snn.WeightUpdate] = []
    trainer = small()
    trainer.fit(
        x[:120],
        y[:120],
        validation_data=(x[120:], y[120:]),
        callbacks=[reports.append],
        on_weight_update=updates.append,
    )
    assert [report.epoch for report in reports] == [1, 2, 3, 4, 5, 6]
    assert reports[-1].validation_accuracy == trainer.score(x[120:], y[120:])
    assert trainer.history["validation_accuracy"].tolist() == [report.validation_accuracy for report in reports]
    assert 0 <= reports[0].accuracy <= 1
    assert len(updates) == 6 * 8 * 2
    assert {update.projection for update in updates} == {"input_to_hidden", "hidden_to_output"}
    assert updates[-1].update == 48
    assert all(np.isfinite(update.gradient_norm) for update in updates)


def test_validation_changes_nothing(blobs: Data) -> None:
    x, y = blobs
    plain, validated = small(), small()
    plain.fit(x, y)
    validated.fit(x, y, validation_data=(x[:40], y[:40]))
    for name, projection in plain.network.projections.items():
        assert np.array_equal(projection.weights, validated.network.projections[name].weights)


def test_a_callback_can_stop_training(blobs: Data) -> None:
    x, y = blobs
    trainer = small()
    trainer.fit(x, y, callbacks=[lambda report: snn.STOP if report.epoch == 2 else None])
    assert trainer.history["epoch"].tolist() == [1, 2]
    called: list[int] = []
    trainer.fit(x, y, callbacks=[lambda _: snn.STOP, lambda report: called.append(report.epoch)])
    assert called == [1]  # all are called, whatever the first returns


@pytest.mark.parametrize("answer", [True, np.True_, 1, "STOP", [0]])
def test_only_stop_ends_a_training_or_a_run(blobs: Data, answer: object) -> None:
    """tqdm's ``update`` returns True whenever it draws, so that a bar as callback would end what it shows."""
    trainer = small(epochs=3).fit(*blobs, callbacks=[lambda report: answer])
    assert trainer.history["epoch"].tolist() == [1, 2, 3]
    with snn.Simulation(trainer.network) as sim:
        assert sim.run(20, progress=lambda done, total: answer, progress_interval=5).step_count == 20


def test_interrupted_training_keeps_what_was_learned(blobs: Data) -> None:
    x, y = blobs
    trainer = small()
    before = trainer.network.projections["hidden_to_output"].weights.copy()

    def interrupt(report: snn.EpochReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.fit(x, y, callbacks=[interrupt])
    assert not np.array_equal(trainer.network.projections["hidden_to_output"].weights, before)

    def fail(update: snn.WeightUpdate) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        trainer.fit(x, y, on_weight_update=fail)


def test_rate_targets(blobs: Data) -> None:
    x, y = blobs
    rates = np.where(np.arange(3) == y[:, None], 0.6, 0.1).astype(np.float32)
    trainer = small(loss="mean_square_rate", epochs=15, learning_rate=1e-2)
    trainer.fit(x, rates)
    assert np.isnan(trainer.history["accuracy"]).all()
    assert trainer.score(x, y) > 0.9
    with pytest.raises(snn.InvalidArgumentError, match=r"y has shape \(150, 2\); it must be \(150, 3\)"):
        trainer.fit(x, rates[:, :2])


def test_the_learning_rate_follows_the_schedule(blobs: Data) -> None:
    x, y = blobs
    shares: list[float] = []
    trainer = small(schedule=lambda done: shares.append(done) or 1.0 - done)
    trainer.fit(x, y)
    assert shares[0] == 0.0
    assert np.allclose(np.diff(shares), 1 / 60)
    assert trainer.history["learning_rate"][-1] == pytest.approx(5e-3 / 60)


def test_the_last_batch_is_filled_up_without_effect(blobs: Data) -> None:
    """Predictions do not depend on the batch size, which leaves another rest."""
    x, y = blobs
    trainer = small().fit(x, y)
    expected = trainer.predict_scores(x)
    for batch_size in (1, 7, 150, 400):
        other = snn.Trainer(trainer.network, steps=10, batch_size=batch_size)
        assert np.array_equal(other.predict_scores(x), expected)


def test_augmentation_is_seen_in_training_alone_and_follows_from_the_seed(blobs: Data, tmp_path: Path) -> None:
    x, y = blobs
    kept = x.copy()
    seen: list[np.ndarray] = []

    def noisy(samples: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        seen.append(samples.copy())
        samples += generator.normal(0.0, 0.1, samples.shape)
        return samples

    def run(**settings) -> snn.Trainer:
        return small(**settings).fit(x, y, validation_data=(x, y), augment=noisy)

    first, second = run(), run()
    assert np.array_equal(x, kept)  # each batch is a copy
    assert sum(len(one) for one in seen) == 2 * 6 * len(x)
    assert sorted(map(tuple, np.concatenate(seen[:10]))) == sorted(map(tuple, x))  # an epoch
    assert np.array_equal(first.history["loss"], second.history["loss"])
    weights = [one.network.projections["input_to_hidden"].weights for one in (first, second)]
    assert np.array_equal(*weights)
    assert not np.array_equal(weights[0], small().fit(x, y).network.projections["input_to_hidden"].weights)
    # Noise is another one in each batch, and the same where training is resumed.
    half = small(epochs=3).fit(x, y, augment=noisy)
    half.save_checkpoint(tmp_path / "half.npz")
    resumed = small().load_checkpoint(tmp_path / "half.npz").fit(x, y, augment=noisy)
    assert np.array_equal(resumed.network.projections["input_to_hidden"].weights, weights[0])


def test_augmentation_has_the_shape_of_the_input_and_is_checked(blobs: Data) -> None:
    x, y = blobs
    net = snn.Network()
    net.add("left", snn.Input((3, 1)))
    net.add("right", snn.Input(3))
    net.add("out", snn.LIF(3))
    net.connect("left", "out", snn.Dense())
    net.connect("right", "out", snn.Dense())
    trainer = snn.Trainer(net, steps=5, epochs=1, batch_size=50, encoder="rate")
    shapes = []

    def both(samples: dict[str, np.ndarray], generator: np.random.Generator) -> dict[str, np.ndarray]:
        shapes.append({name: one.shape for name, one in samples.items()})
        return samples

    data = {"left": x[:, :3], "right": x[:, 3:]}
    trainer.fit(data, y, augment=both)
    assert shapes == [{"left": (50, 3, 1), "right": (50, 3)}] * 3
    for wrong, said in (
        (
            lambda samples, generator: {"left": samples["left"]},
            "what augment returned has no samples for input 'right'",
        ),
        (lambda samples, generator: samples | {"left": 0.0}, "what augment returned for input 'left' has shape"),
        (
            lambda samples, generator: samples | {"left": samples["left"] * np.nan},
            "what augment returned for input 'left'",
        ),
    ):
        with pytest.raises(snn.InvalidArgumentError, match=said):
            trainer.fit(data, y, augment=wrong)
    with pytest.raises(snn.ArgumentTypeError, match="augment is 3"):
        trainer.fit(data, y, augment=3)


def test_evaluation_is_what_validation_reports(blobs: Data) -> None:
    x, y = blobs
    trainer = small().fit(x[:120], y[:120], validation_data=(x[120:], y[120:]))
    found = trainer.evaluate(x[120:], y[120:])
    assert found == (trainer.history["validation_loss"][-1], trainer.history["validation_accuracy"][-1])
    assert found.accuracy == trainer.score(x[120:], y[120:])
    rates = small(loss="mean_square_rate").evaluate(x, np.eye(3)[y])
    assert rates.loss > 0
    assert np.isnan(rates.accuracy)


def test_progress_bar(blobs: Data, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = blobs
    small(epochs=2).fit(x, y, progress=True, validation_data=(x, y))
    text = capsys.readouterr().out
    for word in ("epoch 2/2", "loss 0.", "acc ", "spikes ", "valid "):
        assert word in text


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"steps": 0}, snn.InvalidArgumentError, "steps is 0"),
        ({"loss": "hinge"}, snn.InvalidArgumentError, "loss is 'hinge'; it must be one of cross_entropy_count"),
        ({"optimizer": "rmsprop"}, snn.InvalidArgumentError, "optimizer is 'rmsprop'; .* sgd, adam, adamw, lion"),
        ({"learning_rate": 0.0}, snn.InvalidArgumentError, "learning_rate is 0.0"),
        ({"learning_rate": float("nan")}, snn.InvalidArgumentError, "learning_rate is nan"),
        ({"epochs": -1}, snn.InvalidArgumentError, "epochs is -1"),
        ({"batch_size": 0}, snn.InvalidArgumentError, "batch_size is 0"),
        ({"encoder": "poisson"}, snn.InvalidArgumentError, "encoder is 'poisson'; it must be one of rate"),
        ({"encoder": 3}, snn.ArgumentTypeError, "encoder is 3"),
        ({"output": "readout"}, snn.NotFoundError, "population 'readout'"),
        ({"schedule": "linear"}, snn.InvalidArgumentError, "schedule is 'linear'"),
        ({"momentum": -1}, snn.InvalidArgumentError, "momentum is -1"),
        ({"beta1": "x"}, snn.ArgumentTypeError, "beta1 is 'x'"),
        ({"weight_decay": -1}, snn.InvalidArgumentError, "weight_decay is -1"),
        ({"seed": -1}, snn.InvalidArgumentError, "seed is -1"),
        ({"threads": -1}, snn.InvalidArgumentError, "threads is -1"),
    ],
)
def test_bad_settings(settings, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        small(**settings)


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (lambda x, y: (x[:0], y[:0]), snn.InvalidArgumentError, "x has no samples"),
        (lambda x, y: (x, y[:10]), snn.InvalidArgumentError, r"y has shape \(10,\); x has 150 samples"),
        (lambda x, y: (x, y.astype(float)), snn.ArgumentTypeError, "y has dtype float64; it must hold integers"),
        (lambda x, y: (x, y + 1), snn.InvalidArgumentError, r"y\[2\] is 3; the output has 3 neurons"),
        (lambda x, y: (x, y - 1), snn.InvalidArgumentError, r"y\[0\] is -1"),
        (lambda x, y: (x * np.nan, y), snn.InvalidArgumentError, r"x for input 'input'\[0, 0\] is nan"),
        (lambda x, y: (x[:, :4], y), snn.InvalidArgumentError, r"x for input 'input' has shape \(150, 4\)"),
        (lambda x, y: ("data", y), snn.ArgumentTypeError, "x for input 'input' has dtype"),
    ],
)
def test_bad_data(blobs: Data, change, error: type[Exception], sentence: str) -> None:
    trainer = small()
    before = trainer.network.projections["hidden_to_output"].weights.copy()
    with pytest.raises(error, match=sentence):
        trainer.fit(*change(*blobs))
    assert np.array_equal(trainer.network.projections["hidden_to_output"].weights, before)


def test_bad_callbacks(blobs: Data) -> None:
    with pytest.raises(snn.ArgumentTypeError, match=r"callbacks\[0\] is 3, not callable"):
        small().fit(*blobs, callbacks=[3])  # type: ignore[list-item]


def test_an_empty_network_cannot_be_trained() -> None:
    with pytest.raises(snn.InvalidArgumentError, match="network is empty"):
        snn.Trainer(snn.Network())


def test_the_output_must_fit_the_loss(blobs: Data) -> None:
    x, y = blobs
    net = snn.Sequential(6, snn.Dense(3), snn.LeakyIntegrator())
    with pytest.raises(snn.InvalidArgumentError, match="output"):
        snn.Trainer(net, steps=5, loss="cross_entropy_count").fit(x, y)


def test_a_cross_entropy_that_is_always_0_is_refused(blobs: Data) -> None:
    x, y = blobs
    one = snn.Sequential(6, snn.Dense(1), snn.LIF(), seed=0)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"'cross_entropy_count' tells classes apart .* 'output' has one in all"
    ):
        snn.Trainer(one, steps=5).fit(x, np.zeros(len(x), np.int64))
    three = snn.Sequential(6, snn.Dense(3), snn.LIF(), seed=0)
    with pytest.raises(snn.InvalidArgumentError, match="class_weight is 0 for every class of the samples"):
        snn.Trainer(three, steps=5, class_weight=[0.0, 1.0, 0.0]).fit(x[y != 1], y[y != 1])


def test_a_network_that_no_gradient_reaches_is_refused_before_training(blobs: Data) -> None:
    x, y = blobs
    # A box around the threshold that is narrower than any distance from it.
    narrow = snn.LIF(surrogate=snn.Surrogate("boxcar", width=1e-9))
    net = snn.Sequential(6, snn.Dense(16), narrow, snn.Dense(3), narrow, seed=0)
    before = {name: projection.weights.copy() for name, projection in net.projections.items()}
    trainer = snn.Trainer(net, steps=10, epochs=2)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"no gradient reaches a weight .*: the loss of population 'output' is 1"
    ):
        trainer.fit(x, y)
    assert trainer.history["loss"].size == 0
    for name, projection in net.projections.items():
        assert np.array_equal(projection.weights, before[name])


def test_what_is_trained_must_lie_upstream_of_the_output(blobs: Data) -> None:
    x, y = blobs
    net = snn.Sequential(6, snn.Dense(3, trainable=False), snn.LIF(), seed=0)
    net.add("aside", snn.LIF(3))
    net.connect("output", "aside", snn.Dense())
    trainer = snn.Trainer(net, steps=10, epochs=2, output="output")
    with pytest.raises(snn.InvalidArgumentError, match="nothing that is trained lies upstream"):
        trainer.fit(x, y)


def test_a_loss_that_is_not_finite_ends_training_with_the_last_good_weights(blobs: Data) -> None:
    x, y = blobs
    net = snn.Sequential(6, snn.Dense(16), snn.LIF(), snn.Dense(3), snn.LeakyIntegrator(), seed=0)
    factors = iter([1.0] * 10 + [1e38] * 100)  # the second epoch takes steps beyond all numbers
    kept: list[dict[str, np.ndarray]] = []

    def keep(report: snn.EpochReport) -> None:
        kept.append({name: projection.weights.copy() for name, projection in net.projections.items()})

    trainer = snn.Trainer(
        net,
        steps=10,
        epochs=3,
        batch_size=16,
        loss="cross_entropy_mean_membrane",
        optimizer="sgd",
        learning_rate=1.0,
        schedule=lambda done: next(factors),
    )
    with pytest.raises(
        snn.NotFiniteError, match=r"epoch 2, update \d+: .* first layer with such values is 'output'"
    ) as caught:
        trainer.fit(x, y, validation_data=(x, y), callbacks=[keep])
    assert "The network has the weights of the end of epoch 1" in str(caught.value)
    assert len(kept) == 1
    for name, projection in net.projections.items():
        assert np.array_equal(projection.weights, kept[0][name])
    assert trainer.history["loss"].shape == (1,)
    assert np.isfinite(trainer.predict_scores(x)).all()


def test_early_stopping_goes_back_to_the_best_epoch(blobs: Data) -> None:
    x, y = blobs
    factors = iter([1.0] * 24 + [40.0] * 1000)  # after three epochs of 8 updates, steps that spoil what was learned
    trainer = small(epochs=40, schedule=lambda done: next(factors))
    weights: list[np.ndarray] = []

    def keep(report: snn.EpochReport) -> None:
        weights.append(trainer.network.projections["input_to_hidden"].weights.copy())

    data = (x[120:], y[120:])
    stopping = snn.EarlyStopping("validation_loss", patience=4)
    trainer.fit(x[:120], y[:120], validation_data=data, callbacks=[keep], early_stopping=stopping)
    losses = trainer.history["validation_loss"]
    best = int(np.argmin(losses))
    assert losses.size == best + 1 + 4 < 40
    assert np.array_equal(trainer.network.projections["input_to_hidden"].weights, weights[best])
    assert not np.array_equal(weights[best], weights[-1])


def test_early_stopping_may_keep_the_last_epoch(blobs: Data) -> None:
    x, y = blobs
    # Nothing is better by that much: the first epoch stays the best.
    for restore, epoch in ((True, 1), (False, 3)):
        stopping = snn.EarlyStopping("accuracy", patience=2, min_delta=1.0, restore_best=restore)
        stopped, same = small(), small(epochs=6)
        stopped.fit(x, y, early_stopping=stopping)
        same.fit(x, y, callbacks=[lambda report, last=epoch: snn.STOP if report.epoch == last else None])
        assert stopped.history["loss"].size == 3
        for name, projection in stopped.network.projections.items():
            assert np.array_equal(projection.weights, same.network.projections[name].weights)


@pytest.mark.parametrize(
    ("stopping", "error", "sentence"),
    [
        (lambda: snn.EarlyStopping("val_loss"), snn.InvalidArgumentError, "val_loss"),
        (lambda: snn.EarlyStopping(patience=0), snn.InvalidArgumentError, "patience is 0"),
        (lambda: snn.EarlyStopping(min_delta=-1.0), snn.InvalidArgumentError, "min_delta is -1"),
        (
            lambda: small().fit(np.zeros((2, 6)), [0, 1], early_stopping=snn.EarlyStopping()),
            snn.InvalidArgumentError,
            "early_stopping watches 'validation_loss', but there is no validation_data",
        ),
        (
            lambda: small().fit(np.zeros((2, 6)), [0, 1], early_stopping=5),
            snn.ArgumentTypeError,
            "early_stopping is 5, not an EarlyStopping",
        ),
        (
            lambda: small(loss="mean_square_rate").fit(
                np.zeros((2, 6)), np.zeros((2, 3)), early_stopping=snn.EarlyStopping("accuracy")
            ),
            snn.InvalidArgumentError,
            "y has rates, not classes",
        ),
    ],
)
def test_bad_early_stopping(stopping, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        stopping()
