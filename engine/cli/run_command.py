"""``snn run``: run a file and print what its neurons did."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

import snn
from snn.engine import machine
from snn.engine.cli.options import BatchSize, Device, JsonFlag, Threads, wanted_variables
from snn.engine.cli.output import console, error_console, fail, print_json, ready_to_write, table, with_unit
from snn.engine.speed import rates_hz, realtime_factor, spike_counts
from snn.init import uniform

__all__ = ["run"]


def run(
    file: Annotated[Path, typer.Argument(help="A .snn file.")],
    steps: Annotated[int, typer.Option(min=0, help="Number of steps.")] = 1000,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="NAME=VALUE",
            help="Input of a population: a number for all neurons at every step, random:P for spikes with probability "
            "P at each step, or a .npy file. Can be repeated; the others are silent.",
        ),
    ] = None,
    record: Annotated[
        list[str] | None,
        typer.Option(metavar="POPULATION.VARIABLE", help="Record a state or spikes for --output. Can be repeated."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write what was recorded to this .npz file.")] = None,
    device: Device = "cpu",
    batch_size: BatchSize = 1,
    threads: Threads = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random inputs and of what models draw.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Run a network file and print rates and speed."""
    network = snn.load(file)
    given = _given_inputs(network, inputs or [], steps, batch_size, seed)
    wanted = wanted_variables(record or [])
    _check_output(file, output, wanted)
    spiking = list(spike_counts(network))
    recorded = {name: [*wanted.get(name, [])] for name in {**dict.fromkeys(spiking), **wanted}}
    for name in spiking:
        recorded[name].append("spike_count")
    with snn.Simulation(network, device=device, batch_size=batch_size, threads=threads, seed=seed) as simulation:
        begin = time.perf_counter()
        try:
            recording = simulation.run(steps, given, recorded, progress=not as_json and error_console.is_terminal)
        except KeyboardInterrupt as interrupt:
            if output is not None:
                _write(output, interrupt.recording, wanted)  # type: ignore[attr-defined]
                error_console.print(f"what was recorded until then is in {output}", highlight=False)
            raise
        seconds = time.perf_counter() - begin
        counters = simulation.counters
        chosen, reason = simulation.device, simulation.device_reason
    if output is not None:
        _write(output, recording, wanted)
    rates = rates_hz(network, recording, steps)
    if as_json:
        print_json(
            {
                "file": str(file),
                "device": chosen,
                "device_reason": reason,
                "threads": threads,
                "batch_size": batch_size,
                "steps": steps,
                "dt_ms": network.dt,
                "seconds": seconds,
                "seconds_per_step": _per_step(seconds, steps),
                "realtime_factor": realtime_factor(seconds, steps, network.dt),
                "rates_hz": rates,
                "counters": counters._asdict(),
                "peak_rss_bytes": machine.peak_rss_bytes(),
                "output": None if output is None else str(output),
                "machine": machine.description(),
                "versions": machine.versions(),
            }
        )
        return
    rows = table("population", ">neurons", ">mean rate", ">spikes")
    for name in spiking:
        total = int(recording[name]["spike_count"].sum(dtype=np.float64))
        rows.add_row(f"[bold]{name}[/]", f"{network[name].size:,}", f"{rates[name]:.2f} Hz", f"{total:,}")
    console.print(rows)
    console.print(
        f"\n{steps:,} steps ({steps * network.dt / 1000.0:g} s simulated) of {batch_size} sample{'s' * (batch_size > 1)} "
        f"on {chosen} in {with_unit(seconds, 's')}: {with_unit(_per_step(seconds, steps), 's')} per step",
        highlight=False,
    )
    console.print(
        f"{counters.synaptic_events:,} synaptic events ({counters.synaptic_events / max(seconds, 1e-9) / 1e6:,.1f} M/s), "
        f"{counters.neuron_updates:,} neuron updates, {counters.spikes:,} spikes",
        highlight=False,
    )
    silent = [name for name in network.inputs if name not in given]
    if silent and not given:
        console.print(
            f"no --input was given, so {' and '.join(silent)} stayed silent; try --input {silent[0]}=random:0.1",
            highlight=False,
            markup=False,
        )
    if reason:
        console.print(reason, highlight=False, markup=False)
    if output is not None:
        console.print(f"recorded to {output}", highlight=False, markup=False)


def _per_step(seconds: float, steps: int) -> float:
    return seconds / steps if steps else 0.0


def _given_inputs(
    network: snn.Network, inputs: Sequence[str], steps: int, batch_size: int, seed: int
) -> dict[str, NDArray[Any]]:
    given = {}
    for position, text in enumerate(inputs):
        name, _, value = text.partition("=")
        if not value:
            raise fail(f"--input is '{text}'; it must be NAME=VALUE")
        given[name] = _frames(network[name], value, steps, batch_size, seed, position)
    return given


def _check_output(file: Path, output: Path | None, wanted: Mapping[str, Sequence[str]]) -> None:
    """Say now, not after a long run, that what is recorded could not be written."""
    if output is None:
        if wanted:
            raise fail("--record needs --output, the file to write to")
        return
    if not wanted:
        raise fail(f"--output needs --record: nothing would be written to {output}")
    if output.exists() and file.samefile(output):
        raise fail(f"{output} is the network itself; the recording would overwrite it, so give it another name")
    ready_to_write(output)


def _write(output: Path, recording: snn.Recording, wanted: Mapping[str, Sequence[str]]) -> None:
    arrays: dict[str, Any] = {}
    for name, key in [(owner, variable) for owner, variables in wanted.items() for variable in variables]:
        recorded = recording[name][key]
        if isinstance(recorded, snn.SpikeEvents):
            for column in ("steps", "neurons", "samples"):
                arrays[f"{name}.{key}.{column}"] = getattr(recorded, column)
        else:
            arrays[f"{name}.{key}"] = recorded
    try:
        # Opened here: numpy would add a suffix to a name that has none.
        with output.open("wb") as written:
            np.savez_compressed(written, **arrays)
    except OSError as error:
        raise fail(f"--output {output} cannot be written: {error.strerror}") from None


def _frames(population: snn.Population, text: str, steps: int, batch_size: int, seed: int, stream: int) -> NDArray[Any]:
    """Return the input that an option describes."""
    if text.endswith(".npy"):
        try:
            array: NDArray[Any] = np.load(text, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise fail(f"--input {population.name}={text} cannot be read: {error}") from None
        return array
    shape = (batch_size, *population.shape)
    kind, _, value = text.rpartition(":")
    try:
        number = float(value)
    except ValueError:
        raise fail(f"--input {population.name}={text} is neither a number, random:P, nor a .npy file") from None
    if kind == "":
        if population.model == "spike_input" and np.isfinite(number) and number not in (0, 1):
            hint = f"; random:{number:g} makes spikes with that probability" if 0 < number < 1 else ""
            raise fail(
                f"--input {population.name}={text}: {population.name} is a spike input, which takes 0 or 1{hint}"
            )
        # Spikes of a spike input last one step; given for each step they come at every step.
        return np.full(shape if population.model == "input" else (steps, *shape), number, np.float32)
    if kind != "random":
        raise fail(f"--input {population.name}={text}: '{kind}' is unknown; there is random:P")
    if not 0 <= number <= 1:
        raise fail(f"--input {population.name}={text}: the probability is {number:g}; it must be 0 to 1")
    return (uniform((steps, *shape), 0.0, 1.0, seed=seed, stream=stream) < number).astype(np.float32)
