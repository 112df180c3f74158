"""Bad input is an error that names the thing and its value; never a crash, and nothing is lost."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

import snn
from snn.engine import _native
from snn.engine.errors import error_for_status


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((2, 5)), r"input 'input' has shape \(2, 5\); it must be \(2, 12\) or \(12,\)"),
        (np.full((2, 12), np.nan), r"input 'input'\[0, 0\] is nan; all values must be finite"),
        (np.full((2, 12), -np.inf), r"input 'input'\[0, 0\] is -inf"),
        (np.full((2, 12), 0.5), "0.5"),
        ([["a"] * 12] * 2, "input 'input' has dtype <U1; it must hold real numbers"),
        (np.zeros((2, 12), complex), "input 'input' has dtype complex128"),
        (np.full((2, 12), "x", object), r"input 'input' has 'x' at \[0, 0\]"),
        ([[1.0], [1.0, 2.0]], "input 'input' is not an array of numbers"),
        (None, "input 'input' is None"),
    ],
)
def test_bad_inputs_for_a_step(chain: snn.Network, values, sentence: str) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        with pytest.raises(snn.SnnError, match=sentence):
            sim.step(inputs={"input": values})
        assert sim.step_count == 0
        if not (isinstance(values, np.ndarray) and values.shape == (2, 12) and values.dtype == float):
            with pytest.raises(snn.SnnError):
                sim.run(4, {"input": values})
        sim.step(inputs={"input": np.ones((2, 12))})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            np.zeros((3, 2, 12)),
            r"input 'input' has shape \(3, 2, 12\); it must be \(4, 2, 12\) \(each step\), \(2, 12\)",
        ),
        (np.zeros((4, 12)), r"has shape \(4, 12\)"),
        (np.full((4, 2, 12), np.nan), r"'input'\[0, 0, 0\] is nan"),
        (np.full((4, 2, 12), 2.0), "2"),
    ],
)
def test_bad_inputs_for_a_run(chain: snn.Network, values, sentence: str) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        with pytest.raises(snn.SnnError, match=sentence):
            sim.run(4, {"input": values})
        assert sim.step_count == 0


@pytest.mark.parametrize(
    ("use", "error", "sentence"),
    [
        (lambda s: s.step(-1), snn.InvalidArgumentError, "count is -1"),
        (lambda s: s.step(2**40), snn.InvalidArgumentError, "count is 1099511627776"),
        (lambda s: s.step(10**30), snn.InvalidArgumentError, "count is 1000000000000"),
        (lambda s: s.step(1.5), snn.ArgumentTypeError, "count is 1.5, not an integer"),
        (lambda s: s.step("two"), snn.ArgumentTypeError, "count is 'two', not an integer"),
        (lambda s: s.run(-1), snn.InvalidArgumentError, "steps is -1"),
        (lambda s: s.run(1.0), snn.ArgumentTypeError, "steps is 1.0"),
        (lambda s: s.run(1, {"x": 0}), snn.NotFoundError, "population 'x'; there are: input, hidden, output"),
        (
            lambda s: s.run(1, {"hidden": 0}),
            snn.InvalidArgumentError,
            "'hidden' is not an input; the inputs are: input",
        ),
        (lambda s: s.run(1, record={"x": "v"}), snn.NotFoundError, "population 'x'"),
        (
            lambda s: s.run(1, record={"hidden": "u"}),
            snn.NotFoundError,
            "population 'hidden' has no variable 'u'; it has: v, ",
        ),
        (
            lambda s: s.run(1, record={"input": "v"}),
            snn.NotFoundError,
            "population 'input' has no variable 'v'; it has: spikes, spike_count, spike_events",
        ),
        (
            lambda s: s.run(1, record={"hidden[:10]": "v"}),
            snn.NotFoundError,
            r"no population 'hidden\[:10\]'; a dict says which of its neurons.*record=\{'hidden': \{'v': range\(0, 10\)\}\}",
        ),
        (
            lambda s: s.run(1, record={"hidden.v": None}),
            snn.NotFoundError,
            r"no population 'hidden.v'; the variable stands behind the name: record=\{'hidden': 'v'\}",
        ),
        (
            lambda s: s.run(1, record={"input_to_hidden.weight": None}),
            snn.NotFoundError,
            r"record=\{'input_to_hidden': 'weight'\}",
        ),
        (
            lambda s: s.run(1, record={"x.v": None}),
            snn.NotFoundError,
            "no population 'x.v'; there are: input, hidden, output",
        ),
        (
            lambda s: s.recorder("hidden[2:5]", "v"),
            snn.NotFoundError,
            r"no population 'hidden\[2:5\]'; a dict says which.*: recorder\('hidden', \{'v': range\(2, 5\)\}\)",
        ),
        (
            lambda s: s.recorder("hidden.v", None),
            snn.NotFoundError,
            r"the variable stands behind the name: recorder\('hidden', 'v'\)",
        ),
        (
            lambda s: s["hidden[:3].v"],
            snn.NotFoundError,
            r"no population 'hidden\[:3\]'; .* simulation\['hidden.v'\]\[:, :3\], as a copy; changed, the whole array can be",
        ),
        (lambda s: s.run(1, record={"hidden": [3]}), snn.ArgumentTypeError, "population 'hidden' contains 3"),
        (lambda s: s.get("hidden"), snn.InvalidArgumentError, "the path is 'hidden'"),
        (lambda s: s.get("x.v"), snn.NotFoundError, "population or projection 'x'; populations: input, hidden, output"),
        (lambda s: s.get("hidden.u"), snn.NotFoundError, "u"),
        (lambda s: s.get("input_to_hidden.bias"), snn.NotFoundError, "bias"),
        (lambda s: s.get("input_to_hidden.weight.gradient"), snn.SnnError, "gradient"),
        (lambda s: s.get(3), snn.InvalidArgumentError, "the path is 3"),
        (lambda s: s.set("hidden.v", np.nan), snn.InvalidArgumentError, "hidden.v is nan"),
        (lambda s: s.set("hidden.v", "high"), snn.ArgumentTypeError, "hidden.v has dtype"),
        (lambda s: s.spikes("x"), snn.NotFoundError, "population 'x'"),
        (lambda s: s.spikes("hidden", 1), snn.InvalidArgumentError, "sample is 1; it must be 0 to 0"),
        (lambda s: s.spikes("hidden", -1), snn.InvalidArgumentError, "sample is -1"),
        (lambda s: s.bind_input("hidden"), snn.InvalidArgumentError, "'hidden' is not an input"),
        (lambda s: s.load_weights("nowhere.snn"), snn.FileError, "nowhere.snn"),
        (lambda s: s.load_weights("null\0.snn"), snn.InvalidArgumentError, "null character"),
        (lambda s: s.membrane_potentials("input"), snn.SnnError, "input"),
        (lambda s: s.membrane_potentials(3), snn.ArgumentTypeError, "population is 3, not a name"),
        (lambda s: s.step(10**5000), snn.InvalidArgumentError, "count is <int>; it must be 0 to"),
        (lambda s: s.step(inputs=[1]), snn.ArgumentTypeError, r"inputs is \[1\], not a dict of arrays"),
        (lambda s: s.run(1, inputs=[1]), snn.ArgumentTypeError, r"inputs is \[1\], not a dict of arrays"),
        (lambda s: s.run(1, record="hidden"), snn.ArgumentTypeError, "record is 'hidden', not a dict of variables"),
        (lambda s: s.run(1, record=["hidden"]), snn.ArgumentTypeError, r"record is \['hidden'\], not a dict"),
        (
            lambda s: s.run(1, record={"hidden": None}),
            snn.ArgumentTypeError,
            "population 'hidden' is None, neither a name",
        ),
        (lambda s: s.run(1, progress=3), snn.ArgumentTypeError, "progress is 3, not callable"),
        (lambda s: s.run(1, progress_interval="x"), snn.ArgumentTypeError, "progress_interval is 'x'"),
        (lambda s: s.recorder("hidden", 3), snn.ArgumentTypeError, "population 'hidden' is 3, neither a name"),
        (lambda s: s.on_spikes(3), snn.ArgumentTypeError, "callback is 3, not callable"),
        (lambda s: s.advance(1e300), snn.InvalidArgumentError, r"seconds is 1e\+300; it must fit float32"),
        (lambda s: s.advance(10**400), snn.InvalidArgumentError, r"seconds is 10+\.\.\.; it is too large"),
        (lambda s: s.advance(np.ones(1)), snn.ArgumentTypeError, r"seconds is array\(\[1\.\]\), not a number"),
        (
            lambda s: s.get("hidden.\ud800"),
            snn.InvalidArgumentError,
            r"'hidden\.\\ud800': it contains half of a surrogate",
        ),
        (lambda s: s.load_weights(None), snn.ArgumentTypeError, "the path is None, neither a string nor a Path"),
        (lambda s: s.set("hidden.v", 1e300), snn.InvalidArgumentError, r"hidden\.v is 1e\+300; it must fit float32"),
    ],
)
def test_bad_calls_of_a_simulation(chain: snn.Network, use, error: type[Exception], sentence: str) -> None:
    with snn.Simulation(chain) as sim:
        with pytest.raises(error, match=sentence):
            use(sim)
        sim.step()
        assert sim.step_count == 1


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        (
            {"device": "gpu"},
            snn.NotFoundError,
            "device 'gpu'; there are: auto, cpu, (vulkan, )?(npu, openvino, )?reference, null",
        ),
        ({"device": 3}, snn.ArgumentTypeError, "the device is 3"),
        ({"batch_size": 0}, snn.InvalidArgumentError, "batch_size is 0"),
        ({"batch_size": -4}, snn.InvalidArgumentError, "batch_size is -4"),
        ({"batch_size": 2**20 + 1}, snn.InvalidArgumentError, "batch_size is 1048577; it must be 1 to 1048576"),
        ({"batch_size": 1.0}, snn.ArgumentTypeError, "batch_size is 1.0"),
        ({"threads": -1}, snn.InvalidArgumentError, "threads is -1"),
        ({"threads": 10**6}, snn.InvalidArgumentError, "threads is 1000000"),
        ({"instruction_set": "sse"}, snn.InvalidArgumentError, "instruction_set is 'sse'; it must be one of best"),
        ({"flags": ["fast"]}, snn.NotFoundError, "flag 'fast'; there are: interpret_models"),
        ({"flags": "fast"}, snn.NotFoundError, "flag 'fast'"),
        ({"flags": 3}, snn.ArgumentTypeError, "flags is 3, neither a name nor a list of names"),
    ],
)
def test_bad_settings_of_a_simulation(chain: snn.Network, settings, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        snn.Simulation(chain, **settings)


def test_values_of_inputs_and_what_is_not_spiking_are_not_recorded() -> None:
    net = snn.Sequential(3, snn.Dense(2), snn.LeakyIntegrator())
    with snn.Simulation(net) as sim:
        for record in (lambda *what: sim.run(1, record=dict([what])), sim.recorder):
            with pytest.raises(snn.NotFoundError, match=r"population 'output' has no variable 'spikes'; it has: v$"):
                record("output", "spikes")
            with pytest.raises(snn.NotFoundError, match=r"population 'input' is an input of values"):
                record("input", "spikes")
        with pytest.raises(snn.NotFoundError, match=r"population 'output' has no variable 'spikes'; it has: v$"):
            sim.get("output.spikes")
        # Values, not spikes: a bool would lose them.
        sim.step(inputs={"input": [0.25, 0.0, -3.0]})
        assert sim.get("input.spikes").tolist() == [[0.25, 0.0, -3.0]]


def test_states_of_whole_numbers_are_int32_and_take_nothing_else(chain: snn.Network) -> None:
    with snn.Simulation(chain, batch_size=2) as sim:
        values = np.arange(14).reshape(2, 7) + 2**24 + 1  # not all of them are float32 numbers
        sim.set("hidden.refractory_left", values)
        assert sim.get("hidden.refractory_left").dtype == np.int32
        assert np.array_equal(sim.get("hidden.refractory_left"), values)
        recorder = sim.recorder("hidden", "refractory_left")
        sim.step()
        assert recorder["refractory_left"].dtype == np.int32
        recorded = sim.run(1, record={"hidden": ["refractory_left", "v"]})["hidden"]
        assert recorded["refractory_left"].dtype == np.int32
        assert recorded["v"].dtype == np.float32
        assert np.array_equal(recorder["refractory_left"][0], values - 1)
        assert np.array_equal(recorded["refractory_left"][0], values - 2)
        wrong = np.zeros((2, 7))
        for value, word in ((0.5, "0.5"), (1e20, r"1e\+20"), (np.nan, "nan"), (2.0**31, r"2\.14748365e\+09")):
            wrong[1, 2] = value
            with pytest.raises(
                snn.InvalidArgumentError, match=rf"'hidden\.refractory_left': value \[9\] is {word};.*whole"
            ):
                sim.set("hidden.refractory_left", wrong)
        assert np.array_equal(sim.get("hidden.refractory_left"), values - 2)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"LIF: initial refractory_left is 0\.5; it must be a whole number"
    ):
        snn.LIF(3, initial={"refractory_left": 0.5})


def test_a_closed_simulation_says_so(chain: snn.Network) -> None:
    sim = snn.Simulation(chain)
    sim.close()
    for use in (
        sim.step,
        sim.reset,
        lambda: sim.run(1),
        lambda: sim.get("hidden.v"),
        lambda: sim.set("hidden.v", 0.0),
        lambda: sim.bind_input("input"),
        lambda: sim.on_spikes(print),
        sim.to_network,
        lambda: sim.step_count,
    ):
        with pytest.raises(snn.InvalidHandleError, match=r"^the simulation is closed$"):
            use()


def test_what_was_not_recorded_is_named(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        recording = sim.run(2, record={"hidden": ["v", "spikes"]})
        empty = sim.run(0, record={"hidden": "spikes"})
    with pytest.raises(
        snn.NotFoundError, match="variable 'u' of population 'hidden' was not recorded; only v, spikes was"
    ):
        recording["hidden"]["u"]
    with pytest.raises(snn.InvalidArgumentError, match="the recording has no steps"):
        empty.rates("hidden")
    with pytest.raises(snn.ArgumentTypeError, match="arrays is 3, not a dict"):
        snn.Recording(3, 1.0)  # type: ignore[arg-type]
    with pytest.raises(snn.ArgumentTypeError, match="simulation is 3; recorders are made by"):
        snn.Recorder(3, chain["hidden"], ["v"])  # type: ignore[arg-type]


def test_not_a_network() -> None:
    with pytest.raises(snn.ArgumentTypeError, match="network is 3"):
        snn.Simulation(3)  # type: ignore[arg-type]
    with pytest.raises(snn.ArgumentTypeError, match="network is 'x'"):
        snn.Trainer("x")  # type: ignore[arg-type]
    with pytest.raises(snn.ArgumentTypeError, match="network is None"):
        snn.save(None, "x.snn")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: snn.Network(0.0), snn.InvalidArgumentError, "dt is 0.0; it must be above 0"),
        (lambda: snn.Network(-1.0), snn.InvalidArgumentError, "dt is -1.0"),
        (lambda: snn.Network(float("nan")), snn.InvalidArgumentError, "dt is nan"),
        (lambda: snn.Network(2e6), snn.InvalidArgumentError, r"dt is 2000000.0; it must be at most 1e\+06"),
        (lambda: snn.Network("fast"), snn.ArgumentTypeError, "dt is 'fast'"),
        (lambda: snn.Network(seed=-1), snn.InvalidArgumentError, "seed is -1"),
        (lambda: snn.Network().add("a b", snn.LIF(1)), snn.InvalidArgumentError, "population name is 'a b'"),
        (lambda: snn.Network().add("", snn.LIF(1)), snn.InvalidArgumentError, "population name is ''"),
        (lambda: snn.Network().add("x" * 64, snn.LIF(1)), snn.InvalidArgumentError, "at most 63"),
        (lambda: snn.Network().add(3, snn.LIF(1)), snn.ArgumentTypeError, "population name is 3"),
        (lambda: snn.Network().add("a", snn.LIF()), snn.InvalidArgumentError, r"LIF\(\) has no size"),
        (lambda: snn.Network().add("a", snn.Dense(3)), snn.ArgumentTypeError, "neurons is Dense"),
        (lambda: snn.Network()["x"], snn.NotFoundError, "population 'x'; there are: none"),
        (lambda: snn.Sequential(3).populations["x"], snn.NotFoundError, "population 'x'; there are: input"),
        (lambda: snn.Sequential(3).projections["x"], snn.NotFoundError, "projection 'x'; there are: none"),
        (lambda: snn.Sequential(3).projections[0], snn.ArgumentTypeError, "projection is 0, not a name"),
    ],
)
def test_bad_networks(make, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        make()


def test_every_status_has_an_error_class() -> None:
    for status in range(-13, 0):
        error = error_for_status(status, "a sentence")
        assert type(error) is not snn.SnnError
        assert isinstance(error, snn.SnnError)
        assert error.status == status
        assert str(error) == "a sentence"
    assert isinstance(error_for_status(-99, "x"), snn.InternalError)
    for error_type, builtin in (
        (snn.InvalidArgumentError, ValueError),
        (snn.ArgumentTypeError, TypeError),
        (snn.NotFoundError, KeyError),
        (snn.OutOfMemoryError, MemoryError),
        (snn.FileError, OSError),
        (snn.FormatError, ValueError),
        (snn.BusyError, RuntimeError),
    ):
        assert issubclass(error_type, builtin)
    assert str(snn.SnnError()) == ""


def test_the_binding_refuses_what_is_not_its_own() -> None:
    """The layer below the package: nothing that Python can hand it may crash."""
    network = _native.Network.create(1.0)
    network.add_population(1, "in", (3,))
    index = network.add_population(0, "out", (2,), "lif")
    with pytest.raises(snn.ArgumentTypeError, match="weights"):
        network.connect(0, "w", 0, index, weights=np.zeros((3, 2)))  # type: ignore[arg-type]
    with pytest.raises(snn.InvalidArgumentError, match="weights"):
        network.connect(0, "w", 0, index, weights=np.zeros((3, 4), np.float32)[:, ::2])
    with pytest.raises(snn.ArgumentTypeError, match="not an array"):
        network.connect(0, "w", 0, index, weights=[1.0])  # type: ignore[arg-type]
    for wrong in (7, 2**32 - 1):
        with pytest.raises(snn.SnnError, match=str(wrong)):
            network.connect(0, "w", wrong, index)
        with pytest.raises(snn.SnnError, match=str(wrong)):
            network.population(wrong)
    with pytest.raises(snn.SnnError):
        network.connect(99, "w", 0, index)
    with pytest.raises(snn.SnnError):
        network.set_parameter(index, "threshold", np.zeros(0))
    with pytest.raises(snn.StateError):
        _native.Session(network)
    network.connect(0, "w", 0, index, weights=np.ones((3, 2), np.float32))
    network.finish()
    with pytest.raises(snn.StateError):
        network.add_population(0, "late", (2,), "lif")
    session = _native.Session(network, batch_size=2)
    with pytest.raises(snn.SnnError, match="5"):
        session.set_input(5, np.zeros(6, np.float32))
    with pytest.raises(snn.SnnError):
        session.set_input(0, np.zeros(5, np.float32))
    with pytest.raises(snn.SnnError):
        session.read("out.v", np.zeros(3, np.float32))
    with pytest.raises(snn.ArgumentTypeError):
        session.read("out.v", np.zeros(4, np.int64))
    frozen = np.zeros(4, np.float32)
    frozen.flags.writeable = False
    with pytest.raises(snn.InvalidArgumentError, match="read-only"):
        session.read("out.v", frozen)
    with pytest.raises(snn.SnnError):
        session.run(3, [(0, False, np.zeros((2, 2, 3), np.float32))], [])
    with pytest.raises(snn.SnnError):
        session.run(3, [], [(1, "v", np.zeros((3, 2, 3), np.float32))])
    with pytest.raises(snn.SnnError):
        session.spikes(1, 9)
    with pytest.raises(snn.InvalidArgumentError, match="label_count is 3; expected 2"):
        _native.Trainer(session, output_population=1, steps=2).forward(
            [(0, True, np.zeros((2, 3), np.float32))], labels=np.zeros(3, np.int32)
        )
    with pytest.raises(snn.InvalidArgumentError, match=r"target_count is 3; expected 4 \(batch_size 2 x outputs 2\)"):
        _native.Trainer(session, output_population=1, steps=2, loss=3).forward(
            [(0, True, np.zeros((2, 3), np.float32))], targets=np.zeros(3, np.float32)
        )
    with pytest.raises(snn.InvalidArgumentError, match="value_count is 3; expected 4"):
        _native.encode(0, np.zeros(3, np.float32), 2, 2, np.zeros(20, np.float32), steps=5)
    with pytest.raises(TypeError):
        _native.Trainer(None, output_population=1, steps=2)  # type: ignore[arg-type]
    with pytest.raises(snn.ArgumentTypeError, match="NoneType"):
        _native.Session(None)
    for make in (_native.Network, _native.Model):
        empty = make()
        with pytest.raises(snn.InvalidHandleError):
            empty.info() if isinstance(empty, _native.Network) else empty.json


def test_a_trainer_outlives_its_closed_session() -> None:
    net = snn.Sequential(3, snn.Dense(2), snn.LIF())
    session = _native.Session(net._finished())
    trainer = _native.Trainer(session, output_population=1, steps=2)
    session.close()
    with pytest.raises(snn.InvalidHandleError):
        trainer.forward([(0, True, np.zeros((1, 3), np.float32))], labels=np.zeros(1, np.int32))


def test_trainer_calls_in_the_wrong_order() -> None:
    net = snn.Sequential(3, snn.Dense(2), snn.LIF())
    session = _native.Session(net._finished())
    trainer = _native.Trainer(session, output_population=1, steps=2)
    with pytest.raises(snn.StateError):
        trainer.backward()
    with pytest.raises(snn.StateError):
        trainer.update()
    with pytest.raises(snn.StateError):
        trainer.scores(np.zeros((1, 2), np.float32))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_process_may_not_use_sessions_of_its_parent(chain: snn.Network) -> None:
    with snn.Simulation(chain) as sim:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            answer = b"no error"
            try:
                sim.step()
            except snn.ForkedError as error:
                answer = str(error).encode()
            except BaseException as error:
                answer = repr(error).encode()
            os.write(write, answer)
            os._exit(0)
        os.close(write)
        os.waitpid(child, 0)
        answer = os.read(read, 1000).decode()
        os.close(read)
        assert "parent" in answer or "fork" in answer
        sim.step()


def test_closing_while_another_thread_steps() -> None:
    net = snn.Sequential(snn.SpikeInput(64), snn.Dense(256), snn.LIF())
    for _ in range(20):
        sim = snn.Simulation(net, batch_size=4)
        inside = threading.Event()
        ended: list[str] = []

        def work(sim: snn.Simulation = sim, inside: threading.Event = inside, ended: list[str] = ended) -> None:
            try:
                for _ in range(10_000):
                    sim.step(5)
                    inside.set()
            except snn.SnnError as error:
                ended.append(type(error).__name__)

        thread = threading.Thread(target=work)
        thread.start()
        inside.wait(10)
        sim.close()
        thread.join(10)
        assert not thread.is_alive()
        assert ended == ["InvalidHandleError"]


def test_very_large_requests_are_errors_not_crashes() -> None:
    net = snn.Network()
    net.add("in", snn.Input(2**30))
    net.add("out", snn.LIF(2**30))
    for init in (0.0, "kaiming_uniform"):
        with pytest.raises(
            snn.OutOfMemoryError, match=r"weights has shape \(1073741824, 1073741824\) and needs 4.29e\+09 GiB"
        ):
            net.connect("in", "out", snn.Dense(init=init))
    assert list(net.projections) == []
    with pytest.raises(MemoryError, match=r"the encoded input has shape \(4294967295, 65536\) and needs 1.05e\+06 GiB"):
        snn.encode.rate(np.zeros(2**16), 2**32 - 1)


def test_very_large_recordings_and_batches_are_errors_of_the_library() -> None:
    # More than 2^47 bytes: refused even where the system promises memory that it does not have.
    net = snn.Sequential(65536, snn.OneToOne(), snn.LIF())
    with snn.Simulation(net) as sim:
        with pytest.raises(
            snn.OutOfMemoryError,
            match=r"the recording of output\.v has shape \(4294967295, 1, 65536\) and needs 1.05e\+06 GiB",
        ):
            sim.run(2**32 - 1, record={"output": "v"})
        sim.step()
    trainer = snn.Trainer(net, steps=2**24, encoder="rate", batch_size=2**20)
    sentence = (
        "batch_size 1048576 needs more memory than there is: .* are free; the flag 'any_size' opens it all the same"
    )
    with pytest.raises(snn.OutOfMemoryError, match=sentence):
        trainer.fit(np.zeros((1, 65536)), [0])


def test_an_array_that_the_system_only_promises_is_refused_with_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snn._arrays._free_memory", lambda: 3.0 * 2**30)
    net = snn.Sequential(2**20, snn.OneToOne(), snn.LIF())
    with snn.Simulation(net) as sim:
        sentence = r"output\.v has shape \(1000, 1, 1048576\) and needs 3\.91 GiB, but 3 GiB of memory are free"
        with pytest.raises(snn.OutOfMemoryError, match=sentence):
            sim.run(1000, record={"output": "v"})
        assert len(sim.run(3, record={"output": "v"})["output"]["v"]) == 3
        # Each of them would fit: 2.5 GiB of states, 0.63 GiB of spikes, and less.
        few = {"output": ["v", "spikes", "spike_count", "spike_events"]}
        with pytest.raises(snn.OutOfMemoryError, match=r"the arrays of the recording need 3\.\d+ GiB, but 3 GiB"):
            sim.run(640, record=few)
        assert sim.step_count == 3
    monkeypatch.setattr("snn._arrays._free_memory", lambda: 0.3 * 2**30)
    custom = snn.Backpropagation(net, steps=40, record={"output": ["v", "spikes"]})
    with pytest.raises(snn.OutOfMemoryError, match=r"the variables of all steps need 0\.312 GiB, but 0\.3 GiB"):
        custom.forward(np.zeros((40, 1, 2**20), np.float32))


@pytest.mark.parametrize("is_finished", [False, True])
def test_synapses_of_a_rule_that_do_not_fit_are_refused_with_their_number(
    is_finished: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snn._arrays._free_memory", lambda: 3.0 * 2**30)
    net = snn.Network(dt=0.1)
    net.add("cells", snn.LIF(100_000))
    rule = snn.Sparse.all_to_all(weight=0.1, delay=1.0, allow_autapses=False)
    projection = net.connect("cells", "cells", rule, name="p")
    if is_finished:
        assert projection.synapse_count == 9_999_900_000
    sentence = "projection 'p', 9,999,900,000 synapses of a rule, need 130 GiB, but 3 GiB of memory are free"
    with pytest.raises(snn.OutOfMemoryError, match=sentence):
        _ = projection.weights
    sentence = "lists of the 9,999,900,000 synapses of projection 'p' need 298 GiB, but 3 GiB of memory are free"
    for listed in (projection.synapses, projection.synapse_weights):
        with pytest.raises(snn.OutOfMemoryError, match=sentence):
            listed()
    assert projection.synapse_weights(sources=[3], targets=[5, 7]).tolist() == [pytest.approx(0.1, rel=1e-3)] * 2


def test_fixed_point_weights_onto_one_receptor_count_together() -> None:
    # Each projection alone would fit the scale that was chosen; both together could overflow the sum.
    net = snn.Network()
    net.add("input", snn.SpikeInput(4))
    net.add("neurons", snn.LIF(1))
    for name in ("first", "second"):
        connection = snn.Sparse.from_arrays(range(4), [0] * 4, 0.25, trainable=False, arithmetic="fixed")
        net.connect("input", "neurons", connection, name=name)
    # The largest sum is 2, and there is room for 2^4 times the next power of two.
    with snn.Simulation(net) as sim:
        sim.set("first.weight", np.full(4, 12.0, np.float32))
        with pytest.raises(
            snn.InvalidArgumentError, match=r"projection 'second': the weights onto one neuron add up to 96"
        ):
            sim.set("second.weight", np.full(4, 12.0, np.float32))
        assert (sim.get("second.weight") == 0.25).all()
        sim.step(inputs={"input": np.ones(4)})


def test_compact_weights_are_multiples_of_the_scale() -> None:
    net = snn.Network()
    net.add("input", snn.SpikeInput(4))
    net.add("neurons", snn.LIF(1))
    given = np.array([0.1, -0.2, 0.3, 0.7], np.float32)
    projection = net.connect("input", "neurons", snn.Sparse.from_arrays(range(4), [0] * 4, given, trainable=False))
    assert projection.arithmetic == "compact"
    # The largest weight is below 2^0 and gets 14 bits.
    assert projection.fixed_point_scale == 2**14
    rounded = np.round(given.astype(np.float64) * 2**14) / 2**14
    assert np.array_equal(projection.weights, rounded)
    with snn.Simulation(net) as sim:
        assert np.array_equal(sim.get("input_to_neurons.weight"), rounded)
        sim.set("input_to_neurons.weight", given * 2)
        assert np.array_equal(sim.get("input_to_neurons.weight"), np.round(given.astype(np.float64) * 2**15) / 2**14)
        with pytest.raises(
            snn.InvalidArgumentError, match=r"a weight of 2\.0999999 is too large; .* are at most 1\.99993896"
        ):
            sim.set("input_to_neurons.weight", given * 3)
    with pytest.raises(
        snn.InvalidArgumentError, match="compact arithmetic keeps 16 bits of a weight and cannot be trained"
    ):
        net.connect("input", "neurons", snn.Sparse.from_arrays([0], [0], 1.0, arithmetic="compact"), name="trained")


def test_fixed_point_weights_of_a_file_count_together(tmp_path) -> None:
    nets = []
    for weight in (0.25, 12.0):
        net = snn.Network()
        net.add("input", snn.SpikeInput(4))
        net.add("neurons", snn.LIF(1))
        for name in ("first", "second"):
            net.connect(
                "input",
                "neurons",
                snn.Sparse.from_arrays(range(4), [0] * 4, weight, trainable=False, arithmetic="fixed"),
                name=name,
            )
        nets.append(net)
    nets[1].save(tmp_path / "large.snn")
    with snn.Simulation(nets[0]) as sim:
        with pytest.raises(snn.InvalidArgumentError, match="add up to 96"):
            sim.load_weights(tmp_path / "large.snn")
        assert (sim.get("first.weight") == 0.25).all()
