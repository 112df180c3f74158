"""Benchmarks: ``snn bench NAME``. Each checks its result before it gives a time.

A benchmark is a function that yields results (`report.result`); `BENCHMARKS` lists them by name. To add one, add a
module and a line here. Every scene of `snn.scenes` is one, and every case of `training_cases`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from snn.engine.bench.brains import bench_brains
from snn.engine.bench.digits import bench_digits
from snn.engine.bench.latency import bench_latency
from snn.engine.bench.report import Settings
from snn.engine.bench.scenes import bench_scene
from snn.engine.bench.training import bench_training
from snn.engine.bench.training_cases import TRAINING_CASES
from snn.scenes import SCENES

__all__ = ["BENCHMARKS", "Benchmark", "Settings"]

Benchmark = Callable[[Settings], Iterator[dict[str, Any]]]

BENCHMARKS: dict[str, Benchmark] = {
    "latency": bench_latency,
    "digits": bench_digits,
    "brains": bench_brains,
    **{name: partial(bench_training, case) for name, case in TRAINING_CASES.items()},
    **{name: partial(bench_scene, scene) for name, scene in SCENES.items()},
}
