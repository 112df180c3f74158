"""The exit status of wrong words, and what a program that asked for JSON reads of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import snn
from tests.python.command_line import Command


@pytest.fixture
def file(tmp_path: Path, chain: snn.Network) -> Path:
    chain.save(tmp_path / "chain.snn")
    return tmp_path / "chain.snn"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--threads", 5000), "--threads"),
        (("--steps", 99999999999), "--steps"),
        (("--steps", -1), "--steps"),
        (("--batch-size", 0), "--batch-size"),
        (("--batch-size", 2**20 + 1), "--batch-size"),
        (("--stepz", 3), "--stepz"),
    ],
)
def test_wrong_numbers_and_options_have_status_2(
    snn_command: Command, file: Path, options: tuple[object, ...], sentence: str
) -> None:
    found = snn_command("run", file, *options)
    assert (found.status, found.out) == (2, "")
    assert sentence in found.err
    told = snn_command("run", file, *options, "--json")
    (line,) = told.objects(2)
    assert line.keys() == {"error"}
    assert sentence in line["error"]
    assert sentence in told.err


@pytest.mark.parametrize("words", [("ran",), ("run",), ("--wrong", "run")], ids=" ".join)
def test_errors_before_a_command_is_reached_are_json_too(snn_command: Command, words: tuple[str, ...]) -> None:
    found = snn_command(*words, "--json")
    (line,) = found.objects(2)
    assert line["error"]
    assert line["error"].rstrip(".") in found.err


def test_what_the_command_refuses_has_status_1_and_is_told_once(snn_command: Command, tmp_path: Path) -> None:
    for words in (("bench", "cuba", "--scale", 0.1), ("inspect", tmp_path / "none.snn")):
        found = snn_command(*words, "--json")
        (line,) = found.objects(1)
        assert line["error"] in found.err


def test_help_with_json_is_no_error(snn_command: Command) -> None:
    found = snn_command("run", "--json", "--help")
    assert found.status == 0
    with pytest.raises(json.JSONDecodeError):
        json.loads(found.out)


def test_export_names_its_argument_as_it_is_given(snn_command: Command, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    found = snn_command("export", file, tmp_path)
    assert found.status == 1
    assert f"the output is {tmp_path}, which is a folder" in found.err


def test_inspect_marks_what_is_learnable_and_counts_one_step(snn_command: Command, tmp_path: Path) -> None:
    net = snn.Network()
    net.add("in", snn.SpikeInput(3))
    net.add("out", snn.LIF(3, tau_membrane=snn.Learnable(), threshold=snn.Learnable(0.5, per_neuron=True)))
    net.add("plain", snn.LIF(3, tau_membrane=7.0))
    net.connect("in", "out", snn.Dense(delay_steps=1))
    net.connect("in", "plain", snn.Dense(delay_steps=2))
    net.save(tmp_path / "net.snn")
    told = " ".join(snn_command("inspect", tmp_path / "net.snn").out.split())
    default = net["out"].parameters["tau_membrane"]
    for text, own in ((told, "<array>"), (net.summary(), "0.5, per_neuron=True")):
        assert f"tau_membrane=Learnable({default:g})" in text
        assert f"threshold=Learnable({own})" in text
        assert "tau_membrane=7" in text
        assert "delay 2 steps" in text
        assert "delay 1 steps" not in text
        assert "delay 1 step" in text
    populations = snn_command("inspect", tmp_path / "net.snn", "--json").object()["populations"]
    assert {one["name"]: one["learnable"] for one in populations} == {
        "in": [],
        "out": ["tau_membrane", "threshold"],
        "plain": [],
    }
