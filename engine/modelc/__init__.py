"""The model compiler: from a short TOML definition to every target.

The language is described in ``snn/models/LANGUAGE.md``, its main target in ``docs/model-format.md``. The way through:

    definition   reads a document, checks names, bounds and shape
    lower        expressions -> graph, checks types and units
    autodiff     the adjoint of the step;  tape: what the step keeps for it
    ir           the graph, and programs in registers
    print_*      one printer for each target: op list, numpy, C++, C++ with the op lists, documentation

It uses the standard library only, because it runs while libsnn is built:

    python -m engine.modelc --models snn/models --out build/generated

Examples
--------
>>> from engine.modelc import load_builtin
>>> [state.name for state in load_builtin("lif").states]
['v', 'refractory_left']
"""

from .api import (
    CompiledModel,
    CompiledPlasticity,
    CompiledSurrogate,
    builtin_names,
    compile_definition,
    compile_model,
    compile_plasticity,
    compile_surrogate,
    load_builtin,
    load_builtin_model,
    load_builtin_plasticity,
    load_builtin_surrogate,
)
from .errors import (
    DocumentError,
    ModelBoundsError,
    ModelError,
    ModelLanguageError,
    ModelNameError,
    ModelTypeError,
    ModelUnitError,
)
from .presets import SurrogatePreset, surrogate_presets
from .read_definition import models_folder

__all__ = [
    "CompiledModel",
    "CompiledPlasticity",
    "CompiledSurrogate",
    "DocumentError",
    "ModelBoundsError",
    "ModelError",
    "ModelLanguageError",
    "ModelNameError",
    "ModelTypeError",
    "ModelUnitError",
    "SurrogatePreset",
    "builtin_names",
    "compile_definition",
    "compile_model",
    "compile_plasticity",
    "compile_surrogate",
    "load_builtin",
    "load_builtin_model",
    "load_builtin_plasticity",
    "load_builtin_surrogate",
    "models_folder",
    "surrogate_presets",
]
