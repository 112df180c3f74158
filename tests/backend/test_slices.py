"""Populations of which several devices have a slice each: the bits of one device, wherever the cuts are."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import snn

from .cases import COMPACT, FIXED, FLOAT, NEURONS, ONE_TO_ONE, SPIKES, VALUES, Builder, Case
from .running import Setting, open_session, recorded, vulkan_settings
from .together import check_equal, column, outcome

HAS_VULKAN = bool(vulkan_settings())
TWO = ["cpu+cpu", "reference+cpu", *(["cpu+vulkan", "vulkan+vulkan"] if HAS_VULKAN else [])]


def _all_kinds(b: Builder) -> None:
    """Every kind of projection onto populations that are cut and from them; parameters and draws of each neuron."""
    spikes, values = b.add(SPIKES, 130), b.add(VALUES, 200)
    one = b.add(NEURONS, 200, "lif", tau_membrane=b.random.uniform(4, 20, 200))
    two = b.add(NEURONS, 130, "driven_lif", background_rate=b.random.uniform(0, 2500, 130), background_weight=0.1)
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.connect(ONE_TO_ONE, values, one, weights=b.weights(200, 1.0), bias=b.weights(200, 40.0))
    b.connect(ONE_TO_ONE, spikes, two, weights=b.weights(130, 1.0))
    b.dense(spikes, one, delay_steps=1)
    b.sparse(values, two, arithmetic=FLOAT)
    b.dense(one, two, gain=0.5, delay_steps=3, bias=True)
    b.sparse(one, one, density=0.05, arithmetic=FLOAT, delays=True, delay_steps=2)
    b.sparse(two, one, density=0.1, arithmetic=COMPACT, delays=True, delay_steps=2, trainable=False)
    b.sparse(two, two, density=0.05, arithmetic=FIXED, delays=True, delay_steps=4, trainable=False)
    b.connect(ONE_TO_ONE, one, one, weights=b.weights(200, 1.0), delay_steps=5)
    b.sparse(one, two, density=0.0, arithmetic=FIXED, trainable=False)
    b.dense(two, out, delay_steps=2)


def _one_step(b: Builder) -> None:
    """A delay of one step: devices exchange spikes in each."""
    spikes, cells = b.add(SPIKES, 40), b.add(NEURONS, 150, "noisy_izhikevich")
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.dense(spikes, cells, gain=20.0)
    b.dense(cells, cells, gain=3.0, delay_steps=1)
    b.dense(cells, out, delay_steps=1)


CUTS = ["p2[0:64]=0;p2[64:200]=1;p3=0", "p2[:64]=1;p2[64:]=0;p3[:128]=0;p3[128:]=1;p4=1"]
CASES = [
    (Case("slices", _all_kinds, steps=40), TWO, CUTS),
    (Case("slices_one_sample", _all_kinds, steps=40, batch=1), TWO, CUTS[1:]),
    (
        Case("slices_of_three", _all_kinds, steps=40, batch=1),
        ["cpu+reference+vulkan" if HAS_VULKAN else "cpu+reference+cpu"],
        ["p2[0:64]=2;p2[64:128]=0;p2[128:200]=1;p3[0:64]=1;p3[64:130]=2"],
    ),
    (Case("slices_one_step", _one_step, steps=25), TWO, ["p1[0:64]=0;p1[64:]=1;p2=0"]),
]


@pytest.mark.parametrize(
    ("case", "devices", "cuts"),
    [(case, one, cuts) for case, devices, cuts in CASES for one in devices],
    ids=lambda value: value.name if isinstance(value, Case) else value if isinstance(value, str) else "",
)
def test_every_cut_has_the_bits_of_one_device(case: Case, devices: str, cuts: list[str]) -> None:
    builder = Builder(case)
    single = open_session(builder, case, Setting("reference"))
    expected = recorded(builder, single, case, builder.drive(case))
    assert all(array.any() for name, array in expected.arrays.items() if name.endswith(".spikes"))
    for cut in cuts:
        session = open_session(builder, case, Setting(f"{devices};{cut}"))
        difference = expected.first_difference(recorded(builder, session, case, builder.drive(case)))
        assert not difference, f"{devices};{cut}: {difference}"
        assert session.counters() == single.counters()


PLACES = "drive[0:64]=1;drive[64:100]=0;exc[0:128]=0;exc[128:300]=1;inh[0:64]=1;inh[64:]=0"


@pytest.mark.parametrize("devices", TWO)
@pytest.mark.parametrize(
    ("rule", "batch"),
    [(None, 1), (None, 3), (snn.PairSTDP(w_max=0.9, amplitude_plus=0.03), 1), (snn.TsodyksMarkram(w_max=0.9), 1)],
    ids=["static", "three_samples", "stdp", "short_term"],
)
def test_rules_records_and_plasticity(rule: snn.Plasticity | None, batch: int, devices: str) -> None:
    net = column(rule)
    check_equal(outcome(net, "cpu", batch), outcome(net, f"{devices};{PLACES}", batch))


@pytest.mark.parametrize("devices", TWO[1:3])
def test_a_plastic_state_moves_between_cuts_and_one_device(devices: str, tmp_path: Path) -> None:
    net = column(snn.TripletSTDP(w_max=0.9, a3_plus=0.004, a2_minus=0.012))
    places = (f"{devices};{PLACES}", "cpu", f"{devices};exc[0:64]=1;exc[64:]=0;drive=0;inh=1")
    for first, second in itertools.pairwise([*places, places[0]]):
        with snn.Simulation(net, device=first, seed=4) as one, snn.Simulation(net, device=second) as other:
            one.run(83)
            one.save_state(tmp_path / "state")
            other.run(7)
            other.load_state(tmp_path / "state")
            for sim in (one, other):
                sim.run(60)
            for path in ("exc.v", "inh.v", "de.weight", "ee.weight"):
                np.testing.assert_array_equal(one[path], other[path], path)
            assert one.counters == other.counters
            one.save_state(tmp_path / "one")
            other.save_state(tmp_path / "other")
            assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_one_large_population_is_cut_and_the_cut_can_be_kept() -> None:
    net = snn.Network(seed=1)
    net.add("drive", snn.PoissonSource(64, rate=50.0))
    net.add("cells", snn.LIF(20_000))
    net.connect("drive", "cells", snn.Sparse.fixed_indegree(8, weight=0.6, delay=20.0, trainable=False))
    net.connect("cells", "cells", snn.Sparse.fixed_indegree(200, weight=0.01, delay=20.0, trainable=False))
    found = net.placement(["cpu", "cpu"])
    slices = {name: place for name, place in found.populations.items() if name.startswith("cells")}
    assert list(slices.values()) == [0, 1]
    first, second = slices
    assert first.startswith("cells[0:")
    assert second.endswith(":20000]")
    assert found.window_steps == 10
    again = net.placement(["cpu", "cpu"], slices | {"drive": found.populations["drive"]})
    assert again == found
    with (
        snn.Simulation(net, devices=["cpu", "cpu"], placement=slices) as cut,
        snn.Simulation(net, device=found.device) as kept,
        snn.Simulation(net) as single,
    ):
        for sim in (single, cut, kept):
            sim.step(50)
            np.testing.assert_array_equal(sim["cells.v"], single["cells.v"])
        assert single.counters.spikes > 100
    # Whole populations do where they are as good.
    net.add("more", snn.LIF(20_000))
    net.connect("cells", "more", snn.Sparse.fixed_indegree(208, weight=0.05, delay=20.0, trainable=False))
    assert set(net.placement(["cpu", "cpu"]).populations) == {"drive", "cells", "more"}


def test_what_cannot_be_cut_is_said() -> None:
    net = column()
    net.add("picture", snn.Input((1, 8, 16)))
    net.add("map", snn.LIF((1, 8, 16)))
    net.connect("picture", "map", snn.Conv2d(1, 3, padding=1), name="filter")
    net.add("tied", snn.LIF(128))
    net.connect("exc", "tied", snn.Dense(), name="at_once")
    for places, error, sentence in (
        ("exc[0:64]=0", snn.InvalidArgumentError, "the slices of population 'exc' leave out neuron 64"),
        ("inh[64:]=0", snn.InvalidArgumentError, "the slices of population 'inh' leave out neuron 0"),
        ("inh[0:60]=0;inh[60:]=1", snn.InvalidArgumentError, r"'inh\[0:60\]=0': .* cut at multiples of 64"),
        ("inh[0:64]=0;inh=1", snn.InvalidArgumentError, "'inh' is placed twice"),
        ("inh[0:64]=0;inh[64:]=0", snn.InvalidArgumentError, "'inh' has two slices on device 0"),
        ("inh[64:64]=0", snn.InvalidArgumentError, r"'inh\[64:64\]=0': there are no such neurons; .* 'inh' has 90"),
        ("inh[0:128]=0", snn.InvalidArgumentError, "there are no such neurons"),
        ("inh[0-64]=0", snn.InvalidArgumentError, r"expected POPULATION\[FIRST:END\]=NUMBER"),
        ("inh[:64=0", snn.InvalidArgumentError, r"expected POPULATION\[FIRST:END\]=NUMBER"),
        ("picture[0:64]=0;picture[64:]=1", snn.InvalidArgumentError, "'picture' is an input"),
        ("map[0:64]=0;map[64:]=1", snn.UnsupportedError, "'map' cannot be cut: projection 'filter' onto it is conv2d"),
        ("exc[0:64]=0;exc[64:]=1", snn.UnsupportedError, "'exc' cannot be cut: a projection without delay ties it"),
        ("tied[0:64]=0;tied[64:]=1", snn.UnsupportedError, "'tied' cannot be cut: a projection without delay ties it"),
    ):
        with pytest.raises(error, match=sentence):
            snn.Simulation(net, device=f"cpu+cpu;{places}")
