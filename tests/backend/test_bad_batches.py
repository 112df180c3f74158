"""A batch with a wrong value, which all threads look for, is refused with the first of them in order.

It changes nothing: neither what the run before left on the tape, nor states, nor what comes after.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import snn
from snn.engine import _native

from .running import Setting, cpu_settings, read, session_of

STEPS, BATCH, OUTPUTS = 40, 9, 4
SMALL, LARGE = 13, 203  # inputs: what one thread looks through, and what is dealt to all
LOSS_COUNT = 0  # SNN_LOSS_CROSS_ENTROPY_COUNT
SETTINGS = [Setting("reference"), *(setting for setting in cpu_settings() if not setting.flags)]
WAYS: list[dict[str, Any]] = [{}, {"checkpoint_steps": 7}, {"window_steps": 10, "window_updates": False}]


def opened(kind: type[snn.Input], size: int, setting: Setting, way: dict[str, Any]) -> tuple[Any, Any]:
    net = snn.Network(seed=3)
    net.add("input", kind(size))
    net.add("hidden", snn.LIF(21))
    net.add("output", snn.LIF(OUTPUTS))
    net.connect("input", "hidden", snn.Dense(init=snn.init.Uniform(-0.6, 0.9)), name="first")
    net.connect("hidden", "output", snn.Dense(init=snn.init.Uniform(-0.6, 0.9)))
    session = session_of(net._finished(), setting, BATCH)
    trainer = _native.Trainer(session, output_population=net["output"]._index, steps=STEPS, loss=LOSS_COUNT, **way)
    return session, trainer


def frames(kind: type[snn.Input], size: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    shape = (STEPS, BATCH, size)
    values = random.random(shape) < 0.2 if kind is snn.SpikeInput else random.normal(0.0, 0.5, shape)
    return np.ascontiguousarray(values, np.float32)


@pytest.mark.parametrize("way", WAYS, ids=["", "checkpoints", "windows"])
@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("kind", [snn.SpikeInput, snn.Input])
def test_a_bad_batch_changes_nothing(kind: type[snn.Input], size: int, way: dict[str, Any]) -> None:
    labels = np.arange(BATCH, dtype=np.int32) % OUTPUTS
    first, second, bad = frames(kind, size, 1), frames(kind, size, 2), frames(kind, size, 3)
    bad[31, 0, 0] = np.inf
    bad[17, 6, 2] = np.nan
    bad[17, 5, size - 1] = -np.inf  # the first in order
    if kind is snn.SpikeInput:
        bad[18:, :, 1] = 0.5
        bad[16, 3, 3] = -0.0  # is 0

    def trained(setting: Setting, with_bad_batch: bool) -> dict[str, Any]:
        session, trainer = opened(kind, size, setting, way)
        found: dict[str, Any] = {"losses": [trainer.forward([(0, False, first)], labels).loss]}
        if with_bad_batch:
            with pytest.raises(snn.InvalidArgumentError, match=rf"is -inf at step 17, sample 5, neuron {size - 1};"):
                trainer.forward([(0, False, bad)], labels)
        found["v"] = read(session, "hidden.v", np.float32)
        trainer.backward()
        found["gradient"] = read(session, "first.weight.gradient", np.float32)
        trainer.update()
        found["losses"].append(trainer.forward([(0, False, second)], labels).loss)
        trainer.backward()
        found["second gradient"] = read(session, "first.weight.gradient", np.float32)
        return found

    for setting in SETTINGS:
        expected, found = trained(setting, False), trained(setting, True)
        assert expected["gradient"].any()
        assert (expected["gradient"] != expected["second gradient"]).any()
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values, f"{setting} {name}")
