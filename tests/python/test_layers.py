"""Layers that are made of others: lateral inhibition; and that the table of layers names what there is."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import snn

TABLE = Path(__file__).parents[2] / "docs" / "layers.md"


def test_the_table_of_layers_names_what_there_is() -> None:
    text = TABLE.read_text(encoding="utf-8")
    names = set(re.findall(r"\bsnn((?:\.\w+)+)", text))
    assert len(names) > 40
    for name in names:
        if name.startswith(".torch.") and find_spec("torch") is None:  # it needs what is not installed here
            continue
        found = snn
        for part in name[1:].split("."):
            found = getattr(found, part)
    program = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(program) == 1
    namespace: dict[str, object] = {}
    exec(program[0], namespace)
    net = namespace["net"]
    assert isinstance(net, snn.Network)
    assert len(net.projections) == 3


def driven(connection: snn.Connection | None, shape: tuple[int, ...]) -> np.ndarray:
    """Spikes of neurons that inputs of different strength drive."""
    net = snn.Network()
    net.add("drive", snn.Input(shape))
    net.add("cells", snn.LIF(shape))
    net.connect("drive", "cells", snn.OneToOne())
    if connection is not None:
        net.connect("cells", "cells", connection)
    size = int(np.prod(shape))
    drive = np.linspace(0.1, 0.3, size).reshape(shape).astype(np.float32)
    with snn.Simulation(net) as simulation:
        recording = simulation.run(200, {"drive": drive}, record={"cells": "spikes"})
    return np.asarray(recording["cells"]["spikes"][:, 0], bool)


def test_lateral_inhibition_lets_the_strongest_win() -> None:
    free, held = driven(None, (6,)), driven(snn.LateralInhibition(-1.0), (6,))
    assert free.sum(0).min() > 5
    counts = held.sum(0)
    assert counts[5] == counts.max() > 5
    assert counts[:3].max() <= 1
    # It is a dense projection whose neurons leave themselves out.
    weights = -(1.0 - np.eye(6))
    assert np.array_equal(held, driven(snn.Dense(weights=weights, delay_steps=1), (6,)))


def test_of_images_channels_inhibit_each_other_at_a_place() -> None:
    shape = (3, 2, 2)
    held = driven(snn.LateralInhibition(-0.5), shape)
    weights = np.zeros((3, 4, 3, 4))
    for place in range(4):
        weights[:, place, :, place] = -0.5 * (1.0 - np.eye(3))
    assert np.array_equal(held, driven(snn.Dense(weights=weights.reshape(12, 12), delay_steps=1), shape))
    assert not np.array_equal(held, driven(None, shape))


def test_lateral_inhibition_is_within_a_population_and_later() -> None:
    net = snn.Network()
    net.add("one", snn.LIF(3))
    net.add("two", snn.LIF(3))
    with pytest.raises(snn.InvalidArgumentError, match="the source is 'one' and the target 'two'"):
        net.connect("one", "two", snn.LateralInhibition())
    with pytest.raises(snn.InvalidArgumentError, match="delay_steps is 0"):
        snn.LateralInhibition(delay_steps=0)
