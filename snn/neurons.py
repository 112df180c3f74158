"""Neuron models as objects: the built-in ones, and your own in the same language."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import MAX_NEURONS, choice, float64_values, integer, mapping, valid_name
from snn._strict import Strict, suggestion
from snn.definitions import ModelDefinition, builtin_model, compiled
from snn.distributions import Distribution
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, UnsupportedError, shown
from snn.engine.modelc import compile_model
from snn.learnable import Learnable
from snn.surrogates import Surrogate

if TYPE_CHECKING:
    from snn.connections import Connection

__all__ = ["Input", "Neuron", "NeuronModel", "Size", "SpikeInput"]

Size = SupportsIndex | tuple[SupportsIndex, ...] | None


def _shape(size: Size, what: str) -> tuple[int, ...] | None:
    if size is None:
        return None
    sizes = (size,) if not isinstance(size, tuple | list) else tuple(size)
    if not 1 <= len(sizes) <= 3:
        raise InvalidArgumentError(f"{what}: size is {shown(size)}; it must be a number or have 1 to 3 dimensions")
    shape = tuple(integer(one, f"{what}: size", minimum=1, maximum=MAX_NEURONS) for one in sizes)
    if math.prod(shape) > MAX_NEURONS:
        raise InvalidArgumentError(f"{what}: size is {shown(size)}, more than {MAX_NEURONS} neurons")
    return shape


class _Layer(Strict):
    """Base class of inputs and neurons: a shape, which may still be unknown, and an optional name.

    Nothing changes one that was made, so a network may have the same one as its user, or as another network.
    """

    _fixed = MappingProxyType(dict.fromkeys(("shape", "name"), "it is given when it is made"))

    def __init__(self, size: Size, name: str | None) -> None:
        self.shape = _shape(size, type(self).__name__)
        self.name = None if name is None else valid_name(name, f"{type(self).__name__}: name")

    @property
    def size(self) -> int | None:
        """Number of neurons; None if the network decides it."""
        return None if self.shape is None else math.prod(self.shape)

    def _meant(self, name: str) -> str:
        return super()._meant(name) or "; parameters are given when neurons are made"

    def _but(self, **attributes: Any) -> Self:
        """Return a copy with other attributes."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, **attributes)
        return twin

    def _with_shape(self, shape: tuple[int, ...]) -> Self:
        """Return a copy of that shape."""
        return self._but(shape=shape)


class Input(_Layer):
    """An input of real values, which stay until changed.

    Parameters
    ----------
    size : int or tuple of int
        Number of values, or (channels, height, width); at most 2**30 in all.
    name : str, optional
        Name of the population in a `Sequential`; default ``"input"``.
    """

    kind = 2

    def __init__(self, size: Size, *, name: str | None = None) -> None:
        super().__init__(size, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_size_text(self.shape)})"


class SpikeInput(Input):
    """An input of spikes, 0 or 1 at each step; cleared after the step.

    Parameters
    ----------
    size : int or tuple of int
        Number of spike trains, or (channels, height, width); at most 2**30 in all.
    name : str, optional
        Name of the population in a `Sequential`; default ``"input"``.
    """

    kind = 1


class Neuron(_Layer):
    """Neurons of one model with their parameters, for `Network.add` and `Sequential`.

    Make them with the class of a built-in model (`LIF`, ...) or a `NeuronModel`.
    """

    _fixed = MappingProxyType(
        {
            **_Layer._fixed,
            "definition": "neurons of another model are made by its class or NeuronModel",
            "surrogate": "replaced(surrogate=...) returns neurons with another, Population.set changes those of a network",
            "made_for_dt": "a preset sets it",
            "recurrent": "a preset sets it",
        }
    )

    kind = 0
    _classes: ClassVar[dict[str, type[Neuron]]] = {}
    """Those of the built-in models, by the models' names."""
    definition: ModelDefinition
    surrogate: Surrogate | None
    made_for_dt: float | None = None
    """Time step in ms that parameters were computed for; a network of another one does not take the neurons."""
    recurrent: Connection | None = None
    """How the neurons are connected with themselves when a network takes them; None: not at all."""

    def __init__(
        self,
        definition: ModelDefinition,
        size: Size = None,
        *,
        surrogate: str | Surrogate | None = None,
        initial: Mapping[str, ArrayLike | Distribution] | None = None,
        name: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(definition, ModelDefinition):
            raise ArgumentTypeError(
                f"definition is {shown(definition)}, not a ModelDefinition; neurons are made by classes such as LIF, "
                "or by a NeuronModel"
            )
        self.definition = definition
        super().__init__(size, name)
        self.surrogate = self._checked_surrogate(surrogate)
        self._parameters: dict[str, NDArray[np.float64]] = {}
        self._drawn: dict[str, Distribution] = {}
        self._learnable: dict[str, bool] = {}
        self._options: dict[str, str] = {}
        self._initial: dict[str, NDArray[np.float64]] = {}
        self._drawn_initial: dict[str, Distribution] = {}
        self._set(mapping(values, f"{self._word}: values", "parameters and options by name"), initial)

    @property
    def parameters(self) -> Mapping[str, NDArray[np.float64]]:
        """The parameters that were given as numbers: arrays of one, or of one for each neuron, that are read only."""
        return _read_only(self._parameters)

    @property
    def drawn(self) -> Mapping[str, Distribution]:
        """The parameters that the network draws when the neurons are added to it."""
        return MappingProxyType(self._drawn)

    @property
    def learnable(self) -> Mapping[str, bool]:
        """The parameters that training changes, and whether each neuron has a value of its own."""
        return MappingProxyType(self._learnable)

    @property
    def options(self) -> Mapping[str, str]:
        """The options that were given."""
        return MappingProxyType(self._options)

    @property
    def initial(self) -> Mapping[str, NDArray[np.float64]]:
        """The states at step 0 that were given as numbers, as `parameters`."""
        return _read_only(self._initial)

    @property
    def drawn_initial(self) -> Mapping[str, Distribution]:
        """The states at step 0 that the network draws, as `drawn`."""
        return MappingProxyType(self._drawn_initial)

    def _checked_surrogate(self, surrogate: str | Surrogate | None) -> Surrogate | None:
        if surrogate is None:
            return None
        if not self.definition.spiking:
            raise InvalidArgumentError(f"{self._word}: surrogate is {shown(surrogate)}, but the model does not spike")
        if isinstance(surrogate, str):
            return Surrogate(surrogate)
        if isinstance(surrogate, Surrogate):
            return surrogate
        raise ArgumentTypeError(f"{self._word}: surrogate is {shown(surrogate)}, not a name or a Surrogate")

    def _set(self, values: Mapping[str, Any], initial: Mapping[str, ArrayLike | Distribution] | None) -> None:
        """Check and store parameters, options and initial states, by name."""
        definition = self.definition
        for name, value in values.items():
            what = f"{self._word}: {name}"
            if name in definition.parameters:
                self._learnable.pop(name, None)
                if isinstance(value, Learnable):
                    self._learnable[name] = bool(value.per_neuron)
                    value = definition.parameters[name].default if value.value is None else value.value
            elif isinstance(value, Learnable):
                raise ArgumentTypeError(f"{what} is {shown(value)}; only parameters are learnable")
            if name in definition.parameters and isinstance(value, Distribution):
                self._parameters.pop(name, None)
                self._drawn[name] = value
            elif name in definition.parameters:
                self._drawn.pop(name, None)
                array = float64_values(value, what, self.shape)
                definition.parameters[name].check(float(array.min()), float(array.max()), what)
                self._parameters[name] = array
            elif name in definition.options:
                self._options[name] = choice(value, definition.options[name].choices, what)
            elif name in definition.states:
                raise ArgumentTypeError(
                    f"{self._word}: {name} is a state, not a parameter; initial={{{name!r}: ...}} is where it begins"
                )
            else:
                words = [*definition.parameters, *definition.options]
                told = suggestion(name, [*words, "surrogate", "initial"])
                raise ArgumentTypeError(
                    f"{self._word} has no parameter {shown(name)}; it has: {', '.join(words)}"
                    f"{told or '. snn.presets has neurons by the arguments of other libraries'}"
                )
        for name, value in mapping(initial, f"{self._word}: initial", "values by state").items():
            if name not in definition.states:
                raise ArgumentTypeError(
                    f"{self._word} has no state {shown(name)} to start from; it has: {', '.join(definition.states)}"
                )
            if isinstance(value, Distribution):
                if definition.states[name].type == "int":
                    raise InvalidArgumentError(
                        f"{self._word}: initial {name} is {value}; it must be whole numbers, not drawn ones"
                    )
                self._initial.pop(name, None)
                self._drawn_initial[name] = value
                continue
            self._drawn_initial.pop(name, None)
            array = float64_values(value, f"{self._word}: initial {name}", self.shape)
            broken = array[array != np.floor(array)]
            if definition.states[name].type == "int" and broken.size:
                raise InvalidArgumentError(f"{self._word}: initial {name} is {broken[0]:g}; it must be a whole number")
            self._initial[name] = array

    def _with_shape(self, shape: tuple[int, ...]) -> Self:
        for name, values in [*self.parameters.items(), *self.initial.items()]:
            if values.size not in (1, math.prod(shape)):
                raise InvalidArgumentError(
                    f"{self._word}: {name} has {values.size} values for {math.prod(shape)} neurons"
                )
        return super()._with_shape(shape)

    def _draw(self, seed: int, population: int) -> Neuron:
        """Return a copy with parameters and initial states drawn; the draws depend on the arguments only."""
        if not self.drawn and not self.drawn_initial:
            return self
        assert self.shape is not None  # Network.add made sure

        count = math.prod(self.shape)

        def values(name: str, distribution: Distribution) -> NDArray[np.float64]:
            return distribution.draw(count, seed=seed, stream=population << 32 | zlib.crc32(name.encode()))

        parameters: dict[str, Any] = {name: values(name, distribution) for name, distribution in self.drawn.items()}
        initial = {name: values(f"initial {name}", one) for name, one in self.drawn_initial.items()}
        return self.replaced(initial=initial, **parameters)._but(_learnable=self._learnable)

    def _lost_in_steps(self, dt: float) -> Iterator[str]:
        """Yield what steps of `dt` ms cannot do of what was asked for; drawn values are not looked at."""
        if not self.definition.builtin:  # the same names may mean something else
            return
        times = self.parameters.get("refractory", np.zeros(0))
        lost = times[(times > 0) & (times <= dt / 2)]  # rounded to the nearest step, halves to even
        if lost.size:
            yield f"refractory is {lost[0]:g} ms, which rounds to 0 steps of {dt:g} ms: the neurons are never refractory"
        rates = self.parameters.get("rate", np.zeros(0)) if self.definition.name == "poisson_source" else np.zeros(0)
        if rates.size and rates.max() * dt > 1000 * (1 + 1e-9):
            yield (
                f"rate is {rates.max():g} Hz, more than one spike in each step of {dt:g} ms; the neurons spike in every step, "
                f"at {1000 / dt:g} Hz"
            )

    def replaced(
        self,
        *,
        surrogate: str | Surrogate | None = None,
        initial: Mapping[str, ArrayLike | Distribution] | None = None,
        **values: Any,
    ) -> Neuron:
        """Return a copy with other parameters, options, initial states or surrogate."""
        own = ("_parameters", "_drawn", "_learnable", "_options", "_initial", "_drawn_initial")
        twin = self._but(**{name: dict(self.__dict__[name]) for name in own})
        if surrogate is not None:
            twin = twin._but(surrogate=self._checked_surrogate(surrogate))
        twin._set(values, initial)
        return twin

    @property
    def _word(self) -> str:
        """Its name in errors."""
        return type(self).__name__ if type(self) is not Neuron else f"model {self.definition.name!r}"

    def __repr__(self) -> str:
        words = [] if self.shape is None else [_size_text(self.shape)]
        shown_values = {
            name: f"{v[0]:g}" if v.size == 1 else f"<{v.size} values>" for name, v in self.parameters.items()
        }
        shown_values.update((name, repr(distribution)) for name, distribution in self.drawn.items())
        for name, own in self.learnable.items():
            shown_values[name] = f"Learnable({shown_values[name]}{', per_neuron=True' if own else ''})"
        words += [f"{name}={value}" for name, value in shown_values.items()]
        words += [f"{name}={value!r}" for name, value in self.options.items()]
        if self.surrogate is not None:
            words.append(f"surrogate={self.surrogate!r}")
        head = type(self).__name__ if type(self) is not Neuron else f"NeuronModel({self.definition.name!r})"
        return f"{head}({', '.join(words)})"

    def _declare(self, network: _native.Network, name: str) -> int:
        """Add the population to a native network; returns its index."""
        definition = self.definition
        model = definition.name if definition.builtin else definition.native
        assert self.shape is not None  # Network.add made sure
        index = network.add_population(self.kind, name, self.shape, model)
        for parameter, values in self.parameters.items():
            own = self.learnable.get(parameter, False)
            network.set_parameter(
                index, parameter, np.broadcast_to(values, math.prod(self.shape)).copy() if own else values
            )
        for parameter in self.learnable:
            network.set_learnable(index, parameter)
        for option, word in self.options.items():
            network.set_option(index, option, word)
        for state, values in self.initial.items():
            network.set_initial_state(index, state, values)
        if self.surrogate is not None:
            self.surrogate._declare(network, index)
        return index

    @staticmethod
    def _from_native(network: _native.Network, index: int) -> Neuron:
        """Return the neurons of a population that libsnn loaded."""
        info = network.population(index)
        native = network.model(index)
        definition = ModelDefinition.from_native(native)
        cls = Neuron
        if definition.name in _native.builtin_model_names():
            known = builtin_model(definition.name)
            if known.same_as(definition):
                definition = known
                cls = Neuron._classes.get(definition.name, Neuron)
        parameters = {name: network.parameter(index, name) for name in definition.parameters}
        # A state that starts at its default, which may be a parameter, follows later changes of that parameter.
        initial: dict[str, NDArray[np.float64]] = {}
        for name, state in definition.states.items():
            starts = network.initial_state(index, name)
            default = parameters[state.initial] if isinstance(state.initial, str) else state.initial
            if (starts != default).any():
                initial[name] = starts
        surrogate = None
        if definition.spiking and info.surrogate_name is not None:
            surrogate = Surrogate._from_native(network.surrogate(index), network.surrogate_parameters(index))
        neuron = object.__new__(cls)
        neuron.__dict__.update(
            definition=definition,
            shape=info.shape,
            name=None,
            surrogate=surrogate,
            _parameters=parameters,
            _drawn={},
            _learnable={name: values.size > 1 for name, values in parameters.items() if network.learnable(index, name)},
            _options={name: network.option(index, name) for name in definition.options},
            _initial=initial,
            _drawn_initial={},
        )
        neuron._close()
        return neuron


def _read_only(arrays: Mapping[str, NDArray[np.float64]]) -> Mapping[str, NDArray[np.float64]]:
    views = {name: values.view() for name, values in arrays.items()}
    for view in views.values():
        view.flags.writeable = False
    return MappingProxyType(views)


def _size_text(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else str(shape[0] if len(shape) == 1 else shape)


class NeuronModel:
    """A neuron model of your own, defined as the files of ``snn/models/neurons`` are.

    Call it to make neurons: ``model(128, tau=20.0)``. The model runs and trains without a compiler and is stored in the
    ``.snn`` file.

    Parameters
    ----------
    definition : dict, str or Path
        The definition in the form of those TOML files: a dict, TOML text or the path of a file.

    Raises
    ------
    FormatError
        The definition is wrong; the message says where.
    """

    def __init__(self, definition: Mapping[str, Any] | str | Path) -> None:
        self.definition = ModelDefinition.from_native(compiled(definition, compile_model))

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.definition.name

    @property
    def json(self) -> str:
        """The compiled model as the JSON document of ``docs/model-format.md``: `snn_model_load` reads it."""
        return self.definition.native.json

    def __call__(
        self,
        size: Size = None,
        *,
        surrogate: str | Surrogate | None = None,
        initial: Mapping[str, ArrayLike | Distribution] | None = None,
        name: str | None = None,
        **values: Any,
    ) -> Neuron:
        """Return neurons of this model; `values` are its parameters and options."""
        if surrogate is not None and not self.definition.differentiable:
            raise UnsupportedError(f"model {self.name!r} cannot be differentiated, so it takes no surrogate")
        return Neuron(self.definition, size, surrogate=surrogate, initial=initial, name=name, values=values)

    def __repr__(self) -> str:
        return f"NeuronModel({self.name!r})"
