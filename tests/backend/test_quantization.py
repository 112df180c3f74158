"""Quantisation-aware training: what weights are rounded to, and what the optimiser changes."""

from __future__ import annotations

import numpy as np
import pytest

import snn
from snn.engine.errors import InvalidArgumentError, UnsupportedError

from .cases import CASES, Case
from .running import Setting, Training

BY_NAME = {case.name: case for case in CASES}
DEVICES = [Setting("reference"), Setting("cpu"), Setting("cpu", threads=3)]


class Quantized(Training):
    """A case whose weights are looked at as float32 and by channel."""

    def __init__(self, case: Case, setting: Setting) -> None:
        super().__init__(case, setting, learning_rate=0.05)

    def read(self, path: str, dtype: type = np.float32) -> np.ndarray:
        return super().read(path, dtype)

    def weights(self, name: str) -> np.ndarray:
        """In the shape that tells the channels: the last axis of dense ones, the first of convolutions."""
        index = self.builder.trainable.index(name)
        values, info = self.read(f"{name}.weight"), self.builder.network.projection(index)
        if info.kind == 0:
            return values.reshape(self.builder.sizes[info.source], -1)
        return values.reshape(6, -1, 3, 3) if info.kind == 3 else values


def rounded(weights: np.ndarray, bits: int, per_channel: bool) -> np.ndarray:
    """By the definition: to the nearest multiple of the largest magnitude over 2^(bits-1) - 1; a scale has 16 bits."""
    axes = None
    if per_channel:
        axes = (1, 2, 3) if weights.ndim == 4 else 0
    largest = np.abs(weights.astype(np.float64)).max(axis=axes, keepdims=True)
    scale = largest / (2 ** (bits - 1) - 1)
    unit = 2.0 ** (np.floor(np.log2(scale)) - 15)
    scale = np.ceil(scale / unit) * unit
    return (np.rint(weights / scale) * scale).astype(np.float32)


@pytest.mark.parametrize("setting", DEVICES, ids=str)
@pytest.mark.parametrize("per_channel", [False, True], ids=["tensor", "channel"])
@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("name", ["model_lif", "conv_groups"])
def test_weights_are_rounded_and_gradients_go_straight_through(
    name: str, bits: int, per_channel: bool, setting: Setting
) -> None:
    training = Quantized(BY_NAME[name], setting)
    latent = {projection: training.weights(projection) for projection in ("w0", "w1")}
    for place, projection in enumerate(latent):
        training.trainer.set_quantization(place, bits, per_channel)
        assert np.array_equal(training.weights(projection), rounded(latent[projection], bits, per_channel))
    bias = training.read("w0.bias")
    for _ in range(3):
        training.step()
        for projection, weights in latent.items():
            gradient = training.read(f"{projection}.weight.gradient").reshape(weights.shape)
            assert bits == 2 or gradient.any()  # of 2 bits, weights may become all 0 and neurons silent
            # The optimiser computes in float32: what is within a rounding of its edge may go either way.
            latent[projection] = weights - np.float32(0.05) * gradient
            now, expected = training.weights(projection), rounded(latent[projection], bits, per_channel)
            step = np.abs(expected).max() / (2 ** (bits - 1) - 1)
            assert np.abs(now - expected).max() <= 1.001 * step
            assert (now != expected).mean() <= 0.002, projection
            levels = 2**bits - 1
            channels = now.reshape(-1, now.shape[-1]).T if now.ndim == 2 else now.reshape(now.shape[0], -1)
            most = max(np.unique(channel).size for channel in channels) if per_channel else np.unique(now).size
            assert most <= levels
    assert not np.array_equal(training.read("w0.bias"), bias), "biases are trained as they are"


@pytest.mark.parametrize("per_channel", [False, True], ids=["tensor", "channel"])
def test_rounding_twice_changes_nothing_and_the_integers_are_exact(per_channel: bool) -> None:
    training = Quantized(BY_NAME["conv_groups"], Setting("cpu"))
    for bits in (8, 5, 4, 3, 2):
        training.trainer.set_quantization(0, bits, per_channel)
        training.step()
        weights = training.weights("w0")
        training.trainer.set_quantization(0, bits, per_channel)  # from the rounded ones
        assert np.array_equal(training.weights("w0"), weights)
        whole, scale = snn.Quantization(bits, per_channel).integers(weights)
        assert whole.dtype == np.int8
        assert np.abs(whole).max() == 2 ** (bits - 1) - 1
        assert np.array_equal(whole * scale, weights)


def test_it_ends_and_the_state_has_the_weights_behind() -> None:
    case = BY_NAME["model_lif"]
    one, other = Quantized(case, Setting("cpu")), Quantized(case, Setting("cpu"))
    for training in (one, other):
        training.trainer.set_quantization(0, 4, False)
    one.step()
    other.session.write("w0.weight", one.read("w0.weight"))
    for name in ("w0.bias", "w1.weight"):
        other.session.write(name, one.read(name))
    other.trainer.set_state(one.trainer.state())
    for training in (one, other):
        training.step()
    assert np.array_equal(one.read("w0.weight"), other.read("w0.weight"))
    one.trainer.set_quantization(0, 0, False)
    assert np.array_equal(one.read("w0.weight"), other.read("w0.weight"))
    one.step()
    assert np.unique(one.read("w0.weight")).size > 15


def test_what_cannot_be_quantized_says_why() -> None:
    training = Quantized(BY_NAME["sparse_fixed_trained"], Setting("cpu"))
    with pytest.raises(UnsupportedError, match="'w0' sums in fixed point"):
        training.trainer.set_quantization(0, 8, False)
    for bits in (1, 9):
        with pytest.raises(InvalidArgumentError, match=f"bits is {bits}"):
            training.trainer.set_quantization(1, bits, False)
    still = Quantized(BY_NAME["sparse_fixed"], Setting("cpu"))
    with pytest.raises(InvalidArgumentError, match="is not trained"):
        still.trainer.set_quantization(0, 8, False)
    training.trainer.set_quantization(1, 8, False)
