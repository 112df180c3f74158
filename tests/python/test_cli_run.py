"""``snn run``: what it prints, records, writes and goes on from."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn
from snn.engine.records import Counters

from .command_line import Command

RUN_KEYS = {
    "file",
    "device",
    "device_reason",
    "threads",
    "instruction_set",
    "batch_size",
    "first_step",
    "steps",
    "dt_ms",
    "seconds",
    "seconds_per_step",
    "realtime_factor",
    "rates_hz",
    "counters",
    "peak_rss_bytes",
    "output",
    "load_state",
    "save_state",
    "machine",
    "versions",
}


@pytest.fixture
def relay(tmp_path: Path) -> Path:
    """Twelve neurons, each of which spikes when its input does and forgets it."""
    network = snn.Network()
    network.add("in", snn.SpikeInput(12))
    network.add("out", snn.LIF(12, threshold=1.0, reset="value"))
    network.connect("in", "out", snn.OneToOne(2.0))
    path = tmp_path / "relay.snn"
    network.save(path)
    return path


@pytest.fixture
def pulse(tmp_path: Path) -> Path:
    """Two neurons at half a millisecond a step; the first spikes in every step, the second never."""
    network = snn.Network(dt=0.5)
    network.add("in", snn.Input(2))
    network.add("out", snn.LIF(2, threshold=1.0, reset="value"))
    network.connect("in", "out", snn.OneToOne(np.float32([2.0, 0.0])))
    path = tmp_path / "pulse.snn"
    network.save(path)
    return path


def test_run_gives_rates_and_speed(snn_command: Command, pulse: Path) -> None:
    found = snn_command("run", pulse, "--steps", 400, "--input", "in=1", "--json").object()
    assert found.keys() == RUN_KEYS
    assert (found["file"], found["device"], found["steps"], found["dt_ms"]) == (str(pulse), "cpu", 400, 0.5)
    # One of two neurons spikes at each of 2,000 steps a second.
    assert found["rates_hz"] == {"out": 1000.0}
    assert (found["counters"]["steps"], found["counters"]["neuron_updates"], found["counters"]["spikes"]) == (
        400,
        800,
        400,
    )
    assert found["seconds"] > 0
    assert found["seconds_per_step"] == pytest.approx(found["seconds"] / 400)
    assert found["realtime_factor"] == pytest.approx(found["seconds"] / 0.2)
    assert found["peak_rss_bytes"] > 2**20
    assert found["output"] is None
    assert found["machine"]["cores"] >= 1
    assert found["versions"]["libsnn"] == snn.__version__
    told = snn_command("run", pulse, "--steps", 400, "--input", "in=1").out
    assert "1000.00 Hz" in told
    assert "800 neuron updates, 400 spikes" in told
    assert "400 steps (0.2 s simulated) of 1 sample on cpu" in told
    assert "no --input" not in told
    assert "no --input was given, so in stayed silent; try --input in=random:0.1" in snn_command("run", pulse).out


def test_the_page_about_it_has_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [key for key in (*RUN_KEYS, *Counters._fields, "error") if f"`{key}`" not in page] == []


def test_run_counts_every_sample_once(snn_command: Command, pulse: Path) -> None:
    found = snn_command("run", pulse, "--steps", 10, "--input", "in=1", "--batch-size", 3, "--json").object()
    assert found["rates_hz"] == {"out": 1000.0}
    assert found["batch_size"] == 3
    told = snn_command("run", pulse, "--steps", 10, "--input", "in=1", "--batch-size", 3).out
    assert "of 3 samples" in told
    assert " 30" in told  # spikes


def test_run_without_steps_or_input(snn_command: Command, pulse: Path) -> None:
    found = snn_command("run", pulse, "--steps", 0, "--json").object()
    assert (found["rates_hz"], found["realtime_factor"], found["seconds_per_step"]) == ({"out": 0.0}, 0.0, 0.0)
    assert snn_command("run", pulse, "--steps", 5, "--json").object()["rates_hz"] == {"out": 0.0}


def test_run_writes_what_a_simulation_records(
    snn_command: Command, file: Path, spikes: np.ndarray, tmp_path: Path
) -> None:
    given, written = tmp_path / "given.npy", tmp_path / "written.npz"
    np.save(given, spikes)
    options = ["--steps", 40, "--batch-size", 2, "--input", f"input={given}", "--output", written]
    found = snn_command("run", file, *options, "--record", "hidden.v", "--record", "output.spikes", "--json").object()
    assert found["output"] == str(written)
    with snn.Simulation(snn.load(file), batch_size=2) as simulation:
        expected = simulation.run(
            40, {"input": spikes}, {"hidden": ["v", "spike_count"], "output": ["spikes", "spike_count"]}
        )
    read = snn.Recording.load(written)
    assert {name: list(variables) for name, variables in read.items()} == {"hidden": ["v"], "output": ["spikes"]}
    assert (read.step_count, read.dt) == (expected.step_count, expected.dt)
    with np.load(written) as arrays:
        assert sorted(arrays) == ["hidden.v", "output.spikes", "recording"]
        np.testing.assert_array_equal(arrays["hidden.v"], expected["hidden"]["v"])
        np.testing.assert_array_equal(arrays["output.spikes"], expected["output"]["spikes"])
        assert arrays["output.spikes"].any()
    for name in ("hidden", "output"):
        assert found["rates_hz"][name] == pytest.approx(expected[name]["spike_count"].mean() / 0.040)


def test_run_records_weights_every_so_many_steps(snn_command: Command, tmp_path: Path) -> None:
    network = snn.Network()
    network.add("in", snn.SpikeInput(3))
    network.add("out", snn.CurrentLIF(2, threshold=0.5))
    network.connect("in", "out", snn.Sparse.all_to_all(weight=0.4, delay=1.0, plasticity=snn.PairSTDP()), name="p")
    network.save(tmp_path / "p.snn")
    record = ["--record", "p.weight", "--record", "out.v", "--record", "out.spike_events", "--every", 8]
    words = ["run", tmp_path / "p.snn", "--steps", 40, "--input", "in=1", *record, "--output", tmp_path / "o.npz"]
    assert snn_command(*words).status == 0
    with snn.Simulation(network) as sim:
        wanted = {"p": "weight", "out": ["v", "spike_events"]}
        expected = sim.run(40, np.ones((40, 3), np.float32), wanted, every=8)
    found = snn.Recording.load(tmp_path / "o.npz")
    assert found["p"]["weight"].shape == (5, 6)
    np.testing.assert_array_equal(found["p"]["weight"], expected["p"]["weight"])
    assert (np.diff(found["p"]["weight"], axis=0) != 0).any()
    np.testing.assert_array_equal(found["out"]["v"], expected["out"]["v"])
    np.testing.assert_array_equal(found["out"]["spike_events"].steps, expected["out"]["spike_events"].steps)
    assert found.every == 8


def test_run_gives_spike_inputs_at_every_step(snn_command: Command, relay: Path) -> None:
    found = snn_command("run", relay, "--steps", 6, "--input", "in=1", "--json").object()
    assert found["rates_hz"] == {"out": pytest.approx(1000.0)}


def test_run_draws_random_spikes_from_the_seed(snn_command: Command, relay: Path, tmp_path: Path) -> None:
    def drawn(seed: int) -> np.ndarray:
        written = tmp_path / f"{seed}"  # exactly this file, whatever its suffix
        record = ["--record", "out.spikes", "--output", written]
        result = snn_command("run", relay, "--steps", 500, "--input", "in=random:0.2", "--seed", seed, *record)
        assert result.status == 0, result.err
        assert f"recorded to {written}\n" in result.out
        with np.load(written) as arrays:
            return arrays["out.spikes"]

    first = drawn(1)
    np.testing.assert_array_equal(drawn(1), first)
    assert not np.array_equal(drawn(2), first)
    # 6,000 draws of probability 0.2: five standard deviations.
    assert abs(first.mean() - 0.2) < 5 * (0.2 * 0.8 / first.size) ** 0.5


def test_run_is_the_same_on_every_device(snn_command: Command, file: Path) -> None:
    def rates(device: str) -> dict[str, float]:
        options = ["--input", "input=random:0.3", "--steps", 100, "--device", device, "--json"]
        return snn_command("run", file, *options).object()["rates_hz"]

    assert rates("cpu") == rates("reference")
    assert rates("cpu")["hidden"] > 0


def test_run_makes_the_folder_of_its_output(snn_command: Command, file: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "folder" / "o.npz"
    result = snn_command("run", file, "--steps", 3, "--record", "hidden.v", "--output", output)
    assert result.status == 0, result.err
    assert np.load(output)["hidden.v"].shape[0] == 3


def test_run_seeds_what_models_draw(snn_command: Command, tmp_path: Path) -> None:
    network = snn.Network()
    network.add("cells", snn.NoisyIzhikevich(50))
    path = tmp_path / "noisy.snn"
    network.save(path)

    def states(seed: int) -> np.ndarray:
        output = tmp_path / "o.npz"
        told = snn_command("run", path, "--steps", 5, "--seed", seed, "--record", "cells.v", "--output", output)
        assert told.status == 0, told.err
        return np.load(output)["cells.v"]

    np.testing.assert_array_equal(states(3), states(3))
    assert (states(3) != states(4)).any()


def test_random_input_takes_no_more_memory_for_more_steps(
    snn_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = snn.Network()
    network.add("in", snn.SpikeInput(1000))
    network.add("out", snn.LIF(1000, threshold=1.0, reset="value"))
    network.connect("in", "out", snn.OneToOne(2.0))
    network.save(tmp_path / "wide.snn")
    for value in ("random:0.25", "1"):
        tracemalloc.start()
        try:
            words = ["run", tmp_path / "wide.snn", "--steps", 10_000, "--input", f"in={value}", "--json"]
            found = snn_command(*words).object()
            assert tracemalloc.get_traced_memory()[1] < 40e6  # at once, 40 MB without the draws
        finally:
            tracemalloc.stop()
        if value == "1":
            assert found["rates_hz"]["out"] == pytest.approx(1000.0)
        else:  # 10 million draws: five standard deviations
            assert abs(found["rates_hz"]["out"] / 1000 - 0.25) < 5 * (0.25 * 0.75 / 1e7) ** 0.5


def test_an_interrupted_run_writes_what_it_has(
    snn_command: Command, pulse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = snn.Simulation.run

    def interrupted(self: snn.Simulation, steps: int, *arguments: Any, **settings: Any) -> Any:
        assert settings.pop("progress") is False  # nobody looks at this error stream

        def stop(done: int, _: int) -> None:
            if done == 4:
                raise KeyboardInterrupt

        return run(self, steps, *arguments, progress=stop, progress_interval=1, **settings)

    monkeypatch.setattr("snn.Simulation.run", interrupted)
    output = tmp_path / "run.npz"
    found = snn_command("run", pulse, "--steps", 10, "--record", "out.v", "--output", output)
    assert found.status == 130
    assert "interrupted after 4 of 10 steps" in found.err
    assert "4 steps (0.002 s simulated)" in found.out
    assert f"recorded to {output}" in found.out
    state = tmp_path / "run.state"
    told = snn_command("run", pulse, "--steps", 10, "--save-state", state, "--json")
    (line,) = told.objects(130)
    assert line["error"] == "interrupted after 4 of 10 steps"
    assert line.keys() == RUN_KEYS | {"error"}
    assert (line["steps"], line["counters"]["steps"]) == (4, 4)
    monkeypatch.undo()
    with np.load(output) as written, snn.Simulation(snn.load(pulse)) as sim:
        np.testing.assert_array_equal(written["out.v"], sim.run(4, record={"out": "v"})["out"]["v"])
        sim.load_state(state)
        assert sim.step_count == 4


@pytest.mark.parametrize("instruction_set", ["best", "scalar"])
def test_a_run_in_parts_is_a_run_in_one(snn_command: Command, tmp_path: Path, instruction_set: str) -> None:
    """States, random inputs, draws of models and delays go on where the first part ended."""
    network = snn.Network(dt=0.5)
    network.add("in", snn.SpikeInput(20))
    network.add("cells", snn.NoisyIzhikevich(30))
    network.connect("in", "cells", snn.Sparse.fixed_indegree(4, weight=6.0, delay=3.5, trainable=False))
    path, state = tmp_path / "noisy.snn", tmp_path / "made" / "noisy.state"
    network.save(path)

    def ran(steps: int, *options: object) -> tuple[dict[str, Any], np.ndarray]:
        output = tmp_path / "o.npz"
        words = ["--input", "in=random:0.1", "--seed", 7, "--record", "cells.v", "--output", output, "--json", *options]
        return snn_command("run", path, "--steps", steps, *words).object(), np.load(output)["cells.v"]

    told, whole = ran(300)
    told_first, first = ran(110, "--save-state", state, "--instruction-set", instruction_set)
    # The same file, which then has the state of the end.
    told_rest, rest = ran(190, "--load-state", state, "--save-state", state)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)
    assert told_first["instruction_set"] == instruction_set
    assert [one["first_step"] for one in (told, told_first, told_rest)] == [0, 0, 110]
    assert told_rest["load_state"] == told_rest["save_state"] == str(state)
    for name, count in told["counters"].items():  # of a run, not of those before it
        assert told_first["counters"][name] + told_rest["counters"][name] == count > 0
    told_words = snn_command("run", path, "--steps", 1, "--load-state", state, "--save-state", tmp_path / "end").out
    assert f"went on from {state}, at step 300\n" in told_words
    assert f"state saved to {tmp_path / 'end'}\n" in told_words


def test_a_seed_that_nothing_would_use_is_refused(snn_command: Command, tmp_path: Path) -> None:
    network = snn.Network(dt=0.5)
    network.add("in", snn.SpikeInput(3))
    network.add("cells", snn.NoisyIzhikevich(3))
    network.connect("in", "cells", snn.OneToOne(6.0))
    path, state = tmp_path / "noisy.snn", tmp_path / "noisy.state"
    network.save(path)
    assert snn_command("run", path, "--steps", 5, "--seed", 7, "--save-state", state).status == 0
    ran = ["run", path, "--steps", 5, "--load-state", state]
    found = snn_command(*ran, "--seed", 8)
    assert found.status == 1
    assert "--seed is 8, and nothing would use it" in found.err
    assert "with the seed of --load-state, 7" in found.err
    for seed in ([], ["--seed", 7]):
        assert "random inputs have" not in snn_command(*ran, *seed).out
    found = snn_command(*ran, "--seed", 8, "--input", "in=random:0.5")
    assert found.status == 0
    assert "random inputs have the seed 8; models went on with that of" in found.out


def test_a_state_of_another_network_is_refused(snn_command: Command, file: Path, pulse: Path, tmp_path: Path) -> None:
    state = tmp_path / "pulse.state"
    assert snn_command("run", pulse, "--steps", 3, "--save-state", state).status == 0
    found = snn_command("run", file, "--load-state", state)
    assert found.status == 1
    assert found.err.startswith("error: --load-state: ")
    found = snn_command("run", pulse, "--batch-size", 2, "--load-state", state)
    assert found.status == 1
    assert "batch" in found.err


def test_run_does_not_overwrite_its_network(snn_command: Command, pulse: Path) -> None:
    before = pulse.read_bytes()
    found = snn_command("run", pulse, "--steps", 3, "--record", "out.v", "--output", pulse)
    assert (found.status, pulse.read_bytes()) == (1, before)
    assert "is the network itself" in found.err
