"""OTTT and e-prop: against their papers' formulas, against back-propagation where they are the same, and between devices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn.engine import _native
from snn.engine.errors import InvalidArgumentError, UnsupportedError

from ..oracle import learning_rules
from .cases import DENSE, NEURONS, SPIKES, Builder, Case
from .running import FLOAT64, Setting, gradients_of, labels, open_session, output_of, read, vulkan_settings
from .test_long_runs import cases

BPTT, OTTT, EPROP = range(3)
RULES = {"ottt": OTTT, "eprop": EPROP}
MEAN_MEMBRANE = 2
INPUTS, HIDDEN, OUTPUTS, STEPS, BATCH = 12, 9, 4, 14, 5
RATE = 0.3


def recurrent(b: Builder) -> None:
    first = b.add(SPIKES, INPUTS)
    hidden = b.add(NEURONS, HIDDEN, "lif", tau_membrane=8.0)
    out = b.add(NEURONS, OUTPUTS, "leaky_integrator", tau_membrane=5.0)
    b.dense(first, hidden, bias=True, gain=2.0)
    b.dense(hidden, hidden, delay_steps=1, gain=1.0)
    b.dense(hidden, out, gain=2.0)


def oracle_of(session: _native.Session) -> learning_rules.Net:
    def read(path: str, *shape: int) -> np.ndarray:
        values = np.empty(session.value_count(path))
        session.read(path, values)
        return values.reshape(shape)

    return learning_rules.Net(
        read("w0.weight", INPUTS, HIDDEN),
        read("w0.bias", HIDDEN),
        read("w1.weight", HIDDEN, HIDDEN),
        read("w2.weight", HIDDEN, OUTPUTS),
        math.exp(-1 / 8),
        math.exp(-1 / 5),
    )


@pytest.mark.parametrize("window", [1, 4, STEPS])
@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize(
    ("setting", "tolerance"),
    [(Setting("reference", flags=FLOAT64), 1e-9), *((one, 2e-4) for one in (Setting("cpu", 0, 2), *vulkan_settings()))],
    ids=lambda value: value.device if isinstance(value, Setting) else "",
)
def test_updates_are_those_of_the_papers(setting: Setting, tolerance: float, rule: str, window: int) -> None:
    case = Case("rules", recurrent, steps=STEPS, batch=BATCH)
    builder = Builder(case)
    session = open_session(builder, case, setting)
    net = oracle_of(session)
    begun = oracle_of(session)
    trainer = _native.Trainer(
        session,
        output_population=2,
        steps=STEPS,
        loss=MEAN_MEMBRANE,
        optimizer=0,
        learning_rate=RATE,
        window_steps=window,
        rule=RULES[rule],
    )
    inputs = builder.drive(case)
    classes = labels(case, OUTPUTS)
    result = trainer.step(inputs, labels=classes)
    assert result.spike_count > 50
    found = learning_rules.train(net, inputs[0][2].astype(np.float64), classes.astype(np.int64), rule, window, RATE)
    after = oracle_of(session)
    for name in ("into", "bias", "back", "out"):
        moved = getattr(net, name) - getattr(begun, name)
        assert np.abs(moved).max() > 1e-4, name
        ours = getattr(after, name) - getattr(begun, name)
        np.testing.assert_allclose(ours, moved, rtol=tolerance, atol=tolerance * np.abs(moved).max(), err_msg=name)
    gradient = read(session, "w0.weight.gradient")
    last = found[-1]["into"]
    np.testing.assert_allclose(gradient.reshape(last.shape), last, rtol=tolerance, atol=tolerance * np.abs(last).max())


def gradients(case: Case, setting: Setting, **settings) -> dict[str, np.ndarray]:
    """Of the last window of a batch."""
    builder = Builder(case)
    session = open_session(builder, case, setting)
    output = output_of(builder)
    trainer = _native.Trainer(
        session,
        output_population=output,
        steps=case.steps,
        loss=0 if builder.models[output]["spiking"] else case.loss,
        optimizer=0,
        learning_rate=1e-3,
        **settings,
    )
    trainer.step(builder.drive(case), labels=labels(case, builder.sizes[output]))
    return gradients_of(builder, session)


def linear(model: str, **settings):
    """Without resets nothing but decay carries the past of a layer on: then e-prop is back-propagation."""

    def build(b: Builder) -> None:
        first = b.add(SPIKES, 23)
        hidden = b.add(NEURONS, 19, model, reset="none", **settings)
        out = b.add(NEURONS, 5, "leaky_integrator")
        b.dense(first, hidden, bias=True)
        b.sparse(first, hidden, delays=True)
        b.dense(hidden, out)

    return build


@pytest.mark.parametrize("model", ["lif", "current_lif", "alpha_lif"])
def test_eprop_is_back_propagation_where_only_decay_carries_the_past(model: str) -> None:
    case = Case(f"linear_{model}", linear(model), steps=20, batch=3)
    setting = Setting("reference", flags=FLOAT64)
    expected = gradients(case, setting)
    found = gradients(case, setting, rule=EPROP)
    for name, values in expected.items():
        assert np.abs(values).max() > 1e-6, name
        np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


CHOSEN = (
    "model_lif",
    "model_adaptive_lif",
    "model_current_lif",
    "lif_values",
    "lif_refractory",
    "one_to_one",
    "sparse_float_delays",
    "recurrent_3",
    "conv_delayed",
    "conv_groups",
    "pool_max",
    "several_projections",
)
# Without hidden layers that do not project onto the output.
ONTO_OUTPUT = ("model_lif", "model_current_lif", "lif_values", "sparse_float_delays", "recurrent_3", "conv_delayed")


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        *((case, "ottt") for case in cases(CHOSEN, steps=40, batch=32)),
        *((case, "eprop") for case in cases(ONTO_OUTPUT, steps=40, batch=32)),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_devices_agree(case: Case, rule: str) -> None:
    expected = gradients(case, Setting("reference"), rule=RULES[rule], window_steps=17)
    assert any(np.abs(values).max() > 0 for values in expected.values())
    first: dict[str, np.ndarray] | None = None
    for setting in (Setting("cpu"), Setting("cpu", 0, 3), Setting("cpu", 1)):
        found = gradients(case, setting, rule=RULES[rule], window_steps=17)
        for name, values in expected.items():
            scale = np.abs(values).max() + 1e-6
            np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=1e-4 * scale, err_msg=f"{setting} {name}")
        if setting.instruction_set == 0:
            first = first or found
            for name, values in first.items():
                np.testing.assert_array_equal(found[name], values, err_msg=f"{setting} {name}")


# On a GPU, each kind of projection and of way back once.
ON_A_GPU = {
    "ottt": (
        "model_adaptive_lif",
        "model_current_lif",
        "sparse_float_delays",
        "conv_groups",
        "pool_max",
        "several_projections",
    ),
    "eprop": ("model_adaptive_lif", "lif_values", "sparse_float_delays", "recurrent_3", "conv_delayed"),
}


@pytest.mark.parametrize("window", [0, 9])
@pytest.mark.parametrize(
    ("case", "rule"),
    [(case, rule) for rule, names in ON_A_GPU.items() for case in cases(names, steps=23, batch=5)],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_gpu_agrees(case: Case, rule: str, window: int) -> None:
    if not vulkan_settings():
        pytest.skip("no Vulkan device, or built without Vulkan")
    expected = gradients(case, Setting("reference"), rule=RULES[rule], window_steps=window)
    assert any(np.abs(values).max() > 0 for values in expected.values())
    found = gradients(case, Setting("vulkan"), rule=RULES[rule], window_steps=window)
    for name, values in expected.items():
        scale = np.abs(values).max() + 1e-6
        np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=1e-4 * scale, err_msg=name)


def test_rules_take_turns_on_a_gpu() -> None:
    """Trainers of one session with other rules: what was recorded for one is not what another runs."""
    if not vulkan_settings():
        pytest.skip("no Vulkan device, or built without Vulkan")
    case = Case("rules", recurrent, steps=STEPS, batch=BATCH)

    def found(device: str) -> list[np.ndarray]:
        builder = Builder(case)
        session = open_session(builder, case, Setting(device))
        values = []
        for rule in (BPTT, EPROP, OTTT, EPROP, BPTT):
            trainer = _native.Trainer(
                session, output_population=2, steps=STEPS, loss=MEAN_MEMBRANE, optimizer=0, learning_rate=0.0, rule=rule
            )
            trainer.step(builder.drive(case), labels=labels(case, OUTPUTS))
            values.append(np.empty(HIDDEN * HIDDEN))
            session.read("w1.weight.gradient", values[-1])
        return values

    wanted = found("reference")
    assert not np.allclose(wanted[0], wanted[1], rtol=1e-2)
    for mine, theirs in zip(found("vulkan"), wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("rule", list(RULES))
def test_checkpoints_change_no_bit(rule: str) -> None:
    (case,) = cases(("model_lif",), steps=67, batch=32)
    whole = gradients(case, Setting("cpu"), rule=RULES[rule])
    parts = gradients(case, Setting("cpu"), rule=RULES[rule], checkpoint_steps=20)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values, err_msg=name)


def chain(model: str, **settings):
    def build(b: Builder) -> None:
        first = b.add(SPIKES, 6)
        hidden = b.add(NEURONS, 7, model, **settings)
        deeper = b.add(NEURONS, 7, "lif")
        out = b.add(NEURONS, 5, "leaky_integrator")
        b.dense(first, hidden)
        b.dense(hidden, deeper)
        b.connect(DENSE, deeper, out, weights=b.weights(35, 2.0))

    return build


@pytest.mark.parametrize(
    ("build", "settings", "error", "said"),
    [
        (
            chain("izhikevich"),
            {"rule": OTTT},
            UnsupportedError,
            "'p1' has model 'izhikevich', whose states do not follow",
        ),
        (
            chain("lif", tau_membrane=np.linspace(5, 20, 7)),
            {"rule": OTTT},
            UnsupportedError,
            "'p1' has neurons with different decays: neuron 1 is not as neuron 0",
        ),
        (
            chain("lif"),
            {"rule": EPROP},
            UnsupportedError,
            "'w0' cannot learn, since population 'p1' does not project onto",
        ),
        (
            chain("lif"),
            {"rule": OTTT, "loss": 255},
            InvalidArgumentError,
            "OTTT, which needs one of the library's losses",
        ),
        (chain("lif"), {"rule": 4}, InvalidArgumentError, "rule is 4; expected one of SNN_LEARNING"),
    ],
    ids=["not linear", "different decays", "not onto the output", "own loss", "unknown"],
)
def test_what_a_rule_cannot_train_is_said(build, settings, error, said) -> None:
    case = Case("refused", build, steps=5)
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu"))
    with pytest.raises(error, match=said.replace("(", r"\(")):
        _native.Trainer(session, **{"output_population": 3, "steps": 5, "loss": MEAN_MEMBRANE, **settings})
