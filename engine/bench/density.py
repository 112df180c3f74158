"""How the time of training depends on how many neurons are active: the sweep of docs/performance.md.

``python -m snn.engine.bench.density`` prints, for each way in which activity reaches a layer, the processor's time of a forward
and a backward pass at shares of active neurons from 0.1 to 100 %, on one thread; of a convolution, also what the same sums take
as products of matrices by numpy.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

import snn
from snn._words import INSTRUCTION_SETS
from snn.engine import _native
from snn.engine.bench.report import require

SHARES = (0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
STEPS = 20
BATCH = 32
NEURONS = 1024
LOSS_NONE = 255  # gradients of outputs are given


@dataclass(frozen=True)
class Sweep:
    """A network whose source of interest is active as its input is.

    Parameters
    ----------
    build : callable
        Returns the network: from "input" by way of what is measured to "output".
    source : str
        The population whose share of active neurons counts.
    batch : int
        Samples.
    """

    build: Callable[[], snn.Network]
    source: str = "input"
    batch: int = BATCH


def _uniform(rows: int, columns: int, scale: float = 1.0) -> np.ndarray:
    limit = scale / np.sqrt(rows)
    return np.random.default_rng(1).uniform(-limit, limit, (rows, columns)).astype(np.float32)


def _network(source: snn.Input, connection: snn.Connection, target: snn.Neuron | None = None) -> snn.Network:
    net = snn.Network()
    net.add("input", source)
    net.add("output", target or snn.LIF(NEURONS))
    net.connect("input", "output", connection)
    return net


def _driven() -> snn.Network:
    """Neurons that spike where their input does and begin anew: 16 for each of few inputs, which lift them far up."""
    net = snn.Network()
    net.add("input", snn.SpikeInput(NEURONS // 16))
    net.add("hidden", snn.LIF(NEURONS, reset="value"))
    net.connect(
        "input", "hidden", snn.Dense(weights=np.repeat(np.eye(NEURONS // 16, dtype=np.float32) * 10, 16, axis=1))
    )
    net.add("output", snn.LIF(NEURONS))
    return net


def _neurons() -> snn.Network:
    net = _driven()
    net.connect("hidden", "output", snn.Dense(weights=_uniform(NEURONS, NEURONS)))
    return net


def _recurrent() -> snn.Network:
    net = _driven()
    net.connect("hidden", "hidden", snn.Dense(weights=_uniform(NEURONS, NEURONS, 0.01), delay_steps=1))
    net.connect("hidden", "output", snn.OneToOne(weights=np.ones(NEURONS, np.float32)))
    return net


IMAGE, FILTERS, KERNEL = (16, 28, 28), 32, 5


def _convolution() -> snn.Network:
    side = IMAGE[1] - KERNEL + 1
    return _network(snn.SpikeInput(IMAGE), snn.Conv2d(FILTERS, KERNEL), snn.LIF((FILTERS, side, side)))


def _sparse(probability: float) -> Callable[[], snn.Network]:
    def build() -> snn.Network:
        sources, targets = np.nonzero(np.random.default_rng(1).random((NEURONS, NEURONS)) < probability)
        weights = np.random.default_rng(2).uniform(-0.1, 0.1, len(sources)).astype(np.float32)
        return _network(snn.SpikeInput(NEURONS), snn.Sparse.from_arrays(sources, targets, weights))

    return build


SWEEPS = MappingProxyType(
    {
        "spike input": Sweep(lambda: _network(snn.SpikeInput(NEURONS), snn.Dense(weights=_uniform(NEURONS, NEURONS)))),
        "analog input": Sweep(lambda: _network(snn.Input(NEURONS), snn.Dense(weights=_uniform(NEURONS, NEURONS)))),
        "neurons": Sweep(_neurons, "hidden"),
        "recurrent": Sweep(_recurrent, "hidden"),
        "convolution": Sweep(_convolution, batch=8),
        "sparse, 1 %": Sweep(_sparse(0.01)),
        "sparse, 10 %": Sweep(_sparse(0.1)),
    }
)


def measure(sweep: Sweep, share: float, repeats: int, instruction_set: str = "best", batch: int = 0) -> float:
    """Return the processor's time of a forward and a backward pass in milliseconds: the least of `repeats`."""
    net = sweep.build()
    batch = batch or sweep.batch
    session = _native.Session(
        net._finished(),
        device="cpu",
        batch_size=batch,
        threads=1,
        instruction_set=INSTRUCTION_SETS.index(instruction_set),
    )
    trainer = _native.Trainer(session, output_population=net["output"]._index, steps=STEPS, loss=LOSS_NONE)
    size = net["input"].size
    random = np.random.default_rng(3)
    frames = (random.random((STEPS, batch, size)) < share).astype(np.float32)
    counted = np.zeros((STEPS, batch, net[sweep.source].size), np.float32)
    gradient = random.standard_normal((STEPS, batch, net["output"].size)).astype(np.float32)
    inputs, outputs = [(net["input"]._index, False, frames)], [(net["output"]._index, "spikes", gradient)]
    times = []
    for repeat in range(repeats + 1):
        begin = time.process_time()
        trainer.run(
            inputs, [(net["hidden"]._index, "spikes", counted)] if repeat == 0 and sweep.source != "input" else []
        )
        trainer.run_backward(0.0, outputs, [])
        times.append(time.process_time() - begin)
    if sweep.source != "input":
        require(
            abs(float(counted.mean()) - float(frames.mean())) < 0.01, f"{counted.mean():.3f} of the neurons are active"
        )
    return 1e3 * min(times[1:])


def convolution_by_products(repeats: int) -> float:
    """Return the time of the same sums of the convolution in milliseconds, as products of matrices."""
    batch, side, inner = SWEEPS["convolution"].batch, IMAGE[1] - KERNEL + 1, IMAGE[0] * KERNEL * KERNEL
    random = np.random.default_rng(3)
    weights = random.standard_normal((FILTERS, inner)).astype(np.float32)
    images = (random.random((STEPS, batch, *IMAGE)) < 0.5).astype(np.float32)
    gradient = random.standard_normal((STEPS, FILTERS, batch * side * side)).astype(np.float32)
    out, times = np.zeros_like(weights), []
    for _ in range(repeats):
        begin = time.process_time()
        for step in range(STEPS):
            windows = np.lib.stride_tricks.sliding_window_view(images[step], (KERNEL, KERNEL), axis=(2, 3))
            columns = np.ascontiguousarray(windows.transpose(1, 4, 5, 0, 2, 3)).reshape(inner, -1)
            sums = weights @ columns
            out += gradient[step] @ columns.T
        times.append(time.process_time() - begin)
    require(bool(np.isfinite(sums).all()), "the products are not finite")
    return 1e3 * min(times)


def main() -> None:
    """Print a line for each sweep."""
    parser = argparse.ArgumentParser(prog="python -m snn.engine.bench.density", description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--batch", type=int, default=0, help="samples, instead of those of each sweep")
    parser.add_argument("--instruction-set", choices=INSTRUCTION_SETS, default="best")
    parser.add_argument("--only", choices=SWEEPS, action="append")
    options = parser.parse_args()
    print(f"{'':14}", *(f"{100 * share:8g} %" for share in SHARES), flush=True)
    for name in options.only or SWEEPS:
        times = [
            measure(SWEEPS[name], share, options.repeats, options.instruction_set, options.batch) for share in SHARES
        ]
        print(f"{name:14}", *(f"{value:10.1f}" for value in times), "ms", flush=True)
    if not options.only or "convolution" in options.only:
        print(f"convolution by products of {np.__name__}: {convolution_by_products(options.repeats):.1f} ms")


if __name__ == "__main__":
    main()
