"""What was recorded survives its process: recordings are written to files and read again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

import snn

RECORD = {"hidden": ["v", "spikes", "spike_count", "spike_events"], "hidden_to_output": "weight"}


@pytest.fixture(scope="module")
def net() -> snn.Network:
    return snn.Sequential(snn.SpikeInput((2, 4)), snn.Dense(12), snn.LIF(), snn.Dense(3), snn.LIF(), seed=2)


@pytest.fixture(scope="module")
def spikes() -> np.ndarray:
    return (np.random.Generator(np.random.Philox(5)).random((40, 2, 2, 4)) < 0.5).astype(np.float32)


def assert_equal(read: snn.Recording, written: snn.Recording) -> None:
    assert {name: list(variables) for name, variables in read.items()} == {
        name: list(variables) for name, variables in written.items()
    }
    for name in ("dt", "first_step", "step_count", "every"):
        assert getattr(read, name) == getattr(written, name), name
    for population, variables in written.items():
        for name, array in variables.items():
            found = read[population][name]
            if name == "spike_events":
                for column in ("steps", "neurons", "samples"):
                    assert np.array_equal(getattr(found, column), getattr(array, column)), column
                for told in ("shape", "step_count", "batch_size", "dropped", "dt", "first_step"):
                    assert getattr(found, told) == getattr(array, told), told
            else:
                assert found.dtype == array.dtype
                assert found.tobytes() == array.tobytes(), (population, name)


def test_a_recording_is_read_as_it_was_written(net: snn.Network, spikes: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "run"  # no suffix is added
    with snn.Simulation(net, batch_size=2) as sim:
        sim.step(3)
        run = sim.run(40, {"input": spikes}, RECORD, every=5, max_events=20)
    assert run["hidden"]["spike_events"].dropped > 0
    run.save(path)
    read = snn.Recording.load(path)
    assert_equal(read, run)
    assert np.array_equal(read.rates("hidden"), run.rates("hidden"))
    with np.load(path) as file:
        assert np.array_equal(file["hidden.v"], run["hidden"]["v"])
        assert np.array_equal(file["hidden.spike_events.neurons"], run["hidden"]["spike_events"].neurons)


def test_parts_of_a_job_that_was_killed_are_one_run(net: snn.Network, spikes: np.ndarray, tmp_path: Path) -> None:
    state, inputs = tmp_path / "job.state", spikes[:, :1]

    def process(threads: int, last: int) -> None:
        with snn.Simulation(net, threads=threads) as sim:
            if state.exists():
                sim.load_state(state)
            while (at := sim.step_count) < last:
                sim.run(10, {"input": inputs[at : at + 10]}, RECORD).save(tmp_path / f"part{sim.step_count:03}.npz")
                sim.save_state(state)

    process(1, 20)
    process(2, 40)
    with snn.Simulation(net) as sim:
        whole = sim.run(40, {"input": inputs}, RECORD)
    parts = sorted(tmp_path.glob("part*.npz"))
    assert len(parts) == 4
    assert len(whole["hidden"]["spike_events"]) > 10
    assert_equal(snn.Recording.joined(map(snn.Recording.load, parts)), whole)


def test_counts_are_whole_however_long_a_run_is(net: snn.Network, spikes: np.ndarray, tmp_path: Path) -> None:
    """float32 has no number between 2**24 and 2**24 + 2."""
    with snn.Simulation(net, batch_size=2) as sim:
        run = sim.run(40, {"input": spikes}, {"hidden": ["spike_count", "spikes"]})
    counts = run["hidden"]["spike_count"]
    assert counts.dtype == np.int64
    assert np.array_equal(counts, run["hidden"]["spikes"].sum(axis=0))
    largest = np.unravel_index(np.argmax(counts), counts.shape)
    assert counts[largest] % 2 == 1
    before = snn.Recording({"hidden": {"spike_count": np.full_like(counts, 2**24)}}, run.dt, step_count=2**24)
    after = snn.Recording({"hidden": {"spike_count": counts}}, run.dt, 2**24, step_count=40)
    whole = snn.Recording.joined([before, after])
    whole.save(tmp_path / "whole.npz")
    for found in (whole, snn.Recording.load(tmp_path / "whole.npz")):
        assert np.array_equal(found["hidden"]["spike_count"], 2**24 + counts)
        seconds = (2**24 + 40) * run.dt / 1000
        assert found.rates("hidden")[largest] == pytest.approx((2**24 + counts[largest]) / seconds, rel=1e-14)
    # Also where the program that made a recording counted in float32.
    part = snn.Recording({"hidden": {"spike_count": counts.astype(np.float32)}}, run.dt, step_count=40)
    rest = snn.Recording({"hidden": {"spike_count": np.float32(counts * 0 + 2**24)}}, run.dt, 40, step_count=2**24)
    assert np.array_equal(snn.Recording.joined([part, rest])["hidden"]["spike_count"], 2**24 + counts)
    rate = part.rates("hidden")[largest]
    assert (rate.dtype, rate) == (np.float64, counts[largest] * (1000 / (run.dt * 40)))


def test_a_file_that_is_no_recording(net: snn.Network, tmp_path: Path) -> None:
    with snn.Simulation(net) as sim:
        run = sim.run(4, record={"output": "v"})
    path = tmp_path / "run.npz"
    run.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(snn.FormatError, match=r"run\.npz' is not a recording, or is damaged"):
        snn.Recording.load(path)
    np.savez(path, v=np.zeros(3))
    with pytest.raises(snn.FormatError, match=r"run\.npz' is not a recording, or is damaged"):
        snn.Recording.load(path)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(snn.FormatError, match=r"one\.npy' is not a recording, or is damaged"):
        snn.Recording.load(tmp_path / "one.npy")
    with pytest.raises(snn.FileError, match=r"recording '.*none\.npz' cannot be read: No such file"):
        snn.Recording.load(tmp_path / "none.npz")
    with pytest.raises(snn.FileError, match=r"recording '.*run\.npz' cannot be written: No such file"):
        run.save(tmp_path / "folder/run.npz")
    with pytest.raises(snn.FileError, match=r"recording '.*' cannot be written: it is no regular file"):
        run.save(tmp_path)
    with pytest.raises(snn.ArgumentTypeError, match="the path is 3, neither a string nor a Path"):
        run.save(3)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_the_umask_says_who_may_read_what_is_written(net: snn.Network, tmp_path: Path) -> None:
    trainer = snn.Trainer(net, steps=4, epochs=1)
    trainer.fit(np.ones((8, 2, 4), np.float32), np.arange(8) % 3)
    with snn.Simulation(net) as sim:
        run = sim.run(4, record={"output": "v"})
        for umask in (0o022, 0o077):
            before = os.umask(umask)
            try:
                trainer.save_checkpoint(tmp_path / "run.npz")
                run.save(tmp_path / "recording.npz")
                sim.save_state(tmp_path / "brain.state")
                net.save(tmp_path / "brain.snn")
            finally:
                os.umask(before)
            for file in tmp_path.iterdir():
                assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask, file.name
                file.unlink()


def test_rows_of_a_recorder_have_the_times_of_their_steps(net: snn.Network, spikes: np.ndarray, tmp_path: Path) -> None:
    with snn.Simulation(net, threads=1) as sim:
        state = sim.save_state_memory()
        sim.run(10)
        recorder = sim.recorder("hidden", ["v", "spikes"])
        assert recorder.recording.times.size == 0
        sim.step(2)
        first = recorder.recording
        assert first.first_step == 10
        assert list(first.steps) == [11, 12]
        recorder.clear()
        sim.step(2)
        sim.step_count = 114  # as where a device was given steps by the program
        sim.run(1)
        sim.step_count = 118
        sim.advance(net.dt / 1000)
        gaps = recorder.recording
        sim.load_state_memory(state)
        sim.step(1)
        sim.reset()
        sim.step(2)
    assert list(gaps.steps) == [13, 14, 115, 119]
    assert list(gaps.times) == [step * net.dt for step in gaps.steps]
    assert list(recorder.recording.steps) == [13, 14, 115, 119, 1, 1, 2]
    gaps.save(tmp_path / "gaps")
    read = snn.Recording.load(tmp_path / "gaps")
    assert_equal(read, gaps)
    assert np.array_equal(read.steps, gaps.steps)
    with snn.Simulation(net) as sim:
        sim.step_count = 119
        after = sim.recorder("hidden", ["v", "spikes"])
        sim.step(2)
    whole = snn.Recording.joined([first, read, after.recording])
    assert list(whole.steps) == [11, 12, 13, 14, 115, 119, 120, 121]
    assert len(whole["hidden"]["v"]) == whole.step_count == 8
    with pytest.raises(snn.InvalidArgumentError, match="begins with step 10; the one before ended at 119"):
        snn.Recording.joined([gaps, first])
    with pytest.raises(snn.InvalidArgumentError, match="steps has 1 entries; there are 2 rows"):
        snn.Recording(dict(first), net.dt, steps=[1])


def test_a_recorder_that_went_on_over_a_reset_ends_where_its_last_row_is(net: snn.Network) -> None:
    with snn.Simulation(net, threads=1) as sim:
        recorder = sim.recorder("hidden", "v")
        sim.step(5)
        sim.reset()
        sim.step(2)
        before = recorder.recording
        after = sim.run(3, record={"hidden": "v"})
    assert list(snn.Recording.joined([before, after]).steps) == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


def test_a_recording_without_rows_tells_how_many_there_may_be(net: snn.Network) -> None:
    with snn.Simulation(net, threads=1) as sim:
        run = sim.run(13, record={"hidden": ["v", "spike_count", "spike_events"]}, every=5)
    hidden = run["hidden"]
    # Events cover all steps, rows only whole intervals.
    events = snn.Recording({"hidden": {name: hidden[name] for name in ("v", "spike_events")}}, net.dt, every=5)
    assert events.step_count == 13
    assert snn.Recording({"hidden": {"v": hidden["v"]}}, net.dt, every=5).step_count == 10
    counts = {"hidden": {"spike_count": hidden["spike_count"]}}
    assert list(snn.Recording(counts, net.dt, step_count=13, every=5, steps=[7]).steps) == [7]
    with pytest.raises(snn.InvalidArgumentError, match="steps has 3 entries; there are at most 2 rows"):
        snn.Recording(counts, net.dt, step_count=13, every=5, steps=[1, 2, 3])
    with pytest.raises(snn.InvalidArgumentError, match=r"steps has shape \(1, 2\); it must be one-dimensional"):
        snn.Recording(counts, net.dt, step_count=13, every=5, steps=[[5, 10]])


def test_a_row_that_was_interrupted_is_left_out(net: snn.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    get = snn.Simulation.get

    def interrupted(self: snn.Simulation, path: str) -> np.ndarray:
        if path == "hidden.spikes" and self.step_count == 3:
            raise KeyboardInterrupt
        return get(self, path)

    monkeypatch.setattr(snn.Simulation, "get", interrupted)
    with snn.Simulation(net) as sim:
        recorder = sim.recorder("hidden", ["v", "spikes"])
        with pytest.raises(KeyboardInterrupt):
            sim.step(10)
        sim.step(2)
    assert list(recorder.recording.steps) == [1, 2, 4, 5]
    assert len(recorder["v"]) == len(recorder["spikes"]) == 4
