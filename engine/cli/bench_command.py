"""``snn bench``: measure, and check what was measured."""

from __future__ import annotations

from typing import Annotated

import typer

from snn.engine import machine
from snn.engine.bench import BENCHMARKS, Settings
from snn.engine.cli.output import JsonFlag, console, fail, print_json, table, with_unit

__all__ = ["bench"]

_NAMES = ", ".join(BENCHMARKS)


def bench(
    name: Annotated[str, typer.Argument(help=f"What to measure: {_NAMES}.")],
    variant: Annotated[str | None, typer.Option(help="Only this variant; all when not given.")] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Repeats; the benchmark's own number when not given.")
    ] = None,
    device: Annotated[str, typer.Option(help="Where to run; see snn devices.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0: one for each core.")] = 1,
    instruction_set: Annotated[
        str, typer.Option(help="best, scalar, avx2 or avx512; all give the same bits.")
    ] = "best",
    seed: Annotated[int, typer.Option(min=0, help="For weights and inputs.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Run a benchmark: median and the range from 10 to 90 % of its repeats."""
    if name not in BENCHMARKS:
        raise fail(f"there is no benchmark '{name}'; there are: {_NAMES}")
    settings = Settings(device, threads, repeats, seed, variant, instruction_set)
    results = list(BENCHMARKS[name](settings))
    if not results:
        raise fail(f"benchmark '{name}' has no variant '{variant}'")
    if as_json:
        for one in results:
            print_json(one)
        return
    rows = table("benchmark", "variant", "device", ">threads", ">repeats", ">median", ">10 %", ">90 %")
    for one in results:
        rows.add_row(
            f"[bold]{one['bench']}[/]",
            one["variant"],
            one["device"],
            str(one["threads"]),
            f"{one['repeats']:,}",
            f"[bold]{with_unit(one['median_s'], 's')}[/]",
            with_unit(one["p10_s"], "s"),
            with_unit(one["p90_s"], "s"),
        )
    console.print(rows)
    for key in ("network", "activity", "test_accuracy"):
        if key in results[0]:
            console.print(f"{key.replace('_', ' ')}: {_words(results[0][key])}", highlight=False)
    where = machine.description()
    console.print(f"{where['processor']}, {where['cores']} cores, {results[0]['instruction_set']}", highlight=False)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {share:.1%}" for name, share in value.items())
    return f"{value:.2%}" if isinstance(value, float) else str(value)
