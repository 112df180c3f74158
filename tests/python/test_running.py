"""Long runs: spikes as events, frames every few steps, functions between steps, what an end before its time leaves."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import snn
from snn import _inputs, _running
from snn.plot import raster

from .command_line import Command

VARIABLES = {"hidden": ["v", "spikes", "spike_count", "spike_events"], "output": ["spike_events", "spikes"]}
SETTINGS = [{"device": "reference"}, {"threads": 1}, {"threads": 3}]


@pytest.fixture
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for the events of four steps only, so that runs are cut."""
    monkeypatch.setattr(_running, "_EVENTS_AT_ONCE", 1)


def same_spikes(events: snn.SpikeEvents, spikes: np.ndarray) -> bool:
    steps, samples, neurons = np.nonzero(spikes.reshape(*spikes.shape[:2], -1))
    found = (events.steps, events.samples, events.neurons)
    return all(np.array_equal(mine, expected) for mine, expected in zip(found, (steps, samples, neurons), strict=True))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("cut", [False, True])
def test_events_are_the_recorded_spikes(
    chain: snn.Network, spikes: np.ndarray, settings: dict, cut: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cut:
        monkeypatch.setattr(_running, "_EVENTS_AT_ONCE", 1)
    with snn.Simulation(chain, batch_size=2, **settings) as sim:
        expected = sim.run(40, {"input": spikes}, {"hidden": ["v", "spikes", "spike_count"]})
        sim.reset()
        found = sim.run(40, {"input": spikes}, VARIABLES)
    events = found["hidden"]["spike_events"]
    assert len(events) > 10
    assert events.steps.dtype == events.neurons.dtype == np.uint32
    for variable in ("v", "spikes", "spike_count"):
        assert np.array_equal(found["hidden"][variable], expected["hidden"][variable])
    assert same_spikes(events, expected["hidden"]["spikes"])
    assert same_spikes(found["output"]["spike_events"], found["output"]["spikes"])
    assert np.array_equal(events.counts(), expected["hidden"]["spike_count"])
    assert (events.step_count, events.batch_size, events.shape, events.dropped) == (40, 2, (7,), 0)
    one = events.of(1)
    assert same_spikes(one, expected["hidden"]["spikes"][:, 1:])
    assert np.allclose(found.rates("hidden"), expected.rates("hidden"), rtol=1e-12)
    for sample in range(2):
        for mine, theirs in zip(
            found.spike_times("hidden", sample), expected.spike_times("hidden", sample), strict=True
        ):
            assert np.array_equal(mine, theirs)


def test_events_of_one_sample_and_of_silence() -> None:
    net = snn.Network()
    net.add("in", snn.Input(2))
    net.add("cells", snn.LIF(2))
    net.connect("in", "cells", snn.OneToOne(2.0))
    with snn.Simulation(net) as sim:
        run = sim.run(5, {"in": [1.0, 0.0]}, {"cells": "spike_events"})
        events = run["cells"]["spike_events"]
        assert set(events.neurons) == {0}
        assert not events.samples.any()
        assert run.first_step == 0
        later = sim.run(5, {"in": [1.0, 0.0]}, {"cells": "spike_events"})
        assert later["cells"]["spike_events"].steps.max() < 5  # since the run began
        assert later.spike_times("cells")[0].min() > 5.0
        sim.reset()
        silent = sim.run(5, {"in": [0.0, 0.0]}, {"cells": "spike_events"})
        assert len(silent["cells"]["spike_events"]) == 0
        assert silent.rates("cells").shape == (1, 2)
        nothing = sim.run(0, record={"cells": "spike_events"})
        assert (len(nothing["cells"]["spike_events"]), nothing.step_count) == (0, 0)
        with pytest.raises(snn.NotFoundError, match="input"):
            sim.run(1, record={"in": "spike_events"})


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize("maximum", [0, 1, 7, 20, 10**6])
def test_the_newest_events_are_kept(chain: snn.Network, spikes: np.ndarray, maximum: int) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        everything = sim.run(40, {"input": spikes}, {"hidden": "spike_events"})["hidden"]["spike_events"]
        sim.reset()
        run = sim.run(40, {"input": spikes}, {"hidden": "spike_events"}, max_events=maximum)
    kept = run["hidden"]["spike_events"]
    begin = max(0, len(everything) - maximum)
    assert (len(kept), kept.dropped) == (len(everything) - begin, begin)
    assert np.array_equal(kept.steps, everything.steps[begin:])
    assert np.array_equal(kept.neurons, everything.neurons[begin:])
    assert np.array_equal(kept.samples, everything.samples[begin:])
    if begin:
        with pytest.raises(snn.InvalidArgumentError, match=f"{begin} spike events of 'hidden' were dropped"):
            run.rates("hidden")


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("every", [1, 2, 7, 40])
def test_frames_every_few_steps(chain: snn.Network, spikes: np.ndarray, settings: dict, every: int) -> None:
    record = {"hidden": ["v", "spikes", "spike_count"]}
    with snn.Simulation(chain, batch_size=2, **settings) as sim:
        whole = sim.run(40, {"input": spikes}, record)
        sim.reset()
        some = sim.run(40, {"input": spikes}, record, every=every)
        sim.reset()
        cut = sim.run(40, {"input": spikes}, VARIABLES, every=every)
    rows = slice(every - 1, None, every)
    for run in (some, cut):
        assert np.array_equal(run["hidden"]["v"], whole["hidden"]["v"][rows])
        assert np.array_equal(run["hidden"]["spikes"], whole["hidden"]["spikes"][rows])
        assert np.array_equal(run["hidden"]["spike_count"], whole["hidden"]["spike_count"])
        assert np.array_equal(run.times, whole.times[rows])
        assert run.step_count == 40


def test_a_run_that_is_shorter_than_the_interval_warns(chain: snn.Network, spikes: np.ndarray) -> None:
    name = next(iter(chain.projections))
    record = {"hidden": ["v", "spike_count", "spike_events"], name: "weight"}
    with snn.Simulation(chain, batch_size=2) as sim:
        sentence = rf"nothing is recorded of hidden.v, {name}.weight: the run has 40 steps, and every is 41"
        with pytest.warns(UserWarning, match=sentence) as told:
            run = sim.run(40, {"input": spikes}, record, every=41)
        assert [one.filename for one in told] == [__file__]
        assert run["hidden"]["v"].shape == (0, 2, 7)
        assert run["hidden"]["spike_count"].sum() == len(run["hidden"]["spike_events"]) > 0
        assert (run.step_count, len(run.times)) == (40, 0)
        # Nothing is missing where nothing was asked for, or of no steps.
        sim.run(40, {"input": spikes}, {"hidden": "spike_count"}, every=41)
        sim.run(0, record=record, every=41)


def test_spikes_of_some_steps_have_no_times_and_rates(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        some = sim.run(40, {"input": spikes}, {"hidden": ["v", "spikes"]}, every=5)
        sim.reset()
        all_of_them = sim.run(40, {"input": spikes}, {"hidden": ["spikes", "spike_events"]}, every=5)
    for unknown in (some.rates, some.spike_times):
        with pytest.raises(
            snn.InvalidArgumentError, match=r"'hidden' were recorded every 5 steps only.*'spike_events'"
        ):
            unknown("hidden")
    events = all_of_them["hidden"]["spike_events"]
    assert all_of_them.rates("hidden").sum() == pytest.approx(len(events) * 1000 / (40 * chain.dt))
    assert len(all_of_them.spike_times("hidden", 1)[0]) == len(events.of(1)) > some["hidden"]["spikes"][:, 1].sum()


@pytest.mark.usefixtures("small_buffers")
def test_weights_are_recorded_as_they_change(chain: snn.Network, spikes: np.ndarray) -> None:
    name = next(iter(chain.projections))
    with snn.Simulation(chain, batch_size=2) as sim:
        shape = sim.get(f"{name}.weight").shape
        sim.on_steps(10, lambda sim: sim.set(f"{name}.weight", sim.step_count))
        run = sim.run(40, {"input": spikes}, {name: "weight", "hidden": ["v", "spike_events"]}, every=5)
    assert run[name]["weight"].shape == (8, *shape)
    # A function is called after the step's recording.
    assert [float(weight.max()) for weight in run[name]["weight"][2:]] == [10, 10, 20, 20, 30, 30]
    assert run["hidden"]["v"].shape == (8, 2, 7)
    with snn.Simulation(chain) as sim, pytest.raises(snn.NotFoundError, match="it has: weight"):
        sim.run(1, record={name: "gradient"})


def test_functions_between_steps(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        seen: list[tuple[str, int]] = []
        remove = sim.on_steps(3, lambda sim: seen.append(("three", sim.step_count)))
        sim.on_steps(4, lambda sim: seen.append(("four", sim.step_count)))
        sim.run(8)
        assert seen == [("three", 3), ("four", 4), ("three", 6), ("four", 8)]
        seen.clear()
        sim.step(4)  # multiples of all steps, not of those of a call
        assert seen == [("three", 9), ("three", 12), ("four", 12)]
        seen.clear()
        remove()
        remove()
        sim.run(4)
        assert seen == [("four", 16)]
        for wrong in (0, -1, 1.5):
            with pytest.raises((snn.InvalidArgumentError, snn.ArgumentTypeError), match="interval"):
                sim.on_steps(wrong, print)  # type: ignore[arg-type]
        with pytest.raises(snn.ArgumentTypeError, match="not callable"):
            sim.on_steps(1, None)  # type: ignore[arg-type]


def test_a_function_may_change_everything_but_time() -> None:
    net = snn.Network()
    net.add("in", snn.Input(1))
    net.add("cell", snn.LIF(1, threshold=1e9))
    net.connect("in", "cell", snn.OneToOne())
    with snn.Simulation(net) as sim:
        sim.on_steps(2, lambda sim: (sim.set("cell.v", 100.0), sim.set_input("in", [7.0])))
        voltages = sim.run(4, record={"cell": "v"})["cell"]["v"].ravel()
        assert voltages[1] == 0.0
        assert voltages[2] > 90.0
        calls = [
            lambda: sim.step(),
            lambda: sim.run(1),
            lambda: sim.advance(0.001),
            lambda: sim.reset(),
            lambda: sim.reset([0]),
            lambda: sim.load_state_memory(state),
            lambda: setattr(sim, "step_count", 50),
        ]
        state = sim.save_state_memory()
        for call in calls:
            remove = sim.on_steps(1, lambda _, call=call: call())
            with pytest.raises(snn.BusyError, match="on_steps"):
                sim.run(3)
            remove()
            sim.step()
            done = sim.step_count

            def made(begin: int, end: int, call=call) -> np.ndarray:
                call()
                return np.zeros((end - begin, 1))

            with pytest.raises(snn.BusyError, match="of an input may not") as caught:
                sim.run(3, made, {"cell": "v"})
            assert caught.value.recording.step_count == 0  # type: ignore[attr-defined]
            assert sim.step_count == done
            sim.step()


def test_a_function_does_not_set_what_the_run_was_given() -> None:
    net = snn.Network()
    net.add("given", snn.Input(1))
    net.add("spikes", snn.SpikeInput(1))
    net.add("free", snn.Input(1))
    net.add("cell", snn.IntegrateAndFire(1, threshold=1e9))
    for name in ("given", "spikes", "free"):
        net.connect(name, "cell", snn.OneToOne(1.0))
    forms = [[1.0], np.ones((6, 1)), lambda begin, end: np.ones((end - begin, 1))]
    events = snn.SpikeEvents([0, 3], [0, 0], shape=(1,), step_count=6, batch_size=1)
    calls = [(lambda sim: sim.set_input("given", [50.0]), "given", form) for form in forms]
    calls += [(lambda sim: sim.add_input_spikes("spikes", [0]), "spikes", events)]
    for call, name, form in calls:
        with snn.Simulation(net) as sim:
            remove = sim.on_steps(3, call)
            with pytest.raises(snn.StateError, match=f"input '{name}' was given to the run") as caught:
                sim.run(6, {name: form})
            assert caught.value.recording.step_count == 3  # type: ignore[attr-defined]
            remove()
            sim["cell.v"] = 0.0
            sim.on_steps(3, lambda sim: sim.set_input("free", [10.0]))
            sim.run(6, {name: form})
            assert sim["cell.v"][0, 0] >= 10.0
            call(sim)  # between runs it is as ever
            v = float(sim["cell.v"][0, 0])
            sim.step()
            assert sim["cell.v"][0, 0] == v + 10.0 + (50.0 if name == "given" else 1.0)


@pytest.mark.usefixtures("small_buffers")
def test_what_ends_a_run_leaves_what_was_recorded(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        whole = sim.run(40, {"input": spikes}, {"hidden": ["v", "spikes", "spike_count"]})

        enders = {
            KeyboardInterrupt: lambda: {"progress": lambda done, _: fail(KeyboardInterrupt()) if done == 20 else None},
            RuntimeError: lambda: sim.on_steps(20, lambda _: fail(RuntimeError("from the function"))) and {},
            snn.StoppedError: lambda: {"progress": lambda done, _: snn.STOP if done == 20 else None},
        }
        for kind, ender in enders.items():
            sim.reset()
            with pytest.raises(kind) as caught:
                sim.run(40, {"input": spikes}, VARIABLES, every=3, progress_interval=4, **ender())
            sim._between.functions.clear()
            left = caught.value.recording  # type: ignore[attr-defined]
            assert left.step_count == sim.step_count == 20
            assert np.array_equal(left["hidden"]["v"], whole["hidden"]["v"][2:20:3])
            assert np.array_equal(left["hidden"]["spike_count"], whole["hidden"]["spikes"][:20].sum(axis=0))
            assert same_spikes(left["hidden"]["spike_events"], whole["hidden"]["spikes"][:20])
            assert left["hidden"]["spike_events"].step_count == 20


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("call", ["run", "step"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_exception_takes_no_call_between_steps_away(
    chain: snn.Network, spikes: np.ndarray, call: str, error: type[BaseException]
) -> None:
    seen: list[int] = []
    with snn.Simulation(chain) as sim:
        sim.bind_input("input", np.ones_like(spikes[0, :1]))
        sim.on_steps(5, lambda sim: seen.append(sim.step_count))
        recorder = sim.recorder("hidden", "v")
        if call == "run":
            with pytest.raises(error) as caught:
                sim.run(40, progress=lambda done, _: fail(error()) if done == 15 else None, progress_interval=1)
            assert caught.value.recording.step_count == 15  # type: ignore[attr-defined]
        else:
            sim.on_spikes(lambda event: fail(error()) if event.step == 14 else None)
            with pytest.raises(error):
                sim.step(40)
            sim.on_spikes(None)
        assert len(recorder) == 15
        assert seen == [5, 10, 15]
        getattr(sim, call)(10)
        assert seen == [5, 10, 15, 20, 25]


def test_functions_that_are_due_are_all_called(chain: snn.Network) -> None:
    seen: list[str] = []
    with snn.Simulation(chain) as sim:
        sim.on_steps(2, lambda _: fail(ValueError("the first")))
        sim.on_steps(2, lambda _: seen.append("second"))
        sim.on_steps(2, lambda _: fail(KeyError("the third")))
        for advance in (sim.run, sim.step):
            with pytest.raises(ValueError, match="the first") as caught:
                advance(3)
            assert any("KeyError: 'the third'" in note for note in caught.value.__notes__)
        assert seen == ["second", "second"]
        assert sim.step_count == 4


def test_a_run_that_ends_before_its_first_step_calls_nothing(chain: snn.Network) -> None:
    seen: list[int] = []
    with snn.Simulation(chain) as sim:
        sim.on_steps(4, lambda sim: seen.append(sim.step_count))
        sim.run(4)
        with pytest.raises(RuntimeError, match="no input"):
            sim.run(4, {"input": lambda begin, end: fail(RuntimeError("no input"))})  # type: ignore[dict-item, return-value]
        assert seen == [4]


@pytest.mark.usefixtures("small_buffers")
def test_progress_is_told_at_its_interval_however_the_run_is_cut(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        seen: list[tuple[int, int]] = []
        sim.on_steps(7, lambda _: None)
        sim.run(
            40, {"input": spikes}, VARIABLES, progress=lambda *told: seen.append(told), progress_interval=15, every=4
        )
        assert seen == [(15, 40), (30, 40), (40, 40)]
        seen.clear()
        sim.on_spikes(lambda _: None)  # which has every step looked at
        sim.run(40, {"input": spikes}, progress=lambda *told: seen.append(told), progress_interval=15)
        assert seen == [(15, 40), (30, 40), (40, 40)]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("room", [1, 29, 1 << 22])
def test_input_that_a_function_makes_is_that_of_an_array(
    chain: snn.Network, spikes: np.ndarray, settings: dict, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_inputs, "_VALUES_AT_ONCE", room)
    asked: list[tuple[int, int]] = []

    def made(begin: int, end: int) -> np.ndarray:
        asked.append((begin, end))
        return spikes[begin:end]

    with snn.Simulation(chain, batch_size=2, **settings) as sim:
        expected = sim.run(40, {"input": spikes}, VARIABLES, every=3)
        sim.reset()
        found = sim.run(40, {"input": made}, VARIABLES, every=3)
        sim.reset()
        alone = sim.run(40, made, VARIABLES, every=3)
    frame = spikes[0].size
    part = max(1, room // frame)
    once = [(begin, min(begin + part, 40)) for begin in range(0, 40, part)]
    assert asked == once * 2
    for name, variable in [(name, variable) for name, variables in VARIABLES.items() for variable in variables]:
        for recording in (found, alone):
            mine, theirs = recording[name][variable], expected[name][variable]
            if variable == "spike_events":
                mine, theirs = [(one.steps, one.neurons, one.samples) for one in (mine, theirs)]
            assert np.array_equal(mine, theirs)
    assert expected["hidden"]["spike_count"].sum() > 0


def test_a_function_that_makes_wrong_input_is_told(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        with pytest.raises(
            snn.InvalidArgumentError,
            match=r"what the function of input 'input' returned for steps 0 to 39 has shape \(3, 2, .*must be \(40, 2, ",
        ) as caught:
            sim.run(40, {"input": lambda begin, end: spikes[:3]}, {"hidden": "v"})
        assert len(caught.value.recording["hidden"]["v"]) == 0
        with pytest.raises(snn.InvalidArgumentError, match=r"steps 0 to 39\[1, 0, .*is nan"):
            sim.run(40, {"input": lambda begin, end: np.where(np.arange(40)[:, None, None] == 1, np.nan, 0) + spikes})


def test_the_bar_of_a_run(chain: snn.Network, capsys: pytest.CaptureFixture[str]) -> None:
    with snn.Simulation(chain) as sim:
        assert sim.run(5000, record={"hidden": "spike_count"}, progress=True).step_count == 5000
        told = capsys.readouterr().out
        assert "step 5,000/5,000" in told
        assert "steps/s, real-time factor" in told
        sim.run(10, progress=False)
        assert capsys.readouterr().out == ""


def test_bad_arguments_of_a_run(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        for wrong in ({"every": 0}, {"every": 2.5}, {"max_events": -1}, {"progress": 3}):
            with pytest.raises((snn.InvalidArgumentError, snn.ArgumentTypeError), match=next(iter(wrong))):
                sim.run(1, **wrong)
        with pytest.raises(snn.NotFoundError, match="spike_events"):
            sim.run(1, record={"hidden": "spike_event"})
    assert repr(
        snn.SpikeEvents(np.zeros(2, np.uint32), np.zeros(2, np.uint32), shape=(3,), step_count=9, dropped=4)
    ) == ("<2 spike events of 9 steps, 4 older ones dropped>")


@pytest.fixture
def one_sample(chain: snn.Network, spikes: np.ndarray) -> Iterator[snn.Recording]:
    with snn.Simulation(chain) as sim:
        yield sim.run(40, {"input": spikes[:, :1]}, {"hidden": ["spikes", "spike_events"]})


def test_a_raster_of_events_is_that_of_the_frames(one_sample: snn.Recording) -> None:
    from matplotlib import pyplot

    drawn = []
    for spikes in (one_sample["hidden"]["spikes"][:, 0], one_sample["hidden"]["spike_events"]):
        axes = raster(spikes, dt=0.5)
        drawn.append((np.array(axes.collections[0].get_segments()), axes.get_xlim(), axes.get_ylim()))
        pyplot.close("all")
    assert len(drawn[0][0]) > 5
    assert np.array_equal(drawn[0][0], drawn[1][0])
    assert drawn[0][1:] == drawn[1][1:]
    events = one_sample["hidden"]["spike_events"]
    events.batch_size = 2
    with pytest.raises(snn.InvalidArgumentError, match="2 samples"):
        raster(events)


def test_the_command_line_writes_events(snn_command: Command, chain: snn.Network, tmp_path: Path) -> None:
    chain.save(tmp_path / "n.snn")
    told = snn_command(
        "run", tmp_path / "n.snn", "--steps", 50, "--input", "input=1", "--record", "hidden.spike_events", "--output",
        tmp_path / "events.npz",
    )  # fmt: skip
    assert "recorded to" in told.out
    with np.load(tmp_path / "events.npz") as written:
        columns = {f"hidden.spike_events.{column}" for column in ("steps", "neurons", "samples")}
        assert set(written) == {"recording", *columns}  # the first is what Recording.load goes by
        assert len(written["hidden.spike_events.steps"]) > 0


def test_counts_give_rates_when_events_were_dropped() -> None:
    net = snn.Network()
    net.add("source", snn.PoissonSource(5, rate=300.0))
    with snn.Simulation(net, seed=3) as sim:
        both = sim.run(500, record={"source": ["spike_count", "spike_events"]}, max_events=4)
        assert both["source"]["spike_events"].dropped > 0
        rates = both.rates("source")
        assert np.array_equal(rates, both["source"]["spike_count"] * 2.0)  # in half a second
        assert 200 < rates.mean() < 400
        assert sim.run(10, record={"source": "spike_count"}).rates("source").shape == (1, 5)


def test_a_variable_that_a_projection_lacks_is_named() -> None:
    net = snn.Network()
    net.add("source", snn.SpikeInput(5))
    net.add("cells", snn.LIF(3))
    net.connect("source", "cells", snn.Dense(weights=np.ones((5, 3))))
    with (
        snn.Simulation(net) as sim,
        pytest.raises(snn.NotFoundError, match=r"projection 'source_to_cells' has no 'delay'; it has: weight$"),
    ):
        sim.get("source_to_cells.delay")


def test_ctrl_c_ends_step() -> None:
    net = snn.Sequential(64, snn.Dense(64), snn.LIF())
    with snn.Simulation(net) as sim:
        timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                sim.step(2**31)
        finally:
            timer.cancel()
        assert 0 < sim.step_count < 2**31


def test_what_a_closed_simulation_looks_like() -> None:
    sim = snn.Simulation(snn.Sequential(4, snn.Dense(3), snn.LIF()))
    assert "on 'cpu'" in repr(sim)
    sim.close()
    assert "closed" in repr(sim)


@pytest.mark.parametrize("every", [1, 5])
def test_runs_that_are_joined_are_one_run(chain: snn.Network, spikes: np.ndarray, every: int) -> None:
    record = {"hidden": ["v", "spikes", "spike_count", "spike_events"], "hidden_to_output": "weight"}
    with snn.Simulation(chain, batch_size=2) as sim:
        sim.step(3)
        whole = sim.run(40, {"input": spikes}, record, every=every)
    with snn.Simulation(chain, batch_size=2) as sim:
        sim.step(3)
        parts = [sim.run(b - a, {"input": spikes[a:b]}, record, every=every) for a, b in ((0, 10), (10, 30), (30, 40))]
    joined = snn.Recording.joined(parts)
    assert len(whole["hidden"]["spike_events"]) > 10
    for variable in ("v", "spikes", "spike_count"):
        assert np.array_equal(joined["hidden"][variable], whole["hidden"][variable]), variable
        assert joined["hidden"][variable].dtype == whole["hidden"][variable].dtype
    assert np.array_equal(joined["hidden_to_output"]["weight"], whole["hidden_to_output"]["weight"])
    events, expected = joined["hidden"]["spike_events"], whole["hidden"]["spike_events"]
    for column in ("steps", "neurons", "samples", "times"):
        assert np.array_equal(getattr(events, column), getattr(expected, column)), column
    assert (joined.first_step, joined.step_count, events.step_count) == (3, 40, 40)
    assert np.array_equal(joined.times, whole.times)
    assert np.array_equal(joined.rates("hidden"), whole.rates("hidden"))


def test_runs_that_ended_between_two_rows_are_joined(chain: snn.Network, spikes: np.ndarray, tmp_path: Path) -> None:
    """As after Ctrl+C: the rows of the next run are counted from where it begins."""
    record = {"hidden": ["v", "spike_events", "spike_count"]}
    with snn.Simulation(chain, batch_size=2) as sim:
        whole = sim.run(40, {"input": spikes}, record)
        sim.reset()
        with pytest.warns(UserWarning, match="the run has 3 steps, and every is 4"):
            parts = [sim.run(b - a, {"input": spikes[a:b]}, record, every=4) for a, b in ((0, 10), (10, 13), (13, 40))]
    joined = snn.Recording.joined([snn.Recording.joined(parts[:2]), parts[2]])
    assert joined.steps.tolist() == [4, 8, 17, 21, 25, 29, 33, 37]
    assert np.array_equal(joined["hidden"]["v"], whole["hidden"]["v"][joined.steps - 1])
    assert np.array_equal(joined["hidden"]["spike_events"].steps, whole["hidden"]["spike_events"].steps)
    assert np.array_equal(joined.rates("hidden"), whole.rates("hidden"))
    joined.save(tmp_path / "joined.npz")
    again = snn.Recording.load(tmp_path / "joined.npz")
    assert (again.step_count, again.steps.tolist()) == (40, joined.steps.tolist())


def test_runs_that_cannot_be_joined(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        a, b, c = (sim.run(10, record={"hidden": ["v", "spike_events"]}, every=every) for every in (4, 4, 5))
        other = sim.run(10, record={"hidden": "v"}, every=4)
    for parts, sentence in (
        ([], "recordings is empty"),
        ([a, other], r"recordings\[1\] is <Recording .*it must have the variables of the first"),
        ([b, a], r"recordings\[1\] begins with step 0; the one before ended at 20"),
        ([b, c], r"recordings\[1\] has a row every 5 steps of 1 ms; the first one every 4"),
    ):
        with pytest.raises(snn.InvalidArgumentError, match=sentence):
            snn.Recording.joined(parts)
    first, second = a["hidden"]["spike_events"], b["hidden"]["spike_events"]
    with pytest.raises(snn.InvalidArgumentError, match=r"parts\[1\] begins with step 0; the one before ended at 20"):
        snn.SpikeEvents.joined([second, first])
    with pytest.raises(snn.ArgumentTypeError, match=r"recordings\[1\] is 3, not a Recording"):
        snn.Recording.joined([a, 3])  # type: ignore[list-item]


def test_an_interrupt_while_a_simulation_opens_is_raised() -> None:
    """Python looks for signals before it calls a handler of the log, which libsnn does as it opens."""

    class Interrupted(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise KeyboardInterrupt

    logger, handler = logging.getLogger("snn"), Interrupted()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with pytest.raises(KeyboardInterrupt):
            snn.Simulation(snn.Sequential(4, snn.Dense(2), snn.LIF()))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
