"""Samples that begin again: the bits of a new session, and of one without a reset in all other samples, on every device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import snn

from .cases import CASES, Builder, Case
from .running import Result, Setting, open_session, recorded, vulkan_settings
from .test_brains import DRIVEN

BEGUN, BATCH = [0, 2], 4
SETTINGS = [
    Setting("reference"),
    Setting("cpu", threads=2),
    Setting("cpu*1+cpu*3"),
    Setting("cpu+reference"),
    *vulkan_settings(),
]
# Models with and without draws, delays, refractory times, every kind of connection.
NAMES = [
    "model_lif",
    "model_adex",
    "model_hodgkin_huxley",
    "recurrent_3",
    "recurrent_sparse",
    "sparse_fixed_delays",
    "sparse_float_delays",
    "conv_strided",
    "pool_max",
    "conv_delayed",
    "several_projections",
]


def _chosen() -> list[Case]:
    by_name = {case.name: case for case in CASES}
    found = [by_name[name] for name in NAMES if name in by_name]
    return [*(replace(case, batch=BATCH) for case in found), replace(DRIVEN, batch=BATCH)]


def _samples(result: Result, samples: list[int]) -> Result:
    return Result({name: np.ascontiguousarray(values[:, samples]) for name, values in result.arrays.items()})


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("case", _chosen(), ids=lambda case: case.name)
def test_samples_begin_again(case: Case, setting: Setting) -> None:
    builder = Builder(case)
    before, after = builder.drive(case, 7), builder.drive(case, 8)
    stayed, session = (open_session(builder, case, setting) for _ in range(2))
    first = recorded(builder, stayed, case, before)
    assert not first.first_difference(recorded(builder, session, case, before))
    for index, _, values in before:  # what they were given for the coming step goes with them
        session.set_input(index, values[0])
    counted = session.counters()
    session.reset_samples(np.array([2, 0, 2], np.uint32))
    assert session.counters() == counted
    assert session.step_count == case.steps
    found = recorded(builder, session, case, after)

    new = open_session(builder, case, Setting("reference"))
    new.step_count = case.steps  # draws go by it
    expected = recorded(builder, new, case, after)
    assert not (difference := _samples(expected, BEGUN).first_difference(_samples(found, BEGUN))), difference
    others = [sample for sample in range(BATCH) if sample not in BEGUN]
    on = recorded(builder, stayed, case, after)
    assert not (difference := _samples(on, others).first_difference(_samples(found, others))), difference
    assert _samples(on, BEGUN).first_difference(_samples(found, BEGUN))  # a reset is seen


def test_every_name_is_a_case() -> None:
    assert {case.name for case in _chosen()} >= set(NAMES)


@pytest.mark.parametrize("device", ["reference", "cpu", *(["vulkan"] if vulkan_settings() else [])])
def test_spikes_for_the_coming_step_are_gone(device: str) -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(3))
    net.add("cells", snn.LIF(3))
    net.connect("input", "cells", snn.OneToOne(weights=np.full(3, 2.0)))
    with snn.Simulation(net, device=device, batch_size=3) as sim:
        for sample in range(3):
            sim.add_input_spikes("input", [sample], sample)
        sim.reset([1])
        sim.step()
        assert [list(sim.spikes("cells", sample)) for sample in range(3)] == [[0], [], [2]]
        sim.reset(2)
        assert [list(sim.spikes("cells", sample)) for sample in range(3)] == [[0], [], []]
        sim.reset([])
        assert sim.step_count == 1
        with pytest.raises(snn.InvalidArgumentError, match=r"samples to reset: index \[1\] is 3; it must be 0 to 2"):
            sim.reset([0, 3])
        assert list(sim.spikes("cells", 0)) == [0]


def test_traces_of_plastic_synapses_are_forgotten() -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(4))
    net.add("cells", snn.LIF(2))
    net.connect("input", "cells", snn.Sparse.all_to_all(weight=0.6, plasticity=snn.PairSTDP(w_max=2.0)), name="w")

    def go_on(sim: snn.Simulation) -> np.ndarray:
        sim.run(30, {"input": np.random.default_rng(5).random((30, 4)) < 0.3})
        return sim["w.weight"]

    with snn.Simulation(net) as sim, snn.Simulation(net) as new:
        learned = go_on(sim)
        assert not np.array_equal(learned, new["w.weight"])
        sim.reset([0])
        np.testing.assert_array_equal(sim["w.weight"], learned)
        assert sim.step_count == 30
        new["w.weight"] = learned
        np.testing.assert_array_equal(go_on(sim), go_on(new))
