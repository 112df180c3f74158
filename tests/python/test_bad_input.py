"""Bad input is an error that names the thing and its value; never a crash, and nothing is lost."""

from __future__ import annotations

import os
import sys
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
        (np.zeros((2, 12), object), "input 'input' has dtype object"),
        ([[1.0], [1.0, 2.0]], "input 'input' is not an array of numbers"),
        (None, "input 'input' has dtype object"),
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
        (lambda s: s.run(1, record={"hidden": "u"}), snn.NotFoundError, "population 'hidden' 'u'; there are: v, "),
        (lambda s: s.run(1, record={"input": "spikes"}), snn.NotFoundError, "population 'input' 'spikes'"),
        (lambda s: s.run(1, record={"hidden": [3]}), snn.ArgumentTypeError, "population 'hidden' is 3"),
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
        ({"device": "gpu"}, snn.NotFoundError, "device 'gpu'; there are: cpu, reference, null"),
        ({"device": 3}, snn.ArgumentTypeError, "the device is 3"),
        ({"batch_size": 0}, snn.InvalidArgumentError, "batch_size is 0"),
        ({"batch_size": -4}, snn.InvalidArgumentError, "batch_size is -4"),
        ({"batch_size": 2**20 + 1}, snn.InvalidArgumentError, "batch_size is 1048577; it must be 1 to 1048576"),
        ({"batch_size": 1.0}, snn.ArgumentTypeError, "batch_size is 1.0"),
        ({"threads": -1}, snn.InvalidArgumentError, "threads is -1"),
        ({"threads": 10**6}, snn.InvalidArgumentError, "threads is 1000000"),
        ({"instruction_set": "sse"}, snn.InvalidArgumentError, "instruction_set is 'sse'; it must be one of best"),
        ({"flags": ["fast"]}, snn.NotFoundError, "flag 'fast'; there are: interpret_models"),
    ],
)
def test_bad_settings_of_a_simulation(chain: snn.Network, settings, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        snn.Simulation(chain, **settings)


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
        (lambda: snn.Network().add("a", snn.Dense(3)), snn.ArgumentTypeError, "neurons is <snn.connections.Dense"),
        (lambda: snn.Network()["x"], snn.NotFoundError, "population 'x'; there are: none"),
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
    with pytest.raises((snn.SnnError, MemoryError)):
        net.connect("in", "out", snn.Dense(init=0.0))
    assert sys.getrefcount(net) >= 1


def test_fixed_point_weights_onto_one_receptor_count_together() -> None:
    # Each projection alone would fit the scale that was chosen; both together could overflow the sum.
    net = snn.Network()
    net.add("input", snn.SpikeInput(4))
    net.add("neurons", snn.LIF(1))
    for name in ("first", "second"):
        connection = snn.Sparse.from_arrays(range(4), [0] * 4, 0.25, trainable=False)
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


def test_fixed_point_weights_of_a_file_count_together(tmp_path) -> None:
    nets = []
    for weight in (0.25, 12.0):
        net = snn.Network()
        net.add("input", snn.SpikeInput(4))
        net.add("neurons", snn.LIF(1))
        for name in ("first", "second"):
            net.connect(
                "input", "neurons", snn.Sparse.from_arrays(range(4), [0] * 4, weight, trainable=False), name=name
            )
        nets.append(net)
    nets[1].save(tmp_path / "large.snn")
    with snn.Simulation(nets[0]) as sim:
        with pytest.raises(snn.InvalidArgumentError, match="add up to 96"):
            sim.load_weights(tmp_path / "large.snn")
        assert (sim.get("first.weight") == 0.25).all()
