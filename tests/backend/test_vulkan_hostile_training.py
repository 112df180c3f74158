"""Training whose device fails in the middle of a pass or of an update."""

from __future__ import annotations

import numpy as np
import pytest

import snn
from snn.engine import _native

from .together import check_equal
from .vulkan_meddler import DEVICE_LOST, Meddler
from .vulkan_renderer import Renderer


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that the host does not see: all that it reads and writes is then a call that can fail."""
    monkeypatch.setenv("SNN_VULKAN_MEMORY", "hidden")


def test_a_training_pass_that_ended_early_is_followed_by_a_reset(renderer: Renderer) -> None:
    net = snn.Network(dt=1.0, seed=2)
    net.add("in", snn.Input(20))
    net.add("cells", snn.LIF(30, tau_membrane=8.0))
    net.add("out", snn.LIF(4))
    net.connect("in", "cells", snn.Dense())
    net.connect("cells", "out", snn.Dense())
    frames = [(0, False, np.random.default_rng(1).uniform(0, 1, (6, 3, 20)).astype(np.float32))]
    meddler = Meddler(renderer)
    wait = meddler.spoil("vkWaitForFences")
    with snn.Simulation(net, device=meddler.host(), batch_size=3) as sim:
        trainer = _native.Trainer(sim._session, output_population=net["out"]._index, steps=6)
        wanted = trainer.forward(frames, labels=np.zeros(3, np.int32)).loss
        failures = 0
        for call in range(1, 20):
            wait.fails_at = call
            try:
                trainer.forward(frames, labels=np.zeros(3, np.int32))
            except snn.OutOfMemoryError:
                failures += 1
                wait.fails_at = 0
                assert sim.step_count == 0  # it was reset
                assert not sim["cells.v"].any()
                sim.step()
                assert trainer.forward(frames, labels=np.zeros(3, np.int32)).loss == wanted  # it begins with a reset
                sim.step()
                continue
            break
    assert failures >= 2


@pytest.fixture
def trained() -> snn.Network:
    net = snn.Network(dt=1.0, seed=2)
    net.add("in", snn.Input(20))
    net.add("cells", snn.LIF(30, tau_membrane=8.0))
    net.add("out", snn.LIF(4))
    net.connect("in", "cells", snn.Dense(init=0.4))
    net.connect("cells", "cells", snn.Dense(delay_steps=3, init=0.1))
    net.connect("cells", "out", snn.Dense(bias=np.full(4, 0.1)), name="last")
    return net


FRAMES = [(0, False, np.random.default_rng(1).uniform(0, 1, (6, 3, 20)).astype(np.float32))]


def gone_back(sim: snn.Simulation, net: snn.Network) -> _native.Trainer:
    """A trainer that has gone forward and back, and has not updated the weights yet."""
    trainer = _native.Trainer(sim._session, output_population=net["out"]._index, steps=6, learning_rate=0.05)
    trainer.forward(FRAMES, labels=np.arange(3, dtype=np.int32))
    trainer.backward()
    return trainer


def test_a_device_that_is_lost_in_training_stays_lost(renderer: Renderer, trained: snn.Network) -> None:
    meddler = Meddler(renderer)
    with snn.Simulation(trained, device=meddler.host(), batch_size=3) as sim:
        trainer = gone_back(sim, trained)
        meddler.refusal = DEVICE_LOST
        for attempt in (
            lambda: trainer.forward(FRAMES, labels=np.arange(3, dtype=np.int32)),
            sim.step,
            lambda: sim["cells.v"],
        ):
            with pytest.raises(snn.DeviceLostError, match="it was lost"):
                attempt()


@pytest.mark.parametrize("first", ["read", "step"])
def test_what_training_has_computed_comes_to_the_session_after_an_error_too(
    renderer: Renderer, trained: snn.Network, first: str
) -> None:
    """Activity of the last run goes to the rings of delays, and weights to the kernels of steps: by whoever asks next."""

    def asked(sim: snn.Simulation) -> list[np.ndarray]:
        found = [sim["cells.spikes"], sim["last.weight"]] if first == "read" else []
        sim.step(2)
        return [*found, sim["cells.v"], sim["out.v"], sim["cells.spikes"], sim["last.weight"], sim["last.bias"]]

    with snn.Simulation(trained, device=renderer.host(), batch_size=3) as sim:
        gone_back(sim, trained).update()
        expected = asked(sim)
        assert expected[0].any()
    meddler = Meddler(renderer)
    submit = meddler.spoil("vkQueueSubmit")
    failures = 0
    with snn.Simulation(trained, device=meddler.host(), batch_size=3) as sim:
        begun = sim.save_state_memory()
        for call in range(1, 40):
            sim.load_state_memory(begun)
            gone_back(sim, trained).update()
            submit.fails_at = call
            try:
                if first == "read":
                    sim["cells.spikes"]
                else:
                    sim.step(2)
            except snn.OutOfMemoryError:
                failures += 1
                check_equal(expected, asked(sim))
                continue
            break
    assert failures > 6  # downloads and uploads of weights, biases and three steps of activity


def test_an_update_that_ended_in_the_middle_is_not_gone_on_from(renderer: Renderer, trained: snn.Network) -> None:
    meddler = Meddler(renderer)
    submit, wait = meddler.spoil("vkQueueSubmit"), meddler.spoil("vkWaitForFences")
    with snn.Simulation(trained, device=meddler.host(), batch_size=3) as sim:
        begun = sim.save_state_memory()
        before = sim["last.weight"]
        trainer = gone_back(sim, trained)
        submit.fails_at = 1  # nothing has changed
        with pytest.raises(snn.OutOfMemoryError, match="could not take work"):
            trainer.update()
        np.testing.assert_array_equal(sim["last.weight"], before)
        sim.step()
        trainer = gone_back(sim, trained)
        wait.fails_at = 1
        with pytest.raises(snn.OutOfMemoryError, match="could not finish its work"):
            trainer.update()
        attempts = [sim.step, lambda: trainer.forward(FRAMES, labels=np.arange(3, dtype=np.int32))]
        for attempt in attempts:
            with pytest.raises(snn.StateError, match="left weights of projection 'in_to_cells' unset or half changed"):
                attempt()
        for path in ("in_to_cells.weight", "cells_to_cells.weight", "last.weight"):
            sim[path] = sim[path]
        with pytest.raises(snn.StateError, match="left biases of projection 'last' unset or half changed"):
            sim.step()
        sim["last.bias"] = sim["last.bias"]
        sim.step()
        assert (sim["last.weight"] != before).any()
        sim.load_state_memory(begun)
        gone_back(sim, trained).update()
