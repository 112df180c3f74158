"""Runs and recorders that keep a state of some neurons, or weights of some synapses, out of many."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import snn

SOME = [5, 0, 2, 5]


@pytest.mark.parametrize("settings", [{"device": "reference"}, {"threads": 1}, {"threads": 3}], ids=str)
@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("every", [1, 3, 7])
def test_some_neurons(chain: snn.Network, spikes: np.ndarray, settings: dict, cut: bool, every: int) -> None:
    with snn.Simulation(chain, batch_size=2, **settings) as sim:
        expected = sim.run(40, {"input": spikes}, {"hidden": ["v", "spikes", "spike_count"]}, every=every)["hidden"]
        sim.reset()
        if cut:  # into pieces that are no whole number of intervals
            sim.on_steps(4, lambda sim: None)
        wanted = {"hidden": {"v": SOME, "spikes": SOME, "spike_count": None}}
        found = sim.run(40, {"input": spikes}, wanted, every=every)["hidden"]
    assert np.abs(expected["v"]).max() > 0
    assert expected["spikes"].any()
    assert np.array_equal(found["v"], expected["v"][:, :, SOME])
    assert found["spikes"].dtype == bool
    assert np.array_equal(found["spikes"], expected["spikes"][:, :, SOME])
    assert np.array_equal(found["spike_count"], expected["spike_count"])


def test_a_slice_stands_for_its_indices(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        recorder = sim.recorder("hidden", {"v": slice(-2, None)})
        sim.step(5, {"input": spikes[0]})
        recorder.stop()
        sim.reset()
        found = sim.run(
            40, {"input": spikes}, {"hidden": {"v": slice(1, 6, 2)}, "input_to_hidden": {"weight": slice(3)}}
        )
        last = sim["hidden.v"]
    assert found["hidden"]["v"].shape == (40, 2, 3)
    assert np.array_equal(found["hidden"]["v"][-1], last[:, [1, 3, 5]])
    assert np.array_equal(
        found["input_to_hidden"]["weight"][0], chain.projections["input_to_hidden"].weights.ravel()[:3]
    )
    assert recorder["v"].shape == (5, 2, 2)


@pytest.mark.parametrize("part", [slice(10, 20), slice(0, 8), slice(-8, None), slice(3, 3), slice(5, 2)], ids=str)
def test_a_slice_of_other_neurons_is_refused(chain: snn.Network, part: slice) -> None:
    with snn.Simulation(chain) as sim:
        begin, end = (re.escape("" if place is None else str(place)) for place in (part.start, part.stop))
        sentence = rf"what to record of hidden\.v\[{begin}:{end}\].*: there are 7"
        with pytest.raises(snn.InvalidArgumentError, match=sentence):
            sim.run(2, record={"hidden": {"v": part}})
        with pytest.raises(snn.InvalidArgumentError, match=sentence):
            sim.recorder("hidden", {"v": part})
        for wrong, error in ((slice(0.5, 3), snn.ArgumentTypeError), (slice(0, 3, 0), snn.InvalidArgumentError)):
            with pytest.raises(error, match=r"what to record of hidden\.v\["):
                sim.run(2, record={"hidden": {"v": wrong}})
        assert sim.step_count == 0


def test_some_pixels_of_an_image() -> None:
    net = snn.Network()
    net.add("input", snn.Input((2, 3, 4)))
    net.add("cells", snn.LIF((2, 3, 4), threshold=1e9))
    net.connect("input", "cells", snn.OneToOne(1.0))
    values = np.arange(24.0).reshape(2, 3, 4)
    with snn.Simulation(net) as sim:
        found = sim.run(1, {"input": values}, {"cells": {"v": range(20, 24)}})["cells"]["v"]
    assert found.tolist() == [[[20.0, 21.0, 22.0, 23.0]]]


def test_some_synapses_of_a_projection_that_learns() -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(6))
    net.add("cells", snn.LIF(5, reset="value"))
    rule = snn.PairSTDP(amplitude_minus=0.2)
    net.connect("input", "cells", snn.Sparse.all_to_all(weight=0.5, plasticity=rule), name="learned")
    spikes = (np.random.default_rng(4).random((30, 6)) < 0.4).astype(np.float32)
    wanted = [29, 3]
    with snn.Simulation(net) as sim:
        whole = sim.run(30, spikes, {"learned": ["weight", "recent_spikes"]}, every=5)["learned"]
    with snn.Simulation(net) as sim:
        some = sim.run(30, spikes, {"learned": {"weight": wanted, "recent_spikes": [4]}}, every=5)["learned"]
    assert np.ptp(whole["weight"][:, 3]) > 0
    assert np.array_equal(some["weight"], whole["weight"][:, wanted])
    assert np.array_equal(some["recent_spikes"], whole["recent_spikes"][:, [4]])


def test_weights_of_samples() -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(3))
    net.add("cells", snn.LIF(4))
    net.connect("input", "cells", snn.Dense(weights=np.arange(12.0).reshape(3, 4)), name="p")
    with snn.Simulation(net, batch_size=2, sample_weights=True) as sim:
        sim["p.weight[1]"] = 7.0
        found = sim.run(2, record={"p": {"weight": [11, 4]}})["p"]["weight"]
        recorder = sim.recorder("p", {"weight": [11, 4]})
        assert recorder["weight"].shape == (0, 2, 2)
        sim.step()
    assert found.tolist() == [[[11.0, 4.0], [7.0, 7.0]]] * 2
    assert recorder["weight"].tolist() == found[:1].tolist()


def test_a_recorder_of_some_neurons(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        whole, some = sim.recorder("hidden", "v"), sim.recorder("hidden", {"v": SOME, "spikes": None})
        assert some["v"].shape == (0, 2, 4)
        for frame in spikes:
            sim.step(1, {"input": frame})
    assert np.array_equal(some["v"], whole["v"][:, :, SOME])
    assert some["spikes"].shape == (40, 2, 7)


def test_a_run_that_is_stopped_has_what_it_recorded(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain) as sim:
        expected = sim.run(40, {"input": spikes[:, :1]}, {"hidden": "v"})["hidden"]["v"]
        sim.reset()
        with pytest.raises(snn.StoppedError) as stopped:
            sim.run(
                40, {"input": spikes[:, :1]}, {"hidden": {"v": SOME}}, progress_interval=10,
                progress=lambda done, _: snn.STOP if done >= 20 else None,
            )  # fmt: skip
    left = stopped.value.recording["hidden"]["v"]  # type: ignore[attr-defined]
    assert np.array_equal(left, expected[:20, :, SOME])


@pytest.mark.parametrize(
    ("record", "kind", "sentence"),
    [
        ({"v": [1, 7]}, snn.InvalidArgumentError, r"hidden.v: index \[1\] is 7; it must be 0 to 6"),
        ({"v": [-1]}, snn.InvalidArgumentError, r"hidden.v: index \[0\] is -1"),
        ({"v": 3}, snn.InvalidArgumentError, "hidden.v has shape"),
        ({"v": [0.5]}, snn.ArgumentTypeError, "must hold integers"),
        ({"u": [0]}, snn.NotFoundError, "no variable 'u'"),
        ({"spike_events": [0]}, snn.InvalidArgumentError, "'spike_events' of 'hidden' is recorded of all neurons"),
        ({"spikes": [7]}, snn.InvalidArgumentError, r"hidden.spikes: index \[0\] is 7; it must be 0 to 6"),
        ({3: None}, snn.ArgumentTypeError, "contains 3, which is not a name"),
    ],
)
def test_what_cannot_be_recorded(chain: snn.Network, record: Any, kind: type[Exception], sentence: str) -> None:
    with snn.Simulation(chain) as sim, pytest.raises(kind, match=sentence):
        sim.run(1, record={"hidden": record})
