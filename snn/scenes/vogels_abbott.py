"""Base class of the networks of Vogels and Abbott, with synaptic currents (CUBA) or conductances (COBA)."""

from __future__ import annotations

from dataclasses import dataclass

from snn.network import Network
from snn.scenes.scene import Scene
from snn.sparse import Sparse

__all__ = ["VogelsAbbott"]


@dataclass(frozen=True, kw_only=True)
class VogelsAbbott(Scene):
    """A fifth of the neurons are inhibitory, and every pair is connected with the same probability.

    At every scale the probability is `inputs` over the number of neurons (0.02 at 4,000 neurons), so the input of a neuron
    and the rates do not change.

    Parameters
    ----------
    excitatory, inhibitory : int
        Neurons at scale 1.
    inputs : int
        Mean number of synapses onto a neuron.
    tau_membrane, tau_excitatory, tau_inhibitory : float
        Time constants of the membrane and of the synapses, milliseconds.
    v_rest, threshold, v_reset : float
        Millivolts.
    refractory : float
        Milliseconds.
    excitatory_weight, inhibitory_weight : float
        Amount that a spike adds to the synaptic current or conductance; see the scene.
    delay : float
        Milliseconds: the shortest possible for a simulator with this time step.
    """

    excitatory: int
    inhibitory: int
    inputs: int = 80
    tau_membrane: float = 20.0
    tau_excitatory: float = 5.0
    tau_inhibitory: float = 10.0
    v_rest: float
    threshold: float = -50.0
    v_reset: float = -60.0
    refractory: float = 5.0
    excitatory_weight: float
    inhibitory_weight: float
    delay: float = 0.1

    def probability(self, scale: float = 1.0) -> float:
        """Return the probability that a neuron is connected to another."""
        return self.inputs / self.neurons(scale)

    def sizes(self, scale: float = 1.0) -> dict[str, int]:
        """Return the number of neurons of each population."""
        return {"excitatory": round(self.excitatory * scale), "inhibitory": round(self.inhibitory * scale)}

    def synapses(self, scale: float = 1.0) -> float:
        """Return the expected number of synapses."""
        return self.neurons(scale) * self.inputs

    def _connect(self, network: Network, scale: float, weights: dict[str, tuple[str, float]]) -> None:
        """Connect all with all; `weights` has receptor and weight by source."""
        for source, (receptor, weight) in weights.items():
            for target in self.sizes(scale):
                connection = Sparse.fixed_probability(
                    self.probability(scale),
                    weight=weight,
                    delay=self.delay,
                    receptor=receptor,
                    trainable=False,
                )
                network.connect(source, target, connection)
