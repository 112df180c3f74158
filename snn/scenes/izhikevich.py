"""Izhikevich's network of spiking cortical neurons under thalamic noise, all to all and sparse."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn.builtin_neurons import NoisyIzhikevich
from snn.distributions import Uniform
from snn.network import Network
from snn.scenes.scene import Rate, Scene
from snn.sparse import Sparse

__all__ = ["IZHIKEVICH", "IZHIKEVICH_100K", "Izhikevich", "IzhikevichDense", "IzhikevichSparse"]

# Of the generator: one for each population's parameters.
_STREAMS = (2**32, 2**32 + 1)


# Rates of the dense network at some scales, over those at scale 1: means over 150, 60, 30, 8 and 3 seeds. NEST 3.10 has the
# same at scale 0.5, within the error of 11 seeds.
_SCALES = (0.5, 1.0, 2.0, 5.0, 10.0)
_FACTORS = {"excitatory": (1.033, 1.0, 0.997, 0.988, 0.981), "inhibitory": (1.148, 1.0, 0.918, 0.875, 0.870)}


@dataclass(frozen=True, kw_only=True)
class Izhikevich(Scene):
    """Base class of both networks: the neurons of Izhikevich 2003, each slightly different, and their noise.

    Excitatory neurons range from regular spiking to chattering, inhibitory ones from fast spiking to low-threshold spiking;
    one uniform random number sets each neuron's type. As in the paper's program, the membrane takes two half steps in a step
    of 1 ms, and spikes arrive in the next step.

    Source: E. M. Izhikevich, Simple model of spiking neurons, IEEE Trans. Neural Netw. 14, 1569-1572 (2003),
    doi 10.1109/TNN.2003.820440, with the program in the paper. Rates: Brian2 2.9 and NEST 3.10 with the same parameters,
    several seeds each.

    Parameters
    ----------
    excitatory, inhibitory : int
        Neurons at scale 1.
    excitatory_noise, inhibitory_noise : float
        Standard deviation of the thalamic input, drawn for every neuron in every step; mV/ms.
    excitatory_weight : float
        Excitatory weights are uniform from 0 to this; mV/ms for one step.
    inhibitory_weight : float
        Inhibitory weights are uniform from minus this to 0; mV/ms for one step.
    """

    excitatory: int
    inhibitory: int
    excitatory_noise: float = 5.0
    inhibitory_noise: float = 2.0
    excitatory_weight: float
    inhibitory_weight: float

    def sizes(self, scale: float = 1.0) -> dict[str, int]:
        """Return the number of neurons of each population."""
        return {"excitatory": round(self.excitatory * scale), "inhibitory": round(self.inhibitory * scale)}

    def neuron_parameters(self, scale: float, seed: int) -> dict[str, dict[str, NDArray[np.float64] | float]]:
        """Return a, b, c, d and noise of each population, by the names of the model's parameters."""
        sizes = self.sizes(scale)
        # One number for each neuron, from which two of its parameters follow.
        excitatory = Uniform(0.0, 1.0).draw(sizes["excitatory"], seed=seed, stream=_STREAMS[0]) ** 2
        inhibitory = Uniform(0.0, 1.0).draw(sizes["inhibitory"], seed=seed, stream=_STREAMS[1])
        return {
            "excitatory": {
                "recovery_rate": 0.02,
                "recovery_coupling": 0.2,
                "v_reset": -65.0 + 15.0 * excitatory,
                "recovery_jump": 8.0 - 6.0 * excitatory,
                "noise_std": self.excitatory_noise,
            },
            "inhibitory": {
                "recovery_rate": 0.02 + 0.08 * inhibitory,
                "recovery_coupling": 0.25 - 0.05 * inhibitory,
                "v_reset": -65.0,
                "recovery_jump": 2.0,
                "noise_std": self.inhibitory_noise,
            },
        }

    def weight_ranges(self, scale: float = 1.0) -> dict[str, tuple[float, float]]:
        """Return least and greatest weight of the synapses from each population."""
        return {"excitatory": (0.0, self.excitatory_weight), "inhibitory": (-self.inhibitory_weight, 0.0)}

    @abstractmethod
    def _connection(self, source: str, **common: Any) -> Sparse:
        """Return the connection from a population to either one."""

    def _build(self, scale: float, seed: int) -> Network:
        network = Network(self.dt, seed=seed)
        parameters = self.neuron_parameters(scale, seed)
        for name, size in self.sizes(scale).items():
            values: dict[str, Any] = dict(parameters[name])
            start: dict[str, Any] = {"v": -65.0, "recovery": np.asarray(values["recovery_coupling"]) * -65.0}
            network.add(name, NoisyIzhikevich(size, initial=start, **values))
        for source, (low, high) in self.weight_ranges(scale).items():
            for target in self.sizes(scale):
                weight = Uniform(low, high)
                connection = self._connection(source, weight=weight, delay=self.dt, trainable=False)
                network.connect(source, target, connection)
        return network


@dataclass(frozen=True, kw_only=True)
class IzhikevichDense(Izhikevich):
    """The paper's network: 1,000 neurons, all to all.

    `scale` multiplies the number of neurons and divides the weights, so the mean input of a neuron does not change. Its
    fluctuations do: in a small network inhibitory neurons spike more, 7.7 Hz at scale 0.5 and 5.8 Hz at 10. Expected rates
    follow means over seeds, interpolated over the logarithm of the scale. The tolerance is six standard deviations over seeds
    at scale 1 (0.1 Hz of the excitatory and 0.18 Hz of the inhibitory neurons), below it times 1 / sqrt(scale).
    """

    def expected(self, scale: float = 1.0) -> dict[str, Rate]:
        """Return the rate that each population must have over the window."""
        found = {}
        for name, rate in super().expected(scale).items():
            factor = np.interp(math.log(scale), np.log(_SCALES), _FACTORS[name])
            found[name] = Rate(float(factor) * rate.mean, rate.tolerance)
        return found

    def synapses(self, scale: float = 1.0) -> float:
        """Return the number of synapses."""
        return self.neurons(scale) ** 2

    def weight_ranges(self, scale: float = 1.0) -> dict[str, tuple[float, float]]:
        """Return least and greatest weight of the synapses from each population."""
        return {name: (low / scale, high / scale) for name, (low, high) in super().weight_ranges(scale).items()}

    def _connection(self, source: str, **common: Any) -> Sparse:
        return Sparse.all_to_all(**common)


@dataclass(frozen=True, kw_only=True)
class IzhikevichSparse(Izhikevich):
    """A large network of the paper's neurons with few synapses each, drawn with replacement.

    Every neuron has `excitatory_inputs` and `inhibitory_inputs` synapses, with weights chosen so that both populations spike
    as often as in the paper's network. `scale` multiplies the number of neurons; each keeps its number of synapses.

    Parameters
    ----------
    excitatory_inputs, inhibitory_inputs : int
        Synapses onto each neuron.
    """

    excitatory_inputs: int
    inhibitory_inputs: int

    def synapses(self, scale: float = 1.0) -> float:
        """Return the number of synapses."""
        return self.neurons(scale) * (self.excitatory_inputs + self.inhibitory_inputs)

    def inputs(self, source: str) -> int:
        """Return how many synapses from a population each neuron has."""
        return self.excitatory_inputs if source == "excitatory" else self.inhibitory_inputs

    def _connection(self, source: str, **common: Any) -> Sparse:
        return Sparse.fixed_indegree(self.inputs(source), **common)


_COMMON: dict[str, Any] = {"dt": 1.0, "warm_up": 1000.0, "window": 5000.0}

IZHIKEVICH = IzhikevichDense(
    name="izhikevich",
    title="1,000 Izhikevich neurons, all to all (Izhikevich 2003)",
    excitatory=800,
    inhibitory=200,
    excitatory_weight=0.5,
    inhibitory_weight=1.0,
    smallest_scale=0.5,
    largest_scale=10.0,
    rates={"excitatory": Rate(7.2, 0.6), "inhibitory": Rate(6.7, 1.1)},
    **_COMMON,
)
IZHIKEVICH_100K = IzhikevichSparse(
    name="izhikevich_100k",
    title="100,000 Izhikevich neurons with 100 synapses each (neurons of Izhikevich 2003)",
    excitatory=80_000,
    inhibitory=20_000,
    excitatory_weight=3.0,
    inhibitory_weight=6.0,
    excitatory_inputs=80,
    inhibitory_inputs=20,
    smallest_scale=0.01,
    largest_scale=100.0,
    rates={"excitatory": Rate(6.78, 0.2), "inhibitory": Rate(6.2, 0.4)},
    **_COMMON,
)
