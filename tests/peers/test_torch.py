"""snn.torch: the gradients are this library's, exactly, and those of the same network written in PyTorch."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest

import snn

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install '.[torch]'")
import snn.torch  # noqa: E402

STEPS, BATCH = 12, 5


def network(seed: int = 1) -> snn.Sequential:
    return snn.Sequential(
        snn.Input(7),
        snn.Dense(9),
        snn.LIF(tau_membrane=8.0),
        snn.Dense(4, bias=True),
        snn.LIF(tau_membrane=8.0),
        seed=seed,
    )


def inputs(requires_grad: bool = False):
    values = np.random.default_rng(3).random((STEPS, BATCH, 7)).astype(np.float32)
    return torch.from_numpy(values).requires_grad_(requires_grad)


def test_gradients_are_those_of_this_library() -> None:
    net, x = network(), inputs(True)
    record = {"hidden": "v", "output": ["spikes", "v"]}
    module = snn.torch.Module(net, record=record)
    factors = [torch.randn(STEPS, BATCH, size, generator=torch.Generator().manual_seed(size)) for size in (9, 4)]
    found = module(x)
    assert list(found) == ["hidden.v", "output.spikes", "output.v"]
    loss = (found["hidden.v"] * factors[0]).sum() + (found["output.spikes"] * factors[1]).sum()
    loss.backward()

    passes = snn.Backpropagation(net, steps=STEPS, batch_size=BATCH, record=record, input_gradients=True)
    outputs = passes.forward(x.detach().numpy())
    for name, tensor in found.items():
        population, variable = name.split(".")
        assert np.array_equal(tensor.detach().numpy(), outputs[population][variable])
    assert outputs["output"]["spikes"].sum() > 0
    expected = passes.backward({"hidden": {"v": factors[0].numpy()}, "output": {"spikes": factors[1].numpy()}})
    assert np.array_equal(x.grad.numpy(), expected.inputs["input"])
    assert np.abs(expected.inputs["input"]).max() > 0
    names = {f"projections.{name}.{variable}" for name, both in expected.projections.items() for variable in both}
    assert names == set(dict(module.named_parameters()))
    for name, both in expected.projections.items():
        for variable, values in both.items():
            assert np.array_equal(getattr(module.projections[name], variable).grad.numpy(), values)


def test_learnable_parameters_are_parameters_of_the_module() -> None:
    tau = np.linspace(5.0, 15.0, 9)
    net = snn.Sequential(
        snn.Input(7),
        snn.Dense(9),
        snn.LIF(tau_membrane=snn.Learnable(tau)),
        snn.Dense(4, bias=True),
        snn.LIF(tau_membrane=snn.Learnable(8.0, per_neuron=True), threshold=snn.Learnable(0.75)),
        seed=1,
    )
    module = snn.torch.Module(net)
    own = {name: tuple(one.shape) for name, one in module.named_parameters() if name.startswith("populations.")}
    assert own == {
        "populations.hidden.tau_membrane": (9,),
        "populations.output.tau_membrane": (4,),
        "populations.output.threshold": (),
    }
    factors = torch.randn(STEPS, BATCH, 4, generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(2):  # the second time with what the optimiser made of them
        optimizer.zero_grad()
        (module(inputs()) * factors).sum().backward()
        # The same network, made with the module's present values.
        twin = module.network.copy()
        passes = snn.Backpropagation(twin, steps=STEPS, batch_size=BATCH)
        passes.forward(inputs().numpy())
        expected = passes.backward({"output": {"spikes": factors.numpy()}}).parameters
        for population, name in (("hidden", "tau_membrane"), ("output", "tau_membrane"), ("output", "threshold")):
            tensor = getattr(module.populations[population], name)
            assert np.abs(expected[population][name]).max() > 0
            np.testing.assert_allclose(tensor.grad.numpy().ravel(), expected[population][name], rtol=1e-6)
        optimizer.step()
    assert net["output"].parameters["threshold"] != 0.75  # what the twin was made of
    assert net["output"].learnable == ("tau_membrane", "threshold")
    with torch.no_grad():
        module.populations["hidden"].tau_membrane[3] = -1.0
    with pytest.raises(snn.InvalidArgumentError, match="tau_membrane"):
        module(inputs())


class Spike(torch.autograd.Function):
    """The surrogate of snn.Surrogate("fast_sigmoid"), written in PyTorch."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient / (1 + 10.0 * x.abs()) ** 2


def test_it_stands_in_the_middle_of_a_larger_model() -> None:
    """Linear layers before and after; the spiking part once as a module and once written out in PyTorch."""
    weights = np.random.default_rng(4).normal(0.2, 0.6, (6, 8)).astype(np.float32)
    lif = snn.LIF(tau_membrane=10.0, surrogate=snn.Surrogate("fast_sigmoid", slope=10.0))
    net = snn.Sequential(snn.Input(6), snn.Dense(weights=weights), lif)
    x = inputs()
    gradients = []
    for ours in (True, False):
        torch.manual_seed(5)
        before, after = torch.nn.Linear(7, 6), torch.nn.Linear(8, 3)
        own = torch.from_numpy(weights.copy()).requires_grad_()
        if ours:
            module = snn.torch.Module(net)
            spikes = module(torch.relu(before(x)))
            own = module.projections["input_to_output"].weight
        else:
            v = torch.zeros(BATCH, 8)
            decay = float(np.float32(np.exp(-1 / 10.0)))
            frames = []
            for frame in torch.relu(before(x)):
                v = decay * v + frame @ own
                spike = Spike.apply(v - 1.0)
                v = v - spike.detach()
                frames.append(spike)
            spikes = torch.stack(frames)
        assert spikes.sum() > 10
        after(spikes.sum(0)).square().sum().backward()
        gradients.append([own.grad, before.weight.grad, before.bias.grad, after.weight.grad])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)


def test_optimisers_of_pytorch_train_the_network(tmp_path) -> None:
    net = network()
    module = snn.torch.Module(net)
    weights = net.projections["hidden_to_output"].weights
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-2)
    labels = torch.arange(BATCH) % 4
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(inputs()).sum(0), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert net.projections["hidden_to_output"].weights is weights
    assert np.array_equal(weights, module.state_dict()["projections.hidden_to_output.weight"].numpy())
    # One session was enough for all of it.
    assert len(module._idle) <= 2
    net.save(tmp_path / "trained.snn")
    again = snn.torch.Module(snn.load(tmp_path / "trained.snn"))
    assert torch.equal(again(inputs()), module(inputs()))


def test_state_dicts_copies_and_pickles() -> None:
    module, other = snn.torch.Module(network(1)), snn.torch.Module(network(2))
    expected = module(inputs()).detach()
    assert not torch.equal(other(inputs()), expected)
    for assign in (False, True):
        other = snn.torch.Module(network(2))
        other.load_state_dict({name: values.clone() for name, values in module.state_dict().items()}, assign=assign)
        assert torch.equal(other(inputs()), expected)
        assert np.array_equal(
            other.network.projections["input_to_hidden"].weights, module.network.projections["input_to_hidden"].weights
        )
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    for twin in (copy.deepcopy(module), torch.load(buffer, weights_only=False)):
        assert torch.equal(twin(inputs()), expected)
        with torch.no_grad():
            twin.projections["input_to_hidden"].weight.mul_(0)
        assert twin(inputs()).sum() < expected.sum()
    assert torch.equal(module(inputs()), expected)


def test_several_forwards_before_their_backwards() -> None:
    module = snn.torch.Module(network())
    weight = module.projections["input_to_hidden"].weight
    shifted = inputs() * 0.5

    def gradient(*batches) -> torch.Tensor:
        module.zero_grad()
        sum(module(batch).sum() for batch in batches).backward()
        return weight.grad.clone()

    both = gradient(inputs(), shifted)
    torch.testing.assert_close(both, gradient(inputs()) + gradient(shifted))
    # Forwards that nobody differentiates give their sessions back.
    with torch.no_grad():
        assert not module(inputs()).requires_grad
    for _ in range(10):
        module(inputs())
    assert len(module._idle) <= 4


def test_a_second_backward_of_one_forward() -> None:
    module = snn.torch.Module(network())
    weight = module.projections["input_to_hidden"].weight
    out = module(inputs()).sum()
    out.backward(retain_graph=True)
    first = weight.grad.clone()
    out.backward(retain_graph=True)
    torch.testing.assert_close(weight.grad, 2 * first)
    module(inputs())
    with pytest.raises(snn.StateError, match="before the next forward"):
        out.backward()
    out = module(inputs()).sum()
    out.backward()
    with pytest.raises(RuntimeError, match="second time"):
        out.backward()
    out = module(inputs()).sum()
    with torch.no_grad():
        weight.add_(1.0)
    with pytest.raises(RuntimeError, match="inplace operation"):
        out.backward()


def test_inputs_that_are_held_and_several_inputs() -> None:
    net = snn.Network(seed=6)
    net.add("left", snn.Input(3))
    net.add("right", snn.SpikeInput((1, 2, 2)))
    net.add("out", snn.LeakyIntegrator(2))
    net.connect("left", "out", snn.Dense())
    net.connect("right", "out", snn.Dense())
    module = snn.torch.Module(net, steps=STEPS)
    left = torch.rand(BATCH, 3, requires_grad=True)
    right = (torch.rand(STEPS, BATCH, 1, 2, 2) < 0.5).float().requires_grad_()
    module({"left": left, "right": right}).sum().backward()
    repeated = left.detach().expand(STEPS, BATCH, 3).clone().requires_grad_()
    other = right.detach().clone().requires_grad_()
    module({"left": repeated, "right": other}).sum().backward()
    torch.testing.assert_close(left.grad, repeated.grad.sum(0))
    assert torch.equal(right.grad, other.grad)
    assert right.grad.abs().max() > 0


def test_what_is_wrong_is_said() -> None:
    module = snn.torch.Module(network())
    with pytest.raises(snn.InvalidArgumentError, match=r"shape \(12, 5, 6\); it must be \(steps, batch, 7\)"):
        module(torch.zeros(STEPS, BATCH, 6))
    with pytest.raises(snn.InvalidArgumentError, match=r"shape \(0, 5, 7\)"):
        module(torch.zeros(0, BATCH, 7))
    with pytest.raises(snn.ArgumentTypeError, match="not a tensor"):
        module(np.zeros((STEPS, BATCH, 7), np.float32))
    with pytest.raises(snn.InvalidArgumentError, match="nan"):
        module(torch.full((STEPS, BATCH, 7), float("nan")))
    with pytest.raises(snn.NotFoundError, match="no variable 'w'"):
        snn.torch.Module(network(), record={"output": "w"})
    with pytest.raises(snn.ArgumentTypeError, match="not a Network"):
        snn.torch.Module(torch.nn.Linear(2, 2))
    with pytest.raises(snn.InvalidArgumentError, match=r"projections\.input_to_hidden\.weight is torch\.float64"):
        snn.torch.Module(network()).double()(inputs())
