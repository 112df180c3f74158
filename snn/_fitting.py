"""The work of `Trainer.fit`: checks of its arguments, the epochs, and what happens between them."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn._arrays import function, number
from snn._checkpoint import Checkpoint, free_settings_of, network_of, settings_of
from snn._progress import EpochBar
from snn._scoring import validate
from snn._stop import STOP
from snn._trained import learnable_names, learned_parameters, store_learned, store_trained, trained_shapes
from snn.delays import KERNELS, TappedNetwork
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, NotFiniteError, counted, shown
from snn.epochs import EarlyStopping, EpochReport

if TYPE_CHECKING:
    from snn._batches import Augment, Batches
    from snn._loss import Loss
    from snn.engine.records import WeightUpdate
    from snn.population import Population
    from snn.trainer import Trainer

__all__ = ["Fit", "check_callbacks", "check_early_stopping"]

_CALL_OF_FIT = 5  # for warnings: frames from there to here

Values = dict[str, NDArray[Any]]


def check_callbacks(callbacks: object) -> None:
    """Refuse anything but a list of functions; also classes in place of their objects."""
    if not isinstance(callbacks, Sequence):
        raise ArgumentTypeError(f"callbacks is {shown(callbacks)}, not a list of callables")
    for position, callback in enumerate(callbacks):
        if isinstance(callback, type):
            raise ArgumentTypeError(
                f"callbacks[{position}] is the class {callback.__name__}; make one of it, as in {callback.__name__}(...)"
            )
        function(callback, f"callbacks[{position}]")


def check_early_stopping(early_stopping: object, has_held_out: bool, loss: Loss, targets: NDArray[Any]) -> None:
    """Refuse to monitor a value that epochs do not report."""
    if not isinstance(early_stopping, EarlyStopping):
        raise ArgumentTypeError(f"early_stopping is {shown(early_stopping)}, not an EarlyStopping")
    if early_stopping.monitor.startswith("validation") and not has_held_out:
        raise InvalidArgumentError(
            f"early_stopping watches {early_stopping.monitor!r}, but there is no validation_data"
        )
    if early_stopping.monitor.endswith("accuracy") and not loss.has_classes(targets):
        raise InvalidArgumentError(
            f"early_stopping watches {early_stopping.monitor!r}, but y has "
            + ("whatever a callable loss takes" if loss.is_own else "rates, not classes")
        )


@dataclass
class _Pass:
    """Results of one pass over the samples."""

    learning_rate: float
    """Of the last update."""
    spikes: float = 0.0
    seconds: float = 0.0
    losses: dict[str, float] = field(default_factory=dict)
    """Parts of the loss, means over the samples."""


class Fit:
    """One call of `Trainer.fit`.

    Parameters
    ----------
    trainer : Trainer
        The trainer with settings and network.
    batches, targets
        Training data.
    held_out : pair of batches and targets, optional
        Validation data.
    augment, callbacks, early_stopping, on_weight_update
        See `Trainer.fit`.
    """

    def __init__(
        self,
        trainer: Trainer,
        batches: Batches,
        targets: NDArray[Any],
        held_out: tuple[Batches, NDArray[Any]] | None,
        augment: Augment | None,
        callbacks: Sequence[Callable[[EpochReport], Any]],
        early_stopping: EarlyStopping | None,
        on_weight_update: Callable[[WeightUpdate], Any] | None,
    ) -> None:
        self._front = trainer
        self._network = trainer.network
        self._loss = trainer._loss
        self._batches = batches
        self._targets = targets
        self._held_out = held_out
        self._augment = augment
        self._callbacks = callbacks
        self._early_stopping = early_stopping
        self._settings = settings_of(trainer, batches)
        self._free_settings = free_settings_of(trainer)
        self._fingerprint = network_of(trainer)
        self._tapped = TappedNetwork(self._network, trainer.delay_learning) if trainer.delay_learning else None
        self._trained_network = self._tapped.network if self._tapped else self._network
        self._shapes = trained_shapes(self._trained_network)
        self._learnable = learnable_names(self._network)
        self._session, self._native = trainer._open(self._trained_network)
        self._configure()
        self._reports: list[EpochReport] = []
        self._best: EpochReport | None = None
        self._best_values: Values = {}
        self._update = 0
        self._generator = np.random.Generator(np.random.Philox(key=trainer.seed))
        self._spiking = sum(p.size for p in self._network.populations.values() if p.spiking and not p.is_input)
        resumed, trainer._resumed = trainer._resumed, None
        if resumed is not None:
            self._resume(resumed)
        self._good = self._values()  # restored at a NotFiniteError
        self._check_gradients()
        self._warn_of_cut_off()
        if resumed is not None:
            self._native.set_state(resumed.optimizer)
        if on_weight_update is not None:
            names, told = list(self._network.projections), on_weight_update
            self._session.on_weights(lambda update: told(update._replace(projection=names[update.projection])))

    def _configure(self) -> None:
        """Set what the native trainer's definition does not have."""
        front, native = self._front, self._native
        self._set_delay_width(0)
        for name, probability in front.dropout.items():
            native.set_dropout(self._network[name]._index, probability, front.seed)
        for name, norm in front.normalization.items():
            place = self._network.projections[name]._index
            native.set_normalization(place, norm.scale, norm.momentum, norm.epsilon)
        for name, rounded in front.quantization.items():
            native.set_quantization(self._network.projections[name]._index, rounded.bits, rounded.per_channel)

    def _resume(self, checkpoint: Checkpoint) -> None:
        checkpoint.check(self._settings, self._fingerprint, self._values())
        checkpoint.warn_of_changes(self._free_settings, _CALL_OF_FIT + 1)
        done = len(checkpoint.reports)
        if done > self._front.epochs:
            raise InvalidArgumentError(f"the checkpoint has {counted(done, 'epoch')}; epochs is {self._front.epochs}")
        self._write(checkpoint.values)
        self._reports = [EpochReport.of(numbers) for numbers in checkpoint.reports]
        self._update = done * self._batches.batch_count
        if checkpoint.best_epoch:
            self._best, self._best_values = self._reports[checkpoint.best_epoch - 1], checkpoint.best_values
        for _ in range(done):
            self._draw()  # what these epochs drew

    # ---- the epochs

    def go(self, *, progress: bool) -> None:
        """Train to the end. Even if it is interrupted, the network gets the weights reached so far."""
        self._front._reports = self._reports
        try:
            self._go_through_epochs(progress)
            if self._early_stopping is not None and self._early_stopping.restore_best:
                self._write(self._best_values)
        except NotFiniteError:
            self._write(self._good)
            raise
        finally:
            self._store()

    def _go_through_epochs(self, progress: bool) -> None:
        front, done = self._front, len(self._reports)
        if done:
            front._checkpoint = self._checkpoint  # there may be no epoch left
            if self._best is not None and self._is_over(self._reports[-1]):
                self._leave_checkpoint()
                return
        bar = EpochBar(front.epochs, self._batches.batch_count, done_epochs=done) if progress else nullcontext()
        try:
            with bar as drawn:
                for epoch in range(done, front.epochs):
                    front._checkpoint = None
                    report = self._report(epoch, self._train(epoch, drawn))
                    if drawn is not None:
                        drawn.epoch(report)
                    # All are called, whatever the first returns.
                    answers = [callback(report) for callback in self._callbacks]
                    if any(answer is STOP for answer in answers) or self._is_over(report):
                        break
        finally:
            self._leave_checkpoint()

    def _draw(self) -> tuple[NDArray[np.int64], int]:
        """Return the order of the samples in an epoch and the seed of its encoder."""
        return self._generator.permutation(self._batches.count), int(self._generator.integers(2**39))

    def _train(self, epoch: int, drawn: EpochBar | None) -> _Pass:
        """Train on all samples once."""
        front = self._front
        begin = time.perf_counter()
        updates = front.epochs * self._batches.batch_count
        found = _Pass(front.learning_rate)
        has_classes = self._loss.has_classes(self._targets)
        order, encoder_seed = self._draw()
        self._set_delay_width(epoch)
        for rows, inputs in self._batches.each(order, encoder_seed, self._augment):
            factor = number(front._schedule(self._update / updates), "what schedule returned", minimum=0.0)
            found.learning_rate = front.learning_rate * factor
            self._native.set_learning_rate(found.learning_rate)
            try:
                result = self._loss.step(self._native, inputs, self._targets, rows)
            except NotFiniteError as error:
                raise self._not_finite(error, epoch) from error
            found.spikes += result.spike_count
            for name, part in self._parts(result.loss).items():
                found.losses[name] = found.losses.get(name, 0.0) + part * rows.size / self._batches.count
            self._update += 1
            if drawn is not None:
                drawn.batch(result.loss, result.correct_count / rows.size if has_classes else math.nan)
        found.seconds = time.perf_counter() - begin
        return found

    def _parts(self, loss: float) -> dict[str, float]:
        """Return the terms of the last batch's loss, if it is a sum."""
        regularized = self._front._numbers["rate_regularization"] > 0.0
        if not self._loss.auxiliary and not regularized:
            return {}
        parts = self._loss.parts(self._native, self._network)
        return {**parts, "rate_regularization": loss - sum(parts.values())} if parts and regularized else parts

    def _report(self, epoch: int, found: _Pass) -> EpochReport:
        """Close an epoch: validate, report, and keep what a checkpoint and early stopping need."""
        sums = self._native.end_epoch()
        valid_loss = valid_accuracy = math.nan
        if self._held_out is not None:
            self._store()
            valid_loss, valid_accuracy = validate(self._front, *self._held_out)
        report = EpochReport(
            epoch + 1,
            sums.mean_loss,
            sums.correct_count / sums.sample_count if self._loss.has_classes(self._targets) else math.nan,
            found.spikes / (self._spiking * self._batches.count) if self._spiking else 0.0,
            found.learning_rate,
            found.seconds,
            valid_loss,
            valid_accuracy,
            found.losses,
        )
        if epoch == 0 and self._spiking and found.spikes == 0.0:
            warnings.warn(
                "no neuron of the network spiked in the first epoch; weights may be too small for the threshold, "
                "or inputs too sparse",
                stacklevel=_CALL_OF_FIT,
            )
        self._reports.append(report)
        self._good = self._values()
        if self._early_stopping is not None and self._early_stopping.is_better(report, self._best):
            self._best, self._best_values = report, self._good
        self._front._checkpoint = self._checkpoint
        return report

    def _checkpoint(self) -> Checkpoint:
        """Return a checkpoint, between two epochs."""
        return Checkpoint(
            self._settings,
            self._free_settings,
            self._fingerprint,
            [one.numbers() for one in self._reports],
            self._native.state(),
            self._good,
            self._best.epoch if self._best else 0,
            self._best_values,
        )

    def _leave_checkpoint(self) -> None:
        """Keep what `save_checkpoint` needs after the end, without the session and its memory."""
        if self._front._checkpoint is not None:  # it is None within an epoch
            self._front._checkpoint = self._checkpoint().itself

    def _is_over(self, report: EpochReport) -> bool:
        """Whether early stopping ends the training here."""
        if self._early_stopping is None:
            return False
        return report.epoch - (self._best.epoch if self._best else 0) >= self._early_stopping.patience

    def _set_delay_width(self, epoch: int) -> None:
        """Set the width of delay kernels for an epoch."""
        for name, one in self._front.delay_learning.items():
            width = one.width_at(epoch / max(self._front.epochs, 1))
            place = self._network.projections[name]._index
            self._native.set_delay_learning(place, KERNELS.index(one.kernel), width, one.rate_factor)

    # ---- what is trained

    def _store(self) -> None:
        """Copy the session's weights and learnable parameters into the network."""
        store_trained(self._trained_network, self._session)
        if self._tapped is not None:
            self._tapped.store()
        store_learned(self._network, self._learnable, self._session)

    def _values(self) -> Values:
        """Return a copy of all that training changes in the session."""
        copies: Values = {name: np.empty(shape, np.float32) for name, shape in self._shapes.items()}
        for name, values in copies.items():
            self._session.read(name, values)
        for population, parameters in learned_parameters(self._learnable, self._session).items():
            copies |= {f"{population}.{parameter}": values for parameter, values in parameters.items()}
        return copies

    def _write(self, values: Values) -> None:
        for name, array in values.items():
            self._session.write(name, array)

    def _check_gradients(self) -> None:
        """Refuse to train if no trained weight gets a gradient from the first batch. Changes nothing."""
        front = self._front
        if front.epochs == 0:
            return
        rows, inputs = next(self._batches.each(None, front.seed % 2**39))
        result = self._loss.gradients(self._native, inputs, self._targets, rows)
        if not math.isfinite(result.loss):
            return  # the first update reports it
        if result.loss == 0.0:
            self._loss.check_classes(self._targets)
            return  # there is nothing left to learn
        for name, values in self._good.items():
            gradient = np.empty_like(values)
            self._session.read(f"{name}.gradient", gradient)
            if gradient.any():
                return
        raise InvalidArgumentError(
            "no gradient reaches a weight or a learnable parameter: "
            f"the loss of population {front.output!r} is {result.loss:g} on the first samples, "
            f"and all its derivatives are 0 ({result.spike_count:g} spikes in the network). Inputs may be silent, "
            + (
                "neurons without a spike, "
                if front.rule == "eventprop"
                else "membranes too far from the threshold for the surrogate, "
            )
            + "or nothing that is trained lies upstream of that population"
        )

    def _warn_of_cut_off(self) -> None:
        """Warn of projections that learn nothing because all paths from them to a loss are detached."""
        projections = self._network.projections.values()
        if self._loss.is_own or not any(projection.detached for projection in projections):
            return
        reached = {self._front.output, *self._loss.auxiliary}
        for _ in self._network.populations:  # at most the length of the longest path
            reached |= {p.source.name for p in projections if p.target.name in reached and not p.detached}
        cut_off = [p.name for p in projections if p.trainable and p.kind != "pool2d" and p.target.name not in reached]
        if cut_off:
            warnings.warn(
                f"no loss reaches {', '.join(map(repr, cut_off))}: what is between is detached. Give a population behind "
                "an auxiliary loss, or set trainable=False",
                stacklevel=_CALL_OF_FIT,
            )

    # ---- values that are not finite

    def _not_finite(self, error: NotFiniteError, epoch: int) -> NotFiniteError:
        """Return the error that ends training, with the first layer whose states or gradients are not finite."""
        first = next(
            (
                f"; the first layer with such values is {population.name!r}"
                for population in self._network.populations.values()
                if not population.is_input and not self._is_finite(population)
            ),
            "",
        )
        return NotFiniteError(
            f"epoch {epoch + 1}, update {self._update + 1}: {error}{first}. The network has the weights of "
            + (f"the end of epoch {epoch}" if epoch else "the beginning")
        )

    def _is_finite(self, population: Population) -> bool:
        """Whether the states after the last run, and the weights onto the population, are finite."""
        names = [f"{population.name}.{state}" for state in population.states]
        names += [
            name for name in self._shapes if self._network.projections[name.rpartition(".")[0]].target is population
        ]
        for name in names:
            values = np.empty(self._session.value_count(name))
            self._session.read(name, values)
            if not np.isfinite(values).all():
                return False
        return True
