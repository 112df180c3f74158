"""The device "vulkan": the same bits as the reference over the one list of cases, and what only a GPU backend can get wrong.

Debian's lavapipe (mesa-vulkan-drivers) is a Vulkan device on the CPU; the validation layer, where it is installed, watches
every test of this folder (conftest.py).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn
from snn.engine import _native

from .cases import CASES, DENSE, FIXED, NEURONS, ONE_TO_ONE, SPIKES, VALUES, Builder, Case
from .running import Result, Setting, load_golden, open_session, simulate, vulkan_settings
from .test_draws import _driven_models, drawing, expected, opened, recorded
from .test_equal import GOLDEN

VULKAN = Setting("vulkan")
needs_vulkan = pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")
pytestmark = needs_vulkan


def test_the_validation_layer_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it is there, so that its silence in all other tests means something."""
    if "SNN_VULKAN_VALIDATION" not in os.environ:
        pytest.skip("the Khronos validation layer is not installed")
    messages = tmp_path / "messages"
    monkeypatch.setenv(
        "SNN_VULKAN_VALIDATION", str(messages)
    )  # with another file comes another instance, which says it again
    opened(drawing(5)[0], VULKAN, 1).step(1)
    assert "information: Validation Information" in messages.read_text()


def test_a_device_that_flushes_denormals_has_other_bits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where it is named it is used, with a warning; "auto" leaves it out, and it does not work with other devices."""
    net = snn.Network(dt=1.0)
    net.add("in", snn.SpikeInput(1600))
    net.add("cells", snn.LIF(1600))
    net.add("others", snn.LIF(1600))
    net.connect("in", "cells", snn.Dense(weights=np.full((1600, 1600), 0.01)))
    net.connect("cells", "others", snn.Dense(weights=np.full((1600, 1600), 0.01), delay_steps=2))

    def warnings(**options: object) -> list[str]:
        caplog.clear()
        with snn.Simulation(net, **options) as sim:  # type: ignore[arg-type]
            sim.step()
            device.append(sim.device)
        return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]

    device: list[str] = []
    sentence = "takes numbers below 2^-126 for 0 (flushes denormals)"
    monkeypatch.setenv("SNN_VULKAN_DENORMALS", "flushed")
    (told,) = warnings(device="vulkan")
    assert told.startswith(f"device 'vulkan' {sentence}")
    for options in ({"devices": ["cpu", "vulkan"]}, {"devices": ["cpu", "vulkan"], "samples": "auto", "batch_size": 4}):
        with pytest.raises(
            snn.UnsupportedError, match=r"device 'vulkan' cannot work with others .* it takes numbers below"
        ):
            warnings(**options)
    told = "\n".join(warnings(device="auto"))
    assert f"device 'vulkan:0' is not used: it {sentence}" in told
    assert device == ["vulkan", "cpu"]
    assert warnings(devices=["vulkan:0", "vulkan:0"]) == []  # the same to each other

    monkeypatch.delenv("SNN_VULKAN_DENORMALS")
    assert warnings(device="vulkan") == []
    assert warnings(devices=["cpu", "vulkan"]) == []
    assert sentence not in "\n".join(warnings(device="auto"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_equals_the_reference(case: Case) -> None:
    found = simulate(case, VULKAN)
    difference = simulate(case, Setting("reference")).first_difference(found)
    assert not difference, difference
    assert found.digest() == load_golden(GOLDEN)[case.name]


@pytest.mark.parametrize("size", [1, 15, 64, 65, 129, 300])
def test_draws_are_those_of_their_place(size: int) -> None:
    random = np.random.Generator(np.random.Philox(size))
    for means in ({}, {"rare": random.uniform(0, 1, size), "often": random.uniform(0, 16, size)}):
        network, cells = drawing(size, **means)
        session = opened(network, VULKAN, 3)
        for first in (0, 2**32 - 2, 2**44 - 2):
            session.step_count = first
            found = recorded(session, cells, (4, 3, size))
            for name, values in expected((4, 3, size), cells, first, means).items():
                np.testing.assert_array_equal(found[name].view(np.uint32), (values + 0.0).view(np.uint32), name)


def _sparse_kinds(b: Builder) -> None:
    """Fixed and compact sums, with delays of rows and of projections, bias, several onto one receptor."""
    first, second = b.add(SPIKES, 150), b.add(SPIKES, 70)
    hidden, out = b.add(NEURONS, 333, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.sparse(first, hidden, delays=True, delay_steps=2, trainable=False)
    b.sparse(second, hidden, arithmetic=FIXED, trainable=False, bias=b.weights(333, 40.0))
    b.sparse(hidden, hidden, delays=True, delay_steps=1, trainable=False)
    b.sparse(second, hidden, arithmetic=1, delays=True, bias=b.weights(333, 40.0))
    b.dense(hidden, out)


def _many_targets(b: Builder) -> None:
    """More targets than 16 bits reach."""
    first, cells, out = b.add(SPIKES, 40), b.add(NEURONS, 70_001, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.sparse(first, cells, density=0.2, trainable=False)
    b.sparse(cells, out, density=0.05, trainable=False)


MORE = [
    Case("sparse_kinds", _sparse_kinds, steps=40),
    Case("many_targets", _many_targets, steps=4, batch=1),
    Case("driven_models", _driven_models, steps=60),
]


def counted(case: Case, setting: Setting) -> tuple[Result, object]:
    """States and spikes of every step, and the counters after them."""
    builder = Builder(case)
    session = open_session(builder, case, setting)
    session.run(case.steps, builder.drive(case), [])
    return simulate(case, setting), session.counters()


@pytest.mark.parametrize("case", MORE, ids=lambda case: case.name)
def test_larger_cases_equal_the_reference(case: Case) -> None:
    wanted, found = counted(case, Setting("reference")), counted(case, VULKAN)
    assert not wanted[0].first_difference(found[0])
    assert wanted[1] == found[1]
    assert wanted[1].spikes > 0


@pytest.mark.parametrize("name", ["conv", "pool_max", "lif_values", "sparse_float_delays", "recurrent_sparse"])
def test_counters_equal_the_reference(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    assert counted(case, Setting("reference"))[1] == counted(case, VULKAN)[1]


@pytest.mark.parametrize(("name", "reach"), [("sparse_kinds", 24_000), ("many_targets", 1_200_000), ("wide", 140_000)])
def test_arrays_beyond_a_binding_are_cut(name: str, reach: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device whose shaders reach little: synapses and weights lie in segments, runs take several submissions."""
    case = next(case for case in (*CASES, *MORE) if case.name == name)
    wanted = counted(case, Setting("reference"))
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", str(reach))
    found = counted(case, VULKAN)
    assert not wanted[0].first_difference(found[0])
    assert wanted[1] == found[1]


@pytest.mark.parametrize(
    ("sources", "targets", "row", "delays", "reach"),
    [
        (200, 300, 51, 64, None),  # a row's places fit into bytes
        (200, 300, 200, 64, 110_000),
        (50, 2000, 300, 90, None),  # into 16 bits
        (50, 2000, 300, 90, 40_000),
        (60, 70_000, 60, 20, None),  # lists of each range of 65,536 targets
        (60, 200_000, 60, 20, None),  # too many of them: a byte of each synapse
    ],
)
def test_tables_of_few_synapses_are_short(
    sources: int, targets: int, row: int, delays: int, reach: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many delays or ranges of targets for few synapses: at most 6 bytes a synapse, and the spikes of the CPU."""
    net = snn.Network(dt=1.0, seed=3)
    net.add("source", snn.PoissonSource(sources, rate=60.0))
    net.add("cells", snn.LIF(targets, tau_membrane=5.0))
    drawn = {"weight": snn.Uniform(0.05, 1.4), "delay": snn.Uniform(1.0, delays), "arithmetic": "compact"}
    net.connect("source", "cells", snn.Sparse.fixed_outdegree(row, **drawn, trainable=False), name="p")
    assert net.memory_estimate(device="vulkan").projections["p"] < 6 * sources * row
    if reach:
        monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", str(reach))
    with snn.Simulation(net, device="vulkan") as sim, snn.Simulation(net, device="cpu") as cpu:
        for weight in (None, 0.6):
            for one in (sim, cpu):
                if weight:
                    one["p.weight"] = np.linspace(0, weight, sources * row, dtype=np.float32)
                one.run(delays)
            np.testing.assert_array_equal(sim["cells.v"], cpu["cells.v"])
        assert sim.counters == cpu.counters
        assert sim.counters.spikes > 50


def test_what_a_shader_cannot_reach_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in CASES if case.name == "wide")
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", "8000")
    with pytest.raises(snn.UnsupportedError, match=r"the states of population 'p1' would take 8240 bytes"):
        open_session(Builder(case), case, VULKAN)


def _recurrent() -> tuple[_native.Network, list]:
    network = _native.Network.create(1.0)
    first = network.add_population(SPIKES, "in", (50,), None)
    values = network.add_population(VALUES, "currents", (90,), None)
    cells = network.add_population(NEURONS, "cells", (90,), "lif")
    random = np.random.Generator(np.random.Philox(5))
    network.connect(DENSE, "w", first, cells, weights=random.normal(0.15, 0.2, 4500).astype(np.float32))
    network.connect(ONE_TO_ONE, "v", values, cells, weights=np.full(90, 0.1, np.float32), delay_steps=3)
    rows = np.arange(91, dtype=np.uint64) * 10
    network.connect(
        2,
        "r",
        cells,
        cells,
        weights=random.normal(0.1, 0.4, 900).astype(np.float32),
        row_offsets=rows,
        synapse_targets=random.integers(0, 90, 900).astype(np.uint32),
        synapse_delays=random.integers(0, 9, 900).astype(np.uint16),
        delay_steps=1,
        trainable=False,
    )
    network.finish()
    inputs = [
        (first, False, (random.random((700, 2, 50)) < 0.2).astype(np.float32)),
        (values, False, random.normal(0, 1, (700, 2, 90)).astype(np.float32)),
    ]
    return network, inputs


def _cut(inputs: list, begin: int, end: int) -> list:
    return [(population, held, frames[begin:end]) for population, held, frames in inputs]


def test_a_long_run_with_sparse_records_is_that_of_the_reference() -> None:
    """Several submissions; states every third step, spikes summed over all, events, the same for inputs."""
    network, inputs = _recurrent()
    results = []
    for setting in (Setting("reference"), VULKAN):
        session = opened(network, setting, 2)
        records = {
            "v": (2, "v", np.zeros((233, 2, 90), np.float32)),
            "count": (2, "spike_count", np.zeros((2, 90))),
            "in": (0, "spikes", np.zeros((233, 2, 50), np.uint8)),
            "in_count": (0, "spike_count", np.zeros((2, 50), np.float32)),
            "currents": (1, "spikes", np.zeros((233, 2, 90))),
        }
        session.run(700, inputs, list(records.values()), record_interval=3)
        results.append((records, session.counters()))
    for name, (_, _, wanted) in results[0][0].items():
        np.testing.assert_array_equal(results[1][0][name][2], wanted, name)
    assert results[0][1] == results[1][1]
    assert results[0][0]["count"][2].sum() > 1000


def test_a_state_goes_from_device_to_device(tmp_path: Path) -> None:
    """Saved on one and loaded on the other in the middle of a run, spikes on their way through delays included."""
    network, inputs = _recurrent()
    whole = np.zeros((60, 2, 90), np.float32)
    opened(network, Setting("reference"), 2).run(60, _cut(inputs, 0, 60), [(2, "v", whole)])
    for before, after in (("vulkan", "reference"), ("reference", "vulkan"), ("vulkan", "vulkan")):
        path = tmp_path / f"{before}.state"
        first = opened(network, Setting(before), 2)
        first.run(31, _cut(inputs, 0, 31), [])
        first.save_state(str(path))
        second = opened(network, Setting(after), 2)
        second.load_state(str(path))
        rest = np.zeros((29, 2, 90), np.float32)
        second.run(29, _cut(inputs, 31, 60), [(2, "v", rest)])
        np.testing.assert_array_equal(rest.view(np.uint32), whole[31:].view(np.uint32), f"{before} to {after}")


def test_weights_and_parameters_are_changed_while_it_runs() -> None:
    network, inputs = _recurrent()
    random = np.random.Generator(np.random.Philox(6))
    changes = {
        "w.weight": random.normal(0.1, 0.2, 4500),
        "r.weight": random.normal(0.05, 0.2, 900),
        "cells.tau_membrane": random.uniform(5, 30, 90),  # was one value for all: another shader
        "cells.v": random.uniform(0, 0.9, 180),
    }
    results = []
    for setting in (Setting("reference"), VULKAN):
        session = opened(network, setting, 2)
        session.run(20, _cut(inputs, 0, 20), [])
        found = []
        for begin, (name, values) in enumerate(changes.items()):
            session.write(name, values)
            back = np.zeros(values.size)
            session.read(name, back)
            v = np.zeros((20, 2, 90), np.float32)
            session.run(20, _cut(inputs, 20 * begin, 20 * begin + 20), [(2, "v", v)])
            found += [back, v]
        results.append(found)
    for wanted, found in zip(*results, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_model_of_ones_own_needs_no_compiler() -> None:
    """Every operation of the language, on numbers that show their edges."""
    model = snn.engine.modelc.compile_model("""
[model]
name = "operations"
membrane = "a"
[states]
a = { initial = 0.0 }
b = { initial = 0.5 }
c = {}
d = {}
e = {}
n = { type = "int" }
[receptors]
x = {}
[step]
program = '''
next.a = exp(x * 30) * 1e-3 + floor(x * 7.5) - abs(x) + max(min(x, 0.25), -0.5)
next.b = reciprocal(x) * 1e-12 + reciprocal(b + 2.0)
next.c = select(x < 0.1 and not (x <= -0.3), -x, x * x)
next.d = x * 1e-16
next.e = log(x)
next.n = to_int(x * 1000.5) + n
emit(spike(x - 0.3))
'''
""")
    network = _native.Network.create(1.0)
    values = network.add_population(VALUES, "in", (257,), None)
    cells = network.add_population(NEURONS, "cells", (257,), _native.Model.load(model.json))
    network.connect(ONE_TO_ONE, "w", values, cells, weights=np.ones(257, np.float32))
    network.finish()
    random = np.random.Generator(np.random.Philox(9))
    frames = random.normal(0, 1, (50, 1, 257)).astype(np.float32)
    frames[:, :, :9] = [0.0, 3.0, -3.0, 1e-30, -1e-30, 1e30, -1e30, 1e-3, 0.5]
    results = []
    for setting in (Setting("reference"), VULKAN):
        found = {name: np.zeros((50, 1, 257), np.float32) for name in ("a", "b", "c", "d", "e", "n", "spikes")}
        opened(network, setting, 1).run(
            50, [(values, False, frames)], [(cells, n, array) for n, array in found.items()]
        )
        results.append(found)
    for name, wanted in results[0].items():
        np.testing.assert_array_equal(results[1][name].view(np.uint32), wanted.view(np.uint32), name)
    assert results[0]["spikes"].any()


def test_devices_are_chosen_by_index_name_and_uuid() -> None:
    network, _ = drawing(5)
    found = [device for device in snn.devices() if device.name.startswith("vulkan:")]
    assert [device.name for device in found] == [f"vulkan:{i}" for i in range(len(found))]
    assert all(device.memory_bytes > 0 and device.can_train for device in found)
    name, _, rest = found[0].description.partition(" (")
    choices = ["vulkan", "vulkan:0", f"vulkan:{name}", f"vulkan:{name[2:9].upper()}"]
    if "Vulkan 1.0" not in rest:
        choices.append(f"vulkan:{rest.rpartition(', ')[2].rstrip(')')}")
    choices += [f"vulkan:{number}" for number in re.findall(r"\b[0-9]{3,}\b", found[0].description.rpartition(" (")[0])]
    for choice in choices:
        opened(network, Setting(choice), 1).step(1)
    net = snn.Sequential(5, snn.Dense(5), snn.LIF(), snn.Dense(5), snn.LIF(), dt=1.0)
    with snn.Simulation(net, devices=[choices[-1], "cpu"]) as sim:  # a device with a speed
        assert sim.device.startswith(choices[-1])
    with pytest.raises(snn.NotFoundError, match=r"no device 'vulkan:99'; there are: vulkan:0 \("):
        opened(network, Setting("vulkan:99"), 1)
    with pytest.raises(snn.NotFoundError, match=r"no device 'vulkan:Voodoo'"):
        opened(network, Setting("vulkan:Voodoo"), 1)
    with pytest.raises(
        snn.NotFoundError, match=r"no device 'cpu:1'; there are: auto, cpu, vulkan, npu, openvino, reference, null"
    ):
        opened(network, Setting("cpu:1"), 1)


def test_what_it_cannot_do_is_refused_with_a_sentence() -> None:
    network, _ = drawing(5)
    with pytest.raises(snn.UnsupportedError, match="'vulkan' computes in float32 only"):
        opened(network, Setting("vulkan", flags=2), 1)
    with pytest.raises(snn.UnsupportedError, match="no instruction sets"):
        opened(network, Setting("vulkan", instruction_set=1), 1)
    case = next(case for case in CASES if case.name == "size_15")
    builder = Builder(case)
    with pytest.raises(snn.UnsupportedError, match="device 'vulkan:plan' cannot train"):
        _native.Trainer(open_session(builder, case, Setting("vulkan:plan")), output_population=2, steps=3, loss=2)


_OPEN = """
import snn
assert not [device for device in snn.devices() if device.name.startswith("vulkan")]
net = snn.Sequential(3, snn.Dense(3), snn.LIF())
try:
    snn.Simulation(net, **SETTINGS)
except snn.UnsupportedError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [("LD_LIBRARY_PATH", "libvulkan.so.1 was not found"), ("VK_ICD_FILENAMES", "no driver")],
)
@pytest.mark.parametrize("settings", [{"device": "vulkan"}, {"devices": ["cpu", "vulkan"]}], ids=str)
def test_a_machine_without_vulkan_is_told_what_to_install(
    settings: dict[str, Any], variable: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "libvulkan.so.1").write_text("not a library")
    environment = {k: v for k, v in os.environ.items() if k not in ("SNN_VULKAN_VALIDATION", "VK_DRIVER_FILES")}
    environment[variable] = str(tmp_path if variable == "LD_LIBRARY_PATH" else tmp_path / "none.json")
    done = subprocess.run(
        [sys.executable, "-c", _OPEN.replace("SETTINGS", repr(settings))],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert sentence in done.stdout, done.stdout + done.stderr
    assert "mesa-vulkan-drivers" in done.stdout


def test_weights_are_read_and_written_without_arrays_that_stay() -> None:
    """Ten bytes a synapse, which no estimate counts: the network keeps its synapses packed, in four."""

    def made() -> snn.Network:
        sources, targets = np.divmod(np.arange(20_000) * 7 % (500 * 600), 600)
        weights = (np.arange(20_000) % 200 + 1) / 1024
        net = snn.Network(dt=1.0)
        net.add("a", snn.SpikeInput(500))
        net.add("b", snn.LIF(600))
        synapses = snn.Sparse.from_arrays(sources, targets, weights, delays=sources % 3 + 1, trainable=False)
        net.connect("a", "b", synapses, name="fixed")
        return net

    net = made()
    before = net.memory_estimate(device="vulkan")
    assert before.network < 20_000 * 10
    spikes = (np.arange(500) % 3 == 0).astype(np.float32)
    with snn.Simulation(net, device="vulkan") as sim, snn.Simulation(made(), device="reference") as expected:
        for factor in (0.5, 1.5):
            np.testing.assert_array_equal(sim["fixed.weight"], expected["fixed.weight"])
            for one in (sim, expected):
                one.set("fixed.weight", one["fixed.weight"][::-1] * np.float32(factor))
                one.step(5, {"a": spikes})
            np.testing.assert_array_equal(sim["b.v"], expected["b.v"])
            assert net.memory_estimate(device="vulkan") == before
        assert sim["b.v"].any()


def test_the_memory_estimate_knows_the_form_on_the_device() -> None:
    """Four bytes for a compact synapse, and for each part of 65,536 targets a table of rows."""
    net = snn.Network(dt=1.0)
    net.add("a", snn.SpikeInput(1000))
    net.add("b", snn.LIF(100_000))
    net.connect("a", "b", snn.Sparse.fixed_total(2_000_000, weight=0.1, delay=1.0, trainable=False))
    compact = net.memory_estimate(device="vulkan")
    assert compact.weights == 4 * (2_000_000 + 1000 * 2 + 1)
    assert 100_000 * 4 * 3 < compact.state < 100_000 * 4 * 8
