"""A spiking LSTM in a chain of layers: its gates are connected, and it remembers."""

from __future__ import annotations

import numpy as np
import pytest

import snn

GATES = ("candidate", "input_gate", "forget_gate", "output_gate")


def test_a_chain_connects_every_gate_forward_and_back() -> None:
    net = snn.Sequential(5, snn.Dense(7, bias=True), snn.SpikingLSTM(), snn.Dense(2), snn.LIF(), seed=3)
    forward = {gate: net.projections[f"input_to_hidden_{gate}"] for gate in GATES}
    back = {gate: net.projections[f"hidden_to_hidden_{gate}"] for gate in GATES}
    assert len(net.projections) == 9
    for gate in GATES:
        assert (forward[gate].receptor, forward[gate].delay_steps) == (gate, 0)
        assert (back[gate].receptor, back[gate].delay_steps) == (gate, 1)
        assert forward[gate].bias is not None
        assert back[gate].bias is None
    drawn = [p.weights for p in [*forward.values(), *back.values()]]
    assert len({weights.tobytes() for weights in drawn}) == 8, "each has weights of its own"
    # The equations, by hand, of what a simulation of the whole network gives.
    x = np.random.Generator(np.random.Philox(1)).normal(0.0, 3.0, (12, 5)).astype(np.float32)
    with snn.Simulation(net) as simulation:
        recording = simulation.run(12, {"input": x}, record={"hidden": ["v", "spikes"]})
    cell, spikes = np.zeros(7), np.zeros(7)
    for t in range(12):
        sums = {g: x[t] @ forward[g].weights + forward[g].bias + spikes @ back[g].weights for g in GATES}
        taken, kept, told = (
            1 / (1 + np.exp(-(sums[gate] + bias))) for gate, bias in zip(GATES[1:], (0.0, 1.0, 0.0), strict=True)
        )
        cell = kept * cell + taken * np.tanh(sums["candidate"])
        v = told * np.tanh(cell)
        np.testing.assert_allclose(recording["hidden"]["v"][t, 0], v, atol=1e-5)
        spikes = (recording["hidden"]["spikes"][t, 0] != 0).astype(float)
        assert ((v > 0.25) == (spikes != 0))[np.abs(v - 0.25) > 1e-5].all()
    assert 0.05 < recording["hidden"]["spikes"].mean() < 0.95


def test_it_learns_what_needs_memory() -> None:
    """Two volleys, whose distance in time is the class; measured: 100 %."""
    data = snn.data.delayed_coincidence(320, steps=30, delays=(3, 12))
    net = snn.Sequential(
        snn.SpikeInput(20), snn.Dense(24, bias=True), snn.SpikingLSTM(), snn.Dense(2), snn.LeakyIntegrator()
    )
    trainer = snn.Trainer(
        net, steps=30, epochs=12, encoder=None, loss="cross_entropy_last_membrane", learning_rate=1e-2, batch_size=32
    )
    assert trainer.fit(data.train_x, data.train_y).score(data.test_x, data.test_y) >= 0.9


def test_what_a_chain_cannot_connect_says_so() -> None:
    with pytest.raises(snn.InvalidArgumentError, match="layer 1 is Conv2d; before snn"):
        snn.Sequential((1, 8, 8), snn.Conv2d(2, 3), snn.SpikingLSTM())
    with pytest.raises(snn.InvalidArgumentError, match="layer 1 is Dense with weights"):
        snn.Sequential(4, snn.Dense(weights=np.ones((4, 3))), snn.SpikingLSTM())
    net = snn.Sequential(4, snn.Dense(3, receptor="candidate"), snn.SpikingLSTM())
    assert list(net.projections) == ["input_to_output"], "one that names a receptor leads there"
