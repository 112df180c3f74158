"""The words that arguments take, as types and as tuples, in the order of their numbers in ``snn.h``; flags with theirs."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = [
    "ARITHMETIC",
    "FLAGS",
    "INSTRUCTION_SETS",
    "LOSSES",
    "OPTIMIZERS",
    "RULES",
    "Arithmetic",
    "EncoderName",
    "LossName",
    "OptimizerName",
    "RuleName",
]

Arithmetic = Literal["default", "float", "fixed", "compact"]
ARITHMETIC: tuple[str, ...] = get_args(Arithmetic)

EncoderName = Literal["rate", "latency", "constant", "delta"]

INSTRUCTION_SETS = ("best", "scalar", "avx2", "avx512", "neon")

FLAGS = {
    "interpret_models": 1,
    "float64": 2,
    "smooth_spikes": 4,
    "any_size": 8,
    "input_gradients": 16,
    "strict_barriers": 64,
}

OptimizerName = Literal["sgd", "adam", "adamw", "lion"]
OPTIMIZERS: tuple[str, ...] = get_args(OptimizerName)

RuleName = Literal["bptt", "ottt", "eprop", "eventprop"]
RULES: tuple[str, ...] = get_args(RuleName)

LossName = Literal[
    "cross_entropy_count",
    "cross_entropy_max_membrane",
    "cross_entropy_mean_membrane",
    "mean_square_rate",
    "cross_entropy_rate",
    "cross_entropy_last_membrane",
    "cross_entropy_latency",
    "mean_square_count",
    "mean_square_max_membrane",
    "mean_square_mean_membrane",
    "mean_square_last_membrane",
    "mean_square_latency",
    "mean_square_membrane",
    "van_rossum",
    "cross_entropy_membrane",
    "cross_entropy_spikes",
]
LOSSES: tuple[str, ...] = get_args(LossName)
