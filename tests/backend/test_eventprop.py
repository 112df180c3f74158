"""EventProp: against its formulas, against exact times of spikes, between devices, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn.engine import _native
from snn.engine.errors import UnsupportedError

from ..oracle import eventprop
from .cases import CONV2D, MAX, NEURONS, ONE_TO_ONE, POOL2D, SPIKES, VALUES, Builder, Case
from .running import FLOAT64, Setting, gradients_of, labels, open_session, read, vulkan_settings

BPTT, EVENTPROP = 0, 3
LATENCY, VAN_ROSSUM, MEAN_MEMBRANE, COUNT, MEAN_SQUARE_MEMBRANE = 11, 13, 2, 0, 12
EXACT = {"input_scaling": "exact", "synapse_order": "membrane_first", "tau_membrane": 20.0, "tau_synapse": 5.0}


def gradients(case: Case, setting: Setting, *, loss: int = MEAN_MEMBRANE, **settings) -> dict[str, np.ndarray]:
    builder = Builder(case)
    session = open_session(builder, case, setting)
    trainer = _native.Trainer(
        session,
        output_population=len(builder.sizes) - 1,
        steps=case.steps,
        loss=loss,
        **{"rule": EVENTPROP, **settings},
    )
    trainer.forward(builder.drive(case), labels=labels(case, builder.sizes[-1]))
    trainer.backward()
    return gradients_of(builder, session)


# ---- Against the formulas


def recurrent(b: Builder) -> None:
    first = b.add(SPIKES, 12)
    hidden = b.add(NEURONS, 19, "current_lif", **EXACT)
    out = b.add(NEURONS, 4, "leaky_integrator", tau_membrane=8.0)
    b.dense(first, hidden, gain=3.0, bias=True)
    b.dense(hidden, hidden, gain=1.5, delay_steps=3)
    b.dense(hidden, out, gain=2.0)


@pytest.mark.parametrize(
    ("setting", "tolerance"),
    [(Setting("reference", flags=FLOAT64), 1e-9), *((one, 2e-4) for one in (Setting("cpu", 0, 2), *vulkan_settings()))],
    ids=lambda value: value.device if isinstance(value, Setting) else "",
)
def test_gradients_are_those_of_the_formulas(setting: Setting, tolerance: float) -> None:
    case = Case("eventprop", recurrent, steps=40, batch=5)
    found = gradients(case, setting)
    builder = Builder(case)
    session = open_session(builder, case, Setting("reference", flags=FLOAT64))
    net = eventprop.Net(
        read(session, "w0.weight").reshape(12, 19),
        read(session, "w0.bias"),
        read(session, "w1.weight").reshape(19, 19),
        read(session, "w2.weight").reshape(19, 4),
        3,
        math.exp(-1 / 8),
    )
    expected = eventprop.gradients(net, builder.drive(case)[0][2].astype(np.float64), labels(case, 4).astype(np.int64))
    for ours, theirs in (("w0.weight", "into"), ("w0.bias", "bias"), ("w1.weight", "back"), ("w2.weight", "out")):
        wanted = expected[theirs].ravel()
        assert np.abs(wanted).max() > 1e-4, theirs
        np.testing.assert_allclose(
            found[ours], wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max(), err_msg=ours
        )


# ---- Against exact times of spikes

END, DELAY = 50.0, 3.0


class Exact:
    """Six inputs, four hidden neurons that also reach each other, three outputs that spike or integrate."""

    def __init__(self, spiking: bool) -> None:
        random = np.random.default_rng(4)
        self.spiking = spiking
        self.into = random.normal(1.6, 1.0, (6, 4))
        self.back = random.normal(0.0, 0.5, (4, 4))
        self.out = random.normal(2.0 if spiking else 0.0, 1.0, (4, 3))
        pairs = zip(random.integers(1, 30, 24), random.integers(0, 6, 24), strict=True)
        self.trains = sorted({(float(time), int(i)) for time, i in pairs})

    def times(self) -> list[list[float]]:
        between, delay = np.zeros((7, 7)), np.zeros((7, 7))
        between[:4, :4], delay[:4, :4] = self.back, DELAY
        into = np.zeros((6, 7))
        into[:, :4] = self.into
        if self.spiking:
            between[:4, 4:] = self.out
        return eventprop.spike_times(self.trains, into, between, delay, END)

    def gradients(self, dt: float, loss: int, **answers: np.ndarray) -> tuple[dict[str, np.ndarray], int]:
        steps = round(END / dt)
        network = _native.Network.create(dt)
        network.add_population(SPIKES, "inputs", (6,), None)
        for name, size in (("hidden", 4), ("outputs", 3)):
            spiking = name == "hidden" or self.spiking
            index = network.add_population(NEURONS, name, (size,), "current_lif" if spiking else "leaky_integrator")
            for key, value in EXACT.items() if spiking else [("tau_membrane", 8.0)]:
                if isinstance(value, str):
                    network.set_option(index, key, value)
                else:
                    network.set_parameter(index, key, np.array([value]))
        for name, source, target, weights, delay in (
            ("into", 0, 1, self.into, 0.0),
            ("back", 1, 1, self.back, DELAY),
            ("out", 1, 2, self.out, 0.0),
        ):
            network.connect(
                0, name, source, target, weights=weights.astype(np.float32).ravel(), delay_steps=round(delay / dt)
            )
        network.finish()
        session = _native.Session(network, device="reference", flags=FLOAT64)
        frames = np.zeros((steps, 1, 6), np.float32)
        for time, i in self.trains:
            frames[round(time / dt) - 1, 0, i] += 1  # a step ends at its time
        trainer = _native.Trainer(
            session, output_population=2, steps=steps, loss=loss, rule=EVENTPROP, van_rossum_tau=4.0
        )
        spikes = trainer.forward([(0, False, frames)], **answers).spike_count
        trainer.backward()
        found = {name: read(session, f"{name}.weight.gradient") for name in ("into", "back", "out")}
        return found, int(spikes)


def mean_membrane(exact: Exact) -> float:
    scores = np.zeros(3)
    for i, times in enumerate(exact.times()[:4]):
        for time in times:
            scores += exact.out[i] * 8.0 * (1 - math.exp(-(END - time) / 8.0)) / END
    return float(np.log(np.exp(scores).sum()) - scores[1])


def latency(exact: Exact) -> float:
    return float(np.mean([(times[0] - 25.0) ** 2 for times in exact.times()[4:]]))


def van_rossum(exact: Exact) -> float:
    """Filters that end long after the last spike; the targets are spikes at 20 and 30 ms."""
    total = 0.0
    for times in exact.times()[4:]:
        signed = [(time, 1.0) for time in times] + [(20.0, -1.0), (30.0, -1.0)]
        total += sum(a * b * math.exp(-abs(s - t) / 4.0) for s, a in signed for t, b in signed) / 2
    return total / 3


@pytest.mark.parametrize("loss", ["mean membrane", "latency", "van rossum"])
def test_gradients_approach_those_of_exact_spike_times(loss: str) -> None:
    exact = Exact(spiking=loss != "mean membrane")
    function = {"mean membrane": mean_membrane, "latency": latency, "van rossum": van_rossum}[loss]
    expected = {
        name: eventprop.differences(lambda: function(exact), getattr(exact, name)) for name in ("into", "back", "out")
    }
    errors = []
    for dt in (0.1, 0.01):
        steps = round(END / dt)
        if loss == "mean membrane":
            found, spikes = exact.gradients(dt, MEAN_MEMBRANE, labels=np.array([1], np.int32))
        elif loss == "latency":
            target = np.full((1, 3), 25.0 / dt, np.float32)
            found, spikes = exact.gradients(dt, LATENCY, labels=np.zeros(1, np.int32), targets=target)
            found = {name: values * dt**2 for name, values in found.items()}  # of ms
        else:
            target = np.zeros((steps, 1, 3), np.float32)
            target[[round(20 / dt) - 1, round(30 / dt) - 1]] = 1
            found, spikes = exact.gradients(dt, VAN_ROSSUM, labels=np.zeros(1, np.int32), targets=target)
        times = exact.times()
        assert spikes == sum(map(len, times[: 7 if exact.spiking else 4]))
        errors.append(
            [np.linalg.norm(found[name] - wanted.ravel()) / np.linalg.norm(wanted) for name, wanted in expected.items()]
        )
    # Steps of 1/100 ms: spikes are up to a step late, and everything is of first order in it.
    assert max(errors[1]) < 0.04
    assert max(errors[1]) < 0.3 * max(errors[0])


# ---- Devices, delays, kinds of connections


def chain(b: Builder) -> None:
    first, values = b.add(SPIKES, 23), b.add(VALUES, 11)
    hidden = b.add(NEURONS, 150, "current_lif", reset="value", **EXACT)
    deeper = b.add(NEURONS, 33, "alpha_lif", tau_membrane=10.0, tau_synapse=3.0)
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.dense(first, hidden, gain=4.0, bias=True)
    b.dense(values, hidden, gain=1.0)
    b.dense(hidden, deeper, gain=4.0, delay_steps=1)
    b.dense(deeper, out)


def sparse(b: Builder) -> None:
    first, hidden = b.add(SPIKES, 40), b.add(NEURONS, 45, "current_lif")
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.sparse(first, hidden, delays=True)
    b.sparse(hidden, hidden, delays=True, delay_steps=1)
    b.connect(ONE_TO_ONE, hidden, hidden, weights=b.weights(45, 4.0), delay_steps=2)
    b.dense(hidden, out)


def convolution(b: Builder) -> None:
    first = b.add(SPIKES, (2, 8, 8))
    hidden = b.add(NEURONS, (4, 8, 8), "current_lif")
    pooled = b.add(NEURONS, (4, 4, 4), "current_lif")
    out = b.add(NEURONS, 5, "current_lif")
    once = {"stride": (1, 1), "dilation": (1, 1)}
    b.connect(CONV2D, first, hidden, weights=b.weights(72, 6.0), kernel=(3, 3), padding=(1, 1), **once)
    b.connect(POOL2D, hidden, pooled, kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), pool_mode=MAX)
    b.connect(ONE_TO_ONE, pooled, pooled, weights=b.weights(64, 4.0), delay_steps=1)
    b.dense(pooled, out, gain=3.0)


CASES = [(Case(f.__name__, f, steps=40, batch=33), MEAN_MEMBRANE) for f in (chain, sparse)]
CASES.append((Case("convolution", convolution, steps=30, batch=5), 6))  # cross-entropy of latency


@pytest.mark.parametrize(("case", "loss"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_devices_agree(case: Case, loss: int) -> None:
    expected = gradients(case, Setting("reference"), loss=loss)
    assert all(np.abs(values).max() > 0 for values in expected.values())
    first: dict[str, np.ndarray] | None = None
    for setting in (Setting("cpu"), Setting("cpu", 0, 3), Setting("cpu", 1), *vulkan_settings()):
        found = gradients(case, setting, loss=loss)
        for name, values in expected.items():
            scale = np.abs(values).max()
            # Spikes that have only just crossed make what float32 rounds large.
            np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=2e-4 * scale, err_msg=f"{setting} {name}")
        if setting.instruction_set == 0 and setting.device == "cpu":
            first = first or found
            for name, values in first.items():
                np.testing.assert_array_equal(found[name], values, err_msg=f"{setting} {name}")


def test_checkpoints_change_no_bit_and_windows_agree() -> None:
    case = CASES[0][0]
    whole = gradients(case, Setting("cpu"))
    for name, values in gradients(case, Setting("cpu"), checkpoint_steps=20).items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)
    of_reference = gradients(case, Setting("reference"), window_steps=10, window_updates=False)
    for setting in (Setting("cpu"), *vulkan_settings()):
        windows = gradients(case, setting, window_steps=10, window_updates=False)
        for name, values in of_reference.items():
            np.testing.assert_allclose(windows[name], values, rtol=1e-3, atol=2e-4 * np.abs(values).max(), err_msg=name)
        assert any((windows[name] != whole[name]).any() for name in whole)


def test_windows_with_updates_agree_on_a_gpu() -> None:
    """Each begins with the membranes that the one before has left."""
    if not vulkan_settings():
        pytest.skip("no Vulkan device, or built without Vulkan")
    case, found = CASES[1][0], []
    for device in ("reference", "vulkan"):
        builder = Builder(case)
        session = open_session(builder, case, Setting(device))
        trainer = _native.Trainer(
            session,
            output_population=len(builder.sizes) - 1,
            steps=case.steps,
            loss=MEAN_MEMBRANE,
            rule=EVENTPROP,
            window_steps=15,
            optimizer=0,
            learning_rate=1e-3,
        )
        trainer.step(builder.drive(case), labels=labels(case, builder.sizes[-1]))
        found.append(gradients_of(builder, session))
    for name, values in found[0].items():
        np.testing.assert_allclose(found[1][name], values, rtol=1e-3, atol=2e-4 * np.abs(values).max(), err_msg=name)


def test_dropout_silences_on_the_way_back_too() -> None:
    case = CASES[0][0]
    found = []
    for setting in (Setting("reference"), Setting("cpu"), *vulkan_settings()):
        builder = Builder(case)
        session = open_session(builder, case, setting)
        trainer = _native.Trainer(session, output_population=4, steps=case.steps, loss=MEAN_MEMBRANE, rule=EVENTPROP)
        trainer.set_dropout(2, 0.4, 7)
        trainer.forward(builder.drive(case), labels=labels(case, 5))
        trainer.backward()
        found.append(gradients_of(builder, session))
    for name, values in found[0].items():
        for other in found[1:]:
            np.testing.assert_allclose(other[name], values, rtol=1e-3, atol=2e-4 * np.abs(values).max(), err_msg=name)


def test_a_batch_with_more_spikes_than_any_before_finds_room() -> None:
    case = CASES[0][0]
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu", 0, 2))
    trainer = _native.Trainer(session, output_population=4, steps=case.steps, loss=MEAN_MEMBRANE, rule=EVENTPROP)
    inputs = builder.drive(case)
    few = [(index, held, values * (np.arange(case.steps) < 8)[:, None, None]) for index, held, values in inputs]
    few = [(index, held, values.astype(np.float32)) for index, held, values in few]
    results = [trainer.forward(frames, labels=labels(case, 5)) for frames in (few, inputs)]
    assert results[1].spike_count > 2 * results[0].spike_count > 0
    trainer.backward()
    expected = gradients(case, Setting("cpu"))
    for name, values in gradients_of(builder, session).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


# ---- What it refuses


def refused(model: str, output: str = "leaky_integrator", **settings):
    def build(b: Builder) -> None:
        first, hidden = b.add(SPIKES, 6), b.add(NEURONS, 7, model, **settings)
        out = b.add(NEURONS, 5, output)
        b.dense(first, hidden)
        b.dense(hidden, out)

    return build


@pytest.mark.parametrize(
    ("build", "settings", "said"),
    [
        (refused("lif"), {}, "'p1' has model 'lif', whose membrane jumps when a spike arrives"),
        (refused("adaptive_lif"), {}, "'p1' has model 'adaptive_lif'"),
        (refused("izhikevich"), {}, "'p1' has model 'izhikevich'"),
        (refused("current_lif", refractory=3.0), {}, "'p1' has model 'current_lif', whose membrane is not set back"),
        (refused("current_lif", reset="none"), {}, "'p1' has model 'current_lif', whose membrane is not set back"),
        (refused("current_lif", reset_timing="next_step"), {}, "whose membrane is not set back in the step of a spike"),
        (refused("current_lif", refractory_currents="cleared"), {}, "whose spikes change more than its membrane"),
        (refused("current_lif", threshold=np.linspace(1, 2, 7)), {}, "different thresholds or resets: neuron 1"),
        (refused("current_lif", "current_lif"), {}, "over the membrane, and population 'p2'"),
        (refused("current_lif", "current_lif"), {"loss": COUNT}, "counts spikes"),
        (refused("current_lif"), {"rate_regularization": 0.1}, "rate_regularization is 0.1"),
    ],
    ids=lambda value: "" if callable(value) else None,
)
def test_what_it_cannot_train_is_said(build, settings, said: str) -> None:
    case = Case("refused", build, steps=5)
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu"))
    with pytest.raises(UnsupportedError, match=said):
        _native.Trainer(
            session, **{"output_population": 2, "steps": 5, "loss": MEAN_MEMBRANE, "rule": EVENTPROP, **settings}
        )
