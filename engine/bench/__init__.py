"""Benchmarks: ``snn bench NAME``. Each checks its result before it gives a time.

A benchmark is a function that yields results (`report.result`); `BENCHMARKS` lists them by name. To add one, add a
module and a line here, and one in `ABOUT`. Every scene of `snn.scenes` is one, and every case of `training_cases`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from snn.engine.bench.brains import VARIANTS, bench_brains
from snn.engine.bench.digits import bench_digits
from snn.engine.bench.latency import bench_latency
from snn.engine.bench.report import Settings
from snn.engine.bench.scenes import bench_scene
from snn.engine.bench.training import bench_training
from snn.engine.bench.training_cases import TRAINING_CASES
from snn.scenes import SCENES

__all__ = ["ABOUT", "BENCHMARKS", "About", "Benchmark", "Settings"]

Benchmark = Callable[[Settings], Iterator[dict[str, Any]]]

BENCHMARKS: dict[str, Benchmark] = {
    "latency": bench_latency,
    "digits": bench_digits,
    "brains": bench_brains,
    **{name: partial(bench_training, case) for name, case in TRAINING_CASES.items()},
    **{name: partial(bench_scene, scene) for name, scene in SCENES.items()},
}


class About(NamedTuple):
    """What a benchmark measures, in a line, and its variants; scenes and training cases have those of ``--vs`` besides."""

    title: str
    variants: tuple[str, ...]


ABOUT: dict[str, About] = {
    "latency": About("one step of one sample of 128-256-256-8 LIF neurons", ("python", "c")),
    "digits": About("training on handwritten digits, an epoch a repeat, and inference", ("train", "infer")),
    "brains": About("a frame of many small brains, 16 steps of 128-64-8 LIF neurons each", VARIANTS),
    **{name: About(f"a training step of {case.title}", ("snn",)) for name, case in TRAINING_CASES.items()},
    **{name: About(scene.title, ("snn",)) for name, scene in SCENES.items()},
}
