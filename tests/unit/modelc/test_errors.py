"""A wrong definition is refused with the place and the thing."""

# ruff: noqa: E501  (one case a line is the readable form of a table)

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn.engine.modelc import (
    DocumentError,
    ModelBoundsError,
    ModelError,
    ModelLanguageError,
    ModelNameError,
    ModelTypeError,
    ModelUnitError,
    compile_model,
    compile_plasticity,
    compile_surrogate,
    load_builtin,
)
from snn.engine.modelc.read_definition import LIMITS

GOOD = """\
[model]
name = "toy"

[parameters]
tau = { default = 20.0, unit = "ms", exclusive_minimum = 0 }
threshold = { default = 1.0, unit = "u" }

[options]
decay = { choices = ["exact", "euler"] }
compare = { choices = ["greater", "greater_equal"] }

[states]
v = { unit = "u" }
left = { type = "int" }

[receptors]
current = { unit = "u" }

[derived]
kept = "decay(tau, decay)"

[step]
program = '''
membrane = kept * v + current
fired = spike(membrane - threshold, compare == "greater_equal")
emit(fired)
next.v = membrane - threshold * fired
next.left = max(left - 1, 0)
'''
"""


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


RULE = """\
[plasticity]
name = "toy_rule"

[weight]
minimum = "0"
maximum = "1"

[on_pre]
program = "next.w = w + step"
"""


@pytest.mark.parametrize(
    ("compiled", "text", "sentence"),
    [
        (compile_model, GOOD.replace("v + current", "v + drive"), "model 'toy':24: [step] line 1: 'drive' is not"),
        (compile_plasticity, RULE, "plasticity 'toy_rule':9: [on_pre] line 1: 'step' is not known here"),
        (compile_surrogate, '[surrogate]\nname = "toy_surrogate"\n', "surrogate 'toy_surrogate': "),
        (compile_model, "[models]\nx = 1\n", "the definition: needs either"),
        (compile_model, "[model\n", "the definition: not TOML"),
    ],
)
def test_a_definition_in_text_is_called_by_its_name(compiled, text, sentence):
    with pytest.raises(ModelError) as caught:
        compiled(text)
    assert str(caught.value).startswith(sentence)


def test_the_good_one_compiles():
    assert compile_model(GOOD).name == "toy"


STEP = "membrane = kept * v + current\n"
CASES = [
    # Documents
    (DocumentError, "not TOML", "[model\n"),
    (DocumentError, "needs either a [model], a [surrogate] or a [plasticity] section", "a = 1\n"),
    (DocumentError, "toy.toml:1: [model]: unknown entry 'nom'", changed('name = "toy"', 'name = "toy"\nnom = "x"')),
    (DocumentError, "unknown section [state]", changed("[states]", "[state]")),
    (DocumentError, "toy.toml:5: [parameters] tau: unknown entry 'units'", changed('20.0, unit = "ms"', '20.0, units = "ms"')),
    (DocumentError, "default must be a finite number, not nan", changed("default = 20.0", "default = nan")),
    (DocumentError, "default must be a finite number, not True", changed("default = 20.0", "default = true")),
    (DocumentError, "tau: needs a default", changed("default = 20.0, ", "")),
    (DocumentError, "[parameters] threshold: must be a table", changed('{ default = 1.0, unit = "u" }', "1.0")),
    (DocumentError, "needs choices, a list of 2", changed('decay = { choices = ["exact", "euler"] }', "decay = {}")),
    (DocumentError, "[states] left: type 'bool' is neither", changed('type = "int"', 'type = "bool"')),
    (DocumentError, "[derived] kept: must be an expression in quotes", changed('"decay(tau, decay)"', "3")),
    (DocumentError, "needs a [step] section with a program", GOOD.split("[step]")[0]),
    # Names
    (ModelNameError, "toy.toml:5: [parameters] half: name 'half': this word is reserved in GLSL", changed("tau = {", "half = {")),
    (ModelNameError, "reserved in C++", changed("tau = {", "register = {")),
    (ModelNameError, "reserved in Python", changed("tau = {", "lambda = {")),
    (ModelNameError, "reserved in the model language", changed("tau = {", "spike = {")),
    (ModelNameError, "belong to the compiler", changed("tau = {", "grad_tau = {")),
    (ModelNameError, "'Tau': a name is lower-case", changed("tau = {", "Tau = {")),
    (ModelNameError, "toy.toml:17: [receptors] tau: 'tau' is already in [parameters]", changed("current = { unit", "tau = { unit")),
    (ModelNameError, "toy.toml:24: [step] line 1: 'drive' is not known here; known are", changed("v + current", "v + drive")),
    (ModelNameError, "'dt' is known in [derived] only", changed("v + current", "dt * v + current")),
    (ModelNameError, "option 'compare' has no choice 'equal'; it has greater, greater_equal", changed('"greater_equal")', '"equal")')),
    (ModelNameError, "there is no function 'sinus'", changed("kept * v", "sinus(kept) * v")),
    (ModelNameError, "'membrane' already has a value", changed("emit(fired)", "membrane = current")),
    (ModelNameError, "[step] line 5: 'w' is not a state; the states are v, left", changed("next.left", "next.w")),
    (ModelNameError, "membrane 'left' is not a float state", changed('name = "toy"', 'name = "toy"\nmembrane = "left"')),
    (ModelNameError, "initial 'v_rest' is not a parameter", changed('v = { unit = "u" }', 'v = { unit = "u", initial = "v_rest" }')),
    (ModelNameError, "a choice is listed twice", changed('"exact", "euler"', '"exact", "exact"')),
    # Types
    (ModelTypeError, "mixes float and int: use to_float or to_int", changed("v + current", "v + current + left")),
    (ModelTypeError, "'membrane > threshold' is a condition; a number", changed("threshold * fired", "threshold * (membrane > threshold)")),
    (ModelTypeError, "'membrane' is a float; a condition is needed", changed("emit(fired)", "x = select(membrane, 1, 0)")),
    (ModelTypeError, "state 'left' is a int, its next value a float", changed("max(left - 1, 0)", "v * 1.5")),
    (ModelTypeError, "option 'compare' must be compared", changed("kept * v", "kept * compare")),
    (ModelTypeError, "'v' is not an option", changed("emit(fired)", 'x = v == "exact"')),
    (ModelTypeError, "emit needs a float without unit", changed("emit(fired)", "emit(v)")),
    (ModelTypeError, "decay needs an option with the choices exact and euler", changed("decay(tau, decay)", "decay(tau, compare)")),
    (ModelTypeError, "'True' is not a value", changed("emit(fired)", "x = True")),
    # Units
    (ModelUnitError, "[step] line 1: 'kept * v + current' joins u and ms", changed('current = { unit = "u" }', 'current = { unit = "ms" }')),
    (ModelUnitError, "'kept * v + 1' joins u and 1", changed("kept * v + current", "kept * v + 1")),
    (ModelUnitError, "state 'v' is in u, its next value in 1", changed("membrane - threshold * fired", "fired")),
    (ModelUnitError, "'kHz' is not a unit; the units are ms, mV", changed('tau = { default = 20.0, unit = "ms"', 'tau = { default = 20.0, unit = "kHz"')),
    (ModelUnitError, "exp needs a plain number, but 'v' is in u", changed("kept * v", "exp(v) * v")),
    (ModelUnitError, "exprel needs a plain number, but 'tau' is in ms", changed("decay(tau, decay)", "exprel(tau)")),
    (ModelUnitError, "decay needs a time in ms, but 'threshold' is in u", changed("decay(tau, decay)", "decay(threshold, decay)")),
    (ModelUnitError, "starts with 'tau', which has another unit (ms)", changed('v = { unit = "u" }', 'v = { unit = "u", initial = "tau" }')),
    # Bounds
    (ModelBoundsError, "[parameters] tau: the default 0 is not above the exclusive minimum 0", changed("default = 20.0", "default = 0")),
    (ModelBoundsError, "default 20 is above the maximum 10", changed("exclusive_minimum = 0", "maximum = 10")),
    (ModelBoundsError, "default 20 is below the minimum 30", changed("exclusive_minimum = 0", "minimum = 30")),
    (ModelBoundsError, "has both a minimum and an exclusive_minimum", changed("exclusive_minimum = 0", "exclusive_minimum = 0, minimum = 0")),
    (ModelBoundsError, "an int state starts with a whole number, not 0.5", changed('type = "int"', 'type = "int", initial = 0.5')),
    (ModelBoundsError, "has the unit 1, not ms", changed('type = "int"', 'type = "int", unit = "ms"')),
    (ModelBoundsError, "the default 'other' is not one of exact, euler", changed('["exact", "euler"]', '["exact", "euler"], default = "other"')),
    (ModelBoundsError, "[derived] kept: is inf for the default parameters", changed('"decay(tau, decay)"', '"1 / (tau - tau) * tau"')),
    # Language
    (ModelLanguageError, "[step] line 1: 'v / threshold': a step does not divide: put what is constant in [derived]", changed("kept * v", "v / threshold * v")),
    (ModelNameError, "there is no function 'randn': write normal()", changed("kept * v", "kept * v + randn()")),
    (ModelNameError, "there is no function 'clip': write min(max(x, low), high)", changed("kept * v", "clip(v, 0, 1)")),
    (ModelLanguageError, "'sqrt' is not available in [step]: write exp(0.5 * log(x))", changed("kept * v", "sqrt(v)")),
    (ModelLanguageError, "'exprel' is not available in [step]: write select(abs(x) < 0.1, 1 + x * (0.5 + x", changed("kept * v", "exprel(0) * v")),
    (ModelLanguageError, "'tanh' is not available in [step]: write 1 - 2 * reciprocal(exp(2 * x) + 1)", changed("kept * v", "tanh(v)")),
    (ModelLanguageError, "'if v > 0:' is not a statement of [step]: a choice is written select(condition, a, b); there are name", changed("emit(fired)", "emit(fired)\nif v > 0:\n    x = v")),
    (ModelLanguageError, "'v += 1' is not a statement of [step]: a value that changes gets a new name, a state its next value;", changed("emit(fired)", "emit(fired)\nv += 1")),
    (ModelLanguageError, "[step] line 3: 'dv/dt = ...' is written as its step, such as next.v = v + step * (...), with step = \"dt\" in [derived]", changed("emit(fired)", "dv/dt = -v")),
    (ModelLanguageError, "[step] line 1: '(v - 1) / (threshold + 1)': a step does not divide", changed("kept * v", "(v - 1) / (threshold + 1)")),
    (ModelLanguageError, "'v ** 2' is not in the language: there is no power: write v * v, or exp(y * log(v))", changed("kept * v", "v ** 2")),
    (ModelLanguageError, "write select(c, a, b)", changed("kept * v", "(v if v > 0[u] else v)")),
    (ModelLanguageError, "'sqrt' is not available in [step]", changed("kept * v", "sqrt(kept) * v")),
    (ModelLanguageError, "'select' takes 3 arguments, not 2", changed("kept * v", "select(v > v, v)")),
    (ModelLanguageError, "compare two values at a time", changed("emit(fired)", "x = select(0 < v < v, 1, 0)")),
    (ModelLanguageError, "'import os' is not a statement", changed("emit(fired)", "import os")),
    (ModelLanguageError, "'v.real' is not in the language", changed("kept * v", "kept * v.real")),
    (ModelLanguageError, "[step] line 3: ", changed("emit(fired)", "emit(fired")),
    (ModelLanguageError, "[step]: spike(...) stands in a model that emits nothing and so has no surrogate derivative", changed("emit(fired)\n", "")),
    (ModelLanguageError, "emit stands once", changed("emit(fired)", "emit(fired)\nemit(fired)")),
    (ModelLanguageError, "next.v is assigned once", changed("emit(fired)", "next.v = membrane")),
    (ModelLanguageError, "no next.left; every state gets its next value", changed("next.left = max(left - 1, 0)\n", "")),
    (ModelLanguageError, "repeat(65): a block is repeated 1 to 64 times", changed("emit(fired)", "for k in repeat(65):\n    x = 1")),
    (ModelLanguageError, "repeat does not nest", changed("emit(fired)", "for k in repeat(2):\n    for l in repeat(2):\n        x = 1")),
    (ModelLanguageError, "'while v > v:' is not a statement", changed("emit(fired)", "while v > v:\n    x = 1")),
    (ModelLanguageError, "[derived] kept: 'decay(tau' is not an expression", changed("decay(tau, decay)", "decay(tau")),
    (ModelLanguageError, "is a condition; a derived constant", changed("decay(tau, decay)", "tau > tau")),
]  # fmt: skip


@pytest.mark.parametrize(("error", "message", "text"), CASES, ids=[f"{i}-{c[0].__name__}" for i, c in enumerate(CASES)])
def test_clear_error(error, message, text):
    with pytest.raises(ModelError) as caught:
        compile_model(text, label="toy.toml")
    assert caught.type is error, str(caught.value)
    assert message in str(caught.value)
    assert str(caught.value).startswith("toy.toml")


def test_too_much_of_everything():
    for section, limit in LIMITS.items():
        entry = {
            "parameters": {"default": 1.0}, "options": {"choices": ["a", "b"]}, "derived": "1.0",
            "pre_traces": {"tau": "1[ms]"}, "post_traces": {"tau": "1[ms]"},
        }.get(section, {})  # fmt: skip
        too_much = {section: {f"n{i}": copy.deepcopy(entry) for i in range(limit + 1)}}
        if section.endswith("traces") or section == "target_states":
            with pytest.raises(ModelBoundsError, match=f"the format allows {limit}"):
                compile_plasticity(rule(**too_much))
            continue
        spec = {"model": {"name": "big"}, "states": {"v": {}}, "step": {"program": "next.v = v"}, **too_much}
        with pytest.raises(ModelBoundsError, match=f"the format allows {limit}"):
            compile_model(spec)


def rule(**changes):
    spec = {
        "plasticity": {"name": "toy"},
        "parameters": {"tau": {"default": 9.0, "unit": "ms"}, "top": {"default": 1.0, "unit": "i"}},
        "pre_traces": {"x": {"tau": "tau"}},
        "post_traces": {"y": {"tau": "2 * tau", "keep": "0.0"}},
        "weight": {"unit": "i", "minimum": "0", "maximum": "top"},
        "on_pre": "next.w = w - 0.1 * y * w",
        "on_post": "next.w = w + 0.1 * x * (top - w)",
    }
    return {**spec, **changes}


@pytest.mark.parametrize(
    ("error", "said", "changes"),
    [
        (ModelNameError, "'z' is not known here; known are tau, top, w, x, y", {"on_pre": "next.w = w - z * w"}),
        (ModelUnitError, "joins i and 1", {"on_pre": "next.w = w - y"}),
        (ModelLanguageError, "no next.w", {"on_post": "other = w"}),
        (ModelLanguageError, "put the reciprocal in [derived]", {"on_post": "next.w = w * (w / top)"}),
        (ModelLanguageError, "'emit(1.0)' is not a statement of a plasticity rule", {"on_post": "next.w = w\nemit(1.0)"}),
        (ModelLanguageError, "'spike' is not available in a plasticity rule", {"on_pre": "next.w = w * spike(x)"}),
        (ModelNameError, "'tau' is already in [parameters]", {"pre_traces": {"tau": {"tau": "tau"}}}),
        (ModelNameError, "'w' is the weight", {"parameters": {"w": {"default": 1.0}}}),
        (ModelUnitError, "[pre_traces] x: 'top' is not a float in ms", {"pre_traces": {"x": {"tau": "top"}}}),
        (ModelUnitError, "[weight] maximum: 'tau' is not a float in i",
         {"weight": {"unit": "i", "minimum": "0", "maximum": "tau"}}),
        (DocumentError, "needs tau", {"pre_traces": {"x": {}}}),
        (DocumentError, "tau and keep are expressions in quotes", {"pre_traces": {"x": {"tau": 3.0}}}),
        (DocumentError, "needs 'maximum'", {"weight": {"minimum": "0"}}),
        (DocumentError, "needs a [on_post] section", {"on_post": None}),
        (DocumentError, "unknown section [step]", {"step": "next.v = v"}),
    ],
)  # fmt: skip
def test_clear_errors_of_plasticity_rules(error, said, changes):
    compile_plasticity(rule())
    with pytest.raises(error) as caught:
        compile_plasticity(rule(**changes))
    assert said in str(caught.value)


def test_kinds_of_definitions_are_told_apart():
    with pytest.raises(DocumentError, match="is a plasticity rule, not a neuron model"):
        compile_model(rule())
    with pytest.raises(DocumentError, match="is a plasticity rule, not a surrogate"):
        compile_surrogate(rule())
    with pytest.raises(DocumentError, match="is a surrogate, not a plasticity rule"):
        compile_plasticity({"surrogate": {"name": "flat"}, "derivative": "return 1.0", "smooth": "return x"})


def test_too_many_operations():
    body = "\n".join(f"    a{i} = moved * v + v" for i in range(1)) + "\n" + "    moved = moved * v + 1\n" * 1
    body += "".join(f"    moved = moved * v + {i}\n" for i in range(40))
    spec = {
        "model": {"name": "long"}, "states": {"v": {}},
        "step": {"program": f"moved = v * 2\nfor k in repeat(64):\n{body}next.v = moved"},
    }  # fmt: skip
    with pytest.raises(ModelBoundsError, match="operations; the format allows 4096"):
        compile_model(spec)


def test_surrogates_are_checked_as_well():
    good = {
        "surrogate": {"name": "flat"},
        "parameters": {"scale": {"default": 1.0}},
        "derivative": {"program": "return scale * select(x > 0, 1, 1)"},
        "smooth": {"program": "return scale * x"},
    }
    assert compile_surrogate(good).name == "flat"
    for part, program, message in (
        ("derivative", "scaled = scale * x", "the last line must be 'return ...'"),
        ("derivative", "return atan(x * x)", "'atan' is not available in \\[derivative\\]"),
        ("derivative", "return x\ny = 1", "nothing may follow 'return'"),
        ("smooth", "return x > 0", "'x > 0' is a condition"),
        ("smooth", "return spike(x)", "'spike' is not available in \\[smooth\\]"),
        ("smooth", "next.v = x", "is not a statement of \\[smooth\\]"),
        ("smooth", "for k in repeat(2):\n    return x", "return stands once, outside repeat"),
    ):
        with pytest.raises(ModelError, match=message):
            compile_surrogate({**good, part: {"program": program}})
    with pytest.raises(ModelBoundsError, match="at most 4 parameters"):
        compile_surrogate({**good, "parameters": {f"p{i}": {"default": 1.0} for i in range(5)}})
    with pytest.raises(ModelNameError, match="x is the argument"):
        compile_surrogate({**good, "parameters": {"x": {"default": 1.0}, "scale": {"default": 1.0}}})
    with pytest.raises(DocumentError, match="is a surrogate, not a neuron model"):
        compile_model(good)
    with pytest.raises(DocumentError, match="is a neuron model, not a surrogate"):
        compile_surrogate(GOOD)


def test_unknown_built_in():
    with pytest.raises(ModelNameError, match="there is no built-in 'lief'; there are adaptive_lif"):
        load_builtin("lief")


def test_wrong_choice_of_an_option():
    model = load_builtin("lif")
    with pytest.raises(ModelNameError, match="option 'reset' has no choice 'zero'; it has subtract, value, none"):
        model.option_indices({"reset": "zero"})
    with pytest.raises(ModelNameError, match="no option 'resett'; there are: threshold_compare"):
        model.option_indices({"resett": "none"})


def test_missing_file(tmp_path):
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        compile_model(tmp_path / "none.toml")


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("vx01+-*/()<>=[],. \n#'\"abc:"), max_size=60))
def test_any_text_compiles_or_is_a_model_error(text):
    spec = {"model": {"name": "any"}, "states": {"v": {}}, "step": {"program": text + "\nnext.v = v"}}
    message = ""
    try:
        compile_model(spec)
    except ModelError as error:
        message = str(error)
    assert message.startswith("model 'any'" if message else "")
