"""Batch normalisation through time: what it computes, its gradients, what is folded, and devices that agree."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine.errors import InvalidArgumentError, UnsupportedError

from .cases import CONV2D, FIXED, FLOAT, NEURONS, ONE_TO_ONE, SPIKES, VALUES, Builder, Case
from .running import FLOAT64, SMOOTH, Setting, Training, cpu_settings, gradients_of, slope, trained, vulkan_settings

SCALE, MOMENTUM, EPSILON = 0.8, 0.25, 1e-3


def _lif(b: Builder, shape: int | tuple[int, ...]) -> int:
    return b.add(NEURONS, shape, "lif", reset_gradient="attached")


def _deep(b: Builder) -> None:
    """Two layers, the second with a way to itself, and a way past it that is not normalised."""
    first, one, two = b.add(SPIKES, 19), _lif(b, 16), _lif(b, 18)
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.dense(first, one, bias=True, name="n1")
    b.dense(one, two, bias=True, delay_steps=1, name="n2")
    b.dense(two, two, gain=0.4, delay_steps=1)
    b.dense(one, two, delay_steps=2)
    b.dense(two, out)
    b.dense(one, out)


def _conv(b: Builder) -> None:
    first, one, two = b.add(SPIKES, (2, 6, 5)), _lif(b, (4, 6, 5)), _lif(b, (16, 2, 2))
    out = b.add(NEURONS, 5, "leaky_integrator")
    padded = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    strided = {"kernel": (3, 3), "stride": (3, 2), "padding": (0, 0), "dilation": (1, 1), "groups": 2}
    b.connect(CONV2D, first, one, weights=b.weights(72, 6.0), bias=b.weights(4, 40.0), name="n1", **padded)
    b.connect(CONV2D, one, two, weights=b.weights(288, 6.0), bias=b.weights(16, 40.0), name="n2", **strided)
    b.dense(two, out)


def _kinds(b: Builder) -> None:
    """Every other kind of connection, onto one population."""
    values, spikes, hidden = b.add(VALUES, 20), b.add(SPIKES, 33), _lif(b, 20)
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.dense(values, hidden, bias=True, name="n1")
    b.connect(ONE_TO_ONE, values, hidden, weights=b.weights(20, 1.0), bias=b.weights(20, 40.0), name="n2")
    b.sparse(spikes, hidden, arithmetic=FLOAT, delays=True, bias=b.weights(20, 40.0), name="n3")
    b.dense(spikes, hidden, gain=0.5)
    b.dense(hidden, out, bias=True)


CASES = [Case(build.__name__, build, steps=9, batch=3) for build in (_deep, _conv, _kinds)]
CASES.append(Case("wide", _deep, steps=400, batch=9))  # more rows than a chunk of the backward pass has


class Normalized(Training):
    """A case, opened with every projection n... normalised; the last sample is padding."""

    def __init__(self, case: Case, setting: Setting, **settings) -> None:
        super().__init__(
            case, setting, **{"learning_rate": 0.0, "rate_regularization": 0.05, "rate_target": 0.2, **settings}
        )
        self.normalized = [name for name in self.builder.trainable if name.startswith("n")]
        self.labels[-1] = -1
        self.normalize()

    def normalize(self) -> None:
        """With the session's weights as those behind the normalisation."""
        for name in self.normalized:
            self.trainer.set_normalization(self.builder.trainable.index(name), SCALE, MOMENTUM, EPSILON)

    def normalized_loss(self) -> float:
        """Of weights that were written into the session."""
        self.normalize()
        return self.forward()

    def variables(self) -> list[str]:
        return trained(self.builder, self.session)

    def gradients(self) -> dict[str, np.ndarray]:
        return gradients_of(self.builder, self.session)


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: case.name)
def test_central_differences(case: Case) -> None:
    """Of weights, shifts and scales, in float64."""
    training = Normalized(case, Setting("reference", flags=FLOAT64 | SMOOTH))
    training.forward()
    training.trainer.backward()
    random = np.random.Generator(np.random.Philox(3))
    for name, gradient in training.gradients().items():
        for index in random.choice(gradient.size, min(6, gradient.size), replace=False):
            expected = slope(training.session, name, index, training.normalized_loss)
            assert gradient[index] == pytest.approx(expected, rel=2e-5, abs=1e-8), f"{name}[{index}]"


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: case.name)
def test_central_differences_of_the_scales(case: Case) -> None:
    """A step of SGD shows the gradients of the scales; the state of the trainer lets each be moved by itself."""
    training = Normalized(case, Setting("reference", flags=FLOAT64 | SMOOTH), learning_rate=1e-3)
    before = training.trainer.state()
    training.forward()
    training.trainer.backward()
    training.trainer.update()
    after = training.trainer.state()
    training = Normalized(case, Setting("reference", flags=FLOAT64 | SMOOTH))  # with the weights of before
    at = before.size - sum(_latent_count(training, name) for name in training.normalized)
    for name in training.normalized:
        weights, channels = training.read(f"{name}.weight").size, training.read(f"{name}.bias").size
        scales = at + weights + channels
        at += _latent_count(training, name)
        assert (before[scales : scales + channels] == 1.0).all(), "these are the scales"
        for channel in range(0, channels, 3):
            losses = []
            for sign in (1, -1):
                moved = before.copy()
                moved[scales + channel] += sign * 1e-5
                training.trainer.set_state(moved)
                losses.append(training.forward())
            expected = (losses[0] - losses[1]) / 2e-5
            step = after[scales + channel] - before[scales + channel]
            assert -step / 1e-3 == pytest.approx(expected, rel=2e-5, abs=1e-8), f"{name}[{channel}]"
    assert at == before.size


def _latent_count(training: Normalized, name: str) -> int:
    """Weights, biases, five numbers for each channel and a flag."""
    return training.read(f"{name}.weight").size + 6 * training.read(f"{name}.bias").size + 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_devices_agree(case: Case) -> None:
    def found(setting: Setting) -> tuple[float, dict[str, np.ndarray]]:
        training = Normalized(case, setting)
        loss = training.forward()
        training.trainer.backward()
        return loss, training.gradients()

    loss, expected = found(Setting("reference"))
    settings = cpu_settings()
    first = None
    for setting in [*(settings if case.steps < 100 else settings[:2]), *vulkan_settings()]:
        other_loss, other = found(setting)
        assert other_loss == pytest.approx(loss, rel=1e-6), str(setting)  # the same spikes
        for name, values in expected.items():
            # The sums of gradients cancel through the statistics, so that errors are relative to the largest.
            scale = np.abs(values).max() + 1e-6
            np.testing.assert_allclose(other[name], values, rtol=1e-3, atol=1e-4 * scale, err_msg=f"{setting} {name}")
        if setting.instruction_set == settings[0].instruction_set and not setting.flags:
            first = first or other
            for name, values in first.items():
                np.testing.assert_array_equal(other[name], values, err_msg=f"{setting} {name}")


def _two_layers(b: Builder) -> None:
    first, out = b.add(VALUES, 11), b.add(NEURONS, 5, "leaky_integrator", tau_membrane=10.0)
    b.dense(first, out, bias=True, name="n1")


@pytest.mark.parametrize("setting", [Setting("reference"), Setting("cpu"), *vulkan_settings()], ids=str)
def test_it_is_the_formula(setting: Setting) -> None:
    """Numpy in float64: the membrane of a leaky integrator that gets what a normalisation gives, and the folded weights."""
    case = Case("formula", _two_layers, steps=7, batch=4)
    training = Normalized(case, setting)
    x = np.asarray(training.builder.drive(case)[0][2], np.float64)
    weights, bias = training.read("n1.weight").reshape(11, 5), training.read("n1.bias")

    def statistics() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sums = x @ weights
        counted = sums[:, :3].reshape(-1, 5)
        return sums, counted.mean(axis=0), counted.var(axis=0)

    sums, mean, variance = statistics()
    given = (sums - mean) * SCALE / np.sqrt(variance + EPSILON) + bias
    training.forward()
    scores = np.empty((4, 5), np.float32)
    training.trainer.scores(scores)
    assert case.loss == 2, "the scores are means of membranes"
    membranes, membrane = [], np.zeros((4, 5))
    for step in given:
        membrane = np.exp(-1.0 / 10.0) * membrane + step
        membranes.append(membrane)
    np.testing.assert_allclose(scores, np.mean(membranes, axis=0), rtol=2e-5, atol=2e-6)

    # Folded: statistics of the first update, then moved towards the second's; nothing else changes at a rate of 0.
    np.testing.assert_array_equal(training.read("n1.weight"), weights.reshape(-1))  # not before the first update
    running = None
    for factor in (1.0, 2.0):
        x = factor * np.asarray(training.builder.drive(case)[0][2], np.float64)
        frames = [(0, False, x.astype(np.float32))]
        training.trainer.step(frames, labels=training.labels)
        _, mean, variance = statistics()
        new = np.stack([mean, variance * 21 / 20])  # of 7 steps and 3 samples
        running = new if running is None else running + MOMENTUM * (new - running)
        factors = SCALE / np.sqrt(running[1] + EPSILON)
        np.testing.assert_allclose(training.read("n1.weight").reshape(11, 5), weights * factors, rtol=1e-5)
        np.testing.assert_allclose(training.read("n1.bias"), bias - running[0] * factors, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: case.name)
def test_a_gpu_gives_the_statistics_and_spikes_of_the_reference(case: Case) -> None:
    """To the bit, forward: all that the loss looks at, and what two updates keep of means and variances; then with one
    projection less that is normalised."""
    if not vulkan_settings():
        pytest.skip("no Vulkan device, or built without Vulkan")

    def found(device: str) -> list:
        training = Normalized(case, Setting(device))
        values: list = [
            training.trainer.step(training.builder.drive(case), labels=training.labels).loss for _ in range(2)
        ]
        # At a rate of 0 the folded weights show the statistics and nothing else.
        values += [training.read(name) for name in training.variables() if name.startswith("n")]
        training.trainer.set_normalization(training.builder.trainable.index("n1"), 0.0, MOMENTUM, EPSILON)
        return [*values, training.forward()]

    for mine, theirs in zip(found("vulkan"), found("reference"), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_source_between_neurons_that_reach_back_to_each_other_says_what_to_do() -> None:
    training = [
        Normalized(Case("between", _between, steps=3), setting) for setting in (Setting("cpu"), *vulkan_settings())
    ]
    for one in training:
        with pytest.raises(UnsupportedError, match="'n1' cannot be normalised: its source is evaluated between"):
            one.forward()


def _between(b: Builder) -> None:
    first, one, two = b.add(SPIKES, 5), _lif(b, 7), _lif(b, 7)
    three, out = _lif(b, 7), b.add(NEURONS, 5, "leaky_integrator")
    b.dense(first, one)
    b.dense(first, two)
    b.dense(one, three)
    b.dense(three, one, delay_steps=1)
    b.dense(two, three, bias=True, name="n1")
    b.dense(three, out)


def test_a_session_is_ordinary_between_calls() -> None:
    """Weights are the folded ones after a forward and a backward too; the state of a trainer has those behind them."""
    case = CASES[0]
    training = Normalized(case, Setting("cpu"), optimizer=1, learning_rate=1e-2)
    for _ in range(3):
        training.trainer.step(training.builder.drive(case), labels=training.labels)
    folded = {name: training.read(name) for name in training.variables()}

    def same() -> bool:
        return all(np.array_equal(training.read(name), values) for name, values in folded.items())

    loss = training.forward()
    assert same()
    training.trainer.backward()
    assert same()
    state = training.trainer.state()
    other = Normalized(case, Setting("cpu"), optimizer=1, learning_rate=1e-2)
    for name, values in folded.items():
        other.session.write(name, values)
    other.trainer.set_state(state)
    assert other.forward() == loss
    for one in (training, other):
        one.forward()
        one.trainer.backward()
        one.trainer.update()
    assert not same()
    for name in folded:
        np.testing.assert_array_equal(training.read(name), other.read(name))


def test_what_cannot_be_normalized_says_why() -> None:
    training = Normalized(CASES[0], Setting("cpu"))
    place = training.builder.trainable.index
    trainer = training.trainer
    looped = Normalized(Case("loop", _looped, steps=3), Setting("cpu"))
    with pytest.raises(UnsupportedError, match="'w2' lies on a cycle"):
        looped.trainer.set_normalization(2, 1.0, 0.1, 1e-5)
    with pytest.raises(InvalidArgumentError, match="'w3' has no bias"):
        trainer.set_normalization(3, 1.0, 0.1, 1e-5)
    for scale, momentum, epsilon, said in (
        (-1.0, 0.1, 1e-5, "scale is -1"),
        (float("nan"), 0.1, 1e-5, "scale is nan"),
        (1.0, 0.0, 1e-5, "momentum is 0"),
        (1.0, 1.5, 1e-5, "momentum is 1.5"),
        (1.0, 0.1, 0.0, "epsilon is 0"),
    ):
        with pytest.raises(InvalidArgumentError, match=said):
            trainer.set_normalization(place("n1"), scale, momentum, epsilon)
    with pytest.raises(InvalidArgumentError, match="'n1' is normalised"):
        trainer.set_quantization(place("n1"), 8)
    fixed = Normalized(Case("fixed", _fixed, steps=3), Setting("cpu"))
    with pytest.raises(UnsupportedError, match="sums in fixed point"):
        fixed.trainer.set_normalization(0, 1.0, 0.1, 1e-5)
    with pytest.raises(InvalidArgumentError, match="is not trained"):
        fixed.trainer.set_normalization(1, 1.0, 0.1, 1e-5)


def _looped(b: Builder) -> None:
    first, hidden, out = b.add(SPIKES, 5), _lif(b, 7), b.add(NEURONS, 5, "leaky_integrator")
    b.dense(first, hidden)
    b.dense(hidden, out)
    b.dense(hidden, hidden, delay_steps=1, bias=True)


def _fixed(b: Builder) -> None:
    first, hidden, out = b.add(SPIKES, 5), _lif(b, 7), b.add(NEURONS, 5, "leaky_integrator")
    b.sparse(first, hidden, bias=b.weights(7, 40.0), arithmetic=FIXED)
    b.dense(first, hidden, bias=True, trainable=False)
    b.dense(hidden, out)
