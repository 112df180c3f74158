"""Brunel's sparse network of excitatory and inhibitory neurons with delta synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snn.builtin_neurons import DrivenLIF
from snn.distributions import Uniform
from snn.network import Network
from snn.scenes.scene import Rate, Scene
from snn.sparse import Sparse

__all__ = ["BRUNEL", "BRUNEL_50K", "Brunel"]


@dataclass(frozen=True, kw_only=True)
class Brunel(Scene):
    """Brunel 2000, model A: the asynchronous irregular state at g = 5 and eta = 2.

    Leaky integrate-and-fire neurons, a fifth of them inhibitory. Every neuron has `excitatory_inputs` excitatory synapses and
    a quarter as many inhibitory ones, drawn with replacement. It also has `excitatory_inputs` excitatory synapses from
    outside, each with Poisson events at `eta` times the rate that would bring the mean input to the threshold.

    `scale` multiplies the number of neurons. Each keeps its number of synapses, so the mean input of a neuron does not change,
    but the connection probability does (0.1 at 12,500 neurons, 1 at 1,250): in a small network neurons share more of their
    sources, and rates are a little higher. At scale 0.1 excitatory neurons spike at 38.2 Hz and inhibitory ones at 39.9 Hz
    (means over eight seeds), at scale 1 at 37.4 and 37.6 Hz (two seeds).

    Source: N. Brunel, Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons, J. Comput.
    Neurosci. 8, 183-208 (2000), doi 10.1023/A:1008925309027, table 1 and figure 8C: 37.7 Hz in the paper's simulation.

    Parameters
    ----------
    excitatory, inhibitory : int
        Neurons at scale 1.
    excitatory_inputs : int
        C_E: excitatory synapses of each neuron from the network, and as many from outside.
    tau_membrane : float
        Milliseconds.
    threshold, v_reset : float
        Millivolts above rest.
    refractory : float
        Milliseconds.
    weight : float
        J: jump of the membrane at an excitatory spike, millivolts.
    g : float
        An inhibitory spike has the weight -g J.
    eta : float
        Rate of the external input in units of threshold / (J C_E tau_membrane).
    delay : float
        Milliseconds.
    """

    excitatory: int
    inhibitory: int
    excitatory_inputs: int = 1000
    tau_membrane: float = 20.0
    threshold: float = 20.0
    v_reset: float = 10.0
    refractory: float = 2.0
    weight: float = 0.1
    g: float = 5.0
    eta: float = 2.0
    delay: float = 1.5

    @property
    def inhibitory_inputs(self) -> int:
        """C_I: inhibitory synapses of each neuron."""
        return self.excitatory_inputs // 4

    @property
    def background_rate(self) -> float:
        """Poisson events from outside onto one neuron, in hertz."""
        return 1000.0 * self.eta * self.threshold / (self.weight * self.tau_membrane)

    def sizes(self, scale: float = 1.0) -> dict[str, int]:
        """Return the number of neurons of each population."""
        return {"excitatory": round(self.excitatory * scale), "inhibitory": round(self.inhibitory * scale)}

    def synapses(self, scale: float = 1.0) -> float:
        """Return the number of synapses, without the external ones, which are part of the neurons."""
        return self.neurons(scale) * (self.excitatory_inputs + self.inhibitory_inputs)

    def _build(self, scale: float, seed: int) -> Network:
        network = Network(self.dt, seed=seed)
        sizes = self.sizes(scale)
        for name, size in sizes.items():
            network.add(
                name,
                DrivenLIF(
                    size,
                    tau_membrane=self.tau_membrane,
                    threshold=self.threshold,
                    v_reset=self.v_reset,
                    refractory=self.refractory,
                    threshold_compare="greater_equal",
                    reset="value",
                    background_rate=self.background_rate,
                    background_weight=self.weight,
                    # Spread out, so that the network does not start with a volley.
                    initial={"v": Uniform(0.0, self.threshold)},
                ),
            )
        sources = (
            ("excitatory", self.excitatory_inputs, self.weight),
            ("inhibitory", self.inhibitory_inputs, -self.g * self.weight),
        )
        for source, count, weight in sources:
            for target in sizes:
                connection = Sparse.fixed_indegree(count, weight=weight, delay=self.delay, trainable=False)
                network.connect(source, target, connection)
        return network


_COMMON: dict[str, Any] = {
    "dt": 0.1,
    "warm_up": 200.0,
    "window": 1000.0,
    "rates": {"excitatory": Rate(37.7, 1.5), "inhibitory": Rate(37.7, 1.5)},
}

BRUNEL = Brunel(
    name="brunel",
    title="12,500 LIF neurons with delta synapses, 15.6 million synapses (Brunel 2000)",
    excitatory=10_000,
    inhibitory=2_500,
    smallest_scale=0.1,
    largest_scale=100.0,
    **_COMMON,
)
BRUNEL_50K = Brunel(
    name="brunel_50k",
    title="50,000 LIF neurons with delta synapses, 62.5 million synapses (Brunel 2000)",
    excitatory=40_000,
    inhibitory=10_000,
    smallest_scale=0.025,
    largest_scale=25.0,
    **_COMMON,
)
