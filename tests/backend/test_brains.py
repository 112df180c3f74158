"""Many samples on a GPU, each a workgroup's for all steps of a run: the bits, counters and events of the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import snn

from .cases import CASES, NEURONS, ONE_TO_ONE, SPIKES, Builder, Case
from .running import Setting, forward, labels, recorded, vulkan_settings
from .test_held_inputs import COUNT, SEVERAL
from .test_sample_weights import MANY, SAMPLE_WEIGHTS, opened, together

pytestmark = pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")

REFERENCE, VULKAN = Setting("reference"), Setting("vulkan")
BY_NAME = {case.name: case for case in CASES}


def _driven(b: Builder) -> None:
    """Every draw there is: means shared and for each neuron, normal, uniform; four programs."""
    first, out = b.add(SPIKES, 90), b.add(NEURONS, 5, "leaky_integrator")
    one = b.add(NEURONS, 90, "driven_lif", background_rate=b.random.uniform(0, 4000, 90), background_weight=0.05)
    two = b.add(NEURONS, 150, "driven_current_lif", background_rate=1500.0, background_weight=0.02)
    three = b.add(NEURONS, 90, "noisy_izhikevich", noise_std=b.random.uniform(0, 8, 90))
    four = b.add(NEURONS, 70, "poisson_source", rate=300.0)
    b.connect(ONE_TO_ONE, first, one, weights=b.weights(90, 20.0))
    b.connect(ONE_TO_ONE, first, three, weights=b.weights(90, 0.1))
    for source, target in ((one, two), (four, one), (two, one)):
        b.dense(source, target, delay_steps=1, gain=0.2)
    b.dense(three, out)


DRIVEN = Case("driven", _driven, steps=20, batch=COUNT)


@pytest.mark.parametrize(
    "case", [SEVERAL, replace(BY_NAME["model_adex"], batch=COUNT), DRIVEN], ids=lambda case: case.name
)
def test_many_samples_equal_the_reference(case: Case) -> None:
    builder = Builder(case)
    sessions = [opened(builder, setting, case.batch, 0) for setting in (REFERENCE, VULKAN)]
    for seed in (7, 8):  # the second run goes on from the first
        results = [recorded(builder, session, case, builder.drive(case, seed)) for session in sessions]
        difference = results[0].first_difference(results[1])
        assert not difference, difference
    assert sessions[0].counters() == sessions[1].counters()
    assert sessions[0].counters().spikes > 0


@pytest.mark.parametrize("case", MANY, ids=lambda case: case.name)
def test_samples_with_weights_of_their_own_equal_the_reference(case: Case) -> None:
    builder = Builder(case)
    kinds = {builder.network.projection(q).kind for q in range(builder.network.info().projection_count)}
    if not kinds <= {0, ONE_TO_ONE}:
        with pytest.raises(snn.UnsupportedError, match="neither dense nor one-to-one"):
            opened(builder, VULKAN, case.batch, SAMPLE_WEIGHTS)
        return
    difference = together(case, REFERENCE).first_difference(together(case, VULKAN))
    assert not difference, difference


def test_a_state_travels_between_devices(tmp_path) -> None:
    builder = Builder(SEVERAL)
    frames = builder.drive(SEVERAL)
    results = []
    for first, second in ((REFERENCE, REFERENCE), (VULKAN, REFERENCE), (REFERENCE, VULKAN)):
        path = str(tmp_path / f"{first}{second}")
        session = opened(builder, first, COUNT, SAMPLE_WEIGHTS)
        session.write("w0.weight[3]", np.full(session.value_count("w0.weight[3]"), 0.2, np.float32))
        recorded(builder, session, SEVERAL, frames)
        session.save_state(path)
        session = opened(builder, second, COUNT, SAMPLE_WEIGHTS)
        session.load_state(path)
        results.append(recorded(builder, session, SEVERAL, frames))
    for other in results[1:]:
        difference = results[0].first_difference(other)
        assert not difference, difference


def test_parameters_of_a_session_are_its_own() -> None:
    """Shared, then one for each neuron, which is another shader."""
    builder = Builder(SEVERAL)
    frames, results = builder.drive(SEVERAL), []
    for setting in (REFERENCE, VULKAN):
        session = opened(builder, setting, COUNT, 0)
        session.write("p3.threshold", np.array([0.4]))
        recorded(builder, session, SEVERAL, frames)
        session.write("p3.threshold", np.linspace(0.2, 1.0, 45))
        session.reset()
        results.append(recorded(builder, session, SEVERAL, frames))
    assert not results[0].first_difference(results[1])


def test_training_goes_the_other_way() -> None:
    """A trainer on a session that has run so: the loss of a session that went the other way from the beginning."""
    case = replace(SEVERAL, batch=COUNT, steps=8)
    builder, losses = Builder(case), []
    for before in (True, False):
        session = opened(builder, VULKAN, COUNT, 0)
        if before:
            recorded(builder, session, case, builder.drive(case))
            session.write("w0.weight", np.full(session.value_count("w0.weight"), 0.1, np.float32))
            trainer, loss = forward(builder, session, case)
            weights = np.empty(session.value_count("w0.weight"), np.float32)
            session.read("w0.weight", weights)
            assert (weights == np.float32(0.1)).all()
        else:
            trainer, _ = forward(builder, session, case)
            session.write("w0.weight", np.full(session.value_count("w0.weight"), 0.1, np.float32))
            loss = trainer.forward(builder.drive(case), labels=labels(case, 5)).loss
        trainer.backward()
        losses.append(loss)
    assert losses[0] == losses[1]
    with pytest.raises(snn.UnsupportedError, match="each sample has weights of its own"):
        forward(builder, opened(builder, VULKAN, COUNT, SAMPLE_WEIGHTS), case)


def test_what_a_workgroup_cannot_hold_is_refused_or_goes_the_other_way() -> None:
    net = snn.Sequential(30_000, snn.Dense(2), snn.LIF())
    with pytest.raises(snn.UnsupportedError, match=r"a sample takes 1[0-9]{5} bytes, and a workgroup of"):
        snn.Simulation(net, device="vulkan", batch_size=COUNT, sample_weights=True)
    values = np.random.default_rng(1).normal(0, 1, (COUNT, 30_000)).astype(np.float32)
    found = []
    for device in ("cpu", "vulkan"):
        with snn.Simulation(net, device=device, batch_size=COUNT) as sim:
            sim.run(3, {"input": values})
            found.append(sim["output.v"])
    np.testing.assert_array_equal(*found)


def test_the_memory_estimate_counts_brains() -> None:
    net = snn.Sequential(128, snn.Dense(64), snn.LIF(), snn.Dense(8), snn.LIF())
    own = net.memory_estimate(device="vulkan", batch_size=100, sample_weights=True)
    assert own.weights == 100 * (128 * 64 + 64 * 8) * 4
    assert net.memory_estimate(device="vulkan", batch_size=100).weights == own.weights // 100
