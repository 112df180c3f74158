"""Delays that are learned: a task that needs them, what is saved, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snn

LEARNING = snn.DelayLearning(max_delay_steps=12, narrowing=0.7)
# Two volleys of spikes; the time from one to the other is the class.
DATA = snn.data.delayed_coincidence(400, delays=(3, 10), steps=30, inputs=12, jitter=0.3)


def network(first: snn.Connection, seed: int = 2) -> snn.Sequential:
    """Neurons that forget within three steps: what is apart by more meets through delays only."""
    return snn.Sequential(
        snn.SpikeInput(12),
        first,
        snn.LIF(tau_membrane=1.5, threshold=0.3),
        snn.Dense(2),
        snn.LeakyIntegrator(),
        seed=seed,
    )


def trainer(net: snn.Network, epochs: int = 25, **settings: object) -> snn.Trainer:
    return snn.Trainer(
        net, steps=30, epochs=epochs, encoder=None, loss="cross_entropy_mean_membrane", learning_rate=5e-3, **settings
    )


def test_learned_delays_solve_what_neurons_without_them_cannot(tmp_path: Path) -> None:
    """Measured: 68 % without, 100 % with them."""
    plain = trainer(network(snn.Dense(16))).fit(DATA.train_x, DATA.train_y)
    assert plain.score(DATA.test_x, DATA.test_y) < 0.75
    net = network(snn.DelayedDense(16, delays=np.zeros((12, 16), int)))
    learned = trainer(net, delay_learning=LEARNING).fit(DATA.train_x, DATA.train_y)
    accuracy = learned.score(DATA.test_x, DATA.test_y)
    assert accuracy >= 0.95
    projection = net.projections["input_to_hidden"]
    sources, targets, delays = projection.synapses()
    assert np.array_equal(np.unique(sources * 16 + targets), np.arange(12 * 16)), "one synapse for each pair"
    assert delays.max() <= 12
    assert np.unique(delays).size > 5
    net.save(tmp_path / "delays.snn")
    loaded = snn.load(tmp_path / "delays.snn")
    assert trainer(loaded).score(DATA.test_x, DATA.test_y) == accuracy
    for mine, its in zip((sources, targets, delays), loaded.projections["input_to_hidden"].synapses(), strict=True):
        assert np.array_equal(mine, its)


def test_a_checkpoint_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    x, y = DATA.train_x[:96], DATA.train_y[:96]
    whole, part, rest = (network(snn.DelayedDense(8, max_delay_steps=12)) for _ in range(3))
    trainer(whole, 4, delay_learning=LEARNING).fit(x, y)

    def save(report: snn.EpochReport) -> object:
        if report.epoch == 2:
            first.save_checkpoint(tmp_path / "run.npz")
        return snn.STOP if report.epoch == 2 else None

    first = trainer(part, 4, delay_learning=LEARNING)
    first.fit(x, y, callbacks=[save])
    trainer(rest, 4, delay_learning=LEARNING).load_checkpoint(tmp_path / "run.npz").fit(x, y)
    for name, projection in whole.projections.items():
        assert np.array_equal(rest.projections[name].weights, projection.weights), name
    expected = whole.projections["input_to_hidden"].synapses()
    for mine, its in zip(expected, rest.projections["input_to_hidden"].synapses(), strict=True):
        assert np.array_equal(mine, its)
    with pytest.raises(snn.InvalidArgumentError, match="delay_learning"):
        trainer(rest, 4).load_checkpoint(tmp_path / "run.npz").fit(x, y)


def test_any_sparse_connection_learns_beside_normalisation_and_validation() -> None:
    net = snn.Network(seed=1)
    net.add("input", snn.SpikeInput(12))
    net.add("hidden", snn.LIF(20))
    net.add("output", snn.LeakyIntegrator(2))
    random = np.random.Generator(np.random.Philox(1))
    sources, targets = np.nonzero(random.random((12, 20)) < 0.6)
    weights = random.normal(0.0, 0.3, sources.size)
    sparse = snn.Sparse.from_arrays(sources, targets, weights, random.integers(0, 5, sources.size), delay_steps=2)
    net.connect("input", "hidden", sparse)
    net.connect("hidden", "output", snn.Dense(bias=True))
    one = snn.DelayLearning(8, kernel="triangle", rate_factor=20.0)
    fitted = trainer(
        net, 3, delay_learning={"input_to_hidden": one}, normalization={"hidden_to_output": snn.BatchNorm()}
    ).fit(DATA.train_x, DATA.train_y, validation_data=(DATA.test_x, DATA.test_y))
    assert fitted.history["loss"][-1] < fitted.history["loss"][0]
    projection = net.projections["input_to_hidden"]
    found = projection.synapses()
    assert np.array_equal(np.sort(found[0] * 20 + found[1]), sources * 20 + targets)
    assert found[2].min() >= 2
    assert found[2].max() <= 10
    # The last validation saw the network as it is.
    assert fitted.history["validation_accuracy"][-1] == fitted.score(DATA.test_x, DATA.test_y)


def test_the_width_falls_to_its_last() -> None:
    one = snn.DelayLearning(24, narrowing=0.5)
    assert (one.width_at(0.0), one.width_at(0.5), one.width_at(1.0)) == (12.0, 0.5, 0.5)
    assert one.width_at(0.25) == pytest.approx(np.sqrt(6.0))
    assert snn.DelayLearning(24, kernel="triangle", narrowing=0.0).width_at(0.0) == 1.0


def test_what_cannot_learn_delays_says_why() -> None:
    net = network(snn.Dense(4))
    with pytest.raises(snn.InvalidArgumentError, match="no projection of the network is sparse and trained"):
        trainer(net, delay_learning=LEARNING)
    with pytest.raises(snn.InvalidArgumentError, match="'input_to_hidden' is dense; delays are learned"):
        trainer(net, delay_learning={"input_to_hidden": LEARNING}).fit(DATA.train_x, DATA.train_y)
    net = network(snn.DelayedDense(4, delays=np.full((12, 4), 13)))
    with pytest.raises(snn.InvalidArgumentError, match="has a delay of 13 steps; max_delay_steps is 12"):
        trainer(net, delay_learning=LEARNING).fit(DATA.train_x, DATA.train_y)
    net = snn.Network()
    net.add("input", snn.SpikeInput(12))
    net.add("output", snn.LeakyIntegrator(2))
    net.connect("input", "output", snn.Sparse.from_arrays([3, 3], [1, 1], [0.5, 0.5], [0, 1]))
    with pytest.raises(snn.InvalidArgumentError, match="source 3 has several synapses onto target 1"):
        trainer(net, delay_learning=LEARNING).fit(DATA.train_x, DATA.train_y)
    with pytest.raises(snn.InvalidArgumentError, match=r"width is 0\.1; a gaussian kernel needs at least 0\.2"):
        snn.DelayLearning(width=0.1)
    with pytest.raises(snn.InvalidArgumentError, match="max_delay_steps is 0"):
        snn.DelayLearning(0)
    with pytest.raises(snn.InvalidArgumentError, match="delays contains 5000"):
        snn.DelayedDense(delays=np.full((2, 2), 5000))
    with pytest.raises(snn.InvalidArgumentError, match=r"delays has shape \(2, 2\); it must be \(12, 4\)"):
        network(snn.DelayedDense(4, delays=np.zeros((2, 2), int)))
