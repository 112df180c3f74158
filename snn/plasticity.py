"""Plasticity: a rule that changes the weights of a sparse projection while the network runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from snn._arrays import choice, number
from snn._strict import Strict, suggestion
from snn.definitions import PlasticityDefinition, builtin_plasticity, compiled
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.engine.modelc import ModelUnitError, compile_plasticity, units

if TYPE_CHECKING:
    from snn.population import Population

__all__ = ["Plasticity", "checked_plasticity"]


class Plasticity(Strict):
    """A plasticity rule with its parameters, for ``snn.Sparse....(plasticity=...)``.

    ``docs/semantics.md`` describes the order of events within a step.

    Parameters
    ----------
    name : str
        A built-in rule: ``"pair_stdp"``, ``"triplet_stdp"``, ``"reward_stdp"``, ``"homeostatic_stdp"``, ``"brader_fusi"`` or
        ``"tsodyks_markram"``; see `PairSTDP`, `TripletSTDP`, `RewardSTDP`, `HomeostaticSTDP`, `BraderFusi`, `TsodyksMarkram`.
    **values : float or str
        Parameters and options of the rule, by name; the others have the defaults of its definition.

    Raises
    ------
    NotFoundError
        There is no built-in rule of that name.
    ArgumentTypeError
        The rule has no such parameter or option.
    InvalidArgumentError
        A value is outside the parameter's range, or a power was given for bounds that do not use it.

    Examples
    --------
    >>> net.connect("input", "output", snn.Sparse.fixed_probability(0.1, plasticity=snn.PairSTDP(tau_plus=15.0)))
    """

    _classes: ClassVar[dict[str, type[Plasticity]]] = {}
    """Those of the built-in rules, by the rules' names."""

    def __init__(self, name: str, **values: float | str) -> None:
        if not isinstance(name, str):
            raise ArgumentTypeError(f"the plasticity is {shown(name)}, not a name")
        self._set(builtin_plasticity(name), values)
        for power in ("mu_plus", "mu_minus"):
            if power in values and self.options.get("bounds", "power") != "power":
                raise InvalidArgumentError(
                    f"plasticity {name}: {power} is {shown(values[power])}, which bounds = {self.options['bounds']!r} does not "
                    "look at; it is for bounds = 'power'"
                )

    @classmethod
    def define(cls, definition: Mapping[str, Any] | str | Path, **values: float | str) -> Plasticity:
        """Return a rule of your own.

        Parameters
        ----------
        definition : dict, str or Path
            A definition as in the files of ``snn/models/plasticity``: a dict, TOML text or the path of a file.
        **values : float or str
            Values in place of the definition's defaults.

        Raises
        ------
        FormatError
            The definition is wrong; the message says where.
        """
        rule = Plasticity.__new__(Plasticity)
        rule._set(PlasticityDefinition.from_native(compiled(definition, compile_plasticity)), values)
        rule._close()
        return rule

    @classmethod
    def _from_native(cls, network: _native.Network, projection: int) -> Plasticity | None:
        """Return the rule of a projection that libsnn loaded, None if it has none."""
        native = network.plasticity(projection)
        if native is None:
            return None
        definition = PlasticityDefinition.from_native(native)
        if definition.name in _native.builtin_plasticity_names():
            known = builtin_plasticity(definition.name)
            if known.same_as(definition):
                definition = known
        rule = Plasticity.__new__(
            Plasticity._classes.get(definition.name, Plasticity) if definition.builtin else Plasticity
        )
        values: dict[str, float | str] = {}
        for name in definition.parameters:
            values[name] = network.plasticity_parameter(projection, name)
        for name in definition.options:
            values[name] = network.plasticity_option(projection, name)
        rule._set(definition, values)
        rule._close()
        return rule

    def _set(self, definition: PlasticityDefinition, values: Mapping[str, Any]) -> None:
        self.definition = definition
        self._parameters: dict[str, float] = {name: item.default for name, item in definition.parameters.items()}
        self._options: dict[str, str] = {name: item.default for name, item in definition.options.items()}
        for name, value in values.items():
            what = f"plasticity {definition.name}: {name}"
            if name in definition.parameters:
                real = number(value, what)
                definition.parameters[name].check(real, real, what)
                self._parameters[name] = real
            elif name in definition.options:
                self._options[name] = choice(value, definition.options[name].choices, what)
            else:
                words = ", ".join([*definition.parameters, *definition.options]) or "none"
                raise ArgumentTypeError(
                    f"plasticity {definition.name!r} has no parameter or option {shown(name)}; it has: {words}"
                    f"{suggestion(name, [*definition.parameters, *definition.options])}"
                )

    @property
    def parameters(self) -> Mapping[str, float]:
        """All parameters, defaults included."""
        return MappingProxyType(self._parameters)

    @property
    def options(self) -> Mapping[str, str]:
        """All options, defaults included."""
        return MappingProxyType(self._options)

    @property
    def name(self) -> str:
        """Name of the rule."""
        return self.definition.name

    @property
    def json(self) -> str:
        """The compiled rule as the JSON document of ``docs/model-format.md``: `snn_model_load` reads it."""
        return self.definition.native.json

    def _meant(self, name: str) -> str:
        if name in self.parameters or name in self.options:
            return f"; it is given when the rule is made; a simulation has it as simulation['PROJECTION.{name}']"
        return super()._meant(name)

    def __repr__(self) -> str:
        words = [] if type(self) is not Plasticity else [repr(self.name)]
        items = self.definition.parameters.items()
        words += [f"{name}={self.parameters[name]:g}" for name, p in items if self.parameters[name] != p.default]
        choices = self.definition.options.items()
        words += [f"{name}={self.options[name]!r}" for name, o in choices if self.options[name] != o.default]
        return f"{type(self).__name__}({', '.join(words)})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Plasticity)
            and self.definition.same_as(other.definition)
            and self._parameters == other._parameters
            and self._options == other._options
        )

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.parameters.items()), tuple(self.options.items())))

    def _check_target(self, target: Population, what: str) -> None:
        """Refuse a target whose states have other units than those in which the rule reads them."""
        states = target._states
        for read in self.definition.target_states:
            unit = states[read.state].unit
            wanted, found = _dimension(read.unit), _dimension(unit)
            if wanted is not None and found is not None and wanted != found:
                raise InvalidArgumentError(
                    f"{what}: plasticity {self.name!r} reads the state {read.state!r} of its target in {read.unit}; that of "
                    f"{target.name!r} is in {unit}"
                )

    def _declare(self, network: _native.Network, projection: int) -> None:
        network.set_plasticity(projection, self.name if self.definition.builtin else self.definition.native)
        for name, value in self.parameters.items():
            network.set_plasticity_parameter(projection, name, value)
        for name, word in self.options.items():
            network.set_plasticity_option(projection, name, word)


def _dimension(unit: str) -> units.Unit | None:
    """Return the dimension of a unit; None for plain numbers and free units, which match any other."""
    try:
        dimension = units.parse(unit or "1")
    except ModelUnitError:  # of a file that another program wrote
        return None
    return None if not dimension or any(symbol in ("u", "i") for symbol, _ in dimension) else dimension


def checked_plasticity(value: object, what: str, arithmetic: str) -> Plasticity | None:
    """Return a connection's rule, or None."""
    if value is None:
        return None
    if not isinstance(value, Plasticity):
        raise ArgumentTypeError(f"{what}: plasticity is {shown(value)}, not a rule such as snn.PairSTDP()")
    if arithmetic not in ("default", "fixed"):
        raise InvalidArgumentError(f"{what}: arithmetic is {arithmetic!r}; that of plastic weights is 'fixed'")
    return value
