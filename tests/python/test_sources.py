"""Sources of spikes: neurons without receptors, and what cannot be done with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snn


def network() -> snn.Network:
    net = snn.Network(dt=0.5)
    net.add("source", snn.PoissonSource(400, rate=np.linspace(0, 200, 400)))
    net.add("cells", snn.LIF(30))
    net.connect("source", "cells", snn.Sparse.fixed_probability(0.1, weight=0.1, seed=3, delay=snn.Uniform(1, 4)))
    return net


def test_a_source_drives_a_network_without_input() -> None:
    with snn.Simulation(network(), seed=1) as sim:
        recording = sim.run(2000, record={"source": ["spikes"], "cells": ["spikes"]})
    counts = recording["source"]["spikes"].sum(axis=(0, 1))
    mean = np.linspace(0, 200, 400)  # one second
    # 400 counts: each within five standard deviations of the binomial distribution.
    assert (np.abs(counts - mean) <= 5 * np.sqrt(mean)).all()
    assert 0 < recording["cells"]["spikes"].mean() < 0.5


def test_seed_and_file_say_all(tmp_path: Path) -> None:
    net = network()
    net.save(tmp_path / "net.snn")
    loaded = snn.load(tmp_path / "net.snn")
    assert loaded["source"].model == "poisson_source"
    assert np.array_equal(loaded["source"].parameters["rate"], np.linspace(0, 200, 400))

    def spikes(of: snn.Network, seed: int) -> np.ndarray:
        with snn.Simulation(of, seed=seed) as sim:
            return sim.run(100, record={"cells": ["v"]})["cells"]["v"]

    assert np.array_equal(spikes(net, 5), spikes(loaded, 5))
    assert not np.array_equal(spikes(net, 5), spikes(net, 6))


@pytest.mark.parametrize(
    ("seed", "error", "sentence"),
    [
        (-1, snn.InvalidArgumentError, "seed is -1; it must be 0 to 18446744073709551615"),
        (2**64, snn.InvalidArgumentError, "seed is 18446744073709551616"),
        (1.5, snn.ArgumentTypeError, "seed is 1.5, not an integer"),
    ],
)
def test_wrong_seeds_are_told(seed: object, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error) as caught:
        snn.Simulation(network(), seed=seed)  # type: ignore[arg-type]
    assert sentence in str(caught.value)


def test_what_a_source_does_not_have_is_told() -> None:
    net = network()
    with pytest.raises(snn.InvalidArgumentError, match="'source' has model 'poisson_source', which has no receptors"):
        net.connect("cells", "source", snn.Dense(delay_steps=1))
    with snn.Simulation(net) as sim:
        with pytest.raises(snn.InvalidArgumentError, match="'poisson_source', which has no membrane"):
            sim.membrane_potentials("source")
        with pytest.raises(snn.InvalidArgumentError, match="step_count is -1"):
            sim.step_count = -1
    assert snn.PoissonSource.__doc__ is not None
    assert "Receptors: none." in snn.PoissonSource.__doc__


def test_a_mean_that_dt_makes_too_large_is_told_with_its_value() -> None:
    net = snn.Network(dt=1.0)
    net.add("cells", snn.DrivenLIF(4, background_rate=[1e3, 2e3, 16.5e3, 1e3]))
    with pytest.raises(
        snn.InvalidArgumentError, match=r"'cells': 'background_events' of model 'driven_lif'.* is 16.5; it must"
    ):
        snn.Simulation(net)
    fine = snn.Network(dt=0.1)
    fine.add("cells", snn.DrivenLIF(4, background_rate=[1e3, 2e3, 16.5e3, 1e3]))
    snn.Simulation(fine).step(3)


def test_a_user_may_continue_a_built_in_model() -> None:
    noisy = snn.NeuronModel(
        {
            "model": {"name": "noisy_lif", "base": "lif"},
            "parameters": {"noise": {"default": 0.3, "unit": "u", "minimum": 0}},
            "drive": {"current": "noise * normal()"},
        }
    )
    net = snn.Network()
    net.add("cells", noisy(500, threshold=1e9))
    with snn.Simulation(net, seed=2) as sim:
        sim.step(400)
        v = sim.get("cells.v")
    # Stationary: the variance of v = d v + noise is noise^2 / (1 - d^2); 500 neurons give it to within a fifth.
    expected = 0.09 / (1 - np.exp(-2 / 20.0))
    assert abs(v.var() / expected - 1) < 0.2
    assert abs(v.mean()) < 5 * np.sqrt(expected / 500)
