"""The commands of ``snn``, put together."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

import snn
from snn.engine.cli import (
    bench_command,
    demo_command,
    devices_command,
    export_command,
    inspect_command,
    model_command,
    plan_command,
    run_command,
)
from snn.engine.cli.output import note_json, print_error, print_warning, tell_program
from snn.engine.cli.termination import INTERRUPTED, TERMINATED, Terminated, ended_by_sigterm
from snn.engine.errors import SnnError

__all__ = ["app", "run"]

_ABOUT = "Spiking neural networks: inspect, run and measure .snn files. 'snn demo' trains one and shows all of it."

_T = TypeVar("_T")


class _Commands(TyperGroup):
    """The commands; a program that asked for ``--json`` gets what is wrong with its words as JSON too."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the words before the command."""
        note_json("--json" in args)  # the command, which knows the option, may not be reached
        return self._told(lambda: super(_Commands, self).make_context(info_name, args, parent, **extra))

    def invoke(self, ctx: Any) -> Any:
        """Read the words of the command and run it."""
        return self._told(lambda: super(_Commands, self).invoke(ctx))

    def _told(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except KeyboardInterrupt as interrupt:
            # Here, because the status that typer ends with differs between its versions.
            raise typer.Exit(TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED) from interrupt
        except Exception as error:
            # An error of usage, by what it has: versions of typer have it from different modules.
            if getattr(error, "exit_code", None) == 2 and hasattr(error, "format_message"):
                tell_program(error.format_message())
            raise


app = typer.Typer(
    name="snn",
    cls=_Commands,
    help=_ABOUT,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"snn {snn.__version__}")
        raise typer.Exit


@app.callback(help=_ABOUT)
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("demo")(demo_command.demo)
app.command("devices")(devices_command.devices)
app.command("export")(export_command.export)
app.command("inspect")(inspect_command.inspect)
app.command("model")(model_command.model)
app.command("plan")(plan_command.plan)
app.command("run")(run_command.run)
app.command("bench", cls=bench_command.BenchCommand)(bench_command.bench)


class _Sentences(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print_warning(record.getMessage())


@contextlib.contextmanager
def _warnings_as_sentences() -> Iterator[None]:
    """Print warnings of Python and of libsnn in one form, without the line of source code that means nothing here."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        print_warning(str(message))

    handler = _Sentences(logging.WARNING)
    logger = logging.getLogger("snn")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = show
            yield
    finally:
        logger.removeHandler(handler)


def run() -> None:
    """Run a command; an error of the library or of the system is one sentence and exit status 1."""
    try:
        with ended_by_sigterm():
            try:
                with _warnings_as_sentences():
                    app()
            finally:
                # Here, so that a full disk is an error of the command and not of the interpreter's end.
                sys.stdout.flush()
    except SnnError as error:
        _end(str(error))
    except MemoryError:
        _end("there is not enough memory for what was asked")
    except BrokenPipeError:
        # The reader has what it wanted, as in `snn devices | head -1`.
        _end(None)
    except OSError as error:
        if os.name == "nt" and error.errno == errno.EINVAL and error.filename is None:
            _end(None)  # as Windows tells of a reader that has gone
        place = "the output" if error.filename is None else str(error.filename)
        _end(f"{place} cannot be used: {error.strerror or error}")


def _end(sentence: str | None) -> None:
    """End with exit status 1, after a sentence if there is one."""
    if sentence is not None:
        # Standard error may be full as well; then the status says it alone.
        with contextlib.suppress(OSError):
            print_error(sentence)
    # What could not be written is still in the buffer, and the interpreter would try again and print a traceback.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
