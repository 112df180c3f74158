"""A batch on several devices: the bits of one device, however the samples are shared."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

import snn

from .cases import CASES, Case
from .running import Setting, load_golden, simulate, vulkan_settings
from .test_equal import GOLDEN
from .test_failing_devices import Losing
from .together import check_equal
from .vulkan_renderer import Renderer

BATCH = 7
SHARES = [
    "cpu*3+reference*4",
    "cpu*+cpu*+cpu*",
    "cpu*0+cpu*7",
    *(["cpu*2+vulkan*5", "vulkan*3+cpu*4"] if vulkan_settings() else []),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_hashes_of_shared_batches(case: Case) -> None:
    setting = Setting(f"cpu*{case.batch // 2}+reference*{case.batch - case.batch // 2}")
    assert simulate(case, setting).digest() == load_golden(GOLDEN)[case.name]


def _network() -> snn.Network:
    """Random draws in every sample, delays, an input for each sample."""
    net = snn.Network(dt=0.5, seed=3)
    net.add("current", snn.Input(30))
    net.add("drive", snn.PoissonSource(40, rate=120.0))
    net.add("cells", snn.LIF(60, tau_membrane=8.0))
    net.add("out", snn.LIF(20, tau_membrane=5.0))
    net.connect("current", "cells", snn.Dense(init=0.02))
    net.connect(
        "drive", "cells", snn.Sparse.fixed_probability(0.3, weight=snn.Uniform(0.1, 0.5), delay=2.0, trainable=False)
    )
    net.connect("cells", "out", snn.Dense(delay_steps=3, init=0.1), name="ahead")
    net.connect("out", "cells", snn.Dense(delay_steps=2, init=0.05), name="back")
    return net


def _current(steps: int) -> np.ndarray:
    return np.random.default_rng(steps).uniform(0, 1, (steps, BATCH, 30)).astype(np.float32)


def _outcome(sim: snn.Simulation) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for steps, every in ((25, 1), (30, 4)):
        recording = sim.run(
            steps,
            {"current": _current(steps)},
            record={"cells": ["v", "spikes", "spike_events"], "out": ["spike_count", "spike_events"]},
            every=every,
        )
        found += [recording["cells"]["v"], recording["cells"]["spikes"], recording["out"]["spike_count"]]
        for name in ("cells", "out"):
            events = recording[name]["spike_events"]
            assert events.steps.size > 10
            found += [np.asarray(part) for part in (events.steps, events.samples, events.neurons)]
        sim["ahead.weight"] = sim["ahead.weight"] * np.float32(1.25)
        sim["cells.v"] = np.linspace(0, 0.9, BATCH * 60).reshape(BATCH, 60)
        sim["out.tau_membrane"] = 4.0
    seen: list[int] = []
    sim.on_spikes(lambda event: seen.extend([event.sample, *event.neurons]))
    sim.step(5)
    counters = sim.counters
    found.append(np.array([counters.steps, counters.spikes, counters.input_spikes, counters.synaptic_events]))
    return [*found, np.array(seen), sim["out.v"], sim["cells.spikes"]]


@pytest.fixture(scope="module")
def expected() -> list[np.ndarray]:
    with snn.Simulation(_network(), batch_size=BATCH, seed=6) as sim:
        return _outcome(sim)


@pytest.mark.parametrize("device", SHARES)
def test_shares_have_the_bits_of_one_device(device: str, expected: list[np.ndarray]) -> None:
    with snn.Simulation(_network(), device=device, batch_size=BATCH, threads=2, seed=6) as sim:
        check_equal(expected, _outcome(sim))
        sim.reset()
        assert sim.counters.spikes == 0


def test_shares_by_name(expected: list[np.ndarray], caplog: pytest.LogCaptureFixture) -> None:
    for samples, device, told in (
        ("auto", "cpu*4+cpu*3", "samples 0 to 3 on cpu; samples 4 to 6 on cpu"),
        ([2, 5], "cpu*2+cpu*5", "samples 0 to 1 on cpu"),
    ):
        with (
            caplog.at_level(logging.INFO, "snn"),
            snn.Simulation(_network(), devices=["cpu", "cpu"], samples=samples, batch_size=BATCH, seed=6) as sim,
        ):
            check_equal(expected, _outcome(sim))
            assert sim.device == device
        assert told in caplog.text


@pytest.mark.parametrize("device", SHARES)
def test_states_move_between_shares_and_one_device(device: str, tmp_path: Path) -> None:
    net = _network()
    for first, second in ((device, "cpu"), ("cpu", device)):
        with (
            snn.Simulation(net, device=first, batch_size=BATCH, seed=4) as one,
            snn.Simulation(net, device=second, batch_size=BATCH) as other,
        ):
            one.run(21, {"current": _current(21)})
            one.save_state(tmp_path / "state")
            other.load_state(tmp_path / "state")
            for sim in (one, other):
                sim.run(30, {"current": _current(30)})
            for path in ("cells.v", "out.v", "out.spikes", "drive.spikes"):
                np.testing.assert_array_equal(one[path], other[path], path)
            assert one.counters == other.counters


def test_a_lost_device_leaves_its_samples_to_the_others(
    renderer: Renderer, expected: list[np.ndarray], caplog: pytest.LogCaptureFixture
) -> None:
    for lost_at in (3, 9):
        meddler = Losing(renderer)
        opening = Losing(renderer)
        with snn.Simulation(_network(), devices=["cpu", opening.host()], samples=[2, 5], batch_size=BATCH):
            meddler.lost_at = opening.submissions + lost_at
        caplog.clear()
        with (
            caplog.at_level(logging.WARNING, "snn"),
            snn.Simulation(
                _network(), devices=["cpu", meddler.host(), "cpu"], samples=[2, 3, 2], batch_size=BATCH, seed=6
            ) as sim,
        ):
            check_equal(expected, _outcome(sim))
            assert meddler.lost
            assert sim.device == "cpu*4+cpu*3"
            assert "it was lost" in sim.device_reason
        assert len(caplog.records) == 1


def test_bad_shares() -> None:
    net = _network()
    for device, error, sentence in (
        ("cpu*3+cpu*3", snn.InvalidArgumentError, "the devices have 6 samples together; batch_size is 7"),
        ("cpu*3+cpu*", snn.InvalidArgumentError, "some devices are told how many samples they have and some are not"),
        ("cpu*3+cpu", snn.InvalidArgumentError, "'cpu' is no share of a batch; expected DEVICE"),
        ("cpu*three+cpu*4", snn.InvalidArgumentError, "'cpu.three' is no share of a batch"),
        ("cpu*-1+cpu*8", snn.InvalidArgumentError, "'cpu.-1' is no share of a batch"),
        ("cpu*3+cpu*4;cells=1", snn.InvalidArgumentError, "have every population; none is placed"),
        ("cpu*3+cpu*4;microbatch=2", snn.InvalidArgumentError, "3 samples of 'cpu' are not whole micro-batches of 2"),
        ("cpu*3+cpu*4;microbatch=0", snn.InvalidArgumentError, "'microbatch=0' is no micro-batch"),
        ("cpu*3+cpu*4;microbatch=2x", snn.InvalidArgumentError, "'microbatch=2x' is no micro-batch"),
        ("cpu*3+quantum*4", snn.NotFoundError, "there is no device 'quantum'"),
        ("cpu*3+null*4", snn.UnsupportedError, "device 'null' cannot work with others"),
    ):
        with pytest.raises(error, match=sentence):
            snn.Simulation(net, device=device, batch_size=BATCH)
    two = {"devices": ["cpu", "cpu"], "batch_size": BATCH}
    for arguments, error, sentence in (
        ({**two, "samples": [7]}, snn.InvalidArgumentError, "samples has 1 numbers for 2 devices"),
        ({**two, "samples": "most"}, snn.InvalidArgumentError, "samples is 'most'; expected 'auto'"),
        ({**two, "samples": 7}, snn.ArgumentTypeError, "samples is 7, neither 'auto' nor a list"),
        ({**two, "samples": [3, "4"]}, snn.ArgumentTypeError, r"samples\[1\]"),
        ({**two, "samples": [3, 4], "placement": {"cells": 0}}, snn.InvalidArgumentError, "not both"),
        ({"samples": [1]}, snn.InvalidArgumentError, "samples is given without devices"),
        ({"devices": ["cpu*4"], "samples": [1]}, snn.InvalidArgumentError, r"devices contains 'cpu\*4'"),
    ):
        with pytest.raises(error, match=sentence):
            snn.Simulation(net, **arguments)
