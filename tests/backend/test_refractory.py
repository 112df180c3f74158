"""The refractory counter at both ends of int32, on every device, instruction set and thread count, compiled and interpreted."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine import _native

from .cases import NEURONS, ONE_TO_ONE, VALUES
from .running import Setting, cpu_settings

SIZE, STEPS = 37, 12
MODELS = ["adaptive_lif", "current_lif", "lif"]
TIMINGS = ["same_step", "next_step"]


def spikes(setting: Setting, model: str, timing: str, refractory: float, left: int, write: bool = False) -> np.ndarray:
    """Spikes, (steps, neurons), under input that makes a neuron spike whenever it may, from the second step on."""
    network = _native.Network.create(1.0)
    source = network.add_population(VALUES, "in", (SIZE,), None)
    cells = network.add_population(NEURONS, "cells", (SIZE,), model)
    network.set_option(cells, "reset_timing", timing)
    network.set_parameter(cells, "refractory", np.array([refractory]))
    if not write:
        network.set_initial_state(cells, "refractory_left", np.array([float(left)]))
    network.connect(ONE_TO_ONE, "w", source, cells, weights=np.linspace(10, 20, SIZE).astype(np.float32))
    network.finish()
    session = _native.Session(
        network,
        device=setting.device,
        batch_size=1,
        threads=setting.threads,
        instruction_set=setting.instruction_set,
        flags=setting.flags,
    )
    if write:
        session.write("cells.refractory_left", np.full(SIZE, left, np.int32))
    values = np.ones((STEPS, 1, SIZE), np.float32)
    values[0] = 0
    found = np.full((STEPS, 1, SIZE), 255, np.uint8)
    session.run(STEPS, [(source, False, values)], [(cells, "spikes", found)])
    return found[:, 0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("timing", TIMINGS)
@pytest.mark.parametrize("refractory", [2.0**31 - 1, 3e9, 3e38])
def test_a_refractory_time_beyond_int32_keeps_the_neuron_silent(model: str, timing: str, refractory: float) -> None:
    expected = np.zeros((STEPS, SIZE), np.uint8)
    expected[1] = 1
    for setting in [Setting(), *cpu_settings()]:
        np.testing.assert_array_equal(spikes(setting, model, timing, refractory, 0), expected, err_msg=str(setting))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("timing", TIMINGS)
@pytest.mark.parametrize(
    ("left", "write"),
    [(-1, False), (-(2**31) + 1, False), (-1, True), (-(2**31), True)],
    ids=["initial_small", "initial_smallest", "written_small", "written_smallest"],
)
def test_a_negative_counter_is_that_of_a_free_neuron(model: str, timing: str, left: int, write: bool) -> None:
    expected = np.zeros((STEPS, SIZE), np.uint8)
    expected[1::3] = 1  # two silent steps after each spike
    for setting in [Setting(), *cpu_settings()]:
        np.testing.assert_array_equal(spikes(setting, model, timing, 2.0, left, write), expected, err_msg=str(setting))
