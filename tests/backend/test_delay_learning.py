"""Delays that are learned: the kernel and its gradients against numpy in float64, and devices that agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from snn.engine import _native
from snn.engine.errors import InvalidArgumentError

from .cases import FLOAT, NEURONS, SPARSE, SPIKES, Builder, Case
from .running import FLOAT64, SMOOTH, Setting, cpu_settings, labels, open_session, output_of, recorded, vulkan_settings

TAPS = 7
GAUSSIAN, TRIANGLE = 0, 1
DOUBLE = Setting("reference", flags=FLOAT64 | SMOOTH)


def _taps(b: Builder, source: int, target: int, name: str, *, density: float, **settings: object) -> None:
    """Synapses between some pairs or all, each at every delay; the weights are at one of them."""
    random = b.random
    rows = [np.flatnonzero(random.random(b.sizes[target]) < density) for _ in range(b.sizes[source])]
    offsets = np.cumsum([0, *(row.size * TAPS for row in rows)]).astype(np.uint64)
    targets = np.concatenate([np.tile(row, TAPS) for row in rows]).astype(np.uint32)
    delays = np.concatenate([np.repeat(np.arange(TAPS), row.size) for row in rows]).astype(np.uint16)
    weights = np.zeros(targets.size, np.float32)
    at = 0
    for row in rows:
        chosen = at + random.integers(0, TAPS, row.size) * row.size + np.arange(row.size)
        weights[chosen] = b.weights(row.size, b.sizes[source] * 0.25)
        at += row.size * TAPS
    b.connect(
        SPARSE, source, target, name=name, weights=weights, row_offsets=offsets, synapse_targets=targets,
        synapse_delays=delays, arithmetic=FLOAT, **settings,
    )  # fmt: skip


def _two_layers(b: Builder) -> None:
    """A layer with learned delays, one back to itself, and an ordinary readout."""
    first, hidden = b.add(SPIKES, 9), b.add(NEURONS, 11, "lif", reset_gradient="attached")
    out = b.add(NEURONS, 5, "leaky_integrator")
    _taps(b, first, hidden, "t1", density=0.7, bias=b.weights(11, 40.0))
    _taps(b, hidden, hidden, "t2", density=1.0, delay_steps=1)
    b.dense(hidden, out)


CASE = Case("delays", _two_layers, steps=20, batch=3)


class Training:
    """The case, with the delays of both projections of taps learned."""

    def __init__(self, setting: Setting, *, kernel: int = GAUSSIAN, width: float = 1.3, rate: float = 0.0) -> None:
        self.builder = Builder(CASE)
        self.session = open_session(self.builder, CASE, setting)
        self.trainer = _native.Trainer(
            self.session, output_population=output_of(self.builder), steps=CASE.steps, loss=CASE.loss, optimizer=0,
            learning_rate=rate,
        )  # fmt: skip
        self.initial = {name: self.read(f"{name}.weight") for name in ("t1", "t2")}
        for place in (0, 1) if width else ():
            self.trainer.set_delay_learning(place, kernel, width, 3.0)

    def forward(self) -> float:
        return self.trainer.forward(self.builder.drive(CASE), labels=labels(CASE, 5)).loss

    def step(self) -> float:
        return self.trainer.step(self.builder.drive(CASE), labels=labels(CASE, 5)).loss

    def read(self, name: str) -> np.ndarray:
        values = np.empty(self.session.value_count(name))
        self.session.read(name, values)
        return values

    def places(self, name: str) -> np.ndarray:
        """Of the taps among the weights, [pair][tap]."""
        index = ("t1", "t2").index(name)
        offsets = self.builder.network.projection_arrays(index).row_offsets.astype(np.int64)
        rows = [begin + np.arange(end - begin).reshape(TAPS, -1).T for begin, end in itertools.pairwise(offsets)]
        return np.concatenate(rows)

    def latent(self) -> dict[str, tuple[int, int, int]]:
        """By projection: number of pairs, place of the weights in the trainer's state, and of the positions."""
        found = {}
        at = self.trainer.state().size - 6 * sum(self.places(name).shape[0] for name in ("t1", "t2"))
        for name in ("t1", "t2"):
            pairs = self.places(name).shape[0]
            found[name] = (pairs, at, at + pairs)
            at += 6 * pairs
        return found


def kernel_of(kernel: int, width: float, positions: np.ndarray) -> np.ndarray:
    """By the definition, [pair][tap]."""
    x = np.arange(TAPS) - positions[:, None]
    g = np.exp(-(x**2) / (2 * width**2)) if kernel == GAUSSIAN else np.maximum(0.0, width - np.abs(x))
    return g / g.sum(1, keepdims=True)


KERNELS = pytest.mark.parametrize(
    ("kernel", "width"), [(GAUSSIAN, 1.3), (GAUSSIAN, 0.25), (TRIANGLE, 1.0), (TRIANGLE, 3.4)]
)


@KERNELS
def test_it_is_a_dilated_convolution(kernel: int, width: float) -> None:
    """An ordinary network with the taps that numpy makes has the same loss; its gradients give those of w and p."""
    learning, plain = Training(DOUBLE, kernel=kernel, width=width, rate=1e-3), Training(DOUBLE, width=0)
    state, random = learning.trainer.state(), np.random.Generator(np.random.Philox(1))
    pairs_of = {}
    for name, (pairs, weights_at, positions_at) in learning.latent().items():
        taps = learning.initial[name][learning.places(name)]
        weights, begin = taps.sum(1), np.abs(taps).argmax(1)
        # The session holds its first weights in the precision of the network's.
        np.testing.assert_array_equal(state[weights_at : weights_at + pairs], weights)
        np.testing.assert_array_equal(state[positions_at : positions_at + pairs], begin)
        positions = np.clip(begin + random.uniform(-0.9, 0.9, pairs), 0, TAPS - 1)
        state[positions_at : positions_at + pairs] = positions
        pairs_of[name] = (weights, positions)
        own = np.zeros(learning.initial[name].size)
        own[learning.places(name)] = weights[:, None] * kernel_of(kernel, width, positions)
        plain.session.write(f"{name}.weight", own)
    learning.trainer.set_state(state)
    assert learning.forward() == pytest.approx(plain.forward(), rel=1e-12)
    learning.trainer.backward()
    plain.trainer.backward()
    learning.trainer.update()
    after = learning.trainer.state()
    for name, (weights, positions) in pairs_of.items():
        gradient = plain.read(f"{name}.weight.gradient")[plain.places(name)]
        assert gradient.any()
        pairs, weights_at, positions_at = learning.latent()[name]
        of_weights = (gradient * kernel_of(kernel, width, positions)).sum(1)
        moved = (state - after)[weights_at : weights_at + pairs] / 1e-3
        np.testing.assert_allclose(moved, of_weights, rtol=1e-9, atol=1e-12)
        h = 1e-6
        slope = (kernel_of(kernel, width, positions + h) - kernel_of(kernel, width, positions - h)) / (2 * h)
        of_positions = weights * (gradient * slope).sum(1)
        moved = (state - after)[positions_at : positions_at + pairs] / 3e-3
        inside = (positions > 0.01) & (positions < TAPS - 1.01)  # others were held there
        assert inside.sum() > 20
        np.testing.assert_allclose(moved[inside], of_positions[inside], rtol=1e-5, atol=1e-8)
        # Between calls all of a weight is at the nearest tap.
        taps = learning.read(f"{name}.weight")[learning.places(name)]
        nearest = np.floor(after[positions_at : positions_at + pairs] + 0.5).astype(int)
        expected = np.zeros_like(taps)
        expected[np.arange(pairs), nearest] = after[weights_at : weights_at + pairs]
        np.testing.assert_array_equal(taps, expected)


@KERNELS
def test_central_differences(kernel: int, width: float) -> None:
    training = Training(DOUBLE, kernel=kernel, width=width, rate=1e-3)
    state = training.trainer.state()
    random = np.random.Generator(np.random.Philox(2))
    for pairs, _, positions_at in training.latent().values():
        # Off the whole numbers, where a triangle has corners.
        state[positions_at : positions_at + pairs] = random.integers(0, TAPS - 1, pairs) + random.uniform(
            0.2, 0.4, pairs
        )
    training.trainer.set_state(state)
    training.step()
    gradient = state - training.trainer.state()
    training = Training(DOUBLE, kernel=kernel, width=width)  # with the other weights of before
    for pairs, *places in training.latent().values():
        for at, rate in zip(places, (1e-3, 3e-3), strict=True):
            for index in random.choice(pairs, 5, replace=False):
                losses = []
                for sign in (1, -1):
                    moved = state.copy()
                    moved[at + index] += sign * 1e-5
                    training.trainer.set_state(moved)
                    losses.append(training.forward())
                slope = (losses[0] - losses[1]) / 2e-5
                assert gradient[at + index] / rate == pytest.approx(slope, rel=2e-5, abs=1e-8)


def test_devices_agree() -> None:
    found = {}
    settings = [Setting("reference"), Setting("cpu"), Setting("cpu", threads=3), *vulkan_settings()]
    for setting in settings:
        training = Training(setting, rate=0.05)
        losses = [training.step() for _ in range(3)]
        latent = training.trainer.state()[training.latent()["t1"][1] :]
        found[setting] = (losses, latent, training.read("t1.weight"))
    losses, latent, _ = found[settings[0]]
    assert losses[2] != losses[0]
    for setting, (other_losses, other_latent, other_weights) in found.items():
        np.testing.assert_allclose(other_losses, losses, rtol=1e-5, err_msg=str(setting))
        np.testing.assert_allclose(other_latent, latent, rtol=1e-3, atol=1e-4, err_msg=str(setting))
        assert (np.count_nonzero(other_weights[training.places("t1")], axis=1) <= 1).all()
    np.testing.assert_array_equal(found[settings[1]][1], found[settings[2]][1])


def _session_of_taps(builder: Builder, setting: Setting) -> _native.Session:
    """With a weight at every tap."""
    session = open_session(builder, CASE, setting)
    random = np.random.Generator(np.random.Philox(8))
    for name in ("t1", "t2"):
        weights = random.normal(0.02, 0.2, session.value_count(f"{name}.weight")).astype(np.float32)
        session.write(f"{name}.weight", weights)
    return session


@pytest.mark.parametrize("window_steps", [0, 7])
@pytest.mark.parametrize("rule", [0, 1, 2], ids=["bptt", "ottt", "eprop"])
def test_gradients_of_taps_are_the_references_under_every_rule(rule: int, window_steps: int) -> None:
    found = []
    for setting in (Setting("reference"), Setting("cpu"), Setting("cpu", threads=3)):
        builder = Builder(CASE)
        session = _session_of_taps(builder, setting)
        trainer = _native.Trainer(
            session, output_population=output_of(builder), steps=CASE.steps, loss=CASE.loss, optimizer=0,
            learning_rate=0.02, rule=rule, window_steps=window_steps,
        )  # fmt: skip
        trainer.step(builder.drive(CASE), labels=labels(CASE, 5))
        gradients = [np.empty(session.value_count(f"{name}.weight")) for name in ("t1", "t2")]
        for name, values in zip(("t1", "t2"), gradients, strict=True):
            session.read(f"{name}.weight.gradient", values)
        found.append(gradients)
    for reference, one, three in zip(*found, strict=True):
        assert reference.any()
        np.testing.assert_allclose(one, reference, rtol=1e-4, atol=1e-6)  # rounding of sums in other orders
        np.testing.assert_array_equal(one, three)


def test_taps_have_the_same_bits_on_every_device() -> None:
    """Those of all pairs are delivered as matrices, others synapse by synapse."""
    results = []
    for setting in (Setting("reference"), *cpu_settings(), *vulkan_settings()):
        builder = Builder(CASE)
        session = _session_of_taps(builder, setting)
        results.append((setting, recorded(builder, session, CASE, builder.drive(CASE))))
    first = results[0][1]
    assert 0.05 < first.arrays["p1.spikes"].mean() < 0.6
    for setting, result in results[1:]:
        assert not first.first_difference(result), str(setting)


def test_a_state_continues_and_the_width_leaves_positions_alone() -> None:
    one, other = Training(Setting("cpu"), rate=0.05), Training(Setting("cpu"), rate=0.05)
    one.step()
    before = one.trainer.state()
    one.trainer.set_delay_learning(0, GAUSSIAN, 0.5, 3.0)
    np.testing.assert_array_equal(one.trainer.state(), before)
    other.trainer.set_delay_learning(0, GAUSSIAN, 0.5, 3.0)
    for name in ("t1.bias", "w2.weight"):
        other.session.write(name, one.read(name))
    other.trainer.set_state(before)
    assert one.step() == other.step()
    np.testing.assert_array_equal(one.trainer.state(), other.trainer.state())


def test_clipping_counts_what_is_learned() -> None:
    training = Training(DOUBLE, rate=1.0)
    state = training.trainer.state()
    clipped = _native.Trainer(
        training.session, output_population=output_of(training.builder), steps=CASE.steps, loss=CASE.loss, optimizer=0,
        learning_rate=1.0, gradient_clip_norm=1e-3,
    )  # fmt: skip
    for place in (0, 1):
        clipped.set_delay_learning(place, GAUSSIAN, 1.3, 1.0)
    variables = ("t1.bias", "w2.weight")
    before = {name: training.read(name) for name in variables}
    for pairs, _, at in training.latent().values():
        state[at : at + pairs] = np.clip(state[at : at + pairs], 1, TAPS - 2)  # held by no end
    clipped.set_state(state)
    clipped.step(training.builder.drive(CASE), labels=labels(CASE, 5))
    moved = sum(((training.read(name) - before[name]) ** 2).sum() for name in variables)
    after = clipped.state()
    for pairs, weights_at, positions_at in training.latent().values():
        for at in (weights_at, positions_at):
            moved += ((after - state)[at : at + pairs] ** 2).sum()
    assert np.sqrt(moved) == pytest.approx(1e-3, rel=1e-6)


def test_normalised_and_delayed_at_once() -> None:
    """Folded, it is the rounded taps times the factor of each target."""
    training = Training(Setting("cpu"), rate=0.02)
    training.trainer.set_normalization(0, 0.6, 0.5, 1e-3)
    first = training.step()
    for _ in range(30):
        last = training.step()
    assert last < first
    taps = training.read("t1.weight")[training.places("t1")]
    assert (np.count_nonzero(taps, axis=1) == 1).all()


def test_what_are_no_taps_is_refused() -> None:
    training = Training(Setting("cpu"), width=0)
    with pytest.raises(InvalidArgumentError, match="is dense"):
        training.trainer.set_delay_learning(2, GAUSSIAN, 1.0, 1.0)
