"""Several devices by name: where populations go, in Python and on the command line. Bits: tests/backend."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import snn
from snn.engine import _native

from .command_line import Command


@pytest.fixture
def column() -> snn.Network:
    """Two populations with delays between them, a third one tied to the second."""
    net = snn.Network(seed=1)
    net.add("force", snn.SpikeInput(30))
    net.add("exc", snn.LIF(80))
    net.add("inh", snn.LIF(60))
    net.add("out", snn.LIF(3))
    net.connect("force", "inh", snn.Dense())
    net.connect("exc", "inh", snn.Dense(delay_steps=4))
    net.connect("inh", "exc", snn.Dense(delay_steps=6))
    net.connect("inh", "out", snn.Dense())
    return net


def test_populations_are_shared_out_where_that_is_worth_it() -> None:
    """A small network stays on one device: to hand over spikes takes longer than its steps."""
    tiny = snn.Network(seed=1)
    for name in ("one", "other"):
        tiny.add(name, snn.LIF(3))
    tiny.connect("one", "other", snn.Dense(delay_steps=1))
    tiny.connect("other", "one", snn.Dense(delay_steps=1))
    small = tiny.placement(["cpu", "cpu"])
    assert small.devices == ("cpu", "cpu")
    assert len(set(small.populations.values())) == 1
    assert small.window_steps == 0
    large = snn.Network(seed=1)
    large.add("force", snn.SpikeInput(30))
    for name in ("exc", "inh"):
        large.add(name, snn.LIF(100_000))
    large.add("out", snn.LIF(3))
    large.connect("force", "inh", snn.Sparse.fixed_indegree(1, weight=0.1, trainable=False))
    for source, target in (("exc", "inh"), ("inh", "exc")):
        rule = snn.Sparse.fixed_indegree(1000, weight=0.1, delay=40.0, trainable=False)
        large.connect(source, target, rule)
    large.connect("inh", "out", snn.Sparse.fixed_indegree(1, weight=0.1, trainable=False))
    found = large.placement(["cpu", "cpu"])
    assert found.populations["exc"] != found.populations["inh"]
    assert found.populations["inh"] == found.populations["out"] == found.populations["force"]
    assert found.window_steps == 20
    assert large.placement(found.device.partition(";")[0].split("+"), {"exc": found.populations["exc"]}) == found


def test_the_caller_places(column: snn.Network) -> None:
    found = column.placement(["reference", "cpu"], {"exc": 1, "inh": 0})
    assert found.populations == {"force": 0, "exc": 1, "inh": 0, "out": 0}
    assert found.device == "reference+cpu;exc=1;inh=0;out=0"
    together = column.placement(["reference", "cpu"], {"exc": 1, "inh": 1})
    assert together.window_steps == 0
    assert set(column.placement("cpu").populations.values()) == {0}


def test_a_placement_of_auto_is_what_it_chooses(column: snn.Network) -> None:
    found = column.placement("auto")
    with snn.Simulation(column, device="auto") as sim:
        assert found.devices == (found.device,) == (sim.device,)
        assert found.reasons[-1] == sim.device_reason
    assert set(found.populations.values()) == {0}
    assert found.step_seconds[0] > 0


def test_a_simulation_says_where_it_runs(column: snn.Network, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO, "snn"),
        snn.Simulation(column, devices=["cpu", "reference"], placement={"exc": 1, "inh": 0}) as sim,
    ):
        assert sim.device == "cpu+reference;exc=1;inh=0"
        sim.run(10)
        with pytest.raises(snn.UnsupportedError, match="cannot train"):
            _native.Trainer(sim._session, output_population=3, steps=3)
    assert "inh, out on cpu; exc on reference, spikes exchanged after every 2 steps" in caplog.text


def test_bad_devices(column: snn.Network) -> None:
    for arguments, error, sentence in (
        ({"devices": 2}, snn.ArgumentTypeError, "devices is 2, not a list of names"),
        ({"devices": []}, snn.InvalidArgumentError, "devices is empty"),
        ({"devices": ["cpu", 3]}, snn.ArgumentTypeError, "devices contains 3, which is not a name"),
        ({"devices": ["cpu+cpu"]}, snn.InvalidArgumentError, r"devices contains 'cpu\+cpu'"),
        ({"devices": ["cpu", "cpu"], "placement": {"exc": 2}}, snn.InvalidArgumentError, r"placement\['exc'\] is 2"),
        ({"devices": ["cpu", "cpu"], "placement": {"exc": "1"}}, snn.ArgumentTypeError, "not an integer"),
        ({"devices": ["cpu", "cpu"], "placement": ["exc"]}, snn.ArgumentTypeError, "not a dict of device numbers"),
        ({"devices": ["cpu", "cpu"], "placement": {"who": 1}}, snn.NotFoundError, "no population 'who'"),
        ({"devices": ["cpu"], "placement": {"who": 0}}, snn.NotFoundError, "no population 'who'"),
        ({"devices": ["cpu"], "placement": {"force": 0}}, snn.InvalidArgumentError, "'force' is an input"),
        ({"devices": ["cpu"], "placement": {"exc[70:90]": 0}}, snn.InvalidArgumentError, "'exc' has 80 neurons"),
        ({"devices": ["cpu", "cpu"], "placement": {"force": 1}}, snn.InvalidArgumentError, "'force' is an input"),
        ({"placement": {"exc": 1}}, snn.InvalidArgumentError, r"placement is given without devices: devices=\['cpu'"),
        ({"device": "null", "devices": ["cpu", "cpu"]}, snn.InvalidArgumentError, "give one of them"),
        (
            {"devices": ["cpu", "cpu"], "placement": {"inh": 0, "out": 1}},
            snn.UnsupportedError,
            "'inh' and 'out' cannot be on two devices",
        ),
    ):
        with pytest.raises(error, match=sentence):
            snn.Simulation(column, **arguments)


def test_a_placement_leads_on_to_the_simulation_that_has_it(column: snn.Network) -> None:
    found = column.placement(["cpu", "cpu"])
    for arguments in ({"placement": found}, {"devices": found.devices, "placement": found}, {"device": found}):
        with pytest.raises(snn.ArgumentTypeError, match=r"is the Placement that .* device=p\.device"):
            snn.Simulation(column, **arguments)  # type: ignore[arg-type]
    with snn.Simulation(column, device=found.device) as sim:
        assert sim.device == found.device
    alone = column.placement(["cpu"], {"exc[0:64]": 0})
    assert set(alone.populations.values()) == {0}
    with snn.Simulation(column, devices=["cpu"], placement={"exc": 0, "inh": 0}) as sim:
        assert sim.device == "cpu"
    with pytest.raises(snn.NotFoundError, match="no population 'who'"):
        column.placement("cpu", {"who": 0})


def test_plan_prints_the_placement(snn_command: Command, column: snn.Network, tmp_path: Path) -> None:
    column.save(tmp_path / "n.snn")
    where = ["--devices", "cpu", "--devices", "cpu", "--place", "inh=1", "--place", "exc=0"]
    found = snn_command("plan", tmp_path / "n.snn", *where, "--json").object()
    assert found["populations"] == {"force": 1, "exc": 0, "inh": 1, "out": 1}
    assert found["window_steps"] == 2
    assert found["device"] == "cpu+cpu;exc=0;inh=1;out=1"
    assert len(found["step_seconds"]) == 2
    assert all(0 < seconds < 1 for seconds in found["step_seconds"])
    assert found["reasons"] == []
    told = snn_command("plan", tmp_path / "n.snn", *where).out
    for words in ("exc", "0: cpu", "1: cpu", "after every 2 steps", "a step is expected to take", found["device"]):
        assert words in told
    with_commas = snn_command("plan", tmp_path / "n.snn", "--devices", "cpu,cpu", *where[4:], "--json").object()
    assert with_commas == found
    failed = snn_command("plan", tmp_path / "n.snn", "--devices", "cpu,quantum")
    assert failed.status == 1
    assert "there is no device 'quantum'; there are: " in " ".join(failed.err.split())
    told = snn_command("plan", tmp_path / "n.snn").out
    assert "no spikes are exchanged between devices" in told
    assert "no --devices given: everything runs on cpu" in told


def test_plan_prints_slices_and_shares(snn_command: Command, tmp_path: Path) -> None:
    net = snn.Network(seed=1)
    net.add("cells", snn.LIF(200))
    net.connect("cells", "cells", snn.Dense(delay_steps=4))
    net.save(tmp_path / "n.snn")
    two = ("--devices", "cpu", "--devices", "cpu")
    told = snn_command("plan", tmp_path / "n.snn", *two, "--place", "cells[0:64]=1", "--place", "cells[64:]=0").out
    assert "cells[64:200]" in told
    assert "136" in told
    assert "as a device: cpu+cpu;cells[0:64]=1;cells[64:200]=0" in told
    twice = snn_command("plan", tmp_path / "n.snn", *two, "--place", "cells=1", "--place", "cells=0")
    assert twice.status == 1
    assert "--place gives 'cells' twice: 1 and 0" in twice.err
    shares = ("plan", tmp_path / "n.snn", *two, "--samples", "--batch-size", "7")
    assert snn_command(*shares, "--json").object()["samples"] == [4, 3]
    assert "as a device: cpu*4+cpu*3" in snn_command(*shares).out
    assert net.shares(["cpu", "cpu"], batch_size=7) == (4, 3)
    failed = snn_command(*shares, "--place", "cells=0")
    assert failed.status != 0
    assert "devices share populations or samples, not both" in " ".join(failed.err.split())
