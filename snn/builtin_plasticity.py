"""The built-in rules of plasticity as classes: which is which definition in ``snn/models/plasticity``.

Their signatures come from the definitions: here when the module is imported, and for editors and type checkers in
``builtin_plasticity.pyi``, which the build prints (``engine/modelc/print_stub.py``).
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
        Bounds of the weights, which the first weights must keep; changes are cut off there.
    bounds : {"hard", "soft", "power"}
        Changes as above; times the distance from the bound that they lead to, as a part of ``w_max - w_min``; or times a power
        of that part (Guetig et al. 2003).
    pairing : {"all", "nearest"}
        Whether all earlier spikes count or the last one.
    """


class RewardSTDP(_Builtin, rule="reward_stdp"):
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


class HomeostaticSTDP(_Builtin, rule="homeostatic_stdp"):
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


class BraderFusi(_Builtin, rule="brader_fusi"):
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
        theta_V, in the unit of the target's membrane. The default is for neurons that rest at 0 and spike at 1. For others it
        is to be given, between where they rest and where they spike: -55.0 for neurons that rest at -70 mV and spike at -50 mV.
        With one that the membrane does not reach no weight grows; where that is plain, `Network.connect` warns of it.
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
        # From here to the caller of Network.connect.
        warnings.warn(f"{told}; it lies between where the neurons rest and where they spike", stacklevel=5)


class TsodyksMarkram(_Builtin, rule="tsodyks_markram"):
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
