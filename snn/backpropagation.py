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
from snn._trained import (
    checkpoint_number,
    learnable_names,
    learned_parameters,
    store_learned,
    trained_array,
    trained_arrays,
)
from snn._words import FLAGS, INSTRUCTION_SETS, OptimizerName
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, StateError, counted, shown
from snn.network import Network

if TYPE_CHECKING:
    from snn._batches import InputList

__all__ = ["Backpropagation", "Gradients"]


class Gradients(NamedTuple):
    """Result of a backward pass."""

    projections: dict[str, dict[str, Floats]]
    """By trained projection: ``"weight"`` and, if it has one, ``"bias"``, in their shapes."""
    parameters: dict[str, dict[str, NDArray[np.float64]]]
    """By population and name of each `Learnable` parameter: one, or one for each neuron."""
    inputs: dict[str, Floats]
    """By input population: [step, sample, *shape]; empty without `input_gradients`."""

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
    """Forward and backward passes through a network, one at a time, for losses and training loops of your own.

    `forward` runs a batch from the initial state and returns activities and states over time. From them you compute a loss
    and its gradients with respect to them. `backward` propagates these by surrogate gradients through the network to its
    weights and, if requested, to its inputs. `update` is one step of an optimiser.

    The weights are those of `network`: each `forward` reads the current values of its trained weights, and `update` changes
    them, and the parameters that are `Learnable`. Everything else stays as it was when this object was made, even if you
    set parameters of the network later or add to it. Change weights before `forward` or after `update`, not in between.

    Parameters
    ----------
    network : Network
        Its models must be differentiable.
    steps : int
        Steps of a run.
    batch_size : int, default 1
        Samples of a run; at most 1,048,576.
    record : dict, optional
        By population: a state, ``"spikes"``, or a list of them. Default: the spikes of the population ``"output"``, or if
        there is none, of the last one; its first state if it does not spike.
    input_gradients : bool, default False
        Whether `backward` also computes gradients of the inputs, through untrained projections too. Costs time and memory.
    optimizer, learning_rate, momentum, beta1, beta2, epsilon, weight_decay, gradient_clip_norm
        For `update`, as for `Trainer`.
    checkpoint_steps : int or "auto", optional
        As for `Trainer`. `forward` then copies its inputs for `backward`.
    window_steps : int, optional
        Truncated back-propagation: gradients do not go back from step ``k * window_steps``, counted from 0, to the one before.
    seed : int, default 0
        Seed of the random draws of stochastic models; each `forward` draws the same numbers.
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
        # What the session has, whatever the network gets later.
        self._inputs = network.inputs
        self._learnable = learnable_names(network)
        # The trained weights among it, to find those changed since.
        self._held = {name: values.copy() for name, values in trained_arrays(network).items()}
        self._held_parameters: dict[str, NDArray[np.float64]] = {}  # given by _set_learnable

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

        It can be called again with other gradients, as long as the weights have not changed.

        Parameters
        ----------
        gradients : dict of dict of array_like
            By population and variable, d loss / d output, in the shapes that `forward` returned. Missing ones are 0.
        loss : float, default 0.0
            The loss, which may be infinite or NaN. If given, `update` refuses one that is not finite.

        Returns
        -------
        Gradients

        Raises
        ------
        StateError
            There was no `forward` since the last `update`.
        """
        found = self._outputs.gradients(gradients)
        value = number(loss, "loss", finite=False)
        into: dict[str, Floats] = {}
        if self.input_gradients:
            for name in self._inputs:
                shape = (self.steps, self.batch_size, *self.network[name].shape)
                into[name] = new_array(shape, np.float32, f"the gradient of input {name!r}")
        wanted = [(self.network[name]._index, "spikes", values) for name, values in into.items()]
        self._trainer.run_backward(value, found, wanted)
        of_weights: dict[str, dict[str, Floats]] = {}
        for name, held in self._held.items():
            projection, _, variable = name.rpartition(".")
            gradient = of_weights.setdefault(projection, {})[variable] = np.empty_like(held)
            self._session.read(f"{name}.gradient", gradient)
        of_parameters = learned_parameters(self._learnable, self._session)
        for name, parameters in of_parameters.items():
            for parameter, values in parameters.items():
                self._session.read(f"{name}.{parameter}.gradient", values)
        return Gradients(of_weights, of_parameters, into)

    def update(self, learning_rate: float | None = None) -> None:
        """Change weights and learnable parameters by one optimiser step with the gradients of the last `backward`.

        Parameters
        ----------
        learning_rate : float, optional
            Learning rate of this and later updates.

        Raises
        ------
        StateError
            There was no `backward` since the last `update`, or weights of the network were changed since `forward`: the
            gradients are those of the weights before, and the update would undo the change. Call `forward` again.
        NotFiniteError
            The loss or a gradient is not finite, or a parameter would leave its range. Nothing is changed.
        """
        rate = None if learning_rate is None else number(learning_rate, "learning_rate", minimum=0.0)
        changed = self._changed()
        if changed:
            raise StateError(
                f"{', '.join(changed)} of the network changed since forward; call forward and backward again, and change "
                "weights before forward or after update"
            )
        if rate is not None:
            self._trainer.set_learning_rate(rate)
        self._trainer.update()
        for name, held in self._held.items():
            self._session.read(name, held)
            trained_array(self.network, name)[...] = held
        store_learned(self.network, self._learnable, self._session)

    def _changed(self) -> dict[str, Floats]:
        """Return the trained arrays of the network that differ, bit for bit, from those of the session."""
        own = {name: trained_array(self.network, name) for name in self._held}
        return {
            name: values
            for name, values in own.items()
            if not np.array_equal(values.view(np.uint32), self._held[name].view(np.uint32))
        }

    def _take_weights(self) -> None:
        for name, values in self._changed().items():
            self._session.write(name, np.ascontiguousarray(values))
            self._held[name][...] = values

    def _set_learnable(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Give the session learnable parameters, flat, by "POPULATION.PARAMETER"; the network is not changed."""
        for path, array in values.items():
            if not np.array_equal(array, self._held_parameters.get(path, ())):
                self._session.write(path, array)
                self._held_parameters[path] = array.copy()

    def _frames(self, inputs: ArrayLike | Mapping[str, ArrayLike]) -> InputList:
        names = self._inputs
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
        return f"<Backpropagation: {counted(self.steps, 'step')} of batches of {self.batch_size}>"
