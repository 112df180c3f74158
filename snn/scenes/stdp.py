"""Additive spike-timing dependent plasticity of the synapses from Poisson inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from snn.builtin_neurons import CurrentLIF, PoissonSource
from snn.builtin_plasticity import PairSTDP
from snn.distributions import Uniform
from snn.network import Network
from snn.scenes.scene import Rate, Scene, Weights
from snn.sparse import Sparse

if TYPE_CHECKING:
    from snn.simulation import Simulation

__all__ = ["STDP", "Stdp"]


@dataclass(frozen=True, kw_only=True)
class Stdp(Scene):
    """Song, Miller and Abbott 2000 for many neurons at once: all synapses learn by the additive pair rule.

    Every neuron receives the same `inputs` independent Poisson trains, through its own weights, which start uniform between 0
    and `weight_max`. Pairs within `tau_plus` and `tau_minus` change a weight by `amplitude_plus` and `amplitude_minus` of
    `weight_max`; weights are clipped at 0 and `weight_max`. Within hundreds of seconds weights gather at both bounds. The rate
    below is that of the second after the warm-up, and the weights are those at its end. Because all neurons receive the same
    trains, runs differ by 2.9 Hz (one standard deviation), and the statistics of the weights by up to 0.0017. For the same
    reason the changes of the weights scatter alike at every scale: their mean by 0.0009, that of their absolute values by
    0.0006.

    `scale` multiplies the number of neurons; the inputs, and therefore the rate, stay the same.

    Sources: S. Song, K. D. Miller and L. F. Abbott, Competitive Hebbian learning through spike-timing-dependent synaptic
    plasticity, Nature Neuroscience 3, 919-926 (2000), doi 10.1038/78829; the numbers are those of the example "STDP" of
    Brian 2 (M. Stimberg et al., eLife 8, e47314 (2019), doi 10.7554/eLife.47314), which has one neuron, without
    inhibition, and synaptic currents of g (0 mV - v_reset), g up to 0.01 of the leak. Rate and weights are those of a
    simulation in numpy, written by hand, float64 (tests/oracle/stdp_scene.py), means of 24 runs.

    Parameters
    ----------
    inputs, neurons_at_scale_1 : int
        Number of Poisson trains, and of neurons that receive them at scale 1.
    input_rate : float
        Rate of each train, in hertz.
    tau_membrane, tau_synapse : float
        Milliseconds.
    v_rest, threshold, v_reset : float
        Millivolts.
    weight_max : float
        Millivolts: by how much a constant synaptic current of that size would raise the membrane; 0.01 times 60 mV.
    tau_plus, tau_minus : float
        Milliseconds.
    amplitude_plus, amplitude_minus : float
        Fractions of `weight_max`.
    """

    inputs: int = 1000
    neurons_at_scale_1: int = 1000
    input_rate: float = 15.0
    tau_membrane: float = 10.0
    tau_synapse: float = 5.0
    v_rest: float = -74.0
    threshold: float = -54.0
    v_reset: float = -60.0
    weight_max: float = 0.6
    tau_plus: float = 20.0
    tau_minus: float = 20.0
    amplitude_plus: float = 0.01
    amplitude_minus: float = 0.0105

    def sizes(self, scale: float = 1.0) -> dict[str, int]:
        """Return the number of neurons of each population."""
        return {"inputs": self.inputs, "cells": round(self.neurons_at_scale_1 * scale)}

    def synapses(self, scale: float = 1.0) -> float:
        """Return the number of synapses."""
        return self.inputs * self.sizes(scale)["cells"]

    def learned(self, simulation: Simulation) -> NDArray[Any]:
        """Return the weights as fractions of `weight_max`, shape (inputs * cells,)."""
        return simulation.get("inputs_to_cells.weight") / self.weight_max

    def initial(self, network: Network) -> NDArray[Any]:
        """Return the weights before the run as fractions of `weight_max`, in the order of `learned`."""
        return network.projections["inputs_to_cells"].synapse_weights() / self.weight_max

    def _build(self, scale: float, seed: int) -> Network:
        network = Network(self.dt, seed=seed)
        sizes = self.sizes(scale)
        network.add("inputs", PoissonSource(sizes["inputs"], rate=self.input_rate))
        network.add(
            "cells",
            CurrentLIF(
                sizes["cells"],
                tau_membrane=self.tau_membrane,
                tau_synapse=self.tau_synapse,
                v_rest=self.v_rest,
                v_reset=self.v_reset,
                threshold=self.threshold,
                reset="value",
                input_scaling="exact",
            ),
        )
        rule = PairSTDP(
            tau_plus=self.tau_plus,
            tau_minus=self.tau_minus,
            amplitude_plus=self.amplitude_plus,
            amplitude_minus=self.amplitude_minus,
            w_max=self.weight_max,
        )
        weight = Uniform(0.0, self.weight_max)
        network.connect("inputs", "cells", Sparse.all_to_all(weight=weight, receptor="current", plasticity=rule))
        return network


STDP = Stdp(
    name="stdp",
    title="Poisson inputs onto LIF neurons, all synapses plastic (Song, Miller and Abbott 2000)",
    dt=0.1,
    warm_up=200.0,
    window=1000.0,
    rates={"inputs": Rate(15.0, 0.6), "cells": Rate(67.7, 10.0)},
    weights=Weights(
        {"mean": 0.4964, "std": 0.2904, "p10": 0.0927, "p50": 0.4958, "p90": 0.8991},
        0.006,
        {"change": -0.0036, "absolute_change": 0.0257},
        0.004,
    ),
    smallest_scale=0.01,
    largest_scale=100.0,
)
