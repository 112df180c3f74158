"""What tests of several devices share: a network of connections by rule, all that a session gives of it, and comparing."""

from __future__ import annotations

import numpy as np

import snn


def check_equal(expected: list[np.ndarray], found: list[np.ndarray], what: object = "") -> None:
    assert len(found) == len(expected)
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        np.testing.assert_array_equal(one, other, f"{what} result {number}")


def column(rule: snn.Plasticity | None = None) -> snn.Network:
    """Connection rules of every kind, some of which learn."""
    net = snn.Network(dt=0.5, seed=3)
    net.add("drive", snn.PoissonSource(100, rate=80.0))
    net.add("exc", snn.LIF(300, tau_membrane=8.0))
    net.add("inh", snn.LIF(90, tau_membrane=5.0))
    delays = snn.Uniform(1.5, 4.0)
    learns = {} if rule is None else {"plasticity": rule}
    weight = snn.Uniform(0.1, 0.4)
    net.connect("drive", "exc", snn.Sparse.fixed_indegree(20, weight=weight, delay=delays, **learns), name="de")
    net.connect("exc", "exc", snn.Sparse.fixed_total(3000, weight=weight, delay=delays, **learns), name="ee")
    net.connect("exc", "inh", snn.Sparse.fixed_probability(0.1, weight=weight, delay=delays, **learns), name="ei")
    net.connect("inh", "exc", snn.Sparse.fixed_probability(0.2, weight=-0.3, delay=delays, trainable=False), name="ie")
    return net


RECORD = {"exc": ["v", "spikes", "spike_count", "spike_events"], "inh": ["spike_count"], "drive": ["spike_events"]}


def outcome(net: snn.Network, device: str, batch: int = 1) -> list[np.ndarray]:
    """Records of every kind, at an interval, in runs that end within a window; then what is read from the session."""
    seen: list[int] = []
    with snn.Simulation(net, device=device, batch_size=batch, seed=11) as sim:
        recording = sim.run(95, record=RECORD, every=7)
        sim.on_spikes(lambda event: seen.extend([event.sample, *event.neurons]))
        sim["exc.tau_membrane"] = np.linspace(5.0, 9.0, 300)
        sim["exc.v"] = sim["exc.v"] * np.float32(0.5)
        for _ in range(9):
            sim.step()
        sim.step(20)
        found = [recording["exc"]["v"], recording["exc"]["spikes"], recording["exc"]["spike_count"]]
        found.append(recording["inh"]["spike_count"])
        for name in ("exc", "drive"):
            events = recording[name]["spike_events"]
            found += [np.asarray(events.steps), np.asarray(events.neurons), np.asarray(events.samples)]
        found += [
            sim[path] for path in ("exc.v", "inh.v", "exc.spikes", "de.weight", "ee.weight", "ei.weight", "ie.weight")
        ]
        counters = sim.counters
        found.append(np.array([counters.spikes, counters.synaptic_events, counters.steps]))
    assert found[4].size > 50
    return [*found, np.array(seen)]
