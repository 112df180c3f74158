"""The command line: what every command prints and refuses. Runs, demos, benchmarks and models have files of their own."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import snn

from .command_line import Command

COMMANDS = ("demo", "devices", "export", "inspect", "model", "plan", "run", "bench")


def test_help_names_the_commands(snn_command: Command) -> None:
    result = snn_command("--help")
    assert result.status == 0
    for name in COMMANDS:
        assert name in result.out
    assert snn_command("-h").out == result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(snn_command: Command, name: str) -> None:
    result = snn_command(name, "--help")
    assert result.status == 0
    assert "Usage: snn " + name in result.out
    assert "--json" in result.out
    assert result.err == ""


def test_version(snn_command: Command) -> None:
    result = snn_command("--version")
    assert (result.status, result.out) == (0, f"snn {snn.__version__}\n")


def test_the_installed_command_is_this_one() -> None:
    """The script of the distribution, in a process of its own: its output is plain JSON, its error one sentence."""
    script = Path(sys.executable).with_name("snn")
    assert script.exists(), "the distribution installs a command named snn"
    done = subprocess.run([script, "devices", "--json"], capture_output=True, text=True, timeout=120, check=True)
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == [d.name for d in snn.devices()]
    done = subprocess.run([script, "inspect", "no.snn"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "no.snn" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pipe_gets_whole_lines(tmp_path: Path) -> None:
    """Without a terminal there is no width to break names and sentences at."""
    network = snn.Network()
    name = "a_population_whose_name_takes_more_than_half_of_the_line"
    network.add(name, snn.LIF(3, threshold=0.25, tau_membrane=7.5))
    network.save(tmp_path / "n.snn")
    script = Path(sys.executable).with_name("snn")
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    command = [script, "inspect", tmp_path / "n.snn"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(name)]
    assert "threshold=0.25" in line
    assert "tau_membrane=7.5" in line


def test_devices(snn_command: Command) -> None:
    found = snn_command("devices", "--json").objects()
    assert {one["name"] for one in found} >= {"cpu", "reference", "null"}
    for one, device in zip(found, snn.devices(), strict=True):
        assert one.keys() == {*device._fields, "driver", "small_step_s", "large_step_s"}
        assert one["can_train"] is device.can_train
        if one["name"] not in ("reference", "null"):
            assert 0 < one["small_step_s"] < 10
            assert 0 < one["large_step_s"] < 10
    for one, device in zip(snn_command("devices", "--json", "--no-measure").objects(), snn.devices(), strict=True):
        assert one.keys() == set(device._fields)
    told = snn_command("devices").out
    for one in found:
        assert one["name"] in told
        assert one["description"] in told


def test_inspect_describes_the_file(snn_command: Command, file: Path, chain: snn.Network) -> None:
    found = snn_command("inspect", file, "--json").object()
    assert found.keys() == {
        "file",
        "file_bytes",
        "memory_bytes",
        "device",
        "threads",
        "dt_ms",
        "neurons",
        "synapses",
        "parameters",
        "populations",
        "projections",
    }
    assert found["file_bytes"] == file.stat().st_size
    assert found["memory_bytes"] == chain.memory_estimate().total
    assert (found["dt_ms"], found["neurons"], found["synapses"]) == (1.0, 10, 12 * 7 + 7 * 3)
    assert found["parameters"] == 12 * 7 + 7 * 3
    assert [(p["name"], p["model"], p["shape"]) for p in found["populations"]] == [
        ("input", "spike_input", [12]),
        ("hidden", "lif", [7]),
        ("output", "lif", [3]),
    ]
    hidden = found["populations"][1]
    assert hidden["parameters"] == dict(chain["hidden"].parameters)
    assert hidden["options"] == dict(chain["hidden"].options)
    assert hidden["surrogate"]["name"] == chain["hidden"].surrogate.name
    first, second = found["projections"]
    assert (first["source"], first["target"], first["kind"], first["weights"]) == ("input", "hidden", "dense", 84)
    assert first["weight_mean"] == pytest.approx(chain.projections[first["name"]].weights.mean())
    assert (second["weight_mean"], second["weight_std"], second["biases"]) == (1.0, 0.0, 0)
    assert not first["by_rule"]
    assert first["rule"] is None


def test_inspect_does_not_make_the_synapses_of_a_rule(snn_command: Command, tmp_path: Path) -> None:
    network = snn.Network()
    network.add("cells", snn.LIF(20_000))
    network.connect("cells", "cells", snn.Sparse.fixed_total(2**33, delay=1, trainable=False))
    network.save(tmp_path / "huge.snn")
    (found,) = snn_command("inspect", tmp_path / "huge.snn", "--json").object()["projections"]
    assert (found["by_rule"], found["weights"], found["weight_mean"], found["weight_std"]) == (True, 2**33, 1.0, 0.0)
    told = snn_command("inspect", tmp_path / "huge.snn").out
    assert "fixed_total 8,589,934,592, in-degree 429,497, weight 1, delay 1 ms (1 step)" in told
    assert re.search(r"about 3\d\.\d GiB of memory in a simulation", " ".join(told.split()))


def test_inspect_says_it_in_words(snn_command: Command, tmp_path: Path) -> None:
    network = snn.Network()
    network.add("eyes", snn.SpikeInput((1, 4, 4)))
    network.add("map", snn.LIF((2, 4, 4), threshold=0.25))
    network.add("many", snn.CurrentLIF(2))
    network.connect("eyes", "map", snn.Conv2d(2, 3, padding=1, bias=True, delay_steps=3))
    network.connect("map", "many", snn.Dense(trainable=False, receptor="inhibitory"))
    spread = snn.Sparse.from_arrays([0, 1], [1, 0], 1.0, delays=[2, 7]).detach()
    network.connect("many", "many", spread)
    drawn = snn.Sparse.fixed_probability(1.0, delay=snn.Uniform(3.0, 9.0), trainable=False)
    network.connect("many", "many", drawn, name="drawn")
    network.save(tmp_path / "n.snn")
    told = " ".join(snn_command("inspect", tmp_path / "n.snn").out.split())
    for words in ("1x4x4", "threshold=0.25", "conv2d", "delay 3 steps", "many.inhibitory", "not trained", "2 biases"):
        assert words in told
    assert "delays 2 to 7 steps, detached" in told
    assert (
        "fixed_probability 1, in-degree 2, weight 1, delay Uniform(3, 9) ms (3 to 9 steps), compact arithmetic" in told
    )
    found = snn_command("inspect", tmp_path / "n.snn", "--json").object()["projections"]
    assert [one["delay_range"] for one in found] == [[3, 3], [0, 0], [2, 7], [3, 9]]
    assert [one["arithmetic"] for one in found] == ["float", "float", "float", "compact"]
    assert "34 neurons" in told


def by_rules(folder: Path) -> tuple[snn.Network, Path]:
    """A network whose projections are made by rules, and its file."""
    network = snn.Network(dt=0.5)
    network.add("exc", snn.CurrentLIF(400))
    network.add("inh", snn.CurrentLIF(100))
    weight, delay = snn.Normal(0.5, 0.25, low=0.0), snn.Normal(0.75, 0.375, low=0.5)
    drawn = snn.Sparse.fixed_probability(0.25, weight=weight, delay=delay, allow_autapses=False, trainable=False)
    network.connect("exc", "exc", drawn)
    fixed = snn.Sparse.fixed_indegree(1200, weight=snn.LogNormal(0.0, 0.5), delay=1.0, delay_steps=3, trainable=False)
    network.connect("exc", "inh", fixed)
    total = snn.Sparse.fixed_total(2000, weight=-2.0, receptor="inhibitory", allow_multapses=False)
    network.connect("inh[:50]", "exc[100:200]", total)
    places = np.linspace(0.0, 1.0, 100)
    near = snn.Sparse.spatial(
        places, places, width=0.1, cutoff=0.25, weight=snn.Uniform(-1.0, 3.0), delay=1, trainable=False
    )
    network.connect("inh", "inh", near, name="inhibition_of_close_neighbours")
    out = snn.Sparse.fixed_outdegree(20, weight=snn.Exponential(0.5, high=4.0), delay=1.0, trainable=False)
    network.connect("exc", "inh", out, name="out")
    network.save(folder / "rules.snn")
    return network, folder / "rules.snn"


def test_inspect_tells_the_numbers_of_a_rule(snn_command: Command, tmp_path: Path) -> None:
    network, file = by_rules(tmp_path)
    found = snn_command("inspect", file, "--json").object()["projections"]
    drawn, fixed, total, near, out = (one["rule"] for one in found)
    for one in found:
        rule = network.projections[one["name"]].rule
        assert rule is not None
        assert one["rule"] == json.loads(json.dumps(dict(rule)))
    assert (drawn["name"], drawn["probability"], drawn["allow_autapses"]) == ("fixed_probability", 0.25, False)
    assert drawn["in_degree"] == network.projections["exc_to_exc"].synapse_count / 400
    assert drawn["weight"] == {"distribution": "Normal", "mean": 0.5, "std": 0.25, "low": 0.0, "high": None}
    assert drawn["delay_ms"] == {"distribution": "Normal", "mean": 0.75, "std": 0.375, "low": 0.5, "high": None}
    assert (fixed["name"], fixed["count"], fixed["in_degree"]) == ("fixed_indegree", 1200, 1200.0)
    assert fixed["weight"]["std_log"] == 0.5
    assert (total["count"], total["in_degree"], total["weight"]) == (
        2000,
        20.0,
        {"distribution": "constant", "value": -2.0},
    )
    assert (total["sources"], total["targets"]) == ({"first": 0, "size": 50}, {"first": 100, "size": 100})
    assert (out["sources"], out["targets"]) == ({"first": 0, "size": 400}, {"first": 0, "size": 100})
    assert (near["kernel"], near["width"], near["cutoff"]) == ("gaussian", 0.1, 0.25)
    assert near["weight"] == {"distribution": "Uniform", "low": -1.0, "high": 3.0}
    assert (out["name"], out["count"], out["in_degree"]) == ("fixed_outdegree", 20, 80.0)
    assert out["weight"] == {"distribution": "Exponential", "scale": 0.5, "low": None, "high": 4.0}
    # Mean and spread are those of the distribution, which are those of the synapses: five standard errors.
    for one in found:
        weights = network.projections[one["name"]].synapse_weights()
        assert abs(one["weight_mean"] - weights.mean()) <= 5.0 * one["weight_std"] / math.sqrt(weights.size)
        assert one["weight_std"] == pytest.approx(weights.std(), rel=0.1)
    told = (
        f"fixed_probability 0.25, in-degree {drawn['in_degree']:.4g}, no autapses, weight Normal(0.5, 0.25) from 0 up, "
        "delay Normal(0.75, 0.375) ms from 0.5 up (1 to 6 steps)",
        "fixed_indegree 1,200, weight LogNormal(0, 0.5), delay 1 ms + 3 steps (5 steps)",
        "fixed_total 2,000, in-degree 20, no multapses, weight -2",
        "spatial 1, gaussian of width 0.1 up to 0.25, in-degree",
        "weight Uniform(-1, 3), delay 1 ms (2 steps)",
        "fixed_outdegree 20, in-degree 80, weight Exponential(0.5) up to 4, delay 1 ms (2 steps)",
    )
    for words in told:
        assert words in snn_command("inspect", file).out
        assert words in network.summary()
        assert words in str(network._repr_html_())
    assert "inh[0:50] to exc[100:200], fixed_total" in snn_command("inspect", file).out
    assert "inh[0:50] to exc[100:200].inhibitory, fixed_total" in network.summary()
    assert "inh to inh.current, spatial" in network.summary()  # the first receptor, where none was named


@pytest.mark.parametrize("width", [80, 100])
def test_inspect_fits_a_terminal(
    snn_command: Command, tmp_path: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snn.engine.cli.inspect_command.console", Console(width=width, emoji=False))
    _, file = by_rules(tmp_path)
    lines = snn_command("inspect", file).out.splitlines()
    assert max(map(len, lines)) <= width
    assert not any("\u2026" in line for line in lines)  # no name or number is cut off
    # Nothing is lost, and lines end between two parts of the words, or before a bracket.
    assert "fixed_total 2,000, in-degree 20, no multapses, weight -2" in " ".join(" ".join(lines).split())
    broken = [(before, line) for before, line in itertools.pairwise(lines) if line.startswith("  ")]
    assert broken
    assert all(before.rstrip().endswith(",") or line.lstrip().startswith("(") for before, line in broken)


def test_inspect_estimates_the_memory_of_a_device_and_threads(snn_command: Command, tmp_path: Path) -> None:
    network, file = by_rules(tmp_path)
    for threads, device in ((1, "cpu"), (4, "cpu"), (1, "reference")):
        found = snn_command("inspect", file, "--threads", threads, "--device", device, "--json").object()
        assert (found["device"], found["threads"]) == (device, threads)
        assert found["memory_bytes"] == network.memory_estimate(device=device, threads=threads).total
    assert "of memory in a simulation on cpu, 4 threads" in snn_command("inspect", file, "--threads", 4).out
    wrong = snn_command("inspect", file, "--device", "none")
    assert (wrong.status, "no device 'none'" in wrong.err) == (1, True)


def test_inspect_of_a_network_without_projections(snn_command: Command, tmp_path: Path) -> None:
    network = snn.Network()
    network.add("alone", snn.LIF(3))
    network.save(tmp_path / "n.snn")
    assert snn_command("inspect", tmp_path / "n.snn", "--json").object()["projections"] == []
    assert "3 neurons, 0 synapses" in snn_command("inspect", tmp_path / "n.snn").out


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["inspect", "nowhere.snn"], 1, "nowhere.snn"),
        (["run", "nowhere.snn"], 1, "nowhere.snn"),
        (["inspect"], 2, "Missing argument"),
        (["run", "FILE", "--steps", "-1"], 2, "--steps"),
        (["run", "FILE", "--batch-size", "0"], 2, "--batch-size"),
        (["run", "FILE", "--input", "input"], 1, "--input is 'input'; it must be NAME=VALUE"),
        (["run", "FILE", "--input", "nose=1"], 1, "'nose'"),
        (["run", "FILE", "--input", "input=1", "--input", "input=random:0.1"], 1, "--input names 'input' twice"),
        (["run", "FILE", "--every", "5"], 1, "--every is 5 and needs --record"),
        (["run", "FILE", "--input", "input=much"], 1, "input=much is neither a number, random:P, nor a .npy file"),
        (["run", "FILE", "--input", "input=random:2"], 1, "the probability is 2; it must be 0 to 1"),
        (["run", "FILE", "--input", "input=poisson:0.5"], 1, "'poisson' is unknown; there is random:P"),
        (["run", "FILE", "--input", "input=no.npy"], 1, "input=no.npy cannot be read"),
        (["run", "FILE", "--record", "hidden", "--output", "o.npz"], 1, "--record is 'hidden'"),
        (["run", "FILE", "--record", "hidden.v"], 1, "--record needs --output"),
        (["run", "FILE", "--output", "o.npz"], 1, "--output needs --record"),
        (["run", "FILE", "--record", "hidden.v", "--output", "."], 1, "--output is ., which is a folder"),
        (["plan", "FILE", "--place", "hidden=1"], 1, "--place hidden=1: there is only device 0 (cpu)"),
        (
            ["plan", "FILE", "--devices", "cpu,cpu", "--place", "hidden=2"],
            1,
            "--place hidden=2: there are the devices 0 (cpu), 1 (cpu)",
        ),
        (["model", "liff"], 1, "there is no built-in model 'liff' and no file of that name; did you mean 'lif'?"),
        (["model", "none.toml"], 1, "none.toml"),
        (["model", "--output", "x.json"], 1, "of which model?"),
        (["run", "FILE", "--record", "hidden.w", "--output", "o.npz"], 1, "'w'"),
        (["run", "FILE", "--device", "gpu"], 1, "gpu"),
        (
            ["run", "FILE", "--instruction-set", "sse"],
            1,
            "instruction_set is 'sse'; it must be one of best, scalar, avx2",
        ),
        (["run", "FILE", "--load-state", "no.state"], 1, "--load-state: cannot open 'no.state': No such file"),
        (["run", "FILE", "--load-state", "FILE"], 1, "--load-state: "),
        (
            ["run", "FILE", "--load-state", "s", "--input", "input=random:0.1"],
            1,
            "random inputs after --load-state need --seed",
        ),
        (["run", "FILE", "--save-state", "FILE"], 1, "the network itself; the state would overwrite it"),
        (["run", "FILE", "--save-state", "."], 1, "--save-state is ., which is a folder"),
        (
            ["run", "FILE", "--record", "hidden.v", "--output", "o.npz", "--save-state", "./o.npz"],
            1,
            "--save-state and --output are both o.npz",
        ),
        (["bench", "nothing"], 1, "there is no benchmark 'nothing'; there are: latency, digits"),
        (["bench", "cuba", "--scale", "0.1"], 1, "scene 'cuba': scale is 0.1; it must be 1 to 1000"),
        (["bench", "cuba", "--vs", "auryn"], 1, "there is no peer 'auryn'; there are: brian2, nest, genn"),
        (["bench", "digits", "--vs", "nest"], 1, "peer 'nest' does not run benchmark 'digits'; it runs: brunel"),
        (
            ["bench", "cuba", "--vs", "norse"],
            1,
            "peer 'norse' does not run benchmark 'cuba'; it runs: shd, shd-recurrent",
        ),
        (["bench", "latency", "--scale", "2"], 1, "benchmark 'latency' has no scale"),
        (["bench", "latency", "--count", "2"], 1, "benchmark 'latency' has no count; brains has"),
        (["bench", "brains", "--variant", "basic"], 1, "it has: shared weights, own weights"),
        (
            ["bench", "brains", "--variant", "shared weights", "--own-weights"],
            1,
            "the variant is 'shared weights', and",
        ),
        (["bench", "brains", "--device", "openvino:CPU"], 1, "device 'openvino:CPU' does not give the bits of the CPU"),
        (["bench", "brains", "--device", "null"], 1, "device 'null' does not give the bits of the CPU"),
        (["bench", "cuba", "--own-weights"], 1, "benchmark 'cuba' has no own weights; brains has"),
        (["bench", "cuba", "--connectome", "a.csv"], 1, "scene 'cuba' has no connectome"),
        (["bench", "flybrain", "--connectome", "a.csv"], 1, "there is no file 'a.csv'"),
        (["bench", "latency", "--repeats", "0"], 2, "--repeats"),
        (["bench", "latency", "--instruction-set", "mmx"], 1, "mmx"),
        (["demo", "--epochs", "0"], 2, "--epochs"),
        (["walk"], 2, "walk"),
        (["devices", "--colour"], 2, "--colour"),
    ],
)
def test_bad_input_is_one_sentence(
    snn_command: Command,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = snn_command(*(file if word == "FILE" else word for word in arguments))
    assert result.status == status
    assert result.out == ""
    assert sentence in result.err
    if status == 1:
        assert result.err.startswith("error: ")
        assert result.err.count("\n") == 1
    assert not (tmp_path / "o.npz").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "nowhere.snn"],
        ["inspect", "nowhere.snn"],
        ["plan", "FILE", "--place", "hidden=1"],
        ["model", "nothing"],
        ["bench", "nothing"],
        ["export", "nowhere.snn", "x.onnx"],
        ["demo", "--output", "FILE"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_failure_is_an_object_for_programs(
    snn_command: Command, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """A pipe into jq sees that there is no result; people see the sentence where they always do."""
    monkeypatch.chdir(tmp_path)
    result = snn_command(*(file if word == "FILE" else word for word in arguments), "--json")
    (found,) = result.objects(1)
    assert result.err == f"error: {found.pop('error')}\n"
    assert found == {}


def test_a_damaged_file_is_one_sentence(snn_command: Command, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])
    for name in ("inspect", "run"):
        result = snn_command(name, file)
        assert result.status == 1
        assert result.err.startswith("error: ")
        assert str(file) in result.err
