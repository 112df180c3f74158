"""The cortical microcircuit of Potjans and Diesmann: a square millimetre of cortex at full density."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from snn.builtin_neurons import DrivenCurrentLIF
from snn.distributions import Normal
from snn.network import Network
from snn.scenes.scene import Rate, Scene
from snn.sparse import Sparse

__all__ = ["MICROCIRCUIT", "Microcircuit"]

# Table 5 of the paper, by layer: neurons, external inputs of each, and the mean rate in hertz (figure 6; the digits are
# those of the reference implementation). Initial membrane potentials of the reference implementation ("optimized"):
# close to the stationary state, so that there is no volley at the start.
#              neurons  inputs  rate   v0 mean  v0 std
_POPULATIONS = {
    "L23E": (20683, 1600, 0.90, -68.28, 5.36),
    "L23I": (5834, 1500, 2.97, -63.16, 4.57),
    "L4E": (21915, 2100, 4.41, -63.33, 4.74),
    "L4I": (5479, 1900, 5.88, -63.45, 4.94),
    "L5E": (4850, 2000, 7.61, -63.11, 4.94),
    "L5I": (1065, 1900, 8.66, -61.66, 4.55),
    "L6E": (14395, 2900, 1.11, -66.72, 5.46),
    "L6I": (2948, 2100, 7.83, -61.43, 4.48),
}

# Table 5: the probability that a neuron of the column's population has a synapse onto one of the row's population.
_PROBABILITIES = (
    # L23E    L23I    L4E     L4I     L5E     L5I     L6E     L6I
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000),  # L23E
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000),  # L23I
    (0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000),  # L4E
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000),  # L4I
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000),  # L5E
    (0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000),  # L5I
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),  # L6E
    (0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443),  # L6I
)

# Scaling keeps a neuron's mean input and its variance, not the rates: what NEST 3.10 shows over `window` at smaller scales,
# in hertz, means over seeds (three at 0.1, two at 0.2, one at 0.5). L5E differs most between seeds, by 0.3 Hz (one standard
# deviation) at all three scales, and is the mean of these together with runs here (30, 8 and 2 seeds).
_SCALED_RATES = {
    0.1: (0.463, 2.10, 3.97, 5.00, 6.57, 7.74, 0.84, 7.04),
    0.2: (0.588, 2.50, 4.29, 5.52, 7.02, 8.22, 1.04, 7.49),
    0.5: (0.754, 2.75, 4.36, 5.76, 7.43, 8.47, 1.14, 7.70),
}


@dataclass(frozen=True, kw_only=True)
class Microcircuit(Scene):
    """Four layers of excitatory and inhibitory neurons, 77,169 in all, with 0.3 billion synapses and Poisson background.

    Leaky integrate-and-fire neurons with exponential currents, integrated exactly in steps of 0.1 ms. Between two
    populations there is a fixed total number of synapses, with sources and targets drawn with replacement. Weights and delays
    are normal; a weight with the wrong sign or a delay shorter than a step is drawn again.

    `scale` multiplies the number of neurons, and each neuron's numbers of synapses and external inputs, as N_scaling and
    K_scaling of the reference implementation do. Weights grow by 1 / sqrt(scale) and a constant current replaces the lost mean
    input, so the mean and the variance of a neuron's input do not change (van Albada et al. 2015,
    doi 10.1371/journal.pcbi.1004490). Correlations grow, and rates fall: expected rates at smaller scales are those of NEST,
    interpolated over the logarithm of the scale.

    Sources: T. C. Potjans and M. Diesmann, The cell-type specific cortical microcircuit, Cereb. Cortex 24, 785-806
    (2014), doi 10.1093/cercor/bhs358, tables 4 and 5; initial membrane potentials and the scaling follow the reference
    implementation, github.com/INM-6/microcircuit-PD14-model.

    Delays shorter than a step are drawn again, as in the paper's own program for NEST 2 (``normal_clipped`` with ``low`` of
    one step). The present reference implementation, for NEST 3, draws again below half a step, and what lies between half a
    step and one is rounded to one step. So 1.4 % of the inhibitory delays are one step here, and 2.5 % there.

    Rates are measured over one second after a warm-up of half a second, and must be within 10 % of the published ones; at
    smaller scales, with fewer neurons, within 10 % times scale**-0.25 and 0.03 Hz of NEST's.

    Parameters
    ----------
    tau_membrane, tau_synapse : float
        Milliseconds.
    capacitance : float
        Picofarad.
    v_rest, v_reset, threshold : float
        Millivolts.
    refractory : float
        Milliseconds.
    potential : float
        Peak of the postsynaptic potential of an excitatory spike, millivolts; twice that from L4E onto L23E.
    g : float
        Inhibitory weights are -g times the excitatory ones.
    weight_std : float
        Standard deviation of the weights, relative to their mean.
    excitatory_delay, inhibitory_delay : float
        Mean delays, milliseconds.
    delay_std : float
        Standard deviation of the delays, relative to their mean.
    background : float
        Rate of one external input, hertz.
    """

    tau_membrane: float = 10.0
    tau_synapse: float = 0.5
    capacitance: float = 250.0
    v_rest: float = -65.0
    v_reset: float = -65.0
    threshold: float = -50.0
    refractory: float = 2.0
    potential: float = 0.15
    g: float = 4.0
    weight_std: float = 0.1
    excitatory_delay: float = 1.5
    inhibitory_delay: float = 0.75
    delay_std: float = 0.5
    background: float = 8.0

    def sizes(self, scale: float = 1.0) -> dict[str, int]:
        """Return the number of neurons of each population."""
        return {name: round(values[0] * scale) for name, values in _POPULATIONS.items()}

    def expected(self, scale: float = 1.0) -> dict[str, Rate]:
        """Return the rate that each population must have over the window."""
        real = self.valid_scale(scale)
        if real == 1.0:
            return dict(self.rates)
        known = [*_SCALED_RATES, 1.0]
        found = {}
        for index, (name, rate) in enumerate(self.rates.items()):
            values = [*(row[index] for row in _SCALED_RATES.values()), rate.mean]
            mean = float(np.interp(math.log(real), np.log(known), values))
            found[name] = Rate(mean, 0.1 * mean * real**-0.25 + 0.03)
        return found

    def synapses(self, scale: float = 1.0) -> float:
        """Return the number of synapses, without the external ones, which are part of the neurons."""
        return sum(self.synapse_counts(scale).values())

    def synapse_counts(self, scale: float = 1.0) -> dict[tuple[str, str], int]:
        """Return the number of synapses by (source, target) population; pairs without synapses are omitted.

        K = log(1 - p) / log(1 - 1 / (N_source N_target)) synapses, multiple ones between two neurons allowed, connect
        two neurons at least once with probability p (equation 1 of the paper).
        """
        return {pair: count for pair, full in self._full_counts().items() if (count := round(full * scale * scale))}

    @staticmethod
    def _full_counts() -> dict[tuple[str, str], float]:
        counts = {}
        for target, row in zip(_POPULATIONS, _PROBABILITIES, strict=True):
            for source, probability in zip(_POPULATIONS, row, strict=True):
                pairs = _POPULATIONS[source][0] * _POPULATIONS[target][0]
                counts[source, target] = math.log1p(-probability) / math.log1p(-1.0 / pairs)
        return counts

    @property
    def current(self) -> float:
        """The synaptic current, in picoampere, whose postsynaptic potential peaks at `potential`."""
        # v(t) = tau_m tau_s / (C (tau_m - tau_s)) (exp(-t / tau_m) - exp(-t / tau_s)) for a current of 1 at t = 0.
        slow, fast = self.tau_membrane, self.tau_synapse
        peak = math.log(slow / fast) * slow * fast / (slow - fast)
        height = slow * fast / (self.capacitance * (slow - fast)) * (math.exp(-peak / slow) - math.exp(-peak / fast))
        return self.potential / height

    def weight(self, source: str, target: str, scale: float = 1.0) -> float:
        """Return the mean weight of the synapses between two populations, in picoampere."""
        excitatory = 2.0 if (source, target) == ("L4E", "L23E") else 1.0
        factor = -self.g if source.endswith("I") else excitatory
        return factor * self.current / math.sqrt(scale)

    def delay(self, source: str) -> float:
        """Return the mean delay of the synapses from a population, in milliseconds."""
        return self.inhibitory_delay if source.endswith("I") else self.excitatory_delay

    def background_weight(self, scale: float = 1.0) -> float:
        """Return the weight of an external event, in picoampere."""
        return self.current / math.sqrt(scale)

    def background_rate(self, target: str, scale: float = 1.0) -> float:
        """Return the external events onto one neuron of a population, in hertz."""
        return self.background * round(_POPULATIONS[target][1] * scale)

    def bias_current(self, target: str, scale: float = 1.0) -> float:
        """Return the constant current, in picoampere, that replaces the mean input lost by scaling."""
        neurons, inputs, *_ = _POPULATIONS[target]
        # Charge per second that the full network brings to one neuron: synapses x weight x rate.
        arriving = inputs * self.background * self.current
        for (source, other), count in self._full_counts().items():
            if other == target:
                arriving += count / neurons * self.weight(source, target) * _POPULATIONS[source][2]
        return (1.0 - math.sqrt(scale)) * 0.001 * self.tau_synapse * arriving

    def initial_membrane(self, name: str) -> Normal:
        """Return the initial membrane potentials of a population, in millivolts."""
        return Normal(*_POPULATIONS[name][3:])

    def _build(self, scale: float, seed: int) -> Network:
        network = Network(self.dt, seed=seed)
        for name, size in self.sizes(scale).items():
            network.add(
                name,
                DrivenCurrentLIF(
                    size,
                    tau_membrane=self.tau_membrane,
                    tau_synapse=self.tau_synapse,
                    tau_inhibitory=self.tau_synapse,
                    resistance=self.tau_membrane / self.capacitance,
                    bias_current=self.bias_current(name, scale),
                    v_rest=self.v_rest,
                    v_reset=self.v_reset,
                    threshold=self.threshold,
                    refractory=self.refractory,
                    threshold_compare="greater_equal",
                    reset="value",
                    input_scaling="exact",
                    synapse_order="membrane_first",
                    background_rate=self.background_rate(name, scale),
                    background_weight=self.background_weight(scale),
                    initial={"v": self.initial_membrane(name)},
                ),
            )
        for (source, target), count in self.synapse_counts(scale).items():
            network.connect(source, target, self._connection(source, target, count, scale))
        return network

    def _connection(self, source: str, target: str, count: int, scale: float) -> Sparse:
        mean = self.weight(source, target, scale)
        delay = self.delay(source)
        # Weights of the other sign are ten standard deviations away: the generator has none.
        return Sparse.fixed_total(
            count,
            weight=Normal(mean, abs(mean) * self.weight_std),
            delay=Normal(delay, delay * self.delay_std, low=self.dt),
            trainable=False,
        )


MICROCIRCUIT = Microcircuit(
    name="microcircuit",
    title="77,169 LIF neurons in four layers of cortex, 0.3 billion synapses (Potjans and Diesmann 2014)",
    dt=0.1,
    warm_up=500.0,
    window=1000.0,
    smallest_scale=0.1,
    largest_scale=1.0,
    peer_scale=0.2,
    rates={name: Rate(values[2], 0.1 * values[2]) for name, values in _POPULATIONS.items()},
)
