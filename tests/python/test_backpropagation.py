"""Losses of the user's own: outputs out, gradients in, weights and inputs behind them."""

from __future__ import annotations

import numpy as np
import pytest

import snn


def classifier(seed: int = 0) -> snn.Sequential:
    return snn.Sequential(6, snn.Dense(16), snn.LIF(), snn.Dense(3, bias=True), snn.LIF(), seed=seed)


def cross_entropy_count(outputs, labels) -> tuple[float, dict]:
    """The loss "cross_entropy_count", written in numpy."""
    spikes = outputs["output"]["spikes"].astype(np.float64)
    scores = spikes.sum(0)
    exponentials = np.exp(scores - scores.max(1, keepdims=True))
    shares = exponentials / exponentials.sum(1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(shares[rows, labels]).mean()
    shares[rows, labels] -= 1
    gradient = np.broadcast_to(shares / len(labels), spikes.shape)
    return loss, {"output": {"spikes": gradient}}


def test_a_loss_in_numpy_trains_like_the_same_loss_of_the_library(blobs) -> None:
    x, y = blobs
    nets = [classifier(), classifier()]
    losses = []
    for net, loss in zip(nets, ("cross_entropy_count", cross_entropy_count), strict=True):
        # 150 samples in batches of 16: the last batch is filled up.
        settings = {"steps": 10, "epochs": 3, "batch_size": 16, "learning_rate": 5e-3, "rate_regularization": 0.1}
        trainer = snn.Trainer(net, loss=loss, **settings)
        before = trainer.score(x, y)
        trainer.fit(x, y, validation_data=(x[:20], y[:20]))
        losses.append(trainer.history)
        assert trainer.score(x, y) > max(before, 0.8)
    assert losses[0]["loss"] == pytest.approx(losses[1]["loss"], rel=1e-4)
    assert losses[0]["validation_loss"] == pytest.approx(losses[1]["validation_loss"], abs=0.02)
    assert np.isnan(losses[1]["accuracy"]).all()
    for first, second in zip(*(net.projections.values() for net in nets), strict=True):
        # The gradients are float32 here, double there.
        np.testing.assert_allclose(first.weights, second.weights, rtol=1e-3, atol=1e-4)


def test_a_membrane_is_taught_a_course(blobs) -> None:
    """Regression on the membrane over time, with a loop of one's own."""
    net = snn.Sequential(6, snn.Dense(32), snn.LIF(), snn.Dense(2), snn.LeakyIntegrator(), seed=3)
    passes = snn.Backpropagation(net, steps=20, batch_size=4, record={"output": "v"}, learning_rate=5e-3)
    x = blobs[0][:4]
    wanted = np.sin(np.linspace(0, 3, 20))[:, None, None] * np.array([0.2, -0.2])
    losses = []
    for _ in range(150):
        error = passes.forward(x)["output"]["v"] - wanted
        losses.append(float((error**2).mean()))
        gradients = passes.backward({"output": {"v": 2 * error / error.size}}, loss=losses[-1])
        passes.update()
    assert losses[-1] < 0.05 * losses[0]
    assert set(gradients.projections) == set(net.projections)
    assert gradients.inputs == {}


def test_gradients_of_a_linear_network_are_exact() -> None:
    """Without spikes the membrane is a sum over earlier inputs: v(t) = sum of decay^(t - s) w x(s)."""
    steps, batch = 7, 2
    random = np.random.default_rng(1)
    weights = random.normal(size=(3, 2)).astype(np.float32)
    net = snn.Network()
    net.add("input", snn.Input(3))
    net.add("output", snn.LeakyIntegrator(2, tau_membrane=4.0))
    net.connect("input", "output", snn.Dense(weights=weights))
    passes = snn.Backpropagation(net, steps=steps, batch_size=batch, input_gradients=True)
    x = random.normal(size=(steps, batch, 3)).astype(np.float32)
    g = random.normal(size=(steps, batch, 2)).astype(np.float32)
    v = passes.forward(x)["output"]["v"]
    decay = np.exp(-1 / 4.0)
    kernel = np.tril(decay ** (np.arange(steps)[:, None] - np.arange(steps)[None]))
    np.testing.assert_allclose(v, np.einsum("ts,sbi,ij->tbj", kernel, x, weights), rtol=1e-5, atol=1e-6)
    found = passes.backward({"output": {"v": g}})
    assert repr(found) == f"<Gradients: input_to_output.weight (3, 2), input ({steps}, {batch}, 3)>"
    np.testing.assert_allclose(
        found.inputs["input"], np.einsum("ts,tbj,ij->sbi", kernel, g, weights), rtol=1e-5, atol=1e-6
    )
    expected = np.einsum("ts,sbi,tbj->ij", kernel, x, g)
    np.testing.assert_allclose(found.projections["input_to_output"]["weight"], expected, rtol=1e-5, atol=1e-6)


def test_gradients_go_through_what_is_not_trained() -> None:
    """The gradient of an input is the same whether layers are trained or not, and with delays in between."""
    found = []
    x = np.random.default_rng(2).random((12, 3, 5)).astype(np.float32)
    for trainable in (True, False):
        net = snn.Network(seed=4)
        net.add("input", snn.Input(5))
        net.add("hidden", snn.LIF(9))
        net.add("output", snn.LIF(4))
        net.connect("input", "hidden", snn.Dense(trainable=trainable))
        net.connect("input", "output", snn.Dense(delay_steps=2, trainable=trainable))
        net.connect("hidden", "output", snn.Dense(trainable=trainable))
        net.connect("output", "hidden", snn.Dense(delay_steps=1, trainable=trainable))
        record = {"output": ["spikes", "v"], "hidden": "spikes"}
        passes = snn.Backpropagation(net, steps=12, batch_size=3, record=record, input_gradients=True)
        out = passes.forward(x)
        assert out["hidden"]["spikes"].sum() > 0
        found.append(passes.backward({"output": {"spikes": np.ones((12, 3, 4)), "v": out["output"]["v"]}}))
        if not trainable:
            assert found[-1].projections == {}
    assert np.abs(found[0].inputs["input"]).max() > 0
    assert np.array_equal(found[0].inputs["input"], found[1].inputs["input"])


def test_gradients_go_through_static_synapses_of_sixteen_bits() -> None:
    """Sparse synapses that are not trained are kept as small integers; here their weights are exact in them."""
    random = np.random.default_rng(0)
    weights = np.round(random.normal(0.1, 0.5, (30, 20)) * 64) / 64
    sources, targets = (place.ravel() for place in np.indices(weights.shape))
    x = (random.random((20, 3, 30)) < 0.2).astype(np.float32)
    found = []
    for connection in (
        snn.Sparse.from_arrays(sources, targets, weights.ravel(), np.full(600, 2), trainable=False),
        snn.Dense(weights=weights, trainable=False, delay_steps=2),
    ):
        net = snn.Network()
        net.add("input", snn.SpikeInput(30))
        net.add("hidden", snn.LIF(20))
        net.add("output", snn.LIF(5))
        net.connect("input", "hidden", connection)
        net.connect("hidden", "output", snn.Dense(trainable=False))
        passes = snn.Backpropagation(net, steps=20, batch_size=3, input_gradients=True)
        spikes = passes.forward(x)["output"]["spikes"]
        found.append((spikes, passes.backward({"output": {"spikes": np.ones_like(spikes)}}).inputs["input"]))
    assert np.array_equal(found[0][0], found[1][0])
    assert np.abs(found[0][1]).max() > 1.0
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5, atol=1e-5)


def test_weights_of_the_network_are_taken_at_each_forward(blobs) -> None:
    net = classifier()
    passes = snn.Backpropagation(net, steps=10, batch_size=5)
    first = passes.forward(blobs[0][:5])["output"]["spikes"]
    net.projections["hidden_to_output"].weights *= 3
    changed = passes.forward(blobs[0][:5])["output"]["spikes"]
    assert not np.array_equal(first, changed)
    assert np.array_equal(
        changed, snn.Backpropagation(net, steps=10, batch_size=5).forward(blobs[0][:5])["output"]["spikes"]
    )


def test_weights_changed_between_forward_and_update_are_not_lost(blobs) -> None:
    net = classifier()
    weights, bias = (getattr(net.projections["hidden_to_output"], name) for name in ("weights", "bias"))
    passes = snn.Backpropagation(net, steps=10, batch_size=5, learning_rate=0.1)
    ones = {"output": {"spikes": np.ones((10, 5, 3))}}
    passes.forward(blobs[0][:5])
    passes.backward(ones)
    weights[:4] = 0.0
    bias[0] = -0.0  # only its sign differs
    for rate in (None, 0.5):
        with pytest.raises(
            snn.StateError,
            match=r"^hidden_to_output\.weight, hidden_to_output\.bias of the network changed since forward",
        ):
            passes.update(rate)
    assert not weights[:4].any()
    assert np.signbit(bias[0])

    # The rate that was refused with it does not count; after a forward the update starts from the change.
    twin = net.copy()
    passes.forward(blobs[0][:5])
    passes.backward(ones)
    passes.update()
    other = snn.Backpropagation(twin, steps=10, batch_size=5, learning_rate=0.1)
    other.forward(blobs[0][:5])
    other.backward(ones)
    other.update()
    assert weights[:4].any()
    assert np.array_equal(weights, twin.projections["hidden_to_output"].weights)


def test_what_is_added_to_the_network_later_is_not_part_of_it(blobs) -> None:
    net = snn.Sequential(6, snn.Dense(16), snn.LIF(tau_membrane=snn.Learnable(20.0)), snn.Dense(3), snn.LIF())
    passes = snn.Backpropagation(net, steps=10, batch_size=5, input_gradients=True)
    ones = {"output": {"spikes": np.ones((10, 5, 3))}}
    spikes = passes.forward(blobs[0][:5])["output"]["spikes"]
    before = passes.backward(ones)
    net.add("more", snn.Input(2))
    net.add("after", snn.LIF(4, tau_membrane=snn.Learnable(10.0)))
    net.connect("more", "output", snn.Dense())
    net.connect("hidden", "after", snn.Dense())
    weights = net.projections["hidden_to_after"].weights.copy()
    assert np.array_equal(passes.forward(blobs[0][:5])["output"]["spikes"], spikes)
    found = passes.backward(ones)
    assert [list(part) for part in found] == [list(part) for part in before]
    assert np.array_equal(found.inputs["input"], before.inputs["input"])
    with pytest.raises(snn.NotFoundError, match="there is no input 'more'; there are: input"):
        passes.forward({"more": np.zeros((5, 2))})
    first = net.projections["input_to_hidden"].weights.copy()
    passes.update()
    assert not np.array_equal(net.projections["input_to_hidden"].weights, first)
    assert net["hidden"].parameters["tau_membrane"] != 20.0
    assert net["after"].parameters["tau_membrane"] == 10.0
    assert np.array_equal(net.projections["hidden_to_after"].weights, weights)


def test_a_frozen_projection_is_still_trained_by_what_was_made_before(blobs) -> None:
    net = classifier()
    passes = snn.Backpropagation(net, steps=10, batch_size=5)
    net.projections["hidden_to_output"].trainable = False
    before = net.projections["hidden_to_output"].weights.copy()
    passes.forward(blobs[0][:5])
    passes.backward({"output": {"spikes": np.ones((10, 5, 3))}})
    passes.update()
    assert not np.array_equal(net.projections["hidden_to_output"].weights, before)


@pytest.mark.parametrize(
    ("gradients", "loss", "error", "sentence"),
    [
        ({"zz": {}}, 0.0, snn.NotFoundError, "there is no recorded population 'zz'; there are: output"),
        ({"hidden": {}}, 0.0, snn.NotFoundError, "there is no recorded population 'hidden'"),
        ({3: {}}, 0.0, snn.ArgumentTypeError, "recorded population is 3, not a name"),
        ({"output": None}, 0.0, snn.ArgumentTypeError, r"gradients\['output'\] is None, not a dict of gradients"),
        (None, 0.0, snn.ArgumentTypeError, "gradients is None, not a dict of gradients"),
        ({}, "x", snn.ArgumentTypeError, "loss is 'x', not a number"),
        ({}, None, snn.ArgumentTypeError, "loss is None, not a number"),
        ({}, [1], snn.ArgumentTypeError, r"loss is \[1\], not a number"),
        ({}, 1j, snn.ArgumentTypeError, "loss is 1j, not a number"),
    ],
)
def test_arguments_of_backward_are_checked(blobs, gradients, loss, error: type[Exception], sentence: str) -> None:
    passes = snn.Backpropagation(classifier(), steps=10, batch_size=5)
    passes.forward(blobs[0][:5])
    with pytest.raises(error, match=sentence):
        passes.backward(gradients, loss=loss)


@pytest.mark.parametrize("value", [None, 1j, "x", np.zeros(2)])
def test_the_value_of_a_loss_is_a_number(blobs, value: object) -> None:
    with pytest.raises(snn.ArgumentTypeError, match=r"the value that loss returned is .*, not a number"):
        snn.Trainer(classifier(), loss=lambda outputs, targets: (value, {}), steps=3).fit(*blobs)


def test_what_is_wrong_is_said(blobs) -> None:
    x, y = blobs
    net = classifier()
    passes = snn.Backpropagation(net, steps=10, batch_size=2, record={"output": "spikes"})
    with pytest.raises(snn.StateError, match="needs a run before it"):
        passes.backward({"output": {"spikes": np.zeros((10, 2, 3))}})
    passes.forward(x[:2])
    with pytest.raises(
        snn.NotFoundError, match=r"gradients\['output'\] has 'v', which is not recorded; .*output\.spikes"
    ):
        passes.backward({"output": {"v": np.zeros((10, 2, 3))}})
    with pytest.raises(
        snn.InvalidArgumentError, match=r"gradient of output\.spikes has shape \(9, 2, 3\); .*\(10, 2, 3\)"
    ):
        passes.backward({"output": {"spikes": np.zeros((9, 2, 3))}})
    with pytest.raises(snn.InvalidArgumentError, match=r"input 'input' has shape \(3, 6\)"):
        passes.forward(x[:3])
    passes.backward({"output": {"spikes": np.ones((10, 2, 3))}}, loss=float("nan"))
    with pytest.raises(snn.NotFiniteError, match="the loss is nan"):
        passes.update()
    with pytest.raises(snn.StateError, match="update needs a backward"):
        passes.update()
    with pytest.raises(snn.NotFoundError, match="no variable 'w'"):
        snn.Backpropagation(net, steps=10, record={"output": "w"})
    with pytest.raises(snn.InvalidArgumentError, match="record is for a loss of your own"):
        snn.Trainer(net, record={"output": "v"})
    with pytest.raises(snn.ArgumentTypeError, match="not a pair"):
        snn.Trainer(net, loss=lambda outputs, targets: 1.0, steps=3).fit(x, y)
    with pytest.raises(snn.InvalidArgumentError, match="y has shape"):
        snn.Trainer(net, loss=cross_entropy_count, steps=3).fit(x, y[:-1])
    silent = snn.Trainer(net, loss=lambda outputs, targets: (1.0, {}), steps=3)
    with pytest.raises(snn.InvalidArgumentError, match="no gradient reaches a weight"):
        silent.fit(x, y)
    nothing = np.full((3, 32, 3), np.nan)
    diverging = snn.Trainer(net, loss=lambda *_: (float("nan"), {"output": {"spikes": nothing}}), steps=3)
    with pytest.raises(snn.NotFiniteError, match="epoch 1, update 1: the loss is nan"):
        diverging.fit(x, y)
