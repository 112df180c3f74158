"""The self-sustained network of Vogels and Abbott with synaptic conductances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snn.builtin_neurons import ConductanceLIF
from snn.distributions import Normal
from snn.network import Network
from snn.scenes.scene import Rate
from snn.scenes.vogels_abbott import VogelsAbbott

__all__ = ["COBA", "COBA_40K", "Coba"]


@dataclass(frozen=True, kw_only=True)
class Coba(VogelsAbbott):
    """COBA: synapses are conductances, and the activity sustains itself without any input.

    Conductances are in units of the leak conductance of 10 nS: a spike adds 6 nS or 67 nS. The steps are those of
    `ConductanceLIF` by default.

    Sources: T. P. Vogels and L. F. Abbott, J. Neurosci. 25, 10786-10795 (2005), doi 10.1523/JNEUROSCI.3508-05.2005;
    R. Brette et al., J. Comput. Neurosci. 23, 349-398 (2007), doi 10.1007/s10827-007-0038-6, benchmark 1. The start is
    near the self-sustained state, with normally distributed membranes as in the paper's Brian version. With that version's
    normally distributed conductances, inhibition fades everywhere at once, and the activity of one network in nine dies within
    200 ms. Half-normal conductances, many of them small, let neurons spike from the beginning, and it is one in a hundred. A
    network that fell silent is not a valid result.

    Rates: Brian2 2.9 and NEST 3.10 with the same parameters, several seeds each; networks of 4,000 neurons differ.

    Parameters
    ----------
    e_excitatory, e_inhibitory : float
        Reversal potentials, millivolts.
    v_start, excitatory_start, inhibitory_start : Normal
        Initial membrane in millivolts, initial conductances in units of the leak, never negative.
    """

    e_excitatory: float = 0.0
    e_inhibitory: float = -80.0
    v_start: Normal
    excitatory_start: Normal
    inhibitory_start: Normal

    def _build(self, scale: float, seed: int) -> Network:
        network = Network(self.dt, seed=seed)
        for name, size in self.sizes(scale).items():
            network.add(
                name,
                ConductanceLIF(
                    size,
                    tau_membrane=self.tau_membrane,
                    tau_excitatory=self.tau_excitatory,
                    tau_inhibitory=self.tau_inhibitory,
                    e_excitatory=self.e_excitatory,
                    e_inhibitory=self.e_inhibitory,
                    v_rest=self.v_rest,
                    v_reset=self.v_reset,
                    threshold=self.threshold,
                    refractory=self.refractory,
                    initial={
                        "v": self.v_start,
                        "excitatory_conductance": self.excitatory_start,
                        "inhibitory_conductance": self.inhibitory_start,
                    },
                ),
            )
        weights = {
            "excitatory": ("excitatory", self.excitatory_weight),
            "inhibitory": ("inhibitory", self.inhibitory_weight),
        }
        self._connect(network, scale, weights)
        return network


_COBA: dict[str, Any] = {
    "dt": 0.1,
    "warm_up": 500.0,
    "window": 1000.0,
    "v_rest": -60.0,
    "excitatory_weight": 0.6,
    "inhibitory_weight": 6.7,
    "v_start": Normal(-65.0, 5.0),
    "excitatory_start": Normal(0.0, 2.5, low=0.0),
    "inhibitory_start": Normal(0.0, 20.0, low=0.0),
}

COBA = Coba(
    name="coba",
    title="4,000 LIF neurons with exponential conductances, 320,000 synapses (Vogels and Abbott 2005)",
    excitatory=3_200,
    inhibitory=800,
    smallest_scale=1.0,
    rates={"excitatory": Rate(19.0, 4.3), "inhibitory": Rate(19.0, 4.3)},
    largest_scale=1000.0,
    **_COBA,
)
COBA_40K = Coba(
    name="coba_40k",
    title="40,000 LIF neurons with exponential conductances, 3.2 million synapses (Vogels and Abbott 2005)",
    excitatory=32_000,
    inhibitory=8_000,
    smallest_scale=0.1,
    rates={"excitatory": Rate(19.3, 1.5), "inhibitory": Rate(19.4, 1.5)},
    largest_scale=100.0,
    **_COBA,
)
