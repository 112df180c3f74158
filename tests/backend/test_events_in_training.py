"""Batches whose inputs are events: the losses, gradients and weights of frames, on every device and by every rule."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import snn

from .running import vulkan_settings

LOSS = "cross_entropy_max_membrane"
SAMPLES, STEPS, UNITS, CLASSES = 22, 12, 40, 3  # two batches of 8, and one that is filled up
DEVICES: list[dict[str, Any]] = [
    {"device": "cpu"},
    {"device": "cpu", "threads": 3},
    {"device": "reference"},
    {"device": "auto"},
    {"device": "cpu*5+cpu*3"},
    *([{"device": "vulkan"}] if vulkan_settings() else []),
]


def _events(index: int) -> snn.events.Events:
    """Each class is early in other units; some units spike twice in a step, and the first sample never."""
    generator = np.random.default_rng(index)
    count = 0 if index == 0 else int(generator.integers(60, 120))
    units = generator.integers(0, UNITS, count)
    times = generator.uniform(0, STEPS + 2, count) * np.where(units % CLASSES == index % CLASSES, 0.6, 1.0)
    return snn.events.Events(np.sort(times), units, (UNITS,))


def _data(**settings: Any) -> snn.events.EventData:
    return snn.events.EventData(_events, np.arange(SAMPLES) % CLASSES, steps=STEPS, step_ms=1.0, **settings)


def _layers() -> snn.Network:
    return snn.Sequential(
        snn.SpikeInput(UNITS), snn.Dense(24), snn.LIF(), snn.Dense(CLASSES), snn.LeakyIntegrator(), seed=3
    )


def _recurrent() -> snn.Network:
    """Populations on a cycle are run step by step, and an input of its own is delayed."""
    net = _layers()
    first = next(iter(net.projections.values())).target
    net.connect(first, first, snn.Dense(init=0.02, delay_steps=1), name="back")
    return net


def _convolution() -> snn.Network:
    return snn.Sequential(
        snn.SpikeInput((1, 5, 8)), snn.Conv2d(3, 3), snn.LIF(), snn.Dense(CLASSES), snn.LeakyIntegrator(), seed=3
    )  # fmt: skip


def _trained(net: snn.Network, x: Any, y: Any, **settings: Any) -> list[np.ndarray]:
    options = {"loss": LOSS, "learning_rate": 1e-2, "epochs": 2, "batch_size": 8, "seed": 1}
    trainer = snn.Trainer(net, steps=STEPS, encoder=None, **(options | settings))
    trainer.fit(x, y, validation_data=(x, y))
    history = [
        trainer.history[name] for name in ("loss", "validation_loss", "spikes_per_neuron") if name in trainer.history
    ]
    return [*history, trainer.predict_scores(x), *(p.weights for p in net.projections.values())]


def _check_same(make: Any, **settings: Any) -> None:
    data = _data()
    frames = data[:].reshape(SAMPLES, STEPS, *make()["input"].shape)
    expected = _trained(make(), frames, data.y, **settings)
    shaped = data if frames.ndim == 3 else _reshaped(frames.shape[2:])
    found = _trained(make(), shaped, data.y, **settings)
    assert len(found) == len(expected) > 4
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def _reshaped(shape: tuple[int, ...]) -> snn.events.EventData:
    def read(index: int) -> snn.events.Events:
        return _events(index)._replace(shape=shape)

    return snn.events.EventData(read, np.arange(SAMPLES) % CLASSES, steps=STEPS, step_ms=1.0)


@pytest.mark.parametrize("settings", DEVICES, ids=str)
@pytest.mark.parametrize("make", [_layers, _recurrent, _convolution])
def test_events_train_as_frames_do(make: Any, settings: dict[str, Any]) -> None:
    _check_same(make, **settings)


@pytest.mark.parametrize(
    "settings", [{"checkpoint_steps": 5}, {"window_steps": 5}, {"window_steps": 5, "rule": "ottt"}], ids=str
)
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_events_of_long_runs(device: str, settings: dict[str, Any]) -> None:
    _check_same(_layers, device=device, **settings)
    if "rule" not in settings:
        _check_same(_recurrent, device=device, **settings)


def _own_loss(outputs: Any, targets: Any) -> tuple[float, Any]:
    values = outputs["output"]["v"]
    gradients = np.zeros_like(values)
    gradients[-1, np.arange(len(targets)), targets] = -1.0 / len(targets)
    return float(-values[-1, np.arange(len(targets)), targets].mean()), {"output": {"v": gradients}}


@pytest.mark.parametrize("checkpoint_steps", [None, 5])
def test_events_and_a_loss_of_ones_own(checkpoint_steps: int | None) -> None:
    expected, found = (_layers() for _ in range(2))
    data = _data()
    settings = {"loss": _own_loss, "checkpoint_steps": checkpoint_steps, "epochs": 2, "batch_size": 8}
    for net, x in ((expected, data[:]), (found, data)):
        snn.Trainer(net, steps=STEPS, encoder=None, seed=1, **settings).fit(x, data.y)
    for one, other in zip(expected.projections.values(), found.projections.values(), strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)


def test_how_often_a_unit_spiked_stays_with_value_inputs() -> None:
    """Counts are no spikes: such samples are frames, for a value input."""
    data = _data(binary=False)
    assert data[:].max() > 1.0
    nets = [snn.Sequential(UNITS, snn.Dense(CLASSES), snn.LeakyIntegrator(), seed=3) for _ in range(2)]
    results = [_trained(net, x, data.y, device="cpu") for net, x in zip(nets, (data, data[:]), strict=True)]
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_augmented_samples_are_frames() -> None:
    seen = []

    def shifted(samples: Any, generator: Any) -> Any:
        seen.append(samples.shape)
        return np.roll(samples, int(generator.integers(3)), axis=-1)

    snn.Trainer(_layers(), steps=STEPS, encoder=None, loss=LOSS, epochs=1, batch_size=8).fit(
        _data(), _data().y, augment=shifted
    )
    assert seen == [(8, STEPS, UNITS), (8, STEPS, UNITS), (6, STEPS, UNITS)]


def test_there_are_no_frames() -> None:
    """A batch of 64 samples, 50 steps and 16,384 pixels would be 200 MiB of floats."""
    shape, steps = (2, 64, 128), 50

    def read(index: int) -> snn.events.Events:
        generator = np.random.default_rng(index)
        return snn.events.Events(
            np.sort(generator.uniform(0, steps, 200)), generator.integers(0, 2 * 64 * 128, 200), shape
        )

    data = snn.events.EventData(read, np.arange(64) % 2, steps=steps, step_ms=1.0)
    net = snn.Sequential(snn.SpikeInput(shape), snn.Dense(2), snn.LeakyIntegrator())
    trainer = snn.Trainer(net, steps=steps, loss=LOSS, epochs=1, batch_size=64, encoder=None)
    tracemalloc.start()
    try:
        trainer.fit(data, data.y)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 16 * 2**20
