"""Losses of several populations, and projections that no gradient goes back through.

A detached projection is one whose source is seen as given: the gradients are those of a network in which an input replays what
that population did. Of several losses the gradient is the sum.
"""

from __future__ import annotations

import numpy as np
import pytest

import snn
from snn.engine import _native
from snn.engine.errors import InvalidArgumentError, NotFoundError, StateError, UnsupportedError

from .running import FLOAT64, Setting, read, vulkan_settings

STEPS, BATCH, CLASSES, WEIGHT = 14, 3, 4, 0.7
COUNT, MEAN_MEMBRANE, MEAN_SQUARE_MEMBRANE, MEMBRANE_IN_TIME, NONE = 0, 2, 9, 12, 255
BPTT, OTTT, EPROP, EVENTPROP = 0, 1, 2, 3
EXACT, CPU = Setting("reference", flags=FLOAT64), Setting("cpu", threads=2)


def weights(*shape: int, gain: float = 1.0) -> np.ndarray:
    """Normal numbers above 0 on average, so that neurons spike."""
    scale = gain / np.sqrt(np.prod(shape[:-1]))
    return np.random.default_rng(len(shape) + shape[-1]).normal(0.3 * scale, scale, shape)


CONNECTIONS = {
    "dense": lambda: snn.Dense(weights=weights(24, 24, gain=2.0), bias=True),
    "delayed": lambda: snn.Dense(weights=weights(24, 24, gain=2.0), delay_steps=3),
    "one_to_one": lambda: snn.OneToOne(weights(24) + 1.0),
    "sparse": lambda: snn.Sparse.fixed_probability(0.4, weight=snn.Normal(0.2, 0.6), delay=snn.Uniform(1.0, 4.0)),
    "conv2d": lambda: snn.Conv2d(2, 3, padding=1, weights=weights(2, 2, 3, 3, gain=2.0)),
    "max": lambda: snn.MaxPool2d(1),
    "average": lambda: snn.AvgPool2d(1),
}


def network(
    connection: str, *, detach: bool, replay: bool = False, recurrent: bool = False, neurons=snn.LIF
) -> snn.Network:
    """``image -> first -> second -> out`` and ``first -> readout``; `connection` is that of the second arrow."""
    net = snn.Network(seed=5)
    net.add("image", snn.SpikeInput((2, 3, 4)))
    net.add("first", neurons((2, 3, 4)))
    net.add("second", neurons((2, 3, 4)))
    net.add("out", snn.LeakyIntegrator(CLASSES))
    net.add("readout", snn.LeakyIntegrator(CLASSES))
    if replay:
        net.add("replay", snn.SpikeInput((2, 3, 4)))
    source = "replay" if replay else "first"

    def cut(made: snn.Connection) -> snn.Connection:
        return made.detach() if detach else made

    net.connect("image", "first", snn.Dense(weights=weights(24, 24, gain=3.0), bias=True))
    net.connect(source, "second", cut(CONNECTIONS[connection]()), name="between")
    net.connect("second", "out", snn.Dense(weights=weights(24, CLASSES)))
    net.connect("first", "readout", snn.Dense(weights=weights(24, CLASSES), trainable=False))
    if recurrent:
        net.connect(source, "first", cut(snn.Dense(weights=weights(24, 24), delay_steps=1)), name="back")
    return net


class Run:
    """A session of a network with its inputs."""

    def __init__(self, net: snn.Network, setting: Setting, replayed: np.ndarray | None = None) -> None:
        self.net = net
        self.session = _native.Session(
            net._finished(), device=setting.device, batch_size=BATCH, threads=setting.threads, flags=setting.flags
        )
        random = np.random.default_rng(2)
        self.frames = [(0, False, (random.random((STEPS, BATCH, 24)) < 0.3).astype(np.float32))]
        if replayed is not None:
            self.frames.append((net["replay"]._index, False, replayed))

    def spikes(self, population: str) -> np.ndarray:
        found = np.zeros((STEPS, BATCH, self.net[population].size), np.uint8)
        self.session.run(STEPS, self.frames, [(self.net[population]._index, "spikes", found)])
        return found.astype(np.float32)

    def trainer(self, *losses: tuple[str, int, float], **settings) -> _native.Trainer:
        """The first of (population, loss, weight) is that of the output."""
        (output, loss, _), *others = losses
        trainer = _native.Trainer(
            self.session, output_population=self.net[output]._index, steps=STEPS, loss=loss, **settings
        )
        for population, kind, weight in others:
            trainer.set_auxiliary_loss(self.net[population]._index, kind, weight)
        return trainer

    def gradients(self, *losses: tuple[str, int, float], **settings) -> tuple[float, dict[str, np.ndarray]]:
        trainer = self.trainer(*losses, **settings)
        result = trainer.forward(self.frames, labels=np.array([1, -1, 3], np.int32))
        trainer.backward()
        found = {
            name: read(self.session, f"{name}.weight.gradient")
            for name, projection in self.net.projections.items()
            if projection.trainable and projection.kind != "pool2d"
        }
        return result.loss, found


BOTH = (("out", MEAN_MEMBRANE, 1.0), ("readout", MEAN_MEMBRANE, WEIGHT))


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        scale = np.abs(values).max()
        assert scale > 1e-5, f"{name} has no gradient, so nothing was compared"
        np.testing.assert_allclose(found[name], values, rtol=0, atol=tolerance * scale, err_msg=name)


RULES = [
    *((connection, BPTT, False) for connection in CONNECTIONS),
    ("dense", BPTT, True),
    ("dense", OTTT, True),
    ("dense", EVENTPROP, True),
]


@pytest.mark.parametrize(("connection", "rule", "recurrent"), RULES)
def test_a_detached_source_is_one_that_is_given(connection: str, rule: int, recurrent: bool) -> None:
    neurons = snn.CurrentLIF if rule == EVENTPROP else snn.LIF
    build = {"connection": connection, "recurrent": recurrent, "neurons": neurons}
    settings = [(EXACT, 1e-12), (CPU, 2e-6), *((one, 2e-5) for one in vulkan_settings() if rule == BPTT)]
    for setting, tolerance in settings:
        cut = Run(network(detach=True, **build), setting)
        replayed = cut.spikes("first")
        assert replayed.any()
        loss, found = cut.gradients(*BOTH, rule=rule)
        again = Run(network(detach=False, replay=True, **build), setting, replayed)
        expected_loss, expected = again.gradients(*BOTH, rule=rule)
        assert loss == expected_loss
        assert_same(found, expected, tolerance)
        _, attached = Run(network(detach=False, **build), setting).gradients(*BOTH, rule=rule)
        into = "image_to_first"
        assert np.abs(attached[into] - found[into]).max() > 1e-3 * np.abs(found[into]).max()


@pytest.mark.parametrize(
    ("setting", "rule"),
    [(EXACT, BPTT), (EXACT, OTTT), (CPU, BPTT), (CPU, OTTT), *((one, BPTT) for one in vulkan_settings())],
    ids=str,
)
def test_losses_and_their_gradients_are_added_up(setting: Setting, rule: int) -> None:
    run = Run(network("dense", detach=False), setting)
    of_out = run.gradients(("out", MEAN_MEMBRANE, 1.0), rule=rule)
    of_readout = run.gradients(("readout", MEAN_SQUARE_MEMBRANE, 1.0), rule=rule)
    loss, found = run.gradients(("out", MEAN_MEMBRANE, 1.0), ("readout", MEAN_SQUARE_MEMBRANE, WEIGHT), rule=rule)
    assert loss == pytest.approx(of_out[0] + WEIGHT * of_readout[0], rel=1e-12)
    expected = {name: of_out[1][name] + WEIGHT * of_readout[1][name] for name in found}
    assert_same(found, expected, 1e-12 if setting.flags else 2e-5)


def test_a_loss_is_replaced_and_taken_away() -> None:
    run = Run(network("dense", detach=False), CPU)
    trainer = run.trainer(BOTH[0])
    labels = np.array([0, 1, 2], np.int32)
    alone = trainer.forward(run.frames, labels=labels).loss
    readout = run.net["readout"]._index
    trainer.set_auxiliary_loss(readout, MEAN_MEMBRANE, 3.0)
    trainer.set_auxiliary_loss(readout, MEAN_MEMBRANE, 1.0)
    both = trainer.forward(run.frames, labels=labels)
    other = run.trainer(BOTH[1]).forward(run.frames, labels=labels).loss
    assert both.loss == pytest.approx(alone + other, rel=1e-12)
    trainer.set_auxiliary_loss(readout, MEAN_MEMBRANE, 0.0)
    assert trainer.forward(run.frames, labels=labels).loss == alone


def test_windows_have_the_targets_of_their_steps() -> None:
    """A loss in time of all windows is the mean of the windows' own, weighted by their steps."""
    random = np.random.default_rng(3)
    targets = random.normal(0, 1, (STEPS, BATCH, CLASSES)).astype(np.float32)
    losses = (("out", MEMBRANE_IN_TIME, 1.0), ("readout", MEMBRANE_IN_TIME, WEIGHT))
    run = Run(network("dense", detach=True), CPU)
    whole = run.trainer(*losses).forward(run.frames, targets=targets).loss
    still = run.trainer(*losses, window_steps=STEPS // 2, window_updates=True, optimizer=0, learning_rate=0.0)
    assert still.step(run.frames, targets=targets).loss == pytest.approx(whole, rel=1e-6)


def test_what_does_not_fit_is_refused_by_name() -> None:
    net = network("dense", detach=False)
    run = Run(net, CPU)
    trainer = run.trainer(BOTH[0])
    readout, second = net["readout"]._index, net["second"]._index
    for population, loss, weight, error, words in (
        (net["out"]._index, COUNT, 1.0, InvalidArgumentError, "'out' is the output population"),
        (net["image"]._index, COUNT, 1.0, InvalidArgumentError, "'image'.* is an input"),
        (second, COUNT, 1.0, InvalidArgumentError, "'second' has 24 neurons and the output population 4"),
        (readout, COUNT, 1.0, InvalidArgumentError, "'readout' has model 'leaky_integrator', which does not spike"),
        (readout, MEMBRANE_IN_TIME, 1.0, InvalidArgumentError, "either both take targets of each step or none"),
        (readout, 99, 1.0, InvalidArgumentError, "loss is 99"),
        (readout, NONE, 1.0, InvalidArgumentError, "loss is 255"),
        (readout, MEAN_MEMBRANE, -1.0, InvalidArgumentError, "weight is -1"),
        (readout, MEAN_MEMBRANE, np.nan, InvalidArgumentError, "weight is nan"),
        (77, MEAN_MEMBRANE, 1.0, NotFoundError, "77"),
    ):
        with pytest.raises(error, match=words):
            trainer.set_auxiliary_loss(population, loss, weight)
    with pytest.raises(StateError, match="the caller's loss may look at any population"):
        run.trainer(("out", NONE, 1.0)).set_auxiliary_loss(readout, MEAN_MEMBRANE, 1.0)
    with pytest.raises(UnsupportedError, match="e-prop: learning signals come from one output"):
        Run(snn.Sequential(3, snn.Dense(4), snn.LIF(), snn.Dense(4), snn.LIF()), CPU).trainer(
            ("output", COUNT, 1.0), ("hidden", COUNT, 1.0), rule=EPROP
        )
    with pytest.raises(UnsupportedError, match="'hidden' does not project onto the output"):
        Run(snn.Sequential(3, snn.Dense(4), snn.LIF(), snn.Dense(4).detach(), snn.LIF()), CPU).trainer(
            ("output", COUNT, 1.0), rule=EPROP
        )
    currents = network("dense", detach=False, neurons=snn.CurrentLIF)
    currents.add("spiking", snn.CurrentLIF(CLASSES))
    currents.connect("second", "spiking", snn.Dense())
    of_spikes = Run(currents, CPU)
    with pytest.raises(UnsupportedError, match="'spiking' counts spikes"):
        of_spikes.trainer(("out", MEAN_MEMBRANE, 1.0), ("spiking", COUNT, 1.0), rule=EVENTPROP)
    mixed = run.trainer(("out", MEAN_SQUARE_MEMBRANE, 1.0), BOTH[1])
    with pytest.raises(InvalidArgumentError, match="loss of population 'readout' takes labels"):
        mixed.forward(run.frames, targets=np.zeros((BATCH, CLASSES), np.float32))


def test_a_projection_stays_detached(tmp_path) -> None:
    net = network("dense", detach=True)
    net.save(tmp_path / "net.snn")
    for one in (net, net.copy(), snn.load(tmp_path / "net.snn")):
        assert one.projections["between"].detached
        assert not one.projections["image_to_first"].detached
        assert "first to second, detached" in one.summary()
    net.projections["between"].detached = False
    assert not net.copy().projections["between"].detached
    assert "detached" not in net.summary()
