"""How the commands talk: tables for people, one JSON object per line for programs, errors as one sentence."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = [
    "console",
    "error_console",
    "fail",
    "make_folder",
    "note_json",
    "print_error",
    "print_json",
    "print_warning",
    "ready_to_write",
    "table",
    "tell_program",
    "with_unit",
]

# Whether the command at hand talks to a program.
_talks_json = False


def note_json(wanted: bool) -> bool:
    """Remember whether failures are told to a program as well: what the option ``--json`` calls, and who reads it first."""
    global _talks_json
    _talks_json = wanted
    return wanted


def _width(stream: TextIO) -> int | None:
    """Return the width for a stream: that of the terminal, or no limit, because programs and files want whole lines."""
    return None if stream.isatty() or "COLUMNS" in os.environ else 10_000


console = Console(width=_width(sys.stdout), emoji=False)
error_console = Console(stderr=True, width=_width(sys.stderr), emoji=False)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be printed as JSON")


def print_json(value: dict[str, Any]) -> None:
    """Print one object on one line of standard output."""
    sys.stdout.write(json.dumps(value, default=_plain) + "\n")
    sys.stdout.flush()


def print_error(sentence: str) -> None:
    """Print an error: for people on standard error, for programs as an object on standard output as well."""
    error_console.print(f"[bold red]error:[/] {escape(sentence)}", highlight=False)
    tell_program(sentence)


def tell_program(sentence: str) -> None:
    """Print an error as an object on standard output if a program asked for that."""
    if _talks_json:
        print_json({"error": sentence})


def print_warning(sentence: str) -> None:
    """Print a warning for people, on standard error."""
    error_console.print(f"[yellow]warning:[/] {escape(sentence)}", highlight=False)


def fail(sentence: str) -> typer.Exit:
    """Print an error and return what to raise."""
    print_error(sentence)
    return typer.Exit(1)


def ready_to_write(path: Path, option: str = "--output") -> None:
    """Make the folder of an output file, and refuse a path that is a folder: before the work, not after it."""
    if path.is_dir():
        raise fail(f"{option} is {path}, which is a folder")
    make_folder(path.parent, path, option)


def make_folder(folder: Path, output: Path, option: str = "--output") -> None:
    """Make a folder that is not there yet for what an option names."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        place = f"{option} {output}" if folder == output else f"{option} is {output}, but {folder}"
        raise fail(f"{place} cannot be made a folder: {error.strerror}") from None


def table(*columns: str, title: str | None = None) -> Table:
    """Return a table; a column that begins with ``>`` is aligned to the right."""
    result = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        right = column.startswith(">")
        # Names and numbers are never broken, and end in an ellipsis where the terminal is too narrow for them; the last
        # column has words, which go on in the next line.
        whole = right or position < len(columns) - 1
        result.add_column(
            column.lstrip(">"),
            justify="right" if right else "left",
            overflow="ellipsis" if whole else "fold",
            no_wrap=whole,
        )
    return result


def with_unit(count: float, unit: str) -> str:
    """Return a size or a time in words: ``with_unit(3.2e-6, "s")`` is ``"3.20 µs"``, bytes in powers of 1024."""
    if unit == "B":
        for prefix in ("B", "KiB", "MiB", "GiB"):
            if abs(count) < 1024 or prefix == "GiB":
                return f"{count:.0f} {prefix}" if prefix == "B" else f"{count:.1f} {prefix}"
            count /= 1024
    for factor, prefix in ((1.0, ""), (1e3, "m"), (1e6, "µ"), (1e9, "n")):
        if abs(count) * factor >= 1 or prefix == "n":
            return f"{count * factor:.3g} {prefix}{unit}"
    return f"{count:g} {unit}"
