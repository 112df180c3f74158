"""Plasticity: rules by which the weights of a sparse projection change while the network runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from snn._arrays import choice, number
from snn._strict import Strict, suggestion
from snn.definitions import PlasticityDefinition, builtin_plasticity, compiled
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.engine.modelc import compile_plasticity

__all__ = ["BraderFusi", "HomeostaticSTDP", "PairSTDP", "Plasticity", "RewardSTDP", "TripletSTDP", "TsodyksMarkram"]


# The keywords of each rule, for editors and type checkers; what they are is said in the rule's definition.


class _Bounded(TypedDict, total=False):
    w_min: float
    w_max: float


class _Pairs(_Bounded, total=False):
    tau_plus: float
    tau_minus: float
    amplitude_plus: float
    amplitude_minus: float


class _Powers(TypedDict, total=False):
    mu_plus: float
    mu_minus: float
    bounds: Literal["hard", "soft", "power"]
    pairing: Literal["all", "nearest"]


class _PairSTDP(_Pairs, _Powers, total=False):
    pass


class _TripletSTDP(_Bounded, _Powers, total=False):
    tau_plus: float
    tau_minus: float
    tau_x: float
    tau_y: float
    a2_plus: float
    a3_plus: float
    a2_minus: float
    a3_minus: float


class _RewardSTDP(_Pairs, total=False):
    tau_eligibility: float
    learning_rate: float
    pairing: Literal["all", "nearest"]


class _HomeostaticSTDP(_Pairs, total=False):
    target_rate: float
    tau_rate: float
    scaling: float


class _TsodyksMarkram(_Bounded, total=False):
    utilization: float
    tau_recovery: float
    tau_facilitation: float


class _BraderFusi(_Bounded, total=False):
    threshold_v: float
    step_up: float
    step_down: float
    tau_calcium: float
    up_low: float
    up_high: float
    down_low: float
    down_high: float
    border: float
    drift_up: float
    drift_down: float
    efficacy: Literal["two_levels", "weight"]


class Plasticity(Strict):
    """A plasticity rule with its parameters, for ``snn.Sparse....(plasticity=...)``.

    What happens at which moment of a step is said in ``docs/semantics.md``.

    Parameters
    ----------
    name : str
        A built-in rule: ``"pair_stdp"``, ``"triplet_stdp"``, ``"reward_stdp"``, ``"homeostatic_stdp"``, ``"brader_fusi"`` or
        ``"tsodyks_markram"``; see `PairSTDP`, `TripletSTDP`, `RewardSTDP`, `HomeostaticSTDP`, `BraderFusi`, `TsodyksMarkram`.
    **values : float or str
        Parameters and options of the rule, by name; those not given keep the defaults of its definition.

    Raises
    ------
    NotFoundError
        There is no built-in rule of that name.
    ArgumentTypeError
        The rule has no such parameter or option.
    InvalidArgumentError
        A value outside the parameter's range, or a power that the bounds do not look at.

    Examples
    --------
    >>> net.connect("input", "output", snn.Sparse.fixed_probability(0.1, plasticity=snn.PairSTDP(tau_plus=15.0)))
    """

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
        """Return a rule of the user.

        Parameters
        ----------
        definition : dict, str or Path
            The same words as in the files of ``snn/models/plasticity``: as a dict, as TOML text, or in a file.
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
        rule = Plasticity.__new__(_CLASSES.get(definition.name, Plasticity) if definition.builtin else Plasticity)
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
        self.parameters: dict[str, float] = {name: item.default for name, item in definition.parameters.items()}
        self.options: dict[str, str] = {name: item.default for name, item in definition.options.items()}
        for name, value in values.items():
            what = f"plasticity {definition.name}: {name}"
            if name in definition.parameters:
                real = number(value, what)
                definition.parameters[name].check(real, real, what)
                self.parameters[name] = real
            elif name in definition.options:
                self.options[name] = choice(value, definition.options[name].choices, what)
            else:
                words = ", ".join([*definition.parameters, *definition.options]) or "none"
                raise ArgumentTypeError(
                    f"plasticity {definition.name!r} has no parameter or option {shown(name)}; it has: {words}"
                    f"{suggestion(name, [*definition.parameters, *definition.options])}"
                )

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
            and self.parameters == other.parameters
            and self.options == other.options
        )

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.parameters.items()), tuple(self.options.items())))

    def _declare(self, network: _native.Network, projection: int) -> None:
        network.set_plasticity(projection, self.name if self.definition.builtin else self.definition.native)
        for name, value in self.parameters.items():
            network.set_plasticity_parameter(projection, name, value)
        for name, word in self.options.items():
            network.set_plasticity_option(projection, name, word)


class PairSTDP(Plasticity):
    """Pair-based spike-timing dependent plasticity (Morrison, Diesmann & Gerstner 2008).

    An arrival `s` ms before a spike of the target adds ``amplitude_plus * exp(-s / tau_plus)``, one `s` ms after it takes
    away ``amplitude_minus * exp(-s / tau_minus)``, times ``w_max - w_min`` with hard bounds. Power-law bounds (Guetig et al.
    2003; NEST's ``stdp_synapse``) multiply that by ``((w_max - w) / (w_max - w_min)) ** mu_plus`` and by
    ``((w - w_min) / (w_max - w_min)) ** mu_minus``.

    Parameters
    ----------
    tau_plus, tau_minus : float, default 20.0
        Time constants in ms.
    amplitude_plus : float, default 0.01
        As a part of ``w_max - w_min``, or of ``w_max - w`` with soft bounds.
    amplitude_minus : float, default 0.0105
        As a part of ``w_max - w_min``, or of ``w - w_min`` with soft bounds.
    mu_plus, mu_minus : float, default 1.0
        Powers of the distance from the bound, at least 0: 0 is additive, 1 multiplicative. Only for power-law bounds.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights, which the first weights must keep.
    bounds : {"hard", "soft", "power"}
        Additive changes that are cut off (Song et al. 2000), multiplicative ones (Rubin et al. 2001), or between the two.
    pairing : {"all", "nearest"}
        Whether all earlier spikes count or the last one.
    """

    def __init__(self, **values: Unpack[_PairSTDP]) -> None:
        super().__init__("pair_stdp", **values)


class TripletSTDP(Plasticity):
    """Triplet spike-timing dependent plasticity (Pfister & Gerstner 2006, equations 1 to 4).

    Parameters
    ----------
    tau_plus, tau_minus, tau_x, tau_y : float, default 16.8, 33.7, 101.0, 114.0
        Time constants of r1, o1, r2 and o2 in ms.
    a2_plus, a3_plus, a2_minus, a3_minus : float, default 0.0, 0.0065, 0.0071, 0.0
        Amplitudes in the unit of the weights; the defaults are the paper's minimal model of visual cortex.
    mu_plus, mu_minus : float, default 1.0
        Powers of the distance from the bound, at least 0: 0 is additive, 1 multiplicative. Only for power-law bounds.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights, which the first weights must keep; changes are cut off there.
    bounds : {"hard", "soft", "power"}
        Changes as above; times the distance from the bound that they lead to, as a part of ``w_max - w_min``; or times a power
        of that part (Guetig et al. 2003).
    pairing : {"all", "nearest"}
        Whether all earlier spikes count or the last one.
    """

    def __init__(self, **values: Unpack[_TripletSTDP]) -> None:
        super().__init__("triplet_stdp", **values)


class RewardSTDP(Plasticity):
    """Reward-modulated STDP with an eligibility trace at each synapse (Izhikevich 2007; Legenstein et al. 2008).

    An arrival `s` ms before a spike of the target adds ``amplitude_plus * exp(-s / tau_plus)`` to the eligibility of the
    synapse, one `s` ms after it takes away ``amplitude_minus * exp(-s / tau_minus)``; eligibility decays with
    `tau_eligibility`. A signal (`Simulation.signal`) changes the weight by ``learning_rate * signal * eligibility``.

    Parameters
    ----------
    tau_plus, tau_minus : float, default 20.0
        Time constants of pairs in ms.
    amplitude_plus, amplitude_minus : float, default 1.0, 1.05
        What a pair without delay leaves.
    tau_eligibility : float, default 1000.0
        In ms: how long a reward may be late.
    learning_rate : float, default 0.01
        In the unit of the weights.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights, which the first weights must keep.
    pairing : {"all", "nearest"}
        Whether all earlier spikes count or the last one.

    Examples
    --------
    >>> net.connect("input", "output", snn.Sparse.all_to_all(weight=0.5, plasticity=snn.RewardSTDP(tau_eligibility=500.0)))
    >>> simulation.run(200, {"input": spikes})
    >>> simulation.signal("input_to_output", 1.0 if answer_was_right else -1.0)
    """

    def __init__(self, **values: Unpack[_RewardSTDP]) -> None:
        super().__init__("reward_stdp", **values)


class HomeostaticSTDP(Plasticity):
    """The additive pair rule with synaptic scaling (van Rossum, Bi & Turrigiano 2000, equations 1 and 3).

    A signal (`Simulation.signal`) multiplies the weights onto each neuron by ``1 + signal * scaling * (target_rate - rate)``.
    The rate is that of the neuron's spikes with weights ``exp(-age / tau_rate)``; it takes some `tau_rate` to come near the
    true one. Send a signal in even intervals, such as every second: ``sim.on_steps(10_000, lambda sim: sim.signal("p"))``.

    Parameters
    ----------
    tau_plus, tau_minus : float, default 20.0
        Time constants of pairs in ms.
    amplitude_plus, amplitude_minus : float, default 0.01, 0.0105
        As a part of ``w_max - w_min``; both 0: scaling alone.
    target_rate : float, default 5.0
        In Hz.
    tau_rate : float, default 10000.0
        In ms.
    scaling : float, default 0.001
        In 1/Hz.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights, which the first weights must keep.
    """

    def __init__(self, **values: Unpack[_HomeostaticSTDP]) -> None:
        super().__init__("homeostatic_stdp", **values)


class BraderFusi(Plasticity):
    """Spike-driven plasticity of bistable synapses (Brader, Senn & Fusi 2007), also known as the Fusi rule or SDSP.

    At an arrival the weight grows by `step_up` where the target's membrane is above `threshold_v` and its calcium between
    `up_low` and `up_high`, and falls by `step_down` where the membrane is at or below `threshold_v` and calcium between
    `down_low` and `down_high`. Calcium is 1 higher after each spike of the target and decays with `tau_calcium`. In between the
    weight drifts, to `w_max` from above the border and to `w_min` from below.

    The membrane is the state ``v`` of the target before the step of the arrival, so the target needs a state of this name, and
    `threshold_v` is in its unit. A weight that is read is that of the last arrival, which since then has drifted further to the
    same side. Before the first arrival, and after a reset, it is as if the last one was long ago: the weight has come to rest.

    Parameters
    ----------
    threshold_v : float, default 0.8
        theta_V, in the unit of the target's membrane.
    step_up, step_down : float, default 0.1
        a and b, as a part of ``w_max - w_min``.
    tau_calcium : float, default 60.0
        In ms.
    up_low, up_high, down_low, down_high : float, default 3.0, 13.0, 3.0, 4.0
        Limits of calcium, in spikes.
    border : float, default 0.5
        theta_X, from 0 (`w_min`) to 1 (`w_max`).
    drift_up, drift_down : float, default 3.5
        alpha and beta, as a part of ``w_max - w_min`` a second.
    w_min, w_max : float, default 0.0, 1.0
        The two stable weights and bounds, which the first weights must keep.
    efficacy : {"two_levels", "weight"}
        What a spike delivers, after the change: `w_max` where the weight is above the border and `w_min` where it is not, as in
        the paper, or the weight itself.

    Examples
    --------
    Neurons that spike at 1, with weights that begin at one of the two levels:

    >>> rule = snn.BraderFusi(threshold_v=0.8, w_max=0.3)
    >>> net.connect("input", "output", snn.Sparse.fixed_probability(0.1, weight=0.3, plasticity=rule))
    """

    def __init__(self, **values: Unpack[_BraderFusi]) -> None:
        super().__init__("brader_fusi", **values)


class TsodyksMarkram(Plasticity):
    """Short-term plasticity: depression and facilitation by the source's own spikes (Tsodyks, Pawelzik & Markram 1998).

    A spike delivers ``weight * u * x`` and the weight stays. Of the resources `x`, 1 after a long silence, it takes the part
    `u`; they recover with `tau_recovery`. With facilitation each spike raises `u` by ``utilization * (1 - u)``, and it falls
    back with `tau_facilitation`; without, `u` is `utilization`.

    Parameters
    ----------
    utilization : float, default 0.5
        U, 0 to 1.
    tau_recovery : float, default 800.0
        In ms; 0: resources are always there.
    tau_facilitation : float, default 0.0
        In ms; 0: no facilitation.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights, which they must keep.

    Examples
    --------
    A synapse that gets weaker when its source spikes fast, of 5 mV after a silence:

    >>> rule = snn.TsodyksMarkram(utilization=0.5, tau_recovery=500.0, w_max=10.0)
    >>> net.connect("input", "output", snn.Sparse.fixed_probability(0.1, weight=10.0, plasticity=rule))
    """

    def __init__(self, **values: Unpack[_TsodyksMarkram]) -> None:
        super().__init__("tsodyks_markram", **values)


_CLASSES: dict[str, type[Plasticity]] = {
    "pair_stdp": PairSTDP,
    "triplet_stdp": TripletSTDP,
    "reward_stdp": RewardSTDP,
    "homeostatic_stdp": HomeostaticSTDP,
    "brader_fusi": BraderFusi,
    "tsodyks_markram": TsodyksMarkram,
}


def checked_plasticity(value: object, what: str, arithmetic: str) -> Plasticity | None:
    """Return the rule that a connection was given, None if there is none."""
    if value is None:
        return None
    if not isinstance(value, Plasticity):
        raise ArgumentTypeError(f"{what}: plasticity is {shown(value)}, not a rule such as snn.PairSTDP()")
    if arithmetic not in ("default", "fixed"):
        raise InvalidArgumentError(f"{what}: arithmetic is {arithmetic!r}; that of plastic weights is 'fixed'")
    return value
