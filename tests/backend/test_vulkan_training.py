"""Training on the device "vulkan": the forward has the bits of the reference, gradients and updates agree with it.

Gradients are sums in another order than the reference's, so they agree to float32's rounding: within 2e-5 of the largest one.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import snn
from snn.engine import _native

from .cases import (
    CASES,
    FIXED,
    FLOAT,
    GRADIENT_CASES,
    NEURONS,
    SPIKES,
    SURROGATES,
    VALUES,
    Builder,
    Case,
    _conv,
)
from .running import (
    Setting,
    forward,
    gradients,
    gradients_of,
    labels,
    open_session,
    output_of,
    read,
    vulkan_settings,
)
from .test_dropout import run as run_batch
from .test_dropout import trainer_of
from .test_learnable import DEVICE_CASES, LearningBuilder
from .test_output_gradients import Pass

pytestmark = pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")

REFERENCE, VULKAN = Setting("reference"), Setting("vulkan")
BY_NAME = {case.name: case for case in (*CASES, *GRADIENT_CASES)}


def assert_close(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float = 2e-5) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        scale = np.abs(values).max() + 1e-6
        np.testing.assert_allclose(found[name], values, rtol=0, atol=tolerance * scale, err_msg=name)


def _waiting_sums(b: Builder) -> None:
    """Projections from outside come after recurrent ones onto the same receptor, so their sums wait for those of each step."""
    first, values = b.add(SPIKES, 19), b.add(VALUES, 35)
    one, two = b.add(NEURONS, 35, "lif"), b.add(NEURONS, 40, "lif")
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.dense(one, one, gain=0.4, delay_steps=2)
    b.dense(first, one, bias=True)
    b.sparse(one, two, arithmetic=FLOAT, delays=True)
    b.sparse(two, one, arithmetic=FLOAT, delays=True, delay_steps=3)
    b.dense(values, one, gain=0.4)
    b.sparse(first, two, arithmetic=FIXED, trainable=False)
    b.sparse(first, two, arithmetic=FIXED, delays=True)
    b.dense(two, out, delay_steps=1)


def _many_rows(b: Builder) -> None:
    """Gradients in several slices, with weights, windows and values."""
    first, values = b.add(SPIKES, (2, 5, 6)), b.add(VALUES, 40)
    hidden, out = b.add(NEURONS, (3, 3, 4), "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.connect(
        3, first, hidden, weights=b.weights(54, 6), bias=b.weights(3, 40.0), kernel=(3, 3), stride=(1, 1),
        padding=(0, 0), dilation=(1, 1), groups=1, delay_steps=1,
    )  # fmt: skip
    b.dense(values, hidden, gain=0.3, bias=True)
    b.sparse(values, hidden, arithmetic=FLOAT, delays=True)
    b.dense(hidden, out, bias=True)


# Every kind of connection, model, option and surrogate once; sizes of loops are those of the forward's tests.
CHOSEN = [
    *(case for case in CASES if case.trains and not case.name.startswith(("size_", "lif_", "wide"))),
    *(BY_NAME[name] for name in ("size_1", "size_257", "lif_refractory", "lif_values", "lif_value_next_step_attached")),
    *(BY_NAME[f"gradient_lif_{surrogate}"] for surrogate in SURROGATES),
    Case("waiting_sums", _waiting_sums, steps=25, batch=3),
    Case("many_rows", _many_rows, steps=21, batch=63),
    # More channels than are taken at once, of groups; a kernel whose weights do not fit shared memory.
    Case(
        "many_channels",
        _conv(size=(9, 11), channels=(20, 70), kernel=(3, 5), groups=2, padding=(1, 2)),
        steps=5,
        batch=3,
    ),
    Case("large_kernel", _conv(size=(8, 9), channels=(1, 9), kernel=(21, 21), padding=(10, 10)), steps=5),
]


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_a_loss_of_every_state_and_spike(case: Case) -> None:
    """Bits of the forward, gradients of weights, biases and inputs; a second pass over the same memory gives the same bits."""
    runs = [Pass(Builder(case), case, setting, np.float32) for setting in (REFERENCE, VULKAN)]
    wanted, found = (run.loss() for run in runs)
    assert found == wanted
    for (_, name, mine), (_, _, theirs) in zip(runs[1].records, runs[0].records, strict=True):
        np.testing.assert_array_equal(mine.view(np.uint32), theirs.view(np.uint32), name)
    expected, first = runs[0].backward(), {name: values.copy() for name, values in runs[1].backward().items()}
    assert any(np.abs(values).max() > 0 for values in expected.values())
    assert_close(first, expected)
    runs[1].loss()
    for name, values in runs[1].backward().items():
        np.testing.assert_array_equal(values, first[name], name)


@pytest.mark.parametrize("name", ["wide_batch", "recurrent_3", "conv", "several_projections", "silent"])
def test_the_librarys_losses(name: str) -> None:
    """Regularised, and with counters."""
    loss, expected = gradients(BY_NAME[name], REFERENCE)
    found_loss, found = gradients(BY_NAME[name], VULKAN)
    assert found_loss == pytest.approx(loss, rel=1e-6)
    assert_close(found, expected)


@pytest.mark.parametrize("name", ["conv", "pool_max", "lif_values", "recurrent_sparse", "sparse_float_delays"])
def test_counters_of_a_taped_run(name: str) -> None:
    counted = []
    for setting in (REFERENCE, VULKAN):
        builder = Builder(BY_NAME[name])
        session = open_session(builder, BY_NAME[name], setting)
        forward(builder, session, BY_NAME[name])
        counted.append(session.counters())
    assert counted[0] == counted[1]
    assert counted[0].synaptic_operations > 0


@pytest.mark.parametrize("name", ["model_lif", "sparse_float_delays", "recurrent_3", "conv", "pool_average"])
def test_dropout(name: str) -> None:
    case, results = BY_NAME[name], []
    for setting in (REFERENCE, VULKAN):
        builder = Builder(case)
        session = open_session(builder, case, setting)
        trainer = trainer_of(builder, session, case, 0.4)
        result = run_batch(builder, trainer, case)
        trainer.backward()
        dropped = gradients_of(builder, session)
        for index in range(len(builder.sizes)):
            if builder.kinds[index] == NEURONS and builder.models[index]["spiking"] and index != output_of(builder):
                trainer.set_dropout(index, 0.0)
        results.append((result.loss, result.spike_count, dropped, run_batch(builder, trainer, case).spike_count))
    assert results[0][1] == results[1][1]
    assert results[0][3] == results[1][3] > results[0][1]
    assert results[1][0] == pytest.approx(results[0][0], rel=1e-6)
    assert_close(results[1][2], results[0][2])


@pytest.mark.parametrize("case", DEVICE_CASES, ids=lambda case: case.name)
def test_learnable_parameters(case: Case) -> None:
    results = []
    for setting in (REFERENCE, VULKAN):
        builder = LearningBuilder(case, per_neuron=len(case.name) % 2 == 0)
        session = open_session(builder, case, setting)
        trainer, _ = forward(builder, session, case)
        trainer.backward()
        trainer.update()  # constants change
        trainer.forward(builder.drive(case), labels=labels(case, builder.sizes[output_of(builder)]))
        trainer.backward()
        paths = (*builder.learnable, *(f"{name}.weight" for name in builder.trainable if name))
        results.append({path: read(session, f"{path}.gradient") for path in paths})
    assert_close(results[1], results[0], 4e-5)


@pytest.mark.parametrize("optimizer", range(4))
def test_updates(optimizer: int) -> None:
    """All formulas, clipping, and the limit of weights in fixed point; then runs without a tape see the new weights."""
    case, results = BY_NAME["sparse_fixed_trained"], []
    for setting in (REFERENCE, VULKAN):
        builder = Builder(case)
        session = open_session(builder, case, setting)
        trainer = _native.Trainer(
            session,
            output_population=output_of(builder),
            steps=case.steps,
            loss=2,
            optimizer=optimizer,
            learning_rate=0.02,
            momentum=0.9,
            weight_decay=0.01,
            l1_regularization=1e-4,
            gradient_clip_norm=0.1,
        )
        for _ in range(3):
            trainer.forward(builder.drive(case), labels=labels(case, builder.sizes[output_of(builder)]))
            trainer.backward()
            trainer.update()
        found = {}
        for name in filter(None, builder.trainable):
            found[name] = np.empty(session.value_count(f"{name}.weight"))
            session.read(f"{name}.weight", found[name])
        results.append((found, session, builder))
    assert_close(results[1][0], results[0][0], 1e-4)
    # The same weights in both sessions: the same bits.
    outputs = []
    for _, session, builder in results:
        for name in filter(None, builder.trainable):
            session.write(f"{name}.weight", results[1][0][name])
        session.reset()
        states = np.zeros((case.steps, case.batch, 5), np.float32)
        session.run(case.steps, builder.drive(case), [(output_of(builder), "v", states)])
        outputs.append(states)
    np.testing.assert_array_equal(outputs[1].view(np.uint32), outputs[0].view(np.uint32))


def test_runs_after_a_taped_one_go_on_from_it() -> None:
    """Activity on its way, states and counters of the taped run are those of the session."""
    case = BY_NAME["recurrent_3"]
    builder = Builder(case)
    session = open_session(builder, case, VULKAN)
    forward(builder, session, case)
    spikes = np.zeros(case.batch * 35)
    session.read("p1.spikes", spikes)
    plain = open_session(builder, case, REFERENCE)
    plain.run(case.steps, builder.drive(case), [])
    expected = np.zeros(case.batch * 35)
    plain.read("p1.spikes", expected)
    np.testing.assert_array_equal(spikes, expected)
    found = []
    for one in (plain, session):
        states = np.zeros((case.steps, case.batch, 35), np.float32)
        one.run(case.steps, builder.drive(case, seed=8), [(1, "v", states)])
        found.append(states)
    np.testing.assert_array_equal(found[1].view(np.uint32), found[0].view(np.uint32))
    assert session.counters() == plain.counters()


@pytest.mark.parametrize("optimizer", [0, 1])
def test_a_trainer_goes_on_from_its_state(optimizer: int) -> None:
    """Two trainers take turns on one session; one that takes over the state of another gives the same bits."""
    case = BY_NAME["several_projections"]

    def steps(trainer: _native.Trainer, builder: Builder, count: int) -> None:
        for _ in range(count):
            trainer.forward(builder.drive(case), labels=labels(case, 5))
            trainer.backward()
            trainer.update()

    def weights(session: _native.Session) -> np.ndarray:
        values = np.empty(session.value_count("w0.weight"))
        session.read("w0.weight", values)
        return values

    builder = Builder(case)
    options = {"output_population": output_of(builder), "steps": case.steps, "loss": 2, "optimizer": optimizer}
    whole = open_session(builder, case, VULKAN)
    trainer = _native.Trainer(whole, **options, momentum=0.5)
    before = weights(whole)
    steps(trainer, builder, 4)
    session = open_session(builder, case, VULKAN)
    first = _native.Trainer(session, **options, momentum=0.5)
    steps(first, builder, 2)
    second = _native.Trainer(session, **options, momentum=0.5)
    second.set_state(first.state())
    steps(second, builder, 2)
    np.testing.assert_array_equal(weights(session), weights(whole))
    np.testing.assert_array_equal(second.state(), trainer.state())
    assert np.abs(weights(whole) - before).max() > 0


def test_gradients_that_are_not_finite_are_told() -> None:
    case = BY_NAME["model_leaky_integrator"]
    builder = Builder(case)
    session = open_session(builder, case, VULKAN)
    trainer = _native.Trainer(session, output_population=2, steps=case.steps, loss=255)
    trainer.run(builder.drive(case), [])
    gradient = np.full((case.steps, case.batch, 5), 3e38, np.float32)
    trainer.run_backward(1.0, [(2, "v", gradient)], [])
    with pytest.raises(snn.NotFiniteError, match=r"projection 'w\d': its gradient has the norm (inf|nan)"):
        trainer.update()


def test_what_it_cannot_train_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    case = BY_NAME["size_15"]
    builder = Builder(case)
    long = _native.Trainer(open_session(builder, case, VULKAN), output_population=2, steps=65_536, loss=2)
    with pytest.raises(snn.UnsupportedError, match=r"training of 65536 steps with 3 samples; .* at most 65535 steps"):
        long.forward([(0, True, np.zeros((3, 23), np.float32))], labels=np.zeros(3, np.int32))
    monkeypatch.setenv("SNN_VULKAN_STORAGE_RANGE", "20000")
    session = open_session(builder, case, VULKAN)
    trainer = _native.Trainer(session, output_population=2, steps=200, loss=2)
    with pytest.raises(
        snn.UnsupportedError,
        match=r"the gradients of 200 steps of population 'p1' would take \d+ bytes.* micro-batches",
    ):
        trainer.forward([(0, True, np.zeros((3, 23), np.float32))], labels=np.zeros(3, np.int32))
    session.step(1)  # the session goes on
    monkeypatch.delenv("SNN_VULKAN_STORAGE_RANGE")
    wide = snn.Sequential(2_097_121, snn.Dense(1), snn.LIF(), dt=1.0)
    with pytest.raises(snn.UnsupportedError, match=r"has 2097121 sources; .* dense projections from at most 2097120"):
        snn.Trainer(wide, device="vulkan", steps=1, batch_size=1).fit(np.zeros((1, 2_097_121), np.float32), [0])


def test_digits() -> None:
    """A user's trainer: the accuracy is the CPU's, and the network has the weights afterwards, for any device."""
    digits = snn.data.digits()
    scores = []
    for device in ("cpu", "vulkan"):
        net = snn.Sequential(64, snn.Dense(32), snn.LIF(), snn.Dense(10), snn.LIF())
        trainer = snn.Trainer(net, steps=10, epochs=3, learning_rate=1e-2, device=device)
        trainer.fit(digits.train_x[:512], digits.train_y[:512])
        scores.append(trainer.score(digits.test_x, digits.test_y))
        assert snn.Trainer(net, steps=10).score(digits.test_x, digits.test_y) == scores[-1]
    assert scores[0] > 0.7
    assert abs(scores[1] - scores[0]) < 0.02  # rounding of gradients moves a sample or two


@pytest.mark.parametrize("name", ["recurrent_3", "sparse_float_delays", "conv_delayed", "several_projections"])
def test_truncated_gradients(name: str) -> None:
    """No gradient goes back over the beginning of a window."""
    case = dataclasses.replace(BY_NAME[name], steps=20, batch=3)
    found = []
    for setting, settings in ((REFERENCE, {}), (VULKAN, {}), (VULKAN, {"checkpoint_steps": 5})):
        builder = Builder(case)
        session = open_session(builder, case, setting)
        trainer = _native.Trainer(
            session, output_population=output_of(builder), steps=case.steps, loss=2, window_steps=7, **settings
        )
        trainer.forward(builder.drive(case), labels=labels(case, builder.sizes[output_of(builder)]))
        trainer.backward()
        found.append(gradients_of(builder, session))
    assert_close(found[1], found[0])
    for path, values in found[1].items():
        np.testing.assert_array_equal(found[2][path], values)  # all of the tape is kept


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("recurrent_3", False),
        ("sparse_float_delays", True),
        ("model_driven_lif", False),
        ("several_projections", False),
    ],
)
def test_windows_with_updates(name: str, held: bool) -> None:
    """Each window goes on from the one before: states, spikes on their way, draws."""
    case = dataclasses.replace(BY_NAME[name], steps=20, batch=3)
    found = []
    for setting in (REFERENCE, VULKAN):
        builder = Builder(case)
        session = open_session(builder, case, setting)
        output = output_of(builder)
        trainer = _native.Trainer(
            session, output_population=output, steps=case.steps, loss=2, optimizer=0, learning_rate=0.01, window_steps=3
        )
        inputs = [(i, held, values[0] if held else values) for i, _, values in builder.drive(case)]
        results = [trainer.step(inputs, labels=labels(case, builder.sizes[output])) for _ in range(2)]
        found.append(({}, session.counters(), [one.spike_count for one in results], [one.loss for one in results]))
        for path in filter(None, builder.trainable):
            found[-1][0][path] = np.empty(session.value_count(f"{path}.weight"))
            session.read(f"{path}.weight", found[-1][0][path])
    assert found[1][1:3] == found[0][1:3]
    assert found[1][3] == pytest.approx(found[0][3], rel=1e-5)
    assert_close(found[1][0], found[0][0], 1e-4)


def test_quantised_weights() -> None:
    """The trainer puts rounded weights in for a run and takes them out for an update."""
    case, found = BY_NAME["model_lif"], []
    for setting in (REFERENCE, VULKAN):
        builder = Builder(case)
        session = open_session(builder, case, setting)
        trainer = _native.Trainer(
            session, output_population=2, steps=case.steps, loss=2, optimizer=0, learning_rate=0.01
        )
        trainer.set_quantization(0, 4, False)
        losses = [trainer.step(builder.drive(case), labels=labels(case, 5)).loss for _ in range(3)]
        weights = np.empty(session.value_count("w0.weight"))
        session.read("w0.weight", weights)
        found.append((losses, weights))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-5)
    # A gradient that is rounded otherwise may move a weight to the next step of its 15.
    assert (np.abs(found[1][1] - found[0][1]) > 1e-5).mean() < 0.01
    assert len(np.unique(found[1][1])) <= 15
