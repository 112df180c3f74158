"""A network as a PyTorch module: this library computes forward and backward passes, PyTorch has the parameters.

Needs PyTorch (``pip install torch``, or the extra ``torch``; the build without CUDA is enough). Loaded on first use.

Examples
--------
>>> import torch, snn, snn.torch
>>> net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
>>> model = torch.nn.Sequential(torch.nn.Linear(32, 64), snn.torch.Module(net))
>>> optimizer = torch.optim.Adam(model.parameters())
>>> spikes = model(x)  # x: (steps, batch, 32), spikes: (steps, batch, 10)
>>> torch.nn.functional.cross_entropy(spikes.sum(0), labels).backward()
>>> optimizer.step()
>>> net.save("trained.snn")
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn._optional import missing

try:
    import torch
except ModuleNotFoundError as error:
    raise missing(error, "torch", "snn.torch", "torch", "torch") from None

from torch import Tensor
from torch.autograd.function import once_differentiable

from snn._arrays import integer, known_name, mapping
from snn._outputs import Outputs
from snn._trained import take_learned, trained_arrays
from snn.backpropagation import Backpropagation
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, StateError, shown
from snn.network import Network
from snn.neurons import Neuron
from snn.population import Population

__all__ = ["Module"]


def __dir__() -> list[str]:
    return __all__


# Idle sessions, kept for the next forward with the same number of steps and samples.
_MOST_IDLE = 4


class _Run:
    """A session with its tape, lent to one forward until that is differentiated or discarded."""

    def __init__(self, passes: Backpropagation) -> None:
        self.passes = passes
        self.forwards = 0


class _Lease:
    """Binds a run to a forward, and returns it when its gradients can no longer be requested."""

    def __init__(self, run: _Run, idle: list[_Run]) -> None:
        self._run = run
        run.forwards += 1
        self._number = run.forwards
        self._give_back = weakref.finalize(self, _give_back, run, idle)
        self._give_back.atexit = False

    def end(self) -> None:
        """Let the run be reused. Its tape stays until then."""
        self._give_back()

    def passes(self) -> Backpropagation:
        """Return the passes that still have this forward's tape."""
        if self._run.forwards != self._number:
            raise StateError(
                "another forward of this module has used the memory of this one; with retain_graph=True call backward "
                "again before the next forward"
            )
        return self._run.passes


def _give_back(run: _Run, idle: list[_Run]) -> None:
    idle.append(run)
    del idle[:-_MOST_IDLE]


class _Pass(torch.autograd.Function):
    """Forward and backward of a network between PyTorch's own functions."""

    @staticmethod
    def forward(ctx: Any, module: Module, steps: int, names: tuple[str, ...], *tensors: Tensor) -> tuple[Tensor, ...]:
        """Run the network; `tensors` are the inputs by `names`, then the parameters of projections and of populations."""
        inputs = {name: tensor.detach().contiguous().numpy() for name, tensor in zip(names, tensors, strict=False)}
        first = next(iter(inputs.values()))
        batch = first.shape[first.ndim - 1 - len(module.network[names[0]].shape)]
        needed = ctx.needs_input_grad[3:]
        lease = module._lease(steps, batch, any(needed[: len(names)]))
        passes = lease.passes()
        passes._set_learnable(module._learned())
        outputs = passes.forward(inputs)
        ctx.lease, ctx.names, ctx.outputs = lease, names, module._outputs
        ctx.held = [
            tensor.ndim == len(module.network[name].shape) + 1 for name, tensor in zip(names, tensors, strict=False)
        ]
        # So that PyTorch says when a parameter was changed before backward.
        ctx.save_for_backward(*tensors[len(names) :])
        ctx.set_materialize_grads(False)
        if not any(needed):
            lease.end()
        return tuple(torch.from_numpy(outputs[population][variable]) for population, variable in module._outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        """Return the gradients of the inputs and parameters."""
        _ = ctx.saved_tensors  # PyTorch's own errors: changed in place, or freed
        given: dict[str, dict[str, Any]] = {}
        for (population, variable), gradient in zip(ctx.outputs, gradients, strict=True):
            if gradient is not None:
                given.setdefault(population, {})[variable] = gradient.detach().contiguous().numpy()
        found = ctx.lease.passes().backward(given)
        of_inputs: list[Tensor | None] = [None] * len(ctx.names)
        for place, (name, held) in enumerate(zip(ctx.names, ctx.held, strict=True)):
            if ctx.needs_input_grad[3 + place]:
                array = found.inputs[name]
                of_inputs[place] = torch.from_numpy(array.sum(0) if held else array)
        of_parameters = [
            torch.from_numpy(values) for variables in found.projections.values() for values in variables.values()
        ]
        tensors = ctx.saved_tensors[len(of_parameters) :]  # of populations, in the same order
        for tensor, values in zip(tensors, (v for of in found.parameters.values() for v in of.values()), strict=True):
            of_parameters.append(torch.from_numpy(values).to(tensor.dtype).reshape(tensor.shape))
        ctx.lease.end()
        return None, None, None, *of_inputs, *of_parameters


class _Parameters(torch.nn.Module):
    """The parameters of one projection or population."""


class Module(torch.nn.Module):
    """A network as a `torch.nn.Module`.

    Every forward runs the network from its initial state. Surrogate gradients propagate to the parameters and to inputs that
    require a gradient, so the module may be anywhere in a larger model. Results equal those of `Backpropagation` and `Trainer`,
    bit for bit.

    Parameters
    ----------
    network : Network
        Its trained weights and biases become the parameters ``projections.NAME.weight`` and ``.bias``. They share memory with
        ``network.projections[NAME].weights`` and ``.bias``, in the same shapes (dense: source, target), so a PyTorch optimiser
        changes the network itself. Parameters that replace them (``load_state_dict(assign=True)``, copies) share memory again
        from the next forward or access to `network`. Untrained weights are not part of the ``state_dict``.

        `Learnable` parameters of neurons become ``populations.NAME.PARAMETER``, in the model's unit, of shape () or the
        population's. The network gets their values when `network` is read. A PyTorch optimiser updates them directly, so a time
        constant of 20 ms changes by a few learning rates only: give them a parameter group with its own learning rate. A value
        outside the model's range is an error in `forward`.
    record : dict, optional
        By population, what `forward` returns: a state, ``"spikes"``, or a list of them. Default: the spikes of the last
        population, or its first state if it does not spike.
    steps : int, optional
        Steps of a run, for inputs held at every step; otherwise the inputs' shape decides.
    seed : int, default 0
        Seed of the random draws of stochastic models; every forward draws the same numbers.
    device, threads, instruction_set
        As for `Simulation`. Tensors are always float32 on the CPU.

    Notes
    -----
    Contiguous tensors are shared with this library, not copied. Several forwards may precede their backwards. Second
    derivatives are not supported. Inputs and gradients that are not finite are errors.

    With `threads` above 1, call ``torch.set_num_threads(1)`` unless other layers need more: the threads of both libraries
    spin for a while after their work and slow each other down.
    """

    def __init__(
        self,
        network: Network,
        *,
        record: Mapping[str, str | Iterable[str]] | None = None,
        steps: int | None = None,
        seed: int = 0,
        device: str = "cpu",
        threads: int = 1,
        instruction_set: str = "best",
    ) -> None:
        super().__init__()
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
        if not network.inputs:
            raise InvalidArgumentError("the network has no input; a module needs something to run on")
        self._network = network
        self.steps = None if steps is None else integer(steps, "steps", minimum=1)
        self._outputs = Outputs(network, record, 1, 1).names
        self._settings: dict[str, Any] = {
            "seed": seed,
            "device": device,
            "threads": threads,
            "instruction_set": instruction_set,
        }
        self._idle: list[_Run] = []
        self.projections = torch.nn.ModuleDict()
        for path, values in trained_arrays(network).items():
            name, _, variable = path.rpartition(".")
            if name not in self.projections:
                self.projections[name] = _Parameters()
            self.projections[name].register_parameter(variable, torch.nn.Parameter(torch.from_numpy(values)))
        self.populations = torch.nn.ModuleDict()
        for population in network.populations.values():
            for name in population.learnable:
                if population.name not in self.populations:
                    self.populations[population.name] = _Parameters()
                begin = torch.tensor(self._begin_of(population, name))
                self.populations[population.name].register_parameter(name, torch.nn.Parameter(begin))
        # Settings that are wrong are said here, not at the first forward.
        self._idle.append(_Run(self._passes(self.steps or 1, 1, False)))

    @property
    def network(self) -> Network:
        """The network, with the module's current weights and learnable parameters."""
        self._share()
        learned: dict[str, dict[str, NDArray[np.float64]]] = {}
        for path, values in self._learned().items():
            population, _, name = path.rpartition(".")
            if not np.array_equal(np.ravel(self._network[population].parameters[name]), values):
                learned.setdefault(population, {})[name] = values
        take_learned(self._network, learned)
        return self._network

    def forward(self, inputs: Tensor | Mapping[str, Tensor]) -> Tensor | dict[str, Tensor]:
        """Run the network.

        Parameters
        ----------
        inputs : Tensor, or dict of them by input population
            Each (steps, batch, *shape of the input); if the module has `steps`, also (batch, *shape), held at every step.

        Returns
        -------
        Tensor, or dict of them
            (steps, batch, *shape of the population): one tensor if one variable is recorded, else a dict with keys
            ``"POPULATION.VARIABLE"``.
        """
        self._share()
        network = self._network
        if not isinstance(inputs, Mapping):
            if len(network.inputs) != 1:
                raise InvalidArgumentError(
                    f"the network has {len(network.inputs)} inputs ({', '.join(network.inputs)}); inputs must be a dict of them"
                )
            inputs = {network.inputs[0]: inputs}
        given = mapping(inputs, "inputs", "tensors by input population")
        names = tuple(known_name(name, network.inputs, "input") for name in given)
        steps = {self._steps_of(name, given[name]) for name in names}
        if len(steps) != 1:
            raise InvalidArgumentError(f"the inputs have different numbers of steps: {sorted(steps)}")
        tensors = [given[name].to(torch.float32) for name in names]
        found = _Pass.apply(self, steps.pop(), names, *tensors, *self._parameters_in_order())
        if len(self._outputs) == 1:
            (only,) = found
            return only
        return {
            f"{population}.{variable}": one for (population, variable), one in zip(self._outputs, found, strict=True)
        }

    def _steps_of(self, name: str, tensor: Any) -> int:
        if not isinstance(tensor, torch.Tensor):
            raise ArgumentTypeError(f"input {name!r} is {shown(tensor)}, not a tensor")
        if tensor.device.type != "cpu":
            raise InvalidArgumentError(f"input {name!r} is on the device {tensor.device}; it must be on the CPU")
        shape = self._network[name].shape
        if tensor.ndim == len(shape) + 2 and tuple(tensor.shape[2:]) == shape and 0 not in tensor.shape:
            return int(tensor.shape[0])
        if (
            self.steps is not None
            and tensor.ndim == len(shape) + 1
            and tuple(tensor.shape[1:]) == shape
            and len(tensor)
        ):
            return self.steps
        expected = ", ".join(map(str, shape))
        held = f" or (batch, {expected})" if self.steps is not None else ""
        raise InvalidArgumentError(
            f"input {name!r} has shape {tuple(tensor.shape)}; it must be (steps, batch, {expected}){held}"
        )

    # ---- parameters

    @staticmethod
    def _begin_of(population: Population, name: str) -> NDArray[np.float32]:
        """Return the initial value of a learnable parameter: one number, or one for each neuron."""
        assert isinstance(population.neurons, Neuron)
        values = np.asarray(population.parameters[name], np.float32)
        return np.broadcast_to(values, population.shape).copy() if population.neurons.learnable[name] else values

    def _parameters_in_order(self) -> list[torch.nn.Parameter]:
        of_projections = [self._parameter(path) for path in trained_arrays(self._network)]
        return of_projections + [getattr(self.populations[population], name) for population, name in self._learnable()]

    def _learnable(self) -> list[tuple[str, str]]:
        return [(one.name, name) for one in self._network.populations.values() for name in one.learnable]

    def _learned(self) -> dict[str, NDArray[np.float64]]:
        """Return the current learnable parameters of populations, flat, by their names in a session."""
        return {
            f"{population}.{name}": getattr(self.populations[population], name).detach().double().numpy().reshape(-1)
            for population, name in self._learnable()
        }

    def _parameter(self, path: str) -> torch.nn.Parameter:
        name, _, variable = path.rpartition(".")
        return getattr(self.projections[name], variable)

    def _share(self) -> None:
        """Make parameters and network share memory again, with the parameters' values."""
        for path, values in trained_arrays(self._network).items():
            parameter = self._parameter(path)
            if parameter.device.type == "cpu" and parameter.data_ptr() == values.ctypes.data:
                continue
            if parameter.dtype != torch.float32 or parameter.device.type != "cpu" or parameter.shape != values.shape:
                raise InvalidArgumentError(
                    f"parameter projections.{path} is {parameter.dtype} {tuple(parameter.shape)} on {parameter.device}; it "
                    f"must be torch.float32 {values.shape} on the CPU, where the network computes"
                )
            values[...] = parameter.detach().numpy()
            parameter.data = torch.from_numpy(values)

    # ---- sessions

    def _passes(self, steps: int, batch: int, input_gradients: bool) -> Backpropagation:
        record: dict[str, list[str]] = {}
        for population, variable in self._outputs:
            record.setdefault(population, []).append(variable)
        return Backpropagation(
            self._network,
            steps=steps,
            batch_size=batch,
            record=record,
            input_gradients=input_gradients,
            **self._settings,
        )

    def _lease(self, steps: int, batch: int, input_gradients: bool) -> _Lease:
        for place in reversed(range(len(self._idle))):
            passes = self._idle[place].passes
            if (passes.steps, passes.batch_size) == (steps, batch) and passes.input_gradients >= input_gradients:
                return _Lease(self._idle.pop(place), self._idle)
        return _Lease(_Run(self._passes(steps, batch, input_gradients)), self._idle)

    def __getstate__(self) -> dict[str, Any]:
        # Sessions are neither copied nor pickled; new ones are opened when they are needed.
        return {**self.__dict__, "_idle": []}

    def extra_repr(self) -> str:
        """Describe the network in PyTorch's `repr`."""
        outputs = ", ".join(f"{population}.{variable}" for population, variable in self._outputs)
        return f"{self._network!r}, outputs: {outputs}"
