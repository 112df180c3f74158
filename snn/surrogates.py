"""Surrogate derivatives: what training uses as the derivative of a spike."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, float32_array, float32_number, known_name, number
from snn._strict import Strict, suggestion
from snn.definitions import SurrogateDefinition, builtin_surrogate, compiled
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.engine.modelc import compile_surrogate, read_oplist, surrogate_presets

__all__ = ["Surrogate"]


class Surrogate(Strict):
    """A surrogate derivative with its parameters.

    Parameters
    ----------
    name : str
        A built-in surrogate: ``"arctan"``, ``"fast_sigmoid"``, ``"sigmoid"``, ``"triangle"``, ...; or a preset named
        as in another library: ``"snntorch.atan"``. An unknown name raises an error that lists all names.
    **parameters : float
        Parameters of the surrogate, by name; the others have the defaults of its definition. A preset has its library's
        defaults and also takes that library's parameters. ``docs/surrogates.md`` lists all families and their names in
        other libraries.

    Raises
    ------
    NotFoundError
        There is no built-in surrogate of that name.
    ArgumentTypeError
        The surrogate has no such parameter.
    InvalidArgumentError
        A value is outside the parameter's range.

    Examples
    --------
    >>> snn.LIF(128, surrogate=snn.Surrogate("fast_sigmoid", slope=25.0))
    >>> snn.Surrogate("spikingjelly.soft_sign", alpha=4.0)
    Surrogate('fast_sigmoid', slope=4, scale=2)
    """

    def __init__(self, name: str, **parameters: float) -> None:
        if not isinstance(name, str):
            raise ArgumentTypeError(f"the surrogate is {shown(name)}, not a name")
        if "." in name:
            name, parameters = _from_preset(name, parameters)
        self._set(builtin_surrogate(name), parameters)

    @classmethod
    def define(cls, definition: Mapping[str, Any] | str | Path, **parameters: float) -> Surrogate:
        """Return a surrogate of your own.

        Parameters
        ----------
        definition : dict, str or Path
            A definition as in the files of ``snn/models/surrogates``: a dict, TOML text or the path of a file.
        **parameters : float
            Values in place of the definition's defaults.

        Raises
        ------
        FormatError
            The definition is wrong; the message says where.
        """
        surrogate = cls.__new__(cls)
        surrogate._set(SurrogateDefinition.from_native(compiled(definition, compile_surrogate)), parameters)
        surrogate._close()
        return surrogate

    @classmethod
    def _from_native(cls, native: _native.Model, values: NDArray[np.float64]) -> Surrogate:
        surrogate = cls.__new__(cls)
        definition = SurrogateDefinition.from_native(native)
        if definition.name in _native.builtin_surrogate_names():
            known = builtin_surrogate(definition.name)
            if known.same_as(definition):
                definition = known
        surrogate._set(definition, dict(zip(definition.parameters, map(float, values), strict=True)))
        surrogate._close()
        return surrogate

    def _set(self, definition: SurrogateDefinition, parameters: dict[str, float]) -> None:
        self.definition = definition
        self._parameters: dict[str, float] = {name: item.default for name, item in definition.parameters.items()}
        for name, value in parameters.items():
            what = f"surrogate {definition.name}: {name}"
            if name not in definition.parameters:
                raise ArgumentTypeError(
                    f"surrogate {definition.name!r} has no parameter {name!r}; it has: "
                    f"{', '.join(definition.parameters) or 'none'}{suggestion(name, definition.parameters)}"
                )
            real = float32_number(value, what)
            definition.parameters[name].check(real, real, what)
            self._parameters[name] = real

    @property
    def parameters(self) -> Mapping[str, float]:
        """All parameters, defaults included."""
        return MappingProxyType(self._parameters)

    @property
    def name(self) -> str:
        """Name of the surrogate."""
        return self.definition.name

    @property
    def json(self) -> str:
        """The compiled surrogate as the JSON document of ``docs/model-format.md``: `snn_model_load` reads it."""
        return self.definition.native.json

    def derivative(self, x: ArrayLike) -> Floats:
        """Return what training uses as the derivative of a spike.

        Parameters
        ----------
        x : array_like
            Membrane minus threshold, in the model's unit.

        Returns
        -------
        float32 array, the shape of `x`

        Examples
        --------
        >>> snn.Surrogate("triangle").derivative([-0.5, 0.0, 2.0])
        array([0.5, 1. , 0. ], dtype=float32)
        """
        document = json.loads(self.definition.native.json)
        return read_oplist.surrogate_derivative(document, list(self.parameters.values()), float32_array(x, "x"))

    def __repr__(self) -> str:
        values = "".join(f", {name}={value:g}" for name, value in self.parameters.items())
        return f"Surrogate({self.name!r}{values})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Surrogate)
            and self.definition.same_as(other.definition)
            and self._parameters == other._parameters
        )

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.parameters.items())))

    def _declare(self, network: _native.Network, population: int) -> None:
        values = np.array(list(self.parameters.values()), np.float64)
        reference = self.name if self.definition.builtin else self.definition.native
        network.set_surrogate(population, reference, values)


def _from_preset(name: str, given: Mapping[str, float]) -> tuple[str, dict[str, float]]:
    """Return the surrogate of a preset and its parameters, from the library's parameters and our own."""
    presets = surrogate_presets()
    library = known_name(
        name.partition(".")[0], {one.partition(".")[0]: None for one in presets}, "library of surrogates"
    )
    preset = presets[known_name(name, [one for one in presets if one.startswith(f"{library}.")], "surrogate preset")]
    theirs = {key: number(value, f"{name}: {key}") for key, value in given.items() if key in preset.library}
    ours = {key: value for key, value in given.items() if key not in preset.library}
    for key in ours:
        if key not in preset.parameters:
            words = dict.fromkeys([*preset.library, *preset.parameters])
            raise ArgumentTypeError(
                f"surrogate preset {name!r} has no parameter {key!r}; it has: {', '.join(words)}{suggestion(key, words)}"
            )
    parameters = preset.parameters_for(theirs)
    for key, value in parameters.items():
        if not math.isfinite(value):
            told = ", ".join(f"{word} = {amount:g}" for word, amount in theirs.items())
            raise InvalidArgumentError(f"surrogate preset {name!r}: {told} makes {key} {value}; it must be finite")
    return preset.surrogate, {**parameters, **ours}
