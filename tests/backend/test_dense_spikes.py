"""Spikes of neurons that are most of them active are delivered by products instead of row by row, and their weights' gradients
summed up so: the same bits.

The other way is taken by the same neurons among others that never spike, which make the share of the active small and add
nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import snn
from snn.engine import _native

from .running import Setting, cpu_settings, read, session_of

STEPS, BATCH, DRIVE, NEURONS, SILENT, TARGETS = 15, 5, 23, 45, 130, 37
LOSS_NONE = 255
SETTINGS = [setting for setting in cpu_settings() if not setting.flags]
WAYS = [{}, {"checkpoint_steps": 4}, {"window_steps": 5, "window_updates": False}]
RECURRENT, DELAYED, BIASED = "recurrent", "delayed", "second projection"


def weights(stream: int, rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng([5, stream]).uniform(-0.3, 0.3, (rows, columns)).astype(np.float32)


def network(shape: str, silent: int = 0) -> snn.Network:
    """Input, "source", "target", "output"; the first neurons of "source" spike as their input says, the `silent` ones never."""
    net = snn.Network()
    net.add("input", snn.SpikeInput(DRIVE))
    net.add("source", snn.LIF(NEURONS + silent, reset="value"))
    drive = np.zeros((DRIVE, NEURONS + silent), np.float32)
    drive[np.arange(NEURONS) % DRIVE, np.arange(NEURONS)] = 4.0
    net.connect("input", "source", snn.Dense(weights=drive))
    net.add("target", snn.LIF(TARGETS))
    net.add("output", snn.LeakyIntegrator(3))
    if shape == BIASED:  # onto sums that another projection begins
        net.connect("input", "target", snn.Dense(weights=weights(1, DRIVE, TARGETS)))
    dense = np.concatenate([weights(2, NEURONS, TARGETS), weights(3, silent, TARGETS)])
    bias = np.linspace(-0.2, 0.3, TARGETS, dtype=np.float32)
    net.connect(
        "source", "target", snn.Dense(weights=dense, bias=bias, delay_steps=2 * (shape == DELAYED)), name="dense"
    )
    if shape == RECURRENT:
        loop = np.zeros((NEURONS + silent, NEURONS + silent), np.float32)  # nothing comes back from the others
        loop[:NEURONS, :NEURONS] = weights(4, NEURONS, NEURONS)
        net.connect("source", "source", snn.Dense(weights=loop, delay_steps=1), name="loop")
    net.connect("target", "output", snn.Dense(weights=weights(5, TARGETS, 3)))
    return net


def frames(share: str, steps: int = STEPS) -> np.ndarray:
    random = np.random.default_rng(9)
    changing = np.array([0.0, 1.0, 0.1])[np.arange(steps) % 3][:, None, None]
    shares = {"few": 0.15, "most": 0.8, "all": 1.0, "now and then": changing}
    return (random.random((steps, BATCH, DRIVE)) < shares[share]).astype(np.float32)


def train(net: snn.Network, setting: Setting, drive: np.ndarray, dropout: float = 0.0, **way: Any) -> dict[str, Any]:
    """All that the third pass leaves behind of neurons that spike: loops have the memory of products from the second on."""
    session = session_of(net._finished(), setting, BATCH)
    source, target, steps = net["source"], net["target"], len(drive)
    trainer = _native.Trainer(session, output_population=target._index, steps=steps, loss=LOSS_NONE, **way)
    if dropout:
        trainer.set_dropout(source._index, dropout, 7)
    found: dict[str, Any] = {}
    spikes = {p.name: np.zeros((steps, BATCH, p.size), np.float32) for p in (source, target)}
    asked = np.cos(np.arange(steps * BATCH * TARGETS, dtype=np.float32)).reshape(steps, BATCH, TARGETS)
    for _ in range(3):
        session.reset()
        trainer.run([(0, False, drive)], [(p._index, "spikes", spikes[p.name]) for p in (source, target)])
        found["counters"] = session.counters()
        trainer.run_backward(0.0, [(target._index, "spikes", asked)], [])
    found["source"], found["target"] = spikes["source"][:, :, :NEURONS], spikes["target"]
    assert not spikes["source"][:, :, NEURONS:].any()
    for name in ("dense", "loop"):
        if name in net.projections:
            found[name] = read(session, f"{name}.weight.gradient", np.float32).reshape(source.size, -1)[:NEURONS]
    if "loop" in found:
        found["loop"] = found["loop"][:, :NEURONS].copy()
    return found


@pytest.mark.parametrize("share", ["most", "all", "now and then"])
@pytest.mark.parametrize("shape", ["", RECURRENT, DELAYED, BIASED])
@pytest.mark.parametrize("way", WAYS, ids=["", "segments", "windows"])
def test_products_have_the_bits_of_rows(shape: str, share: str, way: dict[str, Any]) -> None:
    drive = frames(share)
    for setting in SETTINGS:
        products, rows = (train(network(shape, silent), setting, drive, **way) for silent in (0, SILENT))
        assert products["source"].mean() > 0.3
        assert 0.02 < products["target"].mean() < 0.98
        assert np.abs(products["dense"]).max() > 0.1
        for name, values in products.items():
            if name != "counters":
                np.testing.assert_array_equal(values.view(np.uint32), rows[name].view(np.uint32), f"{setting} {name}")


# Steps of all samples that are so many that weights are read from panels.
PANEL_STEPS = 130


@pytest.mark.parametrize(("share", "steps"), [("all", STEPS), ("few", PANEL_STEPS), ("now and then", PANEL_STEPS)])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("shape", ["", RECURRENT, DELAYED, BIASED])
def test_either_way_is_as_the_reference_says(shape: str, dropout: float, share: str, steps: int) -> None:
    drive = frames(share, steps)
    expected = train(network(shape), Setting("reference"), drive, dropout)
    assert 0.02 < expected["target"].mean() < 0.98
    for setting in SETTINGS:
        found = train(network(shape), setting, drive, dropout)
        for name, values in expected.items():
            if name == "counters":
                assert found[name] == values
            elif name in ("source", "target"):
                np.testing.assert_array_equal(found[name], values)
            else:
                np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-4 * np.abs(values).max())
