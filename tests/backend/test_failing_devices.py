"""A GPU that is lost while a network runs on several devices: the run ends as if nothing had happened, with one warning."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import snn

from .running import vulkan_settings
from .together import check_equal
from .vulkan_meddler import Meddler
from .vulkan_renderer import Renderer

PLACES = {"drive": 0, "exc": 1, "inh": 0, "readout": 1}


class Losing(Meddler):
    """Its device is lost at the submission of that number, counted from one."""

    lost_at = 0

    def __init__(self, renderer: Renderer) -> None:
        super().__init__(renderer)
        # A process asks a device for known answers once: before anything is counted.
        snn.Simulation(snn.Sequential(2, snn.Dense(2), snn.LIF()), device=self.host()).close()
        self.submissions = 0

    def submit(self, queue: int, count: int, infos: int, fence: int) -> int:
        self.lost |= self.submissions + 1 == self.lost_at
        return super().submit(queue, count, infos, fence)


def _network(**learns: snn.Plasticity) -> snn.Network:
    """Random draws, rings between devices, an input that both read, a window of several steps."""
    net = snn.Network(dt=0.5, seed=5)
    net.add("current", snn.Input(80))
    net.add("drive", snn.PoissonSource(60, rate=90.0))
    net.add("exc", snn.LIF(80, tau_membrane=8.0))
    net.add("inh", snn.LIF(80, tau_membrane=5.0))
    net.add("readout", snn.LeakyIntegrator(4))
    delays = snn.Uniform(5.0, 9.0)
    net.connect("current", "exc", snn.OneToOne(0.2))
    net.connect("current", "inh", snn.OneToOne(0.1))
    for source, target, weight in (("drive", "exc", 0.2), ("exc", "inh", 0.3)):
        rule = snn.Sparse.fixed_probability(0.3, weight=snn.Uniform(0.1, weight + 0.2), delay=delays, **learns)
        net.connect(source, target, rule, name=f"{source}_{target}")
    net.connect(
        "inh", "exc", snn.Sparse.fixed_probability(0.2, weight=-0.3, delay=delays, trainable=False), name="back"
    )
    net.connect("exc", "readout", snn.Dense(delay_steps=2))
    return net


RECORD = {"exc": ["v", "spikes", "spike_count", "spike_events"], "inh": ["v", "spike_events"], "readout": ["v"]}


def _whole_runs(sim: snn.Simulation) -> list[np.ndarray]:
    """Runs with frames of inputs that change, one of them longer than what lies between two safe points."""
    random = np.random.default_rng(2)
    found: list[np.ndarray] = []
    for steps, every in ((40, 3), (1000, 11), (30, 1)):
        current = random.uniform(0, 2, (steps, 80)).astype(np.float32)
        # Asked for its progress, a run comes in pieces of so many steps, else by the clock: submissions are counted here.
        recording = sim.run(
            steps, {"current": current}, record=RECORD, every=every, progress=lambda *_: False, progress_interval=1000
        )
        found += [
            recording["exc"]["v"],
            recording["exc"]["spikes"],
            recording["exc"]["spike_count"],
            recording["inh"]["v"],
            recording["readout"]["v"],
        ]
        for name in ("exc", "inh"):
            events = recording[name]["spike_events"]
            found += [np.asarray(events.steps), np.asarray(events.neurons)]
    assert found[5].size > 0
    return found


def _small_steps(sim: snn.Simulation) -> list[np.ndarray]:
    """As a game does it: inputs, parameters, weights and states change between steps, and are read."""
    found: list[np.ndarray] = []
    for frame in range(12):
        sim.set_input("current", np.linspace(0, 2 + frame // 4, 80))
        sim.step(4)
        if frame == 3:
            sim["exc.tau_membrane"] = 6.0
        if frame == 5:
            sim["exc_inh.weight"] = sim["exc_inh.weight"] * np.float32(0.75)
        if frame == 7:
            sim["inh.v"] = np.linspace(0, 0.9, 80)
        found += [sim["exc.v"], sim["inh.spikes"]]
    return found


def _outcome(sim: snn.Simulation, use: Callable[[snn.Simulation], list[np.ndarray]]) -> list[np.ndarray]:
    found = use(sim)
    found += [sim[path] for path in ("exc.v", "inh.v", "readout.v", "exc_inh.weight", "drive_exc.weight")]
    counters = sim.counters
    return [*found, np.array([counters.steps, counters.spikes, counters.input_spikes, counters.synaptic_events])]


@pytest.mark.parametrize(
    ("rule", "memory"),
    [(None, "hidden"), (snn.PairSTDP(w_max=0.9, amplitude_plus=0.03), "")],
    ids=["static, read by submissions", "plastic, read in place"],
)
@pytest.mark.parametrize("use", [_whole_runs, _small_steps])
def test_a_lost_device_is_left_and_the_run_has_the_same_bits(
    renderer: Renderer,
    use: Callable[[snn.Simulation], list[np.ndarray]],
    rule: snn.Plasticity | None,
    memory: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SNN_VULKAN_MEMORY", memory)
    net = _network(**({} if rule is None else {"plasticity": rule}))
    with snn.Simulation(net, seed=9) as sim:
        expected = _outcome(sim, use)
    snn.Simulation(net, devices=["cpu", renderer.host()]).close()  # measures the device, which takes submissions, once
    counting = Losing(renderer)
    with snn.Simulation(net, devices=["cpu", counting.host()], placement=PLACES, seed=9) as sim:
        opening = counting.submissions
        check_equal(expected, _outcome(sim, use))
        assert sim.device == "cpu+vulkan;drive=0;exc=1;inh=0;readout=1"
        assert sim.device_reason == ""
    last = counting.submissions
    assert last > opening + 8
    # In the middle, and at the last submission, which may be one that reads; at the first step, early and late.
    in_long_runs = rule is not None and use is _whole_runs  # takes longest, and begins and ends as the others do
    for lost_at in (
        {(opening + last) // 2, last}
        | (set() if in_long_runs else {opening + 1})
        | (set() if rule else {opening + 7, last - 3})
    ):
        meddler = Losing(renderer)
        meddler.lost_at = lost_at
        caplog.clear()
        with (
            caplog.at_level(logging.WARNING, "snn"),
            snn.Simulation(net, devices=["cpu", meddler.host()], placement=PLACES, seed=9) as sim,
        ):
            check_equal(expected, _outcome(sim, use))
            assert meddler.lost, lost_at
            assert sim.device == "cpu"
            assert sim.device_reason.startswith("'vulkan' failed and is not used any more: ")
            assert "it was lost" in sim.device_reason
        warnings = [record.getMessage() for record in caplog.records]
        assert len(warnings) == 1, warnings
        assert warnings[0].startswith("device 'vulkan' failed, the session goes on on 'cpu': ")


def test_the_others_keep_what_they_have(renderer: Renderer) -> None:
    """Three devices, and a state that is saved after one of them was lost."""
    net = _network()
    meddler = Losing(renderer)
    with (
        snn.Simulation(net, seed=1) as expected,
        snn.Simulation(
            net, devices=["reference", meddler.host(), "cpu"], placement={"exc": 1, "inh": 2, "drive": 0}, seed=1
        ) as sim,
    ):
        for one in (expected, sim):
            one.set_input("current", np.full(80, 1.5))
            one.step(30)
        meddler.lost = True
        for one in (expected, sim):
            one.step(30)
            np.testing.assert_array_equal(one["exc.v"], expected["exc.v"])
        assert sim.device.startswith("reference+cpu;drive=0;inh=1")
        assert sim.counters == expected.counters
        for one in (expected, sim):  # without the device after a reset as well
            one.reset()
            one.step(30)
        np.testing.assert_array_equal(sim["inh.v"], expected["inh.v"])


def test_slices_of_a_lost_device_are_placed_anew(renderer: Renderer) -> None:
    """Plastic synapses onto both slices, states and weights that were written, a loss in the middle and at the end."""
    net = _network(plasticity=snn.PairSTDP(w_max=0.9, amplitude_plus=0.03))
    with snn.Simulation(net, seed=9) as sim:
        expected = _outcome(sim, _small_steps)
    places = {"drive": 0, "exc[0:64]": 1, "exc[64:]": 2, "inh[0:64]": 0, "inh[64:]": 1, "readout": 2}
    counting = Losing(renderer)
    with snn.Simulation(net, devices=["cpu", counting.host(), "reference"], placement=places, seed=9) as sim:
        opening = counting.submissions
        check_equal(expected, _outcome(sim, _small_steps))
    for lost_at in ((opening + counting.submissions) // 2, counting.submissions):
        meddler = Losing(renderer)
        meddler.lost_at = lost_at
        with snn.Simulation(net, devices=["cpu", meddler.host(), "reference"], placement=places, seed=9) as sim:
            check_equal(expected, _outcome(sim, _small_steps))
            assert meddler.lost
            assert sim.device == "cpu+reference;drive=0;readout=1"


@pytest.mark.parametrize("memory", ["", "hidden"])
def test_a_state_travels_over_a_loss(
    renderer: Renderer, tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNN_VULKAN_MEMORY", memory)
    net = _network(plasticity=snn.PairSTDP(w_max=0.9, amplitude_plus=0.03))
    meddler = Losing(renderer)
    with (
        snn.Simulation(net, seed=1) as expected,
        snn.Simulation(net, devices=["cpu", meddler.host()], placement=PLACES) as sim,
    ):
        expected.set_input("current", np.full(80, 1.5))
        expected.step(50)
        expected.save_state(tmp_path / "state")
        sim.step(3)
        sim.load_state(tmp_path / "state")
        meddler.lost = True
        sim.save_state(tmp_path / "state")  # reads what was loaded, from a device that has it no more
        with snn.Simulation(net) as other:
            other.load_state(tmp_path / "state")
            for one in (expected, sim, other):
                one.step(50)
                for path in ("exc.v", "inh.v", "exc_inh.weight"):
                    np.testing.assert_array_equal(one[path], expected[path], path)
                assert one.counters == expected.counters


@pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")
def test_only_the_last_device_ends_the_run() -> None:
    """A device that hands out its steps as data refuses to run them."""
    net = _network()
    with snn.Simulation(net, devices=["cpu", "vulkan:plan"], placement=PLACES) as sim, snn.Simulation(net) as expected:
        for one in (sim, expected):
            one.step(30)
        np.testing.assert_array_equal(sim["exc.v"], expected["exc.v"])
        assert sim.device == "cpu"
        assert "vulkan:plan" in sim.device_reason
    with snn.Simulation(net, devices=["vulkan:plan", "vulkan:plan"], placement=PLACES) as sim:
        for count in (3, 1):  # what failed has not happened
            with pytest.raises(snn.UnsupportedError, match="plan"):
                sim.step(count)
            assert sim.step_count == 0
            np.testing.assert_array_equal(sim["exc.v"], 0.0)
            assert sim.spikes("exc").size == 0


def test_a_host_is_one_device(renderer: Renderer) -> None:
    host = renderer.host()
    for devices in itertools.permutations(["vulkan", host]), [[host, host]]:
        for names in devices:
            with pytest.raises(snn.InvalidArgumentError, match='names "vulkan" once'):
                snn.Simulation(_network(), devices=list(names))
