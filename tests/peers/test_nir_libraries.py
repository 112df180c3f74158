"""Networks that other libraries write as NIR, imported here: the same spikes and membranes as in the library itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import snn

nir = pytest.importorskip("nir", reason="nir is not installed: pip install '.[nir]'")
torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install '.[training-peers]'")
import snn.nir  # noqa: E402

# What those libraries import and call warns, and is not ours to change.
pytestmark = pytest.mark.filterwarnings("ignore")

STEPS, INPUTS, NEURONS = 200, 6, 5


def inputs() -> Any:
    return (torch.rand(STEPS, INPUTS, generator=torch.Generator().manual_seed(2)) < 0.3).float()


def linear() -> Any:
    torch.manual_seed(0)
    return torch.nn.Linear(INPUTS, NEURONS)


def all_neurons(value: float) -> Any:
    return torch.full((NEURONS,), value)


def check(graph: Any, spikes: Any, v: Any, tmp_path, tolerance: float = 1e-6, **options) -> None:
    """Read the graph from memory and from a file, run it, and compare."""
    nir.write(tmp_path / "network.nir", graph)
    for given in (graph, tmp_path / "network.nir"):
        net = snn.nir.from_nir(given, **options)
        (name,) = (name for name, population in net.populations.items() if not population.is_input)
        with snn.Simulation(net) as simulation:
            found = simulation.run(STEPS, {"input": inputs().numpy()}, record={name: ["spikes", "v"]})[name]
        expected = torch.stack(spikes).reshape(STEPS, NEURONS).numpy()
        assert 20 < expected.sum() < 0.9 * expected.size
        # One layer: only a membrane within rounding of the threshold may differ, and nothing here is.
        assert (found["spikes"][:, 0] == expected).mean() >= 0.99
        expected_v = torch.stack(v).reshape(STEPS, NEURONS).numpy()
        np.testing.assert_allclose(found["v"][:, 0], expected_v, rtol=1e-6, atol=tolerance)


@pytest.mark.parametrize("mechanism", ["zero", "subtract"])
@pytest.mark.parametrize("kind", ["Leaky", "Synaptic", "RLeaky"])
def test_snntorch(tmp_path, kind: str, mechanism: str) -> None:
    snntorch = pytest.importorskip("snntorch", reason="snnTorch is not installed: pip install '.[training-peers]'")
    from snntorch import utils
    from snntorch.export_nir import export_to_nir

    settings: dict[str, Any] = {
        "beta": all_neurons(0.9),
        "threshold": all_neurons(0.5),
        "reset_mechanism": mechanism,
        # In the same step its subtraction is made twice where a membrane stays above the threshold.
        "reset_delay": mechanism == "subtract",
        "init_hidden": True,
        "output": True,
    }
    if kind == "Synaptic":
        settings["alpha"] = all_neurons(0.8)
    if kind == "RLeaky":
        settings |= {"all_to_all": True, "linear_features": NEURONS}
    first = linear()
    model = torch.nn.Sequential(first, getattr(snntorch, kind)(**settings))
    try:
        graph = export_to_nir(model, inputs()[:1], ignore_dims=[0])
    except TypeError as error:
        pytest.skip(f"snnTorch writes v_reset, which this version of nir does not have: {error}")
    utils.reset(model)  # exporting ran it
    spikes, v = [], []
    with torch.no_grad():
        for frame in inputs():
            found = model(frame[None])
            spikes.append(found[0].clone())
            v.append(found[-1].clone())
    options = {"zero": {}, "subtract": {"reset": "subtract", "reset_timing": "next_step"}}[mechanism]
    check(graph, spikes, v, tmp_path, **options)


@pytest.mark.parametrize("kind", ["LIFBoxCell", "LIFCell"])
def test_norse(tmp_path, kind: str) -> None:
    norse = pytest.importorskip("norse.torch", reason="Norse is not installed: pip install '.[training-peers]'")
    from norse.torch.utils.export_nir import to_nir

    settings = {"v_th": 0.05, "tau_mem_inv": 100.0, "v_leak": 0.0, "v_reset": 0.0}
    if kind == "LIFCell":
        settings["tau_syn_inv"] = 200.0
    parameters = norse.LIFParameters if kind == "LIFCell" else norse.LIFBoxParameters
    cell = getattr(norse, kind)(parameters(**{name: all_neurons(value) for name, value in settings.items()}))
    model = norse.SequentialState(linear(), cell)
    graph = to_nir(model, inputs()[0], dt=1.0)
    spikes, v, state = [], [], None
    with torch.no_grad():
        for frame in inputs():
            spike, state = model(frame[None], state)
            spikes.append(spike)
            v.append(state[-1].v)
    # Its cells step by 1 ms, and its synapses jump by their input.
    check(graph, spikes, v, tmp_path, dt=1e-3, synaptic_input="jump")


@pytest.mark.parametrize("kind", ["LIFSqueeze", "IAFSqueeze"])
def test_sinabs(tmp_path, kind: str) -> None:
    sinabs = pytest.importorskip("sinabs", reason="Sinabs is not installed: pip install '.[training-peers]'")
    from sinabs import layers
    from sinabs.nir import to_nir

    settings: dict[str, Any] = {"spike_fn": sinabs.activation.SingleSpike, "record_states": True, "batch_size": 1}
    if kind == "LIFSqueeze":
        settings |= {"tau_mem": all_neurons(10.0), "spike_threshold": all_neurons(0.05)}
    else:
        settings |= {"spike_threshold": all_neurons(1.0), "min_v_mem": None}
    layer = getattr(layers, kind)(**settings)
    model = torch.nn.Sequential(linear(), layer)
    with torch.no_grad():
        spikes = model(inputs())
    v = layer.recordings["v_mem"].reshape(STEPS, NEURONS)
    graph = to_nir(model, inputs())
    # Its time constants count steps.
    options = {"reset": "subtract", "discretization": "exact", "threshold_compare": "greater_equal"}
    # Without a leak rounding adds up over all steps.
    tolerance = 1e-6 if kind == "LIFSqueeze" else 1e-5
    check(graph, list(spikes), list(v), tmp_path, tolerance, dt=1.0, **options)


@pytest.mark.parametrize("library", ["norse", "snntorch"])
def test_what_is_written_here_spikes_alike_there(library: str) -> None:
    importer = {"norse": "norse.torch.utils.import_nir", "snntorch": "snntorch.import_nir"}[library]
    module = pytest.importorskip(importer, reason=f"{library} is not installed: pip install '.[training-peers]'")
    # Norse reads r = 1 only, snnTorch takes dt to be 0.1 ms; both reset to a value.
    norse = library == "norse"
    lif = snn.LIF(
        NEURONS,
        tau_membrane=10.0 if norse else 1.0,
        threshold=0.05 if norse else 0.5,
        input_scaling="one_minus_decay" if norse else "none",
        decay="exact" if norse else "euler",
        reset="value",
    )
    net = snn.Network(dt=1.0 if norse else 0.1, seed=3)
    net.add("input", snn.Input(INPUTS))
    net.add("cells", lif)
    net.connect("input", "cells", snn.Dense(bias=np.linspace(0.0, 0.1, NEURONS)))
    with snn.Simulation(net) as simulation:
        found = simulation.run(STEPS, {"input": inputs().numpy()}, record={"cells": "spikes"})["cells"]["spikes"][:, 0]
    graph = snn.nir.to_nir(net)
    try:
        model = module.from_nir(graph, dt=1e-3) if norse else module.import_from_nir(graph)
    except AttributeError as error:
        pytest.skip(f"this version of nirtorch does not read with this version of nir: {error}")
    expected, state = [], None
    with torch.no_grad():
        for frame in inputs():
            spikes, state = model(frame[None]) if state is None else model(frame[None], state)
            expected.append((spikes[0] if isinstance(spikes, tuple) else spikes)[0].numpy())
    assert 20 < found.sum() < 0.9 * found.size
    assert (found == np.array(expected)).mean() >= 0.99
