"""Neurons by the names and parameters that they have in NEST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snn._arrays import known_name
from snn._strict import suggestion
from snn.builtin_neurons import LIF, AdEx, AlphaLIF, ConductanceLIF, CurrentLIF, Izhikevich
from snn.distributions import Distribution
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, NotFoundError, shown
from snn.neurons import Neuron, Size

__all__ = ["NEST_MODELS", "nest"]

# NEST 3.10's defaults that its integrate-and-fire neurons with currents share: mV, ms, pF, pA.
_CURRENT = {"E_L": -70.0, "C_m": 250.0, "tau_m": 10.0, "t_ref": 2.0, "V_th": -55.0, "V_reset": -70.0, "I_e": 0.0}
_SYNAPSES = {"E_ex": 0.0, "E_in": -85.0, "tau_syn_ex": 0.2, "tau_syn_in": 2.0}
_MEMBRANE = {"E_L": "v_rest", "V_th": "threshold", "V_reset": "v_reset", "t_ref": "refractory"}
_REVERSALS = {
    "E_ex": "e_excitatory", "E_in": "e_inhibitory", "tau_syn_ex": "tau_excitatory", "tau_syn_in": "tau_inhibitory",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Model:
    """A model of NEST as one of this library.

    Parameters
    ----------
    made : class
        The neurons here.
    defaults : dict
        NEST's parameters and their defaults.
    names : dict
        What a parameter that is the same number is called here.
    settings : dict
        Options with which they take NEST's steps, and start.
    computed : callable
        Parameters here that are no parameter there, from NEST's.
    computed_from : tuple of str
        From which of them.
    states : dict
        Which state a starting value of NEST's sets.
    """

    made: Any
    defaults: Mapping[str, float]
    names: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    computed: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _: {}
    computed_from: tuple[str, ...] = ()
    states: Mapping[str, str] = field(default_factory=lambda: {"V_m": "v"})


def _delta(given: Mapping[str, Any]) -> dict[str, Any]:
    """A current that is always there moves the potential that the membrane decays to; it starts at `E_L` all the same."""
    return {"v_rest": given["E_L"] + given["I_e"] * given["tau_m"] / given["C_m"], "initial": {"v": given["E_L"]}}


def _resistance(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"resistance": given["tau_m"] / given["C_m"]}


def _over_leak(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"tau_membrane": given["C_m"] / given["g_L"], "bias_current": given["I_e"] / given["g_L"]}


_CURRENTS = {**_MEMBRANE, "tau_m": "tau_membrane", "I_e": "bias_current", "tau_syn_ex": "tau_synapse",
             "tau_syn_in": "tau_inhibitory"}  # fmt: skip
NEST_MODELS = {
    "iaf_psc_delta": _Model(
        made=LIF,
        defaults=_CURRENT,
        names={"tau_m": "tau_membrane", "V_th": "threshold", "V_reset": "v_reset", "t_ref": "refractory"},
        settings={"reset": "value", "threshold_compare": "greater_equal"},
        computed=_delta,
        computed_from=("E_L", "I_e", "tau_m", "C_m"),
    ),
    "iaf_psc_exp": _Model(
        made=CurrentLIF,
        defaults={**_CURRENT, "tau_syn_ex": 2.0, "tau_syn_in": 2.0},
        names=_CURRENTS,
        settings={
            "reset": "value",
            "input_scaling": "exact",
            "synapse_order": "membrane_first",
            "threshold_compare": "greater_equal",
        },
        computed=_resistance,
        computed_from=("tau_m", "C_m"),
    ),
    "iaf_psc_alpha": _Model(
        made=AlphaLIF,
        defaults={**_CURRENT, "tau_syn_ex": 2.0, "tau_syn_in": 2.0},
        names=_CURRENTS,
        settings={"threshold_compare": "greater_equal"},
        computed=_resistance,
        computed_from=("tau_m", "C_m"),
    ),
    "iaf_cond_exp": _Model(
        made=ConductanceLIF,
        defaults={
            "E_L": -70.0, "C_m": 250.0, "g_L": 16.6667, "t_ref": 2.0, "V_th": -55.0, "V_reset": -60.0, "I_e": 0.0,
            **_SYNAPSES,
        },
        names={**_MEMBRANE, **_REVERSALS},
        settings={"threshold_compare": "greater_equal"},
        computed=_over_leak,
        computed_from=("C_m", "g_L", "I_e"),
    ),
    "aeif_cond_exp": _Model(
        made=AdEx,
        defaults={
            "E_L": -70.6, "C_m": 281.0, "g_L": 30.0, "t_ref": 0.0, "V_th": -50.4, "V_peak": 0.0, "V_reset": -60.0,
            "I_e": 0.0, "Delta_T": 2.0, "tau_w": 144.0, "a": 4.0, "b": 80.5, **_SYNAPSES,
        },
        names={
            **_MEMBRANE, **_REVERSALS, "C_m": "capacitance", "g_L": "leak_conductance", "V_peak": "v_peak",
            "I_e": "bias_current", "Delta_T": "slope_factor", "tau_w": "tau_adaptation", "a": "adaptation_coupling",
            "b": "adaptation_jump",
        },
        states={"V_m": "v", "w": "adaptation"},
    ),
    "izhikevich": _Model(
        made=Izhikevich,
        defaults={"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0, "V_th": 30.0, "I_e": 0.0},
        names={
            "a": "recovery_rate", "b": "recovery_coupling", "c": "v_reset", "d": "recovery_jump", "V_th": "threshold",
            "I_e": "bias_current",
        },
        settings={"membrane_substeps": "one", "recovery_update": "simultaneous"},
        states={"V_m": "v", "U_m": "recovery"},
    ),
}  # fmt: skip


def nest(model: str, size: Size = None, **parameters: Any) -> Neuron:
    """Return neurons as ``nest.Create(model, size, params=parameters)`` of NEST 3.10 makes them, with its defaults.

    They take NEST's steps, but for the two with conductances, which NEST integrates adaptively. There, with steps of 0.1 ms and
    synaptic time constants from 0.2 ms on, a single potential differs by less than 0.3 %. ``iaf_cond_exp`` fires in the same
    steps. Each spike of ``aeif_cond_exp`` comes up to a step late, which adds up; a smaller `dt` helps.

    Parameters
    ----------
    model : {"iaf_psc_delta", "iaf_psc_exp", "iaf_psc_alpha", "iaf_cond_exp", "aeif_cond_exp", "izhikevich"}
        NEST's name.
    size : int or tuple of int, optional
        As for `LIF`.
    **parameters
        NEST's parameters of the model: ``C_m=250.0, tau_m=10.0, V_th=-55.0``; one number, an array with one for each neuron or,
        but for those from which another one is computed (``tau_m`` and ``C_m`` of a resistance), a distribution.
        ``V_m``, and ``w`` or ``U_m``, are states at step 0, by default NEST's. Else anything that the class here takes:
        ``initial``, ``name``, options.

    Returns
    -------
    Neuron
        `LIF`, `CurrentLIF`, `AlphaLIF`, `ConductanceLIF`, `AdEx` or `Izhikevich`, whose parameters have names of this library.

    Raises
    ------
    NotFoundError
        There is no such model here.
    ArgumentTypeError
        The model has no such parameter.

    Notes
    -----
    Weights are NEST's, in mV (``iaf_psc_delta``, ``izhikevich``: mV/ms for a step of 1 ms), pA or nS, with these differences:

    - ``iaf_cond_exp``: conductances here are in units of the leak, so weights are NEST's divided by ``g_L``.
    - NEST brings negative weights to the inhibitory synapses by their sign. Here a connection names its receptor:
      ``receptor="inhibitory"``, where weights stay negative if they are currents, and are positive if they are conductances.
    - A current from a generator is an `Input` that is connected to ``receptor="injected_current"`` (``iaf_psc_exp``,
      ``iaf_psc_alpha``) or ``"current"`` (the others). Weights for values in pA are 1; ``1 / g_L`` for ``iaf_cond_exp``, and
      ``tau_m / C_m * (1 - exp(-dt / tau_m))`` for ``iaf_psc_delta``. For ``izhikevich`` values are those of NEST.

    Examples
    --------
    >>> net.add("exc", snn.presets.nest("iaf_psc_exp", 800, tau_syn_ex=0.5, tau_syn_in=0.5, V_m=snn.Normal(-58.0, 10.0)))
    """
    from snn._elsewhere import seen_elsewhere  # which needs the models

    if told := seen_elsewhere(model):
        raise NotFoundError(f"there is no neuron model of NEST here {shown(model)}{told}")
    found = NEST_MODELS[known_name(model, NEST_MODELS, "neuron model of NEST here")]
    definition = found.made.definition
    here = {*definition.parameters, *definition.options, "surrogate", "initial", "name"}
    for name in parameters:
        if name not in found.defaults and name not in found.states and name not in here:
            words = [*found.defaults, *found.states]
            raise ArgumentTypeError(
                f"{model} has no parameter {shown(name)} here; of NEST's it has: {', '.join(words)}{suggestion(name, words)}"
            )
    own = {name: parameters.get(name, value) for name, value in found.defaults.items()}
    values = {ours: own[theirs] for theirs, ours in found.names.items()} | dict(found.settings)
    for name in found.computed_from:
        own[name] = _number(model, name, own[name])
    values |= found.computed(own)
    initial = values.pop("initial", {})
    initial |= {state: parameters[name] for name, state in found.states.items() if name in parameters}
    values |= {name: value for name, value in parameters.items() if name in here}
    values["initial"] = {**initial, **(parameters.get("initial") or {})}
    neurons: Neuron = found.made(size, **values)
    return neurons


def _number(model: str, name: str, value: Any) -> Any:
    """Return numbers from which another parameter is computed."""
    if isinstance(value, Distribution):
        raise ArgumentTypeError(
            f"{model}: {name} is {value!r}; another parameter is computed from it, so draw it: "
            f"{type(value).__name__}(...).draw(count, seed=1)"
        )
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{model}: {name} is {shown(value)}, not a number") from None
    if name in ("C_m", "g_L", "tau_m") and not (numbers > 0).all():
        raise InvalidArgumentError(f"{model}: {name} is {shown(value)}; it must be above 0")
    return numbers
