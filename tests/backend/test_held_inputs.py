"""Inputs that are held: devices make the sums that begin with them once in a run, with the bits of the reference."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from .cases import CONV2D, NEURONS, ONE_TO_ONE, SPIKES, VALUES, Builder, Case
from .running import Setting, recorded, vulkan_settings
from .test_sample_weights import SAMPLE_WEIGHTS, opened

COUNT = 17  # samples: enough for a GPU to take each as a workgroup's


def _several(b: Builder) -> None:
    """Sums that begin with several inputs, with bias, behind what changes from step to step, and with inputs of the past."""
    values, spikes, more = b.add(VALUES, 30), b.add(SPIKES, 21), b.add(VALUES, 45)
    hidden, other = b.add(NEURONS, 45, "lif"), b.add(NEURONS, 150, "lif", tau_membrane=b.random.uniform(5, 30, 150))
    out = b.add(NEURONS, 5, "leaky_integrator")
    b.dense(values, hidden, bias=True)
    b.connect(ONE_TO_ONE, more, hidden, weights=b.weights(45, 1.0), bias=b.weights(45, 40.0))
    b.dense(spikes, hidden)
    b.dense(values, hidden, gain=0.3)
    b.dense(values, other, delay_steps=2)
    b.dense(hidden, other)
    b.dense(other, hidden, delay_steps=3, gain=0.4)
    b.dense(other, out)


SEVERAL = Case("several", _several, steps=20, batch=COUNT)


def _images(b: Builder) -> None:
    first, hidden, out = (
        b.add(VALUES, (2, 5, 6)),
        b.add(NEURONS, (4, 5, 6), "lif"),
        b.add(NEURONS, 5, "leaky_integrator"),
    )
    window = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    b.connect(CONV2D, first, hidden, weights=b.weights(72, 6.0), bias=b.weights(4, 40.0), **window)
    b.connect(CONV2D, hidden, hidden, weights=b.weights(144, 6.0), delay_steps=1, **window)
    b.sparse(first, out, trainable=False, arithmetic=1)
    b.dense(hidden, out)


SETTINGS = [Setting("cpu"), Setting("cpu", 1), Setting("cpu", 0, 3), *vulkan_settings()]


@pytest.mark.parametrize("case", [SEVERAL, Case("images", _images, steps=20, batch=3)], ids=lambda case: case.name)
def test_held_inputs_equal_those_of_every_step(case: Case) -> None:
    builder = Builder(case)
    frames = builder.drive(case)
    for pattern in product((False, True), repeat=len(frames)):
        given = [
            (index, held, np.ascontiguousarray(array[3]) if held else array)
            for held, (index, _, array) in zip(pattern, frames, strict=True)
        ]
        found = []
        for setting in (Setting(), *SETTINGS):
            session = opened(builder, setting, case.batch, 0)
            session.run(7, [(i, held, array if held else array[:7]) for i, held, array in given], [])
            found.append((setting, recorded(builder, session, case, given), session.counters()))
        _, wanted, counted = found[0]
        assert counted.spikes > 0
        for setting, result, counters in found[1:]:
            assert not wanted.first_difference(result), f"{setting}, held {pattern}: {wanted.first_difference(result)}"
            assert counters == counted, f"{setting}, held {pattern}"


def test_counts_and_events_of_a_frame() -> None:
    """What a game asks for: one run with held inputs, without states."""
    builder = Builder(SEVERAL)
    frames = [(index, True, np.ascontiguousarray(array[5])) for index, _, array in builder.drive(SEVERAL)]
    found = []
    for setting in (Setting(), *SETTINGS):
        session = opened(builder, setting, COUNT, SAMPLE_WEIGHTS)
        counts, rows = np.zeros((COUNT, 45), np.float32), np.zeros((8, COUNT, 150), np.uint8)
        events = [np.zeros(40_000, np.uint32) for _ in range(3)]
        event_counts: list[int] = []
        for _ in range(2):
            session.run(
                16,
                frames,
                [(3, "spike_count", counts), (4, "spikes", rows)],
                events=[(3, *events)],
                event_counts=event_counts,
                record_interval=2,
            )
        (count,) = event_counts[-1:]
        found.append((counts, rows, *(column[:count] for column in events)))
    assert found[0][0].any()
    assert found[0][1].any()
    for other in found[1:]:
        for mine, theirs in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
