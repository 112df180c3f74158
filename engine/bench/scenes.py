"""How long a scene takes: seconds of work for each second of network time, for this library and for other simulators.

The scene is built, warms up, and runs over its window in equal parts (the repeats) while spikes are counted. The rates of
every population, of this library and of each peer, and the weights of a scene that learns, must be within what the scene
expects: else there is no time. On the CPU, plastic synapses catch up at the next spike of their source, or when they are read.
So a read of the weights after the window is part of the work: what the first one takes longer than the next (``flush_s``, 0
where nothing learns) is added to the parts in equal shares. Peers (`snn.engine.bench.peers`) run in the same invocation, one
after the other, each in a process of its own. Where one runs on fewer threads than were asked for, this library is measured on
as many as well, and compared with it there.

``rss_before_bytes`` is the memory of the process before the network is built, ``peak_rss_bytes`` its peak until the end of the
window. ``process_bytes_per_synapse`` is of the whole peak.

``spikes_sha256`` is of how often each neuron spiked in each part: the same, with the same seed, scale and repeats, on every
device, instruction set and number of threads.

Variants: ``snn``, and the peers that were asked for.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

import snn
from snn.engine import machine
from snn.engine.bench import peers
from snn.engine.bench.peers.task import scene_of
from snn.engine.bench.report import Settings, require, result
from snn.engine.speed import rates_hz, spike_counts
from snn.scenes import Scene, Weights

__all__ = ["OWN", "bench_scene", "usual"]

OWN = "snn"
REPEATS = 10
# Processor seconds, and peak memory in MiB, of a process that builds and runs a scene at scale 1 on one thread of an AMD
# EPYC (Zen 4).
USUAL = {
    "microcircuit": (13, 1254),
    "brunel": (2, 152),
    "brunel_50k": (7, 354),
    "cuba": (1, 119),
    "cuba_40k": (2, 124),
    "coba": (1, 119),
    "coba_40k": (2, 125),
    "izhikevich": (1, 119),
    "izhikevich_100k": (4, 170),
    "flybrain": (15, 491),
    "stdp": (1, 124),
}


def usual(scene: Scene) -> str:
    """Return how large a scene is, and about how long it takes and in how much memory, in a sentence or three."""
    words = (
        f"{scene.neurons():,} neurons, {scene.synapses():,.0f} synapses; {(scene.warm_up + scene.window) / 1000:g} s of "
        f"network time. --scale is {scene.smallest_scale:g} to {scene.largest_scale:g}"
    )
    words += "" if scene.peer_scale == 1.0 else f", with --vs {scene.peer_scale:g} if not given"
    if scene.name not in USUAL:
        return f"{words}."
    seconds, mebibytes = USUAL[scene.name]
    memory = f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes} MiB"
    return f"{words}. At scale 1 about {seconds:g} s on one thread, and {memory} of memory."


def bench_scene(scene: Scene, settings: Settings) -> Iterator[dict[str, Any]]:
    """Time a scene, and the same scene in other simulators."""
    scene = scene_of(scene.name, settings.connectome)
    scale = settings.scale
    if scale is None:
        scale = scene.peer_scale if settings.versus else 1.0
    scale = scene.valid_scale(scale)
    # Whole steps, so that every part of the window is equally long.
    repeats = settings.repeats or REPEATS
    steps = max(round(scene.window / scene.dt / repeats), 1)
    common = {
        "network": scene.title,
        "scale": scale,
        "neurons": scene.neurons(scale),
        "warm_up_ms": scene.warm_up,
        "window_ms": repeats * steps * scene.dt,
        "expected_hz": {name: asdict(rate) for name, rate in scene.expected(scale).items()},
        "expected_weights": {name: asdict(one) for name, one in scene.expected_weights(scale).items()},
    }
    wanted = settings.threads or machine.description()["cores"]
    names = [name for name in settings.versus if settings.wants(name)]
    own: dict[int, dict[str, Any]] = {}
    if settings.wants(OWN):
        for threads in dict.fromkeys([wanted, *(peers.PEERS[name].threads(wanted) for name in names)]):
            chosen = replace(settings, threads=threads)
            one = _measure(scene, chosen, scale, repeats, steps, common)
            if own:
                # The largest memory of a process is of all its runs.
                del one["peak_rss_bytes"], one["rss_before_bytes"], one["process_bytes_per_synapse"]
            own[threads] = one
            yield one
    for name in names:
        chosen = replace(settings, threads=peers.PEERS[name].threads(wanted))
        yield _peer(name, scene, chosen, scale, repeats, steps, common, own.get(chosen.threads))


def _measure(
    scene: Scene, settings: Settings, scale: float, repeats: int, steps: int, common: Mapping[str, Any]
) -> dict[str, Any]:
    """Run the scene in this process."""
    before_bytes = machine.reset_peak_rss()
    begin = time.perf_counter()
    network = scene.build(scale, seed=settings.seed)
    with snn.Simulation(
        network,
        device=settings.device,
        threads=settings.threads,
        instruction_set=settings.instruction_set,
        seed=settings.seed,
    ) as simulation:
        build_s = time.perf_counter() - begin
        simulation.step(round(scene.warm_up / scene.dt))
        counted = spike_counts(network)
        seconds, found, bits = [], [], hashlib.sha256()
        for _ in range(repeats):
            begin = time.perf_counter()
            recording = simulation.run(steps, record=counted)
            seconds.append(time.perf_counter() - begin)
            found.append(rates_hz(network, recording, steps))
            for name in counted:
                bits.update(np.asarray(recording[name]["spike_count"], np.float32).tobytes())
        peak = machine.peak_rss_bytes()
        flush_s, weights = 0.0, {}
        if scene.weights is not None:
            reads_s = []
            for _ in range(2):
                begin = time.perf_counter()
                learned = scene.learned(simulation)
                reads_s.append(time.perf_counter() - begin)
            flush_s = max(reads_s[0] - reads_s[1], 0.0)
            weights = Weights.summary(learned, scene.initial(network))
    rates = {name: float(np.mean([one[name] for one in found])) for name in scene.sizes(scale)}
    wrong = scene.deviations(rates, scale) + scene.weight_deviations(weights, scale)
    require(not wrong, f"scene {scene.name!r} at scale {scale:g}: " + "; ".join(wrong))
    per_second = (np.array(seconds) + flush_s / repeats) / (steps * scene.dt / 1000.0)
    return result(
        scene.name,
        OWN,
        settings,
        per_second,
        "second of network time",
        **common,
        synapses=network.synapse_count,
        realtime_factor=float(np.median(per_second)),
        rates_hz=rates,
        spikes_sha256=bits.hexdigest(),
        weights=weights,
        flush_s=flush_s,
        build_s=build_s,
        peak_rss_bytes=peak,
        rss_before_bytes=before_bytes,
        process_bytes_per_synapse=peak / network.synapse_count,
    )


def _peer(
    name: str,
    scene: Scene,
    settings: Settings,
    scale: float,
    repeats: int,
    steps: int,
    common: Mapping[str, Any],
    own: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Run the scene in another simulator; a sentence and no time without an answer or with wrong rates or weights."""
    task = peers.Task(
        scene.name, scale, settings.seed, settings.threads, repeats, steps * scene.dt, settings.connectome
    )
    found = peers.run(name, task, peers.Answer)
    if isinstance(found, str):
        return {"bench": scene.name, "variant": name, "scale": scale, "no_result": found}
    wrong = scene.deviations(found.rates_hz, scale) + scene.weight_deviations(found.weights, scale)
    if wrong:
        sentence = f"{peers.PEERS[name].title} at scale {scale:g}: " + "; ".join(wrong)
        return {
            "bench": scene.name,
            "variant": name,
            "scale": scale,
            "rates_hz": found.rates_hz,
            "weights": found.weights,
            "no_result": sentence,
        }
    per_second = np.array(found.seconds) / (steps * scene.dt / 1000.0)
    more: dict[str, Any] = {} if own is None else {"ratio_to_snn": float(np.median(per_second)) / own["median_s"]}
    one = result(
        scene.name,
        name,
        settings,
        per_second,
        "second of network time",
        **common,
        synapses=found.synapses,
        realtime_factor=float(np.median(per_second)),
        rates_hz=found.rates_hz,
        weights=found.weights,
        build_s=found.build_s,
        rss_before_bytes=found.rss_before_bytes,
        process_bytes_per_synapse=found.peak_rss_bytes / found.synapses,
        notes=found.notes,
        **more,
    )
    # Ours are of this process and this library.
    del one["instruction_set"]
    return {
        **one,
        "peak_rss_bytes": found.peak_rss_bytes,
        "versions": {**one["versions"], name: found.version},
    }
