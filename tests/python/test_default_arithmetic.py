"""What arithmetic sparse projections get where nobody asks for one: integers, unless those would lose weights."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn

TARGETS = 20


def _driven(**connections: snn.Sparse) -> snn.Network:
    """Sources that always spike, by name, onto cells that never do."""
    net = snn.Network(dt=1.0, seed=1)
    net.add("cells", snn.CurrentLIF(TARGETS, threshold=1e9))
    for name, rule in connections.items():
        net.add(name, snn.SpikeInput(200 if name != "kick" else TARGETS))
        net.connect(name, "cells", rule, name=f"{name}_weights")
    return net


def _state(net: snn.Network, inputs: tuple[str, ...], state: str = "v") -> np.ndarray:
    with snn.Simulation(net) as sim:
        sim.run(20, {name: np.ones(net[name].size, np.float32) for name in inputs})
        return sim[f"cells.{state}"]


def _plastic() -> snn.Sparse:
    return snn.Sparse.all_to_all(weight=0.3, delay=1.0, plasticity=snn.PairSTDP(w_max=0.6))


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was warned of since the last call."""
    told = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING and one.name == "snn"]
    caplog.clear()
    return told


@pytest.mark.parametrize(
    "others",
    [snn.Sparse.all_to_all(weight=0.3, delay=1.0, trainable=False), _plastic()],
    ids=["static", "plastic"],
)
@pytest.mark.parametrize("size", [1e3, 2e4, 1e6])
def test_a_large_weight_takes_nothing_from_small_ones(others: snn.Sparse, size: float) -> None:
    kick = snn.Sparse.one_to_one(weight=size, delay=1.0, trainable=False)
    alone, beside = _driven(drive=others), _driven(drive=others, kick=kick)
    expected, found = (_state(net, ("drive",)) for net in (alone, beside))
    assert (expected > 100.0).all()
    np.testing.assert_allclose(found, expected, rtol=4e-3)
    assert beside.projections["kick_weights"].arithmetic in ("fixed", "float")
    assert _state(beside, ("drive", "kick")).min() > size


@pytest.mark.parametrize("sigma", [1.5, 2.0])
def test_a_wide_distribution_keeps_its_small_weights(sigma: float) -> None:
    rule = snn.Sparse.fixed_indegree(30, weight=snn.LogNormal(0.0, sigma), delay=1.0, trainable=False)
    drive = _driven(drive=rule).projections["drive_weights"]
    assert drive.arithmetic in ("fixed", "float")
    weights = drive.weights
    assert np.count_nonzero(weights == 0) < 0.01 * weights.size
    assert abs(np.median(weights) - 1.0) < 0.25


@pytest.mark.parametrize(("large", "small"), [(1000.0, 1e-5), (1000.0, 1e-4), (1.0, 1e-6), (50.0, 0.3)])
def test_one_large_weight_takes_nothing_from_the_others_of_its_projection(large: float, small: float) -> None:
    weights = np.float32([large, *[small] * 199])
    net = _driven(drive=snn.Sparse.from_arrays(range(200), [0] * 200, weights, trainable=False))
    with snn.Simulation(net) as sim:
        sim.run(1, {"drive": np.float32([0.0, *[1.0] * 199])[None]})
        sim.step(2)
        found = sim["cells.v"][0]
    exact = _driven(drive=snn.Sparse.from_arrays(range(200), [0] * 200, weights, trainable=False, arithmetic="float"))
    with snn.Simulation(exact) as sim:
        sim.run(1, {"drive": np.float32([0.0, *[1.0] * 199])[None]})
        sim.step(2)
        assert found == pytest.approx(sim["cells.v"][0], rel=0.016)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (1e-3, "0.001 became 0.000976562;"),
        (1e-5, "1e-05 became 0, and 100 % of them became 0;"),
        ([1.0, 1.0, 1.0, 2e-5], "2e-05 became 0, and 25 % of them became 0;"),
        (-1e-3, "0.001 became 0.000976562;"),
    ],
)
def test_weights_that_are_written_and_rounded_away_are_told_once(
    written: object, told: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    weights = [1.0, 0.9, 1.1, 0.8]
    net = _driven(drive=snn.Sparse.from_arrays(range(4), range(4), weights, trainable=False))
    assert net.projections["drive_weights"].arithmetic == "compact"
    fixed = _driven(drive=snn.Sparse.from_arrays(range(4), range(4), weights, trainable=False, arithmetic="fixed"))
    with snn.Simulation(fixed) as sim:
        sim["drive_weights.weight"] = written
        sim.to_network().save(tmp_path / "written.snn")
    assert not _warnings(caplog)
    with snn.Simulation(net) as sim:
        sim["drive_weights.weight"] = sim["drive_weights.weight"]
        sim["drive_weights.weight"] = [1.5, 0.123, 0.0, 2.0]
        sim["drive_weights.weight"] = 0.0
        assert not _warnings(caplog)
        sim["drive_weights.weight"] = written
        (sentence,) = _warnings(caplog)
        assert sentence.startswith("projection 'drive_weights' has compact weights")
        assert f"rounded to multiples of 2^-13: {told}" in sentence
        sim["drive_weights.weight"] = written
        assert not _warnings(caplog)
        assert np.abs(sim["drive_weights.weight"] - np.float32(written)).max() > 1e-6  # as was told
    with snn.Simulation(net) as sim:
        sim.load_weights(tmp_path / "written.snn")
        assert _warnings(caplog) == [sentence]
        sim.load_weights(tmp_path / "written.snn")
        assert not _warnings(caplog)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0])
def test_the_warning_is_given_where_the_default_is_another(sigma: float, caplog: pytest.LogCaptureFixture) -> None:
    """What libsnn chooses for weights, and what is said when they are written at the scale that compact would have."""
    drawn = np.random.default_rng(5).lognormal(0.0, sigma, 4000).astype(np.float32)
    ends = (np.arange(4000) % 200, np.arange(4000) // 200)
    chosen = _driven(drive=snn.Sparse.from_arrays(*ends, drawn, trainable=False)).projections["drive_weights"]
    with snn.Simulation(
        _driven(drive=snn.Sparse.from_arrays(*ends, drawn, trainable=False, arithmetic="compact"))
    ) as sim:
        sim["drive_weights.weight"] = drawn
    assert bool(_warnings(caplog)) == (chosen.arithmetic != "compact")


def _delivered(rule: snn.Plasticity, weight: float, sources: int) -> tuple[snn.Network, float]:
    """Return a network, and what a spike of all sources delivers to one cell."""
    net = snn.Network()
    net.add("drive", snn.SpikeInput(sources))
    net.add("cells", snn.IntegrateAndFire(1, threshold=1e30))
    net.connect("drive", "cells", snn.Sparse.all_to_all(weight=weight, plasticity=rule))
    with snn.Simulation(net) as sim:
        sim.step(inputs={"drive": np.ones(sources)})
        return net, float(sim["cells.v"][0, 0])


@pytest.mark.parametrize(
    ("rule", "share"), [(snn.TsodyksMarkram, 0.5), (snn.PairSTDP, 1.0)], ids=["tsodyks_markram", "pair_stdp"]
)
def test_bounds_that_take_the_steps_from_plastic_weights_are_told(
    rule: type[snn.Plasticity], share: float, caplog: pytest.LogCaptureFixture
) -> None:
    net, exact = _delivered(rule(w_max=1.0), 0.5, 20)
    assert exact == pytest.approx(20 * 0.5 * share, rel=1e-4)
    assert not _warnings(caplog)
    lost, delivered = _delivered(rule(w_max=1e7), 0.5, 20)
    assert delivered == 0
    (sentence,) = _warnings(caplog)
    assert "'drive_to_cells' delivers its plastic weights rounded to multiples of 2^2 (4)" in sentence
    assert "are at most 0.5, which arrives as 0; " in sentence
    assert "weights from 0 (w_min) to 10000000 (w_max), so bounds closer to 0" in sentence
    with snn.Simulation(lost) as sim:
        assert _warnings(caplog) == [sentence]
        sim["drive_to_cells.weight"] = 0.25
        assert not _warnings(caplog)
    with snn.Simulation(net) as sim:
        sim["drive_to_cells.weight"] = 0.0
        assert not _warnings(caplog)
        sim["drive_to_cells.weight"] = 1e-6
        (sentence,) = _warnings(caplog)
        assert "are at most 1e-06; " in sentence


@pytest.mark.parametrize("as_arrays", [False, True])
@pytest.mark.parametrize(("arithmetic", "sigma"), [("compact", 5.0), ("fixed", 12.0)])
def test_weights_that_the_arithmetic_asked_for_takes_are_told(
    arithmetic: str, sigma: float, as_arrays: bool, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    weight = snn.LogNormal(0.0, sigma)
    common = {"trainable": False, "arithmetic": arithmetic}
    if as_arrays:
        ends = (np.arange(4000) % 200, np.arange(4000) // 200)
        net = _driven(drive=snn.Sparse.from_arrays(*ends, weight.draw(4000, seed=1), **common))
    else:
        net = _driven(drive=snn.Sparse.fixed_indegree(20, weight=weight, delay=1.0, **common))
    with snn.Simulation(net) as sim:
        (sentence,) = _warnings(caplog)
        assert sentence.startswith(
            f"projection 'drive_weights' has {'fixed-point' if arithmetic == 'fixed' else arithmetic}"
        )
        assert " % of them became 0; arithmetic " in sentence
        # A file has compact weights as they became.
        net.save(tmp_path / "net.snn")
        with snn.Simulation(snn.load(tmp_path / "net.snn")):
            assert _warnings(caplog) == ([] if arithmetic == "compact" and as_arrays else [sentence])
        # Where weights are their own now, nothing is left to tell.
        sim["drive_weights.weight"] = 2.0 ** -int(np.log2(net.projections["drive_weights"].fixed_point_scale))
        changed = sim.to_network()
    with snn.Simulation(changed):
        assert not _warnings(caplog)


def test_weights_of_0_may_grow() -> None:
    net = _driven(drive=snn.Sparse.fixed_indegree(30, weight=0.0, delay=1.0, trainable=False))
    assert net.projections["drive_weights"].arithmetic == "float"
    with snn.Simulation(net) as sim:
        sim["drive_weights.weight"] = 1.0
        sim.step(1, {"drive": np.ones(200, np.float32)})
        sim.step(2)
        assert (sim["cells.v"] > 0).all()


def test_what_is_asked_for_is_taken() -> None:
    kick = snn.Sparse.one_to_one(weight=2e4, delay=1.0, trainable=False, arithmetic="compact")
    net = _driven(drive=snn.Sparse.all_to_all(weight=0.3, delay=1.0, trainable=False), kick=kick)
    assert net.projections["kick_weights"].arithmetic == "compact"


def test_a_scale_that_is_too_small_says_the_way_out() -> None:
    net = _driven(drive=snn.Sparse.fixed_indegree(30, weight=0.5, delay=1.0, trainable=False))
    assert net.projections["drive_weights"].arithmetic == "compact"
    with (
        snn.Simulation(net) as sim,
        pytest.raises(snn.InvalidArgumentError, match="arithmetic 'float' has no such limit"),
    ):
        sim["drive_weights.weight"] = 50.0


@pytest.mark.parametrize(
    ("arithmetic", "sentence"),
    [
        (
            "fixed",
            r"projection 'drive_weights': the weights onto one neuron add up to 4\.79\d*e\+38, with those of the receptor's "
            r"other projections; the fixed-point scale 2\^-96 holds at most 8\.5.*e\+37; arithmetic 'float' has no such limit",
        ),
        (
            "compact",
            r"projection 'drive_weights': a weight of 1\.59\d*e\+37 is too large; compact weights at the fixed-point scale "
            r"2\^-96 are at most 2\.59.*e\+33; arithmetic 'float' has no such limit",
        ),
    ],
)
def test_weights_beyond_any_scale_say_the_way_out(arithmetic: str, sentence: str) -> None:
    common: dict[str, Any] = {"delay": 1.0, "trainable": False, "arithmetic": arithmetic}
    count = 30 if arithmetic == "fixed" else 1
    kick = snn.Sparse.one_to_one(weight=1.0, **common)
    net = _driven(drive=snn.Sparse.fixed_indegree(count, weight=1.6e37, **common), kick=kick)
    with pytest.raises(snn.InvalidArgumentError, match=sentence):
        net.summary()


@pytest.mark.parametrize("name", ["brunel", "cuba", "coba", "izhikevich", "microcircuit"])
def test_scenes_are_compact(name: str) -> None:
    scene = getattr(snn.scenes, name.upper())
    net = scene.build(0.1) if name == "microcircuit" else scene.build()
    found = {one.arithmetic for one in net.projections.values() if not one.plasticity}
    assert found == {"compact"}


def test_whole_numbers_of_any_size_are_compact() -> None:
    """As counts of synapses in a connectome are: they lose nothing, however few units the usual ones have."""
    weights = np.float32([3000.0, *[4.0, 8.0, 4.0, 12.0] * 49])
    net = _driven(drive=snn.Sparse.from_arrays([*range(197)], [0] * 197, weights, trainable=False))
    assert net.projections["drive_weights"].arithmetic == "compact"
    np.testing.assert_array_equal(net.projections["drive_weights"].weights, weights)
