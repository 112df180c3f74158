"""Forward and backward passes of a network, for custom losses and training loops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import (
    MAX_BATCH,
    MAX_SEED,
    Floats,
    boolean,
    choice,
    float32_array,
    integer,
    known_name,
    mapping,
    name_list,
    new_array,
    number,
)
from snn._optimizer import optimizer_settings
from snn._outputs import LOSS_NONE, Outputs
from snn._strict import NotCopied, Strict
from snn._trained import checkpoint_number, learned_parameters, store_learned, trained_arrays
from snn._words import FLAGS, INSTRUCTION_SETS, OptimizerName
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.network import Network

if TYPE_CHECKING:
    from snn._batches import InputList

__all__ = ["Backpropagation", "Gradients"]


class Gradients(NamedTuple):
    """What a backward pass gives."""

    projections: dict[str, dict[str, Floats]]
    """By projection that is trained: ``"weight"`` and, where it has one, ``"bias"``, in their shapes."""
    parameters: dict[str, dict[str, NDArray[np.float64]]]
    """By population and name: those that are `Learnable`, one or one for each neuron."""
    inputs: dict[str, Floats]
    """By input population: [step, sample, *shape]; empty unless they were asked for."""

    def __repr__(self) -> str:
        arrays = {
            f"{name}.{key}": value
            for group in self[:2]
            for name, found in group.items()
            for key, value in found.items()
        }
        arrays |= self.inputs
        return f"<Gradients: {', '.join(f'{name} {value.shape}' for name, value in arrays.items()) or 'none'}>"


class Backpropagation(NotCopied, Strict):
    """A network that is run forward and differentiated backward, one pass at a time, under the caller's control.

    `forward` runs a batch from the initial state and gives activities and states over time. The caller computes a loss
    from them and its gradients with respect to them. `backward` takes these back through the network, by surrogate
    gradients, to its weights and, where asked, to its inputs. `update` is one step of an optimiser.

    The weights are those of `network`: each `forward` takes what its arrays of trained weights hold then, and `update`
    writes into them, and into parameters that are `Learnable`. Everything else, parameters of the network that are set
    meanwhile as well, is as it was when this object was made.

    Parameters
    ----------
    network : Network
        Its models must be differentiable.
    steps : int
        Steps of a run.
    batch_size : int, default 1
        Samples of a run; at most 1,048,576.
    record : dict, optional
        By population: a state, ``"spikes"``, or a list of them. Default: the spikes of the population ``"output"``, or of
        the last one where none has that name; the first state where it does not spike.
    input_gradients : bool, default False
        Whether `backward` goes back to the inputs, through what is not trained too. Costs time and memory.
    optimizer, learning_rate, momentum, beta1, beta2, epsilon, weight_decay, gradient_clip_norm
        For `update`, as for `Trainer`.
    checkpoint_steps : int or "auto", optional
        As for `Trainer`; `forward` then makes a copy of its inputs for `backward`.
    window_steps : int, optional
        Gradients do not go back from a step whose number is a multiple of this, counted from 0, to one before it.
    seed : int, default 0
        Of the random draws of models that have some; each `forward` draws the same.
    device, threads, instruction_set, flags
        As for `Simulation`.

    Notes
    -----
    Thread-safety: one thread at a time.

    Examples
    --------
    >>> passes = snn.Backpropagation(net, steps=25, batch_size=32, record={"output": "v"})
    >>> v = passes.forward(x)["output"]["v"]  # (25, 32, 10)
    >>> error = v - wanted
    >>> gradients = passes.backward({"output": {"v": 2 * error / error.size}})
    >>> gradients.projections["input_to_output"]["weight"].shape
    (64, 10)
    >>> passes.update()
    """

    _instead = "make another Backpropagation of its network, or of a copy of that"
    _fixed = MappingProxyType(
        dict.fromkeys(("network", "steps", "batch_size", "input_gradients"), "make another Backpropagation")
    )

    def __init__(
        self,
        network: Network,
        *,
        steps: int,
        batch_size: int = 1,
        record: Mapping[str, str | Iterable[str]] | None = None,
        input_gradients: bool = False,
        optimizer: OptimizerName = "adam",
        learning_rate: float = 1e-3,
        momentum: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        gradient_clip_norm: float = 0.0,
        checkpoint_steps: int | str | None = None,
        window_steps: int | None = None,
        seed: int = 0,
        device: str = "cpu",
        threads: int = 1,
        instruction_set: str = "best",
        flags: Iterable[str] = (),
    ) -> None:
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
        if not network.populations:
            raise InvalidArgumentError("the network is empty; there is nothing to run")
        self.network = network
        self.steps = integer(steps, "steps", minimum=1)
        self.batch_size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
        self.input_gradients = boolean(input_gradients, "input_gradients")
        self._outputs = Outputs(network, record, self.steps, self.batch_size)
        bits = FLAGS["input_gradients"] if self.input_gradients else 0
        for flag in name_list(flags, "flags"):
            bits |= FLAGS[known_name(flag, FLAGS, "flag")]
        self._session = _native.Session(
            network._finished(),
            device=device,
            batch_size=self.batch_size,
            threads=integer(threads, "threads", maximum=1024),
            instruction_set=INSTRUCTION_SETS.index(choice(instruction_set, INSTRUCTION_SETS, "instruction_set")),
            flags=bits,
            seed=integer(seed, "seed", maximum=MAX_SEED),
        )
        self._trainer = _native.Trainer(
            self._session,
            output_population=0,
            steps=self.steps,
            loss=LOSS_NONE,
            learning_rate=number(learning_rate, "learning_rate", minimum=0.0),
            **optimizer_settings(
                optimizer,
                momentum=momentum,
                beta1=beta1,
                beta2=beta2,
                epsilon=epsilon,
                weight_decay=weight_decay,
                gradient_clip_norm=gradient_clip_norm,
            ),
            checkpoint_steps=checkpoint_number(checkpoint_steps),
            window_steps=0 if window_steps is None else integer(window_steps, "window_steps", minimum=1),
            window_updates=False,
        )
        # What the session holds of the trained weights, to tell what was changed since.
        self._held = {name: values.copy() for name, values in trained_arrays(network).items()}
        self._held_parameters: dict[str, NDArray[np.float64]] = {}  # that were given by _set_learnable

    def forward(self, inputs: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, dict[str, Floats]]:
        """Run all steps of one batch from the initial state.

        Parameters
        ----------
        inputs : array_like, or dict of them by input population
            Each (steps, batch size, *shape of the input), or (batch size, *shape) for values held at every step.

        Returns
        -------
        dict of dict of float32 array
            By population and variable, as `record` says: (steps, batch size, *shape of the population). New arrays.
        """
        arrays, records = self._outputs.new()
        frames = self._frames(inputs)
        self._take_weights()
        self._trainer.run(frames, records)
        return arrays

    def backward(self, gradients: Mapping[str, Mapping[str, ArrayLike]], *, loss: float = 0.0) -> Gradients:
        """Differentiate the last `forward`.

        May be called again with other gradients, as long as the weights have not changed.

        Parameters
        ----------
        gradients : dict of dict of array_like
            By population and variable, d loss / d output, in the shapes that `forward` gave; what is missing is 0.
        loss : float, default 0.0
            The loss, if `update` should refuse one that is not finite.

        Returns
        -------
        Gradients

        Raises
        ------
        StateError
            There was no `forward` since the last `update`.
        """
        found = self._outputs.gradients(gradients)
        into: dict[str, Floats] = {}
        if self.input_gradients:
            for name in self.network.inputs:
                shape = (self.steps, self.batch_size, *self.network[name].shape)
                into[name] = new_array(shape, np.float32, f"the gradient of input {name!r}")
        wanted = [(self.network[name]._index, "spikes", values) for name, values in into.items()]
        self._trainer.run_backward(float(loss), found, wanted)
        of_weights: dict[str, dict[str, Floats]] = {}
        for name, held in self._held.items():
            projection, _, variable = name.rpartition(".")
            gradient = of_weights.setdefault(projection, {})[variable] = np.empty_like(held)
            self._session.read(f"{name}.gradient", gradient)
        of_parameters = learned_parameters(self.network, self._session)
        for name, parameters in of_parameters.items():
            for parameter, values in parameters.items():
                self._session.read(f"{name}.{parameter}.gradient", values)
        return Gradients(of_weights, of_parameters, into)

    def update(self, learning_rate: float | None = None) -> None:
        """Change weights and learnable parameters by a step of the optimiser, with the gradients of the last `backward`.

        Parameters
        ----------
        learning_rate : float, optional
            From now on.

        Raises
        ------
        StateError
            There was no `backward` since the last `update`, or the loss or a gradient is not finite; the weights are then as
            they were.
        """
        if learning_rate is not None:
            self._trainer.set_learning_rate(number(learning_rate, "learning_rate", minimum=0.0))
        self._trainer.update()
        for name, values in trained_arrays(self.network).items():
            self._session.read(name, self._held[name])
            values[...] = self._held[name]
        store_learned(self.network, self._session)

    def _take_weights(self) -> None:
        for name, values in trained_arrays(self.network).items():
            held = self._held[name]
            if not np.array_equal(values.view(np.uint32), held.view(np.uint32)):
                self._session.write(name, np.ascontiguousarray(values))
                held[...] = values

    def _set_learnable(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Give the session learnable parameters, flat, by "POPULATION.PARAMETER"; the network is left as it is."""
        for path, array in values.items():
            if not np.array_equal(array, self._held_parameters.get(path, ())):
                self._session.write(path, array)
                self._held_parameters[path] = array.copy()

    def _frames(self, inputs: ArrayLike | Mapping[str, ArrayLike]) -> InputList:
        names = self.network.inputs
        if not isinstance(inputs, Mapping):
            if len(names) != 1:
                raise InvalidArgumentError(
                    f"the network has {len(names)} inputs ({', '.join(names) or 'none'}); inputs must be a dict of them"
                )
            inputs = {names[0]: inputs}
        frames: InputList = []
        for name, values in mapping(inputs, "inputs", "arrays by input population").items():
            population = self.network[known_name(name, names, "input")]
            array = float32_array(values, f"input {name!r}")
            held = (self.batch_size, *population.shape)
            if array.shape not in (held, (self.steps, *held)):
                raise InvalidArgumentError(
                    f"input {name!r} has shape {array.shape}; it must be {(self.steps, *held)} (each step) or {held} (held)"
                )
            frames.append((population._index, array.shape == held, array))
        return frames

    def __repr__(self) -> str:
        return f"<Backpropagation: {self.steps} steps of batches of {self.batch_size}>"
