"""Counters of a simulation, against counts made from recorded spikes and the connections alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import snn

STEPS, BATCH = 30, 2
SETTINGS = [{"device": "reference"}, {"threads": 1}, {"threads": 2}, {"threads": 3}]


def network() -> snn.Network:
    random = np.random.default_rng(5)
    net = snn.Network(seed=3)
    net.add("image", snn.SpikeInput((2, 5, 6)))
    net.add("values", snn.Input(4))
    net.add("conv", snn.LIF((3, 3, 3)))
    net.add("pool", snn.LIF((3, 2, 2), threshold=0.3))
    net.add("cells", snn.LIF(40, threshold=0.5))
    weights = random.normal(0.1, 0.4, (3, 2, 3, 2)).astype(np.float32)
    net.connect("image", "conv", snn.Conv2d(3, (3, 2), stride=2, padding=(1, 0), weights=weights))
    net.connect("conv", "pool", snn.MaxPool2d(2, stride=1))
    net.connect("pool", "cells", snn.Dense(weights=random.normal(0.1, 0.5, (12, 40)).astype(np.float32), delay_steps=2))
    net.connect("values", "cells", snn.Dense(weights=random.normal(0.1, 0.5, (4, 40)).astype(np.float32)))
    net.connect("cells", "cells", snn.OneToOne(-0.1, delay_steps=1), name="self")
    net.connect(
        "cells",
        "cells",
        snn.Sparse.fixed_probability(0.3, weight=0.02, delay=snn.Uniform(1, 4), trainable=False),
        name="net",
    )
    return net


def window_uses(
    channels: tuple[int, int], source: tuple[int, int], target: tuple[int, int], *, kernel, stride, padding
):
    """For each place of the source, how many targets look at it: brute force over targets and kernel places."""
    uses = np.zeros((channels[0], *source), np.int64)
    for y, x, ky, kx in product(range(target[0]), range(target[1]), range(kernel[0]), range(kernel[1])):
        at = y * stride + ky - padding[0], x * stride + kx - padding[1]
        if 0 <= at[0] < source[0] and 0 <= at[1] < source[1]:
            uses[:, at[0], at[1]] += channels[1]
    return uses


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_counters_are_those_of_the_spikes_and_the_connections(settings: dict) -> None:
    random = np.random.default_rng(8)
    image = (random.random((STEPS, BATCH, 2, 5, 6)) < 0.3).astype(np.float32)
    values = random.random((STEPS, BATCH, 4)).astype(np.float32) * (random.random((STEPS, BATCH, 4)) < 0.6)
    net = network()
    with snn.Simulation(net, batch_size=BATCH, **settings) as sim:
        assert sim.counters == snn.Counters(0, 0, 0, 0, 0, 0)
        spiking = ("conv", "pool", "cells")
        run = sim.run(STEPS, {"image": image, "values": values}, dict.fromkeys(spiking, "spikes"))
        found = sim.counters
        sim.reset()
        assert sim.counters == snn.Counters(0, 0, 0, 0, 0, 0)
    spikes = {name: run[name]["spikes"] for name in spiking}
    assert all(array.any() for array in spikes.values())
    arrived = spikes["pool"][: STEPS - 2].sum() * 40 + spikes["cells"][: STEPS - 1].sum()
    arrived += (image * window_uses((2, 3), (5, 6), (3, 3), kernel=(3, 2), stride=2, padding=(1, 0))).sum()
    pool_uses = window_uses((3, 1), (3, 3), (2, 2), kernel=(2, 2), stride=1, padding=(0, 0))
    arrived += (spikes["conv"] * pool_uses).sum()
    sources, _, delays = net.projections["net"].synapses()
    for source, delay in zip(sources, delays, strict=True):
        arrived += spikes["cells"][: STEPS - int(delay), :, source].sum()
    assert found.steps == STEPS
    assert found.neuron_updates == STEPS * BATCH * (27 + 12 + 40)
    assert found.spikes == sum(array.sum() for array in spikes.values())
    assert found.input_spikes == image.sum()
    assert found.synaptic_events == arrived
    assert found.synaptic_operations == arrived + np.count_nonzero(values) * 40


def test_training_counts_its_own_forward(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        sim.run(40, {"input": spikes})
        assert sim.counters.steps == 40
        sim.step_count = 7
        assert sim.counters.steps == 40
