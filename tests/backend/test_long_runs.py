"""Long runs: checkpoints, where a part of the tape is kept at once, and truncated back-propagation in windows.

With checkpoints every bit must be as without. Truncated gradients have an oracle that knows no gradients: in float64 with the
smooth spike, each window is a smooth function of its weights, whatever led to the state that it begins with, so the sum of the
windows' central differences is the truncated gradient.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from snn.engine import _native

from .cases import CASES, NEURONS, Builder, Case
from .running import FLOAT64, SMOOTH, Setting, gradients_of, labels, open_session, output_of, read
from .test_gradients import AttachedBuilder

INPUT_GRADIENTS = 16
LOSS_NONE = 255
# The CPU keeps 1024 rows of (step, sample) at once at least: with 32 samples, segments of 32 steps, the first one shorter.
STEPS, BATCH = 67, 32
CHOSEN = (
    "model_lif",
    "model_adaptive_lif",
    "model_driven_lif",
    "lif_values",
    "lif_refractory",
    "one_to_one",
    "sparse_float_delays",
    "sparse_fixed_delays",
    "recurrent_3",
    "conv_delayed",
    "pool_max",
    "several_projections",
)


def cases(names: tuple[str, ...], **settings) -> list[Case]:
    by_name = {case.name: case for case in CASES}
    return [dataclasses.replace(by_name[name], **settings) for name in names]


def named(case: Case) -> str:
    return case.name


def everything(case: Case, threads: int, held: bool = False, **settings) -> dict[str, np.ndarray]:
    """All that a batch leaves behind: gradients of weights and inputs, states, last spikes, counters."""
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu", 0, threads, INPUT_GRADIENTS))
    trainer = _native.Trainer(session, output_population=0, steps=case.steps, loss=LOSS_NONE, **settings)
    for index, kind in enumerate(builder.kinds):
        if case.name == "several_projections" and kind == NEURONS and index != output_of(builder):
            trainer.set_dropout(index, 0.3, 5)
    inputs = [(i, held, values[0].copy() if held else values) for i, held_now, values in builder.drive(case)]
    random = np.random.Generator(np.random.Philox(3))
    output = output_of(builder)
    variable = "spikes" if builder.models[output]["spiking"] else builder.models[output]["states"][0]["name"]
    wanted = random.normal(size=(case.steps, case.batch, builder.sizes[output])).astype(np.float32)
    of_inputs = [(i, "spikes", np.zeros((case.steps, case.batch, builder.sizes[i]), np.float32)) for i, _, _ in inputs]
    recorded = np.zeros_like(wanted)
    trainer.run(inputs, [(output, variable, recorded)])
    for _, _, values in inputs:
        values[...] = np.nan  # forward has what backward needs
    found = {"recorded": recorded}
    for again in range(2):
        trainer.run_backward(0.0, [(output, variable, wanted)], of_inputs)
        found |= {f"{again} {path}": values for path, values in gradients_of(builder, session).items()}
        found |= {f"{again} input {i}": values.copy() for i, _, values in of_inputs}
    for index, (name, kind) in enumerate(zip(builder.names, builder.kinds, strict=True)):
        if kind == NEURONS:
            for state in builder.models[index]["states"]:
                found[f"{name}.{state['name']}"] = read(session, f"{name}.{state['name']}")
    counters = session.counters()
    found["counters"] = np.array([counters.steps, counters.spikes, counters.synaptic_events], np.float64)
    # What the state after the run leads to.
    later = np.zeros((7, *wanted.shape[1:]), np.float32)
    drive = builder.drive(dataclasses.replace(case, steps=7), seed=8)
    session.run(7, drive, [(output, variable, later)])
    found["later"] = later
    return found


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("case", cases(CHOSEN, steps=STEPS, batch=BATCH), ids=named)
def test_checkpoints_change_no_bit(case: Case, threads: int) -> None:
    whole = everything(case, threads)
    parts = everything(case, threads, checkpoint_steps=20)
    assert any(np.abs(values).max() > 0 for name, values in whole.items() if name.endswith("weight"))
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values, err_msg=name)


def test_checkpoints_change_no_bit_of_held_inputs() -> None:
    (case,) = cases(("lif_values",), steps=STEPS, batch=BATCH)
    whole = everything(case, 2, held=True)
    parts = everything(case, 2, held=True, checkpoint_steps=2**32 - 1)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values, err_msg=name)


WINDOW = 3
SMOOTH_CHOSEN = (
    "model_lif",
    "sparse_float_delays",
    "recurrent_1",
    "recurrent_3",
    "conv_delayed",
    "several_projections",
)


@pytest.mark.parametrize("case", cases(SMOOTH_CHOSEN, steps=8, batch=2), ids=named)
def test_truncated_gradients_are_sums_of_windows(case: Case) -> None:
    """Against central differences of each window, and the CPU against the reference."""
    builder = AttachedBuilder(case)
    smooth = Setting("reference", flags=FLOAT64 | SMOOTH)
    session = open_session(builder, case, smooth)
    inputs = builder.drive(case)
    random = np.random.Generator(np.random.Philox(4))
    records, factors = [], []
    for index, (size, kind, model) in enumerate(zip(builder.sizes, builder.kinds, builder.models, strict=True)):
        for state in model["states"] if kind == NEURONS else []:
            if state["type"] == "float":
                shape = (case.steps, case.batch, size)
                records.append((index, state["name"], np.zeros(shape)))
                factors.append((index, state["name"], random.integers(-64, 65, shape) / 64))
    windows = list(itertools.pairwise([*range(0, case.steps, WINDOW), case.steps]))

    def window_loss(begin: int, end: int) -> float:
        session.run(
            end - begin,
            [(i, held, values if held else np.ascontiguousarray(values[begin:end])) for i, held, values in inputs],
            [(i, name, values[begin:end]) for i, name, values in records],
        )
        return sum(
            float((values[begin:end] * by[begin:end]).sum())
            for (_, _, values), (_, _, by) in zip(records, factors, strict=True)
        )

    trainer = _native.Trainer(session, output_population=0, steps=case.steps, loss=LOSS_NONE, window_steps=WINDOW)
    trainer.run(inputs, records)
    trainer.run_backward(0.0, factors, [])
    checked = 0
    for name in filter(None, builder.trainable):
        path = f"{name}.weight"
        weights, gradient = read(session, path), read(session, f"{path}.gradient")
        for place in random.choice(weights.size, min(4, weights.size), replace=False):
            step, slope = 1e-5, 0.0
            for begin, end in windows:
                losses = []
                for sign in (1, -1):
                    session.write(path, weights)
                    session.reset()
                    if begin:
                        window_loss(0, begin)
                    moved = weights.copy()
                    moved[place] += sign * step
                    session.write(path, moved)
                    losses.append(window_loss(begin, end))
                slope += (losses[0] - losses[1]) / (2 * step)
            session.write(path, weights)
            # Truncation is of the order of step^2, rounding of 1e-16 |loss| / step.
            assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-7), f"{path}[{place}]"
            checked += 1
    assert checked > 0


@pytest.mark.parametrize("case", cases(SMOOTH_CHOSEN, steps=40, batch=BATCH), ids=named)
@pytest.mark.parametrize("window", [1, 7, 50])
def test_devices_agree_on_truncated_gradients(case: Case, window: int) -> None:
    found = {}
    for device, settings in (("reference", {}), ("cpu", {}), ("cpu with checkpoints", {"checkpoint_steps": 9})):
        builder = Builder(case)
        session = open_session(builder, case, Setting(device.split()[0], 0, 2))
        output = output_of(builder)
        trainer = _native.Trainer(
            session, output_population=output, steps=case.steps, loss=2, window_steps=window, **settings
        )
        trainer.forward(builder.drive(case), labels=labels(case, builder.sizes[output]))
        trainer.backward()
        found[device] = gradients_of(builder, session)
    for name, values in found["reference"].items():
        scale = np.abs(values).max() + 1e-6
        np.testing.assert_allclose(found["cpu"][name], values, rtol=1e-4, atol=2e-5 * scale, err_msg=name)
        np.testing.assert_array_equal(found["cpu with checkpoints"][name], found["cpu"][name], err_msg=name)
