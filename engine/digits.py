"""The main job: handwritten digits with a 64-128-10 network of LIF neurons, 25 steps, 20 epochs.

Used by ``snn demo`` and ``snn bench digits``. The settings were chosen on a part of the training set that was held out
(docs/decisions), never on the test set.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import snn
from snn._arrays import Floats
from snn.engine import _native
from snn.engine.modelc import load_builtin_model

__all__ = ["EPOCHS", "STEPS", "Classified", "classify_in_c", "digits_network", "digits_trainer", "numpy_spike_counts"]

STEPS = 25
EPOCHS = 20


def digits_network(seed: int = 0) -> snn.Network:
    """Return the untrained network."""
    neurons = snn.LIF(tau_membrane=5.0, surrogate=snn.Surrogate("arctan", slope=1.0))
    return snn.Sequential(64, snn.Dense(128), neurons, snn.Dense(10), neurons, seed=seed)


def digits_trainer(
    network: snn.Network,
    seed: int = 0,
    *,
    epochs: int = EPOCHS,
    device: str = "cpu",
    threads: int = 1,
    instruction_set: str = "best",
) -> snn.Trainer:
    """Return the trainer with the demo's settings."""
    return snn.Trainer(
        network,
        steps=STEPS,
        epochs=epochs,
        batch_size=16,
        loss="mean_square_rate",
        learning_rate=5e-3,
        schedule="cosine",
        seed=seed,
        device=device,
        threads=threads,
        instruction_set=instruction_set,
    )


class Classified(NamedTuple):
    """What the C library made of a set of images."""

    classes: NDArray[np.int64]
    """Shape (samples,)."""
    spike_counts: Floats
    """Of the output neurons, shape (samples, 10)."""
    seconds_per_step: float
    """Median time of a step of one image at a time."""


def classify_in_c(path: Path, images: Floats) -> Classified:
    """Load a file with a fresh session of the C library and classify images there, one at a time.

    Parameters
    ----------
    path : Path
        The ``.snn`` file.
    images : float32 array, shape (samples, 64)
        Values in [0, 1].
    """
    session = _native.Session(file=str(path))
    network = session.network
    names = [network.population(index).name for index in range(network.info().population_count)]
    source, target = names.index("input"), names.index("output")
    counts = np.empty((len(images), network.population(target).size), np.float32)
    seconds = []
    for image, count in zip(images, counts, strict=True):
        session.reset()
        begin = time.perf_counter()
        session.run(STEPS, [(source, True, image)], [(target, "spike_count", count)])
        seconds.append((time.perf_counter() - begin) / STEPS)
    return Classified(np.argmax(counts, axis=1), counts, float(np.median(seconds)))


def numpy_spike_counts(network: snn.Network, images: Floats, steps: int = STEPS) -> Floats:
    """Run a chain of dense projections in numpy: the readable reference, independent of libsnn's code.

    The neurons' steps are the numpy functions that the model compiler prints from the models' definitions; sums are
    taken in the order that docs/semantics.md gives, so the result is equal bit for bit.

    Parameters
    ----------
    network : Network
        Its populations form a chain; images are held at the input.
    images : float32 array, shape (samples, inputs)
        Values.
    steps : int
        Number of steps.

    Returns
    -------
    float32 array, shape (samples, outputs)
        Spike counts of the last population.
    """
    layers = []
    for projection in network.projections.values():
        target = projection.target
        model = load_builtin_model(target.model)
        options = model.option_indices(target.options)
        constants = {**target.parameters, **options}
        constants.update(model.numpy.derive(target.parameters, options, network.dt))
        shape = (len(images), target.size)
        # A state starts at a number or at the value of a parameter.
        start = {
            item.name: constants[item.initial] if isinstance(item.initial, str) else item.initial
            for item in model.states
        }
        states = {name: np.full(shape, value, np.float32) for name, value in start.items()}
        layers.append((projection, model, constants, states))
    counts = np.zeros((len(images), layers[-1][0].target.size), np.float32)
    for _ in range(steps):
        activity: Floats = images
        for position, (projection, model, constants, states) in enumerate(layers):
            current = np.zeros((len(images), projection.target.size), np.float32)
            if projection.bias is not None:
                current += projection.bias
            for row, weights in enumerate(projection.weights):
                # Rows of silent sources are skipped: adding zero could turn -0 into +0.
                active = activity[:, row] != 0
                current[active] += activity[active, row, np.newaxis] * weights
            states, activity, _ = model.numpy.step(constants, {model.receptors[0].name: current}, states)
            layers[position] = (projection, model, constants, states)
        counts += activity
    return counts
