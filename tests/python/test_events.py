"""Published event files: real readers on small files that these tests write, byte by byte as the formats say."""

from __future__ import annotations

import struct
import threading
import warnings

import numpy as np
import pytest

import snn

Spike = tuple[float, int]  # milliseconds, unit


def write_heidelberg(path, samples: list[list[Spike]], labels: list[int]) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        for name, column, dtype in (("times", 0, np.float16), ("units", 1, np.uint16)):
            data = file.create_dataset(f"spikes/{name}", (len(samples),), h5py.vlen_dtype(dtype))
            for index, spikes in enumerate(samples):
                scale = 1e-3 if name == "times" else 1
                data[index] = np.array([spike[column] * scale for spike in spikes], dtype)
        file["labels"] = np.array(labels, np.uint16)


def n_mnist_bytes(events: list[tuple[int, int, int, int]]) -> bytes:
    """(x, y, polarity, microseconds)."""
    return b"".join(bytes([x, y]) + (p << 23 | t).to_bytes(3, "big") for x, y, p, t in events)


def aedat_bytes(packets: list[tuple[int, int, list[tuple[int, int, int, int, int]]]], capacity: int = 0) -> bytes:
    """Packets of (type, overflow, [(x, y, polarity, microseconds, valid)])."""
    data = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n"
    for kind, overflow, events in packets:
        room = max(capacity, len(events))
        data += struct.pack("<HHIIIIII", kind, 1, 8, 4, overflow, room, len(events), len(events))
        for x, y, p, t, valid in events:
            data += struct.pack("<II", x << 17 | y << 2 | p << 1 | valid, t)
        data += bytes(8 * (room - len(events)))
    return data


def test_heidelberg_files_are_binned(tmp_path) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed: pip install '.[events]'")
    path = tmp_path / "shd.h5"
    write_heidelberg(path, [[(1.0, 3), (1.5, 3), (12.0, 699), (40.0, 1)], [(5.0, 0)]], [4, 19])
    data = snn.events.heidelberg(path, steps=3, step_ms=10.0, binary=False)
    assert data.shape == (2, 3, 700)
    assert data.y.tolist() == [4, 19]
    assert [(*place, data[0][tuple(place)]) for place in np.argwhere(data[0]).tolist()] == [(0, 3, 2.0), (1, 699, 1.0)]
    both = snn.events.heidelberg(path, steps=5, step_ms=10.0)[:]
    assert both.shape == (2, 5, 700)
    assert both[0, 0, 3] == 1.0
    assert both[0, 4, 1] == 1.0
    assert both.sum() == 4.0
    with pytest.raises(snn.FileError, match=r"missing\.h5"):
        snn.events.heidelberg(tmp_path / "missing.h5", steps=3, step_ms=10.0)
    import h5py

    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["labels"] = np.zeros(3)
    with pytest.raises(snn.FormatError, match="is no file of SHD or SSC"):
        snn.events.heidelberg(tmp_path / "other.h5", steps=3, step_ms=10.0)
    write_heidelberg(tmp_path / "wide.h5", [[(1.0, 700)]], [0])
    with pytest.raises(snn.FormatError, match="event of unit 700"):
        snn.events.heidelberg(tmp_path / "wide.h5", steps=3, step_ms=10.0)


def test_n_mnist_files_are_read_bit_by_bit(tmp_path) -> None:
    for digit, name, events in (
        (0, "00002.bin", [(0, 0, 0, 0), (33, 5, 1, 70_000), (1, 240, 0, 0), (2, 3, 1, 71_000)]),
        (0, "00001.bin", [(7, 8, 1, 299_999)]),
        (7, "00003.bin", [(1, 1, 0, 10)]),
    ):
        (tmp_path / str(digit)).mkdir(exist_ok=True)
        (tmp_path / str(digit) / name).write_bytes(n_mnist_bytes(events))
    events = snn.events.read_n_mnist(tmp_path / "0" / "00002.bin")
    assert events.shape == (2, 34, 34)
    np.testing.assert_allclose(events.times, [0.0, 70.0, 71.0 + 8.192])
    assert [tuple(map(int, place)) for place in np.transpose(np.unravel_index(events.units, events.shape))] == [
        (0, 0, 0),
        (1, 5, 33),
        (1, 3, 2),
    ]
    data = snn.events.n_mnist(tmp_path, steps=30, step_ms=10.0, shrink=3)
    assert data.y.tolist() == [0, 0, 7]
    assert data.shape == (3, 30, 2, 12, 12)
    assert np.argwhere(data[0]).tolist() == [[29, 1, 2, 2]]
    assert np.argwhere(data[1]).tolist() == [[0, 0, 0, 0], [7, 1, 1, 0], [7, 1, 1, 11]]
    (tmp_path / "7" / "00003.bin").write_bytes(b"1234567")
    with pytest.raises(snn.FormatError, match="has 7 bytes, which are no events of 5 bytes"):
        data[2]
    (tmp_path / "7" / "00003.bin").write_bytes(n_mnist_bytes([(34, 1, 0, 10)]))
    with pytest.raises(snn.FormatError, match="event at x 34"):
        data[2]
    with pytest.raises(snn.FileError, match="no folders 0 to 9"):
        snn.events.n_mnist(tmp_path / "7", steps=3, step_ms=1.0)


def test_gestures_are_cut_out_of_aedat_files(tmp_path) -> None:
    events = [(127, 0, 1, 1_000, 1), (5, 6, 0, 2_000, 1), (5, 6, 0, 2_500, 0), (9, 9, 1, 31_000, 1)]
    packets = [(1, 0, events), (2, 0, [(1, 1, 1, 1, 1)]), (1, 1, [(3, 2, 1, 500, 1)])]
    path = tmp_path / "user01_led.aedat"
    path.write_bytes(aedat_bytes(packets, capacity=6))
    read = snn.events.read_aedat(path)
    assert read.shape == (2, 128, 128)
    # Of another kind, or not valid: left out. The last one is one overflow of 31 bits later.
    np.testing.assert_allclose(read.times, [1.0, 2.0, 31.0, (2**31 + 500) / 1e3])
    assert read.units.tolist() == [128 * 128 + 127, 6 * 128 + 5, (128 + 9) * 128 + 9, (128 + 2) * 128 + 3]
    (tmp_path / "user01_led_labels.csv").write_text("class,startTime_usec,endTime_usec\n3,1500,20000\n11,30000,40000\n")
    data = snn.events.dvs_gesture(tmp_path, steps=4, step_ms=5.0, shrink=4)
    assert data.y.tolist() == [2, 10]
    assert data.shape == (2, 4, 2, 32, 32)
    assert np.argwhere(data[0]).tolist() == [[0, 0, 1, 1]]
    assert np.argwhere(data[1]).tolist() == [[0, 1, 2, 2]]

    whole = path.read_bytes()
    for data_bytes, words in (
        (b"no header", "does not begin with #!AER-DAT3"),
        (whole[:-3], "ends within a packet"),
        (whole + b"12345", "ends within the header of a packet"),
        (aedat_bytes([(1, 0, [(1, 200, 0, 0, 1)])]), "event at x 1 or y 200; the sensor has 128 x 128"),
    ):
        path.write_bytes(data_bytes)
        with pytest.raises(snn.FormatError, match=words):
            snn.events.read_aedat(path)
    (tmp_path / "user01_led_labels.csv").write_text("class,startTime_usec,endTime_usec\n3,soon,20000\n")
    with pytest.raises(snn.FormatError, match="line 2: expected class,startTime_usec"):
        snn.events.dvs_gesture(path, steps=4, step_ms=5.0)
    with pytest.raises(snn.FileError, match="there is no gesture"):
        snn.events.dvs_gesture([], steps=4, step_ms=5.0)


class TonicLike:
    """What the data sets of Tonic look like from outside."""

    sensor_size = (3, 2, 2)

    def __init__(self) -> None:
        dtype = np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", bool)])
        self.samples = [(np.array([(2, 1, 1500, True), (0, 0, 9000, False)], dtype), 1), (np.array([], dtype), 0)]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int):
        return self.samples[index]


def test_data_sets_of_tonic() -> None:
    data = snn.events.tonic(TonicLike(), steps=10, step_ms=1.0)
    assert data.shape == (2, 10, 2, 2, 3)
    assert data.y.tolist() == [1, 0]
    assert np.argwhere(data[0]).tolist() == [[1, 1, 1, 2], [9, 0, 0, 0]]
    assert data[1].sum() == 0
    ear = TonicLike()
    ear.sensor_size = (3, 1, 1)
    assert np.argwhere(snn.events.tonic(ear, steps=10, step_ms=1.0)[0]).tolist() == [[1, 2], [9, 0]]
    ear.sensor_size = None
    with pytest.raises(snn.InvalidArgumentError, match="sensor_size None"):
        snn.events.tonic(ear, steps=10, step_ms=1.0)


def recordings(count: int = 60) -> tuple[snn.events.EventData, list[str]]:
    """Two classes: early units spike first, or late ones; and the names of the threads that read."""
    threads: list[str] = []

    def read(index: int) -> snn.events.Events:
        threads.append(threading.current_thread().name)
        times = np.arange(8.0) + 0.5
        units = np.arange(8) if index % 2 == 0 else np.arange(8)[::-1]
        return snn.events.Events(times, units, (8,))

    return snn.events.EventData(read, np.arange(count) % 2, steps=10, step_ms=1.0), threads


def test_a_trainer_takes_them_and_reads_in_the_background() -> None:
    data, threads = recordings()
    nets = [snn.Sequential(snn.SpikeInput(8), snn.Dense(16), snn.LIF(), snn.Dense(2), snn.LIF()) for _ in range(2)]
    settings = {"steps": 10, "epochs": 6, "batch_size": 16, "learning_rate": 2e-2, "encoder": None}
    del threads[:]
    trainer = snn.Trainer(nets[0], **settings).fit(data, data.y, validation_data=(data, data.y))
    assert len(threads) > 60
    assert all(name.startswith("snn-load") for name in threads)
    assert trainer.score(data, data.y) >= 0.9
    # The same samples as an array give the same bits.
    snn.Trainer(nets[1], **settings).fit(data[:], data.y)
    for first, second in zip(*(net.projections.values() for net in nets), strict=True):
        assert np.array_equal(first.weights, second.weights)
    assert not any(thread.name.startswith("snn-load") for thread in threading.enumerate())


def test_data_that_are_closed_say_so(tmp_path) -> None:
    closed = []
    one = snn.events.Events(np.zeros(1), np.zeros(1, np.int64), (8,))
    with snn.events.EventData(lambda index: one, [0], steps=2, step_ms=1.0, close=lambda: closed.append(1)) as data:
        assert data[0].sum() == 1.0
    data.close()
    assert closed == [1]
    with pytest.raises(snn.InvalidHandleError, match="the data set is closed"):
        data[0]
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install '.[events]'")
    write_heidelberg(tmp_path / "shd.h5", [[(1.0, 3)]], [4])
    with snn.events.heidelberg(tmp_path / "shd.h5", steps=3, step_ms=10.0) as data:
        assert data[0].sum() == 1.0
    with h5py.File(tmp_path / "shd.h5", "r+"):  # nobody holds it
        pass


def test_what_is_wrong_with_samples_is_said() -> None:
    data, _ = recordings()
    net = snn.Sequential(snn.SpikeInput(8), snn.Dense(2), snn.LIF())
    with pytest.raises(snn.InvalidArgumentError, match="EventData, which has the input for each step already"):
        snn.Trainer(net, steps=10, encoder="delta").fit(data, data.y)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"has shape \(60, 10, 8\); it must be \(samples, steps, features\)"
    ):
        snn.Trainer(net, steps=9, encoder=None).fit(data, data.y)

    def fails(index: int) -> snn.events.Events:
        if index > 20:
            raise OSError("the disk is gone")
        return data._read(index)

    broken = snn.events.EventData(fails, data.y, steps=10, step_ms=1.0)
    with pytest.raises(OSError, match="the disk is gone") as caught:
        snn.Trainer(net, steps=10, encoder=None, batch_size=60).fit(broken, data.y)
    assert caught.value.__notes__ == ["raised while sample 21 was read"]
    with pytest.raises(snn.InvalidArgumentError, match="there are no samples"):
        snn.events.EventData(fails, [], steps=10, step_ms=1.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"shrink is 2, but samples have shape \(8,\)"):
        snn.events.EventData(data._read, data.y, steps=10, step_ms=1.0, shrink=2)
    with pytest.raises(snn.ArgumentTypeError, match="sample 0 is 3, not Events"):
        snn.events.EventData(lambda index: 3, data.y, steps=10, step_ms=1.0)
    for times, words in (
        ([0.5, -2.0], "1 events at times such as -2 ms"),
        ([np.nan, 1.0], "such as nan"),
        ([1.0, np.inf], "inf"),
    ):
        wrong = snn.events.Events(np.array(times), np.zeros(2, np.int64), (8,))
        with pytest.raises(snn.FormatError, match=f"sample 0 has .*{words}"):
            snn.events.EventData(lambda index, wrong=wrong: wrong, data.y, steps=10, step_ms=1.0)
    for events, error, words in (
        (snn.events.Events(["a"], np.zeros(1, np.int64), (8,)), snn.ArgumentTypeError, "sample 0: times has dtype"),
        (snn.events.Events(np.zeros(1), np.zeros(1), (8,)), snn.ArgumentTypeError, "sample 0: units has dtype float64"),
        (snn.events.Events(np.zeros(1), np.zeros(1, np.int64), 8), snn.InvalidArgumentError, "sample 0: shape is 8"),
    ):
        with pytest.raises(error, match=words):
            snn.events.EventData(lambda index, events=events: events, data.y, steps=10, step_ms=1.0)
    for function in (snn.events.heidelberg, snn.events.n_mnist, snn.events.dvs_gesture):
        with pytest.raises(snn.ArgumentTypeError, match="the path is 3, neither a string nor a Path"):
            function(3, steps=3, step_ms=1.0)
    with pytest.raises(snn.InvalidArgumentError, match="shape is 128; it must be a tuple of 2 sizes"):
        snn.events.read_aedat(__file__, 128)
    with pytest.raises(IndexError, match="sample 60 of 60"):
        data[60]


def test_recordings_in_a_list_are_data_and_input_of_a_run() -> None:
    data, _ = recordings()
    mine = [data._read(index) for index in range(len(data))]
    listed = snn.events.EventData(mine, data.y, steps=10, step_ms=1.0)
    assert np.array_equal(listed[:], data[:])
    net = snn.Sequential(snn.SpikeInput(8), snn.Dense(2), snn.LIF())
    one = mine[0]
    with snn.Simulation(net) as sim:
        given = snn.stimuli.spike_events(one.times, one.units, one.shape, dt=net.dt, merge=True)
        recorded = sim.run(given.step_count, given, {"input": "spikes"})["input"]["spikes"]
        assert recorded.sum() == len(given) > 0
        for inputs in ({"input": mine}, {"input": one}, one, {"input": data}):
            with pytest.raises(
                snn.ArgumentTypeError, match=r"a run takes one recording, by snn.stimuli.spike_events\("
            ):
                sim.run(10, inputs)
    trainer = snn.Trainer(net, steps=10, encoder=None)
    for samples in (mine, one, {"input": tuple(mine)}):
        with pytest.raises(snn.ArgumentTypeError, match=r"has Events; .*snn.events.EventData\(recordings, y"):
            trainer.fit(samples, data.y)
    with pytest.raises(snn.InvalidArgumentError, match="there are 59 recordings and 60 classes in y"):
        snn.events.EventData(mine[1:], data.y, steps=10, step_ms=1.0)
    for wrong in (one, 3):
        with pytest.raises(snn.ArgumentTypeError, match=r"read is .*, neither a sequence of Events nor callable"):
            snn.events.EventData(wrong, data.y, steps=10, step_ms=1.0)


def test_times_in_another_unit_are_told() -> None:
    """Microseconds, as cameras count: every event would be behind the last frame."""
    one = snn.events.Events(np.array([2500.0, 7000.0]), np.array([0, 1]), (2,))
    data = snn.events.EventData(lambda index: one, [0, 1], steps=10, step_ms=1.0)
    with pytest.warns(
        UserWarning, match="all 2 events of sample 1 lie after the 10 ms of its frames, the first at 2500 ms"
    ):
        data[1]
    assert not data[0].any()  # told once


@pytest.mark.parametrize(("step_ms", "pace"), [(4.0, "4 times as fast"), (0.5, "2 times as slow")])
def test_frames_that_are_no_steps_are_told_once(step_ms: float, pace: str) -> None:
    data, _ = recordings()
    other = snn.events.EventData(data._read, data.y, steps=10, step_ms=step_ms)

    def made(dt: float) -> snn.Trainer:
        layers = (snn.SpikeInput(8), snn.Dense(2), snn.LeakyIntegrator(tau_membrane=20.0 * dt))
        net = snn.Sequential(*layers, dt=dt, seed=1)
        return snn.Trainer(net, steps=10, encoder=None, epochs=2, loss="cross_entropy_max_membrane")

    sentence = (
        rf"x for input 'input' has frames of {step_ms:g} ms \(step_ms\), and a step of the network is 1 ms \(dt\): "
        f".*{pace} as they were.*step_ms=1, or the network with dt={step_ms:g}; .*those {step_ms:g} times as long"
    )
    for call in ("fit", "predict_scores", "predict", "score", "evaluate"):
        trainer = made(1.0)
        given = (other,) if call.startswith("predict") else (other, data.y)
        with pytest.warns(UserWarning, match=sentence) as caught:
            getattr(trainer, call)(*given)
        assert [(one.filename, one.category) for one in caught] == [(__file__, UserWarning)], call
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            trainer.score(other, data.y)  # told once
            trainer.score(data, data.y)
    with pytest.warns(UserWarning, match=sentence):
        told = made(1.0).fit(data, data.y, validation_data=(other, data.y))
    with pytest.warns(UserWarning, match=sentence):
        told = made(1.0).fit(other, data.y)
    # What the sentence says is the same, is.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = made(step_ms).fit(other, data.y)
    np.testing.assert_array_equal(same.history["loss"], told.history["loss"])
