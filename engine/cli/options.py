"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from snn._arrays import MAX_BATCH
from snn.engine.cli.output import fail, note_json

__all__ = ["BatchSize", "Device", "JsonFlag", "Threads", "wanted_variables"]

BatchSize = Annotated[int, typer.Option("--batch-size", min=1, max=MAX_BATCH, help="Number of independent samples.")]
Device = Annotated[str, typer.Option(help="Device to run on; snn devices lists them.")]
JsonFlag = Annotated[
    bool,
    typer.Option(
        "--json",
        callback=note_json,
        help='Print JSON, one object per line. A failure is {"error": ...}.',
    ),
]
Threads = Annotated[int, typer.Option(min=0, max=1024, help="Number of threads; 0: one per core.")]


def wanted_variables(record: Sequence[str]) -> dict[str, list[str]]:
    """Return the variables by population or projection, from the words of ``--record NAME.VARIABLE``."""
    wanted: dict[str, list[str]] = {}
    for text in record:
        population, dot, variable = text.partition(".")
        if not dot or not variable:
            raise fail(f"--record is '{text}'; it must be NAME.VARIABLE, as hidden.v")
        wanted.setdefault(population, []).append(variable)
    return wanted
