"""Surrogates: presets against the libraries' own formulas, and safety far from the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine.modelc import load_builtin_surrogate, surrogate_presets
from tests.unit.modelc.running import SURROGATES

PI = np.pi


def logistic(z):
    return 1 / (1 + np.exp(-z))


# The gradients as each library writes them, x = membrane - threshold.
FORMULAS = {
    "snntorch.atan": lambda x, a=2.0: (a / 2) / (1 + (PI * a * x / 2) ** 2),
    "snntorch.fast_sigmoid": lambda x, k=25.0: 1 / (1 + k * np.abs(x)) ** 2,
    "snntorch.sigmoid": lambda x, k=25.0: k * np.exp(-k * x) / (np.exp(-k * x) + 1) ** 2,
    "spikingjelly.atan": lambda x, a=2.0: a / (2 * (1 + (PI / 2 * a * x) ** 2)),
    "spikingjelly.sigmoid": lambda x, a=4.0: a * logistic(a * x) * (1 - logistic(a * x)),
    "spikingjelly.soft_sign": lambda x, a=2.0: 1 / (2 * a * (1 / a + np.abs(x)) ** 2),
    "spikingjelly.super_spike": lambda x, a=1.0: a / (1 + np.abs(x)) ** 2,
    "spikingjelly.piecewise_quadratic": lambda x, a=1.0: np.where(np.abs(x) <= 1 / a, -(a**2) * np.abs(x) + a, 0),
    "spikingjelly.piecewise_exp": lambda x, a=1.0: a / 2 * np.exp(-a * np.abs(x)),
    "spikingjelly.rect": lambda x, a=1.0: a * (np.abs(x) < 0.5 / a),
    "norse.superspike": lambda x, a=100.0: 1 / (1 + a * np.abs(x)) ** 2,
    "norse.triangle": lambda x, a=0.3: a * np.maximum(1 - np.abs(x), 0),
    "spyx.superspike": lambda x, k=25.0: 1 / (1 + k * np.abs(x)) ** 2,
    "spyx.arctan": lambda x, k=2.0: 1 / (PI * (1 + (k * PI * x) ** 2)),
    "spyx.boxcar": lambda x, width=2.0, height=0.5: height * (np.abs(x) < width / 2),
    "spyx.triangular": lambda x, k=2.0: np.maximum(0, 1 - np.abs(k * x)),
    "sinabs.single_exponential": lambda x, width=0.5, scale=1.0: scale * np.exp(-np.abs(x) / width),
    "se_adlif.slayer": lambda x, a=5.0, c=0.4: c * a / 2 * np.exp(-a * np.abs(x)),
    "stork.superspike": lambda x, b=20.0: 1 / (1 + b * np.abs(x)) ** 2,
    "sparch.boxcar": lambda x: 1.0 * (np.abs(x) <= 0.5),
    "dcls.atan": lambda x, a=5.0: a / (2 * (1 + (PI / 2 * a * x) ** 2)),
}


def test_every_preset_is_checked():
    assert set(surrogate_presets()) == set(FORMULAS)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_preset_is_the_library_function(name):
    preset = surrogate_presets()[name]
    surrogate = load_builtin_surrogate(preset.surrogate)
    assert list(preset.parameters) == [p.name for p in surrogate.parameters]
    x = np.concatenate([np.linspace(-3.1, 3.1, 401), np.linspace(-0.1, 0.1, 41)])
    got = surrogate.numpy.derivative(preset.parameters, x, np.float64)
    np.testing.assert_allclose(got, FORMULAS[name](x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SURROGATES)
def test_far_from_the_threshold_nothing_breaks(name):
    surrogate = load_builtin_surrogate(name)
    parameters = surrogate.default_parameters()
    x = np.array([-np.inf, -3.4e38, -1e20, -1e3, -3.5, 0, 3.5, 1e3, 1e20, 3.4e38, np.inf], np.float32)
    derivative = surrogate.numpy.derivative(parameters, x)
    assert derivative.dtype == np.float32
    assert np.isfinite(derivative).all()
    assert (derivative >= 0).all()
    assert derivative[0] <= 1e-6 * derivative[5]
    assert derivative[-1] <= 1e-6 * derivative[5]
    np.testing.assert_array_equal(derivative, derivative[::-1])  # symmetric
    smooth = surrogate.numpy.smooth(parameters, x[1:-1].astype(np.float64))
    assert np.isfinite(smooth).all()
    assert (np.diff(smooth) >= 0).all()


def test_peaks():
    """Training is sensitive to the height, so it is written down."""
    peaks = {
        "arctan": 1.0,
        "boxcar": 1,
        "exponential": 1,
        "fast_sigmoid": 1,
        "sigmoid": 1.0,
        "superspike": 1,
        "triangle": 1,
    }
    for name in SURROGATES:
        surrogate = load_builtin_surrogate(name)
        assert surrogate.numpy.derivative(surrogate.default_parameters(), 0.0) == peaks[name]


@pytest.mark.parametrize("name", SURROGATES)
def test_at_most_four_parameters_scale_last(name):
    parameters = load_builtin_surrogate(name).parameters
    assert len(parameters) <= 4
    assert parameters[-1].name == "scale"
