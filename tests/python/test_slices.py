"""Parts of populations in `Network.connect`: the same as arrays with the indices moved, on every device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snn

RULES = {
    "fixed_probability": snn.Sparse.fixed_probability(
        0.3, weight=snn.Normal(2.0, 0.5), delay=snn.Uniform(1.0, 5.0), seed=3
    ),
    "fixed_indegree": snn.Sparse.fixed_indegree(7, weight=3.0, delay=1.0, trainable=False, seed=4),
    "fixed_outdegree": snn.Sparse.fixed_outdegree(
        5, weight=snn.Exponential(2.0), delay=1.0, allow_multapses=False, trainable=False, seed=6
    ),
    "fixed_total": snn.Sparse.fixed_total(90, weight=snn.Normal(2.0, 0.5), delay=2.0, trainable=False, seed=5),
}


def network(sources: str | None, targets: str | None, connection: snn.Connection) -> snn.Network:
    """Return a network of which `connection` connects parts, or all where they are None."""
    net = snn.Network(dt=1.0, seed=1)
    net.add("in", snn.SpikeInput(40))
    net.add("cells", snn.LIF(60, threshold=1.5, refractory=2.0))
    net.connect("in", "cells", snn.Sparse.fixed_probability(0.2, weight=1.0, trainable=False, seed=9), name="drive")
    net.connect(f"cells{sources or ''}", f"cells{targets or ''}", connection, name="loop")
    return net


def spikes(net: snn.Network, device: str, threads: int = 1) -> np.ndarray:
    given = (np.random.default_rng(2).random((60, 1, 40)) < 0.15).astype(np.float32)
    with snn.Simulation(net, device=device, threads=threads, batch_size=1) as sim:
        return sim.run(60, {"in": given}, {"cells": "spikes"})["cells"]["spikes"]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_parts_is_the_rule_of_populations_of_their_sizes(name: str) -> None:
    small = snn.Network(dt=1.0)
    small.add("a", snn.LIF(20))
    small.add("b", snn.LIF(15))
    alone = small.connect("a", "b", RULES[name])
    sources, targets, delays = alone.synapses()
    net = network("[10:30]", "[-15:]", RULES[name])
    parts = net.projections["loop"]
    assert parts.by_rule
    assert "cells[10:30] to cells[45:60]" in repr(parts)
    assert "cells[10:30] to cells[45:60]" in net.summary()
    for found, expected in zip(parts.synapses(), (sources + 10, targets + 45, delays), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(parts.synapse_weights(), alone.synapse_weights())


@pytest.mark.parametrize("device", ["reference", "cpu", "vulkan"])
@pytest.mark.parametrize("name", RULES)
def test_parts_run_as_arrays_with_moved_indices_do(name: str, device: str, tmp_path: Path) -> None:
    if not any(one.name.startswith(device) for one in snn.devices()):
        pytest.skip(f"there is no device {device!r}")
    net = network("[10:30]", "[45:]", RULES[name])
    net.save(tmp_path / "parts.snn")
    loaded = snn.load(tmp_path / "parts.snn")
    assert loaded.projections["loop"].by_rule
    loop = net.projections["loop"]
    sources, targets, delays = loop.synapses()
    whole = snn.Sparse.from_arrays(sources, targets, loop.synapse_weights(), delays=delays, trainable=loop.trainable)
    arrays = network(None, None, whole)
    expected = spikes(arrays, "reference")
    assert expected[:, 0, 45:].sum() > 20
    assert (expected != spikes(network("[10:30]", "[30:45]", RULES[name]), "reference")).any()
    for one in (net, loaded):
        for threads in (1, 3) if device == "cpu" else (1,):
            np.testing.assert_array_equal(spikes(one, device, threads), expected)


def test_arrays_count_from_the_first_neuron_of_a_part() -> None:
    net = snn.Network()
    net.add("a", snn.LIF(10))
    net.add("b", snn.LIF(8))
    pairs = snn.Sparse.from_arrays([0, 2, 2], [1, 0, 3], [0.5, 1.0, 2.0], delays=[1, 2, 3])
    rows = snn.Sparse.from_csr([0, 1, 1, 3], [1, 0, 3], [0.5, 1.0, 2.0], delays=[1, 2, 3])
    for name, connection in {"pairs": pairs, "rows": rows}.items():
        projection = net.connect(net.populations["a"][4:7], "b[2:6]", connection, name=name)
        assert [list(part) for part in projection.synapses()] == [[4, 6, 6], [3, 2, 5], [1, 2, 3]]
        assert list(projection.synapse_weights()) == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("target", "connection", "words"),
    [
        ("b[0:9]", snn.Sparse.all_to_all(), r"b\[0:9\]: population 'b' has 8 neurons"),
        ("b[3:3]", snn.Sparse.all_to_all(), r"b\[3:3\] is none of them: population 'b' has 8 neurons"),
        ("b[5:2]", snn.Sparse.all_to_all(), r"b\[5:2\] is none of them"),
        ("b[2:6]", snn.Dense(), r"projection 'a_to_b': snn.Dense connects whole populations, not b\[2:6\]; snn.Sparse"),
        ("b[2:6]", snn.Sparse.from_arrays([0], [4], 1.0), r"targets contains 4; b\[2:6\] has 4 neurons"),
        ("b[2:6]", snn.Sparse.from_csr([0, 1], [0], 1.0), r"row_offsets has 2 values; a\[0:10\] needs 11"),
        ("b[2:6]", snn.Sparse.one_to_one(), "one-to-one needs equal sizes, source has 10 and target 4"),
        ("c[2:6]", snn.Sparse.one_to_one(), "there is no population 'c'"),
        ("b[::2]", snn.Sparse.one_to_one(), r"'b\[::2\]' is no part of a population; .* such as 'exc\[0:100\]'"),
        ("b[3]", snn.Sparse.one_to_one(), r"'b\[3\]' is no part of a population"),
        ("b[-:5]", snn.Sparse.one_to_one(), r"'b\[-:5\]' is no part of a population"),
    ],
)
def test_what_cannot_be_connected_is_told(target: str, connection: snn.Connection, words: str) -> None:
    net = snn.Network()
    net.add("a", snn.LIF(10))
    net.add("b", snn.LIF(8))
    with pytest.raises(snn.SnnError, match=words):
        net.connect("a", target, connection)
    net.connect("a", "b", snn.Dense())  # nothing was left behind


def test_a_part_is_a_slice_of_a_population() -> None:
    net = snn.Network()
    cells = net.add("cells", snn.LIF(10))
    assert str(cells[-3:]) == "cells[7:10]"
    assert cells[:].is_whole
    with pytest.raises(snn.ArgumentTypeError, match=r"takes a slice such as \[0:100\], not 3"):
        cells[3]  # type: ignore[index]
    with pytest.raises(snn.InvalidArgumentError, match=r"cells\[::2\]: a part of a population is neighbouring neurons"):
        cells[::2]
    with pytest.raises(snn.ArgumentTypeError, match=r"cells\[1.5:3\]: a slice is from one whole number"):
        cells[1.5:3]  # type: ignore[misc]
    other = snn.Network()
    other.add("cells", snn.LIF(10))
    with pytest.raises(snn.InvalidArgumentError, match="belongs to another network"):
        other.connect(cells[:5], "cells", snn.Sparse.all_to_all())
    with pytest.raises(snn.InvalidArgumentError, match=r"neurons 0 to 4 onto 3 to 7 of 'cells' share some"):
        net.connect(cells[:5], cells[3:8], snn.Sparse.all_to_all(allow_autapses=False))
