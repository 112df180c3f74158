"""Training by surrogate-gradient back-propagation through time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import MAX_BATCH, Floats, choice, float32_number, function, integer, new_array, number, real_array
from snn._batches import Batches, class_labels, padded, rate_targets
from snn._progress import EpochBar
from snn.encode import Encoder
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, NotFiniteError, StateError, shown
from snn.engine.records import WeightUpdate
from snn.network import Network, Population
from snn.simulation import INSTRUCTION_SETS

__all__ = ["EarlyStopping", "EpochReport", "Trainer"]

LOSSES = (
    "cross_entropy_count",
    "cross_entropy_max_membrane",
    "cross_entropy_mean_membrane",
    "mean_square_rate",
)
OPTIMIZERS = ("sgd", "adam", "adamw")
Schedule = Callable[[float], float]


class EpochReport(NamedTuple):
    """What one epoch of training gave; also the rows of `Trainer.history`."""

    epoch: int
    """1 = the first."""
    loss: float
    """Mean over the samples, regularisation included."""
    accuracy: float
    """Share of the training samples classified correctly while training; NaN without classes."""
    spikes_per_neuron: float
    """Mean number of spikes of one spiking neuron for one sample, inputs not counted."""
    learning_rate: float
    """At the end of the epoch."""
    seconds: float
    validation_loss: float
    """NaN without validation data."""
    validation_accuracy: float
    """NaN without validation data."""


@dataclass(frozen=True)
class EarlyStopping:
    """Ends training when epochs no longer make it better.

    Parameters
    ----------
    monitor : {"validation_loss", "validation_accuracy", "loss", "accuracy"}, default "validation_loss"
        What must become better: a loss smaller, an accuracy larger.
    patience : int, default 5
        Epochs in a row without a better value before training ends.
    min_delta : float, default 0.0
        Better is more than this.
    restore_best : bool, default True
        Whether the network has the weights of the best epoch afterwards, or those of the last.
    """

    monitor: str = "validation_loss"
    patience: int = 5
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        choice(self.monitor, ("validation_loss", "validation_accuracy", "loss", "accuracy"), "monitor")
        integer(self.patience, "patience", minimum=1)
        number(self.min_delta, "min_delta", minimum=0.0)

    def is_better(self, report: EpochReport, best: EpochReport | None) -> bool:
        """Whether an epoch is better than the best so far; a value that is not a number never is."""
        value = float(getattr(report, self.monitor))
        if best is None:
            return not math.isnan(value)
        change = value - float(getattr(best, self.monitor))
        return (change if self.monitor.endswith("accuracy") else -change) > self.min_delta


def _cosine(done: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * done))


def _constant(done: float) -> float:
    return 1.0


_SCHEDULES: dict[str, Schedule] = {"constant": _constant, "cosine": _cosine}


class Trainer:
    """Trains a network; the trained weights are in that same network.

    Parameters
    ----------
    network : Network
        The network; its weights are where training starts and where it ends.
    steps : int, default 25
        Steps that each sample is shown.
    loss : {"cross_entropy_count", "cross_entropy_max_membrane", "cross_entropy_mean_membrane", "mean_square_rate"}
        Softmax over spike counts, over the largest or the mean membrane value in time, or the squared distance of the
        rates (spikes per step) to targets.
    optimizer : {"sgd", "adam", "adamw"}, default "adam"
        The optimiser.
    learning_rate : float, default 1e-3
        Before `schedule`.
    schedule : {"constant", "cosine"} or callable, default "constant"
        Factor on the learning rate; a callable gets the share of training that is done, 0 to 1.
    epochs : int, default 20
        Passes over the training data.
    batch_size : int, default 32
        Samples in a batch; at most 1,048,576.
    encoder : str, Encoder or None, default "constant"
        How samples (values in [0, 1]) become input; None: samples have the input for each step already, shape
        (samples, steps, features).
    output : str, optional
        The population whose activity is the answer; the last one when not given.
    seed : int, default 0
        For the order of the samples, random encoders and the random draws of models, which are the same in every batch. The
        same seed on the same device gives the same bits.
    momentum : float, default 0.0
        Of SGD.
    beta1, beta2, epsilon : float, default 0.9, 0.999, 1e-8
        Of Adam and AdamW.
    weight_decay : float, default 0.0
        SGD and Adam: added to the gradient; AdamW: decoupled.
    gradient_clip_norm : float, default 0.0
        Largest global L2 norm of the gradient; 0: no limit.
    rate_regularization, rate_target : float, default 0.0
        ``rate_regularization * mean((rate - rate_target)**2)`` over all spiking populations is added to the loss, rates
        in spikes per step.
    rate_on, rate_off : float, default 0.8, 0.0
        Target rates of ``"mean_square_rate"`` with classes.
    device : str, default "cpu"
        Where it runs.
    threads : int, default 1
        At most 1024; 0: one for each core. Results do not depend on it.
    instruction_set : {"best", "scalar", "avx2", "avx512", "neon"}
        Forcing one is for tests and measurements.

    Examples
    --------
    >>> trainer = snn.Trainer(net, steps=25, epochs=20, learning_rate=2e-3)
    >>> trainer.fit(train_x, train_y, validation_data=(valid_x, valid_y))
    >>> trainer.score(test_x, test_y)
    """

    def __init__(
        self,
        network: Network,
        *,
        steps: int = 25,
        loss: str = "cross_entropy_count",
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str | Schedule = "constant",
        epochs: int = 20,
        batch_size: int = 32,
        encoder: str | Encoder | None = "constant",
        output: str | None = None,
        seed: int = 0,
        momentum: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        gradient_clip_norm: float = 0.0,
        rate_regularization: float = 0.0,
        rate_target: float = 0.0,
        rate_on: float = 0.8,
        rate_off: float = 0.0,
        device: str = "cpu",
        threads: int = 1,
        instruction_set: str = "best",
    ) -> None:
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
        if not network.populations:
            raise InvalidArgumentError("the network is empty; there is nothing to train")
        self.network = network
        self.steps = integer(steps, "steps", minimum=1)
        self.loss = choice(loss, LOSSES, "loss")
        self.optimizer = choice(optimizer, OPTIMIZERS, "optimizer")
        self.learning_rate = number(learning_rate, "learning_rate", minimum=0.0, exclusive=True)
        if callable(schedule):
            self._schedule = schedule
        else:
            self._schedule = _SCHEDULES[choice(schedule, _SCHEDULES, "schedule")]
        self.epochs = integer(epochs, "epochs")
        self.batch_size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
        self.encoder = Encoder(encoder) if isinstance(encoder, str) else encoder
        if self.encoder is not None and not isinstance(self.encoder, Encoder):
            raise ArgumentTypeError(f"encoder is {shown(encoder)}, not a name, an Encoder or None")
        self.output = list(network.populations)[-1] if output is None else network[output].name
        answer = network[self.output]
        if answer.is_input:
            raise InvalidArgumentError(f"output is {self.output!r}, which is an input")
        if not answer.spiking and not self.loss.endswith("membrane"):
            raise InvalidArgumentError(
                f"loss is {self.loss!r}, which counts spikes, but population {self.output!r} has model "
                f"{answer.model!r}, which does not spike; use a membrane loss"
            )
        self.seed = integer(seed, "seed", maximum=2**63)
        self.device = device
        self.threads = integer(threads, "threads", maximum=1024)
        self.instruction_set = choice(instruction_set, INSTRUCTION_SETS, "instruction_set")
        self._numbers = {
            "momentum": number(momentum, "momentum", minimum=0.0),
            "beta1": number(beta1, "beta1", minimum=0.0),
            "beta2": number(beta2, "beta2", minimum=0.0),
            "epsilon": number(epsilon, "epsilon", minimum=0.0, exclusive=True),
            "weight_decay": number(weight_decay, "weight_decay", minimum=0.0),
            "gradient_clip_norm": number(gradient_clip_norm, "gradient_clip_norm", minimum=0.0),
            "rate_regularization": number(rate_regularization, "rate_regularization", minimum=0.0),
            "rate_target": number(rate_target, "rate_target", minimum=0.0),
            "rate_on": float32_number(rate_on, "rate_on"),
            "rate_off": float32_number(rate_off, "rate_off"),
        }
        for name in ("beta1", "beta2"):
            if self._numbers[name] >= 1.0:
                raise InvalidArgumentError(f"{name} is {self._numbers[name]}; it must be below 1")
        self._reports: list[EpochReport] = []

    # ---- training

    def fit(
        self,
        x: ArrayLike | Mapping[str, ArrayLike],
        y: ArrayLike,
        *,
        validation_data: tuple[ArrayLike | Mapping[str, ArrayLike], ArrayLike] | None = None,
        progress: bool = False,
        callbacks: Sequence[Callable[[EpochReport], Any]] = (),
        early_stopping: EarlyStopping | None = None,
        on_weight_update: Callable[[WeightUpdate], Any] | None = None,
    ) -> Trainer:
        """Train for `epochs` passes, from the network's present weights and with a fresh optimiser.

        Parameters
        ----------
        x : array_like, or dict of them by input population
            Samples, shape (samples, *shape of the input); without an encoder (samples, steps, *shape).
        y : array_like
            Classes, int (samples,); for ``"mean_square_rate"`` also rates, float (samples, outputs).
        validation_data : (x, y), optional
            Looked at after each epoch, never learned from.
        progress : bool, default False
            Whether to show a progress bar.
        callbacks : sequence of callable
            Each gets the `EpochReport` after each epoch; returning True ends the training.
        early_stopping : EarlyStopping, optional
            When to end before `epochs` passes, and whether to go back to the best of them.
        on_weight_update : callable, optional
            Gets a `WeightUpdate` (update, projection name, gradient norm) after each update for each projection.

        Returns
        -------
        Trainer
            Itself.

        Notes
        -----
        When training is interrupted (Ctrl+C, an error of a callback), the network has the weights reached so far.

        Raises
        ------
        InvalidArgumentError
            No gradient of the first batch reaches a weight, so that nothing would be learned; no weight has changed.
        NotFiniteError
            The loss or a gradient is infinite or not a number. The sentence names the epoch, the update and the first layer
            with such a value; the network has the weights of the end of the epoch before.
        """
        batches = self._batches(x)
        targets = self._targets(y, batches.count)
        if validation_data is not None:
            if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
                raise ArgumentTypeError(f"validation_data is {shown(validation_data)}, not a pair (x, y)")
            held_out = self._batches(validation_data[0])
            held_out_targets = self._targets(validation_data[1], held_out.count)
        if not isinstance(callbacks, Sequence):
            raise ArgumentTypeError(f"callbacks is {shown(callbacks)}, not a list of callables")
        for position, callback in enumerate(callbacks):
            function(callback, f"callbacks[{position}]")
        if early_stopping is not None:
            if not isinstance(early_stopping, EarlyStopping):
                raise ArgumentTypeError(f"early_stopping is {shown(early_stopping)}, not an EarlyStopping")
            if early_stopping.monitor.startswith("validation") and validation_data is None:
                raise InvalidArgumentError(
                    f"early_stopping watches {early_stopping.monitor!r}, but there is no validation_data"
                )
            if early_stopping.monitor.endswith("accuracy") and targets.ndim != 1:
                raise InvalidArgumentError(
                    f"early_stopping watches {early_stopping.monitor!r}, but y has rates, not classes"
                )
        told = None if on_weight_update is None else function(on_weight_update, "on_weight_update")
        session, trainer = self._open()
        self._check_gradients(session, trainer, batches, targets)
        if told is not None:
            names = list(self.network.projections)
            session.on_weights(lambda update: told(update._replace(projection=names[update.projection])))
        self._reports = []
        generator = np.random.Generator(np.random.Philox(key=self.seed))
        spiking = sum(p.size for p in self.network.populations.values() if p.spiking and not p.is_input)
        updates = self.epochs * batches.batch_count
        update = 0
        good = self._weights(session)
        best: EpochReport | None = None
        best_weights: dict[str, Floats] = {}
        bar = EpochBar(self.epochs, batches.batch_count) if progress else nullcontext()
        try:
            with bar as drawn:
                for epoch in range(self.epochs):
                    begin = time.perf_counter()
                    order = generator.permutation(batches.count)
                    encoder_seed = int(generator.integers(2**39))
                    spikes = 0.0
                    rate = self.learning_rate
                    for rows, inputs in batches.each(order, encoder_seed):
                        factor = number(self._schedule(update / updates), "what schedule returned", minimum=0.0)
                        rate = self.learning_rate * factor
                        trainer.set_learning_rate(rate)
                        try:
                            result = trainer.step(inputs, **self._answers(targets, rows))
                        except StateError as error:
                            if "not updated" not in str(error):
                                raise
                            raise self._not_finite(session, error, epoch, update) from error
                        spikes += result.spike_count
                        update += 1
                        if drawn is not None:
                            drawn.batch(result.loss, result.correct_count / max(result.sample_count, 1))
                    sums = trainer.end_epoch()
                    seconds = time.perf_counter() - begin
                    valid_loss = valid_accuracy = math.nan
                    if validation_data is not None:
                        self._store(session)
                        valid_loss, valid_accuracy, _ = self._evaluate(held_out, held_out_targets)
                    report = EpochReport(
                        epoch + 1,
                        sums.mean_loss,
                        sums.correct_count / sums.sample_count if targets.ndim == 1 else math.nan,
                        spikes / (spiking * batches.count) if spiking else 0.0,
                        rate,
                        seconds,
                        valid_loss,
                        valid_accuracy,
                    )
                    self._reports.append(report)
                    good = self._weights(session)
                    if drawn is not None:
                        drawn.epoch(report)
                    # All are called, whatever the first says.
                    answers = [callback(report) for callback in callbacks]
                    if early_stopping is not None and early_stopping.is_better(report, best):
                        best, best_weights = report, good
                    if any(answer is True for answer in answers):
                        break
                    if (
                        early_stopping is not None
                        and epoch + 1 - (best.epoch if best else 0) >= early_stopping.patience
                    ):
                        break
            if early_stopping is not None and early_stopping.restore_best:
                for name, values in best_weights.items():
                    session.write(name, values)
        except NotFiniteError:
            for name, values in good.items():
                session.write(name, values)
            raise
        finally:
            self._store(session)
        return self

    def _open(self) -> tuple[_native.Session, _native.Trainer]:
        session = _native.Session(
            self.network._finished(),
            device=self.device,
            batch_size=self.batch_size,
            threads=self.threads,
            instruction_set=INSTRUCTION_SETS.index(self.instruction_set),
            seed=self.seed,
        )
        trainer = _native.Trainer(
            session,
            output_population=self.network[self.output]._index,
            steps=self.steps,
            loss=LOSSES.index(self.loss),
            optimizer=OPTIMIZERS.index(self.optimizer),
            learning_rate=self.learning_rate,
            **self._numbers,
        )
        return session, trainer

    def _trained(self) -> dict[str, Floats]:
        """Return the arrays of the network that are trained, by the names that a session gives them."""
        found = {}
        for name, projection in self.network.projections.items():
            if not projection.trainable or projection.kind == "pool2d":
                continue
            if projection.weights.size:
                found[f"{name}.weight"] = projection.weights
            if projection.bias is not None:
                found[f"{name}.bias"] = projection.bias
        return found

    def _store(self, session: _native.Session) -> None:
        """Copy the session's weights into the network."""
        for name, values in self._trained().items():
            session.read(name, values)

    def _weights(self, session: _native.Session) -> dict[str, Floats]:
        """Return a copy of the session's weights."""
        copies = {name: np.empty_like(values) for name, values in self._trained().items()}
        for name, values in copies.items():
            session.read(name, values)
        return copies

    def _check_gradients(
        self, session: _native.Session, trainer: _native.Trainer, batches: Batches, targets: NDArray[Any]
    ) -> None:
        """Refuse to train when the first batch gives no weight a gradient. Changes nothing."""
        if self.epochs == 0:
            return
        rows, inputs = next(batches.each(None, self.seed % 2**39))
        result = trainer.forward(inputs, **self._answers(targets, rows))
        if not math.isfinite(result.loss) or result.loss == 0.0:
            return  # told by the first update; there is nothing left to learn
        trainer.backward()
        for name, values in self._trained().items():
            gradient = np.empty_like(values)
            session.read(f"{name}.gradient", gradient)
            if gradient.any():
                return
        raise InvalidArgumentError(
            f"no gradient reaches a weight: the loss of population {self.output!r} is {result.loss:g} on the first samples, "
            f"and all its derivatives are 0 ({result.spike_count:g} spikes in the network). Inputs may be silent, membranes "
            "too far from the threshold for the surrogate, or nothing that is trained lies upstream of that population"
        )

    def _not_finite(self, session: _native.Session, error: StateError, epoch: int, update: int) -> NotFiniteError:
        """Return the error that ends training, with the first layer whose states or gradients are not finite."""
        first = next(
            (
                f"; the first layer with such values is {population.name!r}"
                for population in self.network.populations.values()
                if not population.is_input and not self._is_finite(session, population)
            ),
            "",
        )
        return NotFiniteError(
            f"epoch {epoch + 1}, update {update + 1}: {error}{first}. The network has the weights of "
            + (f"the end of epoch {epoch}" if epoch else "the beginning")
        )

    def _is_finite(self, session: _native.Session, population: Population) -> bool:
        """Whether the states after the last run, and the weights onto the population, are finite."""
        names = [f"{population.name}.{state}" for state in population.states]
        names += [
            name for name in self._trained() if self.network.projections[name.rpartition(".")[0]].target is population
        ]
        for name in names:
            values = np.empty(session.value_count(name))
            session.read(name, values)
            if not np.isfinite(values).all():
                return False
        return True

    def _batches(self, x: ArrayLike | Mapping[str, ArrayLike]) -> Batches:
        return Batches(self.network, x, self.steps, self.batch_size, self.encoder)

    def _targets(self, y: ArrayLike, samples: int) -> NDArray[Any]:
        outputs = self.network[self.output].size
        if self.loss == "mean_square_rate" and real_array(y, "y").ndim == 2:
            return rate_targets(y, samples, outputs)
        return class_labels(y, samples, outputs)

    def _answers(self, targets: NDArray[Any], rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        if targets.ndim == 1:
            return {"labels": padded(targets, rows, self.batch_size, -1)}
        # Labels say which places are padding; with targets their value does not matter.
        places = np.where(np.arange(self.batch_size) < rows.size, 0, -1).astype(np.int32)
        return {"labels": places, "targets": padded(targets, rows, self.batch_size, 0.0)}

    # ---- using what was trained

    def _evaluate(self, batches: Batches, targets: NDArray[Any]) -> tuple[float, float, Floats]:
        """Return mean loss, accuracy (NaN without classes) and scores of the network's present weights."""
        _, trainer = self._open()
        outputs = self.network[self.output].size
        scores = new_array((batches.count, outputs), np.float32, "the scores")
        batch_scores = new_array((self.batch_size, outputs), np.float32, "the scores of a batch")
        loss = 0.0
        correct = 0
        # Random encoders draw other numbers than in training, the same at each evaluation.
        for rows, inputs in batches.each(None, 2**39 + self.seed % 2**39):
            result = trainer.forward(inputs, **self._answers(targets, rows))
            trainer.scores(batch_scores)
            scores[rows] = batch_scores[: rows.size]
            loss += result.loss * result.sample_count
            correct += result.correct_count
        accuracy = correct / batches.count if targets.ndim == 1 else math.nan
        return loss / batches.count, accuracy, scores

    def predict_scores(self, x: ArrayLike | Mapping[str, ArrayLike]) -> Floats:
        """Return what the loss sees of each class: spike counts, membrane values or rates.

        Parameters
        ----------
        x : array_like, or dict of them by input population
            As for `fit`.

        Returns
        -------
        float32 array, shape (samples, outputs)
        """
        batches = self._batches(x)
        return self._evaluate(batches, np.zeros(batches.count, np.int32))[2]

    def predict(self, x: ArrayLike | Mapping[str, ArrayLike]) -> NDArray[np.int64]:
        """Return the class of each sample: the output with the largest score, the first among equals."""
        return np.asarray(np.argmax(self.predict_scores(x), axis=1), np.int64)

    def score(self, x: ArrayLike | Mapping[str, ArrayLike], y: ArrayLike) -> float:
        """Return the share of samples that are classified correctly."""
        batches = self._batches(x)
        labels = class_labels(y, batches.count, self.network[self.output].size)
        return self._evaluate(batches, labels)[1]

    @property
    def history(self) -> dict[str, NDArray[np.float64]]:
        """The epochs of the last `fit` as arrays, by the names of `EpochReport`."""
        return {
            name: np.array([getattr(report, name) for report in self._reports], np.float64)
            for name in EpochReport._fields
        }

    def __repr__(self) -> str:
        return (
            f"<Trainer: {self.loss}, {self.optimizer} at {self.learning_rate:g}, {self.steps} steps, "
            f"{self.epochs} epochs of batches of {self.batch_size}>"
        )
