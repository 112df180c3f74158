"""The Unreal plug-in, as people install it, compiled with headers that stand in for those of Unreal. What only Unreal can prove
is listed in docs/bindings/unreal.md.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.bindings.engines import compile_host, learning_network, make, play, skip_without_vulkan

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def plugin(shared: Path) -> Path:
    return make("unreal", shared)


def test_the_plugin_has_what_unreal_wants(plugin: Path) -> None:
    described = json.loads((plugin / f"{plugin.name}.uplugin").read_text(encoding="utf-8"))
    for module in described["Modules"]:
        rules = (plugin / "Source" / module["Name"] / f"{module['Name']}.Build.cs").read_text(encoding="utf-8")
        assert f"class {module['Name']} : ModuleRules" in rules
        for name in re.findall(r'"(Snn\w+)"', rules):
            assert next((plugin / "Source").rglob(f"{name}.Build.cs"))
    assert (plugin / "Source/ThirdParty/SnnLibrary/include/snn/snn.hpp").exists()
    assert (plugin / "Binaries/ThirdParty/SnnLibrary/Linux/libsnn.so").exists()
    # The header tool wants its own include last in each header that it reads.
    for header in plugin.rglob("*.h"):
        text = header.read_text(encoding="utf-8")
        if "UCLASS" in text:
            assert re.findall(r'#include "(.*)"', text)[-1] == f"{header.stem}.generated.h"


def test_the_plugin_plays_the_game(plugin: Path, brain: Path, game: str, tmp_path: Path) -> None:
    module = plugin / "Source/SnnUnreal"
    library = plugin / "Binaries/ThirdParty/SnnLibrary/Linux"
    includes = [f"-I{HERE / 'unreal/engine'}", f"-I{module / 'Public'}"]
    compile_host(
        HERE / "unreal/host.cpp",
        tmp_path / "host",
        "-O1",  # for the warnings that it gives of the plug-in's own sources
        *includes,
        *sorted((module / "Private").glob("*.cpp")),
        f"-L{library}",
        "-lsnn",
    )
    shutil.copy(brain, tmp_path / "creature.snn")
    learning_network().save(tmp_path / "learning.snn")
    (tmp_path / "wrong.snn").write_text("no network", encoding="utf-8")
    play(tmp_path / "host", SNN_CONTENT=tmp_path, SNN_EXPECTED=game, LD_LIBRARY_PATH=library)


def test_the_plugin_steps_networks_on_the_device_of_its_host(
    plugin: Path, brain: Path, game: str, tmp_path: Path
) -> None:
    skip_without_vulkan()
    module = plugin / "Source/SnnUnreal"
    library = plugin / "Binaries/ThirdParty/SnnLibrary/Linux"
    compile_host(
        HERE / "unreal/vulkan_host.cpp",
        tmp_path / "host",
        f"-I{HERE / 'unreal/engine'}",
        f"-I{module / 'Public'}",
        module / "Private/SnnBrain.cpp",
        module / "Private/SnnVulkanBrain.cpp",
        f"-L{library}",
        "-lsnn",
        "-lvulkan",
    )
    shutil.copy(brain, tmp_path / "creature.snn")
    play(tmp_path / "host", SNN_CONTENT=tmp_path, SNN_EXPECTED=game, LD_LIBRARY_PATH=library)
