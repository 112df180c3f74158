"""A population: neurons of one model in a network, or one of its inputs."""

from __future__ import annotations

import contextlib
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import part_of, slice_text
from snn._strict import Strict, suggestion
from snn.definitions import State
from snn.distributions import Distribution
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, NotFoundError, shown
from snn.neurons import Input, Neuron, SpikeInput
from snn.surrogates import Surrogate

if TYPE_CHECKING:
    from snn.network import Network

__all__ = ["Population", "PopulationSlice", "declare", "differences", "unchanged_on_error"]


@dataclass(frozen=True)
class PopulationSlice:
    """Contiguous neurons of a population, such as ``population[:800]``. `Network.connect` takes it like a population.

    Attributes
    ----------
    population : Population
    first : int
        The first neuron, by flat index.
    size : int
        Number of neurons.
    """

    population: Population
    first: int
    size: int

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the population."""
        return self.size == self.population.size

    def __str__(self) -> str:
        return f"{self.population.name}[{self.first}:{self.first + self.size}]"


def split_slice(reference: str) -> tuple[str, slice | None]:
    """Return name and slice of ``"exc[0:800]"``; the slice is None without brackets."""
    if "[" not in reference:
        return reference, None
    found = re.fullmatch(r"(.*)\[(-?\d+|):(-?\d+|)\]", reference)
    if not found:
        raise InvalidArgumentError(
            f"{shown(reference)} is no part of a population; a part is neighbouring neurons, such as 'exc[0:100]'"
        )
    name, start, stop = found.groups()
    return name, slice(*(int(end) if end else None for end in (start, stop)))


class Population(Strict):
    """Neurons of one model in a network, or one of its inputs; made by `Network.add`."""

    _fixed = MappingProxyType({"name": "give another population that name"})

    def __init__(self, network: Network, name: str, index: int, layer: Neuron | Input) -> None:
        self._network = network
        self._index = index
        self._layer = layer
        # Once the network is finished, only the native one has arrays of parameters and initial states: the names of all of
        # both, in order. None: `_layer` has them.
        self._names: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self.name = name

    @property
    def shape(self) -> tuple[int, ...]:
        """(neurons,), or (channels, height, width)."""
        assert self._layer.shape is not None  # Network.add made sure
        return self._layer.shape

    @property
    def size(self) -> int:
        """Number of neurons."""
        return math.prod(self.shape)

    def __getitem__(self, neurons: slice) -> PopulationSlice:
        """Return contiguous neurons, by flat index, for `Network.connect`: ``net.populations["exc"][:800]``."""
        if not isinstance(neurons, slice):
            raise ArgumentTypeError(
                f"population {self.name!r} takes a slice such as [0:100], not {shown(neurons)}; chosen neurons are connected "
                "by snn.Sparse.from_arrays"
            )
        if neurons.step not in (None, 1):
            raise InvalidArgumentError(
                f"{slice_text(self.name, neurons)}: a part of a population is neighbouring neurons, with step 1"
            )
        places = part_of(neurons, self.size, self.name, f"population {self.name!r} has {self.size} neurons")
        return PopulationSlice(self, places.start, len(places))

    @property
    def is_input(self) -> bool:
        """Whether it is an input, whose activity the caller sets."""
        return isinstance(self._layer, Input)

    @property
    def neurons(self) -> Neuron | Input:
        """The neurons as they were added: model, parameters, options, surrogate."""
        return self._whole()

    @property
    def model(self) -> str:
        """Name of the neuron model; ``"input"`` or ``"spike_input"`` for inputs."""
        if isinstance(self._layer, Neuron):
            return self._layer.definition.name
        return "spike_input" if isinstance(self._layer, SpikeInput) else "input"

    @property
    def spiking(self) -> bool:
        """Whether its neurons send spikes, 0 or 1."""
        return self._layer.definition.spiking if isinstance(self._layer, Neuron) else self._layer.kind == 1

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states that can be read, written and recorded."""
        return tuple(self._states)

    @property
    def _states(self) -> Mapping[str, State]:
        return self._layer.definition.states if isinstance(self._layer, Neuron) else {}

    @property
    def _membrane(self) -> str:
        """Name of the state that membrane losses use; empty if there is none."""
        return self._layer.definition.membrane if isinstance(self._layer, Neuron) else ""

    def _check_recordable(self, variable: str, of_a_run: Sequence[str] = ()) -> None:
        """Raise NotFoundError unless `variable` is a state, spikes of a model that has them, or one of `of_a_run`."""
        if self.is_input and not self.spiking:
            raise NotFoundError(
                f"population {self.name!r} is an input of values, which the caller has; of inputs only the spikes of a "
                "SpikeInput are recorded"
            )
        words = [*self.states, *(["spikes", *of_a_run] if self.spiking else [])]
        if variable not in words:
            raise NotFoundError(
                f"population {self.name!r} has no variable {shown(variable)}; it has: {', '.join(words)}"
                f"{suggestion(variable, words)}"
            )

    def _dtype(self, variable: str) -> type[np.generic]:
        """Return the type of a variable's array."""
        if variable == "spikes" and self.spiking:
            return np.bool_
        return np.int32 if variable in self._states and self._states[variable].type == "int" else np.float32

    @property
    def parameters(self) -> Mapping[str, float | NDArray[np.float64]]:
        """All parameters in the model's units, defaults included: one number, or an array of the population's shape."""
        if not isinstance(self._layer, Neuron):
            return MappingProxyType({})
        values: dict[str, float | NDArray[np.float64]] = {}
        given = cast(Neuron, self._whole()).parameters
        for name, item in self._layer.definition.parameters.items():
            own = given.get(name)
            if own is None:
                values[name] = item.default
            elif own.size == 1:
                values[name] = float(own[0])
            else:
                values[name] = own.reshape(self.shape).copy()
        return MappingProxyType(values)

    @property
    def options(self) -> Mapping[str, str]:
        """All options of the model, defaults included."""
        if not isinstance(self._layer, Neuron):
            return MappingProxyType({})
        chosen = self._layer.options
        return MappingProxyType(
            {name: chosen.get(name, item.default) for name, item in self._layer.definition.options.items()}
        )

    @property
    def surrogate(self) -> Surrogate | None:
        """What training uses as the derivative of a spike; None for models that do not spike, and inputs."""
        if not isinstance(self._layer, Neuron) or not self.spiking:
            return None
        if self._layer.surrogate is None:
            native = self._network._finished()
            made = Surrogate._from_native(native.surrogate(self._index), native.surrogate_parameters(self._index))
            self._layer = self._layer._but(surrogate=made)
        return self._layer.surrogate

    def set(
        self,
        *,
        surrogate: str | Surrogate | None = None,
        initial: Mapping[str, ArrayLike | Distribution] | None = None,
        **values: Any,
    ) -> None:
        """Change parameters, options, initial states or the surrogate. Simulations already open keep the old ones.

        Parameters
        ----------
        surrogate : str or Surrogate, optional
            What training uses as the derivative of a spike.
        initial : dict, optional
            States at step 0, by name: a number or an array of the population's shape.
        **values
            Parameters (number or array of the population's shape) and options (str), by name.

        Raises
        ------
        ArgumentTypeError
            The model has no such parameter, option or state.
        InvalidArgumentError
            A value is out of range or has the wrong shape.
        """
        if not isinstance(self._layer, Neuron):
            raise InvalidArgumentError(f"population {self.name!r} is an input; it has no parameters")
        whole = cast(Neuron, self._whole())
        layer = whole.replaced(surrogate=surrogate, initial=initial, **values)
        known = set(whole._lost_in_steps(self._network.dt))
        for told in layer._lost_in_steps(self._network.dt):
            if told not in known:
                warnings.warn(f"{self._titled()}: {told}", stacklevel=2)
        # Undone if libsnn refuses, so that the network stays unchanged.
        with unchanged_on_error([self]):
            self._replace(layer._draw(self._network.seed, self._index))
            self._network._rebuild()

    @property
    def learnable(self) -> tuple[str, ...]:
        """The parameters that training changes."""
        return tuple(self._layer.learnable) if isinstance(self._layer, Neuron) else ()

    def _take_learned(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Store the parameters that training learned."""
        assert isinstance(self._layer, Neuron)
        given: dict[str, Any] = {name: array if array.size > 1 else array[0] for name, array in values.items()}
        self._replace(cast(Neuron, self._whole()).replaced(**given)._but(_learnable=self._layer._learnable))

    # ---- arrays that the native network has too

    def _whole(self) -> Neuron | Input:
        """Return the neurons with arrays that only the native network has."""
        if self._names is None:
            return self._layer
        native = self._network._origin()
        assert native is not None
        assert isinstance(self._layer, Neuron)
        whole = self._layer.replaced()
        for own, names, read in (
            (whole._parameters, self._names[0], native.parameter),
            (whole._initial, self._names[1], native.initial_state),
        ):
            small = dict(own)
            own.clear()
            own.update((name, small[name] if name in small else read(self._index, name)) for name in names)
        return whole

    def _replace(self, layer: Neuron | Input) -> None:
        self._layer, self._names = layer, None

    def _keep(self) -> None:
        """Copy what only the native network has, before that is freed."""
        self._replace(self._whole())

    def _release(self) -> None:
        """Drop arrays that the native network, now finished, has too."""
        layer = self._layer
        if self._names is not None or not isinstance(layer, Neuron):
            return
        if all(values.size == 1 for values in (*layer.parameters.values(), *layer.initial.values())):
            return
        small = layer.replaced()
        for own in (small._parameters, small._initial):
            for name in [name for name, values in own.items() if values.size > 1]:
                del own[name]
        self._layer, self._names = small, (tuple(layer.parameters), tuple(layer.initial))

    def _titled(self) -> str:
        return f"population {self.name!r}"

    def _meant(self, name: str) -> str:
        if isinstance(self._layer, Neuron):
            if name in self._layer.definition.parameters or name in self._layer.definition.options:
                return f"; that of its neurons is changed by set({name}=...)"
            if name in self._layer.definition.states:
                return (
                    f"; where that state begins is changed by set(initial={{{name!r}: ...}}), and that of a simulation is "
                    f"simulation[{f'{self.name}.{name}'!r}]"
                )
        return super()._meant(name)

    def __repr__(self) -> str:
        return f"<Population {self.name!r}: {self.neurons!r}>"


@contextlib.contextmanager
def unchanged_on_error(populations: Iterable[Population]) -> Iterator[None]:
    """Give populations back the neurons that they had, if what is done to them fails."""
    before = [(population, population._layer, population._names) for population in populations]
    try:
        yield
    except BaseException:
        for population, layer, names in before:
            population._layer, population._names = layer, names
        raise


def declare(native: _native.Network, population: Population) -> None:
    """Add the population to a network of libsnn."""
    layer = population.neurons
    if isinstance(layer, Neuron):
        layer._declare(native, population.name)
    else:
        native.add_population(layer.kind, population.name, population.shape)


def differences(population: Population) -> str:
    """Return parameters and options that are not the model's defaults, and learnable parameters."""
    layer = population._layer
    if not isinstance(layer, Neuron):
        return ""
    words = []
    for name, value in population.parameters.items():
        text = "<array>" if isinstance(value, np.ndarray) else f"{value:g}"
        if name in layer.learnable:
            own = ", per_neuron=True" if layer.learnable[name] and not isinstance(value, np.ndarray) else ""
            words.append(f"{name}=Learnable({text}{own})")
        elif isinstance(value, np.ndarray) or value != layer.definition.parameters[name].default:
            words.append(f"{name}={text}")
    for name, word in population.options.items():
        if word != layer.definition.options[name].default:
            words.append(f"{name}={word}")
    return ", ".join(words)
