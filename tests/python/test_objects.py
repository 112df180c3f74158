"""What every object owes a person at a prompt: a repr that tells what it is, and copies, or a sentence why there are none."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn

COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]


def network() -> snn.Network:
    net = snn.Network(dt=0.5, seed=3)
    net.add("a", snn.SpikeInput(6))
    net.add("b", snn.LIF(5))
    net.connect("a", "b", snn.Dense())
    rule = snn.PairSTDP(w_max=2.0)
    net.connect("b", "b", snn.Sparse.fixed_probability(0.3, delay=1.0, plasticity=rule), name="p")
    return net


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (snn.Dense(), "Dense()"),
        (snn.Dense(3, bias=True, init="xavier_uniform"), "Dense(3, bias=True, init='xavier_uniform')"),
        (snn.Dense(weights=np.zeros((2, 3))), "Dense(weights=<array (2, 3)>)"),
        (snn.Conv2d(8, 3, padding=1).detach(), "Conv2d(8, 3, padding=1).detach()"),
        (snn.MaxPool2d(2), "MaxPool2d(2)"),
        (snn.LateralInhibition(-0.5), "LateralInhibition(-0.5)"),
        (snn.Sparse.fixed_probability(0.1, weight=2.0), "Sparse.fixed_probability(0.1, weight=2.0)"),
        (snn.Sparse.fixed_indegree(4, plasticity=snn.PairSTDP()), "Sparse.fixed_indegree(4, plasticity=PairSTDP())"),
        (snn.Sparse.one_to_one(delay=1.0), "Sparse.one_to_one(delay=1.0)"),
        (snn.Sparse.from_arrays([0], [1], 0.5), "Sparse.from_arrays(<1 synapse>)"),
        (snn.Sparse.from_csr([0, 1, 2], [1, 0], 0.5), "Sparse.from_csr(<2 synapses>)"),
        (
            snn.Sparse.spatial([0.0, 1.0], [0.5], width=1.0, cutoff=2.0, seed=1),
            "Sparse.spatial(<array (2, 1)>, <array (1, 1)>, width=1.0, cutoff=2.0, kernel='gaussian', probability=1.0, "
            "period=None, seed=1)",
        ),
        (snn.schedules.cosine(warmup=0.1), "cosine(end=0.0, warmup=0.1)"),
        (snn.schedules.step([0.5], factor=0.2), "step(at=(0.5,), factor=0.2)"),
        (network(), "<Network: 2 populations, 2 projections, 5 neurons, dt=0.5 ms>"),
        (network().projections["p"], "<Projection 'p': b to b, sparse, PairSTDP(w_max=2)>"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reprs(made: object, text: str) -> None:
    assert repr(made) == text
    for copied in COPIES:
        assert repr(copied(made)) == text


@pytest.mark.parametrize("copied", COPIES)
def test_copies_of_stop_are_stop(copied: Callable[[Any], Any]) -> None:
    assert copied(snn.STOP) is snn.STOP
    assert repr(snn.STOP) == "snn.STOP"


def test_the_repr_of_a_chain_of_layers() -> None:
    net = snn.Sequential(3, snn.Dense(1), snn.LIF())
    assert repr(net) == "<Sequential: 2 populations, 1 projection, 1 neuron, dt=1 ms>"


def test_moments_of_a_schedule_are_several() -> None:
    with pytest.raises(snn.ArgumentTypeError, match=r"at is 0.5, not the moments, such as \(0.5, 0.75\)"):
        snn.schedules.step(0.5)  # type: ignore[arg-type]


def test_running_things_are_not_copied() -> None:
    net = network()
    passes = snn.Backpropagation(snn.Sequential(3, snn.Dense(1), snn.LIF()), steps=2)
    with snn.Simulation(net) as sim:
        recorder = sim.recorder("b", "v")
        sim.step(3)
        assert repr(recorder) == "<Recorder of b.v: 3 steps>"
        for one, told in ((sim, "save_state"), (recorder, "`recording`"), (passes, "make another Backpropagation")):
            for copied in COPIES:
                with pytest.raises(
                    snn.ArgumentTypeError, match=f"a {type(one).__name__} is not copied or pickled; .*{told}"
                ):
                    copied(one)
        found = pickle.loads(pickle.dumps(recorder.recording))
        assert np.array_equal(found["b"]["v"], recorder["v"])


@pytest.mark.parametrize("schedule", ["cosine", snn.schedules.linear(end=0.1, warmup=0.2)])
def test_a_trainer_is_pickled_with_its_network(schedule: Any) -> None:
    x, y = np.random.default_rng(1).random((12, 3)).astype(np.float32), np.arange(12) % 2
    trainers = []
    for copied in (lambda one: one, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):
        net = snn.Sequential(3, snn.Dense(2), snn.LIF(), seed=1)
        trainers.append(copied(snn.Trainer(net, epochs=2, schedule=schedule, steps=5)).fit(x, y))
    weights = [trainer.network.projections["input_to_output"].weights for trainer in trainers]
    assert not np.array_equal(
        weights[0], snn.Sequential(3, snn.Dense(2), snn.LIF(), seed=1).projections["input_to_output"].weights
    )
    assert all(np.array_equal(one, weights[0]) for one in weights[1:])


@pytest.mark.parametrize("copied", COPIES)
def test_a_trainer_is_pickled_after_and_during_training(copied: Callable[[Any], Any], tmp_path: Path) -> None:
    x, y = np.random.default_rng(1).random((12, 3)).astype(np.float32), np.arange(12) % 2
    net = snn.Sequential(3, snn.Dense(2), snn.LIF(), seed=1)
    trainer = snn.Trainer(net, epochs=2, steps=5)
    twins = []

    def keep(report: snn.EpochReport) -> None:
        twins.append(copied(trainer))
        trainer.save_checkpoint(tmp_path / f"{report.epoch}.npz")

    trainer.fit(x, y, callbacks=[keep])
    twins.append(copied(trainer))
    trainer.save_checkpoint(tmp_path / "3.npz")
    for place, twin in enumerate(twins, 1):
        twin.save_checkpoint(tmp_path / "twin.npz")
        with np.load(tmp_path / "twin.npz") as ours, np.load(tmp_path / f"{place}.npz") as theirs:
            assert ours.files == theirs.files
            for name in theirs.files:
                np.testing.assert_array_equal(ours[name], theirs[name])
    assert twins[-1].history["loss"].tolist() == trainer.history["loss"].tolist()
    assert np.array_equal(twins[-1].predict(x), trainer.predict(x))
