"""Integrate-and-fire: dv/dt = input; Rueckauer et al. 2017, equations 2 to 4 for both resets."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    v = initial.get("v", p.v_rest)
    reset_due = False
    for t, x in enumerate(inputs["current"]):
        v += x
        if reset_due:
            v = p.reset_by(v, 1.0)
        excess = v - p.threshold
        s = p.activity(excess)
        reset_due = p.reset_timing == "next_step" and p.crossed(excess)
        if p.reset_timing == "same_step":
            v = p.reset_by(v, s if frozen is None else frozen[t])
        yield {"v": v, "spikes": s}
