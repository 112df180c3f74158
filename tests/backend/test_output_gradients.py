"""Losses of the caller's own: gradients of any output go back to weights and inputs.

In float64 with the smooth spike the network is an ordinary smooth function, so central differences are the oracle. The other
devices are then compared with that backend in float32.
"""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine import _native

from .cases import CASES, NEURONS, SPIKES, VALUES, Builder, Case
from .running import Setting, cpu_settings, gradients_of, open_session, slope
from .test_gradients import NOT_SMOOTH, SMOOTH_CASES, SMOOTH_REFERENCE, AttachedBuilder

INPUT_GRADIENTS = 16
LOSS_NONE = 255


def setting_with_inputs(setting: Setting) -> Setting:
    return Setting(setting.device, setting.instruction_set, setting.threads, setting.flags | INPUT_GRADIENTS)


class Pass:
    """One batch of a case and a loss that is linear in every spike and every float state, with random coefficients."""

    def __init__(self, builder: Builder, case: Case, setting: Setting, dtype: type) -> None:
        self.builder = builder
        self.session = open_session(builder, case, setting_with_inputs(setting))
        self.trainer = _native.Trainer(self.session, output_population=0, steps=case.steps, loss=LOSS_NONE)
        random = np.random.Generator(np.random.Philox(11))
        self.records, self.coefficients = [], []
        for index, (size, kind, model) in enumerate(zip(builder.sizes, builder.kinds, builder.models, strict=True)):
            if kind != NEURONS:
                continue
            variables = [state["name"] for state in model["states"] if state["type"] == "float"]
            variables += ["spikes"] if model["spiking"] else []
            for variable in variables:
                shape = (case.steps, case.batch, size)
                self.records.append((index, variable, np.zeros(shape, dtype)))
                # Multiples of 1/64: the same in float32.
                self.coefficients.append((index, variable, (random.integers(-64, 65, shape) / 64).astype(dtype)))
        self.inputs = [(index, held, np.array(values)) for index, held, values in builder.drive(case)]
        shape = (case.steps, case.batch)
        self.input_gradients = [
            (index, "spikes", np.full((*shape, builder.sizes[index]), np.nan, dtype)) for index, _, _ in self.inputs
        ]

    def loss(self) -> float:
        self.trainer.run(self.inputs, self.records)
        return sum(
            float((values * factors).sum())
            for (_, _, values), (_, _, factors) in zip(self.records, self.coefficients, strict=True)
        )

    def backward(self) -> dict[str, np.ndarray]:
        """Gradients of all trained weights and biases, and of the inputs."""
        self.trainer.run_backward(0.0, self.coefficients, self.input_gradients)
        found = {self.builder.names[index]: values for index, _, values in self.input_gradients}
        return found | gradients_of(self.builder, self.session)


@pytest.mark.parametrize("case", SMOOTH_CASES, ids=lambda case: case.name)
def test_central_differences_of_weights_and_inputs(case: Case) -> None:
    builder = AttachedBuilder(case)
    run = Pass(builder, case, SMOOTH_REFERENCE, np.float64)
    run.loss()
    gradients = {name: values.copy() for name, values in run.backward().items()}
    random = np.random.Generator(np.random.Philox(5))
    checked = 0
    for name in filter(None, builder.trainable):
        path = f"{name}.weight"
        size = gradients[path].size
        for index in random.choice(size, min(3, size), replace=False):
            expected = slope(run.session, path, index, run.loss)
            # Truncation is of the order of step^2, rounding of 1e-16 |loss| / step.
            assert gradients[path][index] == pytest.approx(expected, rel=1e-5, abs=1e-7), f"{path}[{index}]"
            checked += 1
    for index, held, values in run.inputs:
        if builder.kinds[index] != VALUES:
            continue
        gradient = gradients[builder.names[index]]
        if held:
            gradient = gradient.sum(0)
        for place in random.choice(values.size, min(4, values.size), replace=False):
            # Inputs are float32: a power of two that does not move a value across 0, where delivery begins.
            kept, step, losses = values.flat[place], 2.0**-13, []
            for sign in (1, -1):
                values.flat[place] = kept + sign * np.float32(step)
                losses.append(run.loss())
            values.flat[place] = kept
            expected = (losses[0] - losses[1]) / (2 * step)
            assert gradient.flat[place] == pytest.approx(expected, rel=2e-4, abs=1e-5), f"input {index} [{place}]"
            checked += 1
    assert checked > 0


@pytest.mark.parametrize(
    "case", SMOOTH_CASES + [case for case in CASES if case.name in NOT_SMOOTH], ids=lambda case: case.name
)
def test_devices_agree(case: Case) -> None:
    reference = Pass(Builder(case), case, Setting("reference"), np.float32)
    loss = reference.loss()
    expected = reference.backward()
    assert any(np.abs(values).max() > 0 for values in expected.values())
    first: dict[str, np.ndarray] | None = None
    settings = cpu_settings()
    for setting in settings:
        run = Pass(Builder(case), case, setting, np.float32)
        assert run.loss() == loss, str(setting)  # the same bits
        found = run.backward()
        for name, values in expected.items():
            scale = np.abs(values).max() + 1e-6
            np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=2e-5 * scale, err_msg=f"{setting} {name}")
        if setting.instruction_set == settings[0].instruction_set and not setting.flags:
            first = first or found
            for name, values in first.items():
                np.testing.assert_array_equal(found[name], values, err_msg=f"{setting} {name}")


def test_another_backward_of_the_same_run_starts_anew() -> None:
    case = next(case for case in SMOOTH_CASES if SPIKES in Builder(case).kinds)
    run = Pass(Builder(case), case, Setting("cpu"), np.float32)
    run.loss()
    first = {name: values.copy() for name, values in run.backward().items()}
    run.coefficients = [(index, variable, -2 * values) for index, variable, values in run.coefficients]
    for name, values in run.backward().items():
        np.testing.assert_array_equal(values, -2 * first[name])
