"""``snn model``: the built-in models, and definitions of one's own as libsnn reads them."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from snn.engine import _native
from snn.engine.cli.options import JsonFlag
from snn.engine.cli.output import console, fail, print_json, ready_to_write, table
from snn.engine.modelc import (
    CompiledModel,
    CompiledPlasticity,
    CompiledSurrogate,
    ModelError,
    builtin_names,
    compile_definition,
    models_folder,
)

__all__ = ["model"]

_KINDS = {"neurons": "neuron model", "surrogates": "surrogate", "plasticity": "plasticity rule"}


def model(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE.toml]",
            help="Name or class name of a built-in model, or a definition. Without it, all names are listed.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.json",
            help="Write the definition as JSON, for snn_model_load. Missing folders are made.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a neuron model, surrogate or plasticity rule: parameters, units, defaults, states, receptors, equations.

    --output writes a definition as JSON, which programs in C, C++, Rust, C# and Java load with snn_model_load.
    """
    if what is None:
        if output is not None:
            raise fail(f"--output {output}: of which model? Give a name or a file")
        _list(as_json)
        return
    found = _compiled(what)
    if output is None:
        if as_json:
            print_json(found.document)
        else:
            console.print(found.markdown, markup=False, highlight=False, soft_wrap=True)
        return
    ready_to_write(output)
    if output.exists() and Path(what).exists() and output.samefile(what):
        raise fail(f"{output} is the definition itself; the JSON would overwrite it, so give it another name")
    document = found.json.encode()
    output.write_bytes(document)
    if as_json:
        print_json({"name": found.name, "kind": _kind(found), "file": str(output), "bytes": len(document)})
    else:
        console.print(f"{_kind(found)} '{found.name}' in {output}", markup=False, highlight=False)


def _kind(found: CompiledModel | CompiledSurrogate | CompiledPlasticity) -> str:
    return {"neuron": "neuron model", "plasticity": "plasticity rule"}.get(found.definition.kind, "surrogate")


def _list(as_json: bool) -> None:
    models = [compile_definition(path) for folder in _KINDS for path in _paths(folder)]
    if as_json:
        for one in models:
            print_json({"name": one.name, "kind": _kind(one), "title": one.title})
        return
    rows = table("model", "kind", "what it is")
    for one in models:
        rows.add_row(f"[bold]{one.name}[/]", _kind(one), one.title)
    console.print(rows)


def _paths(folder: str) -> list[Path]:
    return [models_folder() / folder / f"{name}.toml" for name in builtin_names(folder)]


def _builtin(what: str) -> Path | None:
    """Return the definition of a built-in model, which may be named as its class is: ``PairSTDP`` is ``pair_stdp``."""
    paths = [path for folder in _KINDS for path in _paths(folder)]
    exact = [path for path in paths if path.stem == what]
    if exact or Path(what).is_file():
        return exact[0] if exact else None
    return next((path for path in paths if _folded(path.stem) == _folded(what)), None)


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _compiled(what: str) -> CompiledModel | CompiledSurrogate | CompiledPlasticity:
    path = _builtin(what) or Path(what)
    if path.suffix == ".json":
        raise fail(f"{what} is not a definition; what snn_model_load reads is made of the .toml file")
    if path.suffix != ".toml" and not path.is_file():
        names = [name for folder in _KINDS for name in builtin_names(folder)]
        close = difflib.get_close_matches(what.lower(), names, 1)
        meant = f"; did you mean '{close[0]}'?" if close else "; snn model lists them"
        raise fail(f"there is no built-in model '{what}' and no file of that name{meant}")
    try:
        found = compile_definition(path)
    except ModelError as error:
        raise fail(str(error)) from None
    _native.Model.load(found.json)  # it is checked as the program will check it
    return found
