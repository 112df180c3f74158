"""Training beside the libraries that are built on PyTorch and JAX: the same loss curves from the same weights and inputs,
and the same gradients of the first step."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict

import numpy as np
import pytest

import snn
from snn.engine.bench import peers
from snn.engine.bench.peers.training_task import TrainingAnswer, TrainingTask
from snn.engine.bench.report import Settings
from snn.engine.bench.training import LOSS_TOLERANCE, _Step
from snn.engine.bench.training_cases import TRAINING_CASES, Variant


@pytest.mark.parametrize("case", ["mnist", "shd-recurrent"])
@pytest.mark.parametrize("name", list(peers.TRAINERS))
def test_loss_curves_are_the_same(name: str, case: str) -> None:
    peer = peers.TRAINERS[name]
    if importlib.util.find_spec(peer.package) is None:
        pytest.skip(f"{peer.title} is not installed: pip install '.[training-peers]'")
    found = peers.run(name, TrainingTask(case, 1, 2, 1, 4), TrainingAnswer)
    assert isinstance(found, TrainingAnswer), found
    fields = asdict(found)
    variant = Variant(*(fields[key] for key in ("options", "weight_factor", "slope", "layer_delay")))
    step = _Step(TRAINING_CASES[case], Settings(threads=2, seed=1), variant)
    ours = [step.run()[0] for _ in range(4)]
    # Before the first update nothing but the order of additions differs.
    assert found.losses[0] == pytest.approx(ours[0], rel=1e-3)
    assert found.losses == pytest.approx(ours, abs=LOSS_TOLERANCE * float(np.ptp(ours)))


def test_first_gradients_are_those_of_snntorch() -> None:
    snntorch = pytest.importorskip("snntorch", reason="snnTorch is not installed: pip install '.[training-peers]'")
    import torch

    steps, batch, slope = 30, 6, 25.0
    random = np.random.default_rng(5)
    inputs = (random.random((steps, batch, 20)) < 0.2).astype(np.float32)
    labels = random.integers(0, 4, batch).astype(np.int32)
    first, second = (random.uniform(-1, 1, shape).astype(np.float32) for shape in ((20, 30), (30, 4)))

    lif = snn.LIF(
        tau_membrane=10.0,
        decay="euler",
        reset_timing="next_step",
        surrogate=snn.Surrogate("snntorch.fast_sigmoid", slope=slope),
    )
    net = snn.Sequential(snn.SpikeInput(20), snn.Dense(weights=first), lif, snn.Dense(weights=second), lif)
    session, trainer = snn.Trainer(net, steps=steps, batch_size=batch, encoder=None)._open()
    loss = trainer.forward([(net["input"]._index, False, inputs)], labels).loss
    trainer.backward()
    ours = [np.empty(weights.shape, np.float32) for weights in (first, second)]
    for name, gradient in zip(net.projections, ours, strict=True):
        session.read(f"{name}.weight.gradient", gradient)

    weights = [torch.nn.Parameter(torch.from_numpy(one.copy())) for one in (first, second)]
    neurons = [snntorch.Leaky(beta=0.9, spike_grad=snntorch.surrogate.fast_sigmoid(slope=slope)) for _ in weights]
    membranes = [torch.zeros(batch, 30), torch.zeros(batch, 4)]
    counts = torch.zeros(batch, 4)
    for frame in torch.from_numpy(inputs):
        x = frame
        for layer, matrix in enumerate(weights):
            x, membranes[layer] = neurons[layer](x @ matrix, membranes[layer])
        counts = counts + x
    expected = torch.nn.functional.cross_entropy(counts, torch.from_numpy(labels.astype(np.int64)))
    expected.backward()
    assert loss == pytest.approx(float(expected.detach()), rel=1e-6)
    for gradient, matrix in zip(ours, weights, strict=True):
        assert matrix.grad is not None
        found = matrix.grad.numpy()
        assert np.abs(found).max() > 1e-3
        # Float32 sums over 180 rows in other orders.
        np.testing.assert_allclose(gradient, found, rtol=0.0, atol=1e-5 * np.abs(found).max())


def test_first_gradients_are_those_of_norse() -> None:
    norse = pytest.importorskip("norse.torch", reason="Norse is not installed: pip install '.[training-peers]'")
    import torch

    steps, batch = 30, 6
    random = np.random.default_rng(6)
    inputs = (random.random((steps, batch, 20)) < 0.2).astype(np.float32)
    labels = random.integers(0, 4, batch)
    first, second = (random.uniform(-4, 6, shape).astype(np.float32) for shape in ((20, 30), (30, 4)))

    lif = snn.LIF(
        tau_membrane=10.0,
        decay="euler",
        input_scaling="one_minus_decay",
        reset="value",
        reset_gradient="attached",
        # Its SuperSpike has slope 1, whatever its alpha.
        surrogate=snn.Surrogate("fast_sigmoid", slope=1.0),
    )
    net = snn.Sequential(snn.SpikeInput(20), snn.Dense(weights=first), lif, snn.Dense(weights=second), lif)
    passes = snn.Backpropagation(net, steps=steps, batch_size=batch)

    weights = [torch.nn.Parameter(torch.from_numpy(one.copy())) for one in (first, second)]
    cell = norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=100.0, v_th=1.0, v_reset=0.0, method="super"))
    states = [None, None]
    frames = []
    for frame in torch.from_numpy(inputs):
        x = frame
        for layer, matrix in enumerate(weights):
            x, states[layer] = cell(x @ matrix, states[layer])
        frames.append(x)
    spikes = torch.stack(frames)
    spikes.retain_grad()
    torch.nn.functional.cross_entropy(spikes.sum(0), torch.from_numpy(labels)).backward()

    assert np.array_equal(passes.forward(inputs)["output"]["spikes"], spikes.detach().numpy())
    assert 50 < spikes.sum() < 600
    found = passes.backward({"output": {"spikes": spikes.grad.numpy()}}).projections
    for gradient, matrix in zip(found.values(), weights, strict=True):
        expected = matrix.grad.numpy()
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(gradient["weight"], expected, rtol=0.0, atol=1e-5 * np.abs(expected).max())
