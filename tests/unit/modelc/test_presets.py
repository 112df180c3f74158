"""Surrogates: presets against the libraries' own formulas, and safety far from the threshold."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from snn.engine.modelc import ModelError, load_builtin_surrogate, surrogate_presets
from snn.engine.modelc.presets import presets_from
from tests.unit.modelc.running import SURROGATES

PI = np.pi


def logistic(z):
    return 1 / (1 + np.exp(-z))


# The gradients as each library writes them, x = membrane - threshold, with the library's names and defaults.
FORMULAS = {
    "snntorch.atan": lambda x, alpha=2.0: (alpha / 2) / (1 + (PI * alpha * x / 2) ** 2),
    "snntorch.fast_sigmoid": lambda x, slope=25.0: 1 / (1 + slope * np.abs(x)) ** 2,
    "snntorch.sigmoid": lambda x, slope=25.0: slope * np.exp(-slope * x) / (np.exp(-slope * x) + 1) ** 2,
    "snntorch.straight_through_estimator": lambda x: np.ones_like(x),
    "spikingjelly.atan": lambda x, alpha=2.0: alpha / (2 * (1 + (PI / 2 * alpha * x) ** 2)),
    "spikingjelly.sigmoid": lambda x, alpha=4.0: alpha * logistic(alpha * x) * (1 - logistic(alpha * x)),
    "spikingjelly.soft_sign": lambda x, alpha=2.0: 1 / (2 * alpha * (1 / alpha + np.abs(x)) ** 2),
    "spikingjelly.super_spike": lambda x, alpha=1.0: alpha / (1 + np.abs(x)) ** 2,
    "spikingjelly.piecewise_quadratic": lambda x, alpha=1.0: np.where(
        np.abs(x) <= 1 / alpha, -(alpha**2) * np.abs(x) + alpha, 0
    ),
    "spikingjelly.piecewise_exp": lambda x, alpha=1.0: alpha / 2 * np.exp(-alpha * np.abs(x)),
    "spikingjelly.rect": lambda x, alpha=1.0: alpha * (np.abs(x) < 0.5 / alpha),
    "norse.super": lambda x, alpha=100.0: 1 / (1 + alpha * np.abs(x)) ** 2,
    "norse.triangle": lambda x, alpha=0.3: alpha * np.maximum(1 - np.abs(x), 0),
    "norse.tanh": lambda x, alpha=100.0: 1 - np.tanh(alpha * x) ** 2,
    "spyx.superspike": lambda x, k=25.0: 1 / (1 + k * np.abs(x)) ** 2,
    "spyx.arctan": lambda x, k=2.0: 1 / (PI * (1 + (k * PI * x) ** 2)),
    "spyx.boxcar": lambda x, width=2.0, height=0.5: height * (np.abs(x) < width / 2),
    "spyx.triangular": lambda x, k=2.0: np.maximum(0, 1 - np.abs(k * x)),
    "spyx.tanh": lambda x, k=1.0: 1 - np.tanh(k * x) ** 2,
    "sinabs.single_exponential": lambda x, grad_width=0.5, grad_scale=1.0: (
        grad_scale / grad_width * np.exp(-np.abs(x) / grad_width)
    ),
    "se_adlif.slayer": lambda x, alpha=5.0, c=0.4: c * alpha / 2 * np.exp(-alpha * np.abs(x)),
    "stork.superspike": lambda x, beta=20.0: 1 / (1 + beta * np.abs(x)) ** 2,
    "sparch.boxcar": lambda x: 1.0 * (np.abs(x) <= 0.5),
    "dcls.atan": lambda x, alpha=5.0: alpha / (2 * (1 + (PI / 2 * alpha * x) ** 2)),
}
# No multiple of these is an edge of a boxcar, where libraries differ in which side they take.
X = np.concatenate([np.linspace(-3.1, 3.1, 401), np.linspace(-0.1, 0.1, 41)])


def test_every_preset_is_checked():
    assert set(surrogate_presets()) == set(FORMULAS)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_preset_is_the_library_function(name):
    preset = surrogate_presets()[name]
    surrogate = load_builtin_surrogate(preset.surrogate)
    assert list(preset.parameters) == [p.name for p in surrogate.parameters]
    got = surrogate.numpy.derivative(preset.parameters, X, np.float64)
    np.testing.assert_allclose(got, FORMULAS[name](X), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_a_preset_takes_the_parameters_of_its_library(name):
    preset = surrogate_presets()[name]
    formula = FORMULAS[name]
    defaults = {p.name: p.default for p in inspect.signature(formula).parameters.values() if p.name != "x"}
    assert dict(preset.library) == defaults
    surrogate = load_builtin_surrogate(preset.surrogate)
    for changed in defaults:
        given = {changed: 1.37 * defaults[changed]}
        got = surrogate.numpy.derivative(preset.parameters_for(given), X, np.float64)
        np.testing.assert_allclose(got, formula(X, **given), rtol=1e-12, atol=1e-15, err_msg=changed)
        assert not np.array_equal(got, formula(X)), f"{changed} changes nothing"


def test_a_wrong_preset_is_named():
    def error(**entry):
        with pytest.raises(ModelError) as caught:
            presets_from({"torch": {"atan": entry}}, "presets.toml")
        return str(caught.value)

    assert error(slope=1.0) == "presets.toml: torch.atan: needs a surrogate"
    assert error(surrogate="arctan", width=1.0) == "presets.toml: torch.atan: 'arctan' has no parameter 'width'"
    assert "'beta' is not known here" in error(surrogate="arctan", library={"alpha": 1.0}, slope="beta")
    assert "'alpha +' is not an expression" in error(surrogate="arctan", library={"alpha": 1.0}, slope="alpha +")
    assert "is a bool; a parameter is a float" in error(surrogate="arctan", library={"alpha": 1.0}, slope="alpha < 1")


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
        assert name in peaks, f"write down the height of {name!r} at the threshold in this test"
        surrogate = load_builtin_surrogate(name)
        assert surrogate.numpy.derivative(surrogate.default_parameters(), 0.0) == peaks[name]


@pytest.mark.parametrize("name", SURROGATES)
def test_at_most_four_parameters_scale_last(name):
    parameters = load_builtin_surrogate(name).parameters
    assert len(parameters) <= 4
    assert parameters[-1].name == "scale"
