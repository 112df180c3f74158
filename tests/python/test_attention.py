"""Spiking self-attention: what it computes, its gradients, and that it is a part of a network as any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snn

STEPS, FEATURES, HEIGHT, WIDTH = 15, 6, 2, 5
SHAPE = (FEATURES, HEIGHT, WIDTH)


def spikes(seed: int, rate: float = 0.4, shape: tuple[int, ...] = (STEPS, *SHAPE)) -> np.ndarray:
    return (np.random.Generator(np.random.Philox(seed)).random(shape) < rate).astype(np.float32)


def network(kind: str, mask_threshold: float) -> snn.Network:
    net = snn.Network(seed=4)
    net.add("tokens", snn.SpikeInput(SHAPE))
    add = getattr(snn.attention, kind)
    add(net, "attention", "tokens", neurons=snn.LIF(threshold=0.2), mask_neurons=snn.LIF(threshold=mask_threshold))
    net.add("output", snn.LIF(3))
    net.connect("attention", "output", snn.Dense())
    return net


def recorded(net: snn.Network, device: str = "cpu") -> dict[str, np.ndarray]:
    with snn.Simulation(net, device=device) as simulation:
        names = [name for name in net.populations if name != "tokens"]
        found = simulation.run(STEPS, {"tokens": spikes(1)}, record=dict.fromkeys(names, "spikes"))
    return {name: np.asarray(found[name]["spikes"][:, 0], np.float64) for name in names}


def leaky(sums: np.ndarray, threshold: float) -> np.ndarray:
    """Spikes of LIF neurons of 20 ms for the inputs of each step, by hand."""
    v, fired = np.zeros(sums.shape[1:]), []
    for x in sums:
        v = np.exp(-1 / 20) * v + x
        fired.append(v > threshold)
        v -= threshold * fired[-1]
    return np.array(fired, np.float64)


def test_spike_driven_attention_is_the_formula() -> None:
    """SN(sum over tokens of Q * K) * V, with spikes as numbers."""
    found = recorded(network("spike_driven_attention", 4.5))
    query, key, value = (found[f"attention_{word}"] for word in ("query", "key", "value"))
    mask = leaky((query * key).sum((2, 3)), 4.5)
    assert 0.1 < mask.mean() < 0.9
    assert np.array_equal(found["attention_mask"][:, :, 0, 0], mask)
    assert np.array_equal(found["attention"], mask[:, :, None, None] * value)


def test_query_key_attention_is_the_formula() -> None:
    """SN(sum over channels of Q) * K."""
    found = recorded(network("query_key_attention", 4.5))
    mask = leaky(found["attention_query"].sum(1), 4.5)
    assert 0.1 < mask.mean() < 0.9
    assert np.array_equal(found["attention_mask"][:, 0], mask)
    assert np.array_equal(found["attention"], mask[:, None] * found["attention_key"])


@pytest.mark.parametrize("kind", ["spike_driven_attention", "query_key_attention"])
def test_it_is_saved_and_the_same_on_every_device(kind: str, tmp_path: Path) -> None:
    net = network(kind, 4.5)
    expected = recorded(net)
    assert expected["output"].any()
    net.save(tmp_path / "attention.snn")
    loaded = snn.load(tmp_path / "attention.snn")
    devices = ["cpu", "reference", *(["vulkan"] if any(d.name.startswith("vulkan") for d in snn.devices()) else [])]
    for device in devices:
        for name, values in recorded(loaded, device).items():
            assert np.array_equal(values, expected[name]), f"{device} {name}"


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_gradients_of_a_gate_are_those_of_the_product(device: str) -> None:
    net = snn.Network()
    for name in ("content", "mask"):
        net.add(name, snn.SpikeInput(8))
    net.add("gate", snn.attention.gate(8))
    net.add("output", snn.LeakyIntegrator(8))
    for name in ("content", "mask"):
        net.connect(name, "gate", snn.OneToOne(receptor=name, trainable=False))
    net.connect("gate", "output", snn.OneToOne(0.5))
    passes = snn.Backpropagation(net, steps=STEPS, record={"output": "v"}, input_gradients=True, device=device)
    given = {name: spikes(seed, 0.5, (STEPS, 1, 8)) for seed, name in enumerate(("content", "mask"))}
    output = passes.forward(given)["output"]["v"]
    weight = np.random.Generator(np.random.Philox(5)).normal(size=output.shape)
    found = passes.backward({"output": {"v": weight}}).inputs
    # dL/d(product) by hand: of this step and, decayed, of those after it.
    gradient, later = np.zeros_like(weight), 0.0
    for t in reversed(range(STEPS)):
        later = gradient[t] = weight[t] + np.exp(-1 / 20) * later
    gradient *= 0.5
    np.testing.assert_allclose(found["content"], gradient * given["mask"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["mask"], gradient * given["content"], rtol=1e-5, atol=1e-6)


def test_it_learns_which_token_matters() -> None:
    """The class is the channel that spikes at the place of the marker; at other places others do."""
    random = np.random.Generator(np.random.Philox(6))
    samples, places, classes = 300, 6, 3
    y = random.integers(0, classes, samples)
    x = np.zeros((samples, 1 + classes, 1, places), np.float32)
    marked = random.integers(0, places, samples)
    x[np.arange(samples)[:, None], random.integers(1, 1 + classes, (samples, places)), 0, np.arange(places)] = 1.0
    x[np.arange(samples), 1:, 0, marked] = 0.0
    x[np.arange(samples), 1 + y, 0, marked] = 1.0
    x[np.arange(samples), 0, 0, marked] = 1.0
    net = snn.Network(seed=1)
    net.add("tokens", snn.Input((1 + classes, 1, places)))
    snn.attention.spike_driven_attention(net, "attention", "tokens", channels=12)
    net.add("output", snn.LeakyIntegrator(classes))
    net.connect("attention", "output", snn.Dense())
    trainer = snn.Trainer(
        net, steps=8, epochs=15, learning_rate=1e-2, loss="cross_entropy_mean_membrane",
        normalization={f"tokens_to_attention_{word}": snn.BatchNorm() for word in ("query", "key", "value")},
    )  # fmt: skip
    trainer.fit(x[:225], y[:225])
    assert trainer.score(x[225:], y[225:]) >= 0.9  # measured: 100 %


def test_what_has_no_tokens_says_so() -> None:
    net = snn.Network()
    net.add("flat", snn.SpikeInput(8))
    with pytest.raises(snn.InvalidArgumentError, match=r"'flat' has shape \(8,\); attention needs"):
        snn.attention.spike_driven_attention(net, "attention", "flat")
    net.add("image", snn.SpikeInput((2, 3, 3)))
    with pytest.raises(snn.ArgumentTypeError, match="mask_neurons is 3"):
        snn.attention.query_key_attention(net, "attention", "image", mask_neurons=3)


def test_gates_pass_gradients_on_where_dropout_scales_what_they_get() -> None:
    """Of 0.5 dropout makes 2, and of their product 4, far from the threshold."""
    net = snn.Network(seed=1)
    net.add("input", snn.Input(4))
    net.add("content", snn.LIF(8, threshold=0.2))
    net.add("mask", snn.LIF(8, threshold=0.2))
    net.add("gate", snn.attention.gate(8))
    net.add("output", snn.LeakyIntegrator(2))
    for name in ("content", "mask"):
        net.connect("input", name, snn.Dense(init=1.0))
        net.connect(name, "gate", snn.OneToOne(1.0, receptor=name, trainable=False))
    net.connect("gate", "output", snn.Dense())
    before = net.projections["input_to_content"].weights.copy()
    trainer = snn.Trainer(
        net, steps=8, epochs=1, loss="cross_entropy_mean_membrane", dropout={"content": 0.5, "mask": 0.5}
    )
    trainer.fit(np.ones((8, 4)), np.arange(8) % 2)
    assert (net.projections["input_to_content"].weights != before).any()
