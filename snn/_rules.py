"""What a connection rule says, for people and for programs: its numbers, and the distributions of weights and delays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snn import sparse
from snn.distributions import Numbers
from snn.engine.errors import counted

if TYPE_CHECKING:
    from snn.projection import Projection

__all__ = ["delay_words", "rule_described", "rule_words"]

# The distributions by the kind of `Numbers`, with the names of their numbers; 0 is a constant.
_DRAWN = {
    1: ("Normal", "mean", "std"),
    2: ("Uniform", "low", "high"),
    3: ("LogNormal", "mean_log", "std_log"),
    4: ("Exponential", "scale"),
}
_KERNELS = ("gaussian", "exponential")


def _distribution_words(drawn: Numbers, unit: str = "") -> str:
    kind, a, b, low, high = drawn
    if kind == 0:
        return f"{a:.4g}{unit}"
    name, *names = _DRAWN[kind]
    words = f"{name}({', '.join(f'{number:.4g}' for number in (a, b)[: len(names)])}){unit}"
    if math.isfinite(low):
        return f"{words} from {low:.4g} {f'to {high:.4g}' if math.isfinite(high) else 'up'}"
    return f"{words} up to {high:.4g}" if math.isfinite(high) else words


def _distribution_described(drawn: Numbers) -> dict[str, Any]:
    kind, a, b, low, high = drawn
    if kind == 0:
        return {"distribution": "constant", "value": a}
    name, *names = _DRAWN[kind]
    bounds = {end: bound if math.isfinite(bound) else None for end, bound in (("low", low), ("high", high))}
    return {"distribution": name, **bounds, **dict(zip(names, (a, b), strict=False))}


def _rule_name(rule: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name of a rule, and of the number that it is called with; empty where it has none."""
    name = sparse._RULES[rule["rule"]]
    if name in ("fixed_probability", "spatial"):
        return name, "probability"
    return name, "count" if name.startswith("fixed_") else ""


def _in_degree(projection: Projection) -> float:
    """Return the mean number of synapses onto a target of the rule."""
    return projection.synapse_count / projection._part("targets").size


def rule_words(projection: Projection) -> list[str]:
    """Return the rule, the in-degree and the weights in words; nothing where arrays gave the synapses."""
    rule = projection._rule
    if rule is None:
        return []
    name, number = _rule_name(rule)
    value = f"{rule['count']:,}" if number == "count" else f"{rule['probability']:.4g}"
    words = [f"{name} {value}" if number else name]
    if name == "spatial":
        words.append(f"{_KERNELS[rule['kernel']]} of width {rule['kernel_width']:.4g} up to {rule['cutoff']:.4g}")
    if name not in ("fixed_indegree", "one_to_one"):
        inputs = _in_degree(projection)
        words.append(f"in-degree {inputs:,.0f}" if inputs >= 1000 else f"in-degree {inputs:.4g}")
    if not rule["allow_autapses"] and projection.source is projection.target:
        words.append("no autapses")
    if not rule["allow_multapses"] and number == "count":
        words.append("no multapses")
    return [*words, f"weight {_distribution_words(rule['weight'])}"]


def delay_words(projection: Projection) -> str:
    """Return the delays in words, of a rule with their distribution; empty where there are none."""
    least, most = projection.delay_range
    if not most:
        return ""
    rule = projection._rule
    if rule is None:
        return f"delay {counted(least, 'step')}" if least == most else f"delays {least} to {most} steps"
    steps = counted(least, "step") if least == most else f"{least} to {most} steps"
    drawn = _distribution_words(rule["delay"], " ms")
    if projection.delay_steps:
        added = counted(projection.delay_steps, "step")
        drawn = f"{drawn} + {added}"
    return f"delay {drawn} ({steps})"


def rule_described(projection: Projection) -> dict[str, Any] | None:
    """Return the rule as plain data; None where arrays gave the synapses."""
    rule = projection._rule
    if rule is None:
        return None
    name, number = _rule_name(rule)
    described: dict[str, Any] = {"name": name}
    if number:
        described[number] = rule[number]
    if name == "spatial":
        described |= {
            "kernel": _KERNELS[rule["kernel"]],
            "width": rule["kernel_width"],
            "cutoff": rule["cutoff"],
            "period": list(rule["period"]),
        }
    parts = {key: projection._part(key) for key in ("sources", "targets")}
    return described | {
        **{key: {"first": part.first, "size": part.size} for key, part in parts.items()},
        "in_degree": _in_degree(projection),
        "weight": _distribution_described(rule["weight"]),
        "delay_ms": _distribution_described(rule["delay"]),
        "seed": rule["seed"],
        "allow_autapses": rule["allow_autapses"],
        "allow_multapses": rule["allow_multapses"],
    }
