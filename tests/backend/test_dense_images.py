"""Convolutions of images of which most is active add up all that a window covers.

Of spikes of which neither few nor most are active, windows are bits of words; few are added one after the other: with the same
bits. The other ways are taken by the same image with further channels that are silent, which make the share of the active small
and add nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import snn

from .running import Setting, cpu_settings

STEPS, BATCH, CHANNELS = 6, 3, 2
SILENT = (0, 14, 62)  # 70, 9 and 2 % of the image are active
IMAGE = (13, 10)
SETTINGS = [setting for setting in cpu_settings() if not setting.flags]
SHAPES: dict[str, dict[str, Any]] = {
    "": {},
    "padding": {"padding": (2, 1)},
    "stride": {"stride": (2, 3), "padding": 1},
    "dilation": {"dilation": (2, 3), "padding": (1, 2)},
    "groups": {"groups": CHANNELS, "padding": 1},
    "one place": {"kernel": 1},
    "many channels": {"filters": 150},
    "a word full": {"filters": 70, "kernel": 8, "padding": 3},
    "more than a word": {"kernel": (13, 5), "padding": (2, 1)},
    "one channel to a word": {"filters": 64, "kernel": 5, "padding": 2, "stride": (1, 2)},
    "half of a word": {"filters": 20, "kernel": (1, 4)},
}


def network(kind: type[snn.Input], shape: dict[str, Any], silent: int, second: bool) -> snn.Network:
    """An image and what it is convolved to; `second`: onto sums that another projection begins."""
    shape = {"filters": 38, "kernel": (3, 2), **shape}
    filters, kernel, groups = shape.pop("filters"), shape.pop("kernel"), shape.get("groups", 1)
    image = (CHANNELS + silent, *IMAGE)
    places = (kernel, kernel) if isinstance(kernel, int) else kernel
    random = np.random.default_rng(4)
    weights = random.uniform(-0.5, 0.5, (filters, CHANNELS // groups, *places)).astype(np.float32)
    others = random.uniform(-0.5, 0.5, (filters, silent // groups, *places)).astype(np.float32)
    bias = np.linspace(-0.3, 0.4, filters, dtype=np.float32)
    net = snn.Network()
    net.add("image", kind(image))
    convolution = snn.Conv2d(filters, kernel, weights=np.concatenate([weights, others], axis=1), bias=bias, **shape)
    axes = zip(
        IMAGE,
        places,
        *(np.broadcast_to(shape.get(k, d), 2) for k, d in (("stride", 1), ("padding", 0), ("dilation", 1))),
        strict=True,
    )
    extents = [
        int((n + 2 * padding - dilation * (k - 1) - 1) // stride + 1) for n, k, stride, padding, dilation in axes
    ]
    net.add("target", snn.LIF((filters, *extents)))
    if second:
        net.add("other", snn.SpikeInput(5))
        net.connect("other", "target", snn.Dense(weights=np.full((5, net["target"].size), 0.1, np.float32)))
    net.connect("image", "target", convolution)
    return net


def frames(kind: type[snn.Input], silent: int, groups: int) -> np.ndarray:
    """Spikes, or values between 0.1 and 1, in seven of ten places of the first channels of each group."""
    random = np.random.default_rng(8)
    image = np.zeros((STEPS, BATCH, groups, (CHANNELS + silent) // groups, *IMAGE), np.float32)
    shape = (STEPS, BATCH, groups, CHANNELS // groups, *IMAGE)
    image[:, :, :, : CHANNELS // groups] = (random.random(shape) < 0.7) * (
        random.uniform(0.1, 1.0, shape) if kind is snn.Input else 1.0
    )
    return image.reshape(STEPS, BATCH, -1)


def run(net: snn.Network, setting: Setting, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voltages and spikes of all steps."""
    isa = ("best", "scalar", "avx2", "avx512", "neon")[setting.instruction_set]
    inputs: dict[str, Any] = {"image": values}
    if "other" in net.populations:
        inputs["other"] = np.ones((STEPS, BATCH, 5), np.float32)
    with snn.Simulation(
        net, batch_size=BATCH, device=setting.device, threads=setting.threads, instruction_set=isa
    ) as simulation:
        recording = simulation.run(STEPS, inputs, {"target": ["v", "spikes"]})
        return recording["target"]["v"], recording["target"]["spikes"]


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [snn.SpikeInput, snn.Input])
def test_windows_have_the_bits_of_sources_one_by_one(kind: type[snn.Input], shape: str, second: bool) -> None:
    groups = SHAPES[shape].get("groups", 1)
    expected = run(network(kind, SHAPES[shape], 0, second), Setting("reference"), frames(kind, 0, groups))
    assert 0.02 < expected[1].mean() < 0.98
    for setting in SETTINGS:
        for silent in SILENT:
            found = run(network(kind, SHAPES[shape], silent, second), setting, frames(kind, silent, groups))
            np.testing.assert_array_equal(found[0].view(np.uint32), expected[0].view(np.uint32), f"{setting} {silent}")
            np.testing.assert_array_equal(found[1], expected[1])
