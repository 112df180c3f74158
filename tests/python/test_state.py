"""Saving a simulation and going on from it: elsewhere, later, bit for bit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import snn

PLACES = [{"device": "reference"}, {"threads": 1}, {"threads": 3}, {"threads": 2, "instruction_set": "scalar"}]
RECORD = {"cells": ["v", "spikes", "spike_events"], "source": "spikes"}


def network(seed: int = 4, **parameters: float) -> snn.Network:
    """Inputs of both kinds, delays, draws, synapses that are bundled and others that are not."""
    net = snn.Network(seed=seed)
    net.add("spikes", snn.SpikeInput(12))
    net.add("values", snn.Input(5))
    net.add("source", snn.PoissonSource(20, rate=80.0))
    net.add("cells", snn.DrivenLIF(60, background_rate=400.0, background_weight=0.15, **parameters))
    net.connect("spikes", "cells", snn.Dense(delay_steps=4))
    net.connect("values", "cells", snn.Dense())
    net.connect(
        "source", "cells", snn.Sparse.fixed_indegree(4, weight=0.3, delay=snn.Uniform(1.0, 9.0), trainable=False)
    )
    weight, delay = snn.Normal(-0.1, 0.05), snn.Uniform(2.0, 5.0)
    back = snn.Sparse.fixed_indegree(6, weight=weight, delay=delay, trainable=False)
    net.connect("cells", "cells", back, name="back")
    return net


def frames() -> np.ndarray:
    return (np.random.default_rng(7).random((60, 2, 12)) < 0.2).astype(np.float32)


@pytest.mark.parametrize("here", PLACES, ids=str)
def test_a_run_goes_on_elsewhere(here: dict, tmp_path: Path) -> None:
    net = network()
    path = tmp_path / "half.state"
    weights = np.random.default_rng(2).normal(0.2, 0.1, (12, 60))
    with snn.Simulation(net, batch_size=2, seed=9, **here) as sim:
        sim.set("spikes_to_cells.weight", weights)
        sim.set("cells.threshold", 0.9)
        sim.set_input("values", [0.1, 0.0, 0.2, 0.0, 0.3])
        sim.run(30, {"spikes": frames()[:30]})
        sim.save_state(path)
        expected = sim.run(30, {"spikes": frames()[30:]}, RECORD)
        counters = sim.counters
    assert 0 < expected["cells"]["spikes"].mean() < 0.5
    for there in PLACES:
        with snn.Simulation(net, batch_size=2, **there) as sim:
            sim.run(7)
            sim.load_state(path)
            assert sim.step_count == 30
            assert np.array_equal(sim.get("spikes_to_cells.weight"), weights.astype(np.float32))
            found = sim.run(30, {"spikes": frames()[30:]}, RECORD)
            assert sim.counters == counters
        assert np.array_equal(found["cells"]["v"], expected["cells"]["v"])
        assert np.array_equal(found["cells"]["spikes"], expected["cells"]["spikes"])
        assert np.array_equal(found["source"]["spikes"], expected["source"]["spikes"])
        assert np.array_equal(found["cells"]["spike_events"].steps, expected["cells"]["spike_events"].steps)


def test_a_network_from_a_file_takes_the_state(tmp_path: Path) -> None:
    """Rules became arrays there, definitions text: it is the same network."""
    net = network()
    net.save(tmp_path / "net.snn")
    with snn.Simulation(net) as sim:
        sim.run(20)
        sim.save_state(tmp_path / "net.state")
        expected = sim.run(20, record={"cells": "v"})
    with snn.Simulation(snn.load(tmp_path / "net.snn")) as sim:
        sim.load_state(tmp_path / "net.state")
        found = sim.run(20, record={"cells": "v"})
    assert np.array_equal(found["cells"]["v"], expected["cells"]["v"])


def plastic(**values: float) -> snn.Network:
    """Two plastic projections with delays, by rule and as arrays, of different rules, one of them in a ring."""
    net = snn.Network(seed=3)
    net.add("source", snn.PoissonSource(30, rate=60.0))
    net.add("cells", snn.DrivenLIF(70, background_rate=400.0, background_weight=0.15))
    pairs, delay = snn.PairSTDP(w_max=0.4, **values), snn.Uniform(1.0, 6.0)
    net.connect(
        "source", "cells", snn.Sparse.fixed_indegree(9, weight=snn.Uniform(0.1, 0.4), delay=delay, plasticity=pairs)
    )
    rng = np.random.default_rng(8)
    ends = rng.integers(0, 70, (2, 600))
    triplets = snn.TripletSTDP(w_max=0.1, a3_minus=0.002, pairing="nearest")
    back = snn.Sparse.from_arrays(*ends, rng.uniform(0, 0.1, 600), delays=rng.integers(1, 5, 600), plasticity=triplets)
    net.connect("cells", "cells", back, name="back")
    return net


@pytest.mark.parametrize("here", PLACES, ids=str)
def test_what_plasticity_remembers_goes_on_elsewhere(here: dict, tmp_path: Path) -> None:
    net = plastic()
    names = ("source_to_cells.weight", "back.weight")
    with snn.Simulation(net, seed=5, **here) as sim:
        sim.run(40)
        halfway = [sim.get(name) for name in names]
        sim.save_state(tmp_path / "half.state")
        expected = sim.run(50, record={"cells": "spikes"})["cells"]["spikes"]
        weights = [sim.get(name) for name in names]
        counters = sim.counters
    assert all((one != other).mean() > 0.5 for one, other in zip(halfway, weights, strict=True))
    for there in (*PLACES, {"threads": 8}):
        with snn.Simulation(net, **there) as sim:
            sim.run(9)
            sim.load_state(tmp_path / "half.state")
            sim.save_state(tmp_path / "again.state")
            assert (tmp_path / "again.state").read_bytes() == (tmp_path / "half.state").read_bytes()
            assert all(np.array_equal(sim.get(name), own) for name, own in zip(names, halfway, strict=True))
            assert np.array_equal(sim.run(50, record={"cells": "spikes"})["cells"]["spikes"], expected)
            assert all(np.array_equal(sim.get(name), own) for name, own in zip(names, weights, strict=True))
            assert sim.counters == counters


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_a_state_may_be_saved_right_after_a_signal(tmp_path: Path, device: str) -> None:
    net = snn.Network(dt=1.0)
    net.add("source", snn.SpikeInput(6))
    net.add("cells", snn.LIF(4))
    rule = snn.RewardSTDP()
    net.connect("source", "cells", snn.Sparse.all_to_all(weight=0.3, plasticity=rule), name="synapses")
    spikes = np.random.default_rng(2).random((30, 1, 6)) < 0.6
    with snn.Simulation(net, device=device) as sim:
        sim.run(30, {"source": spikes})
        sim.signal("synapses", 1.0)
        sim.save_state(tmp_path / "state")
        sim.run(30, {"source": spikes})
        sim.signal("synapses", -0.5)
        ahead = sim.get("synapses.weight")
    with snn.Simulation(net) as sim:
        sim.load_state(tmp_path / "state")
        learned = sim.get("synapses.weight")
        sim.run(30, {"source": spikes})
        sim.signal("synapses", -0.5)
        np.testing.assert_array_equal(sim.get("synapses.weight"), ahead)
        assert not np.array_equal(learned, ahead)


def test_a_state_of_other_plasticity_is_refused(tmp_path: Path) -> None:
    with snn.Simulation(plastic()) as sim:
        sim.run(20)
        sim.save_state(tmp_path / "net.state")
    with (
        snn.Simulation(plastic(tau_plus=15.0)) as sim,
        pytest.raises(
            snn.InvalidArgumentError, match=r"'source_to_cells' is .* tau_plus 15, .* it was .* tau_plus 20,"
        ),
    ):
        sim.load_state(tmp_path / "net.state")
    with safe_open(tmp_path / "net.state", "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        document = file.metadata()
    assert tensors["source_to_cells.pre_traces"].shape == (1, 30, 6)
    assert tensors["back.post_traces"].shape == (2, 70)
    for name, value, words in (
        ("back.post_age", 0, "out of range"),
        ("back.post_traces", -1.0, "out of range"),
        ("back.weight", 0.2, r"the rule keeps weights from 0 \(w_min\) to 0.1 \(w_max\)"),
        ("source_to_cells.pre_age", 2**30, "out of range"),
    ):
        changed = {key: array.copy() for key, array in tensors.items()}
        changed[name].flat[3] = value
        save_file(changed, tmp_path / "bad.state", document)
        with snn.Simulation(plastic()) as sim, pytest.raises(snn.FormatError, match=words):
            sim.load_state(tmp_path / "bad.state")


def test_a_state_goes_on_with_the_weights_of_a_network_that_was_trained_further(tmp_path: Path) -> None:
    """As the error says: it is loaded in a session of the old network, which then takes the new weights."""
    old, new = network(), network()
    new.projections["spikes_to_cells"].weights[...] *= 2
    new.save(tmp_path / "new.snn")
    with snn.Simulation(old) as sim:
        sim.run(20)
        sim.save_state(tmp_path / "a.state")
        v, steps = sim["cells.v"], sim.step_count
    with (
        snn.Simulation(new) as sim,
        pytest.raises(snn.InvalidArgumentError, match="session of that network, which then takes the new weights"),
    ):
        sim.load_state(tmp_path / "a.state")
    with snn.Simulation(old) as sim:
        sim.load_state(tmp_path / "a.state")
        sim.load_weights(tmp_path / "new.snn")
        np.testing.assert_array_equal(sim["cells.v"], v)
        assert sim.step_count == steps
        np.testing.assert_array_equal(
            sim["spikes_to_cells.weight"].ravel(), new.projections["spikes_to_cells"].weights.ravel()
        )


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.state"
    with snn.Simulation(network()) as sim:
        sim.save_state(path)
    with snn.Simulation(network(seed=5)) as sim:
        with pytest.raises(snn.InvalidArgumentError, match="'spikes_to_cells' has other weights"):
            sim.load_state(path)
        assert sim.step_count == 0
    with snn.Simulation(network(), batch_size=3) as sim, pytest.raises(snn.InvalidArgumentError, match="batch_size 3"):
        sim.load_state(path)
    # Another value of a parameter is a matter of the state, which brings its own.
    with snn.Simulation(network(threshold=0.5)) as sim:
        sim.load_state(path)
        assert float(sim.get("cells.threshold")) == 1.0


def test_anyone_can_look_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.state"
    with snn.Simulation(network(), batch_size=2, seed=2**64 - 1) as sim:
        sim.run(11)
        sim.save_state(path)
        v = sim.get("cells.v")
        assert sim.seed == 2**64 - 1
    with snn.Simulation(network(), batch_size=2, seed=3) as sim:
        assert sim.seed == 3
        sim.load_state(path)
        assert sim.seed == 2**64 - 1
    with safe_open(path, "np") as file:
        document = json.loads(file.metadata()["snn_state"])
        assert (document["steps"], document["batch_size"], document["seed"]) == (11, 2, 2**64 - 1)
        assert np.array_equal(file.get_tensor("cells.state.v"), v)
        assert file.get_tensor("cells.history").shape == (5, 2, 60)
        assert "spikes_to_cells.weight" not in file.keys()  # noqa: SIM118


@pytest.mark.parametrize(
    ("own_weights", "expected"), [(False, "ad111097871df738"), (True, "9e89c4ebe9300149")], ids=str
)
def test_the_bytes_of_a_state_stay(own_weights: bool, expected: str) -> None:
    """Every kind of tensor. Another hash is another format, other spikes, or another definition of a model or rule."""
    net = snn.Network(seed=4)
    net.add("spikes", snn.SpikeInput(12))
    net.add("values", snn.Input(5))
    net.add("cells", snn.DrivenLIF(60, background_rate=400.0, background_weight=0.15))
    net.connect("spikes", "cells", snn.Dense(weights=np.linspace(-0.1, 0.4, 720).reshape(12, 60), delay_steps=4))
    net.connect("values", "cells", snn.Dense(weights=np.full((5, 60), 0.125), bias=np.full(60, 0.015625)))
    if not own_weights:
        pairs, delay = snn.PairSTDP(w_max=0.4), snn.Uniform(1.0, 6.0)
        net.connect(
            "cells", "cells", snn.Sparse.fixed_indegree(9, weight=0.1, delay=delay, plasticity=pairs), name="pairs"
        )
        net.connect("spikes", "cells", snn.Sparse.all_to_all(weight=0.3, plasticity=snn.RewardSTDP()), name="rewarded")
    with snn.Simulation(net, batch_size=1 + own_weights, seed=9, sample_weights=own_weights) as sim:
        sim.set("values_to_cells.weight", np.full(sim.get("values_to_cells.weight").shape, 0.25))
        sim.set("cells.threshold", np.linspace(0.75, 1.25, 60))
        sim.set_input("values", [0.125, 0.0, 0.25, 0.0, 0.5])
        for step in range(40):
            sim.set_input("spikes", (np.arange(12) + step) % 5 == 0)
            sim.step()
        sim.set_input("spikes", np.ones(12))
        if not own_weights:
            sim.set("pairs.tau_plus", 16.0)
            sim.signal("rewarded", 0.5)
        assert hashlib.sha256(sim.save_state_memory()).hexdigest()[:16] == expected


def test_bad_calls(tmp_path: Path) -> None:
    with snn.Simulation(network()) as sim:
        with pytest.raises(snn.FileError, match="no_such"):
            sim.load_state(tmp_path / "no_such.state")
        with pytest.raises(snn.ArgumentTypeError, match="path"):
            sim.save_state(3)  # type: ignore[arg-type]
        (tmp_path / "junk").write_bytes(b"0123456789" * 9)
        with pytest.raises(snn.FormatError, match="not a state file"):
            sim.load_state(tmp_path / "junk")
        sim.save_state(tmp_path / "here.state")
        with pytest.raises(
            snn.FormatError, match=r"here\.state' is the state of a simulation, not a network: .*load_state"
        ):
            snn.load(tmp_path / "here.state")
        with pytest.raises(snn.FormatError, match=r"junk': .*not a \.snn file"):
            snn.load(tmp_path / "junk")
        remove = sim.on_steps(1, lambda sim: sim.load_state(tmp_path / "junk"))
        with pytest.raises(snn.BusyError, match="on_steps"):
            sim.step()
        remove()
        sim.on_steps(5, lambda sim: sim.save_state(tmp_path / f"{sim.step_count}.state"))
        sim.run(12)
        sim.load_state(tmp_path / "10.state")
        assert sim.step_count == 10


def test_a_state_is_kept_in_memory(tmp_path: Path) -> None:
    with snn.Simulation(network(), batch_size=2) as sim, snn.Simulation(network(), batch_size=2) as other:
        sim.run(30, {"spikes": frames()[:30]})
        sim.save_state(tmp_path / "half.state")
        kept = sim.save_state_memory()
        assert kept == (tmp_path / "half.state").read_bytes()
        expected = sim.run(30, {"spikes": frames()[30:]}, RECORD)
        for data in (kept, bytearray(kept), memoryview(kept)):
            other.load_state_memory(data)
            found = other.run(30, {"spikes": frames()[30:]}, RECORD)
            np.testing.assert_array_equal(found["cells"]["v"], expected["cells"]["v"])
        for wrong, message in ((kept[:-1], "data_offsets"), (b"", "the file has 0 bytes; too short for a state file")):
            with pytest.raises(snn.FormatError, match=message):
                other.load_state_memory(wrong)
        with pytest.raises(TypeError, match="the state has type str; it must be bytes"):
            other.load_state_memory("half.state")
        assert other.step_count == 60


@pytest.mark.parametrize("to", ["cpu", "reference"])
def test_states_that_are_infinite_or_nan_go_on(to: str, tmp_path: Path) -> None:
    """A run can make them. A checkpoint that could be written and not read would be lost."""
    net = snn.Network(dt=1.0)
    net.add("input", snn.Input(1))
    net.add("cells", snn.LeakyIntegrator(3))
    net.connect("input", "cells", snn.Dense(weights=np.float32([[3e38, 1.0, -3e38]])))
    with snn.Simulation(net) as sim, snn.Simulation(net, device=to) as other:
        sim.run(9, {"input": np.full((9, 1, 1), 30.0, np.float32)})
        sim.run(1, {"input": np.full((1, 1, 1), -30.0, np.float32)})
        assert list(np.isfinite(sim["cells.v"][0])) == [False, True, False]
        sim.save_state(tmp_path / "state")
        other.load_state(tmp_path / "state")
        np.testing.assert_array_equal(other["cells.v"], sim["cells.v"])
        for one in (sim, other):
            one.run(3, {"input": np.full((3, 1, 1), 1.0, np.float32)})
        np.testing.assert_array_equal(other["cells.v"], sim["cells.v"])
