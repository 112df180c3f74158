"""``snn bench`` of training steps: the frozen cases, and the comparison with other libraries."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest

import snn
from snn.engine.bench import BENCHMARKS
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.training import CHECKED_UPDATES, bench_training
from snn.engine.bench.training_cases import LEARNING_RATE, TRAINING_CASES, Case, Conv, Dense, Pool, Variant

from .command_line import Command, command

snn_command = pytest.fixture(command)

SMALL = Case("small", "30-40-5 LIF", (30,), (Dense(40, 2.6), Dense(5, 3.0)), 20, 8, 0.1)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setitem(TRAINING_CASES, "small", SMALL)
    monkeypatch.setitem(BENCHMARKS, "small", partial(bench_training, SMALL))
    return SMALL


@pytest.mark.parametrize("case", TRAINING_CASES.values(), ids=lambda case: case.name)
def test_hidden_rates_of_the_cases_are_as_they_must_be(case: Case) -> None:
    # Fewer samples, and of the large layer fewer steps, are enough to see a wrong gain.
    fewer = dataclasses.replace(case, batch=4, steps=min(case.steps, 100))
    names = fewer.population_names()
    with snn.Simulation(fewer.network(0), batch_size=fewer.batch, threads=0) as simulation:
        run = simulation.run(fewer.steps, {"input": fewer.batch_of_inputs(0)}, dict.fromkeys(names, "spike_count"))
    rates = {name: float(run[name]["spike_count"].mean()) / fewer.steps for name in names}
    assert case.wrong_rates(rates) == []
    wrong = case.wrong_rates(dict.fromkeys(names, 0.2))
    assert wrong
    assert "20.00% of" in wrong[0]


def test_the_cases_are_those_of_the_published_comparison() -> None:
    sizes = {
        name: (case.inputs, [getattr(layer, "units", None) for layer in case.layers], case.steps, case.batch)
        for name, case in TRAINING_CASES.items()
    }
    assert sizes["shd"] == ((700,), [256, 256, 20], 100, 128)
    assert sizes["shd-recurrent"] == ((700,), [256, 20], 100, 128)
    assert sizes["mnist"] == ((784,), [1000, 10], 25, 128)
    assert sizes["layer"] == ((1024,), [1024], 500, 16)
    assert sizes["layer_4096"] == ((4096,), [4096], 500, 16)
    assert TRAINING_CASES["convnet"].shapes() == [
        (1, 28, 28),
        (12, 24, 24),
        (12, 12, 12),
        (64, 8, 8),
        (64, 4, 4),
        (10,),
    ]


def test_inputs_have_the_density_of_the_case(small: Case) -> None:
    frames = TRAINING_CASES["shd"].batch_of_inputs(3)
    assert frames.shape == (100, 128, 700)
    assert set(np.unique(frames)) == {0.0, 1.0}
    # 8.96 million draws: five standard deviations are 0.00023.
    assert frames.mean() == pytest.approx(0.02, abs=0.00024)
    assert not np.array_equal(frames[0], frames[1])
    values = dataclasses.replace(small, density=None).batch_of_inputs(0)
    assert np.std(values) == pytest.approx(1.0, abs=0.05)


def test_pooled_spikes_pass_as_they_are() -> None:
    case = Case("pools", "pools", (1, 8, 8), (Conv(3, 3, 2.0), Pool(2), Dense(4, 3.0)), 15, 2, 0.3)
    with snn.Simulation(case.network(1), batch_size=2) as simulation:
        run = simulation.run(15, {"input": case.batch_of_inputs(1)}, {"hidden1": "spikes", "pooled1": "spikes"})
    spikes = run["hidden1"]["spikes"].reshape(15, 2, 3, 3, 2, 3, 2)
    pooled = run["pooled1"]["spikes"].reshape(15, 2, 3, 3, 3)
    assert np.array_equal(spikes.max(axis=(4, 6)), pooled)
    assert 0.0 < pooled.mean() < 1.0


def test_a_training_step_is_told(snn_command: Command, small: Case) -> None:
    one = snn_command("bench", "small", "--repeats", 3, "--json").object()
    assert (one["bench"], one["variant"], one["repeats"], one["steps"], one["batch"]) == ("small", "snn", 3, 20, 8)
    assert one["p10_s"] <= one["median_s"] <= one["p90_s"]
    # Medians of parts need not add up to the median of the sums, but nearly.
    assert one["forward_s"] + one["backward_s"] + one["update_s"] == pytest.approx(one["median_s"], rel=0.5)
    assert len(one["losses"]) == CHECKED_UPDATES
    assert one["losses"][-1] < one["losses"][0]
    assert one["input_bytes"] == 20 * 8 * 30 * 4
    told = snn_command("bench", "small", "--repeats", 2)
    assert told.status == 0, told.err
    assert "small: 30-40-5 LIF, 20 steps, batch of 8" in told.out
    assert "spikes per neuron and step: hidden1" in told.out


def _answer(task: TrainingTask, losses: list[float]) -> TrainingAnswer:
    return TrainingAnswer("9.9", [[0.5, 1.0, 0.5]] * task.repeats, losses, 1 << 20, {"reset_timing": "next_step"})


def test_a_peer_is_timed_at_equal_loss_curves_only(
    snn_command: Command, small: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = small.network(2, Variant({"reset_timing": "next_step"}))
    trainer = snn.Trainer(network, steps=20, batch_size=8, encoder=None, learning_rate=LEARNING_RATE)._open()[1]
    inputs = [(network["input"]._index, False, small.batch_of_inputs(2))]
    ours = [trainer.step(inputs, small.labels(2)).loss for _ in range(CHECKED_UPDATES)]

    def run(name: str, task: TrainingTask, kind: type) -> TrainingAnswer:
        assert task == TrainingTask("small", 2, 1, 2, CHECKED_UPDATES)
        return _answer(task, ours if name == "norse" else [loss + 0.2 * float(np.ptp(ours)) for loss in ours])

    monkeypatch.setattr("snn.engine.bench.peers.run", run)
    words = ("bench", "small", "--seed", 2, "--repeats", 2, "--vs", "norse", "snntorch")
    own, norse, snntorch, error = snn_command(*words, "--json").objects(1)
    assert error == {"error": "no time of snntorch"}
    assert norse["median_s"] == 2.0
    assert norse["ratio_to_snn"] == pytest.approx(2.0 / own["median_s"])
    assert (norse["forward_s"], norse["memory_bytes"], norse["versions"]["norse"]) == (0.5, 1 << 20, "9.9")
    assert "median_s" not in snntorch
    assert "snnTorch: its losses are" in snntorch["no_result"]
    told = snn_command(*words)
    assert "no result: snnTorch" in told.out


def test_missing_libraries_are_named(snn_command: Command, small: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = snn_command("bench", "small", "--repeats", 1, "--vs", "spyx", "sinabs", "--json").objects(1)
    assert found.pop() == {"error": "no time of spyx and sinabs"}
    assert [one["variant"] for one in found] == ["snn", "spyx", "sinabs"]
    assert "Spyx is not installed: pip install spyx, or snn-engine[training-peers]" in found[1]["no_result"]


def test_no_time_at_wrong_rates(snn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = dataclasses.replace(SMALL, layers=(Dense(40, 0.5), Dense(5, 3.0)))
    monkeypatch.setitem(BENCHMARKS, "quiet", partial(bench_training, quiet))
    told = snn_command("bench", "quiet", "--repeats", 1)
    assert (told.status, told.out) == (1, "")
    assert "of 'hidden1' spike in a step, not 4% to 7%" in told.err
