"""What is compared with devices whose arithmetic is a vendor's: how far they may differ, and on which networks."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

import snn

from .cases import Builder

# What has no graph, and the words that the refusal must have.
REFUSED = {
    "model_driven_current_lif": "model 'driven_current_lif' of population 'p1' draws random numbers",
    "model_driven_lif": "model 'driven_lif' of population 'p1' draws random numbers",
    "model_noisy_izhikevich": "model 'noisy_izhikevich' of population 'p1' draws random numbers",
    "model_poisson_source": "model 'poisson_source' of population 'p0' draws random numbers",
    "sparse_float_delays": "sparse projection 'w0' have delays of their own",
    "sparse_float_delays_batch": "sparse projection 'w1' have delays of their own",
    "sparse_fixed_delays": "sparse projection 'w0' have delays of their own",
    "recurrent_sparse": "sparse projection 'w1' have delays of their own",
}
# Of the spikes of a case. On the machines that were measured none differs; a CPU with other vectors adds in another order.
SPIKES_THAT_MAY_DIFFER = 0.005
# Of the range of a state, where all spikes are equal. Rounding gives 4e-7; the gates of a Hodgkin-Huxley neuron in the
# middle of its spike take a rounding of the membrane a thousandfold.
STATES_MAY_DIFFER = {"model_hodgkin_huxley": 1e-2, "model_conductance_lif": 1e-3, "model_izhikevich": 1e-4}


def recurrent() -> snn.Network:
    """Hidden neurons with delayed recurrence, and one state, refractory_left, that stays 0 until someone writes it."""
    net = snn.Network(dt=1.0, seed=3)
    net.add("input", snn.SpikeInput(20))
    net.add("hidden", snn.LIF(30))
    net.add("output", snn.LIF(6))
    net.connect("input", "hidden", snn.Dense())
    net.connect("hidden", "hidden", snn.Dense(delay_steps=3))
    net.connect("hidden", "output", snn.Dense())
    for projection in net.projections.values():
        projection.weights[...] = np.random.default_rng(5).normal(0.08, 0.4, projection.weights.shape)
    return net


def network_of(builder: Builder, folder: Path) -> snn.Network:
    """The network of a case as users have it."""
    builder.network.save(str(folder / "case.snn"))
    return snn.load(folder / "case.snn")


def frames(steps: int) -> np.ndarray:
    return (np.random.default_rng(1).random((steps, 20)) < 0.3).astype(np.float32)


@functools.cache
def trained_digits(quantization: snn.Quantization | None = None) -> tuple[snn.Network, np.ndarray]:
    """A network that knows handwritten digits, and 360 that it has not seen."""
    data = snn.data.digits()
    net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
    trainer = snn.Trainer(net, steps=25, epochs=3, learning_rate=2e-3, quantization=quantization)
    trainer.fit(data.train_x, data.train_y)
    return net, data.test_x


def digit_counts(net: snn.Network, images: np.ndarray, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of the hidden neurons, and the output's numbers of spikes."""
    with snn.Simulation(net, device=device, batch_size=len(images)) as simulation:
        run = simulation.run(25, {"input": images}, {"hidden": "spikes", "output": "spike_count"})
    return run["hidden"]["spikes"], run["output"]["spike_count"]
