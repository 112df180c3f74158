"""Spikes one by one: what is read from them, and runs that are given them as input."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot

import snn
from snn import stimuli
from snn.plot import raster

DT = 0.5


def events_of(steps: list[int], neurons: list[int], **more: Any) -> snn.SpikeEvents:
    settings = {"shape": (4,), "step_count": 20, "dt": DT, **more}
    return snn.SpikeEvents(np.array(steps, np.uint32), np.array(neurons, np.uint32), **settings)


@pytest.fixture
def events() -> snn.SpikeEvents:
    return events_of([1, 4, 4, 9, 10, 19], [2, 0, 2, 2, 0, 2], first_step=100)


def test_times_are_those_at_the_end_of_each_step(events: snn.SpikeEvents) -> None:
    assert events.times.tolist() == [51.0, 52.5, 52.5, 55.0, 55.5, 60.0]
    assert [train.tolist() for train in events.trains()] == [[52.5, 55.5], [], [51.0, 52.5, 55.0, 60.0], []]


def test_part_of_the_steps(events: snn.SpikeEvents) -> None:
    part = events.between(4, 10)
    assert (part.steps.tolist(), part.neurons.tolist(), part.step_count) == ([0, 0, 5], [0, 2, 2], 6)
    assert part.times.tolist() == [52.5, 52.5, 55.0]
    with pytest.raises(snn.InvalidArgumentError, match="end is 21; it must be 0 to 20"):
        events.between(0, 21)
    with pytest.raises(snn.InvalidArgumentError, match="begin is 8; it must be 0 to 7"):
        events.between(8, 7)


def test_irregularity_of_intervals(events: snn.SpikeEvents) -> None:
    found = events.isi_cv()
    intervals = [3, 5, 10]
    assert found[2] == pytest.approx(statistics.pstdev(intervals) / statistics.mean(intervals), rel=1e-12)
    assert np.isnan(found[[0, 1, 3]]).all()  # at most one interval
    assert events_of([2, 7, 12, 17], [1] * 4).isi_cv()[1] == 0.0


def test_irregularity_of_poisson_spikes_is_one() -> None:
    net = snn.Network(dt=0.1)
    net.add("source", snn.PoissonSource(50, rate=50.0))
    with snn.Simulation(net, seed=2) as sim:
        events = sim.run(200_000, record={"source": "spike_events"})["source"]["spike_events"]
    # In steps, intervals are geometric: sqrt(1 - p), p = 0.005. The mean of 50 neurons of 1,000 intervals: +- 0.0045.
    assert events.isi_cv().mean() == pytest.approx(np.sqrt(1 - 0.005), abs=0.02)


def test_rate_of_a_population(events: snn.SpikeEvents) -> None:
    times, rates = events.population_rate(3.0)  # six steps, three times; two steps are left
    assert times.tolist() == [51.5, 54.5, 57.5]
    assert rates == pytest.approx(np.array([3, 2, 0]) / 4 / 3e-3)
    assert events.population_rate()[1].sum() * 4 * 1e-3 == pytest.approx(6)
    assert events.population_rate(0.01)[1].shape == (20,)  # at least a step
    samples = np.array([0, 1, 1, 1, 0, 1], np.uint32)
    two = snn.SpikeEvents(
        events.steps, events.neurons, samples, shape=(4,), step_count=20, batch_size=2, dt=DT, first_step=100
    )
    assert np.array_equal(two.population_rate(2.0)[1], [two.of(k).population_rate(2.0)[1] for k in range(2)])
    with pytest.raises(snn.InvalidArgumentError, match="bin_ms is 11, longer than the run of 10 ms"):
        events.population_rate(11.0)


def test_what_cannot_be_told() -> None:
    unknown = events_of([1], [1], dt=None)
    with pytest.raises(snn.InvalidArgumentError, match="no dt"):
        _ = unknown.times
    some = events_of([1], [1], dropped=3)
    told: list[Callable[[], Any]] = [some.isi_cv, some.population_rate]
    for one in told:
        with pytest.raises(snn.InvalidArgumentError, match="3 older spike events were dropped"):
            one()
    several = events_of([1], [1], batch_size=2)
    for one in (several.trains, several.isi_cv):
        with pytest.raises(snn.InvalidArgumentError, match=r"events of 2 samples; choose one: events.of\(sample\)"):
            one()


@pytest.mark.parametrize(
    ("columns", "error", "sentence"),
    [
        (([0.5, 3], [1, 2]), snn.ArgumentTypeError, "SpikeEvents: steps .* must hold integers"),
        (([1, 3], [-1, 2]), snn.InvalidArgumentError, "SpikeEvents: neurons has numbers from -1 to 2; from 0 on"),
        (([1, 3], [1]), snn.InvalidArgumentError, "SpikeEvents: there are 2 steps and 1 neurons"),
        (([1, 3], [1, 2], [[0], [0]]), snn.InvalidArgumentError, "SpikeEvents: samples has shape"),
        (([1, 10], [1, 2]), snn.InvalidArgumentError, r"SpikeEvents: steps\[1\] is 10; there are 10, counted from 0"),
        (([1, 3], [9, 2]), snn.InvalidArgumentError, r"SpikeEvents: neurons\[0\] is 9; there are 3, counted from 0"),
        (([1, 3], [1, 2], [0, 1]), snn.InvalidArgumentError, r"SpikeEvents: samples\[1\] is 1; there are 1, counted"),
    ],
)
def test_columns_that_are_no_events(columns: tuple[Any, ...], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        snn.SpikeEvents(*columns, shape=(3,), step_count=10)
    assert snn.SpikeEvents([1, 3], [1, 2], shape=(3,), step_count=10).steps.dtype == np.uint32


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"step_count": -6}, snn.InvalidArgumentError),
        ({"step_count": 2.5}, snn.ArgumentTypeError),
        ({"dt": -1}, snn.InvalidArgumentError),
        ({"dt": 0.0}, snn.InvalidArgumentError),
        ({"batch_size": 0}, snn.InvalidArgumentError),
        ({"dropped": -1}, snn.InvalidArgumentError),
        ({"first_step": -1}, snn.InvalidArgumentError),
        ({"shape": ()}, snn.ArgumentTypeError),
        ({"shape": (3, 0)}, snn.InvalidArgumentError),
        ({"shape": "3"}, snn.ArgumentTypeError),
    ],
    ids=str,
)
def test_settings_that_no_events_have(settings: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=f"SpikeEvents: {next(iter(settings))}"):
        snn.SpikeEvents([], [], **{"shape": (3,), "step_count": 10, **settings})
    assert snn.SpikeEvents([1], [2], shape=3, step_count=10).counts().tolist() == [[0, 0, 1]]  # type: ignore[comparison-overlap]


def test_a_run_tells_its_events_when_it_was(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain) as sim:
        sim.run(15, {"input": spikes[:15, :1]})
        run = sim.run(25, {"input": spikes[15:, :1]}, {"hidden": ["spike_events", "spikes"]})
    events = run["hidden"]["spike_events"]
    steps, _, _ = np.nonzero(run["hidden"]["spikes"])
    assert len(steps) > 5
    assert events.times == pytest.approx((16 + steps) * chain.dt)
    assert np.array_equal(events.times, run.spike_times("hidden")[0])
    axes = raster(events)  # dt and begin are those of the run
    drawn = np.array(axes.collections[0].get_segments())[:, 0, 0]
    assert drawn == pytest.approx(events.times)
    assert axes.get_xlim() == pytest.approx((15.5 * chain.dt, 40.5 * chain.dt))
    pyplot.close(axes.figure)


# --- as input


@pytest.mark.parametrize("settings", [{"device": "reference"}, {"threads": 1}, {"threads": 3}], ids=str)
@pytest.mark.parametrize("cut", [False, True])
def test_events_are_the_same_input_as_frames(chain: snn.Network, spikes: np.ndarray, settings: dict, cut: bool) -> None:
    steps, samples, neurons = (axis.astype(np.uint32) for axis in np.nonzero(spikes))
    order = np.random.default_rng(1).permutation(len(steps))  # the order of the list does not matter
    given = snn.SpikeEvents(
        steps[order], neurons[order], samples[order], shape=spikes.shape[2:], step_count=40, batch_size=2
    )
    record = {"hidden": ["v", "spikes"], "output": "spike_events"}
    with snn.Simulation(chain, batch_size=2, **settings) as sim:
        expected = sim.run(40, {"input": spikes}, record)
        sim.reset()
        if cut:  # into pieces of seven steps
            sim.on_steps(7, lambda sim: None)
        found = sim.run(40, given, record, every=3)  # the only input needs no name
        assert sim.step_count == 40
    assert np.array_equal(found["hidden"]["v"], expected["hidden"]["v"][2::3])
    assert expected["hidden"]["spikes"].any()
    assert np.array_equal(found["output"]["spike_events"].steps, expected["output"]["spike_events"].steps)


def test_recorded_spikes_drive_another_network(chain: snn.Network, spikes: np.ndarray) -> None:
    """What a population sends is recorded and sent again: the population behind it does the same."""
    with snn.Simulation(chain) as sim:
        whole = sim.run(40, {"input": spikes[:, :1]}, {"hidden": "spike_events", "output": "v"})
    net = snn.Network(dt=chain.dt)
    net.add("hidden", snn.SpikeInput(chain["hidden"].shape))
    net.add("output", chain["output"].neurons)
    weights = np.array(chain.projections["hidden_to_output"].weights)
    net.connect("hidden", "output", snn.Dense(weights=weights))
    with snn.Simulation(net) as sim:
        again = sim.run(40, whole["hidden"]["spike_events"], {"output": "v"})
    assert np.abs(whole["output"]["v"]).max() > 0
    assert np.array_equal(again["output"]["v"], whole["output"]["v"])


def test_a_longer_run_is_silent_after_the_events() -> None:
    net = snn.Network(dt=DT)
    net.add("input", snn.SpikeInput(3))
    net.add("cells", snn.LIF(3, reset="value"))
    net.connect("input", "cells", snn.OneToOne(2.0))
    events = stimuli.spike_events([1.0, 2.0, 1.1], [2, 0, 0], 3, dt=DT)
    assert (events.step_count, events.shape) == (5, (3,))
    assert events.steps.tolist() == [2, 2, 4]
    with snn.Simulation(net) as sim:
        found = sim.run(1000, {"input": events}, {"cells": "spike_events"})["cells"]["spike_events"]
        none = sim.run(10, {"input": stimuli.spike_events([], [], 3, dt=DT)}, {"cells": "spike_count"})
    assert (found.steps.tolist(), found.neurons.tolist()) == ([2, 2, 4], [0, 2, 0])
    assert none["cells"]["spike_count"].sum() == 0


def test_spikes_that_fall_together() -> None:
    times, neurons = [0.9, 1.0, 1.1, 3.0], [1, 1, 0, 1]
    sentence = r"neuron 1 has 2 spikes in step 2, of 0.5 ms; merge=True takes them for one"
    with pytest.raises(snn.InvalidArgumentError, match=sentence):
        stimuli.spike_events(times, neurons, 2, dt=DT)
    merged = stimuli.spike_events(times, neurons, 2, dt=DT, merge=True)
    assert list(zip(merged.steps.tolist(), merged.neurons.tolist(), strict=True)) == [(2, 0), (2, 1), (6, 1)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([1.0, 10.0], [0, 0], 2), r"times\[1\] is 10 ms; the 20 steps of 0.5 ms begin from 0 to 9.5 ms"),
        (([-1.0], [0], 2), r"times\[0\] is -1 ms"),
        (([float("nan")], [0], 2), r"times\[0\] is nan ms"),
        (([1.0], [2], 2), r"neurons\[0\] is 2; it must be 0 to 1"),
        (([1.0], [0, 1], 2), r"times has shape \(1,\) and neurons \(2,\)"),
        (([1.0], [0], 0), "size is 0"),
    ],
)
def test_events_that_do_not_fit(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(snn.InvalidArgumentError, match=sentence):
        stimuli.spike_events(*arguments, dt=DT, steps=20)


def test_events_that_a_run_refuses(chain: snn.Network) -> None:
    shape = chain["input"].shape

    def given(**more: Any) -> snn.SpikeEvents:
        return events_of([5], [1], **{"shape": shape, "dt": chain.dt, **more})

    with snn.Simulation(chain) as sim:
        for events, steps, sentence in (
            (given(), 5, r"whose steps go up to 5; there are 5, from 0 to 4; events.between\(begin, end\)"),
            (given(shape=(99,)), 20, r"of a population of shape \(99,\); the input has shape"),
            (given(batch_size=2), 20, "of 2 samples; the simulation's batch_size is 1"),
            (given(dt=DT), 20, f"of {DT:g} ms; those of the network are {chain.dt:g} ms long. Times in ms become"),
            (given(dropped=1), 20, "1 older ones dropped>; a run takes events of which all are there"),
        ):
            with pytest.raises(snn.InvalidArgumentError, match=sentence):
                sim.run(steps, {"input": events})
        changed = given()
        changed.neurons[0] = 99
        with pytest.raises(snn.InvalidArgumentError, match=r"neurons\[0\] is 99"):
            sim.run(20, {"input": changed})
        assert sim.step_count == 0
        with pytest.raises(
            snn.ArgumentTypeError, match=r"which Simulation.run takes; .* add_input_spikes gives it spikes"
        ):
            sim.step(1, {"input": given()})


# --- for one step


@pytest.mark.parametrize("settings", [{"device": "reference"}, {"threads": 1}, {"threads": 3}], ids=str)
def test_spikes_are_added_to_a_step_by_neuron(chain: snn.Network, spikes: np.ndarray, settings: dict) -> None:
    size = chain["input"].size
    frames = spikes.reshape(40, 2, size)
    with snn.Simulation(chain, batch_size=2, **settings) as sim, snn.Simulation(chain, batch_size=2) as framed:
        for frame in frames:
            for sample in range(2):
                neurons = np.flatnonzero(frame[sample])[::-1]
                sim.add_input_spikes("input", neurons[:2].tolist(), sample)
                sim.add_input_spikes("input", neurons.astype(np.uint32), sample=sample)
            sim.step()
            framed.step(1, {"input": frame})
            assert np.array_equal(sim["hidden.v"], framed["hidden.v"])
        assert sim.counters == framed.counters
        assert sim.counters.input_spikes == frames.sum() > 40


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        (("input", [0, 99]), snn.InvalidArgumentError, r"neurons of input 'input': index \[1\] is 99; it must be 0 to"),
        (("input", np.array([99], np.uint32)), snn.InvalidArgumentError, r"neurons\[0\] is 99; input 'input' has"),
        (("input", [-1]), snn.InvalidArgumentError, r"index \[0\] is -1"),
        (("input", [0.5]), snn.ArgumentTypeError, "must hold integers"),
        (("input", [0], 1), snn.InvalidArgumentError, "sample is 1; it must be 0 to 0"),
        (("hidden", [0]), snn.InvalidArgumentError, "'hidden' is not an input; the inputs are: input"),
    ],
)
def test_spikes_that_a_step_refuses(
    chain: snn.Network, arguments: tuple[Any, ...], kind: type[Exception], sentence: str
) -> None:
    with snn.Simulation(chain) as sim:
        with pytest.raises(kind, match=sentence):
            sim.add_input_spikes(*arguments)
        sim.step()
        assert sim.counters.input_spikes == 0


def test_spikes_are_for_spike_inputs() -> None:
    net = snn.Network()
    net.add("current", snn.Input(2))
    with snn.Simulation(net) as sim, pytest.raises(snn.InvalidArgumentError, match="input 'current' takes values"):
        sim.add_input_spikes("current", [0])
