"""One network on several devices at once: the bits of one device, wherever its populations are placed."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import snn

from .cases import (
    AVERAGE,
    CASES,
    CONV2D,
    FIXED,
    FLOAT,
    MAX,
    NEURONS,
    ONE_TO_ONE,
    POOL2D,
    SPIKES,
    VALUES,
    Builder,
    Case,
)
from .running import Setting, load_golden, open_session, recorded, simulate, vulkan_settings
from .test_equal import GOLDEN
from .together import check_equal, column, outcome

COMPACT = 3
DEVICES = ["cpu+cpu", "reference+cpu", *(["cpu+vulkan", "vulkan+vulkan"] if vulkan_settings() else [])]


def _delayed(b: Builder) -> None:
    """Every kind of projection, delays of 2 steps and more, rings, models that draw, inputs that several populations read."""
    spikes, values = b.add(SPIKES, (2, 6, 7)), b.add(VALUES, 61)
    one, two = (
        b.add(NEURONS, (2, 6, 7), "lif"),
        b.add(NEURONS, 61, "driven_lif", background_rate=900.0, background_weight=0.1),
    )
    three = b.add(NEURONS, (3, 6, 7), "lif", tau_membrane=5.0)
    four = b.add(NEURONS, (2, 3, 3), "lif")
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.connect(ONE_TO_ONE, spikes, one, weights=b.weights(84, 1.0))
    b.connect(ONE_TO_ONE, values, two, weights=b.weights(61, 1.0))
    b.dense(spikes, two, delay_steps=2)
    b.connect(
        CONV2D, one, three, weights=b.weights(54, 18 * 0.3), kernel=(3, 3), stride=(1, 1), padding=(1, 1),
        dilation=(1, 1), groups=1, delay_steps=3,
    )  # fmt: skip
    b.connect(
        POOL2D, one, four, pool_mode=MAX, kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), delay_steps=2
    )
    b.dense(two, one, gain=0.5, delay_steps=4, bias=True)
    b.sparse(one, two, arithmetic=FIXED, delays=True, delay_steps=2, trainable=False)
    b.sparse(two, two, arithmetic=FLOAT, delays=True, delay_steps=1)
    b.sparse(three, two, arithmetic=COMPACT, delays=True, delay_steps=5, trainable=False)
    b.sparse(two, three, arithmetic=COMPACT, delays=True, delay_steps=3, trainable=False)
    b.sparse(four, three, density=0.0, arithmetic=FIXED, trainable=False)
    b.sparse(four, out, arithmetic=FLOAT, delay_steps=2)
    b.dense(three, out, delay_steps=2)


def _one_step(b: Builder) -> None:
    """Delays of one step, which are of synapses alone, and populations that average pooling reads."""
    spikes = b.add(SPIKES, 40)
    one, two = b.add(NEURONS, (1, 8, 8), "lif"), b.add(NEURONS, (1, 4, 4), "izhikevich")
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.dense(spikes, one)
    b.connect(
        POOL2D,
        one,
        two,
        pool_mode=AVERAGE,
        kernel=(2, 2),
        stride=(2, 2),
        padding=(0, 0),
        dilation=(1, 1),
        delay_steps=1,
    )
    b.dense(spikes, two, gain=20.0)
    b.sparse(two, one, arithmetic=COMPACT, delays=True, delay_steps=1, trainable=False)
    b.dense(two, out, delay_steps=1)


SPLIT = [
    Case("split_delayed", _delayed, steps=40),
    Case("split_delayed_one_sample", _delayed, steps=40, batch=1),
    Case("split_one_step", _one_step, steps=25),
]


def splits(builder: Builder, devices: str) -> list[str]:
    """Every placement of the populations of neurons on two devices, as a session takes it.

    On two Vulkan devices, which are slow here, without those where only the two are exchanged: of two CPUs there are all.
    """
    names = [name for name, kind in zip(builder.names, builder.kinds, strict=True) if kind == NEURONS]
    return [
        devices + "".join(f";{name}={place}" for name, place in zip(names, places, strict=True))
        for places in itertools.product((0, 1), repeat=len(names))
        if devices != "vulkan+vulkan" or places[0] == 0
    ]


@pytest.mark.parametrize(
    ("case", "devices"),
    [(case, devices) for case in SPLIT for devices in DEVICES if case.batch > 1 or devices == "cpu+cpu"],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_every_split_has_the_bits_of_one_device(case: Case, devices: str) -> None:
    builder = Builder(case)
    single = open_session(builder, case, Setting("reference"))
    expected = recorded(builder, single, case, builder.drive(case))
    spikes = [array.mean() for name, array in expected.arrays.items() if name.endswith(".spikes")]
    assert min(spikes) > 0
    for device in splits(builder, devices):
        session = open_session(builder, case, Setting(device))
        difference = expected.first_difference(recorded(builder, session, case, builder.drive(case)))
        assert not difference, f"{device}: {difference}"
        assert session.counters() == single.counters(), device


@pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")
def test_one_network_has_one_hash() -> None:
    """On the reference, the CPU with one and two threads, and a Vulkan device; on two of these, see the test before."""
    case = SPLIT[0]
    alone = simulate(case, Setting("reference"))
    assert all(array.any() for name, array in alone.arrays.items() if name.endswith(".spikes"))
    settings = [Setting("cpu"), Setting("cpu", threads=2), Setting("vulkan")]
    assert {simulate(case, setting).digest() for setting in settings} == {alone.digest()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_hashes_on_two_devices(case: Case) -> None:
    """Populations without delays between them stay together, the others go to the two by turns."""
    assert simulate(case, Setting(by_turns(case), threads=4)).digest() == load_golden(GOLDEN)[case.name]


def by_turns(case: Case) -> str:
    """Two devices, every other group of populations on each."""
    builder = Builder(case)
    groups = {name: {name} for name, kind in zip(builder.names, builder.kinds, strict=True) if kind == NEURONS}
    while True:
        order = list(dict.fromkeys(tuple(sorted(group)) for group in groups.values()))
        places = {name: number % 2 for number, group in enumerate(order) for name in group}
        device = "cpu+cpu" + "".join(f";{name}={place}" for name, place in places.items())
        try:
            open_session(builder, case, Setting(device))
        except snn.UnsupportedError as error:
            one, other = re.findall(r"'(p\d+)'", str(error))
            whole = groups[one] | groups[other]
            groups |= dict.fromkeys(whole, whole)
        else:
            return device


@pytest.mark.parametrize("name", ["recurrent_3", "conv_delayed", "several_projections", "recurrent_sparse"])
def test_undelayed_projections_cannot_be_cut(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    builder = Builder(case)
    for device in splits(builder, "reference+cpu"):
        if "=0" in device and "=1" in device:  # in these cases the last projection has no delay
            with pytest.raises(
                snn.UnsupportedError, match=r"'p\d' and 'p\d' cannot be on two devices: .* without delay"
            ):
                open_session(builder, case, Setting(device))
        else:
            assert not simulate(case, Setting("reference")).first_difference(simulate(case, Setting(device)))


@pytest.mark.parametrize("devices", DEVICES)
@pytest.mark.parametrize("cut", [1, 7, 12])
def test_states_move_between_split_and_single(devices: str, cut: int, tmp_path: Path) -> None:
    """Saved on one of them in the middle of a run, gone on from on the other: as if nothing had come between."""
    case = SPLIT[0]
    builder = Builder(case)
    split = Setting(f"{devices};p2=0;p3=1;p4=1;p5=0;p6=1")
    frames = builder.drive(case)
    before = [(index, held, values[:cut]) for index, held, values in frames]
    after = [(index, held, values[cut:]) for index, held, values in frames]
    found = {}
    for first, second in itertools.product((Setting("cpu"), split), repeat=2):
        one, other = open_session(builder, case, first), open_session(builder, case, second)
        other.step(5)  # what is written over, at another place of the window
        one.run(cut, before, [])
        one.save_state(str(tmp_path / "state"))
        other.load_state(str(tmp_path / "state"))
        records = [
            (index, "spikes", np.full((case.steps - cut, case.batch, builder.sizes[index]), 255, np.uint8))
            for index in (2, 3, 4, 5)
        ]
        other.run(case.steps - cut, after, records)
        found[first.device, second.device] = b"".join(values.tobytes() for _, _, values in records)
        assert other.counters().steps == case.steps
    assert len(found) == 4
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("devices", DEVICES)
@pytest.mark.parametrize("rule", [None, snn.PairSTDP(w_max=0.9, amplitude_plus=0.03), snn.TsodyksMarkram(w_max=0.9)])
def test_rules_records_and_plasticity(rule: snn.Plasticity | None, devices: str) -> None:
    """Synapses that a rule makes, and learning between devices."""
    net = column(rule)
    expected = outcome(net, "cpu")
    for places in ((0, 0, 1), (0, 1, 0), (0, 1, 1), *([(1, 0, 0)] if devices != "vulkan+vulkan" else [])):
        device = devices + "".join(f";{name}={at}" for name, at in zip(("drive", "exc", "inh"), places, strict=True))
        check_equal(expected, outcome(net, device), device)


def test_a_plastic_state_moves_between_split_and_single(tmp_path: Path) -> None:
    net = column(snn.TripletSTDP(w_max=0.9, a3_plus=0.004, a2_minus=0.012))
    split = "reference+cpu;drive=0;exc=1;inh=0"
    for first, second in ((split, "cpu"), ("cpu", split)):
        with snn.Simulation(net, device=first, seed=4) as one, snn.Simulation(net, device=second) as other:
            one.run(83)
            one.save_state(tmp_path / "state")
            other.load_state(tmp_path / "state")
            for sim in (one, other):
                sim.run(60)
            for path in ("exc.v", "inh.v", "de.weight", "ei.weight"):
                np.testing.assert_array_equal(one[path], other[path], path)
            assert one.counters == other.counters
            one.reset()
            other.reset()
            for sim in (one, other):
                sim["exc.tau_membrane"] = 6.0
                sim.run(40)
            np.testing.assert_array_equal(one["exc.v"], other["exc.v"])


def test_what_cannot_be_is_said() -> None:
    net = column()
    for device, error, sentence in (
        ("cpu+quantum", snn.NotFoundError, "there is no device 'quantum'"),
        ("cpu+", snn.NotFoundError, "there is no device ''"),
        ("cpu+null", snn.UnsupportedError, "device 'null' cannot work with others .* same bits"),
        ("cpu+cpu;exc", snn.InvalidArgumentError, "'exc' places nothing; expected POPULATION=NUMBER"),
        ("cpu+cpu;exc=one", snn.InvalidArgumentError, "'exc=one' places nothing"),
        ("cpu+cpu;exc=2", snn.InvalidArgumentError, "'exc' is placed on device 2; there are 2"),
        ("cpu+cpu;exc=0;exc=0", snn.InvalidArgumentError, "'exc' is placed twice"),
        ("cpu+cpu;nobody=0", snn.NotFoundError, "no population 'nobody'; it has: drive, exc, inh"),
        ("+".join(["cpu"] * 65), snn.InvalidArgumentError, "names 65 devices; at most 64"),
    ):
        with pytest.raises(error, match=sentence):
            snn.Simulation(net, device=device)
    with pytest.raises(snn.UnsupportedError, match="devices that share populations do not train together"):
        snn.Simulation(net, device="cpu+cpu", flags=["input_gradients"])


def test_more_devices_than_populations() -> None:
    """More devices than populations: some have nothing to do."""
    net = column()
    check_equal(outcome(net, "cpu"), outcome(net, "+".join(["cpu"] * 6) + ";drive=5;exc=2;inh=0"))
