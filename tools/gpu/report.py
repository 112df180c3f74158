"""Measure the device "vulkan" on this machine's GPU and write docs/performance-gpu.md: what tools/gpu_report calls.

Every line is a measurement of its own; one that fails says why in its place, and the others go on.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from owner import Owner

import snn
from snn.engine import machine
from snn.engine.bench.brains import bench_brains
from snn.engine.bench.latency import latency_inputs, latency_network
from snn.engine.bench.report import Settings
from snn.engine.bench.scenes import bench_scene
from snn.engine.bench.training import bench_training
from snn.engine.bench.training_cases import TRAINING_CASES

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance-gpu.md"
DEVICE = "vulkan"
BEGIN, END = "<!-- table of tools/gpu_report -->", "<!-- end -->"
PEERS = ("snntorch", "spikingjelly")

Row = tuple[str, str, str]  # what, figure, spread or remark


def scene(name: str, scale: float | None = None) -> Callable[[Owner], Iterator[Row]]:
    """A network from the literature: seconds of work for each second of network time, checked rates."""

    def measure(owner: Owner) -> Iterator[Row]:
        one_scene = snn.scenes.SCENES[name]
        for one in bench_scene(one_scene, Settings(device=DEVICE, scale=scale)):
            step = one["median_s"] * one_scene.dt * 1e3
            yield (
                f"`{name}`{f' at scale {scale:g}' if scale else ''}: {one['neurons']:,} neurons, {one['synapses']:,} synapses",
                f"{one['median_s']:.3f} s per s, {step:.1f} µs a step",
                f"{one['p10_s']:.3f} to {one['p90_s']:.3f}; opened in {one['build_s']:.1f} s",
            )

    return measure


def bandwidth(owner: Owner) -> Iterator[Row]:
    """What the card copies: the yardstick for other cards."""
    yield "`vkCmdCopyBuffer` within the card's memory, read + written", f"{owner.copy_bandwidth() / 1e12:.2f} TB/s", ""


def recorded(owner: Owner) -> Iterator[Row]:
    """Steps in a host's command buffer, by the card's clock."""
    with snn.Simulation(latency_network(), device=owner.host()) as simulation:
        spikes = latency_inputs(0)[:64]
        owner.seconds_of_steps(simulation, 1, spikes)
        one = sorted(owner.seconds_of_steps(simulation, 1, spikes) for _ in range(11))
        many = sorted(owner.seconds_of_steps(simulation, 64) for _ in range(11))
        snn.vulkan.buffer(simulation, "output.v")
        shared = sorted(owner.seconds_of_steps(simulation, 1, spikes) for _ in range(11))
    what = "128-256-256-8 LIF, single sample, recorded into a host's command buffer"
    yield (
        what + ", each step with its input",
        f"{one[5] * 1e6:.1f} µs of the GPU",
        f"{one[1] * 1e6:.1f} to {one[9] * 1e6:.1f}",
    )
    yield (
        what + ", the same with the output's membranes in a buffer that the host reads",
        f"{shared[5] * 1e6:.1f} µs of the GPU",
        f"{shared[1] * 1e6:.1f} to {shared[9] * 1e6:.1f}",
    )
    yield (
        what + ", 64 steps at once",
        f"{many[5] * 1e6:.1f} µs of the GPU",
        f"{many[1] * 1e6:.1f} to {many[9] * 1e6:.1f}",
    )


def brains(owner: Owner) -> Iterator[Row]:
    """Frames of many small brains; each is compared with a session of its own on the CPU first."""
    for own_weights in (False, True):
        for one in bench_brains(Settings(device=DEVICE, own_weights=own_weights)):
            yield (
                f"`brains`: {one['network']}, {one['variant']}",
                f"{one['median_s'] * 1e3:.2f} ms a frame",
                f"{one['p10_s'] * 1e3:.2f} to {one['p90_s'] * 1e3:.2f}",
            )


def training(name: str) -> Callable[[Owner], Iterator[Row]]:
    """A training step, beside other libraries on the same card; those that are not installed say so."""

    def measure(owner: Owner) -> Iterator[Row]:
        for one in bench_training(TRAINING_CASES[name], Settings(device=DEVICE, versus=PEERS)):
            what = f"training `{name}`, {one['variant']}"
            if "no_result" in one:
                yield what, "no result", one["no_result"]
            else:
                yield (
                    what,
                    f"{one['median_s'] * 1e3:.2f} ms a step",
                    f"{one['p10_s'] * 1e3:.2f} to {one['p90_s'] * 1e3:.2f}",
                )

    return measure


MEASUREMENTS: dict[str, Callable[[Owner], Iterator[Row]]] = {
    "bandwidth": bandwidth,
    "recorded": recorded,
    "brains": brains,
    "microcircuit": scene("microcircuit"),
    "izhikevich_1m": scene("izhikevich_100k", 10.0),
    "izhikevich_100k": scene("izhikevich_100k"),
    "brunel": scene("brunel"),
    "brunel_50k": scene("brunel_50k"),
    "cuba": scene("cuba"),
    "cuba_40k": scene("cuba_40k"),
    "coba_40k": scene("coba_40k"),
    "flybrain": scene("flybrain"),
    "stdp": scene("stdp"),
    **{name: training(name) for name in ("shd", "shd-recurrent", "mnist", "convnet", "layer")},
}


def measured(owner: Owner, names: list[str], seconds: float) -> list[Row]:
    """All rows; a line on the terminal as each is there. After `seconds` none is begun."""
    rows: list[Row] = []
    end = time.perf_counter() + seconds
    for name in names:
        begin = time.perf_counter()
        try:
            found = list(MEASUREMENTS[name](owner)) if begin < end else [(f"`{name}`", "left out", "the time was up")]
        except Exception as error:  # of Vulkan's package and other libraries too: the next measurement may work
            found = [(f"`{name}`", "no result", f"{type(error).__name__}: {error}".splitlines()[0])]
        rows += found
        for row in found:
            print(" | ".join(row), f"({time.perf_counter() - begin:.0f} s)", flush=True)
    return rows


def check_device(*, any_device: bool) -> None:
    """Say which device is measured; end where it is no GPU, whose driver is then not installed as Vulkan needs it."""
    found = [one.description for one in snn.devices() if one.name.startswith(DEVICE)]
    if not found:
        sys.exit(f'there is no device "{DEVICE}": no Vulkan driver was found, or libsnn was built without Vulkan')
    if "on the CPU" in found[0] and not any_device:
        sys.exit(
            f"the first Vulkan device is {found[0]}: no GPU's driver was found. NVIDIA's needs its file nvidia_icd.json in "
            "/usr/share/vulkan/icd.d or /etc/vulkan/icd.d, and in a container the capability 'graphics'. --any-device goes on."
        )
    print(f"device: {found[0]}", flush=True)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCUMENT, help="the file to write")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, help="some measurements; nothing is written")
    parser.add_argument("--seconds", type=float, default=570.0, help="after which no measurement is begun")
    parser.add_argument("--any-device", action="store_true", help="also a device that runs on the CPU")
    parser.add_argument("--check", action="store_true", help="only say which device it is")
    options = parser.parse_args()
    check_device(any_device=options.any_device)
    if options.check:
        return
    owner = Owner()
    rows = measured(owner, options.only or list(MEASUREMENTS), options.seconds)
    owner.close()
    if options.only:
        return
    described = next(one for one in snn.devices() if one.name.startswith(DEVICE)).description
    cpu = machine.description()
    lines = [
        BEGIN,
        "",
        f"- {described}",
        f"- {cpu['processor']}, {cpu['cores']} cores; {', '.join(f'{k} {v}' for k, v in machine.versions().items())}",
        f"- {time.strftime('%Y-%m-%d')}",
        "",
        "| | | |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        END,
    ]
    # What stands around the table is written by hand.
    text = options.out.read_text(encoding="utf-8") if options.out.exists() else f"{BEGIN}\n{END}\n"
    before, after = text[: text.index(BEGIN)], text[text.index(END) + len(END) :]
    options.out.write_text(before + "\n".join(lines) + after, encoding="utf-8")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    sys.exit(main())
