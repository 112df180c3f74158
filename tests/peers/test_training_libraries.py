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


def theirs_of(neuron, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spikes and membranes of a neuron of PyTorch, [step][neuron], and d (sum of all spikes) / dx."""
    import torch

    inputs = torch.from_numpy(x.copy()).requires_grad_()
    spikes, membranes = zip(*(neuron(frame) for frame in inputs), strict=True)
    torch.stack(spikes).sum().backward()
    assert inputs.grad is not None
    return torch.stack(spikes).detach().numpy(), torch.stack(membranes).detach().numpy(), inputs.grad.numpy()


def ours_of(neurons: snn.Neuron, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    net = snn.Network()
    net.add("input", snn.Input(x.shape[1]))
    net.add("output", neurons)
    net.connect("input", "output", snn.OneToOne(1.0))
    passes = snn.Backpropagation(net, steps=len(x), record={"output": ["spikes", "v"]}, input_gradients=True)
    found = passes.forward(x[:, None])["output"]
    gradients = passes.backward({"output": {"spikes": np.ones_like(found["spikes"])}})
    return found["spikes"][:, 0], found["v"][:, 0], gradients.inputs["input"][:, 0]


def snntorch_neuron(name: str, **settings):
    """A neuron that keeps its states, as ``neuron(x) -> (spikes, membrane)``."""
    neuron = getattr(pytest.importorskip("snntorch", reason="snnTorch is not installed"), name)(**settings)
    states: list = []

    def step(x):
        spikes, membrane = neuron(x, *states)
        states[:] = (spikes, membrane) if name == "RLeaky" else (membrane,)
        return spikes, membrane

    return step


def spikingjelly_neuron(name: str, **settings):
    pytest.importorskip("spikingjelly", reason="SpikingJelly is not installed: pip install '.[training-peers]'")
    from spikingjelly.activation_based import neuron as neurons

    neuron = getattr(neurons, name)(**settings)
    return lambda x: (neuron(x), neuron.v)


SIZE = 5


@pytest.mark.parametrize(
    ("theirs", "ours", "unit"),
    [
        (lambda: snntorch_neuron("Lapicque", beta=0.95), lambda p: p.snntorch_lapicque(SIZE, beta=0.95), 1.0),
        (
            lambda: snntorch_neuron("Lapicque", R=5.1, C=5e-3, time_step=1e-3),
            lambda p: p.snntorch_lapicque(SIZE, R=5.1, C=5e-3, time_step=1e-3),
            5.1,
        ),
        (
            lambda: snntorch_neuron("Lapicque", R=2.0, C=4.0, reset_mechanism="zero"),
            lambda p: p.snntorch_lapicque(SIZE, R=2.0, C=4.0, reset_mechanism="zero"),
            2.0,
        ),
        (
            lambda: snntorch_neuron("RLeaky", beta=0.8, all_to_all=False, V=-0.4),
            lambda p: p.snntorch_rleaky(SIZE, beta=0.8, all_to_all=False, V=-0.4),
            1.0,
        ),
        (lambda: spikingjelly_neuron("IFNode"), lambda p: p.spikingjelly_if(SIZE), 1.0),
        (lambda: spikingjelly_neuron("IFNode", v_reset=None), lambda p: p.spikingjelly_if(SIZE, v_reset=None), 1.0),
        (
            lambda: spikingjelly_neuron("IFNode", detach_reset=True, v_threshold=0.7),
            lambda p: p.spikingjelly_if(SIZE, detach_reset=True, v_threshold=0.7),
            1.0,
        ),
    ],
    ids=["lapicque", "lapicque-R", "lapicque-zero", "rleaky", "if", "if-subtract", "if-detached"],
)
def test_neurons_of_presets_are_those_of_the_libraries(theirs, ours, unit: float) -> None:
    """Spikes, membranes, and gradients of the input by their surrogates."""
    random = np.random.default_rng(4)
    x = random.normal(2.0, 4.0, (40, SIZE)).astype(np.float32)
    spikes, membranes, gradients = theirs_of(theirs(), x)
    found_spikes, found_membranes, found_gradients = ours_of(ours(snn.presets), x)
    assert 0.05 < spikes.mean() < 0.9
    np.testing.assert_array_equal(found_spikes, spikes)
    np.testing.assert_allclose(unit * found_membranes, membranes, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found_gradients, gradients, rtol=1e-3, atol=1e-5 * np.abs(gradients).max())


def test_recurrent_weights_of_rleaky() -> None:
    """All to all, with the weights and the bias that PyTorch drew."""
    snntorch = pytest.importorskip("snntorch", reason="snnTorch is not installed: pip install '.[training-peers]'")
    import torch

    torch.manual_seed(3)
    neuron = snntorch.RLeaky(beta=0.7, linear_features=SIZE)
    x = np.random.default_rng(6).normal(0.5, 1.0, (40, SIZE)).astype(np.float32)
    states: list = []
    expected = []
    for frame in torch.from_numpy(x):
        states[:] = neuron(frame, *states)
        expected.append(states[0].detach().numpy())
    net = snn.Sequential(SIZE, snn.OneToOne(1.0), snn.presets.snntorch_rleaky(SIZE, beta=0.7))
    back = net.projections["output_to_output"]
    back.weights[...] = neuron.recurrent.weight.detach().numpy().T
    assert back.bias is not None
    back.bias[...] = neuron.recurrent.bias.detach().numpy()
    with snn.Simulation(net) as sim:
        spikes = sim.run(len(x), {"input": x}, record={"output": "spikes"})["output"]["spikes"][:, 0]
    assert 0.05 < spikes.mean() < 0.9
    np.testing.assert_array_equal(spikes, np.array(expected))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.15, 1.0])
def test_cross_entropy_is_that_of_pytorch(weighted: bool, smoothing: float) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install '.[torch]'")
    random = np.random.default_rng(2)
    x, y = random.random((12, 6)).astype(np.float32), random.integers(0, 4, 12)
    weights = np.array([0.5, 2.0, 0.0, 1.25], np.float32) if weighted else None
    net = snn.Sequential(6, snn.Dense(20), snn.LIF(), snn.Dense(4), snn.LeakyIntegrator(), seed=1)
    trainer = snn.Trainer(
        net,
        steps=10,
        batch_size=12,
        loss="cross_entropy_mean_membrane",
        label_smoothing=smoothing,
        class_weight=weights,
    )
    scores = torch.from_numpy(trainer.predict_scores(x))
    loss = torch.nn.CrossEntropyLoss(None if weights is None else torch.from_numpy(weights), label_smoothing=smoothing)
    assert trainer.evaluate(x, y).loss == pytest.approx(float(loss(scores, torch.from_numpy(y))), rel=1e-5)
