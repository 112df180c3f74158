"""Training by several devices that share a batch: sums of micro-batches in order, the same bits however it is shared."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import snn
from snn.engine import _native

from .running import vulkan_settings
from .test_failing_devices import Losing
from .together import check_equal
from .vulkan_renderer import Renderer

BATCH, STEPS, CLASSES = 7, 12, 5
needs_vulkan = pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")


def _network(*, draws: bool = True, sparse: bool = True, **cells: Any) -> snn.Network:
    """Recurrence, biases, delays; `draws`: random numbers in every sample."""
    net = snn.Network(seed=3)
    net.add("in", snn.Input(20))
    net.add("cells", snn.LIF(30, tau_membrane=cells.pop("tau_membrane", 8.0), **cells))
    net.add("out", snn.LIF(CLASSES))
    net.connect("in", "cells", snn.Dense(bias=np.full(30, 0.1)))
    net.connect("cells", "cells", snn.Dense(delay_steps=1, init=0.1))
    net.connect("cells", "out", snn.Dense(bias=np.full(CLASSES, 0.05)), name="last")
    if sparse:
        net.connect("in", "out", snn.Sparse.fixed_probability(0.4, weight=snn.Uniform(0.0, 0.3)))
    if draws:
        net.add("noise", snn.PoissonSource(10, rate=90.0))
        net.connect("noise", "cells", snn.Dense(init=0.3, trainable=False))
    return net


def _data(samples: int = 2 * BATCH) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(5).uniform(0, 1, (samples, 20)).astype(np.float32)
    return x, np.arange(samples) % CLASSES


def _trained(net: snn.Network, **settings: Any) -> list[np.ndarray]:
    """Weights, biases and what else was learned, after two epochs of two batches."""
    trainer = snn.Trainer(net, steps=STEPS, epochs=2, batch_size=BATCH, output="out", seed=2, **settings)
    trainer.fit(*_data())
    found = [np.array(projection.weights) for projection in net.projections.values()]
    found += [np.array(projection.bias) for projection in net.projections.values() if projection.bias is not None]
    return [*found, np.array(net["cells"].parameters["tau_membrane"])]


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "everything": {
        "dropout": 0.2,
        "quantization": snn.Quantization(bits=6),
        "rate_regularization": 0.1,
        "gradient_clip_norm": 0.5,
        "optimizer": "adamw",
        "weight_decay": 0.01,
        "l1_regularization": 1e-4,
    },
    "windows": {"window_steps": 5, "optimizer": "lion", "rule": "ottt"},
    "checkpoints": {"checkpoint_steps": 4, "optimizer": "sgd", "momentum": 0.9},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_micro_batches_have_the_bits_of_one_device(settings: dict[str, Any]) -> None:
    def trained(**where: Any) -> list[np.ndarray]:
        learns = {} if "rule" in settings else {"tau_membrane": snn.Learnable(8.0)}
        return _trained(_network(**learns), **settings, **where)

    one = trained(microbatch_size=2)
    start = _network()
    assert all(
        (values != projection.weights).any()
        for values, projection in zip(one, start.projections.values(), strict=False)
        if projection.trainable
    )
    for where in (
        {"threads": 3, "microbatch_size": 2},
        {"devices": ["cpu", "cpu"], "microbatch_size": 2},
        {"devices": ["cpu", "cpu", "cpu"], "samples": [2, 0, 5], "threads": 4, "microbatch_size": 2},
    ):
        check_equal(one, trained(**where), where)
    # One micro-batch is the batch as a device without shares takes it.
    alone = trained()
    check_equal(alone, trained(microbatch_size=BATCH), "one micro-batch")
    check_equal(alone, trained(devices=["cpu", "cpu"], samples=[0, 7]), "one share")
    for values, other in zip(one, alone, strict=True):
        if settings.get("optimizer") != "lion" and "quantization" not in settings:  # whose steps are of one size
            np.testing.assert_allclose(values, other, rtol=1e-3, atol=1e-4)


def test_several_losses_have_the_bits_of_one_device() -> None:
    def trained(**where: Any) -> list[np.ndarray]:
        net = _network(draws=False)
        net.add("readout", snn.LeakyIntegrator(CLASSES))
        net.connect("cells", "readout", snn.Dense(), name="read")
        losses = {"readout": ("cross_entropy_mean_membrane", 0.5)}
        return _trained(net, auxiliary_losses=losses, microbatch_size=2, **where)

    check_equal(trained(), trained(devices=["cpu", "cpu"], threads=2))


def test_gradients_are_those_of_each_micro_batch_added_in_order() -> None:
    """Against sessions of their own for each of them, added up by numpy."""
    x, _ = _data(BATCH)
    rng = np.random.default_rng(1)
    error = rng.normal(size=(STEPS, BATCH, CLASSES)).astype(np.float32)

    def gradients(device: str, rows: slice) -> tuple[dict[str, np.ndarray], np.ndarray]:
        passes = snn.Backpropagation(
            _network(draws=False), steps=STEPS, batch_size=len(x[rows]), device=device, input_gradients=True
        )
        passes.forward(x[rows])
        found = passes.backward({"out": {"spikes": error[:, rows]}})
        named = {f"{name}.{kind}": v for name, of in found.projections.items() for kind, v in of.items()}
        return named, found.inputs["in"]

    parts = [gradients("cpu", rows) for rows in (slice(0, 3), slice(3, 6), slice(6, 7))]
    for device in (
        "cpu*;microbatch=3",
        "cpu*3+cpu*4;microbatch=3",
        "cpu*0+cpu*6+cpu*1;microbatch=3",
        "cpu*3+cpu*3+cpu*1",
    ):
        found, of_input = gradients(device, slice(None))
        for name, values in found.items():
            summed = sum(part[name].astype(np.float64) for part, _ in parts).astype(np.float32)
            np.testing.assert_array_equal(values, summed, f"{device}: {name}")
        np.testing.assert_array_equal(of_input, np.concatenate([part for _, part in parts], axis=1))


def test_parameters_learn_from_all_micro_batches() -> None:
    """dL/d(parameter) in float64 is that of the whole batch, but for the order of a sum of doubles."""
    x, _ = _data(BATCH)
    error = np.random.default_rng(1).normal(size=(STEPS, BATCH, CLASSES)).astype(np.float32)
    found = []
    for device in ("reference", "reference*4+reference*3;microbatch=1"):
        net = _network(draws=False, sparse=False, tau_membrane=snn.Learnable(8.0), v_rest=snn.Learnable(0.02))
        passes = snn.Backpropagation(net, steps=STEPS, batch_size=BATCH, device=device, flags=["float64"])
        passes.forward(x)
        gradients = passes.backward({"out": {"spikes": error}})
        found.append(np.concatenate([v.ravel() for v in gradients.parameters["cells"].values()]))
        for _ in range(2):
            passes.update()
            passes.forward(x)
            passes.backward({"out": {"spikes": error}})
        found[-1] = np.append(found[-1], [np.asarray(net["cells"].parameters["tau_membrane"]).item()])
    assert np.abs(found[0]).min() > 0
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


@needs_vulkan
def test_a_gpu_takes_part() -> None:
    """Its gradients agree with the CPU's to rounding; GPUs among themselves have the bits of one."""
    alone = _trained(_network(), optimizer="sgd")
    shared = _trained(_network(), devices=["cpu", "vulkan"], samples=[3, 4], optimizer="sgd")
    for one, other in zip(alone, shared, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    one_gpu = _trained(_network(), device="vulkan", microbatch_size=4)
    check_equal(one_gpu, _trained(_network(), devices=["vulkan:0"] * 2, microbatch_size=4), "two GPUs")


def _updates(device: str, host: snn.vulkan.Host | None = None) -> tuple[list[np.ndarray], tuple[str, str]]:
    """Three batches in two windows each and a run: weights, losses, states; and what the session says of its device."""
    net = _network()
    session = _native.Session(net._finished(), device=device, batch_size=BATCH, vulkan_host=host, seed=4)
    trainer = _native.Trainer(session, output_population=net["out"]._index, steps=STEPS, window_steps=7)
    x, y = _data(3 * BATCH)
    found = []
    for batch in range(3):
        rows = slice(batch * BATCH, (batch + 1) * BATCH)
        result = trainer.step([(net["in"]._index, True, x[rows])], labels=y[rows].astype(np.int32))
        weights = np.empty(session.value_count("last.weight"), np.float32)
        session.read("last.weight", weights)
        found += [weights, np.array([result.loss])]
    session.run(5, [(net["in"]._index, True, x[:BATCH])], [])
    states = np.empty(session.value_count("cells.v"), np.float32)
    session.read("cells.v", states)
    told = session.device
    session.close()
    return [*found, states], told


@needs_vulkan
def test_a_device_lost_in_training_is_left_and_the_update_made_again(
    renderer: Renderer, caplog: pytest.LogCaptureFixture
) -> None:
    shares = "vulkan*4+vulkan:0*3;microbatch=4"
    expected, _ = _updates("vulkan*;microbatch=4")
    opening = Losing(renderer)
    _native.Session(_network()._finished(), device=shares, batch_size=BATCH, vulkan_host=opening.host()).close()
    counting = Losing(renderer)
    found, told = _updates(shares, counting.host())
    check_equal(expected, found, "nothing lost")
    assert told == (shares, "")
    first, last = opening.submissions + 1, counting.submissions
    assert last - first > 12
    # In forward and backward passes, while weights are given, and in the run after training.
    for lost_at in (first, (first + last) // 2, last - 3):
        meddler = Losing(renderer)
        meddler.lost_at = lost_at
        caplog.clear()
        with caplog.at_level(logging.WARNING, "snn"):
            found, (device, reason) = _updates(shares, meddler.host())
        assert meddler.lost
        check_equal(expected, found, f"lost at {lost_at} of {last}")
        assert device == "vulkan:0*7;microbatch=4"
        assert "it was lost" in reason
        assert len(caplog.records) == 1


def test_what_cannot_be_is_said() -> None:
    net = _network()
    for settings, error, sentence in (
        ({"device": "reference", "devices": ["cpu"]}, snn.InvalidArgumentError, "give one of them"),
        ({"samples": [3, 4]}, snn.InvalidArgumentError, "samples is given without devices"),
        ({"microbatch_size": 0}, snn.InvalidArgumentError, "microbatch_size is 0"),
        ({"devices": ["cpu", "cpu"], "samples": [3]}, snn.InvalidArgumentError, "samples has 1 numbers for 2 devices"),
    ):
        with pytest.raises(error, match=sentence):
            snn.Trainer(net, steps=STEPS, batch_size=BATCH, output="out", **settings)
    shared: dict[str, Any] = {"devices": ["cpu", "cpu"], "samples": [3, 4]}
    for settings, sentence in (
        (
            {**shared, "normalization": {"last": snn.BatchNorm()}},
            "cannot normalise projection 'last'; .cpu. can by itself - statistics are of",
        ),
        ({"device": "cpu+cpu"}, "cannot train"),
    ):
        with pytest.raises(snn.UnsupportedError, match=sentence):
            snn.Trainer(net, steps=STEPS, batch_size=BATCH, output="out", **settings).fit(*_data())
