"""Inputs of which many values are not 0 are delivered by products instead of row by row: the same bits, the same counters, and
the same gradients but for the order of sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import snn
from snn.engine import _native

from .running import Setting, cpu_settings, read, session_of

STEPS, BATCH, SOURCES, TARGETS = 13, 5, 45, 37  # no multiples of 16, and of the samples that are taken at once
SETTINGS = [setting for setting in cpu_settings() if not setting.flags]


def network(kind: type[snn.Input], *, delay: int = 0, both: bool = False) -> snn.Network:
    net = snn.Network(seed=3)
    net.add("input", kind(SOURCES))
    net.add("hidden", snn.LIF(TARGETS))
    net.add("output", snn.LeakyIntegrator(3))
    net.connect("input", "hidden", snn.Dense(bias=np.linspace(-0.1, 0.1, TARGETS), delay_steps=delay))
    if both:  # a second projection onto the same neurons, onto sums that are there
        net.add("other", snn.SpikeInput(20))
        net.connect("other", "hidden", snn.Dense(bias=np.linspace(0.1, -0.1, TARGETS)))
    net.connect("hidden", "output", snn.Dense())
    return net


def frames(share: float, *, held: bool, size: int = SOURCES) -> np.ndarray:
    shape = (BATCH, size) if held else (STEPS, BATCH, size)
    return (np.random.default_rng(int(100 * share)).random(shape) < share).astype(np.float32)


def train(net: snn.Network, setting: Setting, inputs: list, **settings: Any) -> tuple[np.ndarray, Any, np.ndarray]:
    """Spikes of the hidden neurons, counters, and dL/dw of the input's weights."""
    session = session_of(net._finished(), setting, BATCH)
    spikes = np.zeros((STEPS, BATCH, TARGETS), np.float32)
    trainer = _native.Trainer(session, output_population=net["output"]._index, steps=STEPS, loss=255, **settings)
    records = [(net["hidden"]._index, "spikes", spikes)]
    trainer.run(inputs, records)
    counters = session.counters()
    trainer.run_backward(
        0.0, [(net["hidden"]._index, "spikes", np.cos(np.arange(spikes.size)).reshape(spikes.shape))], []
    )
    return spikes, counters, read(session, "input_to_hidden.weight.gradient", np.float32)


@pytest.mark.parametrize("share", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("kind", [snn.SpikeInput, snn.Input])
@pytest.mark.parametrize(
    "settings",
    [{}, {"checkpoint_steps": 4}, {"window_steps": 5, "window_updates": False}],
    ids=["", "segments", "windows"],
)
def test_products_have_the_bits_of_rows(kind: type[snn.Input], held: bool, share: float, settings: dict) -> None:
    for shape in ({}, {"delay": 2}, {"both": True}):
        net = network(kind, **shape)
        inputs = [(0, held, frames(share, held=held))]
        if "both" in shape:
            inputs.append((net["other"]._index, False, frames(0.9 - 0.8 * (share > 0.5), held=False, size=20)))
        reference = train(net, Setting("reference"), inputs, **settings)
        assert 0.02 < reference[0].mean() < 0.98
        assert np.abs(reference[2]).max() > 0.1
        for setting in SETTINGS:
            spikes, counters, gradient = train(net, setting, inputs, **settings)
            np.testing.assert_array_equal(spikes, reference[0])
            assert counters == reference[1]
            np.testing.assert_allclose(gradient, reference[2], rtol=1e-4, atol=1e-4 * np.abs(reference[2]).max())


@pytest.mark.parametrize("rule", [1, 2])
def test_traces_of_dense_spikes(rule: int) -> None:
    """OTTT and e-prop, whose traces are values at any share."""
    found = []
    for setting in (Setting("reference"), Setting("cpu"), Setting("cpu", threads=3)):
        net = network(snn.SpikeInput)
        session = _native.Session(net._finished(), device=setting.device, batch_size=BATCH, threads=setting.threads)
        trainer = _native.Trainer(session, output_population=2, steps=STEPS, loss=2, rule=rule)
        trainer.forward([(0, False, frames(0.8, held=False))], np.arange(BATCH, dtype=np.int32) % 3)
        trainer.backward()
        found.append(read(session, "input_to_hidden.weight.gradient", np.float32))
    assert np.abs(found[0]).max() > 1e-3
    for gradient in found[1:]:
        np.testing.assert_allclose(gradient, found[0], rtol=1e-4, atol=1e-4 * np.abs(found[0]).max())
