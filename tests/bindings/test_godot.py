"""The Godot addon, as people install it, in a program that stands in for Godot. What only Godot can prove is listed in
docs/bindings/godot.md.
"""

from __future__ import annotations

import configparser
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import snn
from tests.bindings.building import LIBRARY, ROOT
from tests.bindings.engines import compile_host, learning_network, make, play, skip_without_vulkan

HERE = Path(__file__).parent
SAMPLE = ROOT / "samples/godot"


@pytest.fixture(scope="module")
def addon(shared: Path) -> Path:
    return make("godot", shared)


def test_the_addon_names_the_libraries_that_it_has(addon: Path) -> None:
    text = (addon / "snn.gdextension").read_text(encoding="utf-8")
    sections = configparser.ConfigParser()
    sections.read_string(text)
    machine = next((addon / "bin").iterdir()).name
    assert (addon / sections["libraries"][machine].strip('"')).exists()
    assert set(sections["libraries"]) == set(sections["dependencies"])
    dependency = re.search(r'"(.*)":', sections["dependencies"][machine])
    assert dependency
    assert (addon / dependency[1]).exists()
    source = (ROOT / "bindings/godot/src/extension.cpp").read_text(encoding="utf-8")
    assert f"{sections['configuration']['entry_symbol'].strip(chr(34))}(" in source


def test_the_extension_does_what_godot_asks(addon: Path, brain: Path, game: str, tmp_path: Path) -> None:
    compile_host(HERE / "godot/host.cpp", tmp_path / "host", f"-I{ROOT / 'bindings/godot/src'}", "-ldl")
    shutil.copy(brain, tmp_path / "creature.snn")
    learning_network().save(tmp_path / "learning.snn")
    (tmp_path / "wrong.snn").write_text("no network", encoding="utf-8")
    play(
        tmp_path / "host",
        SNN_EXTENSION=next(addon.glob("bin/*/libsnn_godot.so")),
        SNN_PROJECT=tmp_path,
        SNN_EXPECTED=game,
    )


def test_the_extension_steps_networks_on_godots_rendering_device(
    addon: Path, brain: Path, game: str, tmp_path: Path
) -> None:
    skip_without_vulkan()
    libraries = [f"-L{LIBRARY}", "-lsnn", "-lvulkan", "-ldl"]
    compile_host(HERE / "godot/compute_host.cpp", tmp_path / "host", f"-I{ROOT / 'bindings/godot/src'}", *libraries)
    shutil.copy(brain, tmp_path / "creature.snn")
    mixed_network().save(tmp_path / "mixed.snn")
    plastic_network().save(tmp_path / "plastic.snn")
    extension = next(addon.glob("bin/*/libsnn_godot.so"))
    play(
        tmp_path / "host",
        SNN_EXTENSION=extension,
        SNN_PROJECT=tmp_path,
        SNN_EXPECTED=game,
        LD_LIBRARY_PATH=extension.parent,
    )


def mixed_network() -> snn.Network:
    """Several kinds of connections and models, both kinds of inputs, delays, noise, and an input that nothing reads."""
    random = np.random.default_rng(3)
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(40))
    net.add("current", snn.Input(33))
    net.add("image", snn.SpikeInput((1, 6, 6)))
    net.add("alone", snn.Input(4))
    net.add("hidden", snn.AdaptiveLIF(33))
    net.add("maps", snn.LIF((2, 4, 4)))
    net.add("out", snn.CurrentLIF(50))
    net.add("noisy", snn.NoisyIzhikevich(12))
    net.connect("spikes", "hidden", snn.Dense(weights=random.normal(0, 0.3, (40, 33))))
    net.connect("current", "hidden", snn.OneToOne(0.5))
    net.connect("image", "maps", snn.Conv2d(2, 3, weights=random.normal(0, 0.5, (2, 1, 3, 3))))
    net.connect("hidden", "out", snn.Sparse.fixed_probability(0.4, weight=400.0, delay=2.0))
    net.connect("out", "hidden", snn.Sparse.fixed_probability(0.2, weight=-0.3, arithmetic="float"))
    return net


def plastic_network() -> snn.Network:
    net = snn.Network(dt=1.0)
    net.add("source", snn.SpikeInput(30))
    net.add("cells", snn.LIF(20))
    rule = snn.PairSTDP()
    net.connect("source", "cells", snn.Sparse.fixed_probability(0.5, weight=0.5, plasticity=rule))
    return net


def test_the_sample_uses_what_the_extension_has() -> None:
    """Names in the scene and the script, where a wrong one is found when Godot runs it only."""
    source = "".join(one.read_text(encoding="utf-8") for one in (ROOT / "bindings/godot/src").glob("*.cpp"))
    scene = (SAMPLE / "creature.tscn").read_text(encoding="utf-8")
    script = (SAMPLE / "creature.gd").read_text(encoding="utf-8")
    used = set(re.findall(r"\bbrain\.(\w+)", script)) | set(re.findall(r"^(network|step_mode) =", scene, re.MULTILINE))
    used |= set(re.findall(r'type="(Spiking\w+)"', scene))
    assert len(used) >= 8
    for name in used:
        assert f'"{name}"' in source, name
    project = (SAMPLE / "project.godot").read_text(encoding="utf-8")
    for path in re.findall(r'res://([^"]+)', scene + project):
        assert (SAMPLE / path).exists() or path == "creature.snn", path
