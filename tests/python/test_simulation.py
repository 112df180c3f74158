"""Running networks: time, inputs, recording, state, callbacks."""

from __future__ import annotations

import _thread
import gc
import logging
import math
import threading
import time
import weakref

import numpy as np
import pytest

import snn


def test_run_is_the_same_as_single_steps(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        whole = sim.run(40, {"input": spikes}, {"hidden": ["v", "spikes"], "output": ["spikes", "spike_count"]})
        assert sim.step_count == 40
        assert sim.time == 40.0
    assert whole["hidden"]["v"].shape == (40, 2, 7)
    assert whole["hidden"]["v"].dtype == np.float32
    assert whole["hidden"]["spikes"].dtype == np.bool_
    assert whole["hidden"]["spikes"].any()
    assert whole["output"]["spikes"].any()
    assert np.array_equal(whole["output"]["spike_count"], whole["output"]["spikes"].sum(axis=0))
    with snn.Simulation(chain, batch_size=2) as sim:
        for step in range(40):
            sim.step(inputs={"input": spikes[step]})
            assert np.array_equal(sim.get("hidden.v"), whole["hidden"]["v"][step])
            assert np.array_equal(sim["hidden.spikes"], whole["hidden"]["spikes"][step])
            for sample in range(2):
                expected = np.flatnonzero(whole["hidden"]["spikes"][step, sample])
                assert np.array_equal(sim.spikes("hidden", sample), expected)
        assert np.array_equal(sim.membrane_potentials("output"), sim.get("output.v"))


def test_reset_starts_anew(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        first = sim.run(40, {"input": spikes}, {"hidden": "v"})
        second = sim.run(40, {"input": spikes}, {"hidden": "v"})
        assert (first.first_step, second.first_step) == (0, 40)
        assert not np.array_equal(first["hidden"]["v"], second["hidden"]["v"])
        sim.reset()
        assert sim.step_count == 0
        again = sim.run(40, {"input": spikes}, {"hidden": "v"})
    assert np.array_equal(first["hidden"]["v"], again["hidden"]["v"])


def test_inputs_of_every_shape() -> None:
    net = snn.Network()
    net.add("image", snn.Input((1, 2, 3)))
    net.add("out", snn.LeakyIntegrator((1, 2, 3)))
    net.connect("image", "out", snn.OneToOne())
    values = np.arange(6, dtype=np.float64)

    def membrane(x: np.ndarray, batch: int = 1, steps: int = 4) -> np.ndarray:
        with snn.Simulation(net, batch_size=batch) as sim:
            return sim.run(steps, {"image": x}, {"out": "v"})["out"]["v"]

    held = membrane(values)
    assert held.shape == (4, 1, 1, 2, 3)
    shaped = values.reshape(1, 2, 3)
    for same in (
        shaped,
        values[None],
        shaped[None],
        np.broadcast_to(values, (4, 6)),
        np.broadcast_to(shaped, (4, 1, 2, 3)),
        np.broadcast_to(shaped, (4, 1, 1, 2, 3)),
        values.astype(np.int64),
        list(values),
    ):
        assert np.array_equal(membrane(np.asarray(same)), held)
    two = membrane(values, batch=2)
    assert np.array_equal(two[:, 0], held[:, 0])
    assert np.array_equal(two[:, 1], held[:, 0])
    assert np.array_equal(membrane(np.stack([values, 2 * values]), batch=2)[:, 1], 2 * held[:, 0])
    for wrong, batch, told in (
        (np.ones((7, 6)), 1, r"; 7 samples at once need snn.Simulation\(network, batch_size=7\)$"),
        (np.ones((4, 7, 1, 2, 3)), 2, r"; 7 samples at once need snn.Simulation\(network, batch_size=7\)$"),
        (np.ones((2, 4, 6)), 2, r"; it has samples first: x.swapaxes\(0, 1\)$"),
        (np.ones(5), 1, r"\(held\)$"),
    ):
        with pytest.raises(snn.InvalidArgumentError, match=told):
            membrane(wrong, batch=batch)


def test_bound_inputs_are_read_in_place(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain) as sim:
        expected = sim.run(40, {"input": spikes[:, :1]}, {"hidden": "v"})["hidden"]["v"]
    with snn.Simulation(chain) as sim:
        bound = sim.bind_input("input")
        assert bound.shape == (1, 12)
        for step in range(40):
            np.copyto(bound, spikes[step, :1])
            sim.step()
            assert np.array_equal(sim.get("hidden.v"), expected[step])
        mine = np.zeros((1, 12), np.float32)
        assert sim.bind_input("input", mine) is mine
        reference = weakref.ref(mine)
        del mine, bound
        gc.collect()
        assert reference() is not None
        sim.step()
        for given in (lambda: sim.run(2, spikes[:2, :1]), lambda: sim.step(1, {"input": spikes[0, 0]})):
            with pytest.raises(
                snn.StateError, match="input 'input' is bound to memory of the program and reads nothing else"
            ):
                given()
        sim.unbind_input("input")
        gc.collect()
        assert reference() is None
        with pytest.raises(snn.ArgumentTypeError, match="'input' has dtype float64"):
            sim.bind_input("input", np.zeros((1, 12)))  # type: ignore[arg-type]
        with pytest.raises(snn.InvalidArgumentError, match=r"has shape \(12, 2\)"):
            sim.bind_input("input", np.zeros((12, 2), np.float32))
        with pytest.raises(snn.InvalidArgumentError, match="C-contiguous"):
            sim.bind_input("input", np.zeros((1, 24), np.float32)[:, ::2])
        with pytest.raises(snn.ArgumentTypeError, match="type list"):
            sim.bind_input("input", [0.0] * 12)  # type: ignore[arg-type]


def test_values_stay_and_spikes_go() -> None:
    net = snn.Network()
    net.add("values", snn.Input(1))
    net.add("spikes", snn.SpikeInput(1))
    net.add("of_values", snn.IntegrateAndFire(1, threshold=1e6))
    net.add("of_spikes", snn.IntegrateAndFire(1, threshold=1e6))
    net.connect("values", "of_values", snn.OneToOne())
    net.connect("spikes", "of_spikes", snn.OneToOne())
    with snn.Simulation(net) as sim:
        sim.step(5, inputs={"values": [1.0], "spikes": [1.0]})
        assert sim.get("of_values.v").item() == 5.0
        assert sim.get("of_spikes.v").item() == 1.0


def test_state_can_be_read_and_written(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        sim.run(20, {"input": spikes[:20]})
        saved = {path: sim.get(path) for path in ("hidden.v", "output.v")}
        tail = sim.run(20, {"input": spikes[20:]}, {"output": "v"})["output"]["v"]
    with snn.Simulation(chain, batch_size=2) as sim:
        for path, values in saved.items():
            sim.set(path, values)
        assert np.array_equal(sim.run(20, {"input": spikes[20:]}, {"output": "v"})["output"]["v"], tail)
        sim["hidden.v"] = 0.25
        assert (sim["hidden.v"] == 0.25).all()
        sim["hidden.v"] = np.arange(7)
        assert np.array_equal(sim["hidden.v"][1], np.arange(7))
        with pytest.raises(snn.InvalidArgumentError, match=r"hidden.v has shape \(2, 7\); the values have \(3,\)"):
            sim["hidden.v"] = [1.0, 2.0, 3.0]
        with pytest.raises(snn.SnnError, match="spikes"):
            sim["hidden.spikes"] = 1.0


def test_weights_of_a_session_are_its_own(chain: snn.Network) -> None:
    before = chain.projections["input_to_hidden"].weights.copy()
    with snn.Simulation(chain) as sim, snn.Simulation(chain) as other:
        assert np.array_equal(sim["input_to_hidden.weight"], before)
        sim["input_to_hidden.weight"] = np.zeros((12, 7))
        assert not sim["input_to_hidden.weight"].any()
        assert np.array_equal(other["input_to_hidden.weight"], before)
        changed = sim.to_network()
    assert not changed.projections["input_to_hidden"].weights.any()
    assert np.array_equal(chain.projections["input_to_hidden"].weights, before)


def test_weights_of_one_source_are_not_those_of_all() -> None:
    net = snn.Sequential(snn.Input((2, 5, 5)), snn.Conv2d(3, 3), snn.LIF(), snn.Dense(3), snn.LIF())
    with snn.Simulation(net, batch_size=2) as sim:
        for name, projection in net.projections.items():
            shape = projection.weights.shape
            with pytest.raises(snn.InvalidArgumentError, match=rf"{name}\.weight has shape .*; the values have"):
                sim[f"{name}.weight"] = np.ones(shape[1:])
            sim[f"{name}.weight"] = 0.5
            assert (sim[f"{name}.weight"] == 0.5).all()
        membranes = np.arange(3.0)
        sim["output.v"] = membranes  # samples do share values
        assert np.array_equal(sim["output.v"], [membranes] * 2)
    with snn.Simulation(net, batch_size=2, sample_weights=True) as sim:
        name = "hidden_to_output"
        weights = net.projections[name].weights + 1.0
        sim[f"{name}.weight"] = weights
        assert np.array_equal(sim[f"{name}.weight"], [weights] * 2)
        with pytest.raises(snn.InvalidArgumentError, match=r"weight\[1\] has shape .*; the values have"):
            sim[f"{name}.weight[1]"] = weights[0]


def test_history_of_delayed_populations() -> None:
    net = snn.Network()
    net.add("in", snn.SpikeInput(4))
    net.add("out", snn.LIF(2))
    net.connect("in", "out", snn.Dense(delay_steps=3))
    with snn.Simulation(net, batch_size=2) as sim:
        x = np.zeros((2, 4), np.float32)
        x[1, 2] = 1
        sim.step(inputs={"in": x})
        sim.step()
        history = sim.get("in.history")
        assert history.shape == (3, 2, 4)
        assert np.argwhere(history).tolist() == [[1, 1, 2]]


def test_a_budget_carries_steps_to_the_next_call(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        assert sim.advance(0.005, budget=0) == 1
        assert sim.advance(0.0, budget=1e30) == 4
        assert sim.advance(0.002) == 2
        assert sim.step_count == 7
        for wrong in (-1.0, float("nan")):
            with pytest.raises(snn.InvalidArgumentError, match="budget"):
                sim.advance(0.001, wrong)


@pytest.mark.parametrize(
    "settings", [{"device": "reference"}, {"threads": 1}, {"threads": 3}, {"device": "vulkan"}], ids=str
)
def test_looks_for_an_interrupt_change_nothing(
    chain: snn.Network,
    spikes: np.ndarray,
    settings: dict,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    frames = (
        0.0405,
        0.0605,
        0.3,
        0.0,
        0.1003,
        0.7,
        0.5,
        0.0361,
    )  # of more and fewer steps, with remainders and dropped time
    with (
        snn.Simulation(chain, batch_size=2, **settings) as sim,
        snn.Simulation(chain, batch_size=2, **settings) as plain,
    ):
        for one in (sim, plain):
            one.bind_input("input", spikes[0])
            one.reset()
        caplog.clear()
        expected = [plain._session.run_step(frame) for frame in frames]
        told = caplog.messages.copy()
        caplog.clear()
        monkeypatch.setattr("snn._between.LOOK_S", 0.0)  # a look after each step
        assert [sim.advance(frame) for frame in frames] == expected
        assert expected == [40, 61, 250, 0, 100, 250, 250, 36]
        assert caplog.messages == told
        assert sum("time is dropped" in message for message in told) == 2
        for path in ("hidden.v", "hidden.spikes", "output.v"):
            assert np.array_equal(sim[path], plain[path]), path
        assert sim.counters == plain.counters
        assert [one.advance(0.0009) for one in (sim, plain)] == [1, 1]  # the remainder is that of one call
        # A budget is one for all of it.
        assert sim.advance(0.05, budget=30) == 50
        assert 1 <= sim.advance(0.05, budget=1e-9) < 50


def test_an_interrupt_ends_a_frame_and_the_rest_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    net = snn.Network()
    net.add("cells", snn.LIF(5000))
    with snn.Simulation(net, device="reference", max_catch_up=1.0) as sim:
        sim.step(3)
        begin = time.perf_counter()
        sim.step(5)
        step = (time.perf_counter() - begin) / 5
        monkeypatch.setattr("snn._between.LOOK_S", step)
        sim.reset()
        interrupt = threading.Timer(20 * step, _thread.interrupt_main)
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            sim.advance(0.3)
        done = sim.step_count
        assert 1 < done < 250
        assert sim.advance(0.0, budget=0) == 1
        assert sim.advance(0.0) == 300 - done - 1


def test_what_a_callback_raises_ends_a_long_frame(
    chain: snn.Network, spikes: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snn._between.LOOK_S", 0.0)
    calls = []

    def fail(event: snn.SpikeEvent) -> None:
        calls.append(event.step)
        raise RuntimeError("from the callback")

    with snn.Simulation(chain, batch_size=2) as sim:
        sim.bind_input("input", spikes[0])
        sim.on_spikes(fail)
        with pytest.raises(RuntimeError, match="from the callback"):
            sim.advance(0.2)
        assert calls == [sim.step_count - 1]
        sim.on_spikes(None)
        assert sim.advance(0.0) == 200 - calls[0] - 1


def test_advance_carries_the_remainder(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        sim.advance(0.0025)
        assert sim.step_count == 2
        sim.advance(0.0026)
        assert sim.step_count == 5
        for wrong in (float("nan"), -1.0, float("inf")):
            with pytest.raises(snn.InvalidArgumentError, match="seconds is"):
                sim.advance(wrong)


def test_recordings_know_times_and_rates(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        recording = sim.run(40, {"input": spikes}, {"hidden": ["spikes"], "output": ["v"]})
    assert recording.step_count == 40
    assert recording.times.tolist() == list(range(1, 41))
    times, neurons = recording.spike_times("hidden", sample=1)
    assert times.size == recording["hidden"]["spikes"][:, 1].sum()
    assert all(recording["hidden"]["spikes"][int(t) - 1, 1, n] for t, n in zip(times, neurons, strict=True))
    assert np.allclose(recording.rates("hidden"), recording["hidden"]["spikes"].mean(axis=0) * 1000)
    with pytest.raises(snn.InvalidArgumentError, match="spikes of 'output' were not recorded; only v"):
        recording.rates("output")
    with pytest.raises(snn.NotFoundError, match="recorded population 'input'; there are: hidden, output"):
        _ = recording["input"]
    with pytest.raises(snn.InvalidArgumentError, match="sample is 2"):
        recording.spike_times("hidden", sample=2)
    assert set(recording) == {"hidden", "output"}
    assert len(recording) == 2
    assert "hidden.spikes" in repr(recording)


def test_recorders_follow_weights_and_traces_of_a_projection() -> None:
    net = snn.Network()
    net.add("source", snn.SpikeInput(3))
    net.add("target", snn.LIF(2))
    net.connect("source", "target", snn.Sparse.all_to_all(weight=0.6, plasticity=snn.PairSTDP()), name="learning")
    events = (np.random.default_rng(1).random((20, 3)) < 0.4).astype(np.float32)
    with snn.Simulation(net) as sim:
        expected = sim.run(20, {"source": events}, {"learning": ["weight", "recent_arrivals"]})["learning"]
    with snn.Simulation(net) as sim:
        recorder = sim.recorder("learning", ["weight", "recent_arrivals"])
        for now in events:
            sim.step(inputs={"source": now})
        assert np.ptp(recorder["weight"]) > 0
        for name in ("weight", "recent_arrivals"):
            assert np.array_equal(recorder.recording["learning"][name], expected[name])
        with pytest.raises(
            snn.NotFoundError, match="projection 'learning' has nothing to record that is named 'bias'; it has: weight"
        ):
            sim.recorder("learning", "bias")


def test_recorders_follow_single_steps(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        expected = sim.run(10, {"input": spikes[:10]}, {"hidden": ["v", "spikes"]})["hidden"]
    with snn.Simulation(chain, batch_size=2) as sim:
        recorder = sim.recorder("hidden", ["v", "spikes"])
        assert recorder["v"].shape == (0, 2, 7)
        for step in range(10):
            sim.step(inputs={"input": spikes[step]})
        assert len(recorder) == 10
        assert np.array_equal(recorder["v"], expected["v"])
        assert np.array_equal(recorder.recording["hidden"]["spikes"], expected["spikes"])
        recorder.clear()
        sim.step(3)
        assert recorder["v"].shape == (3, 2, 7)
        assert recorder.recording.times.tolist() == [11, 12, 13]
        recorder.stop()
        sim.step()
        assert len(recorder) == 3
        with pytest.raises(
            snn.NotFoundError, match=r"population 'hidden' has no variable 'u'; it has: v, refractory_left, spikes$"
        ):
            sim.recorder("hidden", "u")
        with pytest.raises(snn.NotFoundError, match=r"no variable 'spike_events'.*; did you mean 'spikes'"):
            sim.recorder("hidden", "spike_events")
        for none in ([], {}):
            with pytest.raises(snn.InvalidArgumentError, match="what to record of population 'hidden' is empty"):
                sim.recorder("hidden", none)
        assert len(sim._between.recorders) == 0
        with pytest.raises(snn.NotFoundError, match="recorded variable 'u'"):
            _ = recorder["u"]


@pytest.mark.parametrize("call", ["run", "advance", "advance within a budget"])
def test_recorders_follow_longer_calls(chain: snn.Network, spikes: np.ndarray, call: str) -> None:
    with snn.Simulation(chain, batch_size=2) as sim, snn.Simulation(chain, batch_size=2) as plain:
        for one in (sim, plain):
            one.set_input("input", spikes[0])
        expected = plain.run(30, record={"hidden": ["v", "spikes"]})
        recorder = sim.recorder("hidden", ["v", "spikes"])
        if call == "run":
            recording = sim.run(30, record={"hidden": ["v", "spikes"]})
            assert np.array_equal(recording["hidden"]["v"], expected["hidden"]["v"])
        elif call == "advance":
            # Half a step that is left is due at the next call.
            assert [sim.advance(count * chain.dt / 1000) for count in (10.5, 0, 0.5, 19)] == [10, 0, 1, 19]
        else:
            assert [sim.advance(29.5 * chain.dt / 1000, budget=0)] == [1]
            assert [sim.advance(0, budget=0) for _ in range(3)] == [1, 1, 1]
            assert [sim.advance(0.5 * chain.dt / 1000, budget=60)] == [26]
        assert list(recorder.recording.steps) == list(range(1, 31))
        for name in ("v", "spikes"):
            assert np.array_equal(recorder[name], expected["hidden"][name])
        assert recorder["spikes"].any()
        recorder.stop()
        sim.advance(0.005)
        assert len(recorder) == 30


def test_spike_callbacks(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        events: list[snn.SpikeEvent] = []
        membranes = []

        def callback(event: snn.SpikeEvent) -> None:
            events.append(event)
            membranes.append(sim.get("hidden.v"))

        sim.on_spikes(callback)
        recording = sim.run(40, {"input": spikes}, {"hidden": "spikes", "output": "spikes"})
        counted = {"hidden": np.zeros((40, 2, 7), bool), "output": np.zeros((40, 2, 3), bool)}
        for event in events:
            assert event.neurons.size > 0
            assert (np.diff(event.neurons.astype(int)) > 0).all()
            counted[event.population][event.step, event.sample, event.neurons] = True
        for name, array in counted.items():
            assert np.array_equal(array, recording[name]["spikes"])
        total = len(events)
        sim.on_spikes(None)
        sim.run(40, {"input": spikes})
        assert len(events) == total
        with pytest.raises(snn.ArgumentTypeError, match="callback is 3"):
            sim.on_spikes(3)  # type: ignore[arg-type]


def test_what_a_callback_raises_comes_out(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        calls = []

        def fail(event: snn.SpikeEvent) -> None:
            calls.append(event)
            raise RuntimeError("from the callback")

        sim.on_spikes(fail)
        with pytest.raises(RuntimeError, match="from the callback"):
            sim.run(40, {"input": spikes})
        assert len(calls) == 1
        assert sim.step_count == calls[0].step + 1  # the run ended with that step
        sim.bind_input("input", np.ones(spikes.shape[1:], np.float32))
        for advance, progress in (
            (sim.step, {}),
            (sim.run, {}),
            (sim.run, {"progress": print, "progress_interval": 1000}),
        ):
            sim.reset()
            calls.clear()
            with pytest.raises(RuntimeError, match="from the callback"):
                advance(100_000, **progress)
            assert sim.step_count == calls[0].step + 1
        sim.reset()
        calls.clear()
        with pytest.raises(RuntimeError, match="from the callback"):
            sim.step(20)
        assert sim.step_count == calls[0].step + 1
        sim.on_spikes(None)
        sim.unbind_input("input")
        sim.step()

        def meddle(event: snn.SpikeEvent) -> None:
            sim.step()

        sim.on_spikes(meddle)
        with pytest.raises(snn.BusyError):
            sim.run(40, {"input": spikes})
        sim.on_spikes(None)
        assert sim.run(1).step_count == 1


def test_progress_can_stop_a_run(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        seen = []
        sim.run(100, progress=lambda done, total: seen.append((done, total)), progress_interval=30)
        assert seen[:3] == [(30, 100), (60, 100), (90, 100)]
        stop = lambda done, _: snn.STOP if done >= 50 else None  # noqa: E731
        with pytest.raises(snn.StoppedError) as caught:
            sim.run(100, {}, {"hidden": "v"}, progress=stop, progress_interval=10)
        assert caught.value.recording["hidden"]["v"].shape == (50, 1, 7)  # type: ignore[attr-defined]
        assert sim.step_count == 150

        def fail(done: int, total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            sim.run(100, progress=fail, progress_interval=10)
        sim.step()


def test_what_is_added_later_is_not_in_a_simulation(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain) as sim:
        names = list(chain.populations)
        chain.add("input2", snn.SpikeInput(2))
        chain.add("later", snn.LIF(2))
        chain.connect("input2", "later", snn.Dense(), name="between")
        sim.run(2, spikes[:2, 0])  # the only input needs no name
        sentence = f"there is no population.* 'later'; .*: {', '.join(names)}"
        for look in (
            lambda: sim["later.v"],
            lambda: sim.recorder("later", "v"),
            lambda: sim.run(1, record={"later": "v"}),
            lambda: sim.spikes("later"),
            lambda: sim.membrane_potentials("later"),
        ):
            with pytest.raises(snn.NotFoundError, match=sentence):
                look()
        with pytest.raises(snn.NotFoundError, match="no population 'input2'"):
            sim.set_input("input2", np.ones(2))
        for look in (lambda: sim.recorder("between", "weight"), lambda: sim.run(1, record={"between": "weight"})):
            with pytest.raises(snn.NotFoundError, match="no population 'between'"):
                look()
        with pytest.raises(snn.NotFoundError, match="no projection 'between'; there are: input_to_hidden"):
            sim.signal("between")
        with pytest.raises(snn.InvalidArgumentError, match="'later' belongs to another network"):
            sim.spikes(chain["later"])  # type: ignore[arg-type]
        assert sim.step_count == 2
    with snn.Simulation(chain) as sim:
        assert sim["later.v"].shape == (1, 2)


def test_a_simulation_keeps_its_network_alive(chain: snn.Network, spikes: np.ndarray) -> None:
    twin = chain.copy()
    sim = snn.Simulation(twin, batch_size=2)
    view = twin._finished().projection_arrays(0).weights
    del twin
    gc.collect()
    sim.run(40, {"input": spikes})
    sim.close()
    assert np.array_equal(view.reshape(12, 7), chain.projections["input_to_hidden"].weights)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1.0


def test_the_log_tells_of_opening_and_of_dropped_time(chain: snn.Network, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="snn"), snn.Simulation(chain, instruction_set="scalar") as sim:
        sim.advance(0.25)  # as much as one call may make up for
        assert [record.levelname for record in caplog.records] == ["INFO"]
        assert "device 'cpu' (scalar, 1 thread)" in caplog.messages[0]
        sim.advance(0.5)
        sim.advance(0.5)
        assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
        assert "time is dropped" in caplog.messages[1]
        assert sim.step_count == 750
        sim.recorder("hidden", "v")
        sim.advance(0.5)
        sim.advance(0.5)
        assert len(caplog.records) == 2


def test_frames_of_small_steps_are_run_whole() -> None:
    net = snn.Network(dt=0.1)
    net.add("cells", snn.LIF(1))
    with snn.Simulation(net) as sim:
        assert sim.advance(0.02) == 200
        assert sum(sim.advance(1 / 60) for _ in range(60)) in (9999, 10000)
        assert sim.advance(1.0) == 2500
    with snn.Simulation(net, max_catch_up=0.05) as sim:
        assert sim.advance(0.02) == 200
        assert sim.advance(1.0) == 500
    with pytest.raises(snn.InvalidArgumentError, match=r"max_catch_up is 5e-05 s, less than a step of 0\.1 ms"):
        snn.Simulation(net, max_catch_up=0.00005)
    with pytest.raises(snn.InvalidArgumentError, match="max_catch_up is inf"):
        snn.Simulation(net, max_catch_up=math.inf)


def test_closed_simulations(chain: snn.Network) -> None:
    sim = snn.Simulation(chain)
    sim.close()
    sim.close()
    for use in (
        sim.step,
        sim.reset,
        lambda: sim.run(3),
        lambda: sim.step_count,
        lambda: sim.spikes("hidden"),
        lambda: sim.get("hidden.v"),
    ):
        with pytest.raises(snn.InvalidHandleError):
            use()


def test_two_threads_in_one_simulation(chain: snn.Network) -> None:
    big = snn.Sequential(snn.SpikeInput(64), snn.Dense(512), snn.LIF(), snn.Dense(512), snn.LIF())
    with snn.Simulation(big, batch_size=8) as sim:
        inside, leave = threading.Event(), threading.Event()

        def wait(done: int, total: int) -> bool:
            inside.set()
            return leave.wait(10) and False

        thread = threading.Thread(target=lambda: sim.run(2, progress=wait, progress_interval=1))
        thread.start()
        assert inside.wait(10)
        with pytest.raises(snn.BusyError):
            sim.step()
        leave.set()
        thread.join()
        sim.step()


def test_simulations_run_in_parallel(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        expected = sim.run(40, {"input": spikes}, {"output": "v"})["output"]["v"]
    results: list[np.ndarray] = []

    def work() -> None:
        with snn.Simulation(chain, batch_size=2) as mine:
            for _ in range(20):
                mine.reset()
                results.append(mine.run(40, {"input": spikes}, {"output": "v"})["output"]["v"])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80
    assert all(np.array_equal(result, expected) for result in results)


@pytest.mark.parametrize("threads", [1, 3])
def test_weights_of_bundled_projections_are_read_and_written_in_canonical_order(threads) -> None:
    # Several projections from one population share rows; each must find its own weights, on every device alike.
    rng = np.random.default_rng(3)
    net = snn.Network()
    net.add("a", snn.PoissonSource(40, rate=200.0))
    net.add("b", snn.LIF(300))
    net.add("c", snn.CurrentLIF(200))
    for name, target, receptor in (("first", "b", None), ("second", "c", "current"), ("third", "c", "inhibitory")):
        size = 300 if target == "b" else 200
        connection = snn.Sparse.from_arrays(
            rng.integers(0, 40, 3000),
            rng.integers(0, size, 3000),
            rng.uniform(-1, 1, 3000),
            rng.integers(1, 6, 3000),
            trainable=False,
            receptor=receptor,
        )
        net.connect("a", target, connection, name=name)
    changed = {name: np.round(rng.uniform(-1, 1, 3000) * 1024) / 1024 for name in ("first", "second", "third")}
    results = []
    for device in ("cpu", "reference"):
        with snn.Simulation(net, device=device, threads=threads, seed=5) as sim:
            for name, projection in net.projections.items():
                assert np.array_equal(sim.get(f"{name}.weight"), projection.weights)
            for name, weights in changed.items():
                sim.set(f"{name}.weight", weights)
                assert np.array_equal(sim.get(f"{name}.weight"), weights)
            sim.step(60)
            results.append([sim.get("b.v"), sim.get("c.v"), sim.get("b.spikes")])
            assert np.array_equal(sim.to_network().projections["third"].weights, changed["third"])
    for mine, its in zip(*results, strict=True):
        assert np.array_equal(mine, its)


def test_a_population_in_pieces_reports_its_spikes_in_ascending_order() -> None:
    net = snn.Network(0.1)
    net.add("n", snn.DrivenCurrentLIF(20000, background_rate=15000.0, background_weight=0.02))
    net.connect("n", "n", snn.Sparse.fixed_indegree(20, weight=-0.001, delay=snn.Uniform(3, 9), trainable=False))
    seen = []
    for threads in (1, 4):
        with snn.Simulation(net, threads=threads) as sim:
            sim.step(200)
            neurons = sim.spikes("n")
            assert (np.diff(neurons.astype(np.int64)) > 0).all()
            seen.append((neurons, sim.get("n.v")))
    assert seen[0][0].size > 5
    assert np.array_equal(seen[0][0], seen[1][0])
    assert np.array_equal(seen[0][1], seen[1][1])
