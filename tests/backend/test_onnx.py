"""Exported graphs on ONNX Runtime's CPU provider, against the reference: the same list of cases as every backend.

The arithmetic is ONNX Runtime's, so what is promised is a degree (docs/performance.md), as of OpenVINO's devices.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import snn

from ..python.command_line import command
from .cases import CASES, Builder, Case
from .degree import (
    REFUSED,
    SPIKES_THAT_MAY_DIFFER,
    STATES_MAY_DIFFER,
    digit_counts,
    frames,
    network_of,
    recurrent,
    trained_digits,
)
from .running import Setting, simulate

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed (pip install 'snn-engine[onnx]')")
onnxruntime = pytest.importorskip(
    "onnxruntime", reason="ONNX Runtime is not installed (pip install 'snn-engine[onnx]')"
)
import snn.onnx  # noqa: E402

RUN = [case for case in CASES if case.name not in REFUSED]


def recorded(case: Case, folder: Path, steps: int) -> dict[str, np.ndarray]:
    """Every float state and every spike of every step, computed in calls of so many steps."""
    builder = Builder(case)
    network = network_of(builder, folder)
    variables = {
        name: [*(s["name"] for s in model["states"] if s["type"] == "float"), *(["spikes"] if model["spiking"] else [])]
        for name, model in zip(builder.names, builder.models, strict=True)
        if model
    }
    snn.onnx.export(network, folder / "case.onnx", steps=steps, batch_size=case.batch, record=variables)
    runner = snn.onnx.Runner(folder / "case.onnx", providers=["CPUExecutionProvider"])
    inputs = {builder.names[index]: frames for index, _, frames in builder.drive(case)}
    return runner.run(inputs, case.steps)


@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name)
def test_agrees_with_the_reference(case: Case, tmp_path: Path) -> None:
    wanted = simulate(case, Setting("reference")).arrays
    for steps in (1, 4):
        found = recorded(case, tmp_path, steps)
        assert found.keys() == wanted.keys()
        spikes = [name for name in wanted if name.endswith(".spikes")]
        different = sum(int((wanted[name] != found[name]).sum()) for name in spikes)
        assert different <= SPIKES_THAT_MAY_DIFFER * sum(int(wanted[name].sum()) for name in spikes), f"{steps} steps"
        for name, values in wanted.items():
            if name not in spikes and not different:  # after a spike that differs, states do too
                limit = STATES_MAY_DIFFER.get(case.name, 1e-5) * max(float(np.abs(values).max()), 1e-6)
                np.testing.assert_allclose(found[name], values, rtol=0, atol=limit, err_msg=f"{name}, {steps} steps")


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_graph_is_refused_with_its_name(name: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == name)
    network = network_of(Builder(case), tmp_path)
    with pytest.raises(snn.UnsupportedError, match=REFUSED[name].split("'")[1]) as caught:
        snn.onnx.export(network, tmp_path / "case.onnx")
    assert ("draws random numbers" in str(caught.value)) == ("draws random numbers" in REFUSED[name])
    assert ('devices "cpu" and "vulkan"' in str(caught.value)) == ("delays of their own" in REFUSED[name])
    assert not (tmp_path / "case.onnx").exists()


def test_states_and_delayed_activity_go_on_from_call_to_call(tmp_path: Path) -> None:
    net = recurrent()
    x = frames(24)
    with snn.Simulation(net) as simulation:
        wanted = simulation.run(24, {"input": x}, {"hidden": ["v", "spikes"], "output": "spikes"})
    for steps in (1, 2, 8):  # shorter and longer than the delay of 3
        snn.onnx.export(net, tmp_path / "net.onnx", steps=steps, record={"hidden": ["v", "spikes"], "output": "spikes"})
        runner = snn.onnx.Runner(tmp_path / "net.onnx")
        found = [runner.run({"input": x[:8]}, 8), runner.run({"input": x[8:]}, 16)]
        for name in ("hidden.v", "hidden.spikes", "output.spikes"):
            population, variable = name.split(".")
            whole = np.concatenate([piece[name] for piece in found])
            np.testing.assert_allclose(whole, wanted[population][variable], rtol=0, atol=1e-4, err_msg=name)
        runner.reset()
        np.testing.assert_array_equal(runner.run({"input": x[:8]}, 8)["hidden.spikes"], found[0]["hidden.spikes"])
        assert f"{steps} steps of 1 ms at once, batch of 1, inputs input, on CPU" in repr(runner)
    assert wanted["hidden"]["spikes"].any()


def test_counters_are_recorded_whether_they_move_or_not(tmp_path: Path) -> None:
    net = recurrent()
    net["hidden"].set(refractory=3.0)
    record = {"hidden": "refractory_left", "output": ["refractory_left", "v"]}
    with snn.Simulation(net) as simulation:
        wanted = simulation.run(12, {"input": frames(12)}, record)
    snn.onnx.export(net, tmp_path / "net.onnx", steps=4, record=record)
    found = snn.onnx.Runner(tmp_path / "net.onnx").run({"input": frames(12)}, 12)
    for population in ("hidden", "output"):
        counters = found[f"{population}.refractory_left"]
        assert counters.dtype == np.int32
        np.testing.assert_array_equal(counters, wanted[population]["refractory_left"])
    assert found["hidden.refractory_left"].max() == 3
    assert not found["output.refractory_left"].any()


def test_the_graph_has_what_its_documentation_says(tmp_path: Path) -> None:
    net = recurrent()
    net["hidden"].set(refractory=2.0, initial={"v": np.linspace(0, 0.5, 30)})
    snn.onnx.export(net, tmp_path / "net.onnx", steps=4, batch_size=3)
    model = onnx.load(tmp_path / "net.onnx")
    shapes = {
        value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
        for value in (*model.graph.input, *model.graph.output)
    }
    assert shapes == {
        "input": (4, 3, 20),
        "hidden.history.before": (3, 3, 30),
        "hidden.history.after": (3, 3, 30),
        "hidden.v.before": (3, 30),
        "hidden.v.after": (3, 30),
        "hidden.refractory_left.before": (3, 30),
        "hidden.refractory_left.after": (3, 30),
        "output.v.before": (3, 6),  # whose refractory time is 0: nothing to count
        "output.v.after": (3, 6),
        "hidden.spikes": (4, 3, 30),
        "output.spikes": (4, 3, 6),
    }
    words = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert (words["snn.steps"], words["snn.batch_size"], words["snn.dt_ms"]) == (4, 3, 1.0)
    assert words["snn.spike_inputs"] == {"input": True}
    assert words["snn.initial"]["hidden.v.before"] == np.linspace(0, 0.5, 30, dtype=np.float32).tolist()
    assert words["snn.initial"]["hidden.refractory_left.before"] == 0


def test_without_recurrence_a_projection_is_one_operation(tmp_path: Path) -> None:
    """And a step of LIF neurons is eight: their input picked, a product, three sums, a comparison, a choice, the spikes."""
    net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
    operations = {}
    for steps in (1, 20):
        snn.onnx.export(net, tmp_path / "net.onnx", steps=steps)
        operations[steps] = [node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node]
    assert operations[20].count("MatMul") == operations[1].count("MatMul") == 2
    assert len(operations[20]) - len(operations[1]) <= 19 * 2 * 8 + 8


@pytest.mark.parametrize(("weights", "classes", "spikes"), [("float32", 0.0, 0.0005), ("int8", 0.02, 0.2)])
def test_digits_are_classified_as_on_the_cpu(weights: str, classes: float, spikes: float, tmp_path: Path) -> None:
    net, images = trained_digits()
    wanted_spikes, wanted = digit_counts(net, images, "cpu")
    snn.onnx.export(net, tmp_path / "digits.onnx", steps=25, batch_size=len(images), weights=weights)
    found = snn.onnx.Runner(tmp_path / "digits.onnx").run({"input": images})
    found_classes = found["output.spikes"].sum(axis=0).argmax(-1)
    different = int((wanted_spikes != found["hidden.spikes"]).sum())
    print(
        f"{weights}: {(wanted.argmax(-1) != found_classes).sum()} of {len(images)} classes and {different} of "
        f"{wanted_spikes.sum()} hidden spikes differ"
    )
    assert (wanted.argmax(-1) != found_classes).mean() <= classes
    assert different <= spikes * wanted_spikes.sum()
    assert (different > 0) == (weights == "int8") or weights == "float32", "the weights were not rounded"


@pytest.mark.parametrize(
    "quantization", [snn.Quantization(4, per_channel=True), snn.Quantization(6), snn.Quantization(8)]
)
def test_weights_that_training_has_rounded_stay_what_they_are(quantization: snn.Quantization, tmp_path: Path) -> None:
    net = snn.Sequential(20, snn.Dense(30), snn.LIF(), seed=3)
    weights = next(iter(net.projections.values())).weights
    whole, scale = quantization.integers(weights)
    weights[...] = whole * scale
    snn.onnx.export(net, tmp_path / "net.onnx", weights="int8")
    stored = {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(tmp_path / "net.onnx").graph.initializer
    }
    (integers,) = (array for array in stored.values() if array.dtype == np.int8)
    (scales,) = (array for array in stored.values() if array.shape == (30,))
    np.testing.assert_array_equal(integers.T * scales, weights)


@pytest.mark.parametrize("quantization", [None, snn.Quantization(4, per_channel=True)], ids=["float32", "4_bits"])
def test_int8_rounds_weights_alone_in_calls_of_one_step_and_of_many(
    quantization: snn.Quantization | None, tmp_path: Path
) -> None:
    """Inputs are not 0 and 1, so that an operation which rounds them gives other spikes, by some 8 %."""
    net, images = trained_digits(quantization)

    def spikes(weights: str, steps: int) -> np.ndarray:
        snn.onnx.export(net, tmp_path / "net.onnx", steps=steps, batch_size=len(images), weights=weights)
        return snn.onnx.Runner(tmp_path / "net.onnx").run({"input": images}, 25)["hidden.spikes"]

    wanted = spikes("int8", 1)
    limit = SPIKES_THAT_MAY_DIFFER / 10 * wanted.sum()  # of the measured machine none; sums are added in another order
    assert (wanted != spikes("int8", 25)).sum() <= limit
    if quantization:
        assert (wanted != spikes("float32", 25)).sum() <= limit


def test_an_npu_is_taken_where_its_provider_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    snn.onnx.export(recurrent(), tmp_path / "net.onnx")
    installed = ["MIGraphXExecutionProvider", "VitisAIExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: installed)
    real, asked = onnxruntime.InferenceSession, []

    def session(data: bytes, options: object, providers: list[str]) -> object:
        asked.append(providers)
        return real(data, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    snn.onnx.Runner(tmp_path / "net.onnx")
    snn.onnx.Runner(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    assert asked == [["VitisAIExecutionProvider", "CPUExecutionProvider"], ["CPUExecutionProvider"]]


def test_a_graph_can_be_written_without_onnx_runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    snn.onnx.export(recurrent(), tmp_path / "net.onnx")
    with pytest.raises(ModuleNotFoundError, match=r"Runner needs the package onnxruntime, .*: pip install onnxruntime"):
        snn.onnx.Runner(tmp_path / "net.onnx")


def test_bad_arguments_are_named(tmp_path: Path) -> None:
    net = recurrent()
    path = tmp_path / "net.onnx"
    with pytest.raises(snn.ArgumentTypeError, match="network is 'net', not a Network"):
        snn.onnx.export("net", path)  # type: ignore[arg-type]
    with pytest.raises(snn.InvalidArgumentError, match="steps is 0"):
        snn.onnx.export(net, path, steps=0)
    with pytest.raises(snn.InvalidArgumentError, match="weights is 'int4'; it must be one of float32, int8"):
        snn.onnx.export(net, path, weights="int4")
    with pytest.raises(snn.NotFoundError, match="there is no population 'hiden'"):
        snn.onnx.export(net, path, record={"hiden": "v"})
    with pytest.raises(snn.NotFoundError, match="population 'hidden' has no variable 'u'"):
        snn.onnx.export(net, path, record={"hidden": "u"})
    with pytest.raises(snn.FileError, match="nowhere"):
        snn.onnx.export(net, tmp_path / "nowhere" / "net.onnx")
    with pytest.raises(snn.FileError, match=r"net\.onnx cannot be read"):
        snn.onnx.Runner(path)
    path.write_bytes(b"not a graph")
    with pytest.raises(snn.FormatError, match="ONNX Runtime cannot load it"):
        snn.onnx.Runner(path)
    snn.onnx.export(net, path, steps=3)
    with pytest.raises(snn.NotFoundError, match=r"there is no execution provider 'TPU'; there are: .*CPU"):
        snn.onnx.Runner(path, providers=["TPU"])
    with pytest.raises(snn.NotFoundError, match="there is no execution provider 'TPU'"):
        snn.onnx.Runner(path, providers="TPU")
    with pytest.raises(snn.ArgumentTypeError, match="providers is 7, neither a name nor a list of names"):
        snn.onnx.Runner(path, providers=7)  # type: ignore[arg-type]
    for threads in (-1, 1025):
        with pytest.raises(snn.InvalidArgumentError, match=f"threads is {threads}; it must be 0 to 1024"):
            snn.onnx.Runner(path, threads=threads)
    assert snn.onnx.Runner(path, providers="CPUExecutionProvider").providers == ["CPUExecutionProvider"]
    runner = snn.onnx.Runner(path)
    assert runner.providers == ["CPUExecutionProvider"] or runner.providers[0] == "VitisAIExecutionProvider"
    with pytest.raises(snn.InvalidArgumentError, match="steps is 4; the graph computes 3 at once"):
        runner.run(steps=4)
    with pytest.raises(snn.NotFoundError, match="there is no input population 'hidden'"):
        runner.run({"hidden": np.zeros(30)})
    with pytest.raises(snn.InvalidArgumentError, match=r"input 'input' has shape \(19,\); it must be \(3, 1, 20\)"):
        runner.run({"input": np.zeros(19)})
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save_model(model, path)
    with pytest.raises(snn.FormatError, match=r"is not a file of snn\.onnx\.export"):
        snn.onnx.Runner(path)


def test_the_command_writes_the_same_graph(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = command(monkeypatch, capsys)
    net = recurrent()
    net.save(tmp_path / "net.snn")
    snn.onnx.export(net, tmp_path / "wanted.onnx", steps=2, batch_size=3, record={"output": ["v"]}, weights="int8")
    options = ["--steps", 2, "--batch-size", 3, "--record", "output.v", "--weights", "int8"]
    told = run("export", tmp_path / "net.snn", tmp_path / "net.onnx", *options)
    assert "hidden.history.before" in told.out
    assert "3x3x30" in told.out
    assert (tmp_path / "net.onnx").read_bytes() == (tmp_path / "wanted.onnx").read_bytes()
    found = run("export", tmp_path / "net.snn", tmp_path / "net.onnx", *options, "--json").object()
    assert found["bytes"] == (tmp_path / "net.onnx").stat().st_size
    assert {"side": "output", "name": "output.v", "type": "float", "shape": [2, 3, 6]} in found["values"]
    failed = run("export", tmp_path / "net.snn", tmp_path / "net.onnx", "--record", "output")
    assert failed.status == 1
    assert "--record is 'output'; it must be NAME.VARIABLE" in failed.err
    failed = run("export", tmp_path / "net.snn", tmp_path / "net.onnx", "--weights", "int4")
    assert "weights is 'int4'" in failed.err


def test_the_command_does_not_write_over_its_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    recurrent().save(tmp_path / "net.snn")
    kept = (tmp_path / "net.snn").read_bytes()
    (tmp_path / "same.onnx").symlink_to("net.snn")
    for output in ("net.snn", "same.onnx"):
        failed = command(monkeypatch, capsys)("export", tmp_path / "net.snn", tmp_path / output)
        assert failed.status == 1
        assert "is the network itself" in failed.err
    assert (tmp_path / "net.snn").read_bytes() == kept
