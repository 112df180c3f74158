"""Surrogates: presets against the libraries' own formulas, and safety far from the threshold."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from snn.engine.modelc import ModelError, load_builtin_surrogate, surrogate_presets
from snn.engine.modelc.presets import presets_from
from tests.unit.modelc.running import SURROGATES

ROOT = Path(__file__).resolve().parents[3]
PI = np.pi


def logistic(z):
    return 1 / (1 + np.exp(-z))


def normal(x, mean, sigma):
    return np.exp(-((x - mean) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * PI))


def multi_gaussian(x, sigma, h, s):
    sides = normal(x, sigma, s * sigma) + normal(x, -sigma, s * sigma)
    return (1 + h) * normal(x, 0, sigma) - h * sides


def circ(x, alpha):
    square = alpha**2 + x**2
    return (-(x**2) / (2 * square**1.5) + 1 / (2 * np.sqrt(square))) * 2 * alpha


def s2nn(x, alpha, beta):
    return np.where(x < 0, alpha * logistic(alpha * x) * (1 - logistic(alpha * x)), beta / (np.maximum(x, 0) + 1))


def log_tailed(x, alpha):
    return np.where(x > 1, 1 / np.maximum(x, 1), np.where(x > 0, 1, alpha))


def fake_numerical(x, alpha):
    with np.errstate(divide="ignore"):
        return np.minimum(np.where(x >= 0, 1, -1) / x, alpha)


def sinabs_periodic(x, grad_width, grad_scale, threshold):
    membrane = x + threshold
    shifted = membrane / threshold - 0.5
    above = threshold * (2 * (shifted - np.floor(shifted)) - 1)
    return grad_scale * np.exp(-np.abs(np.where(membrane < threshold, x, above)) / grad_width)


def rockpool_periodic(x, threshold, window):
    membrane = x + threshold
    shifted = membrane - threshold / 2
    spikes = np.minimum(np.floor(shifted / threshold), 2.0**16 - 1)
    periodic = np.where(membrane < threshold, shifted, shifted - spikes * threshold)
    return np.exp(-np.abs(periodic - threshold / 2) / window) / threshold


# The gradients as each library writes them, x = membrane - threshold, with the library's names and defaults.
FORMULAS = {
    "snntorch.atan": lambda x, alpha=2.0: (alpha / 2) / (1 + (PI * alpha * x / 2) ** 2),
    "snntorch.fast_sigmoid": lambda x, slope=25.0: 1 / (1 + slope * np.abs(x)) ** 2,
    "snntorch.sigmoid": lambda x, slope=25.0: slope * np.exp(-slope * x) / (np.exp(-slope * x) + 1) ** 2,
    "snntorch.straight_through_estimator": lambda x: np.ones_like(x),
    "snntorch.triangular": lambda x, threshold=1.0: np.where(x >= 0, -threshold, threshold),
    "snntorch.heaviside": lambda x: 1.0 * (x > 0),
    "snntorch.LSO": lambda x, slope=0.1: np.where(x > 0, 1, slope),
    "snntorch.SFS": lambda x, slope=25.0, B=1.0: 1 / (slope * np.abs(x) + 1) ** 2 * (x > B),  # noqa: N803
    "snntorch.spike_rate_escape": lambda x, beta=1.0, slope=25.0: slope * np.exp(-beta * np.abs(x - 1)),
    "spikingjelly.atan": lambda x, alpha=2.0: alpha / (2 * (1 + (PI / 2 * alpha * x) ** 2)),
    "spikingjelly.sigmoid": lambda x, alpha=4.0: alpha * logistic(alpha * x) * (1 - logistic(alpha * x)),
    "spikingjelly.soft_sign": lambda x, alpha=2.0: 1 / (2 * alpha * (1 / alpha + np.abs(x)) ** 2),
    "spikingjelly.super_spike": lambda x, alpha=1.0: alpha / (1 + np.abs(x)) ** 2,
    "spikingjelly.piecewise_quadratic": lambda x, alpha=1.0: np.where(
        np.abs(x) <= 1 / alpha, -(alpha**2) * np.abs(x) + alpha, 0
    ),
    "spikingjelly.piecewise_exp": lambda x, alpha=1.0: alpha / 2 * np.exp(-alpha * np.abs(x)),
    "spikingjelly.rect": lambda x, alpha=1.0: alpha * (np.abs(x) < 0.5 / alpha),
    "spikingjelly.nonzero_sign_log_abs": lambda x, alpha=1.0: 1 / (1 / alpha + np.abs(x)),
    "spikingjelly.erf": lambda x, alpha=2.0: alpha / np.sqrt(PI) * np.exp(-((alpha * x) ** 2)),
    "spikingjelly.piecewise_leaky_relu": lambda x, w=1.0, c=0.01: np.where(np.abs(x) < w, 1 / (2 * w), c),
    "spikingjelly.s2nn": lambda x, alpha=4.0, beta=1.0: s2nn(x, alpha, beta),
    "spikingjelly.q_pseudo_spike": lambda x, alpha=2.0: (1 + 2 / (alpha - 1) * np.abs(x)) ** -alpha,
    "spikingjelly.leaky_k_relu": lambda x, leak=0.0, k=1.0: np.where(x >= 0, k, leak),
    "spikingjelly.fake_numerical_gradient": lambda x, alpha=0.3: fake_numerical(x, alpha),
    "spikingjelly.log_tailed_relu": lambda x, alpha=0.0: log_tailed(x, alpha),
    "spikingjelly.deterministic_pass": lambda x: np.ones_like(x),
    "norse.super": lambda x, alpha=100.0: 1 / (1 + alpha * np.abs(x)) ** 2,
    "norse.triangle": lambda x, alpha=0.3: alpha * np.maximum(1 - np.abs(x), 0),
    "norse.tanh": lambda x, alpha=100.0: 1 - np.tanh(alpha * x) ** 2,
    "norse.circ": lambda x, alpha=100.0: circ(x, alpha),
    "norse.heavi_erfc": lambda x, alpha=100.0: 2 * np.exp(-((alpha * x) ** 2)) / np.sqrt(PI),
    "spyx.superspike": lambda x, k=25.0: 1 / (1 + k * np.abs(x)) ** 2,
    "spyx.arctan": lambda x, k=2.0: 1 / (PI * (1 + (k * PI * x) ** 2)),
    "spyx.boxcar": lambda x, width=2.0, height=0.5: height * (np.abs(x) < width / 2),
    "spyx.triangular": lambda x, k=2.0: np.maximum(0, 1 - np.abs(k * x)),
    "spyx.tanh": lambda x, k=1.0: 1 - np.tanh(k * x) ** 2,
    "sinabs.single_exponential": lambda x, grad_width=0.5, grad_scale=1.0, spike_threshold=1.0: (
        grad_scale / (spike_threshold * grad_width) * np.exp(-np.abs(x) / (spike_threshold * grad_width))
    ),
    "sinabs.heaviside": lambda x, window=1.0, spike_threshold=1.0: (x >= -window) / spike_threshold,
    "sinabs.gaussian": lambda x, sigma=0.5, grad_scale=1.0: normal(x, 0, sigma) * grad_scale,
    "sinabs.multi_gaussian": lambda x, sigma=0.5, h=0.15, s=6.0, grad_scale=1.0: (
        multi_gaussian(x, sigma, h, s) * grad_scale
    ),
    "sinabs.periodic_exponential": lambda x, grad_width=0.5, grad_scale=1.0, spike_threshold=1.0: sinabs_periodic(
        x, grad_width, grad_scale, spike_threshold
    ),
    "rockpool.step_pwl": lambda x, threshold=1.0, window=0.5: (x >= -window) / threshold,
    "rockpool.periodic_exponential": lambda x, threshold=1.0, window=0.5: rockpool_periodic(x, threshold, window),
    "lava_dl.spike": lambda x, threshold=1.0, tau_grad=1.0, scale_grad=1.0: (
        0.1 * scale_grad / 2 / (100 * tau_grad * threshold) * np.exp(-np.abs(x) / (100 * tau_grad * threshold))
    ),
    "braintools.sigmoid": lambda x, alpha=4.0: alpha * logistic(alpha * x) * (1 - logistic(alpha * x)),
    "braintools.piecewise_quadratic": lambda x, alpha=1.0: np.where(
        np.abs(x) > 1 / alpha, 0, alpha - alpha**2 * np.abs(x)
    ),
    "braintools.piecewise_exp": lambda x, alpha=1.0: alpha / 2 * np.exp(-alpha * np.abs(x)),
    "braintools.soft_sign": lambda x, alpha=1.0: alpha * 0.5 / (1 + np.abs(alpha * x)) ** 2,
    "braintools.arctan": lambda x, alpha=1.0: alpha * 0.5 / (1 + (PI / 2 * alpha * x) ** 2),
    "braintools.nonzero_sign_log": lambda x, alpha=1.0: 1 / (1 / alpha + np.abs(x)),
    "braintools.erf": lambda x, alpha=1.0: alpha / np.sqrt(PI) * np.exp(-(alpha**2) * x * x),
    "braintools.piecewise_leaky_relu": lambda x, c=0.01, w=1.0: np.where(np.abs(x) > w, c, 1 / (2 * w)),
    "braintools.s2nn": lambda x, alpha=4.0, beta=1.0: s2nn(x, alpha, beta),
    "braintools.q_pseudo_spike": lambda x, alpha=2.0: (1 + 2 / (alpha + 1) * np.abs(x)) ** -alpha,
    "braintools.leaky_relu": lambda x, alpha=0.1, beta=1.0: np.where(x < 0, alpha, beta),
    "braintools.log_tailed_relu": lambda x, alpha=0.0: log_tailed(x, alpha),
    "braintools.relu_grad": lambda x, alpha=0.3, width=1.0: np.maximum(alpha * width - np.abs(x) * alpha, 0),
    "braintools.gaussian_grad": lambda x, sigma=0.5, alpha=0.5: alpha * normal(x, 0, sigma),
    "braintools.multi_gaussian_grad": lambda x, h=0.15, s=6.0, sigma=0.5, scale=0.5: (
        scale * multi_gaussian(x, sigma, h, s)
    ),
    "braintools.inv_square_grad": lambda x, alpha=100.0: 1 / (alpha * np.abs(x) + 1) ** 2,
    "braintools.slayer_grad": lambda x, alpha=1.0: np.exp(-alpha * np.abs(x)),
    "snnax.superspike": lambda x, beta=10.0: 1 / (1 + beta * np.abs(x)),
    "snnax.piecewise": lambda x, beta=0.5: 1.0 * ((x > -beta) & (x < beta)),
    "jaxsnn.superspike": lambda x, alpha=80.0: 1 / (alpha * np.abs(x) + 1) ** 2,
    "se_adlif.slayer": lambda x, alpha=5.0, c=0.4: c * alpha / 2 * np.exp(-alpha * np.abs(x)),
    "stork.superspike": lambda x, beta=20.0: 1 / (1 + beta * np.abs(x)) ** 2,
    "stork.superspike_rescaled": lambda x, beta=20.0: (beta + 1) ** 2 / (beta * np.abs(x) + 1) ** 2,
    "stork.superspike_asymptote": lambda x, beta=100.0: beta / (beta * np.abs(x) + 1) ** 2,
    "stork.sigmoid": lambda x, beta=100.0: logistic(beta * x) * (1 - logistic(beta * x)),
    "stork.esser": lambda x, beta=1.0: np.maximum(0, 1 - np.abs(beta * x)),
    "sparch.boxcar": lambda x: 1.0 * (np.abs(x) <= 0.5),
    "dcls.atan": lambda x, alpha=5.0: alpha / (2 * (1 + (PI / 2 * alpha * x) ** 2)),
}
# None of these is an edge of a window, where libraries differ in which side they take.
X = np.concatenate([np.linspace(-3.1, 3.1, 401), np.linspace(-0.1, 0.1, 41)])


def test_every_preset_is_checked():
    assert set(surrogate_presets()) == set(FORMULAS)


def test_the_documentation_names_every_family_and_preset():
    text = (ROOT / "docs" / "surrogates.md").read_text(encoding="utf-8")
    for name in SURROGATES:
        defaults = {p.name: p.default for p in load_builtin_surrogate(name).parameters[:-1]}
        shown = ", ".join(f"`{key}` {value:g}" for key, value in defaults.items())
        assert re.search(rf"^\| `{name}` \| .* \| {re.escape(shown)} \|$", text, re.MULTILINE), f"{name}: {shown}"
    wholesale = dict(re.findall(r"^\|.*\| (`.*`) \| `(\w+)\.` and the same name", text, re.MULTILINE))
    same = {f"{library}.{name}" for names, library in wholesale.items() for name in re.findall(r"`(\w+)`", names)}
    assert same | set(re.findall(r"`(\w+\.\w+)`", text)) >= set(FORMULAS)
    assert same <= set(FORMULAS)


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
        given = {changed: 1.37 * defaults[changed] or 0.3}
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


# What most surrogates have, and which have not.
ASYMMETRIC = {"log_tailed", "periodic_exponential", "s2nn", "shifted_exponential", "sparse_fast_sigmoid", "step"}
EVERYWHERE = {"leaky_boxcar", "step"}  # constant far from the threshold
OF_BOTH_SIGNS = {"multi_gaussian"}


@pytest.mark.parametrize("name", SURROGATES)
def test_far_from_the_threshold_nothing_breaks(name):
    surrogate = load_builtin_surrogate(name)
    parameters = surrogate.default_parameters()
    x = np.array([-np.inf, -3.4e38, -1e20, -1e3, -3.5, 0, 3.5, 1e3, 1e20, 3.4e38, np.inf], np.float32)
    derivative = surrogate.numpy.derivative(parameters, x)
    assert derivative.dtype == np.float32
    assert np.isfinite(derivative).all()
    smooth = surrogate.numpy.smooth(parameters, x[1:-1].astype(np.float64))
    assert np.isfinite(smooth).all()
    assert (derivative >= 0).all() == (name not in OF_BOTH_SIGNS)
    assert (np.diff(smooth) >= 0).all() == (name not in OF_BOTH_SIGNS)
    assert np.array_equal(derivative, derivative[::-1]) == (name not in ASYMMETRIC)
    farthest = max(derivative[0], derivative[-1])
    if name in EVERYWHERE:
        assert farthest in (parameters.get("leak"), parameters.get("above"))
    else:
        assert farthest <= 1e-6 * derivative.max()


def test_peaks():
    """Training is sensitive to the height, so it is written down."""
    peaks = {
        "arctan": 1,
        "boxcar": 1,
        "circle": 1,
        "clipped_inverse": 1,
        "exponential": 1,
        "fast_sigmoid": 1,
        "gaussian": 1,
        "inverse": 1,
        "leaky_boxcar": 1,
        "log_tailed": 0,  # 1 just above
        "multi_gaussian": multi_gaussian(0, 0.5, 0.15, 6),
        "periodic_exponential": 1,
        "power": 1,
        "s2nn": 1,
        "shifted_exponential": np.exp(-1),  # 1 at its offset
        "sigmoid": 1,
        "sparse_fast_sigmoid": 1,
        "step": 1,
        "superspike": 1,
        "triangle": 1,
    }
    for name in SURROGATES:
        assert name in peaks, f"write down the height of {name!r} at the threshold in this test"
        surrogate = load_builtin_surrogate(name)
        height = surrogate.numpy.derivative(surrogate.default_parameters(), 0.0)
        assert height == pytest.approx(peaks[name], rel=1e-6, abs=0), name


def test_special_cases_of_a_family():
    """Where a formula has a case of its own: the power whose integral is a logarithm, and families that meet."""

    def of(name, part, **given):
        surrogate = load_builtin_surrogate(name)
        return getattr(surrogate.numpy, part)({**surrogate.default_parameters(), **given}, X.astype(np.float64))

    for part in ("derivative", "smooth"):
        for name, exponent in (("inverse", 1.0), ("fast_sigmoid", 2.0)):
            expected = of(name, part, slope=3.0)
            np.testing.assert_allclose(of("power", part, slope=3.0, exponent=exponent), expected, rtol=2e-6, atol=1e-12)
        np.testing.assert_allclose(of("leaky_boxcar", part, leak=0.0), of("boxcar", part), rtol=1e-12)
        near_one = of("power", part, slope=3.0, exponent=1 + 1e-7)
        np.testing.assert_allclose(near_one, of("inverse", part, slope=3.0), rtol=1e-5)


def test_the_peaks_of_a_periodic_exponential_end_where_floats_have_no_fraction():
    surrogate = load_builtin_surrogate("periodic_exponential")
    parameters = surrogate.default_parameters()
    peaks = np.array([1, 1000, 2**22, 2**23], np.float32)
    np.testing.assert_array_equal(surrogate.numpy.derivative(parameters, peaks), np.ones(4, np.float32))
    assert surrogate.numpy.derivative(parameters, np.float32(2**25)) < 1e-37


@pytest.mark.parametrize("name", SURROGATES)
def test_at_most_four_parameters_scale_last(name):
    parameters = load_builtin_surrogate(name).parameters
    assert len(parameters) <= 4
    assert parameters[-1].name == "scale"
