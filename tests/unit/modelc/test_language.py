"""What the language means: types, units, repeat, order of evaluation, and that the documents on it are true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from snn.engine.modelc import (
    ModelLanguageError,
    ModelUnitError,
    compile_model,
    compile_plasticity,
    compile_surrogate,
    load_builtin,
    models_folder,
    units,
)

ROOT = Path(__file__).resolve().parents[3]


def step_of(program: str, **spec):
    return compile_model({"model": {"name": "test"}, "states": {"v": {}}, "step": {"program": program}, **spec})


def ops(model) -> list[str]:
    return [op[0] for op in model.document["step"]["ops"]]


def test_sums_are_taken_from_left_to_right():
    model = step_of("next.v = v + a + b", parameters={"a": {"default": 1.0}, "b": {"default": 1.0}})
    after, _, _ = model.numpy.step({"a": -1e8, "b": 1.0}, {}, {"v": 1e8})
    assert after["v"] == 1
    model = step_of("next.v = v + (a + b)", parameters={"a": {"default": 1.0}, "b": {"default": 1.0}})
    after, _, _ = model.numpy.step({"a": -1e8, "b": 1.0}, {}, {"v": 1e8})
    assert after["v"] == 0  # -1e8 + 1 rounds to -1e8 in float32
    assert ") + b" not in model.numpy_source
    assert "v + (a + b)" in model.numpy_source


def test_exprel_is_exact_near_zero_and_far_from_it():
    model = compile_model(
        {
            "model": {"name": "test"},
            "parameters": {"x": {"default": 0.0}},
            "derived": {"y": "exprel(x)"},
            "states": {"v": {}},
            "step": {"program": "next.v = y + 0 * v"},
        }
    )
    for x in (-700.0, -3.0, -0.0011, -0.0009, -1e-9, 0.0, 1e-300, 0.0009, 0.0011, 2.0, 300.0):
        found = model.numpy.derive({"x": x}, {}, 1.0)["y"]
        # The series leaves out x^3 / 24; beyond it the difference cancels three of sixteen digits.
        assert found == pytest.approx(np.expm1(x) / x if x else 1.0, rel=1e-10, abs=0)


def test_what_the_error_gives_for_exprel_in_a_step_is_exprel():
    with pytest.raises(ModelLanguageError) as refused:
        step_of("next.v = exprel(v)")
    advice = re.search(r": write (select\(.*\)), which", str(refused.value))
    assert advice is not None
    assert advice[1] in (models_folder() / "LANGUAGE.md").read_text()
    model = step_of("next.v = " + advice[1].replace("x", "v").replace("evp", "exp"))
    v = np.float32(np.concatenate([np.linspace(-0.25, 0.25, 20_001), [-80.0, -9.0, 1.0, 40.0, 1e-30, -1e-30]]))
    after, _, _ = model.numpy.step({}, {}, {"v": v})
    wanted = np.divide(np.expm1(v, dtype=np.float64), v, out=np.ones(v.shape), where=v != 0)
    np.testing.assert_allclose(after["v"], wanted, rtol=2e-6)


def test_equal_operations_are_done_once():
    assert ops(step_of("a = v * v\nb = v * v\nnext.v = a + b")) == ["mul", "add"]


def test_what_nothing_needs_is_left_out():
    assert ops(step_of("unused = exp(v)\nnext.v = v + v")) == ["add"]


def test_repeat_is_unrolled_and_carries_names():
    model = step_of("x = v\nfor k in repeat(4):\n    twice = x * 2\n    x = twice + 1\nnext.v = x")
    assert ops(model).count("mul") == 4
    after, _, _ = model.numpy.step({}, {}, {"v": 1.0})
    assert after["v"] == 31


def test_whole_numbers_become_what_is_needed():
    model = compile_model(
        {
            "model": {"name": "counts"},
            "states": {"v": {}, "n": {"type": "int"}},
            "step": {"program": "next.n = max(n - 1, 0) + select(v > 1, 2, -3)\nnext.v = v * 2 + to_float(n)"},
        }
    )
    after, _, _ = model.numpy.step({}, {}, {"v": 1.5, "n": 5})
    assert (after["v"], after["n"]) == (8.0, 6)
    after, _, _ = model.numpy.step({}, {}, {"v": 0.5, "n": 0})
    assert (after["v"], after["n"]) == (1.0, -3)


def test_spike_compares_as_told():
    model = step_of(
        'fired = spike(v, kind == "closed")\nemit(fired)\nnext.v = v * 1',
        options={"kind": {"choices": ["open", "half", "closed"]}},
    )
    for kind, expected in ((0, [0, 0, 1]), (1, [0, 0, 1]), (2, [0, 1, 1])):
        _, spikes, _ = model.numpy.step({"kind": kind}, {}, {"v": np.array([-1.0, 0.0, 1.0])})
        np.testing.assert_array_equal(spikes, expected)


def test_minimum_and_maximum_of_nan_give_the_second():
    model = step_of("next.v = min(v, 2) + max(v, 3)")
    after, _, _ = model.numpy.step({}, {}, {"v": np.array([np.nan, 1.0, 5.0])})
    np.testing.assert_array_equal(after["v"], [5, 4, 7])


def test_a_dict_a_text_and_a_path_are_the_same(tmp_path):
    path = models_folder() / "neurons" / "lif.toml"
    text = path.read_text()
    import tomllib

    compiled = [compile_model(spec).json for spec in (path, str(path), text, tomllib.loads(text))]
    assert len(set(compiled)) == 1


def test_units_fit_together_without_factors():
    for one, other in (
        ("nS*mV", "pA"),
        ("pF/nS", "ms"),
        ("pF*mV/ms", "pA"),
        ("GOhm*pA", "mV"),
        ("1/(mV*ms)", "1/mV/ms"),
    ):
        assert units.parse(one) == units.parse(other)
    assert units.text(units.parse("mV/ms")) == "mV/ms"
    for wrong in ("kHz", "MOhm", "mV+mV", "2*mV", "", "mV ms"):
        with pytest.raises(ModelUnitError):
            units.parse(wrong)


def test_a_number_with_a_unit():
    spec = {"states": {"v": {"unit": "mV"}}}
    model = step_of("next.v = v + 2[mV] - 0.5[mV/ms] * 4[ms]", **spec)
    after, _, _ = model.numpy.step({}, {}, {"v": 1.0})
    assert after["v"] == 1.0
    with pytest.raises(ModelUnitError, match="'v \\+ 2' joins mV and 1"):
        step_of("next.v = v + 2", **spec)


def test_options_have_indices():
    lif = load_builtin("lif")
    assert lif.option_indices()["reset"] == 0
    assert lif.option_indices({"reset": "none"})["reset"] == 2


def test_importing_the_compiler_loads_neither_numpy_nor_anything_built():
    code = (
        "import sys, engine.modelc, engine.modelc.__main__\n"
        "print('numpy' in sys.modules, [m for m in sys.modules if '_native' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["False", "[]"]


def test_the_example_of_the_language_page_compiles():
    page = (models_folder() / "LANGUAGE.md").read_text()
    neuron, driven, surrogate, plasticity = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert compile_model(neuron).name == "lif"
    assert compile_model(driven).document["step"] == load_builtin("driven_lif").document["step"]
    head = (
        '[surrogate]\nname = "tent"\n[parameters]\nslope = { default = 1.0, unit = "1/u" }\nscale = { default = 1.0 }\n'
    )
    assert compile_surrogate(head + surrogate).name == "tent"
    head = """
        [plasticity]
        name = "pairs"
        [parameters]
        tau_plus = { default = 20.0, unit = "ms" }
        tau_minus = { default = 20.0, unit = "ms" }
        tau_eligibility = { default = 500.0, unit = "ms" }
        step_plus = { default = 0.01, unit = "i" }
        step_minus = { default = 0.01, unit = "i" }
        w_min = { default = 0.0, unit = "i" }
        w_max = { default = 1.0, unit = "i" }
    """
    assert compile_plasticity(head + plasticity).name == "pairs"
    (rule,) = re.findall(r'Plasticity\.define\(\s*"""(.*?)"""', page, re.DOTALL)
    assert "delivered" in compile_plasticity(rule).document["on_pre"]


def test_the_example_of_adding_a_model_compiles():
    page = (ROOT / "docs" / "adding-a-model.md").read_text()
    (text,) = re.findall(r'NeuronModel\("""(.*?)"""\)', page, re.DOTALL)
    model = compile_model(text)
    assert model.name == "quadratic"
    constants = {**model.default_parameters(), **model.derive(model.default_parameters(), {}, 1.0)}
    after, spikes, _ = model.numpy.step(constants, {"current": np.float32([0.1, 2.0])}, {"v": np.float32([0.5, 0.5])})
    np.testing.assert_array_equal(spikes, [0, 1])
    assert after["v"][1] == 0
    wrong = text.replace('current = { unit = "u"', 'current = { unit = "mV"')
    with pytest.raises(ModelUnitError, match="line 1: 'v \\+ curvature \\* v \\* v \\+ current' joins u and mV"):
        compile_model(wrong)


def test_a_surrogate_may_repeat():
    surrogate = compile_surrogate(
        {
            "surrogate": {"name": "series"},
            "parameters": {"slope": {"default": 0.7, "unit": "1/u"}, "scale": {"default": 3.0}},
            "derivative": {
                "program": """
                power = 1
                sum_of_powers = 0
                for term in repeat(4):
                    sum_of_powers = sum_of_powers + power
                    power = 0.5 * power * exp(-abs(slope * x))
                return scale * sum_of_powers
                """
            },
            "smooth": {"program": "return scale * x"},
        }
    )
    ratio = 0.5 * np.exp(-0.7)
    expected = 3 * (1 + ratio + ratio**2 + ratio**3)
    assert surrogate.numpy.derivative({"slope": 0.7, "scale": 3.0}, -1.0, np.float64) == pytest.approx(
        expected, rel=1e-14
    )
