"""Surrogates under the names that other libraries give them: ``surrogate_presets()["snntorch.atan"]``."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from types import MappingProxyType

from .api import load_builtin_surrogate, models_folder
from .errors import DocumentError, ModelNameError


@dataclass(frozen=True)
class SurrogatePreset:
    """A built-in surrogate with parameters; all of them, in the surrogate's order."""

    surrogate: str
    parameters: MappingProxyType[str, float]


@functools.cache
def surrogate_presets() -> MappingProxyType[str, SurrogatePreset]:
    """Every preset by its name, ``library.surrogate``."""
    path = models_folder() / "surrogate_presets.toml"
    presets: dict[str, SurrogatePreset] = {}
    for library, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for name, entry in entries.items():
            given = dict(entry)
            surrogate = load_builtin_surrogate(given.pop("surrogate", None) or _missing(library, name))
            parameters = surrogate.default_parameters()
            for key, value in given.items():
                if key not in parameters:
                    raise ModelNameError(f"{path.name}: {library}.{name}: '{surrogate.name}' has no parameter '{key}'")
                parameters[key] = float(value)
            presets[f"{library}.{name}"] = SurrogatePreset(surrogate.name, MappingProxyType(parameters))
    return MappingProxyType(presets)


def _missing(library: str, name: str) -> str:
    raise DocumentError(f"surrogate_presets.toml: {library}.{name}: needs a surrogate")
