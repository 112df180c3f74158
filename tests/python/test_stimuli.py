"""Input from outside: against the formulas one number at a time, and through a network."""

from __future__ import annotations

import math

import numpy as np
import pytest

import snn
from snn import _inputs, stimuli


def test_spike_times_come_out_of_the_network() -> None:
    trains = [[0.0, 0.3, 9.9], [], [5.04, 2.0]]
    frames = stimuli.spike_times(trains, 100, dt=0.1)
    assert frames.dtype == np.float32
    expected = {(0, 0), (3, 0), (99, 0), (50, 2), (20, 2)}
    assert set(zip(*(axis.tolist() for axis in np.nonzero(frames)), strict=True)) == expected
    net = snn.Network(dt=0.1)
    net.add("input", snn.SpikeInput(3))
    net.add("cells", snn.LIF(3, reset="value"))
    net.connect("input", "cells", snn.OneToOne(weights=[2.0, 2.0, 2.0]))  # one spike is enough
    with snn.Simulation(net) as simulation:
        spikes = simulation.run(100, {"input": frames}, {"cells": "spikes"})["cells"]["spikes"][:, 0]
    assert set(zip(*(axis.tolist() for axis in np.nonzero(spikes)), strict=True)) == expected


@pytest.mark.parametrize(
    ("trains", "sentence"),
    [
        ([[1.0], [10.0]], r"times of neuron 1 has 10 ms; the 100 steps of 0.1 ms begin from 0 to 9.9 ms"),
        ([[-0.2]], "times of neuron 0 has -0.2 ms"),
        ([[math.nan]], "times of neuron 0 has nan ms"),
        ([[1.0, 1.01, 3.0]], "times of neuron 0 has 2 spikes in step 10; at most 1"),
    ],
)
def test_spike_times_that_do_not_fit(trains: list[list[float]], sentence: str) -> None:
    with pytest.raises(snn.InvalidArgumentError, match=sentence):
        stimuli.spike_times(trains, 100, dt=0.1)


def test_sine() -> None:
    frames = stimuli.sine(300, 2, dt=0.5, amplitude=[3.0, 1.0], frequency=[10.0, 50.0], phase=0.3, offset=-1.0)
    for step in range(300):
        for neuron, (amplitude, frequency) in enumerate(((3.0, 10.0), (1.0, 50.0))):
            seconds = step * 0.5e-3
            value = -1.0 + amplitude * math.sin(2 * math.pi * frequency * seconds + 0.3)
            assert frames[step, neuron] == pytest.approx(value, abs=1e-6)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"frequency has shape \(3,\); it must be one number or .*\(2,\)"
    ):
        stimuli.sine(10, 2, dt=0.5, amplitude=1.0, frequency=[1, 2, 3])


def test_timed_values_are_held() -> None:
    frames = stimuli.timed([[1.0, 10.0], [2.0, 20.0]], 7, dt=0.1, hold=0.3)
    assert frames[:, 0].tolist() == [1, 1, 1, 2, 2, 2, 2]
    assert frames[:, 1].tolist() == [10, 10, 10, 20, 20, 20, 20]
    assert stimuli.timed([5.0, 6.0], 3, dt=1.0, hold=1.0).tolist() == [[5], [6], [6]]
    with pytest.raises(snn.InvalidArgumentError, match="values has shape"):
        stimuli.timed(1.0, 3, dt=1.0, hold=1.0)
    with pytest.raises(snn.InvalidArgumentError, match="hold"):
        stimuli.timed([1.0], 3, dt=1.0, hold=0.0)


def test_white_noise_is_normal_and_independent() -> None:
    frames = stimuli.white_noise(2000, 50, mean=3.0, std=2.0, seed=4).astype(np.float64)
    count = frames.size
    assert abs(frames.mean() - 3.0) < 5 * 2.0 / math.sqrt(count)
    assert abs(frames.std() - 2.0) < 5 * 2.0 / math.sqrt(2 * count)
    assert abs((np.abs(frames - 3.0) < 2.0).mean() - 0.6827) < 5 * 0.47 / math.sqrt(count)
    centred = frames - 3.0
    for pairs in (centred[1:] * centred[:-1], centred[:, 1:] * centred[:, :-1]):
        assert abs(pairs.mean()) < 5 * 4.0 / math.sqrt(pairs.size)
    assert (stimuli.white_noise(5, 3, mean=0, std=1, seed=1) != stimuli.white_noise(5, 3, mean=0, std=1, seed=2)).any()


def test_ornstein_uhlenbeck_follows_its_equation() -> None:
    mean, std, tau, dt = 5.0, 2.0, 4.0, 0.5
    frames = stimuli.ornstein_uhlenbeck(4000, 100, dt=dt, mean=mean, std=std, tau=tau, seed=7)
    normal = stimuli.white_noise(4000, 100, mean=0.0, std=1.0, seed=7)
    x = std * float(normal[0, 3])
    for step in range(1, 200):
        x += x * math.expm1(-dt / tau) + std * math.sqrt(-math.expm1(-2 * dt / tau)) * float(normal[step, 3])
        assert frames[step, 3] == pytest.approx(mean + x, abs=1e-5)
    centred = frames.astype(np.float64) - mean
    # Stationary: as wide at the beginning as later. Each mean has one independent number in 2 tau.
    assert abs(centred[:20].std() - std) < 0.2 * std
    independent = frames.size * dt / (2 * tau)
    for lag in (0, 4, 8, 24):
        covariance = (centred[lag:] * centred[: 4000 - lag]).mean()
        assert abs(covariance - std**2 * math.exp(-lag * dt / tau)) < 5 * math.sqrt(2) * std**2 / math.sqrt(independent)
    again = stimuli.ornstein_uhlenbeck(4000, 100, dt=dt, mean=mean, std=std, tau=tau, seed=7)
    assert np.array_equal(frames, again)


@pytest.mark.parametrize("room", [300, 1 << 22])
def test_noise_in_parts_is_that_of_one_array(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_inputs, "_VALUES_AT_ONCE", room)
    settings = {"dt": 0.5, "mean": 5.0, "std": 2.0, "tau": 4.0, "seed": 7}
    net = snn.Network(dt=0.5)
    net.add("input", snn.Input(10))
    net.add("cells", snn.IntegrateAndFire(10, threshold=1e9))
    net.connect("input", "cells", snn.OneToOne(1.0))

    def membranes(*parts: tuple[int, object]) -> np.ndarray:
        with snn.Simulation(net) as sim:
            runs = [sim.run(steps, {"input": noise}, {"cells": "v"})["cells"]["v"] for steps, noise in parts]
        return np.concatenate(runs)

    whole = stimuli.ornstein_uhlenbeck(200, 10, **settings)
    noise = stimuli.OrnsteinUhlenbeck(10, **settings)
    assert np.array_equal(membranes((130, noise), (70, noise)), membranes((200, whole)))
    assert noise.step_count == 200
    assert repr(noise) == "<OrnsteinUhlenbeck(10, dt=0.5, mean=5, std=2, tau=4, seed=7) after 200 steps>"
    with snn.Simulation(net) as sim:
        sentence = r"input 'input' is <OrnsteinUhlenbeck.* after 200 steps>, a function, which Simulation.run calls"
        with pytest.raises(snn.ArgumentTypeError, match=sentence):
            sim.step(2, {"input": noise})
        with pytest.raises(snn.ArgumentTypeError, match=sentence):
            sim.set_input("input", noise)
    white = stimuli.white_noise(200, 10, mean=1.0, std=2.0, seed=3)

    def made(begin: int, end: int) -> np.ndarray:
        return stimuli.white_noise(end - begin, 10, mean=1.0, std=2.0, seed=3, first_step=begin)

    assert np.array_equal(membranes((200, made)), membranes((200, white)))
    assert not np.array_equal(white[:100], white[100:])
    of_samples = stimuli.OrnsteinUhlenbeck((2, 10), **settings)(0, 5)
    assert of_samples.shape == (5, 2, 10)
    assert not np.array_equal(of_samples[:, 0], of_samples[:, 1])


def test_noise_for_another_time_step_is_refused() -> None:
    net = snn.Network(dt=0.1)
    net.add("input", snn.Input(10))
    noise = stimuli.OrnsteinUhlenbeck(10, dt=0.5, mean=5.0, std=2.0, tau=4.0, seed=7)
    with snn.Simulation(net) as sim:
        sentence = (
            r"input 'input' is <Ornstein.*dt=0.5,.*>, noise for steps of 0.5 ms; those of the network are 0.1 ms long"
        )
        with pytest.raises(snn.InvalidArgumentError, match=sentence):
            sim.run(5, noise)
        assert sim.step_count == noise.step_count == 0
        sim.run(
            5, stimuli.OrnsteinUhlenbeck(10, dt=0.3 - 0.2, mean=5.0, std=2.0, tau=4.0, seed=7)
        )  # 0.1 but for its last bit


def test_noise_tells_what_it_was_made_with() -> None:
    settings = {"dt": 0.5, "mean": 5.0, "std": 0.3, "tau": 4.0, "seed": 7}
    noise = stimuli.OrnsteinUhlenbeck(10, **settings)
    assert {name: getattr(noise, name) for name in settings} == settings
    assert noise.neurons == 10
    assert stimuli.OrnsteinUhlenbeck((2, 10), **settings).neurons == (2, 10)
    for name in settings:
        with pytest.raises(snn.UnknownAttributeError, match=f"OrnsteinUhlenbeck: {name} can be read only"):
            setattr(noise, name, 1.0)
    with pytest.raises(snn.UnknownAttributeError, match="has no attribute 'sigma'"):
        noise.sigma = 3.0
    with pytest.raises(snn.ArgumentTypeError, match="OrnsteinUhlenbeck has no argument 'sigma'"):
        stimuli.OrnsteinUhlenbeck(10, dt=0.5, mean=5.0, sigma=2.0, tau=4.0, seed=7)


@pytest.mark.parametrize("name", ["mean", "std", "tau", "dt"])
def test_noise_of_no_number_is_refused(name: str) -> None:
    for value in (math.nan, math.inf):
        settings = {"dt": 0.5, "mean": 5.0, "std": 2.0, "tau": 4.0, "seed": 7} | {name: value}
        with pytest.raises(snn.InvalidArgumentError, match=f"{name} is (nan|inf)"):
            stimuli.ornstein_uhlenbeck(5, 2, **settings)


def test_noise_moves_a_membrane_as_theory_says() -> None:
    """The variance of a leaky integrator under Ornstein-Uhlenbeck current: std^2 tau / (tau + tau_membrane)."""
    tau, tau_membrane, dt, cells = 5.0, 10.0, 0.1, 200
    net = snn.Network(dt=dt)
    net.add("current", snn.Input(cells))
    net.add("cells", snn.LeakyIntegrator(cells, tau_membrane=tau_membrane, input_scaling="one_minus_decay"))
    net.connect("current", "cells", snn.OneToOne(weights=np.ones(cells)))
    noise = stimuli.ornstein_uhlenbeck(10_000, cells, dt=dt, mean=0.0, std=3.0, tau=tau, seed=3)
    with snn.Simulation(net) as simulation:
        v = simulation.run(10_000, {"current": noise[:, None]}, {"cells": "v"})["cells"]["v"][1000:, 0]
    assert v.var() == pytest.approx(9.0 * tau / (tau + tau_membrane), rel=0.05)
