"""The built-in neuron models as classes, each for a definition in ``snn/models/neurons``.

Parameters, docstrings and signatures are made from the definitions: here at import, and for editors and type checkers in
``builtin_neurons.pyi``, which the build generates (``engine/modelc/print_stub.py``).
"""

from __future__ import annotations

import inspect
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from snn.definitions import ModelDefinition, builtin_model
from snn.distributions import Distribution
from snn.neurons import Neuron, Size
from snn.surrogates import Surrogate

__all__ = [
    "LIF",
    "AdEx",
    "AdaptiveLIF",
    "AlphaLIF",
    "ConductanceLIF",
    "CurrentLIF",
    "DrivenCurrentLIF",
    "DrivenLIF",
    "HodgkinHuxley",
    "IntegrateAndFire",
    "Izhikevich",
    "LeakyIntegrator",
    "NoisyIzhikevich",
    "PoissonSource",
    "ResonateAndFire",
    "SpikingLSTM",
]


class _Builtin(Neuron):
    """A built-in model: the class is made from its definition."""

    def __init_subclass__(cls, model: str) -> None:
        super().__init_subclass__()
        cls.definition = builtin_model(model)
        cls.__doc__ = _docstring(cls.definition)
        cls.__signature__ = _signature(cls.definition)  # type: ignore[attr-defined]
        Neuron._classes[model] = cls

    def __init__(
        self,
        size: Size = None,
        *,
        surrogate: str | Surrogate | None = None,
        initial: Mapping[str, ArrayLike | Distribution] | None = None,
        name: str | None = None,
        **values: Any,
    ) -> None:
        super().__init__(type(self).definition, size, surrogate=surrogate, initial=initial, name=name, values=values)


def _signature(definition: ModelDefinition) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("size", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)]
    for item in definition.parameters.values():
        parameters.append(inspect.Parameter(item.name, keyword, default=item.default))
    for option in definition.options.values():
        parameters.append(inspect.Parameter(option.name, keyword, default=option.default))
    for name in ("surrogate", "initial", "name"):
        parameters.append(inspect.Parameter(name, keyword, default=None))
    return inspect.Signature(parameters)


def _words(model: str) -> tuple[str, str]:
    """Return the description and the source of a model, which libsnn does not contain."""
    text = (Path(__file__).parent / "models" / "neurons" / f"{model}.toml").read_text(encoding="utf-8")
    head = tomllib.loads(text.partition("\n[parameters]")[0])["model"]  # a tenth of the time of parsing all
    return " ".join(head["description"].split()), head["source"]


def _docstring(definition: ModelDefinition) -> str:
    """Return the class's numpydoc docstring, made from the definition."""
    description, source = _words(definition.name)
    lines = [
        f"{definition.title}: the built-in model ``{definition.name}``.",
        "",
        *textwrap.wrap(description, 114),
        "",
        "Parameters",
        "----------",
        "size : int or tuple of int, optional",
        "    Number of neurons, or (channels, height, width), at most 2**30 in all. `Sequential` finds it where it is not",
        "    given.",
    ]

    def add(name: str, kind: str, text: str) -> None:
        lines.append(f"{name} : {kind}")
        lines.extend(textwrap.wrap(text, 110, initial_indent="    ", subsequent_indent="    "))

    for item in definition.parameters.values():
        unit = f" In {item.unit}." if item.unit not in ("", "1") else ""
        bounds = f" Must be {item.allowed}." if item.allowed else ""
        add(
            item.name,
            f"float, Distribution or array_like of the population's shape, default {item.default:g}",
            f"{item.doc.rstrip('.')}.{unit}{bounds}",
        )
    for option in definition.options.values():
        words = ", ".join(repr(word) for word in option.choices)
        add(option.name, f"{{{words}}}, default {option.default!r}", f"{option.doc.rstrip('.')}.")
    if definition.spiking:
        kind = "str or Surrogate, default Surrogate('arctan', slope=2, scale=1)"
        add("surrogate", kind, "What training uses in place of the derivative of a spike.")
    add("initial", "dict, optional", "State at step 0: " + (", ".join(definition.states) or "none") + ".")
    add("name", "str, optional", "Name of the population in a `Sequential`.")
    lines += ["", "Notes", "-----", "States:" if definition.states else "States: none."]
    for state in definition.states.values():
        unit = f" [{state.unit}]" if state.unit not in ("", "1") else ""
        lines.append(f"``{state.name}``{unit} {state.doc.rstrip('.')}.")
    lines.append("Receptors: " + (", ".join(f"``{name}``" for name in definition.receptors) or "none") + ".")
    lines += ["", "References", "----------", *textwrap.wrap(source, 114)]
    return "\n".join(lines)


class LIF(_Builtin, model="lif"):
    pass


class AdaptiveLIF(_Builtin, model="adaptive_lif"):
    pass


class LeakyIntegrator(_Builtin, model="leaky_integrator"):
    pass


class IntegrateAndFire(_Builtin, model="integrate_and_fire"):
    pass


class CurrentLIF(_Builtin, model="current_lif"):
    pass


class Izhikevich(_Builtin, model="izhikevich"):
    pass


class ConductanceLIF(_Builtin, model="conductance_lif"):
    pass


class AlphaLIF(_Builtin, model="alpha_lif"):
    pass


class AdEx(_Builtin, model="adex"):
    pass


class HodgkinHuxley(_Builtin, model="hodgkin_huxley"):
    pass


class DrivenLIF(_Builtin, model="driven_lif"):
    pass


class DrivenCurrentLIF(_Builtin, model="driven_current_lif"):
    pass


class NoisyIzhikevich(_Builtin, model="noisy_izhikevich"):
    pass


class PoissonSource(_Builtin, model="poisson_source"):
    pass


class ResonateAndFire(_Builtin, model="resonate_and_fire"):
    pass


class SpikingLSTM(_Builtin, model="spiking_lstm"):
    pass
