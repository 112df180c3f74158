"""Parameters of a running simulation, against networks that were built with them."""

from __future__ import annotations

import numpy as np
import pytest

import snn
from snn.engine import _native

SETTINGS = [{"device": "reference"}, {"threads": 1}, {"threads": 3}, {"flags": ["interpret_models"]}]
SIZE = 37
MANY = np.linspace(5.0, 40.0, SIZE)


def network(**parameters: object) -> snn.Network:
    net = snn.Network(seed=2)
    net.add("in", snn.SpikeInput(20))
    net.add("cells", snn.DrivenLIF(SIZE, **{"background_rate": 300.0, "background_weight": 0.2, **parameters}))
    net.connect("in", "cells", snn.Dense())
    net.connect("cells", "cells", snn.Dense(delay_steps=3, init="kaiming_normal"), name="back")
    return net


def drive(steps: int) -> np.ndarray:
    return (np.random.default_rng(1).random((steps, 2, 20)) < 0.3).astype(np.float32)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("tau_membrane", 20.0, 7.0),
        ("tau_membrane", 20.0, MANY),
        ("tau_membrane", MANY, 9.0),
        ("tau_membrane", MANY, MANY[::-1]),
        ("background_rate", 300.0, np.linspace(0.0, 900.0, SIZE)),
        ("threshold", 1.0, 0.8),
    ],
)
def test_a_parameter_set_while_running(settings: dict, name: str, before: object, after: object) -> None:
    """As a network that was built with it and goes on from the same state."""
    frames, record = drive(60), {"cells": ["v", "spikes"]}
    old, new = network(**{name: before}), network(**{name: after})
    with snn.Simulation(old, batch_size=2, seed=5, **settings) as sim:
        sim.run(20, {"in": frames[:20]})
        states = {path: sim.get(path) for path in ("cells.v", "cells.refractory_left", "cells.history")}
        sim.set(f"cells.{name}", after)
        assert np.array_equal(sim.get(f"cells.{name}"), np.asarray(after, np.float64))
        found = sim.run(40, {"in": frames[20:]}, record)
        carried = sim.to_network()
    with snn.Simulation(new, batch_size=2, seed=5) as sim:
        sim.step_count = 20
        for path, values in states.items():
            sim.set(path, values)
        expected = sim.run(40, {"in": frames[20:]}, record)
    assert 0 < expected["cells"]["spikes"].mean() < 0.5
    for variable in ("v", "spikes"):
        assert np.array_equal(found["cells"][variable], expected["cells"][variable])
    assert np.array_equal(np.asarray(carried["cells"].parameters[name]), np.asarray(after))
    assert np.array_equal(np.asarray(old["cells"].parameters[name]), np.asarray(before))


def test_other_sessions_keep_theirs_and_a_reset_keeps_it() -> None:
    net = network()
    with snn.Simulation(net, batch_size=2) as mine, snn.Simulation(net, batch_size=2) as other:
        assert mine["cells.threshold"].shape == ()
        mine["cells.threshold"] = 0.5
        assert (float(mine["cells.threshold"]), float(other["cells.threshold"])) == (0.5, 1.0)
        first = mine.run(30, {"in": drive(30)}, {"cells": "spikes"})
        mine.reset()
        again = mine.run(30, {"in": drive(30)}, {"cells": "spikes"})
        assert np.array_equal(first["cells"]["spikes"], again["cells"]["spikes"])
        assert first["cells"]["spikes"].any()


def test_what_a_network_refuses_a_simulation_refuses() -> None:
    with snn.Simulation(network()) as sim:
        before = sim.run(5, record={"cells": "v"})["cells"]["v"]
        sim.reset()
        for values, sentence in [
            (-1.0, "above 0"),
            (np.nan, "finite"),
            (np.full(SIZE, -2.0), r"value \[0\] is -2"),
            (np.ones(3), r"one number or has shape \(37,\)"),
            (np.ones((2, SIZE)), "one number"),
        ]:
            with pytest.raises(snn.InvalidArgumentError, match=sentence):
                sim.set("cells.tau_membrane", values)
        with pytest.raises(snn.InvalidArgumentError, match="Poisson"):
            sim.set("cells.background_rate", 1e6)  # more than 16 events in a step
        with pytest.raises(snn.ArgumentTypeError):
            sim.set("cells.tau_membrane", "fast")
        with pytest.raises(snn.NotFoundError, match="no state or parameter 'tau'; it has: v"):
            sim.set("cells.tau", 3.0)
        assert np.array_equal(sim.run(5, record={"cells": "v"})["cells"]["v"], before)
        assert float(sim.get("cells.background_rate")) == 300.0


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_training_follows_a_parameter(device: str) -> None:
    """Gradients too are those of a network that was built with it."""
    gradients = []
    for built, changed in ((0.4, None), (1.0, 0.4)):
        net = snn.Network(seed=1)
        net.add("in", snn.Input(6))
        net.add("hidden", snn.LIF(8, threshold=built))
        net.add("out", snn.LeakyIntegrator(3))
        net.connect("in", "hidden", snn.Dense())
        net.connect("hidden", "out", snn.Dense())
        session = _native.Session(net._finished(), device=device, batch_size=4)
        if changed is not None:
            session.write("hidden.threshold", np.array([changed]))
        trainer = _native.Trainer(session, output_population=2, steps=10, loss=1)
        values = np.random.default_rng(3).random((4, 6), np.float32)
        trainer.forward([(0, True, values)], np.array([0, 1, 2, 0], np.int32))
        trainer.backward()
        gradient = np.zeros((6, 8), np.float32)
        session.read("in_to_hidden.weight.gradient", gradient)
        gradients.append(gradient)
    assert np.abs(gradients[0]).max() > 0
    assert np.array_equal(gradients[0], gradients[1])
