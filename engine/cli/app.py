"""The commands of ``snn``, put together."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

import snn
from snn.engine.cli import bench_command, demo_command, devices_command, inspect_command, run_command
from snn.engine.cli.output import error_console
from snn.engine.errors import SnnError

__all__ = ["app", "run"]

app = typer.Typer(
    name="snn",
    help="Spiking neural networks: train, look at, run and measure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"snn {snn.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Spiking neural networks: train, look at, run and measure."""


app.command("demo")(demo_command.demo)
app.command("devices")(devices_command.devices)
app.command("inspect")(inspect_command.inspect)
app.command("run")(run_command.run)
app.command("bench")(bench_command.bench)


def run() -> None:
    """Run a command; an error of the library is one sentence and exit status 1."""
    try:
        app()
    except SnnError as error:
        error_console.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False)
        sys.exit(1)
