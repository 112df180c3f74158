"""``snn bench``: measure, and check what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand

from snn.engine import machine
from snn.engine.bench import ABOUT, BENCHMARKS, Settings
from snn.engine.bench.peers import PEERS, TRAINERS
from snn.engine.bench.scenes import usual
from snn.engine.bench.training_cases import TRAINING_CASES
from snn.engine.cli.options import Device, JsonFlag, Threads
from snn.engine.cli.output import console, fail, print_json, table, with_unit
from snn.scenes import SCENES, Expected

__all__ = ["BenchCommand", "bench", "spread_peers"]

_NAMES = ", ".join(BENCHMARKS)
_VARIANTS = (
    "; ".join(f"{name}: {', '.join(about.variants)}" for name, about in ABOUT.items() if about.variants != ("snn",))
    + "; others: snn, and the peers of --vs"
)
_PEERS = ", ".join(PEERS)
_TRAINERS = ", ".join(TRAINERS)


class BenchCommand(TyperCommand):
    """The command; ``--vs`` takes several names, as in ``--vs brian2 nest``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give each name after ``--vs`` an option of its own, which is what click understands."""
        name = next((word for word in args if word in ABOUT), None)
        if name is not None:
            # For `snn bench NAME --help`.
            about = ABOUT[name]
            more = " and the peers of --vs" if name in SCENES or name in TRAINING_CASES else ""
            size = f"{usual(SCENES[name])}\n\n" if name in SCENES else ""
            self.help = f"{name}: {about.title}.\n\n{size}Variants: {', '.join(about.variants)}{more}.\n\n{self.help}"
        return super().parse_args(ctx, spread_peers(args))


def spread_peers(arguments: Sequence[str]) -> list[str]:
    """Return ``--vs a --vs b`` for ``--vs a b``; a word that is no peer ends the list."""
    spread: list[str] = []
    inside = False
    for position, word in enumerate(arguments):
        if inside and (word in PEERS or word in TRAINERS) and arguments[position - 1] != "--vs":
            spread.append("--vs")
        elif inside and arguments[position - 1] != "--vs":
            inside = False
        inside = inside or word == "--vs"
        spread.append(word)
    return spread


def bench(
    name: Annotated[str, typer.Argument(help=f"Benchmark: {_NAMES}. snn bench NAME --help describes it.")],
    variant: Annotated[str | None, typer.Option(help=f"Run only this variant; default: all. {_VARIANTS}.")] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Number of repeats; each benchmark has its own default.")
    ] = None,
    device: Device = "cpu",
    threads: Threads = 1,
    instruction_set: Annotated[
        str,
        typer.Option(
            help="CPU kernels: best, scalar, avx2, avx512 or neon. All give the same bits; scalar is slow, for comparisons."
        ),
    ] = "best",
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of weights, inputs and random draws.")] = 0,
    scale: Annotated[float | None, typer.Option(help="Scenes: size, as a factor of the scene's own size.")] = None,
    versus: Annotated[
        list[str] | None,
        typer.Option(
            "--vs",
            metavar="PEER...",
            help=f"Also measure these programs, on the same cores. Scenes: {_PEERS}; training: {_TRAINERS}.",
        ),
    ] = None,
    connectome: Annotated[
        str | None, typer.Option(metavar="FILE", help="Scene flybrain: file with the published table of connections.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=2**20, help="brains: number of instances; default: 1,000.")
    ] = None,
    own_weights: Annotated[
        bool, typer.Option("--own-weights", help="brains: each instance has its own weights.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a benchmark. Print the median of its repeats, and the 10th and 90th percentiles."""
    if name not in BENCHMARKS:
        raise fail(f"there is no benchmark '{name}'; there are: {_NAMES}")
    peers = tuple(dict.fromkeys(versus or ()))
    for peer in peers:
        if peer not in PEERS and peer not in TRAINERS:
            raise fail(f"there is no peer '{peer}'; there are: {_PEERS}, {_TRAINERS}")
    if name not in SCENES and (scale is not None or connectome is not None):
        word = "scale" if scale is not None else "connectome"
        raise fail(f"benchmark '{name}' has no {word}; the scenes have: {', '.join(SCENES)}")
    if name != "brains" and (count is not None or own_weights):
        word = "count" if count is not None else "own weights"
        raise fail(f"benchmark '{name}' has no {word}; brains has")
    known = PEERS if name in SCENES else TRAINERS if name in TRAINING_CASES else {}
    for peer in peers:
        if peer not in known:
            able = SCENES if peer in PEERS else TRAINING_CASES
            raise fail(f"peer '{peer}' does not run benchmark '{name}'; it runs: {', '.join(able)}")
    variants = (*ABOUT[name].variants, *peers) if name in ABOUT else None
    if variant is not None and variants is not None and variant not in variants:
        raise fail(f"benchmark '{name}' has no variant '{variant}'; it has: {', '.join(variants)}")
    settings = Settings(
        device, threads, repeats, seed, variant, instruction_set, scale, peers, connectome, count, own_weights
    )
    show = _show_scene if name in SCENES else _show_training if name in TRAINING_CASES else _show
    results = []
    for one in BENCHMARKS[name](settings):
        results.append(one)
        if as_json:
            # As it comes: a peer may take long.
            print_json(one)
    if not as_json:
        show(results)
    if without := [one["variant"] for one in results if "no_result" in one]:
        raise fail(f"no time of {' and '.join(without)}")  # why stands with the results


def _show(results: list[dict[str, Any]]) -> None:
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
    _show_machine(results)


_LEGEND = (
    "s per s: seconds of work for each second of network time, median of the repeats; 10 to 90 %: their percentiles",
    "ratio: s per s over that of snn on as many threads; build: time until the network is ready to run, without compiling",
    "process: peak memory of the whole process, interpreter and libraries too; bytes a synapse: of the process, left out "
    "where the network takes less than the process did before it",
)


def _mostly_network(one: Mapping[str, Any]) -> bool:
    """Whether the network takes at least as much memory as the process did before it was built."""
    return "peak_rss_bytes" in one and one["peak_rss_bytes"] >= 2 * one["rss_before_bytes"] > 0


def _show_scene(results: list[dict[str, Any]]) -> None:
    """Seconds of work for each second of network time, and what each simulator needed besides."""
    columns = ("simulator", ">threads", ">s per s", ">10 to 90 %", ">ratio", ">build", ">process", ">bytes a\nsynapse")
    rows = table(*columns)
    measured = [one for one in results if "no_result" not in one]
    for one in measured:
        rows.add_row(
            f"[bold]{one['variant']}[/]",
            str(one["threads"]),
            f"[bold]{one['median_s']:.3g}[/]",
            f"{one['p10_s']:.3g} to {one['p90_s']:.3g}",
            f"{one['ratio_to_snn']:.1f}" if "ratio_to_snn" in one else "",
            with_unit(one["build_s"], "s"),
            with_unit(one["peak_rss_bytes"], "B") if "peak_rss_bytes" in one else "",
            f"{one['process_bytes_per_synapse']:.1f}" if _mostly_network(one) else "",
        )
    if measured:
        first = measured[0]
        console.print(f"{first['bench']} at scale {first['scale']:g}: {first['network']}", highlight=False)
        console.print(f"{first['neurons']:,} neurons, {first['synapses']:,} synapses", highlight=False)
        console.print(rows)
        for line in _LEGEND:
            console.print(line, highlight=False)
        for one in measured:
            rates = _beside(one["rates_hz"], one["expected_hz"], ".2f", " Hz")
            console.print(f"{one['variant']}: {rates}", highlight=False)
            if one["weights"]:
                weights = _beside(one["weights"], one["expected_weights"], ".4f")
                console.print(f"{one['variant']}: weights, parts of the largest: {weights}", highlight=False)
            if one.get("flush_s"):
                words = f"{with_unit(one['flush_s'], 's')} for bringing all weights up to date at the end, in the time above"
                console.print(f"{one['variant']}: {words}", highlight=False)
            if one.get("notes"):
                console.print(f"{one['variant']}: {escape(one['notes'])}", highlight=False)
    _show_no_results(results)
    if measured:
        _show_machine(measured)


def _beside(
    found: Mapping[str, float], expected: Mapping[str, Mapping[str, float]], digits: str, unit: str = ""
) -> str:
    """Return numbers in words, each with what was expected of it."""
    parts = []
    for name, value in found.items():
        words = f"{name} {value:{digits}}{unit}"
        if name in expected:
            words += f" (expected {Expected(**expected[name])})"
        parts.append(words)
    return ", ".join(parts)


def _show_training(results: list[dict[str, Any]]) -> None:
    """Milliseconds of a training step, and of its parts where they can be told apart."""
    columns = (
        "library",
        ">threads",
        ">ms a step",
        ">10 to 90 %",
        ">ratio",
        ">forward",
        ">backward",
        ">update",
        ">memory",
    )
    rows = table(*columns)
    measured = [one for one in results if "no_result" not in one]
    for one in measured:
        parts = (f"{1e3 * one[key]:.1f}" if key in one else "" for key in ("forward_s", "backward_s", "update_s"))
        rows.add_row(
            f"[bold]{one['variant']}[/]",
            str(one["threads"]),
            f"[bold]{1e3 * one['median_s']:.1f}[/]",
            f"{1e3 * one['p10_s']:.1f} to {1e3 * one['p90_s']:.1f}",
            f"{one['ratio_to_snn']:.1f}" if "ratio_to_snn" in one else "",
            *parts,
            with_unit(one["memory_bytes"], "B"),
        )
    if measured:
        first = measured[0]
        what = f"{first['bench']}: {first['network']}, {first['steps']} steps, batch of {first['batch']}"
        console.print(what, highlight=False)
        console.print(rows)
        for one in measured:
            if "rates" in one:
                rates = ", ".join(f"{name} {rate:.1%}" for name, rate in one["rates"].items())
                console.print(f"spikes per neuron and step: {rates}", highlight=False)
    _show_no_results(results)
    if measured:
        _show_machine(measured)


def _show_no_results(results: list[dict[str, Any]]) -> None:
    for one in results:
        if "no_result" in one:
            console.print(f"no result: {escape(one['no_result'])}", highlight=False)


def _show_machine(results: list[dict[str, Any]]) -> None:
    where = machine.description()
    used = results[0].get("instruction_set", where["instruction_set"])
    console.print(f"{where['processor']}, {where['cores']} cores, {used}", highlight=False)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {share:.1%}" for name, share in value.items())
    return f"{value:.2%}" if isinstance(value, float) else str(value)
