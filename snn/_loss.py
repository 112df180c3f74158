"""Losses of training: the library's, of an output and of other populations, or a function of the user."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, choice, float32_array, float32_number, integer, mapping, number, real_array
from snn._batches import class_labels, padded, target_values
from snn._outputs import LOSS_NONE, Outputs
from snn._words import LOSSES
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown

if TYPE_CHECKING:
    from snn._batches import BatchInputs
    from snn.engine import _native
    from snn.engine.records import TrainResult
    from snn.network import Network
    from snn.population import Population

__all__ = ["Loss", "LossFunction", "class_weights"]

_IN_TIME = ("mean_square_membrane", "van_rossum")
_NEEDS_TARGETS = ("mean_square_latency", *_IN_TIME)

LossFunction = Callable[
    [Mapping[str, Mapping[str, Floats]], NDArray[Any]], tuple[float, Mapping[str, Mapping[str, ArrayLike]]]
]


class Loss:
    """A loss with the shapes of its outputs and targets.

    Parameters
    ----------
    loss : str or callable
        See `Trainer`.
    record : dict, optional
        What a callable gets, see `Trainer`.
    network : Network
        The network to train.
    output : Population
        The population whose activity is the network's output.
    steps, batch_size : int
        Steps and samples of a batch.
    auxiliary : dict of str to str or (str, float), optional
        Losses of other populations and their weights, by population.
    class_weight : float32 array, shape (outputs,), optional
        Weights of the classes in cross-entropies.
    """

    def __init__(
        self,
        loss: str | LossFunction,
        record: Mapping[str, str | Iterable[str]] | None,
        network: Network,
        output: Population,
        steps: int,
        batch_size: int,
        auxiliary: Mapping[str, str | tuple[str, float]] | None = None,
        class_weight: Floats | None = None,
    ) -> None:
        self.class_weight = class_weight
        self._function = loss if callable(loss) else None
        self.name = getattr(loss, "__name__", "callable") if callable(loss) else choice(loss, sorted(LOSSES), "loss")
        self._output = output
        self._steps = steps
        self._batch_size = batch_size
        self._recorded: Outputs | None = None
        if self._function is not None:
            if record is None:
                record = {output.name: "spikes" if output.spiking else output.states[0]}
            self._recorded = Outputs(network, record, steps, batch_size)
        elif record is not None:
            raise InvalidArgumentError(f"record is for a loss of your own, a callable; loss is {self.name!r}")
        else:
            _check_looks_at("loss", self.name, output)
        self.auxiliary: dict[str, tuple[str, float]] = {}
        for name, given in mapping(auxiliary, "auxiliary_losses", "losses by population").items():
            if self.is_own:
                raise InvalidArgumentError(
                    "auxiliary_losses are beside a loss of the library's; a callable may look at any population"
                )
            self._add(network[name], given)

    def _add(self, population: Population, given: str | tuple[str, float]) -> None:
        """Add a loss of another population, with the output's targets."""
        what = f"auxiliary_losses[{population.name!r}]"
        if not isinstance(given, str) and (not isinstance(given, tuple | list) or len(given) != 2):
            raise ArgumentTypeError(f"{what} is {shown(given)}, neither the name of a loss nor a pair (name, weight)")
        loss, weight = (given, 1.0) if isinstance(given, str) else given
        choice(loss, sorted(LOSSES), what)
        if population is self._output:
            raise InvalidArgumentError(f"{what}: that is the output, whose loss is {self.name!r}")
        if population.is_input:
            raise InvalidArgumentError(f"{what}: that is an input")
        _check_looks_at(what, loss, population)
        if population.size != self._output.size:
            raise InvalidArgumentError(
                f"{what}: the population has {population.size} neurons and the output {self._output.size}; their losses look "
                "at the same classes or targets"
            )
        if (loss in _IN_TIME) != (self.name in _IN_TIME):
            raise InvalidArgumentError(
                f"{what} is {loss!r} and loss is {self.name!r}; either both take targets of each step or none does"
            )
        self.auxiliary[population.name] = loss, number(weight, f"{what}: weight", minimum=0.0, exclusive=True)

    @property
    def is_own(self) -> bool:
        """Whether it is a function of the user."""
        return self._function is not None

    @property
    def needs_targets(self) -> bool:
        """Whether it needs targets instead of classes."""
        return any(name in _NEEDS_TARGETS for name in self.names)

    @property
    def is_in_time(self) -> bool:
        """Whether it compares with targets of each step."""
        return not self.is_own and self.name in _IN_TIME

    @property
    def names(self) -> list[str]:
        """Names of the library's losses that it consists of."""
        return [] if self.is_own else [self.name, *(name for name, _ in self.auxiliary.values())]

    def tell(self, trainer: _native.Trainer, network: Network) -> None:
        """Set what a native trainer's definition does not have."""
        if self.class_weight is not None:
            trainer.set_class_weights(self.class_weight)
        for population, (name, weight) in self.auxiliary.items():
            trainer.set_auxiliary_loss(network[population]._index, LOSSES.index(name), weight)

    def parts(self, trainer: _native.Trainer, network: Network) -> dict[str, float]:
        """Return the last losses of the populations in a native trainer; empty for a function of the user."""
        if self.is_own:
            return {}
        return {name: trainer.loss_of(network[name]._index) for name in (self._output.name, *self.auxiliary)}

    def number(self, *, scoring: bool = False) -> int:
        """Return its ``SNN_LOSS_*``; with `scoring`, for a function of the user, that of a loss with scores."""
        if not self.is_own:
            return LOSSES.index(self.name)
        if not scoring:
            return LOSS_NONE
        return LOSSES.index("cross_entropy_count" if self._output.spiking else "cross_entropy_mean_membrane")

    # ---- targets

    def targets(self, y: ArrayLike, samples: int) -> NDArray[Any]:
        """Return checked classes [samples] or targets, or for a function of the user any array."""
        if self.is_own:
            values = np.asarray(y)
            if values.ndim == 0 or values.shape[0] != samples:
                raise InvalidArgumentError(
                    f"y has shape {values.shape}; x has {samples} samples, so it must begin with that"
                )
            return values
        outputs = self._output.size
        of_targets = self.is_in_time or all(name.startswith("mean_square") for name in self.names)
        if of_targets and outputs == 1:
            # The shape of `Trainer.predict` is accepted too; a single output cannot distinguish classes.
            shape = (samples, self._steps) if self.is_in_time else (samples,)
            given = real_array(y, "y")
            return target_values(given.reshape(*shape, 1) if given.shape == shape else given, (*shape, 1))
        if self.is_in_time:
            return target_values(y, (samples, self._steps, outputs))
        if of_targets and real_array(y, "y").ndim == 2:
            return target_values(y, (samples, outputs))
        if self.needs_targets:
            raise InvalidArgumentError(
                f"y has shape {np.shape(y)}; {' and '.join(map(repr, self.names))} "
                f"compares with targets of shape {(samples, outputs)}"
            )
        return class_labels(y, samples, outputs)

    def any_targets(self, samples: int) -> NDArray[Any]:
        """Return placeholder targets for runs that only compute scores, which do not depend on them."""
        if not self.needs_targets:
            return np.zeros(samples, np.int32)
        steps = (self._steps,) if self.is_in_time else ()
        return np.broadcast_to(np.float32(0), (samples, *steps, self._output.size))

    def has_classes(self, targets: NDArray[Any]) -> bool:
        """Whether there is an accuracy."""
        return not self.is_own and targets.ndim == 1

    @property
    def _is_cross_entropy(self) -> bool:
        return not self.is_own and self.name.startswith("cross_entropy")

    def check_scores(self, y: ArrayLike) -> None:
        """Refuse values where classes are needed."""
        kind = real_array(y, "y").dtype.kind
        if not self._is_cross_entropy and (self._output.size == 1 or kind not in "iu"):
            what = "a function" if self.is_own else repr(self.name)
            raise InvalidArgumentError(
                f"score is the share of samples whose class is right; the loss, {what} of {self._output.name!r}, was given "
                "values and no classes: evaluate(x, y).loss tells how near the outputs are"
            )

    def check_classes(self, targets: NDArray[Any]) -> None:
        """Refuse a cross-entropy that is always 0."""
        if not self._is_cross_entropy:
            return
        if self._output.size == 1:
            raise InvalidArgumentError(
                f"loss {self.name!r} tells classes apart by one neuron for each, and {self._output.name!r} has one in all, for "
                "which it is 0; two classes take two neurons, a single value a loss such as 'mean_square_rate'"
            )
        if self.class_weight is not None and not self.class_weight[np.unique(targets)].any():
            raise InvalidArgumentError(f"class_weight is 0 for every class of the samples, so loss {self.name!r} is 0")

    def weight_of(self, targets: NDArray[Any], rows: NDArray[np.int64]) -> float:
        """Return what the mean loss of a batch was divided by."""
        if self.class_weight is None or not self._is_cross_entropy:
            return float(rows.size)
        return float(self.class_weight[targets[rows]].sum(dtype=np.float64))

    def answers(self, targets: NDArray[Any], rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return labels and targets of a batch as a native trainer takes them, padded to the batch size."""
        if targets.ndim == 1:
            return {"labels": padded(targets, rows, self._batch_size, -1)}
        # Labels say which places are padding; with targets their value does not matter.
        batch = padded(targets, rows, self._batch_size, 0.0)
        return {
            "labels": self._places(rows.size),
            "targets": batch if batch.ndim == 2 else np.ascontiguousarray(batch.swapaxes(0, 1)),
        }

    def _places(self, count: int) -> NDArray[np.int32]:
        return np.where(np.arange(self._batch_size) < count, 0, -1).astype(np.int32)

    # ---- batches

    def forward(
        self, trainer: _native.Trainer, inputs: BatchInputs, targets: NDArray[Any], rows: NDArray[np.int64]
    ) -> TrainResult:
        """Run a batch and return its loss; nothing is learned."""
        if self.is_own:
            return self._run(trainer, inputs, targets, rows)[0]
        return trainer.forward(inputs.frames, spike_inputs=inputs.spikes, **self.answers(targets, rows))

    def gradients(
        self, trainer: _native.Trainer, inputs: BatchInputs, targets: NDArray[Any], rows: NDArray[np.int64]
    ) -> TrainResult:
        """Run a batch forward and, where its loss is neither 0 nor infinite, backward."""
        if self.is_own:
            return self._run_both(trainer, inputs, targets, rows)
        result = trainer.forward(inputs.frames, spike_inputs=inputs.spikes, **self.answers(targets, rows))
        if math.isfinite(result.loss) and result.loss != 0.0:
            trainer.backward()
        return result

    def step(
        self, trainer: _native.Trainer, inputs: BatchInputs, targets: NDArray[Any], rows: NDArray[np.int64]
    ) -> TrainResult:
        """Run a batch forward and backward, and update what is trained."""
        if not self.is_own:
            return trainer.step(inputs.frames, spike_inputs=inputs.spikes, **self.answers(targets, rows))
        result = self._run_both(trainer, inputs, targets, rows)
        trainer.update()
        return result

    def _run(
        self, trainer: _native.Trainer, inputs: BatchInputs, targets: NDArray[Any], rows: NDArray[np.int64]
    ) -> tuple[TrainResult, float, Mapping[str, Mapping[str, ArrayLike]]]:
        """Run a batch and ask the function of the user: return its value and its gradients as well."""
        assert self._function is not None
        assert self._recorded is not None
        arrays, records = self._recorded.new()
        result = trainer.run(inputs.frames, records, self._places(rows.size), spike_inputs=inputs.spikes)
        outputs = {
            name: {variable: values[:, : rows.size] for variable, values in variables.items()}
            for name, variables in arrays.items()
        }
        answer = self._function(outputs, targets[rows])
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise ArgumentTypeError(f"loss returned {shown(answer)}, not a pair (value, gradients)")
        value = number(answer[0], "the value that loss returned", finite=False)
        return result._replace(loss=result.loss + value), value, answer[1]

    def _run_both(
        self, trainer: _native.Trainer, inputs: BatchInputs, targets: NDArray[Any], rows: NDArray[np.int64]
    ) -> TrainResult:
        assert self._recorded is not None
        result, value, gradients = self._run(trainer, inputs, targets, rows)
        # A loss that is no number has no gradients; the update says so and names the layer.
        given = self._recorded.gradients(gradients, rows.size) if math.isfinite(value) else []
        trainer.run_backward(value, given, [])
        return result


def class_weights(given: ArrayLike | Mapping[int, float] | None, classes: int) -> Floats | None:
    """Return weights of all classes, those that a dict leaves out 1."""
    if given is None:
        return None
    if isinstance(given, Mapping):
        weights = np.ones(classes, np.float32)
        for one, weight in given.items():
            place = integer(one, "class_weight: a class", maximum=classes - 1)
            weights[place] = float32_number(weight, f"class_weight[{place}]")
    else:
        weights = float32_array(given, "class_weight", (classes,))
    negative = np.flatnonzero(weights < 0)
    if negative.size:
        place = int(negative[0])
        raise InvalidArgumentError(f"class_weight[{place}] is {weights[place]:g}; it must be at least 0")
    if not weights.any():
        raise InvalidArgumentError("class_weight has no class above 0; nothing would be learned")
    return weights


def _check_looks_at(what: str, loss: str, population: Population) -> None:
    """Refuse a loss of spikes of a population that has none."""
    if not population.spiking and not loss.endswith("membrane"):
        raise InvalidArgumentError(
            f"{what} is {loss!r}, which looks at spikes, but population {population.name!r} has model "
            f"{population.model!r}, which does not spike; use a membrane loss, or name another `output`"
        )
