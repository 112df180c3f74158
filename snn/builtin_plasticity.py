"""The built-in plasticity rules as classes, each for a definition in ``snn/models/plasticity``.

Their signatures are made from the definitions: here at import, and for editors and type checkers in
``builtin_plasticity.pyi``, which the build generates (``engine/modelc/print_stub.py``).
"""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING

import numpy as np

from snn.definitions import builtin_plasticity
from snn.plasticity import Plasticity

if TYPE_CHECKING:
    from snn.population import Population

__all__ = ["BraderFusi", "HomeostaticSTDP", "PairSTDP", "RewardSTDP", "TripletSTDP", "TsodyksMarkram"]


class _Builtin(Plasticity):
    """A built-in rule: the class knows its definition."""

    _rule: str

    def __init_subclass__(cls, rule: str) -> None:
        super().__init_subclass__()
        cls._rule = rule
        definition = builtin_plasticity(rule)
        defaults = {one.name: one.default for one in definition.parameters.values()}
        choices = {one.name: one.default for one in definition.options.values()}
        keyword = inspect.Parameter.KEYWORD_ONLY
        cls.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, keyword, default=default) for name, default in {**defaults, **choices}.items()]
        )
        Plasticity._classes[rule] = cls

    def __init__(self, **values: float | str) -> None:
        super().__init__(type(self)._rule, **values)


class PairSTDP(_Builtin, rule="pair_stdp"):
    """Pair-based spike-timing dependent plasticity (Morrison, Diesmann & Gerstner 2008).

    An arrival `s` ms before a spike of the target adds ``amplitude_plus * exp(-s / tau_plus)`` to the weight; an arrival `s` ms
    after it subtracts ``amplitude_minus * exp(-s / tau_minus)``; with hard bounds both times ``w_max - w_min``. Power-law
    bounds (Guetig et al. 2003; NEST's ``stdp_synapse``) multiply these changes by
    ``((w_max - w) / (w_max - w_min)) ** mu_plus`` and ``((w - w_min) / (w_max - w_min)) ** mu_minus``.

    Parameters
    ----------
    tau_plus, tau_minus : float, default 20.0
        Time constants in ms.
    amplitude_plus : float, default 0.01
        As a fraction of ``w_max - w_min``, or of ``w_max - w`` with soft bounds.
    amplitude_minus : float, default 0.0105
        As a fraction of ``w_max - w_min``, or of ``w - w_min`` with soft bounds.
    mu_plus, mu_minus : float, default 1.0
        Powers of the distance from the bound, at least 0: 0 is additive, 1 multiplicative. Only for power-law bounds.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights; initial weights must lie within them.
    bounds : {"hard", "soft", "power"}
        Additive changes, clipped at the bounds (Song et al. 2000); multiplicative ones (Rubin et al. 2001); or in between.
    pairing : {"all", "nearest"}
        Whether all earlier spikes count, or only the last one.
    """


class TripletSTDP(_Builtin, rule="triplet_stdp"):
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
        Bounds of the weights, at which changes are clipped; initial weights must lie within them.
    bounds : {"hard", "soft", "power"}
        Changes as above; multiplied by the distance from the bound they approach, as a fraction of ``w_max - w_min``; or by a
        power of that fraction (Guetig et al. 2003).
    pairing : {"all", "nearest"}
        Whether all earlier spikes count, or only the last one.
    """


class RewardSTDP(_Builtin, rule="reward_stdp"):
    """Reward-modulated STDP with an eligibility trace at each synapse (Izhikevich 2007; Legenstein et al. 2008).

    An arrival `s` ms before a spike of the target adds ``amplitude_plus * exp(-s / tau_plus)`` to the eligibility of the
    synapse; an arrival `s` ms after it subtracts ``amplitude_minus * exp(-s / tau_minus)``. Eligibility decays with
    `tau_eligibility`. A signal (`Simulation.signal`) changes the weight by ``learning_rate * signal * eligibility``.

    Parameters
    ----------
    tau_plus, tau_minus : float, default 20.0
        Time constants of pairs in ms.
    amplitude_plus, amplitude_minus : float, default 1.0, 1.05
        Eligibility left by a pair at s = 0.
    tau_eligibility : float, default 1000.0
        Time constant of the eligibility in ms: how late a reward may come.
    learning_rate : float, default 0.01
        In the unit of the weights.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights; initial weights must lie within them.
    pairing : {"all", "nearest"}
        Whether all earlier spikes count, or only the last one.

    Examples
    --------
    >>> net.connect("input", "output", snn.Sparse.all_to_all(weight=0.5, plasticity=snn.RewardSTDP(tau_eligibility=500.0)))
    >>> simulation.run(200, {"input": spikes})
    >>> simulation.signal("input_to_output", 1.0 if answer_was_right else -1.0)
    """


class HomeostaticSTDP(_Builtin, rule="homeostatic_stdp"):
    """The additive pair rule with synaptic scaling (van Rossum, Bi & Turrigiano 2000, equations 1 and 3).

    A signal (`Simulation.signal`) multiplies the weights onto each neuron by ``1 + signal * scaling * (target_rate - rate)``.
    The rate is that of the neuron's spikes with weights ``exp(-age / tau_rate)``; it approaches the true rate within a few
    `tau_rate`. Send a signal at regular intervals, such as every second: ``sim.on_steps(10_000, lambda sim: sim.signal("p"))``.

    Parameters
    ----------
    tau_plus, tau_minus : float, default 20.0
        Time constants of pairs in ms.
    amplitude_plus, amplitude_minus : float, default 0.01, 0.0105
        As a fraction of ``w_max - w_min``; both 0: scaling only.
    target_rate : float, default 5.0
        In Hz.
    tau_rate : float, default 10000.0
        Time constant of the rate in ms.
    scaling : float, default 0.001
        In 1/Hz.
    w_min, w_max : float, default 0.0, 1.0
        Bounds of the weights; initial weights must lie within them.
    """


class BraderFusi(_Builtin, rule="brader_fusi"):
    """Spike-driven plasticity of bistable synapses (Brader, Senn & Fusi 2007), also known as the Fusi rule or SDSP.

    At an arrival the weight grows by `step_up` if the target's membrane is above `threshold_v` and its calcium between `up_low`
    and `up_high`. It falls by `step_down` if the membrane is at or below `threshold_v` and calcium between `down_low` and
    `down_high`. Each spike of the target raises calcium by 1; it decays with `tau_calcium`. Between arrivals the weight drifts
    to `w_max` if it is above `border`, else to `w_min`.

    The membrane is the target's state ``v`` before the step of the arrival. The target needs a state of this name, and
    `threshold_v` is in its unit. Reading a weight returns its value at the last arrival, without the drift since then. Before
    the first arrival, and after a reset, the weight is treated as fully drifted.

    Parameters
    ----------
    threshold_v : float, default 0.8
        theta_V, in the unit of the target's membrane. The default is for neurons that rest at 0 and spike at 1. For other
        neurons, give a value between rest and threshold, such as -55.0 for rest at -70 mV and threshold at -50 mV. If the
        membrane never reaches it, no weight grows; `Network.connect` warns if this is certain.
    step_up, step_down : float, default 0.1
        a and b, as a fraction of ``w_max - w_min``.
    tau_calcium : float, default 60.0
        Time constant of calcium in ms.
    up_low, up_high, down_low, down_high : float, default 3.0, 13.0, 3.0, 4.0
        Limits of calcium, in spikes.
    border : float, default 0.5
        theta_X, from 0 (`w_min`) to 1 (`w_max`).
    drift_up, drift_down : float, default 3.5
        alpha and beta, as a fraction of ``w_max - w_min`` per second.
    w_min, w_max : float, default 0.0, 1.0
        The two stable weights, and bounds; initial weights must lie within them.
    efficacy : {"two_levels", "weight"}
        What a spike delivers, after the change: `w_max` if the weight is above the border, else `w_min`, as in the paper; or
        the weight itself.

    Examples
    --------
    Neurons with threshold 1, and weights that start at one of the two levels:

    >>> rule = snn.BraderFusi(threshold_v=0.8, w_max=0.3)
    >>> net.connect("input", "output", snn.Sparse.fixed_probability(0.1, weight=0.3, plasticity=rule))
    """

    def _check_target(self, target: Population, what: str) -> None:
        super()._check_target(target, what)
        threshold = self.parameters["threshold_v"]
        spikes_at = target.parameters.get("v_peak", target.parameters.get("threshold"))
        told = f"{what}: threshold_v of {self!r} is {threshold:g}, "
        unit = target._states["v"].unit
        is_default = threshold == self.definition.parameters["threshold_v"].default
        if is_default and unit == "mV":
            told += f"which is for neurons that spike at 1; the membrane of {target.name!r} is in mV"
        elif spikes_at is not None and threshold >= np.max(spikes_at):
            told += f"and {target.name!r} spikes at {np.max(spikes_at):g}: no weight can grow"
        else:
            return
        # Stack level from here to the caller of Network.connect.
        warnings.warn(f"{told}; it lies between where the neurons rest and where they spike", stacklevel=5)


class TsodyksMarkram(_Builtin, rule="tsodyks_markram"):
    """Short-term plasticity: depression and facilitation by the source's own spikes (Tsodyks, Pawelzik & Markram 1998).

    A spike delivers ``weight * u * x``; the weight does not change. The spike uses the fraction `u` of the resources `x`, which
    are 1 after a long silence and recover with `tau_recovery`. With facilitation each spike raises `u` by
    ``utilization * (1 - u)``, and `u` decays with `tau_facilitation`. Without facilitation, `u` is `utilization`.

    Parameters
    ----------
    utilization : float, default 0.5
        U, 0 to 1.
    tau_recovery : float, default 800.0
        In ms; 0: resources are always available.
    tau_facilitation : float, default 0.0
        In ms; 0: no facilitation.
    w_min, w_max : float, default 0.0, 1.0
        Bounds within which the weights must lie. What is delivered is rounded by a scale that depends on them, so close bounds
        are the more exact ones.

    Examples
    --------
    A synapse of 5 mV after a silence, which becomes weaker when its source spikes fast:

    >>> rule = snn.TsodyksMarkram(utilization=0.5, tau_recovery=500.0, w_max=10.0)
    >>> net.connect("input", "output", snn.Sparse.fixed_probability(0.1, weight=10.0, plasticity=rule))
    """
