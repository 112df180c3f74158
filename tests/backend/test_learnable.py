"""Gradients of parameters of neurons: central differences in float64, and devices that agree.

A parameter that is written into a session moves what derives from it, and the initial states that follow it, as an update of
training does; so a difference of losses is dL/dp through all of them.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from snn.engine import _native
from snn.engine.errors import UnsupportedError
from snn.engine.modelc import load_builtin_model

from .cases import (
    FIXED,
    GENTLE_GAINS,
    MODELS,
    NEURONS,
    SPIKES,
    SPIKING,
    Builder,
    Case,
    _chain,
    _gain,
    has_option,
)
from .running import FLOAT64, SMOOTH, Setting, cpu_settings, forward, open_session, read, slope

SMOOTH_REFERENCE = Setting("reference", flags=FLOAT64 | SMOOTH)


class LearningBuilder(Builder):
    """The case with every parameter learnable that has a gradient, in populations of neurons."""

    def __init__(self, case: Case, *, per_neuron: bool = False) -> None:
        self.per_neuron = per_neuron
        self.learnable: list[str] = []
        super().__init__(case)

    def add(self, kind, shape, model=None, **settings):
        index = super().add(kind, shape, model, **settings)
        if kind != NEURONS:
            return index
        spread = np.random.Generator(np.random.Philox(5))
        for parameter in self.models[index]["parameters"]:
            name = parameter["name"]
            try:
                self.network.set_learnable(index, name)
            except UnsupportedError:
                continue
            self.learnable.append(f"{self.names[index]}.{name}")
            if self.per_neuron:
                present = self.network.parameter(index, name)
                values = present * spread.uniform(0.9, 1.1, self.sizes[index]) + np.zeros(self.sizes[index])
                self.network.set_parameter(index, name, values)
        return index


def _case(model: str) -> Case:
    settings: dict[str, object] = {}
    if has_option(model, "reset_gradient"):
        settings["reset_gradient"] = "attached"
    return Case(
        f"learn_{model}",
        _chain(model, size=6, gain=_gain(model, GENTLE_GAINS), **settings),
        steps=6,
        batch=2,
    )


def _options() -> list[Case]:
    """LIF under every choice that changes what its parameters do."""
    chosen = [
        {"reset": "value"},
        {"reset": "none"},
        {"reset_timing": "next_step"},
        {"decay": "euler"},
        {"input_scaling": "one_minus_decay", "gain": 20.0},
    ]
    return [
        Case(
            f"learn_lif_{'_'.join(str(value) for value in settings.values())}",
            _chain("lif", size=6, **({"reset_gradient": "attached", "v_reset": 0.1, "v_rest": 0.05} | settings)),
            steps=6,
            batch=2,
        )
        for settings in chosen
    ]


@pytest.mark.parametrize("per_neuron", [False, True], ids=["shared", "per_neuron"])
@pytest.mark.parametrize("case", [*map(_case, MODELS), *_options()], ids=lambda case: case.name)
def test_central_differences(case: Case, per_neuron: bool) -> None:
    builder = LearningBuilder(case, per_neuron=per_neuron)
    session = open_session(builder, case, SMOOTH_REFERENCE)
    trainer, loss = forward(builder, session, case)
    trainer.backward()
    gradients = {path: read(session, f"{path}.gradient") for path in builder.learnable}
    seen = 0
    for path, gradient in gradients.items():
        values = read(session, path)
        assert values.size == gradient.size == (1 if not per_neuron else builder.sizes[int(path[1])])
        index = values.size // 2
        step = 1e-6 * max(1.0, abs(values[index]))
        expected = slope(session, path, index, lambda: forward(builder, session, case)[1], step)
        # Truncation is of the order of step^2; rounding of the loss, 1e-16 of it, is divided by the step.
        assert gradient[index] == pytest.approx(expected, rel=2e-5, abs=1e-14 * abs(loss) / step), f"{path}[{index}]"
        seen += gradient[index] != 0
    # What a leaky integrator adds to all outputs alike, softmax does not see.
    assert seen >= 1 + builder.models[1]["spiking"], "nearly all gradients are zero: nothing was checked"


def test_every_parameter_learns_but_those_that_are_rounded_or_drawn() -> None:
    cannot = set()
    for model in MODELS:
        builder = LearningBuilder(_case(model))
        names = {parameter["name"] for parameter in json.loads(_native.Model.builtin(model).json)["parameters"]}
        cannot |= names - {path.split(".")[1] for path in builder.learnable if path.startswith("p1.")}
    # v_rest of integrate_and_fire is where v begins, and nothing else.
    assert cannot == {"refractory", "background_rate", "v_rest"}


def _recurrent(b: Builder) -> None:
    first, hidden, out = b.add(SPIKES, 19), b.add(NEURONS, 35, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.dense(first, hidden)
    b.sparse(hidden, hidden, arithmetic=FIXED, delay_steps=1, delays=True, trainable=False)
    b.dense(hidden, out)


def _frozen(b: Builder) -> None:
    """Nothing but parameters is trained."""
    first, hidden, out = b.add(SPIKES, 23), b.add(NEURONS, 300, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.dense(first, hidden, trainable=False)
    b.dense(hidden, out, trainable=False)


DEVICE_CASES = [
    *(Case(f"learn_{m}", _chain(m, gain=_gain(m, GENTLE_GAINS)), steps=12, batch=3) for m in SPIKING),
    Case("learn_leaky_integrator", _chain("leaky_integrator"), batch=3),
    Case("learn_euler", _chain("lif", decay="euler"), batch=3),
    # The gain of the input follows from the time constant, which it does not by default.
    Case("learn_one_minus_decay", _chain("lif", input_scaling="one_minus_decay", gain=20.0), batch=3),
    Case("learn_recurrent", _recurrent, steps=20, batch=4),
    Case("learn_frozen", _frozen, batch=5),
]


@pytest.mark.parametrize("per_neuron", [False, True], ids=["shared", "per_neuron"])
@pytest.mark.parametrize("case", DEVICE_CASES, ids=lambda case: case.name)
def test_devices_agree(case: Case, per_neuron: bool) -> None:
    def found(setting: Setting) -> dict[str, np.ndarray]:
        builder = LearningBuilder(case, per_neuron=per_neuron)
        session = open_session(builder, case, setting)
        trainer, loss = forward(builder, session, case)
        trainer.backward()
        paths = [*builder.learnable, *(f"{name}.weight" for name in builder.trainable if name)]
        return {"loss": np.array([loss])} | {path: read(session, f"{path}.gradient") for path in paths}

    expected = found(Setting("reference"))
    settings = cpu_settings()
    first: dict[str, np.ndarray] | None = None
    for setting in settings:
        gradients = found(setting)
        for name, values in expected.items():
            scale = np.abs(values).max() + 1e-6
            np.testing.assert_allclose(
                gradients[name], values, rtol=2e-4, atol=4e-5 * scale, err_msg=f"{setting} {name}"
            )
        if setting.instruction_set == settings[0].instruction_set and not setting.flags:
            if first is None:
                first = gradients
            for name, values in first.items():
                np.testing.assert_array_equal(gradients[name], values, err_msg=f"{setting} {name}")


def test_learning_leaves_the_spikes_of_a_forward_as_they_are() -> None:
    """The tape keeps more, and nothing else changes."""
    case = DEVICE_CASES[0]
    for setting in (Setting("reference"), Setting("cpu")):
        losses = []
        for builder in (Builder(case), LearningBuilder(case)):
            session = open_session(builder, case, setting)
            losses.append(forward(builder, session, case)[1])
        assert losses[0] == losses[1]


def test_built_in_models_say_what_they_can_learn() -> None:
    assert load_builtin_model("lif").programs.learning is not None
    assert load_builtin_model("poisson_source").programs.learning is None
