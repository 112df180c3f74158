"""``snn model``: pages of the built-in models, and definitions of one's own as programs in C load them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import snn
from snn.engine import _native
from snn.engine.modelc import builtin_names, models_folder

from .command_line import Command

NEURON = """
[model]
name = "quadratic"
[parameters]
gain = { default = 0.1, unit = "1/(u*ms)" }
[states]
v = { unit = "u" }
[receptors]
current = { unit = "u" }
[derived]
curvature = "gain * dt"
[step]
program = '''
membrane = v + curvature * v * v + current
fired = spike(membrane - 1[u])
emit(fired)
next.v = select(fired > 0, 0, membrane)
'''
"""
RULE = """
[plasticity]
name = "pulls"
[parameters]
tau = { default = 20.0, unit = "ms", exclusive_minimum = 0 }
rise = { default = 0.01, unit = "i" }
[pre_traces]
x = { tau = "tau" }
[weight]
unit = "i"
minimum = "0"
maximum = "1[i]"
[on_post]
program = "next.w = w + rise * x"
"""
SURROGATE = """
[surrogate]
name = "my_box"
[parameters]
scale = { default = 1.0, minimum = 0 }
[derivative]
program = "return select(abs(x) < 1[u], scale, 0)"
[smooth]
program = "return scale * x"
"""
BUILTIN = [(folder, name) for folder in ("neurons", "surrogates", "plasticity") for name in builtin_names(folder)]


@pytest.mark.parametrize(("folder", "name"), BUILTIN)
def test_a_built_in_model_has_a_page(snn_command: Command, folder: str, name: str) -> None:
    """With what a program in C has to know: names, units, defaults, states, receptors, options."""
    told = snn_command("model", name)
    assert told.status == 0, told.err
    document = snn_command("model", name, "--json").object()
    assert document["name"] == name
    for one in document["parameters"]:
        assert f"| `{one['name']}` | {one.get('unit', '')} | {one['default']:g} |" in told.out
    for section in ("states", "receptors", "options"):
        for one in document.get(section, []):
            assert f"| `{one['name']}`" in told.out
    kind = {"neurons": 0, "surrogates": 1, "plasticity": 2}[folder]
    natives = (_native.builtin_model_names, _native.builtin_surrogate_names, _native.builtin_plasticity_names)
    assert name in natives[kind]()


CLASSES = [
    name
    for name in snn.__all__
    if isinstance(getattr(snn, name), type)
    and issubclass(getattr(snn, name), snn.Neuron | snn.Plasticity)
    and name not in ("Neuron", "NeuronModel", "Plasticity")
]


@pytest.mark.parametrize("name", [*CLASSES, "pair-stdp", "Pair_Stdp", "FastSigmoid"])
def test_a_model_has_the_name_of_its_class_too(snn_command: Command, name: str) -> None:
    found = snn_command("model", name, "--json").object()["name"]
    assert found.replace("_", "") == name.lower().replace("_", "").replace("-", "")
    assert len(CLASSES) >= 22


def test_a_name_that_is_none_is_told_one_that_is_near(snn_command: Command) -> None:
    told = snn_command("model", "PairSTPD")
    assert told.status == 1
    assert "there is no built-in model 'PairSTPD' and no file of that name; did you mean 'pair_stdp'?" in told.err


def test_without_a_name_all_are_listed(snn_command: Command) -> None:
    told = snn_command("model")
    assert told.status == 0, told.err
    for _, name in BUILTIN:
        assert f"\n{name} " in told.out
    listed = snn_command("model", "--json").objects()
    assert [one["name"] for one in listed] == [name for _, name in BUILTIN]
    assert listed[0].keys() == {"name", "kind", "title"}


@pytest.mark.parametrize(
    ("text", "kind", "made"),
    [
        (NEURON, "neuron model", lambda text: snn.NeuronModel(text).json),
        (RULE, "plasticity rule", lambda text: snn.Plasticity.define(text, rise=0.5).json),
        (SURROGATE, "surrogate", lambda text: snn.Surrogate.define(text).json),
    ],
    ids=["neuron", "rule", "surrogate"],
)
def test_a_definition_becomes_what_programs_load(
    snn_command: Command, tmp_path: Path, text: str, kind: str, made: object
) -> None:
    file, output = tmp_path / "mine.toml", tmp_path / "new" / "mine.json"
    file.write_text(text)
    told = snn_command("model", file, "-o", output, "--json").object()
    assert (told["kind"], told["file"], told["bytes"]) == (kind, str(output), output.stat().st_size)
    document = output.read_text()
    assert document == made(text)  # type: ignore[operator]
    assert _native.Model.load(document).json == document
    assert snn_command("model", file, "--json").object() == json.loads(document)
    assert f"# {told['name']}" in snn_command("model", file).out or told["name"] in snn_command("model", file).out
    assert snn_command("model", file, "-o", file).status == 1
    assert file.read_text() == text
    with pytest.raises(snn.FormatError, match=r"this is TOML; `snn model FILE\.toml -o FILE\.json` makes the JSON"):
        _native.Model.load(text)


def test_what_is_wrong_with_a_definition_is_one_sentence(snn_command: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(NEURON.replace("+ current", "+ curent"))
    told = snn_command("model", file, "-o", tmp_path / "mine.json")
    assert told.status == 1
    assert "curent" in told.err
    assert not (tmp_path / "mine.json").exists()
    told = snn_command("model", tmp_path / "mine.json")
    assert "is not a definition" in told.err


def test_the_models_of_the_library_are_toml_for_the_error_too() -> None:
    for folder, name in BUILTIN:
        with pytest.raises(snn.FormatError, match="this is TOML"):
            _native.Model.load((models_folder() / folder / f"{name}.toml").read_text(encoding="utf-8"))
