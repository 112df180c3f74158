"""Losses of the native trainer: their values from what a run recorded, by numpy; their gradients by central differences."""

from __future__ import annotations

import numpy as np
import pytest

import snn
from snn._words import LOSSES
from snn.engine import _native

from .cases import Builder, Case, _chain
from .running import FLOAT64, SMOOTH, Setting, labels, open_session, read, slope, vulkan_settings

STEPS, BATCH, OUTPUTS, TAU, DT = 9, 3, 5, 4.0, 1.0
SPIKING_OUTPUT = "lif"


def _network(output: str):
    def build(b: Builder) -> None:
        first, hidden = b.add(1, 23), b.add(0, 12, "lif", reset_gradient="attached")
        settings = {"reset_gradient": "attached", "threshold": 0.6} if output == "lif" else {}
        out = b.add(0, OUTPUTS, output, **settings)
        b.dense(first, hidden, bias=True)
        b.dense(hidden, out)

    return build


def case_of(loss: str) -> Case:
    output = "leaky_integrator" if loss.endswith("membrane") else SPIKING_OUTPUT
    return Case(f"loss_{loss}", _network(output), steps=STEPS, batch=BATCH)


def targets_of(loss: str) -> np.ndarray | None:
    random = np.random.Generator(np.random.Philox(17))
    if loss == "mean_square_membrane":
        return random.normal(0.2, 1.0, (STEPS, BATCH, OUTPUTS)).astype(np.float32)
    if loss == "van_rossum":
        return (random.random((STEPS, BATCH, OUTPUTS)) < 0.3).astype(np.float32)
    if loss == "mean_square_latency":
        return random.integers(0, STEPS + 1, (BATCH, OUTPUTS)).astype(np.float32)
    if loss.startswith("mean_square"):
        return random.normal(1.0, 1.0, (BATCH, OUTPUTS)).astype(np.float32)
    return None


# Of cross-entropies; no two classes count alike, one not at all.
SOFTENED = {"label_smoothing": 0.15, "class_weights": np.array([0.5, 2.0, 0.0, 1.25, 3.0], np.float32)}
CROSS_ENTROPIES = [loss for loss in LOSSES if loss.startswith("cross_entropy")]


def run(
    loss: str, builder: Builder, session: _native.Session, given: np.ndarray | None, *, softened: bool = False
) -> tuple[_native.Trainer, float]:
    trainer = _native.Trainer(
        session,
        output_population=2,
        steps=STEPS,
        loss=LOSSES.index(loss),
        van_rossum_tau=TAU,
        rate_on=0.75,
        rate_off=0.125,
        label_smoothing=SOFTENED["label_smoothing"] if softened else 0.0,
    )
    if softened:
        trainer.set_class_weights(SOFTENED["class_weights"])
    classes = labels(case_of(loss), OUTPUTS)
    if given is not None:
        classes[-1] = -1  # padding
    return trainer, trainer.forward(builder.drive(case_of(loss)), labels=classes, targets=given).loss


def log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def expected(loss: str, spikes: np.ndarray, membrane: np.ndarray, given: np.ndarray | None) -> float:
    """The loss of recorded [step][batch][output], written without the library's words."""
    classes = labels(case_of(loss), OUTPUTS)
    if loss == "van_rossum":
        # Every train filtered by a sum over all pairs of steps.
        kernel = np.exp(-DT / TAU * np.subtract.outer(np.arange(STEPS), np.arange(STEPS)))
        filtered = np.einsum("ts,sbo->tbo", np.tril(kernel), spikes - given)[:, :-1]
        return float((DT / TAU * (filtered**2).sum(axis=0)).mean())
    if loss == "mean_square_membrane":
        return float(((membrane - given) ** 2)[:, :-1].mean())
    if loss in ("cross_entropy_membrane", "cross_entropy_spikes"):  # of each step
        of_steps = log_softmax(membrane if loss.endswith("membrane") else spikes)
        return float(-of_steps[:, np.arange(BATCH), classes].mean())
    first = np.where(spikes.any(axis=0), spikes.argmax(axis=0), STEPS)
    scores = {
        "count": spikes.sum(axis=0),
        "rate": spikes.mean(axis=0),
        "max_membrane": membrane.max(axis=0),
        "mean_membrane": membrane.mean(axis=0),
        "last_membrane": membrane[-1],
        "latency": first,
    }[loss.removeprefix("cross_entropy_").removeprefix("mean_square_")]
    if loss.startswith("cross_entropy"):
        scores = -scores if loss.endswith("latency") else scores
        return float(-log_softmax(np.asarray(scores, float))[np.arange(BATCH), classes].mean())
    if given is not None:
        return float(((scores - given) ** 2)[:-1].mean())
    wanted = np.where(np.arange(OUTPUTS) == classes[:, None], 0.75, 0.125)
    return float(((scores - (wanted * STEPS if loss.endswith("count") else wanted)) ** 2).mean())


VALUE_CASES = [(loss, True) for loss in LOSSES] + [
    (loss, False)
    for loss in LOSSES
    if loss.startswith("mean_square") and not loss.endswith(("latency", "square_membrane"))
]


@pytest.mark.parametrize(("loss", "with_targets"), VALUE_CASES, ids=lambda value: str(value))
def test_the_value_is_that_of_what_was_recorded(loss: str, with_targets: bool) -> None:
    case = case_of(loss)
    builder = Builder(case)
    given = targets_of(loss) if with_targets else None
    for setting in (Setting("reference"), Setting("cpu")):
        session = open_session(builder, case, setting)
        spiking = not loss.endswith("membrane")
        membrane = np.zeros((STEPS, BATCH, OUTPUTS))
        spikes = np.zeros((STEPS, BATCH, OUTPUTS))
        records = [(2, "v", membrane), *([(2, "spikes", spikes)] if spiking else [])]
        session.run(STEPS, builder.drive(case), records)
        assert not spiking or spikes.any(), "silent outputs would check nothing"
        _, found = run(loss, builder, session, given)
        assert found == pytest.approx(expected(loss, spikes, membrane, given), rel=1e-12)


def scores_of_steps(loss: str, spikes: np.ndarray, membrane: np.ndarray) -> np.ndarray:
    """What the softmax of a cross-entropy sees, [softmax][batch][output]: one softmax, or one of each step."""
    if loss in ("cross_entropy_membrane", "cross_entropy_spikes"):
        return membrane if loss.endswith("membrane") else spikes
    score = {
        "count": lambda: spikes.sum(axis=0),
        "rate": lambda: spikes.mean(axis=0),
        "max_membrane": lambda: membrane.max(axis=0),
        "mean_membrane": lambda: membrane.mean(axis=0),
        "last_membrane": lambda: membrane[-1],
        "latency": lambda: -np.where(spikes.any(axis=0), spikes.argmax(axis=0), STEPS),
    }[loss.removeprefix("cross_entropy_")]()
    return np.asarray(score, float)[None]


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
def test_softened_and_weighted_classes(loss: str) -> None:
    """PyTorch's formula: w_y (1 - e) of the class and w_k e / K of every output, divided by the sum of the w_y."""
    case = case_of(loss)
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu"))
    membrane, spikes = np.zeros((STEPS, BATCH, OUTPUTS)), np.zeros((STEPS, BATCH, OUTPUTS))
    records = [(2, "v", membrane), *([] if loss.endswith("membrane") else [(2, "spikes", spikes)])]
    session.run(STEPS, builder.drive(case), records)
    classes, smoothing, weights = labels(case, OUTPUTS), SOFTENED["label_smoothing"], SOFTENED["class_weights"]
    assert len(set(weights[classes])) > 1, "classes of one weight would check nothing"
    logs = log_softmax(scores_of_steps(loss, spikes, membrane))
    of_class = -(weights[classes] * logs[:, np.arange(BATCH), classes]).sum(axis=1)
    of_all = -(weights * logs).sum(axis=(1, 2)) / OUTPUTS
    wanted = ((1 - smoothing) * of_class + smoothing * of_all).mean() / weights[classes].sum()
    trainer, found = run(loss, builder, session, None, softened=True)
    assert found == pytest.approx(wanted, rel=1e-12)
    assert trainer.loss_of(2) == found


@pytest.mark.parametrize(
    ("loss", "softened"), [*((one, False) for one in LOSSES), *((one, True) for one in CROSS_ENTROPIES)]
)
def test_central_differences(loss: str, softened: bool) -> None:
    """In float64 with the smooth spike the loss is a smooth function of the weights."""
    case = case_of(loss)
    builder = Builder(case)
    session = open_session(builder, case, Setting("reference", flags=FLOAT64 | SMOOTH))
    given = targets_of(loss)
    trainer, _ = run(loss, builder, session, given, softened=softened)
    trainer.backward()
    random = np.random.Generator(np.random.Philox(3))
    for name in builder.trainable:
        path = f"{name}.weight"
        gradient = read(session, f"{path}.gradient")
        assert gradient.any()
        for index in random.choice(gradient.size, 6, replace=False):
            expected_slope = slope(
                session, path, index, lambda: run(loss, builder, session, given, softened=softened)[1]
            )
            assert gradient[index] == pytest.approx(expected_slope, rel=1e-5, abs=1e-8), f"{path}[{index}]"


@pytest.mark.parametrize(
    ("loss", "softened"), [*((one, False) for one in LOSSES), *((one, True) for one in CROSS_ENTROPIES)]
)
def test_devices_agree(loss: str, softened: bool) -> None:
    case = case_of(loss)
    given = targets_of(loss)
    results = []
    for setting in (Setting("reference"), Setting("cpu"), Setting("cpu", threads=3), *vulkan_settings()):
        builder = Builder(case)
        session = open_session(builder, case, setting)
        trainer, value = run(loss, builder, session, given, softened=softened)
        trainer.backward()
        results.append((value, read(session, "w0.weight.gradient")))
    scale = np.abs(results[0][1]).max()
    for value, gradient in results[1:]:
        assert value == pytest.approx(results[0][0], rel=1e-6)
        np.testing.assert_allclose(gradient, results[0][1], rtol=1e-4, atol=2e-5 * scale)
    np.testing.assert_array_equal(results[2][1], results[1][1])


def test_a_batch_of_classes_that_count_nothing() -> None:
    loss = "cross_entropy_count"
    case = case_of(loss)
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu"))
    trainer = _native.Trainer(session, output_population=2, steps=STEPS, loss=LOSSES.index(loss))
    trainer.set_class_weights(np.array([1, 1, 0, 1, 1], np.float32))
    assert trainer.forward(builder.drive(case), labels=np.full(BATCH, 2, np.int32)).loss == 0.0
    trainer.backward()
    assert not read(session, "w0.weight.gradient").any()


def test_a_silent_output_is_asked_to_spike_earlier() -> None:
    """The gradient of a latency reaches outputs without a spike, where a rule for the first spike alone would give none."""
    case = Case("silent_output", _chain("lif", size=OUTPUTS, gain=0.02, bias=False), steps=STEPS, batch=BATCH)
    builder = Builder(case)
    session = open_session(builder, case, Setting("reference"))
    trainer = _native.Trainer(session, output_population=1, steps=STEPS, loss=LOSSES.index("mean_square_latency"))
    result = trainer.forward(builder.drive(case), targets=np.zeros((BATCH, OUTPUTS), np.float32))
    assert result.loss == pytest.approx(STEPS**2)
    assert result.spike_count == 0
    trainer.backward()
    gradient = read(session, "w0.weight.gradient")
    assert (gradient <= 0).all()
    assert (gradient < 0).any()


@pytest.mark.parametrize("loss", ["cross_entropy_membrane", "cross_entropy_spikes"])
def test_cross_entropy_of_steps_takes_labels_alone(loss: str) -> None:
    builder = Builder(case_of(loss))
    session = open_session(builder, case_of(loss), Setting("cpu"))
    with pytest.raises(snn.InvalidArgumentError, match="targets belong to the MEAN_SQUARE losses"):
        run(loss, builder, session, np.zeros((BATCH, OUTPUTS), np.float32))


def test_cross_entropy_of_steps_in_windows_is_that_of_their_steps() -> None:
    """The loss of windows without updates is one loss of all steps; with updates each has the mean of its own steps."""
    loss = "cross_entropy_spikes"
    case = case_of(loss)
    builder = Builder(case)
    values = []
    for settings in ({}, {"window_steps": 4, "window_updates": False}, {"window_steps": 4, "learning_rate": 0.0}):
        session = open_session(builder, case, Setting("cpu"))
        trainer = _native.Trainer(
            session, output_population=2, steps=STEPS, loss=LOSSES.index(loss), optimizer=0, **settings
        )
        values.append(trainer.step(builder.drive(case), labels=labels(case, OUTPUTS)).loss)
    spikes = np.zeros((STEPS, BATCH, OUTPUTS))
    open_session(builder, case, Setting("cpu")).run(STEPS, builder.drive(case), [(2, "spikes", spikes)])
    classes = labels(case, OUTPUTS)
    of_steps = -log_softmax(spikes)[:, np.arange(BATCH), classes].mean(axis=1)
    assert values[0] == pytest.approx(of_steps.mean(), rel=1e-12)
    assert values[1] == pytest.approx(of_steps.mean(), rel=1e-12)
    assert values[2] == pytest.approx(np.mean([of_steps[at : at + 4].mean() for at in (0, 4, 8)]), rel=1e-12)
