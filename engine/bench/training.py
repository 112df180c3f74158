"""How long a training step takes: forward, backward and update of one batch, for this library and for other training libraries.

What is trained is frozen (`training_cases`). Before a time is given, the hidden rates must be the case's, and the loss curve of
each peer over the first updates must be ours, of a network with that peer's neuron. Peers run in the same invocation, one
after the other, each in a process of its own.

Variants: ``snn``, and the peers that were asked for. With the device "vulkan", peers that are built on PyTorch train on the
same machine's GPU by way of CUDA; the batch comes from the host's memory in each step, for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import snn
from snn.engine import machine
from snn.engine.bench import peers
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.report import Settings, require, result
from snn.engine.bench.training_cases import LEARNING_RATE, Case, Variant
from snn.engine.speed import rates_hz, spike_counts

__all__ = ["OWN", "bench_training"]

OWN = "snn"
REPEATS = 20
CHECKED_UPDATES = 5
# Sums are in another order in every library, so that now and then a membrane at the threshold spikes in one of them alone.
# What that may change, as a share of how far apart the losses are.
LOSS_TOLERANCE = 0.05
PHASES = ("forward", "backward", "update")


def bench_training(case: Case, settings: Settings) -> Iterator[dict[str, Any]]:
    """Time a training step, and the same step in other libraries."""
    repeats = settings.repeats or REPEATS
    common = {"network": case.title, "steps": case.steps, "batch": case.batch, "input_density": case.density}
    own = None
    if settings.wants(OWN):
        own = _measure(case, settings, repeats, common)
        yield own
    for name in settings.versus:
        if settings.wants(name):
            yield _peer(name, case, settings, repeats, common, own)


class _Step:
    """One network with its trainer and its batch."""

    def __init__(self, case: Case, settings: Settings, variant: Variant) -> None:
        self.network = case.network(settings.seed, variant)
        trainer = snn.Trainer(
            self.network,
            steps=case.steps,
            batch_size=case.batch,
            encoder=None,
            learning_rate=LEARNING_RATE,
            device=settings.device,
            threads=settings.threads,
            instruction_set=settings.instruction_set,
            seed=settings.seed,
        )
        self.trainer = trainer._open()[1]
        self.inputs = [(self.network["input"]._index, False, case.batch_of_inputs(settings.seed))]
        self.labels = case.labels(settings.seed)

    def run(self) -> tuple[float, list[float]]:
        """Return the loss and the seconds of each phase."""
        times = [time.perf_counter()]
        loss = self.trainer.forward(self.inputs, self.labels).loss
        times.append(time.perf_counter())
        self.trainer.backward()
        times.append(time.perf_counter())
        self.trainer.update()
        times.append(time.perf_counter())
        return loss, list(np.diff(times))


def _rates(case: Case, settings: Settings) -> dict[str, float]:
    """Return spikes per neuron and step of every population, with the weights as they begin."""
    network = case.network(settings.seed)
    counted = spike_counts(network)
    with snn.Simulation(
        network,
        batch_size=case.batch,
        device=settings.device,
        threads=settings.threads,
        instruction_set=settings.instruction_set,
    ) as simulation:
        recording = simulation.run(case.steps, {"input": case.batch_of_inputs(settings.seed)}, counted)
    per_step = network.dt / 1000.0
    return {name: rate * per_step for name, rate in rates_hz(network, recording, case.steps).items()}


def _measure(case: Case, settings: Settings, repeats: int, common: dict[str, Any]) -> dict[str, Any]:
    """Train in this process."""
    before = machine.reset_peak_rss()
    step = _Step(case, settings, Variant())
    losses, seconds = [], []
    for _ in range(CHECKED_UPDATES):
        losses.append(step.run()[0])
    for _ in range(repeats):
        seconds.append(step.run()[1])
    memory = machine.peak_rss_bytes() - before
    input_bytes = sum(values.nbytes for _, _, values in step.inputs)
    del step
    rates = _rates(case, settings)
    wrong = case.wrong_rates(rates)
    require(not wrong, f"case {case.name!r}: " + "; ".join(wrong))
    require(min(losses) < losses[0], f"case {case.name!r}: the loss does not fall below {losses[0]:.4f}")
    return result(
        case.name,
        OWN,
        settings,
        np.sum(seconds, axis=1),
        "training step",
        **common,
        **_phases(seconds),
        losses=losses,
        rates={name: round(rate, 5) for name, rate in rates.items()},
        memory_bytes=memory,
        input_bytes=input_bytes,
    )


def _phases(seconds: list[list[float]]) -> dict[str, float]:
    return {f"{name}_s": float(value) for name, value in zip(PHASES, np.median(seconds, axis=0), strict=True)}


def _peer(
    name: str, case: Case, settings: Settings, repeats: int, common: dict[str, Any], own: dict[str, Any] | None
) -> dict[str, Any]:
    """Train in another library; without an answer or with another loss curve the result is a sentence and no time."""
    threads = settings.threads or machine.description()["cores"]
    on_gpu = settings.device.startswith("vulkan")
    task = TrainingTask(case.name, settings.seed, threads, repeats, CHECKED_UPDATES, on_gpu)
    found = peers.run(name, task, TrainingAnswer)
    nothing = {"bench": case.name, "variant": name}
    if isinstance(found, str):
        return {**nothing, "no_result": found}
    step = _Step(case, settings, Variant(found.options, found.weight_factor, found.slope, found.layer_delay))
    ours = [step.run()[0] for _ in range(CHECKED_UPDATES)]
    del step
    allowed = LOSS_TOLERANCE * float(np.ptp(ours))
    if not np.allclose(found.losses, ours, rtol=0.0, atol=allowed):
        told = ", ".join(f"{loss:.4f}" for loss in found.losses)
        expected = ", ".join(f"{loss:.4f}" for loss in ours)
        sentence = f"{peers.TRAINERS[name].title}: its losses are {told}, ours with its neuron {expected}"
        return {**nothing, "losses": found.losses, "no_result": sentence}
    more: dict[str, Any] = {}
    if own is not None:
        more["ratio_to_snn"] = float(np.median(np.sum(found.seconds, axis=1))) / own["median_s"]
    one = result(
        case.name,
        name,
        settings,
        np.sum(found.seconds, axis=1),
        "training step",
        **common,
        **(_phases(found.seconds) if len(found.seconds[0]) == len(PHASES) else {}),
        losses=found.losses,
        memory_bytes=found.memory_bytes,
        notes=found.notes,
        **more,
    )
    # Ours are of this process and this library.
    del one["instruction_set"], one["peak_rss_bytes"]
    return {**one, "threads": threads, "versions": {**one["versions"], name: found.version}}
