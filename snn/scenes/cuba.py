"""The self-sustained network of Vogels and Abbott with synaptic currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snn.builtin_neurons import CurrentLIF
from snn.distributions import Uniform
from snn.network import Network
from snn.scenes.scene import Rate
from snn.scenes.vogels_abbott import VogelsAbbott

__all__ = ["CUBA", "CUBA_40K", "Cuba"]


@dataclass(frozen=True, kw_only=True)
class Cuba(VogelsAbbott):
    """CUBA: synapses are currents, and every neuron rests 1 mV above its threshold.

    Weights are in millivolts: by how much a constant current of that size would raise the membrane. The membrane is
    integrated exactly in steps of dt.

    Sources: T. P. Vogels and L. F. Abbott, J. Neurosci. 25, 10786-10795 (2005), doi 10.1523/JNEUROSCI.3508-05.2005;
    R. Brette et al., J. Comput. Neurosci. 23, 349-398 (2007), doi 10.1007/s10827-007-0038-6, benchmark 2, in the form
    of the simulators' examples: rest at -49 mV instead of a constant current, and initial membranes uniform between reset
    and threshold.

    Rates: Brian2 2.9 and NEST 3.10 with the same parameters, several seeds each.
    """

    def _build(self, scale: float, seed: int) -> Network:
        network = Network(self.dt, seed=seed)
        for name, size in self.sizes(scale).items():
            network.add(
                name,
                CurrentLIF(
                    size,
                    tau_membrane=self.tau_membrane,
                    tau_synapse=self.tau_excitatory,
                    tau_inhibitory=self.tau_inhibitory,
                    v_rest=self.v_rest,
                    v_reset=self.v_reset,
                    threshold=self.threshold,
                    refractory=self.refractory,
                    threshold_compare="greater_equal",
                    reset="value",
                    input_scaling="exact",
                    synapse_order="membrane_first",
                    initial={"v": Uniform(self.v_reset, self.threshold)},
                ),
            )
        weights = {
            "excitatory": ("current", self.excitatory_weight),
            "inhibitory": ("inhibitory", -self.inhibitory_weight),
        }
        self._connect(network, scale, weights)
        return network


_CUBA: dict[str, Any] = {
    "dt": 0.1,
    "warm_up": 500.0,
    "window": 2000.0,
    "v_rest": -49.0,
    "excitatory_weight": 1.62,
    "inhibitory_weight": 9.0,
}

CUBA = Cuba(
    name="cuba",
    title="4,000 LIF neurons with exponential currents, 320,000 synapses (Vogels and Abbott 2005)",
    excitatory=3_200,
    inhibitory=800,
    smallest_scale=1.0,
    rates={"excitatory": Rate(5.6, 0.9), "inhibitory": Rate(5.57, 0.3)},
    largest_scale=1000.0,
    **_CUBA,
)
CUBA_40K = Cuba(
    name="cuba_40k",
    title="40,000 LIF neurons with exponential currents, 3.2 million synapses (Vogels and Abbott 2005)",
    excitatory=32_000,
    inhibitory=8_000,
    smallest_scale=0.1,
    rates={"excitatory": Rate(5.6, 0.3), "inhibitory": Rate(5.6, 0.3)},
    largest_scale=100.0,
    **_CUBA,
)
