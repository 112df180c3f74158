"""The random draws of a step: published Philox vectors, the distributions, the language, what training keeps of them."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from scipy import stats

from snn.engine.modelc import (
    DocumentError,
    ModelLanguageError,
    ModelNameError,
    ModelTypeError,
    ModelUnitError,
    compile_model,
    load_builtin_model,
    random_draws,
)
from snn.engine.modelc.normal_table import DEGREE, NORMAL_TABLE, OCTAVES
from snn.engine.modelc.random_draws import Draws, normal_of, philox, poisson_of, poisson_thresholds, uniform_of
from tests.oracle import random_words

# Random123 (the authors' library), kat_vectors, philox4x32 10: key, counter, result.
PUBLISHED = [
    (0, (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (2**64 - 1, (0xFFFFFFFF,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        0x299F31D0A4093822,
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
# Events this rare happen once in so many correct implementations; seeds are fixed, so a test that passes always passes.
UNLIKELY = 1e-4


def words(count: int, seed: int = 1) -> np.ndarray:
    """Words as a population of 1,000 neurons draws them, step by step."""
    steps = -(-count // 1000)
    return np.concatenate([Draws(seed, t, 1000).word(0) for t in range(steps)])[:count]


@pytest.mark.parametrize(("key", "counter", "expected"), PUBLISHED)
def test_philox_gives_the_published_vectors(key, counter, expected):
    assert tuple(int(w) for w in philox(key, counter)) == expected
    assert random_words.philox4x32((key % 2**32, key // 2**32), counter) == expected


@pytest.mark.parametrize(
    "place",
    [
        {"seed": 0, "step": 0, "population": 0, "sample": 0, "number": 0},
        {"seed": 2**64 - 1, "step": 2**44 - 1, "population": 2**20 - 1, "sample": 2**20 - 1, "number": 63},
        {"seed": 1 << 40, "step": 5 << 32, "population": 7, "sample": 9, "number": 3},
    ],
)
def test_words_are_laid_out_as_documented(place):
    expected = [random_words.word(n, **place) for n in range(150)]
    np.testing.assert_array_equal(random_draws.words(**place, neurons=150), expected)
    expected = [random_words.poisson_word(n, **place) for n in range(300)]
    np.testing.assert_array_equal(random_draws.poisson_words(**place, neurons=300), expected)


def test_every_part_of_the_place_gives_other_words():
    base = {"seed": 3, "step": 5, "population": 1, "sample": 2, "number": 1, "neurons": 64}
    first = random_draws.words(**base)
    for part in ("seed", "step", "population", "sample", "number"):
        assert (random_draws.words(**{**base, part: base[part] + 1}) != first).sum() > 60
    assert np.unique(random_draws.words(**{**base, "neurons": 10_000})).size > 9_990


def test_uniform_numbers_are_uniform():
    drawn = uniform_of(words(200_000)).astype(np.float64)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert stats.kstest(drawn, "uniform").pvalue > UNLIKELY
    assert uniform_of(2**32 - 1) == 1 - 2.0**-24
    assert uniform_of(0) == 0


def test_normal_numbers_are_the_inverse_of_the_normal_distribution():
    """Against Wichura's algorithm in the standard library, in double; 2e-6 is the fit's error and float32's rounding."""
    edges = [0, 1, 2, 3, 2**32 - 1, 2**32 - 2, 2**31, 2**31 - 1, *(2**k + d for k in range(2, 32) for d in (-1, 0, 1))]
    drawn = np.concatenate([np.array(edges, np.uint32), words(20_000)])
    expected = np.array([random_words.normal(int(w)) for w in drawn])
    np.testing.assert_allclose(normal_of(drawn), expected, atol=2e-6)
    assert (len(NORMAL_TABLE), len(NORMAL_TABLE[0])) == (DEGREE + 1, OCTAVES)


def test_normal_numbers_are_normal():
    drawn = normal_of(words(200_000, seed=2)).astype(np.float64)
    assert stats.kstest(drawn, "norm").pvalue > UNLIKELY
    # Standard errors of the mean, the variance, the skewness and the kurtosis of n numbers.
    n = drawn.size
    for moment, error in (
        (drawn.mean(), np.sqrt(1 / n)),
        (drawn.var() - 1, np.sqrt(2 / n)),
        (stats.skew(drawn), np.sqrt(6 / n)),
        (stats.kurtosis(drawn), np.sqrt(24 / n)),
    ):
        assert abs(moment) < 4 * error
    np.testing.assert_array_equal(normal_of(np.uint32([10, 3_000_000_000])), -normal_of(np.uint32([11, 3_000_000_001])))


@pytest.mark.parametrize("mean", [1e-9, 0.01, 0.3, 1.0, 2.32, 7.5, 16.0])
def test_poisson_counts_have_the_probabilities_of_the_distribution(mean):
    """Thresholds against scipy's distribution, counts against the hand-written sum, and a chi-square of drawn ones."""
    thresholds = poisson_thresholds(mean)
    exact = stats.poisson.cdf(np.arange(len(thresholds) + 1), mean) * 2.0**32
    np.testing.assert_allclose(thresholds, exact[:-1], atol=0.6)  # rounded to whole numbers
    assert exact[-1] > 2.0**32 - 0.6
    drawn = words(100_000, seed=5)
    counts = poisson_of(drawn, mean)
    assert counts[:2000].tolist() == [random_words.poisson(int(w), mean) for w in drawn[:2000]]
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / counts.size)
    expected = stats.poisson.pmf(np.arange(80), mean) * counts.size
    wide = expected >= 10  # classes that the chi-square distribution describes; the rest together
    observed = np.bincount(counts, minlength=80)
    classes = [(o, e) for o, e in zip(observed[wide], expected[wide], strict=True)]
    if expected[~wide].sum() >= 10:
        classes.append((observed[~wide].sum(), expected[~wide].sum()))
    if len(classes) > 1:
        statistic = sum((o - e) ** 2 / e for o, e in classes)
        assert stats.chi2.sf(statistic, len(classes) - 1) > UNLIKELY


def test_a_mean_of_zero_gives_no_events_and_others_are_refused():
    assert poisson_thresholds(0.0) == []
    assert (poisson_of(words(1000), 0.0) == 0).all()
    for mean in (-0.1, 16.1, float("nan")):
        with pytest.raises(ValueError, match="the mean of poisson is"):
            poisson_thresholds(mean)


def test_neighbours_in_neuron_step_and_draw_are_not_correlated():
    drawn = np.array([[uniform_of(Draws(11, t, 640).word(n)) for n in range(3)] for t in range(200)], np.float64)
    centred = drawn - 0.5
    for axis, lag in ((0, 1), (1, 1), (2, 1), (2, 16), (2, 64)):
        a = np.take(centred, range(lag, drawn.shape[axis]), axis)
        b = np.take(centred, range(drawn.shape[axis] - lag), axis)
        assert abs((a * b).mean() * 12) < 4 / np.sqrt(a.size)


# ---- The language


def model(step: str, *, derived: str = "", more: str = "") -> str:
    return f"""
[model]
name = "drawing"
[parameters]
rate = {{ default = 0.5, unit = "1/ms" }}
weight = {{ default = 0.1 }}
[options]
kind = {{ choices = ["one", "two"] }}
[states]
v = {{}}
count = {{ type = "int" }}
[receptors]
current = {{}}
[derived]
events = "rate * dt"
wanted = "to_int(weight)"
{derived}
[step]
program = '''
{step}
next.count = count
'''
{more}
"""


@pytest.mark.parametrize(
    ("error", "message", "step"),
    [
        (
            ModelLanguageError,
            "the mean of 'poisson' is 'v'; it must be a parameter or a derived",
            "next.v = poisson(v)",
        ),
        (ModelLanguageError, "the mean of 'poisson' is '0.5'", "next.v = poisson(0.5)"),
        (ModelLanguageError, "the mean of 'poisson' is 'events * 2'", "next.v = poisson(events * 2)"),
        (ModelUnitError, "the mean of 'poisson' is a plain number, but 'rate' is in 1/ms", "next.v = poisson(rate)"),
        (ModelTypeError, "option 'kind' must be compared", "next.v = poisson(kind)"),
        (ModelTypeError, "'wanted' is an int", "next.v = poisson(wanted)"),
        (ModelLanguageError, "'poisson' takes 1 argument, not 0", "next.v = poisson()"),
        (ModelLanguageError, "'uniform' takes 0 arguments, not 1", "next.v = uniform(1)"),
        (ModelLanguageError, "'normal' takes 0 arguments, not 2", "next.v = normal(0, 1)"),
    ],
)
def test_wrong_draws_are_told(error, message, step):
    with pytest.raises(error) as caught:
        compile_model(model(step))
    assert message in str(caught.value)
    assert "[step] line" in str(caught.value)


def test_draws_belong_to_steps():
    with pytest.raises(ModelLanguageError, match=r"'normal' is not available in \[derived\]"):
        compile_model(model("next.v = v", derived='noise = "normal()"'))


def test_a_step_has_at_most_64_draws():
    body = "total = v\nfor round in repeat(64):\n    total = total + uniform()\nnext.v = total"
    assert sum(op[0] == "uniform" for op in compile_model(model(body)).document["step"]["ops"]) == 64
    with pytest.raises(ValueError, match="'normal' is draw 65 of the step; there may be 64"):
        compile_model(model(body + " + normal()"))


def test_equal_draws_are_different_numbers():
    compiled = compile_model(model("a = normal()\nb = normal()\nnext.v = a - b"))
    constants = {"rate": 0.5, "weight": 0.1, "kind": 0, "events": 0.5, "wanted": 0}
    states = {"v": np.zeros(100), "count": np.zeros(100, int)}
    after, _, _ = compiled.numpy.step(constants, {"current": 0.0}, states, np.float64, Draws(1, 2, 100))
    draws = Draws(1, 2, 100)
    np.testing.assert_array_equal(after["v"], draws.normal(0).astype(float) - draws.normal(1))
    assert (after["v"] != 0).all()


def test_the_adjoint_reads_draws_from_the_tape():
    """A factor drawn at random multiplies the gradient; it is taped, never drawn again."""
    compiled = compile_model(model("next.v = v + uniform() * current"))
    assert [entry.name for entry in compiled.tape] == ["draw_0"]
    constants = {"rate": 0.5, "weight": 0.1, "kind": 0, "events": 0.5, "wanted": 0}
    states, draws = {"v": np.zeros(5), "count": np.zeros(5, int)}, Draws(9, 4, 5)
    _, _, tape = compiled.numpy.step(constants, {"current": np.ones(5)}, states, np.float64, draws)
    _, into = compiled.numpy.adjoint(constants, tape, {"v": np.ones(5), "count": 0}, 0.0, None, np.float64)
    np.testing.assert_array_equal(into["current"], draws.uniform(0))
    # A draw that is only added is a constant: nothing of it is kept.
    assert compile_model(model("next.v = v + weight * normal() + poisson(events)")).tape == ()


# ---- Models that continue another


def test_a_driven_model_is_its_base_with_a_driven_receptor():
    base, driven = load_builtin_model("lif"), load_builtin_model("driven_lif")
    assert driven.definition.base == "lif"
    assert driven.parameters[: len(base.parameters)] == base.parameters
    assert [p.name for p in driven.parameters[len(base.parameters) :]] == ["background_rate", "background_weight"]
    assert (driven.options, driven.states, driven.receptors) == (base.options, base.states, base.receptors)
    assert [(e.name, e.type) for e in driven.tape] == [(e.name, e.type) for e in base.tape]
    assert "current = current + background_weight * poisson(background_events)" in driven.markdown


@pytest.mark.parametrize(
    ("error", "message", "change"),
    [
        (
            ModelNameError,
            "there is no built-in model 'nothing'; there are adaptive_lif",
            {"model": {"base": "nothing"}},
        ),
        (ModelNameError, "there is no built-in model 3", {"model": {"base": 3}}),
        (DocumentError, "'driven_lif' has a base itself; take that one, 'lif'", {"model": {"base": "driven_lif"}}),
        (DocumentError, "a model with a base takes over that of 'lif'", {"states": {"w": {}}}),
        (DocumentError, "a model with a base takes over that of 'lif'", {"step": "next.v = v"}),
        (DocumentError, "a model with a base takes over that of 'lif'", {"model": {"base": "lif", "membrane": "v"}}),
        (ModelNameError, "'lif' has one of this name already", {"parameters": {"threshold": {"default": 2.0}}}),
        (ModelNameError, "'nowhere' is not a receptor; the receptors are current", {"drive": {"nowhere": "noise"}}),
        (DocumentError, "must be an expression in quotes", {"drive": {"current": 3}}),
        (ModelNameError, "'unheard' is not known here", {"drive": {"current": "unheard"}}),
        (ModelUnitError, "joins u and 1", {"drive": {"current": "normal()"}}),
        (ModelLanguageError, "a drive does not divide", {"drive": {"current": "noise / 2"}}),
        (ModelLanguageError, "is not an expression", {"drive": {"current": "noise *"}}),
        (ModelTypeError, "is a condition; a number is needed", {"drive": {"current": "noise > 0"}}),
        (ModelLanguageError, "'spike' is not available in [drive]", {"drive": {"current": "spike(v)"}}),
    ],
)
def test_wrong_bases_and_drives_are_told(error, message, change):
    document = {
        "model": {"name": "mine", "base": "lif"},
        "parameters": {"noise": {"default": 0.1, "unit": "u"}},
        "drive": {"current": "noise * normal()"},
    }
    assert compile_model(document).states == load_builtin_model("lif").states
    for section, entries in change.items():
        document[section] = {**document.get(section, {}), **entries} if isinstance(entries, dict) else entries
    with pytest.raises(error) as caught:
        compile_model(document)
    assert message in str(caught.value)


def test_the_normal_distribution_of_the_oracle_is_the_standard_one():
    assert statistics.NormalDist().inv_cdf(0.975) == pytest.approx(1.959963984540054)
