"""Scenes: their structure against the papers' tables, and the rates of those that run in seconds."""

from __future__ import annotations

import re

import numpy as np
import pytest

import snn
from snn.scenes import SCENES, Scene, get
from tests.oracle import stdp_scene


def test_every_scene_names_its_source_and_has_rates_for_its_populations() -> None:
    for name, scene in SCENES.items():
        assert scene.name == name
        assert re.search(r"\(.*\d{4}.*\)", scene.title), scene.title  # authors and year
        assert scene.expected(1.0).keys() <= scene.sizes(1.0).keys()
        assert scene.warm_up > 0
        assert scene.window > 0


def test_the_microcircuit_has_the_published_numbers() -> None:
    scene = get("microcircuit")
    assert scene.neurons(1.0) == 77169
    assert scene.synapses(1.0) == pytest.approx(298.9e6, rel=1e-3)  # van Albada et al. 2018, table 1: 0.3 billion
    network = scene.build(0.05, seed=3)
    assert network.neuron_count == scene.neurons(0.05)
    assert network.synapse_count == scene.synapses(0.05)
    excitatory, inhibitory = network.projections["L4E_to_L4I"], network.projections["L4I_to_L4E"]
    mean = 87.8 / np.sqrt(0.05)  # pA, and the scaling of the weights
    assert excitatory.weights.mean() == pytest.approx(mean, rel=0.01)
    assert excitatory.weights.std() == pytest.approx(0.1 * mean, rel=0.05)
    assert inhibitory.weights.mean() == pytest.approx(-4 * mean, rel=0.01)
    assert network.projections["L4E_to_L23E"].weights.mean() == pytest.approx(2 * mean, rel=0.01)
    for projection, expected in ((excitatory, 15.0), (inhibitory, 7.5)):
        delays = projection.synapses()[2]
        assert delays.min() == 1
        # A normal distribution cut off below half a step, two standard deviations down: its mean moves up by 0.055 of them.
        assert delays.mean() == pytest.approx(expected * (1 + 0.5 * 0.055), rel=0.02)


@pytest.mark.parametrize("name", ["cuba", "izhikevich", "stdp"])
def test_rates_are_those_of_the_scene(name: str) -> None:
    scene: Scene = get(name)
    network = scene.build(1.0, seed=1)
    steps = round(min(scene.window, 1000.0) / scene.dt)
    with snn.Simulation(network, threads=2, seed=1) as simulation:
        simulation.step(round(scene.warm_up / scene.dt))
        recording = simulation.run(steps, record=dict.fromkeys(scene.sizes(1.0), "spike_count"))
    seconds = steps * scene.dt / 1000.0
    rates = {p: float(np.mean(recording[p]["spike_count"])) / seconds for p in scene.sizes(1.0)}
    assert scene.deviations(rates, 1.0) == []
    assert scene.deviations(dict.fromkeys(rates, 1000.0), 1.0) != []


def test_the_rate_of_plastic_cells_is_that_of_a_simulation_by_hand() -> None:
    scene = get("stdp")
    rates = [stdp_scene.rate(100, scene.warm_up, scene.window, seed) for seed in range(4)]
    assert scene.expected()["cells"].allows(float(np.mean(rates)))
    network = scene.build(0.1, seed=2)
    assert network.synapse_count == scene.synapses(0.1) == 100_000
    with snn.Simulation(network, seed=2) as simulation:
        simulation.run(12_000)
        weights = simulation.get("inputs_to_cells.weight")
    assert 0 <= weights.min() < 0.01
    assert weights.max() == np.float32(0.6)
    assert not np.array_equal(weights, network.projections["inputs_to_cells"].synapse_weights())


def test_wrong_names_and_scales_are_refused() -> None:
    with pytest.raises(snn.NotFoundError, match=r"there is no scene 'macaque'.*microcircuit"):
        get("macaque")
    with pytest.raises(snn.InvalidArgumentError, match="scale"):
        get("microcircuit").build(0.0)
