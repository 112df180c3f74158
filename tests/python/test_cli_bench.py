"""The command ``snn bench``: what it measures, checks before it gives a time, and says of peers."""

from __future__ import annotations

import dataclasses
import itertools
import re
import time
from functools import partial
from typing import Any

import pytest

import snn
from snn.engine.bench import BENCHMARKS
from snn.engine.bench.peers import Answer, Task
from snn.engine.bench.scenes import USUAL, bench_scene
from snn.engine.bench.training_cases import TRAINING_CASES
from snn.scenes import SCENES

from .command_line import Command

# What every benchmark says, and what those that simulate add.
BENCH_KEYS = {
    "bench",
    "time_of",
    "variant",
    "device",
    "threads",
    "repeats",
    "median_s",
    "p10_s",
    "p90_s",
    "peak_rss_bytes",
    "machine",
    "versions",
}
SIMULATION_KEYS = {"realtime_factor", "rates_hz"}
SCENE_KEYS = {
    "scale",
    "neurons",
    "synapses",
    "build_s",
    "warm_up_ms",
    "window_ms",
    "expected_hz",
    "expected_weights",
    "process_bytes_per_synapse",
    "rss_before_bytes",
    "flush_s",
}


def test_bench_latency(snn_command: Command) -> None:
    found = snn_command("bench", "latency", "--repeats", 200, "--json").objects()
    assert [(one["bench"], one["variant"]) for one in found] == [("latency", "python"), ("latency", "c")]
    for one in found:
        assert one.keys() >= BENCH_KEYS | SIMULATION_KEYS
        assert (one["device"], one["threads"], one["repeats"]) == ("cpu", 1, 200)
        assert 0 < one["p10_s"] <= one["median_s"] <= one["p90_s"] < 1
        assert one["peak_rss_bytes"] > 2**20
        # A step is one millisecond of the network's time; activity is the share of neurons that spike in a step.
        assert one["realtime_factor"] == pytest.approx(one["median_s"] / 1e-3)
        assert one["rates_hz"].keys() == {"hidden1", "hidden2", "output"}
        for name, rate in one["rates_hz"].items():
            assert rate == pytest.approx(1000 * one["activity"][name])
        assert 50 <= one["rates_hz"]["hidden1"] <= 100
        assert {"processor", "cores", "memory_bytes", "system"} <= one["machine"].keys()
        assert {"libsnn", "snn-engine", "python", "numpy"} <= one["versions"].keys()
    assert found[0]["output_spikes"] == found[1]["output_spikes"]
    assert found[0]["time_of"] == "step"


def test_bench_latency_of_a_single_step_is_checked_over_many(snn_command: Command) -> None:
    """The share of neurons that spike in one step is no activity: 1 was refused always, 20 often."""
    one, many = (
        snn_command("bench", "latency", "--repeats", repeats, "--variant", "c", "--json").object()
        for repeats in (1, 300)
    )
    assert one["repeats"] == 1
    assert one["activity"] == many["activity"]


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
def test_bench_brains(snn_command: Command, own: bool) -> None:
    options = ["--count", 6, "--repeats", 10, *(["--variant", "own weights"] if own else [])]
    (found,) = snn_command("bench", "brains", *options, "--json").objects()
    assert found.keys() >= BENCH_KEYS
    assert found["variant"] == ("own weights" if own else "shared weights")
    assert (found["brains"], found["repeats"], found["ran_on"]) == (6, 10, "cpu")
    assert found["brain_steps_per_s"] == pytest.approx(6 * 16 / found["median_s"])
    assert 0.02 < found["activity"] < 0.2


def test_bench_latency_in_words_and_one_variant(snn_command: Command) -> None:
    told = snn_command("bench", "latency", "--repeats", 200, "--variant", "c", "--instruction-set", "scalar")
    assert told.status == 0, told.err
    assert "latency" in told.out
    assert "python" not in told.out
    assert "scalar" in told.out
    assert "hidden1" in told.out
    result = snn_command("bench", "latency", "--repeats", 200, "--variant", "basic")
    assert (result.status, result.err) == (1, "error: benchmark 'latency' has no variant 'basic'; it has: python, c\n")


def test_bench_digits(snn_command: Command) -> None:
    train, infer = snn_command("bench", "digits", "--repeats", 1, "--json").objects()
    assert (train["variant"], infer["variant"]) == ("train", "infer")
    assert train.keys() >= BENCH_KEYS
    assert not train.keys() & SIMULATION_KEYS  # training is no simulation
    assert infer.keys() >= BENCH_KEYS | SIMULATION_KEYS
    assert (train["samples"], infer["samples"]) == (1437, 360)
    assert (train["time_of"], infer["time_of"]) == ("epoch", "inference of the test set")
    assert infer["realtime_factor"] == pytest.approx(infer["median_s"] / 0.025)
    assert infer["rates_hz"].keys() == {"hidden", "output"}
    for rate in infer["rates_hz"].values():
        assert 0 < rate < 1000
    # One epoch of twenty; guessing gives 0.1.
    assert train["test_accuracy"] == infer["test_accuracy"] > 0.5


def test_bench_scene(snn_command: Command) -> None:
    (one,) = snn_command("bench", "cuba", "--scale", 1.25, "--threads", 2, "--repeats", 5, "--json").objects()
    assert one.keys() >= BENCH_KEYS | SIMULATION_KEYS | SCENE_KEYS
    assert (one["bench"], one["variant"], one["scale"], one["repeats"], one["threads"]) == ("cuba", "snn", 1.25, 5, 2)
    assert one["neurons"] == 5000
    assert one["synapses"] == pytest.approx(5000 * 80, rel=0.02)
    assert one["window_ms"] == pytest.approx(2000.0)
    # Seconds for each second of network time.
    assert one["realtime_factor"] == one["median_s"]
    assert 0 < one["p10_s"] <= one["median_s"] <= one["p90_s"]
    assert one["process_bytes_per_synapse"] == one["peak_rss_bytes"] / one["synapses"]
    # Equal where the network fits into memory that this process has freed.
    assert 2**20 < one["rss_before_bytes"] <= one["peak_rss_bytes"]
    assert one["flush_s"] == 0.0  # nothing learns
    assert one["expected_hz"].keys() == one["rates_hz"].keys()
    for name, expected in one["expected_hz"].items():
        assert abs(one["rates_hz"][name] - expected["mean"]) <= expected["tolerance"]
    assert one["expected_weights"] == {}
    assert one["time_of"] == "second of network time"


def test_bringing_plastic_weights_up_to_date_is_part_of_the_time(
    snn_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = type(SCENES["stdp"]).learned
    is_first = itertools.cycle((True, False))

    def slow(*arguments: Any) -> Any:
        if next(is_first):  # of the two reads after a window: the second has nothing to catch up with
            time.sleep(1.0)
        return usual(*arguments)

    monkeypatch.setattr(type(SCENES["stdp"]), "learned", slow)
    options = ("bench", "stdp", "--scale", 0.1, "--repeats", 2, "--json")
    (one,) = snn_command(*options).objects()
    assert 0.9 <= one["flush_s"] < 10.0
    # In equal shares: each of the two parts of a second of network time has half of it.
    assert one["p10_s"] >= one["flush_s"] * 1000.0 / one["window_ms"]
    assert "for bringing all weights up to date" in snn_command(*options[:-1]).out


def test_bench_tells_the_bits_of_the_spikes(snn_command: Command) -> None:
    def bits(*options: object) -> str:
        (one,) = snn_command("bench", "izhikevich", "--scale", 0.5, "--repeats", 2, "--json", *options).objects()
        return str(one["spikes_sha256"])

    usual = bits()
    assert re.fullmatch("[0-9a-f]{64}", usual)
    for options in (("--threads", 3), ("--instruction-set", "scalar"), ("--device", "reference")):
        assert bits(*options) == usual, options
    assert bits("--seed", 1) != usual


def test_bench_scene_in_words(snn_command: Command) -> None:
    told = snn_command("bench", "izhikevich", "--scale", 0.5)
    assert told.status == 0, told.err
    assert "izhikevich at scale 0.5" in told.out
    assert "500 neurons, 250,000 synapses" in told.out
    assert "snn: excitatory" in told.out
    for word in ("s per s:", "10 to 90 %:", "ratio:", "build:", "process:", "bytes a synapse:"):
        assert word in told.out


@pytest.mark.parametrize(("before", "shown"), [(2**20, True), (2**20 + 1, False)])
def test_bytes_a_synapse_are_left_out_where_most_is_not_of_the_network(
    snn_command: Command, monkeypatch: pytest.MonkeyPatch, before: int, shown: bool
) -> None:
    def run(name: str, task: Task, kind: type[Answer]) -> Answer:
        rates = {key: rate.mean for key, rate in snn.scenes.get(task.scene).expected(task.scale).items()}
        return dataclasses.replace(_answer(task, rates), rss_before_bytes=before)

    monkeypatch.setattr("snn.engine.bench.peers.run", run)
    words = ("bench", "izhikevich", "--scale", 0.5, "--variant", "nest", "--vs", "nest")
    (row,) = re.findall(r"^nest +1 +2 .*$", snn_command(*words).out, re.M)
    # 2 MiB for 1,000 synapses.
    assert re.search(r"2\.0 MiB +2097\.2$" if shown else r"2\.0 MiB$", row.rstrip()), row


def test_bench_help_says_how_large_a_scene_is(snn_command: Command) -> None:
    told = " ".join(snn_command("bench", "microcircuit", "--help").out.split())
    assert "77,169 neurons, 298,880,970 synapses; 1.5 s of network time. --scale is 0.1 to 1, with --vs 0.2" in told
    assert "At scale 1 about" in told
    assert USUAL.keys() == SCENES.keys()
    for seconds, mebibytes in USUAL.values():
        assert 0 < seconds < 300
        assert 50 < mebibytes < 8192


def test_bench_gives_no_time_at_wrong_rates(snn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = {name: snn.scenes.Rate(20.0, 1.0) for name in ("excitatory", "inhibitory")}
    scene = dataclasses.replace(snn.scenes.get("izhikevich"), rates=fast)
    monkeypatch.setitem(BENCHMARKS, "izhikevich", partial(bench_scene, scene))
    monkeypatch.setattr("snn.engine.bench.scenes.scene_of", lambda name, connectome: scene)
    result = snn_command("bench", "izhikevich", "--scale", 0.5)
    assert (result.status, result.out) == (1, "")
    assert "'excitatory' spikes at" in result.err
    assert "Hz, not at 20" in result.err


def test_bench_says_which_peers_are_missing(snn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = snn_command(
        "bench", "izhikevich", "--scale", 0.5, "--vs", "brian2", "nest", "genn", "--repeats", 2, "--json"
    ).objects(1)
    assert found.pop() == {"error": "no time of brian2 and nest and genn"}
    assert [one["variant"] for one in found] == ["snn", "brian2", "nest", "genn"]
    assert "Brian2 is not installed: pip install brian2" in found[1]["no_result"]
    assert "NEST is not installed: pip install nest-simulator" in found[2]["no_result"]
    assert "GeNN is not installed: PyGeNN is not on PyPI; it is built from its repository" in found[3]["no_result"]
    assert not any("median_s" in one for one in found[1:])


def test_bench_says_what_a_peer_lacks(snn_command: Command) -> None:
    words = ("bench", "flybrain", "--scale", 0.1, "--vs", "nest", "--threads", 2, "--json")
    own, nest, _ = snn_command(*words).objects(1)
    assert own["rates_hz"].keys() == {"brain", "drive"}
    assert "NEST does not run 'flybrain': it has no neuron" in nest["no_result"]


def test_bench_gives_no_time_of_a_peer_with_other_weights(
    snn_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(name: str, task: Task, kind: type[Answer]) -> Answer:
        scene = snn.scenes.get(task.scene)
        rates = {key: rate.mean for key, rate in scene.expected(task.scale).items()}
        assert scene.weights is not None
        other = {"mean": 0.4} if name == "nest" else {}
        return dataclasses.replace(
            _answer(task, rates),
            weights={**scene.weights.values, **scene.weights.changes, **other},
            notes=f"what {name} does [otherwise]",
        )

    monkeypatch.setattr("snn.engine.bench.peers.run", run)
    words = ("bench", "stdp", "--vs", "brian2", "nest")
    own, brian2, nest, _ = snn_command(*words, "--json").objects(1)
    names = {"mean", "std", "p10", "p50", "p90", "change", "absolute_change"}
    assert own["weights"].keys() == brian2["weights"].keys() == names
    assert own["weights"]["mean"] == pytest.approx(0.4964, abs=0.006)
    assert brian2["ratio_to_snn"] == pytest.approx(2.0 / own["median_s"])
    assert "median_s" not in nest
    assert nest["no_result"] == "NEST at scale 1: the mean of the weights is 0.4000, not 0.4964 +- 0.006"
    assert own["expected_weights"] == brian2["expected_weights"]
    assert own["expected_weights"]["p10"] == {"mean": 0.0927, "tolerance": 0.006}
    told = " ".join(snn_command(*words).out.split())
    assert re.search(
        r"snn: inputs \d+\.\d\d Hz \(expected 15 \+- 0\.6\), cells \d+\.\d\d Hz \(expected 67\.7 \+- 10\)", told
    )
    assert "snn: weights, parts of the largest: mean 0.49" in told
    assert "brian2: weights, parts of the largest: mean 0.4964 (expected 0.4964 +- 0.006), std 0.2904 (expected" in told
    assert "absolute_change 0.0257 (expected 0.0257 +- 0.004)" in told
    assert "brian2: what brian2 does [otherwise]" in told


def _answer(task: Task, rates: dict[str, float]) -> Answer:
    return Answer("9.9", [2.0 * task.segment_ms / 1000.0] * task.segments, 0.5, rates, 1000, 2**21, 2**20)


def test_bench_compares_with_peers_at_equal_rates_only(snn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = []

    def run(name: str, task: Task, kind: type[Answer]) -> Answer:
        tasks.append(task)
        good = {key: rate.mean for key, rate in snn.scenes.get(task.scene).expected(task.scale).items()}
        return _answer(task, good if name == "nest" else dict.fromkeys(good, 0.1))

    monkeypatch.setattr("snn.engine.bench.peers.run", run)
    words = ("bench", "izhikevich", "--scale", 0.5, "--seed", 4, "--threads", 2, "--repeats", 4)
    own, nest, brian2, error = snn_command(*words, "--vs", "nest", "brian2", "--json").objects(1)
    assert error == {"error": "no time of brian2"}
    assert tasks == [Task("izhikevich", 0.5, 4, 2, 4, 1250.0)] * 2
    # Two seconds of work for each second of the network.
    assert (nest["median_s"], nest["p10_s"], nest["p90_s"]) == pytest.approx((2.0, 2.0, 2.0))
    assert nest["ratio_to_snn"] == pytest.approx(2.0 / own["median_s"])
    assert (nest["peak_rss_bytes"], nest["synapses"], nest["process_bytes_per_synapse"]) == (2**21, 1000, 2**21 / 1000)
    assert nest["versions"]["nest"] == "9.9"
    assert "median_s" not in brian2
    assert "'excitatory' spikes at 0.100 Hz" in brian2["no_result"]
    told = snn_command(*words, "--vs", "nest", "--vs", "brian2")
    assert (told.status, told.err) == (1, "error: no time of brian2\n")
    assert "no result: Brian2 at scale 0.5" in told.out
    assert snn_command(*words, "--vs", "nest").status == 0


def test_bench_compares_on_as_many_threads_as_a_peer_has(snn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = {}

    def run(name: str, task: Task, kind: type[Answer]) -> Answer:
        tasks[name] = task
        rates = {key: rate.mean for key, rate in snn.scenes.get(task.scene).expected(task.scale).items()}
        return _answer(task, rates)

    monkeypatch.setattr("snn.engine.bench.peers.run", run)
    words = ("bench", "izhikevich", "--scale", 0.5, "--repeats", 2, "--threads", 2, "--vs", "nest", "genn")
    found = snn_command(*words, "--json").objects()
    assert [(one["variant"], one["threads"]) for one in found] == [("snn", 2), ("snn", 1), ("nest", 2), ("genn", 1)]
    assert (tasks["nest"].threads, tasks["genn"].threads) == (2, 1)
    both, alone, nest, genn = found
    assert nest["ratio_to_snn"] == pytest.approx(2.0 / both["median_s"])
    assert genn["ratio_to_snn"] == pytest.approx(2.0 / alone["median_s"])
    assert [one["variant"] for one in found if "peak_rss_bytes" not in one] == ["snn"]
    assert "peak_rss_bytes" not in alone  # that of the process, which has run before
    assert snn_command(*words).status == 0


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        ("cuba --vs brian2 nest --json", "cuba --vs brian2 --vs nest --json"),
        ("--vs nest cuba", "--vs nest cuba"),
        ("cuba --vs brian2 --vs nest", "cuba --vs brian2 --vs nest"),
        ("cuba --threads 2", "cuba --threads 2"),
        ("shd --vs spyx norse --json", "shd --vs spyx --vs norse --json"),
        ("cuba --vs auryn nest", "cuba --vs auryn --vs nest"),
    ],
)
def test_peers_may_follow_one_option(words: str, spread: str) -> None:
    # Here: imported before a test sets the width, the console would keep another.
    from snn.engine.cli.bench_command import spread_peers

    assert spread_peers(words.split()) == spread.split()


def test_every_benchmark_is_tested_here() -> None:
    # Scenes: tests/python/test_scenes.py; training: tests/python/test_bench_training.py.
    assert set(BENCHMARKS) == {"latency", "digits", "brains", *TRAINING_CASES, *snn.scenes.SCENES}
