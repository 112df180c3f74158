"""The Godot addon in a real Godot, 4.3 or newer: the command in SNN_GODOT, or godot4 or godot in PATH.

It runs the sample project, as a person opens it, with the scripts of tests/bindings/godot/engine.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bindings.building import ROOT, run
from tests.bindings.engines import learning_network, make
from tests.bindings.test_godot import SAMPLE, mixed_network, plastic_network

HERE = Path(__file__).parent / "godot/engine"
DOCUMENTS = ROOT / "bindings/godot/doc_classes"


@dataclass(frozen=True)
class Godot:
    """A Godot and the project that it runs."""

    command: list[str]
    project: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, prefix: tuple[str, ...] = ()) -> str:
        """Run it with arguments; returns its log."""
        result = subprocess.run(
            [*prefix, *self.command, "--path", str(self.project), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            env={**os.environ, **self.environment},
            check=False,
        )
        assert result.returncode == 0, result.stdout
        return result.stdout


@pytest.fixture(scope="module")
def godot(shared: Path, brain: Path, tmp_path_factory: pytest.TempPathFactory) -> Godot:
    """Godot and the sample project, after an editor has opened it once, which is when Godot finds the extension."""
    found = os.environ.get("SNN_GODOT") or shutil.which("godot4") or shutil.which("godot")
    if not found:
        pytest.skip("no Godot (SNN_GODOT, or godot4 or godot in PATH; 4.3 or newer)")
    command = shlex.split(found)
    version = run(*command, "--version").strip()
    if tuple(map(int, version.split(".")[:2])) < (4, 3):
        pytest.skip(f"Godot is {version}, the addon needs 4.3")
    folder = tmp_path_factory.mktemp("godot")
    project = shutil.copytree(SAMPLE, folder / "project", ignore=shutil.ignore_patterns(".*", "addons", "*.snn"))
    shutil.copytree(make("godot", shared), project / "addons/snn")
    shutil.copy(brain, project / "creature.snn")
    for script in HERE.glob("*.gd"):
        shutil.copy(script, project)
    learning_network().save(project / "learning.snn")
    mixed_network().save(project / "mixed.snn")
    plastic_network().save(project / "plastic.snn")
    (project / "wrong.snn").write_text("no network", encoding="utf-8")
    homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("DATA", "CONFIG", "CACHE")}

    start = Godot(command, project, homes)
    # Not --import: that ends before threads which write documentation, and some versions crash then (godot #111048).
    quiet(start("--headless", "--editor", "--frame-delay", "20", "--quit-after", "60"))
    assert "res://addons/snn/snn.gdextension" in (project / ".godot/extension_list.cfg").read_text(encoding="utf-8")
    return start


def quiet(log: str) -> str:
    """What Godot printed, without an error, a warning or, at its end, something that was not given back."""
    assert not re.search("error|warning|leak", log, re.IGNORECASE), log
    return log


def passed(log: str) -> None:
    counts = re.search(r"test cases: (\d+) \| (\d+) passed \| 0 failed", log)
    assert counts, log
    assert int(counts[1]) == int(counts[2]) > 0, log


def test_the_sample_plays_the_game(godot: Godot, game: str) -> None:
    log = quiet(godot("--headless", "--verbose"))
    assert game in log.splitlines()


def test_nodes_and_resources_are_what_godot_expects(godot: Godot) -> None:
    passed(quiet(godot("--headless", "--verbose", "--script", "res://node.gd")))


def test_wrong_use_is_an_error_in_the_log(godot: Godot) -> None:
    log = godot("--headless", "--script", "res://wrong_use.gd")
    passed(log)
    lines = re.findall(
        r"^(expected error|ERROR|SCRIPT ERROR): (.*)\n +at: (.*)|^(expected error): (.*)", log, re.MULTILINE
    )
    wanted = [line[4] for line in lines if line[3]]
    told = [f"{line[2]}: {line[1]}" for line in lines if line[0] == "ERROR"]
    assert len(told) == len(wanted) > 10, log
    for sentence, part in zip(told, wanted, strict=True):
        assert part in sentence, log


@pytest.mark.parametrize("renderer", ["forward_plus", "mobile"])
def test_networks_run_on_its_rendering_device(godot: Godot, renderer: str) -> None:
    prefix: tuple[str, ...] = ()
    if not os.environ.get("DISPLAY"):
        if not shutil.which("xvfb-run"):
            pytest.skip("no display (DISPLAY, or Debian: xvfb)")
        prefix = ("xvfb-run", "-a")
    driver = ("--display-driver", "x11", "--rendering-driver", "vulkan", "--rendering-method", renderer)
    log = godot(*driver, "--audio-driver", "Dummy", "--script", "res://compute.gd", prefix=prefix)
    if not re.search(r"^Vulkan [\d.]+ - Forward", log, re.MULTILINE):
        pytest.skip("this Godot finds no Vulkan device")
    passed(quiet(log))


def test_its_interface_is_what_the_addon_declares(godot: Godot) -> None:
    source = ROOT / "bindings/godot/src"
    godot("--headless", "--dump-gdextension-interface")  # into the project
    run("c++", "-std=c++20", "-fsyntax-only", f"-I{godot.project}", f"-I{source}", HERE / "interface.cpp")


def test_each_class_is_documented(godot: Godot, tmp_path: Path) -> None:
    """What Godot finds in the extension is what the documents describe, each with a text."""
    godot("--headless", "--doctool", str(tmp_path), "--gdextension-docs")
    made = sorted((tmp_path / "doc_classes").glob("*.xml"))
    assert [one.name for one in made] == sorted(one.name for one in DOCUMENTS.glob("*.xml"))
    for one in made:
        ours = ElementTree.parse(DOCUMENTS / one.name).getroot()
        assert described(ElementTree.parse(one).getroot()) == described(ours), one.name
        for element in [*ours.iter("description"), *ours.iter("member"), *ours.iter("constant")]:
            assert (element.text or "").strip(), f"{one.name}: {element.tag} {element.attrib}"


def described(root: ElementTree.Element) -> list[tuple[str, ...]]:
    """The names and types of a class."""
    kinds = ("method", "member", "signal", "constant", "return", "param")
    names = ("name", "type", "enum", "value", "index")
    return [(one.tag, *(one.get(name, "") for name in names)) for one in root.iter() if one.tag in kinds]
