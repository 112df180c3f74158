"""Gradients of the whole native pipeline.

In float64 with the smooth spike (the function whose derivative the surrogate is) the network is an ordinary smooth function of
its weights, so central differences are an oracle outside the code. The other devices are then compared with that backend.
Detached resets have no such function; the model compiler's tests check their adjoints, and here devices are compared.
"""

from __future__ import annotations

import numpy as np
import pytest

from .cases import CASES, GRADIENT_CASES, Builder, Case, has_option
from .running import FLOAT64, SMOOTH, Setting, cpu_settings, forward, gradients, open_session, read, slope

SMOOTH_REFERENCE = Setting("reference", flags=FLOAT64 | SMOOTH)
# Smooth checks need a function that is differentiable where it is evaluated: the maximum over time and max pooling switch
# between steps, refractory counters count spikes; they are compared between devices instead.
NOT_SMOOTH = {"lif_refractory", "pool_max"}
SMOOTH_CASES = GRADIENT_CASES + [
    Case(case.name, case.build, steps=5, batch=1, loss=2)
    for case in CASES
    if ("attached" in case.tags or not case.name.startswith(("lif_", "model_", "size_", "wide", "silent", "saturated")))
    and case.name not in NOT_SMOOTH
]


@pytest.mark.parametrize("case", SMOOTH_CASES, ids=lambda case: case.name)
def test_central_differences(case: Case) -> None:
    builder = AttachedBuilder(case)
    session = open_session(builder, case, SMOOTH_REFERENCE)
    trainer, _ = forward(builder, session, case)
    trainer.backward()
    random = np.random.Generator(np.random.Philox(3))
    checked = 0
    for name in filter(None, builder.trainable):
        path = f"{name}.weight"
        gradient = read(session, f"{path}.gradient")
        for index in random.choice(gradient.size, min(6, gradient.size), replace=False):
            expected = slope(session, path, index, lambda: forward(builder, session, case)[1])
            # Truncation is of the order of step^2, rounding of 1e-16 / step.
            assert gradient[index] == pytest.approx(expected, rel=1e-5, abs=1e-8), f"{path}[{index}]"
            checked += 1
    assert checked > 0


@pytest.mark.parametrize("case", [c for c in CASES if c.trains], ids=lambda case: case.name)
def test_devices_agree(case: Case) -> None:
    loss, expected = gradients(case, Setting("reference"))
    settings = cpu_settings()
    first: dict[str, np.ndarray] | None = None
    for setting in settings:
        other_loss, found = gradients(case, setting)
        assert other_loss == pytest.approx(loss, rel=1e-5, abs=1e-6), str(setting)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            scale = np.abs(values).max() + 1e-6
            np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=2e-5 * scale, err_msg=f"{setting} {name}")
        if setting.instruction_set == settings[0].instruction_set and not setting.flags:
            # Training is deterministic on one device: the same bits for every thread count.
            if first is None:
                first = found
            for name, values in first.items():
                np.testing.assert_array_equal(found[name], values, err_msg=f"{setting} {name}")


class AttachedBuilder(Builder):
    """The case with every reset differentiated, as central differences see it."""

    def add(self, kind, shape, model=None, **settings):
        if isinstance(model, str) and has_option(model, "reset_gradient"):
            settings = {**settings, "reset_gradient": "attached"}
        return super().add(kind, shape, model, **settings)
