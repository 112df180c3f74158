"""``python -m engine.modelc --models snn/models --out build/generated``: what the build of libsnn runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import print_builtin, print_cpp, print_plasticity
from .api import (
    CompiledModel,
    CompiledPlasticity,
    CompiledSurrogate,
    builtin_names,
    compile_model,
    compile_plasticity,
    compile_surrogate,
)
from .errors import ModelError


def write(path: Path, text: str) -> None:
    """Write only what changed, so that nothing is compiled again without need."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")


def compile_folder(folder: Path) -> tuple[list[CompiledModel], list[CompiledSurrogate], list[CompiledPlasticity]]:
    """Every definition of a models folder, in alphabetical order of names."""
    neurons = [compile_model(folder / "neurons" / f"{n}.toml", models=folder) for n in builtin_names("neurons", folder)]
    surrogates = [compile_surrogate(folder / "surrogates" / f"{n}.toml") for n in builtin_names("surrogates", folder)]
    rules = [compile_plasticity(folder / "plasticity" / f"{n}.toml") for n in builtin_names("plasticity", folder)]
    models: list[CompiledModel | CompiledSurrogate | CompiledPlasticity] = [*neurons, *surrogates, *rules]
    for model in models:
        if f"{model.name}.toml" != model.definition.source.label:
            raise ModelError(f"{model.definition.source.label}: the name '{model.name}' differs from the file's")
    return neurons, surrogates, rules


def native_files(
    neurons: list[CompiledModel], surrogates: list[CompiledSurrogate], rules: Sequence[CompiledPlasticity] = ()
) -> dict[str, str]:
    """The C++ that the build needs, by file name."""
    return {
        "builtin_models.h": print_builtin.HEADER,
        "normal_table.h": print_builtin.normal_table(),
        "builtin_models.cpp": print_builtin.source(
            [(m.name, m.json) for m in neurons],
            [(s.name, s.json) for s in surrogates],
            [(r.name, r.json) for r in rules],
        ),
        "model_kernels.inl": print_cpp.kernels_source(
            [(m.definition, m.programs) for m in neurons], [(s.definition, s.programs) for s in surrogates]
        ),
        "plasticity_kernels.inl": print_plasticity.kernels_source([(r.definition, r.programs) for r in rules]),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="modelc", description="Compile the neuron models for libsnn.")
    parser.add_argument("--models", type=Path, required=True, help="folder with neurons/, surrogates/ and plasticity/")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for builtin_models.cpp, .h, the kernels and normal_table.h"
    )
    parser.add_argument(
        "--docs", type=Path, help="also write a Markdown page for each model, in folders as those of --models"
    )
    parser.add_argument("--numpy", type=Path, help="also write numpy source for each model into this folder")
    parser.add_argument("--json", type=Path, help="also write the op list of each model into this folder")
    options = parser.parse_args(arguments)
    try:
        neurons, surrogates, rules = compile_folder(options.models)
        files = native_files(neurons, surrogates, rules)
    except ModelError as error:
        print(f"modelc: {error}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write(options.out / name, text)
    every: list[CompiledModel | CompiledSurrogate | CompiledPlasticity] = [*neurons, *surrogates, *rules]
    if options.docs:
        for kind, models in (("neurons", neurons), ("surrogates", surrogates), ("plasticity", rules)):
            (options.docs / kind).mkdir(parents=True, exist_ok=True)
            for model in models:
                write(options.docs / kind / f"{model.name}.md", model.markdown)
    for folder, suffix, attribute in (
        (options.numpy, ".py", "numpy_source"),
        (options.json, ".json", "json"),
    ):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            for model in every:
                if hasattr(model, attribute):  # plasticity rules have no numpy source
                    write(folder / f"{model.name}{suffix}", getattr(model, attribute))
    return 0


if __name__ == "__main__":
    sys.exit(main())
