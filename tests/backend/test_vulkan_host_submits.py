"""Host programs that call vkQueueSubmit themselves, on a thread of their own: libsnn never does."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn
from snn.engine import _native

from .vulkan_meddler import DEVICE_LOST, OUT_OF_DEVICE_MEMORY, Meddler
from .vulkan_renderer import Renderer, SubmissionThread, number, vk

UNKNOWN, TIMEOUT = -13, 2
NOT_SUBMITTED = -1000011001  # VK_ERROR_VALIDATION_FAILED_EXT


@pytest.fixture
def engine(renderer: Renderer) -> Iterator[SubmissionThread]:
    with SubmissionThread(renderer) as thread:
        yield thread


@pytest.fixture
def net() -> snn.Network:
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(50))
    net.add("cells", snn.LIF(50))
    net.connect("spikes", "cells", snn.Dense(weights=np.full((50, 50), 0.02)))
    net.connect("cells", "cells", snn.Sparse.fixed_total(400, weight=0.1, delay=2.0, trainable=False))
    return net


SPIKES = (np.arange(50) % 3 > 0).astype(np.float32)


@pytest.fixture(autouse=True)
def _hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that the host does not see: opening, reading and writing use the queue too."""
    monkeypatch.setenv("SNN_VULKAN_MEMORY", "hidden")


def host_of(meddler: Meddler, engine: SubmissionThread, **others: object) -> snn.vulkan.Host:
    """A host that gives no queue, and whose vkQueueSubmit is counted when libsnn calls it."""
    return snn.vulkan.Host(**(vars(meddler.host()) | {"queue": 0, "submit": engine.submit} | others))


def test_all_that_uses_the_queue_goes_through_the_host(
    renderer: Renderer, engine: SubmissionThread, net: snn.Network
) -> None:
    meddler = Meddler(renderer)
    calls = [
        lambda sim: sim.step(20, {"spikes": SPIKES}),
        lambda sim: sim.run(30, {"spikes": np.tile(SPIKES, (30, 1))}, record={"cells": ["v", "spikes"]}),
        lambda sim: sim["cells.v"],
        lambda sim: sim.set("cells.v", 0.25),
        lambda sim: sim.set("cells.tau_membrane", np.linspace(5, 20, 50)),
        lambda sim: snn.vulkan.submit_steps(sim, 4) if sim.device != "reference" else sim.step(4),
        lambda sim: sim.counters,
        lambda sim: sim.reset(),
        lambda sim: sim.step(7, {"spikes": SPIKES}),
    ]
    host = host_of(meddler, engine)
    with snn.Simulation(net, device=host) as sim, snn.Simulation(net, device="reference") as expected:
        assert engine.submissions > 0
        uses = []
        for call in calls:
            before = engine.submissions
            for one in (sim, expected):
                call(one)
            uses.append(engine.submissions > before)
            np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
        assert sim["cells.v"].any()
        assert sum(uses) >= 7  # each but what needs nothing of the device
    assert meddler.submissions == 0
    assert engine.callers == {threading.get_ident()}


def test_one_of_several_devices_submits_through_the_host_too(
    renderer: Renderer, engine: SubmissionThread, net: snn.Network
) -> None:
    """On threads of libsnn's own: while this one steps the first samples, slowly, another comes to those of the GPU."""
    meddler = Meddler(renderer)
    devices = ["reference", host_of(meddler, engine)]
    with (
        snn.Simulation(net, devices=devices, samples=[98, 2], batch_size=100) as sim,
        snn.Simulation(net, device="reference", batch_size=100) as expected,
    ):
        for _ in range(100):
            for one in (sim, expected):
                one.step(1, {"spikes": SPIKES})
            if engine.callers - {threading.get_ident()}:
                break
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
    assert engine.callers - {threading.get_ident()}
    assert meddler.submissions == 0


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (OUT_OF_DEVICE_MEMORY, snn.OutOfMemoryError, "could not take work"),
        (UNKNOWN, snn.UnsupportedError, r"could not take work: its driver said VK_ERROR_UNKNOWN \(-13\)"),
    ],
)
def test_a_submission_that_the_host_refuses_has_not_happened(
    engine: SubmissionThread, net: snn.Network, result: int, error: type[Exception], words: str
) -> None:
    host = engine.renderer.host(submit=engine.submit)
    engine.refusals = [result]
    with pytest.raises(error, match=words):
        snn.Simulation(net, device=host)
    with snn.Simulation(net, device=host) as sim, snn.Simulation(net, device="reference") as expected:
        for one in (sim, expected):
            one.step(20, {"spikes": SPIKES})
            one.set_input("spikes", SPIKES)
        for attempt in (lambda: snn.vulkan.submit_steps(sim, 5), lambda: sim.step(5)):
            engine.refusals = [result]
            with pytest.raises(error, match=words):
                attempt()
            assert sim.step_count == 20
        snn.vulkan.submit_steps(sim, 5)  # with the spikes that were set
        expected.step(5)
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
        assert sim.counters == expected.counters


def test_a_device_that_the_host_finds_lost_stays_lost(engine: SubmissionThread, net: snn.Network) -> None:
    with snn.Simulation(net, device=engine.renderer.host(submit=engine.submit)) as sim:
        sim.step(3)
        engine.refusals = [DEVICE_LOST]
        for attempt in (sim.step, lambda: sim["cells.v"], lambda: snn.vulkan.submit_steps(sim, 1), sim.reset):
            before = engine.submissions
            with pytest.raises(snn.DeviceLostError, match="it was lost"):
                attempt()
            assert engine.submissions == before + (attempt == sim.step)
        with pytest.raises(snn.DeviceLostError):
            snn.vulkan.device(sim)
        assert not engine.refusals


@pytest.mark.parametrize("change", ["reset", "reset of a sample", "load_state"])
def test_a_change_of_the_state_that_finds_the_device_lost_is_told_as_that(
    engine: SubmissionThread, net: snn.Network, change: str
) -> None:
    """A reset, or a state that is loaded, would not help, so no later call asks for one."""
    with snn.Simulation(net, device=engine.renderer.host(submit=engine.submit), batch_size=2) as sim:
        sim.step(3)
        state = sim.save_state_memory()
        calls: dict[str, Callable[[], object]] = {
            "reset": sim.reset,
            "reset of a sample": lambda: sim.reset(0),
            "load_state": lambda: sim.load_state_memory(state),
        }
        engine.refusals = [DEVICE_LOST]
        for attempt in (calls[change], sim.step, calls[change], sim.step):
            with pytest.raises(snn.DeviceLostError, match="it was lost"):
                attempt()
        assert not engine.refusals


class Answering:
    """A host whose next submission has an answer: what it returns, or an exception that it raises."""

    def __init__(self, engine: SubmissionThread) -> None:
        self.engine, self.answers, self.is_given = engine, list[object](), True
        self.host = engine.renderer.host(submit=self.submit)

    def submit(self, info: int, fence: int) -> object:
        if not self.answers:
            return self.engine.submit(info, fence)
        if self.is_given:
            assert self.engine.submit(info, fence) == 0
        answer = self.answers.pop()
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (True, snn.ArgumentTypeError, r"what host\.submit returned is True; it must be what vkQueueSubmit returns: 0"),
        (
            TIMEOUT,
            snn.InvalidArgumentError,
            r"returned is 2; .* 0 \(VK_SUCCESS\), or None .* else an error, which is below 0",
        ),
        (-(2**31) - 1, snn.InvalidArgumentError, "returned is -2147483649; it must be"),
        ("done", snn.ArgumentTypeError, r"what host\.submit returned is 'done', not an integer"),
        (KeyError("late"), KeyError, "late"),
        (KeyboardInterrupt("now"), KeyboardInterrupt, "now"),
    ],
    ids=repr,
)
def test_what_may_have_been_submitted_is_not_freed_before_it_has_run(
    engine: SubmissionThread, net: snn.Network, answer: object, error: type[BaseException], words: str
) -> None:
    """Freed under the device, its memory would crash this process; the validation layer would tell too.

    libsnn waits five seconds at most: what is submitted takes a small part of them, so that it ends in time on a busy machine.
    """
    program = Answering(engine)
    program.answers.append(answer)
    with pytest.raises(error, match=words):
        snn.Simulation(net, device=program.host)
    for attempt in (lambda: snn.vulkan.submit_steps(sim, 600), lambda: sim.step(600), lambda: sim["cells.v"]):
        with snn.Simulation(net, device=program.host) as sim:
            sim.step(3, {"spikes": SPIKES})
            program.answers.append(answer)
            with pytest.raises(error, match=words):
                attempt()
            before = engine.submissions
            for lost in (sim.step, lambda: sim["cells.v"], lambda: snn.vulkan.submit_steps(sim, 1), sim.reset):
                with pytest.raises(
                    snn.DeviceLostError, match=r"host.submit returned 1 earlier, so nobody knows whether"
                ):
                    lost()
            assert engine.submissions == before
            assert sim.step_count == 3


def test_what_was_not_submitted_is_not_waited_for_for_ever(engine: SubmissionThread, net: snn.Network) -> None:
    program = Answering(engine)
    program.is_given = False
    with snn.Simulation(net, device=program.host) as sim:
        program.answers.append(ValueError("before"))
        with pytest.raises(ValueError, match="before"):
            sim.step()
        since = time.monotonic()
    assert 4.5 < time.monotonic() - since < 30.0


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("VkErrorDeviceLost", snn.DeviceLostError),
        ("VkErrorOutOfDeviceMemory", snn.OutOfMemoryError),
        ("VkErrorOutOfHostMemory", snn.OutOfMemoryError),
    ],
)
def test_exceptions_of_the_package_vulkan_are_the_results_they_stand_for(
    engine: SubmissionThread, net: snn.Network, name: str, error: type[Exception]
) -> None:
    program = Answering(engine)
    program.is_given = False
    with snn.Simulation(net, device=program.host) as sim:
        program.answers.append(getattr(vk, name)())
        with pytest.raises(error, match="could not take work"):
            sim.step()
        if error is snn.DeviceLostError:
            with pytest.raises(error, match="it was lost"):
                sim.step()
        else:
            sim.step()
            assert sim.step_count == 1


def test_ctrl_c_before_a_submission_loses_nothing(net: snn.Network) -> None:
    """It comes while the session waits for a semaphore, and is raised where the next submission would have been made."""
    renderer = Renderer(timeline=True)
    kind = vk.VkSemaphoreTypeCreateInfo(semaphoreType=vk.VK_SEMAPHORE_TYPE_TIMELINE, initialValue=0)
    semaphore = vk.vkCreateSemaphore(renderer.device, vk.VkSemaphoreCreateInfo(pNext=kind), None)

    def interrupt() -> None:
        _thread.interrupt_main()
        vk.vkSignalSemaphore(renderer.device, vk.VkSemaphoreSignalInfo(semaphore=semaphore, value=1))

    with (
        SubmissionThread(renderer) as engine,
        snn.Simulation(net, device="reference") as expected,
        snn.Simulation(net, device=renderer.host(submit=engine.submit)) as sim,
    ):
        for one in (sim, expected):
            one.set_input("spikes", SPIKES)
        snn.vulkan.submit_steps(sim, 4, waits=[(number(semaphore), 1)])
        expected.step(4)
        before = engine.submissions
        timer = threading.Timer(0.2, interrupt)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            sim.step(5)
        timer.join()
        assert engine.submissions == before
        assert sim.step_count == 4
        for one in (sim, expected):
            one.step(5)
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
        assert sim["cells.v"].any()
    vk.vkDestroySemaphore(renderer.device, semaphore, None)
    renderer.close()
    assert renderer.problems == []


def test_an_exception_goes_on_in_the_call_of_a_trainer(engine: SubmissionThread) -> None:
    net = snn.Network(dt=1.0)
    net.add("in", snn.Input(20))
    net.add("out", snn.LIF(4))
    net.connect("in", "out", snn.Dense(init=0.2))
    program = Answering(engine)

    def trainer(sim: snn.Simulation) -> _native.Trainer:
        return _native.Trainer(sim._session, output_population=net["out"]._index, steps=4)

    attempts: list[Callable[[snn.Simulation, _native.Trainer], object]] = [
        lambda sim, _: trainer(sim),
        lambda _, made: made.state(),
        lambda _, made: made.set_state(made.state()),
        lambda _, made: made.set_quantization(0, 4),
    ]
    for attempt in attempts:
        with snn.Simulation(net, device=program.host) as sim:
            made = trainer(sim)
            program.answers.append(KeyError("closing"))
            with pytest.raises(KeyError, match="closing"):
                attempt(sim, made)


def places_of(shares: str, **others: int) -> dict[str, Any]:
    """Return how two devices share the work: `others` are the places of populations beside the cells."""
    return {"placement": {"cells": 1, **others}} if shares == "populations" else {"samples": [1, 2]}


@pytest.mark.parametrize("shares", ["populations", "samples"])
def test_what_a_program_does_not_submit_ends_the_use_of_no_device(
    engine: SubmissionThread, net: snn.Network, tmp_path: Path, shares: str
) -> None:
    """A change that ends in the middle stops the session until it is reset: its state is lost, and no device."""
    refused_at = 0

    def submit(info: int, fence: int) -> int:
        nonlocal refused_at
        refused_at -= 1
        if refused_at == 0:
            return NOT_SUBMITTED
        return engine.submit(info, fence)

    devices = ["cpu", engine.renderer.host(submit=submit)]
    places = places_of(shares)
    with (
        snn.Simulation(net, devices=devices, batch_size=3, **places) as sim,
        snn.Simulation(net, device="reference", batch_size=3) as expected,
    ):
        device = sim.device
        assert "vulkan" in device
        for one in (sim, expected):
            one.step(20, {"spikes": SPIKES})
        expected.save_state(tmp_path / "state")
        refused_at = 1
        with pytest.raises(snn.InvalidArgumentError, match="has not submitted, for a reason of the program's own"):
            sim.step()
        sim.load_state(tmp_path / "state")
        stopped = 0
        for call in range(1, 40):
            refused_at = call
            try:
                sim.load_state(tmp_path / "state")
            except snn.InvalidArgumentError:
                stopped += 1
            if refused_at > 0:
                break
            for attempt in (sim.step, lambda: sim["cells.v"], lambda: sim.run(3, record={"cells": "v"})):
                with pytest.raises(snn.StateError, match="reset the session or load a state"):
                    attempt()
        assert stopped > 2
        refused_at = 0
        for one in (sim, expected):
            one.step(20, {"spikes": SPIKES})
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
        assert sim.device == device
        assert sim["cells.v"].any()
        # A state that is lost stays so where the session goes on without a device.
        refused_at = 3
        with pytest.raises(snn.InvalidArgumentError, match="has not submitted, for a reason of the program's own"):
            sim.load_state(tmp_path / "state")
        engine.refusals = [DEVICE_LOST]
        assert sim.counters.steps > 0
        assert sim.device != device
        with pytest.raises(snn.StateError, match="reset the session or load a state"):
            sim.step()


def add_readers(net: snn.Network) -> None:
    """Give the cells targets that another device may have."""
    net.add("readers", snn.LIF(50))
    net.connect("cells", "readers", snn.Sparse.fixed_total(400, weight=0.1, delay=3.0, trainable=False))


@pytest.mark.parametrize("shares", ["populations", "samples"])
@pytest.mark.parametrize("answer", [NOT_SUBMITTED, KeyError("late")], ids=repr)
def test_a_run_on_several_devices_that_a_program_stops_has_not_happened(
    engine: SubmissionThread, net: snn.Network, shares: str, answer: object
) -> None:
    """Others are ahead then, and go back: the next step needs no reset. A device that may have work is left."""
    stops_at = 0

    def submit(info: int, fence: int) -> object:
        nonlocal stops_at
        stops_at -= 1
        if stops_at != 0:
            return engine.submit(info, fence)
        if isinstance(answer, Exception):
            assert engine.submit(info, fence) == 0
            raise answer
        return answer

    add_readers(net)
    places = places_of(shares, readers=0)
    paths = ("cells.v", "readers.v")
    for stop in (1, 2, 3):
        host = engine.renderer.host(submit=submit)
        with (
            snn.Simulation(net, devices=["cpu", host], batch_size=3, **places) as sim,
            snn.Simulation(net, device="reference", batch_size=3) as expected,
        ):
            for one in (sim, expected):
                one.step(20, {"spikes": SPIKES})
                one.set("cells.v", 1.5)
            device, stops_at = sim.device, stop
            with pytest.raises((snn.InvalidArgumentError, KeyError), match=r"has not submitted|late"):
                sim.step(60)
            assert 20 <= sim.step_count < 80
            if sim.step_count > 20:  # in several runs
                expected.step(sim.step_count - 20)
            for _ in range(2):
                for path in paths:
                    np.testing.assert_array_equal(sim[path], expected[path])
                assert sim.counters == expected.counters
                for one in (sim, expected):
                    one.step(9)
            assert (sim.device == device) == (answer == NOT_SUBMITTED)
            assert sim["readers.v"].any()


@pytest.mark.parametrize("shares", ["populations", "samples"])
def test_a_program_may_refuse_steps_for_a_while(engine: SubmissionThread, net: snn.Network, shares: str) -> None:
    """As one that is minimised. Going back needs its device as well, and is tried again by each call."""
    is_paused = False

    def submit(info: int, fence: int) -> int:
        return NOT_SUBMITTED if is_paused else engine.submit(info, fence)

    add_readers(net)
    places = places_of(shares, readers=0)
    host = engine.renderer.host(submit=submit)
    with (
        snn.Simulation(net, devices=["cpu", host], batch_size=3, **places) as sim,
        snn.Simulation(net, device="reference", batch_size=3) as expected,
    ):
        for one in (sim, expected):
            one.step(20, {"spikes": SPIKES})
            one.set("cells.v", 1.5)
        is_paused = True
        for attempt in (sim.step, sim.step, lambda: sim.set("cells.v", 0.5), sim.step):
            with pytest.raises(snn.InvalidArgumentError, match="has not submitted"):
                attempt()
        is_paused = False
        assert sim.step_count == 20
        for one in (sim, expected):
            one.step(9)
        for path in ("cells.v", "readers.v"):
            np.testing.assert_array_equal(sim[path], expected[path])
        assert sim.counters == expected.counters
        assert sim["readers.v"].any()


@pytest.mark.parametrize("is_late", [False, True])
def test_a_long_run_that_is_stopped_after_its_safe_point_leaves_a_lost_state(
    engine: SubmissionThread, net: snn.Network, is_late: bool
) -> None:
    """It is taken after 1024 steps of a run, and what was before is forgotten then. `advance` would make several runs."""
    refused_at = -1

    def submit(info: int, fence: int) -> int:
        nonlocal refused_at
        if engine.submissions != refused_at:
            return engine.submit(info, fence)
        refused_at = -1
        return NOT_SUBMITTED

    add_readers(net)
    places = {"placement": {"cells": 1, "readers": 0}, "max_catch_up": 2.0}
    devices = ["cpu", engine.renderer.host(submit=submit)]
    with snn.Simulation(net, devices=devices, **places) as sim:
        for _ in range(2):  # the first may measure devices
            before = engine.submissions
            sim._session.run_step(1.2)
            whole_run = engine.submissions - before
            sim.reset()
        refused_at = engine.submissions + (whole_run - 5 if is_late else 5)
        with pytest.raises(snn.InvalidArgumentError, match="has not submitted"):
            sim._session.run_step(1.2)
        assert sim.step_count == 0
        if is_late:
            with pytest.raises(snn.StateError, match="reset the session or load a state"):
                sim.step()
            sim.reset()
        with snn.Simulation(net, device="reference") as expected:
            for one in (sim, expected):
                one.step(40, {"spikes": SPIKES})
            np.testing.assert_array_equal(sim["readers.v"], expected["readers.v"])


def test_a_host_that_returns_nothing_has_submitted(engine: SubmissionThread, net: snn.Network) -> None:
    def submit(info: int, fence: int) -> None:
        assert engine.submit(info, fence) == 0

    host = engine.renderer.host(submit=submit)
    with snn.Simulation(net, device=host) as sim, snn.Simulation(net, device="reference") as expected:
        for one in (sim, expected):
            one.step(9, {"spikes": SPIKES})
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])


def test_a_host_either_locks_or_submits(engine: SubmissionThread, net: snn.Network) -> None:
    with pytest.raises(snn.InvalidArgumentError, match="host has submit and lock_queue"):
        snn.Simulation(net, device=engine.renderer.host(threading.Lock(), submit=engine.submit))
    with pytest.raises(snn.ArgumentTypeError, match="submit is 3, not a function"):
        engine.renderer.host(submit=3)
    assert engine.submissions == 0
