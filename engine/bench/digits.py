"""How long training takes: the network of the demo, one repeat is one epoch over 1,437 images of 25 steps.

Variants: ``train``, forward, backward and update; ``infer``, the test set through `snn.Simulation` (one repeat is one
pass over 360 images). The accuracy is checked before a time is given.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import snn
from snn.engine.bench.report import Settings, require, result
from snn.engine.digits import EPOCHS, STEPS, digits_network, digits_trainer
from snn.engine.speed import rates_hz, realtime_factor, spike_counts

__all__ = ["bench_digits"]

LOWEST_ACCURACY = 0.95


def bench_digits(settings: Settings) -> Iterator[dict[str, Any]]:
    """Time training and inference of the demo's network."""
    data = snn.data.digits()
    network = digits_network(settings.seed)
    epochs = settings.repeats or EPOCHS
    trainer = digits_trainer(
        network,
        settings.seed,
        epochs=epochs,
        device=settings.device,
        threads=settings.threads,
        instruction_set=settings.instruction_set,
    )
    trainer.fit(data.train_x, data.train_y)
    accuracy = trainer.score(data.test_x, data.test_y)
    history = trainer.history
    require(
        accuracy >= LOWEST_ACCURACY or epochs < EPOCHS,
        f"the test accuracy is {accuracy:.2%}, less than {LOWEST_ACCURACY:.0%}",
    )
    common = {
        "network": "64-128-10 LIF",
        "steps": STEPS,
        "test_accuracy": accuracy,
        "spikes_per_neuron": float(history["spikes_per_neuron"][-1]),
    }
    if settings.wants("train"):
        samples = data.train_y.size
        yield result("digits", "train", settings, history["seconds"], "epoch", samples=samples, **common)
    if settings.wants("infer"):
        seconds = []
        with snn.Simulation(
            network,
            device=settings.device,
            threads=settings.threads,
            batch_size=data.test_y.size,
            instruction_set=settings.instruction_set,
        ) as simulation:
            # Warms up, and tells the rates: recording the hidden population too would cost the timed passes time.
            rates = rates_hz(network, simulation.run(STEPS, {"input": data.test_x}, spike_counts(network)), STEPS)
            for _ in range(epochs):
                simulation.reset()
                begin = time.perf_counter()
                recording = simulation.run(STEPS, {"input": data.test_x}, {"output": "spike_count"})
                seconds.append(time.perf_counter() - begin)
        right = np.argmax(recording["output"]["spike_count"], axis=1) == data.test_y
        share = float(right.mean())
        require(share == accuracy, f"the simulation classifies {share:.2%}, the trainer {accuracy:.2%}")
        yield result(
            "digits",
            "infer",
            settings,
            seconds,
            "inference of the test set",
            samples=data.test_y.size,
            # All samples run at once: the batch as a whole against the time that each of them lives through.
            realtime_factor=realtime_factor(float(np.median(seconds)), STEPS, network.dt),
            rates_hz=rates,
            **common,
        )
