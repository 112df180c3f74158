"""Runs of a trainer that learn nothing: loss, accuracy and scores of the network's present weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn._arrays import Floats, new_array
from snn.engine.errors import StateError

if TYPE_CHECKING:
    from snn._batches import Batches
    from snn._predictions import Predictions

__all__ = ["evaluate", "traces", "validate"]


def evaluate(trainer: Predictions, batches: Batches, targets: NDArray[Any]) -> tuple[float, float, Floats]:
    """Return mean loss, accuracy (NaN without classes) and scores of the network's present weights."""
    _check_has_weights(trainer)
    _, native = trainer._open(scoring=True)
    outputs = trainer.network[trainer.output].size
    scores = new_array((batches.count, outputs), np.float32, "the scores")
    batch_scores = new_array((trainer.batch_size, outputs), np.float32, "the scores of a batch")
    loss = weight = 0.0
    correct = 0
    # Random encoders draw other numbers than in training, the same at each evaluation.
    for rows, inputs in batches.each(None, 2**39 + trainer.seed % 2**39):
        result = native.forward(inputs.frames, spike_inputs=inputs.spikes, **trainer._loss.answers(targets, rows))
        native.scores(batch_scores)
        scores[rows] = batch_scores[: rows.size]
        share = trainer._loss.weight_of(targets, rows)
        loss += result.loss * share
        weight += share
        correct += result.correct_count
    accuracy = correct / batches.count if targets.ndim == 1 else math.nan
    return loss / weight if weight else 0.0, accuracy, scores


def traces(trainer: Predictions, batches: Batches) -> Floats:
    """Return what a loss of every step compares with its targets: [samples, steps, *shape of the output]."""
    _check_has_weights(trainer)
    output = trainer.network[trainer.output]
    variable = "spikes" if trainer.loss == "van_rossum" else output._membrane
    session, _ = trainer._open()
    values = new_array(
        (batches.count, trainer.steps, *output.shape), np.float32, f"{variable} of all samples and steps"
    )
    recorded = new_array((trainer.steps, trainer.batch_size, *output.shape), np.float32, f"{variable} of a batch")
    for rows, inputs in batches.each(None, 2**39 + trainer.seed % 2**39):
        session.reset()
        session.run(trainer.steps, inputs.frames, [(output._index, variable, recorded)], spike_inputs=inputs.spikes)
        values[rows] = recorded[:, : rows.size].swapaxes(0, 1)
    return values


def validate(trainer: Predictions, batches: Batches, targets: NDArray[Any]) -> tuple[float, float]:
    """Return mean loss and accuracy (NaN without classes) of the network's present weights."""
    if not trainer._loss.is_own:
        return evaluate(trainer, batches, targets)[:2]
    _check_has_weights(trainer)
    _, native = trainer._open()
    loss = 0.0
    for rows, inputs in batches.each(None, 2**39 + trainer.seed % 2**39):
        loss += trainer._loss.forward(native, inputs, targets, rows).loss * rows.size
    return loss / batches.count, math.nan


def _check_has_weights(trainer: Predictions) -> None:
    """Refuse to look at a network that waits for the weights of a checkpoint."""
    if trainer._resumed is not None:
        raise StateError(
            "a checkpoint was loaded, and the network gets its weights when the next fit begins; to score without training "
            f"on, make the Trainer with epochs={len(trainer._resumed.reports)}, those that are done, and call fit"
        )
